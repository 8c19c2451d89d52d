//! What names belong to: columns are qualified as PostgreSQL qualifies them.

use std::collections::BTreeSet;

use super::{NameOf, Surroundings};
use crate::sql::ast::{
    Alias, Call, Cte, CteBody, Expr, ExprKind, JoinOn, Name, Query, QueryBody, SelectItem, TableRef,
};
use crate::sql::walk::{Node, walk};

/// The `FROM` items in sight, innermost query last.
pub(super) struct Scopes<'a> {
    surroundings: Surroundings<'a>,
    levels: Vec<Vec<Item>>,
    /// Common table expressions in sight, with their columns where they are known.
    ctes: Vec<(String, Option<Vec<String>>)>,
    /// What items anywhere in the stored query are called.
    called: BTreeSet<String>,
}

/// How many queries and common table expressions are in sight.
#[derive(Clone, Copy)]
pub(super) struct Depth {
    levels: usize,
    ctes: usize,
}

/// One `FROM` item: the name it goes by, and its columns where they are known.
#[derive(Default)]
struct Item {
    name: String,
    columns: Option<Vec<String>>,
    /// The one column of a function, which may also be called as the function's alias.
    single: Option<String>,
    /// Columns a join with `USING` shows once, in the item before.
    merged: Vec<String>,
    /// The same columns in that item, which `*` shows first.
    first: Vec<String>,
    /// The alias written, where the item goes by another name.
    written: Option<String>,
    /// The relation it is.
    relation: Option<Name>,
    /// Its columns that are casts, with their types, where it is a query.
    cast: Vec<(String, String)>,
}

/// Functions whose one output column has a name of its own.
const NAMED_OUTPUT: [&str; 4] =
    ["json_array_elements", "json_array_elements_text", "jsonb_array_elements", "jsonb_array_elements_text"];
/// Functions with a key and a value.
pub(super) const EACH: [&str; 4] = ["json_each", "json_each_text", "jsonb_each", "jsonb_each_text"];

/// Functions whose one output column is called as they are.
const SCALAR: [&str; 7] = [
    "generate_series",
    "generate_subscripts",
    "json_object_keys",
    "jsonb_object_keys",
    "regexp_split_to_table",
    "string_to_table",
    "unnest",
];

impl<'a> Scopes<'a> {
    pub(super) fn new(surroundings: Surroundings<'a>) -> Self {
        Self { surroundings, levels: Vec::new(), ctes: Vec::new(), called: BTreeSet::new() }
    }

    /// How far in we are.
    pub(super) const fn here(&self) -> Depth {
        Depth { levels: self.levels.len(), ctes: self.ctes.len() }
    }

    /// Back out to where we were.
    pub(super) fn leave(&mut self, to: Depth) {
        self.levels.truncate(to.levels);
        self.ctes.truncate(to.ctes);
    }

    /// Into a query that reads these.
    pub(super) fn enter(&mut self, from: &[TableRef]) {
        let mut items = Vec::new();
        for table in from {
            self.items(table, &mut items);
        }
        self.without_numbers(&mut items);
        self.levels.push(items);
    }

    /// Notes what items of a stored query are called.
    pub(super) fn note_names(&mut self, query: &Query) {
        let called = &mut self.called;
        walk(query, |node| {
            let Node::Table(table) = node else { return true };
            let (name, alias) = match table {
                TableRef::Relation { name, alias, .. } => (Some(&name.name), alias.as_ref()),
                TableRef::Query { alias, .. } | TableRef::Function { alias, .. } => (None, alias.as_ref()),
                TableRef::Join { .. } | TableRef::Other(_) => (None, None),
            };
            let alias = alias.map(|alias| &alias.name).filter(|name| !name.is_empty());
            called.extend(alias.or(name).cloned());
            true
        });
    }

    /// The server numbers an item that is called as one further out, which may be further on in the text: `a_1` is `a`
    /// again, where there is another `a` and none beside it.
    fn without_numbers(&self, items: &mut [Item]) {
        let mut beside: BTreeSet<String> = items.iter().map(|item| item.name.clone()).collect();
        for item in items.iter_mut().filter(|item| item.written.is_none()) {
            let Some((base, number)) = item.name.rsplit_once('_') else { continue };
            let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            if numbered && self.called.contains(base) && beside.insert(base.to_owned()) {
                let base = base.to_owned();
                item.written = Some(std::mem::replace(&mut item.name, base));
            }
        }
    }

