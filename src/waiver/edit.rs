//! Adds a waiver to the text of a configuration; comments and everything else stay as they are.

use std::path::Path;

use crate::config::{Config, ConfigError};

/// What to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWaiver {
    /// Rule id.
    pub rule: String,
    /// Object, `*` for any characters.
    pub object: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day it holds.
    pub until: String,
}

/// Why it was not added.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum EditError {
    #[error("{path}: `waivers` is written on one line; write it as a list with one `- ` per waiver, then try again")]
    Flow { path: String },
    #[error("{path} already has a waiver of `{rule}` on `{object}`; change its `until` there")]
    Twice { path: String, rule: String, object: String },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{path}: the waiver does not fit in; add it by hand")]
    Lost { path: String },
}

/// The text with the waiver in it, which reads as before but for that.
///
/// # Errors
/// [`EditError`].
pub fn add(text: &str, path: &str, waiver: &NewWaiver) -> Result<String, EditError> {
    let folder = Path::new(".");
    let before = Config::parse(text, path, folder)?;
    if before.waivers.iter().any(|known| known.rule == waiver.rule && known.object == waiver.object) {
        let (rule, object) = (waiver.rule.clone(), waiver.object.clone());
        return Err(EditError::Twice { path: path.to_owned(), rule, object });
    }
    let edited = insert(text, waiver).ok_or_else(|| EditError::Flow { path: path.to_owned() })?;
    let after = Config::parse(&edited, path, folder)?;
    let kept = after.waivers.len() == before.waivers.len() + 1 && rest(&after) == rest(&before);
    if kept { Ok(edited) } else { Err(EditError::Lost { path: path.to_owned() }) }
}

/// A configuration without its waivers, and without places.
fn rest(config: &Config) -> (usize, usize, usize, usize, Vec<&String>, usize) {
    let Config { migrations, select, ignore, volumetrics, rules, exposed_roles, .. } = config;
    (migrations.len(), select.len(), ignore.len(), volumetrics.len(), rules.keys().collect(), exposed_roles.len())
}

fn insert(text: &str, waiver: &NewWaiver) -> Option<String> {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let Some(key) = lines.iter().position(|line| line.starts_with("waivers:")) else {
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { newline };
        return Some(format!("{text}{gap}{newline}waivers:{newline}{}", entry("  ", waiver, newline)));
    };
    let value = lines.get(key)?.trim_start_matches("waivers:").split(" #").next().unwrap_or("").trim();
    let empty = value.is_empty() || value == "[]" || value == "~" || value == "null";
    if !empty {
        return None;
    }
    let body = lines.iter().enumerate().skip(key + 1);
    // The list goes on while lines are indented, or begin an item; comments and blank lines may stand between.
    let inside = |line: &str| line.starts_with([' ', '\t', '-']) || line.trim().is_empty() || line.starts_with('#');
    let list: Vec<(usize, &&str)> = body.take_while(|(_, line)| inside(line)).collect();
    let of_list = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let last = list.iter().rev().find(|(_, line)| of_list(line)).map_or(key, |(at, _)| *at);
    let item = list.iter().map(|(_, line)| **line).find(|line| line.trim_start().starts_with("- "));
    let indent: String = item.map_or("  ".to_owned(), |line| line.chars().take_while(|c| *c == ' ').collect());
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        if at == key && !value.is_empty() {
            out.push_str(&line.replacen(value, "", 1).replacen(": ", ":", 1));
        } else {
            out.push_str(line);
        }
        if at == last {
            if !line.ends_with('\n') {
                out.push_str(newline);
            }
            out.push_str(&entry(&indent, waiver, newline));
        }
    }
    Some(out)
}

fn entry(indent: &str, waiver: &NewWaiver, newline: &str) -> String {
    let mut lines = vec![
        format!("{indent}- rule: {}", scalar(&waiver.rule)),
        format!("{indent}  object: {}", scalar(&waiver.object)),
        format!("{indent}  reason: {}", scalar(&waiver.reason)),
    ];
    lines.extend(waiver.owner.iter().map(|owner| format!("{indent}  owner: {}", scalar(owner))));
    lines.push(format!("{indent}  until: {}", waiver.until));
    lines.join(newline) + newline
}

/// Plain where YAML reads it back as it is, else in double quotes.
fn scalar(text: &str) -> String {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    let plain = text.chars().all(|c| c.is_alphanumeric() || " /.-_'(),*".contains(c));
    let word = ["true", "false", "null", "yes", "no", "on", "off"].contains(&text.to_lowercase().as_str());
    if first && plain && !word && !text.ends_with(' ') && !text.contains(" #") {
        text.to_owned()
    } else {
        serde_json::to_string(text).unwrap_or_default()
    }
}
