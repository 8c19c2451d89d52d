select t.evtname as name, pg_catalog.pg_get_userbyid(t.evtowner) as owner, t.evtevent as event,
       coalesce(t.evttags, '{}') as tags, n.nspname as function_schema, p.proname as function, t.evtenabled as enabled
  from pg_catalog.pg_event_trigger t
  join pg_catalog.pg_proc p on p.oid = t.evtfoid
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
 order by 1
