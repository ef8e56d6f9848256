//! A partner whose software is pyas2lib, in both directions.
//!
//! `tests/run` installs it into `target/tools/pyas2`. Without it these tests are skipped, which they
//! say.

use std::io::{BufRead, BufReader, Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tempfile::TempDir;
use tieline_smime::algorithm::{Cipher, Digest, KeyTransport, Scheme};
use tieline_smime::mdn::{Judgement, Receipt};
use tieline_smime::mime::FileName;
use tieline_smime::{Compress, Encoding};
use tieline_transport::as2::client::{
    Destination, Length, Message, Outcome, ReceiptWish, Seals, send,
};
use tieline_transport::as2::{Asked, Awaited, Relation, Wanted};

use crate::house::{DOCUMENT, PARTNER, Running, UTILITY, message, start};

/// A Python that has pyas2lib; none when it is not installed.
fn python() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = workspace.join("target/tools/pyas2/bin/python3");
    if python.is_file() {
        return Some(python);
    }
    let must = std::env::var_os("TIELINE_REQUIRE_PYAS2").is_some();
    assert!(!must, "pyas2lib is not installed in {}", python.display());
    eprintln!("SKIPPED: pyas2lib is not installed; tests/run installs it");
    None
}

struct Peer {
    home: TempDir,
    child: Child,
    port: u16,
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
    fn start(python: &Path) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(home.path().join(name), bytes).expect("it is written");
        };
        let (chain, key) = PARTNER.pem();
        write("partner.pem", format!("{key}{chain}").as_bytes());
        write("utility.pem", UTILITY.pem().0.as_bytes());
        write("document", DOCUMENT);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/as2/peer/peer.py");
        let mut child = Command::new(python)
            .arg("-B")
            .arg(script)
            .arg(home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a program that was found starts");
        let orders = child.stdin.take().expect("it is piped");
        let mut answers = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        answers.read_line(&mut line).expect("it says where it listens");
        let port = word(&line, "port").parse().expect("a port");
        Self { home, child, port, orders, answers }
    }

    fn ask(&mut self, order: &str) -> String {
        writeln!(self.orders, "{order}").expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers");
        line
    }

    fn destination(&self) -> Destination {
        Destination::new(format!("http://127.0.0.1:{}/as2", self.port).parse().expect("one"))
    }

    /// What it took under this Message-ID.
    fn taken(&self, message_id: &str) -> Option<Vec<u8>> {
        std::fs::read(self.home.path().join(message_id.trim_matches(['<', '>']))).ok()
    }
}

/// The value of one word in a line of flat JSON.
fn word(line: &str, name: &str) -> String {
    let rest = line.split(&format!("\"{name}\": ")).nth(1).unwrap_or_default();
    rest.split([',', '}']).next().unwrap_or_default().trim_matches('"').to_string()
}

/// A server that knows the partner by plain names, as it quotes others twice.
async fn known() -> Running {
    let running = start().await;
    let mut relation = Relation::new("wheatland", UTILITY.identity.clone(), PARTNER.pinned.clone());
    relation.policy.is_encrypted = false;
    relation.policy.is_signed = false;
    relation.policy.ciphers = Cipher::ALL.to_vec();
    relation.policy.digests = Digest::ALL.to_vec();
    let names = ("WHEATLAND".to_string(), "PRAIRIE".to_string());
    running.house.relations.lock().expect("no panic").insert(names, relation.into());
    running
}

