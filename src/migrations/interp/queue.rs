//! Queues of pgmq: its functions make and drop tables, by statements to the same effect as the extension's own
//! (`pgmq-extension/sql/pgmq.sql`, read in versions 1.4 to 1.13).

use super::Machine;
use crate::coverage::CoverageKind;
use crate::location::Span;
use crate::migrations::Within;
use crate::migrations::eval::Value;
use crate::migrations::host::{Failure, Taint};
use crate::sql::ast::{Name, quote_ident};

/// Functions of pgmq that make or drop tables and indexes of a queue.
pub(super) const CHANGES: &[&str] = &[
    "create",
    "create_non_partitioned",
    "create_unlogged",
    "create_partitioned",
    "create_fifo_index",
    "drop_queue",
    "convert_archive_partitioned",
];

/// pgmq refuses longer names.
const LONGEST: usize = 47;

/// A function of pgmq that changes the schema.
pub(super) fn changes(name: &Name) -> bool {
    name.schema.as_deref() == Some("pgmq") && CHANGES.contains(&name.name.as_str())
}

impl Machine<'_> {
    /// What a function that [`changes`] does. It runs with the caller's rights: the tables are the caller's, and their
    /// privileges are what default privileges say, as of any table; pgmq itself grants nothing to an API role.
    pub(super) fn queue(&mut self, call: &Name, args: &[(Option<String>, Value)], at: Span) -> Result<(), Failure> {
        let at = self.place(at);
        let Some(queue) = argument(args, "queue_name", 0) else { return Ok(()) };
        if *queue == Value::Null {
            return Err(Failure::new("null_value_not_allowed", format!("`{call}` of a null queue name")));
        }
        let Some(queue) = queue.plain() else {
            self.unknown_queue(call, queue, at);
            return Ok(());
        };
        if ["$", ";", "--", "'"].iter().any(|part| queue.contains(part)) || queue.chars().count() > LONGEST {
            return Err(Failure::new("raise_exception", format!("`{call}` refuses the queue name")));
        }
        match call.name.as_str() {
            "convert_archive_partitioned" => {
                let message = format!("`{call}` makes the archive of a queue anew, which is not followed");
                self.cover(CoverageKind::Opaque, at, message);
                return Ok(());
            }
            "create_partitioned" => {
                let message = format!("`{call}` has partitions made by pg_partman, which are not followed");
                self.cover(CoverageKind::Opaque, at, message);
            }
            _ => {}
        }
        let interval = argument(args, "partition_interval", 1).and_then(Value::plain);
        let statements = Queue::new(&queue, self.pgmq_version(), interval.as_deref()).statements(&call.name);
        statements.iter().try_for_each(|sql| self.host.execute_text(sql, at, Within::Function))
    }

    fn unknown_queue(&mut self, call: &Name, queue: &Value, at: Span) {
        let reason = queue.doubt().map_or_else(|| "a value".into(), |why| why.reason);
        let done = if call.name == "drop_queue" { "dropped" } else { "made" };
        let message = format!("`{call}` of a name that depends on {reason}: which queue is {done} is not known");
        self.cover(CoverageKind::DynamicSql, at, message);
        if call.name == "drop_queue" {
            self.host.taint(Taint::Schema("pgmq".to_owned()), at);
        }
    }

    /// Major and minor, where the files ask for a version.
    fn pgmq_version(&self) -> Option<(u32, u32)> {
        let version = self.host.catalog().extensions.get("pgmq")?.version.value.as_deref()?;
        let mut numbers = version.split('.').map(|part| part.parse().ok());
        Some((numbers.next()??, numbers.next().flatten().unwrap_or(0)))
    }
}

/// An argument by name or place.
fn argument<'a>(args: &'a [(Option<String>, Value)], name: &str, place: usize) -> Option<&'a Value> {
    let named = args.iter().find(|(given, _)| given.as_deref() == Some(name));
    named.or_else(|| args.get(place).filter(|(given, _)| given.is_none())).map(|(_, value)| value)
}

/// A queue's tables, indexes and columns.
struct Queue {
    table: String,
    archive: String,
    /// The archive's index is named by the queue as it was written.
    archive_index: String,
    vt_index: String,
    fifo_index: String,
    part_index: String,
    /// What later versions added; without a version it is the one Supabase installs, 1.5.
    headers: &'static str,
    last_read_at: &'static str,
    /// Partitions are by number of messages, or by time.
    by_time: bool,
}

impl Queue {
    fn new(queue: &str, version: Option<(u32, u32)>, interval: Option<&str>) -> Self {
        let version = version.unwrap_or((1, 5));
        let lower = queue.to_lowercase();
        let name = |name: String| format!("pgmq.{}", quote_ident(&name));
        Self {
            table: name(format!("q_{lower}")),
            archive: name(format!("a_{lower}")),
            archive_index: quote_ident(&format!("archived_at_idx_{queue}")),
            vt_index: quote_ident(&format!("q_{lower}_vt_idx")),
            fifo_index: quote_ident(&format!("q_{lower}_fifo_idx")),
            part_index: quote_ident(&format!("q_{lower}_part_idx")),
            headers: if version >= (1, 5) { ", headers jsonb" } else { "" },
            last_read_at: if version >= (1, 10) { ", last_read_at timestamptz" } else { "" },
            by_time: interval.is_some_and(|interval| interval.trim().parse::<i32>().is_err()),
        }
    }

    fn statements(&self, function: &str) -> Vec<String> {
        match function {
            "drop_queue" => {
                vec![format!("drop table if exists {}", self.table), format!("drop table if exists {}", self.archive)]
            }
            "create_fifo_index" => {
                vec![format!("create index if not exists {} on {} using gin (headers)", self.fifo_index, self.table)]
            }
            "create_partitioned" => self.partitioned(),
            _ => self.plain(if function == "create_unlogged" { "unlogged " } else { "" }),
        }
    }

    fn plain(&self, unlogged: &str) -> Vec<String> {
        vec![
            self.queue_table(unlogged, " primary key", ""),
            self.archive_table(" primary key", ""),
            format!("create index if not exists {} on {} (vt)", self.vt_index, self.table),
            format!("create index if not exists {} on {} (archived_at)", self.archive_index, self.archive),
        ]
    }

    fn partitioned(&self) -> Vec<String> {
        let (column, archived) = if self.by_time { ("enqueued_at", "archived_at") } else { ("msg_id", "msg_id") };
        vec![
            self.queue_table("", "", &format!(" partition by range ({column})")),
            format!("create index if not exists {} on {} ({column})", self.part_index, self.table),
            self.archive_table(" not null", &format!(" partition by range ({archived})")),
            format!("create index if not exists {} on {} (archived_at)", self.archive_index, self.archive),
        ]
    }

    fn queue_table(&self, unlogged: &str, key: &str, by: &str) -> String {
        let Self { table, headers, last_read_at, .. } = self;
        format!(
            "create {unlogged}table if not exists {table} (msg_id bigint{key} generated always as identity, \
             read_ct int default 0 not null, enqueued_at timestamptz default now() not null{last_read_at}, \
             vt timestamptz not null, message jsonb{headers}){by}"
        )
    }

    fn archive_table(&self, key: &str, by: &str) -> String {
        let Self { archive, headers, last_read_at, .. } = self;
        format!(
            "create table if not exists {archive} (msg_id bigint{key}, read_ct int default 0 not null, \
             enqueued_at timestamptz default now() not null{last_read_at}, \
             archived_at timestamptz default now() not null, vt timestamptz not null, message jsonb{headers}){by}"
        )
    }
}
