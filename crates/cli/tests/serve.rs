//! The gateway as its users run it: the program itself, OpenSSH's client, and sudden ends.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tieline_store::posting::Filter;
use tieline_store::{State, message};

const BANK: &str = "redriver-bank";
/// How often the gateway is killed while a file comes; more by the environment.
const KILLS: u64 = 8;

/// A gateway in a folder of its own, with the partners of the repository and a key for the bank.
struct Gateway {
    folder: TempDir,
    running: Option<(Child, u16)>,
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

impl Gateway {
    fn new() -> Gateway {
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
        let mailbox = format!("[mailbox]\nkeys = [{{ key = \"{}\" }}]\n\n", public.trim());
        fs::write(&profile, format!("{before}{mailbox}[[watches]]{after}")).expect("it is written");
        Gateway { folder, running: None }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn tieline(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
        command.args(arguments).current_dir(self.folder.path());
        for name in ["TIELINE_STORE", "TIELINE_PARTNERS", "TIELINE_MAILBOXES", "TIELINE_CONFIG"] {
            command.env_remove(name);
        }
        command
    }

    /// Starts to serve, and waits until partners can connect.
    fn start(&mut self) {
        let mut serve = self.tieline(&["serve", "--sftp", "127.0.0.1:0"]);
        let mut child = serve.stderr(Stdio::piped()).spawn().expect("tieline starts");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let port = loop {
            let line = lines.next().expect("it says where it serves").expect("it is text");
            if let Some((_, port)) = line.split_once("serving mailboxes at 127.0.0.1:") {
                break port.parse().expect("a port");
            }
        };
        // Nobody reads the rest, and nobody may be held up by that.
        std::thread::spawn(move || lines.for_each(drop));
        self.running = Some((child, port));
    }

    fn port(&self) -> u16 {
        self.running.as_ref().expect("it runs").1
    }

    /// Starts OpenSSH's client with these commands.
    fn sftp(&self, commands: &str) -> Child {
        let mut sftp = Command::new("sftp");
        sftp.args(["-q", "-b", "-", "-o", "StrictHostKeyChecking=no"]);
        sftp.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-i"]);
        sftp.arg(self.path("key")).args(["-P", &self.port().to_string()]);
        sftp.arg(format!("{BANK}@127.0.0.1")).current_dir(self.folder.path());
        let silent = sftp.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = silent.spawn().expect("OpenSSH's sftp is installed");
        let mut input = child.stdin.take().expect("it is piped");
        input.write_all(commands.as_bytes()).expect("it listens");
        child
    }

    /// Ends the gateway as a loss of power does.
    fn kill(&mut self) {
        let (mut child, _) = self.running.take().expect("it runs");
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// Tells the gateway to end, and waits until it has.
    fn stop(&mut self) {
        let (mut child, _) = self.running.take().expect("it runs");
        let told = Command::new("kill").arg(child.id().to_string()).status();
        assert!(told.expect("kill is installed").success());
        assert!(child.wait().expect("it ends").success());
    }

    /// What `tieline msg` says.
    fn msg(&self, arguments: &[&str]) -> String {
        let all = [&["msg"], arguments].concat();
        let output = self.tieline(&all).output().expect("tieline runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("it is text")
    }

    /// Waits until so many messages that came in are posted or repeats.
    fn until_posted(&self, count: usize) {
        let start = Instant::now();
        loop {
            let list = self.msg(&["list", "--in", "--most", "1000"]);
            let done = |line: &&str| line.contains(" posted ") || line.contains(" repeat ");
            if list.lines().filter(done).count() >= count {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{list}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
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
fn payment(number: u64) -> String {
    let sample = fs::read_to_string(repository("samples/820/ach-ctx-many-accounts.edi"));
    let number = 1_000 + number;
    sample
        .expect("the sample is there")
        .replace("000000615", &format!("{number:09}"))
        .replace("*615*X*", &format!("*{number}*X*"))
        .replace("GE*1*615", &format!("GE*1*{number}"))
        .replace("R0000615", &format!("R{number:07}"))
}

/// Random numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[test]
fn a_payment_goes_the_whole_way() {
    let mut gateway = Gateway::new();
    gateway.start();
    fs::write(gateway.path("pay.edi"), payment(1)).expect("it is written");
    assert!(gateway.sftp("put pay.edi inbound/pay.edi\n").wait().expect("it ends").success());
    gateway.until_posted(1);
    let timeline = gateway.msg(&["timeline", "M1"]);
    for what in ["received", "read", "checked", "posted"] {
        assert!(timeline.contains(what), "{timeline}");
    }
    assert_eq!(gateway.msg(&["raw", "M1"]), payment(1));
    assert!(gateway.msg(&["show", "M1"]).contains("answered by  M2"));
    assert!(gateway.sftp("get outbound/*.edi answer.edi\n").wait().expect("it ends").success());
    let answer = fs::read_to_string(gateway.path("answer.edi")).expect("it was fetched");
    assert!(answer.contains("AK9*A*1*1*1"), "{answer}");
    gateway.stop();
}

#[test]
fn nothing_is_lost_or_doubled_when_the_gateway_is_killed() {
    let kills = std::env::var("KILLS").ok().and_then(|it| it.parse().ok()).unwrap_or(KILLS);
    let mut gateway = Gateway::new();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut promised = 0;
    gateway.start();
    for number in 1..=kills {
        let name = format!("pay{number}.edi");
        fs::write(gateway.path(&name), payment(number)).expect("it is written");
        let put = format!("put {name} inbound/{name}\n");
        let mut sftp = gateway.sftp(&put);
        std::thread::sleep(Duration::from_millis(100 + random.below(500)));
        gateway.kill();
        promised += u64::from(sftp.wait().expect("it ends").success());
        gateway.start();
        // A partner whose client failed sends the file again, and one whose client did not may too.
        assert!(gateway.sftp(&put).wait().expect("it ends").success());
    }
    gateway.until_posted(kills as usize);
    std::thread::sleep(Duration::from_millis(500));
    gateway.stop();

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let address = format!("sqlite:{}", gateway.path("state/tieline.db").display());
        let store = tieline_store::open(&address).await.expect("the store opens");
        let postings = store.postings(&Filter::default(), None, 10_000).await.expect("it answers");
        assert_eq!(postings.len() as u64, kills, "each payment is posted once");
        assert_eq!(store.verify().await.expect("it answers"), Vec::<String>::new());
        let jobs = store.jobs(&Default::default(), 100).await.expect("it answers");
        assert_eq!(jobs, [], "nothing is left undone");
        let came = message::Filter { flow: Some(message::Flow::In), ..Default::default() };
        let came = store.messages(&came, None, 10_000).await.expect("it answers");
        assert!(came.len() as u64 >= kills + promised, "what was promised is there");
        assert!(came.iter().all(|it| matches!(it.state, State::Posted | State::Repeat)));
    });
    // Each payment has its own answer, under a number of its own.
    let outbound = gateway.path("state/mailboxes").join(BANK).join("outbound");
    let mut answered = BTreeSet::new();
    for entry in fs::read_dir(outbound).expect("the folder is there") {
        let text = fs::read_to_string(entry.expect("it is listed").path()).expect("it is read");
        let of = text.split("AK1*RA*").nth(1).expect("it answers a group");
        assert!(answered.insert(of[..4].to_string()), "{of} is answered under two numbers");
    }
    assert_eq!(answered.len() as u64, kills);
}
