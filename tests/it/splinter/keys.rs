//! Which rules answer for which lint, and what a lint's `cache_key` and a finding's object mean in common.

use gardefou::finding::Finding;
use serde_json::Value;

/// One lint of splinter's.
pub(crate) struct Lint {
    /// Its view.
    pub(crate) name: &'static str,
    /// Our rules about the same thing.
    pub(crate) rules: &'static [&'static str],
    /// What one of its rows is about.
    pub(crate) theirs: fn(&Value) -> Vec<String>,
    /// What a finding is about.
    pub(crate) ours: fn(&Finding) -> Vec<String>,
}

const fn lint(
    name: &'static str,
    rules: &'static [&'static str],
    theirs: fn(&Value) -> Vec<String>,
    ours: fn(&Finding) -> Vec<String>,
) -> Lint {
    Lint { name, rules, theirs, ours }
}

/// All 28.
pub(crate) const LINTS: &[Lint] = &[
    lint(
        "0001_unindexed_foreign_keys",
        &["performance/unindexed-foreign-key"],
        |r| part(r, "unindexed_foreign_keys"),
        object,
    ),
    lint("0002_auth_users_exposed", &["views/auth-users-exposed"], relation, object),
    lint("0003_auth_rls_initplan", &["rls/unwrapped-auth-call"], |r| part(r, "auth_rls_init_plan"), object),
    lint("0004_no_primary_key", &["schema/no-primary-key"], relation, object),
    lint("0005_unused_index", &["performance/unused-index"], index, object),
    lint("0006_multiple_permissive_policies", &["rls/multiple-permissive"], policies_in_detail, object),
    lint("0007_policy_exists_rls_disabled", &["rls/policy-without-rls"], relation, object),
    lint("0008_rls_enabled_no_policy", &["rls/rls-without-policy"], relation, object),
    lint("0009_duplicate_index", &["performance/duplicate-index"], duplicates, object),
    lint("0010_security_definer_view", &["views/not-security-invoker", "views/owner-rights"], relation, object),
    lint(
        "0011_function_search_path_mutable",
        &["functions/definer-search-path", "functions/search-path-not-set"],
        relation,
        routine_name,
    ),
    lint("0013_rls_disabled_in_public", &["rls/rls-disabled"], relation, object),
    lint("0014_extension_in_public", &["schema/extension-in-public"], named, object),
    lint(
        "0015_rls_references_user_metadata",
        &["rls/user-metadata-in-policy"],
        |r| part(r, "rls_references_user_metadata"),
        object,
    ),
    lint("0016_materialized_view_in_api", &["views/materialized-view-exposed"], relation, object),
    lint("0017_foreign_table_in_api", &["rls/foreign-table-exposed"], relation, object),
    lint("0018_unsupported_reg_types", &["schema/unsupported-reg-type"], column, object),
    lint("0019_insecure_queue_exposed_in_api", &["rls/queue-exposed"], relation, object),
    lint("0020_table_bloat", &["performance/table-bloat"], relation, object),
    lint("0021_fkey_to_auth_unique", &["schema/foreign-key-to-auth-unique"], foreign_key, object),
    lint("0022_extension_versions_outdated", &["schema/extension-outdated"], extension, object),
    lint("0023_sensitive_columns_exposed", &["schema/sensitive-columns-exposed"], relation, object),
    lint(
        "0024_rls_policy_always_true",
        &["rls/always-true-write", "rls/check-drops-scope"],
        |r| part(r, "rls_policy_always_true"),
        object,
    ),
    lint("0025_public_bucket_allows_listing", &["rls/public-bucket-listing"], bucket_policies, object),
    lint("0026_pg_graphql_anon_table_exposed", GRAPHQL, relation, |f| reaching(f, "anon")),
    lint("0027_pg_graphql_authenticated_table_exposed", GRAPHQL, relation, |f| reaching(f, "authenticated")),
    lint("0028_anon_security_definer_function_executable", DEFINER, routine, |f| called_by(f, "anon")),
    lint("0029_authenticated_security_definer_function_executable", DEFINER, routine, |f| {
        called_by(f, "authenticated")
    }),
];

