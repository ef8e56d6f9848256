//! A PostgreSQL of their own for tests, from the programs that are installed, on this machine alone.
//!
//! One server for each process of tests, with its data in a folder that goes away when the process
//! has ended, and one database for each test.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The address of a new and empty database on a server that is quick and loses everything when the
/// machine stops; opening it makes the tables.
///
/// `None` when no PostgreSQL is installed, which is said on standard error. It is looked for in
/// `PG_BIN`, and then in `/usr/lib/postgresql`.
///
/// # Panics
///
/// When a PostgreSQL is installed and does not start, and when none is and `REQUIRE_PG` is `1`.
pub fn postgres() -> Option<String> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    new_database(SERVER.get_or_init(|| find_and_start("fsync=off")).as_ref())
}

/// The same on a server that keeps what it says it keeps, for measuring.
///
/// # Panics
///
/// As [`postgres`].
pub fn durable_postgres() -> Option<String> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    new_database(SERVER.get_or_init(|| find_and_start("fsync=on")).as_ref())
}

/// A server that a test has for itself, to stop it and to start it again.
#[derive(Debug)]
pub struct OwnServer(Server);

impl OwnServer {
    /// Starts one; `None` when no PostgreSQL is installed, as [`postgres`] says it.
    ///
    /// # Panics
    ///
    /// As [`postgres`].
    pub fn start() -> Option<OwnServer> {
        let started = find_and_start("fsync=off");
        if started.is_none() {
            say_skipped();
        }
        started.map(OwnServer)
    }

    /// The address of a new and empty database on it.
    pub fn database(&self) -> String {
        make_database(&self.0)
    }

    /// Ends it as a crash does: nobody who is connected hears of it before.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn crash(&self) {
        let file = self.0.folder.join("data/postmaster.pid");
        let text = fs::read_to_string(&file).expect("the server runs");
        let id = text.lines().next().unwrap_or_default();
        succeed(Command::new("kill").args(["-QUIT", id])).expect("it can be told");
        while Path::new("/proc").join(id).exists() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Starts it again, at the same address, and returns when it is ready.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start_again(&self) {
        let Server { programs, folder, port, setting, .. } = &self.0;
        // What a crash left would look ready.
        let _ = fs::remove_file(folder.join("data/postmaster.pid"));
        serve(programs, folder, *port, setting).expect("the server starts again");
    }
}

fn say_skipped() {
    let said = "SKIPPED: no PostgreSQL is installed, so a test did not run on it\n";
    let _ = io::stderr().write_all(said.as_bytes());
}

fn new_database(server: Option<&Server>) -> Option<String> {
    if server.is_none() {
        say_skipped();
    }
    server.map(make_database)
}

fn make_database(server: &Server) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let (port, create) = (server.port.to_string(), format!("create database {name}"));
    let arguments = ["-qX", "-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-c", &create];
    let made = Command::new(server.programs.join("psql")).args(arguments).status();
    assert!(made.is_ok_and(|status| status.success()), "a database can be made");
    format!("postgres://postgres@127.0.0.1:{port}/{name}")
}

/// A server that runs as long as this process.
#[derive(Debug)]
struct Server {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    setting: String,
    /// Ends the server and removes its folder when its input ends, however this process ends.
    _guard: Child,
}

fn find_and_start(setting: &str) -> Option<Server> {
    let is_needed = std::env::var_os("REQUIRE_PG").is_some_and(|value| value == "1");
    let programs = programs();
    assert!(programs.is_some() || !is_needed, "REQUIRE_PG is set and no PostgreSQL is installed");
    programs.map(|programs| start(programs, setting).expect("the installed PostgreSQL starts"))
}

/// The folder of the newest installed server.
fn programs() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("PG_BIN") {
        return Some(PathBuf::from(folder));
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.map(|entry| entry.path()).max_by_key(|path| version(path))?;
    Some(newest.join("bin")).filter(|folder| folder.join("initdb").exists())
}

/// A program of the server, which refuses to be run by root.
fn as_nobody_special(program: impl AsRef<OsStr>) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|facts| facts.uid() == 0)
}

fn start(programs: PathBuf, setting: &str) -> io::Result<Server> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let started = format!("tieline-postgres-{}-{count}", std::process::id());
    let folder = std::env::temp_dir().join(started);
    fs::create_dir(&folder)?;
    if is_root() {
        succeed(Command::new("chown").arg("postgres").arg(&folder))?;
    }
    let data = folder.join("data");
    let log = File::create(folder.join("log"))?;
    succeed(
        as_nobody_special(programs.join("initdb"))
            .args(["--no-sync", "-A", "trust", "-U", "postgres", "--locale=C", "-E", "UTF8", "-D"])
            .arg(&data)
            .current_dir(&folder)
            .stdout(log.try_clone()?),
    )?;
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    serve(&programs, &folder, port, setting)?;
    // The server may be another by then, after a crash, or none.
    let guard = Command::new("sh")
        .args([
            "-c",
            "cat; id=$(head -n 1 \"$1\"); kill -QUIT $id; while kill -0 $id; do sleep 0.1; done; \
             rm -r \"$2\"",
            "sh",
        ])
        .arg(data.join("postmaster.pid"))
        .arg(&folder)
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    Ok(Server { programs, folder, port, setting: setting.to_string(), _guard: guard })
}

/// Runs the server on its data, and returns when it is ready.
fn serve(programs: &Path, folder: &Path, port: u16, setting: &str) -> io::Result<()> {
    let data = folder.join("data");
    let log = File::options().append(true).open(folder.join("log"))?;
    let mut server = as_nobody_special(programs.join("postgres"));
    server.arg("-D").arg(&data).arg("-k").arg(folder).args(["-p", &port.to_string()]);
    server.args(["-h", "127.0.0.1", "-c", "max_connections=600", "-c", setting]);
    server.current_dir(folder).process_group(0);
    let mut server = server.stdout(log.try_clone()?).stderr(log).spawn()?;
    // One that ended is gone only when somebody has asked for it.
    std::thread::spawn(move || server.wait());
    wait_until_ready(&data.join("postmaster.pid"))
}

fn succeed(command: &mut Command) -> io::Result<()> {
    let status = command.stdin(Stdio::null()).status()?;
    let failed = || io::Error::other(format!("{command:?} gave {status}"));
    if status.success() { Ok(()) } else { Err(failed()) }
}

/// Waits until the server's file says that it is ready.
fn wait_until_ready(file: &Path) -> io::Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        let text = fs::read_to_string(file).unwrap_or_default();
        if text.lines().nth(7).map(str::trim) == Some("ready") {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "the server is not ready after a minute"))
}
