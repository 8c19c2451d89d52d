//! squawk's rules over the migration files. All that are chosen run in one pass over each file.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::Model;
use super::code::{Judged, Violation};
use super::evaluate::migration_ref;
use crate::migrations::Migration;
use crate::rule::{Logic, Rule};
use crate::sql::{Lint, lint};

/// The check's name in rule files.
pub(super) const NAME: &str = "squawk";

/// What squawk says about each file, by the file's place; `None` where it failed.
pub(super) type Lints = Vec<Option<Vec<Lint>>>;

/// Lints all files that count with all of squawk's rules that were chosen.
pub(super) fn lints(model: &Model<'_>) -> Lints {
    let rules: Vec<&str> = model.input().rules.iter().filter(|rule| is_squawk(rule)).map(Rule::name).collect();
    let settings = &model.config().lint;
    let one = |migration: &Migration| {
        let file = &migration.file;
        let in_scope = file.skipped.is_none() && (file.changed || !model.input().changed_only);
        if in_scope { lint(&file.text, &file.sections, &rules, settings) } else { Some(Vec::new()) }
    };
    model.migrations().par_iter().map(one).collect()
}

fn is_squawk(rule: &Rule) -> bool {
    matches!(&rule.logic, Logic::Code(check) if check.name == NAME)
}

pub(super) fn judge(model: &Model<'_>, rule: &Rule) -> Judged {
    let mut judged = Judged::default();
    for (migration, lints) in model.migrations().iter().zip(model.lints()) {
        let Some(lints) = lints else {
            judged.not_run.push(format!("squawk failed on {}", migration.file.path));
            continue;
        };
        judged.looked_at += migration.statements.len();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for lint in lints.iter().filter(|lint| lint.rule == rule.name()) {
            let number = seen.entry(&lint.message).and_modify(|count| *count += 1).or_insert(1);
            judged.violations.push(Violation {
                object: migration_ref(&migration.file.path),
                location: Some(migration.lines.locate(&migration.file.text, lint.span)),
                message: Some(lint.message.clone()),
                discriminator: format!("{} {number}", lint.message),
                detail: None,
            });
        }
    }
    judged
}
