//! The governance sections: from what stands in the file to what the rules look at, every mistake with its place.

use std::collections::{BTreeMap, BTreeSet};

use serde_saphyr::Spanned;

use crate::governance::pattern::Pattern;
use crate::governance::sections::{
    Alerts, Canonical, Classification, Flow, Freeze, Gate, Modules, Placed, Protected, ProtectedEntry, Requirement,
    Sections,
};
use crate::location::Location;
use crate::suggest::hint;

use super::ConfigError;

/// The sections as read.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) protected: Vec<Spanned<ProtectedEntry>>,
    pub(super) canonical: Vec<Spanned<Canonical>>,
    pub(super) classification: Option<Spanned<Classification>>,
    pub(super) modules: BTreeMap<String, Vec<Spanned<String>>>,
    pub(super) flow: Option<Spanned<Flow>>,
    pub(super) freezes: Vec<Spanned<Freeze>>,
    pub(super) gates: Vec<Spanned<Gate>>,
    pub(super) alerts: Option<Spanned<Alerts>>,
}

/// The key of `modules:` that is no module.
const ALLOW: &str = "allow";

type Result<T> = std::result::Result<T, ConfigError>;

fn wrong<T>(at: &Location, message: impl Into<String>) -> Result<T> {
    Err(ConfigError::Shape { place: at.to_string(), message: message.into() })
}

/// Reads all sections; `at` turns positions of the YAML reader into ours.
pub(super) fn sections(raw: Raw, at: &dyn Fn(&serde_saphyr::Location) -> Location) -> Result<Sections> {
    Ok(Sections {
        protected: each(raw.protected, at, protected)?,
        canonical: each(raw.canonical, at, canonical)?,
        classification: raw.classification.map(|spanned| one(spanned, at, classification)).transpose()?,
        modules: modules(raw.modules, at)?,
        flow: raw.flow.map(|spanned| one(spanned, at, flow)).transpose()?,
        freezes: each(raw.freezes, at, freeze)?,
        gates: each(raw.gates, at, gate)?,
        alerts: raw.alerts.map(|spanned| one(spanned, at, |alerts, _| Ok(alerts))).transpose()?,
    })
}

fn one<A, B>(
    spanned: Spanned<A>,
    at: &dyn Fn(&serde_saphyr::Location) -> Location,
    read: impl Fn(A, &Location) -> Result<B>,
) -> Result<Placed<B>> {
    let at = at(&spanned.referenced);
    Ok(Placed { value: read(spanned.value, &at)?, at })
}

fn each<A, B>(
    list: Vec<Spanned<A>>,
    at: &dyn Fn(&serde_saphyr::Location) -> Location,
    read: impl Fn(A, &Location) -> Result<B>,
) -> Result<Vec<Placed<B>>> {
    list.into_iter().map(|spanned| one(spanned, at, &read)).collect()
}

fn protected(entry: ProtectedEntry, at: &Location) -> Result<Protected> {
    match Pattern::parse(&entry.object) {
        Ok(object) => Ok(Protected { object, reason: entry.reason, allow: entry.allow }),
        Err(message) => wrong(at, message),
    }
}

fn canonical(set: Canonical, at: &Location) -> Result<Canonical> {
    let mut seen = BTreeMap::new();
    for (label, key) in &set.values {
        if let Some(first) = seen.insert(key, label) {
            let message = format!("`{}` is the key of `{first}` and of `{label}`; correct one", key.0);
            return wrong(at, message);
        }
    }
    if set.values.is_empty() {
        return wrong(at, format!("the canonical set `{}` has no values; list them, or remove it", set.name));
    }
    Ok(set)
}

fn classification(section: Classification, at: &Location) -> Result<Classification> {
    if section.values.is_empty() {
        return wrong(at, "`values` is empty; list the classes there are");
    }
    let unknown = section.rules.keys().find(|class| !section.values.contains(class));
    match unknown {
        Some(class) => {
            let hint = hint(class, section.values.iter().map(String::as_str));
            wrong(at, format!("`{class}` under `rules` is no class of `values`{hint}"))
        }
        None => Ok(section),
    }
}

