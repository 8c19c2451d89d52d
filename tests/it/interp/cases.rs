//! The idioms counted in real migration files.

use gardefou::coverage::CoverageKind::{Assumed, DynamicSql, Opaque, Undecided};

use super::{Case, Gap};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "guard over pg_policies, policy absent",
        sql: "do $$ begin
                if not exists (select 1 from pg_policies where schemaname = 'public' and tablename = 'tanks' and policyname = 'read tanks') then
                  create policy \"read tanks\" on public.tanks for select using (true);
                end if;
              end $$;",
        has: &["policy public.tanks.read tanks permissive select to public using=t check=f"],
        lacks: &[],
    },
    Case {
        name: "guard over pg_policies, policy present",
        sql: "create policy p on tanks for insert to interp_user with check (false);
              do $$ begin
                if not exists (select from pg_policies where tablename = 'tanks' and policyname = 'p') then
                  create policy p on tanks for select using (true);
                end if;
              end $$;",
        has: &["policy public.tanks.p permissive insert to interp_user using=f check=t"],
        lacks: &["policy public.tanks.p permissive select"],
    },
    Case {
        name: "exception arm keeps the old definition",
        sql: "create policy p on tanks for select to interp_user using (false);
              do $$ begin
                create policy p on tanks for select using (true);
              exception when duplicate_object then null;
              end $$;",
        has: &["policy public.tanks.p permissive select to interp_user"],
        lacks: &["policy public.tanks.p permissive select to public"],
    },
    Case {
        name: "exception arm, nothing there before",
        sql: "do $$ begin
                create type tank_state as enum ('open', 'shut');
                create policy p on tanks using (true);
              exception when duplicate_object or duplicate_table then raise notice 'there already';
              end $$;
              do $$ begin create type tank_state as enum ('other'); exception when others then null; end $$;",
        has: &["type public.tank_state enum owner=postgres open,shut", "policy public.tanks.p"],
        lacks: &["type public.tank_state enum owner=postgres other"],
    },
    Case {
        name: "an error undoes the whole body and runs the arm",
        sql: "create table there (a int);
              do $$ begin
                create table fresh (a int);
                alter table tanks enable row level security;
                create table there (b int);
              exception when duplicate_table then
                alter table stocks enable row level security;
              end $$;",
        has: &["relation public.stocks table owner=postgres rls=t", "relation public.tanks table owner=postgres rls=f"],
        lacks: &["relation public.fresh"],
    },
    Case {
        name: "SQLSTATE, nested blocks, an error nobody names",
        sql: "create policy p on tanks using (false);
              do $$ begin
                begin
                  begin
                    create policy p on tanks using (true);
                  exception when undefined_table then drop table stocks cascade;
                  end;
                  drop table app.logs;
                exception when sqlstate '42710' then null;
                end;
              end $$;",
        has: &["relation public.stocks", "relation app.logs"],
        lacks: &[],
    },
    Case {
        name: "a raised exception is caught",
        sql: "do $$ begin
                begin
                  create table gone (a int);
                  raise exception 'no';
                exception when raise_exception then create table kept (a int);
                end;
              end $$;",
        has: &["relation public.kept"],
        lacks: &["relation public.gone"],
    },
    Case {
        name: "guard over information_schema.columns",
        sql: "do $$ begin
                if not exists (select 1 from information_schema.columns where table_schema = 'public' and table_name = 'tanks' and column_name = 'depot') then
                  alter table tanks add column depot int;
                end if;
                if exists (select 1 from information_schema.columns where table_name = 'tanks' and column_name = 'owner' and data_type = 'uuid') then
                  alter table tanks rename column owner to owner_id;
                end if;
                if exists (select 1 from information_schema.columns where table_name = 'tanks' and column_name = 'name' and is_nullable = 'YES') then
                  alter table tanks drop column name;
                end if;
              end $$;",
        has: &["column public.tanks.depot integer", "column public.tanks.owner_id uuid", "column public.tanks.name text"],
        lacks: &["column public.tanks.owner uuid"],
    },
    Case {
        name: "guards over pg_constraint",
        sql: "do $$ begin
                if not exists (select 1 from pg_constraint where conname = 'stocks_positive') then
                  alter table stocks add constraint stocks_positive check (volume >= 0);
                end if;
                if not exists (select 1 from pg_constraint where conname = 'stocks_positive' and conrelid = 'public.stocks'::regclass) then
                  alter table stocks drop column volume;
                end if;
                if exists (select 1 from information_schema.table_constraints where constraint_name = 'stocks_tank_fkey' and constraint_type = 'FOREIGN KEY') then
                  alter table stocks drop constraint stocks_tank_fkey;
                end if;
              end $$;",
        has: &["constraint public.stocks.stocks_positive check", "column public.stocks.volume numeric"],
        lacks: &["constraint public.stocks.stocks_tank_fkey"],
    },
    Case {
        name: "the foreign keys of a column, found by joins",
        sql: "do $$ declare r record; begin
                for r in
                  select tc.constraint_name, tc.table_name
                  from information_schema.table_constraints tc
                  join information_schema.key_column_usage kcu
                    on tc.constraint_name = kcu.constraint_name and tc.table_schema = kcu.table_schema
                  where tc.constraint_type = 'FOREIGN KEY' and tc.table_name = 'stocks' and kcu.column_name = 'tank'
                loop
                  execute 'alter table ' || quote_ident(r.table_name) || ' drop constraint ' || quote_ident(r.constraint_name);
                end loop;
                for r in
                  select c.conname, c.conrelid::regclass as tab from pg_constraint c
                  join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
                  where c.contype = 'p' and a.attname = 'id' and c.conrelid = 'public.stocks'::regclass
                loop
                  execute format('alter table %s drop constraint %I', r.tab, r.conname);
                end loop;
              end $$;",
        has: &["constraint public.tanks.tanks_pkey"],
        lacks: &["constraint public.stocks."],
    },
    Case {
        name: "a check found by its definition",
        sql: "alter table stocks add constraint old_check check (volume > 0 or volume is null);
              do $$ declare c text; begin
                select conname into c from pg_constraint
                where conrelid = 'stocks'::regclass and contype = 'c' and pg_get_constraintdef(oid) ilike '%volume%';
                if found then
                  execute format('alter table public.stocks drop constraint %I', c);
                end if;
              end $$;",
        has: &["relation public.stocks"],
        lacks: &["constraint public.stocks.old_check"],
    },
    Case {
        name: "to_regclass, to_regtype, to_regprocedure",
        sql: "do $$ begin
                if to_regclass('public.tanks') is not null then alter table tanks enable row level security; end if;
                if to_regclass('public.nowhere') is not null then alter table stocks enable row level security; end if;
                if to_regtype('public.mood') is null then create type mood as enum ('a'); end if;
                if to_regprocedure('public.total(int)') is not null then
                  alter function public.total(int) set search_path = '';
                end if;
                if to_regprocedure('public.total(text)') is not null then drop function total(int); end if;
              end $$;",
        has: &[
            "relation public.tanks table owner=postgres rls=t",
            "relation public.stocks table owner=postgres rls=f",
            "type public.mood enum",
            "function public.total(integer) function owner=postgres definer=t volatility=volatile strict=f settings=search_path=\"\"",
        ],
        lacks: &[],
    },
    Case {
        name: "guards over pg_type, pg_enum and pg_proc",
        sql: "do $$ begin
                if not exists (select 1 from pg_type where typname = 'grade') then
                  create type grade as enum ('a', 'b');
                end if;
                if not exists (select 1 from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.typname = 'grade' and n.nspname = 'app') then
                  create type app.grade as enum ('c');
                end if;
              end $$;
              do $$ begin
                if not exists (select 1 from pg_enum where enumlabel = 'b' and enumtypid = 'grade'::regtype) then
                  drop type grade;
                end if;
                if exists (select 1 from pg_enum e join pg_type t on e.enumtypid = t.oid where t.typname = 'grade' and e.enumlabel = 'zzz') then
                  drop type grade;
                end if;
                if exists (select 1 from pg_proc p join pg_namespace n on p.pronamespace = n.oid where n.nspname = 'public' and p.proname = 'total') then
                  revoke execute on function total(int) from public;
                end if;
              end $$;",
        has: &["type public.grade enum owner=postgres a,b", "type app.grade enum owner=postgres c"],
        lacks: &["grant function public.total(integer) public EXECUTE"],
    },
    Case {
        name: "guards over pg_trigger, pg_class, pg_indexes, pg_namespace, pg_extension, pg_roles",
        sql: "do $$ begin
                if not exists (select 1 from pg_trigger where tgname = 'bump_tanks' and tgrelid = 'tanks'::regclass and not tgisinternal) then
                  create trigger bump_tanks before update on tanks for each row execute function bump();
                end if;
                if exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relname = 'tanks' and c.relkind = 'r' and n.nspname = 'public') then
                  create index if not exists tanks_name on tanks (name);
                end if;
                if exists (select 1 from pg_indexes where indexname = 'tanks_name') then
                  drop index tanks_name;
                end if;
                if not exists (select 1 from pg_namespace where nspname = 'app') then drop table tanks cascade; end if;
                if exists (select from pg_extension where extname = 'no_such_extension') then null; end if;
                if not exists (select from pg_roles where rolname = 'interp_anon') then drop table tanks cascade; end if;
              end $$;",
        has: &["trigger public.tanks.bump_tanks origin function=public.bump row=t"],
        lacks: &["index public.tanks_name"],
    },
    Case {
        name: "constant EXECUTE, over several lines and with doubled quotes",
        sql: "do $$ begin
                execute 'alter function public.total(int) set search_path = public, pg_temp';
                execute 'create policy \"it''s\" on tanks for select to interp_anon using (name = ''x'')';
                execute $q$ alter table tanks enable row level security; alter table tanks force row level security $q$;
              end $$;",
        has: &[
            "function public.total(integer) function owner=postgres definer=t volatility=volatile strict=f settings=search_path=public, pg_temp",
            "policy public.tanks.it's permissive select to interp_anon",
            "relation public.tanks table owner=postgres rls=t force=t",
        ],
        lacks: &[],
    },
    Case {
        name: "every policy of a table is dropped",
        sql: "create policy a on tanks using (true); create policy \"B c\" on tanks using (true); create policy d on stocks using (true);
              do $$ declare pol record; begin
                for pol in select policyname from pg_policies where schemaname = 'public' and tablename = 'tanks' loop
                  execute format('drop policy if exists %I on public.tanks', pol.policyname);
                end loop;
              end $$;",
        has: &["policy public.stocks.d"],
        lacks: &["policy public.tanks."],
    },
    Case {
        name: "every policy of a schema is dropped, by scalars and pg_policy",
        sql: "create policy a on tanks using (true); create policy d on stocks using (true); create policy l on app.logs using (true);
              do $$ declare t text; p text; begin
                for t, p in select c.relname, pol.polname from pg_policy pol join pg_class c on c.oid = pol.polrelid
                            where c.relnamespace = 'public'::regnamespace loop
                  execute 'DROP POLICY IF EXISTS \"' || p || '\" ON public.' || quote_ident(t);
                end loop;
              end $$;",
        has: &["policy app.logs.l"],
        lacks: &["policy public."],
    },
    Case {
        name: "row security switched on everywhere",
        sql: "do $$ declare r record; begin
                for r in (select tablename from pg_tables where schemaname = 'public' and not rowsecurity) loop
                  execute 'alter table public.' || quote_ident(r.tablename) || ' enable row level security;';
                end loop;
              end $$;",
        has: &["relation public.tanks table owner=postgres rls=t", "relation public.stocks table owner=postgres rls=t", "relation app.logs table owner=postgres rls=f"],
        lacks: &[],
    },
    Case {
        name: "execute revoked on every definer function",
        sql: "do $$ declare r record; begin
                for r in select n.nspname, p.proname, pg_get_function_identity_arguments(p.oid) as args
                         from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                         where n.nspname = 'public' and p.prosecdef loop
                  execute format('revoke execute on function %I.%I(%s) from public', r.nspname, r.proname, r.args);
                end loop;
                for r in select p.oid::regprocedure as sig from pg_proc p where p.pronamespace = 'public'::regnamespace and p.proconfig is null loop
                  execute format('alter function %s set search_path = pg_catalog', r.sig);
                end loop;
              end $$;",
        has: &[
            "grant function public.bump() public EXECUTE",
            "function public.bump() function owner=postgres definer=f volatility=volatile strict=f settings=search_path=pg_catalog",
            "function public.total(integer) function owner=postgres definer=t volatility=volatile strict=f settings=search_path=pg_catalog",
        ],
        lacks: &["grant function public.total(integer) public"],
    },
    Case {
        name: "functions named by the types of their arguments",
        sql: "do $$ declare f text; begin
                for f in select format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes))
                         from pg_proc p join pg_namespace n on p.pronamespace = n.oid where n.nspname = 'public' loop
                  execute 'alter function ' || f || ' set search_path = pg_catalog';
                end loop;
              end $$;",
        has: &[
            "function public.bump() function owner=postgres definer=f volatility=volatile strict=f settings=search_path=pg_catalog",
            "function public.total(integer) function owner=postgres definer=t volatility=volatile strict=f settings=search_path=pg_catalog",
        ],
        lacks: &[],
    },
    Case {
        name: "FOREACH over a literal array, with a guard inside",
        sql: "do $$
              declare tbl text; tables text[] := array['tanks', 'stocks', 'nowhere'];
              begin
                foreach tbl in array tables loop
                  if exists (select 1 from information_schema.tables where table_schema = 'public' and table_name = tbl) then
                    execute format('alter table public.%I enable row level security', tbl);
                    execute format('drop policy if exists \"%s_read\" on public.%I', tbl, tbl);
                    execute format('create policy %1$I on public.%2$I for select to interp_user using (true)', tbl || '_read', tbl);
                  end if;
                end loop;
              end $$;",
        has: &["policy public.tanks.tanks_read permissive select to interp_user", "policy public.stocks.stocks_read", "relation public.stocks table owner=postgres rls=t"],
        lacks: &["relation public.nowhere"],
    },
    Case {
        name: "loops over VALUES, unnest and a string",
        sql: "do $$ declare r record; t text; begin
                for r in select * from (values ('tanks', 'interp_anon'), ('stocks', 'interp_user')) as v(tab, role) loop
                  execute format('grant select on %I to %I', r.tab, r.role);
                end loop;
                for r in values ('app.logs', 'insert') loop
                  execute format('grant %s on %s to interp_anon', r.column2, r.column1);
                end loop;
                for t in select unnest(array['tanks', 'stocks']) loop
                  execute 'grant update on ' || t || ' to interp_anon';
                end loop;
                foreach t in array string_to_array('tanks,stocks', ',') loop
                  execute format('grant delete on %I to interp_user', trim(t));
                end loop;
              end $$;",
        has: &[
            "grant relation public.tanks interp_anon SELECT",
            "grant relation public.stocks interp_user SELECT",
            "grant relation app.logs interp_anon INSERT",
            "grant relation public.stocks interp_anon UPDATE",
            "grant relation public.tanks interp_user DELETE",
        ],
        lacks: &["grant relation public.tanks interp_user SELECT"],
    },
    Case {
        name: "a helper function called by select, with defaults and named arguments",
        sql: "create function create_policies(tab regclass, who text default 'interp_anon') returns void language plpgsql as $f$
              begin
                execute format('alter table %s enable row level security', tab);
                execute format('create policy %I on %s for select to %I using (true)', who || '_read', tab, who);
              end $f$;
              select create_policies('tanks');
              select create_policies(tab => 'stocks', who => 'interp_user');
              select create_policies(c.oid::regclass) from pg_class c where c.relname = 'logs';
              drop function create_policies(regclass, text);",
        has: &[
            "policy public.tanks.interp_anon_read permissive select to interp_anon",
            "policy public.stocks.interp_user_read permissive select to interp_user",
            "policy app.logs.interp_anon_read",
        ],
        lacks: &["function public.create_policies"],
    },
    Case {
        name: "helpers that call helpers, SQL and procedures among them",
        sql: "create function secure(t text) returns void language plpgsql as $f$ begin execute 'alter table ' || t || ' enable row level security'; end $f$;
              create function secure_all() returns void language sql as $f$ select secure('tanks'); $f$;
              create procedure go() language plpgsql as $f$ begin perform secure_all(); perform secure('app.logs'); end $f$;
              call go();",
        has: &["relation public.tanks table owner=postgres rls=t", "relation app.logs table owner=postgres rls=t", "relation public.stocks table owner=postgres rls=f"],
        lacks: &[],
    },
    Case {
        name: "a CASE, a WHILE and a loop left early",
        sql: "do $$ declare i int := 0; mode text := 'b'; begin
                case mode when 'a' then drop table app.logs; when 'b', 'c' then alter table app.logs enable row level security; else drop table tanks; end case;
                while i < 3 loop
                  i := i + 1;
                  continue when i = 2;
                  execute format('create table part_%s (a int)', i);
                end loop;
                loop
                  i := i - 1;
                  exit when i = 1;
                  execute format('create table back_%s (a int)', i);
                end loop;
                for n in reverse 4..1 by 2 loop execute format('create table rev_%s (a int)', n); end loop;
              end $$;",
        has: &["relation public.part_1", "relation public.part_3", "relation public.back_2", "relation public.rev_4", "relation public.rev_2", "relation app.logs table owner=postgres rls=t"],
        lacks: &["relation public.part_2", "relation public.back_1", "relation public.rev_1", "relation public.rev_3"],
    },
    Case {
        name: "variables: SELECT INTO, FOUND, records, RETURN",
        sql: "do $$ declare kind \"char\"; r record; n int; begin
                select relkind into kind from pg_class where oid = 'v_tanks'::regclass;
                if kind = 'v' then execute 'drop view v_tanks'; end if;
                select * into r from pg_policies where policyname = 'none';
                if not found then create table not_found (a int); end if;
                select count(*) into n from information_schema.columns where table_name = 'stocks';
                if n = 3 then create table three (a int); end if;
                execute 'select count(*) from pg_tables where schemaname = $1' into n using 'app';
                if n <> 1 then drop table app.logs; end if;
                return;
                drop table tanks cascade;
              end $$;",
        has: &["relation public.not_found", "relation public.three", "relation app.logs", "relation public.tanks"],
        lacks: &["relation public.v_tanks"],
    },
    Case {
        name: "set_config sets the search path",
        sql: "select pg_catalog.set_config('search_path', 'app', false);
              create table here (a int);
              do $$ begin perform set_config('search_path', 'public', false); create table there (a int); end $$;
              create table too (a int);",
        has: &["relation app.here", "relation public.there", "relation public.too"],
        lacks: &["relation public.here", "relation app.too"],
    },
    Case {
        name: "a function with its own search path",
        sql: "create function mk() returns void language plpgsql set search_path = app as $f$ begin create table made (a int); end $f$;
              select mk();
              create table after_it (a int);",
        has: &["relation app.made", "relation public.after_it"],
        lacks: &["relation public.made"],
    },
    Case {
        name: "policies rewritten from pg_policies",
        sql: "create policy w on tanks for select to interp_user using (owner is null);
              do $$ declare p record; begin
                for p in select * from pg_policies where schemaname = 'public' and qual like '%owner%' loop
                  execute format('drop policy %I on %I.%I', p.policyname, p.schemaname, p.tablename);
                  execute format('create policy %I on %I.%I as %s for %s to %s using (%s)',
                    p.policyname || ' 2', p.schemaname, p.tablename, p.permissive, p.cmd, array_to_string(p.roles, ', '), p.qual);
                end loop;
              end $$;",
        has: &["policy public.tanks.w 2 permissive select to interp_user using=t check=f"],
        lacks: &["policy public.tanks.w permissive"],
    },
    Case {
        name: "grants found in information_schema",
        sql: "grant select, insert on tanks to interp_anon; grant select on stocks to interp_anon;
              do $$ declare g record; begin
                for g in select distinct table_schema, table_name from information_schema.role_table_grants
                         where grantee = 'interp_anon' and privilege_type = 'INSERT' loop
                  execute format('revoke all on %I.%I from interp_anon', g.table_schema, g.table_name);
                end loop;
                if has_table_privilege('interp_anon', 'public.stocks', 'SELECT') and not has_table_privilege('interp_anon', 'public.tanks', 'SELECT') then
                  create table as_expected (a int);
                end if;
              end $$;",
        has: &["grant relation public.stocks interp_anon SELECT", "relation public.as_expected"],
        lacks: &["grant relation public.tanks interp_anon"],
    },
    Case {
        name: "a common table expression, a left join and aggregates over the catalog",
        sql: "create policy p on tanks using (true);
              do $$ declare t text; list text; begin
                with bare as (
                  select c.relname as name, count(p.polname) as n
                  from pg_class c left join pg_policy p on p.polrelid = c.oid
                  where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
                  group by c.relname)
                select string_agg(quote_ident(name), ', ') into list from bare where n = 0;
                execute 'grant select on ' || list || ' to interp_anon';
              end $$;",
        has: &["grant relation public.stocks interp_anon SELECT"],
        lacks: &["grant relation public.tanks interp_anon SELECT"],
    },
    Case {
        name: "publication guards",
        sql: "create publication live;
              do $$ begin
                if not exists (select 1 from pg_publication_tables where pubname = 'live' and schemaname = 'public' and tablename = 'tanks') then
                  alter publication live add table tanks;
                end if;
                if not exists (select 1 from pg_publication_tables where pubname = 'live' and tablename = 'tanks') then
                  alter publication live add table stocks;
                end if;
                if not exists (select 1 from pg_publication where pubname = 'other') then create publication other; end if;
              end $$;",
        has: &["published live public.tanks", "publication other"],
        lacks: &["published live public.stocks"],
    },
    Case {
        name: "a function called by INSERT … SELECT",
        sql: "create function secure(t text) returns text language plpgsql as $f$ begin
                execute format('alter table %I enable row level security', t);
                return t;
              end $f$;
              insert into app.logs (id, note) select 1, secure('tanks');",
        has: &["relation public.tanks table owner=postgres rls=t"],
        lacks: &[],
    },
];

