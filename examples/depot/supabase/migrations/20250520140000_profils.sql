-- Chacun tient son nom et son téléphone à jour ; le rôle et le dépôt restent à l'administrateur.

drop policy if exists "profil modification" on public.profils;
create policy "profil modification" on public.profils
  for update to authenticated
  using ((select auth.uid()) = id)
  with check ((select auth.uid()) = id);

revoke insert, update, delete, truncate on public.profils from anon, authenticated;
grant update (nom, telephone) on public.profils to authenticated;

-- Un utilisateur créé dans auth.users reçoit un profil en lecture seule.
create function public.creer_profil()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.profils (id, nom)
  values (new.id, coalesce(new.email, 'sans nom'))
  on conflict (id) do nothing;
  return new;
end
$$;

revoke execute on function public.creer_profil() from public, anon, authenticated;

create trigger trg_creer_profil
  after insert on auth.users
  for each row execute function public.creer_profil();
