//! Where we differ from splinter on purpose, and why; the tests below show on a server that the reason holds.

/// Who finds something the other does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    OnlySplinter,
    OnlyGardefou,
}

/// One intended difference.
pub(crate) struct Line {
    lint: &'static str,
    side: Side,
    keys: &'static [&'static str],
    pub(crate) reason: &'static str,
}

impl Line {
    pub(crate) fn explains(&self, lint: &str, side: Side, key: &str) -> bool {
        self.lint == lint && self.side == side && self.keys.contains(&key)
    }
}

pub(crate) const LEDGER: &[Line] = &[
    Line {
        lint: "0001_unindexed_foreign_keys",
        side: Side::OnlySplinter,
        keys: &["public.bbb.bbb_foo_bar_fkey"],
        reason: "an index serves a foreign key whatever the order of its columns",
    },
    Line {
        lint: "0002_auth_users_exposed",
        side: Side::OnlySplinter,
        keys: &["public.baz"],
        reason: "with security_invoker the caller needs SELECT on auth.users, which nobody exposed holds",
    },
    Line {
        lint: "0009_duplicate_index",
        side: Side::OnlyGardefou,
        keys: &["public.ix_1"],
        reason: "an index on exactly the primary key's column is the primary key's index again",
    },
    Line {
        lint: "0010_security_definer_view",
        side: Side::OnlySplinter,
        keys: &["public.my_view"],
        reason: "a view that reads nothing opens nothing, whoever's rights it has",
    },
    Line {
        lint: "0024_rls_policy_always_true",
        side: Side::OnlyGardefou,
        keys: &["public.posts.custom_role_policy"],
        reason: "any role that row security binds, not only anon and authenticated, is let through to every row",
    },
    Line {
        lint: "0024_rls_policy_always_true",
        side: Side::OnlyGardefou,
        keys: &["public.no_rls_table.no_rls_policy"],
        reason: "the policy says so already, and is what remains when row security is enabled",
    },
    Line {
        lint: "0024_rls_policy_always_true",
        side: Side::OnlySplinter,
        keys: &["public.posts.insert_no_with_check"],
        reason: "a permissive INSERT policy without WITH CHECK lets nothing through: PostgreSQL denies",
    },
];

use postgres::Client;

use super::{findings, rules};
use crate::support::pg;

static CLUSTER: std::sync::OnceLock<Option<pg::Cluster>> = std::sync::OnceLock::new();

/// A database with the roles and schemas splinter's fixtures make, in an open transaction.
fn state(sql: &str) -> Option<Client> {
    let mut client = CLUSTER.get_or_init(|| pg::own_cluster("-ledger")).as_ref().map(|cluster| {
        let database = cluster.create();
        cluster.connect(&database)
    })?;
    // Roles are the whole server's: one transaction waits for the other's to end.
    client
        .batch_execute(
            "begin; create role anon; create role authenticated; grant usage on schema public to anon, authenticated;
             create schema auth; create table auth.users (id uuid primary key, email text);
             alter default privileges in schema public grant select, insert on tables to public;",
        )
        .unwrap();
    if sql.contains("security_invoker") && pg::older(&mut client, 15, "views with security_invoker") {
        return None;
    }
    client.batch_execute(sql).unwrap();
    Some(client)
}

fn found(client: &mut Client, rule: &str) -> Vec<String> {
    let all = findings(client, &rules());
    all.into_iter().filter(|finding| finding.rule == rule).map(|finding| finding.object.name).collect()
}

fn refused(client: &mut Client, sql: &str) -> String {
    client.batch_execute("savepoint s").unwrap();
    let error = client.batch_execute(sql).expect_err("the server refuses");
    client.batch_execute("rollback to savepoint s; reset role").unwrap();
    gardefou::live::connect::plain(&error)
}

#[test]
fn any_order_of_columns_serves_a_foreign_key() {
    let sql = "create table public.aaa (foo int, bar int, primary key (foo, bar));
        create table public.bbb (foo int, bar int, foreign key (foo, bar) references public.aaa);
        create index autre_ordre on public.bbb (bar, foo); set local enable_seqscan = off; set local enable_bitmapscan = off";
    let Some(mut client) = state(sql) else { return };
    // What the server runs when a row of the referenced table is deleted.
    let plan = client.query("explain select 1 from public.bbb where foo = 1 and bar = 2", &[]).unwrap();
    let plan: String = plan.iter().map(|row| row.get::<_, String>(0)).collect();
    assert!(plan.contains("autre_ordre") && plan.contains("Index Cond: ((bar = 2) AND (foo = 1))"), "{plan}");
    assert!(found(&mut client, "performance/unindexed-foreign-key").is_empty());
    client.batch_execute("drop index public.autre_ordre").unwrap();
    assert_eq!(found(&mut client, "performance/unindexed-foreign-key"), ["public.bbb.bbb_foo_bar_fkey"]);
}

