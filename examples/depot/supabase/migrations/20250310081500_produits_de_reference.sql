-- Les identifiants des produits sont les mêmes dans tous les dépôts et dans la comptabilité : ne pas en inventer.

insert into public.produits (id, code, libelle, densite_min_kgm3, densite_max_kgm3) values
  ('00000000-0000-4000-8000-000000000001', 'SUPER', 'Super sans plomb', 720, 775),
  ('00000000-0000-4000-8000-000000000002', 'GASOIL', 'Gasoil', 820, 860),
  ('00000000-0000-4000-8000-000000000003', 'JETA1', 'Jet A-1', 775, 840),
  ('00000000-0000-4000-8000-000000000004', 'PETROLE', 'Pétrole lampant', 775, 840),
  ('00000000-0000-4000-8000-000000000005', 'FUEL', 'Fuel-oil 180', 900, 991)
on conflict (id) do nothing;

insert into public.depots (id, code, nom, ville) values
  ('00000000-0000-4000-9000-000000000001', 'DP-NORD', 'Dépôt du Nord', 'Port-Nord'),
  ('00000000-0000-4000-9000-000000000002', 'DP-LAC', 'Dépôt du Lac', 'Rive-du-Lac')
on conflict (id) do nothing;
