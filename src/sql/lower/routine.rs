//! Functions, procedures and aggregates.

use squawk_syntax::SyntaxKind as K;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{AstNode, FuncOption, Stmt};

use super::parts::{self, has, ident, name, string};
use crate::catalog::ObjectKind;
use crate::sql::ast::{
    CreateFunction, FunctionAction, FunctionBody, Name, Param, ParamMode, RoutineRef, SettingAction, Statement,
    StatementKind, TypeName, Volatility,
};
use crate::sql::cx::{self, Cx};
use crate::sql::tree;

pub(super) fn create(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let procedure = node.kind() == K::CREATE_PROCEDURE;
    let returns = tree::child(node, K::RET_TYPE);
    let table = returns.as_ref().and_then(|returns| tree::child(returns, K::RETURN_TABLE_ARG_LIST));
    let columns = table.iter().flat_map(|list| tree::children_of(list, K::RETURN_TABLE_COLUMN));
    let mut function = CreateFunction {
        name: name(cx, node, if procedure { K::PROCEDURE_NAME } else { K::FUNCTION_NAME }),
        procedure,
        or_replace: parts::or_replace(node),
        params: params(cx, node),
        returns: returns.as_ref().and_then(parts::ty),
        returns_table: columns.map(|column| parts::typed_column(&column, K::COLUMN_NAME)).collect(),
        language: String::new(),
        volatility: Volatility::Volatile,
        security_definer: false,
        strict: false,
        leakproof: false,
        settings: Vec::new(),
        body: FunctionBody::External,
    };
    for option in options(node) {
        apply(cx, &mut function, &option);
    }
    body(cx, node, &mut function);
    StatementKind::CreateFunction(Box::new(function))
}

fn options(node: &SyntaxNode) -> Vec<FuncOption> {
    let list = tree::child(node, K::FUNC_OPTION_LIST);
    list.iter().flat_map(SyntaxNode::children).filter_map(FuncOption::cast).collect()
}

fn apply(cx: &Cx, function: &mut CreateFunction, option: &FuncOption) {
    if let FuncOption::AsFuncOption(option) = option {
        let text = tree::child(option.syntax(), K::AS_DEFINITION).and_then(|body| cx.body(&body));
        function.body = text.map_or(FunctionBody::External, FunctionBody::Text);
        return;
    }
    if let FuncOption::LanguageFuncOption(option) = option {
        function.language = language(option.syntax()).unwrap_or_default();
        return;
    }
    match action(option) {
        FunctionAction::SecurityDefiner(definer) => function.security_definer = definer,
        FunctionAction::Volatility(volatility) => function.volatility = volatility,
        FunctionAction::Strict(strict) => function.strict = strict,
        FunctionAction::Leakproof(leakproof) => function.leakproof = leakproof,
        FunctionAction::Setting(setting) => function.settings.push(setting),
        FunctionAction::Rename(_) | FunctionAction::Owner(_) | FunctionAction::SetSchema(_) | FunctionAction::Other => {
        }
    }
}

/// The language named by an identifier or a constant, in lower case.
pub(super) fn language(node: &SyntaxNode) -> Option<String> {
    parts::opt_ident(node, K::LANGUAGE_REF).or_else(|| string(node)).map(|language| language.to_ascii_lowercase())
}

/// `RETURN …` and `BEGIN ATOMIC …` bodies, and what the language says about a quoted one.
fn body(cx: &Cx, node: &SyntaxNode, function: &mut CreateFunction) {
    if let Some(statement) = tree::child(node, K::RETURN_STMT) {
        function.body = parts::expr(cx, &statement).map_or(FunctionBody::External, FunctionBody::Return);
    } else if let Some(atomic) = tree::child(node, K::ATOMIC_BODY) {
        function.body = FunctionBody::Atomic(atomic.children().filter_map(|child| in_body(cx, &child)).collect());
    } else {
        if matches!(function.language.as_str(), "c" | "internal") {
            function.body = FunctionBody::External;
        }
        return;
    }
    if function.language.is_empty() {
        function.language = "sql".to_owned();
    }
}