#[test]
fn an_invoker_view_of_auth_users_is_open_where_auth_users_is() {
    let Some(mut client) = state("create view public.baz with (security_invoker = on) as select * from auth.users")
    else {
        return;
    };
    let message = refused(&mut client, "set local role anon; select * from public.baz");
    assert!(message.contains("permission denied"), "{message}");
    assert!(found(&mut client, "views/auth-users-exposed").is_empty());
    client.batch_execute("grant usage on schema auth to anon; grant select on auth.users to anon").unwrap();
    assert_eq!(found(&mut client, "views/auth-users-exposed"), ["public.baz"]);
    client.batch_execute("set local role anon; select * from public.baz; reset role").unwrap();
    client.batch_execute("alter table auth.users enable row level security").unwrap();
    assert!(found(&mut client, "views/auth-users-exposed").is_empty());
}

#[test]
fn a_view_matters_by_what_it_reads() {
    let Some(mut client) = state(
        "create view public.rien as select 1 as un; create schema interne;
        create table interne.t (id int); create view public.ouverte as select * from interne.t",
    ) else {
        return;
    };
    assert_eq!(found(&mut client, "views/owner-rights"), ["public.ouverte"]);
    client.batch_execute("set local role anon; select * from public.ouverte; reset role").unwrap();
    assert!(refused(&mut client, "set local role anon; select * from interne.t").contains("permission denied"));
}

#[test]
fn an_index_beside_the_primary_keys_is_one_too_many() {
    let Some(mut client) = state("create table public.t (id int primary key); create index a_t on public.t (id)")
    else {
        return;
    };
    assert_eq!(found(&mut client, "performance/duplicate-index"), ["public.a_t"]);
}

#[test]
fn an_insert_policy_without_check_denies() {
    let sql = "create table public.t (id int); alter table public.t enable row level security;
        create policy p on public.t for insert to anon";
    let Some(mut client) = state(sql) else { return };
    let message = refused(&mut client, "set local role anon; insert into public.t values (1)");
    assert!(message.contains("violates row-level security"), "{message}");
    assert!(found(&mut client, "rls/always-true-write").is_empty());
}

#[test]
fn a_policy_for_another_role_lets_it_through_all_the_same() {
    let sql = "create role chef; grant usage on schema public to chef; create table public.t (id int);
        grant all on public.t to chef; insert into public.t values (1); alter table public.t enable row level security;
        create policy p on public.t to chef using (true)";
    let Some(mut client) = state(sql) else { return };
    client.batch_execute("set local role chef").unwrap();
    assert_eq!(client.execute("delete from public.t", &[]).unwrap(), 1);
    client.batch_execute("reset role").unwrap();
    assert_eq!(found(&mut client, "rls/always-true-write"), ["public.t.p"]);
}

#[test]
fn a_policy_means_the_same_before_row_security_is_enabled() {
    let sql = "create table public.t (id int); create policy p on public.t using (true)";
    let Some(mut client) = state(sql) else { return };
    assert_eq!(found(&mut client, "rls/always-true-write"), ["public.t.p"]);
    client.batch_execute("alter table public.t enable row level security").unwrap();
    assert_eq!(found(&mut client, "rls/always-true-write"), ["public.t.p"]);
}

/// splinter's lints about what the API serves fall silent where PostgREST's setting is not set; ours take `public`.
#[test]
fn an_unset_setting_is_not_an_all_clear() {
    let Some(mut client) = state("create table public.ouverte (id int)") else { return };
    assert_eq!(found(&mut client, "rls/rls-disabled"), ["public.ouverte"]);
    client.batch_execute("set local pgrst.db_schemas = ''").unwrap();
    assert!(found(&mut client, "rls/rls-disabled").is_empty());
}

/// What else splinter does not see, by its own words: it asks for SELECT on ordinary tables, and looks for text.
#[test]
fn what_splinter_does_not_see() {
    let Some(mut client) = state(
        "alter default privileges in schema public revoke all on tables from public;
        create role groupe; grant groupe to authenticated;
        create table public.t_insert (id int); grant insert on public.t_insert to anon;
        create table public.t_colonne (id int, a int); grant select (a) on public.t_colonne to anon;
        create table public.t_partage (id int) partition by range (id); grant select on public.t_partage to anon;
        create table public.t_groupe (id int); alter table public.t_groupe enable row level security;
        create policy p on public.t_groupe for delete to groupe using (true);
        create table public.t_toujours (id int primary key); alter table public.t_toujours enable row level security;
        create policy p on public.t_toujours for delete to anon using (id = id or not true)",
    ) else {
        return;
    };
    assert_eq!(found(&mut client, "rls/rls-disabled"), ["public.t_colonne", "public.t_insert", "public.t_partage"]);
    assert_eq!(found(&mut client, "rls/always-true-write"), ["public.t_groupe.p", "public.t_toujours.p"]);
}
