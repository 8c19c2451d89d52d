-- Droit d'ajout sur les tables de travail, d'un seul coup.

do $$
declare
  t text;
begin
  foreach t in array array['clients', 'cours_de_route', 'transporteurs'] loop
    execute format('drop policy if exists %I on public.%I', 'ajout ' || t, t);
    execute format(
      'create policy %I on public.%I for insert to authenticated with check (true)',
      'ajout ' || t, t
    );
  end loop;
end
$$;
