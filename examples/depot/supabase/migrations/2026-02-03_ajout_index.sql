-- Ajouté à la main depuis l'éditeur SQL, puis copié ici.

create index if not exists receptions_produit_id_idx on public.receptions (produit_id);
create index if not exists sorties_produit_id_idx on public.sorties_produit (produit_id);
create index if not exists sorties_client_id_idx on public.sorties_produit (client_id);
