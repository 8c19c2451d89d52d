select n.nspname as schema, c.relname as name, c.relkind as kind, pg_catalog.pg_get_userbyid(c.relowner) as owner,
       c.relrowsecurity as rls_enabled, c.relforcerowsecurity as rls_forced, coalesce(c.reloptions, '{}') as options,
       case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end as definition,
       c.relispartition as is_partition,
       case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end as partition_by,
       c.relpersistence = 'u' as unlogged,
       (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(pn.nspname, pc.relname) order by i.inhseqno), '[]')
          from pg_catalog.pg_inherits i
          join pg_catalog.pg_class pc on pc.oid = i.inhparent
          join pg_catalog.pg_namespace pn on pn.oid = pc.relnamespace
         where i.inhrelid = c.oid) as parents,
       coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))::pg_catalog.text[] as acl,
       k.description as comment,
       exists (select 1 from pg_catalog.pg_depend e
                where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = c.oid and e.deptype = 'e')
         -- A queue and its archive are the project's, though pgmq makes their tables a part of itself.
         and not (n.nspname = 'pgmq' and (c.relname like 'q\_%' or c.relname like 'a\_%')) as of_extension
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_description k on k.objoid = c.oid and k.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and k.objsubid = 0
 where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_(toast|temp)'
   and n.nspname not in ('pg_catalog', 'information_schema')
 order by 1, 2
