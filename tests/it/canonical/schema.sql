create schema auth;
create type status as enum ('draft', 'active', 'closed');
create type app_role as enum ('admin', 'member');
create table items (
  id bigint,
  user_id uuid,
  org_id uuid,
  title text,
  role varchar(20),
  status status,
  qty integer,
  price numeric(10, 2),
  rate double precision,
  small smallint,
  active boolean,
  created_at timestamp with time zone,
  noted_at timestamp,
  day date,
  tags text[],
  labels varchar[],
  members uuid[],
  data jsonb,
  owner name,
  code char(3),
  "Mixed Case" text,
  "order" integer
);
create table members (
  org_id uuid,
  user_id uuid,
  role text,
  level integer
);
create table profiles (
  id uuid,
  kind varchar,
  is_admin boolean,
  state status,
  manager uuid
);
create table auth.users (
  id uuid,
  email varchar,
  raw jsonb
);
create function auth.uid() returns uuid language sql stable as 'select null::uuid';
create function auth.role() returns text language sql stable as 'select null::text';
create function auth.jwt() returns jsonb language sql stable as 'select null::jsonb';
create function has_role(u uuid, r app_role) returns boolean language sql stable as 'select true';
create function is_member(org uuid) returns boolean language sql stable as 'select true';
create function in_any(variadic roles text[]) returns boolean language sql stable as 'select true';
create function my_kind() returns varchar language sql stable as 'select null::varchar';
create function org_ids() returns setof uuid language sql stable as 'select null::uuid';
create function with_names(a integer, b integer default 2) returns integer language sql as 'select a';
