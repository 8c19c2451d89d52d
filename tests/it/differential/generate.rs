//! Statements at random over few names, so that they meet. Nothing here knows what PostgreSQL accepts.

/// Roles a history may make.
pub(super) const ROLES: &[&str] = &["anon", "chef", "agent", "groupe"];
const SCHEMAS: &[&str] = &["public", "prive", "api"];
const TABLES: &[&str] = &["depots", "bacs", "bons"];
const COLUMNS: &[&str] = &["id", "a", "b", "c"];
const VIEWS: &[&str] = &["v1", "v2"];
const TYPES: &[&str] = &["integer", "text", "numeric(10,2)", "timestamptz", "boolean", "uuid", "varchar(20)", "int[]"];

/// An endless history.
pub(super) struct Generator {
    state: u64,
    given: usize,
}

impl Generator {
    pub(super) fn new(seed: u64) -> Self {
        // Mixed first: streams of neighbouring seeds would be the same one, a step apart.
        let mut mixed = Self { state: seed, given: 0 };
        let state = mixed.next_u64() ^ mixed.next_u64().rotate_left(17);
        Self { state, given: 0 }
    }

    /// splitmix64.
    fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next_u64() % n as u64) as usize
    }

    fn one(&mut self, of: &[&str]) -> String {
        let at = self.below(of.len());
        of[at].to_owned()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `of`, or nothing.
    fn maybe(&mut self, percent: usize, of: &[&str]) -> String {
        if self.chance(percent) { self.one(of) } else { String::new() }
    }

    /// Some of `of`, at least one, in order.
    fn some(&mut self, of: &[&str]) -> String {
        let mut picked: Vec<&str> = of.iter().copied().filter(|_| self.chance(40)).collect();
        if picked.is_empty() {
            let at = self.below(of.len());
            picked.push(of[at]);
        }
        picked.join(", ")
    }

    fn schema(&mut self) -> String {
        self.one(SCHEMAS)
    }

    /// Mostly qualified.
    fn in_schema(&mut self, name: &str) -> String {
        if self.chance(25) { name.to_owned() } else { format!("{}.{name}", self.schema()) }
    }

    fn table(&mut self) -> String {
        let name = self.one(TABLES);
        self.in_schema(&name)
    }

    fn view(&mut self) -> String {
        let name = self.one(VIEWS);
        self.in_schema(&name)
    }

    fn relation(&mut self) -> String {
        if self.chance(70) { self.table() } else { self.view() }
    }

    fn column(&mut self) -> String {
        self.one(COLUMNS)
    }

    fn role(&mut self) -> String {
        self.one(ROLES)
    }

    fn grantee(&mut self) -> String {
        if self.chance(25) { "public".to_owned() } else { self.role() }
    }

    fn grantees(&mut self) -> String {
        if self.chance(20) { self.some(ROLES) } else { self.grantee() }
    }

    fn function(&mut self) -> String {
        let name = self.one(&["f", "g"]);
        self.in_schema(&name)
    }

    fn signature(&mut self) -> String {
        let name = self.function();
        if self.chance(15) { name } else { format!("{name}({})", self.one(&["", "integer", "text", "integer, text"])) }
    }

    fn behavior(&mut self) -> String {
        self.maybe(45, &["cascade", "restrict", "cascade"])
    }

    fn ty(&mut self) -> String {
        if self.chance(15) {
            let name = self.one(&["etat", "litres", "point"]);
            return self.in_schema(&name);
        }
        self.one(TYPES)
    }

    fn condition(&mut self) -> String {
        self.one(&[
            "true",
            "false",
            "id = 1",
            "id is not null",
            "a is null or b is not null",
            "current_user = 'chef'",
            "id in (1, 2, 3)",
            "exists (select 1 from public.depots d where d.id = 1)",
            "id between 1 and 5 and not (a is null)",
            "prive.f() is not null",
            "coalesce(id, 0) > 0",
            "(id + 1) * 2 <> 4",
            "a::text like 'x%'",
        ])
    }

    fn query(&mut self) -> String {
        let table = self.table();
        let column = self.column();
        match self.below(6) {
            0 => format!("select * from {table}"),
            1 => format!("select id, {column} as autre from {table} where {column} is not null"),
            2 => format!("select t.id, u.id as id2 from {table} t join {} u on u.id = t.id", self.relation()),
            3 => format!("select count(*) as n, {column} from {table} group by {column}"),
            4 => format!("select {}() as un", self.function()),
            _ => format!("select id from {table} union all select id from {}", self.relation()),
        }
    }

    fn statement(&mut self) -> String {
        match self.below(100) {
            0..10 => self.create_table(),
            10..30 => self.alter_table(),
            30..34 => self.index(),
            34..41 => self.view_statement(),
            41..50 => self.function_statement(),
            50..56 => self.trigger(),
            56..65 => self.policy(),
            65..77 => self.privileges(),
            77..81 => self.default_privileges(),
            81..85 => self.role_statement(),
            85..88 => self.owner(),
            88..91 => self.schema_statement(),
            91..94 => self.type_statement(),
            94..96 => self.sequence(),
            96..98 => self.session(),
            _ => self.block(),
        }
    }

    fn create_table(&mut self) -> String {
        let (table, if_not) = (self.table(), self.maybe(30, &["if not exists"]));
        match self.below(10) {
            0 => format!("create table {if_not} {table} as select 1 as id, 'x'::text as a"),
            1 => {
                let including = self
                    .maybe(70, &["including all", "including constraints", "including indexes", "including defaults"]);
                format!("create table {if_not} {table} (like {} {including})", self.table())
            }
            2 => format!("create table {if_not} {table} (c boolean) inherits ({})", self.table()),
            3 => format!("create table {if_not} {table} (id int, a text) partition by range (id)"),
            4 => format!("create table {if_not} {table} partition of {} for values from (1) to (10)", self.table()),
            _ => {
                let id = self.one(&[
                    "id int primary key",
                    "id serial primary key",
                    "id bigint generated always as identity",
                    "id int generated by default as identity primary key",
                    "id int not null",
                    "id int constraint cle unique",
                ]);
                let mut parts = vec![id];
                for column in ["a", "b", "c"] {
                    if self.chance(60) {
                        let (ty, more) = (self.ty(), self.column_rest());
                        parts.push(format!("{column} {ty} {more}"));
                    }
                }
                if self.chance(40) {
                    parts.push(self.table_constraint());
                }
                format!("create table {if_not} {table} ({})", parts.join(", "))
            }
        }
    }

    fn column_rest(&mut self) -> String {
        match self.below(14) {
            0 => "not null".to_owned(),
            1 => "default null".to_owned(),
            2 => "unique".to_owned(),
            3 => format!("references {}", self.table()),
            4 => {
                format!("references {} (id) on delete {}", self.table(), self.one(&["cascade", "set null", "restrict"]))
            }
            5 => "check (id > 0)".to_owned(),
            6 => "constraint signe check (id <> 5) not null".to_owned(),
            _ => String::new(),
        }
    }

    fn table_constraint(&mut self) -> String {
        let name = self.maybe(50, &["constraint regle", "constraint cle"]);
        let column = self.column();
        match self.below(6) {
            0 => format!("{name} primary key ({column})"),
            1 => format!("{name} unique ({column})"),
            2 => format!("{name} check ({})", self.one(&["id > 0", "id <> 3 and id is not null", "a is not null"])),
            3 => format!("{name} foreign key ({column}) references {} (id)", self.table()),
            4 => format!("{name} foreign key ({column}) references {}", self.table()),
            _ => format!("{name} unique (id, {column})"),
        }
    }

    fn alter_table(&mut self) -> String {
        let (table, column) = (self.table(), self.column());
        let (if_exists, other) = (self.maybe(25, &["if exists"]), self.column());
        let head = format!("alter table {if_exists} {table}");
        let behavior = self.behavior();
        match self.below(34) {
            0..3 => format!(
                "{head} add column {} {column} {} {}",
                self.maybe(40, &["if not exists"]),
                self.ty(),
                self.column_rest()
            ),
            3..5 => format!("{head} drop column {} {column} {behavior}", self.maybe(40, &["if exists"])),
            5..7 => format!("{head} rename column {column} to {other}"),
            7 => format!("{head} rename to {}", self.one(TABLES)),
            8 => format!("{head} set schema {}", self.schema()),
            9..12 => format!("{head} add {} {}", self.table_constraint(), self.maybe(20, &["not valid"])),
            12 => format!(
                "{head} drop constraint {} {} {behavior}",
                self.maybe(40, &["if exists"]),
                self.constraint_name()
            ),
            13 => format!(
                "{head} rename constraint {} to {}",
                self.constraint_name(),
                self.one(&["regle", "cle", "autre"])
            ),
            14 => format!("{head} alter column {column} set not null"),
            15 => format!("{head} alter column {column} drop not null"),
            16 => format!("{head} alter column {column} set default null"),
            17 => format!("{head} alter column {column} drop default"),
            18 => format!("{head} alter column {column} type {} using null", self.ty()),
            19..22 => format!("{head} enable row level security"),
            22 => format!("{head} disable row level security"),
            23 => format!("{head} force row level security, enable row level security"),
            24 => format!("{head} no force row level security"),
            25 => format!(
                "{head} {} trigger {}",
                self.one(&["enable", "disable", "enable always", "enable replica"]),
                self.one(&["maj", "audit", "all", "user"])
            ),
            26 => format!("{head} validate constraint {}", self.constraint_name()),
            27 => format!(
                "{head} alter column {column} add generated {} as identity",
                self.one(&["always", "by default"])
            ),
            28 => format!("{head} alter column {column} drop identity if exists"),
            29 => format!("{head} {} {}", self.one(&["inherit", "no inherit"]), self.table()),
            30 => format!("{head} detach partition {}", self.table()),
            31 => format!("{head} attach partition {} for values from (10) to (20)", self.table()),
            32 => format!("drop table {} {table} {behavior}", self.maybe(40, &["if exists"])),
            _ => format!("{head} set (fillfactor = 70), alter column {column} set statistics 100"),
        }
    }

    fn constraint_name(&mut self) -> String {
        self.one(&[
            "regle",
            "cle",
            "signe",
            "depots_pkey",
            "bacs_pkey",
            "bons_pkey",
            "bacs_a_fkey",
            "bons_check",
            "autre",
        ])
    }

    fn index(&mut self) -> String {
        let (table, column) = (self.table(), self.column());
        match self.below(8) {
            0 => format!("create index on {table} ({column})"),
            1 => format!("create unique index {} idx on {table} ({column}, id)", self.maybe(50, &["if not exists"])),
            2 => format!("create index idx2 on {table} (lower({column}::text)) where {column} is not null"),
            3 => format!("create index on {table} using hash ({column})"),
            4 => format!(
                "drop index {} {}.{} {}",
                self.maybe(50, &["if exists"]),
                self.schema(),
                self.one(&["idx", "idx2", "bacs_a_idx"]),
                self.behavior()
            ),
            5 => format!("alter index {}.idx rename to {}", self.schema(), self.one(&["idx2", "idx3"])),
            6 => format!("alter table {table} add constraint cle primary key using index idx"),
            _ => format!("create index on {table} ({column} desc nulls last) include (id)"),
        }
    }

    fn view_statement(&mut self) -> String {
        let view = self.view();
        let options = self.maybe(
            40,
            &[
                "with (security_invoker = true)",
                "with (security_invoker)",
                "with (security_barrier = true, security_invoker = off)",
            ],
        );
        match self.below(12) {
            0..3 => format!("create view {view} {options} as {}", self.query()),
            3..6 => format!("create or replace view {view} {options} as {}", self.query()),
            6 => format!("create materialized view {view} as {}", self.query()),
            7 => format!("alter view {view} set (security_invoker = {})", self.one(&["true", "false", "on"])),
            8 => format!("alter view {view} reset (security_invoker)"),
            9 => format!("alter view {view} rename to {}", self.one(VIEWS)),
            10 => format!("alter {} {view} set schema {}", self.one(&["view", "materialized view"]), self.schema()),
            _ => format!(
                "drop {} {} {view} {}",
                self.one(&["view", "materialized view"]),
                self.maybe(50, &["if exists"]),
                self.behavior()
            ),
        }
    }

    fn function_statement(&mut self) -> String {
        let (signature, function) = (self.signature(), self.function());
        let kind = self.one(&["function", "function", "function", "routine", "procedure"]);
        let options = self.function_options();
        match self.below(16) {
            0..4 => format!(
                "create {} function {function}({}) returns integer language sql {options} as 'select 1'",
                self.maybe(50, &["or replace"]),
                self.one(&["", "integer", "x integer", "x text", "x integer, y text default 'z'"])
            ),
            4 => format!(
                "create {} function {function}() returns trigger language plpgsql {options} as 'begin return new; end'",
                self.maybe(60, &["or replace"])
            ),
            5 => format!(
                "create {} procedure {function}(x integer) language sql {} as 'select 1'",
                self.maybe(50, &["or replace"]),
                self.maybe(50, &["security definer", "set search_path = ''"])
            ),
            6 => format!(
                "create function {function}({} {}) returns setof {} language sql as 'select null'",
                self.maybe(30, &["x"]),
                self.table(),
                self.table()
            ),
            7..9 => format!(
                "alter {kind} {signature} {}",
                self.one(&[
                    "security definer",
                    "security invoker",
                    "stable",
                    "strict",
                    "called on null input",
                    "leakproof"
                ])
            ),
            9 => format!(
                "alter {kind} {signature} set search_path = {}",
                self.one(&["''", "public", "prive, pg_temp", "default"])
            ),
            10 => format!(
                "alter {kind} {signature} {}",
                self.one(&["reset search_path", "reset all", "set work_mem = '8MB'"])
            ),
            11 => format!("alter {kind} {signature} rename to {}", self.one(&["f", "g", "h"])),
            12 => format!("alter {kind} {signature} set schema {}", self.schema()),
            _ => format!("drop {kind} {} {signature} {}", self.maybe(50, &["if exists"]), self.behavior()),
        }
    }

    fn function_options(&mut self) -> String {
        let definer = self.maybe(40, &["security definer", "security invoker"]);
        let path = self
            .maybe(30, &["set search_path = ''", "set search_path to public, pg_temp", "set search_path from current"]);
        let volatility = self.maybe(30, &["stable", "immutable strict", "volatile"]);
        format!("{definer} {path} {volatility}")
    }

    fn trigger(&mut self) -> String {
        let (name, table) = (self.one(&["maj", "audit"]), self.relation());
        match self.below(9) {
            0..4 => format!(
                "create {} trigger {name} {} {} on {table} {} execute function {}()",
                self.maybe(25, &["or replace"]),
                self.one(&["before", "after", "instead of"]),
                self.one(&["insert", "update", "update of a", "insert or delete", "truncate"]),
                self.maybe(60, &["for each row", "for each statement"]),
                self.function()
            ),
            4 => format!(
                "create constraint trigger {name} after insert on {table} deferrable for each row execute function {}()",
                self.function()
            ),
            5 => format!("alter trigger {name} on {table} rename to {}", self.one(&["maj", "audit", "suivi"])),
            6 => format!(
                "alter table {table} {} trigger {name}",
                self.one(&["disable", "enable always", "enable replica", "enable"])
            ),
            7 => format!(
                "create {} rule muet as on {} to {table} do {}",
                self.maybe(50, &["or replace"]),
                self.one(&["insert", "delete"]),
                self.one(&["instead nothing", "also nothing"])
            ),
            _ => {
                format!("drop {} {} on {table} {}", self.one(&["trigger", "trigger if exists"]), name, self.behavior())
            }
        }
    }

    fn policy(&mut self) -> String {
        let (name, table) = (self.one(&["lecture", "ecriture", "tout"]), self.table());
        match self.below(12) {
            0..6 => {
                let command = self.maybe(70, &["for select", "for insert", "for update", "for delete", "for all"]);
                let to = if self.chance(70) { format!("to {}", self.grantees()) } else { String::new() };
                let using =
                    if command.contains("insert") { String::new() } else { format!("using ({})", self.condition()) };
                let check = if command.contains("insert") || (self.chance(30) && !command.contains("select")) {
                    format!("with check ({})", self.condition())
                } else {
                    String::new()
                };
                format!(
                    "create policy {name} on {table} {} {command} {to} {using} {check}",
                    self.maybe(30, &["as restrictive", "as permissive"])
                )
            }
            6 => format!("alter policy {name} on {table} to {}", self.grantees()),
            7 => format!("alter policy {name} on {table} using ({})", self.condition()),
            8 => format!("alter policy {name} on {table} with check ({})", self.condition()),
            9 => format!("alter policy {name} on {table} rename to {}", self.one(&["lecture", "ecriture", "autre"])),
            _ => format!("drop policy {} {name} on {table}", self.maybe(50, &["if exists"])),
        }
    }

    fn privileges(&mut self) -> String {
        let what = match self.below(12) {
            0..4 => format!(
                "{} on {}",
                self.one(&["all", "select", "insert, update", "delete", "all privileges", "references, trigger"]),
                self.relation()
            ),
            4 => format!(
                "{} ({}) on {}",
                self.one(&["select", "update", "all", "insert"]),
                self.some(COLUMNS),
                self.relation()
            ),
            5 => format!("{} on all tables in schema {}", self.one(&["all", "select", "insert"]), self.some(SCHEMAS)),
            6 => format!("execute on {} {}", self.one(&["function", "routine", "procedure"]), self.signature()),
            7 => format!(
                "{} on all {} in schema {}",
                self.one(&["all", "execute"]),
                self.one(&["functions", "routines", "procedures"]),
                self.schema()
            ),
            8 => format!("{} on schema {}", self.one(&["usage", "create", "all"]), self.schema()),
            9 => format!("{} on {}", self.one(&["usage", "all", "select"]), self.sequence_target()),
            10 => format!("usage on type {}.{}", self.schema(), self.one(&["etat", "litres", "point"])),
            _ => format!("{} on {}, {}", self.one(&["select", "all"]), self.table(), self.table()),
        };
        if self.chance(60) {
            let granted = if self.chance(10) {
                format!("granted by {}", self.one(&["current_user", "current_role"]))
            } else {
                String::new()
            };
            format!("grant {what} to {} {} {granted}", self.grantees(), self.maybe(25, &["with grant option"]))
        } else {
            format!(
                "revoke {} {what} from {} {}",
                self.maybe(20, &["grant option for"]),
                self.grantees(),
                self.behavior()
            )
        }
    }

    fn sequence_target(&mut self) -> String {
        if self.chance(50) {
            format!("all sequences in schema {}", self.schema())
        } else {
            format!(
                "sequence {}.{}",
                self.schema(),
                self.one(&["compteur", "depots_id_seq", "bacs_id_seq", "bons_id_seq"])
            )
        }
    }

    fn default_privileges(&mut self) -> String {
        let role = if self.chance(40) { format!("for role {}", self.role()) } else { String::new() };
        let schema = if self.chance(60) { format!("in schema {}", self.some(SCHEMAS)) } else { String::new() };
        let (what, rights): (&str, &[&str]) = match self.below(5) {
            0..2 => ("tables", &["all", "select", "insert, update"]),
            2 => ("functions", &["all", "execute"]),
            3 => ("sequences", &["all", "usage"]),
            _ => ("types", &["all", "usage"]),
        };
        let rights = self.one(rights);
        if self.chance(60) {
            format!(
                "alter default privileges {role} {schema} grant {rights} on {what} to {} {}",
                self.grantees(),
                self.maybe(15, &["with grant option"])
            )
        } else {
            format!("alter default privileges {role} {schema} revoke {rights} on {what} from {}", self.grantees())
        }
    }

    fn role_statement(&mut self) -> String {
        let role = self.role();
        match self.below(10) {
            0..2 => format!(
                "create role {role} {}",
                self.maybe(60, &["login", "noinherit", "bypassrls", "createrole nologin", "superuser"])
            ),
            2..4 => format!(
                "alter role {role} {}",
                self.one(&["login", "nologin", "bypassrls", "nobypassrls", "noinherit", "inherit", "createrole"])
            ),
            4..6 => format!("grant {} to {role} {}", self.role(), self.maybe(30, &["with admin option"])),
            6 => format!("revoke {} {} from {role}", self.maybe(30, &["admin option for"]), self.role()),
            7 => format!("drop role {} {role}", self.maybe(30, &["if exists"])),
            8 => format!("drop owned by {role} {}", self.behavior()),
            _ => format!("reassign owned by {role} to {}", self.role()),
        }
    }

    fn owner(&mut self) -> String {
        let to = if self.chance(25) { "postgres".to_owned() } else { self.role() };
        match self.below(7) {
            0..3 => format!("alter table {} owner to {to}", self.table()),
            3 => format!("alter view {} owner to {to}", self.view()),
            4 => format!("alter function {} owner to {to}", self.signature()),
            5 => format!("alter schema {} owner to {to}", self.schema()),
            _ => format!("alter type {}.{} owner to {to}", self.schema(), self.one(&["etat", "litres", "point"])),
        }
    }

    fn schema_statement(&mut self) -> String {
        let schema = self.schema();
        match self.below(6) {
            0..3 => format!(
                "create schema if not exists {schema} {}",
                self.maybe(30, &["authorization chef", "authorization agent"])
            ),
            3 => format!("alter schema {schema} rename to {}", self.one(&["prive", "api"])),
            4 => format!("drop schema {} {schema} {}", self.maybe(40, &["if exists"]), self.behavior()),
            _ => format!(
                "create schema {schema} create table bons (id int primary key) create view v1 as select id from bons"
            ),
        }
    }

    fn type_statement(&mut self) -> String {
        let schema = self.schema();
        match self.below(9) {
            0..2 => format!("create type {schema}.etat as enum ('ouvert', 'clos')"),
            2 => format!(
                "create domain {schema}.litres as numeric {}",
                self.maybe(50, &["not null", "check (value > 0)", "default 0"])
            ),
            3 => format!("create type {schema}.point as (x integer, y text)"),
            4 => format!(
                "alter type {schema}.etat add value {} 'signe' {}",
                self.maybe(40, &["if not exists"]),
                self.maybe(40, &["before 'clos'", "after 'ouvert'"])
            ),
            5 => format!("alter type {schema}.etat rename value 'clos' to 'ferme'"),
            6 => format!(
                "alter type {schema}.{} rename to {}",
                self.one(&["etat", "point"]),
                self.one(&["etat", "point", "statut"])
            ),
            7 => format!("alter type {schema}.{} set schema {}", self.one(&["etat", "point", "litres"]), self.schema()),
            _ => format!(
                "drop type {} {schema}.{} {}",
                self.maybe(40, &["if exists"]),
                self.one(&["etat", "point", "litres"]),
                self.behavior()
            ),
        }
    }

    fn sequence(&mut self) -> String {
        let schema = self.schema();
        match self.below(6) {
            0..2 => format!("create sequence {} {schema}.compteur", self.maybe(40, &["if not exists"])),
            2 => format!("alter sequence {schema}.compteur owned by {}.{}", self.table(), self.column()),
            3 => format!("alter sequence {schema}.compteur owned by none"),
            4 => format!(
                "alter sequence {schema}.{} set schema {}",
                self.one(&["compteur", "depots_id_seq"]),
                self.schema()
            ),
            _ => format!("drop sequence {schema}.{} {}", self.one(&["compteur", "bacs_id_seq"]), self.behavior()),
        }
    }

    fn session(&mut self) -> String {
        match self.below(6) {
            0 => format!("set search_path to {}", self.some(SCHEMAS)),
            1 => "reset search_path".to_owned(),
            2 => format!("set role {}", self.role()),
            3..5 => "reset role".to_owned(),
            _ => format!("comment on table {} is 'dit'", self.table()),
        }
    }

    fn block(&mut self) -> String {
        let table = self.table();
        let inner = match self.below(4) {
            0 => self.policy(),
            1 => self.alter_table(),
            2 => self.privileges(),
            _ => self.create_table(),
        };
        match self.below(6) {
            0 => format!("do $$ begin {inner}; end $$"),
            1 => {
                let name = self.one(&["lecture", "ecriture", "tout"]);
                let bare = self.one(TABLES);
                format!(
                    "do $$ begin if not exists (select 1 from pg_policies where policyname = '{name}' and tablename = '{bare}') then create policy {name} on public.{bare} for select using (true); end if; end $$"
                )
            }
            2 => format!("do $$ begin execute '{}'; end $$", inner.replace('\'', "''")),
            3 => format!(
                "do $$ begin execute format('alter table %I.%I enable row level security', '{}', '{}'); end $$",
                self.schema(),
                self.one(TABLES)
            ),
            4 => format!(
                "do $$ declare t text; begin foreach t in array array['depots', 'bacs', 'bons'] loop if to_regclass('public.' || t) is not null then execute format('grant select on public.%I to {}', t); end if; end loop; end $$",
                self.grantee()
            ),
            _ => format!(
                "do $$ begin {inner}; exception when others then raise notice 'caught: %', sqlerrm; alter table {table} enable row level security; end $$"
            ),
        }
    }
}

/// What every history begins with, so that the rest has something to meet.
const BEGINNING: &[&str] = &[
    "create role anon",
    "create role chef noinherit",
    "create role agent",
    "create schema prive",
    "create table public.depots (id int primary key, a text, b integer)",
];

impl Iterator for Generator {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let at = self.given;
        self.given += 1;
        let first = BEGINNING.get(at).map(|statement| (*statement).to_owned());
        let text = first.unwrap_or_else(|| self.statement());
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}
