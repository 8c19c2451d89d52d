//! Checks a CEL expression before it runs: every name against the schema, every operator against the types of its
//! operands. CEL itself finds such mistakes only when it evaluates, and `typo || true` never.

use std::collections::{BTreeMap, BTreeSet};

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, operators as op};

use super::expression::cel_root;
use super::schema::{CONFIG, Field, FieldType, Target};
use crate::suggest::hint;

/// Expressions nested deeper than this are refused.
const MAX_DEPTH: usize = 200;

/// The type of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Int,
    Double,
    Text,
    List(Box<Type>),
    /// Not known before evaluation.
    Any,
}

impl Type {
    fn of(field: FieldType) -> Self {
        match field {
            FieldType::Bool => Self::Bool,
            FieldType::Int => Self::Int,
            FieldType::String => Self::Text,
            FieldType::Strings => Self::List(Box::new(Self::Text)),
        }
    }

    pub(super) fn words(&self) -> String {
        match self {
            Self::Bool => "bool".into(),
            Self::Int => "int".into(),
            Self::Double => "double".into(),
            Self::Text => "string".into(),
            Self::List(element) if **element == Self::Any => "list".into(),
            Self::List(element) => format!("list of {}s", element.words()),
            Self::Any => "any type".into(),
        }
    }

    /// Whether a value of one may be compared with, or stand for, the other.
    pub(super) fn fits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::Int, Self::Double) | (Self::Double, Self::Int) => true,
            (Self::List(a), Self::List(b)) => a.fits(b),
            (a, b) => a == b,
        }
    }

    /// The more precise of two fitting types.
    fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Any, known) | (known, Self::Any) => known,
            (Self::List(a), Self::List(b)) => Self::List(Box::new(a.join(*b))),
            (known, _) => known,
        }
    }
}

/// What an expression may name.
pub(super) struct Names<'a> {
    /// The rule's target.
    pub target: &'static Target,
    /// The rule's parameters.
    pub params: &'a BTreeMap<String, FieldType>,
    /// What comes out is SQL: only what cannot break out of its place may take part.
    pub sql: bool,
}

/// Types an expression and notes the target's fields it uses.
pub(super) struct Checker<'a> {
    names: &'a Names<'a>,
    locals: Vec<(String, Type)>,
    depth: usize,
    /// Positions of the fields used.
    pub used: BTreeSet<usize>,
}

type Typed = Result<Type, String>;

impl<'a> Checker<'a> {
    pub(super) fn new(names: &'a Names<'a>) -> Self {
        Self { names, locals: Vec::new(), depth: 0, used: BTreeSet::new() }
    }

    pub(super) fn check(&mut self, expr: &IdedExpr) -> Typed {
        if self.depth >= MAX_DEPTH {
            return Err(format!("nested deeper than {MAX_DEPTH} levels"));
        }
        self.depth += 1;
        let result = self.dispatch(expr);
        self.depth -= 1;
        result
    }

    fn dispatch(&mut self, expr: &IdedExpr) -> Typed {
        match &expr.expr {
            Expr::Literal(literal) => {
                if self.names.sql {
                    sql_literal(literal)?;
                }
                literal_type(literal)
            }
            Expr::Ident(name) => self.ident(plain(name)),
            Expr::Select(select) if select.test => {
                Err("has() is not needed: every field is there, and an unknown one makes no claim".into())
            }
            Expr::Select(_) => self.path(&expr.expr),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                let mut element = Type::Any;
                for item in &list.elements {
                    let next = self.check(item)?;
                    expect_fit(&element, &next, "a list")?;
                    element = element.join(next);
                }
                Ok(Type::List(Box::new(element)))
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Map(_) | Expr::Struct(_) => Err("maps and structs have no use here".into()),
            Expr::Unspecified => Err("empty expression".into()),
        }
    }

    fn ident(&mut self, name: &str) -> Typed {
        if let Some((_, ty)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return Ok(ty.clone());
        }
        if name == self.names.target.name || name == "config" || name == "params" {
            return Err(format!("`{name}` is not a value by itself, name one of its fields"));
        }
        let roots = [self.names.target.name, "config", "params"];
        let locals = self.locals.iter().map(|(local, _)| local.as_str());
        let hint = hint(name, locals.chain(roots));
        if Target::find(name).is_some() {
            return Err(format!("`{name}` is not there: the rule's target is `{}`", self.names.target.name));
        }
        Err(format!("unknown name `{name}`{hint}"))
    }

