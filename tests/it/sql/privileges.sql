grant select, insert (a, b), update on t to anon
grant all privileges on table s.t, u to public with grant option granted by current_user
grant all (a, b) on t to x
grant select on all tables in schema public, s to "Anon"
grant usage, select on sequence s.q, r to x
grant all on all sequences in schema s to x
grant execute on function s.f(int, out text), g to x, session_user
grant execute on procedure p(int) to x
grant execute on routine r to x
grant execute on all functions in schema s to x
grant execute on all procedures in schema s to x
grant execute on all routines in schema s to x
grant usage, create on schema s, t to group x
grant usage on type s.t to x
grant usage on domain d to x
grant connect, temporary, temp on database d to x
grant usage on language plpgsql to x
grant usage on foreign data wrapper w to x
grant usage on foreign server w to x
grant select on large object 1234 to x
grant set, alter system on parameter a.b to x
grant create on tablespace x to y
grant truncate, references, trigger, maintain, delete on t to x
revoke select (a), delete on t from anon, public cascade
revoke grant option for all on all tables in schema s from x restrict
revoke all on schema public from public
revoke execute on function f() from public, anon
alter default privileges grant select on tables to anon
alter default privileges for role a, b in schema s, t grant all privileges on functions to x with grant option
alter default privileges for user current_user revoke execute on routines from public
alter default privileges in schema s revoke grant option for usage, create on types from x cascade
alter default privileges grant usage on schemas to x
alter default privileges revoke all on sequences from x
