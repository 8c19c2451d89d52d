-- PostgreSQL 15, an empty database: roles, the schema `public`, the one extension.

create role postgres superuser createdb createrole inherit login replication bypassrls;
create role pg_database_owner;
create role pg_read_all_data;
create role pg_write_all_data;
create role pg_monitor;
create role pg_read_all_settings;
create role pg_read_all_stats;
create role pg_stat_scan_tables;
create role pg_read_server_files;
create role pg_write_server_files;
create role pg_execute_server_program;
create role pg_signal_backend;
create role pg_checkpoint;
grant pg_read_all_settings, pg_read_all_stats, pg_stat_scan_tables to pg_monitor;

-- Since version 15 PUBLIC may look into `public`, and no longer create there.
create schema public authorization pg_database_owner;
grant usage on schema public to public;

create extension plpgsql with schema pg_catalog;
