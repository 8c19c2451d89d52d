//! What a policy on Supabase's `storage.objects` opens: whole buckets.

use super::super::super::Model;
use super::super::super::facts::{self, Clause, Verdict};
use crate::catalog::{Expression, Policy, QualifiedName};
use crate::sql::ast::PolicyCommand;

/// Public buckets all of whose files the policy lets an exposed role list; unknown where the buckets are.
pub(super) fn listed_buckets(model: &Model<'_>, table: &QualifiedName, policy: &Policy) -> Option<Vec<String>> {
    let objects = table.schema == "storage" && table.name == "objects";
    let reads = matches!(policy.command, PolicyCommand::All | PolicyCommand::Select);
    if !objects || !policy.permissive || !reads {
        return Some(Vec::new());
    }
    if !policy.roles.get()?.iter().any(|role| model.reaches_exposed(role)) {
        return Some(Vec::new());
    }
    let buckets = model.live()?.public_buckets.as_ref()?;
    match facts::of_policy(model, table, policy).using {
        Clause::Absent => Some(Vec::new()),
        Clause::Unknown => None,
        Clause::Present(_, shape) if shape.verdict == Verdict::Always => Some(buckets.clone()),
        Clause::Present(using, _) => Some(buckets.iter().filter(|bucket| is_whole(using, bucket)).cloned().collect()),
    }
}

/// The condition is `bucket_id = 'this bucket'` and nothing else.
fn is_whole(using: &Expression, bucket: &str) -> bool {
    let whole = |left: &str, right: &str| crate::sql::expression(&format!("{left} = {right}")) == *using;
    let literal = crate::live::literal(bucket);
    whole("bucket_id", &literal) || whole(&literal, "bucket_id")
}
