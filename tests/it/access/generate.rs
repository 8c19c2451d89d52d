//! Schemas out of a seed: tables, roles, grants, policies, views, with rows of every kind in every table.

use std::fmt::Write as _;

/// SplitMix64: the same numbers everywhere, for ever.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// A relation that was generated.
pub struct Made {
    pub name: String,
    /// Reads the same rows with no rights asked: what `all` is measured by.
    pub raw: String,
    pub view: bool,
    /// Its rows are those of one relation, one by one, whoever asks.
    pub plain: bool,
    pub columns: Vec<String>,
    /// Columns that must not be NULL.
    pub not_null: Vec<String>,
}

/// A schema with everything needed to ask about it.
pub struct Schema {
    pub sql: String,
    pub roles: Vec<String>,
    pub relations: Vec<Made>,
}

struct Generator {
    random: Random,
    schema: String,
    out: Schema,
    owners: Vec<String>,
    tables: Vec<String>,
    helpers: Vec<String>,
}

const COLUMNS: [&str; 4] = ["id", "owner", "tag", "flag"];

/// Rows of every pattern of NULLs the columns allow.
fn rows(not_null: &[String]) -> String {
    let mut values = Vec::new();
    let mut id = 0;
    for owner in ["'11111111-1111-1111-1111-111111111111'", "'22222222-2222-2222-2222-222222222222'", "null"] {
        for tag in ["'a'", "'b'", "null"] {
            for flag in ["true", "false", "null"] {
                let given = [("owner", owner), ("tag", tag), ("flag", flag)];
                if given.iter().any(|(name, value)| *value == "null" && not_null.iter().any(|column| column == name)) {
                    continue;
                }
                id += 1;
                values.push(format!("({id}, {owner}, {tag}, {flag})"));
            }
        }
    }
    // Numbers on both sides of what conditions ask.
    values.push("(-1, '11111111-1111-1111-1111-111111111111', 'b', true)".to_owned());
    values.push("(3, '22222222-2222-2222-2222-222222222222', 'c', false)".to_owned());
    values.push("(0, '22222222-2222-2222-2222-222222222222', 'a', false)".to_owned());
    values.join(", ")
}

pub fn schema(seed: u64) -> Schema {
    let mut generator = Generator {
        random: Random::new(seed),
        schema: format!("s{seed}"),
        out: Schema { sql: String::new(), roles: Vec::new(), relations: Vec::new() },
        owners: Vec::new(),
        tables: Vec::new(),
        helpers: Vec::new(),
    };
    generator.run();
    generator.out
}

impl Generator {
    fn say(&mut self, sql: impl AsRef<str>) {
        writeln!(self.out.sql, "{};", sql.as_ref()).expect("a string");
    }

    fn run(&mut self) {
        self.roles();
        let schema = self.schema.clone();
        self.say(format!("create schema {schema}"));
        for role in self.out.roles.clone() {
            if self.random.chance(90) {
                self.say(format!("grant usage on schema {schema} to {role}"));
            }
        }
        if self.random.chance(30) {
            self.say(format!("grant usage on schema {schema} to public"));
        }
        if self.random.chance(30) {
            let role = self.role();
            self.say(format!("alter default privileges in schema {schema} grant select, insert on tables to {role}"));
        }
        let tables = 2 + self.random.below(3);
        (0..tables).for_each(|at| self.table(at));
        if self.random.chance(35) {
            self.partitions();
        }
        if self.random.chance(20) {
            self.child();
        }
        self.helper_functions();
        for at in 0..self.tables.len() {
            self.security(at);
        }
        let views = self.random.below(4);
        (0..views).for_each(|at| self.view(at));
        for at in 0..self.out.relations.len() {
            self.grants(at);
        }
    }

    fn roles(&mut self) {
        let prefix = self.schema.clone();
        let own: Vec<String> = (1..=3).map(|at| format!("{prefix}_r{at}")).collect();
        for (at, role) in own.iter().enumerate() {
            let inherit = if self.random.chance(25) { " noinherit" } else { "" };
            let bypass = if self.random.chance(8) { " bypassrls" } else { "" };
            let superuser = if at == 2 && self.random.chance(5) { " superuser" } else { "" };
            self.say(format!("create role {role}{inherit}{bypass}{superuser}"));
        }
        if self.random.chance(50) {
            self.say(format!("grant {} to {}", own[0], own[1]));
        }
        if self.random.chance(30) {
            self.say(format!("grant {} to {}", own[1], own[2]));
        }
        if self.random.chance(15) {
            self.say(format!("grant {} to authenticated", own[0]));
        }
        self.owners = vec!["postgres".to_owned(), "postgres".to_owned(), own[0].clone(), own[2].clone()];
        self.out.roles = ["anon", "authenticated"].iter().map(|role| (*role).to_owned()).chain(own).collect();
    }

