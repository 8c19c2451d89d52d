//! What must not change: protected objects, canonical data, modules, flow, freezes and gates, declared in
//! `gardefou.yaml`, kept in `gardefou.lock`, and judged by rules on migrations and on a live database alike.

mod alerts;
mod canonical;
mod classification;
pub mod definition;
mod diff;
mod flow;
mod freezes;
pub mod gates;
mod history;
pub mod live;
pub mod lock;
pub mod modules;
pub mod pattern;
pub mod protected;
mod reset;
mod routine;
pub mod sections;
mod triggered;
mod validate;
pub(crate) mod writes;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::check::Model;
use crate::check::code::{Check, Judged};
use crate::config::{Config, ConfigError};
use crate::date::Date;
use crate::live::connect::Target;
use crate::rule::{Logic, Rule};

use lock::Lock;
use sections::Sections;
pub use validate::validate;

/// The lock file's name, beside the configuration.
pub const LOCK_FILE: &str = "gardefou.lock";

/// Everything the governance rules judge by, read once before they run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Governance {
    /// What is declared.
    pub sections: Sections,
    /// What is locked; nothing, where there is no lock file.
    pub lock: Option<Lock>,
    /// What was counted in a live database.
    pub live: Option<live::Measured>,
    /// What lies on the disk for each gate.
    pub gates: Option<BTreeMap<String, Vec<gates::Looked>>>,
    /// The day freezes and gates are judged on.
    pub today: Date,
}

impl Governance {
    /// Nothing declared.
    #[must_use]
    pub fn none(today: Date) -> Self {
        Self { sections: Sections::default(), lock: None, live: None, gates: None, today }
    }

    /// What `config` declares, with the lock file beside it; nothing where it declares nothing. Simulations over tables
    /// are compared with `database`.
    ///
    /// # Errors
    /// A lock file that cannot be read.
    pub fn load(
        config: &Config,
        cwd: &Path,
        today: Date,
        database: Option<&Target>,
    ) -> Result<Option<Arc<Self>>, ConfigError> {
        let sections = &config.governance;
        if sections.is_empty() {
            return Ok(None);
        }
        let lock = match lock_path(config, cwd) {
            Some(path) if !sections.protected.is_empty() && path.is_file() => {
                Some(Lock::read(&path, &crate::config::printed(&path, cwd))?)
            }
            _ => None,
        };
        let around = gates::Surroundings { config, cwd, now: SystemTime::now(), database };
        let gates = (!sections.gates.is_empty()).then(|| gates::looked(&sections.gates, around));
        Ok(Some(Arc::new(Self { sections: sections.clone(), lock, live: None, gates, today })))
    }
}

/// Where the lock file stands: beside the configuration.
#[must_use]
pub fn lock_path(config: &Config, cwd: &Path) -> Option<PathBuf> {
    let path = cwd.join(config.path.as_ref()?);
    Some(path.parent()?.join(LOCK_FILE))
}

/// A check and the section it belongs to: without the section it does not run.
struct Governed {
    check: Check,
    section: fn(&Sections) -> bool,
}

const fn governed(
    name: &'static str,
    section: fn(&Sections) -> bool,
    run: fn(&Model<'_>, &Rule) -> Judged,
) -> Governed {
    Governed { check: Check { name, run, knows: None }, section }
}

static CHECKS: &[Governed] = &[
    governed("alerts-table", |s| s.alerts.is_some(), alerts::table),
    governed("canonical-drift", |s| !s.canonical.is_empty(), canonical::drift),
    governed("canonical-reference", |s| !s.canonical.is_empty(), canonical::references_outside),
    governed("canonical-row", |s| !s.canonical.is_empty(), canonical::rows),
    governed("classification-exceeded", |s| s.classification.is_some(), classification::exceeded),
    governed("classification-missing", |s| s.classification.is_some(), classification::missing),
    governed("flow-broken", |s| s.flow.is_some(), flow::broken),
    governed("flow-bypassed", |s| s.flow.is_some(), flow::bypassed),
    governed("flow-writable", |s| s.flow.is_some(), flow::writable),
    governed("freeze-expired", |s| !s.freezes.is_empty(), freezes::expired),
    governed("freeze-rows", |s| !s.freezes.is_empty(), freezes::rows),
    governed("freeze-touched", |s| !s.freezes.is_empty(), freezes::touched),
    governed("gate-closed", |s| !s.gates.is_empty(), gates::closed),
    governed("module-direction", |s| s.modules.is_some(), modules::forbidden),
    governed("no-reset", |s| !s.protected.is_empty(), reset::reset),
    governed("protected-changed", |s| !s.protected.is_empty(), protected::changed),
    governed("protected-disabled", |s| !s.protected.is_empty(), protected::disabled),
    governed("protected-dropped", |s| !s.protected.is_empty(), protected::dropped),
    governed("protected-reowned", |s| !s.protected.is_empty(), protected::reowned),
    governed("protected-not-locked", |s| !s.protected.is_empty(), protected::not_locked),
];

/// The checks of this room.
pub fn checks() -> impl Iterator<Item = Check> {
    CHECKS.iter().map(|governed| governed.check)
}

/// Whether a rule has something to look at; rules of other rooms always have.
#[must_use]
pub fn applies(rule: &Rule, governance: Option<&Governance>) -> bool {
    let Logic::Code(check) = &rule.logic else { return true };
    let Some(governed) = CHECKS.iter().find(|governed| governed.check.name == check.name) else { return true };
    governance.is_some_and(|governance| (governed.section)(&governance.sections))
}

/// Whether a rule compares files with what is found elsewhere: judged where migrations stand beside a database.
#[must_use]
pub fn is_about_both(rule: &Rule) -> bool {
    matches!(&rule.logic, Logic::Code(check) if check.name == "gate-closed")
}
