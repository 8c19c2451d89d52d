//! The SQL that does what a rule's remediation says: a template like a message, in which every name arrives quoted, so
//! that no name in a database can become a statement of it. It is shown to people and never run by this program.

mod quote;

use std::collections::BTreeMap;

use cel::common::value::CowVal;
use cel::context::VariableResolver;

use super::expression::{Template, cel_root, context};
use super::schema::{FieldType, Target};
use super::typing::Names;
use super::value::Value;
use crate::catalog::ObjectRef;

/// How the text of a field stands in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A name by itself, as it is stored.
    Name,
    /// A name as findings print it: qualified, quoted where folding would change it, with argument types.
    Printed,
    /// A keyword from a list of this program's own.
    Word,
}

/// The form of a field; `None` for texts that are neither names nor keywords.
pub(super) fn form(target: &str, path: &str) -> Option<Form> {
    const PRINTED: &[(&str, &[&str])] = &[
        ("table", &["name", "parents"]),
        ("platform_table", &["name"]),
        ("column", &["table"]),
        ("constraint", &["table", "references"]),
        ("index", &["name", "table"]),
        ("sequence", &["name", "table"]),
        ("policy", &["table"]),
        ("view", &["name"]),
        ("function", &["signature"]),
        ("trigger", &["table", "function"]),
        ("grant", &["object", "table"]),
        ("access", &["relation"]),
        ("change", &["name", "table"]),
    ];
    const NAMES: &[&str] = &[
        "schema",
        "owner",
        "name",
        "column",
        "columns",
        "own_name",
        "primary_key",
        "references_schema",
        "grantee",
        "exposed_to",
        "readable_by",
        "writable_by",
        "executable_by",
        "default_grantees",
        "roles",
        "role",
    ];
    const WORDS: &[&str] =
        &["kind", "object_kind", "type", "command", "commands", "privileges", "write_privileges", "objects"];
    if PRINTED.iter().any(|(known, paths)| *known == target && paths.contains(&path)) {
        return Some(Form::Printed);
    }
    // The type of a column may be anything; that of a constraint or sequence is one of a few words.
    if WORDS.contains(&path) && (target, path) != ("column", "type") && target != "statement" {
        return Some(Form::Word);
    }
    (NAMES.contains(&path) && target != "migration").then_some(Form::Name)
}

/// The template of a rule's `fix`.
#[derive(Debug, Clone)]
pub struct Fix {
    target: &'static Target,
    template: Template,
}

impl Fix {
    /// Compiles a template; a check in code knows the object of a finding and nothing else.
    pub(super) fn compile(text: &str, names: &Names<'_>, of_object_only: bool) -> Result<Self, String> {
        let names = Names { target: names.target, params: names.params, sql: true };
        let template = Template::compile(text.trim(), &names)?;
        template.literals().try_for_each(plain)?;
        let fix = Self { target: names.target, template };
        let own = fix.target.position(object_field(fix.target));
        if of_object_only && fix.fields().any(|field| Some(field) != own) {
            let field = object_field(fix.target);
            return Err(format!(
                "a `check` says of a finding which object it is: use `{}.{field}` only",
                fix.target.name
            ));
        }
        Ok(fix)
    }

    /// As written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.template.text
    }

    /// Positions of the fields it uses.
    pub fn fields(&self) -> impl Iterator<Item = usize> {
        self.template.fields()
    }

    /// The SQL for a subject; nothing where a field is not known, cannot be written as SQL, or the template comes out
    /// empty.
    #[must_use]
    pub fn render(&self, value: &dyn Fn(usize) -> Option<Value>) -> Option<String> {
        let mut values = BTreeMap::new();
        for position in self.fields() {
            let field = self.target.fields.get(position)?;
            let quoted = match field.ty {
                FieldType::Bool | FieldType::Int => value(position)?,
                FieldType::String | FieldType::Strings => {
                    value(position)?.mapped(&quote::by(form(self.target.name, field.path)?))?
                }
            };
            values.insert(field.path, quoted);
        }
        let scope = Scope { prefix: format!("{}.", cel_root(self.target.name)), values };
        let mut context = context();
        context.set_variable_resolver(&scope);
        let sql = self.template.known(&context)?;
        let lines: Vec<&str> = sql.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// The SQL for an object of which no more than the name is known.
    #[must_use]
    pub fn of_object(&self, object: &ObjectRef) -> Option<String> {
        let fits = object.kind.has_parts() == matches!(self.target.name, "table" | "view");
        fits.then(|| self.render(&|_| Some(object.name.as_str().into()))).flatten()
    }
}

/// The field that holds an object's name as findings print it.
fn object_field(target: &Target) -> &'static str {
    match target.name {
        "function" => "signature",
        "table" | "view" => "name",
        _ => "",
    }
}

/// Between the expressions stand whole words: no comment or literal begins in one place and ends in another.
fn plain(text: &str) -> Result<(), String> {
    for mark in ["--", "/*", "$", "\\"] {
        if text.contains(mark) {
            return Err(format!("`{mark}` has no place in a fix; put what is to be said into `remediation`"));
        }
    }
    let even = |quote: char| text.matches(quote).count().is_multiple_of(2);
    let open = ['\'', '"'].into_iter().find(|quote| !even(*quote));
    open.map_or(Ok(()), |quote| Err(format!("an expression stands between {quote} and {quote}; names arrive quoted")))
}

/// What CEL sees: the fields as SQL, under their full names.
struct Scope {
    prefix: String,
    values: BTreeMap<&'static str, Value>,
}

impl VariableResolver for Scope {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        self.values.get(name.strip_prefix(&self.prefix)?).map(Value::as_cel)
    }
}
