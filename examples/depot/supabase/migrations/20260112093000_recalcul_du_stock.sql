-- Recalcul complet d'une citerne, appelé la nuit avec la clé de service.

create function public.recalculer_stock(p_citerne uuid)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_lignes integer;
begin
  update public.stocks_journaliers s
  set entrees_15c = coalesce((
        select sum(r.volume_15c) from public.receptions r
        where r.citerne_id = s.citerne_id and r.jour = s.jour and r.statut = 'valide'
      ), 0)
  where s.citerne_id = p_citerne;
  get diagnostics v_lignes = row_count;
  return v_lignes;
end
$$;

revoke execute on function public.recalculer_stock(uuid) from public;
grant execute on function public.recalculer_stock(uuid) to service_role;

-- Les chefs de dépôt valident désormais comme les administrateurs.
create or replace function public.app_is_admin()
returns boolean
language sql
stable
security definer
as $$
  select exists (
    select 1 from public.profils p
    where p.id = (select auth.uid()) and p.role in ('admin', 'chef_depot')
  )
$$;
