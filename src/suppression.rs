//! `-- gardefou:ignore rule[, rule] reason` in the source: silences the named rules on the next statement. A comment
//! that is not understood silences nothing and is a finding.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalog::{ObjectKind, ObjectRef};
use crate::finding::{Finding, Severity, State};
use crate::location::{Location, Span};
use crate::migrations::Migration;
use crate::suggest::hint;

/// Rule id of comments that are not understood.
pub const BAD: &str = "config/bad-suppression";
/// Rule id of comments that silence nothing.
pub const UNUSED: &str = "config/unused-suppression";

/// A suppression as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Suppression {
    /// Rules it names.
    pub rules: Vec<String>,
    /// Why.
    pub reason: String,
    /// The comment.
    pub at: Location,
    /// The statement it applies to; `None` where none follows.
    pub target: Option<Span>,
    /// No statement stands before it: it speaks of the file, too.
    pub header: bool,
}

/// What is known about rules when silencing.
#[derive(Debug, Clone, Copy)]
pub struct KnownRules<'a> {
    /// Every rule there is.
    pub all: &'a BTreeSet<String>,
    /// Those that ran: a suppression or waiver of another is not "unused".
    pub ran: &'a BTreeSet<String>,
}

/// Marks what the comments of `migrations` silence, and adds a finding for each comment that is not understood or
/// silences nothing.
#[must_use]
pub fn apply(mut findings: Vec<Finding>, migrations: &[Migration], known: KnownRules<'_>) -> Vec<Finding> {
    for migration in migrations {
        let (suppressions, bad) = read(migration, known.all);
        for suppression in &suppressions {
            let used = silence(&mut findings, suppression);
            let unused = suppression.rules.iter().filter(|rule| !used.contains(*rule) && known.ran.contains(*rule));
            let unused: Vec<Finding> = unused.map(|rule| unused_finding(suppression, rule)).collect();
            findings.extend(unused);
        }
        findings.extend(bad);
    }
    findings
}

/// Silences what `suppression` covers; the rules that were found there.
fn silence(findings: &mut [Finding], suppression: &Suppression) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for finding in findings.iter_mut().filter(|finding| covers(suppression, finding)) {
        used.insert(finding.rule.clone());
        if finding.state == State::New {
            finding.state = State::Suppressed;
            finding.silenced_by = Some(suppression.reason.clone());
        }
    }
    used
}

fn covers(suppression: &Suppression, finding: &Finding) -> bool {
    let Some(at) = &finding.location else { return false };
    let in_target = suppression.target.is_some_and(|target| (target.start..target.end).contains(&at.span.start));
    // What is wrong with a file as a whole (its name, its order) is found at an empty span.
    let of_file = suppression.header && at.span == Span::default();
    at.file == suppression.at.file && (in_target || of_file) && suppression.rules.contains(&finding.rule)
}

/// The suppressions of a file, and a finding for each that is not understood.
#[must_use]
pub fn read(migration: &Migration, all: &BTreeSet<String>) -> (Vec<Suppression>, Vec<Finding>) {
    let (mut suppressions, mut bad) = (Vec::new(), Vec::new());
    let mut statements = None;
    for comment in &migration.comments {
        let Some(rest) = directive(&comment.text) else { continue };
        let at = migration.lines.locate(&migration.file.text, comment.span);
        match rest.and_then(|rest| parse(rest, all)) {
            Ok((rules, reason)) => {
                let statements = statements.get_or_insert_with(|| statements_of(migration));
                let target = target(&migration.file.text, comment.span, statements);
                let header = statements.iter().all(|span| span.start >= comment.span.end);
                suppressions.push(Suppression { rules, reason, at, target, header });
            }
            Err(problem) => bad.push(bad_finding(at, problem)),
        }
    }
    (suppressions, bad)
}

