//! CEL expressions and message templates, compiled once when the rule is loaded.

use std::sync::{Arc, LazyLock};

use cel::common::types::{CelBool, CelInt, CelList, CelString};
use cel::common::value::Val;
use cel::{Context, Env, ExecutionError, Program};

use super::quick::Quick;
use super::typing::{Checker, Names, Type};
use super::value::Value;

/// The functions rules may call: CEL's own and its string extension.
static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    // Fails only where an overload is declared twice, which a test would show at once.
    let _ = env.add_extension(cel::extensions::strings);
    Arc::new(env)
});

/// A context to evaluate in; costs little.
#[must_use]
pub fn context<'v>() -> Context<'static, 'v> {
    Context::with_env(Arc::clone(&ENV))
}

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Expression {
    /// As written.
    pub text: String,
    /// Positions, in the target's field list, of the fields it uses.
    pub fields: Vec<usize>,
    program: Arc<Program>,
    quick: Quick,
}

/// What an expression came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    /// A value.
    Known(T),
    /// It hangs on a fact that is not known.
    Unknown,
    /// The rule is wrong in a way the check at load cannot see (an index out of bounds, a division by zero).
    Failed(String),
}

impl Expression {
    pub(super) fn compile(text: &str, names: &Names<'_>) -> Result<(Self, Type), String> {
        let program =
            ENV.compile(&escape_reserved(text.trim())).map_err(|errors| parse_message(&errors.to_string()))?;
        let mut checker = Checker::new(names);
        let ty = checker.check(program.expression())?;
        let fields = checker.used.into_iter().collect();
        let quick = Quick::of(program.expression(), names.target);
        Ok((Self { text: text.trim().to_owned(), fields, program: Arc::new(program), quick }, ty))
    }

    /// Compiles a condition.
    pub(super) fn condition(text: &str, names: &Names<'_>) -> Result<Self, String> {
        let (expression, ty) = Self::compile(text, names)?;
        if ty.fits(&Type::Bool) {
            Ok(expression)
        } else {
            Err(format!("must be a condition, this is a {}", ty.words()))
        }
    }

    /// Evaluates a condition. Unknown facts are absent from `context`; CEL lets `false && unknown` be false and
    /// `true || unknown` be true, whatever the order.
    #[must_use]
    pub fn test(&self, context: &Context<'_, '_>) -> Outcome<bool> {
        match cel::Value::resolve_val(self.program.expression(), context) {
            Ok(value) => match value.downcast_ref::<CelBool>() {
                Some(value) => Outcome::Known(*value.inner()),
                None => Outcome::Failed("not a condition".to_owned()),
            },
            Err(error) => failure(&error),
        }
    }

    /// What the condition comes to where its plain parts decide, without evaluating the rest; `value` gives known
    /// fields by position.
    #[must_use]
    pub fn decide<'v>(&self, value: &dyn Fn(usize) -> Option<&'v Value>) -> Option<bool> {
        self.quick.decide(value)
    }

    /// Evaluates to text for a message.
    #[must_use]
    pub fn text(&self, context: &Context<'_, '_>) -> Outcome<String> {
        match cel::Value::resolve_val(self.program.expression(), context) {
            Ok(value) => Outcome::Known(printed(value.as_ref())),
            Err(error) => failure(&error),
        }
    }
}

fn failure<T>(error: &ExecutionError) -> Outcome<T> {
    match error {
        ExecutionError::UndeclaredReference(_) => Outcome::Unknown,
        other => Outcome::Failed(other.to_string()),
    }
}

/// A value as it stands in a message: lists joined by commas.
fn printed(value: &dyn Val) -> String {
    if let Some(text) = value.downcast_ref::<CelString>() {
        return text.inner().to_owned();
    }
    if let Some(number) = value.downcast_ref::<CelInt>() {
        return number.inner().to_string();
    }
    if let Some(truth) = value.downcast_ref::<CelBool>() {
        return truth.inner().to_string();
    }
    match value.downcast_ref::<CelList>() {
        // Lists of lists do not occur: the schema has none and the checker lets none be made from it but by hand.
        Some(list) => {
            let items = list.inner().iter().filter_map(|item| item.downcast_ref::<CelString>());
            items.map(|item| item.inner().to_owned()).collect::<Vec<_>>().join(", ")
        }
        None => String::new(),
    }
}

