//! The shape of `gardefou.yaml`, and its translation into a [`Config`].

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use crate::date::Date;
use crate::drift::section::Section;
use crate::governance::sections::{Alerts, Canonical, Classification, Flow, Freeze, Gate, ProtectedEntry};
use crate::location::{Location, Span};
use crate::migrations::{DefaultGrants, Platform};
use crate::report::FailOn;
use crate::sql::{LintSettings, is_lint_version};
use crate::waiver::Waiver;

use super::{Config, ConfigError, Level, Named, Pack, RuleSetting};

/// Configuration of gardefou, the auditor for PostgreSQL and Supabase schemas.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(title = "gardefou.yaml")]
struct File {
    /// What the database is before the first migration; told from the files where not said.
    platform: Option<Platform>,
    /// What Supabase grants on new objects in `public`: `legacy` for projects before the change of 2026.
    default_grants: Option<DefaultGrants>,
    /// Migration folders and files, relative to this file.
    migrations: Vec<PathBuf>,
    /// Schemas the API serves (default: `public`, and `graphql_public` on Supabase).
    exposed_schemas: Vec<String>,
    /// Roles reachable from the internet (default: `anon` and `authenticated`).
    exposed_roles: Vec<String>,
    /// Folders with rules of your own, relative to this file.
    rule_folders: Vec<PathBuf>,
    /// Rule packs that are off unless named.
    extends: Vec<Pack>,
    /// What squawk's rules assume of the server and of the tool that runs the files.
    squawk: SquawkEntry,
    /// Run only these rules, groups or tags.
    #[schemars(with = "Vec<String>")]
    select: Vec<Spanned<String>>,
    /// Do not run these rules, groups or tags.
    #[schemars(with = "Vec<String>")]
    ignore: Vec<Spanned<String>>,
    /// Levels and parameters, by rule, group or tag.
    #[schemars(with = "BTreeMap<String, Setting>")]
    rules: BTreeMap<String, Spanned<Setting>>,
    /// The least severity that makes a run fail (default: error).
    fail_on: Option<FailOn>,
    /// Fail (exit 2) if part of the schema's state could not be seen.
    require_coverage: bool,
    /// Findings accepted, for a reason and a time.
    #[schemars(with = "Vec<WaiverEntry>")]
    waivers: Vec<Spanned<WaiverEntry>>,
    /// Stored volumes to check (`gardefou drift`).
    #[schemars(with = "Vec<Section>")]
    volumetrics: Vec<Spanned<Section>>,
    /// Objects that must stay as `gardefou lock` recorded them.
    #[schemars(with = "Vec<ProtectedEntry>")]
    protected: Vec<Spanned<ProtectedEntry>>,
    /// Rows every other table and program refers to.
    #[schemars(with = "Vec<Canonical>")]
    canonical: Vec<Spanned<Canonical>>,
    /// Every migration says what class of change it is.
    #[schemars(with = "Option<Classification>")]
    classification: Option<Spanned<Classification>>,
    /// Groups of objects by name, and under `allow` which may depend on which: `finance -> core`.
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    modules: BTreeMap<String, Vec<Spanned<String>>>,
    /// The chain of tables that data goes through.
    #[schemars(with = "Option<Flow>")]
    flow: Option<Spanned<Flow>>,
    /// Operations that rest for a time.
    #[schemars(with = "Vec<Freeze>")]
    freezes: Vec<Spanned<Freeze>>,
    /// Evidence that must be there before something is touched.
    #[schemars(with = "Vec<Gate>")]
    gates: Vec<Spanned<Gate>>,
    /// The team's table of findings (`gardefou audit --format alerts-sql`).
    #[schemars(with = "Option<Alerts>")]
    alerts: Option<Spanned<Alerts>>,
    /// Who may reach what: role, pattern of relations, and how far.
    #[schemars(with = "BTreeMap<String, BTreeMap<String, super::access::Expected>>")]
    access: super::access::Raw,
    /// What is known of a role's sessions, by role.
    contexts: BTreeMap<String, super::contexts::ContextEntry>,
    /// A baseline written by `gardefou baseline`, relative to this file.
    baseline: Option<PathBuf>,
}

/// What squawk assumes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct SquawkEntry {
    /// Oldest server version the files run on, `"16"` or `"16.2"` (default: 15).
    #[schemars(with = "Option<String>")]
    pg_version: Option<Spanned<String>>,
    /// The tool runs each file in a transaction (default: false).
    assume_in_transaction: bool,
}

/// A finding accepted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WaiverEntry {
    /// Rule id.
    rule: String,
    /// The object's name as reports print it; `*` stands for any characters, `?` for one.
    object: String,
    /// Why the finding is acceptable.
    reason: String,
    /// Who answers for it.
    owner: Option<String>,
    /// The last day it holds, YYYY-MM-DD.
    #[schemars(with = "String", extend("format" = "date"))]
    until: Date,
}

