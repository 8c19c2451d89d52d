//! One statement at a time through the parser: guarded against depth, repaired where another tool would have filled
//! in a piece, and lowered to plain data.

use std::panic::{AssertUnwindSafe, catch_unwind};

use squawk_syntax::ast::{AlterTableAction, AsDefinition, AstNode, Stmt};
use squawk_syntax::quote::{quote_ident, quote_quoted_ident};
use squawk_syntax::syntax_error::SyntaxError as ParserError;
use squawk_syntax::{SourceFile, SyntaxKind as K};

use super::SyntaxError;
use super::ast::{SourceMap, Statement, StatementKind};
use super::cx::{self, Cx};
use super::lex::{Lexer, TokenKind, offset};
use super::split::{HoleKind, Raw};
use super::{lex, lower, tree};
use crate::location::Span;

/// Depth of the parser's tree up to which the caller's stack will do.
const ON_THIS_STACK: u32 = 150;
/// Depth of the parser's tree beyond which a statement is refused.
const MOST_PARSED: u32 = 12_000;
/// Nested brackets beyond which a statement is refused: the parser looks ahead over them again at each level.
const MOST_NESTED: u32 = 1_000;
/// Depth of our tree beyond which a statement is refused: everyone who walks it does so recursively.
const MOST_LOWERED: u32 = 500;
/// Stack one level of nesting may take in the parser and in lowering, in an unoptimised build.
const STACK_PER_LEVEL: usize = 24 * 1024;

/// Parses the statement `raw` of `text`, whose offsets `map` leads back to the file.
pub(super) fn statement(text: &str, raw: &Raw, map: &SourceMap) -> Result<Statement, SyntaxError> {
    let cx = Cx::new(text, raw.span.start, map);
    if let Some((span, message)) = raw.error {
        return Err(failure(&cx, raw, (span.start - raw.span.start, span.end - raw.span.start), message));
    }
    if is_too_deep(raw) {
        let message = "nested too deeply to be read; split the statement or its expressions";
        return Err(failure(&cx, raw, (0, 0), message));
    }
    if raw.depth.parsed <= ON_THIS_STACK {
        return guarded(&cx, raw);
    }
    let stack = STACK_PER_LEVEL * raw.depth.parsed as usize;
    let outcome = std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(stack);
        builder.spawn_scoped(scope, || guarded(&cx, raw)).map(|thread| thread.join())
    });
    match outcome {
        Ok(Ok(parsed)) => parsed,
        Ok(Err(_)) | Err(_) => Err(failure(&cx, raw, (0, 0), "the parser could not cope with this statement")),
    }
}

/// Nested beyond what is handed to the parser.
pub(super) fn is_too_deep(raw: &Raw) -> bool {
    let depth = raw.depth;
    depth.parsed > MOST_PARSED || depth.nested > MOST_NESTED || depth.lowered > MOST_LOWERED
}

/// A panic in the parser must cost one statement, not the run.
fn guarded(cx: &Cx, raw: &Raw) -> Result<Statement, SyntaxError> {
    catch_unwind(AssertUnwindSafe(|| attempt(cx, raw)))
        .unwrap_or_else(|_| Err(failure(cx, raw, (0, 0), "the parser could not cope with this statement")))
}

fn attempt(cx: &Cx, raw: &Raw) -> Result<Statement, SyntaxError> {
    let written = raw.span.slice(cx.text);
    let blanked = if raw.blanks.is_empty() { None } else { Some(blank(written, raw)) };
    let written = blanked.as_deref().unwrap_or(written);
    let first = once(cx, raw, written);
    if first.is_ok() {
        return first;
    }
    let attempts = [
        repaired(written, raw, Variables::Values),
        repaired(written, raw, Variables::Names),
        without_not(written),
        without_equals(written),
    ];
    let retried = attempts.into_iter().flatten().find_map(|written| once(cx, raw, &written).ok());
    retried.map_or(first, Ok)
}

/// `SET ROLE = x`, which the parser does not know, as the `SET ROLE x` it means.
fn without_equals(written: &str) -> Option<String> {
    let mut tokens = Lexer::new(written).filter(|token| token.kind != TokenKind::Comment);
    tokens.next().filter(|token| token.is_word(written, "set"))?;
    let mut words = tokens.skip_while(|token| token.is_word(written, "local") || token.is_word(written, "session"));
    words.next().filter(|token| token.is_word(written, "role"))?;
    let equals = words.next().filter(|token| token.is(written, "="))?.span;
    let (before, after) = (written.get(..equals.start as usize)?, written.get(equals.end as usize..)?);
    Some(format!("{before} {after}"))
}

