select n.nspname as schema, c.relname as relation, r.rulename as name, r.ev_enabled as enabled,
       r.ev_type as event, r.is_instead as instead,
       (select coalesce(pg_catalog.json_agg(distinct pg_catalog.jsonb_build_array(wn.nspname, w.relname)), '[]')
          from pg_catalog.pg_depend d
          join pg_catalog.pg_class w on w.oid = d.refobjid and w.oid <> c.oid
          join pg_catalog.pg_namespace wn on wn.oid = w.relnamespace
         where d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = r.oid
           and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass) as writes
  from pg_catalog.pg_rewrite r
  join pg_catalog.pg_class c on c.oid = r.ev_class
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where r.rulename <> '_RETURN' and n.nspname not in ('pg_catalog', 'information_schema')
 order by 1, 2, 3
