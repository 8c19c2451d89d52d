//! The table of targets and fields, and nothing else.

use super::FieldType::{Bool, Int, String as Text, Strings};
use super::history::{ACCESS, CHANGE, MIGRATION, OPAQUE, SECRET, STATEMENT, SYNTAX_ERROR};
use super::{Field, FieldType, Target};

pub(super) const fn f(path: &'static str, ty: FieldType, doc: &'static str) -> Field {
    Field { path, ty, doc, live: false }
}

/// A field only a running database has.
const fn live(path: &'static str, ty: FieldType, doc: &'static str) -> Field {
    Field { path, ty, doc, live: true }
}

/// The fields of one policy expression, under `using`, `check` and `effective_check`.
macro_rules! expression {
    ($root:literal) => {
        [
            f(
                concat!($root, ".present"),
                Bool,
                "the clause is there; where it is not, every other field is false or empty",
            ),
            f(concat!($root, ".text"), Text, "as written"),
            f(
                concat!($root, ".always_true"),
                Bool,
                "lets every row through for every unprivileged role the policy applies to",
            ),
            f(concat!($root, ".never_true"), Bool, "lets no row through for any role (false and NULL both deny)"),
            f(concat!($root, ".is_null"), Bool, "is the constant NULL, which denies"),
            f(concat!($root, ".calls"), Strings, "functions it calls, qualified where written so"),
            f(concat!($root, ".uses_auth_uid"), Bool, "compares or tests auth.uid()"),
            f(
                concat!($root, ".unwrapped_auth_calls"),
                Strings,
                "auth.*() and current_setting() calls evaluated per row, outside (select …)",
            ),
            f(concat!($root, ".user_metadata"), Bool, "trusts user_metadata, which the user can edit"),
            f(
                concat!($root, ".signed_in_only"),
                Bool,
                "asks only whether somebody is signed in: every account passes, anon does not",
            ),
            f(
                concat!($root, ".anon_inverted"),
                Bool,
                "lets callers without a session through (auth.uid() is null or …)",
            ),
            f(concat!($root, ".columns"), Strings, "columns of the policy's own table it uses"),
            f(concat!($root, ".missing_columns"), Strings, "columns it uses that the table does not have"),
            f(concat!($root, ".reads"), Strings, "tables its subqueries read"),
            f(concat!($root, ".reads_auth_users"), Bool, "a subquery reads auth.users"),
        ]
    };
}

const POLICY: &[Field] = &concat_fields::<62>(&[
    &[
        f("schema", Text, "schema of the table"),
        f("table", Text, "table, schema-qualified"),
        f("name", Text, "policy name"),
        f("command", Text, "all, select, insert, update or delete"),
        f("commands", Strings, "commands it is for, `all` spelled out as the four"),
        f("permissive", Bool, "PERMISSIVE rather than RESTRICTIVE"),
        f("roles", Strings, "roles after TO, sorted; `public` is everybody"),
        f("roles_omitted", Bool, "no TO clause was written (unknown for a live database)"),
        f("applies_to_anon", Bool, "applies to anon, directly, through PUBLIC or a membership"),
        f("applies_to_authenticated", Bool, "applies to authenticated, likewise"),
        f(
            "only_privileged_roles",
            Bool,
            "every role it names bypasses row security anyway (service_role, postgres, …)",
        ),
        f("name_says_privileged", Bool, "its own name speaks of service role, system, admin or backend"),
        f("in_exposed_schema", Bool, "the table's schema is one the API serves"),
        f("table_exposed", Bool, "the table is reachable by an exposed role"),
        f("table_rls_enabled", Bool, "row level security is enabled on the table"),
        f("read_anon", Text, "what anon reads through it: none (does not apply), never, rows, always, unknown"),
        f("read_authenticated", Text, "the same for authenticated"),
        f("write_anon", Text, "what anon writes through it: none (does not apply), never, rows, always, unknown"),
        f("write_authenticated", Text, "the same for authenticated"),
        f(
            "drops_scope",
            Bool,
            "WITH CHECK leaves free what USING ties down: rows can be moved out of the caller's scope",
        ),
        f("dropped_columns", Strings, "columns USING constrains and an explicit WITH CHECK does not"),
        f("reads_self", Bool, "a subquery reads the policy's own table: infinite recursion"),
        f(
            "recursion",
            Strings,
            "the cycle of tables whose policies read one another, starting at this one; empty without",
        ),
        f("duplicates", Strings, "other policies on the table that mean exactly the same and sort before this one"),
        f("overlaps", Strings, "other permissive policies on the table for the same command and a common role"),
        f("origin", Text, "migration, live or assumed"),
        live("lists_buckets", Strings, "public storage buckets all of whose files it lets an exposed role list"),
    ],
    &expression!("using"),
    &expression!("check"),
    &[
        f("check.same", Bool, "WITH CHECK is written and means the same as USING"),
        f(
            "effective_check.present",
            Bool,
            "new rows are checked: by WITH CHECK, or by USING where that is the default (ALL, UPDATE)",
        ),
        f(
            "effective_check.always_true",
            Bool,
            "every new row passes, for every unprivileged role the policy applies to",
        ),
        f("effective_check.signed_in_only", Bool, "asks only whether somebody is signed in"),
        f("effective_check.from_using", Bool, "WITH CHECK is not written, so USING stands in"),
    ],
]);