    /// The name the item of this alias goes by.
    pub(super) fn known_as(&self, alias: &str) -> Option<&str> {
        let item = self.levels.last()?.iter().find(|item| item.written.as_deref() == Some(alias))?;
        Some(&item.name)
    }

    /// Into a statement that changes a table called so.
    pub(super) fn enter_table(&mut self, name: &str) {
        self.levels.push(vec![Item { name: name.to_owned(), ..Item::default() }]);
    }

    /// A common table expression comes into sight.
    pub(super) fn name_query(&mut self, name: &str, columns: Option<Vec<String>>) {
        self.ctes.push((name.to_owned(), columns));
    }

    /// Whether names are resolved: what is compared then is a file with a server.
    pub(super) fn is_resolved(&self) -> bool {
        self.surroundings.names.is_some()
    }

    pub(super) fn is_stored(&self) -> bool {
        self.surroundings.stored
    }

    /// What a name means, where somebody knows; a common table expression's is its own.
    pub(super) fn meant(&self, of: NameOf, name: Name) -> Name {
        let cte = of == NameOf::Relation && name.schema.is_none() && self.cte(&name.name).is_some();
        match self.surroundings.names {
            Some(names) if !cte => names(of, &name),
            _ => name,
        }
    }

    fn cte(&self, name: &str) -> Option<&Option<Vec<String>>> {
        self.ctes.iter().rev().find(|(cte, _)| cte == name).map(|(_, columns)| columns)
    }

    /// The columns of a relation in `FROM`.
    fn columns_of(&self, name: &Name) -> Option<Vec<String>> {
        match self.cte(&name.name).filter(|_| name.schema.is_none()) {
            Some(columns) => columns.clone(),
            None => self.surroundings.columns.and_then(|columns| columns(name)),
        }
    }

    /// Whether an item of the innermost query is known to have the column.
    pub(super) fn has(&self, column: &str) -> bool {
        let items = self.levels.last().into_iter().flatten();
        items.into_iter().any(|item| item.columns.as_ref().is_some_and(|columns| columns.iter().any(|c| c == column)))
    }

    /// The type of a column as [`Self::column`] spells it, where it is known.
    pub(super) fn type_of(&self, parts: &[String]) -> Option<String> {
        let [owner, column] = parts else { return None };
        let item = self.levels.iter().rev().flatten().find(|item| item.name == *owner)?;
        let cast = item.cast.iter().find(|(name, _)| name == column).map(|(_, ty)| ty.clone());
        cast.or_else(|| self.surroundings.types?(item.relation.as_ref()?, column))
    }

    /// A column as PostgreSQL prints it: bare where only the relation at hand is in sight, with its table's name in
    /// subqueries.
    pub(super) fn column(&self, mut parts: Vec<String>) -> Vec<String> {
        if parts.len() > 2 {
            parts.remove(0);
        }
        if let [owner, _] = parts.as_mut_slice() {
            let mut items = self.levels.iter().rev().flatten();
            if let Some(item) = items.find(|item| item.written.as_deref() == Some(owner.as_str())) {
                owner.clone_from(&item.name);
            }
        }
        let own = self.surroundings.relation.map(|relation| relation.name.as_str());
        if self.levels.is_empty() {
            if parts.len() == 2 && parts.first().map(String::as_str) == own {
                parts.remove(0);
            }
            return parts;
        }
        if let [column] = parts.as_slice()
            && let Some(owner) = self.owner(column, own)
        {
            parts.insert(0, owner);
        }
        if let [owner, column] = parts.as_mut_slice()
            && self.levels.iter().flatten().any(|item| item.name == *owner && item.single.as_ref() == Some(column))
        {
            column.clone_from(owner);
        }
        parts
    }

    /// The columns `*` stands for in the innermost query, where all are known: those of joins with `USING` first, once.
    pub(super) fn star(&self) -> Option<Vec<Vec<String>>> {
        let items = self.levels.last()?;
        let mut columns = Vec::new();
        for item in items {
            let mut own: Vec<&String> = item.columns.as_ref()?.iter().collect();
            own.sort_by_key(|column| item.first.iter().position(|first| first == *column).unwrap_or(usize::MAX));
            let shown = own.into_iter().filter(|column| !item.merged.contains(column));
            columns.extend(shown.map(|column| vec![item.name.clone(), column.clone()]));
        }
        Some(columns).filter(|columns| !columns.is_empty())
    }

