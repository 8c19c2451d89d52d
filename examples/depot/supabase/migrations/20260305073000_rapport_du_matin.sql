-- Rapport du matin : stock de la veille par dépôt, lu par la fonction planifiée.
-- Essai à la main (clé d'exemple, sans valeur) :
--   curl -H 'Authorization: Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJyb2xlIjoic2VydmljZV9yb2xlIiwiaXNzIjoiZXhlbXBsZS1mYWN0aWNlIiwicmVmIjoicGFzLXVuLXZyYWktcHJvamV0In0.signature-factice-pas-une-cle'

create function public.rapport_du_matin(p_jour date default current_date - 1)
returns table (depot text, citerne text, stock_15c numeric)
language sql
stable
set search_path = ''
as $$
  select d.nom, c.numero, s.cloture_15c
  from public.stocks_journaliers s
  join public.citernes c on c.id = s.citerne_id
  join public.depots d on d.id = c.depot_id
  where s.jour = p_jour
  order by d.nom, c.numero
$$;

revoke execute on function public.rapport_du_matin(date) from public, anon;
grant execute on function public.rapport_du_matin(date) to authenticated, service_role;
