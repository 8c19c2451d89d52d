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

# Findings recorded by `gardefou baseline`, which do not count.
# baseline: gardefou-baseline.json
";
