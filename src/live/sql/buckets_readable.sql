select coalesce(pg_catalog.has_schema_privilege('storage', 'usage')
                and pg_catalog.has_column_privilege(c.oid, 'id', 'select')
                and pg_catalog.has_column_privilege(c.oid, 'public', 'select')
                -- Row security would show fewer than there are.
                and not pg_catalog.row_security_active(c.oid), false) as readable
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute p on p.attrelid = c.oid and p.attname = 'public' and not p.attisdropped
  join pg_catalog.pg_attribute i on i.attrelid = c.oid and i.attname = 'id' and not i.attisdropped
 where n.nspname = 'storage' and c.relname = 'buckets' and c.relkind in ('r', 'p')
