//! Rows into the Catalog.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::acl::Acls;
use super::parts::*;
use super::rows::*;
use crate::catalog::{
    Catalog, Column, Constraint, ConstraintRule, Expression, Index, Membership, QualifiedName, Relation, Shared,
    Trigger,
};
use crate::sql::ast::{Expr, Name, StatementKind};
use crate::sql::{self, Surroundings};

/// A catalog that is put together part by part, so that no part's rows outlive it: relations first, then their columns,
/// then all that hangs on them.
#[derive(Default)]
pub(super) struct Assembly {
    pub(super) catalog: Catalog,
    acls: Acls,
    parsed: Parsed,
    /// Numbers of the columns of relations where one was dropped; elsewhere they count from 1.
    gaps: FxHashMap<QualifiedName, Vec<i16>>,
    /// Columns of relations that are not in the catalog (an extension's), with their numbers.
    elsewhere: FxHashMap<QualifiedName, Vec<(i16, String)>>,
}

/// Things of which tables have equal ones: those are held once. Equal is what is written alike; `==` on expressions is
/// wider.
struct Alike<T>(FxHashMap<String, Shared<T>>);

impl<T> Default for Alike<T> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<T: serde::Serialize> Alike<T> {
    fn shared(&mut self, value: T) -> Shared<T> {
        match serde_json::to_string(&value) {
            Ok(written) => self.0.entry(written).or_insert_with(|| value.into()).clone(),
            Err(_) => value.into(),
        }
    }
}

impl Assembly {
    pub(super) fn roles(&mut self, rows: Vec<RoleRow>, memberships: Vec<MembershipRow>) {
        self.catalog.roles = rows.into_iter().map(role).collect();
        for row in memberships {
            if let Some(member) = self.catalog.roles.get_mut(&row.member) {
                let membership =
                    Membership { admin: row.admin, inherit: row.inherit, set: row.set.unwrap_or(true), at: None };
                member.member_of.insert(row.role, membership);
            }
        }
    }

    pub(super) fn schemas(&mut self, rows: Vec<SchemaRow>) {
        self.catalog.schemas = rows.into_iter().map(|row| schema(row, &mut self.acls)).collect();
    }

    pub(super) fn relations(&mut self, rows: Vec<RelationRow>) {
        let own = rows.into_iter().filter(|row| !row.of_extension);
        self.catalog.relations = own.map(|row| relation(row, &mut self.acls)).collect();
    }

    pub(super) fn view_reads(&mut self, rows: Vec<ViewReadRow>) {
        for row in rows {
            if let Some(relation) = self.relation(&row.schema, &row.name) {
                view_read(relation, row);
            }
        }
    }

    /// Columns arrive relation by relation, in order.
    pub(super) fn columns(&mut self, rows: Vec<ColumnRow>) {
        let mut generated = Vec::new();
        // Tables have columns in common: `id`, `created_at`; those are held once.
        let mut known: FxHashMap<ColumnRow, Shared<Column>> = FxHashMap::default();
        for mut row in rows {
            let name = QualifiedName::new(std::mem::take(&mut row.schema), std::mem::take(&mut row.relation));
            let Some(relation) = self.catalog.relations.get_mut(&name) else {
                self.elsewhere.entry(name).or_default().push((row.number, row.name));
                continue;
            };
            let place = relation.columns.len();
            if let Some(numbers) = self.gaps.get_mut(&name) {
                numbers.push(row.number);
            } else if usize::try_from(row.number).ok() != Some(place + 1) {
                // Those before had no gap.
                let numbers = (1..).take(place).chain([row.number]).collect();
                self.gaps.insert(name.clone(), numbers);
            }
            if let Some(text) = row.generated.take() {
                generated.push((name, place, text));
            }
            row.number = 0;
            let column = match known.get(&row) {
                Some(column) => column.clone(),
                None => {
                    known.entry(row.clone()).or_insert(column(row, &mut self.acls, &mut self.parsed).into()).clone()
                }
            };
            relation.columns.push(column);
        }
        self.catalog.relations.values_mut().for_each(|relation| relation.columns.shrink_to_fit());
        for (name, place, text) in generated {
            let expression = self.expression(&text, &name);
            let columns = self.catalog.relations.get_mut(&name).map(|relation| &mut relation.columns);
            if let Some(column) = columns.and_then(|columns| columns.get_mut(place)) {
                column.generated = Some(expression);
            }
        }
    }

