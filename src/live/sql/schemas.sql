select n.nspname as name, pg_catalog.pg_get_userbyid(n.nspowner) as owner,
       (select pg_catalog.json_agg(pg_catalog.to_json(a))
          from pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) x,
               lateral (select case x.grantee when 0 then 'public' else pg_catalog.pg_get_userbyid(x.grantee) end as grantee,
                               x.privilege_type as privilege, x.is_grantable as grantable,
                               pg_catalog.pg_get_userbyid(x.grantor) as grantor) a) as acl,
       pg_catalog.obj_description(n.oid, 'pg_namespace') as comment
  from pg_catalog.pg_namespace n
 where n.nspname !~ '^pg_(toast|temp)' and n.nspname not in ('pg_catalog', 'information_schema')
 order by n.nspname