const TABLE: &[Field] = &[
    f("schema", Text, "schema"),
    f("name", Text, "schema-qualified name"),
    f("kind", Text, "table or foreign_table"),
    f("owner", Text, "owner"),
    f("origin", Text, "migration, live or assumed"),
    f("in_exposed_schema", Bool, "its schema is one the API serves"),
    f("exposed", Bool, "in an exposed schema, and an exposed role holds a privilege on it"),
    f("exposed_to", Strings, "exposed roles that hold any privilege on it, directly, through PUBLIC or a membership"),
    f("readable_by", Strings, "exposed roles that hold SELECT on it or on a column"),
    f("writable_by", Strings, "exposed roles that hold INSERT, UPDATE, DELETE or TRUNCATE"),
    f("rls.enabled", Bool, "row level security is enabled"),
    f("rls.forced", Bool, "row level security binds the owner too"),
    f("policies", Strings, "names of its policies"),
    f("permissive_policies", Strings, "names of its permissive policies"),
    f("restrictive_policies", Strings, "names of its restrictive policies"),
    f("columns", Strings, "column names in order"),
    f("column_words", Strings, "the same in lower case, with `_` for `-`: to look for names however they are written"),
    f("primary_key", Strings, "columns of the primary key"),
    f("parents", Strings, "tables it inherits from or is a partition of"),
    f("is_partition", Bool, "it is a partition"),
    f("partitioned", Bool, "it is partitioned"),
    f("unlogged", Bool, "UNLOGGED"),
    f("triggers", Strings, "names of its triggers"),
    f("in_graphql", Bool, "pg_graphql is installed and shows it to every role that may read it"),
    f("comment", Text, "comment; empty without"),
    live("analyzed", Bool, "its statistics were gathered at least once"),
    live("rows", Int, "estimated rows"),
    live("last_analyze", Text, "day of the last ANALYZE since statistics began, YYYY-MM-DD; empty without"),
    live("megabytes", Int, "what its rows take up on disk, in MB, indexes and TOAST left out"),
    live("needed_megabytes", Int, "what as many rows of the average width need; unknown without readable statistics"),
];

const PLATFORM_TABLE: &[Field] = &[
    f("schema", Text, "schema"),
    f("name", Text, "schema-qualified name"),
    f(
        "reachable_by",
        Strings,
        "exposed roles with USAGE on its schema that may read, write or TRUNCATE it or a column of it",
    ),
    f("rls.enabled", Bool, "row level security is enabled"),
];

const COLUMN: &[Field] = &[
    f("schema", Text, "schema of the table"),
    f("table", Text, "table or view, schema-qualified"),
    f("table_kind", Text, "table, view, materialized_view or foreign_table"),
    f("name", Text, "column name"),
    f("type", Text, "type as format_type prints it"),
    f("not_null", Bool, "NOT NULL"),
    f("has_default", Bool, "has a default"),
    f("generated", Bool, "GENERATED ALWAYS AS (…)"),
    f("identity", Text, "always, by_default or empty"),
    f("primary_key", Bool, "part of the primary key"),
    f("foreign_key", Bool, "part of a foreign key"),
    f("unique", Bool, "unique by itself"),
    f("indexed", Bool, "first key of an index or of a primary key or unique constraint"),
    f("in_exposed_schema", Bool, "its schema is one the API serves"),
    f("table_exposed", Bool, "the table is reachable by an exposed role"),
    f("readable_by", Strings, "exposed roles that hold SELECT on the column or the table"),
    f("comment", Text, "comment; empty without"),
];

