-- Supabase since 2026: new objects in `public` are granted to nobody but their owner. (EXECUTE of PUBLIC on new
-- functions is PostgreSQL's own default and stays.)
alter default privileges for role postgres, supabase_admin in schema public
    revoke all on tables from anon, authenticated, service_role;
alter default privileges for role postgres, supabase_admin in schema public
    revoke all on functions from anon, authenticated, service_role;
alter default privileges for role postgres, supabase_admin in schema public
    revoke all on sequences from anon, authenticated, service_role;
