-- A Supabase project before its first migration.

-- Roles: the three the API runs as, the one it logs in as, and the platform's own.
create role anon noinherit;
create role authenticated noinherit;
create role service_role noinherit bypassrls;
create role authenticator login noinherit;
create role supabase_admin login superuser createdb createrole replication bypassrls;
create role supabase_auth_admin login noinherit createrole;
create role supabase_storage_admin login noinherit createrole;
create role supabase_functions_admin login noinherit createrole;
create role supabase_realtime_admin noinherit;
create role supabase_replication_admin login replication;
create role supabase_read_only_user login bypassrls;
create role supabase_etl_admin login replication;
create role dashboard_user createdb createrole replication;
create role pgbouncer login;
create role pgsodium_keyiduser;
create role pgsodium_keyholder;
create role pgsodium_keymaker;
grant anon, authenticated, service_role to authenticator, postgres;
grant supabase_auth_admin, supabase_storage_admin, supabase_functions_admin, supabase_realtime_admin to postgres;
alter role postgres set search_path to "$user", public, extensions;
alter role supabase_auth_admin set search_path to auth;
alter role supabase_storage_admin set search_path to storage;
alter role anon set statement_timeout to '3s';
alter role authenticated set statement_timeout to '8s';

-- Schemas.
create schema extensions;
create schema auth authorization supabase_auth_admin;
create schema storage authorization supabase_storage_admin;
create schema graphql;
create schema graphql_public;
create schema realtime authorization supabase_admin;
create schema _realtime authorization supabase_admin;
create schema vault;
create schema pgbouncer authorization pgbouncer;
create schema supabase_functions authorization supabase_functions_admin;
create schema supabase_migrations;
create schema pgsodium;
create extension "uuid-ossp" with schema extensions;
create extension pgcrypto with schema extensions;
create extension pg_stat_statements with schema extensions;

-- Privileges on schemas.
grant usage on schema public, realtime, graphql, graphql_public, supabase_functions
    to postgres, anon, authenticated, service_role;
grant create on schema public to postgres;
grant usage on schema extensions, auth, storage to postgres, anon, authenticated, service_role, dashboard_user;
grant usage on schema vault to postgres, service_role;

-- What new objects are granted.
alter default privileges for role postgres, supabase_admin in schema public
    grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role postgres, supabase_admin in schema public
    grant all on functions to postgres, anon, authenticated, service_role;
alter default privileges for role postgres, supabase_admin in schema public
    grant all on sequences to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema graphql_public, storage
    grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema graphql_public, storage
    grant all on functions to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema graphql_public, storage
    grant all on sequences to postgres, anon, authenticated, service_role;

-- auth: who asks.
create function auth.uid() returns uuid language sql stable
    as 'select nullif(current_setting(''request.jwt.claim.sub'', true), '''')::uuid';
create function auth.role() returns text language sql stable
    as 'select nullif(current_setting(''request.jwt.claim.role'', true), '''')';
create function auth.email() returns text language sql stable
    as 'select nullif(current_setting(''request.jwt.claim.email'', true), '''')';
create function auth.jwt() returns jsonb language sql stable
    as 'select nullif(current_setting(''request.jwt.claims'', true), '''')::jsonb';
alter function auth.uid() owner to supabase_auth_admin;
alter function auth.role() owner to supabase_auth_admin;
alter function auth.email() owner to supabase_auth_admin;
alter function auth.jwt() owner to supabase_auth_admin;

create type auth.aal_level as enum ('aal1', 'aal2', 'aal3');
create type auth.factor_type as enum ('totp', 'webauthn', 'phone');
create type auth.factor_status as enum ('unverified', 'verified');
create type auth.code_challenge_method as enum ('s256', 'plain');
create type auth.one_time_token_type as enum (
    'confirmation_token', 'reauthentication_token', 'recovery_token',
    'email_change_token_new', 'email_change_token_current', 'phone_change_token');
alter type auth.aal_level owner to supabase_auth_admin;
alter type auth.factor_type owner to supabase_auth_admin;
alter type auth.factor_status owner to supabase_auth_admin;
alter type auth.code_challenge_method owner to supabase_auth_admin;
alter type auth.one_time_token_type owner to supabase_auth_admin;

create table auth.instances (
    id uuid primary key, uuid uuid, raw_base_config text, created_at timestamptz, updated_at timestamptz);
