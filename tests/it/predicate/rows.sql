insert into items
select row_number() over (order by seed), owner, status, qty, active, flag, kind::etat, tag, data
from (values ('11111111-1111-1111-1111-111111111111'::uuid), ('22222222-2222-2222-2222-222222222222'), (null)) o(owner),
     (values ('a'), ('b'), (null)) s(status),
     (values (0), (1), (2), (null)) q(qty),
     (values (true), (false)) a(active),
     (values (true), (false), (null)) f(flag),
     (values ('brouillon'), ('publie')) k(kind),
     (values ('x'), ('a'), ('')) t(tag),
     (values ('{"a": "b"}'::jsonb), ('{"user_metadata": null}'), (null)) d(data),
     md5(concat(owner, status, qty, active, flag, kind, tag, data)) seed
order by seed limit 150;
insert into profils values
  ('11111111-1111-1111-1111-111111111111', 'admin', true),
  ('33333333-3333-3333-3333-333333333333', 'viewer', null);
insert into membres values
  (1, '11111111-1111-1111-1111-111111111111', 'owner'), (2, '22222222-2222-2222-2222-222222222222', null), (3, null, 'a');
grant usage on schema auth to anon, authenticated;
grant select on all tables in schema public to anon, authenticated;
