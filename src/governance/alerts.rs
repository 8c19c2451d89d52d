//! The team's table of findings: it can hold what is written to it, and what it holds can be.

use super::pattern;
use crate::catalog::{ConstraintRule, ObjectKind, ObjectRef, QualifiedName, Relation};
use crate::check::Model;
use crate::check::code::{Judged, Violation};
use crate::governance::sections::{AlertColumn, Alerts};
use crate::rule::Rule;

/// The table's own sanity: its states are tied down, who acknowledges is recorded, and no row is impossible.
pub(super) fn table(model: &Model<'_>, _: &Rule) -> Judged {
    let mut judged = Judged::default();
    let Some(governance) = model.governance() else { return judged };
    let Some(placed) = &governance.sections.alerts else { return judged };
    let name = pattern::table(&placed.value.table);
    let Some(relation) = model.catalog().relations.get(&name) else { return judged };
    judged.looked_at = 1;
    let object = ObjectRef::new(ObjectKind::Table, &name);
    let at = relation.provenance.defined.clone().or_else(|| Some(placed.at.clone()));
    let mut say = |what: &str, message: String| {
        let mut violation = Violation::new(object.clone(), at.clone(), message);
        violation.discriminator = what.to_owned();
        judged.violations.push(violation);
    };
    for (what, problem) in shape(&placed.value, &name, relation) {
        say(what, problem);
    }
    if let Some(live) = &governance.live {
        for (what, rows) in live.alerts.iter().filter(|(_, rows)| *rows > 0) {
            say(
                what,
                format!("`{name}` holds what cannot be: {}, each of which {what}", crate::report::many(*rows, "row")),
            );
        }
        let failed = live.failed.iter().filter(|(section, _)| *section == "alerts");
        judged.not_run.extend(failed.map(|(_, why)| why.clone()));
    }
    judged
}

fn shape(alerts: &Alerts, name: &QualifiedName, relation: &Relation) -> Vec<(&'static str, String)> {
    let mut problems = Vec::new();
    let status = alerts.columns.get(&AlertColumn::Status).map_or("status", String::as_str);
    let tied = relation.constraints.values().any(|constraint| match &constraint.kind {
        ConstraintRule::Check { expression } => {
            expression.canonical.contains(status) && expression.canonical.contains("RESOLVED")
        }
        _ => false,
    });
    let ty = relation.column(status).and_then(|column| column.ty.get());
    let free = ty.is_some_and(|ty| ty == "text" || ty.starts_with("character varying"));
    if free && !tied {
        problems
            .push(("status", format!("`{name}.{status}` takes any text: nothing ties it to OPEN, ACK and RESOLVED")));
    }
    if !alerts.columns.contains_key(&AlertColumn::AcknowledgedBy) {
        let message = format!("`{name}` does not say who acknowledged: name the column under `acknowledged-by`");
        problems.push(("acknowledged", message));
    }
    problems
}
