//! A server on a loopback port, and clients to talk to it: OpenSSH's, and a raw one that says
//! whatever a test wants said.

#![allow(dead_code)]

use std::collections::HashMap;
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use tieline_transport::sftp::audit::What;
use tieline_transport::sftp::{
    Account, Accounts, Audit, AuthorizedKey, Drops, Event, HostKey, Limits, LoginRule, Password,
    Server, Settings,
};
use tieline_transport::{FileDrop, Mailbox, Receipt, Refusal};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) mod line;
pub(crate) mod raw;
pub(crate) mod sshd;

pub(crate) const PASSWORD: &str = "a windy day on the prairie";

/// What a test knows of a drop that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) account: String,
    pub(crate) folder: String,
    pub(crate) name: Vec<u8>,
    pub(crate) sha256: [u8; 32],
    pub(crate) bytes: Vec<u8>,
}

/// Stands in for the gateway.
#[derive(Default)]
pub(crate) struct Gateway {
    pub(crate) accounts: Mutex<HashMap<String, Account>>,
    pub(crate) taken: Mutex<Vec<Taken>>,
    pub(crate) events: Mutex<Vec<Event>>,
    pub(crate) refusal: Mutex<Option<String>>,
    pub(crate) delay: Mutex<Duration>,
}

impl Accounts for Gateway {
    async fn admit(&self, address: IpAddr) -> bool {
        address.is_loopback()
    }

    async fn account(&self, name: &str) -> Option<Account> {
        self.accounts.lock().expect("no test panics while it holds this").get(name).cloned()
    }
}

impl Drops for Gateway {
    async fn take(&self, arrived: FileDrop) -> Result<Receipt, Refusal> {
        let delay = *self.delay.lock().expect("no test panics while it holds this");
        tokio::time::sleep(delay).await;
        if let Some(text) = &*self.refusal.lock().expect("no test panics while it holds this") {
            return Err(Refusal::new(text));
        }
        let mut bytes = Vec::new();
        arrived.reader().read_to_end(&mut bytes).expect("a drop can be read");
        assert_eq!(bytes.len() as u64, arrived.size);
        let FileDrop { account, folder, name, sha256, .. } = arrived;
        let mut taken = self.taken.lock().expect("no test panics while it holds this");
        taken.push(Taken { account, folder, name, sha256, bytes });
        Ok(Receipt { reference: format!("message {}", taken.len()) })
    }
}

impl Audit for Gateway {
    fn note(&self, event: Event) {
        self.events.lock().expect("no test panics while it holds this").push(event);
    }
}

/// A running server with one account, `acme`, that has a key and a password.
pub(crate) struct Running {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) address: SocketAddr,
    pub(crate) host_key: HostKey,
    pub(crate) home: TempDir,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

/// Settings for tests: refusals are quick.
pub(crate) fn settings() -> Settings {
    let key = HostKey::generate().expect("random numbers");
    Settings { refusal_delay: Duration::from_millis(20), ..Settings::new(vec![key]) }
}

pub(crate) async fn start() -> Running {
    start_with(settings(), |_| {}).await
}

pub(crate) async fn start_with(settings: Settings, change: impl FnOnce(&mut Account)) -> Running {
    let home = tempfile::tempdir().expect("a temporary directory");
    let root = home.path().join("mailbox");
    std::fs::create_dir(&root).expect("a directory");
    let key = user_key(home.path(), "ed25519");
    let mut account = Account {
        name: "acme".into(),
        keys: vec![AuthorizedKey::new(&public(&key)).expect("a key of ssh-keygen")],
        password: Some(Password::hash(PASSWORD).expect("random numbers")),
        login: LoginRule::Either,
        networks: Vec::new(),
        mailbox: Mailbox::usual(&root),
        limits: Limits::default(),
    };
    account.mailbox.open().expect("the folders can be made");
    change(&mut account);
    let gateway = Arc::new(Gateway::default());
    let accounts = HashMap::from([(account.name.clone(), account)]);
    *gateway.accounts.lock().expect("a new lock") = accounts;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound port");
    let host_key = settings.host_keys[0].clone();
    let server = Server::new(settings, Arc::clone(&gateway)).expect("a host key");
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let stopped = async {
            let _ = stopped.await;
        };
        server.run(listener, stopped).await;
    });
    Running { gateway, address, host_key, home, stop: Some(stop), server: Some(server) }
}

impl Running {
    pub(crate) fn mailbox(&self) -> PathBuf {
        self.home.path().join("mailbox")
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.mailbox().join(name)
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.gateway.taken.lock().expect("no test panics while it holds this").clone()
    }

