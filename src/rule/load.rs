//! Rule files → compiled rules.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use rayon::prelude::*;
use serde_saphyr::Spanned;

use super::error::RuleError;
use super::expression::{Expression, Template};
use super::file::RuleFile;
use super::fix::Fix;
use super::schema::{FieldType, TARGETS, Target};
use super::typing::Names;
use super::{Logic, Rule, RuleSet};
use crate::check::code;
use crate::suggest::hint;

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// The rules that come with the program.
///
/// # Errors
/// Every mistake found; none in a released program, because a test loads them.
pub fn built_in() -> Result<RuleSet, Vec<RuleError>> {
    let mut files = Vec::new();
    for group in BUILT_IN.dirs() {
        for file in group.files().filter(|file| is_yaml(file.path())) {
            let path = format!("rules/{}", slashed(file.path()));
            files.push((path, file.contents_utf8().unwrap_or_default().to_owned()));
        }
    }
    parse_all(&files, true)
}

/// The built-in rules and those of `folders`, each folder laid out as `group/name.yaml`.
///
/// # Errors
/// Every mistake found, in all files.
pub fn load_all(folders: &[impl AsRef<Path>]) -> Result<RuleSet, Vec<RuleError>> {
    let mut rules = built_in()?;
    let mut errors = Vec::new();
    for folder in folders {
        match load_folder(folder.as_ref()) {
            Ok(more) => errors.extend(rules.add(more)),
            Err(more) => errors.extend(more),
        }
    }
    if errors.is_empty() { Ok(rules) } else { Err(errors) }
}

/// The rules of one folder.
///
/// # Errors
/// Every mistake found, in all files.
pub fn load_folder(folder: &Path) -> Result<RuleSet, Vec<RuleError>> {
    let read_error =
        |path: &Path, error: std::io::Error| vec![RuleError::Read { path: slashed(path), message: error.to_string() }];
    let mut files = Vec::new();
    let groups = std::fs::read_dir(folder).map_err(|error| read_error(folder, error))?;
    for group in groups.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_dir()) {
        let entries = std::fs::read_dir(&group).map_err(|error| read_error(&group, error))?;
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| is_yaml(path)) {
            let text = std::fs::read_to_string(&path).map_err(|error| read_error(&path, error))?;
            files.push((slashed(&path), text));
        }
    }
    if files.is_empty() {
        let message = "holds no rules; they are files named group/name.yaml".to_owned();
        return Err(vec![RuleError::Read { path: slashed(folder), message }]);
    }
    files.sort();
    parse_all(&files, false)
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn parse_all(files: &[(String, String)], built_in: bool) -> Result<RuleSet, Vec<RuleError>> {
    let (mut rules, mut all, mut errors) = (RuleSet::default(), Vec::new(), Vec::new());
    let parsed: Vec<_> = files.par_iter().map(|(path, text)| parse(path, text, built_in)).collect();
    for rule in parsed {
        match rule {
            Ok(rule) => all.push(rule),
            Err(more) => errors.extend(more),
        }
    }
    errors.extend(rules.add(RuleSet { rules: all }));
    if errors.is_empty() { Ok(rules) } else { Err(errors) }
}

/// One rule from the text of its file; the last two parts of `path` make its id.
///
/// # Errors
/// Every mistake found.
pub fn parse(path: &str, text: &str, built_in: bool) -> Result<Rule, Vec<RuleError>> {
    let file: RuleFile = serde_saphyr::from_str(text).map_err(|error| vec![shape_error(path, &error)])?;
    let mut compiler = Compiler { path, errors: Vec::new() };
    let rule = compiler.rule(file, built_in);
    match rule {
        Some(rule) if compiler.errors.is_empty() => Ok(rule),
        _ => Err(compiler.errors),
    }
}

fn shape_error(path: &str, error: &serde_saphyr::Error) -> RuleError {
    use serde_saphyr::Error;
    let (line, column) = error.location().map_or((1, 1), |at| (at.line().max(1), at.column().max(1)));
    let message = match error.without_snippet() {
        Error::SerdeUnknownField { field, expected, .. } => {
            let hint = hint(field, expected.iter().copied());
            let known = if hint.is_empty() { format!(", known are: {}", expected.join(", ")) } else { hint };
            format!("unknown key `{field}`{known}")
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            let hint = hint(variant, expected.iter().copied());
            format!("unknown value `{variant}`, it is one of {}{hint}", expected.join(", "))
        }
        Error::SerdeMissingField { field, .. } => format!("the key `{field}` is missing"),
        other => one_line(&other.to_string()),
    };
    RuleError::Shape { file: path.to_owned(), line, column, message }
}

fn one_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    // The position stands before the message already.
    line.split(" at line ").next().unwrap_or(line).trim_end_matches('.').to_owned()
}

/// Turns a parsed file into a rule, collecting every mistake on the way.
struct Compiler<'a> {
    path: &'a str,
    errors: Vec<RuleError>,
}

