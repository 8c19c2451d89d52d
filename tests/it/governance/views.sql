-- Views of every shape a team writes: what the server prints of them must lock like what was written.
create schema app;
create type app.statut as enum ('brouillon', 'valide', 'annule');
create table produits (id uuid primary key, code text not null unique, libelle varchar(40), densite numeric(6, 1));
create table citernes (
  id integer primary key, produit_id uuid references produits (id), numero varchar(12) not null, capacite numeric(12, 0),
  fond smallint default 0, ouverte boolean default true
);
create table mouvements (
  id bigint generated always as identity primary key, citerne_id integer not null references citernes (id),
  sens text not null check (sens in ('entree', 'sortie')), jour date not null default current_date,
  litres numeric(12, 1) not null, n integer, f double precision, statut app.statut default 'brouillon',
  cree_le timestamptz default now(), meta jsonb, etiquettes text[]
);
create function app.arrondi(x numeric, n int default 1) returns numeric language sql immutable as 'select round(x, n)';

create view v01 as select * from mouvements;
create view v02 as select m.*, c.numero from mouvements m join citernes c on c.id = m.citerne_id;
create view v03 as select citerne_id, sum(litres) from mouvements group by citerne_id;
create view v04 as select citerne_id as c, sum(litres) total, count(*), count(distinct jour) jours from mouvements group by 1 having sum(litres) > 0 order by 2 desc, c;
create view v05 as select jour, sum(case when sens = 'entree' then litres else -litres end) as solde from mouvements group by jour;
create view v06 as select id, 'entree' as sens, litres from mouvements where sens = 'entree' union all select id, 'sortie', n from mouvements where sens <> 'entree' order by id limit 10;
create view v07 as with jours as (select distinct jour from mouvements), totaux (j, t) as (select jour, sum(litres) from mouvements group by jour) select jours.jour, coalesce(t, 0) as t from jours left join totaux on totaux.j = jours.jour;
create view v08 as select distinct on (m.citerne_id) m.citerne_id, m.jour, m.litres from mouvements m order by m.citerne_id, m.jour desc nulls last;
create view v09 as select id, row_number() over (partition by citerne_id order by jour desc, id) as rang, sum(litres) over (order by jour rows between 6 preceding and current row) as glissant, lag(litres) over w as avant from mouvements window w as (partition by citerne_id order by jour);
create view v10 as select id from mouvements where jour >= current_date - 30 and cree_le > now() - interval '1 month' and statut = 'valide' and statut in ('valide', 'annule');
create view v11 as select id, meta ->> 'chauffeur' as chauffeur, (meta -> 'poids')::text::numeric as poids, meta #>> '{a,b}' as ab, etiquettes[1] as premiere from mouvements where meta ? 'chauffeur' and 'x' = any (etiquettes);
create view v12 as select c.id, (select max(m.jour) from mouvements m where m.citerne_id = c.id) as dernier, exists (select 1 from mouvements m where m.citerne_id = c.id and m.litres > 0) as utilisee from citernes c;
create view v13 as select c.id, d.jour, d.litres from citernes c cross join lateral (select jour, litres from mouvements m where m.citerne_id = c.id order by jour desc limit 1) d;
create view v14 as select c.id, p.code from citernes c left join produits p on p.id = c.produit_id where p.code is distinct from 'X' or not (c.ouverte and p.code like 'S%');
create view v15 (cle, valeur) as select k, v from (values (1, 'un'), (2, 'deux')) t (k, v);
create view v16 as select date_trunc('month', jour) as mois, extract(year from jour) as an, to_char(jour, 'YYYY-MM') as cle, round(avg(litres), 2) as moyenne from mouvements group by 1, 2, 3;
create view v17 as select app.arrondi(litres) as a, app.arrondi(n, 2) as b, round(litres / n, 1) as c, 100.0 * litres / nullif(n, 0) as d, litres * n as e, n / 2 as g, f * 2 as h from mouvements;
create view v18 as select m.id, m.sens || ' ' || c.numero as libelle, upper(c.numero) as haut, length(m.sens) from mouvements as m, citernes as c where m.citerne_id = c.id and m.jour between '2025-01-01' and '2025-12-31';
create view v19 as select id, coalesce(n, 0) as n, coalesce(litres, 0) + coalesce(n, 0) as total, greatest(litres, 0) as g, least(n, 10) as l, nullif(sens, '') as s from mouvements;
create view v20 with (security_invoker = true, security_barrier) as select id, litres from mouvements where litres > 0 with local check option;
create view v21 as select citerne_id, array_agg(litres order by jour desc) as liste, string_agg(sens, ', ' order by sens) as texte, json_agg(json_build_object('id', id, 'l', litres)) as js, sum(litres) filter (where sens = 'entree') as entrees from mouvements group by citerne_id;
create view v22 as select * from v04 where total > 10;
create view v23 as select c.numero, m.id from citernes c join mouvements m on m.citerne_id = c.id join produits p on p.id = c.produit_id and p.code <> 'X' left join v03 on v03.citerne_id = c.id where v03.sum is null;
create view v24 as select id, litres::integer as entier, n::numeric as decimal, jour::timestamptz as instant, id::text as texte, '2025-01-01'::date as debut, 1::bigint as un from mouvements;
create view v25 as select generate_series(1, 3) as i union select 4 except select 2;
create view v26 as select g.j::date as jour, coalesce(sum(m.litres), 0) as litres from generate_series('2025-01-01'::date, '2025-01-31'::date, interval '1 day') as g (j) left join mouvements m on m.jour = g.j::date group by g.j;
create view v27 as with recursive t (n) as (select 1 union all select n + 1 from t where n < 10) select n from t;
create view v28 as select id from mouvements where citerne_id in (select id from citernes where ouverte) and id not in (1, 2, 3) and sens not like '%x%' and sens ilike 'e%' and sens ~ '^[es]';
create view v29 as select id, case statut when 'valide' then 'ok' when 'annule' then 'non' else 'attente' end as etat, statut::text as s, (statut = 'valide')::int as v from mouvements;
create view v30 as select id, cree_le at time zone 'UTC' as utc, cree_le::date as jour, age(cree_le) as age, extract(epoch from cree_le) as e, current_user as qui, now() as maintenant from mouvements;
create view v31 as select citerne_id, jour, sum(litres) from mouvements group by rollup (citerne_id, jour);
create view v32 as select citerne_id, jour, sum(litres) from mouvements group by grouping sets ((citerne_id), (jour), ());
create view v33 as select m.id from mouvements m where (m.citerne_id, m.jour) in (select citerne_id, max(jour) from mouvements group by citerne_id);
create view v34 as select id, litres, rank() over (order by litres desc) from mouvements where litres is not null limit 5 offset 2;
create materialized view mv1 as select citerne_id, sum(litres) as total from mouvements where statut = 'valide' group by citerne_id;
create view v35 as select mv1.total, c.numero from mv1 join citernes c on mv1.citerne_id = c.id;
create view app.v36 as select a.id, b.id as autre from mouvements a join mouvements b using (citerne_id) where a.id < b.id;
create view v37 as select id as "Id", litres as "Litres à 15 °C", sens as "order" from mouvements;
create view v38 as select citerne_id, percentile_cont(0.5) within group (order by litres) as mediane, mode() within group (order by sens) from mouvements group by citerne_id;
create view v39 as select u.e, u.o from mouvements m, unnest(m.etiquettes) with ordinality as u (e, o);
create view v41 as select c.id from citernes c where c.produit_id in (select id from produits where id in (select produit_id from citernes where id in (select citernes.id from citernes where ouverte)));
create view v40 as select key, value from mouvements, jsonb_each_text(meta);
create view v_any1 as select id from citernes where numero in ('A', 'B');
create view v_any2 as select id from citernes where numero = any (array['A', 'B']);
create view v_any3 as select id from citernes where numero = any ('{A,B}');
create view v_any4 as select id from citernes where numero = any (array['A', 'B']::text[]) and numero <> all (array['C', 'D']::varchar[]);
create table etats (code varchar(8) check (code in ('A', 'B')), autre varchar(8) check (autre = any (array['C', 'D'])), n int check (n in (1, 2)));
alter table etats enable row level security;
create policy lus on etats for select using (code = any (array['A', 'B']) or code in ('C', 'D'));
