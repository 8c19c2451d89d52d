create function f() returns void language sql as ''
create or replace function s.f(a int, in b text default 'x', out c int, inout d uuid, variadic e int[] = '{}') returns record language 'PLpgSQL' security definer stable strict leakproof parallel safe cost 10 set search_path = '' set role to x as $$ begin end $$
create function f(int) returns setof t.x%type immutable as $$ select 1 $$ language sql set work_mem from current set timezone to default called on null input
create function f() returns table (a int, b text[]) language sql external security definer rows 5 return (select 1)
create function f() returns int return 1 + 2
create function f() returns int language sql begin atomic insert into t values (1); select 1; return 2; end
create procedure p(a int) language plpgsql security invoker as 'begin null; end'
create function f() returns int language c as 'lib', 'sym'
create function f() returns int language internal as 'int4in'
create function f() returns trigger language plpgsql as E'begin\n return new;\tend' set x.y = 1, 'two', three
create aggregate s.a (int, text) (sfunc = f, stype = int)
create or replace aggregate a (*) (sfunc = f, stype = int)
create aggregate a (x int order by y text) (sfunc = f, stype = int)
create aggregate a (basetype = int, sfunc = f, stype = int)
alter function s.f(int, out text, inout a uuid) security definer set search_path = a, b reset all immutable cost 5
alter function f rename to g
alter function f() owner to session_user
alter procedure p(in a int) set schema s
alter routine r security invoker
alter aggregate a (*) owner to x
alter function f() depends on extension e
alter function f() called on null input not leakproof
do $$ begin null; end $$
do language plperl 'x'
do 'x' language "PLpgSQL"
call s.p(1, a => 2)
