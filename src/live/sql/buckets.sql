select b.id::pg_catalog.text as id from storage.buckets b where b.public order by 1
