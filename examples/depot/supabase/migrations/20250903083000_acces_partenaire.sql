-- Portail partenaire : inscription d'un client sans compte, tableaux de bord à venir.

grant insert, update on public.clients to anon;

alter default privileges in schema public grant select on tables to public;
