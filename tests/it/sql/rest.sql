select 1
(select a from t where b) order by 1 limit 2
with a as (select 1) select * from a
values (1, 2)
table s.t
insert into t (a, b) values (1, default) on conflict (a) do update set b = excluded.b returning *
update only t as x set a = 1 from u where x.b = u.b
delete from t using u where t.a = u.a
merge into t using u on t.a = u.a when matched then delete when not matched then insert (a) values (1)
copy t (a, b) from '/tmp/x' with (format csv)
copy (select 1) to stdout
copy t to program 'gzip'
truncate only a, s.b restart identity cascade
truncate table t
explain select 1
explain analyze verbose delete from t
explain (analyze, costs off) update t set a = 1
explain (analyze off) select 1
prepare q (int) as select $1
execute q (1)
deallocate q
declare c cursor with hold for select 1
fetch next from c
move 5 in c
close c
listen x
notify x, 'y'
unlisten *
lock table t in access exclusive mode nowait
discard all
discard temp
analyze verbose t (a)
vacuum (full, analyze) t
cluster t using i
reindex (verbose) table concurrently t
checkpoint
load 'x'
security label for p on table t is 'x'
import foreign schema s limit to (a) from server x into y
alter system set a = 1
create server s type 'x' version '1' foreign data wrapper w options (a 'b')
create foreign data wrapper w handler h validator v
create user mapping for current_user server s options (a 'b')
create cast (a as b) with function f(a) as implicit
create operator s.+ (leftarg = int, rightarg = int, function = f)
create operator class c default for type t using btree as operator 1 <, function 1 f(t, t)
create operator family f using btree
create collation c (locale = 'x')
create conversion c for 'a' to 'b' from f
create database d owner x
create tablespace x location '/y'
create language l
create access method m type index handler h
create statistics s (ndistinct) on a, b from t
create subscription s connection 'x' publication p
create text search configuration c (parser = p)
create text search dictionary d (template = t)
create text search parser p (start = a, gettoken = b, end = c, lextypes = d)
create text search template t (lexize = a)
create transform for t language l (from sql with function f(internal))
alter server s options (set a 'b')
alter foreign data wrapper w no handler
alter user mapping for x server s options (drop a)
alter operator + (int, int) owner to x
alter operator class c using btree rename to d
alter operator family f using btree owner to x
alter collation c refresh version
alter conversion c rename to d
alter language l rename to m
alter large object 1 owner to x
alter statistics s set statistics 5
alter subscription s disable
alter tablespace x rename to y
alter text search configuration c rename to d
alter text search dictionary d (a = b)
alter text search parser p rename to q
alter text search template t rename to u
drop server s
drop server s cascade
drop foreign data wrapper if exists w
drop user mapping if exists for x server s
drop cast (a as b)
drop operator + (int, int)
drop operator class c using btree
drop operator family f using btree
drop collation c
drop conversion c
drop database if exists d
drop tablespace x
drop language l
drop access method m
drop statistics s
drop subscription s
drop text search configuration c
drop text search dictionary d
drop text search parser p
drop text search template t
drop transform for t language l
