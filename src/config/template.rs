//! What `gardefou init` writes.

/// A `gardefou.yaml` that changes nothing: every key, commented out, with its default and a word on what it does.
pub const TEMPLATE: &str = "\
# Configuration of gardefou. Every key is optional; what stands here, commented out, are the defaults or examples.
# Relative paths start from the folder of this file.

# What the database is before the first migration: supabase or postgres. Told from the files where not said.
# platform: supabase

# What Supabase grants on new objects in `public`: `legacy` gives everything to anon, authenticated and service_role
# (projects before the change of 2026), `explicit` nothing. It decides what anon reaches: say which one is yours.
# default-grants: legacy

# Migration folders or files. Without it the usual places are looked at: supabase/migrations, migrations, …
# migrations: [supabase/migrations]

# Schemas the API serves, and the roles that reach it from the internet.
# exposed-schemas: [public, graphql_public]
# exposed-roles: [anon, authenticated]

# Folders with rules of your own, and packs that are off unless named.
# rule-folders: [gardefou/rules]
# extends: [squawk]

# What squawk's rules assume: the oldest server, and whether the tool runs each file in a transaction.
# squawk:
#   pg-version: \"15\"
#   assume-in-transaction: false

# Run only some rules, or leave some out: by id, group or tag.
# select: [rls, grants]
# ignore: [performance]

# Change a rule's level (off, note, warning, error) or its parameters.
# rules:
#   rls/not-forced: off
#   rls/always-true-read:
#     severity: warning
#     params: {}

# The least severity that makes a run fail (error, warning, note, never), and whether not seeing everything does.
# fail-on: error
# require-coverage: false

# Findings accepted, for a reason and a time. Rule and object must both match; `*` stands for any characters.
# waivers:
#   - rule: rls/always-true-read
#     object: public.produits.*
#     reason: the product list is public on purpose
#     owner: data-team
#     until: 2027-06-30

# Stored volumes that `gardefou drift` recomputes.
# volumetrics:
#   - name: receptions
#     table: public.receptions
#     key: id
#     columns: { volume: volume_l, temperature: temperature_c, density: density_kgm3, vcf: vcf, volume15: volume15_l }
#     product: { group: refined }
#     method: d1250-1980

# Objects that must stay as `gardefou lock` recorded them in gardefou.lock, and what may be done to them all the same
# (create, replace, drop, disable, owner).
# protected:
#   - { object: view public.v_stock_actuel, reason: source of truth for stock }
#   - { object: trigger public.receptions.*, reason: business effects }
#   - { object: policy public.*.*, allow: [create] }

# Rows every other table and program refers to: the set is closed, keys and labels are fixed.
# canonical:
#   - name: products
#     table: public.produits
#     key: id
#     label: code
#     values: { GASOIL: 00000000-0000-4000-8000-000000000002 }
#     referenced-by: foreign-keys

# Every migration begins with a line like `-- post-prod: AUDIT`; what it does fits its class (read-only, no-new-tables,
# no-drops, no-data, no-access, no-schema).
# classification:
#   header: post-prod
#   values: [MAINTENANCE, AUDIT, SCALE, FEATURE]
#   rules: { AUDIT: read-only, MAINTENANCE: no-new-tables }
#   since: 20260101000000

# What must hold of who reaches what (`gardefou access --write-contract` proposes one).
# access:
#   anon: { 'public.*': none }
#   authenticated: { public.produits: { select: all, write: none } }

# What is known of a role's sessions: `current_setting` and the token's claims, for policies that ask for them.
# contexts:
#   app_user: { settings: { app.tenant: { is: depot-1 } }, other-settings: absent }

# Groups of tables, views and functions, and which group may depend on which.
# modules:
#   core: [public.receptions, public.sorties_produit]
#   finance: [public.*facture*]
#   allow: [finance -> core]

# The chain of tables that data goes through; what triggers keep nobody else writes.
# flow:
#   steps: [public.cours_de_route, public.receptions, public.stocks_journaliers]

# Operations that rest for a time.
# freezes:
#   - { name: outgoing, tables: [public.sorties_produit], operations: [insert], since: 2026-02-21, until: null, reason: figures are migrated }

# Evidence that must be there before something is touched: a backup, an approved simulation (`gardefou gate status`).
# gates:
#   - name: volumetric migration
#     when: { touches: [public.receptions.volume_15c] }
#     require:
#       - { backup: backups/*.dump, max-age: 24h, lists: [receptions] }
#       - { evidence: evidence/simulation-*.json, kind: simulation, approved-by: R. Martin, approved-on: 2026-02-20 }

# The team's own table of findings, for `gardefou audit --format alerts-sql`.
# alerts:
#   table: public.alertes
#   columns: { check-code: code }

# Findings recorded by `gardefou baseline`, which do not count.
# baseline: gardefou-baseline.json
";