const CONSTRAINT: &[Field] = &[
    f("schema", Text, "schema of the table"),
    f("table", Text, "table, schema-qualified"),
    f("name", Text, "constraint name"),
    f("type", Text, "check, unique, primary_key, foreign_key or exclude"),
    f("columns", Strings, "columns it is on (not known for check and exclude: empty)"),
    f("references", Text, "referenced table of a foreign key; empty otherwise"),
    f("references_schema", Text, "its schema; empty otherwise"),
    f("references_key", Text, "the key a foreign key refers to: primary_key or unique; empty otherwise"),
    f("on_delete", Text, "no_action, restrict, cascade, set_null, set_default; empty without a foreign key"),
    f("on_update", Text, "likewise"),
    f("validated", Bool, "not left NOT VALID"),
    f("deferrable", Bool, "DEFERRABLE"),
    f("indexed", Bool, "an index or key starts with exactly its columns"),
    f("on_partitioned", Bool, "its table is partitioned"),
    f("in_exposed_schema", Bool, "its schema is one the API serves"),
];

const INDEX: &[Field] = &[
    f("schema", Text, "schema"),
    f("name", Text, "schema-qualified name"),
    f("table", Text, "table, schema-qualified"),
    f("unique", Bool, "UNIQUE"),
    f("method", Text, "access method"),
    f("keys", Strings, "key columns or expressions"),
    f("include", Strings, "INCLUDE columns"),
    f("partial", Bool, "has a WHERE"),
    f("on_partitioned", Bool, "its table is partitioned"),
    f("of_constraint", Bool, "belongs to the constraint of the same name"),
    f(
        "duplicates",
        Strings,
        "other indexes on the table with the same method, keys and condition: unique ones, or equal ones that sort before it",
    ),
    live("scans", Int, "scans since statistics began"),
    live("table_rows", Int, "estimated rows of its table"),
];

const SEQUENCE: &[Field] = &[
    f("schema", Text, "schema"),
    f("name", Text, "schema-qualified name"),
    f("owner", Text, "owner"),
    f("table", Text, "table whose column owns it; empty without"),
    f("column", Text, "that column; empty without"),
    f("identity", Bool, "made by an identity column"),
    live("type", Text, "smallint, integer or bigint"),
    live("cycles", Bool, "CYCLE"),
    live("last_value", Int, "the last value given, 0 where none was yet; unknown where it may not be read"),
    live("limit", Int, "the last value it can give"),
    live("used_percent", Int, "how much of its range is used, rounded down"),
];

const VIEW: &[Field] = &[
    f("schema", Text, "schema"),
    f("name", Text, "schema-qualified name"),
    f("kind", Text, "view or materialized_view"),
    f("owner", Text, "owner"),
    f("origin", Text, "migration, live or assumed"),
    f("security_invoker", Bool, "runs with the caller's rights, so row security of what it reads applies"),
    f("security_barrier", Bool, "security_barrier is on"),
    f("in_exposed_schema", Bool, "its schema is one the API serves"),
    f("exposed", Bool, "in an exposed schema, and an exposed role may read it"),
    f("readable_by", Strings, "exposed roles that hold SELECT on it"),
    f("reads", Strings, "relations its query reads directly"),
    f("reads_tables", Strings, "tables it reads with its owner's rights in the end, through other views too"),
    f("reads_rls_tables", Strings, "those of them that have row level security enabled"),
    f("reads_auth_users", Bool, "it reads auth.users, directly or through other views"),
    f("auth_users_open", Bool, "an exposed role may itself read auth.users, which has no row level security"),
    f("in_graphql", Bool, "pg_graphql is installed and shows it to every role that may read it"),
    f("calls", Strings, "functions its query calls, built-in ones left out"),
    f("columns", Strings, "column names in order"),
    f("comment", Text, "comment; empty without"),
];