fn modules(
    raw: BTreeMap<String, Vec<Spanned<String>>>,
    at: &dyn Fn(&serde_saphyr::Location) -> Location,
) -> Result<Option<Placed<Modules>>> {
    let mut modules = Modules::default();
    let mut arrows = Vec::new();
    let mut first: Option<Location> = None;
    for (name, list) in raw {
        let list: Vec<Placed<String>> =
            list.into_iter().map(|text| Placed { at: at(&text.referenced), value: text.value }).collect();
        if let Some(place) = list.first().map(|placed| placed.at.clone())
            && first.as_ref().is_none_or(|known| place < *known)
        {
            first = Some(place);
        }
        if name == ALLOW {
            arrows = list;
        } else {
            modules.members.insert(name, list);
        }
    }
    let Some(first) = first else { return Ok(None) };
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for (module, list) in &modules.members {
        for pattern in list {
            if let Some(other) = owners.insert(&pattern.value, module).filter(|other| *other != module) {
                let message = format!("`{}` is in modules `{other}` and `{module}`; keep it in one", pattern.value);
                return wrong(&pattern.at, message);
            }
        }
    }
    for arrow in &arrows {
        let pair = arrow_of(arrow, &modules)?;
        modules.allow.push(pair);
    }
    Ok(Some(Placed { value: modules, at: first }))
}

/// `finance -> core`.
fn arrow_of(arrow: &Placed<String>, modules: &Modules) -> Result<(String, String)> {
    let Some((from, to)) = arrow.value.split_once("->").map(|(from, to)| (from.trim(), to.trim())) else {
        return wrong(&arrow.at, format!("`{}` is no direction; write `from -> to`", arrow.value));
    };
    for name in [from, to] {
        if !modules.members.contains_key(name) {
            let hint = hint(name, modules.members.keys().map(String::as_str));
            return wrong(&arrow.at, format!("`{name}` is no module{hint}"));
        }
    }
    Ok((from.to_owned(), to.to_owned()))
}

fn flow(flow: Flow, at: &Location) -> Result<Flow> {
    let distinct: BTreeSet<&String> = flow.steps.iter().collect();
    match () {
        () if flow.steps.len() < 2 => wrong(at, "a flow has at least two steps; add them, or remove it"),
        () if distinct.len() < flow.steps.len() => wrong(at, "a step stands twice in the flow; keep one"),
        () => Ok(flow),
    }
}

fn freeze(freeze: Freeze, at: &Location) -> Result<Freeze> {
    if freeze.tables.is_empty() || freeze.operations.is_empty() {
        return wrong(at, format!("freeze `{}` names no table or no operation; add them", freeze.name));
    }
    if freeze.until.is_some_and(|until| until < freeze.since) {
        return wrong(at, format!("freeze `{}` ends before it begins; correct `since` or `until`", freeze.name));
    }
    Ok(freeze)
}

fn gate(gate: Gate, at: &Location) -> Result<Gate> {
    if gate.when.touches.is_empty() || gate.require.is_empty() {
        return wrong(at, format!("gate `{}` has nothing under `touches` or `require`; add it", gate.name));
    }
    for requirement in &gate.require {
        if let Some(problem) = requirement_problem(requirement) {
            return wrong(at, format!("gate `{}`: {problem}", gate.name));
        }
    }
    Ok(gate)
}

fn requirement_problem(requirement: &Requirement) -> Option<String> {
    let Requirement { backup, max_age, lists, evidence, .. } = requirement;
    if backup.is_some() == evidence.is_some() {
        return Some("a requirement is either a `backup` or `evidence`; write one of them".to_owned());
    }
    if evidence.is_some() && (max_age.is_some() || !lists.is_empty()) {
        return Some("`max-age` and `lists` belong to a backup; remove them".to_owned());
    }
    if evidence.is_some() && requirement.kind.is_none() {
        return Some("evidence has no `kind`; write `kind: simulation`".to_owned());
    }
    let age = max_age.as_deref()?;
    crate::governance::sections::seconds(age).is_none().then(|| format!("`{age}` is no age; write 90m, 24h or 7d"))
}
