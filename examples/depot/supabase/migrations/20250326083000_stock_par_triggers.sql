-- Le stock ne se saisit pas : la validation d'un mouvement le porte dans stocks_journaliers.

create function public.porter_au_stock(p_citerne uuid, p_jour date, p_entree numeric, p_sortie numeric)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_ouverture numeric;
begin
  select s.cloture_15c into v_ouverture
  from public.stocks_journaliers s
  where s.citerne_id = p_citerne and s.jour < p_jour
  order by s.jour desc
  limit 1;

  insert into public.stocks_journaliers (citerne_id, jour, ouverture_15c, entrees_15c, sorties_15c)
  values (p_citerne, p_jour, coalesce(v_ouverture, 0), p_entree, p_sortie)
  on conflict (citerne_id, jour) do update
    set entrees_15c = public.stocks_journaliers.entrees_15c + excluded.entrees_15c,
        sorties_15c = public.stocks_journaliers.sorties_15c + excluded.sorties_15c;
end
$$;

revoke execute on function public.porter_au_stock(uuid, date, numeric, numeric) from public, anon, authenticated;

create function public.receptions_valider()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if new.statut = 'valide' and (tg_op = 'INSERT' or old.statut <> 'valide') then
    perform public.porter_au_stock(new.citerne_id, new.jour, new.volume_15c, 0);
  elsif tg_op = 'UPDATE' and old.statut = 'valide' and new.statut = 'annule' then
    perform public.porter_au_stock(old.citerne_id, old.jour, -old.volume_15c, 0);
  end if;
  return new;
end
$$;

create function public.sorties_valider()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if new.statut = 'valide' and (tg_op = 'INSERT' or old.statut <> 'valide') then
    perform public.porter_au_stock(new.citerne_id, new.jour, 0, new.volume_15c);
  elsif tg_op = 'UPDATE' and old.statut = 'valide' and new.statut = 'annule' then
    perform public.porter_au_stock(old.citerne_id, old.jour, 0, -old.volume_15c);
  end if;
  return new;
end
$$;

revoke execute on function public.receptions_valider(), public.sorties_valider() from public, anon, authenticated;

create trigger trg_receptions_valider
  after insert or update of statut on public.receptions
  for each row execute function public.receptions_valider();

create trigger trg_sorties_valider
  after insert or update of statut on public.sorties_produit
  for each row execute function public.sorties_valider();