    /// `policy.using.always_true`, `config.exposed_schemas`, `params.roles`.
    fn path(&mut self, expr: &Expr) -> Typed {
        let Some((root, path)) = segments(expr) else {
            return Err("only fields can be selected with a dot".into());
        };
        if self.locals.iter().any(|(local, _)| *local == root) {
            return Err(format!("`{root}` has no fields, so not `{root}.{path}`"));
        }
        if self.names.sql && root != self.names.target.name {
            return Err(format!("a fix speaks of the `{}` only, not of `{root}.{path}`", self.names.target.name));
        }
        match root.as_str() {
            "config" => {
                let field = CONFIG.iter().find(|field| field.path == path);
                let known = CONFIG.iter().map(|field| field.path);
                field.map(|field| Type::of(field.ty)).ok_or_else(|| unknown_field(&root, &path, known))
            }
            "params" => {
                let found = self.names.params.get(&path).map(|ty| Type::of(*ty));
                found.ok_or_else(|| unknown_field(&root, &path, self.names.params.keys().map(String::as_str)))
            }
            _ if root == self.names.target.name => self.field(&root, &path),
            _ => self.ident(&root),
        }
    }

    fn field(&mut self, root: &str, path: &str) -> Typed {
        let target = self.names.target;
        let Some(position) = target.position(path) else {
            let inner = target.fields.iter().filter_map(|f| f.path.strip_prefix(path)?.strip_prefix('.'));
            let inner: Vec<&str> = inner.collect();
            if !inner.is_empty() {
                return Err(format!("`{root}.{path}` is not a value by itself, it has: {}", inner.join(", ")));
            }
            return Err(unknown_field(root, path, target.fields.iter().map(|field| field.path)));
        };
        let text = |field: &Field| matches!(field.ty, FieldType::String | FieldType::Strings);
        let is_text = target.fields.get(position).is_some_and(text);
        if self.names.sql && is_text && super::fix::form(target.name, path).is_none() {
            return Err(format!("`{root}.{path}` is no name and no keyword, so it cannot stand in SQL"));
        }
        self.used.insert(position);
        Ok(target.fields.get(position).map_or(Type::Any, |field| Type::of(field.ty)))
    }

    fn call(&mut self, call: &CallExpr) -> Typed {
        if self.names.sql && CUTTING.contains(&call.func_name.as_str()) {
            return Err(format!("`{}` would cut through quoted names, so a fix cannot call it", call.func_name));
        }
        let mut args = Vec::new();
        if let Some(target) = &call.target {
            args.push(self.check(target)?);
        }
        for arg in &call.args {
            args.push(self.check(arg)?);
        }
        call_type(&call.func_name, call.target.is_some(), &args)
    }

    fn comprehension(&mut self, it: &ComprehensionExpr) -> Typed {
        let element = match self.check(&it.iter_range)? {
            Type::List(element) => *element,
            Type::Any => Type::Any,
            other => {
                return Err(format!("all(), exists(), filter() and map() need a list, this is a {}", other.words()));
            }
        };
        if it.iter_var2.is_some() {
            return Err("the two-variable form is for maps, and there are none here".into());
        }
        if self.names.target.name == it.iter_var || it.iter_var == "config" || it.iter_var == "params" {
            return Err(format!("`{}` is taken, choose another variable", it.iter_var));
        }
        let start = self.check(&it.accu_init)?;
        self.locals.push((it.iter_var.clone(), element));
        self.locals.push((it.accu_var.clone(), start.clone()));
        self.check(&it.loop_cond)?;
        let step = self.check(&it.loop_step)?;
        self.locals.pop();
        self.locals.pop();
        self.locals.push((it.accu_var.clone(), start.join(step)));
        let result = self.check(&it.result);
        self.locals.pop();
        result
    }
}

/// Functions that make another text of a text.
const CUTTING: &[&str] = &["split", "replace", "lowerAscii", "upperAscii"];

/// A text written in an expression of a fix may be words and plain punctuation: a quote in it could close a name's.
fn sql_literal(literal: &LiteralValue) -> Result<(), String> {
    let LiteralValue::String(text) = literal else { return Ok(()) };
    let plain = |c: char| c.is_ascii_alphanumeric() || " \n,.()=;_".contains(c);
    match text.inner().chars().find(|c| !plain(*c)) {
        Some(c) => Err(format!("`{c}` cannot stand in a text inside braces; write it outside of them")),
        None => Ok(()),
    }
}

fn literal_type(literal: &LiteralValue) -> Typed {
    match literal {
        LiteralValue::Boolean(_) => Ok(Type::Bool),
        LiteralValue::Int(_) => Ok(Type::Int),
        LiteralValue::Double(_) => Ok(Type::Double),
        LiteralValue::String(_) => Ok(Type::Text),
        LiteralValue::Null => Err("nothing is ever null here: absent texts and lists are empty".into()),
        LiteralValue::UInt(_) => Err("write whole numbers without `u`".into()),
        LiteralValue::Bytes(_) => Err("there are no byte strings here".into()),
    }
}

/// A root as rule files spell it.
fn plain(root: &str) -> &str {
    if root == cel_root("function") { "function" } else { root }
}

