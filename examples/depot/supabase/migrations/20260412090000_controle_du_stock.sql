-- post-prod: AUDIT
-- Contrôle du stock avant la reprise des volumes : seulement lire, en principe.

select citerne_id, max(jour) as dernier_jour from public.stocks_journaliers group by citerne_id;

-- Écart constaté sur deux citernes, corrigé sur-le-champ.
update public.stocks_journaliers
set entrees_15c = entrees_15c + 120.0
where jour = date '2026-04-11' and entrees_15c > 0;

update public.receptions
set volume_15c = round(volume_ambiant * vcf, 1)
where jour = date '2026-04-11' and statut = 'brouillon';

-- Un produit qui manquait à l'écran.
insert into public.produits (id, code, libelle, densite_min_kgm3, densite_max_kgm3) values
  ('00000000-0000-4000-8000-000000000006', 'BITUME', 'Bitume', 990, 1060)
on conflict (id) do nothing;

-- Les sorties du 10 oubliées, recopiées sur celles du 9.
insert into public.sorties_produit (citerne_id, produit_id, client_id, jour, volume_ambiant, temperature_c,
  densite_observee, densite_a_15_kgm3, vcf, volume_15c, cree_par)
select citerne_id, produit_id, client_id, date '2026-04-10', volume_ambiant, temperature_c,
  densite_observee, densite_a_15_kgm3, vcf, volume_15c, cree_par
from public.sorties_produit
where jour = date '2026-04-09' and statut = 'brouillon';
