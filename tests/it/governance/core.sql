-- The core of a depot, all of it protected.
create table produits (id uuid primary key, code text not null unique);
create table receptions (
  id bigint generated always as identity primary key, produit_id uuid not null references produits (id),
  jour date not null default current_date, litres numeric(12, 1) not null check (litres > 0),
  statut text not null default 'brouillon' check (statut in ('brouillon', 'valide')), cree_par uuid, note text
);
create table sorties (
  id bigint generated always as identity primary key, produit_id uuid not null references produits (id),
  jour date not null default current_date, litres numeric(12, 1) not null, statut text not null default 'brouillon'
);
create table stocks (
  produit_id uuid not null references produits (id), jour date not null, ouverture numeric(14, 1) not null default 0,
  entrees numeric(14, 1) not null default 0, sorties numeric(14, 1) not null default 0, primary key (produit_id, jour)
);
create index receptions_jour on receptions (jour desc, produit_id) where statut = 'valide';
alter table receptions enable row level security;
alter table sorties enable row level security;
alter table stocks enable row level security;
create function porter(p uuid, j date, e numeric, s numeric default 0) returns void language plpgsql security definer
  set search_path = '' as $$
begin
  insert into public.stocks (produit_id, jour, entrees, sorties) values (p, j, e, s)
  on conflict (produit_id, jour) do update set entrees = public.stocks.entrees + excluded.entrees;
end $$;
create function valider_reception() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if new.statut = 'valide' then
    perform public.porter(new.produit_id, new.jour, new.litres);
  end if;
  return new;
end $$;
create function valider_sortie() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  perform public.porter(new.produit_id, new.jour, 0, new.litres);
  return new;
end $$;
create function solde(p uuid) returns numeric language sql stable set search_path = '' as
  'select sum(entrees) - sum(sorties) from public.stocks where produit_id = p';
create trigger t_reception after insert or update of statut on receptions for each row execute function valider_reception();
create trigger t_sortie before insert on sorties for each row when (new.litres > 0) execute function valider_sortie();
create policy lecture on receptions for select to public using (statut = 'valide' or cree_par = '00000000-0000-0000-0000-000000000001');
create policy saisie on receptions for insert to public with check (statut = 'brouillon' and litres < 60000);
create policy lecture on stocks for select to public using (exists (select 1 from receptions r where r.produit_id = stocks.produit_id));
create view v_stock with (security_invoker = true) as
  select distinct on (s.produit_id) s.produit_id, p.code, s.jour, s.ouverture + s.entrees - s.sorties as litres
  from stocks s join produits p on p.id = s.produit_id order by s.produit_id, s.jour desc;
create view v_mouvements as
  select id, 'entree' as sens, jour, litres from receptions where statut = 'valide'
  union all select id, 'sortie', jour, -litres from sorties where statut = 'valide';
create view v_mois with (security_barrier = true) as
  select date_trunc('month', m.jour) as mois, m.sens, sum(m.litres) as litres, count(*) as n
  from v_mouvements m where m.jour >= '2025-01-01' group by 1, 2 having count(*) > 3 order by 1 desc, m.sens limit 24;