    fn role(&mut self) -> String {
        let at = self.random.below(self.out.roles.len() + 1);
        self.out.roles.get(at).cloned().unwrap_or_else(|| "public".to_owned())
    }

    fn named_role(&mut self) -> String {
        let at = self.random.below(self.out.roles.len());
        self.out.roles[at].clone()
    }

    fn not_null(&mut self) -> Vec<String> {
        let mut columns = vec!["id".to_owned()];
        for column in ["owner", "tag", "flag"] {
            if self.random.chance(25) {
                columns.push(column.to_owned());
            }
        }
        columns
    }

    fn body(&mut self, not_null: &[String]) -> String {
        let with = |column: &str, ty: &str, default: &str| {
            if not_null.iter().any(|name| name == column) {
                format!("{column} {ty} not null default {default}")
            } else {
                format!("{column} {ty}")
            }
        };
        [
            with("id", "integer", "1"),
            with("owner", "uuid", "'11111111-1111-1111-1111-111111111111'"),
            with("tag", "text", "'a'"),
            with("flag", "boolean", "false"),
        ]
        .join(", ")
    }

    fn made(&mut self, name: &str, not_null: Vec<String>) {
        let columns = COLUMNS.iter().map(|column| (*column).to_owned()).collect();
        let made = Made {
            name: name.to_owned(),
            raw: format!("select * from {name}"),
            view: false,
            plain: true,
            columns,
            not_null,
        };
        self.out.relations.push(made);
        self.tables.push(name.to_owned());
    }

    fn owned(&mut self, kind: &str, name: &str) -> String {
        let owner = self.owners[self.random.below(self.owners.len())].clone();
        if owner != "postgres" {
            self.say(format!("alter {kind} {name} owner to {owner}"));
        }
        owner
    }

    fn table(&mut self, at: usize) {
        let name = format!("{}.t{at}", self.schema);
        let not_null = self.not_null();
        let body = self.body(&not_null);
        self.say(format!("create table {name} ({body})"));
        self.say(format!("insert into {name} values {}", rows(&not_null)));
        self.owned("table", &name);
        self.made(&name, not_null);
    }

    fn partitions(&mut self) {
        let parent = format!("{}.p", self.schema);
        let not_null = self.not_null();
        let body = self.body(&not_null);
        self.say(format!("create table {parent} ({body}) partition by list (tag)"));
        self.say(format!("create table {parent}_a partition of {parent} for values in ('a')"));
        self.say(format!("create table {parent}_rest partition of {parent} default"));
        self.say(format!("insert into {parent} values {}", rows(&not_null)));
        self.made(&parent, not_null.clone());
        self.made(&format!("{parent}_rest"), not_null);
        // A row that belongs elsewhere is refused before its policies are asked.
        let last = self.out.relations.len() - 1;
        self.out.relations[last].columns.retain(|column| column != "tag");
    }

    fn child(&mut self) {
        let (parent, child) = (format!("{}.t0", self.schema), format!("{}.t0_child", self.schema));
        let not_null = self.out.relations[0].not_null.clone();
        self.say(format!("create table {child} () inherits ({parent})"));
        self.say(format!("insert into {child} values {}", rows(&not_null)));
        self.made(&child, not_null);
    }