    pub(crate) fn events(&self) -> Vec<What> {
        let events = self.gateway.events.lock().expect("no test panics while it holds this");
        events.iter().map(|event| event.what.clone()).collect()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Account)) {
        let mut accounts =
            self.gateway.accounts.lock().expect("no test panics while it holds this");
        change(accounts.get_mut("acme").expect("the account is there"));
    }

    /// Files that are on their way and in no folder.
    pub(crate) fn staged(&self) -> usize {
        std::fs::read_dir(self.folder(".arriving")).expect("the staging place is there").count()
    }

    /// Waits until something happened, and fails after ten seconds.
    pub(crate) async fn until(&self, what: &str, happened: impl Fn(&Self) -> bool) {
        for _ in 0..1000 {
            if happened(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("did not happen: {what}; audit: {:#?}", self.events());
    }

    /// Tells the server to stop.
    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Waits until the server has stopped.
    pub(crate) async fn stopped(&mut self) {
        let server = self.server.take().expect("a server stops once");
        tokio::time::timeout(Duration::from_secs(20), server)
            .await
            .expect("the server stops in time")
            .expect("the server does not panic");
    }

    /// The `sftp` program with a batch of commands on its standard input, not started.
    pub(crate) fn sftp(&self, options: &[&str]) -> Command {
        let mut command = self.openssh("sftp");
        command.args(options).args(["-b", "-", "acme@127.0.0.1"]);
        command
    }

    /// A program of OpenSSH that knows our host key and logs in with the account's key.
    pub(crate) fn openssh(&self, program: &str) -> Command {
        let known = self.home.path().join("known_hosts");
        let key = self.host_key.public().expect("a host key has a public part");
        let line = format!("[127.0.0.1]:{} {key}\n", self.address.port());
        std::fs::write(&known, line).expect("a file in a temporary directory");
        let mut command = Command::new(tool(program));
        command.current_dir(self.home.path()).args(["-F", "/dev/null", "-o", "BatchMode=yes"]);
        command.args(["-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes"]);
        command.arg("-o").arg(format!("UserKnownHostsFile={}", known.display()));
        command.arg("-o").arg(format!("Port={}", self.address.port()));
        command.arg("-i").arg(self.home.path().join("ed25519"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs `sftp` with these commands, one a line; bytes, since names are bytes.
    pub(crate) async fn batch(&self, commands: impl AsRef<[u8]>) -> Output {
        self.batch_with(&[], commands).await
    }

    pub(crate) async fn batch_with(&self, options: &[&str], commands: impl AsRef<[u8]>) -> Output {
        run(self.sftp(options), commands.as_ref().to_vec()).await
    }
}

/// Runs a program to its end, for two minutes at most.
pub(crate) async fn run(mut command: Command, input: Vec<u8>) -> Output {
    use std::io::Write;

    let mut child = command.spawn().expect("a program that was found starts");
    let id = child.id();
    let mut stdin = child.stdin.take().expect("standard input is piped");
    let running = tokio::task::spawn_blocking(move || {
        // A program that ends early does not read its input.
        let _ = stdin.write_all(&input);
        drop(stdin);
        child.wait_with_output().expect("a child can be waited for")
    });
    match tokio::time::timeout(Duration::from_secs(120), running).await {
        Ok(output) => output.expect("waiting does not panic"),
        Err(_) => {
            kill(id);
            panic!("the program hung and was killed: {command:?}");
        }
    }
}

/// Kills one child of ours.
pub(crate) fn kill(id: u32) {
    let killed = Command::new(tool("kill")).args(["-9", &id.to_string()]).status();
    assert!(killed.expect("kill starts").success());
}

/// Asserts that a program succeeded, and gives its standard output.
pub(crate) fn good(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "it failed: {told}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Asserts that a program failed, and gives its standard error.
pub(crate) fn bad(output: &Output) -> String {
    assert!(!output.status.success(), "it succeeded and must not");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Finds a program, also where only root looks by default.
pub(crate) fn tool(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(more)
        .map(|directory| directory.join(name))
        .find(|program| program.is_file())
        .unwrap_or_else(|| {
            panic!(
                "{name} is missing; on Debian: sudo apt-get install openssh-client openssh-server"
            )
        })
}

/// Makes a key without a passphrase; gives the path of its private half.
pub(crate) fn user_key(directory: &Path, kind: &str) -> PathBuf {
    let path = directory.join(kind);
    let made = Command::new(tool("ssh-keygen"))
        .args(["-q", "-N", "", "-C", "", "-t", kind, "-f"])
        .arg(&path)
        .status();
    assert!(made.expect("ssh-keygen starts").success());
    path
}

/// The public half of a key, in one line.
pub(crate) fn public(key: &Path) -> String {
    std::fs::read_to_string(key.with_extension("pub")).expect("ssh-keygen wrote it")
}

/// Bytes that do not repeat soon, the same for the same seed.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
