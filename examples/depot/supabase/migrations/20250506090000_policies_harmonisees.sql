-- Mêmes règles qu'avant, écrites pareil partout. Chaque policy est supprimée puis recréée pour pouvoir rejouer.

drop policy if exists "depots lisibles" on public.depots;
create policy "depots lisibles" on public.depots
  for select to authenticated
  using (actif or (select public.app_is_admin()));

drop policy if exists "clients du depot" on public.clients;
create policy "clients du depot" on public.clients
  for select to authenticated
  using ((select public.app_is_admin()) or depot_id = (select public.app_depot_id()));

drop policy if exists "receptions saisie" on public.receptions;
create policy "receptions saisie" on public.receptions
  for insert to authenticated
  with check ((select auth.uid()) = cree_par and statut <> 'annule');

drop policy if exists "sorties saisie" on public.sorties_produit;
create policy "sorties saisie" on public.sorties_produit
  for insert to authenticated
  with check ((select auth.uid()) = cree_par and statut <> 'annule');

drop trigger if exists trg_tracer_receptions on public.receptions;
create trigger trg_tracer_receptions
  after insert or update or delete on public.receptions
  for each row execute function public.tracer_action();
