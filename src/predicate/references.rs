//! What an expression, a query or a routine's body reads, writes and calls, resolved to the Catalog's names.

use std::collections::BTreeSet;

use super::{Analyser, RoleContext, verdict};
use crate::catalog::{FunctionKey, FunctionSource, QualifiedName};
use crate::location::Span;
use crate::sql;
use crate::sql::ast::{BodyText, Call, DmlKind, PlKind, Query, SourceMap};
use crate::sql::walk::{self, Node};

/// What a piece of SQL refers to.
#[derive(Debug, Clone, Default)]
pub(crate) struct References<'c> {
    /// Relations read.
    pub(crate) reads: BTreeSet<QualifiedName>,
    /// Relations written, and how.
    pub(crate) writes: BTreeSet<(QualifiedName, Write)>,
    /// The schema's own routines called; all overloads where it is not clear which.
    pub(crate) routines: BTreeSet<&'c FunctionKey>,
    /// Columns named, with what stands in front of them.
    pub(crate) columns: BTreeSet<Vec<String>>,
    /// Runs SQL whose text is not known.
    pub(crate) dynamic: bool,
    /// Asks who is calling.
    pub(crate) asks: bool,
}

/// How a statement writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Write {
    Insert,
    Update,
    Delete,
}

/// How the conditions of a query narrow its rows for a session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filtering {
    /// No row can pass.
    pub(crate) never: bool,
    /// Every row passes.
    pub(crate) always: bool,
    /// What of the session decides.
    pub(crate) session: BTreeSet<String>,
    /// What decides and could not be interpreted.
    pub(crate) unknown: BTreeSet<String>,
}

impl<'c> Analyser<'c> {
    /// What `root` refers to, names looked up in the analyser's search path.
    pub(crate) fn references(&self, root: Node<'_>) -> References<'c> {
        let mut found = References::default();
        self.refer(root, &self.options.search_path, &mut found);
        found
    }

    /// How the conditions of `query` narrow its rows for `role`.
    pub(crate) fn filtering(&self, query: &Query, role: &RoleContext) -> Filtering {
        verdict::filtering(self, query, role)
    }

    /// The relation a name means.
    pub(crate) fn relation_named(&self, name: &crate::sql::ast::Name) -> QualifiedName {
        self.resolve_relation(name, &self.options.search_path)
    }

    /// What a routine's body refers to; `None` where it cannot be read.
    pub(crate) fn routine_references(&self, key: &FunctionKey) -> Option<References<'c>> {
        let function = self.catalog.functions.get(key)?;
        let set = function.settings.get().and_then(|settings| settings.get("search_path"));
        let path: Vec<String> = match set {
            Some(path) => {
                let schemas = path.split(',').map(|schema| schema.trim().trim_matches(['"', '\'']).to_owned());
                schemas.filter(|schema| !schema.is_empty() && schema != "$user").collect()
            }
            None => self.options.search_path.clone(),
        };
        let mut found = References::default();
        match function.body.get()? {
            FunctionSource::Text { text } if function.language == "plpgsql" => {
                let (block, errors) = sql::parse_plpgsql(&body(text));
                found.dynamic |= !errors.is_empty();
                self.refer(Node::Block(&block), &path, &mut found);
            }
            FunctionSource::Text { text } if function.language == "sql" => self.statements(text, &path, &mut found),
            FunctionSource::Sql { text } => self.statements(standard(text), &path, &mut found),
            _ => return None,
        }
        Some(found)
    }

    fn statements(&self, text: &str, path: &[String], found: &mut References<'c>) {
        let file = sql::parse_sql_body(&body(text));
        found.dynamic |= !file.errors.is_empty();
        for statement in &file.statements {
            self.refer(Node::Statement(statement), path, found);
        }
    }

    fn refer(&self, root: Node<'_>, path: &[String], found: &mut References<'c>) {
        walk::walk(root, |node| {
            match node {
                Node::Relation(name, _) => {
                    found.reads.insert(self.resolve_relation(name, path));
                }
                Node::Dml(dml) => {
                    let table = self.resolve_relation(&dml.table, path);
                    let ways: &[Write] = match dml.kind {
                        DmlKind::Insert if dml.on_conflict && !dml.assignments.is_empty() => {
                            &[Write::Insert, Write::Update]
                        }
                        DmlKind::Insert => &[Write::Insert],
                        DmlKind::Update => &[Write::Update],
                        DmlKind::Delete => &[Write::Delete],
                        DmlKind::Merge => &[Write::Insert, Write::Update, Write::Delete],
                    };
                    found.writes.extend(ways.iter().map(|way| (table.clone(), *way)));
                }
                Node::Expr(expr) => match &expr.kind {
                    sql::ast::ExprKind::Call(call) => {
                        found.asks |= asks(call);
                        found.routines.extend(self.called(call, path));
                    }
                    sql::ast::ExprKind::Column(parts) => {
                        found.columns.insert(parts.clone());
                    }
                    _ => {}
                },
                Node::Pl(statement) => {
                    found.dynamic |= matches!(
                        statement.kind,
                        PlKind::Execute { .. }
                            | PlKind::ForExecute { .. }
                            | PlKind::ReturnExecute { .. }
                            | PlKind::Unparsed
                    )
                }
                _ => {}
            }
            true
        });
    }

    /// The schema's own routines a call may mean; built-in names stay PostgreSQL's.
    fn called(&self, call: &Call, path: &[String]) -> Vec<&'c FunctionKey> {
        if call.name.schema.is_none() && super::names::builtin(&call.name.name).is_some() {
            return Vec::new();
        }
        let fits = |key: &&FunctionKey| key.args.len() >= call.args.len();
        self.routines(&call.name, path).iter().map(|routine| routine.key).filter(fits).collect()
    }
}

/// Asks for the session's claims.
fn asks(call: &Call) -> bool {
    match call.name.schema.as_deref() {
        Some("auth") => matches!(call.name.name.as_str(), "uid" | "jwt" | "role" | "email"),
        Some("pg_catalog") | None => call.name.name == "current_setting",
        _ => false,
    }
}

/// The statements of a standard-SQL body: `RETURN x` is `SELECT x`.
fn standard(text: &str) -> &str {
    let text = text.trim().trim_end_matches(';').trim_end();
    let lower = text.to_ascii_lowercase();
    let inner = lower.strip_prefix("begin").map(str::trim_start).and_then(|rest| rest.strip_prefix("atomic"));
    match inner.and_then(|rest| rest.strip_suffix("end")) {
        Some(inner) => {
            let end = text.len().saturating_sub(3);
            text.get(end - inner.len()..end).unwrap_or(text)
        }
        None => text,
    }
}

fn body(text: &str) -> BodyText {
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    BodyText { text: text.to_owned(), span: Span::new(0, end), map: SourceMap::Verbatim(0) }
}
