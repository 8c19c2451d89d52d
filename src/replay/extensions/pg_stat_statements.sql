-- Stands in for pg_stat_statements: its views, without a row and with the columns that are most asked for.
create view pg_stat_statements as
  select null::oid as userid, null::oid as dbid, null::boolean as toplevel, null::bigint as queryid, null::text as query,
         null::bigint as plans, null::double precision as total_plan_time, null::bigint as calls,
         null::double precision as total_exec_time, null::double precision as min_exec_time,
         null::double precision as max_exec_time, null::double precision as mean_exec_time,
         null::double precision as stddev_exec_time, null::bigint as rows, null::bigint as shared_blks_hit,
         null::bigint as shared_blks_read
   where false;
create view pg_stat_statements_info as
  select null::bigint as dealloc, null::timestamptz as stats_reset where false;
grant select on pg_stat_statements, pg_stat_statements_info to public;
