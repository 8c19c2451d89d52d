//! squawk's linter over a whole file, its findings as plain data.

use std::panic::{AssertUnwindSafe, catch_unwind};

use squawk_linter::{Linter, LinterSettings, Rule, Version};
use squawk_syntax::SourceFile;

use super::{parse, split};
use crate::location::Span;

/// Something squawk has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// squawk's name of the rule, dashed.
    pub rule: String,
    /// Where, in bytes of the file.
    pub span: Span,
    /// What it says, one line.
    pub message: String,
}

/// What squawk assumes of the server and of the tool that runs the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LintSettings {
    /// Oldest server the files run on, `major[.minor]`; 15 where none is given.
    pub pg_version: Option<String>,
    /// The tool runs each file in a transaction.
    pub assume_in_transaction: bool,
}

/// Whether squawk has a rule of this name.
#[must_use]
pub fn is_lint(name: &str) -> bool {
    name.parse::<Rule>().is_ok()
}

/// Whether squawk understands this version.
#[must_use]
pub fn is_lint_version(version: &str) -> bool {
    version.parse::<Version>().is_ok()
}

/// Runs the rules named in `rules` over `sections` of a file, in the order of the text. Statements the parser could
/// not cope with, psql commands and `COPY` data are passed over. A comment `squawk-ignore` counts as squawk has it.
/// `None` where the linter itself fails.
#[must_use]
pub fn lint(text: &str, sections: &[Span], rules: &[&str], settings: &LintSettings) -> Option<Vec<Lint>> {
    let text = readable(text, sections);
    catch_unwind(AssertUnwindSafe(|| run(&text, rules, settings))).ok()
}

fn run(text: &str, rules: &[&str], settings: &LintSettings) -> Vec<Lint> {
    let mut linter = Linter::from(rules.iter().filter_map(|name| name.parse::<Rule>().ok()));
    let pg_version = settings.pg_version.as_ref().and_then(|version| version.parse().ok()).unwrap_or_default();
    linter.settings = LinterSettings { pg_version, assume_in_transaction: settings.assume_in_transaction };
    let found = linter.lint(&SourceFile::parse(text), text);
    found
        .into_iter()
        .map(|violation| {
            let (start, end) = (violation.text_range.start().into(), violation.text_range.end().into());
            let message = violation.message.split_whitespace().collect::<Vec<_>>().join(" ");
            Lint { rule: violation.code.to_string(), span: Span::new(start, end), message }
        })
        .collect()
}

/// The text with spaces, byte for byte, in place of everything that is not to be linted.
fn readable(text: &str, sections: &[Span]) -> String {
    let mut bytes = vec![b' '; text.len()];
    for section in sections {
        copy(&mut bytes, text, *section);
        let split = split::split(text, section.start as usize, section.end as usize, true);
        split.metas.iter().for_each(|meta| blank(&mut bytes, meta.span));
        split.endless.iter().for_each(|data| blank(&mut bytes, *data));
        for raw in &split.statements {
            raw.data.iter().chain(&raw.blanks).for_each(|span| blank(&mut bytes, *span));
            if parse::is_too_deep(raw) {
                blank(&mut bytes, raw.span);
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}

fn copy(bytes: &mut [u8], text: &str, span: Span) {
    let range = span.start as usize..span.end as usize;
    if let (Some(to), Some(from)) = (bytes.get_mut(range.clone()), text.as_bytes().get(range)) {
        to.copy_from_slice(from);
    }
}

fn blank(bytes: &mut [u8], span: Span) {
    let range = span.start as usize..span.end as usize;
    bytes.get_mut(range).into_iter().flatten().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}
