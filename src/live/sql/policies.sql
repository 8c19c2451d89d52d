select n.nspname as schema, c.relname as relation, p.polname as name, p.polpermissive as permissive, p.polcmd as command,
       (select pg_catalog.json_agg(case u.role when 0 then 'public' else pg_catalog.pg_get_userbyid(u.role) end)
          from pg_catalog.unnest(p.polroles) u (role)) as roles,
       pg_catalog.pg_get_expr(p.polqual, p.polrelid) as "using",
       pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as "check",
       k.description as comment
  from pg_catalog.pg_policy p
  join pg_catalog.pg_class c on c.oid = p.polrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_description k on k.objoid = p.oid and k.classoid = 'pg_catalog.pg_policy'::pg_catalog.regclass and k.objsubid = 0
 order by 1, 2, 3
