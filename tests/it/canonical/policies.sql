-- constants and booleans
true
false
(true)
active
not active
active = true
active is true
active is not true
active is false
(active is unknown)
NOT (active IS TRUE)
user_id is null
user_id is not null
user_id isnull
user_id notnull
not (user_id is null)
((((user_id = auth.uid()))))
auth.uid() = user_id
(select auth.uid()) = user_id
user_id = (select auth.uid() as uid)
(SELECT auth.uid()) IS NOT NULL
auth.uid()::text = title
(auth.uid())::text = title
auth.role() = 'authenticated'
auth.role() = 'authenticated'::text
'service_role' = auth.role()
(auth.jwt() ->> 'role') = 'service_role'
auth.jwt() ->> 'role' = 'admin'
(auth.jwt() -> 'app_metadata' -> 'claims' ->> 'role')::text = 'admin'
auth.jwt() -> 'app_metadata' ->> 'tenant' = org_id::text
((auth.jwt() -> 'app_metadata') ->> 'org_id')::uuid = org_id
(auth.jwt() #>> '{app_metadata,role}') = 'x'
coalesce((auth.jwt() ->> 'admin')::boolean, false)
current_setting('app.tenant', true)::uuid = org_id
nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub' = user_id::text
current_user = owner
current_user = title
session_user = role
current_role = 'postgres'
user = 'postgres'
-- comparisons with typed columns
role = 'admin'
role::text = 'admin'
(role)::text = ('admin')::text
role <> 'admin'
role != 'admin'
status = 'active'
status = 'active'::status
status <> 'closed' and status != 'draft'
code = 'abc'
user_id = '00000000-0000-0000-0000-00000000000A'
user_id = '00000000-0000-0000-0000-00000000000a'::uuid
qty = 1
qty > 0.5
qty = -1
qty > - 1
id = 1
id = 1::bigint
small = 1
small >= 1::smallint
price > 0
price >= 0.50
price * 2 > 10
price / 3 > qty
qty / 2 > 1
qty * price > 100
rate > 0
rate > 0.5
rate = 1e3
price = 1.5e2
-5 < qty
qty + 1 > small - 1
qty % 2 = 0
2 ^ 3 ^ 2 > qty
- qty < 3
-(qty + 1) < 3
@ qty > 1
"Mixed Case" = 'x'
"order" = 1
items."order" = 1
items.user_id = auth.uid()
public.items.user_id = auth.uid()
-- lists
role in ('a', 'b')
role not in ('a', 'b')
not role in ('a', 'b')
not (role in ('a', 'b'))
role = any (array['a', 'b'])
role = any ('{a,b}')
role <> all (array['a', 'b'])
title in ('a')
title not in ('a')
title in ('a', role)
auth.uid() in (user_id, org_id)
auth.uid() not in (user_id, org_id)
qty in (1, 2, 3)
qty in (1, -2)
id in (1, 2)
price in (1, 2.5)
status in ('draft', 'active')
status not in ('draft', 'active')
status = any (array['draft', 'active']::status[])
user_id in ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002')
(user_id, org_id) in ((auth.uid(), null), (null, auth.uid()))
(user_id, org_id) = (auth.uid(), auth.uid())
row(qty, id) < row(1, 2)
'a' = any (tags)
'a' = any (labels)
title = any (tags)
auth.uid() = any (members)
title <> all (tags)
tags @> array['a']
tags && array['a', 'b']::text[]
tags @> '{a}'
'a' = any (string_to_array(title, ','))
array_length(tags, 1) > 0
tags[1] = 'a'
labels[1] = 'a'
tags[1:2] = array['a', 'b']
cardinality(tags) = 0
array[user_id, org_id] @> array[auth.uid()]
-- ranges and patterns
qty between 1 and 10
qty not between 1 and 10
qty between symmetric 10 and 1
created_at between now() - interval '1 day' and now()
not (qty between 1 and 10)
qty + 1 between 2 and 3 or not active
title like 'a%'
title not like 'a%'
title ilike '%A%'
title not ilike '%a%'
not (title like 'a%')
title like 'a!%' escape '!'
title similar to '(a|b)%'
title not similar to 'a%'
title ~ '^a'
title !~* '^a'
title ~~ 'a%'
title !~~* 'a%'
role like 'a%'
title like '%' || role || '%'
title like any (array['a%', 'b%'])
title ^@ 'a'
title || 'x' || role = 'y'
title || qty = 'a1'
starts_with(title, 'a')
-- times
created_at > now()
created_at > now() - interval '30 days'
created_at > now() - '1 month'::interval
created_at > now() - interval '24 hours'
created_at > now() - interval '1 year 2 months'
created_at > now() - interval '90 minutes'
created_at > now() - make_interval(days => 3)
created_at > current_timestamp
created_at >= current_date
created_at > localtimestamp
day = current_date
day > '2024-01-01'
day > date '2024-01-01'
created_at > '2024-01-01'
created_at > '2024-01-01 00:00:00+00'::timestamptz
noted_at > '2024-01-01'
noted_at < now() at time zone 'utc'
(created_at at time zone 'Europe/Paris')::date = current_date
extract(epoch from created_at) > 0
extract(year from created_at) = 2024
date_part('hour', created_at) < 12
date_trunc('day', created_at) = created_at
age(created_at) > interval '1 week'
-- functions
lower(title) = lower(role)
coalesce(title, '') = ''
COALESCE(role, 'none') <> 'none'
nullif(title, '') is not null
greatest(qty, 1) > 1
least(price, 1) < 1
length(title) > 3
char_length(role) <= 10
length(title) > 0.5
substring(title from 1 for 2) = 'ab'
substring(title, 1, 2) = 'ab'
substring(title from 2) = 'b'
substring(title for 2) = 'ab'
substring(title from '^a.*') is not null
position('a' in title) > 0
strpos(title, 'a') > 0
trim(title) <> ''
trim(both ' ' from title) <> ''
trim(leading from title) <> ''
btrim(title) <> ''
overlay(title placing 'x' from 1 for 1) = 'x'
left(title, 1) = 'a'
replace(title, 'a', 'b') = 'b'
has_role(auth.uid(), 'admin')
has_role(auth.uid(), 'admin'::app_role)
public.has_role((select auth.uid()), 'member')
is_member(org_id)
is_member(org => org_id)
with_names(1) = 1
with_names(b => 1, a => 2) = 1
in_any('a', 'b')
in_any(variadic array['a', 'b'])
my_kind() = 'x'
md5(user_id::text) = title
concat(title, '-', qty) = 'a-1'
format('%s', title) = 'a'
pg_catalog.lower(title) = 'a'
user_id operator(pg_catalog.=) auth.uid()
num_nonnulls(title, role) = 1
jsonb_array_length(data) > 0
data ->> 'owner' = auth.uid()::text
data -> 'a' = '1'
data @> '{"a": 1}'
data @> '{"b":[1,2],"a":{"c":true}}'::jsonb
data ? 'a'
data ?| array['a', 'b']
(data ->> 'n')::int > 3
(data ->> 'n')::integer between 1 and 3
(data ->> 'ok')::bool
cast(data ->> 'n' as numeric) > 1
(data -> 'roles') ? 'admin' or data -> 'a' -> 'b' is null
jsonb_extract_path_text(data, 'a', 'b') = 'x'
title collate "C" > 'a'
-- case
case when active then user_id = auth.uid() else false end
case status when 'draft' then active when 'active' then true end
case when role = 'x' then title else null end = 'y'
-- logic
user_id = auth.uid() or org_id = auth.uid() or active
active and (qty = 1 or qty = 2) and not (price > 3)
(active or qty = 1) and (active or qty = 2)
active and (qty = 1 and (price = 2 and rate = 3))
not (active or qty = 1)
not not active
active is distinct from true
user_id is not distinct from auth.uid()
not (user_id is distinct from auth.uid())
(qty = 1) is true
(qty = 1) is not null
qty = 1 is true
active <> (qty = 1)
-- subqueries
exists (select 1 from members where members.org_id = items.org_id and members.user_id = auth.uid())
exists (select 1 from members m where m.org_id = items.org_id and m.user_id = auth.uid())
exists (select * from members m where m.org_id = org_id)
exists (select true from public.members as m where m.org_id = items.org_id and m.role in ('owner', 'admin'))
exists (select from members where level > 3)
exists (select user_id from members where user_id = auth.uid() and org_id = items.org_id)
exists (select 1 from profiles where id = auth.uid() and is_admin)
exists (select 1 from profiles p where p.id = (select auth.uid()) and p.kind = 'admin')
exists (select 1 from profiles where profiles.id = auth.uid() and profiles.kind in ('a', 'b'))
not exists (select 1 from members where members.user_id = user_id)
exists (select 1 from members m join profiles p on p.id = m.user_id where m.org_id = items.org_id and p.is_admin)
exists (select 1 from members m inner join profiles p on (p.id = m.user_id) where level > 1 and is_admin)
exists (select 1 from members m left join profiles on profiles.id = m.user_id where m.org_id = items.org_id)
exists (select 1 from members, profiles where profiles.id = members.user_id and level = 2)
exists (select 1 from members m, profiles p where m.user_id = p.id and title = 'x')
exists (select 1 from auth.users where users.id = auth.uid() and email like '%@example.com')
exists (select 1 from auth.users u where u.id = auth.uid() and u.raw ->> 'role' = 'admin')
exists (select 1 from profiles a join profiles b using (id) where a.is_admin)
exists (select 1 from members cross join profiles where is_admin)
org_id in (select org_id from members where user_id = auth.uid())
org_id in (select m.org_id from members m where m.user_id = auth.uid())
org_id not in (select org_id from members)
org_id = any (select org_id from members)
org_id <> all (select org_id from members)
org_id in (select org_ids())
org_id = any (array(select org_ids()))
org_id in (select t from org_ids() t)
org_id = (select org_id from members where user_id = auth.uid() limit 1)
(select is_admin from profiles where id = auth.uid())
(select role from members where user_id = auth.uid() and org_id = items.org_id) = 'admin'
(select kind from profiles where id = auth.uid()) = 'admin'
(select p.kind from profiles p where p.id = auth.uid()) in ('admin', 'owner')
(select state from profiles where id = auth.uid()) = 'active'
auth.uid() in (select user_id from members where org_id = items.org_id union select id from profiles where is_admin)
auth.uid() in (select user_id from members where level > 1 union all select manager from profiles)
(select count(*) from members where members.org_id = items.org_id) > 0
(select count(distinct user_id) from members) >= 2
(select max(level) from members m where m.user_id = auth.uid()) > 5
(select bool_or(level > 3) from members)
(select array_agg(user_id) from members) @> array[auth.uid()]
(select string_agg(role, ',') from members) like '%a%'
exists (select role, count(*) from members group by role having count(*) > 1)
exists (select 1 from (select user_id from members where level > 2) s where s.user_id = auth.uid())
exists (select 1 from (select user_id as u, org_id from members) s where s.u = auth.uid() and s.org_id = items.org_id)
exists (with admins as (select id from profiles where is_admin) select 1 from admins where admins.id = auth.uid())
exists (select 1 from unnest(members) u where u = auth.uid())
exists (select 1 from unnest(tags) as t(x) where t.x = title)
exists (select 1 from jsonb_array_elements_text(data -> 'roles') r where r = 'admin')
exists (select 1 from members where org_id in (select m2.org_id from members m2 where m2.user_id = auth.uid()))
exists (select 1 from members m where exists (select 1 from profiles p where p.id = m.user_id and p.manager = items.user_id))
(auth.uid(), org_id) in (select user_id, org_id from members)
(data ->> 'n')::int not between 1 and 3 or active
exists (select 1 from jsonb_array_elements_text(data -> 'roles') where value = 'admin')
exists (select 1 from jsonb_array_elements(data -> 'roles') as r(item) where item ->> 'a' = 'b')
exists (select 1 from generate_series(1, 3) as g where g = qty)
exists (select 1 from org_ids() as o(id) where o.id = org_id)
(select x from unnest(tags) with ordinality as t(x, n) where n = 1) = 'a'
