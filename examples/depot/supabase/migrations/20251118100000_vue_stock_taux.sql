-- Taux de remplissage à côté du stock.

create or replace view public.v_stock_actuel as
select distinct on (s.citerne_id)
  s.citerne_id,
  c.depot_id,
  c.numero,
  c.produit_id,
  p.libelle as produit,
  s.jour,
  s.cloture_15c as stock_15c,
  c.capacite_l,
  round(100 * s.cloture_15c / c.capacite_l, 1) as taux_remplissage
from public.stocks_journaliers s
join public.citernes c on c.id = s.citerne_id
join public.produits p on p.id = c.produit_id
order by s.citerne_id, s.jour desc;