const FUNCTION: &[Field] = &[
    f("schema", Text, "schema"),
    f("name", Text, "name without schema"),
    f("signature", Text, "schema.name(argument types)"),
    f("kind", Text, "function, procedure or aggregate"),
    f("owner", Text, "owner"),
    f("origin", Text, "migration, live or assumed"),
    f("language", Text, "language, lower case"),
    f("volatility", Text, "immutable, stable or volatile"),
    f("returns", Text, "return type; empty for a procedure"),
    f("returns_trigger", Bool, "returns trigger or event_trigger, so no API can call it"),
    f("arguments", Strings, "input argument types"),
    f("security_definer", Bool, "runs with its owner's rights"),
    f("owner_privileged", Bool, "its owner is a superuser or bypasses row security"),
    f("settings", Strings, "names of the parameters it sets"),
    f("search_path.set", Bool, "SET search_path is part of its definition"),
    f("search_path.value", Text, "the value; empty without"),
    f("search_path.pinned", Bool, "set, and to schemas only privileged roles can create in"),
    f("search_path.writable_schemas", Strings, "schemas in it in which an unprivileged role may create objects"),
    f("in_exposed_schema", Bool, "its schema is one the API serves"),
    f("exposed", Bool, "in an exposed schema, and an exposed role may execute it"),
    f("executable_by", Strings, "exposed roles that may execute it, directly, through PUBLIC or a membership"),
    f("executable_by_public", Bool, "PUBLIC holds EXECUTE"),
    f("default_grantees", Strings, "exposed roles that hold EXECUTE by default privileges"),
    f("public_revoked", Bool, "PUBLIC does not hold EXECUTE, as it would without a REVOKE"),
    f("comment", Text, "comment; empty without"),
];

const TRIGGER: &[Field] = &[
    f("schema", Text, "schema of the table"),
    f("table", Text, "table or view, schema-qualified"),
    f("name", Text, "trigger name"),
    f("timing", Text, "before, after or instead of"),
    f("events", Strings, "insert, update, delete, truncate"),
    f("row", Bool, "FOR EACH ROW"),
    f("function", Text, "function it calls, schema-qualified"),
    f("function_missing", Bool, "no function of that name is known, although the schema's functions are"),
    f("enabled", Text, "origin, disabled, replica or always"),
    f("constraint", Bool, "a constraint trigger"),
    f("in_exposed_schema", Bool, "its schema is one the API serves"),
];

const GRANT: &[Field] = &[
    f("object", Text, "the object, schema-qualified (a schema by its name)"),
    f(
        "object_kind",
        Text,
        "table, view, materialized_view, foreign_table, column, sequence, function, procedure, schema, type, …",
    ),
    f("schema", Text, "schema of the object"),
    f("column", Text, "column of a column privilege; empty otherwise"),
    f("table", Text, "its table or view, schema-qualified; empty otherwise"),
    f("grantee", Text, "role, or `public`"),
    f("privileges", Strings, "privileges, upper case: what one statement gave one grantee on one object"),
    f("write_privileges", Strings, "those of INSERT, UPDATE, DELETE and TRUNCATE among them"),
    f("grantable", Bool, "WITH GRANT OPTION"),
    f("by_default", Bool, "came from default privileges when the object was created, no statement names it"),
    f("built_in", Bool, "PostgreSQL's own default (EXECUTE and USAGE for PUBLIC), not undone"),
    f("to_owner", Bool, "the grantee owns the object"),
    f("to_public", Bool, "to PUBLIC"),
    f("to_anon", Bool, "reaches anon: to anon, PUBLIC or a role anon is a member of"),
    f("to_exposed", Bool, "reaches an exposed role"),
    f("in_exposed_schema", Bool, "the object's schema (or the schema itself) is one the API serves"),
    f("rls_enabled", Bool, "the object is a table with row level security (views: false)"),
    f(
        "open_privileges",
        Strings,
        "privileges no policy holds back for anon: row security is off, does not apply (TRUNCATE), or a policy lets rows through",
    ),
];

const ROLE: &[Field] = &[
    f("name", Text, "role name"),
    f("login", Bool, "LOGIN"),
    f("superuser", Bool, "SUPERUSER"),
    f("bypass_rls", Bool, "BYPASSRLS"),
    f("inherit", Bool, "INHERIT"),
    f("create_role", Bool, "CREATEROLE"),
    f("create_db", Bool, "CREATEDB"),
    f("replication", Bool, "REPLICATION"),
    f("member_of", Strings, "roles it is a direct member of"),
    f("all_member_of", Strings, "roles it is a member of, through others too"),
    f("origin", Text, "migration, live, platform (attributes changed by a migration) or assumed"),
    f("exposed", Bool, "one of config.exposed_roles"),
    f("settings", Strings, "names of parameters set for it"),
];

const SCHEMA: &[Field] = &[
    f("name", Text, "schema name"),
    f("owner", Text, "owner"),
    f("origin", Text, "migration, live or assumed"),
    f("exposed", Bool, "one of config.exposed_schemas"),
    f("usage_by", Strings, "exposed roles that hold USAGE"),
    f("create_by", Strings, "exposed roles, or `public`, that hold CREATE"),
    f("comment", Text, "comment; empty without"),
];

