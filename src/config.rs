//! `gardefou.yaml`: where it is, what may stand in it, and what it means for a run. The closest file upward counts,
//! alone: nothing is merged, and a key it does not know is an error.

mod access;
mod contexts;
mod error;
mod file;
mod governance;
mod template;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::access::Expectation;
use crate::drift::section::Section;
use crate::finding::Severity;
use crate::governance::sections::Sections;
use crate::location::Location;
use crate::migrations::{DefaultGrants, Platform};
use crate::predicate::RoleContext;
use crate::report::FailOn;
use crate::sql::LintSettings;
use crate::suggest::hint;
use crate::waiver::Waiver;

pub use error::ConfigError;
pub use file::schema;
pub use template::TEMPLATE;

/// The configuration file's name.
pub const FILE_NAME: &str = "gardefou.yaml";

/// What is configured, paths resolved. `None` and empty mean "not said".
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// The file it came from, as printed; `None` without one.
    pub path: Option<String>,
    /// Its text, for code frames.
    pub text: Arc<str>,
    /// What the database is before the first migration.
    pub platform: Option<Platform>,
    /// What Supabase grants on new objects in `public`.
    pub default_grants: Option<DefaultGrants>,
    /// Migration folders and files.
    pub migrations: Vec<PathBuf>,
    /// Schemas the API serves.
    pub exposed_schemas: Vec<String>,
    /// Roles reachable from the internet.
    pub exposed_roles: Vec<String>,
    /// Folders with rules of the user's own.
    pub rule_folders: Vec<PathBuf>,
    /// Rule packs that are off unless named.
    pub extends: Vec<Pack>,
    /// What squawk assumes of the server and of the tool that runs the files.
    pub squawk: LintSettings,
    /// Run only these rules, groups or tags.
    pub select: Vec<Named>,
    /// Do not run these rules, groups or tags.
    pub ignore: Vec<Named>,
    /// Levels and parameters by rule, group or tag.
    pub rules: BTreeMap<String, RuleSetting>,
    /// The least severity that makes a run fail.
    pub fail_on: Option<FailOn>,
    /// Gaps in what could be seen make a run fail too.
    pub require_coverage: bool,
    /// Findings accepted, for a reason and a time.
    pub waivers: Vec<Waiver>,
    /// Stored volumes to check, each with its place.
    pub volumetrics: Vec<(Section, Location)>,
    /// What must hold of access.
    pub access: Vec<Expectation>,
    /// What is known of a role's sessions, by role.
    pub contexts: BTreeMap<String, RoleContext>,
    /// What must not change.
    pub governance: Sections,
    /// Findings recorded earlier, which do not count.
    pub baseline: Option<PathBuf>,
}

/// A rule, group or tag named in the configuration or on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Where it stands; `None` on the command line.
    pub at: Option<Location>,
}

/// Rule packs that are off unless named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pack {
    /// squawk's lock-safety rules.
    Squawk,
}

/// What is said about one rule, group or tag.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSetting {
    /// Its level, if one is given.
    pub level: Option<Level>,
    /// Values for the rule's parameters.
    pub params: BTreeMap<String, serde_json::Value>,
    /// Where it stands.
    pub at: Location,
}

/// A rule's level in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Does not run.
    Off,
    /// Runs; findings are notes.
    Note,
    /// Runs; findings are warnings.
    Warning,
    /// Runs; findings are errors.
    Error,
}

impl Level {
    /// The severity of findings; `None` for a rule that is off.
    #[must_use]
    pub const fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Note => Some(Severity::Note),
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

/// Names a configuration may use for rules.
#[derive(Debug, Clone, Default)]
pub struct RuleNames {
    /// Rule ids with their tags.
    pub rules: BTreeMap<String, Vec<String>>,
}

impl RuleNames {
    /// Whether `name` is a rule, a group, a tag or `all`.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        name == "all" || self.rules.iter().any(|(id, tags)| means(name, id, tags))
    }

    /// `; did you mean …?` for a name it does not know.
    fn hint(&self, name: &str) -> String {
        let groups = self.rules.keys().filter_map(|id| id.split_once('/')).map(|(group, _)| group);
        let tags = self.rules.values().flatten().map(String::as_str);
        hint(name, self.rules.keys().map(String::as_str).chain(groups).chain(tags))
    }
}

