//! Partners whose software is paramiko: as clients of our server, and as servers of our client.
//!
//! `tests/run` installs paramiko into `target/tools/paramiko`. Without it these tests are skipped,
//! which they say.

mod common;

use std::io::{BufRead, BufReader, Cursor};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::sshd::KINDS;
use common::{PASSWORD, good, noise, public, run, settings, start, start_with, user_key};
use tieline_transport::sftp::audit::What;
use tieline_transport::sftp::client::{
    Client, FetchOptions, PutOptions, Remote, Replace, Secret, SftpError,
};
use tieline_transport::sftp::{AuthorizedKey, Settings};

/// A Python that has paramiko; none when it is not installed.
fn python() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = workspace.join("target/tools/paramiko/bin/python3");
    if python.is_file() {
        return Some(python);
    }
    let must = std::env::var_os("TIELINE_REQUIRE_PARAMIKO").is_some();
    assert!(!must, "paramiko is not installed in {}", python.display());
    eprintln!("SKIPPED: paramiko is not installed; tests/run installs it");
    None
}

fn script(python: &Path, name: &str) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/paramiko").join(name);
    let mut command = Command::new(python);
    command.arg("-B").arg(script);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Paramiko asks for a whole file at once, which stopped other servers at 2 MB for good.
#[tokio::test(flavor = "multi_thread")]
async fn paramiko_puts_and_fetches_large_files() {
    let Some(python) = python() else { return };
    let running = start().await;
    // Its version 5.1 does not read the ECDSA keys that ssh-keygen writes.
    for kind in KINDS.into_iter().filter(|kind| *kind != "ecdsa") {
        let key = match kind {
            "ed25519" => running.home.path().join(kind),
            kind => user_key(running.home.path(), kind),
        };
        let key = AuthorizedKey::new(&public(&key)).expect("a key of ssh-keygen");
        running.change(|account| account.keys.push(key));
    }
    let content = noise(31, 64 << 20);
    let (large, back) = (running.home.path().join("large"), running.home.path().join("back"));
    std::fs::write(&large, &content).expect("a file");
    let mut transfer = script(&python, "client.py");
    transfer.arg("transfer").arg(running.address.port().to_string()).arg(running.home.path());
    transfer.arg(PASSWORD).arg(large).arg(&back);
    good(&run(transfer, Vec::new()).await);
    assert!(std::fs::read(back).expect("it was fetched") == content, "it came back otherwise");
    let taken = running.taken();
    assert!(taken[0].bytes == content, "it arrived otherwise");
    assert_eq!((taken.len(), &taken[1].bytes[..]), (2, &b"ISA*00"[..]));
}

/// A second try on the same connection is not answered: paramiko asks for the service of logging in
/// before each, and `russh` 0.65 answers that once. Other clients ask once.
#[tokio::test(flavor = "multi_thread")]
async fn each_first_wrong_password_of_paramiko_is_answered() {
    let Some(python) = python() else { return };
    let running = start_with(Settings { tries: 6, ..settings() }, |_| {}).await;
    let mut guess = script(&python, "client.py");
    guess.arg("guess").arg(running.address.port().to_string());
    let answered = good(&run(guess, Vec::new()).await);
    assert_eq!(answered.trim(), "5");
    let refused = |what: &&What| matches!(what, What::LoginRefused { .. });
    assert_eq!(running.events().iter().filter(refused).count(), 5);
}

struct Server {
    remote: Remote,
    home: tempfile::TempDir,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(python: &Path, damage: Option<&str>) -> Server {
    let home = tempfile::tempdir().expect("a temporary directory");
    let mut server = script(python, "server.py");
    server.arg(home.path()).arg(PASSWORD).args(damage).stderr(Stdio::null());
    let mut child = server.spawn().expect("a program that was found starts");
    let mut line = String::new();
    let out = child.stdout.take().expect("standard output is piped");
    BufReader::new(out).read_line(&mut line).expect("it says where it listens");
    let (port, key) = line.trim().split_once(' ').expect("a port and a key");
    let mut remote = Remote::new("127.0.0.1", "acme");
    remote.port = port.parse().expect("a port");
    remote.host_keys = vec![key.parse().expect("a key")];
    remote.credentials.password = Some(Secret::new(PASSWORD));
    Server { remote, home, child }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_both_ways_with_a_server_of_paramiko_and_hashes_are_compared() {
    let Some(python) = python() else { return };
    let server = serve(&python, None);
    let client = Client::connect(&server.remote).await.expect("the server lets us in");
    client.mkdir(b"in").await.expect("it is new");
    let content = noise(32, 3_000_000);
    let options = PutOptions { replace: Replace::RemoveFirst, ..PutOptions::default() };
    for content in [&content[..1000], &content] {
        let put = client.put(b"in/a", &mut Cursor::new(content), &options).await;
        let put = put.expect("it can be put");
        assert!(put.is_hash_checked, "it offers check-file");
        let there = std::fs::read(server.home.path().join("in/a")).expect("it was put");
        assert!(there == content, "it arrived otherwise");
    }
    let mut sink = Vec::new();
    client.fetch(b"in/a", &mut sink, &FetchOptions::default()).await.expect("it is there");
    assert!(sink == content, "it came otherwise");
    assert_eq!(client.list(b"in").await.expect("a folder").len(), 1);
    let never = PutOptions { replace: Replace::Never, ..options };
    let put = client.put(b"in/a", &mut Cursor::new(b"new"), &never).await;
    assert!(matches!(put, Err(SftpError::Exists { .. })), "{put:?}");
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stores_other_bytes_is_found_out() {
    let Some(python) = python() else { return };
    let server = serve(&python, Some("damage"));
    let client = Client::connect(&server.remote).await.expect("the server lets us in");
    let content = noise(33, 1000);
    let put = client.put(b"a", &mut Cursor::new(&content), &PutOptions::default()).await;
    assert!(matches!(put, Err(SftpError::Hash { .. })), "{put:?}");
    assert!(client.list(b"/").await.expect("a folder").is_empty(), "nothing is left");
    client.close().await;
}
