select s.schemaname as schema, s.indexrelname as name, s.idx_scan as scans
  from pg_catalog.pg_stat_all_indexes s
 where s.schemaname !~ '^pg_(toast|temp)' and s.schemaname not in ('pg_catalog', 'information_schema')
 order by 1, 2