    /// The columns `item.*` stands for, where they are known.
    pub(super) fn star_of(&self, name: &Name) -> Option<Vec<Vec<String>>> {
        let items = self.levels.iter().rev().flatten();
        let known = |item: &&Item| item.name == name.name || item.written.as_ref() == Some(&name.name);
        let item = items.into_iter().find(known)?;
        Some(item.columns.as_ref()?.iter().map(|column| vec![item.name.clone(), column.clone()]).collect())
    }

    /// The item an unqualified column belongs to, as far as it can be known.
    fn owner(&self, column: &str, own: Option<&str>) -> Option<String> {
        for level in self.levels.iter().rev() {
            let knows = |item: &&Item| {
                item.columns.as_ref().is_some_and(|columns| columns.iter().any(|c| c == column))
                    || item.single.as_deref() == Some(column)
            };
            if let Some(item) = level.iter().find(knows) {
                return Some(item.name.clone());
            }
            let mut unknown = level.iter().filter(|item| item.columns.is_none());
            match (unknown.next(), unknown.next()) {
                // Where no query is around this one, it can be nobody else's.
                (Some(item), None) if level.len() == 1 || self.is_stored() && self.levels.len() == 1 => {
                    return Some(item.name.clone());
                }
                (None, _) => {}
                _ => return None,
            }
        }
        own.map(str::to_owned)
    }

    pub(super) fn is_own_number(&self, name: &Name, alias: &str) -> bool {
        let number = alias.strip_prefix(name.name.as_str()).and_then(|rest| rest.strip_prefix('_'));
        let numbered = number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
        // It does so where a name stands for something else further out.
        let own = self.surroundings.relation.is_some_and(|relation| relation.name == name.name);
        let outer = || own || self.levels.iter().flatten().any(|item| item.name == name.name);
        let recursive = || name.schema.is_none() && self.cte(&name.name).is_some();
        numbered && self.surroundings.names.is_some() && (recursive() || outer())
    }

    /// What a natural join shares, where all columns are known.
    pub(super) fn shared(&self, left: &TableRef, right: &TableRef) -> Option<Vec<String>> {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        self.items(left, &mut before);
        self.items(right, &mut after);
        let all = |items: &[Item]| -> Option<Vec<String>> {
            let lists: Vec<&Vec<String>> = items.iter().map(|item| item.columns.as_ref()).collect::<Option<_>>()?;
            Some(lists.into_iter().flatten().cloned().collect())
        };
        let (before, after) = (all(&before)?, all(&after)?);
        Some(before.into_iter().filter(|column| after.contains(column)).collect())
    }

    fn items(&self, table: &TableRef, into: &mut Vec<Item>) {
        match table {
            TableRef::Relation { name, alias, .. } => {
                let columns = self.columns_of(name);
                let shown = alias.as_ref().filter(|alias| !alias.name.is_empty());
                let columns =
                    shown.filter(|alias| !alias.columns.is_empty()).map_or(columns, |a| Some(a.columns.clone()));
                let shown = shown.map_or(name.name.as_str(), |alias| alias.name.as_str());
                let table = self.cte(&name.name).is_none() || name.schema.is_some();
                let relation = alias.as_ref().is_none_or(|alias| alias.columns.is_empty()) && table;
                let relation = relation.then(|| name.clone());
                // The server numbers a recursive query's own name.
                let numbered = self.is_own_number(name, shown);
                let written = numbered.then(|| shown.to_owned());
                let name = if numbered { name.name.clone() } else { shown.to_owned() };
                into.push(Item { name, columns, written, relation, ..Item::default() });
            }
            TableRef::Query { query, alias, .. } => {
                let name = alias.as_ref().map(|alias| alias.name.clone()).unwrap_or_default();
                let listed = alias.as_ref().map(|alias| alias.columns.clone()).filter(|columns| !columns.is_empty());
                let cast = if listed.is_none() { super::types::casts(query) } else { Vec::new() };
                into.push(Item { name, columns: listed.or_else(|| output_names(query)), cast, ..Item::default() });
            }
            TableRef::Function { calls, alias, .. } => {
                into.push(function(calls, alias.as_ref()));
            }
            TableRef::Join { left, right, on, .. } => {
                let start = into.len();
                self.items(left, into);
                let middle = into.len();
                self.items(right, into);
                merge(into, (start, middle), on);
            }
            TableRef::Other(alias) => into.push(Item { name: alias.name.clone(), ..Item::default() }),
        }
    }
}

