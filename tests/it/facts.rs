//! A Catalog as one line per fact, spelled as `facts.sql` spells a database's, so that the two can be compared. MAINTAIN
//! is left out of both: from PostgreSQL 17 on it comes with ALL, and the fold is 15's.

use gardefou::catalog::{
    Acl, Catalog, ConstraintRule, FunctionKey, Identity, ObjectKind, Origin, Privilege, QualifiedName, Relation,
    TypeKind,
};
use gardefou::sql::ast::{RefAction, TriggerState};

/// All facts, sorted.
pub(crate) fn lines(catalog: &Catalog) -> Vec<String> {
    let mut out = Vec::new();
    for (name, relation) in &catalog.relations {
        relation_lines(name, relation, &mut out);
    }
    for (name, index) in &catalog.indexes {
        out.push(format!("index {} on {} unique={}", plain(name), plain(&index.table), flag(index.unique)));
    }
    for (name, sequence) in &catalog.sequences {
        let owned =
            sequence.owned_by.as_ref().map_or("-".to_owned(), |(table, column)| format!("{}.{column}", plain(table)));
        out.push(format!("sequence {} owner={} owned_by={owned}", plain(name), text(&sequence.owner.value)));
        grants(&format!("sequence {}", plain(name)), &sequence.acl, &mut out);
    }
    for (key, function) in &catalog.functions {
        let settings = function.settings.get().map(|settings| {
            settings.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
        });
        if function.kind != ObjectKind::Aggregate {
            out.push(format!(
                "function {} {} owner={} definer={} volatility={} strict={} settings={} returns={}",
                routine(key),
                function.kind,
                text(&function.owner.value),
                known(function.security_definer.get()),
                function.volatility.get().map_or("?".to_owned(), |v| format!("{v:?}").to_lowercase()),
                known(function.strict.get()),
                text(&settings),
                function.returns.clone().unwrap_or_default(),
            ));
        }
        grants(&format!("function {}", routine(key)), &function.acl, &mut out);
    }
    for (name, ty) in catalog.types.iter().filter(|(_, ty)| !extension_type(ty.provenance.origin, &ty.kind)) {
        out.push(type_line(name, ty.owner.value.as_ref(), &ty.kind));
        for entry in ty.acl.iter() {
            out.push(format!(
                "grant type {} {} {} by {}",
                plain(name),
                entry.grantee,
                entry.privilege.sql(),
                entry.grantor
            ));
        }
    }
    for (name, schema) in catalog.schemas.iter().filter(|(_, schema)| schema.owner.value.is_some()) {
        out.push(format!("schema {name} owner={}", text(&schema.owner.value)));
        grants(&format!("schema {name}"), &schema.acl, &mut out);
    }
    for entry in &catalog.default_privileges {
        let schema = entry.schema.clone().unwrap_or_else(|| "*".to_owned());
        for given in entry.acl.iter().filter(|given| given.privilege != Privilege::Maintain) {
            let star = if given.grantable { "*" } else { "" };
            out.push(format!(
                "default {} in {schema} on {}: {} {}{star}",
                entry.role,
                entry.objects,
                given.grantee,
                given.privilege.sql()
            ));
        }
    }
    for (name, trigger) in &catalog.event_triggers {
        let letter = trigger.enabled.get().map_or("?", |state| match state {
            TriggerState::Origin => "O",
            TriggerState::Disabled => "D",
            TriggerState::Replica => "R",
            TriggerState::Always => "A",
        });
        out.push(format!("event trigger {name} on {} {letter}", trigger.event));
    }
    for (name, publication) in &catalog.publications {
        out.push(format!("publication {name} all={}", flag(publication.all_tables)));
        out.extend(publication.tables.keys().map(|table| format!("published {name} {}", plain(table))));
    }
    out.extend(catalog.extensions.keys().map(|name| format!("extension {name}")));
    out.sort();
    out
}

