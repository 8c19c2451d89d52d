select n.nspname as schema, c.relname as name,
       case when c.reltuples >= 0 then c.reltuples::pg_catalog.int8 end as rows,
       pg_catalog.to_char(greatest(s.last_analyze, s.last_autoanalyze), 'YYYY-MM-DD') as last_analyze
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
 where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_(toast|temp)'
   and n.nspname not in ('pg_catalog', 'information_schema')
 order by 1, 2
