select pg_catalog.pg_get_userbyid(d.defaclrole) as role, n.nspname as schema, d.defaclobjtype as objects,
       (select pg_catalog.json_agg(pg_catalog.to_json(g))
          from pg_catalog.aclexplode(d.defaclacl) x,
               lateral (select case x.grantee when 0 then 'public' else pg_catalog.pg_get_userbyid(x.grantee) end as grantee,
                               x.privilege_type as privilege, x.is_grantable as grantable,
                               pg_catalog.pg_get_userbyid(x.grantor) as grantor) g) as acl
  from pg_catalog.pg_default_acl d
  left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
 order by 1, 2 nulls first, 3
