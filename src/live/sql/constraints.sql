select n.nspname as schema, c.relname as relation, k.conname as name, k.contype as type,
       k.conkey as columns,
       rn.nspname as referenced_schema, rc.relname as referenced_relation,
       k.confkey as referenced_columns,
       k.confdeltype as on_delete, k.confupdtype as on_update, k.convalidated as validated,
       k.condeferrable as "deferrable",
       case when k.contype = 'c' then pg_catalog.pg_get_expr(k.conbin, k.conrelid) end as expression,
       case when k.contype = 'x' then pg_catalog.pg_get_constraintdef(k.oid) else '' end as definition
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_class c on c.oid = k.conrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_class rc on rc.oid = k.confrelid
  left join pg_catalog.pg_namespace rn on rn.oid = rc.relnamespace
 where k.contype in ('c', 'f', 'p', 'u', 'x') and n.nspname not in ('pg_catalog', 'information_schema')
 order by 1, 2, 3
