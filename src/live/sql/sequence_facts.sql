-- pg_sequence_last_value() would take a lock that writers feel; positions are read from the sequences themselves.
select n.nspname as schema, c.relname as name, pg_catalog.format_type(q.seqtypid, null) as type,
       case when q.seqincrement > 0 then q.seqmax else q.seqmin end as "limit", q.seqcycle as cycles,
       pg_catalog.has_sequence_privilege(c.oid, 'SELECT') and pg_catalog.has_schema_privilege(n.oid, 'USAGE') as readable
  from pg_catalog.pg_sequence q
  join pg_catalog.pg_class c on c.oid = q.seqrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname !~ '^pg_(toast|temp)' and n.nspname not in ('pg_catalog', 'information_schema')
 order by 1, 2