    pub(super) fn constraints(&mut self, rows: Vec<ConstraintRow>) {
        let mut alike = Alike::default();
        for mut row in rows {
            let name = std::mem::take(&mut row.name);
            let on = QualifiedName::new(std::mem::take(&mut row.schema), std::mem::take(&mut row.relation));
            let constraint = self.constraint(row, &on);
            if let Some(relation) = self.catalog.relations.get_mut(&on) {
                relation.constraints.insert(name, alike.shared(constraint));
            }
        }
    }

    pub(super) fn policies(&mut self, rows: Vec<PolicyRow>) {
        let mut alike = Alike::default();
        for mut row in rows {
            let name = std::mem::take(&mut row.name);
            let on = QualifiedName::new(std::mem::take(&mut row.schema), std::mem::take(&mut row.relation));
            let using = row.using.take().map(|text| self.expression(&text, &on));
            let check = row.check.take().map(|text| self.expression(&text, &on));
            if let Some(relation) = self.catalog.relations.get_mut(&on) {
                relation.policies.insert(name, alike.shared(policy(row, using, check)));
            }
        }
    }

    pub(super) fn triggers(&mut self, rows: Vec<TriggerRow>) {
        for row in rows {
            let on = QualifiedName::new(&row.schema, &row.relation);
            let (name, trigger) = (row.name.clone(), self.trigger(row, &on));
            if let Some(relation) = self.catalog.relations.get_mut(&on) {
                relation.triggers.insert(name, trigger.into());
            }
        }
    }

    pub(super) fn rules(&mut self, rows: Vec<RuleRow>) {
        for row in rows {
            if let Some(relation) = self.relation(&row.schema, &row.relation) {
                relation.rules.insert(row.name.clone(), rule(row).into());
            }
        }
    }

    /// In parallel: the server prints each as a statement of its own.
    pub(super) fn indexes(&mut self, rows: Vec<IndexRow>) {
        let this = &*self;
        let indexes = rows.into_par_iter().map(|row| this.index(row)).collect();
        self.catalog.indexes = indexes;
    }

    pub(super) fn sequences(&mut self, rows: Vec<SequenceRow>) {
        self.catalog.sequences = rows.into_iter().map(|row| sequence(row, &mut self.acls)).collect();
    }

    pub(super) fn functions(&mut self, rows: Vec<FunctionRow>) {
        let own = rows.into_iter().filter(|row| !row.of_extension);
        self.catalog.functions = own.map(|row| function(row, &mut self.acls)).collect();
    }

    pub(super) fn types(&mut self, rows: Vec<TypeRow>) {
        let own = rows.into_iter().filter(|row| !row.of_extension);
        self.catalog.types = own.map(|row| data_type(row, &mut self.acls, &mut self.parsed)).collect();
    }

    pub(super) fn others(
        &mut self,
        event_triggers: Vec<EventTriggerRow>,
        extensions: Vec<ExtensionRow>,
        publications: Vec<PublicationRow>,
        privileges: Vec<DefaultPrivilegesRow>,
    ) {
        self.catalog.event_triggers = event_triggers.into_iter().map(event_trigger).collect();
        self.catalog.extensions = extensions.into_iter().map(extension).collect();
        self.catalog.publications = publications.into_iter().map(publication).collect();
        let privileges = privileges.into_iter().map(|row| default_privileges(row, &mut self.acls));
        self.catalog.default_privileges = privileges.collect();
    }

    /// The relation a row belongs to; rows of relations left out (an extension's) are left out with them.
    fn relation(&mut self, schema: &str, name: &str) -> Option<&mut Relation> {
        self.catalog.relations.get_mut(&QualifiedName::new(schema, name))
    }

    /// The names of a relation's columns: what tells whose an unqualified name in a subquery is.
    fn names(&self, name: &Name) -> Option<Vec<String>> {
        let name = QualifiedName::new(name.schema.clone()?, &name.name);
        let known = self.catalog.relations.get(&name);
        let known = known.map(|relation| relation.columns.iter().map(|column| column.name.clone()).collect());
        known.or_else(|| Some(self.elsewhere.get(&name)?.iter().map(|(_, name)| name.clone()).collect()))
    }

    /// The names of the columns with these numbers.
    fn numbered(&self, on: &QualifiedName, numbers: Option<Vec<i16>>) -> Vec<String> {
        let numbers = numbers.unwrap_or_default();
        let name = |number: i16| -> Option<String> {
            if let Some(columns) = self.elsewhere.get(on) {
                return columns.iter().find(|(at, _)| *at == number).map(|(_, name)| name.clone());
            }
            let place = match self.gaps.get(on) {
                Some(numbers) => numbers.iter().position(|at| *at == number)?,
                None => usize::try_from(number).ok()?.checked_sub(1)?,
            };
            Some(self.catalog.relations.get(on)?.columns.get(place)?.name.clone())
        };
        numbers.into_iter().filter_map(name).collect()
    }