fn ours() -> Message {
    Message {
        from: "PRAIRIE".into(),
        to: "WHEATLAND".into(),
        seals: Seals::new(UTILITY.identity.clone(), PARTNER.certificate().clone()),
        receipt: Some(ReceiptWish::signed(PARTNER.pinned.clone())),
        ..message()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pyas2_sends_to_us_in_all_its_ways() {
    let Some(python) = python() else { return };
    let running = known().await;
    let mut peer = Peer::start(&python);
    let url = running.url();
    let mut number = 0;
    let ciphers = ["aes_128_cbc", "aes_192_cbc", "aes_256_cbc", "tripledes_192_cbc"].map(Some);
    for encrypt in ciphers.into_iter().chain([None]) {
        for digest in ["sha1", "sha256", "sha384", "sha512"].map(Some).into_iter().chain([None]) {
            for compress in [false, true] {
                for (mdn, content_type) in [
                    (r#""mdn_mode": "SYNC", "mdn_digest_alg": "sha256""#, "application/edi-x12"),
                    (r#""mdn_mode": "SYNC""#, "application/octet-stream"),
                    (r#""mdn_mode": null"#, "application/edi-x12"),
                ] {
                    number += 1;
                    let sign = digest.map(|it| format!(r#""sign": true, "digest_alg": "{it}", "#));
                    let seal = encrypt.map(|it| format!(r#""encrypt": true, "enc_alg": "{it}", "#));
                    let options = format!(
                        r#"{{{}{}"compress": {compress}, {mdn}}}"#,
                        sign.unwrap_or_default(),
                        seal.unwrap_or_default()
                    );
                    let order = format!(
                        r#"{{"do": "send", "url": "{url}", "content_type": "{content_type}", "mdn_url": null, "number": {number}, "options": {options}}}"#
                    );
                    let answer = peer.ask(&order);
                    assert_eq!(word(&answer, "http"), "200", "{options}: {answer}");
                    let whats = running.house.whats();
                    assert_eq!(running.house.messages().len(), number, "{options}: {whats:?}");
                    let kept = running.house.messages().pop().expect("one");
                    assert_eq!(kept.bytes, DOCUMENT, "{options}");
                    assert_eq!(kept.received.file_name, FileName::Plain("usage.edi".into()));
                    assert_eq!(kept.received.signer.is_some(), digest.is_some(), "{options}");
                    if mdn.contains("SYNC") && digest.is_some() {
                        assert_eq!(word(&answer, "status"), "processed", "{options}: {answer}");
                        assert_eq!(word(&answer, "detail"), "null", "{options}: {answer}");
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pyas2_judges_a_receipt_that_we_send_later() {
    let Some(python) = python() else { return };
    let running = known().await;
    let mut peer = Peer::start(&python);
    let url = running.url();
    running.house.relations.lock().expect("no panic").values_mut().for_each(|relation| {
        std::sync::Arc::make_mut(relation).receipts.addresses = vec![url.clone()];
    });
    let order = format!(
        r#"{{"do": "send", "url": "{url}", "content_type": "application/edi-x12", "mdn_url": "{url}", "number": 1, "options": {{"sign": true, "encrypt": true, "enc_alg": "aes_256_cbc", "mdn_mode": "ASYNC", "mdn_digest_alg": "sha512"}}}}"#
    );
    let answer = peer.ask(&order);
    assert_eq!((word(&answer, "http"), word(&answer, "status")), ("202".into(), "null".into()));
    let kept = running.house.messages().pop().expect("it was kept");
    let Asked::Later { receipt, .. } = kept.received.receipt else { panic!("{kept:?}") };
    std::fs::write(peer.home.path().join("later"), receipt.raw()).expect("it is written");
    let judged = peer.ask(r#"{"do": "judge", "name": "later"}"#);
    assert_eq!(word(&judged, "status"), "processed", "{judged}");
    assert_eq!(word(&judged, "detail"), "null", "{judged}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pyas2_takes_what_we_send_and_its_receipts_hold() {
    let Some(python) = python() else { return };
    let peer = Peer::start(&python);
    let folder = peer.home.path().to_path_buf();
    for digest in [Digest::Sha256, Digest::Sha384, Digest::Sha512] {
        for cipher in [Cipher::Aes128Cbc, Cipher::Aes192Cbc, Cipher::Aes256Cbc]
            .map(Some)
            .into_iter()
            .chain([None])
        {
            for compress in [Compress::No, Compress::BeforeSigning, Compress::AfterSigning] {
                for (encoding, scheme) in
                    [(Encoding::Binary, Scheme::Pkcs1), (Encoding::Base64, Scheme::Pss)]
                {
                    let length = match digest {
                        Digest::Sha256 => Length::Told { folder: folder.clone() },
                        _ => Length::Chunked,
                    };
                    let mut way = Message { length, ..ours() };
                    let sign = way.seals.sign.as_mut().expect("it is signed");
                    (sign.digest, sign.scheme) = (digest, scheme);
                    match cipher {
                        None => way.seals.encrypt = None,
                        Some(cipher) => {
                            let encrypt = way.seals.encrypt.as_mut().expect("it is encrypted");
                            (encrypt.cipher, encrypt.transport) = (cipher, KeyTransport::Pkcs1);
                        }
                    }
                    (way.seals.compress, way.seals.encoding) = (compress, encoding);
                    let sent = send(&peer.destination(), &way, Cursor::new(DOCUMENT)).await;
                    let name = format!("{digest} {cipher:?} {compress:?} {encoding:?} {scheme:?}");
                    assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{name}: {sent:?}");
                    assert_eq!(peer.taken(&way.message_id).as_deref(), Some(DOCUMENT), "{name}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pyas2_gives_receipts_of_every_kind() {
    let Some(python) = python() else { return };
    let peer = Peer::start(&python);
    let mut way = ours();
    way.receipt.as_mut().expect("one").kind = Receipt::Unsigned;
    let sent = send(&peer.destination(), &way, Cursor::new(DOCUMENT)).await;
    assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{sent:?}");
    let way = Message { receipt: None, ..ours() };
    let sent = send(&peer.destination(), &way, Cursor::new(DOCUMENT)).await;
    assert!(matches!(sent.outcome, Outcome::Taken), "{sent:?}");

    let running = known().await;
    let mut way = ours();
    way.receipt.as_mut().expect("one").address = Some(running.url());
    let sent = send(&peer.destination(), &way, Cursor::new(DOCUMENT)).await;
    assert!(matches!(sent.outcome, Outcome::Awaited), "{sent:?}");
    let mic = sent.mic.expect("it was sealed");
    let wanted = vec![Wanted { mic, is_signed: true }];
    let awaited = Awaited { message_id: way.message_id.clone(), wanted };
    // It may have come before we knew that we wait, so it is asked for again.
    running.house.awaited.lock().expect("no panic").insert(way.message_id.clone(), awaited.clone());
    let sent = send(&peer.destination(), &way, Cursor::new(DOCUMENT)).await;
    assert!(matches!(sent.outcome, Outcome::Awaited), "{sent:?}");
    for _ in 0..100 {
        if let Some(arrived) = running.house.arrived.lock().expect("no panic").pop() {
            assert_eq!(arrived.judgement, Judgement::Delivered);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no receipt came: {:?}", running.house.events());
}
