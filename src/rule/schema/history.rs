//! Fields of the targets that need a history: files, statements, changes.

use super::Field;
use super::FieldType::{Bool, Int, String as Text, Strings};
use super::fields::f;

pub(super) const MIGRATION: &[Field] = &[
    f("file", Text, "path as printed"),
    f("name", Text, "file name without folders"),
    f("version", Text, "what the tool records of the file: a number, or its whole name; empty without"),
    f("skipped", Bool, "the owning tool would never run it"),
    f("skipped_reason", Text, "why; empty where it is run"),
    f("version_duplicate", Bool, "an earlier file has the same version"),
    f("duplicate_of", Text, "that file; empty without"),
    f("out_of_order", Bool, "added by this change, yet it sorts before a file that was already there"),
    f("later_file", Text, "the last file that was already there and sorts after it; empty without"),
    f("statements", Int, "number of statements"),
    f("syntax_errors", Int, "number of statements that could not be parsed"),
    f("secrets", Int, "number of secrets found"),
    f("opaque", Int, "number of statements whose effect could not be known"),
    f("changed", Bool, "changed since the ref of --since (true without one)"),
];

pub(super) const SYNTAX_ERROR: &[Field] =
    &[f("file", Text, "path as printed"), f("message", Text, "what the parser says")];

pub(super) const SECRET: &[Field] = &[
    f("file", Text, "path as printed"),
    f(
        "kind",
        Text,
        "what it looks like: service role key, role password, AWS access key, private key, …; never the value",
    ),
];

pub(super) const OPAQUE: &[Field] = &[
    f("file", Text, "path as printed"),
    f("kind", Text, "dynamic-sql or opaque"),
    f("message", Text, "what could not be known"),
    f("object", Text, "the object it may have changed; empty where that is not known either"),
];

pub(super) const STATEMENT: &[Field] = &[
    f("command", Text, "lower-case command tag: truncate, delete, update, drop table, set, …"),
    f("file", Text, "path as printed"),
    f("objects", Strings, "objects it names, schema-qualified"),
    f("has_where", Bool, "DELETE or UPDATE has a WHERE or a join that can restrict it"),
    f("cascade", Bool, "CASCADE"),
    f("setting.name", Text, "parameter it sets; empty otherwise"),
    f("setting.value", Text, "value it sets; empty otherwise"),
    f("within", Text, "file, do, dynamic or function"),
    f("conditional", Bool, "under a condition that could not be decided"),
    f("only_new_objects", Bool, "every object it names was created by the same migration (and there is one)"),
];

pub(super) const ACCESS: &[Field] = &[
    f("role", Text, "who; `public` is PUBLIC"),
    f("relation", Text, "what, schema-qualified"),
    f("schema", Text, "its schema"),
    f("kind", Text, "table, view, materialized_view or foreign_table"),
    f("command", Text, "select, insert, update or delete"),
    f("writes", Bool, "the command changes rows"),
    f("before", Text, "verdict before: none, denied, rows, all or unknown"),
    f("after", Text, "verdict now"),
    f("gained", Bool, "more rows, or more columns of them, than before"),
    f("lost", Bool, "fewer rows than before"),
    f("created", Bool, "the relation was not there before"),
    f("exposed", Bool, "the role is one the API serves, or PUBLIC"),
    f("anonymous", Bool, "the role is anon or PUBLIC: nobody has to sign in"),
    f("in_exposed_schema", Bool, "its schema is one the API serves"),
    f("columns", Strings, "columns it is about; `*` is all of them"),
    f("line", Text, "role, command, relation, verdicts and the reason in one line"),
];

pub(super) const CHANGE: &[Field] = &[
    f("kind", Text, "created, altered, replaced or dropped: the net effect of one migration"),
    f(
        "object_kind",
        Text,
        "table, view, materialized_view, column, constraint, policy, trigger, function, schema, index, …",
    ),
    f("name", Text, "the object, as findings name it"),
    f("own_name", Text, "its name alone, without schema and table"),
    f("schema", Text, "its schema"),
    f("table", Text, "the table it is on, schema-qualified; empty for others"),
    f("file", Text, "migration that did it"),
    f("renamed_from", Text, "former name after a rename; empty otherwise"),
    f("by", Text, "the object whose drop took this one along; empty otherwise"),
    f("by_cascade", Bool, "taken along by the drop of something else"),
    f("with_parent", Bool, "taken along by the drop of its own table, schema or view"),
    f("conditional", Bool, "under a condition that could not be decided"),
    f("back_again", Bool, "dropped, and there again at the end of the history"),
    f(
        "replaced_by",
        Strings,
        "objects of the kind the same migration made in its place: for a policy, on the same table and covering its commands; for a function, another signature of the name; for a constraint or trigger, one on the same table with the same purpose",
    ),
    f("in_exposed_schema", Bool, "its schema is one the API serves"),
    f(
        "lost_security_invoker",
        Bool,
        "a view that had security_invoker lost it, and still lacks it at the end of the history",
    ),
    f(
        "lost_search_path",
        Bool,
        "a SECURITY DEFINER function that had a pinned search_path lost it, and still lacks it",
    ),
    f("became_definer", Bool, "a function became SECURITY DEFINER, and still is"),
    f("rls_disabled", Bool, "row level security went from on to off, and still is off"),
    f("rls_unforced", Bool, "FORCE ROW LEVEL SECURITY went off, and still is"),
    f(
        "trigger_disabled",
        Bool,
        "a trigger stopped firing in ordinary sessions (disabled, or replica only), and still does not fire",
    ),
    f("roles_added", Strings, "policy: roles it newly applies to; not those it covered through PUBLIC"),
    f("using_opened", Bool, "policy: USING became always true"),
    f("check_opened", Bool, "policy: the check on new rows became always true, or was removed"),
    f("became_permissive", Bool, "policy: RESTRICTIVE became PERMISSIVE"),
    f("command_widened", Bool, "policy: it now covers commands it did not"),
    f("widened", Strings, "policy: what widened, in words; empty where nothing did"),
    f(
        "grants_added",
        Strings,
        "`role: PRIVILEGE` newly held on an object that was there before, by explicit grants still in force",
    ),
    f("exposed_grants_added", Strings, "those of them that reach an exposed role"),
    f("before.rls_enabled", Bool, "table: row level security before"),
    f("after.rls_enabled", Bool, "table: and after"),
    f("before.security_invoker", Bool, "view: security_invoker before"),
    f("after.security_invoker", Bool, "view: and after"),
    f("before.security_definer", Bool, "function: SECURITY DEFINER before"),
    f("after.security_definer", Bool, "function: and after"),
    f("before.search_path_pinned", Bool, "function: search_path pinned before"),
    f("after.search_path_pinned", Bool, "function: and after"),
    f("before.permissive", Bool, "policy: PERMISSIVE before"),
    f("after.permissive", Bool, "policy: and after"),
    f("before.command", Text, "policy: command before; empty otherwise"),
    f("after.command", Text, "policy: and after"),
    f("before.roles", Strings, "policy: roles before"),
    f("after.roles", Strings, "policy: and after"),
    f("before.enabled", Text, "trigger: state before; empty otherwise"),
    f("after.enabled", Text, "trigger: and after"),
    f(
        "before.type",
        Text,
        "column: type; constraint: check, unique, primary_key, foreign_key, exclude; empty otherwise",
    ),
    f("after.type", Text, "the same after"),
    f("before.origin", Text, "migration, platform or assumed: who made the object; empty where it was not there"),
];
