-- post-prod: FEATURE
-- Une facture par sortie validée, et la liste des alertes que l'équipe traite.

create table public.factures (
  id uuid primary key default gen_random_uuid(),
  sortie_id uuid not null unique references public.sorties_produit (id),
  montant numeric(14, 2),
  creee_le timestamptz not null default now()
);

create table public.alertes (
  id bigint generated always as identity primary key,
  check_code text not null,
  severity text not null,
  entity_type text not null,
  entity_id text not null,
  message text not null,
  payload jsonb not null,
  status text not null default 'OPEN',
  vu_par uuid,
  first_detected_at timestamptz not null default now(),
  last_detected_at timestamptz not null default now()
);

revoke all on public.factures, public.alertes from public, anon, authenticated;
grant select on public.factures, public.alertes to authenticated;

alter table public.factures enable row level security;
alter table public.alertes enable row level security;

create policy "factures lisibles par les administrateurs" on public.factures
  for select to authenticated
  using ((select public.app_is_admin()));

create policy "alertes lisibles par les administrateurs" on public.alertes
  for select to authenticated
  using ((select public.app_is_admin()));

create function public.facturer_sortie()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if new.statut = 'valide' and (tg_op = 'INSERT' or old.statut <> 'valide') then
    insert into public.factures (sortie_id) values (new.id) on conflict (sortie_id) do nothing;
  end if;
  return new;
end
$$;

revoke execute on function public.facturer_sortie() from public, anon, authenticated;

create trigger trg_facturer_sortie
  after insert or update of statut on public.sorties_produit
  for each row execute function public.facturer_sortie();
