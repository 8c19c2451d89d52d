select n.nspname as schema, p.proname as name, p.prokind as kind, pg_catalog.pg_get_userbyid(p.proowner) as owner,
       l.lanname as language, p.provolatile as volatility, p.prosecdef as security_definer, p.proisstrict as strict,
       p.proleakproof as leakproof, coalesce(p.proconfig, '{}') as settings, p.prosrc as source,
       -- Standard-SQL bodies came with PostgreSQL 14.
       case when pg_catalog.to_jsonb(p) ->> 'prosqlbody' is not null then pg_catalog.pg_get_functiondef(p.oid) end as sql_body,
       (select coalesce(pg_catalog.json_agg(pg_catalog.format_type(u.t, null) order by u.at), '[]')
          from pg_catalog.unnest(p.proargtypes::pg_catalog.oid[]) with ordinality u (t, at)) as arg_types,
       (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                 'name', p.proargnames[u.at::int], 'mode', coalesce(p.proargmodes[u.at::int], 'i'),
                 'type', pg_catalog.format_type(u.t, null)) order by u.at), '[]')
          from pg_catalog.unnest(coalesce(p.proallargtypes, p.proargtypes::pg_catalog.oid[])) with ordinality u (t, at)) as params,
       pg_catalog.pg_get_function_arguments(p.oid) as signature,
       case when p.prokind <> 'p' then pg_catalog.pg_get_function_result(p.oid) end as returns,
       coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))::pg_catalog.text[] as acl,
       k.description as comment,
       exists (select 1 from pg_catalog.pg_depend e
                where e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and e.objid = p.oid and e.deptype = 'e') as of_extension
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  join pg_catalog.pg_language l on l.oid = p.prolang
  left join pg_catalog.pg_description k on k.objoid = p.oid and k.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass and k.objsubid = 0
 where n.nspname !~ '^pg_(toast|temp)' and n.nspname not in ('pg_catalog', 'information_schema')
   -- Constructors that come and go with a range type.
   and not exists (select 1 from pg_catalog.pg_depend i
                    where i.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and i.objid = p.oid and i.deptype = 'i')
 order by 1, 2, p.proargtypes::pg_catalog.text