/// A join with `USING` shows the shared columns once, first.
fn merge(items: &mut [Item], (start, middle): (usize, usize), on: &JoinOn) {
    let (before, right) = items.split_at_mut(middle.min(items.len()));
    let left = before.get_mut(start..).unwrap_or_default();
    let has = |items: &[Item], column: &String| {
        items.iter().any(|item| item.columns.as_ref().is_some_and(|columns| columns.contains(column)))
    };
    let shared: Vec<String> = match on {
        JoinOn::Using(columns) => columns.clone(),
        JoinOn::Natural => {
            let all = left.iter().flat_map(|item| item.columns.iter().flatten());
            all.filter(|column| has(right, column)).cloned().collect()
        }
        JoinOn::None | JoinOn::Expr(_) => return,
    };
    right.iter_mut().for_each(|item| item.merged.extend(shared.iter().cloned()));
    if let Some(first) = left.first_mut() {
        first.first.extend(shared);
    }
}

/// The columns a common table expression shows, where they are known.
pub(super) fn cte_columns(cte: &Cte) -> Option<Vec<String>> {
    match &cte.body {
        _ if !cte.columns.is_empty() => Some(cte.columns.clone()),
        CteBody::Query(query) => output_names(query),
        CteBody::Dml(_) => None,
    }
}

/// A function in `FROM`: what it and its columns are called.
fn function(calls: &[Expr], alias: Option<&Alias>) -> Item {
    let implied = calls.first().map(implied_name).unwrap_or_default();
    let name = alias.map(|alias| alias.name.clone()).filter(|name| !name.is_empty()).unwrap_or_else(|| implied.clone());
    let listed = alias.map(|alias| alias.columns.clone()).filter(|columns| !columns.is_empty());
    let single = match (listed.as_deref(), calls) {
        (Some([column]), [_]) => Some(column.clone()),
        (None, [_]) if NAMED_OUTPUT.contains(&implied.as_str()) => Some("value".to_owned()),
        _ => None,
    };
    let scalar = single.is_some() || (listed.is_none() && SCALAR.contains(&implied.as_str()));
    let each =
        (listed.is_none() && EACH.contains(&implied.as_str())).then(|| vec!["key".to_owned(), "value".to_owned()]);
    let columns = if scalar { Some(vec![name.clone()]) } else { listed.or(each) };
    Item { columns, name, single, ..Item::default() }
}

/// The output names of a query, where all are known.
pub(super) fn output_names(query: &Query) -> Option<Vec<String>> {
    let mut at = query;
    while let QueryBody::Set { left, .. } = &at.body {
        at = left;
    }
    let QueryBody::Select(select) = &at.body else { return None };
    let name = |item: &SelectItem| match (&item.alias, &item.expr.kind) {
        (Some(alias), _) => Some(alias.clone()),
        (None, ExprKind::Star(_)) => None,
        (None, _) => Some(implied_name(&item.expr)),
    };
    select.columns.iter().map(name).collect()
}

/// The name PostgreSQL gives an output column nobody named.
pub(super) fn implied_name(expr: &Expr) -> String {
    let mut at = expr;
    let mut cast = None;
    loop {
        let name = match &at.kind {
            ExprKind::Column(parts) => parts.last().cloned(),
            ExprKind::Field { field, .. } => Some(field.clone()),
            ExprKind::Call(call) => Some(call_name(call)),
            ExprKind::Keyword(word) => Some((*word).to_owned()),
            ExprKind::Index { expr, .. } | ExprKind::Slice { expr, .. } | ExprKind::Collate { expr, .. } => {
                at = expr;
                continue;
            }
            ExprKind::Cast { expr, ty } => {
                cast.get_or_insert_with(|| ty.name.name.clone());
                at = expr;
                continue;
            }
            ExprKind::Case { .. } => Some("case".to_owned()),
            ExprKind::Exists(_) => Some("exists".to_owned()),
            ExprKind::Array(_) | ExprKind::ArrayQuery(_) => Some("array".to_owned()),
            ExprKind::Row(_) => Some("row".to_owned()),
            ExprKind::AtTimeZone { .. } => Some("timezone".to_owned()),
            ExprKind::Subquery(query) => output_names(query).and_then(|names| names.into_iter().next()),
            ExprKind::Bool(_) => cast.take().or_else(|| Some("bool".to_owned())),
            _ => None,
        };
        return name.or(cast).unwrap_or_else(|| "?column?".to_owned());
    }
}

fn call_name(call: &Call) -> String {
    call.name.name.clone()
}