/// `a.b.c` as root and rest.
pub(super) fn segments(expr: &Expr) -> Option<(String, String)> {
    let (mut parts, mut at) = (Vec::new(), expr);
    loop {
        match at {
            Expr::Select(select) if !select.test => {
                parts.push(select.field.as_str());
                at = &select.operand.expr;
            }
            Expr::Ident(root) => {
                parts.reverse();
                return Some((plain(root).to_owned(), parts.join(".")));
            }
            _ => return None,
        }
    }
}

fn unknown_field<'n>(root: &str, path: &str, known: impl Iterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.collect();
    // A path is often right but for its prefix: `policy.always_true` for `policy.using.always_true`.
    let tail = known.iter().find(|name| name.rsplit('.').next() == path.rsplit('.').next() && **name != path);
    let hint = match tail {
        Some(name) => format!("; did you mean `{root}.{name}`?"),
        None => hint(path, known).replace("did you mean `", &format!("did you mean `{root}.")),
    };
    format!("unknown field `{root}.{path}`{hint}")
}

fn expect_fit(a: &Type, b: &Type, place: &str) -> Result<(), String> {
    if a.fits(b) { Ok(()) } else { Err(format!("{} and {} do not go together in {place}", a.words(), b.words())) }
}

/// Functions and methods rules may call, besides the operators.
const FUNCTIONS: &[&str] = &[
    "size",
    "string",
    "int",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "join",
    "lowerAscii",
    "upperAscii",
    "split",
    "replace",
    "exists",
    "all",
    "filter",
    "map",
    "exists_one",
];

fn call_type(name: &str, method: bool, args: &[Type]) -> Typed {
    let texts = |count: usize| args.len() == count && args.iter().all(|arg| arg.fits(&Type::Text));
    let sized = |arg: &Type| matches!(arg, Type::Text | Type::List(_) | Type::Any);
    let found = match (name, method, args) {
        ("size", _, [arg]) if sized(arg) => Some(Type::Int),
        ("string", false, [arg]) if !matches!(arg, Type::List(_)) => Some(Type::Text),
        ("int", false, [arg]) if !matches!(arg, Type::List(_)) => Some(Type::Int),
        ("contains" | "startsWith" | "endsWith" | "matches", true, _) if texts(2) => Some(Type::Bool),
        ("join", true, [list, separator]) if list.fits(&list_of_texts()) && separator.fits(&Type::Text) => {
            Some(Type::Text)
        }
        ("lowerAscii" | "upperAscii", true, _) if texts(1) => Some(Type::Text),
        ("split", true, _) if texts(2) => Some(list_of_texts()),
        ("replace", true, _) if texts(3) => Some(Type::Text),
        _ => return operator_type(name, args),
    };
    found.ok_or_else(|| mismatch(name, args))
}

fn list_of_texts() -> Type {
    Type::List(Box::new(Type::Text))
}

fn operator_type(name: &str, args: &[Type]) -> Typed {
    let bools = args.iter().all(|arg| arg.fits(&Type::Bool));
    let number = |arg: &Type| matches!(arg, Type::Int | Type::Double | Type::Any);
    let typed = match (name, args) {
        (op::LOGICAL_AND | op::LOGICAL_OR, [_, _]) | (op::LOGICAL_NOT, [_]) if bools => Some(Type::Bool),
        (op::NOT_STRICTLY_FALSE, [_]) => Some(Type::Bool),
        (op::CONDITIONAL, [test, a, b]) if test.fits(&Type::Bool) && a.fits(b) => Some(a.clone().join(b.clone())),
        (op::EQUALS | op::NOT_EQUALS, [a, b]) if a.fits(b) => Some(Type::Bool),
        (op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS, [a, b])
            if a.fits(b) && !matches!(a, Type::List(_) | Type::Bool) =>
        {
            Some(Type::Bool)
        }
        (op::IN, [item, Type::List(element)]) if item.fits(element) => Some(Type::Bool),
        (op::IN, [_, Type::Any]) => Some(Type::Bool),
        (op::ADD, [a, b]) if a.fits(b) && *a != Type::Bool => Some(a.clone().join(b.clone())),
        (op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO, [a, b]) if number(a) && number(b) => {
            Some(a.clone().join(b.clone()))
        }
        (op::NEGATE, [a]) if number(a) => Some(a.clone()),
        (op::INDEX, [Type::List(element), index]) if index.fits(&Type::Int) => Some((**element).clone()),
        _ => None,
    };
    typed.ok_or_else(|| mismatch(name, args))
}

fn mismatch(name: &str, args: &[Type]) -> String {
    let operator = name.trim_start_matches('@').trim_matches('_');
    let is_operator = name.contains('_') && name != "exists_one" || name.starts_with('@');
    if !is_operator && !FUNCTIONS.contains(&name) {
        return format!("unknown function `{name}`{}", hint(name, FUNCTIONS.iter().copied()));
    }
    let types: Vec<String> = args.iter().map(Type::words).collect();
    format!("`{operator}` does not take {}", types.join(" and "))
}
