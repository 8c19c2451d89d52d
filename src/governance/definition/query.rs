//! Views: options, columns and the query, one clause a line.

use super::names::Seen;
use super::{Definition, Describer, assumed};
use crate::catalog::{QualifiedName, Relation, ViewDefinition};
use crate::location::Location;
use crate::sql::ast::{Alias, Expr, ExprKind, Name, Query, QueryBody, TableRef};
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
            Some(view) => {
                let at = relation.definition.as_ref().and_then(|fact| fact.at.as_ref());
                self.view_query(view, at, &mut definition);
            }
            None => definition.unknown = Some("its query is not known"),
        }
        definition
    }

    /// The query of a view in a spelling of our own, whoever printed it; `None` where it has parts whose spelling says
    /// nothing certain.
    pub(crate) fn query_of(&self, view: &Relation) -> Option<String> {
        let definition = view.definition.as_ref()?;
        let mut described = Definition::new(None);
        self.view_query(definition.get()?, definition.at.as_ref(), &mut described);
        described
            .unknown
            .is_none()
            .then(|| described.lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" "))
    }

    fn view_query(&self, view: &ViewDefinition, at: Option<&Location>, definition: &mut Definition) {
        let seen = self.seen(at);
        let renamed = self.renames.iter().filter(|(_, at)| seen.is_later(Some(at)));
        if view.outdated
            || renamed.into_iter().any(|(table, _)| view.reads.iter().any(|read| read.to_string() == *table))
        {
            definition.unknown = Some("a table or column it reads was renamed since it was written");
        }
        let text = view.text.trim().trim_end_matches(';');
        let Ok(query) = sql::parse_query(text) else {
            definition.unknown = Some("its query could not be parsed");
            return;
        };
        if !is_understood(&query) {
            definition.unknown = Some("its query has parts that are not understood");
        }
        let read = |name: &&Name| {
            let same = |read: &QualifiedName| {
                read.name == name.name && name.schema.as_ref().is_none_or(|schema| *schema == read.schema)
            };
            view.reads.iter().any(same)
        };
        if !crate::sql::walk::relations(&query).iter().all(read) {
            definition.unknown = Some("a table it reads is not known under the name it was written with");
        }
        definition
            .lines
            .extend(clauses(&self.canonical_query(&query, view, &seen)).into_iter().map(|line| format!("  {line}")));
        let mut reads: Vec<String> = view.reads.iter().map(ToString::to_string).collect();
        reads.sort();
        reads.dedup();
        definition.line(format!("reads {}", reads.join(", ")));
        let details = sql::query_details(text);
        if !details.is_empty() {
            definition.line(format!("details {}", details.join(" ")));
        }
    }

    fn canonical_query(&self, query: &Query, view: &ViewDefinition, seen: &Seen<'_>) -> String {
        let columns = |name: &Name| self.names.columns(name, &view.reads, seen);
        let names = |of, name: &Name| {
            let known = if of == sql::NameOf::Relation { &view.reads } else { &view.calls };
            self.names.meant(of, name, known)
        };
        let types = |name: &Name, column: &str| self.names.column_type(name, &view.reads, column);
        let surroundings = Surroundings {
            columns: Some(&columns),
            types: Some(&types),
            names: Some(&names),
            stored: true,
            ..Surroundings::default()
        };
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
            Node::Table(TableRef::Other(_)) => all = false,
            Node::Table(TableRef::Function { calls, alias, .. }) => all &= is_function_known(calls, alias.as_ref()),
            _ => {}
        }
        true
    });
    all
}

/// What the columns of a function in `FROM` are called is known of these, and where they are listed.
const KNOWN: [&str; 16] = [
    "generate_series",
    "generate_subscripts",
    "json_object_keys",
    "jsonb_object_keys",
    "regexp_split_to_table",
    "string_to_table",
    "unnest",
    "json_array_elements",
    "json_array_elements_text",
    "jsonb_array_elements",
    "jsonb_array_elements_text",
    "json_each",
    "json_each_text",
    "jsonb_each",
    "jsonb_each_text",
    "regexp_matches",
];

fn is_function_known(calls: &[Expr], alias: Option<&Alias>) -> bool {
    let listed = alias.is_some_and(|alias| !alias.columns.is_empty());
    let each = |call: &Expr| matches!(&call.kind, ExprKind::Call(call) if call.name.name.contains("_each"));
    let known = |call: &Expr| matches!(&call.kind, ExprKind::Call(call) if KNOWN.contains(&call.name.name.as_str()));
    let renamed = alias.is_some() && calls.iter().any(each);
    listed || calls.iter().all(known) && calls.len() == 1 && !renamed
}

/// Words a new line begins with.
const BREAKS: [&str; 14] = [
    " from ",
    " where ",
    " group by ",
    " having ",
    " order by ",
    " limit ",
    " offset ",
    " union ",
    " intersect ",
    " except ",
    " join ",
    " left join ",
    " right join ",
    " full join ",
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