    /// The canonical form of an expression on a relation, as the fold makes it.
    fn expression(&mut self, text: &str, on: &QualifiedName) -> Expression {
        let parsed = self.parsed.get(text);
        self.canonical(text, parsed.as_ref(), on)
    }

    fn canonical(&self, text: &str, parsed: Option<&Arc<Expr>>, on: &QualifiedName) -> Expression {
        let name = Name::qualified(&on.schema, &on.name);
        let surroundings = Surroundings {
            relation: Some(&name),
            columns: Some(&|name: &Name| self.names(name)),
            ..Surroundings::default()
        };
        sql::expression_shared(text, parsed, surroundings)
    }

    fn constraint(&mut self, row: ConstraintRow, on: &QualifiedName) -> Constraint {
        let kind = match row.ty.as_str() {
            "c" => {
                let text = row.expression.unwrap_or_default();
                ConstraintRule::Check { expression: self.expression(&text, on) }
            }
            "u" => ConstraintRule::Unique { columns: self.numbered(on, row.columns) },
            "p" => ConstraintRule::PrimaryKey { columns: self.numbered(on, row.columns) },
            "f" => {
                let references = QualifiedName::new(
                    row.referenced_schema.unwrap_or_default(),
                    row.referenced_relation.unwrap_or_default(),
                );
                ConstraintRule::ForeignKey {
                    columns: self.numbered(on, row.columns),
                    referenced_columns: self.numbered(&references, row.referenced_columns),
                    references,
                    on_delete: ref_action(&row.on_delete),
                    on_update: ref_action(&row.on_update),
                }
            }
            _ => ConstraintRule::Exclude { text: row.definition },
        };
        Constraint { at: None, kind, validated: row.validated, deferrable: row.deferrable }
    }

    /// The server prints the whole statement; our own parser reads it back.
    fn trigger(&mut self, row: TriggerRow, on: &QualifiedName) -> Trigger {
        let mut trigger = Trigger {
            provenance: live(),
            timing: String::new(),
            events: Vec::new(),
            columns: Vec::new(),
            row: false,
            when: None,
            function: QualifiedName::new(row.function_schema, row.function),
            args: Vec::new(),
            constraint: false,
            enabled: fact(trigger_state(&row.enabled)),
            comment: row.comment,
        };
        if let Some(StatementKind::CreateTrigger(parsed)) = parse_one(&row.definition) {
            trigger.timing = parsed.timing;
            trigger.events = parsed.events;
            trigger.columns = parsed.columns;
            trigger.row = parsed.row;
            trigger.when = parsed.when.as_ref().map(|when| self.expression(when.span.slice(&row.definition), on));
            trigger.args = parsed.args;
            trigger.constraint = parsed.constraint;
        }
        trigger
    }

    fn index(&self, row: IndexRow) -> (QualifiedName, Index) {
        let mut index = Index {
            provenance: live(),
            table: QualifiedName::new(row.table_schema, row.table),
            unique: false,
            method: String::new(),
            keys: Vec::new(),
            include: Vec::new(),
            filter: None,
            constraint: row.constraint,
            comment: row.comment,
        };
        let Some(definition) = row.definition else {
            let constraint =
                self.catalog.relations.get(&index.table).and_then(|table| table.constraints.get(&row.name));
            if let Some(ConstraintRule::PrimaryKey { columns } | ConstraintRule::Unique { columns }) =
                constraint.map(|constraint| &constraint.kind)
            {
                (index.unique, index.method) = (true, "btree".to_owned());
                index.keys.clone_from(columns);
            }
            return (QualifiedName::new(row.schema, row.name), index);
        };
        if let Some(StatementKind::CreateIndex(parsed)) = parse_one(&definition) {
            index.unique = parsed.unique;
            index.keys = parsed.keys.iter().map(sql::canonical_index_key).collect();
            let on_table =
                |text: &str| self.canonical(text, sql::parse_expr(text).ok().map(Arc::new).as_ref(), &index.table);
            index.filter = parsed.filter.as_ref().map(|filter| on_table(filter.span.slice(&definition)));
            index.method = parsed.method;
            index.include = parsed.include;
        }
        (QualifiedName::new(row.schema, row.name), index)
    }
}