/// A level, or a mapping with a severity and parameters.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
enum Setting {
    /// A level alone.
    Level(Level),
    /// Severity and parameters.
    Full(FullSetting),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct FullSetting {
    /// The rule's level.
    severity: Option<Level>,
    /// Values for the rule's parameters.
    #[serde(default)]
    params: BTreeMap<String, serde_json::Value>,
}

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Setting;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("off, note, warning, error, or a mapping with severity and params")
            }

            // YAML 1.1 readers take `off` for a boolean.
            fn visit_bool<E: serde::de::Error>(self, on: bool) -> Result<Setting, E> {
                let problem = "`on` is no level; write note, warning or error";
                if on { Err(E::custom(problem)) } else { Ok(Setting::Level(Level::Off)) }
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Setting, E> {
                Level::deserialize(serde::de::value::StrDeserializer::<E>::new(word)).map(Setting::Level)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Setting, A::Error> {
                FullSetting::deserialize(MapAccessDeserializer::new(map)).map(Setting::Full)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// The JSON Schema of `gardefou.yaml`.
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(File)
}

pub(super) fn parse(text: &str, path: &str, folder: &Path) -> Result<Config, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file: Option<File> = serde_saphyr::from_str(text).map_err(|error| ConfigError::yaml(path, &error))?;
    Reader { text, path: Arc::from(path), folder }.config(file.unwrap_or_default())
}

struct Reader<'a> {
    text: &'a str,
    path: Arc<str>,
    folder: &'a Path,
}

impl Reader<'_> {
    fn config(&self, file: File) -> Result<Config, ConfigError> {
        let raw = super::governance::Raw {
            protected: file.protected,
            canonical: file.canonical,
            classification: file.classification,
            modules: file.modules,
            flow: file.flow,
            freezes: file.freezes,
            gates: file.gates,
            alerts: file.alerts,
        };
        Ok(Config {
            governance: super::governance::sections(raw, &|at| self.at(at))?,
            path: Some(self.path.to_string()),
            text: Arc::from(self.text),
            platform: file.platform,
            default_grants: file.default_grants,
            migrations: self.resolve(file.migrations),
            exposed_schemas: file.exposed_schemas,
            exposed_roles: file.exposed_roles,
            rule_folders: self.resolve(file.rule_folders),
            extends: file.extends,
            squawk: self.squawk(file.squawk)?,
            select: self.named(file.select),
            ignore: self.named(file.ignore),
            rules: file.rules.into_iter().map(|(name, setting)| (name, self.setting(setting))).collect(),
            fail_on: file.fail_on,
            require_coverage: file.require_coverage,
            waivers: file.waivers.into_iter().map(|waiver| self.waiver(waiver)).collect::<Result<_, _>>()?,
            volumetrics: file.volumetrics.into_iter().map(|section| self.section(section)).collect(),
            access: super::access::contract(file.access, &|at| self.at(at)),
            contexts: file.contexts.into_iter().map(|(role, entry)| (role.clone(), entry.of(&role))).collect(),
            baseline: file.baseline.map(|path| self.folder.join(path)),
        })
    }

    fn resolve(&self, paths: Vec<PathBuf>) -> Vec<PathBuf> {
        paths.into_iter().map(|path| self.folder.join(path)).collect()
    }

    fn named(&self, names: Vec<Spanned<String>>) -> Vec<Named> {
        names.into_iter().map(|name| Named { at: Some(self.at(&name.referenced)), name: name.value }).collect()
    }

    fn setting(&self, setting: Spanned<Setting>) -> RuleSetting {
        let at = self.at(&setting.referenced);
        match setting.value {
            Setting::Level(level) => RuleSetting { level: Some(level), params: BTreeMap::new(), at },
            Setting::Full(full) => RuleSetting { level: full.severity, params: full.params, at },
        }
    }

    fn squawk(&self, entry: SquawkEntry) -> Result<LintSettings, ConfigError> {
        if let Some(version) = entry.pg_version.as_ref().filter(|version| !is_lint_version(&version.value)) {
            let place = self.at(&version.referenced).to_string();
            let message = "`pg-version` is no PostgreSQL version; write \"16\" or \"16.2\"".to_owned();
            return Err(ConfigError::Shape { place, message });
        }
        let pg_version = entry.pg_version.map(|version| version.value);
        Ok(LintSettings { pg_version, assume_in_transaction: entry.assume_in_transaction })
    }

    fn section(&self, section: Spanned<Section>) -> (Section, Location) {
        let at = self.at(&section.referenced);
        let mut section = section.value;
        section.csv = section.csv.map(|path| self.folder.join(path));
        section.parquet = section.parquet.map(|path| self.folder.join(path));
        section.grid = section.grid.map(|path| self.folder.join(path));
        (section, at)
    }

    fn waiver(&self, waiver: Spanned<WaiverEntry>) -> Result<Waiver, ConfigError> {
        let at = self.at(&waiver.referenced);
        let WaiverEntry { rule, object, reason, owner, until } = waiver.value;
        let required = [("rule", &rule), ("object", &object), ("reason", &reason)];
        if let Some((key, _)) = required.iter().find(|(_, value)| value.trim().is_empty()) {
            let message = format!("`{key}` of a waiver is empty; fill it in, or remove the waiver");
            return Err(ConfigError::Shape { place: at.to_string(), message });
        }
        Ok(Waiver { rule, object, reason, owner, until, at })
    }

    fn at(&self, at: &serde_saphyr::Location) -> Location {
        let one_based = |n: u64| u32::try_from(n).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        let line = one_based(at.line());
        let column = one_based(at.column());
        Location { file: Arc::clone(&self.path), line, column, span: self.rest_of_line(line, column) }
    }

    /// The bytes from a position to the end of its line.
    fn rest_of_line(&self, line: NonZeroU32, column: NonZeroU32) -> Span {
        let before: usize = self.text.split_inclusive('\n').take(line.get() as usize - 1).map(str::len).sum();
        let rest = self.text.get(before..).and_then(|rest| rest.lines().next()).unwrap_or("");
        let skipped: usize = rest.chars().take(column.get() as usize - 1).map(char::len_utf8).sum();
        let to_u32 = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span::new(to_u32(before + skipped), to_u32(before + rest.len()))
    }
}
