-- Camions en route vers un dépôt, et ceux qui les conduisent.

create table public.transporteurs (
  id uuid primary key default gen_random_uuid(),
  raison_sociale text not null,
  telephone text,
  agree boolean not null default false
);

create table public.cours_de_route (
  id uuid primary key default gen_random_uuid(),
  depot_id uuid not null references public.depots (id),
  transporteur_id uuid references public.transporteurs (id),
  produit_id text not null,
  immatriculation text not null,
  volume_annonce_l numeric(12, 0) not null check (volume_annonce_l > 0),
  parti_le timestamptz not null default now(),
  arrive_le timestamptz,
  cree_par uuid not null default auth.uid() references public.profils (id),
  constraint cours_de_route_dates check (arrive_le is null or arrive_le >= parti_le)
);

create index cours_de_route_depot_id_idx on public.cours_de_route (depot_id) where arrive_le is null;
create index cours_de_route_transporteur_id_idx on public.cours_de_route (transporteur_id);

alter table public.cours_de_route enable row level security;

create policy "cours de route du depot" on public.cours_de_route
  for select to authenticated
  using (depot_id = (select public.app_depot_id()) or (select public.app_is_admin()));

create policy "cours de route mise a jour" on public.cours_de_route
  for update to authenticated
  using (depot_id = (select public.app_depot_id()))
  with check (depot_id = (select public.app_depot_id()));
