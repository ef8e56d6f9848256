//! A partner whose software is pyas2lib, and the program itself: both send, both give receipts, at once
//! and later, and both tell the same MIC.
//!
//! `tests/run` installs it into `target/tools/pyas2`. Without it the test is skipped, which it says.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tieline_smime::pem;
use tieline_store::State;
use tieline_store::message::{Filter, Flow, Message};

use crate::as2::{Own, agree};
use crate::station::{Station, came, payment, repository};

const US: &str = "PRAIRIE";
const THEM: &str = "WHEATLAND";
/// How long anything may take, in seconds.
const PATIENCE: u64 = 30;

/// A Python that has pyas2lib; none when it is not installed.
fn python() -> Option<PathBuf> {
    let python = repository("target/tools/pyas2/bin/python3");
    if python.is_file() {
        return Some(python);
    }
    let must = std::env::var_os("TIELINE_REQUIRE_PYAS2").is_some();
    assert!(!must, "pyas2lib is not installed in {}", python.display());
    let _ = std::io::stderr().write_all(b"SKIPPED: pyas2lib is not installed\n");
    None
}

/// The partner.
struct Peer {
    home: TempDir,
    child: Child,
    port: String,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peer {
    fn start(python: &Path, us: &Own, them: &Own) -> Peer {
        let home = tempfile::tempdir().expect("a temporary folder");
        let certificate = |own: &Own| pem::write("CERTIFICATE", own.certificate().der());
        let both = format!("{}{}", them.key, certificate(them));
        for (name, text) in
            [("partner.pem", both), ("utility.pem", certificate(us)), ("document", payment(1))]
        {
            fs::write(home.path().join(name), text).expect("it is written");
        }
        let mut child = Command::new(python)
            .arg("-B")
            .arg(repository("crates/transport/tests/as2/peer/peer.py"))
            .arg(home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a program that was found starts");
        let orders = child.stdin.take().expect("it is piped");
        let mut answers = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        answers.read_line(&mut line).expect("it says where it listens");
        let port = word(&line, "port");
        Peer { home, child, port, orders, answers }
    }

    fn ask(&mut self, order: &str) -> serde_json::Value {
        writeln!(self.orders, "{order}").expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).expect("it is JSON")
    }

    /// A file of the partner, once it is there.
    fn file(&self, name: &str) -> Vec<u8> {
        let begun = Instant::now();
        loop {
            if let Ok(bytes) = fs::read(self.home.path().join(name)) {
                return bytes;
            }
            assert!(begun.elapsed().as_secs() < PATIENCE, "{name} did not come");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn word(line: &str, name: &str) -> String {
    let read: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
    read[name].to_string()
}

/// The message that goes out, once it stands so.
fn sent(station: &Station, state: State) -> Message {
    let begun = Instant::now();
    station.look(async |store| {
        loop {
            let out = Filter { flow: Some(Flow::Out), ..Filter::default() };
            let out = store.messages(&out, None, 10).await.expect("it answers");
            if let Some(message) = out.into_iter().find(|it| it.state == state) {
                return message;
            }
            assert!(begun.elapsed().as_secs() < PATIENCE, "nothing stands so");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
}

#[test]
fn pyas2_and_the_program_exchange_with_receipts_at_once_and_later() {
    let Some(python) = python() else { return };
    for is_later in [false, true] {
        exchange(&python, is_later);
    }
}

fn exchange(python: &Path, is_later: bool) {
    let (us, them) = (Own::new("Prairie Rivers"), Own::new("Wheatland"));
    let mut peer = Peer::start(python, &us, &them);
    let mut station = Station::new(None);
    let free = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port");
    let there = format!("http://127.0.0.1:{}", peer.port);
    let partner = format!(
        "url = \"{there}/as2\"\nsend.receipt_later = {is_later}\n\
         receive.receipt_addresses = [\"{there}/mdn\"]"
    );
    agree(&station, (US, &us), (THEM, &them), &partner);
    let utility = station.path("partners/utility.toml");
    let text = fs::read_to_string(&utility).expect("it is there");
    fs::write(&utility, format!("{text}url = \"http://{free}/as2\"\n")).expect("it is written");
    station.start_as2_at(&free.to_string());

    // What they send: our receipt tells the MIC that they made, which they judge.
    let (mode, address) = match is_later {
        false => ("SYNC", "null".to_string()),
        true => ("ASYNC", format!("\"{there}/mdn\"")),
    };
    let order = format!(
        r#"{{"do": "send", "url": "http://{free}/as2", "content_type": "application/edi-x12", "mdn_url": {address}, "number": 1, "options": {{"sign": true, "digest_alg": "sha256", "encrypt": true, "enc_alg": "aes_256_cbc", "mdn_mode": "{mode}", "mdn_digest_alg": "sha256"}}}}"#
    );
    let mut answer = peer.ask(&order);
    let their_mic = answer["mic"].as_str().expect("it has a MIC").to_string();
    if is_later {
        assert_eq!(answer["http"], 202, "{answer}");
        peer.file("receipt");
        answer = peer.ask(r#"{"do": "judge", "name": "receipt"}"#);
    }
    assert_eq!((&answer["status"], &answer["detail"]), (&"processed".into(), &().into()));
    let kept = station.look(async |store| came(store).await);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(kept[0].origin.contains(&format!("MIC {their_mic}, ")), "{}", kept[0].origin);
    assert_eq!(station.msg(&["raw", "M1"]), payment(1), "byte for byte");

    // What we send, the acknowledgment: their receipt tells the MIC that we noted before.
    let answer = sent(&station, if is_later { State::Accepted } else { State::Sent });
    let events = station.look(async |store| store.events(answer.id).await.expect("it answers"));
    let sealed = events.iter().find(|it| it.what == "sealed").expect("it was noted");
    let named = sealed.detail.strip_prefix("as <").and_then(|it| it.split_once(">, MIC "));
    let (message_id, mic) = named.expect("both are told");
    let theirs = peer.file(&format!("{message_id}.mic"));
    assert_eq!(mic.split(',').next(), std::str::from_utf8(&theirs).ok());
    let raw = station.msg(&["raw", &answer.id.to_string()]);
    assert_eq!(peer.file(message_id), raw.as_bytes(), "byte for byte");
    assert!(events.iter().any(|it| it.what == "receipt"), "{events:?}");
    station.stop();
}