pub(crate) const GAPS: &[Gap] = &[
    Gap {
        name: "policies on tables named by data",
        sql: "do $$ declare r record; begin
                for r in select name from tanks loop
                  execute format('create policy p on %I using (true)', r.name);
                end loop;
              end $$;",
        says: &[(Undecided, "rows of `tanks`"), (DynamicSql, "policies of any table may have changed")],
        has: &["relation public.tanks table owner=postgres rls=f"],
    },
    Gap {
        name: "row security of tables named by data",
        sql: "alter table tanks enable row level security;
              do $$ declare r record; begin
                for r in select name from tanks loop
                  execute 'alter table ' || r.name || ' disable row level security';
                end loop;
              end $$;",
        says: &[(Undecided, "rows of `tanks`"), (DynamicSql, "row security of any table may have changed")],
        has: &["relation public.tanks table owner=postgres rls=?", "relation public.stocks table owner=postgres rls=?"],
    },
    Gap {
        name: "a known table, an unknown policy",
        sql: "do $$ declare n text := current_setting('app.name'); begin
                execute format('create policy %I on app.logs using (true)', n);
              end $$;",
        says: &[(DynamicSql, "policies of `app.logs` may have changed")],
        has: &[],
    },
    Gap {
        name: "grants to an unknown role",
        sql: "do $$ begin execute format('grant select on tanks to %I', current_setting('app.role')); end $$;",
        says: &[(DynamicSql, "privileges may have changed")],
        has: &[],
    },
    Gap {
        name: "nothing known of the text",
        sql: "create policy p on tanks using (true);
              do $$ begin execute current_setting('app.sql'); end $$;",
        says: &[(DynamicSql, "anything may have changed")],
        has: &[
            "policy public.tanks.p permissive all to ? using=? check=?",
            "relation public.tanks table owner=postgres rls=?",
        ],
    },
    Gap {
        name: "a condition on data: both ways",
        sql: "do $$ begin
                if (select count(*) from tanks) > 10 then
                  alter table tanks enable row level security;
                else
                  create policy q on stocks using (true);
                end if;
              end $$;",
        says: &[(Undecided, "rows of `tanks`")],
        has: &["policy public.stocks.q"],
    },
    Gap {
        name: "a body that refuses to run is not taken at its word",
        sql: "do $$ begin
                if exists (select from tanks where name is null) then
                  drop table stocks;
                  raise exception 'clean up first';
                end if;
                alter table tanks enable row level security;
              end $$;",
        says: &[(Undecided, "rows of `tanks`")],
        has: &["relation public.stocks table owner=postgres rls=f", "relation public.tanks table owner=postgres rls=t"],
    },
    Gap {
        name: "a routine the files do not have",
        sql: "select manage_everything('tanks');",
        says: &[(Opaque, "`manage_everything` is called here")],
        has: &[],
    },
    Gap {
        name: "comments, reads and refreshes of unknown things do not matter",
        sql: "do $$ declare r record; begin
                for r in select name from tanks loop
                  execute format('comment on table %I is %L', r.name, r.name);
                  execute format('select count(*) from %I', r.name);
                  execute format('analyze %I', r.name);
                end loop;
              end $$;",
        says: &[(Undecided, "rows of `tanks`")],
        has: &["relation public.tanks table owner=postgres rls=f"],
    },
    Gap {
        name: "what the server sets is not known, and not null",
        sql: "do $$ declare n int; begin
                update tanks set name = 'x' where id = 0;
                get diagnostics n = row_count;
                if n is null then execute 'alter table tanks enable row level security'; end if;
              end $$;",
        says: &[(Undecided, "`n`, which the server sets")],
        has: &["relation public.tanks table"],
    },
    Gap {
        name: "a loop over tables of which one is only known by use",
        sql: "alter table elsewhere add column a int;
              create policy p on elsewhere using (true);
              do $$ declare r record; begin
                for r in select tablename from pg_tables where schemaname = 'public' loop
                  execute format('alter table %I enable row level security', r.tablename);
                end loop;
                for r in select policyname, tablename from pg_policies where schemaname = 'public' loop
                  execute format('drop policy %I on %I', r.policyname, r.tablename);
                end loop;
              end $$;",
        says: &[(Assumed, "elsewhere")],
        has: &["relation public.elsewhere table owner=? rls=t", "relation public.tanks table owner=postgres rls=t"],
    },
    Gap {
        name: "a table nobody mentions, in a history that lacks tables",
        sql: "alter table elsewhere enable row level security;
              do $$ begin
                if not exists (select from information_schema.tables where table_name = 'made') then
                  create table made (a int);
                end if;
                if exists (select from pg_tables where tablename = 'dashboard') then
                  create policy p on dashboard using (true);
                end if;
              end $$;",
        says: &[(Assumed, "elsewhere"), (Undecided, "tables the files do not create"), (Assumed, "dashboard")],
        has: &["relation public.made table owner=postgres rls=f", "policy public.dashboard.p permissive all to public"],
    },
    Gap {
        name: "an event trigger that switches row security on",
        sql: "create function rls_on() returns event_trigger language plpgsql as $f$ declare r record; begin
                for r in select * from pg_event_trigger_ddl_commands() where command_tag = 'CREATE TABLE' loop
                  execute format('alter table %s enable row level security', r.object_identity);
                end loop;
              end $f$;
              create event trigger rls_on on ddl_command_end when tag in ('CREATE TABLE') execute function rls_on();
              create table made (a int);
              alter event trigger rls_on disable;
              create table later (a int);",
        says: &[(DynamicSql, "the event trigger `rls_on` runs here")],
        has: &["relation public.made table owner=postgres rls=?", "relation public.later table owner=postgres rls=f"],
    },
];
