//! What names mean: columns of what stands in `FROM`, parameters and variables of a function, whole rows.

use std::rc::Rc;

use super::arena::Nulls;
use super::{Eval, Source};
use crate::catalog::{Column, QualifiedName, Relation};
use crate::predicate::formula::{Deps, Node};
use crate::predicate::ty::Ty;
use crate::predicate::value::{TermKey, Value};
use crate::sql::ast::Cte;

/// One level of names.
#[derive(Clone)]
pub(crate) struct Scope<'s, 'a> {
    pub(crate) parent: Option<&'s Scope<'s, 'a>>,
    pub(crate) items: Vec<Item<'a>>,
    pub(crate) ctes: &'s [Cte],
    pub(crate) recursive: bool,
    /// Name of the function whose parameters (and then variables) these are.
    pub(crate) function: Option<&'s str>,
    pub(crate) params: Vec<(Option<Rc<str>>, Value)>,
}

/// Something rows come from.
#[derive(Clone)]
pub(crate) struct Item<'a> {
    pub(crate) alias: String,
    pub(crate) id: u32,
    pub(crate) columns: Columns<'a>,
    /// Two-valued: the sides of outer joins it is on are there.
    pub(crate) present: Vec<Node>,
    /// What each of its values depends on besides itself.
    pub(crate) deps: Deps,
}

#[derive(Clone)]
pub(crate) enum Columns<'a> {
    /// A relation; `None` where the Catalog does not have it. `own` is the relation the policy is on.
    Relation { name: QualifiedName, relation: Option<&'a Relation>, own: bool },
    /// A subquery or function with these columns, and perhaps others.
    Derived { columns: Vec<(String, Value)>, complete: bool },
}

/// Columns every table has.
const SYSTEM_COLUMNS: [&str; 6] = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"];

impl<'s, 'a> Scope<'s, 'a> {
    pub(crate) fn root() -> Self {
        Self { parent: None, items: Vec::new(), ctes: &[], recursive: false, function: None, params: Vec::new() }
    }

    pub(crate) fn inside(parent: &'s Scope<'s, 'a>) -> Self {
        Self { parent: Some(parent), ..Self::root() }
    }

    fn chain(&self) -> impl Iterator<Item = &Scope<'s, 'a>> {
        let mut next = Some(self);
        std::iter::from_fn(move || {
            let current = next?;
            next = current.parent;
            Some(current)
        })
    }
}

impl Item<'_> {
    fn complete(&self) -> bool {
        match &self.columns {
            Columns::Relation { relation, .. } => relation.is_some_and(|relation| relation.columns_complete),
            Columns::Derived { complete, .. } => *complete,
        }
    }

    fn is_named(&self, parts: &[String]) -> bool {
        match (parts, &self.columns) {
            ([alias], _) => self.alias == *alias,
            ([schema, alias], Columns::Relation { name, .. }) => {
                self.alias == *alias && name.schema == *schema && name.name == *alias
            }
            _ => false,
        }
    }
}

impl<'a> Eval<'a> {
    /// The value of a column reference.
    pub(super) fn column(&mut self, parts: &[String], scope: &Scope<'_, 'a>) -> Value {
        let Some((name, qualifier)) = parts.split_last() else { return self.unknown("an empty name", &[]) };
        let found = if qualifier.is_empty() {
            self.bare_column(name, scope).or_else(|| variable(name, scope)).or_else(|| self.whole_row(name, scope))
        } else {
            self.qualified_column(name, qualifier, scope).or_else(|| {
                // A field of a record variable.
                if let [record] = qualifier
                    && let Some(value) = variable(&format!("{record}.{name}"), scope)
                {
                    return Some(value);
                }
                let function = scope.chain().find_map(|scope| scope.function);
                (qualifier.last().map(String::as_str) == function).then(|| variable(name, scope)).flatten()
            })
        };
        found.unwrap_or_else(|| {
            let name = parts.join(".");
            if self.calls.is_empty() {
                self.missing.insert(name.clone());
            }
            self.unknown(&format!("the name {name}"), &[])
        })
    }

    fn bare_column(&mut self, name: &str, scope: &Scope<'_, 'a>) -> Option<Value> {
        for level in scope.chain() {
            let mut found: Vec<Value> = level.items.iter().filter_map(|item| self.known_column(item, name)).collect();
            match (found.pop(), level.items.iter().find(|item| !item.complete())) {
                (Some(value), _) if found.is_empty() => return Some(value),
                // Merged by USING, or ambiguous.
                (Some(value), _) => {
                    found.push(value);
                    return Some(self.apply(&format!("one of the columns {name}"), found, Ty::Any, Nulls::Maybe));
                }
                // It may be a column not known of.
                (None, Some(item)) => return Some(self.assumed_column(item, name)),
                (None, None) => {}
            }
        }
        None
    }

