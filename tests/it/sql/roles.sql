create role r
create user u with superuser nocreatedb createrole noinherit login noreplication bypassrls connection limit 5 password 'secret' valid until 'infinity'
create role "R" in role a, b role c admin d
create group g user a, b sysid 5
create role r inherit encrypted password 'x'
alter role r nologin nobypassrls inherit
alter role current_user password null
alter user u createdb
alter role r rename to q
alter role r set search_path = a, b
alter role all in database d set "Row_Security" to off
alter role r in database d reset all
alter user u reset work_mem
alter group g add user a, b
alter group g drop user a
alter group g rename to h
alter database d set search_path to x
alter database d reset all
alter database d owner to x
drop role if exists a, b
drop user u
drop group g
grant a, b to c, current_user with admin option
grant a to c with inherit true, set false granted by d
revoke admin option for a from b cascade
revoke a, b from public
reassign owned by a, current_user to b
drop owned by a, b cascade
set search_path = public, "A", 'B', "$user"
set session work_mem to default
set local a.b to 1.5
set x = -1
set x = on
set time zone 'UTC'
set time zone local
set time zone interval '1' hour to minute
set schema 'x'
set xml option document
set role r
set role "R"
set role none
set local role 'r'
set role = 'r'
set local role to none
set x.y from current
set session_authorization = 'u'
set session authorization u
set local session authorization default
reset role
reset session authorization
reset all
reset time zone
reset transaction isolation level
reset a.b
show all
begin
begin isolation level serializable, read only
start transaction
commit and chain
end
rollback
abort and no chain
savepoint "S"
release savepoint s
rollback to savepoint s
prepare transaction 'x'
commit prepared 'x'
rollback prepared 'x'
set transaction isolation level repeatable read
set session characteristics as transaction read only
set constraints all deferred
