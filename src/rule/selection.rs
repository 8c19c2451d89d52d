//! Which rules run, how severe and with what parameters.

use std::collections::BTreeMap;

use super::error::RuleError;
use super::value::Param;
use super::{Rule, RuleSet};
use crate::finding::Severity;
use crate::suggest::hint;

/// What a configuration says about rules. Names are ids, groups or tags; `all` is every rule.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// Only these; empty is every rule that is on by default.
    pub select: Vec<String>,
    /// These besides.
    pub extend: Vec<String>,
    /// Not these.
    pub ignore: Vec<String>,
    /// Severities by id, group or tag; an id counts before a group or tag.
    pub severity: BTreeMap<String, Severity>,
    /// Parameters by rule id.
    pub params: BTreeMap<String, BTreeMap<String, Param>>,
}

impl RuleSet {
    /// The rules to run, as configured.
    ///
    /// # Errors
    /// Names that match nothing, and parameters a rule does not have.
    pub fn apply(&self, selection: &Selection) -> Result<Vec<Rule>, Vec<RuleError>> {
        let mut errors = self.unknown_names(selection);
        let mut chosen = Vec::new();
        for rule in self.iter().filter(|rule| is_chosen(rule, selection)) {
            let mut rule = rule.clone();
            rule.configure(selection).unwrap_or_else(|more| errors.extend(more));
            chosen.push(rule);
        }
        if errors.is_empty() { Ok(chosen) } else { Err(errors) }
    }

    /// An error where `name` is no rule, group or tag; `place` says where it was written.
    #[must_use]
    pub fn check_name(&self, name: &str, place: &str) -> Option<RuleError> {
        if name == "all" || self.iter().any(|rule| rule.is_called(name)) {
            return None;
        }
        let groups = self.iter().map(Rule::group);
        let tags = self.iter().flat_map(|rule| rule.tags.iter().map(String::as_str));
        let ids = self.iter().map(|rule| rule.id.as_str());
        // `policy-to-public` is meant as `rls/policy-to-public`.
        let bare = self.iter().find(|rule| rule.name() == name).map(|rule| format!("; did you mean `{}`?", rule.id));
        let hint = bare.unwrap_or_else(|| hint(name, ids.chain(groups).chain(tags)));
        Some(RuleError::UnknownRule { name: name.to_owned(), place: place.to_owned(), hint })
    }

    fn unknown_names(&self, selection: &Selection) -> Vec<RuleError> {
        let places = [("select", &selection.select), ("extend", &selection.extend), ("ignore", &selection.ignore)];
        let listed = places.iter().flat_map(|(place, names)| names.iter().map(move |name| (*place, name)));
        let severity = selection.severity.keys().map(|name| ("severity", name));
        let named = listed.chain(severity).filter_map(|(place, name)| self.check_name(name, &format!("`{place}`")));
        let params = selection.params.keys().filter(|id| !self.iter().any(|rule| rule.id == **id)).map(|id| {
            let hint = hint(id, self.iter().map(|rule| rule.id.as_str()));
            RuleError::UnknownRule { name: id.clone(), place: "`params`".to_owned(), hint }
        });
        named.chain(params).collect()
    }
}

fn is_chosen(rule: &Rule, selection: &Selection) -> bool {
    let named = |names: &[String]| names.iter().any(|name| name == "all" || rule.is_called(name));
    let by_default = selection.select.is_empty() && rule.enabled;
    (by_default || named(&selection.select) || named(&selection.extend)) && !named(&selection.ignore)
}

impl Rule {
    fn configure(&mut self, selection: &Selection) -> Result<(), Vec<RuleError>> {
        let by_id = selection.severity.get(&self.id);
        let by_name =
            || selection.severity.iter().find(|(name, _)| *name == "all" || self.is_called(name)).map(|(_, s)| s);
        if let Some(severity) = by_id.or_else(by_name) {
            self.severity = *severity;
            // A severity chosen by the user holds for every subject.
            self.severity_when.clear();
        }
        let mut errors = Vec::new();
        for (name, value) in selection.params.get(&self.id).into_iter().flatten() {
            match self.check_param(name, value) {
                Ok(()) => drop(self.params.insert(name.clone(), value.clone())),
                Err(message) => errors.push(RuleError::Param { rule: self.id.clone(), message }),
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn check_param(&self, name: &str, value: &Param) -> Result<(), String> {
        let Some(default) = self.params.get(name) else {
            let hint = hint(name, self.params.keys().map(String::as_str));
            return Err(format!("unknown parameter `{name}`{hint}"));
        };
        let (want, got) = (default.value().field_type(), value.value().field_type());
        if want == got {
            Ok(())
        } else {
            Err(format!("parameter `{name}` takes {}, not {}", want.words(), got.words()))
        }
    }
}
