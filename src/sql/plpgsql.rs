//! PL/pgSQL bodies, cut by PL/pgSQL's own rules into statements whose SQL goes to the SQL parser, every position one
//! in the file. What is not understood stays as such and costs nothing after it.

mod block;
mod control;
mod declare;
mod dynamic;
mod embedded;
mod reader;

use super::SyntaxError;
use super::ast::{Block, BodyText};
use reader::Reader;

/// Parses a PL/pgSQL body. The block is always returned; every error has its place as [`PlKind::Unparsed`], as an
/// [`ExprKind::Other`] or as [`QueryBody::Unknown`].
///
/// [`PlKind::Unparsed`]: super::ast::PlKind::Unparsed
/// [`ExprKind::Other`]: super::ast::ExprKind::Other
/// [`QueryBody::Unknown`]: super::ast::QueryBody::Unknown
#[must_use]
pub fn parse_plpgsql(body: &BodyText) -> (Block, Vec<SyntaxError>) {
    let mut reader = Reader::new(body);
    reader.options();
    reader.label();
    let block = reader.block();
    reader.take_mark(";");
    if let Some(rest) = reader.peek() {
        let span = reader.span(rest.span.start, rest.span.end);
        reader.error(span, "the body goes on after its END".to_owned());
    }
    (block, reader.into_errors())
}
