//! Tables, their columns and constraints.

use super::{Definition, Describer, assumed, switch};
use crate::catalog::{Column, Constraint, ConstraintRule, Expression, Identity, QualifiedName, Relation};
use crate::sql;
use crate::sql::ast::ExprKind;

impl Describer<'_> {
    pub(super) fn table(&self, name: &QualifiedName, relation: &Relation) -> Definition {
        let mut definition = Definition::new(relation.provenance.defined.clone());
        assumed(&mut definition, relation.provenance.is_assumed());
        definition.owned_by(&relation.owner);
        let unlogged = if relation.unlogged { "unlogged " } else { "" };
        definition.line(format!("{unlogged}{} {name}", relation.kind));
        if !relation.columns_complete {
            definition.unknown = Some("its columns are not known");
        }
        for column in &relation.columns {
            self.column(name, column, &mut definition);
        }
        for (part, constraint) in &relation.constraints {
            definition.line(format!("constraint {part} {}", self.constraint(name, constraint)));
        }
        definition.lines.extend(relation.parents.iter().map(|parent| format!("inherits {parent}")));
        definition.lines.extend(relation.partition_by.iter().map(|by| format!("partition by {}", spelled(by))));
        definition.fact("row level security", &relation.rls_enabled, |on| switch(*on).to_owned());
        definition.fact("row level security forced", &relation.rls_forced, |on| switch(*on).to_owned());
        definition.off = relation.rls_enabled.is(&false);
        definition
    }

    fn column(&self, table: &QualifiedName, column: &Column, definition: &mut Definition) {
        let name = format!("column {}", crate::sql::ast::quote_ident(&column.name));
        definition.fact(&name, &column.ty, Clone::clone);
        let mut more = |line: String| {
            if let Some(last) = definition.lines.last_mut() {
                last.push_str(&line);
            }
        };
        match column.not_null.get() {
            Some(true) => more(" not null".to_owned()),
            Some(false) => {}
            None => more(" null?".to_owned()),
        }
        if let Some(default) = &column.default {
            more(format!(" default {}", self.default(table, column, default)));
        }
        if let Some(generated) = &column.generated {
            more(format!(" generated {}", self.expression(table, generated)));
        }
        match column.identity {
            Some(Identity::Always) => more(" identity always".to_owned()),
            Some(Identity::ByDefault) => more(" identity by default".to_owned()),
            None => {}
        }
        if column.not_null.get().is_none() {
            definition.unknown = Some("a fact about it is not known");
        }
    }

    /// A default; `nextval` names a sequence by a text, which follows the sequence when that is moved or renamed.
    pub(crate) fn default(&self, table: &QualifiedName, column: &Column, default: &Expression) -> String {
        let spelled = self.expression(table, default);
        if let Some(printed) = of_type(&spelled, column) {
            return printed;
        }
        let Some(named) = spelled.strip_prefix("nextval('").and_then(|rest| rest.strip_suffix("')")) else {
            return spelled;
        };
        let sequences = &self.catalog.sequences;
        if let Ok(name) = named.parse::<QualifiedName>()
            && sequences.contains_key(&name)
        {
            return format!("nextval('{name}')");
        }
        let owned = |owner: &Option<(QualifiedName, String)>| {
            owner.as_ref().is_some_and(|(owner, owned)| owner == table && *owned == column.name)
        };
        let bare = |name: &QualifiedName| name.name == named.replace('"', "");
        let found = sequences.iter().find(|(name, sequence)| owned(&sequence.owned_by) || bare(name));
        found.map_or(spelled, |(name, _)| format!("nextval('{name}')"))
    }

    pub(super) fn column_alone(&self, table: &QualifiedName, relation: &Relation, column: &Column) -> Definition {
        let mut definition = Definition::new(column.at.clone().or(relation.provenance.defined.clone()));
        if relation.definition.is_some() {
            definition.line(format!("column {}", column.name));
        } else {
            self.column(table, column, &mut definition);
        }
        definition
    }

    pub(super) fn constraint_alone(
        &self,
        table: &QualifiedName,
        relation: &Relation,
        constraint: &Constraint,
    ) -> Definition {
        let mut definition = Definition::new(constraint.at.clone().or(relation.provenance.defined.clone()));
        definition.line(self.constraint(table, constraint));
        definition
    }

    fn constraint(&self, table: &QualifiedName, constraint: &Constraint) -> String {
        let demands = match &constraint.kind {
            ConstraintRule::Check { expression } => format!("check {}", self.expression(table, expression)),
            ConstraintRule::Unique { columns } => format!("unique ({})", columns.join(", ")),
            ConstraintRule::PrimaryKey { columns } => format!("primary key ({})", columns.join(", ")),
            ConstraintRule::ForeignKey { columns, references, referenced_columns, on_delete, on_update } => format!(
                "foreign key ({}) references {references} ({}) on delete {on_delete:?} on update {on_update:?}",
                columns.join(", "),
                referenced_columns.join(", "),
            ),
            ConstraintRule::Exclude { text } => spelled(text),
        };
        let valid = if constraint.validated { "" } else { " not valid" };
        let deferrable = if constraint.deferrable { " deferrable" } else { "" };
        format!("{demands}{valid}{deferrable}")
    }
}

/// A constant as its type prints it: `'09:00'` is the time `'09:00:00'`. `None` of anything but a constant's text.
fn of_type(spelled: &str, column: &Column) -> Option<String> {
    let ty = column.ty.get()?;
    let is_text = matches!(sql::parse_expr(spelled).ok()?.kind, ExprKind::String(_));
    let typed = is_text.then(|| sql::parse_expr(&format!("{spelled}::{ty}")).ok())??;
    Some(sql::canonical(&typed))
}

fn spelled(text: &str) -> String {
    sql::words(text).join(" ")
}