/// `function` is a reserved word of CEL and cannot be a name; it is written `__function__` for the parser, as Kubernetes
/// does for such words. Texts in quotes stay as they are.
fn escape_reserved(text: &str) -> String {
    let (mut out, mut rest, mut quote) = (String::with_capacity(text.len()), text, None);
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    while let Some(c) = rest.chars().next() {
        let length = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        let (piece, tail) = rest.split_at(if length == 0 { c.len_utf8() } else { length });
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            _ => {}
        }
        out.push_str(if quote.is_none() && piece == "function" { RESERVED_ROOT } else { piece });
        rest = tail;
    }
    out
}

/// What the parser and the evaluation see for the target `function`.
const RESERVED_ROOT: &str = "__function__";

/// The name of a target as CEL evaluates it.
#[must_use]
pub fn cel_root(target: &str) -> &str {
    if target == "function" { RESERVED_ROOT } else { target }
}

/// The parser's own message without its position header and code frame.
fn parse_message(full: &str) -> String {
    let line = full.lines().next().unwrap_or("does not parse");
    let message = line.rsplit_once(": ").map_or(line, |(_, tail)| tail);
    let message = message.split(" expecting ").next().unwrap_or(message);
    format!("does not parse: {}", message.replace("'<EOF>'", "at the end"))
}

/// A message with expressions in braces.
#[derive(Debug, Clone)]
pub struct Template {
    parts: Vec<Part>,
    /// As written.
    pub text: String,
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Expression(Expression),
}

impl Template {
    pub(super) fn compile(text: &str, names: &Names<'_>) -> Result<Self, String> {
        let mut parts = Vec::new();
        let (mut literal, mut rest) = (String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let brace = &rest[at..];
            if brace.starts_with("{{") || brace.starts_with("}}") {
                literal.push_str(&brace[..1]);
                rest = &brace[2..];
            } else if brace.starts_with('}') {
                return Err("a `}` without its `{`; write `}}` for a brace".to_owned());
            } else {
                let end = closing_brace(brace).ok_or("a `{` without its `}`; write `{{` for a brace")?;
                parts.push(Part::Text(std::mem::take(&mut literal)));
                let (expression, _) = Expression::compile(&brace[1..end], names)
                    .map_err(|error| format!("in `{}`: {error}", &brace[..=end]))?;
                parts.push(Part::Expression(expression));
                rest = &brace[end + 1..];
            }
        }
        literal.push_str(rest);
        parts.push(Part::Text(literal));
        Ok(Self { parts, text: text.to_owned() })
    }

    /// Positions of the fields it uses.
    pub fn fields(&self) -> impl Iterator<Item = usize> {
        self.parts
            .iter()
            .flat_map(|part| match part {
                Part::Text(_) => &[][..],
                Part::Expression(expression) => &expression.fields[..],
            })
            .copied()
    }

    /// What stands between the expressions, as written.
    pub(super) fn literals(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Expression(_) => None,
        })
    }

    /// The text where every expression is known; nothing otherwise.
    pub(super) fn known(&self, context: &Context<'_, '_>) -> Option<String> {
        let part = |part: &Part| match part {
            Part::Text(text) => Some(text.clone()),
            Part::Expression(expression) => match expression.text(context) {
                Outcome::Known(text) => Some(text),
                Outcome::Unknown | Outcome::Failed(_) => None,
            },
        };
        self.parts.iter().map(part).collect()
    }

    /// The message; what is unknown says so.
    #[must_use]
    pub fn render(&self, context: &Context<'_, '_>) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Expression(expression) => match expression.text(context) {
                Outcome::Known(text) => text,
                // An aside that is made under a condition only is not made where that is unknown.
                Outcome::Unknown if expression.text.ends_with(": ''") => String::new(),
                Outcome::Unknown | Outcome::Failed(_) => "(unknown)".to_owned(),
            },
        };
        self.parts.iter().map(part).collect()
    }
}

/// The byte position of the `}` that closes the `{` at the start, quotes respected.
fn closing_brace(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0u32, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth == 1 => return Some(at),
            (None, '}') => depth -= 1,
            _ => {}
        }
    }
    None
}
