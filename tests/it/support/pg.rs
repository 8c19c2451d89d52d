//! A throwaway PostgreSQL per test process: the judge of everything that claims to know what PostgreSQL does.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, NoTls};

/// Set to run the suite without a server: tests that need one say so and pass.
const OPT_OUT: &str = "GARDEFOU_TEST_NO_POSTGRES";

/// A server to use in place of a throwaway one: a URL of a superuser. Tests that stop the server, or need its roles for
/// themselves, still start one of their own.
const GIVEN: &str = "GARDEFOU_TEST_DATABASE_URL";

/// A database of one test, and a connection to it; on a given server it is dropped afterwards.
pub struct Database {
    client: Option<Client>,
    /// The given server's URL, and the database's name.
    given: Option<(String, String)>,
}

impl Deref for Database {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.client.as_ref().expect("open until it is dropped")
    }
}

impl DerefMut for Database {
    fn deref_mut(&mut self) -> &mut Client {
        self.client.as_mut().expect("open until it is dropped")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.client.take());
        let Some((url, name)) = &self.given else { return };
        let dropped = Client::connect(url, NoTls)
            .and_then(|mut client| client.batch_execute(&format!("drop database if exists {name} with (force)")));
        if let Err(error) = dropped {
            eprintln!("database {name} is left behind: {error}");
        }
    }
}

fn given() -> Option<String> {
    std::env::var(GIVEN).ok().filter(|url| !url.is_empty())
}

/// A new database on the given server, and its URL.
fn on_given(url: &str) -> (String, Database) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("gardefou_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut client = Client::connect(url, NoTls).unwrap_or_else(|error| panic!("{GIVEN}: {error}"));
    client.batch_execute(&format!("create database {name} template template0")).expect("create a database");
    let own = with_database(url, &name);
    let given = Some((url.to_owned(), name));
    let client = Client::connect(&own, NoTls).expect("connect to the new database");
    (own, Database { client: Some(client), given })
}

/// The URL with another database in it.
fn with_database(url: &str, name: &str) -> String {
    let (head, query) = url.split_once('?').map_or((url, String::new()), |(head, query)| (head, format!("?{query}")));
    let authority = head.find("://").map_or(0, |at| at + 3);
    let end = head[authority..].find('/').map_or(head.len(), |at| authority + at);
    format!("{}/{name}{query}", &head[..end])
}

/// A running cluster; it stops and disappears when the process ends.
pub struct Cluster {
    socket: PathBuf,
    bin: PathBuf,
    port: u16,
    databases: AtomicU32,
    /// Holds the pipe whose end tells the reaper to stop the server.
    _reaper: Child,
}

/// A cluster that only one test uses: its roles are its own, and it may be stopped.
///
/// # Panics
/// As [`fresh_database`].
pub fn own_cluster(tag: &str) -> Option<Cluster> {
    own_cluster_with(tag, 5432, "")
}

/// As [`own_cluster`], with server options, and a port it also listens on at 127.0.0.1 unless that is the usual one.
pub fn own_cluster_with(tag: &str, port: u16, options: &str) -> Option<Cluster> {
    if given().is_none() {
        cluster()?;
    }
    let Some(bin) = binaries() else {
        eprintln!("skipped: needs a local server of its own (initdb), which {GIVEN} does not stand in for");
        return None;
    };
    Some(Cluster::start(&bin, tag, port, options))
}

/// A port nobody listens on.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").port()
}

/// The URL of a new, empty database on the shared cluster or the given server, and a connection to it.
pub fn fresh() -> Option<(String, Database)> {
    if let Some(url) = given() {
        return Some(on_given(&url));
    }
    let cluster = cluster()?;
    let name = cluster.create();
    let client = Some(cluster.connect(&name));
    Some((cluster.url("postgres", &name), Database { client, given: None }))
}

/// The URL with another user in it, who has no password.
pub fn as_user(url: &str, user: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{user}@{host}")
}

/// A connection to a new, empty database; `None` where the suite runs without a server.
///
/// # Panics
/// Where no PostgreSQL is installed and nobody opted out.
pub fn fresh_database() -> Option<Database> {
    fresh().map(|(_, database)| database)
}

fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(|| {
        if std::env::var_os(OPT_OUT).is_some() {
            eprintln!("skipped: {OPT_OUT} is set");
            return None;
        }
        let Some(bin) = binaries() else {
            panic!(
                "no PostgreSQL found (initdb in PATH or /usr/lib/postgresql/*/bin): install one, or set {OPT_OUT}=1"
            );
        };
        Some(Cluster::start(&bin, "", 5432, ""))
    });
    cluster.as_ref()
}

impl Cluster {
    /// A new, empty database.
    pub fn create(&self) -> String {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.connect("postgres").batch_execute(&format!("create database {name}")).expect("create a database");
        name
    }

    /// A URL of one of its databases.
    pub fn url(&self, user: &str, database: &str) -> String {
        let socket = self.socket.to_str().expect("a path in UTF-8").replace('/', "%2F");
        format!("postgres://{user}@{socket}:{}/{database}?sslmode=disable", self.port)
    }

    /// The folder of the server's data.
    pub fn data(&self) -> PathBuf {
        self.socket.join("data")
    }

