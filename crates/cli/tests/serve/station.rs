//! A gateway in a folder of its own: the program, its partners, and a client with a key for the bank.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tieline_store::message::{Filter, Flow, Message};
use tieline_store::{State, Store};

pub(crate) const BANK: &str = "redriver-bank";

/// How long the gateway may take for what it has to do before a test gives up, in seconds.
const PATIENCE: u64 = 60;

/// A gateway in a folder of its own, with the partners of the repository and a key for the bank.
pub(crate) struct Station {
    folder: TempDir,
    store: String,
    running: Option<(Child, u16)>,
}

pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

impl Station {
    /// A gateway that keeps everything in the store at an address, or in one of its own.
    pub(crate) fn new(store: Option<String>) -> Station {
        let folder = tempfile::tempdir().expect("a temporary folder");
        copy(&repository("partners"), &folder.path().join("partners"));
        let key = folder.path().join("key");
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key);
        assert!(keygen.status().expect("ssh-keygen is installed").success());
        let public = fs::read_to_string(key.with_extension("pub")).expect("a public key");
        let profile = folder.path().join("partners").join(BANK).join("partner.toml");
        let text = fs::read_to_string(&profile).expect("the profile is there");
        let (before, rest) = text.split_once("[mailbox]").expect("it has a mailbox");
        let (_, after) = rest.split_once("[[watches]]").expect("it has a watch");
        // What is exported would wait for a folder that is not on this machine.
        let after = after.split("[[exports]]").next().unwrap_or_default();
        let mailbox = format!("[mailbox]\nkeys = [{{ key = \"{}\" }}]\n\n", public.trim());
        fs::write(&profile, format!("{before}{mailbox}[[watches]]{after}")).expect("it is written");
        let own = || format!("sqlite:{}", folder.path().join("state/tieline.db").display());
        let store = store.unwrap_or_else(own);
        Station { folder, store, running: None }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program of this build, or the one that `TIELINE_PROGRAM` names.
    pub(crate) fn tieline(&self, arguments: &[&str]) -> Command {
        let program = std::env::var_os("TIELINE_PROGRAM");
        let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_tieline").into());
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path());
        for name in ["TIELINE_PARTNERS", "TIELINE_MAILBOXES", "TIELINE_CONFIG"] {
            command.env_remove(name);
        }
        command.env("TIELINE_STORE", &self.store);
        command
    }

    /// Starts to serve, and waits until partners can connect.
    pub(crate) fn start(&mut self) {
        let serve = self.tieline(&["serve", "--sftp", "127.0.0.1:0"]);
        self.start_as(serve);
    }

    /// Starts to serve over AS2 alone, and waits until partners can connect.
    pub(crate) fn start_as2(&mut self) {
        self.start_as2_at("127.0.0.1:0");
    }

    /// The same at an address of this machine.
    pub(crate) fn start_as2_at(&mut self, address: &str) {
        let serve = self.tieline(&["serve", "--as2", address]);
        self.start_saying(serve, "taking AS2 messages at 127.0.0.1:");
    }

    /// The same over SFTP by a command of one's own; gives its process.
    pub(crate) fn start_as(&mut self, serve: Command) -> u32 {
        self.start_saying(serve, "serving mailboxes at 127.0.0.1:")
    }

    /// Starts what says its port after these words.
    fn start_saying(&mut self, mut serve: Command, words: &str) -> u32 {
        let mut child = serve.stderr(Stdio::piped()).spawn().expect("tieline starts");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let port = loop {
            let line = lines.next().expect("it says where it serves").expect("it is text");
            if let Some((_, port)) = line.split_once(words) {
                break port.parse().expect("a port");
            }
        };
        let mut log = File::options().create(true).append(true).open(self.path("log"));
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Whether it is kept or not, the gateway may not be held up.
                let _ = log.as_mut().map(|log| writeln!(log, "{line}"));
            }
        });
        let id = child.id();
        self.running = Some((child, port));
        id
    }

    pub(crate) fn port(&self) -> u16 {
        self.running.as_ref().expect("it runs").1
    }

    /// Looks from now on into the store at another address.
    pub(crate) fn look_at(&mut self, store: String) {
        self.store = store;
    }

    /// Starts OpenSSH's client with these commands.
    pub(crate) fn sftp(&self, commands: &str) -> Child {
        self.sftp_at(self.port(), commands)
    }

    /// The same at a port of one's own.
    pub(crate) fn sftp_at(&self, port: u16, commands: &str) -> Child {
        let mut sftp = Command::new("sftp");
        sftp.args(["-q", "-b", "-", "-o", "StrictHostKeyChecking=no"]);
        sftp.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-i"]);
        sftp.arg(self.path("key")).args(["-P", &port.to_string()]);
        sftp.arg(format!("{BANK}@127.0.0.1")).current_dir(self.folder.path());
        let log = File::options().create(true).append(true).open(self.path("sftp.log"));
        let log = log.expect("a file can be made");
        let quiet = sftp.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        let mut child = quiet.spawn().expect("OpenSSH's sftp is installed");
        let mut input = child.stdin.take().expect("it is piped");
        // Whether it still listens is seen from how it ends.
        let _ = input.write_all(commands.as_bytes());
        child
    }

    /// Ends the gateway as a loss of power does.
    pub(crate) fn kill(&mut self) {
        let (mut child, _) = self.running.take().expect("it runs");
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// Tells the gateway to end, and waits until it has.
    pub(crate) fn stop(&mut self) {
        let (mut child, _) = self.running.take().expect("it runs");
        let told = Command::new("kill").arg(child.id().to_string()).status();
        assert!(told.expect("kill is installed").success());
        assert!(child.wait().expect("it ends").success());
    }

    /// Tells the gateway to read its partners anew.
    pub(crate) fn read_anew(&self) {
        let (child, _) = self.running.as_ref().expect("it runs");
        let told = Command::new("kill").args(["-HUP", &child.id().to_string()]).status();
        assert!(told.expect("kill is installed").success());
    }

    /// Waits until the log of the gateway says this.
    pub(crate) fn until_told(&self, words: &str) {
        let start = Instant::now();
        loop {
            let log = fs::read_to_string(self.path("log")).unwrap_or_default();
            if log.contains(words) {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(PATIENCE), "{words}: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What `tieline msg` says.
    pub(crate) fn msg(&self, arguments: &[&str]) -> String {
        let all = [&["msg"], arguments].concat();
        let output = self.tieline(&all).output().expect("tieline runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("it is text")
    }

    /// Looks into the store, beside the gateway that uses it.
    pub(crate) fn look<T>(&self, see: impl AsyncFnOnce(&dyn Store) -> T) -> T {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let store: Arc<dyn Store> =
                tieline_store::open(&self.store).await.expect("the store opens");
            let seen = see(&*store).await;
            store.close().await;
            seen
        })
    }

    /// Waits until at least so many files have come and nothing is left to do.
    pub(crate) fn until_idle(&self, count: usize) {
        let start = Instant::now();
        self.look(async |store| {
            loop {
                let jobs = store.jobs(&Default::default(), 100).await.expect("it answers");
                if jobs.is_empty() && came(store).await.len() >= count {
                    return;
                }
                assert!(start.elapsed() < Duration::from_secs(PATIENCE), "{jobs:?}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
    }
}

/// Every message that came in.
pub(crate) async fn came(store: &dyn Store) -> Vec<Message> {
    let came = Filter { flow: Some(Flow::In), ..Filter::default() };
    store.messages(&came, None, 1_000_000).await.expect("it answers")
}

/// Whether a message that came in has been dealt with.
pub(crate) fn is_done(message: &Message) -> bool {
    matches!(message.state, State::Posted | State::Repeat)
}

impl Drop for Station {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            for name in ["sftp.log", "log"] {
                let said = fs::read_to_string(self.path(name)).unwrap_or_default();
                let lines: Vec<&str> = said.lines().collect();
                let last = lines[lines.len().saturating_sub(20)..].join("\n");
                let _ = std::io::stderr().write_all(format!("{name}:\n{last}\n").as_bytes());
            }
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a new folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("the folder can be listed");
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).expect("a file can be copied")),
        }
    }
}

/// The payment of this number, under control numbers and a trace number of its own.
pub(crate) fn payment(number: u64) -> String {
    let sample = fs::read_to_string(repository("samples/820/ach-ctx-many-accounts.edi"));
    let number = 100_000 + number;
    sample
        .expect("the sample is there")
        .replace("000000615", &format!("{number:09}"))
        .replace("*615*X*", &format!("*{number}*X*"))
        .replace("GE*1*615", &format!("GE*1*{number}"))
        .replace("R0000615", &format!("R{number:07}"))
}
