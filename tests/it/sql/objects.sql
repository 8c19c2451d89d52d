create schema s
create schema if not exists "S" authorization current_user
create schema authorization x
create schema s create table t (a int) create view v as select 1 grant select on t to anon
alter schema s rename to t
alter schema s owner to x
drop schema if exists s, t cascade
create extension if not exists "uuid-ossp" with schema s version '1.1' cascade
create extension pgcrypto schema extensions
alter extension e set schema s
alter extension e update to '2'
alter extension e add table t
drop extension if exists a, b cascade
create publication p
create publication p for all tables with (publish = 'insert')
create publication p for table s.t, only u (a, b) where (a > 1), tables in schema s, t, current_schema
alter publication p add table a, b
alter publication p set tables in schema s
alter publication p drop table a
alter publication p set (publish = 'insert')
alter publication p owner to x
alter publication p rename to q
drop publication if exists p, q
drop table if exists s.a, "B" cascade
drop foreign table f
drop view v, w
drop materialized view if exists m
drop index concurrently if exists s.i
drop sequence q restrict
drop function if exists s.f(int, out text, variadic a int[]), g cascade
drop procedure p(inout a int)
drop routine r()
drop aggregate a (*), b (int order by text)
comment on table s.t is 'it''s'
comment on column s.t.c is null
comment on column t.c is E'a\nb'
comment on view v is 'x'
comment on materialized view v is 'x'
comment on foreign table f is 'x'
comment on index i is 'x'
comment on sequence q is 'x'
comment on schema s is 'x'
comment on extension e is 'x'
comment on event trigger e is 'x'
comment on publication p is 'x'
comment on type s.t is 'x'
comment on domain d is 'x'
comment on database d is 'x'
comment on role r is 'x'
comment on function s.f(int) is 'x'
comment on procedure p is 'x'
comment on aggregate a (*) is 'x'
comment on constraint c on s.t is 'x'
comment on constraint c on domain d is 'x'
comment on policy p on s.t is 'x'
comment on trigger g on t is 'x'
comment on rule r on t is 'x'
comment on cast (int as text) is 'x'
comment on operator + (int, int) is 'x'
