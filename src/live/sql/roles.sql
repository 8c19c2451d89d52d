select r.rolname as name, r.rolcanlogin as login, r.rolsuper as superuser, r.rolbypassrls as bypass_rls,
       r.rolinherit as inherit, r.rolcreaterole as create_role, r.rolcreatedb as create_db,
       r.rolreplication as replication, coalesce(r.rolconfig, '{}') as settings,
       -- The role initdb made.
       r.oid = 10 as bootstrap
  from pg_catalog.pg_roles r
 order by r.rolname
