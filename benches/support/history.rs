//! Writes a migration history of any size: tables, indexes, policies in guarded `DO` blocks, PL/pgSQL functions with
//! triggers, views replaced over and over, grants and data fixes, in the proportions of real Supabase projects.

use std::fmt::Write as _;

/// One generated file: name and text.
pub(crate) type File = (String, String);

/// A history of `files` migrations of about 7.5 kB each. The same number gives the same bytes.
#[must_use]
pub(crate) fn generate(files: usize) -> Vec<File> {
    (0..files)
        .map(|number| (format!("{:014}_lot_{number}.sql", 20_240_101_000_000_u64 + number as u64), one(number)))
        .collect()
}

fn one(number: usize) -> String {
    let mut sql = String::new();
    let _ = writeln!(sql, "-- lot {number}: suivi des opérations du dépôt\n");
    for part in 0..2 {
        let table = format!("operations_{number}_{part}");
        create_table(&mut sql, &table, number);
        policies(&mut sql, &table, part);
        trigger(&mut sql, &table);
    }
    views(&mut sql, number);
    earlier_objects(&mut sql, number);
    sql
}

fn create_table(sql: &mut String, table: &str, number: usize) {
    let _ = write!(
        sql,
        "create table if not exists public.{table} (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  depot_id uuid not null,
  reference text not null,
  statut text not null default 'brouillon' check (statut in ('brouillon', 'validee', 'annulee')),
  volume_ambiant numeric(12, 1) not null check (volume_ambiant >= 0),
  temperature_c numeric(5, 2),
  densite_a_15_kgm3 numeric(6, 1),
  notes jsonb not null default '{{}}'::jsonb,
  lot integer not null default {number},
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint {table}_reference_key unique (depot_id, reference)
);
create index if not exists idx_{table}_user on public.{table} (user_id);
create index if not exists idx_{table}_depot on public.{table} (depot_id, created_at desc) where statut <> 'annulee';
alter table public.{table} enable row level security;
comment on table public.{table} is 'Opérations du lot {number}';

"
    );
}

fn policies(sql: &mut String, table: &str, part: usize) {
    let _ = write!(
        sql,
        "drop policy if exists \"{table} lecture\" on public.{table};
create policy \"{table} lecture\" on public.{table} for select to authenticated using ((select auth.uid()) = user_id);
drop policy if exists \"{table} ecriture\" on public.{table};
create policy \"{table} ecriture\" on public.{table} for insert to authenticated with check ((select auth.uid()) = user_id and statut = 'brouillon');
do $$
begin
  if not exists (select 1 from pg_policies where schemaname = 'public' and tablename = '{table}' and policyname = '{table} maj') then
    create policy \"{table} maj\" on public.{table} for update to authenticated
      using ((select auth.uid()) = user_id and statut in ('brouillon', 'validee'))
      with check ((select auth.uid()) = user_id);
  end if;
end $$;
"
    );
    if part == 1 && sql.len().is_multiple_of(3) {
        let _ = writeln!(
            sql,
            "grant select on public.{table} to anon;\nrevoke insert, update, delete on public.{table} from anon;\n"
        );
    }
}

fn trigger(sql: &mut String, table: &str) {
    let _ = write!(
        sql,
        "create or replace function public.{table}_maj() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_avant numeric := 0;
begin
  if tg_op = 'UPDATE' and old.statut = 'validee' and new.statut <> 'validee' then
    raise exception 'operation % deja validee', old.id using errcode = 'P0001';
  end if;
  select coalesce(sum(volume_ambiant), 0) into v_avant
    from public.{table} where depot_id = new.depot_id and statut = 'validee';
  if v_avant + new.volume_ambiant > 1000000 then
    raise notice 'capacite depassee pour le depot %', new.depot_id;
  end if;
  new.updated_at := now();
  return new;
end $$;
drop trigger if exists trg_{table}_maj on public.{table};
create trigger trg_{table}_maj before insert or update on public.{table}
  for each row execute function public.{table}_maj();
revoke execute on function public.{table}_maj() from public, anon, authenticated;

"
    );
}

fn views(sql: &mut String, number: usize) {
    let _ = write!(
        sql,
        "create or replace view public.v_operations_{number} with (security_invoker = true) as
select o.depot_id, o.statut, count(*) as nombre, sum(o.volume_ambiant) as volume
  from public.operations_{number}_0 o
  left join public.operations_{number}_1 p on p.depot_id = o.depot_id and p.statut = 'validee'
 where o.created_at > now() - interval '30 days'
 group by o.depot_id, o.statut;
grant select on public.v_operations_{number} to authenticated;

"
    );
}

/// What later migrations do to earlier objects.
fn earlier_objects(sql: &mut String, number: usize) {
    let Some(earlier) = number.checked_sub(7) else { return };
    let _ = write!(
        sql,
        "alter table public.operations_{earlier}_1 add column if not exists valide_par uuid;
alter table public.operations_{earlier}_1 alter column lot drop default;
update public.operations_{earlier}_1 set valide_par = user_id where valide_par is null and statut = 'validee';
do $$
declare t text;
begin
  foreach t in array array['operations_{earlier}_0', 'operations_{earlier}_1'] loop
    execute format('drop policy if exists %I on public.%I', t || ' lecture depot', t);
    execute format('create policy %I on public.%I for select to authenticated using (depot_id = ((select auth.jwt()) ->> ''depot_id'')::uuid)', t || ' lecture depot', t);
  end loop;
end $$;
"
    );
}
