//! Functions and procedures.

use super::{Definition, Describer, assumed, plain};
use crate::catalog::{Function, FunctionKey, FunctionSource};
use crate::sql;
use crate::sql::ast::{BodyText, SourceMap, StatementKind};

impl Describer<'_> {
    pub(super) fn function(&self, key: &FunctionKey, function: &Function) -> Definition {
        let mut definition = Definition::new(function.provenance.defined.clone());
        assumed(&mut definition, function.provenance.is_assumed());
        definition.owned_by(&function.owner);
        definition.line(format!("{} {key}", function.kind));
        for param in &function.params {
            let name = param.name.as_deref().unwrap_or("-");
            let default = param.default.as_ref().map(|default| format!(" default {}", plain(default)));
            let mode = format!("{:?}", param.mode).to_lowercase();
            definition.line(format!("{mode} {name} {}{}", param.ty, default.unwrap_or_default()));
        }
        definition.lines.extend(function.returns.iter().map(|returns| format!("returns {returns}")));
        definition.line(format!("language {}", function.language));
        definition.fact("volatility", &function.volatility, |volatility| format!("{volatility:?}").to_lowercase());
        definition
            .fact("security", &function.security_definer, |on| if *on { "definer" } else { "invoker" }.to_owned());
        definition.fact("strict", &function.strict, ToString::to_string);
        definition.fact("leakproof", &function.leakproof, ToString::to_string);
        match function.settings.get() {
            Some(settings) => {
                settings.iter().for_each(|(name, value)| definition.line(format!("set {name} = {}", setting(value))));
            }
            None => definition.unknown = Some("its settings are not known"),
        }
        match function.body.get() {
            Some(body) => body_lines(body, &function.language, &mut definition),
            None => definition.unknown = Some("its body is not known"),
        }
        definition
    }
}

/// An empty value is stored with quotes.
fn setting(value: &str) -> String {
    if value.is_empty() { "\"\"".to_owned() } else { value.to_owned() }
}

fn body_lines(body: &FunctionSource, language: &str, definition: &mut Definition) {
    match body {
        FunctionSource::Text { text } if matches!(language, "sql" | "plpgsql") => {
            definition.lines.extend(statements(&sql::words(text)).into_iter().map(|line| format!("  {line}")));
        }
        FunctionSource::Text { text } => {
            definition.lines.extend(text.lines().map(|line| format!("  {}", line.trim_end())));
        }
        FunctionSource::Sql { text } => standard_body(text, definition),
        FunctionSource::External => definition.line("  (external)"),
    }
}

/// Words as lines: one statement each.
fn statements(words: &[String]) -> Vec<String> {
    const BEGINS: [&str; 4] = ["begin", "then", "loop", "else"];
    let mut lines = vec![String::new()];
    for word in words {
        let ends = word == ";" || BEGINS.contains(&word.as_str());
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        if ends {
            lines.push(String::new());
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// `RETURN expr` and `BEGIN ATOMIC … END` are printed by the server in its own words.
fn standard_body(text: &str, definition: &mut Definition) {
    let body = written_body(text);
    let trimmed = body.trim().trim_end_matches(';').trim();
    let lower = trimmed.to_ascii_lowercase();
    if let Some(expr) = lower.strip_prefix("return").and_then(|rest| trimmed.get(trimmed.len() - rest.len()..)) {
        match sql::parse_expr(expr) {
            Ok(expr) => definition.line(format!("  return {}", sql::canonical(&expr))),
            Err(_) => definition.unknown = Some("its body could not be parsed"),
        }
        return;
    }
    let inner = lower.strip_prefix("begin atomic").and_then(|rest| rest.strip_suffix("end"));
    let inner = inner.and_then(|inner| {
        let from = trimmed.len() - "end".len() - inner.len();
        trimmed.get(from..from + inner.len())
    });
    let Some(inner) = inner else {
        definition.unknown = Some("its body could not be parsed");
        return;
    };
    let length = u32::try_from(inner.len()).unwrap_or(u32::MAX);
    let span = crate::location::Span::new(0, length);
    let parsed = sql::parse_sql_body(&BodyText { text: inner.to_owned(), span, map: SourceMap::Verbatim(0) });
    for statement in &parsed.statements {
        match &statement.kind {
            StatementKind::Select(query) => definition.line(format!("  {}", sql::canonical_query(query))),
            _ => {
                definition.unknown = Some("its body holds more than queries");
                definition.line(format!("  {}", sql::words(statement.span.slice(inner)).join(" ")));
            }
        }
    }
    if !parsed.errors.is_empty() {
        definition.unknown = Some("its body could not be parsed");
    }
}

/// Of a whole `CREATE FUNCTION` as the server prints it, the part that is the body.
fn written_body(text: &str) -> &str {
    if !text.trim_start().to_ascii_lowercase().starts_with("create ") {
        return text;
    }
    let lower = text.to_ascii_lowercase();
    let at = lower.find("\nbegin atomic").or_else(|| lower.find("\n return ")).or_else(|| lower.find("\nreturn "));
    at.and_then(|at| text.get(at + 1..)).unwrap_or(text)
}
