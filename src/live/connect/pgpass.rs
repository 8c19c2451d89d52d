//! Passwords from libpq's password file, `PGPASSFILE` or `~/.pgpass`, which nobody else may be able to read.

use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// The password for this connection, where the file has one.
pub(super) fn password(config: &Config, variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let path = variable("PGPASSFILE")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".pgpass")))?;
    if !is_private(&path) {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    let host = config.get_hosts().first().map_or("localhost", |host| match host {
        Host::Tcp(name) => name.as_str(),
        #[cfg(unix)]
        Host::Unix(_) => "localhost",
    });
    let socket = match config.get_hosts().first() {
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.to_str(),
        _ => None,
    };
    let user = config.get_user()?;
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let database = config.get_dbname().unwrap_or(user);
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let [line_host, line_port, line_database, line_user, password] = fields(line)?;
        let is = |field: &str, value: &str| field == "*" || field == value;
        let host_is = is(&line_host, host) || socket.is_some_and(|socket| line_host == socket);
        (host_is && is(&line_port, &port) && is(&line_database, database) && is(&line_user, user)).then_some(password)
    })
}

/// `host:port:database:user:password`, with `\\` before a colon or backslash that is meant.
fn fields(line: &str) -> Option<[String; 5]> {
    let mut fields: [String; 5] = Default::default();
    let (mut at, mut chars) = (0, line.chars());
    while let Some(c) = chars.next() {
        match c {
            ':' if at < 4 => at += 1,
            '\\' => fields.get_mut(at)?.extend(chars.next()),
            c => fields.get_mut(at)?.push(c),
        }
    }
    (at == 4).then_some(fields)
}

/// As libpq has it: a file that others can read is not used.
#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(path: &Path) -> bool {
    path.is_file()
}
