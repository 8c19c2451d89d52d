//! Opening a connection: a URL or the `PG*` variables, TLS as `sslmode` says, a read-only transaction. No message shows a
//! password, because none shows the connection string.

mod pgpass;
mod tls;

use std::path::PathBuf;
use std::time::Duration;

use postgres::config::SslMode;
use postgres::{Client, NoTls, Transaction};
use tokio_postgres::Config;

/// Seconds to wait for a server where nothing is said.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum ConnectError {
    #[error("no database is named; give --database-url, or set DATABASE_URL or PGHOST")]
    Missing,
    #[error("the database URL is not understood; write postgres://user@host:port/database?sslmode=…")]
    Url,
    #[error("sslmode `{0}` is unknown; write disable, allow, prefer, require, verify-ca or verify-full")]
    SslMode(String),
    #[error("{path}: {message}; name a file with PEM certificates in sslrootcert")]
    RootCertificates { path: String, message: String },
    #[error("{target} cannot be reached: {message}; check host, port, user, password and sslmode")]
    Connect { target: String, message: String },
    #[error("{target}: {message}")]
    Session { target: String, message: String },
}

/// How much the server's certificate has to prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verify {
    Nothing,
    /// The certificate is one of a trusted authority, whoever it names.
    Authority,
    Full,
}

/// Where to connect and how.
#[derive(Clone)]
pub struct Target {
    config: Config,
    verify: Verify,
    roots: Option<PathBuf>,
    /// Where the server refuses to speak in the clear, encrypt (`sslmode=allow`).
    or_encrypted: bool,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.describe())
    }
}

impl Target {
    /// From a URL, or from the `PG*` variables where there is none or one that names nothing (`postgres://`);
    /// `variable` reads the environment.
    ///
    /// # Errors
    /// Nothing named, or something not understood.
    pub fn new(url: Option<&str>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConnectError> {
        let (mut config, mut options) = match url.map(str::trim).filter(|url| !names_nothing(url)) {
            Some(url) => {
                let (plain, options) = take_tls_options(url);
                (plain.parse::<Config>().map_err(|_| ConnectError::Url)?, options)
            }
            None if url.is_none()
                && ["PGHOST", "PGDATABASE", "PGSERVICE"].iter().all(|name| variable(name).is_none()) =>
            {
                return Err(ConnectError::Missing);
            }
            None => (Config::new(), TlsOptions::default()),
        };
        fill(&mut config, variable)?;
        options.mode = options.mode.or_else(|| variable("PGSSLMODE"));
        options.roots = options.roots.or_else(|| variable("PGSSLROOTCERT")).filter(|path| path != "system");
        let verify = options.apply(&mut config)?;
        let or_encrypted = options.mode.as_deref() == Some("allow");
        Ok(Self { config, verify, roots: options.roots.map(PathBuf::from), or_encrypted })
    }

    /// `database depot on db.example.org`: all that messages say.
    #[must_use]
    pub fn describe(&self) -> String {
        let database = self.config.get_dbname().or(self.config.get_user()).unwrap_or("?");
        format!("database {database} on {}", self.host())
    }

    /// The server's name or address, or the folder of its socket.
    #[must_use]
    pub fn host(&self) -> String {
        self.config.get_hosts().first().map_or_else(
            || "localhost".to_owned(),
            |host| match host {
                postgres::config::Host::Tcp(name) => name.clone(),
                #[cfg(unix)]
                postgres::config::Host::Unix(path) => path.display().to_string(),
            },
        )
    }

    /// The same server, another database.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.config.dbname(name);
        other
    }

    /// Connects.
    ///
    /// # Errors
    /// [`ConnectError::Connect`] with the server's or the network's words.
    pub fn connect(&self) -> Result<Client, ConnectError> {
        let failed = |error: postgres::Error| ConnectError::Connect { target: self.describe(), message: plain(&error) };
        let mut config = postgres::Config::from(self.config.clone());
        if self.config.get_ssl_mode() == SslMode::Disable {
            match config.connect(NoTls).map_err(failed) {
                Err(_) if self.or_encrypted => drop(config.ssl_mode(SslMode::Require)),
                done => return done,
            }
        }
        let connector = tls::connector(self.verify, self.roots.as_deref())?;
        config.connect(connector).map_err(failed)
    }