/// A statement of an atomic body; `RETURN x` is `SELECT x` and stays opaque nowhere: it is a query of one value.
fn in_body(cx: &Cx, node: &SyntaxNode) -> Option<Statement> {
    if node.kind() == K::RETURN_STMT {
        return Some(Statement { span: cx.span(node), kind: super::returned(cx, node) });
    }
    let stmt = Stmt::cast(node.clone()).filter(|stmt| !matches!(stmt, Stmt::EmptyStmt(_)))?;
    Some(super::nested(cx, &stmt))
}

fn params(cx: &Cx, node: &SyntaxNode) -> Vec<Param> {
    let list = tree::child(node, K::PARAM_LIST);
    list.iter()
        .flat_map(SyntaxNode::descendants)
        .filter(|inner| inner.kind() == K::PARAM)
        .map(|node| param(cx, &node))
        .collect()
}

fn param(cx: &Cx, node: &SyntaxNode) -> Param {
    Param {
        name: parts::opt_ident(node, K::PARAM_NAME),
        mode: mode(node),
        ty: parts::ty_or_unknown(node),
        default: parts::expr_in(cx, node, K::PARAM_DEFAULT),
    }
}

fn mode(node: &SyntaxNode) -> ParamMode {
    if has(node, K::PARAM_OUT) {
        ParamMode::Out
    } else if has(node, K::PARAM_IN_OUT) {
        ParamMode::InOut
    } else if has(node, K::PARAM_VARIADIC) {
        ParamMode::Variadic
    } else {
        ParamMode::In
    }
}

pub(super) fn create_aggregate(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    StatementKind::CreateAggregate {
        name: name(cx, node, K::AGGREGATE_NAME),
        args: params(cx, node),
        or_replace: parts::or_replace(node),
    }
}

/// The routine a signature node names.
pub(super) fn reference(cx: &Cx, node: &SyntaxNode) -> RoutineRef {
    let kind = match node.kind() {
        K::PROCEDURE_SIG => ObjectKind::Procedure,
        K::ROUTINE_SIG => ObjectKind::Routine,
        K::AGGREGATE => ObjectKind::Aggregate,
        _ => ObjectKind::Function,
    };
    let target = node.children().find(|child| child.kind() != K::PARAM_LIST);
    RoutineRef {
        kind,
        name: target.map_or_else(|| Name::bare(""), |target| cx.name(&target)),
        args: tree::child(node, K::PARAM_LIST).map(|list| arg_types(&list)),
    }
}

fn arg_types(list: &SyntaxNode) -> Vec<TypeName> {
    let params = list.descendants().filter(|inner| inner.kind() == K::PARAM);
    params.filter(|param| mode(param) != ParamMode::Out).map(|param| parts::ty_or_unknown(&param)).collect()
}

/// All signatures in `node`, in a list or not.
pub(super) fn references(cx: &Cx, node: &SyntaxNode) -> Vec<RoutineRef> {
    let list = node
        .children()
        .find(|child| matches!(child.kind(), K::FUNCTION_SIG_LIST | K::PROCEDURE_SIG_LIST | K::ROUTINE_SIG_LIST));
    list.as_ref().unwrap_or(node).children().filter(is_signature).map(|sig| reference(cx, &sig)).collect()
}

fn is_signature(node: &SyntaxNode) -> bool {
    matches!(node.kind(), K::FUNCTION_SIG | K::PROCEDURE_SIG | K::ROUTINE_SIG | K::AGGREGATE)
}

pub(super) fn alter(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let signature = node.children().find(is_signature);
    let function = reference(cx, &signature.unwrap_or_else(|| node.clone()));
    let mut actions: Vec<FunctionAction> = node.children().filter_map(|child| whole_action(&child)).collect();
    actions.extend(options(node).iter().map(action));
    StatementKind::AlterFunction { function, actions }
}