    fn qualified_column(&mut self, name: &str, qualifier: &[String], scope: &Scope<'_, 'a>) -> Option<Value> {
        let item = scope.chain().flat_map(|level| &level.items).find(|item| item.is_named(qualifier))?;
        let known = self.known_column(item, name);
        known.or_else(|| (!item.complete()).then(|| self.assumed_column(item, name)))
    }

    fn known_column(&mut self, item: &Item<'a>, name: &str) -> Option<Value> {
        let value = match &item.columns {
            Columns::Relation { relation, name: table, .. } => {
                let column = relation.and_then(|relation| relation.column(name));
                if column.is_none() && !SYSTEM_COLUMNS.contains(&name) {
                    return None;
                }
                self.relation_column(item, table, name, column)
            }
            Columns::Derived { columns, .. } => columns.iter().find(|(column, _)| column == name)?.1.clone(),
        };
        Some(self.if_present(item, value))
    }

    /// NULL where the item is the absent side of an outer join.
    fn if_present(&mut self, item: &Item<'a>, value: Value) -> Value {
        if item.present.is_empty() {
            return value;
        }
        let present = self.formulas.and(item.present.iter().copied());
        let absent = self.formulas.not(present);
        self.choice(vec![(present, value), (absent, Value::Null)])
    }

    fn relation_column(
        &mut self,
        item: &Item<'a>,
        table: &QualifiedName,
        name: &str,
        column: Option<&'a Column>,
    ) -> Value {
        let (catalog, path) = (self.analyser.catalog, Vec::new());
        let ty = match column {
            Some(column) => column.ty.get().map_or(Ty::Any, |ty| Ty::parse(ty, catalog, &path)),
            None => Ty::Scalar(name.to_owned()),
        };
        let not_null = column.is_none_or(|column| self.analyser.is_not_null(table, column));
        let deps = self.column_deps(item, name);
        let nulls = if not_null { Nulls::Never } else { Nulls::Maybe };
        if not_null {
            self.not_null_columns.insert(name.to_owned());
        }
        self.term(TermKey::Column(item.id, name.to_owned()), ty, deps, nulls, &[])
    }

    fn column_deps(&mut self, item: &Item<'a>, name: &str) -> Deps {
        match &item.columns {
            Columns::Relation { own: true, .. } => self.source(&Source::Column(name.to_owned())),
            _ => item.deps,
        }
    }

    /// A column of something whose columns are not all known.
    fn assumed_column(&mut self, item: &Item<'a>, name: &str) -> Value {
        let deps = self.column_deps(item, name);
        let value = self.term(TermKey::Column(item.id, name.to_owned()), Ty::Any, deps, Nulls::Maybe, &[]);
        self.if_present(item, value)
    }

    fn whole_row(&mut self, name: &str, scope: &Scope<'_, 'a>) -> Option<Value> {
        let item = scope.chain().flat_map(|level| &level.items).find(|item| item.alias == name)?;
        let own = matches!(&item.columns, Columns::Relation { own: true, .. });
        self.whole_row |= own;
        let deps = if own { self.source(&Source::Column("*".to_owned())) } else { item.deps };
        let key = TermKey::Column(item.id, format!("{name} as a row"));
        let value = self.term(key, Ty::Other(name.to_owned()), deps, Nulls::Never, &[]);
        Some(self.if_present(item, value))
    }

    /// `$1`.
    pub(super) fn param(&mut self, name: &str, scope: &Scope<'_, 'a>) -> Value {
        let position = name.strip_prefix('$').and_then(|digits| digits.parse::<usize>().ok());
        let params = scope.chain().find(|level| level.function.is_some()).map(|level| &level.params);
        match (position, params) {
            (Some(position), Some(params)) if position > 0 => match params.get(position - 1) {
                Some((_, value)) => value.clone(),
                None => self.unknown(&format!("the parameter {name}"), &[]),
            },
            _ => self.unknown(&format!("the parameter {name}"), &[]),
        }
    }
}

/// A parameter or variable; the one declared last hides the others.
fn variable(name: &str, scope: &Scope<'_, '_>) -> Option<Value> {
    let params = scope.chain().flat_map(|level| level.params.iter().rev());
    params.into_iter().find(|(param, _)| param.as_deref() == Some(name)).map(|(_, value)| value.clone())
}