    fn helper_functions(&mut self) {
        let (schema, table) = (self.schema.clone(), self.tables[0].clone());
        let other = self.tables[1].clone();
        let definer = if self.random.chance(60) { " security definer" } else { "" };
        let all = [
            (
                format!("{schema}.is_owner(x uuid)"),
                "boolean",
                String::new(),
                "select x = auth.uid()".to_owned(),
                "is_owner(owner)",
            ),
            (
                format!("{schema}.is_admin()"),
                "boolean",
                definer.to_owned(),
                format!("select exists (select 1 from {table} where owner = auth.uid() and flag)"),
                "is_admin()",
            ),
            (
                format!("{schema}.reads()"),
                "boolean",
                String::new(),
                format!("select exists (select 1 from {other} where tag = 'a')"),
                "reads()",
            ),
            (
                format!("{schema}.me()"),
                "uuid",
                " security definer".to_owned(),
                "select auth.uid()".to_owned(),
                "me() = owner",
            ),
            (
                format!("{schema}.am_anon()"),
                "boolean",
                String::new(),
                "select current_user = 'anon'".to_owned(),
                "am_anon()",
            ),
            (
                format!("{schema}.is_anon()"),
                "boolean",
                definer.to_owned(),
                format!("select {schema}.am_anon()"),
                "is_anon()",
            ),
        ];
        for (signature, returns, security, body, call) in all {
            let calls = body.strip_suffix("am_anon()").is_some();
            if !self.random.chance(60) || calls && !self.helpers.iter().any(|call| call.ends_with(".am_anon()")) {
                continue;
            }
            self.say(format!(
                "create function {signature} returns {returns} language sql stable{security} as $${body}$$"
            ));
            let types = signature.replace("x uuid", "uuid");
            if self.random.chance(15) {
                self.owned("function", &types);
            }
            if self.random.chance(12) {
                self.say(format!("revoke execute on function {types} from public"));
                let role = self.named_role();
                self.say(format!("grant execute on function {types} to {role}"));
            }
            self.helpers.push(format!("{schema}.{call}"));
        }
    }

    fn atom(&mut self, table: usize) -> String {
        const PLAIN: [&str; 26] = [
            "true",
            "true",
            "false",
            "null::boolean",
            "flag",
            "flag is not null",
            "tag = 'a'",
            "tag in ('a', 'b')",
            "tag is null",
            "owner = auth.uid()",
            "owner = (select auth.uid())",
            "owner is not null",
            "auth.uid() is null",
            "auth.uid() is not null",
            "auth.role() = 'authenticated'",
            "(auth.jwt() ->> 'role') = 'anon'",
            "id = id",
            "id > 0",
            "tag = tag",
            "flag is true",
            "coalesce(flag, false)",
            "coalesce(tag, 'a') <> 'b'",
            "current_user = 'anon'",
            "current_setting('app.x', true) = 'y'",
            "nullif(tag, 'a') is null",
            "1 = 1",
        ];
        let own = self.tables[table].clone();
        let short = own.rsplit('.').next().expect("a name").to_owned();
        match self.random.below(12) {
            0 if !self.helpers.is_empty() => {
                let at = self.random.below(self.helpers.len());
                self.helpers[at].clone()
            }
            1 | 2 => {
                let other = self.tables[self.random.below(self.tables.len())].clone();
                let inner = ["x.owner = auth.uid()", "x.tag = 'a'", "x.flag and x.owner is not null", "false"];
                let inner = self.random.pick(&inner);
                match self.random.below(3) {
                    0 => format!("exists (select 1 from {other} x where {inner})"),
                    1 => format!("exists (select 1 from {other} x where x.id = {short}.id and {inner})"),
                    _ => format!("{short}.id in (select x.id from {other} x where {inner})"),
                }
            }
            _ => self.random.pick(&PLAIN).to_owned(),
        }
    }

    fn condition(&mut self, table: usize, depth: usize) -> String {
        if depth == 0 || self.random.chance(50) {
            return self.atom(table);
        }
        let (a, b) = (self.condition(table, depth - 1), self.condition(table, depth - 1));
        match self.random.below(6) {
            0 | 1 => format!("({a}) and ({b})"),
            2 | 3 => format!("({a}) or ({b})"),
            4 => format!("not ({a})"),
            _ => format!("case when {a} then {b} else false end"),
        }
    }

    fn security(&mut self, at: usize) {
        let table = self.tables[at].clone();
        if self.random.chance(80) {
            self.say(format!("alter table {table} enable row level security"));
        }
        if self.random.chance(25) {
            self.say(format!("alter table {table} force row level security"));
        }
        let policies = self.random.below(5);
        for policy in 0..policies {
            let restrictive = if self.random.chance(20) { " as restrictive" } else { "" };
            let command =
                self.random.pick(&["all", "all", "select", "select", "insert", "update", "delete"]).to_owned();
            let to = if self.random.chance(40) { String::new() } else { format!(" to {}", self.role()) };
            let mut clauses = String::new();
            if command != "insert" && !(command == "all" && self.random.chance(10)) {
                write!(clauses, " using ({})", self.condition(at, 2)).expect("a string");
            }
            let must = command == "insert" || clauses.is_empty();
            if must || matches!(command.as_str(), "all" | "update") && self.random.chance(40) {
                write!(clauses, " with check ({})", self.condition(at, 2)).expect("a string");
            }
            self.say(format!("create policy p{policy} on {table}{restrictive} for {command}{to}{clauses}"));
        }
    }

