-- Socle de l'application : dépôts, produits, profils des utilisateurs.

create type public.role_app as enum ('admin', 'chef_depot', 'operateur', 'lecture');
create type public.statut_mouvement as enum ('brouillon', 'valide', 'annule');

create table public.depots (
  id uuid primary key default gen_random_uuid(),
  code text not null unique,
  nom text not null,
  ville text not null,
  actif boolean not null default true,
  cree_le timestamptz not null default now()
);

create table public.produits (
  id uuid primary key,
  code text not null unique,
  libelle text not null,
  densite_min_kgm3 numeric(6, 1) not null,
  densite_max_kgm3 numeric(6, 1) not null,
  constraint produits_densites_ordonnees check (densite_min_kgm3 < densite_max_kgm3)
);

create table public.profils (
  id uuid primary key references auth.users (id) on delete cascade,
  nom text not null,
  telephone text,
  role public.role_app not null default 'lecture',
  depot_id uuid references public.depots (id),
  cree_le timestamptz not null default now()
);

create index profils_depot_id_idx on public.profils (depot_id);

-- Les policies lisent le profil sans passer par ses propres policies.
create function public.app_current_role()
returns public.role_app
language sql
stable
security definer
as $$
  select role from public.profils where id = auth.uid()
$$;

create function public.app_is_admin()
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select exists (select 1 from public.profils p where p.id = (select auth.uid()) and p.role = 'admin')
$$;

create function public.app_depot_id()
returns uuid
language sql
stable
security definer
set search_path = ''
as $$
  select p.depot_id from public.profils p where p.id = (select auth.uid())
$$;

revoke execute on function public.app_current_role(), public.app_is_admin(), public.app_depot_id() from public, anon;
grant execute on function public.app_current_role(), public.app_is_admin(), public.app_depot_id() to authenticated;

alter table public.depots enable row level security;
alter table public.produits enable row level security;
alter table public.profils enable row level security;

create policy "depots lisibles" on public.depots
  for select to authenticated
  using (actif or (select public.app_is_admin()));

create policy "produits lisibles" on public.produits
  for select to authenticated
  using ((select public.app_current_role()) is not null);

create policy "profil personnel" on public.profils
  for select to authenticated
  using ((select auth.uid()) = id or (select public.app_is_admin()));
