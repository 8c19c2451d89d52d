//! What the fold asks of the SQL room.

use crate::catalog::QualifiedName;
use crate::location::Span;
use crate::migrations::Comment;
use crate::sql;
use crate::sql::Surroundings;
use crate::sql::SyntaxError;
use crate::sql::ast::{Expr, Name, SourceMap, Statement};

/// A parsed file section or computed text.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) statements: Vec<Statement>,
    pub(super) errors: Vec<SyntaxError>,
    pub(super) comments: Vec<Comment>,
    pub(super) includes: Vec<Span>,
    /// Template pieces inside statements that could be read.
    pub(super) templates: Vec<Span>,
    /// Variables inside statements that could be read.
    pub(super) variables: Vec<Span>,
}

impl From<sql::ParsedFile> for Parsed {
    fn from(file: sql::ParsedFile) -> Self {
        let comments = file.comments.into_iter();
        let comments = comments.map(|c| Comment { span: c.span, text: c.text, statement: c.statement });
        Self {
            statements: file.statements,
            errors: file.errors,
            comments: comments.collect(),
            includes: file.includes.into_iter().map(|include| include.span).collect(),
            templates: file.templates,
            variables: file.variables,
        }
    }
}

pub(super) fn parse_section(text: &str, section: Span) -> Parsed {
    sql::parse_section(text, section).into()
}

/// Parses computed text: everything stands at `at`.
pub(super) fn parse_computed(text: &str, at: Span) -> Parsed {
    sql::parse_mapped(text, &SourceMap::Constant(at)).into()
}

/// The canonical spelling of an expression on a relation.
pub(super) fn canonical_on(
    expr: &Expr,
    relation: &QualifiedName,
    columns: &dyn Fn(&Name) -> Option<Vec<String>>,
) -> String {
    let name = Name::qualified(relation.schema.clone(), relation.name.clone());
    sql::canonical_in(expr, Surroundings { relation: Some(&name), columns: Some(columns), ..Surroundings::default() })
}

pub(super) use sql::{canonical, canonical_query};
