select p.pubname as name, pg_catalog.pg_get_userbyid(p.pubowner) as owner, p.puballtables as all_tables,
       (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(n.nspname, c.relname)), '[]')
          from pg_catalog.pg_publication_rel r
          join pg_catalog.pg_class c on c.oid = r.prrelid
          join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         where r.prpubid = p.oid) as tables,
       {schemas} as schemas
  from pg_catalog.pg_publication p
 order by 1
