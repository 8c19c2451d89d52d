//! PostgreSQL 17.5 inside this program, for machines where none is installed: one connection at a time, through a
//! socket in a folder of its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use pglite_oxide::extensions::{self, Extension};
use pglite_oxide::{PgliteServer, PgliteServerBuilder};
use regex::Regex;

use super::ReplayError;
use crate::live::connect::Target;
use crate::migrations::MigrationSet;

/// What the report says about it.
pub(super) const LIMITS: &str = "; its pgcrypto, uuid-ossp and pg_stat_statements have the functions' names and types, \
     and of what they do only random UUIDs";

/// Extensions that Supabase projects start with and this server lacks: name, version in PostgreSQL 17, script.
const STAND_INS: [(&str, &str, &str); 3] = [
    ("pgcrypto", "1.3", include_str!("extensions/pgcrypto.sql")),
    ("uuid-ossp", "1.1", include_str!("extensions/uuid-ossp.sql")),
    ("pg_stat_statements", "1.11", include_str!("extensions/pg_stat_statements.sql")),
];

/// How long it may take to stop.
const PATIENCE: Duration = Duration::from_secs(5);

/// The running server.
pub(super) struct Embedded {
    folder: PathBuf,
    server: Option<PgliteServer>,
}

impl Embedded {
    /// Starts one that the files can be applied to.
    pub(super) fn start(set: &MigrationSet) -> Result<Self, ReplayError> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("gardefou-embedded-{}-{number}", std::process::id()));
        private(&folder).map_err(failed)?;
        // From here on the folder is cleared away.
        let mut this = Self { folder, server: None };
        let builder = PgliteServer::builder().temporary().database("postgres").relaxed_durability(true);
        let builder = builder.extensions(named(set));
        let server = listen(builder, &this.folder).start();
        let server = server.map_err(|error| ReplayError::Start(format!("{error:#}")))?;
        let added = add_stand_ins(server.root());
        this.server = Some(server);
        added.map_err(failed)?;
        Ok(this)
    }

    pub(super) fn target(&self) -> Result<Target, ReplayError> {
        let url = self.server.as_ref().map(PgliteServer::database_url);
        Ok(Target::new(url.as_deref(), &|_| None)?)
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // It waits for its client to leave, and one that got no answer does not.
        if let Some(server) = self.server.take() {
            let (sender, receiver) = mpsc::channel::<()>();
            std::thread::spawn(move || {
                drop(server);
                drop(sender);
            });
            let _ = receiver.recv_timeout(PATIENCE);
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err wants it")]
fn failed(error: std::io::Error) -> ReplayError {
    ReplayError::Start(error.to_string())
}

/// Makes a folder that nobody else can look into.
fn private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn listen(builder: PgliteServerBuilder, folder: &Path) -> PgliteServerBuilder {
    builder.unix(folder.join(".s.PGSQL.5432"))
}

/// Elsewhere a port of 127.0.0.1, which is what it does by itself.
#[cfg(not(unix))]
fn listen(builder: PgliteServerBuilder, _: &Path) -> PgliteServerBuilder {
    builder
}

/// Extensions the files create: the server loads their programs when it starts, and into another database than ours.
fn named(set: &MigrationSet) -> Vec<Extension> {
    let Ok(pattern) = Regex::new(r#"(?i)\bcreate\s+extension\s+(?:if\s+not\s+exists\s+)?"?([a-z0-9_-]+)"#) else {
        return Vec::new();
    };
    let texts = set.files.iter().filter(|file| file.skipped.is_none()).map(|file| &file.text);
    let names = texts.flat_map(|text| pattern.captures_iter(text)).filter_map(|found| found.get(1));
    let names: BTreeSet<String> = names.map(|name| name.as_str().to_ascii_lowercase()).collect();
    // These two do something to every session.
    let plain = names.iter().filter(|name| !matches!(name.as_str(), "age" | "auto_explain"));
    plain.filter_map(|name| extensions::by_sql_name(name)).collect()
}

/// Puts the stand-ins where the server looks for extensions.
fn add_stand_ins(root: &Path) -> std::io::Result<()> {
    let folder = root.join("tmp/pglite/share/postgresql/extension");
    std::fs::create_dir_all(&folder)?;
    for (name, version, script) in STAND_INS {
        let control = format!("default_version = '{version}'\nrelocatable = true\n");
        std::fs::write(folder.join(format!("{name}.control")), control)?;
        std::fs::write(folder.join(format!("{name}--{version}.sql")), script)?;
    }
    Ok(())
}