    fn view(&mut self, at: usize) {
        let name = format!("{}.v{at}", self.schema);
        let from = self.random.below(self.out.relations.len());
        let (base, raw) = (self.out.relations[from].name.clone(), self.out.relations[from].raw.clone());
        let columns = self.out.relations[from].columns.clone();
        let not_null = self.out.relations[from].not_null.clone();
        let other = self.tables[self.random.below(self.tables.len())].clone();
        let list = columns.join(", ");
        let conditions = [
            "flag",
            "owner = auth.uid()",
            "tag = 'a'",
            "auth.role() = 'authenticated'",
            "auth.uid() is not null",
            "id > 0",
        ];
        let usable: Vec<&str> = conditions
            .into_iter()
            .filter(|text| {
                COLUMNS.iter().all(|column| {
                    !text.split(|c: char| !c.is_alphanumeric()).any(|word| word == *column)
                        || columns.iter().any(|name| name == column)
                })
            })
            .collect();
        let id = columns.iter().any(|name| name == "id");
        let condition = if id { self.random.pick(&usable) } else { "true" };
        let shape = self.random.below(9);
        let (text, columns) = match if id || shape == 7 { shape } else { 0 } {
            0 | 1 => (format!("select {list} from @"), columns),
            2 | 3 => (format!("select {list} from @ b where {condition}"), columns),
            4 => (
                format!("select b.id, o.tag from @ b join {other} o on o.id = b.id"),
                vec!["id".to_owned(), "tag".to_owned()],
            ),
            5 => (
                format!("select b.id, o.tag from @ b left join {other} o on o.id = b.id"),
                vec!["id".to_owned(), "tag".to_owned()],
            ),
            6 => (format!("select id from @ union all select id from {other}"), vec!["id".to_owned()]),
            7 => ("select count(*) as n from @".to_owned(), vec!["n".to_owned()]),
            _ => (
                format!("select id from @ b where exists (select 1 from {other} o where o.id = b.id)"),
                vec!["id".to_owned()],
            ),
        };
        let materialized = self.random.chance(8);
        let with = if !materialized && self.random.chance(40) { " with (security_invoker = true)" } else { "" };
        let simple = text.starts_with(&format!("select {list} from @ b where"));
        let check = if simple && !materialized && self.random.chance(25) { " with check option" } else { "" };
        let kind = if materialized { "materialized view" } else { "view" };
        self.say(format!("create {kind} {name}{with} as {}{check}", text.replace('@', &base)));
        self.owned(kind, &name);
        let plain = self.out.relations[from].plain
            && text.starts_with(&format!("select {list} from @"))
            && !text.contains("auth.");
        // Without an alias of its own the subquery needs one.
        let inner = format!("({raw}) ");
        let raw = match text.contains("@ b") {
            true => text.replace('@', &inner),
            false => text.replace('@', &format!("{inner} b")),
        };
        let raw = if materialized { format!("select * from {name}") } else { raw };
        self.out.relations.push(Made { name, raw, view: true, plain, columns, not_null });
    }

    fn grants(&mut self, at: usize) {
        let (name, columns) = (self.out.relations[at].name.clone(), self.out.relations[at].columns.clone());
        for _ in 0..2 + self.random.below(6) {
            let role = self.role();
            let privilege = self.random.pick(&[
                "select",
                "insert",
                "update",
                "delete",
                "all",
                "all",
                "select, update",
                "select, insert, update, delete",
            ]);
            if self.random.chance(15) && !privilege.contains("delete") && privilege != "all" && columns.len() > 1 {
                let column = &columns[self.random.below(columns.len())];
                let listed: Vec<String> = privilege.split(", ").map(|one| format!("{one} ({column})")).collect();
                self.say(format!("grant {} on {name} to {role}", listed.join(", ")));
            } else {
                self.say(format!("grant {privilege} on {name} to {role}"));
            }
        }
        if self.random.chance(10) {
            let role = self.role();
            self.say(format!("revoke all on {name} from {role}"));
        }
    }
}