/// Whether `name` means the rule `id`: its id, its group (`rls` or `rls/*`), one of its tags, or `all`.
#[must_use]
pub fn means(name: &str, id: &str, tags: &[String]) -> bool {
    let group = id.split_once('/').map(|(group, _)| group);
    name == id
        || name == "all"
        || group == Some(name)
        || (group.is_some() && name.strip_suffix("/*") == group)
        || tags.iter().any(|tag| tag == name)
}

impl Config {
    /// The configuration in `path`, or the closest one upward from `start`; the default where there is none.
    /// Printed paths are relative to `cwd`.
    pub fn load(path: Option<&Path>, start: &Path, cwd: &Path) -> Result<Self, ConfigError> {
        let found = match path {
            Some(path) => Some(cwd.join(path)),
            None => find(start)?,
        };
        let Some(found) = found else { return Ok(Self::default()) };
        let printed = printed(&found, cwd);
        let text =
            std::fs::read_to_string(&found).map_err(|source| ConfigError::Read { path: printed.clone(), source })?;
        let folder = found.parent().unwrap_or(cwd);
        Self::parse(&text, &printed, folder)
    }

    /// The configuration in `text`, the content of the file printed as `path`; relative paths in it start from
    /// `folder`.
    pub fn parse(text: &str, path: &str, folder: &Path) -> Result<Self, ConfigError> {
        file::parse(text, path, folder)
    }

    /// An error for the first name that is no rule, group or tag.
    pub fn check_names(&self, known: &RuleNames) -> Result<(), ConfigError> {
        let listed = self.select.iter().chain(&self.ignore).map(|named| (&named.name, named.at.as_ref()));
        let set = self.rules.iter().map(|(name, setting)| (name, Some(&setting.at)));
        let unknown = |name: &str, at: Option<&Location>| {
            let place = at.map_or_else(|| "command line".to_owned(), ToString::to_string);
            ConfigError::UnknownRule { place, name: name.to_owned(), hint: known.hint(name) }
        };
        if let Some((name, at)) = listed.chain(set).find(|(name, _)| !known.knows(name)) {
            return Err(unknown(name, at));
        }
        // Findings about silencing cannot be silenced: they would hide that it is broken.
        let waivable = |rule: &str| known.rules.contains_key(rule) && !rule.starts_with("config/");
        let waived = self.waivers.iter().find(|waiver| !waivable(&waiver.rule));
        waived.map_or(Ok(()), |waiver| Err(unknown(&waiver.rule, Some(&waiver.at))))
    }

    /// The level set for the rule `id`: by id, else by group, else by tag (the least severe of several), else by `all`.
    #[must_use]
    pub fn level(&self, id: &str, tags: &[String]) -> Option<Level> {
        let by = |name: &str| self.rules.get(name).and_then(|setting| setting.level);
        let group = id.split_once('/').map(|(group, _)| group);
        by(id)
            .or_else(|| group.and_then(|group| by(group).or_else(|| by(&format!("{group}/*")))))
            .or_else(|| tags.iter().filter_map(|tag| by(tag)).min_by_key(|level| level.severity()))
            .or_else(|| by("all"))
    }
}

/// The closest configuration upward from `start`, not beyond the repository's root.
pub fn find(start: &Path) -> Result<Option<PathBuf>, ConfigError> {
    for folder in start.ancestors() {
        let path = folder.join(FILE_NAME);
        if path.is_file() {
            return Ok(Some(path));
        }
        let misspelt = folder.join("gardefou.yml");
        if misspelt.is_file() {
            return Err(ConfigError::Extension { path: misspelt.display().to_string() });
        }
        if folder.join(".git").exists() {
            return Ok(None);
        }
    }
    Ok(None)
}

/// `path` relative to `cwd` where it is below, with `/` separators.
#[must_use]
pub fn printed(path: &Path, cwd: &Path) -> String {
    path.strip_prefix(cwd).unwrap_or(path).display().to_string().replace('\\', "/")
}
