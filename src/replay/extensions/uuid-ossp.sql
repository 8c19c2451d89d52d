-- Stands in for uuid-ossp: what names its functions is accepted, what calls them is refused, but for random UUIDs.
create function uuid_generate_v4() returns uuid language sql volatile as 'select pg_catalog.gen_random_uuid()';

do $stand_in$
declare
  refuse constant text := 'begin raise feature_not_supported using message = ''this function of uuid-ossp is not in the embedded server''; end';
  signature text;
begin
  foreach signature in array array[
    'uuid_nil()',
    'uuid_ns_dns()',
    'uuid_ns_url()',
    'uuid_ns_oid()',
    'uuid_ns_x500()',
    'uuid_generate_v3(namespace uuid, name text)',
    'uuid_generate_v5(namespace uuid, name text)'
  ] loop
    execute format('create function %s returns uuid language plpgsql immutable strict as %L', signature, refuse);
  end loop;
  foreach signature in array array['uuid_generate_v1()', 'uuid_generate_v1mc()'] loop
    execute format('create function %s returns uuid language plpgsql volatile strict as %L', signature, refuse);
  end loop;
end $stand_in$;