const EXTENSION: &[Field] = &[
    f("name", Text, "extension name"),
    f("schema", Text, "schema it is installed in"),
    f("version", Text, "version; unknown where none is written"),
    f("in_exposed_schema", Bool, "installed in a schema the API serves"),
    live(
        "default_version",
        Text,
        "the version the server would install; empty where it does not know the installed one",
    ),
];

const DEFAULT_PRIVILEGE: &[Field] = &[
    f("role", Text, "role whose new objects get them"),
    f("schema", Text, "schema; empty is everywhere"),
    f("objects", Text, "table, sequence, function, type or schema"),
    f("grantee", Text, "role, or `public`"),
    f("privileges", Strings, "privileges given, upper case"),
    f("write_privileges", Strings, "INSERT, UPDATE, DELETE and TRUNCATE among them"),
    f("grantable", Bool, "WITH GRANT OPTION"),
    f("to_public", Bool, "to PUBLIC"),
    f("to_anon", Bool, "reaches anon"),
    f("to_exposed", Bool, "reaches an exposed role"),
    f("in_exposed_schema", Bool, "for a schema the API serves, or for every schema"),
];

/// `config.*`, the same for every rule.
pub const CONFIG: &[Field] = &[
    f("exposed_schemas", Strings, "schemas the API serves"),
    f("exposed_roles", Strings, "roles whose callers are not trusted: anon, authenticated"),
    f("system_schemas", Strings, "schemas the server or platform owns"),
    f("privileged_roles", Strings, "roles trusted with everything: service_role, postgres, …"),
];

/// Every target a rule may have.
pub const TARGETS: &[Target] = &[
    Target { name: "table", doc: "a table or foreign table", fields: TABLE },
    Target {
        name: "platform_table",
        doc: "a table the platform brings, such as storage.objects; rules for `table` do not see these",
        fields: PLATFORM_TABLE,
    },
    Target { name: "column", doc: "a column of a table or view", fields: COLUMN },
    Target { name: "constraint", doc: "a table constraint", fields: CONSTRAINT },
    Target { name: "index", doc: "an index", fields: INDEX },
    Target { name: "sequence", doc: "a sequence", fields: SEQUENCE },
    Target { name: "policy", doc: "a row level security policy", fields: POLICY },
    Target { name: "view", doc: "a view or materialized view", fields: VIEW },
    Target { name: "function", doc: "a function, procedure or aggregate", fields: FUNCTION },
    Target { name: "trigger", doc: "a trigger", fields: TRIGGER },
    Target { name: "grant", doc: "privileges one grantee holds on one object from one statement", fields: GRANT },
    Target { name: "role", doc: "a role", fields: ROLE },
    Target { name: "schema", doc: "a schema", fields: SCHEMA },
    Target { name: "extension", doc: "an extension", fields: EXTENSION },
    Target { name: "default_privilege", doc: "default privileges of one grantee", fields: DEFAULT_PRIVILEGE },
    Target { name: "migration", doc: "a migration file", fields: MIGRATION },
    Target { name: "syntax_error", doc: "a statement that could not be parsed", fields: SYNTAX_ERROR },
    Target { name: "secret", doc: "a secret written into a migration", fields: SECRET },
    Target { name: "opaque", doc: "a statement whose effect could not be known", fields: OPAQUE },
    Target {
        name: "statement",
        doc: "a statement as executed, inside DO blocks and dynamic SQL too",
        fields: STATEMENT,
    },
    Target {
        name: "access",
        doc: "what a role gained or lost on one relation by one command since the ref of --since; nothing without one",
        fields: ACCESS,
    },
    Target { name: "change", doc: "what one migration did to one object, net", fields: CHANGE },
    Target { name: "measurement", doc: "a stored volume with its factor (`gardefou drift`)", fields: &[] },
];

/// Joins field lists at compile time; `N` must be their total length.
const fn concat_fields<const N: usize>(lists: &[&[Field]]) -> [Field; N] {
    let mut out = [f("", Bool, ""); N];
    let (mut list, mut at) = (0, 0);
    while list < lists.len() {
        let mut item = 0;
        while item < lists[list].len() {
            out[at] = lists[list][item];
            at += 1;
            item += 1;
        }
        list += 1;
    }
    assert!(at == N, "the length given to concat_fields is the sum of its lists");
    out
}
