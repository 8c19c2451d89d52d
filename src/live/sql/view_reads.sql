-- A view's rewrite rule depends on every relation and function its query names.
select distinct vn.nspname as schema, v.relname as name, dn.nspname as target_schema,
       coalesce(dc.relname, dp.proname) as target, dp.oid is not null as is_function
  from pg_catalog.pg_rewrite r
  join pg_catalog.pg_class v on v.oid = r.ev_class and v.relkind in ('v', 'm')
  join pg_catalog.pg_namespace vn on vn.oid = v.relnamespace
  join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = r.oid
                             and d.deptype = 'n'
  left join pg_catalog.pg_class dc on d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and dc.oid = d.refobjid
                                  and dc.oid <> v.oid and dc.relkind in ('r', 'p', 'v', 'm', 'f')
  left join pg_catalog.pg_proc dp on d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and dp.oid = d.refobjid
  join pg_catalog.pg_namespace dn on dn.oid = coalesce(dc.relnamespace, dp.pronamespace)
 where r.rulename = '_RETURN' and vn.nspname not in ('pg_catalog', 'information_schema')
   and (dc.oid is not null or dn.nspname <> 'pg_catalog')
 order by 1, 2, 5, 3, 4
