//! Views: options, columns and the query, one clause a line.

use super::{Definition, Describer, assumed};
use crate::catalog::{QualifiedName, Relation, ViewDefinition};
use crate::sql::ast::{ExprKind, Name, Query, QueryBody, TableRef};
use crate::sql::walk::{Node, walk};
use crate::sql::{self, Surroundings};

impl Describer<'_> {
    pub(super) fn view(&self, name: &QualifiedName, relation: &Relation) -> Definition {
        let mut definition = Definition::new(relation.provenance.defined.clone());
        assumed(&mut definition, relation.provenance.is_assumed());
        definition.owned_by(&relation.owner);
        definition.line(format!("{} {name}", relation.kind));
        match relation.options.get() {
            Some(options) => {
                options.iter().for_each(|(name, value)| definition.line(format!("option {name} {}", option(value))));
            }
            None => definition.unknown = Some("its options are not known"),
        }
        if !relation.columns_complete {
            definition.unknown = Some("its columns are not known");
        }
        definition.lines.extend(relation.columns.iter().map(|column| format!("column {}", column.name)));
        match relation.definition.as_ref().and_then(|fact| fact.get()) {
            Some(view) => self.view_query(view, &mut definition),
            None => definition.unknown = Some("its query is not known"),
        }
        definition
    }

    fn view_query(&self, view: &ViewDefinition, definition: &mut Definition) {
        let text = view.text.trim().trim_end_matches(';');
        let Ok(query) = sql::parse_query(text) else {
            definition.unknown = Some("its query could not be parsed");
            return;
        };
        if !is_understood(&query) {
            definition.unknown = Some("its query has parts that are not understood");
        }
        definition.lines.extend(clauses(&self.canonical_query(&query, view)).into_iter().map(|line| format!("  {line}")));
        let mut reads: Vec<String> = view.reads.iter().map(ToString::to_string).collect();
        reads.sort();
        reads.dedup();
        definition.line(format!("reads {}", reads.join(", ")));
        let details = sql::query_details(text);
        if !details.is_empty() {
            definition.line(format!("details {}", details.join(" ")));
        }
    }

    fn canonical_query(&self, query: &Query, view: &ViewDefinition) -> String {
        let columns = |name: &Name| self.names.columns_of(name, &view.reads);
        let names = |of, name: &Name| {
            let known = if of == sql::NameOf::Relation { &view.reads } else { &view.calls };
            self.names.meant(of, name, known)
        };
        let surroundings =
            Surroundings { columns: Some(&columns), names: Some(&names), stored: true, ..Surroundings::default() };
        sql::canonical_query_in(query, surroundings)
    }
}

/// `on`, `true` and `1` are one value.
fn option(value: &str) -> String {
    match value.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "1" => "on".to_owned(),
        "false" | "off" | "no" | "0" => "off".to_owned(),
        other => other.to_owned(),
    }
}

/// Whether every part of a query was read.
fn is_understood(query: &Query) -> bool {
    let mut all = true;
    walk(query, |node| {
        match node {
            Node::Expr(expr) => all &= !matches!(expr.kind, ExprKind::Other { .. }),
            Node::Query(query) => all &= !matches!(query.body, QueryBody::Unknown),
            Node::Table(table) => all &= !matches!(table, TableRef::Other(_)),
            _ => {}
        }
        true
    });
    all
}

/// Words a new line begins with.
const BREAKS: [&str; 14] = [
    " from ", " where ", " group by ", " having ", " order by ", " limit ", " offset ", " union ", " intersect ",
    " except ", " join ", " left join ", " right join ", " full join ",
];

/// A query as lines: each clause, and each item of its lists, on a line of its own.
fn clauses(query: &str) -> Vec<String> {
    let (mut lines, mut start, mut depth, mut quote) = (Vec::new(), 0, 0usize, None);
    for (at, c) in query.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                lines.push(query.get(start..=at).unwrap_or("").trim().to_owned());
                start = at + 1;
            }
            (None, ' ') if depth == 0 => {
                let rest = query.get(at..).unwrap_or("");
                // A join's kind stands before its word.
                let begins = BREAKS.iter().any(|word| rest.starts_with(word));
                let kind = query.get(..at).is_some_and(|before| {
                    [" left", " right", " full", " cross", " natural"].iter().any(|kind| before.ends_with(kind))
                });
                if begins && !(kind && rest.starts_with(" join ")) {
                    lines.push(query.get(start..at).unwrap_or("").trim().to_owned());
                    start = at;
                }
            }
            _ => {}
        }
    }
    lines.push(query.get(start..).unwrap_or("").trim().to_owned());
    lines.retain(|line| !line.is_empty());
    lines
}
