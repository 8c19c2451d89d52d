-- What the evasions go around.
create table produits (id uuid primary key, code text unique);
create table depots (num int primary key, nom text);
create table kinds (code varchar(12) primary key);
create table kind_uses (id int generated always as identity, kind varchar(12) references kinds);
create table receptions (id int primary key, produit_id uuid references produits, depot int references depots, litres numeric, volume numeric);
create table stocks (depot int references depots, produit_id uuid references produits, litres numeric, primary key (depot, produit_id));
create table sorties (id int primary key, depot int, produit_id uuid, code text references produits (code), litres numeric, foreign key (depot, produit_id) references stocks);
insert into produits values ('22222222-2222-2222-2222-222222222222', 'GASOIL'), ('11111111-1111-1111-1111-111111111111', 'ESSENCE');
insert into depots values (1, 'a'), (2, 'b');
insert into kinds values ('in'), ('out');
insert into receptions values (100, '22222222-2222-2222-2222-222222222222', 1, 5, 5);
create function carry() returns trigger language plpgsql security definer set search_path = '' as $$ begin
  insert into public.stocks values (new.depot, new.produit_id, new.litres)
  on conflict (depot, produit_id) do update set litres = public.stocks.litres + excluded.litres;
  return new;
end $$;
create trigger t_carry after insert on receptions for each row execute function carry();
create view v_stock with (security_invoker = on) as select depot, produit_id, litres from stocks;
alter table receptions enable row level security;
create policy p on receptions for select to public using (litres > 0);
create function refill() returns void language plpgsql as $$ begin
  update stocks set litres = 0; insert into sorties (id) values (9); delete from receptions;
end $$;
create function double() returns void language sql as $$ update receptions set volume = volume * 2 where id = 1 $$;
