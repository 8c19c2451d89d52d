select n.nspname as schema, ic.relname as name, tn.nspname as table_schema, tc.relname as table,
       pg_catalog.pg_get_indexdef(i.indexrelid) as definition,
       exists (select 1 from pg_catalog.pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')) as "constraint",
       pg_catalog.obj_description(ic.oid, 'pg_class') as comment
  from pg_catalog.pg_index i
  join pg_catalog.pg_class ic on ic.oid = i.indexrelid
  join pg_catalog.pg_namespace n on n.oid = ic.relnamespace
  join pg_catalog.pg_class tc on tc.oid = i.indrelid
  join pg_catalog.pg_namespace tn on tn.oid = tc.relnamespace
 where n.nspname !~ '^pg_(toast|temp)' and n.nspname not in ('pg_catalog', 'information_schema')
 order by 1, 2
