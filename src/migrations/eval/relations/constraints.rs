//! Constraints.

use super::{Builder, Scan, Table, hidden, presence_of, text};
use crate::catalog::{Constraint, ConstraintRule, QualifiedName, Relation, TypeKind};
use crate::migrations::eval::Presence;
use crate::migrations::eval::names::Oid;
use crate::migrations::eval::scalar::count;
use crate::migrations::eval::value::Value;
use crate::sql::ast::RefAction;

type OnTable<'a> = (&'a QualifiedName, &'a Relation, &'a String, &'a Constraint);

fn constraints<'a>(scan: &'a Scan<'_>) -> impl Iterator<Item = OnTable<'a>> {
    scan.catalog().relations.iter().flat_map(|(name, relation)| {
        relation.constraints.iter().map(move |(constraint, facts)| (name, relation, constraint, &**facts))
    })
}

/// A constraint that was added is there where its table is.
fn presence(relation: &Relation) -> Presence {
    if relation.provenance.conditional { Presence::Maybe } else { Presence::Certain }
}

fn columns_of(rule: &ConstraintRule) -> &[String] {
    match rule {
        ConstraintRule::Unique { columns }
        | ConstraintRule::PrimaryKey { columns }
        | ConstraintRule::ForeignKey { columns, .. } => columns,
        ConstraintRule::Check { .. } | ConstraintRule::Exclude { .. } => &[],
    }
}

fn contype(rule: &ConstraintRule) -> (&'static str, &'static str) {
    match rule {
        ConstraintRule::Check { .. } => ("c", "CHECK"),
        ConstraintRule::Unique { .. } => ("u", "UNIQUE"),
        ConstraintRule::PrimaryKey { .. } => ("p", "PRIMARY KEY"),
        ConstraintRule::ForeignKey { .. } => ("f", "FOREIGN KEY"),
        ConstraintRule::Exclude { .. } => ("x", ""),
    }
}

fn attnums(relation: &Relation, rule: &ConstraintRule) -> Value {
    let number = |name: &String| relation.columns.iter().position(|column| column.name == *name);
    match (rule, columns_of(rule).iter().map(number).collect::<Option<Vec<_>>>()) {
        (ConstraintRule::Check { .. } | ConstraintRule::Exclude { .. }, _) | (_, None) => {
            Value::unknown("the columns of a constraint")
        }
        (_, Some(at)) => Value::Array(at.into_iter().map(|at| Value::Int(count(at + 1))).collect()),
    }
}

fn action(action: RefAction) -> &'static str {
    match action {
        RefAction::NoAction => "a",
        RefAction::Restrict => "r",
        RefAction::Cascade => "c",
        RefAction::SetNull => "n",
        RefAction::SetDefault => "d",
    }
}

pub(super) fn pg_constraint(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&[
        "oid",
        "conname",
        "connamespace",
        "contype",
        "conrelid",
        "confrelid",
        "conkey",
        "convalidated",
        "contypid",
        "condeferrable",
        "confdeltype",
        "confupdtype",
    ]);
    let wanted = constraints(scan).filter(|(name, _, constraint, _)| {
        scan.admits("conname", constraint) && scan.admits_relation("conrelid", name)
    });
    for (name, relation, constraint, facts) in wanted {
        let (references, delete, update) = match &facts.kind {
            ConstraintRule::ForeignKey { references, on_delete, on_update, .. } => {
                (scan.relation_oid(references), action(*on_delete), action(*on_update))
            }
            _ => (Value::Int(0), "", ""),
        };
        let row = [
            scan.names.oid(Oid::Part("constraint", name.clone(), constraint.clone())),
            text(constraint),
            scan.schema_oid(&name.schema),
            text(contype(&facts.kind).0),
            scan.relation_oid(name),
            references,
            attnums(relation, &facts.kind),
            Value::Bool(facts.validated),
            Value::Int(0),
            Value::Bool(facts.deferrable),
            text(delete),
            text(update),
        ];
        table.push(presence(relation), row);
    }
    for (name, constraint, presence) in domain_checks(scan) {
        let none = || Value::Int(0);
        let (oid, schema) =
            (scan.names.oid(Oid::Part("constraint", name.clone(), constraint.clone())), scan.schema_oid(&name.schema));
        let ty = scan.names.oid(Oid::Type(name.clone()));
        let (yes, no) = (Value::Bool(true), Value::Bool(false));
        let row =
            [oid, text(constraint), schema, text("c"), none(), none(), Value::Null, yes, ty, no, text(""), text("")];
        table.push(presence, row);
    }
    for name in scan.incomplete().filter(|name| scan.admits_relation("conrelid", name)) {
        let any = || hidden("constraints", name);
        let (schema, relation) = (scan.schema_oid(&name.schema), scan.relation_oid(name));
        let row = [any(), any(), schema, any(), relation, any(), any(), any(), Value::Int(0), any(), any(), any()];
        table.push(scan.hidden(&["conrelid"]), row);
    }
    table.finish()
}

fn domain_checks<'a>(scan: &'a Scan<'_>) -> impl Iterator<Item = (&'a QualifiedName, &'a String, Presence)> {
    scan.catalog().types.iter().flat_map(|(name, ty)| {
        let checks = if let TypeKind::Domain { checks, .. } = &ty.kind { Some(checks) } else { None };
        checks.into_iter().flatten().map(move |(check, _)| (name, check, presence_of(&ty.provenance)))
    })
}

