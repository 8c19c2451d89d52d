//! From the parser's statements to ours. Every kind the parser knows is named here: interpreted, without effect on the
//! Catalog, or opaque.

mod object;
mod parts;
mod policy;
mod privilege;
mod relation;
mod role;
mod routine;
mod storage;
mod table;
mod types;

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{AstNode, Stmt};

use super::ast::{Query, QueryBody, Select, SelectItem, Statement, StatementKind};
use super::cx::{self, Cx};
use super::lower_expr::Low;
use super::{lower_query, tree};
use crate::catalog::ObjectKind;

/// Lowers one statement. A table rather than a function: one arm for each kind, no wildcard.
pub(super) fn statement(cx: &Cx, stmt: &Stmt) -> StatementKind {
    use Stmt as S;
    let node = stmt.syntax();
    match stmt {
        S::AlterAggregate(_) | S::AlterFunction(_) | S::AlterProcedure(_) | S::AlterRoutine(_) => {
            routine::alter(cx, node)
        }
        S::AlterDatabase(_) => role::alter_database(node),
        S::AlterDefaultPrivileges(_) => privilege::alter_default(node),
        S::AlterDomain(_) => types::alter_domain(cx, node),
        S::AlterEventTrigger(_) => policy::alter_event_trigger(node),
        S::AlterExtension(_) => object::alter(cx, node, ObjectKind::Extension, K::EXTENSION_REF),
        S::AlterForeignTable(_) => relation::alter(cx, node, ObjectKind::ForeignTable),
        S::AlterGroup(_) => role::alter_group(node),
        S::AlterIndex(_) => relation::alter(cx, node, ObjectKind::Index),
        S::AlterMaterializedView(_) => relation::alter(cx, node, ObjectKind::MaterializedView),
        S::AlterPolicy(_) => policy::alter_policy(cx, node),
        S::AlterPublication(_) => object::alter_publication(cx, node),
        S::AlterRole(_) | S::AlterUser(_) => role::alter(cx, node),
        S::AlterRule(_) => object::alter_on_table(cx, node, ObjectKind::Rule, K::RULE_REF),
        S::AlterSchema(_) => object::alter(cx, node, ObjectKind::Schema, K::SCHEMA_REF),
        S::AlterSequence(_) => relation::alter(cx, node, ObjectKind::Sequence),
        S::AlterTable(_) => relation::alter(cx, node, ObjectKind::Table),
        S::AlterTrigger(_) => object::alter_on_table(cx, node, ObjectKind::Trigger, K::TRIGGER_REF),
        S::AlterType(_) => types::alter_type(cx, node),
        S::AlterView(_) => relation::alter(cx, node, ObjectKind::View),
        S::Begin(_)
        | S::PrepareTransaction(_)
        | S::ReleaseSavepoint(_)
        | S::SavepointCreate(_)
        | S::SetConstraints(_)
        | S::SetTransaction(_)
        | S::Commit(_)
        | S::Rollback(_) => role::transaction(node),
        S::Call(_) => call(cx, node),
        S::CommentOn(_) => object::comment(cx, node),
        S::CompoundSelect(_) | S::ParenSelect(_) | S::Select(_) | S::SelectInto(_) | S::Table(_) | S::Values(_) => {
            storage::select(cx, node)
        }
        S::CreateAggregate(_) => routine::create_aggregate(cx, node),
        S::CreateDomain(_) => types::create_domain(cx, node),
        S::CreateEventTrigger(_) => policy::create_event_trigger(cx, node),
        S::CreateExtension(_) => object::create_extension(node),
        S::CreateForeignTable(_) | S::CreateTable(_) => table::create(cx, node),
        S::CreateFunction(_) | S::CreateProcedure(_) => routine::create(cx, node),
        S::CreateGroup(_) | S::CreateRole(_) | S::CreateUser(_) => role::create(cx, node),
        S::CreateIndex(_) => storage::create_index(cx, node),
        S::CreateMaterializedView(_) | S::CreateView(_) => storage::create_view(cx, node),
        S::CreatePolicy(_) => policy::create_policy(cx, node),
        S::CreatePublication(_) => object::create_publication(cx, node),
        S::CreateRule(_) => policy::create_rule(cx, node),
        S::CreateSchema(_) => object::create_schema(cx, node),
        S::CreateSequence(_) => storage::create_sequence(cx, node),
        S::CreateTableAs(_) => storage::create_table_as(cx, node),
        S::CreateTrigger(_) => policy::create_trigger(cx, node),
        S::CreateType(_) => types::create_type(cx, node),
        S::Delete(_) | S::Insert(_) | S::Merge(_) | S::Update(_) => dml(cx, node),
        S::Do(_) => routine::anonymous(cx, node),
        S::DropAggregate(_) => object::drop_routine(cx, node, ObjectKind::Aggregate),
        S::DropDomain(_) => object::drop(cx, node, ObjectKind::Domain, K::DOMAIN_REF),
        S::DropEventTrigger(_) => object::drop(cx, node, ObjectKind::EventTrigger, K::EVENT_TRIGGER_REF),
        S::DropExtension(_) => object::drop(cx, node, ObjectKind::Extension, K::EXTENSION_REF),
        S::DropForeignTable(_) => object::drop(cx, node, ObjectKind::ForeignTable, K::TABLE_NAME_REF),
        S::DropFunction(_) => object::drop_routine(cx, node, ObjectKind::Function),
        S::DropGroup(_) | S::DropRole(_) | S::DropUser(_) => object::drop(cx, node, ObjectKind::Role, K::ROLE_REF),
        S::DropIndex(_) => object::drop(cx, node, ObjectKind::Index, K::INDEX_REF),
        S::DropMaterializedView(_) => object::drop(cx, node, ObjectKind::MaterializedView, K::VIEW_REF),
        S::DropOwned(_) => StatementKind::DropOwned { roles: parts::roles(node), cascade: parts::cascade(node) },
        S::DropPolicy(_) => object::drop_on_table(cx, node, ObjectKind::Policy, K::POLICY_REF),
        S::DropProcedure(_) => object::drop_routine(cx, node, ObjectKind::Procedure),
        S::DropPublication(_) => object::drop(cx, node, ObjectKind::Publication, K::PUBLICATION_REF),
        S::DropRoutine(_) => object::drop_routine(cx, node, ObjectKind::Routine),
        S::DropRule(_) => object::drop_on_table(cx, node, ObjectKind::Rule, K::RULE_REF),
        S::DropSchema(_) => object::drop(cx, node, ObjectKind::Schema, K::SCHEMA_REF),
        S::DropSequence(_) => object::drop(cx, node, ObjectKind::Sequence, K::SEQUENCE_REF),
        S::DropTable(_) => object::drop(cx, node, ObjectKind::Table, K::TABLE_NAME_REF),
        S::DropTrigger(_) => object::drop_on_table(cx, node, ObjectKind::Trigger, K::TRIGGER_REF),
        S::DropType(_) => object::drop(cx, node, ObjectKind::Type, K::TYPE_NAME_REF),
        S::DropView(_) => object::drop(cx, node, ObjectKind::View, K::VIEW_REF),
        S::Execute(_) => StatementKind::ExecutePrepared { name: parts::ident(node, K::PREPARED_STATEMENT_REF) },
        S::Explain(_) => explain(cx, node),
        S::Grant(_) => privilege::grant(cx, node),
        S::Prepare(_) => prepare(cx, node),
        S::Reassign(_) => privilege::reassign(node),
        S::Refresh(_) => StatementKind::RefreshView(parts::name(cx, node, K::VIEW_REF)),
        S::Reset(_) => role::reset(node),
        S::ResetRole(_) => StatementKind::SetRole { local: false, role: None },
        S::ResetSessionAuth(_) => StatementKind::SetSessionAuthorization { local: false, role: None },
        S::Revoke(_) => privilege::revoke(cx, node),
        S::Set(_) => role::set(node),
        S::SetRole(_) => role::set_role(node),
        S::SetSessionAuth(_) => role::set_session_authorization(node),
        S::Truncate(_) => truncate(cx, node),
        S::Copy(copy) => StatementKind::Copy(Box::new(lower_query::copy(cx, copy))),
        S::Discard(_) if parts::has(node, K::DISCARD_ALL) => StatementKind::Opaque("DISCARD ALL"),
        S::Discard(_) => StatementKind::NoEffect("DISCARD"),
        S::EmptyStmt(_) => StatementKind::NoEffect(""),
        S::AlterCollation(_) => StatementKind::NoEffect("ALTER COLLATION"),
        S::AlterConversion(_) => StatementKind::NoEffect("ALTER CONVERSION"),
        S::AlterForeignDataWrapper(_) => StatementKind::NoEffect("ALTER FOREIGN DATA WRAPPER"),
        S::AlterLanguage(_) => StatementKind::NoEffect("ALTER LANGUAGE"),
        S::AlterLargeObject(_) => StatementKind::NoEffect("ALTER LARGE OBJECT"),
        S::AlterOperator(_) => StatementKind::NoEffect("ALTER OPERATOR"),
        S::AlterOperatorClass(_) => StatementKind::NoEffect("ALTER OPERATOR CLASS"),
        S::AlterOperatorFamily(_) => StatementKind::NoEffect("ALTER OPERATOR FAMILY"),
        S::AlterPropertyGraph(_) => StatementKind::Opaque("ALTER PROPERTY GRAPH"),
        S::AlterServer(_) => StatementKind::NoEffect("ALTER SERVER"),
        S::AlterStatistics(_) => StatementKind::NoEffect("ALTER STATISTICS"),
        S::AlterSubscription(_) => StatementKind::NoEffect("ALTER SUBSCRIPTION"),
        S::AlterSystem(_) => StatementKind::Opaque("ALTER SYSTEM"),
        S::AlterTablespace(_) => StatementKind::NoEffect("ALTER TABLESPACE"),
        S::AlterTextSearchConfiguration(_) => StatementKind::NoEffect("ALTER TEXT SEARCH CONFIGURATION"),
        S::AlterTextSearchDictionary(_) => StatementKind::NoEffect("ALTER TEXT SEARCH DICTIONARY"),
        S::AlterTextSearchParser(_) => StatementKind::NoEffect("ALTER TEXT SEARCH PARSER"),
        S::AlterTextSearchTemplate(_) => StatementKind::NoEffect("ALTER TEXT SEARCH TEMPLATE"),
        S::AlterUserMapping(_) => StatementKind::NoEffect("ALTER USER MAPPING"),
        S::Analyze(_) => StatementKind::NoEffect("ANALYZE"),
        S::Checkpoint(_) => StatementKind::NoEffect("CHECKPOINT"),
        S::Close(_) => StatementKind::NoEffect("CLOSE CURSOR"),
        S::Cluster(_) => StatementKind::NoEffect("CLUSTER"),
        S::CreateAccessMethod(_) => StatementKind::NoEffect("CREATE ACCESS METHOD"),
        S::CreateCast(_) => StatementKind::NoEffect("CREATE CAST"),
        S::CreateCollation(_) => StatementKind::NoEffect("CREATE COLLATION"),
        S::CreateConversion(_) => StatementKind::NoEffect("CREATE CONVERSION"),
        S::CreateDatabase(_) => StatementKind::NoEffect("CREATE DATABASE"),
        S::CreateForeignDataWrapper(_) => StatementKind::NoEffect("CREATE FOREIGN DATA WRAPPER"),
        S::CreateLanguage(_) => StatementKind::NoEffect("CREATE LANGUAGE"),
        S::CreateOperator(_) => StatementKind::NoEffect("CREATE OPERATOR"),
        S::CreateOperatorClass(_) => StatementKind::NoEffect("CREATE OPERATOR CLASS"),
        S::CreateOperatorFamily(_) => StatementKind::NoEffect("CREATE OPERATOR FAMILY"),
        S::CreatePropertyGraph(_) => StatementKind::Opaque("CREATE PROPERTY GRAPH"),
        S::CreateServer(_) => StatementKind::NoEffect("CREATE SERVER"),
        S::CreateStatistics(_) => StatementKind::NoEffect("CREATE STATISTICS"),
        S::CreateSubscription(_) => StatementKind::NoEffect("CREATE SUBSCRIPTION"),
        S::CreateTablespace(_) => StatementKind::NoEffect("CREATE TABLESPACE"),
        S::CreateTextSearchConfiguration(_) => StatementKind::NoEffect("CREATE TEXT SEARCH CONFIGURATION"),
        S::CreateTextSearchDictionary(_) => StatementKind::NoEffect("CREATE TEXT SEARCH DICTIONARY"),
        S::CreateTextSearchParser(_) => StatementKind::NoEffect("CREATE TEXT SEARCH PARSER"),
        S::CreateTextSearchTemplate(_) => StatementKind::NoEffect("CREATE TEXT SEARCH TEMPLATE"),
        S::CreateTransform(_) => StatementKind::NoEffect("CREATE TRANSFORM"),
        S::CreateUserMapping(_) => StatementKind::NoEffect("CREATE USER MAPPING"),
        S::Deallocate(_) => StatementKind::NoEffect("DEALLOCATE"),
        S::Declare(_) => StatementKind::NoEffect("DECLARE CURSOR"),
        S::DropAccessMethod(_) => object::drop_other(node, "DROP ACCESS METHOD"),
        S::DropCast(_) => object::drop_other(node, "DROP CAST"),
        S::DropCollation(_) => object::drop_other(node, "DROP COLLATION"),
        S::DropConversion(_) => object::drop_other(node, "DROP CONVERSION"),
        S::DropDatabase(_) => StatementKind::Opaque("DROP DATABASE"),
        S::DropForeignDataWrapper(_) => object::drop_other(node, "DROP FOREIGN DATA WRAPPER"),
        S::DropLanguage(_) => object::drop_other(node, "DROP LANGUAGE"),
        S::DropOperator(_) => object::drop_other(node, "DROP OPERATOR"),
        S::DropOperatorClass(_) => object::drop_other(node, "DROP OPERATOR CLASS"),
        S::DropOperatorFamily(_) => object::drop_other(node, "DROP OPERATOR FAMILY"),
        S::DropPropertyGraph(_) => StatementKind::Opaque("DROP PROPERTY GRAPH"),
        S::DropServer(_) => object::drop_other(node, "DROP SERVER"),
        S::DropStatistics(_) => object::drop_other(node, "DROP STATISTICS"),
        S::DropSubscription(_) => object::drop_other(node, "DROP SUBSCRIPTION"),
        S::DropTablespace(_) => object::drop_other(node, "DROP TABLESPACE"),
        S::DropTextSearchConfig(_) => object::drop_other(node, "DROP TEXT SEARCH CONFIGURATION"),
        S::DropTextSearchDict(_) => object::drop_other(node, "DROP TEXT SEARCH DICTIONARY"),
        S::DropTextSearchParser(_) => object::drop_other(node, "DROP TEXT SEARCH PARSER"),
        S::DropTextSearchTemplate(_) => object::drop_other(node, "DROP TEXT SEARCH TEMPLATE"),
        S::DropTransform(_) => object::drop_other(node, "DROP TRANSFORM"),
        S::DropUserMapping(_) => object::drop_other(node, "DROP USER MAPPING"),
        S::Fetch(_) => StatementKind::NoEffect("FETCH"),
        S::ImportForeignSchema(_) => StatementKind::Opaque("IMPORT FOREIGN SCHEMA"),
        S::Listen(_) => StatementKind::NoEffect("LISTEN"),
        S::Load(_) => StatementKind::Opaque("LOAD"),
        S::Lock(_) => StatementKind::NoEffect("LOCK TABLE"),
        S::Move(_) => StatementKind::NoEffect("MOVE"),
        S::Notify(_) => StatementKind::NoEffect("NOTIFY"),
        S::Reindex(_) => StatementKind::NoEffect("REINDEX"),
        S::Repack(_) => StatementKind::NoEffect("REPACK"),
        S::SecurityLabel(_) => StatementKind::NoEffect("SECURITY LABEL"),
        S::Show(_) => StatementKind::NoEffect("SHOW"),
        S::Unlisten(_) => StatementKind::NoEffect("UNLISTEN"),
        S::Vacuum(_) => StatementKind::NoEffect("VACUUM"),
    }
}

