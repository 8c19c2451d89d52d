//! The configuration's words about rules → the selection the rule room understands: levels resolved per rule, the
//! most specific word first.

use std::collections::BTreeMap;

use crate::config::{Config, Level, Named, Pack, means};
use crate::rule::{Param, Rule, RuleSet, Selection};

use super::RunError;

/// The group of squawk's rules.
const SQUAWK: &str = "squawk";
/// The tag of squawk's rules that squawk itself leaves off.
const OPT_IN: &str = "opt-in";

pub(super) fn selection(rules: &RuleSet, config: &Config) -> Result<Selection, RunError> {
    let mut selection = Selection::default();
    for rule in rules.iter() {
        let level = config.level(&rule.id, &rule.tags);
        if runs(rule, level, config) {
            selection.select.push(rule.id.clone());
        }
        if let Some(severity) = level.and_then(Level::severity) {
            selection.severity.insert(rule.id.clone(), severity);
        }
        if let Some(params) = params(rule, config)? {
            selection.params.insert(rule.id.clone(), params);
        }
    }
    // An empty list would select everything.
    if selection.select.is_empty() {
        return Err(RunError::NoRules);
    }
    Ok(selection)
}

fn runs(rule: &Rule, level: Option<Level>, config: &Config) -> bool {
    let named = |list: &[Named]| list.iter().any(|named| means(&named.name, &rule.id, &rule.tags));
    let by_id = config.select.iter().any(|named| named.name == rule.id);
    if named(&config.ignore) || (level == Some(Level::Off) && !by_id) {
        return false;
    }
    if config.select.is_empty() {
        let opt_in = rule.tags.iter().any(|tag| tag == OPT_IN);
        let extended = rule.group() == SQUAWK && !opt_in && config.extends.contains(&Pack::Squawk);
        // A rule that is off by default is switched on by a level of its own.
        let levelled = config.rules.get(&rule.id).is_some_and(|setting| setting.level.is_some());
        return rule.enabled || extended || levelled;
    }
    named(&config.select)
}

fn params(rule: &Rule, config: &Config) -> Result<Option<BTreeMap<String, Param>>, RunError> {
    let Some(setting) = config.rules.get(&rule.id).filter(|setting| !setting.params.is_empty()) else {
        return Ok(None);
    };
    let param = |(name, value): (&String, &serde_json::Value)| match serde_json::from_value(value.clone()) {
        Ok(param) => Ok((name.clone(), param)),
        Err(_) => {
            let (place, problem) = (setting.at.to_string(), format!("`{value}`"));
            Err(RunError::Param { place, name: name.clone(), problem })
        }
    };
    setting.params.iter().map(param).collect::<Result<_, _>>().map(Some)
}