/// What follows `gardefou:ignore`, if the comment is one; an error if it only looks like one. Markers of a block
/// comment are taken as absent.
fn directive(comment: &str) -> Option<Result<&str, String>> {
    let text = comment.trim_start_matches(|c: char| c == '-' || c == '*' || c == '!' || c.is_whitespace());
    if let Some(rest) = text.strip_prefix("gardefou:ignore")
        && (rest.is_empty() || rest.starts_with(char::is_whitespace))
    {
        return Some(Ok(rest.trim()));
    }
    let head = text.get(..8).filter(|head| head.eq_ignore_ascii_case("gardefou"))?;
    let rest = text.get(head.len()..)?;
    let word = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
    let looks_like_one = word.len() < rest.len()
        && ["ignore", "disable", "noqa", "allow", "suppress"]
            .iter()
            .any(|verb| word.get(..verb.len()).is_some_and(|start| start.eq_ignore_ascii_case(verb)));
    looks_like_one.then(|| Err("is not of the form `gardefou:ignore rule[, rule] reason`".to_owned()))
}

/// Rules and reason.
fn parse(rest: &str, all: &BTreeSet<String>) -> Result<(Vec<String>, String), String> {
    let mut rules = Vec::new();
    let mut rest = rest;
    loop {
        let end = rest.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(rest.len());
        let (rule, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let rule = rule.trim_end_matches(':');
        if rule.is_empty() {
            return Err("names no rule".to_owned());
        }
        if !all.contains(rule) {
            return Err(format!("names `{rule}`, which is no rule{}", hint(rule, all.iter().map(String::as_str))));
        }
        rules.push(rule.to_owned());
        match after.trim_start().strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => {
                let reason = after.trim().trim_start_matches(['-', '–', '—', ':']).trim();
                let stated = reason.chars().any(char::is_alphanumeric);
                return stated.then(|| (rules, reason.to_owned())).ok_or_else(|| "gives no reason".to_owned());
            }
        }
    }
}

/// Spans of all statements, nested ones too, sorted by start, the outer before the inner.
fn statements_of(migration: &Migration) -> Vec<Span> {
    let executed = migration.statements.iter().map(|statement| statement.at.span);
    let enclosing = migration.comments.iter().filter_map(|comment| comment.statement);
    let broken = migration.syntax_errors.iter().map(|error| error.statement);
    let mut spans: Vec<Span> = executed.chain(enclosing).chain(broken).filter(|span| span.start < span.end).collect();
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    spans.dedup();
    spans
}

/// The statement a comment applies to: the one that ends on its line before it, else the next one in the same block,
/// else the one it stands inside.
fn target(text: &str, comment: Span, statements: &[Span]) -> Option<Span> {
    let holds = |outer: &Span, inner: Span| outer.start <= inner.start && inner.end <= outer.end;
    let holder = statements.iter().filter(|span| holds(span, comment)).min_by_key(|span| span.end - span.start);
    let siblings =
        || statements.iter().filter(move |span| holder.is_none_or(|holder| *span != holder && holds(holder, **span)));
    let on_same_line =
        |span: &&Span| span.end <= comment.start && !Span::new(span.end, comment.start).slice(text).contains('\n');
    // The outermost of those that end there; of two statements on one line, the last.
    let ended = siblings().filter(on_same_line).max_by_key(|span| (span.end, std::cmp::Reverse(span.start)));
    let next = || siblings().find(|span| span.start >= comment.end);
    let inside = || holder.filter(|_| siblings().next().is_none());
    ended.or_else(next).or_else(inside).copied()
}

fn bad_finding(at: Location, problem: String) -> Finding {
    let message = format!("suppression silences nothing: it {problem}");
    finding(BAD, Severity::Error, message, at, problem)
}

fn unused_finding(suppression: &Suppression, rule: &str) -> Finding {
    let message = match suppression.target {
        Some(_) => format!("suppression of `{rule}` silences nothing: the statement has no such finding"),
        None => format!("suppression of `{rule}` silences nothing: no statement follows it"),
    };
    finding(UNUSED, Severity::Warning, message, suppression.at.clone(), rule.to_owned())
}

fn finding(rule: &str, severity: Severity, message: String, at: Location, discriminator: String) -> Finding {
    let file: Arc<str> = Arc::clone(&at.file);
    Finding {
        rule: rule.to_owned(),
        severity,
        message,
        object: ObjectRef::new(ObjectKind::Migration, file),
        location: Some(at),
        state: State::New,
        silenced_by: None,
        related: Vec::new(),
        detail: None,
        fix: None,
        discriminator,
    }
}
