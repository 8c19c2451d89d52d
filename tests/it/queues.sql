-- Stands in for pgmq, which test servers do not have: functions of its names to the same effect, partitions aside.
create schema pgmq;
create function pgmq.create_non_partitioned(queue_name text) returns void language plpgsql as $$
begin
  if queue_name ~ '\$|;|--|''' or length(queue_name) > 47 then raise exception 'no name for a queue'; end if;
  execute format('create table if not exists pgmq.%I (msg_id bigint primary key generated always as identity, read_ct int default 0 not null, enqueued_at timestamptz default now() not null, vt timestamptz not null, message jsonb, headers jsonb)', lower('q_' || queue_name));
  execute format('create table if not exists pgmq.%I (msg_id bigint primary key, read_ct int default 0 not null, enqueued_at timestamptz default now() not null, archived_at timestamptz default now() not null, vt timestamptz not null, message jsonb, headers jsonb)', lower('a_' || queue_name));
  execute format('create index if not exists %I on pgmq.%I (vt asc)', lower('q_' || queue_name) || '_vt_idx', lower('q_' || queue_name));
  execute format('create index if not exists %I on pgmq.%I (archived_at)', 'archived_at_idx_' || queue_name, lower('a_' || queue_name));
end $$;
create function pgmq.create(queue_name text) returns void language plpgsql as
  $$ begin perform pgmq.create_non_partitioned(queue_name); end $$;
create function pgmq.create_unlogged(queue_name text) returns void language plpgsql as
  $$ begin perform pgmq.create_non_partitioned(queue_name); execute format('alter table pgmq.%I set unlogged', lower('q_' || queue_name)); end $$;
create function pgmq.drop_queue(queue_name text) returns boolean language plpgsql as $$
begin
  execute format('drop table if exists pgmq.%I', lower('q_' || queue_name));
  execute format('drop table if exists pgmq.%I', lower('a_' || queue_name));
  return true;
end $$;
create function pgmq.drop_queue(queue_name text, partitioned boolean) returns boolean language plpgsql as
  $$ begin return pgmq.drop_queue(queue_name); end $$;
create function pgmq.send(queue_name text, msg jsonb) returns bigint language sql as 'select 1::bigint';