/// The parser reads the upper bound of `BETWEEN` on past `OR` and cannot take a `NOT` there: it is given
/// [`tree::NOT_STAND_IN`], which lowering reads as `NOT` again.
fn without_not(written: &str) -> Option<String> {
    let tokens = lex::tokens(written);
    if !tokens.iter().any(|token| token.is_word(written, "between")) {
        return None;
    }
    let mut text = written.to_owned();
    for pair in tokens.windows(2) {
        if let [before, token] = pair
            && before.is_word(written, "or")
            && token.is_word(written, "not")
        {
            text.replace_range(token.span.start as usize..token.span.end as usize, tree::NOT_STAND_IN);
        }
    }
    Some(text).filter(|text| text != written)
}

fn once(cx: &Cx, raw: &Raw, written: &str) -> Result<Statement, SyntaxError> {
    let parse = SourceFile::parse(written);
    let tree = parse.tree();
    if let Some(error) = parse.errors().into_iter().find(|error| counts(&tree, error)) {
        let range = error.range();
        let message = sentence(error.message());
        return Err(failure(cx, raw, (range.start().into(), range.end().into()), &message));
    }
    if let Some(range) = reserved_column(&tree) {
        return Err(failure(cx, raw, range, "this keyword cannot name a column here unless it is quoted"));
    }
    if let Some(range) = misplaced_rename(&tree) {
        return Err(failure(cx, raw, range, "this must stand alone, not in a list of actions"));
    }
    let mut statements = tree.stmts().filter(|stmt| !matches!(stmt, Stmt::EmptyStmt(_)));
    let Some(stmt) = statements.next() else {
        return Err(failure(cx, raw, (0, 0), "this is no SQL statement"));
    };
    if let Some(second) = statements.next() {
        let start: u32 = second.syntax().text_range().start().into();
        return Err(failure(cx, raw, (start, start), "a semicolon is missing before this statement"));
    }
    let mut kind = lower::statement(cx, &stmt);
    if let StatementKind::Copy(copy) = &mut kind {
        copy.data = raw.data.map(|span| Cx::new(cx.text, 0, cx.map).range(span.start, span.end));
    }
    Ok(Statement { span: cx.range(0, raw.span.end - raw.span.start), kind })
}

/// Errors inside a quoted function body are not errors of the statement that holds it.
fn counts(tree: &SourceFile, error: &ParserError) -> bool {
    let at = error.range().start();
    let mut bodies = tree.syntax().descendants().filter(|node| AsDefinition::can_cast(node.kind()));
    !bodies.any(|body| body.text_range().start() < at && at < body.text_range().end())
}

/// A column of `RETURNS TABLE` named by a keyword that the server takes for the start of an expression
/// (`position`, `values`, …); the parser lets it pass.
fn reserved_column(tree: &SourceFile) -> Option<(u32, u32)> {
    let function = tree.stmts().find(|stmt| matches!(stmt, Stmt::CreateFunction(_)))?;
    let list =
        tree::child(function.syntax(), K::RET_TYPE).and_then(|ret| tree::child(&ret, K::RETURN_TABLE_ARG_LIST))?;
    let names =
        tree::children_of(&list, K::RETURN_TABLE_COLUMN).filter_map(|column| tree::child(&column, K::COLUMN_NAME));
    let mut tokens = names.filter_map(|name| cx::words(&name).next());
    let found = tokens.find(|token| {
        let word = token.text().to_ascii_lowercase();
        !word.starts_with('"') && quote_ident(&word) == word && quote_quoted_ident(&word) != word
    })?;
    Some((found.text_range().start().into(), found.text_range().end().into()))
}

/// A rename or change of schema among other actions of `ALTER TABLE`; the parser lets it pass.
fn misplaced_rename(tree: &SourceFile) -> Option<(u32, u32)> {
    let alter = tree.stmts().find(|stmt| matches!(stmt, Stmt::AlterTable(_) | Stmt::AlterForeignTable(_)))?;
    let actions: Vec<_> = alter.syntax().children().filter(|child| AlterTableAction::can_cast(child.kind())).collect();
    let alone = [K::TABLE_RENAME_TO, K::RENAME_COLUMN, K::RENAME_CONSTRAINT, K::SET_SCHEMA];
    let found = actions.iter().find(|action| actions.len() > 1 && alone.contains(&action.kind()))?;
    Some((found.text_range().start().into(), found.text_range().end().into()))
}

fn failure(cx: &Cx, raw: &Raw, (start, end): (u32, u32), message: &str) -> SyntaxError {
    let length = raw.span.end - raw.span.start;
    let (start, end) = if start < end { (start, end) } else { token_at(cx, raw, start) };
    let (start, end) = (start.min(length), end.min(length));
    let statement = cx.range(0, length);
    SyntaxError { span: cx.range(start, end.max(start)), message: message.to_owned(), statement }
}

