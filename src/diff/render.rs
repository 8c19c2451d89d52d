//! A comparison as text for people, or as JSON.

use serde::Serialize;

use super::{Change, Diff, Difference};
use crate::report::{escape, json, many};

/// What the two sides are called.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The first.
    pub first: &'a str,
    /// The second.
    pub second: &'a str,
}

/// For people: one line per object or fact, and one that counts.
#[must_use]
pub fn human(diff: &Diff, names: Names<'_>) -> String {
    let mut out: String = diff.objects.iter().map(|one| object(one, names)).collect();
    if !out.is_empty() {
        out.push('\n');
    }
    let verdict = match diff.objects.len() {
        0 => "no difference".to_owned(),
        n => format!("{} differ", many(n, "object")),
    };
    out.push_str(&format!("{verdict}; {} compared", many(diff.compared, "object")));
    if diff.unknown > 0 {
        out.push_str(&format!(", {} not known on one side and not compared", many(diff.unknown, "fact")));
    }
    if let Some(runner) = &diff.runner {
        out.push_str(&format!("; the migrations are taken to have been run by {}", escape::line(runner)));
    }
    out.push('\n');
    out
}

fn object(one: &Difference, names: Names<'_>) -> String {
    let object = escape::line(&one.object.to_string());
    match &one.change {
        Change::OnlyInFirst => format!("{object}: only in {}\n", escape::line(names.first)),
        Change::OnlyInSecond => format!("{object}: only in {}\n", escape::line(names.second)),
        Change::Facts(facts) => {
            let fact = |fact: &super::FactDifference| {
                let side = |value: &Option<String>| match value.as_deref() {
                    None | Some("") => "(none)".to_owned(),
                    Some(text) => shortened(&escape::line(text)),
                };
                format!("  {}: {} → {}\n", escape::line(&fact.fact), side(&fact.first), side(&fact.second))
            };
            format!("{object}\n{}", facts.iter().map(fact).collect::<String>())
        }
    }
}

/// Characters of a value shown.
const SHOWN: usize = 200;

/// Long values (bodies) are cut: JSON has them whole.
fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    format!("{}…", text.chars().take(SHOWN).collect::<String>())
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    first: &'a str,
    second: &'a str,
    #[serde(flatten)]
    diff: &'a Diff,
}

/// For programs.
#[must_use]
pub fn json(diff: &Diff, names: Names<'_>) -> String {
    json::pretty(&Document { version: 1, first: names.first, second: names.second, diff })
}
