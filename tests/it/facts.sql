-- One line per fact of a database, spelled as `facts.rs` spells the Catalog's.
set search_path to '';
with ns as (
  select oid, nspname from pg_namespace
  where nspname !~ '^pg_(toast|temp|catalog)' and nspname not in ('information_schema', 'pg_catalog')
    and oid not in (select objid from pg_depend where classid = 'pg_namespace'::regclass and deptype = 'e')
), ext as (
  select classid, objid from pg_depend where deptype = 'e'
), rel as (
  select c.*, n.nspname, format('%s.%s', n.nspname, c.relname) q
  from pg_class c join ns n on n.oid = c.relnamespace
  where not exists (select from ext where classid = 'pg_class'::regclass and objid = c.oid)
), tab as (select * from rel where relkind in ('r', 'p', 'v', 'm', 'f')
), fn as (
  select p.*, n.nspname, format('%s.%s(%s)', n.nspname, p.proname,
      (select coalesce(string_agg(format_type(t, null), ', ' order by i), '') from unnest(p.proargtypes::oid[]) with ordinality u(t, i))) q
  from pg_proc p join ns n on n.oid = p.pronamespace
  where not exists (select from ext where classid = 'pg_proc'::regclass and objid = p.oid)
    and not exists (select from pg_depend where classid = 'pg_proc'::regclass and objid = p.oid and deptype = 'i')
), typ as (
  select t.*, n.nspname, format('%s.%s', n.nspname, t.typname) q
  from pg_type t join ns n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
  where t.typtype in ('e', 'd', 'r') or (t.typtype = 'c' and c.relkind = 'c') or (t.typtype = 'p' and not t.typisdefined)
), facts(line) as (
  select format('relation %s %s owner=%s rls=%s force=%s options=%s', q,
    case relkind when 'r' then 'table' when 'p' then 'table' when 'v' then 'view' when 'm' then 'materialized view' else 'foreign table' end,
    relowner::regrole, relrowsecurity, relforcerowsecurity,
    (select coalesce(string_agg(o, ',' order by o), '') from unnest(reloptions) o))
  from tab where not exists (select from ext where classid = 'pg_class'::regclass and objid = tab.oid)
  union all
  select format('grant relation %s %s %s%s by %s', q, coalesce(nullif(a.grantee::regrole::text, '-'), 'public'), a.privilege_type,
    case when a.is_grantable then '*' else '' end, a.grantor::regrole)
  from tab, aclexplode(coalesce(relacl, acldefault('r', relowner))) a where a.privilege_type <> 'MAINTAIN'
  union all
  select format('grant sequence %s %s %s%s by %s', q, coalesce(nullif(a.grantee::regrole::text, '-'), 'public'), a.privilege_type,
    case when a.is_grantable then '*' else '' end, a.grantor::regrole)
  from rel, aclexplode(coalesce(relacl, acldefault('s', relowner))) a where relkind = 'S'
  union all
  select format('grant column %s.%s %s %s%s by %s', q, attname, coalesce(nullif(a.grantee::regrole::text, '-'), 'public'), a.privilege_type,
    case when a.is_grantable then '*' else '' end, a.grantor::regrole)
  from tab join pg_attribute on attrelid = tab.oid and attnum > 0 and not attisdropped, aclexplode(attacl) a
  union all
  select format('column %s.%s%s%s', q, attname,
    case when relkind in ('v', 'm') then '' else format(' %s not_null=%s default=%s', format_type(atttypid, atttypmod), attnotnull, atthasdef and not exists (select from pg_attrdef where adrelid = attrelid and adnum = attnum and pg_get_expr(adbin, adrelid) like 'NULL::%')) end,
    case when attidentity = '' then '' when attidentity = 'a' then ' identity=always' else ' identity=by_default' end
      || case when attgenerated = '' then '' else ' generated' end)
  from tab join pg_attribute on attrelid = tab.oid and attnum > 0 and not attisdropped
  union all
  select format('constraint %s.%s %s%s%s%s', q, conname,
    case contype when 'c' then 'check' when 'u' then 'unique' when 'p' then 'primary key' when 'f' then 'foreign key' when 'x' then 'exclude' else contype::text end,
    case when contype in ('u', 'p', 'f') then format(' (%s)', (select string_agg(attname, ', ' order by i) from unnest(conkey) with ordinality k(n, i) join pg_attribute on attrelid = conrelid and attnum = n)) else '' end,
    case when contype = 'f' then format(' references %s (%s) delete=%s update=%s',
       (select format('%s.%s', nspname, relname) from pg_class c join pg_namespace n on n.oid = relnamespace where c.oid = confrelid),
       (select string_agg(attname, ', ' order by i) from unnest(confkey) with ordinality k(n, i) join pg_attribute on attrelid = confrelid and attnum = n),
       confdeltype, confupdtype) else '' end,
    case when convalidated then '' else ' not valid' end)
  from pg_constraint join tab on tab.oid = conrelid where contype in ('c', 'u', 'p', 'f', 'x')
  union all
  select format('index %s on %s unique=%s', rel.q, tab.q, indisunique)
  from pg_index join rel on rel.oid = indexrelid join tab on tab.oid = indrelid
  union all
  select format('sequence %s owner=%s owned_by=%s', q, relowner::regrole,
    coalesce((select format('%s.%s.%s', n.nspname, t.relname, attname) from pg_depend d join pg_class t on t.oid = refobjid join pg_namespace n on n.oid = t.relnamespace
      join pg_attribute on attrelid = refobjid and attnum = refobjsubid
      where d.classid = 'pg_class'::regclass and objid = rel.oid and refclassid = 'pg_class'::regclass and deptype in ('a', 'i') and refobjsubid > 0), '-'))
  from rel where relkind = 'S'
  union all
  select format('policy %s.%s %s %s to %s using=%s check=%s', q, polname, case when polpermissive then 'permissive' else 'restrictive' end,
    case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
    (select string_agg(coalesce(nullif(r::regrole::text, '-'), 'public'), ',' order by coalesce(nullif(r::regrole::text, '-'), 'public') collate "C") from unnest(polroles) r),
    polqual is not null, polwithcheck is not null)
  from pg_policy join tab on tab.oid = polrelid
  union all
  select format('trigger %s.%s %s function=%s row=%s', q, tgname,
    case tgenabled when 'O' then 'origin' when 'D' then 'disabled' when 'R' then 'replica' else 'always' end,
    (select format('%s.%s', nspname, proname) from pg_proc p join pg_namespace n on n.oid = pronamespace where p.oid = tgfoid), (tgtype & 1) = 1)
  from pg_trigger join tab on tab.oid = tgrelid where not tgisinternal
  union all
  select format('rule %s.%s', q, rulename) from pg_rewrite join tab on tab.oid = ev_class where rulename <> '_RETURN'
  union all
  select format('function %s %s owner=%s definer=%s volatility=%s strict=%s settings=%s returns=%s', q,
    case prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end, proowner::regrole, prosecdef,
    case provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end, proisstrict,
    (select coalesce(string_agg(s, '; ' order by s collate "C"), '') from
      (select lower(split_part(c, '=', 1)) || '=' || substr(c, strpos(c, '=') + 1) s from unnest(proconfig) c) x),
    case when prokind = 'f' then pg_get_function_result(fn.oid) else '' end)
  from fn where prokind <> 'a'
  union all
  select format('grant function %s %s %s%s by %s', q, coalesce(nullif(a.grantee::regrole::text, '-'), 'public'), a.privilege_type,
    case when a.is_grantable then '*' else '' end, a.grantor::regrole)
  from fn, aclexplode(coalesce(proacl, acldefault('f', proowner))) a
  union all
  select format('type %s %s owner=%s %s', q, case typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite' when 'r' then 'range' else 'other' end, typowner::regrole,
    case typtype when 'e' then (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = typ.oid)
      when 'd' then format_type(typbasetype, typtypmod)
      when 'c' then (select string_agg(format('%s %s', attname, format_type(atttypid, atttypmod)), ',' order by attnum) from pg_attribute where attrelid = typrelid and attnum > 0 and not attisdropped) else '' end)
  from typ where not exists (select from ext where classid = 'pg_type'::regclass and objid = typ.oid)
  union all
  select format('grant type %s %s %s by %s', q, coalesce(nullif(a.grantee::regrole::text, '-'), 'public'), a.privilege_type, a.grantor::regrole)
  from typ, aclexplode(coalesce(typacl, acldefault('T', typowner))) a where not exists (select from ext where classid = 'pg_type'::regclass and objid = typ.oid)
  union all
  select format('schema %s owner=%s', nspname, nspowner::regrole) from pg_namespace where oid in (select oid from ns)
  union all
  select format('grant schema %s %s %s%s by %s', nspname, coalesce(nullif(a.grantee::regrole::text, '-'), 'public'), a.privilege_type,
    case when a.is_grantable then '*' else '' end, a.grantor::regrole)
  from pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) a where oid in (select oid from ns)
  union all
  select format('default %s in %s on %s: %s %s%s', defaclrole::regrole, coalesce((select nspname from pg_namespace where oid = defaclnamespace), '*'),
    case defaclobjtype when 'r' then 'table' when 'S' then 'sequence' when 'f' then 'function' when 'T' then 'type' else 'schema' end,
    coalesce(nullif(a.grantee::regrole::text, '-'), 'public'), a.privilege_type, case when a.is_grantable then '*' else '' end)
  from pg_default_acl, aclexplode(defaclacl) a where a.privilege_type <> 'MAINTAIN'
  union all
  select format('event trigger %s on %s %s', evtname, evtevent, evtenabled) from pg_event_trigger
    where not exists (select from ext where classid = 'pg_event_trigger'::regclass and objid = pg_event_trigger.oid)
  union all
  select format('publication %s all=%s', pubname, puballtables) from pg_publication
  union all
  select format('published %s %s.%s', pubname, n.nspname, relname) from pg_publication_rel join pg_publication p on p.oid = prpubid join pg_class c on c.oid = prrelid join pg_namespace n on n.oid = relnamespace
  union all
  select format('extension %s', extname) from pg_extension
)
select line from facts order by line collate "C";
