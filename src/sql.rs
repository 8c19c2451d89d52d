//! The only room that knows the SQL parser: text in, plain statements with positions out.

pub mod ast;
mod canonical;
mod cx;
mod fragment;
mod guard;
mod lex;
mod lint;
mod literal;
mod lower;
mod lower_expr;
mod lower_query;
mod lower_type;
mod parse;
mod plpgsql;
mod source_map;
mod split;
mod tree;
pub mod walk;
mod words;

pub use canonical::{
    ColumnTypes, Columns, NameOf, Names, Surroundings, canonical, canonical_in, canonical_index_key, canonical_query,
    canonical_query_in, canonical_text, expression, expression_in, expression_of, expression_shared,
};
pub use fragment::{parse_expr, parse_query, parse_sql_body};
pub use lint::{Lint, LintSettings, is_lint, is_lint_version, lint};
pub use plpgsql::parse_plpgsql;
pub use words::{query_details, words};

use crate::location::Span;
use ast::{SourceMap, Statement};
use cx::Cx;
use split::Split;

/// A statement (or part of one) that could not be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where, in bytes of the file.
    pub span: Span,
    /// What the parser says, lower case, no final period.
    pub message: String,
    /// The whole statement that was given up.
    pub statement: Span,
}

/// A comment in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Byte span, delimiters included.
    pub span: Span,
    /// Text without delimiters, trimmed.
    pub text: String,
    /// Span of the top-level statement that follows (or holds) it, if any.
    pub statement: Option<Span>,
}

/// A text read as SQL. All spans are bytes of the file the text came from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ParsedFile {
    /// Statements that could be read, in order.
    pub statements: Vec<Statement>,
    /// Statements that could not, in order.
    pub errors: Vec<SyntaxError>,
    /// Comments, in order.
    pub comments: Vec<Comment>,
    /// Files that psql would run at this place (`\i`, `\ir`).
    pub includes: Vec<Include>,
    /// Other psql commands (`\set`, `\if`, `\connect`, …).
    pub commands: Vec<PsqlCommand>,
    /// Template pieces (`{{ … }}`) that stand in statements that could be read: the words there are not the server's.
    pub templates: Vec<Span>,
    /// Variables (`:name`) in statements that could be read and do more than read or write rows: what they hold is not
    /// known, a name among other things.
    pub variables: Vec<Span>,
}

/// A psql command that runs another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// The whole command.
    pub span: Span,
    /// Path as written, quotes taken off.
    pub path: String,
    /// `\ir`: relative to the file it stands in rather than to where psql runs.
    pub relative: bool,
}

/// A psql command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PsqlCommand {
    /// From the backslash to the end of its line.
    pub span: Span,
    /// Name without the backslash.
    pub name: String,
    /// The rest of the line, trimmed.
    pub arguments: String,
}

/// Reads a whole file.
#[must_use]
pub fn parse(text: &str) -> ParsedFile {
    parse_section(text, Span::new(0, lex::offset(text.len())))
}

/// Reads the part of a file that `section` covers; spans count from the start of the file.
#[must_use]
pub fn parse_section(text: &str, section: Span) -> ParsedFile {
    let (from, to) = (section.start as usize, section.end as usize);
    read(text, &split::split(text, from, to, true), &SourceMap::Verbatim(0))
}

/// Reads the SQL body of a routine, or SQL put together by a program: `map` leads from offsets in `text` back to the
/// file. There are no psql commands in such a text.
#[must_use]
pub fn parse_mapped(text: &str, map: &SourceMap) -> ParsedFile {
    read(text, &split::split(text, 0, text.len(), false), map)
}

fn read(text: &str, split: &Split, map: &SourceMap) -> ParsedFile {
    let cx = Cx::new(text, 0, map);
    let mut file = ParsedFile::default();
    for raw in &split.statements {
        match parse::statement(text, raw, map) {
            Ok(statement) => {
                // A value that only reads or writes rows stands for itself.
                let data = matches!(statement.kind, ast::StatementKind::Select(_) | ast::StatementKind::Dml(_));
                file.statements.push(statement);
                for hole in &raw.holes {
                    let span = cx.range(hole.span.start, hole.span.end);
                    match hole.kind {
                        split::HoleKind::Template => file.templates.push(span),
                        split::HoleKind::Variable | split::HoleKind::Identifier if data => {}
                        split::HoleKind::Variable | split::HoleKind::Identifier => file.variables.push(span),
                    }
                }
            }
            Err(error) => file.errors.push(error),
        }
    }
    file.errors.extend(split.endless.iter().map(|data| endless(&cx, *data)));
    file.comments = comments(&cx, split);
    for meta in &split.metas {
        let (span, name) = (cx.range(meta.span.start, meta.span.end), meta.name.slice(text).to_owned());
        let arguments = Span::new(meta.name.end, meta.span.end).slice(text).trim().to_owned();
        match name.as_str() {
            "i" | "include" | "ir" | "include_relative" => {
                let relative = matches!(name.as_str(), "ir" | "include_relative");
                let path = arguments.trim_matches(['\'', '"']).to_owned();
                file.includes.push(Include { span, path, relative });
            }
            _ => file.commands.push(PsqlCommand { span, name, arguments }),
        }
    }
    file
}

/// psql would take everything up to the end of the file for data.
fn endless(cx: &Cx, data: Span) -> SyntaxError {
    let span = cx.range(data.start, data.start);
    let message = "no line `\\.` ends this COPY data; everything below was taken for data".to_owned();
    SyntaxError { span, message, statement: cx.range(data.start, data.end) }
}

fn comments(cx: &Cx, split: &Split) -> Vec<Comment> {
    let mut statements = split.statements.iter().map(|raw| raw.span).peekable();
    let mut comments = Vec::with_capacity(split.comments.len());
    for span in &split.comments {
        while statements.next_if(|statement| statement.end <= span.start).is_some() {}
        let statement = statements.peek().map(|statement| cx.range(statement.start, statement.end));
        let text = comment_text(span.slice(cx.text)).to_owned();
        comments.push(Comment { span: cx.range(span.start, span.end), text, statement });
    }
    comments
}

fn comment_text(written: &str) -> &str {
    let inner = match written.strip_prefix("/*") {
        Some(block) => block.strip_suffix("*/").unwrap_or(block),
        None => written.strip_prefix("--").unwrap_or(written),
    };
    inner.trim()
}