/// The token at or behind `at`; at the end of the statement its last character.
fn token_at(cx: &Cx, raw: &Raw, at: u32) -> (u32, u32) {
    let written = raw.span.slice(cx.text);
    let next = Lexer::starting_at(written, at as usize).find(|token| token.kind != TokenKind::Comment);
    let last = written.char_indices().next_back().map_or(0, |(last, _)| offset(last));
    next.map_or((last, offset(written.len())), |token| (token.span.start, token.span.end))
}

/// A parser message as ours are written: lower case, no final period, tokens as people write them.
fn sentence(message: &str) -> String {
    let mut words = message.trim_end_matches('.').split(' ').map(word).collect::<Vec<_>>();
    if let Some(first) = words.first_mut()
        && first.chars().skip(1).all(|c| c.is_ascii_lowercase())
    {
        *first = first.to_lowercase();
    }
    words.join(" ")
}

/// One word of a message; names of token kinds become the tokens.
fn word(word: &str) -> String {
    let (name, comma) = word.strip_suffix(',').map_or((word, ""), |name| (name, ","));
    let plain = match name {
        "L_PAREN" => "`(`",
        "R_PAREN" => "`)`",
        "L_BRACK" => "`[`",
        "R_BRACK" => "`]`",
        "L_CURLY" => "`{`",
        "R_CURLY" => "`}`",
        "COMMA" => "`,`",
        "SEMICOLON" => "`;`",
        "COLON" => "`:`",
        "DOT" => "`.`",
        "EQ" => "`=`",
        "STAR" => "`*`",
        "MINUS" => "`-`",
        "IDENT" => "a name",
        "STRING" | "DOLLAR_QUOTED_STRING" => "a string",
        "INT_NUMBER" | "NUMERIC_NUMBER" => "a number",
        "POSITIONAL_PARAM" => "a parameter",
        "ERROR" => "something that is not SQL",
        "EOF" => "the end",
        _ => match name.strip_suffix("_KW") {
            Some(keyword) => return format!("{keyword}{comma}"),
            None => return word.to_owned(),
        },
    };
    format!("{plain}{comma}")
}

fn blank(written: &str, raw: &Raw) -> String {
    let mut bytes = written.as_bytes().to_vec();
    for span in &raw.blanks {
        let range = (span.start - raw.span.start) as usize..(span.end.max(raw.span.start) - raw.span.start) as usize;
        bytes.get_mut(range).into_iter().flatten().for_each(|byte| *byte = b' ');
    }
    String::from_utf8(bytes).unwrap_or_else(|_| written.to_owned())
}

/// What `:name` stands for: psql and graphile-migrate put in whatever text the variable holds.
#[derive(Clone, Copy, PartialEq)]
enum Variables {
    Values,
    Names,
}

/// The statement with its holes filled, byte for byte as long: variables become parameters (numbered, the same name
/// the same number) or identifiers, template pieces identifiers. `None` where there is nothing to fill or no room.
fn repaired(written: &str, raw: &Raw, variables: Variables) -> Option<String> {
    let mut bytes = written.as_bytes().to_vec();
    let mut names: Vec<&[u8]> = Vec::new();
    for hole in &raw.holes {
        let Span { start, end } = hole.span;
        let range = (start - raw.span.start) as usize..(end - raw.span.start) as usize;
        let source = written.as_bytes().get(range.clone())?;
        let filled = match hole.kind {
            HoleKind::Template => source.iter().map(|byte| identifier_byte(*byte)).collect(),
            HoleKind::Identifier if variables == Variables::Values => return None,
            HoleKind::Identifier => source.iter().map(|byte| identifier_byte(*byte)).collect(),
            HoleKind::Variable if variables == Variables::Names && !source.contains(&b'\'') => {
                source.iter().map(|byte| identifier_byte(*byte)).collect()
            }
            HoleKind::Variable => {
                let name = source.get(1..)?;
                let number = names.iter().position(|known| *known == name).unwrap_or(names.len());
                if number == names.len() {
                    names.push(name);
                }
                let width = name.len();
                let digits = format!("{:0width$}", number + 1);
                (digits.len() == width).then(|| format!("${digits}").into_bytes())?
            }
        };
        bytes.get_mut(range)?.copy_from_slice(&filled);
    }
    (!raw.holes.is_empty()).then(|| String::from_utf8(bytes).ok()).flatten()
}

fn identifier_byte(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'_' }
}
