-- Écran d'accueil : tout le monde doit voir les citernes et le stock. Rejouable sans erreur.

do $$
begin
  if not exists (
    select 1 from pg_policies
    where schemaname = 'public' and tablename = 'citernes' and policyname = 'lecture citernes'
  ) then
    create policy "lecture citernes" on public.citernes
      for select using (true);
  end if;

  if not exists (
    select 1 from pg_policies
    where schemaname = 'public' and tablename = 'stocks_journaliers' and policyname = 'lecture stocks'
  ) then
    create policy "lecture stocks" on public.stocks_journaliers
      for select using (true);
  end if;
end
$$;