fn relation_lines(name: &QualifiedName, relation: &Relation, out: &mut Vec<String>) {
    let q = plain(name);
    let options =
        relation.options.get().map(|o| o.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(","));
    out.push(format!(
        "relation {q} {} owner={} rls={} force={} options={}",
        relation.kind,
        text(&relation.owner.value),
        known(relation.rls_enabled.get()),
        known(relation.rls_forced.get()),
        text(&options),
    ));
    grants(&format!("relation {q}"), &relation.acl, out);
    let view = matches!(relation.kind, ObjectKind::View | ObjectKind::MaterializedView);
    for column in &relation.columns {
        let identity = match column.identity {
            None => "",
            Some(Identity::Always) => " identity=always",
            Some(Identity::ByDefault) => " identity=by_default",
        };
        let facts = if view {
            String::new()
        } else {
            let default = flag(column.default.is_some() || column.generated.is_some());
            format!(" {} not_null={} default={default}", text(&column.ty.value), known(column.not_null.get()))
        };
        let generated = if column.generated.is_some() { " generated" } else { "" };
        out.push(format!("column {q}.{}{facts}{identity}{generated}", column.name));
        grants(&format!("column {q}.{}", column.name), &column.acl, out);
    }
    for (constraint, rule) in &relation.constraints {
        let valid = if rule.validated { "" } else { " not valid" };
        out.push(format!("constraint {q}.{constraint} {}{valid}", rule_text(&rule.kind)));
    }
    for (policy, facts) in &relation.policies {
        let roles = facts.roles.get().map(|roles| roles.join(","));
        out.push(format!(
            "policy {q}.{policy} {} {} to {} using={} check={}",
            if facts.permissive { "permissive" } else { "restrictive" },
            format!("{:?}", facts.command).to_lowercase(),
            text(&roles),
            facts.using.get().map_or("?", |e| flag(e.is_some())),
            facts.check.get().map_or("?", |e| flag(e.is_some())),
        ));
    }
    for (trigger, facts) in &relation.triggers {
        let state = facts.enabled.get().map_or("?".to_owned(), |state| format!("{state:?}").to_lowercase());
        out.push(format!("trigger {q}.{trigger} {state} function={} row={}", plain(&facts.function), flag(facts.row)));
    }
    out.extend(relation.rules.keys().map(|rule| format!("rule {q}.{rule}")));
}

fn rule_text(rule: &ConstraintRule) -> String {
    let action = |action: &RefAction| match action {
        RefAction::NoAction => "a",
        RefAction::Restrict => "r",
        RefAction::Cascade => "c",
        RefAction::SetNull => "n",
        RefAction::SetDefault => "d",
    };
    match rule {
        ConstraintRule::Check { .. } => "check".to_owned(),
        ConstraintRule::Unique { columns } => format!("unique ({})", columns.join(", ")),
        ConstraintRule::PrimaryKey { columns } => format!("primary key ({})", columns.join(", ")),
        ConstraintRule::ForeignKey { columns, references, referenced_columns, on_delete, on_update } => format!(
            "foreign key ({}) references {} ({}) delete={} update={}",
            columns.join(", "),
            plain(references),
            referenced_columns.join(", "),
            action(on_delete),
            action(on_update),
        ),
        ConstraintRule::Exclude { .. } => "exclude".to_owned(),
    }
}

fn type_line(name: &QualifiedName, owner: Option<&String>, kind: &TypeKind) -> String {
    let (word, detail) = match kind {
        TypeKind::Enum { labels } => ("enum", labels.join(",")),
        TypeKind::Domain { base, .. } => ("domain", base.clone()),
        TypeKind::Composite { attributes } => {
            ("composite", attributes.iter().map(|(name, ty)| format!("{name} {ty}")).collect::<Vec<_>>().join(","))
        }
        TypeKind::Range => ("range", String::new()),
        TypeKind::Base | TypeKind::Unknown => ("other", String::new()),
    };
    format!("type {} {word} owner={} {detail}", plain(name), text(&owner.cloned()))
}

fn extension_type(origin: Origin, kind: &TypeKind) -> bool {
    origin == Origin::Platform && *kind == TypeKind::Base
}

fn grants(on: &str, acl: &Acl, out: &mut Vec<String>) {
    for entry in acl.iter().filter(|entry| entry.privilege != Privilege::Maintain) {
        let star = if entry.grantable { "*" } else { "" };
        out.push(format!("grant {on} {} {}{star} by {}", entry.grantee, entry.privilege.sql(), entry.grantor));
    }
}

fn plain(name: &QualifiedName) -> String {
    format!("{}.{}", name.schema, name.name)
}

fn routine(key: &FunctionKey) -> String {
    format!("{}({})", plain(&key.name), key.args.join(", "))
}

fn flag(on: bool) -> &'static str {
    if on { "t" } else { "f" }
}

fn known(on: Option<&bool>) -> &'static str {
    on.map_or("?", |on| flag(*on))
}

fn text(value: &Option<String>) -> String {
    value.clone().unwrap_or_else(|| "?".to_owned())
}