/// A statement inside another.
fn nested(cx: &Cx, stmt: &Stmt) -> Statement {
    Statement { span: cx.span(stmt.syntax()), kind: statement(cx, stmt) }
}

fn dml(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    lower_query::dml(cx, node).map_or(StatementKind::Opaque("DML"), |dml| StatementKind::Dml(Box::new(dml)))
}

fn truncate(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let list = tree::child(node, K::TABLE_LIST);
    let tables = list.iter().flat_map(|list| tree::children_of(list, K::TABLE_RELATION_NAME));
    let tables = tables.map(|table| parts::relation(cx, &table)).collect();
    StatementKind::Truncate { tables, cascade: parts::cascade(node) }
}

fn call(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let low = Low::new(cx);
    match tree::child(node, K::ARG_LIST) {
        Some(list) => {
            let call = low.plain_call(parts::name(cx, node, K::PROCEDURE_NAME_REF), node, &list);
            StatementKind::Call(low.at(node, super::ast::ExprKind::Call(Box::new(call))))
        }
        None => StatementKind::Opaque("CALL"),
    }
}

/// Only `ANALYZE` runs the statement.
fn explain(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let listed = node.descendants().filter(|inner| inner.kind() == K::EXPLAIN_OPTION).any(|option| {
        let name = parts::ident(&option, K::EXPLAIN_OPTION_NAME);
        let off = cx::words(&option).last().is_some_and(|value| {
            let value = value.text().trim_matches('\'').to_ascii_lowercase();
            matches!(value.as_str(), "false" | "off" | "no" | "0")
        });
        matches!(name.as_str(), "analyze" | "analyse") && !off
    });
    let analyze = listed || parts::has(node, K::EXPLAIN_ANALYZE);
    match node.children().find_map(Stmt::cast) {
        Some(stmt) => StatementKind::Explain { analyze, statement: Box::new(nested(cx, &stmt)) },
        None => StatementKind::Opaque("EXPLAIN"),
    }
}

fn prepare(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let name = parts::ident(node, K::PREPARED_STATEMENT);
    match node.children().find_map(Stmt::cast) {
        Some(stmt) => StatementKind::Prepare { name, statement: Box::new(nested(cx, &stmt)) },
        None => StatementKind::Opaque("PREPARE"),
    }
}

/// `RETURN x` of an SQL body, which means `SELECT x`.
fn returned(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let columns = parts::expr(cx, node).map(|expr| SelectItem { expr, alias: None });
    let select = Select {
        distinct: false,
        columns: columns.into_iter().collect(),
        into: Vec::new(),
        from: Vec::new(),
        filter: None,
        group_by: Vec::new(),
        having: None,
    };
    let body = QueryBody::Select(Box::new(select));
    StatementKind::Select(Box::new(Query { body, ..lower_query::unknown(cx.span(node)) }))
}
