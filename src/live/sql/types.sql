select n.nspname as schema, t.typname as name, t.typtype as kind, pg_catalog.pg_get_userbyid(t.typowner) as owner,
       (select coalesce(pg_catalog.json_agg(e.enumlabel order by e.enumsortorder), '[]')
          from pg_catalog.pg_enum e where e.enumtypid = t.oid) as labels,
       (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)) order by a.attnum), '[]')
          from pg_catalog.pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) as attributes,
       case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end as base,
       t.typnotnull as not_null, t.typdefault as "default",
       (select coalesce(pg_catalog.json_object_agg(k.conname, pg_catalog.pg_get_expr(k.conbin, 0)), '{}')
          from pg_catalog.pg_constraint k where k.contypid = t.oid and k.contype = 'c') as checks,
       coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner))::pg_catalog.text[] as acl,
       pg_catalog.obj_description(t.oid, 'pg_type') as comment,
       exists (select 1 from pg_catalog.pg_depend e
                where e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and e.objid = t.oid and e.deptype = 'e') as of_extension
  from pg_catalog.pg_type t
  join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  left join pg_catalog.pg_class c on c.oid = t.typrelid
 where (t.typtype in ('e', 'd', 'r') or t.typtype = 'c' and c.relkind = 'c' or t.typtype = 'b' and t.typcategory <> 'A'
        or t.typtype = 'p' and not t.typisdefined)
   and n.nspname !~ '^pg_(toast|temp)' and n.nspname not in ('pg_catalog', 'information_schema')
 order by 1, 2
