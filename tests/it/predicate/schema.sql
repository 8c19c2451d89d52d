create type etat as enum ('brouillon', 'publie');

create table items (
  id integer primary key,
  owner uuid,
  status text check (status in ('a', 'b')),
  qty integer check (qty between 0 and 2),
  active boolean not null,
  flag boolean,
  kind etat not null,
  tag text not null,
  data jsonb
);
create table profils (user_id uuid not null, role text not null, admin boolean);
create table membres (item_id integer not null, user_id uuid, role text);

create function app_current_role() returns text language sql stable security definer set search_path = public as
  $$ select role from profils where user_id = auth.uid() $$;
create function app_is_admin() returns boolean language sql stable as $$ select app_current_role() = 'admin' $$;
create function app_is_admin_or_false() returns boolean language sql stable as
  $$ select coalesce(app_current_role() = 'admin', false) $$;
create function app_has_profile() returns boolean language sql stable as
  $$ select exists (select 1 from public.profils p where p.user_id = (select auth.uid())) $$;
create function app_returning() returns boolean language sql stable return auth.uid() is not null;
create function app_atomic() returns boolean language sql stable begin atomic select auth.role() = 'anon'; end;
create function app_plain() returns boolean language plpgsql stable as $$ begin return app_is_admin(); end $$;
create function app_variable() returns boolean language plpgsql stable as $$
declare r text;
begin
  select role into r from profils where user_id = auth.uid();
  return r = 'admin';
end $$;
create function app_branches(wanted text) returns boolean language plpgsql stable as $$
begin
  if auth.uid() is null then
    return false;
  elsif wanted = 'public' then
    return true;
  end if;
  return exists (select 1 from profils where user_id = auth.uid() and role = wanted);
end $$;
create function app_found() returns boolean language plpgsql stable as $$
declare r record;
begin
  select * into r from profils where user_id = auth.uid();
  if not found then return false; end if;
  return true;
end $$;
create function app_loop() returns boolean language plpgsql stable as $$
begin
  for i in 1..2 loop return true; end loop;
  return false;
end $$;
create function app_recursive(n integer) returns boolean language plpgsql stable as $$
begin
  if n <= 0 then return true; end if;
  return app_recursive(n - 1);
end $$;
create function app_strict(x text) returns boolean language sql immutable strict as $$ select true $$;
create function app_same(a uuid, b uuid default auth.uid()) returns boolean language sql stable as $$ select a = b $$;
create function app_my_items() returns setof integer language sql stable as
  $$ select item_id from membres where user_id = auth.uid() $$;
create function app_definer_user() returns text language sql stable security definer as $$ select current_user::text $$;
create function app_invoker_user() returns text language sql stable as $$ select current_user::text $$;
create function app_all_items() returns table (item integer) language sql stable as $$ select id from items $$;
create function app_record() returns boolean language plpgsql stable as $$
declare p profils%rowtype; fallback text := 'viewer';
begin
  with recursive mine as (select * from profils where user_id = auth.uid())
  select * into p from mine limit 1;
  if p.role is null then
    p.role := fallback;
  end if;
  return p.role = 'admin';
end $$;
