//! Our server and our client beside OpenSSH's, each with each, in one run.
//!
//! `cargo bench -p tieline-transport` prints the tables of `docs/performance.md`. Times are those of
//! whole sessions: connecting, logging in and ending are in them, and with OpenSSH's client the
//! start of its process. `-- quick` measures once instead of three times.

#[path = "../tests/common/mod.rs"]
mod common;

use std::io::{BufRead, BufReader, Cursor, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::line::{Kind, Line};
use common::sshd::{Sshd, read_key};
use common::{good, noise, public, run, tool, user_key};
use tempfile::TempDir;
use tieline_transport::sftp::client::{Client, FetchOptions, PutOptions, Remote};
use tieline_transport::sftp::{
    Account, Accounts, Audit, AuthorizedKey, Drops, Event, HostKey, Limits, LoginRule, Server,
    Settings,
};
use tieline_transport::{FileDrop, Mailbox, Receipt, Refusal};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const LARGE: usize = 200 << 20;
const MEDIUM: usize = 32 << 20;
const SMALL_FILES: usize = 1000;

/// Takes whatever comes.
struct Host(Account);

impl Accounts for Host {
    async fn admit(&self, _: IpAddr) -> bool {
        true
    }

    async fn account(&self, _: &str) -> Option<Account> {
        Some(self.0.clone())
    }
}

impl Drops for Host {
    async fn take(&self, _: FileDrop) -> Result<Receipt, Refusal> {
        Ok(Receipt { reference: String::new() })
    }
}

impl Audit for Host {
    fn note(&self, _: Event) {}
}

/// Serves a mailbox until the process is killed; says its port and the line of its host key.
async fn serve(home: &Path) {
    let key = AuthorizedKey::new(&public(&home.join("ed25519"))).expect("a key of ssh-keygen");
    let limits = Limits { sessions: 1000, idle: Duration::from_secs(3600), ..Limits::default() };
    let account = Account {
        name: "acme".into(),
        keys: vec![key],
        password: None,
        login: LoginRule::Either,
        networks: Vec::new(),
        mailbox: Mailbox::usual(home.join("mailbox")),
        limits,
    };
    let key = HostKey::generate().expect("random numbers");
    let line = key.public().expect("a host key has a public part");
    let settings = Settings { strangers: 500, connections: 2000, ..Settings::new(vec![key]) };
    let server = Server::new(settings, Arc::new(Host(account))).expect("a host key");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("a bound port").port();
    say(format!("{port} {line}"));
    server.run(listener, std::future::pending()).await;
}

fn say(line: impl AsRef<str>) {
    let mut out = std::io::stdout();
    writeln!(out, "{}", line.as_ref()).and_then(|()| out.flush()).expect("somebody listens");
}

/// Our server in a process of its own.
struct Ours {
    home: TempDir,
    child: Child,
    remote: Remote,
    known: String,
}

impl Drop for Ours {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ours {
    fn start() -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir(home.path().join("mailbox")).expect("a directory");
        let key = user_key(home.path(), "ed25519");
        let program = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(program)
            .env("SERVE", home.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("standard output is piped");
        BufReader::new(out).read_line(&mut line).expect("it says where it listens");
        let (port, known) = line.trim().split_once(' ').expect("a port and a key");
        let mut remote = Remote::new("127.0.0.1", "acme");
        remote.port = port.parse().expect("a port");
        remote.host_keys = vec![known.parse().expect("a key")];
        remote.credentials.keys = vec![read_key(&key)];
        Self { home, child, remote, known: known.to_owned() }
    }

    /// A figure of the server's process, in KiB.
    fn memory(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("the server runs");
        let line = status.lines().find(|line| line.starts_with(name)).expect("Linux tells it");
        line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("a number")
    }
}

/// A server as both clients reach it.
struct Target {
    name: &'static str,
    remote: Remote,
    /// For OpenSSH's client: the key, and what `known_hosts` has.
    key: PathBuf,
    known: String,
    folder: &'static str,
}

impl Target {
    fn at(&self, port: u16) -> Self {
        let remote = Remote { port, ..self.remote.clone() };
        let (key, known) = (self.key.clone(), self.known.clone());
        Self { name: self.name, remote, key, known, folder: self.folder }
    }

    /// Runs OpenSSH's `sftp` with these commands and says how long that took.
    async fn openssh(&self, directory: &Path, commands: String) -> Duration {
        let known = directory.join("known_hosts");
        let line = format!("[127.0.0.1]:{} {}\n", self.remote.port, self.known);
        std::fs::write(&known, line).expect("a file");
        let mut sftp = Command::new(tool("sftp"));
        sftp.current_dir(directory).args(["-q", "-F", "/dev/null", "-o", "BatchMode=yes"]);
        sftp.args(["-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes"]);
        sftp.arg("-o").arg(format!("UserKnownHostsFile={}", known.display()));
        sftp.arg("-o").arg(format!("Port={}", self.remote.port)).arg("-i").arg(&self.key);
        sftp.args(["-b", "-"]).arg(format!("{}@127.0.0.1", self.remote.user));
        sftp.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let before = Instant::now();
        let output = run(sftp, commands.into_bytes()).await;
        let took = before.elapsed();
        good(&output);
        took
    }

    async fn connect(&self) -> Client {
        Client::connect(&self.remote).await.expect("the server lets us in")
    }

    async fn ours_up(&self, from: &Path, is_safe: bool) -> Duration {
        let before = Instant::now();
        let client = self.connect().await;
        let mut file = std::fs::File::open(from).expect("it is there");
        let options = PutOptions { resume: is_safe, sync: is_safe, ..PutOptions::default() };
        let path = format!("{}large", self.folder);
        client.put(path.as_bytes(), &mut file, &options).await.expect("it can be put");
        client.close().await;
        before.elapsed()
    }

    async fn ours_down(&self, to: &Path) -> Duration {
        let before = Instant::now();
        let client = self.connect().await;
        let mut file = std::fs::File::create(to).expect("a file");
        let path = format!("{}large", self.folder);
        let fetched = client.fetch(path.as_bytes(), &mut file, &FetchOptions::default()).await;
        fetched.expect("it can be fetched");
        client.close().await;
        before.elapsed()
    }

    async fn ours_small(&self, is_up: bool, at_once: usize) -> Duration {
        let before = Instant::now();
        let client = Arc::new(self.connect().await);
        let places = Arc::new(Semaphore::new(at_once));
        let mut all = JoinSet::new();
        for number in 0..SMALL_FILES {
            let place = Arc::clone(&places).acquire_owned().await.expect("it is never closed");
            let (client, path) = (Arc::clone(&client), format!("{}f{number:04}", self.folder));
            all.spawn(async move {
                let path = path.as_bytes();
                let options = PutOptions { resume: false, sync: false, ..PutOptions::default() };
                if is_up {
                    let content = noise(number as u64, 4096);
                    client.put(path, &mut Cursor::new(content), &options).await.expect("a put");
                } else {
                    let mut sink = Vec::new();
                    let options = FetchOptions::default();
                    client.fetch(path, &mut sink, &options).await.expect("a fetch");
                    assert_eq!(sink.len(), 4096);
                }
                drop(place);
            });
        }
        while let Some(done) = all.join_next().await {
            done.expect("each succeeds");
        }
        Arc::into_inner(client).expect("nobody else has it").close().await;
        before.elapsed()
    }
}

/// Times of one job, in the order in which the pairs are printed.
struct Table {
    job: String,
    times: Vec<(String, Vec<Duration>)>,
}

impl Table {
    fn new(job: impl Into<String>) -> Self {
        Self { job: job.into(), times: Vec::new() }
    }

    fn add(&mut self, pair: String, took: Duration) {
        match self.times.iter_mut().find(|(name, _)| *name == pair) {
            Some((_, times)) => times.push(took),
            None => self.times.push((pair, vec![took])),
        }
    }

    /// Prints medians in milliseconds, and how many times as fast as the first pair each is.
    fn print(mut self) {
        let medians: Vec<(String, u128)> = self
            .times
            .iter_mut()
            .map(|(name, times)| {
                times.sort();
                (name.clone(), times[times.len() / 2].as_millis().max(1))
            })
            .collect();
        let first = medians.first().map_or(1, |(_, median)| *median);
        for (pair, median) in medians {
            let hundredths = first * 100 / median;
            let ratio = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            say(format!("| {} | {pair} | {median} | {ratio} |", self.job));
        }
    }
}

async fn large(targets: &[Target], at: &Path, rounds: usize, size: usize, delay: Duration) {
    let name = format!("{} MiB, {} ms round trip", size >> 20, 2 * delay.as_millis());
    let (source, back) = (at.join("large"), at.join("back"));
    std::fs::write(&source, noise(1, size)).expect("a file");
    let (mut up, mut down) =
        (Table::new(format!("{name}, up")), Table::new(format!("{name}, down")));
    for _ in 0..rounds {
        for target in targets {
            let server = SocketAddr::from(([127, 0, 0, 1], target.remote.port));
            let line = Line::to(server, Kind { delay, ..Kind::default() }).await;
            let target =
                if delay.is_zero() { target.at(target.remote.port) } else { target.at(line.port) };
            let path = format!("{}large", target.folder);
            let pair = format!("OpenSSH - {}", target.name);
            up.add(pair.clone(), target.openssh(at, format!("put large {path}\n")).await);
            down.add(pair, target.openssh(at, format!("get {path} back\n")).await);
            let pair = format!("ours - {}", target.name);
            up.add(pair.clone(), target.ours_up(&source, true).await);
            up.add(
                format!("{pair}, neither resumable nor synced"),
                target.ours_up(&source, false).await,
            );
            down.add(pair, target.ours_down(&back).await);
        }
    }
    up.print();
    down.print();
}

async fn small(targets: &[Target], at: &Path, rounds: usize) {
    for folder in ["small", "small-back"] {
        std::fs::create_dir(at.join(folder)).expect("a directory");
    }
    for number in 0..SMALL_FILES {
        let path = at.join("small").join(format!("f{number:04}"));
        std::fs::write(path, noise(number as u64, 4096)).expect("a file");
    }
    let name = format!("{SMALL_FILES} x 4 KiB");
    let (mut up, mut down) =
        (Table::new(format!("{name}, up")), Table::new(format!("{name}, down")));
    for _ in 0..rounds {
        for target in targets {
            let folder = if target.folder.is_empty() { "." } else { target.folder };
            let pair = format!("OpenSSH - {}", target.name);
            up.add(pair.clone(), target.openssh(at, format!("put small/f* {folder}\n")).await);
            let get = format!("get {}f* small-back\n", target.folder);
            down.add(pair, target.openssh(at, get).await);
            for at_once in [1, 16] {
                let pair = format!("ours - {}, {at_once} at once", target.name);
                up.add(pair.clone(), target.ours_small(true, at_once).await);
                down.add(pair, target.ours_small(false, at_once).await);
            }
        }
    }
    up.print();
    down.print();
}

/// Many sessions at once: first quiet, then each with a file of 1 MiB.
async fn many(ours: &Ours, sessions: u64) {
    let before = ours.memory("VmRSS");
    let begin = Instant::now();
    let mut opening = JoinSet::new();
    for _ in 0..sessions {
        let remote = ours.remote.clone();
        opening.spawn(async move { Client::connect(&remote).await.expect("it lets us in") });
    }
    let clients = opening.join_all().await;
    let opened = begin.elapsed();
    let quiet = ours.memory("VmRSS");
    let begin = Instant::now();
    let mut all = JoinSet::new();
    for (number, client) in clients.into_iter().enumerate() {
        all.spawn(async move {
            let content = noise(number as u64, 1 << 20);
            let path = format!("inbound/m{number}");
            let options = PutOptions { resume: false, ..PutOptions::default() };
            client.put(path.as_bytes(), &mut Cursor::new(&content), &options).await.expect("a put");
            let mut back = Vec::new();
            let fetched = client.fetch(path.as_bytes(), &mut back, &FetchOptions::default()).await;
            fetched.expect("a fetch");
            assert!(back == content, "other bytes");
            client.close().await;
        });
    }
    while let Some(done) = all.join_next().await {
        done.expect("each succeeds");
    }
    say(format!(
        "| {sessions} sessions | opened in {} ms | {} KiB each while quiet | 1 MiB up and down each: \
         {} ms | server at its peak {} MiB |",
        opened.as_millis(),
        quiet.saturating_sub(before) / sessions,
        begin.elapsed().as_millis(),
        ours.memory("VmHWM") >> 10,
    ));
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("threads can be started");
    if let Some(home) = std::env::var_os("SERVE") {
        return runtime.block_on(serve(Path::new(&home)));
    }
    let rounds = if std::env::args().any(|argument| argument == "quick") { 1 } else { 3 };
    runtime.block_on(measure(rounds));
}

async fn measure(rounds: usize) {
    let (sshd, ours) = (Sshd::start().await, Ours::start());
    let at = tempfile::tempdir().expect("a temporary directory");
    let targets = [
        Target {
            name: "sshd",
            remote: sshd.remote("ed25519"),
            key: sshd.home.path().join("ed25519"),
            known: sshd.host_key("ed25519").trim().to_owned(),
            folder: "",
        },
        Target {
            name: "ours",
            remote: ours.remote.clone(),
            key: ours.home.path().join("ed25519"),
            known: ours.known.clone(),
            folder: "inbound/",
        },
    ];
    let first = ours.memory("VmRSS");
    say("| job | client - server | ms | times as fast |\n|---|---|---|---|");
    large(&targets, at.path(), rounds, LARGE, Duration::ZERO).await;
    large(&targets, at.path(), rounds, MEDIUM, Duration::from_millis(25)).await;
    small(&targets, at.path(), rounds).await;
    say(format!("| server | {first} KiB at first | {} KiB at its peak |", ours.memory("VmHWM")));
    let ours = Ours::start();
    many(&ours, 200).await;
}