create table auth.users (
    instance_id uuid, id uuid primary key, aud varchar(255), role varchar(255), email varchar(255),
    encrypted_password varchar(255), email_confirmed_at timestamptz, invited_at timestamptz,
    confirmation_token varchar(255), confirmation_sent_at timestamptz,
    recovery_token varchar(255), recovery_sent_at timestamptz,
    email_change_token_new varchar(255), email_change varchar(255), email_change_sent_at timestamptz,
    last_sign_in_at timestamptz, raw_app_meta_data jsonb, raw_user_meta_data jsonb, is_super_admin boolean,
    created_at timestamptz, updated_at timestamptz, phone text unique, phone_confirmed_at timestamptz,
    phone_change text default '', phone_change_token varchar(255) default '', phone_change_sent_at timestamptz,
    confirmed_at timestamptz generated always as (least(email_confirmed_at, phone_confirmed_at)) stored,
    email_change_token_current varchar(255) default '',
    email_change_confirm_status smallint default 0 check (email_change_confirm_status between 0 and 2),
    banned_until timestamptz, reauthentication_token varchar(255) default '', reauthentication_sent_at timestamptz,
    is_sso_user boolean not null default false, deleted_at timestamptz, is_anonymous boolean not null default false);
create unique index users_email_partial_key on auth.users (email) where is_sso_user = false;
create index users_instance_id_idx on auth.users (instance_id);
create table auth.identities (
    provider_id text not null, user_id uuid not null references auth.users (id) on delete cascade,
    identity_data jsonb not null, provider text not null, last_sign_in_at timestamptz, created_at timestamptz,
    updated_at timestamptz, email text generated always as (lower(identity_data ->> 'email')) stored,
    id uuid default gen_random_uuid() primary key, unique (provider_id, provider));
create table auth.sessions (
    id uuid primary key, user_id uuid not null references auth.users (id) on delete cascade, created_at timestamptz,
    updated_at timestamptz, factor_id uuid, aal auth.aal_level, not_after timestamptz, refreshed_at timestamp,
    user_agent text, ip inet, tag text);
create table auth.refresh_tokens (
    instance_id uuid, id bigserial primary key, token varchar(255) unique, user_id varchar(255), revoked boolean,
    created_at timestamptz, updated_at timestamptz, parent varchar(255),
    session_id uuid references auth.sessions (id) on delete cascade);
create table auth.audit_log_entries (
    instance_id uuid, id uuid primary key, payload json, created_at timestamptz,
    ip_address varchar(64) not null default '');
create table auth.schema_migrations (version varchar(255) primary key);
create table auth.mfa_factors (
    id uuid primary key, user_id uuid not null references auth.users (id) on delete cascade, friendly_name text,
    factor_type auth.factor_type not null, status auth.factor_status not null, created_at timestamptz not null,
    updated_at timestamptz not null, secret text, phone text, last_challenged_at timestamptz unique,
    web_authn_credential jsonb, web_authn_aaguid uuid);
create table auth.mfa_challenges (
    id uuid primary key, factor_id uuid not null references auth.mfa_factors (id) on delete cascade,
    created_at timestamptz not null, verified_at timestamptz, ip_address inet not null, otp_code text,
    web_authn_session_data jsonb);
create table auth.mfa_amr_claims (
    session_id uuid not null references auth.sessions (id) on delete cascade, created_at timestamptz not null,
    updated_at timestamptz not null, authentication_method text not null, id uuid primary key,
    unique (session_id, authentication_method));
create table auth.sso_providers (
    id uuid primary key, resource_id text, created_at timestamptz, updated_at timestamptz, disabled boolean);
create table auth.sso_domains (
    id uuid primary key, sso_provider_id uuid not null references auth.sso_providers (id) on delete cascade,
    domain text not null, created_at timestamptz, updated_at timestamptz);
create table auth.saml_providers (
    id uuid primary key, sso_provider_id uuid not null references auth.sso_providers (id) on delete cascade,
    entity_id text not null unique, metadata_xml text not null, metadata_url text, attribute_mapping jsonb,
    created_at timestamptz, updated_at timestamptz, name_id_format text);
create table auth.flow_state (
    id uuid primary key, user_id uuid, auth_code text not null,
    code_challenge_method auth.code_challenge_method not null, code_challenge text not null,
    provider_type text not null, provider_access_token text, provider_refresh_token text, created_at timestamptz,
    updated_at timestamptz, authentication_method text not null, auth_code_issued_at timestamptz);
create table auth.saml_relay_states (
    id uuid primary key, sso_provider_id uuid not null references auth.sso_providers (id) on delete cascade,
    request_id text not null, for_email text, redirect_to text, created_at timestamptz, updated_at timestamptz,
    flow_state_id uuid references auth.flow_state (id) on delete cascade);
create table auth.one_time_tokens (
    id uuid primary key, user_id uuid not null references auth.users (id) on delete cascade,
    token_type auth.one_time_token_type not null, token_hash text not null, relates_to text not null,
    created_at timestamp not null default now(), updated_at timestamp not null default now());

