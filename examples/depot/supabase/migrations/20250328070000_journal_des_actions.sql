-- Qui a fait quoi : journal tenu par triggers, lu par les administrateurs.

create table public.log_actions (
  id bigint generated always as identity primary key,
  fait_le timestamptz not null default now(),
  fait_par uuid,
  table_nom text not null,
  operation text not null,
  ligne_id uuid,
  avant jsonb,
  apres jsonb
);

create index log_actions_fait_le_idx on public.log_actions (fait_le desc);

alter table public.log_actions enable row level security;

create policy "journal lisible par les administrateurs" on public.log_actions
  for select to authenticated
  using ((select public.app_is_admin()));

create function public.tracer_action()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.log_actions (fait_par, table_nom, operation, ligne_id, avant, apres)
  values (
    (select auth.uid()),
    tg_table_name,
    tg_op,
    case when tg_op = 'DELETE' then old.id else new.id end,
    case when tg_op <> 'INSERT' then to_jsonb(old) end,
    case when tg_op <> 'DELETE' then to_jsonb(new) end
  );
  return coalesce(new, old);
end
$$;

revoke execute on function public.tracer_action() from public, anon, authenticated;

create trigger trg_tracer_receptions
  after insert or update or delete on public.receptions
  for each row execute function public.tracer_action();

create trigger trg_tracer_sorties
  after insert or update or delete on public.sorties_produit
  for each row execute function public.tracer_action();

create trigger trg_tracer_citernes
  after insert or update or delete on public.citernes
  for each row execute function public.tracer_action();