const GRAPHQL: &[&str] = &["access/table-in-graphql", "access/view-in-graphql"];
const DEFINER: &[&str] = &["functions/definer-exposed"];

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row["metadata"][field].as_str().unwrap_or_default()
}

fn relation(row: &Value) -> Vec<String> {
    vec![format!("{}.{}", text(row, "schema"), text(row, "name"))]
}

fn named(row: &Value) -> Vec<String> {
    vec![text(row, "name").to_owned()]
}

fn extension(row: &Value) -> Vec<String> {
    vec![text(row, "extension_name").to_owned()]
}

fn column(row: &Value) -> Vec<String> {
    vec![format!("{}.{}.{}", text(row, "schema"), text(row, "name"), text(row, "column"))]
}

fn foreign_key(row: &Value) -> Vec<String> {
    vec![format!("{}.{}.{}", text(row, "schema"), text(row, "name"), text(row, "foreign_key"))]
}

/// What follows table and lint in the cache key.
fn tail<'a>(row: &'a Value, lint: &str) -> &'a str {
    let key = row["cache_key"].as_str().unwrap_or_default();
    let head = format!("{lint}_{}_{}_", text(row, "schema"), text(row, "name"));
    key.strip_prefix(&head).unwrap_or_else(|| panic!("{key} does not begin with {head}"))
}

/// A policy or constraint of a table.
fn part(row: &Value, lint: &str) -> Vec<String> {
    vec![format!("{}.{}.{}", text(row, "schema"), text(row, "name"), tail(row, lint))]
}

fn index(row: &Value) -> Vec<String> {
    vec![format!("{}.{}", text(row, "schema"), tail(row, "unused_index"))]
}

/// They name the group, we each index that could go: all but the first.
fn duplicates(row: &Value) -> Vec<String> {
    let names = row["metadata"]["indexes"].as_array().unwrap().iter().filter_map(Value::as_str);
    names.skip(1).map(|name| format!("{}.{name}", text(row, "schema"))).collect()
}

/// They have a row per role and command, we one per policy of the group.
fn policies_in_detail(row: &Value) -> Vec<String> {
    let detail = row["detail"].as_str().unwrap_or_default();
    let list = detail.rsplit_once('{').and_then(|(_, rest)| rest.split_once('}')).expect("a list of policies").0;
    list.split(',')
        .map(|name| format!("{}.{}.{}", text(row, "schema"), text(row, "name"), name.trim_matches('"')))
        .collect()
}

/// They have a row per bucket, we one per policy that names the buckets it opens.
fn bucket_policies(row: &Value) -> Vec<String> {
    let names = row["metadata"]["policy_names"].as_array().unwrap().iter().filter_map(Value::as_str);
    names.map(|name| format!("storage.objects.{name}")).collect()
}

fn routine(row: &Value) -> Vec<String> {
    let arguments = text(row, "arguments").split(", ").filter(|argument| !argument.is_empty());
    let types: Vec<&str> = arguments.map(last_word).collect();
    vec![format!("{}.{}({})", text(row, "schema"), text(row, "name"), types.join(", "))]
}

fn last_word(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or_default()
}

/// Names without their quotes.
fn object(finding: &Finding) -> Vec<String> {
    vec![finding.object.name.replace('"', "")]
}

fn routine_name(finding: &Finding) -> Vec<String> {
    vec![finding.object.name.split('(').next().unwrap_or_default().replace('"', "")]
}

/// Whether the message names the role as one of several.
fn names_role(message: &str, role: &str) -> bool {
    message.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == role)
}

fn reaching(finding: &Finding, role: &str) -> Vec<String> {
    if names_role(&finding.message, role) { object(finding) } else { Vec::new() }
}

fn called_by(finding: &Finding, role: &str) -> Vec<String> {
    if !names_role(&finding.message, role) {
        return Vec::new();
    }
    let name = finding.object.name.replace('"', "");
    let Some((name, arguments)) = name.trim_end_matches(')').split_once('(') else { return vec![name] };
    let types: Vec<&str> = arguments.split(", ").filter(|ty| !ty.is_empty()).map(last_word).collect();
    vec![format!("{name}({})", types.join(", "))]
}