fn whole_action(node: &SyntaxNode) -> Option<FunctionAction> {
    Some(match node.kind() {
        K::FUNCTION_RENAME_TO => FunctionAction::Rename(ident(node, K::FUNCTION_NAME)),
        K::PROCEDURE_RENAME_TO => FunctionAction::Rename(ident(node, K::PROCEDURE_NAME)),
        K::ROUTINE_RENAME_TO => FunctionAction::Rename(ident(node, K::ROUTINE_NAME)),
        K::AGGREGATE_RENAME_TO => FunctionAction::Rename(ident(node, K::AGGREGATE_NAME)),
        K::OWNER_TO => FunctionAction::Owner(parts::role_in(node)),
        K::SET_SCHEMA => FunctionAction::SetSchema(ident(node, K::SCHEMA_REF)),
        K::DEPENDS_ON_EXTENSION | K::NO_DEPENDS_ON_EXTENSION => FunctionAction::Other,
        _ => return None,
    })
}

fn action(option: &FuncOption) -> FunctionAction {
    use FuncOption as O;
    match option {
        O::SecurityDefinerFuncOption(_) => FunctionAction::SecurityDefiner(true),
        O::SecurityInvokerFuncOption(_) => FunctionAction::SecurityDefiner(false),
        O::VolatilityFuncOption(volatility) => FunctionAction::Volatility(match volatility.syntax().kind() {
            K::IMMUTABLE => Volatility::Immutable,
            K::STABLE => Volatility::Stable,
            _ => Volatility::Volatile,
        }),
        O::StrictFuncOption(_) | O::ReturnsNullOnNullInputFuncOption(_) => FunctionAction::Strict(true),
        O::CalledOnNullInputFuncOption(_) => FunctionAction::Strict(false),
        O::LeakproofFuncOption(_) => FunctionAction::Leakproof(true),
        O::NotLeakproofFuncOption(_) => FunctionAction::Leakproof(false),
        O::SetFuncOption(set) => FunctionAction::Setting(setting(set.syntax())),
        O::ResetFuncOption(reset) => FunctionAction::Setting(parts::setting(reset.syntax())),
        O::AsFuncOption(_)
        | O::CostFuncOption(_)
        | O::LanguageFuncOption(_)
        | O::ParallelFuncOption(_)
        | O::RowsFuncOption(_)
        | O::SupportFuncOption(_)
        | O::TransformFuncOption(_)
        | O::WindowFuncOption(_) => FunctionAction::Other,
    }
}

fn setting(node: &SyntaxNode) -> SettingAction {
    parts::setting(&tree::child(node, K::SET_CONFIG_PARAM).unwrap_or_else(|| node.clone()))
}

/// `DO`.
pub(super) fn anonymous(cx: &Cx, node: &SyntaxNode) -> StatementKind {
    let language = tree::child(node, K::DO_LANGUAGE).and_then(|clause| language(&clause));
    let language = language.unwrap_or_else(|| "plpgsql".to_owned());
    match tree::child(node, K::LITERAL).and_then(|literal| cx.body(&literal)) {
        Some(body) => StatementKind::Do { body, language },
        None => StatementKind::Opaque("DO"),
    }
}

/// The name and string arguments of the function a trigger executes.
pub(super) fn executed(cx: &Cx, node: &SyntaxNode) -> (Name, Vec<String>) {
    let Some(call) = tree::child(node, K::CALL_EXPR) else { return (Name::bare(""), Vec::new()) };
    let target = call.children().find(|child| child.kind() != K::ARG_LIST);
    let args = tree::child(&call, K::ARG_LIST);
    let args = args.iter().flat_map(|list| tree::children_of(list, K::ARG));
    let args = args.map(|arg| cx::string(&arg).unwrap_or_else(|| cx::text(&arg))).collect();
    (target.map_or_else(|| Name::bare(""), |target| cx.name(&target)), args)
}
