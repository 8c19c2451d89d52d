-- Citernes et stock comptable du jour, en litres à 15 °C.

create table public.citernes (
  id uuid primary key default gen_random_uuid(),
  depot_id uuid not null references public.depots (id),
  produit_id uuid not null references public.produits (id),
  numero text not null,
  capacite_l numeric(12, 0) not null check (capacite_l > 0),
  fond_mort_l numeric(12, 0) not null default 0 check (fond_mort_l >= 0),
  en_service boolean not null default true,
  unique (depot_id, numero)
);

create index citernes_produit_id_idx on public.citernes (produit_id);

create table public.stocks_journaliers (
  id uuid primary key default gen_random_uuid(),
  citerne_id uuid not null references public.citernes (id),
  jour date not null,
  ouverture_15c numeric(14, 1) not null default 0,
  entrees_15c numeric(14, 1) not null default 0,
  sorties_15c numeric(14, 1) not null default 0,
  cloture_15c numeric(14, 1) generated always as (ouverture_15c + entrees_15c - sorties_15c) stored,
  unique (citerne_id, jour)
);

alter table public.citernes enable row level security;
alter table public.stocks_journaliers enable row level security;

create policy "citernes ajout admin" on public.citernes
  for insert to authenticated
  with check ((select public.app_is_admin()));

create policy "citernes modification admin" on public.citernes
  for update to authenticated
  using ((select public.app_is_admin()))
  with check ((select public.app_is_admin()));

-- Aucune policy d'écriture sur stocks_journaliers : seuls les triggers tiennent le stock.
