-- Mouvements de produit : camions déchargés (receptions) et chargés (sorties_produit).
-- La densité à 15 °C et le VCF sont calculés par l'application (tables 53B et 54B).

create table public.clients (
  id uuid primary key default gen_random_uuid(),
  depot_id uuid not null references public.depots (id),
  nom text not null,
  nif text,
  actif boolean not null default true
);

create table public.receptions (
  id uuid primary key default gen_random_uuid(),
  citerne_id uuid not null references public.citernes (id),
  produit_id uuid not null references public.produits (id),
  jour date not null default current_date,
  statut public.statut_mouvement not null default 'brouillon',
  volume_ambiant numeric(12, 1) not null check (volume_ambiant > 0),
  temperature_c numeric(4, 1) not null check (temperature_c between -18 and 95),
  densite_observee numeric(6, 1) not null,
  densite_a_15_kgm3 numeric(6, 1) not null,
  vcf numeric(7, 6) not null check (vcf between 0.85 and 1.05),
  volume_15c numeric(12, 1) not null,
  cree_par uuid not null default auth.uid() references public.profils (id),
  cree_le timestamptz not null default now()
);

create table public.sorties_produit (
  id uuid primary key default gen_random_uuid(),
  citerne_id uuid not null references public.citernes (id),
  produit_id uuid not null references public.produits (id),
  client_id uuid not null references public.clients (id),
  jour date not null default current_date,
  statut public.statut_mouvement not null default 'brouillon',
  volume_ambiant numeric(12, 1) not null check (volume_ambiant > 0),
  temperature_c numeric(4, 1) not null check (temperature_c between -18 and 95),
  densite_observee numeric(6, 1) not null,
  densite_a_15_kgm3 numeric(6, 1) not null,
  vcf numeric(7, 6) not null check (vcf between 0.85 and 1.05),
  volume_15c numeric(12, 1) not null,
  cree_par uuid not null default auth.uid() references public.profils (id),
  cree_le timestamptz not null default now()
);

create index clients_depot_id_idx on public.clients (depot_id);
create index receptions_citerne_jour_idx on public.receptions (citerne_id, jour);
create index sorties_citerne_jour_idx on public.sorties_produit (citerne_id, jour);

alter table public.clients enable row level security;
alter table public.receptions enable row level security;
alter table public.sorties_produit enable row level security;

create policy "clients du depot" on public.clients
  for select to authenticated
  using (depot_id = (select public.app_depot_id()) or (select public.app_is_admin()));

create policy "receptions lecture" on public.receptions
  for select to authenticated
  using (
    (select public.app_is_admin())
    or exists (
      select 1 from public.citernes c
      where c.id = citerne_id and c.depot_id = (select public.app_depot_id())
    )
  );

create policy "receptions saisie" on public.receptions
  for insert to authenticated
  with check ((select auth.uid()) = cree_par);

create policy "receptions correction" on public.receptions
  for update to authenticated
  using ((select auth.uid()) = cree_par and statut = 'brouillon')
  with check ((select auth.uid()) = cree_par and statut in ('brouillon', 'valide'));

create policy "receptions suppression brouillon" on public.receptions
  for delete to authenticated
  using (auth.uid() = cree_par and statut = 'brouillon');

create policy "sorties lecture" on public.sorties_produit
  for select to authenticated
  using (
    (select public.app_is_admin())
    or exists (
      select 1 from public.citernes c
      where c.id = citerne_id and c.depot_id = (select public.app_depot_id())
    )
  );

create policy "sorties saisie" on public.sorties_produit
  for insert to authenticated
  with check ((select auth.uid()) = cree_par);

create policy "sorties correction" on public.sorties_produit
  for update to authenticated
  using ((select auth.uid()) = cree_par and statut = 'brouillon')
  with check ((select auth.uid()) = cree_par and statut in ('brouillon', 'valide'));