impl Compiler<'_> {
    fn rule(&mut self, file: RuleFile, built_in: bool) -> Option<Rule> {
        let id = self.id()?;
        let target = self.target(&file.target)?;
        let types: BTreeMap<String, FieldType> =
            file.params.iter().map(|(name, value)| (name.clone(), value.value().field_type())).collect();
        let names = Names { target, params: &types, sql: false };
        let logic = self.logic(&id, &file, &names);
        let message = self.compiled("message", &file.message, |text| Template::compile(text, &names));
        let fix = match &file.fix {
            Some(text) => Some(self.compiled("fix", text, |text| Fix::compile(text, &names, file.check.is_some()))?),
            None => None,
        };
        let mut severity_when = Vec::new();
        for entry in &file.severity_when {
            let condition =
                self.compiled("severity_when", &entry.condition, |text| Expression::condition(text, &names));
            severity_when.extend(condition.map(|condition| (condition, entry.severity)));
        }
        Some(Rule {
            id,
            title: file.title,
            severity: file.severity,
            severity_when,
            tags: file.tags,
            enabled: file.enabled,
            target,
            logic: logic?,
            message: Arc::new(message?),
            rationale: file.rationale,
            remediation: file.remediation,
            fix: fix.map(Arc::new),
            references: file.references,
            params: file.params,
            examples: Arc::new(file.examples),
            file: self.path.to_owned(),
            built_in,
        })
    }

    /// `group/name` from the path.
    fn id(&mut self) -> Option<String> {
        let stem = self.path.rsplit_once('.').map_or(self.path, |(stem, _)| stem);
        let mut parts = stem.rsplit('/');
        let (name, group) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let kebab = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        if kebab(name) && kebab(group) {
            return Some(format!("{group}/{name}"));
        }
        let message = "a rule file is named group/name.yaml, in lower case letters, digits and dashes; rename it";
        self.shape(1, 1, message.to_owned());
        None
    }

    fn target(&mut self, name: &Spanned<String>) -> Option<&'static Target> {
        let target = Target::find(&name.value);
        if target.is_none() {
            let hint = hint(&name.value, TARGETS.iter().map(|target| target.name));
            let at = name.referenced;
            self.shape(at.line(), at.column(), format!("unknown target `{}`{hint}", name.value));
        }
        target
    }

    fn logic(&mut self, id: &str, file: &RuleFile, names: &Names<'_>) -> Option<Logic> {
        let ways =
            usize::from(file.assert.is_some()) + usize::from(file.check.is_some()) + usize::from(file.query.is_some());
        if ways != 1 || file.assert.is_none() && file.when.is_some() {
            let at = file.target.referenced;
            let message = "a rule has either `assert` (with or without `when`), or `check`, or `query`".to_owned();
            self.shape(at.line(), at.column(), message);
            return None;
        }
        if let Some(query) = &file.query {
            let params: Vec<&str> = file.params.keys().map(String::as_str).collect();
            if let Some(unknown) = crate::check::query::unknown_placeholder(query, &params) {
                let at = file.target.referenced;
                self.shape(
                    at.line(),
                    at.column(),
                    format!("`{unknown}` in the query is no parameter of this rule and no list of config"),
                );
                return None;
            }
            return Some(Logic::Query(query.clone()));
        }
        if let Some(name) = &file.check {
            return self.code(id, name);
        }
        let when = match &file.when {
            Some(text) => Some(self.compiled("when", text, |text| Expression::condition(text, names))?),
            None => None,
        };
        let assert = self.compiled("assert", file.assert.as_ref()?, |text| Expression::condition(text, names))?;
        Some(Logic::Conditions { when, assert })
    }

    fn code(&mut self, id: &str, name: &Spanned<String>) -> Option<Logic> {
        let found = code::find(&name.value);
        if found.is_none() {
            let hint = hint(&name.value, code::names());
            self.expression("check", name, format!("unknown check `{}`{hint}", name.value));
        }
        let check = found?;
        if let Some(knows) = check.knows
            && let Some(what) = id.split('/').nth(1).filter(|what| !knows(what))
        {
            self.expression("check", name, format!("`{}` has no rule `{what}`; name the file after one", check.name));
            return None;
        }
        Some(Logic::Code(check))
    }

    fn compiled<T>(
        &mut self,
        key: &str,
        text: &Spanned<String>,
        compile: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        compile(&text.value).map_err(|message| self.expression(key, text, message)).ok()
    }

    fn expression(&mut self, key: &str, at: &Spanned<String>, message: String) {
        let (file, line) = (self.path.to_owned(), at.referenced.line());
        self.errors.push(RuleError::Expression { file, line, key: key.to_owned(), message });
    }

    fn shape(&mut self, line: u64, column: u64, message: String) {
        self.errors.push(RuleError::Shape { file: self.path.to_owned(), line, column, message });
    }
}
