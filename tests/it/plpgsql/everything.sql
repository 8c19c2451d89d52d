#variable_conflict use_column
<<outer>>
declare
  a int; -- a comment; with a semicolon
  b constant text not null := 'x;y';
  c public.t.col%type default null;
  d t%rowtype;
  e numeric(10, 2)[] = array[1, 2];
  f alias for $1;
  cur cursor (k int) for select * from t where t.k = cur.k;
  cur2 no scroll cursor is select 1;
  r record;
begin
  a := 1;
  r.f = a + 1;
  e[1] := 2;
  <<inner>>
  declare
    x int default 0;
  begin
    x := 1;
  end inner;
  if a > 1 and exists (select 1 from t) then
    null;
  elsif b = 'if then' then
    perform f(a), g();
  elseif not found then
    call p(1, 2);
  else
    perform 1 from t where x;
  end if;
  case a
    when 1, 2 then a := 2;
    else a := 3;
  end case;
  case when a = 1 then null; end case;
  while a < 3 loop
    exit inner when a = 2;
    continue;
    exit;
  end loop outer;
  loop
    exit when (case when a = 1 then true else false end);
  end loop;
  for i in 1..10 loop null; end loop;
  for i in reverse array_length(e, 1)..1 by 2 loop null; end loop;
  for r in select * from t loop null; end loop;
  for x, y in (select 1, 2 union select 3, 4) loop null; end loop;
  for r in execute format('select * from %I', b) using a, b loop null; end loop;
  for r in cur(1) loop null; end loop;
  for r in update t set a = 1 returning * loop null; end loop;
  foreach x slice 1 in array e loop null; end loop;
  execute 'create table ' || quote_ident(b);
  execute 'select 1' into strict a using b, a + 1;
  execute 'select 1' using b into a, r.f;
  select x, y into strict a, r.f from t where t.k = a;
  select count(*) from t into a;
  select into a, b 1, 2;
  insert into t (a) values (1) returning a, b into a, b;
  update t set a = (select max(z) from u) where b returning a into a;
  with w as (insert into t values (1) returning a) select a into a from w;
  create policy "p;q" on t for select using (true);
  alter table t enable row level security;
  create or replace function g() returns int language sql begin atomic select 1; select 2; end;
  create function h() returns void language plpgsql as $in$ begin null; end; $in$;
  return;
  return a + 1;
  return next;
  return next r;
  return query select * from t;
  return query execute 'select 1' using a;
  return query insert into t values (1) returning *;
  raise;
  raise notice 'x % %', a, b || 'c';
  raise exception using message = 'm', errcode := '42000';
  raise unique_violation using hint = b;
  raise sqlstate '22012';
  raise warning 'w';
  assert a > 0, 'msg';
  get diagnostics a = row_count;
  get stacked diagnostics b = message_text;
  open cur(1);
  open r for select 1 from t;
  open r for execute 'select 1' using a;
  fetch next from cur into r;
  move cur;
  close cur;
  commit;
  rollback and chain;
  set local search_path = 'a';
  do $$ begin null; end $$;
  truncate t;
exception
  when unique_violation or sqlstate '42710' then
    raise;
  when others then
    drop table if exists t;
end outer;
