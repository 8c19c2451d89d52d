//! Keys and passwords that stand in the SQL, kept out of code frames and messages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::check::secrets;
use crate::coverage::Coverage;
use crate::finding::Finding;
use crate::location::Span;

/// Masks secrets in what is said, and in the sources the findings point into.
pub(super) fn findings(findings: &mut [Finding], sources: &mut BTreeMap<Arc<str>, Arc<str>>) {
    let mut shown: BTreeSet<Arc<str>> = BTreeSet::new();
    for finding in findings {
        mask(&mut finding.message);
        finding.silenced_by.iter_mut().chain(finding.detail.iter_mut()).for_each(mask);
        finding.related.iter_mut().for_each(|(_, message)| mask(message));
        // With asterisks in it, SQL would be about another object.
        finding.fix.take_if(|fix| masked(fix).is_some());
        let places = finding.location.iter().chain(finding.related.iter().map(|(at, _)| at));
        shown.extend(places.map(|at| Arc::clone(&at.file)));
    }
    for (_, text) in sources.iter_mut().filter(|(file, _)| shown.contains(*file)) {
        if let Some(masked) = masked(text) {
            *text = Arc::from(masked);
        }
    }
}

/// Masks secrets in what is said about coverage.
pub(super) fn coverage(coverage: &mut [Coverage]) {
    coverage.iter_mut().for_each(|entry| mask(&mut entry.message));
}

fn mask(text: &mut String) {
    if let Some(masked) = masked(text) {
        *text = masked;
    }
}

/// The text with an asterisk for every byte of a secret, so that spans keep their meaning; `None` without a secret.
pub(crate) fn masked(text: &str) -> Option<String> {
    let mut found: Vec<Span> = secrets::find(text).into_iter().map(|secret| secret.span).collect();
    found.extend(url_passwords(text));
    if found.is_empty() {
        return None;
    }
    found.sort();
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for secret in found {
        let (start, end) = (secret.start as usize, secret.end as usize);
        out.push_str(text.get(from..start.max(from)).unwrap_or(""));
        out.push_str(&"*".repeat(end.saturating_sub(start.max(from))));
        from = end.max(from);
    }
    out.push_str(text.get(from..).unwrap_or(""));
    Some(out)
}

/// The password of `scheme://user:password@host`.
fn url_passwords(text: &str) -> impl Iterator<Item = Span> {
    text.match_indices("://").filter_map(|(at, mark)| {
        let start = at + mark.len();
        let rest = text.get(start..)?;
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '\'' | '"' | '`')).unwrap_or(rest.len());
        let authority = rest.get(..end)?;
        let (user, host) = (authority.find(':')?, authority.rfind('@')?);
        let place = |at: usize| u32::try_from(at).ok();
        (user + 1 < host).then_some(())?;
        Some(Span::new(place(start + user + 1)?, place(start + host)?))
    })
}