-- All of auth belongs to its service and has row-level security without policies.
alter table auth.instances enable row level security;
alter table auth.instances owner to supabase_auth_admin;
alter table auth.users enable row level security;
alter table auth.users owner to supabase_auth_admin;
alter table auth.identities enable row level security;
alter table auth.identities owner to supabase_auth_admin;
alter table auth.sessions enable row level security;
alter table auth.sessions owner to supabase_auth_admin;
alter table auth.refresh_tokens enable row level security;
alter table auth.refresh_tokens owner to supabase_auth_admin;
alter table auth.audit_log_entries enable row level security;
alter table auth.audit_log_entries owner to supabase_auth_admin;
alter table auth.schema_migrations enable row level security;
alter table auth.schema_migrations owner to supabase_auth_admin;
alter table auth.mfa_factors enable row level security;
alter table auth.mfa_factors owner to supabase_auth_admin;
alter table auth.mfa_challenges enable row level security;
alter table auth.mfa_challenges owner to supabase_auth_admin;
alter table auth.mfa_amr_claims enable row level security;
alter table auth.mfa_amr_claims owner to supabase_auth_admin;
alter table auth.sso_providers enable row level security;
alter table auth.sso_providers owner to supabase_auth_admin;
alter table auth.sso_domains enable row level security;
alter table auth.sso_domains owner to supabase_auth_admin;
alter table auth.saml_providers enable row level security;
alter table auth.saml_providers owner to supabase_auth_admin;
alter table auth.flow_state enable row level security;
alter table auth.flow_state owner to supabase_auth_admin;
alter table auth.saml_relay_states enable row level security;
alter table auth.saml_relay_states owner to supabase_auth_admin;
alter table auth.one_time_tokens enable row level security;
alter table auth.one_time_tokens owner to supabase_auth_admin;
grant all on all tables in schema auth to postgres, dashboard_user;
grant all on all sequences in schema auth to postgres, dashboard_user;
grant select on auth.users to postgres with grant option;

-- storage: files and their folders.
create type storage.buckettype as enum ('STANDARD', 'ANALYTICS', 'VECTOR');
create table storage.buckets (
    id text primary key, name text not null unique, owner uuid, created_at timestamptz default now(),
    updated_at timestamptz default now(), public boolean default false, avif_autodetection boolean default false,
    file_size_limit bigint, allowed_mime_types text[], owner_id text,
    type storage.buckettype not null default 'STANDARD');
create table storage.objects (
    id uuid default gen_random_uuid() primary key, bucket_id text references storage.buckets (id), name text,
    owner uuid, created_at timestamptz default now(), updated_at timestamptz default now(),
    last_accessed_at timestamptz default now(), metadata jsonb,
    path_tokens text[] generated always as (string_to_array(name, '/')) stored, version text, owner_id text,
    user_metadata jsonb, level integer);
create unique index bucketid_objname on storage.objects (bucket_id, name);
create table storage.migrations (
    id integer primary key, name varchar(100) not null unique, hash varchar(40) not null,
    executed_at timestamp default current_timestamp);
create table storage.s3_multipart_uploads (
    id text primary key, in_progress_size bigint not null default 0, upload_signature text not null,
    bucket_id text not null references storage.buckets (id), key text not null, version text not null, owner_id text,
    created_at timestamptz not null default now(), user_metadata jsonb);
create table storage.s3_multipart_uploads_parts (
    id uuid default gen_random_uuid() primary key,
    upload_id text not null references storage.s3_multipart_uploads (id) on delete cascade,
    size bigint not null default 0, part_number integer not null,
    bucket_id text not null references storage.buckets (id), key text not null, etag text not null, owner_id text,
    version text not null, created_at timestamptz not null default now());
create function storage.foldername(name text) returns text[] language plpgsql immutable
    as 'begin return trim_array(string_to_array(name, ''/''), 1); end';
create function storage.filename(name text) returns text language plpgsql immutable
    as 'begin return split_part(name, ''/'', -1); end';
create function storage.extension(name text) returns text language plpgsql immutable
    as 'begin return split_part(storage.filename(name), ''.'', -1); end';
create function storage.operation() returns text language plpgsql stable
    as 'begin return current_setting(''storage.operation'', true); end';
create function storage.get_size_by_bucket() returns table (size bigint, bucket_id text) language plpgsql stable
    as 'begin return query select 0::bigint, o.bucket_id from storage.objects o group by o.bucket_id; end';
create function storage.can_insert_object(bucketid text, name text, owner uuid, metadata jsonb) returns void
    language plpgsql as 'begin end';
create function storage.update_updated_at_column() returns trigger language plpgsql
    as 'begin new.updated_at := now(); return new; end';
create function storage.search(
    prefix text, bucketname text, limits integer default 100, levels integer default 1, offsets integer default 0,
    search text default '', sortcolumn text default 'name', sortorder text default 'asc')
    returns table (name text, id uuid, updated_at timestamptz, created_at timestamptz, last_accessed_at timestamptz,
        metadata jsonb)
    language sql stable
    as 'select name, id, updated_at, created_at, last_accessed_at, metadata from storage.objects';
