-- PostgREST's list of schemas, as its own role, or the database, or all roles have it.
select pg_catalog.current_setting('server_version') as version,
       pg_catalog.current_setting('server_version_num')::int as version_num,
       pg_catalog.current_database() as database,
       (select pg_catalog.json_build_object('set_on', case when s.setrole = 0 then 'the database' else 'role ' || r.rolname end,
                                            'value', pg_catalog.substr(c.setting, 18))
          from pg_catalog.pg_db_role_setting s
          left join pg_catalog.pg_roles r on r.oid = s.setrole,
               lateral pg_catalog.unnest(s.setconfig) c (setting)
         where s.setdatabase in (0, (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()))
           and (s.setrole = 0 or r.rolname = 'authenticator') and c.setting like 'pgrst.db\_schemas=%'
         order by s.setrole <> 0 desc, s.setdatabase <> 0 desc limit 1) as api_schemas
