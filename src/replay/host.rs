//! Where a replay's server comes from: one the user names, local programs, or the one inside this program.

use super::{ReplayError, Server};
use crate::coverage::{Coverage, CoverageKind};
use crate::live::connect::Target;
use crate::live::{self, Live};
use crate::migrations::MigrationSet;

#[cfg(feature = "embedded-postgres")]
use super::embedded::Embedded;

/// The server that is asked for.
#[derive(Debug, Clone, Default, clap::ValueEnum)]
pub enum Wanted {
    /// Local programs where they are installed, else the embedded server.
    #[default]
    Any,
    /// Local programs: `initdb` and `pg_ctl`.
    Local,
    /// PostgreSQL 17.5 inside a build with feature `embedded-postgres`.
    Embedded,
    /// This one.
    #[value(skip)]
    Given(Box<Target>),
}

/// A server to replay on.
pub(super) enum Host<'a> {
    Given(&'a Target),
    Local(Server),
    #[cfg(feature = "embedded-postgres")]
    Embedded(Embedded),
}

impl<'a> Host<'a> {
    pub(super) fn find(wanted: &'a Wanted, set: &MigrationSet) -> Result<Self, ReplayError> {
        match wanted {
            Wanted::Given(target) => Ok(Self::Given(target)),
            Wanted::Local => Server::start().map(Self::Local),
            Wanted::Embedded => embedded(set),
            Wanted::Any => match Server::start() {
                Err(ReplayError::NoServer) if cfg!(feature = "embedded-postgres") => embedded(set),
                started => started.map(Self::Local),
            },
        }
    }

    pub(super) fn target(&self) -> Result<Target, ReplayError> {
        match self {
            Self::Given(target) => Ok((*target).clone()),
            Self::Local(server) => server.target(),
            #[cfg(feature = "embedded-postgres")]
            Self::Embedded(server) => server.target(),
        }
    }

    /// Whether it takes a second connection while one is open: without that no database can be made on the way.
    pub(super) const fn takes_several(&self) -> bool {
        match self {
            Self::Given(_) | Self::Local(_) => true,
            #[cfg(feature = "embedded-postgres")]
            Self::Embedded(_) => false,
        }
    }

    /// The result, with the server it comes from said.
    pub(super) fn signed(&self, mut live: Live) -> Live {
        let (kind, more) = match self {
            Self::Given(_) => (format!("at {}", live.server.host), ""),
            Self::Local(_) => ("local".to_owned(), ""),
            #[cfg(feature = "embedded-postgres")]
            Self::Embedded(_) => ("embedded".to_owned(), super::embedded::LIMITS),
        };
        let message = format!("PostgreSQL {}, {kind}, replayed the files{more}", live.server.version);
        live.coverage.push(Coverage { kind: CoverageKind::Assumption, location: None, object: None, message });
        if !matches!(self, Self::Given(_)) {
            live.server = live::Server { host: "a throwaway server".to_owned(), ..live.server };
        }
        live
    }
}

#[cfg(feature = "embedded-postgres")]
fn embedded(set: &MigrationSet) -> Result<Host<'static>, ReplayError> {
    Embedded::start(set).map(Host::Embedded)
}

#[cfg(not(feature = "embedded-postgres"))]
const fn embedded(_: &MigrationSet) -> Result<Host<'static>, ReplayError> {
    Err(ReplayError::NotBuiltIn)
}