fn wanted<'a>(scan: &'a Scan<'_>) -> impl Iterator<Item = OnTable<'a>> {
    constraints(scan).filter(|(name, _, constraint, _)| {
        scan.admits("constraint_name", constraint)
            && scan.admits("table_name", &name.name)
            && scan.admits("table_schema", &name.schema)
    })
}

fn open<'a>(scan: &Scan<'a>) -> Vec<&'a QualifiedName> {
    scan.incomplete_named("table_schema", "table_name")
}

/// `information_schema.table_constraints`.
pub(super) fn table_constraints(scan: &Scan<'_>) -> Table {
    let mut table =
        Builder::new(&["constraint_schema", "constraint_name", "table_schema", "table_name", "constraint_type"]);
    for (name, relation, constraint, facts) in wanted(scan) {
        let kind = contype(&facts.kind).1;
        let row = [text(&name.schema), text(constraint), text(&name.schema), text(&name.name), text(kind)];
        if !kind.is_empty() {
            table.push(presence(relation), row);
        }
    }
    for name in open(scan) {
        let any = || hidden("constraints", name);
        table.push(
            scan.hidden(&["table_name"]),
            [text(&name.schema), any(), text(&name.schema), text(&name.name), any()],
        );
    }
    table.finish()
}

/// `information_schema.key_column_usage`.
pub(super) fn key_column_usage(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&[
        "constraint_schema",
        "constraint_name",
        "table_schema",
        "table_name",
        "column_name",
        "ordinal_position",
    ]);
    for (name, relation, constraint, facts) in wanted(scan) {
        for (at, column) in columns_of(&facts.kind).iter().enumerate() {
            let position = Value::Int(count(at + 1));
            let (schema, table_name) = (text(&name.schema), text(&name.name));
            let row = [text(&name.schema), text(constraint), schema, table_name, text(column), position];
            table.push(presence(relation), row);
        }
    }
    for name in open(scan) {
        let any = || hidden("constraints", name);
        let row = [text(&name.schema), any(), text(&name.schema), text(&name.name), any(), any()];
        table.push(scan.hidden(&["table_name"]), row);
    }
    table.finish()
}

/// `information_schema.constraint_column_usage`: what a constraint uses, for a foreign key the referenced columns.
pub(super) fn constraint_column_usage(scan: &Scan<'_>) -> Table {
    let mut table =
        Builder::new(&["table_schema", "table_name", "column_name", "constraint_schema", "constraint_name"]);
    let named = constraints(scan).filter(|(_, _, constraint, _)| scan.admits("constraint_name", constraint));
    for (name, relation, constraint, facts) in named {
        let (used, columns) = match &facts.kind {
            ConstraintRule::ForeignKey { references, referenced_columns, .. } => {
                (references, referenced_columns.as_slice())
            }
            rule => (name, columns_of(rule)),
        };
        let mut push = |column: Value, presence: Presence| {
            let (schema, table_name) = (text(&used.schema), text(&used.name));
            table.push(presence, [schema, table_name, column, text(&name.schema), text(constraint)]);
        };
        for column in columns {
            push(text(column), presence(relation));
        }
        if columns.is_empty() {
            push(Value::unknown("the columns of a constraint"), Presence::Any);
        }
    }
    for name in open(scan) {
        let any = || hidden("constraints", name);
        table.push(scan.hidden(&["table_name"]), [text(&name.schema), text(&name.name), any(), any(), any()]);
    }
    table.finish()
}

/// `information_schema.referential_constraints`.
pub(super) fn referential_constraints(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["constraint_schema", "constraint_name", "update_rule", "delete_rule"]);
    let rule = |action: RefAction| {
        text(match action {
            RefAction::NoAction => "NO ACTION",
            RefAction::Restrict => "RESTRICT",
            RefAction::Cascade => "CASCADE",
            RefAction::SetNull => "SET NULL",
            RefAction::SetDefault => "SET DEFAULT",
        })
    };
    for (name, relation, constraint, facts) in constraints(scan) {
        if let ConstraintRule::ForeignKey { on_delete, on_update, .. } = &facts.kind {
            let row = [text(&name.schema), text(constraint), rule(*on_update), rule(*on_delete)];
            table.push(presence(relation), row);
        }
    }
    for name in scan.incomplete() {
        let any = || hidden("constraints", name);
        table.push(Presence::Lean, [text(&name.schema), any(), any(), any()]);
    }
    table.finish()
}

/// `information_schema.check_constraints`.
pub(super) fn check_constraints(scan: &Scan<'_>) -> Table {
    let mut table = Builder::new(&["constraint_schema", "constraint_name", "check_clause"]);
    let clause = || Value::unknown("the server's text of a check");
    for (name, relation, constraint, facts) in constraints(scan) {
        if matches!(facts.kind, ConstraintRule::Check { .. }) {
            table.push(presence(relation), [text(&name.schema), text(constraint), clause()]);
        }
    }
    for (name, constraint, presence) in domain_checks(scan) {
        table.push(presence, [text(&name.schema), text(constraint), clause()]);
    }
    for name in scan.incomplete() {
        let any = || hidden("constraints", name);
        table.push(Presence::Lean, [text(&name.schema), any(), any()]);
    }
    table.finish()
}
