-- inherit_option and set_option came with PostgreSQL 16: read through JSON so that older servers answer null.
select pg_catalog.pg_get_userbyid(m.roleid) as role, pg_catalog.pg_get_userbyid(m.member) as member,
       pg_catalog.bool_or(m.admin_option) as admin,
       pg_catalog.bool_or((pg_catalog.to_jsonb(m) ->> 'inherit_option')::boolean) as inherit,
       pg_catalog.bool_or((pg_catalog.to_jsonb(m) ->> 'set_option')::boolean) as set
  from pg_catalog.pg_auth_members m
 group by m.roleid, m.member
 order by 1, 2
