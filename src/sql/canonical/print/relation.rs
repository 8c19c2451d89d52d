//! Queries and data-modifying statements as text.

use super::{expr, ident, list, operand, qualified};
use crate::sql::ast::{
    Alias, Cte, CteBody, Dml, DmlKind, JoinKind, JoinOn, Query, QueryBody, Select, SelectItem, SetOp, TableRef,
};

/// Prints a query.
pub(in crate::sql::canonical) fn query(query: &Query) -> String {
    let mut out = String::new();
    if !query.with.is_empty() {
        let recursive = if query.recursive { "recursive " } else { "" };
        let ctes = query.with.iter().map(cte).collect::<Vec<_>>().join(", ");
        out.push_str(&format!("with {recursive}{ctes} "));
    }
    out.push_str(&match &query.body {
        QueryBody::Select(select) => print_select(select),
        QueryBody::Set { op, all, left, right } => set(*op, *all, left, right),
        QueryBody::Values(rows) => {
            let rows: Vec<String> = rows.iter().map(|row| format!("({})", list(row))).collect();
            format!("values {}", rows.join(", "))
        }
        QueryBody::Table(name) => format!("table {}", qualified(name)),
        QueryBody::Unknown => "select".to_owned(),
    });
    if !query.order_by.is_empty() {
        out.push_str(&format!(" order by {}", list(&query.order_by)));
    }
    out.extend(query.limit.iter().map(|limit| format!(" limit {}", operand(limit))));
    out.extend(query.offset.iter().map(|offset| format!(" offset {}", operand(offset))));
    if query.locking {
        out.push_str(" for update");
    }
    out
}

fn set(op: SetOp, all: bool, left: &Query, right: &Query) -> String {
    let op = match op {
        SetOp::Union => "union",
        SetOp::Intersect => "intersect",
        SetOp::Except => "except",
    };
    let all = if all { " all" } else { "" };
    let side = |side: &Query| {
        let plain = matches!(side.body, QueryBody::Select(_) | QueryBody::Values(_) | QueryBody::Table(_));
        let bare =
            plain && side.with.is_empty() && side.order_by.is_empty() && side.limit.is_none() && side.offset.is_none();
        if bare { query(side) } else { format!("({})", query(side)) }
    };
    format!("{} {op}{all} {}", side(left), side(right))
}

fn cte(cte: &Cte) -> String {
    let body = match &cte.body {
        CteBody::Query(inner) => query(inner),
        CteBody::Dml(dml) => print_dml(dml),
    };
    format!("{}{} as ({body})", ident(&cte.name), columns(&cte.columns))
}

fn print_dml(dml: &Dml) -> String {
    let target = format!(
        "{}{}",
        qualified(&dml.table),
        dml.alias.iter().map(|a| format!(" as {}", ident(a))).collect::<String>()
    );
    let sets: Vec<String> = dml
        .assignments
        .iter()
        .map(|set| {
            format!("{} = {}", ident(&set.column), set.value.as_ref().map_or_else(|| "default".to_owned(), expr))
        })
        .collect();
    let from = dml.from.iter().map(table).collect::<Vec<_>>().join(", ");
    let clause = |word: &str, text: &str| if text.is_empty() { String::new() } else { format!(" {word} {text}") };
    let filter = clause("where", &dml.filter.as_ref().map(expr).unwrap_or_default());
    let returning = clause("returning", &dml.returning.iter().map(item).collect::<Vec<_>>().join(", "));
    match dml.kind {
        DmlKind::Insert => {
            let source = dml.source.as_ref().map_or_else(|| "default values".to_owned(), |source| query(source));
            let conflict = match (dml.on_conflict, sets.is_empty()) {
                (false, _) => String::new(),
                (true, true) => " on conflict do nothing".to_owned(),
                (true, false) => format!(" on conflict do update set {}", sets.join(", ")),
            };
            format!("insert into {target}{} {source}{conflict}{returning}", columns(&dml.columns))
        }
        DmlKind::Update => {
            format!("update {target} set {}{}{filter}{returning}", sets.join(", "), clause("from", &from))
        }
        DmlKind::Delete => format!("delete from {target}{}{filter}{returning}", clause("using", &from)),
        DmlKind::Merge => format!("merge into {target} using {from}{filter} set {}{returning}", sets.join(", ")),
    }
}

fn columns(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!("({})", names.iter().map(|name| ident(name)).collect::<Vec<_>>().join(", "))
}

fn print_select(select: &Select) -> String {
    let mut out = format!("select{}", if select.distinct { " distinct" } else { "" });
    if !select.columns.is_empty() {
        out.push_str(&format!(" {}", select.columns.iter().map(item).collect::<Vec<_>>().join(", ")));
    }
    if !select.from.is_empty() {
        out.push_str(&format!(" from {}", select.from.iter().map(table).collect::<Vec<_>>().join(", ")));
    }
    out.extend(select.filter.iter().map(|filter| format!(" where {}", expr(filter))));
    if !select.group_by.is_empty() {
        out.push_str(&format!(" group by {}", list(&select.group_by)));
    }
    out.extend(select.having.iter().map(|having| format!(" having {}", expr(having))));
    out
}

fn item(item: &SelectItem) -> String {
    let alias = item.alias.as_ref().map(|alias| format!(" as {}", ident(alias))).unwrap_or_default();
    format!("{}{alias}", expr(&item.expr))
}

fn table(from: &TableRef) -> String {
    match from {
        TableRef::Relation { name, alias, .. } => format!("{}{}", qualified(name), print_alias(alias.as_ref())),
        TableRef::Query { lateral, query: inner, alias } => {
            let lateral = if *lateral { "lateral " } else { "" };
            format!("{lateral}({}){}", query(inner), print_alias(alias.as_ref()))
        }
        TableRef::Function { calls, ordinality, alias, .. } => {
            let ordinality = if *ordinality { " with ordinality" } else { "" };
            let calls = match calls.as_slice() {
                [call] => expr(call),
                calls => format!("rows from ({})", list(calls)),
            };
            format!("{calls}{ordinality}{}", print_alias(alias.as_ref()))
        }
        TableRef::Join { kind, left, right, on } => join(*kind, left, right, on),
        TableRef::Other(alias) => ident(&alias.name),
    }
}

fn join(kind: JoinKind, left: &TableRef, right: &TableRef, on: &JoinOn) -> String {
    let natural = if *on == JoinOn::Natural { "natural " } else { "" };
    let kind = match kind {
        JoinKind::Inner => "join",
        JoinKind::Left => "left join",
        JoinKind::Right => "right join",
        JoinKind::Full => "full join",
        JoinKind::Cross => "cross join",
    };
    let on = match on {
        JoinOn::Expr(on) => format!(" on {}", expr(on)),
        JoinOn::Using(names) => format!(" using {}", columns(names)),
        JoinOn::None | JoinOn::Natural => String::new(),
    };
    let right = match right {
        TableRef::Join { .. } => format!("({})", table(right)),
        _ => table(right),
    };
    format!("{} {natural}{kind} {right}{on}", table(left))
}

fn print_alias(alias: Option<&Alias>) -> String {
    match alias {
        Some(alias) if !alias.name.is_empty() => format!(" {}{}", ident(&alias.name), columns(&alias.columns)),
        _ => String::new(),
    }
}
