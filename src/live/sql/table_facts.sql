select n.nspname as schema, c.relname as name,
       case when c.reltuples >= 0 then c.reltuples::pg_catalog.int8 else s.n_live_tup end as rows, c.reltuples >= 0 as analyzed,
       pg_catalog.to_char(greatest(s.last_analyze, s.last_autoanalyze), 'YYYY-MM-DD') as last_analyze,
       b.page * c.relpages as bytes,
       -- A row is its columns, a header of 24 bytes, a line pointer of 4 and some padding; a page holds 24 bytes less.
       case when w.columns = a.columns and c.reltuples >= 0 then
         (pg_catalog.ceil((c.reltuples * (w.width + 32) / (b.page - 24))::pg_catalog.numeric) * b.page)::pg_catalog.int8
       end as needed_bytes
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  cross join (select pg_catalog.current_setting('block_size')::pg_catalog.int8 as page) b
  left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
  left join (select attrelid, pg_catalog.count(*) as columns from pg_catalog.pg_attribute
              where attnum > 0 and not attisdropped group by 1) a on a.attrelid = c.oid
  left join (select schemaname, tablename, pg_catalog.count(*) as columns,
                    pg_catalog.sum((1 - null_frac) * avg_width) as width
               from pg_catalog.pg_stats where not inherited group by 1, 2) w
         on w.schemaname = n.nspname and w.tablename = c.relname
 where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_(toast|temp)'
   and n.nspname not in ('pg_catalog', 'information_schema')
 order by 1, 2
