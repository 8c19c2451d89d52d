//! Histories written by hand: what real projects do that generated ones do not.

use super::{Server, apply, differences};
use crate::support::pg;

const HISTORIES: &[&[&str]] = &[
    &[
        "create table units (id int, parent int, name text)",
        "create recursive view paths (id, name, depth) as select id, name, 1 from units where parent is null \
         union all select c.id, c.name, p.depth + 1 from units c join paths p on c.parent = p.id",
    ],
    &["create type span as range (subtype = int4)", "create type shell"],
    &[
        "create table t (a date, b bigint, c int, d timestamptz, e numeric(10, 2))",
        "create view v as select a::date, b::bigint, c::bigint as wide, d::date as day, e::numeric(10, 2) from t",
        "create view w as select coalesce(x.b, t.c + u.n)::bigint as n, (t.c + 1)::bigint as m from t join t x on true \
         join lateral (select sum(c)::bigint as n from t y where y.a = t.a) u on true",
    ],
    &[
        "create type mood as enum ('old', 'new')",
        "create table t (m mood default 'old')",
        "alter type mood rename value 'old' to 'sad'",
    ],
    &[
        "create table t (a int, b text, at time default '09:00', constraint k unique (a))",
        "create table u (a int references t (a))",
        "alter table u alter constraint u_a_fkey deferrable initially deferred",
        "create index i on t (lower(b) text_ops asc nulls last, a desc nulls first) where b = any (array['x', 'y'])",
        "alter table t rename b to c",
    ],
    &["create table t (a date default date_trunc('month', current_date), b interval default now() - current_date, \
         c timestamptz default current_date, check (c >= current_date))"],
    &["create function f() returns text language sql set timezone to 'UTC' set \"DateStyle\" to 'ISO' as 'select 1'"],
    &[
        "create type mood as enum ('a')",
        "create function f(a timestamptz, b mood, c text[], variadic d int[]) returns int language sql as 'select 1'",
        "create function f() returns int language sql as 'select 1'",
        "do $$ declare f text; begin for f in select format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) \
         from pg_proc p join pg_namespace n on p.pronamespace = n.oid where n.nspname = 'public' loop \
         execute 'alter function ' || f || ' set search_path = public'; end loop; end $$",
    ],
    &[
        "create function g() returns int language sql as 'select 1'",
        "do $$ begin execute 'alter function g() owner to ' || \
         quote_ident(coalesce(current_setting('app.owner', true), current_user)); end $$",
    ],
    &[
        "create table t (a int, b int)",
        "create view every as select * from t",
        "create view part as select t.b from t",
        "create view other as select x.* from t y, lateral (select y.b) x",
        "alter table t drop column a cascade",
    ],
    &[
        "create table t (a int)",
        "do $$ begin create policy p on t for delete with check (true); exception when others then \
         alter table t enable row level security; end $$",
        "do $$ begin create policy q on t for insert using (true); exception when others then \
         alter table t force row level security; end $$",
    ],
    &[
        "create table t (a int, b int) partition by range (a)",
        "create schema s",
        "create table s.t partition of t for values from (1) to (9)",
        "alter table t add constraint k unique (a)",
        "alter table t add primary key (a, b)",
    ],
    &["create schema s", "create table s.t (id serial)", "create table t (id serial)", "drop table t cascade"],
    &[
        "create table t (a int)",
        "create view v as select x.a, y.a as c from t x join t y on x.a = y.a",
        "alter table t rename column a to b",
    ],
    &[
        "create function add(a bigint, b int) returns bigint language sql immutable as 'select a + b'",
        "create aggregate total (int) (sfunc = add, stype = bigint, initcond = '0')",
    ],
    &[
        r#"create table t (a text[] default '{"email"}', b text[] default '{ x , "y z", NULL, "null", "", "q\"" , a\,b}', c int[] default '{ 1, 2}',
         d text[] default '{}', e text[] default '{{a, "b"},{c,d}}', f jsonb default '{"a": 1}', g uuid[] default '{}')"#,
    ],
    &[
        "create table t (a interval default '1 month - 1 day', b interval default '-1 mon +2 days 03:00', c interval default '- 2 hours', \
         d interval default '1 year -1 day 2 hours', e timestamptz default now() + interval '1 month - 1 day')",
    ],
    &[
        "create table a (id int, x int)",
        "create table b (id int, y int)",
        "create table c (id int, x int, z int)",
        "create view v as select a.x, b.y, c.z from a cross join b join c on a.id = c.id and b.id = c.id left join a d on d.id = a.id",
        "create view w as select 1 as n from a natural join b join c on c.id = a.id cross join a d cross join b e",
        "create view u as select 1 as n from a join b cross join c on a.id = b.id",
    ],
    &[
        "create table t (id int, n int)",
        "create view v as with e as (select id, sum(n) as n from t pe group by id), \
         f as (select pe.id, sum(pe.n) as n from e pe group by pe.id) select pe.id, pe.n from f pe where exists \
         (select 1 from t pe where pe.n > 0 and exists (select 1 from e pe where pe.id = 1))",
        "create view w as select q.id from t q join lateral (select q.n, x.id from (select 1 as n) q, t x) r on r.n = q.n \
         where q.id in (select q_1.id from t q_1)",
    ],
    &[
        "create function t() returns trigger language plpgsql security definer as 'begin return new; end'",
        "create function f() returns table (a int) language sql security definer as 'select 1'",
        "create procedure p() language sql security definer as 'select 1'",
        "do $$ declare r record; begin for r in select p.oid::regprocedure as sig, pg_get_function_result(p.oid) = 'trigger' as is_trigger \
         from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'public' and p.prokind <> 'p' loop \
         execute format('revoke all on function %s from public', r.sig); if r.is_trigger then continue; end if; \
         execute format('grant execute on function %s to pg_monitor', r.sig); end loop; end $$",
    ],
    &[
        "create table t (a int, b int)",
        "alter table t enable row level security",
        "create policy p on t for insert with check (a = 1)",
        "create policy q on t for all using (true) with check (b > 0)",
        "do $$ declare r record; begin for r in select c.relname, p.polname, p.polcmd, pg_get_expr(p.polqual, p.polrelid) as q, \
         pg_get_expr(p.polwithcheck, p.polrelid) as c from pg_policy p join pg_class c on c.oid = p.polrelid where p.polroles = '{0}' loop \
         execute format('drop policy %I on %I', r.polname, r.relname); execute format('create policy %I on %I for %s to pg_monitor', \
         r.polname, r.relname, case r.polcmd when '*' then 'all' else 'insert' end) || case when r.q is null then '' else \
         ' using (' || r.q || ')' end || case when r.c is null then '' else ' with check (' || r.c || ')' end; end loop; end $$",
    ],
    &["create table t (a text default '{{{{{{{{{{{{{{x}}}}}}}}}}}}}}')"],
    &[
        "create table t (a numeric, b numeric, kind text, part numeric generated always as \
         (case when a = 0 then 0 when kind = 'flag' then case when b >= 1 then 100 else 0 end else least(100, b / a) end) stored)",
        "create view v as select coalesce(avg(a), 0)::numeric as x, case when b > 0 then a else 0 end as y from t group by a, b",
    ],
];

#[test]
fn written_histories_fold_as_the_server_runs_them() {
    let Some(cluster) = pg::own_cluster("-written") else { return };
    let mut client = Server::connect(&cluster);
    if pg::older(&mut client.client, 15, "the public schema the fold starts from") {
        return;
    }
    for statements in HISTORIES {
        let (accepted, _) = apply(&mut client, statements.iter().map(ToString::to_string), usize::MAX);
        assert_eq!(accepted, *statements, "the server refuses some");
        let (lines, _) = differences(&mut client.client, &accepted);
        client.client.batch_execute("rollback").unwrap();
        assert!(lines.is_empty(), "{statements:#?}\n{lines:#?}");
    }
}
