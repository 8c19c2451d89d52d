select n.nspname as schema, c.relname as relation, t.tgname as name, t.tgenabled as enabled,
       pg_catalog.pg_get_triggerdef(t.oid) as definition, fn.nspname as function_schema, f.proname as function,
       pg_catalog.obj_description(t.oid, 'pg_trigger') as comment
  from pg_catalog.pg_trigger t
  join pg_catalog.pg_class c on c.oid = t.tgrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_proc f on f.oid = t.tgfoid
  join pg_catalog.pg_namespace fn on fn.oid = f.pronamespace
 where not t.tgisinternal and n.nspname not in ('pg_catalog', 'information_schema')
 order by 1, 2, 3
