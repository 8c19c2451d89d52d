select n.nspname as schema, ic.relname as name, tn.nspname as table_schema, tc.relname as table,
       -- What a key's own index is made of the constraint says: printing it would cost as much as all the rest.
       case when k.oid is null or k.contype = 'x' or i.indnkeyatts <> i.indnatts or k.conname <> ic.relname
            then pg_catalog.pg_get_indexdef(i.indexrelid) end as definition,
       k.oid is not null as "constraint",
       d.description as comment
  from pg_catalog.pg_index i
  join pg_catalog.pg_class ic on ic.oid = i.indexrelid
  join pg_catalog.pg_namespace n on n.oid = ic.relnamespace
  join pg_catalog.pg_class tc on tc.oid = i.indrelid
  join pg_catalog.pg_namespace tn on tn.oid = tc.relnamespace
  left join pg_catalog.pg_constraint k on k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')
        and k.conrelid = i.indrelid
  left join pg_catalog.pg_description d on d.objoid = ic.oid and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objsubid = 0
 where n.nspname !~ '^pg_(toast|temp)' and n.nspname not in ('pg_catalog', 'information_schema')
 order by 1, 2