create trigger update_objects_updated_at before update on storage.objects
    for each row execute function storage.update_updated_at_column();
alter table storage.buckets enable row level security;
alter table storage.buckets owner to supabase_storage_admin;
alter table storage.objects enable row level security;
alter table storage.objects owner to supabase_storage_admin;
alter table storage.migrations enable row level security;
alter table storage.migrations owner to supabase_storage_admin;
alter table storage.s3_multipart_uploads enable row level security;
alter table storage.s3_multipart_uploads owner to supabase_storage_admin;
alter table storage.s3_multipart_uploads_parts enable row level security;
alter table storage.s3_multipart_uploads_parts owner to supabase_storage_admin;
alter function storage.foldername(text) owner to supabase_storage_admin;
alter function storage.filename(text) owner to supabase_storage_admin;
alter function storage.extension(text) owner to supabase_storage_admin;
alter function storage.operation() owner to supabase_storage_admin;
alter function storage.get_size_by_bucket() owner to supabase_storage_admin;
alter function storage.can_insert_object(text, text, uuid, jsonb) owner to supabase_storage_admin;
alter function storage.update_updated_at_column() owner to supabase_storage_admin;
alter function storage.search(text, text, integer, integer, integer, text, text, text) owner to supabase_storage_admin;
grant all on storage.buckets, storage.objects to anon, authenticated;
grant all on all tables in schema storage to postgres, service_role;
grant select on storage.s3_multipart_uploads, storage.s3_multipart_uploads_parts to anon, authenticated;

-- realtime.
create publication supabase_realtime;
create type realtime.action as enum ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'ERROR');
create table realtime.schema_migrations (version bigint primary key, inserted_at timestamp(0));
create table realtime.subscription (
    id bigint generated always as identity primary key, subscription_id uuid not null, entity regclass not null,
    claims jsonb not null, created_at timestamp not null default now());
create table realtime.messages (
    topic text not null, extension text not null, payload jsonb, event text, private boolean default false,
    updated_at timestamp not null default now(), inserted_at timestamp not null default now(),
    id uuid not null default gen_random_uuid(), primary key (id, inserted_at)) partition by range (inserted_at);
alter table realtime.messages enable row level security;
alter table realtime.messages owner to supabase_realtime_admin;
grant select, insert, update on realtime.messages to postgres, anon, authenticated, service_role;
create function realtime.topic() returns text language sql stable
    as 'select nullif(current_setting(''realtime.topic'', true), '''')';
create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
    language plpgsql as 'begin end';
create function realtime.broadcast_changes(
    topic_name text, event_name text, operation text, table_name text, table_schema text, new record, old record,
    level text default 'ROW') returns void language plpgsql as 'begin end';

-- Database webhooks, the record of migrations, GraphQL, the pooler.
create table supabase_functions.migrations (version text primary key, inserted_at timestamptz not null default now());
create table supabase_functions.hooks (
    id bigserial primary key, hook_table_id integer not null, hook_name text not null,
    created_at timestamptz not null default now(), request_id bigint);
create function supabase_functions.http_request() returns trigger language plpgsql security definer
    set search_path = supabase_functions as 'begin return new; end';
grant execute on function supabase_functions.http_request() to postgres, anon, authenticated, service_role;
create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
create function graphql_public.graphql(
    "operationName" text default null, query text default null, variables jsonb default null,
    extensions jsonb default null) returns jsonb language plpgsql as 'begin return null; end';
create function pgbouncer.get_auth(p_usename text) returns table (username text, password text)
    language sql security definer set search_path = ''
    as 'select usename::text, passwd::text from pg_catalog.pg_shadow where usename = p_usename';

-- vault.
create table vault.secrets (
    id uuid default gen_random_uuid() primary key, name text, description text not null default '',
    secret text not null, key_id uuid, nonce bytea, created_at timestamptz not null default now(),
    updated_at timestamptz not null default now());
create unique index secrets_name_idx on vault.secrets (name) where name is not null;
create view vault.decrypted_secrets as
    select id, name, description, secret, secret as decrypted_secret, key_id, nonce, created_at, updated_at
    from vault.secrets;
create function vault.create_secret(
    new_secret text, new_name text default null, new_description text default '', new_key_id uuid default null)
    returns uuid language sql as 'select null::uuid';
create function vault.update_secret(
    secret_id uuid, new_secret text default null, new_name text default null, new_description text default null,
    new_key_id uuid default null) returns void language sql as '';
grant all on all tables in schema vault to postgres, service_role;
revoke all on all functions in schema vault from public;
grant execute on all functions in schema vault to postgres, service_role;
