select e.name, e.default_version
  from pg_catalog.pg_available_extensions e
 where e.installed_version is not null and e.default_version is not null
   -- A version no control file knows any more, left by pg_upgrade, cannot be compared.
   and exists (select 1 from pg_catalog.pg_available_extension_versions v where v.name = e.name and v.installed)
 order by 1
