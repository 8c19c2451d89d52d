-- Runs a statement as a role with these claims, says how many rows it touched, and undoes it.
create function public.probe(role text, claims text, statement text) returns text language plpgsql as $$
declare
  n bigint;
begin
  if claims like 'app.x=y;%' then
    perform set_config('app.x', 'y', true);
  end if;
  perform set_config('request.jwt.claims', regexp_replace(claims, '^app\.x=y;', ''), true);
  execute format('set local role %I', role);
  execute statement;
  get diagnostics n = row_count;
  raise exception 'rows %', n using errcode = 'GF001';
exception when others then
  if sqlstate = 'GF001' then
    return sqlerrm;
  end if;
  return sqlstate || ' ' || sqlerrm;
end
$$;
