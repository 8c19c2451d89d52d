create policy p on t
create policy "read citernes" on public.citernes for select using (true)
create policy p on s.t as restrictive for update to anon, public, current_user, "Role" using (a = auth.uid()) with check (b is not null)
create policy p on t as permissive for all to session_user with check (false)
create policy p on t for insert to "public" with check (true)
create policy p on t for delete to current_role using (false)
alter policy p on s.t to anon, b using (true) with check (a > 1)
alter policy p on t rename to q
drop policy if exists p on s.t
create trigger g before insert or delete or update of a, b or truncate on s.t execute procedure s.f('x', 1, y)
create or replace trigger g instead of update on v for each row execute function f()
create constraint trigger g after insert on t from s.u deferrable initially deferred for each row when (new.a is distinct from 1) execute function f()
create trigger g after update on t referencing old table as o new table as n for each statement execute function f()
alter trigger g on s.t rename to h
alter trigger g on t depends on extension e
drop trigger if exists g on s.t cascade
create event trigger e on ddl_command_end when tag in ('CREATE TABLE', 'GRANT') execute function s.f()
alter event trigger e disable
alter event trigger e enable always
alter event trigger e enable replica
alter event trigger e owner to x
alter event trigger e rename to f
drop event trigger if exists e
create rule r as on select to v do instead select * from t
create or replace rule r as on insert to s.v where new.a > 1 do also (insert into t values (1); notify c; delete from u)
create rule r as on delete to t do instead nothing
alter rule r on t rename to q
drop rule r on t
