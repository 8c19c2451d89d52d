select n.nspname as schema, c.relname as relation, p.polname as name, p.polpermissive as permissive, p.polcmd as command,
       (select pg_catalog.json_agg(case u.role when 0 then 'public' else pg_catalog.pg_get_userbyid(u.role) end)
          from pg_catalog.unnest(p.polroles) u (role)) as roles,
       pg_catalog.pg_get_expr(p.polqual, p.polrelid) as "using",
       pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as "check",
       pg_catalog.obj_description(p.oid, 'pg_policy') as comment
  from pg_catalog.pg_policy p
  join pg_catalog.pg_class c on c.oid = p.polrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 order by 1, 2, 3
