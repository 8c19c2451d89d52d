user_id = auth.uid() <> ! org_id = auth.uid()
active <> ! not active
true <> ! false
user_id = auth.uid() <> ! user_id <> auth.uid()
active and qty = 1 <> ! active or qty = 1
active and (qty = 1 or price = 2) <> ! (active and qty = 1) or price = 2
role in ('a', 'b') <> ! role in ('a', 'c')
role in ('a', 'b') <> ! role not in ('a', 'b')
qty between 1 and 2 <> ! qty between 1 and 3
qty between 1 and 2 <> ! qty not between 1 and 2
title like 'a%' <> ! title ilike 'a%'
title like 'a%' <> ! title = 'a%'
user_id = auth.uid() <> ! user_id = (select auth.uid())
user_id is null <> ! user_id is not null
active is true <> ! active is not true
now() > created_at <> ! current_timestamp > created_at
qty - 1 - 2 = 0 <> ! qty - (1 - 2) = 0
data -> 'a' ->> 'b' = 'c' <> ! data -> ('a' ->> 'b') = 'c'
exists (select 1 from members where members.org_id = items.org_id) <> ! exists (select 1 from members where members.org_id = members.org_id)
exists (select 1 from members) <> ! exists (select count(*) from members)
exists (select 1 from members where level > 1) <> ! exists (select 1 from members where level > 2)
exists (select 1 from members) <> ! not exists (select 1 from members)
org_id in (select org_id from members) <> ! org_id in (select user_id from members)
coalesce(active, true) <> ! coalesce(active, false)
has_role(auth.uid(), 'admin') <> ! has_role(auth.uid(), 'member')
is_member(org_id) <> ! auth.is_member(org_id)
created_at > now() - interval '1 day' <> ! created_at > now() - interval '1 month'
'a' = any (tags) <> ! 'a' = all (tags)
case when active then true else false end <> ! case when active then false else true end
qty / 2 > 1 <> ! qty::numeric / 2 > 1
user_id = auth.uid() or true <> ! user_id = auth.uid()
(select count(*) from members) > 0 <> ! (select count(distinct user_id) from members) > 0
title = '1' <> ! title = '01'
title = 'A' <> ! title = 'a'
tags[1] = 'a' <> ! tags[2] = 'a'
exists (select 1 from members m join profiles p on p.id = m.user_id) <> ! exists (select 1 from members m left join profiles p on p.id = m.user_id)
auth.uid() in (select user_id from members union select id from profiles) <> ! auth.uid() in (select user_id from members except select id from profiles)