    /// Connects within a tokio runtime, which then runs the connection, and begins a transaction that can change nothing
    /// and sees one state of the data.
    ///
    /// # Errors
    /// [`ConnectError::Connect`], [`ConnectError::Session`].
    pub async fn open_read_only(&self) -> Result<tokio_postgres::Client, ConnectError> {
        let failed = |error: postgres::Error| ConnectError::Connect { target: self.describe(), message: plain(&error) };
        let client = if self.config.get_ssl_mode() == SslMode::Disable {
            let (client, connection) = self.config.connect(NoTls).await.map_err(failed)?;
            tokio::spawn(connection);
            client
        } else {
            let connector = tls::connector(self.verify, self.roots.as_deref())?;
            let (client, connection) = self.config.connect(connector).await.map_err(failed)?;
            tokio::spawn(connection);
            client
        };
        let begun = client.batch_execute("begin transaction isolation level repeatable read, read only").await;
        begun.map_err(|error| ConnectError::Session { target: self.describe(), message: plain(&error) })?;
        Ok(client)
    }

    /// Begins a transaction that can change nothing and sees one state of the data.
    ///
    /// # Errors
    /// [`ConnectError::Session`].
    pub fn read_only<'c>(&self, client: &'c mut Client) -> Result<Transaction<'c>, ConnectError> {
        let begun = client
            .build_transaction()
            .read_only(true)
            .isolation_level(postgres::IsolationLevel::RepeatableRead)
            .start();
        begun.map_err(|error| ConnectError::Session { target: self.describe(), message: plain(&error) })
    }
}

/// An error of the driver in one line: the server's own words where it spoke.
#[must_use]
pub fn plain(error: &postgres::Error) -> String {
    use std::error::Error;
    if let Some(db) = error.as_db_error() {
        return db.message().to_owned();
    }
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    message
}

/// What the driver's own URL reader does not know.
#[derive(Default)]
struct TlsOptions {
    mode: Option<String>,
    roots: Option<String>,
}

impl TlsOptions {
    fn apply(&self, config: &mut Config) -> Result<Verify, ConnectError> {
        let (mode, verify) = match self.mode.as_deref() {
            None | Some("prefer") => (SslMode::Prefer, Verify::Nothing),
            Some("disable" | "allow") => (SslMode::Disable, Verify::Nothing),
            // As in libpq: a root certificate makes `require` verify the authority.
            Some("require") if self.roots.is_some() => (SslMode::Require, Verify::Authority),
            Some("require") => (SslMode::Require, Verify::Nothing),
            Some("verify-ca") => (SslMode::Require, Verify::Authority),
            Some("verify-full") => (SslMode::Require, Verify::Full),
            Some(other) => return Err(ConnectError::SslMode(other.to_owned())),
        };
        config.ssl_mode(mode);
        Ok(verify)
    }
}

/// The URL or key-value string without `sslmode` and `sslrootcert`, and those.
fn take_tls_options(url: &str) -> (String, TlsOptions) {
    let mut options = TlsOptions::default();
    let mut take = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let slot = match key {
            "sslmode" => &mut options.mode,
            "sslrootcert" => &mut options.roots,
            _ => return true,
        };
        *slot = Some(unescaped(value));
        false
    };
    let plain = match url.split_once('?') {
        Some((base, query)) if url.contains("://") => {
            let rest: Vec<&str> = query.split('&').filter(|pair| take(pair)).collect();
            if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) }
        }
        None if !url.contains("://") => url.split(' ').filter(|pair| take(pair)).collect::<Vec<_>>().join(" "),
        _ => url.to_owned(),
    };
    (plain, options)
}

/// `postgres://` and the empty text: everything from the environment.
fn names_nothing(url: &str) -> bool {
    matches!(url, "" | "postgres://" | "postgresql://")
}

/// A part of a URL with its `%2F` undone.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What the URL leaves open, from the variables libpq knows.
fn fill(config: &mut Config, variable: &dyn Fn(&str) -> Option<String>) -> Result<(), ConnectError> {
    if config.get_hosts().is_empty() {
        config.host(variable("PGHOST").as_deref().unwrap_or("localhost"));
    }
    if let (true, Some(port)) = (config.get_ports().is_empty(), variable("PGPORT")) {
        config.port(port.parse().map_err(|_| ConnectError::Url)?);
    }
    if let (None, Some(user)) = (config.get_user(), variable("PGUSER").or_else(|| variable("USER"))) {
        config.user(&user);
    }
    if let (None, Some(password)) = (config.get_password(), variable("PGPASSWORD")) {
        config.password(password);
    }
    if let (None, Some(database)) = (config.get_dbname(), variable("PGDATABASE")) {
        config.dbname(&database);
    }
    if config.get_password().is_none()
        && let Some(password) = pgpass::password(config, variable)
    {
        config.password(password);
    }
    // A connection that is cut without a word is noticed.
    config.keepalives_idle(Duration::from_secs(10)).keepalives_interval(Duration::from_secs(5)).keepalives_retries(3);
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(30));
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(PATIENCE);
    }
    config.application_name("gardefou");
    Ok(())
}
