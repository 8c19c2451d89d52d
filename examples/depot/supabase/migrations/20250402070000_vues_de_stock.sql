-- Vues de l'écran de stock. security_invoker : les policies des tables s'appliquent à celui qui lit.

create view public.v_stock_actuel
with (security_invoker = true) as
select distinct on (s.citerne_id)
  s.citerne_id,
  c.depot_id,
  c.numero,
  c.produit_id,
  p.libelle as produit,
  s.jour,
  s.cloture_15c as stock_15c,
  c.capacite_l
from public.stocks_journaliers s
join public.citernes c on c.id = s.citerne_id
join public.produits p on p.id = c.produit_id
order by s.citerne_id, s.jour desc;

create view public.v_mouvements
with (security_invoker = true) as
select r.id, 'entree' as sens, r.citerne_id, r.produit_id, r.jour, r.statut, r.volume_ambiant, r.volume_15c
from public.receptions r
union all
select s.id, 'sortie', s.citerne_id, s.produit_id, s.jour, s.statut, s.volume_ambiant, s.volume_15c
from public.sorties_produit s;

revoke all on public.v_stock_actuel, public.v_mouvements from anon;
grant select on public.v_stock_actuel, public.v_mouvements to authenticated;
