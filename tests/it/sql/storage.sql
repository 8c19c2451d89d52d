create view v as select * from t
create or replace temp view s.v (a, b) with (security_invoker, security_barrier = false) as select 1, 2 with local check option
create recursive view v (n) as select 1 union all select n + 1 from v
create view v as select 1 with check option
create materialized view if not exists m (a) with (fillfactor = 70) as table t with no data
refresh materialized view concurrently s.m
create index on t (a)
create unique index concurrently if not exists i on only s.t using gin (a gin_trgm_ops, (lower(b)) collate "C" desc nulls last) include (c) with (fillfactor = 50) where a is not null
create sequence s.q
create temp sequence if not exists q as smallint increment by 2 minvalue 1 no maxvalue start 1 cache 5 no cycle owned by s.t.c
