//! A PostgreSQL server from local binaries, in a folder of its own, reachable through a socket only; gone when it is
//! dropped, or when this process ends in any way.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::ReplayError;
use crate::live::connect::Target;

/// A running throwaway server.
pub struct Server {
    folder: PathBuf,
    /// Stops the server when the pipe to it is closed.
    reaper: Child,
}

impl Server {
    /// Makes and starts one.
    ///
    /// # Errors
    /// [`ReplayError::NoServer`], [`ReplayError::Start`].
    pub fn start() -> Result<Self, ReplayError> {
        let bin = binaries().ok_or(ReplayError::NoServer)?;
        let folder = new_folder()?;
        let (data, log) = (folder.join("data"), folder.join("log"));
        let text = |path: &Path| path.to_str().map(str::to_owned).ok_or_else(|| failed("a path is not UTF-8"));
        let (pg_ctl, initdb) = (text(&bin.join("pg_ctl"))?, text(&bin.join("initdb"))?);
        // From here on the folder is cleared away whatever happens.
        let reap = "cat; \"$1\" stop -s -m immediate -D \"$2\" 2>/dev/null; rm -rf \"$3\"";
        let mut reaper = as_server("sh");
        reaper.args(["-c", reap, "sh", &pg_ctl]).arg(&data).arg(&folder);
        // Ctrl-C and `timeout` signal a whole group, and it has to outlive us.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut reaper, 0);
        let reaper = reaper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let server = Self { folder: folder.clone(), reaper: reaper.map_err(|error| failed(&error.to_string()))? };
        run(as_server(&initdb)
            .args(["--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-D"])
            .arg(&data))?;
        let options = format!(
            "-k '{}' -c listen_addresses='' -c port=5432 -c fsync=off -c full_page_writes=off -c autovacuum=off -c wal_level=logical",
            text(&folder)?
        );
        run(as_server(&pg_ctl).args(["start", "-s", "-w", "-o", &options, "-D"]).arg(&data).arg("-l").arg(&log))?;
        Ok(server)
    }

    /// Where it listens.
    ///
    /// # Errors
    /// None in practice: the address is our own.
    pub fn target(&self) -> Result<Target, ReplayError> {
        Ok(Target::new(Some(&self.url()), &|_| None)?)
    }

    /// Its address as a URL; it has no password.
    #[must_use]
    pub fn url(&self) -> String {
        let socket = self.folder.display().to_string().replace('%', "%25").replace('/', "%2F");
        format!("postgres://postgres@{socket}:5432/postgres?sslmode=disable")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.reaper.stdin.take());
        let _ = self.reaper.wait();
    }
}

/// A folder of the server's user that nobody else can look into, under a name no killed run left behind.
fn new_folder() -> Result<PathBuf, ReplayError> {
    let template = std::env::temp_dir().join("gardefou-replay-XXXXXX");
    let made = as_server("mktemp").arg("-d").arg(&template).stdin(Stdio::null()).output();
    let made = made.map_err(|error| failed(&format!("mktemp: {error}")))?;
    let path = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    if path.is_empty() {
        let why = String::from_utf8_lossy(&made.stderr).trim().to_owned();
        return Err(failed(&format!("no folder for it could be made: {why}")));
    }
    Ok(PathBuf::from(path))
}

fn failed(message: &str) -> ReplayError {
    ReplayError::Start(message.to_owned())
}

/// The server refuses to run as root: then it runs as `postgres`.
fn as_server(program: &str) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", program]);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/").env_remove("PGDATA").env_remove("PGHOST").env_remove("PGPORT").env_remove("PGOPTIONS");
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn run(command: &mut Command) -> Result<(), ReplayError> {
    let name = command.get_program().to_string_lossy().into_owned();
    // The server inherits these: a pipe would be waited for.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(&format!("{name} ended with {status}"))),
        Err(error) => Err(failed(&format!("{name}: {error}"))),
    }
}

/// The folder of the newest installed PostgreSQL's programs.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH");
    let mut folders = path.iter().flat_map(|path| std::env::split_paths(path).collect::<Vec<_>>());
    folders.find(|folder| folder.join("initdb").is_file()).or_else(|| {
        let installed = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin"));
        installed.filter(|bin| bin.join("initdb").is_file()).max_by_key(|bin| {
            let version = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
            version.and_then(|version| version.parse::<u32>().ok())
        })
    })
}
