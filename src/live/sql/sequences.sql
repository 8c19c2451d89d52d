select n.nspname as schema, c.relname as name, pg_catalog.pg_get_userbyid(c.relowner) as owner,
       tn.nspname as table_schema, tc.relname as table, a.attname as column, d.deptype = 'i' as identity,
       coalesce(c.relacl, pg_catalog.acldefault('s', c.relowner))::pg_catalog.text[] as acl,
       k.description as comment
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0
  left join pg_catalog.pg_class tc on tc.oid = d.refobjid
  left join pg_catalog.pg_namespace tn on tn.oid = tc.relnamespace
  left join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  left join pg_catalog.pg_description k on k.objoid = c.oid and k.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and k.objsubid = 0
 where c.relkind = 'S' and n.nspname !~ '^pg_(toast|temp)' and n.nspname not in ('pg_catalog', 'information_schema')
 order by 1, 2
