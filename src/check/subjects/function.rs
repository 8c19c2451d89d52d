//! Functions, procedures and aggregates.

use super::super::model::{is_own, known_text, origin_word};
use super::super::subject::Builder;
use super::super::{Model, Needed, Subject};
use super::kind_word;
use crate::catalog::{Acl, Catalog, Function, FunctionKey, ObjectRef, PUBLIC, Privilege};
use crate::sql::ast::Volatility;

pub(super) fn functions(model: &Model<'_>, needed: &Needed) -> Vec<Subject> {
    let own = model.catalog().functions.iter().filter(|(_, function)| is_own(function.provenance.origin));
    own.map(|(key, function)| subject(model, needed, key, function)).collect()
}

fn subject(model: &Model<'_>, needed: &Needed, key: &FunctionKey, function: &Function) -> Subject {
    let mut b = Builder::new(needed, ObjectRef::new(function.kind, key)).provenance(&function.provenance);
    b.set("schema", || key.name.schema.as_str());
    b.set("name", || key.name.name.as_str());
    b.set("signature", || key.to_string());
    b.set("kind", || kind_word(function.kind));
    b.maybe("owner", || known_text(&function.owner));
    b.set("origin", || origin_word(function.provenance.origin));
    definition(&mut b, model, key, function);
    search_path(&mut b, model, function);
    access(&mut b, model, key, function);
    b.set("comment", || function.comment.clone().unwrap_or_default());
    b.build()
}

fn definition(b: &mut Builder<'_>, model: &Model<'_>, key: &FunctionKey, function: &Function) {
    let known = !function.provenance.is_assumed();
    b.maybe("language", || known.then_some(function.language.as_str()));
    b.fact("volatility", &function.volatility, |volatility| match volatility {
        Volatility::Immutable => "immutable",
        Volatility::Stable => "stable",
        Volatility::Volatile => "volatile",
    });
    b.maybe("returns", || known.then(|| function.returns.clone().unwrap_or_default()));
    b.maybe("returns_trigger", || {
        known.then_some(matches!(function.returns.as_deref(), Some("trigger" | "event_trigger")))
    });
    b.set("arguments", || key.args.clone());
    b.fact("security_definer", &function.security_definer, |definer| *definer);
    b.fact("owner_privileged", &function.owner, |owner| model.is_privileged(owner));
    b.fact("settings", &function.settings, |settings| settings.keys().cloned().collect::<Vec<_>>());
}

fn search_path(b: &mut Builder<'_>, model: &Model<'_>, function: &Function) {
    let settings = &function.settings;
    let path = || settings.get().map(|settings| settings.get("search_path").cloned());
    let catalog = model.catalog();
    b.derived("search_path.set", settings, || path().map(|path| path.is_some()));
    b.derived("search_path.value", settings, || path().map(Option::unwrap_or_default));
    b.derived("search_path.pinned", settings, || path().map(|path| is_pinned(catalog, path.as_deref())));
    b.derived("search_path.writable_schemas", settings, || {
        path().map(|path| writable(catalog, path.as_deref().unwrap_or_default()))
    });
}

/// Whether a `search_path` is set, and to schemas only trusted roles can create in.
pub(super) fn is_pinned(catalog: &Catalog, path: Option<&str>) -> bool {
    path.is_some_and(|path| writable(catalog, path).is_empty())
}

/// Schemas of a `search_path` in which PUBLIC or another untrusted role may create objects; `"$user"` is one.
fn writable(catalog: &Catalog, path: &str) -> Vec<String> {
    let names = path.split(',').map(|name| name.trim().trim_matches(['"', '\'']));
    let open = |name: &str| name == "$user" || catalog.schemas.get(name).is_some_and(|schema| is_open(&schema.acl));
    names.filter(|name| open(name)).map(str::to_owned).collect()
}

/// Roles no caller of an API or web front end is trusted less than.
const UNTRUSTED: &[&str] = &[PUBLIC, "anon", "authenticated"];

fn is_open(acl: &Acl) -> bool {
    UNTRUSTED.iter().any(|role| acl.held(role, Privilege::Create).is_some())
}

fn access(b: &mut Builder<'_>, model: &Model<'_>, key: &FunctionKey, function: &Function) {
    let known = !function.provenance.is_assumed();
    let schema = key.name.schema.as_str();
    let holders = || model.holders(&[&function.acl], &[Privilege::Execute]);
    let public = || function.acl.held(PUBLIC, Privilege::Execute).is_some();
    b.set("in_exposed_schema", || model.is_exposed_schema(schema));
    b.maybe("exposed", || {
        if !model.is_exposed_schema(schema) {
            return Some(false);
        }
        known.then(|| model.usable_by_any(schema, &holders())).flatten()
    });
    b.maybe("executable_by", || known.then(holders));
    b.maybe("executable_by_public", || known.then(public));
    b.maybe("public_revoked", || known.then(|| !public()));
    b.maybe("default_grantees", || {
        let held = |role: &&str| function.acl.held(role, Privilege::Execute).is_some_and(|entry| entry.by_default);
        known.then(|| model.exposed_roles().filter(held).map(str::to_owned).collect::<Vec<_>>())
    });
}
