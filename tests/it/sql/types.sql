create type s.e as enum ('a', 'it''s', 'b')
create type e as enum ()
create type c as (a int, b text collate "C", c s.d[])
create type r as range (subtype = float8)
create type b (input = f, output = g, internallength = 16)
create type shell
alter type e add value if not exists 'x' before 'y'
alter type e add value 'x' after 'y'
alter type e rename value 'a' to 'b'
alter type c add attribute a int cascade
alter type c drop attribute if exists a, alter attribute b set data type text, add attribute d s.e
alter type c rename attribute a to b cascade
alter type s.c rename to d
alter type c owner to x
alter type c set schema s
alter type b set (storage = extended)
create domain s.d as text
create domain d int default 5 constraint c check (value > 0) not null check (value < 9)
alter domain d set default 1
alter domain d drop default
alter domain d set not null
alter domain d drop not null
alter domain d add constraint c check (value > 1) not valid
alter domain d drop constraint if exists c
alter domain d validate constraint c
alter domain d rename constraint a to b
alter domain d owner to x
alter domain s.d rename to e
alter domain d set schema s
drop type if exists s.a, b cascade
drop domain d restrict
