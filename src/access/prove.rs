//! The server's own opinion: its planner is asked, as each role, what it would filter, and every disagreement with a
//! verdict is reported. Nothing is executed: `EXPLAIN` without `ANALYZE`, in a transaction that can change nothing.

use postgres::Client;

use super::{Access, Row, Table, Verdict};
use crate::catalog::{ObjectKind, PUBLIC};
use crate::live::literal;
use crate::predicate::{Claim, RoleContext, Setting};
use crate::sql::ast::quote_ident;

/// What the planner says about one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// How many cells were asked about.
    pub asked: usize,
    /// Cells the planner confirms.
    pub agreed: usize,
    /// Where the planner says something else.
    pub disagreements: Vec<String>,
    /// Cells it could not be asked about, and why.
    pub skipped: Vec<String>,
}

/// What a plan shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Plan {
    /// The statement is refused.
    Refused,
    /// A filter that is never true.
    Nothing,
    /// A filter.
    Filtered(String),
    /// No filter.
    Everything,
    /// The server said something else.
    Failed(String),
}

/// Asks about every SELECT cell of tables that PUBLIC does not stand for. The client is in a read-only transaction.
///
/// # Errors
/// The server does not let this user take on the roles.
pub fn prove(client: &mut Client, access: &Access<'_>, table: &Table) -> Result<Proof, postgres::Error> {
    let mut proof = Proof { asked: 0, agreed: 0, disagreements: Vec::new(), skipped: Vec::new() };
    for role in table.roles.iter().filter(|role| *role != PUBLIC) {
        let context = access.context_of(role);
        client.batch_execute("savepoint gardefou")?;
        let claims = context.map(claims).unwrap_or_default();
        let taken = client.batch_execute(&format!(
            "set local search_path to default; set local request.jwt.claims = {}; {}set local role {}",
            literal(&claims),
            context.map(settings).unwrap_or_default(),
            quote(role)
        ));
        if let Err(error) = taken {
            client.batch_execute("rollback to savepoint gardefou")?;
            proof.skipped.push(format!("{role}: {}", crate::live::connect::plain(&error)));
            continue;
        }
        let rows = table.rows.iter().filter(|row| row.role == *role && !row.command.writes());
        for row in rows.filter(|row| row.kind != ObjectKind::View || row.verdict == Verdict::None) {
            let plan = explain(client, row)?;
            compare(row, &plan, &mut proof);
        }
        client.batch_execute("rollback to savepoint gardefou")?;
    }
    Ok(proof)
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A token with the claims that are known of a role's sessions; a user of its own where one is signed in.
fn claims(context: &RoleContext) -> String {
    let Some(claims) = &context.claims else { return String::new() };
    let known = claims.known.iter().filter_map(|(name, claim)| match claim {
        Claim::Text(text) => Some((name.clone(), serde_json::Value::from(text.as_str()))),
        Claim::Present => Some((name.clone(), serde_json::Value::from("00000000-0000-4000-8000-000000000000"))),
        Claim::Absent | Claim::Unknown => None,
    });
    serde_json::Value::Object(known.collect()).to_string()
}

/// Statements that make the settings known of a role's sessions.
fn settings(context: &RoleContext) -> String {
    let known = context.settings.iter().filter_map(|(name, setting)| match setting {
        Setting::Value(text) => {
            let name: Vec<String> = name.split('.').map(quote).collect();
            Some(format!("set local {} = {}; ", name.join("."), literal(text)))
        }
        Setting::Unset | Setting::Unknown => None,
    });
    known.collect()
}

fn explain(client: &mut Client, row: &Row) -> Result<Plan, postgres::Error> {
    let columns = if row.is_whole() || row.columns.is_empty() {
        "*".to_owned()
    } else {
        row.columns.iter().map(|column| quote(column)).collect::<Vec<_>>().join(", ")
    };
    let name = format!("{}.{}", quote(&row.relation.schema), quote(&row.relation.name));
    client.batch_execute("savepoint gardefou_cell")?;
    let asked = client.simple_query(&format!("explain (costs off) select {columns} from {name}"));
    let plan = match asked {
        Ok(messages) => read(&messages),
        Err(error) => match error.code().map(postgres::error::SqlState::code) {
            Some("42501" | "42P17") => Plan::Refused,
            _ => Plan::Failed(crate::live::connect::plain(&error)),
        },
    };
    client.batch_execute("rollback to savepoint gardefou_cell")?;
    Ok(plan)
}

/// The filters of the outermost scans: what stands in subplans is no filter of the rows.
fn read(messages: &[postgres::SimpleQueryMessage]) -> Plan {
    let lines = messages.iter().filter_map(|message| match message {
        postgres::SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let mut filters: Vec<&str> = Vec::new();
    for line in lines {
        let text = line.trim_start();
        if text.starts_with("SubPlan") || text.starts_with("InitPlan") || text.starts_with("CTE ") {
            break;
        }
        if let Some(filter) = text.strip_prefix("One-Time Filter: ") {
            if filter == "false" {
                return Plan::Nothing;
            }
            filters.push(filter);
        }
        filters
            .extend(["Filter: ", "Index Cond: ", "Recheck Cond: "].iter().filter_map(|word| text.strip_prefix(word)));
    }
    if filters.is_empty() { Plan::Everything } else { Plan::Filtered(filters.join(" and ")) }
}

fn compare(row: &Row, plan: &Plan, proof: &mut Proof) {
    proof.asked += 1;
    let agrees = match (row.verdict, plan) {
        (_, Plan::Failed(why)) => {
            proof.skipped.push(format!("{} {}: {why}", row.role, row.relation));
            return;
        }
        (Verdict::Unknown, _) => true,
        (Verdict::None, plan) => *plan == Plan::Refused,
        (_, Plan::Refused) => false,
        (Verdict::All, Plan::Everything) => true,
        (Verdict::All, Plan::Nothing) => false,
        // A filter the planner does not fold may still hold for every row.
        (Verdict::All, Plan::Filtered(_)) => true,
        (Verdict::Denied | Verdict::Rows, Plan::Everything) => false,
        (Verdict::Denied | Verdict::Rows, Plan::Nothing | Plan::Filtered(_)) => true,
    };
    if agrees {
        proof.agreed += 1;
        return;
    }
    let says = match plan {
        Plan::Refused => "the statement is refused".to_owned(),
        Plan::Nothing => "no row".to_owned(),
        Plan::Everything => "every row, no filter".to_owned(),
        Plan::Filtered(filter) => format!("rows where {filter}"),
        Plan::Failed(why) => why.clone(),
    };
    let head = format!("{} {} {}", row.role, row.command.word(), quote_name(row));
    proof.disagreements.push(format!("{head}: predicted {}, the planner says: {says}", row.verdict.word()));
}

fn quote_name(row: &Row) -> String {
    format!("{}.{}", quote_ident(&row.relation.schema), quote_ident(&row.relation.name))
}