    /// What the server logged.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.socket.join("log")).unwrap_or_default()).into_owned()
    }

    /// Writes a file into its data folder, as its owner.
    pub fn write(&self, name: &str, text: &str) {
        use std::io::Write;
        let path = self.data().join(name);
        let shell = format!("umask 077; cat > '{}'", path.display());
        let mut child = server_command("sh").args(["-c", &shell]).stdin(Stdio::piped()).spawn().expect("sh");
        child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("written");
        assert!(child.wait().expect("sh").success());
    }

    /// Runs `pg_ctl` on it.
    pub fn pg_ctl(&self, arguments: &[&str]) {
        let pg_ctl = self.bin.join("pg_ctl");
        run(server_command(pg_ctl.to_str().expect("a path in UTF-8")).args(arguments).arg("-D").arg(self.data()));
    }

    fn start(bin: &Path, tag: &str, port: u16, more: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("gardefou-pg-{}{tag}", std::process::id()));
        let data = dir.join("data");
        let shown = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
        // What a killed process of the same number left behind.
        run(server_command("rm").arg("-rf").arg(&dir));
        run(server_command("mkdir").arg("-p").arg(&dir));
        let initdb = shown(&bin.join("initdb"));
        run(server_command(&initdb)
            .args(["--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-D"])
            .arg(&data));
        let listen = if port == 5432 { "" } else { "127.0.0.1" };
        let options = format!(
            "-k {} -c listen_addresses='{listen}' -c port={port} -c fsync=off -c full_page_writes=off {more}",
            shown(&dir)
        );
        let pg_ctl = shown(&bin.join("pg_ctl"));
        run(server_command(&pg_ctl)
            .args(["start", "-w", "-o", &options, "-D"])
            .arg(&data)
            .arg("-l")
            .arg(dir.join("log")));
        let reap = format!("cat; '{pg_ctl}' stop -m immediate -D '{}'; rm -rf '{}'", shown(&data), shown(&dir));
        let mut reaper = server_command("sh");
        // Ctrl-C signals the whole group, and it has to outlive us.
        std::os::unix::process::CommandExt::process_group(&mut reaper, 0);
        let reaper = reaper.args(["-c", &reap]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
        Self {
            socket: dir,
            bin: bin.to_owned(),
            port,
            databases: AtomicU32::new(0),
            _reaper: reaper.expect("start the reaper"),
        }
    }

    /// A connection as superuser.
    pub fn connect(&self, database: &str) -> Client {
        let socket = self.socket.to_str().expect("a path in UTF-8");
        let config = format!("host={socket} port={} user=postgres dbname={database}", self.port);
        Client::connect(&config, NoTls).expect("connect to the throwaway server")
    }
}

/// PostgreSQL refuses to run as root: then it runs as `postgres`.
fn server_command(program: &str) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", program]);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/").env_remove("PGHOST").env_remove("PGPORT").env_remove("PGDATA").env("PGPORT", "5432");
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn run(command: &mut Command) {
    // The server inherits these: a pipe would keep `output()` waiting for it.
    let status = command.stdout(Stdio::null()).stdin(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "could not run {command:?}");
}

/// The folder of the newest installed PostgreSQL's programs.
fn binaries() -> Option<PathBuf> {
    let in_path = std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file()));
    in_path.or_else(|| {
        let installed = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin"));
        installed.filter(|bin| bin.join("initdb").is_file()).max_by_key(|bin| {
            let version = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
            version.and_then(|version| version.parse::<u32>().ok())
        })
    })
}

/// `server_version_num`.
pub fn version(client: &mut Client) -> i32 {
    let number = client.query_one("select current_setting('server_version_num')::int", &[]).expect("the version");
    number.get(0)
}

/// Whether the server is older than views with `security_invoker`, which came with PostgreSQL 15.
pub fn lacks_security_invoker(client: &mut Client) -> bool {
    version(client) < 150_000
}

/// The same, said: the test needs such views.
pub fn too_old(cluster: &Cluster) -> bool {
    older(&mut cluster.connect("postgres"), 15, "views with security_invoker")
}

/// Whether the server lacks `what`, which came with a later version and the test needs; then that is said.
pub fn older(client: &mut Client, than: i32, what: &str) -> bool {
    let old = version(client) < than * 10_000;
    if old {
        eprintln!("skipped: {what} came with PostgreSQL {than}");
    }
    old
}

/// Writes a backup of the database at `url`, as `pg_dump -Fc` makes it; false, and said, where the server is newer than
/// any `pg_dump` there is.
pub fn dump(url: &str, args: &[&str], to: &Path) -> bool {
    let beside = binaries().map(|bin| bin.join("pg_dump")).filter(|path| path.is_file());
    let output = Command::new(beside.unwrap_or_else(|| PathBuf::from("pg_dump")))
        .args(["-Fc", "-d", url])
        .args(args)
        .output()
        .expect("pg_dump runs");
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("server version mismatch") {
        eprintln!("skipped: {said}");
        return false;
    }
    assert!(output.status.success(), "{said}");
    std::fs::write(to, output.stdout).expect("the backup is written");
    true
}
