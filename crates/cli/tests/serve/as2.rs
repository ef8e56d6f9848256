//! The gateway is killed while messages come over AS2 and its answers go: what it gave a receipt for
//! is there, once, and what it sends arrives, once.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Cursor, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::time::{Duration, Instant};

use tieline_smime::{Certificate, Identity, Pinned, PinnedCertificates, PrivateKey, pem};
use tieline_store::State;
use tieline_store::message::{Filter, Flow, Message};
use tieline_store::posting;
use tieline_transport::as2::client::{
    self, Destination, Length, Outcome, ReceiptWish, Seals, Timeouts,
};

use crate::killed::{Random, SEED, told};
use crate::station::{BANK, Station, came, is_done, payment};

/// How often the gateway is killed; `KILLS` in the environment says another number.
const KILLS: u64 = 6;
/// The latest moments of a kill after a message began to be sent, in milliseconds, in turn: while it
/// is taken, while it is worked on, and when its answer has gone.
const LATEST: [u64; 3] = [15, 60, 400];
/// How long the last answers may take, in seconds.
const PATIENCE: u64 = 120;

const US: &str = "PRAIRIERIVERS";
const THEM: &str = "Red River Bank";

/// A key with its certificate.
pub(crate) struct Own {
    pub(crate) key: String,
    identity: Arc<Identity>,
}

impl Own {
    pub(crate) fn new(name: &str) -> Own {
        let key = PrivateKey::generate(2048).expect("a key");
        // From 2020 to 2040.
        let valid = (1_577_836_800, 2_208_988_800);
        let certificate = Certificate::self_signed(&key, name, &[7; 16], valid).expect("it signs");
        let text = key.to_pem().expect("it can be written");
        let identity = Identity::new(certificate, key).expect("they belong together");
        Own { key: text, identity: Arc::new(identity) }
    }

    pub(crate) fn certificate(&self) -> &Certificate {
        self.identity.certificate()
    }
}

/// Puts a gateway on AS2 under a name, with a partner under another.
pub(crate) fn agree(
    station: &Station,
    (name, own): (&str, &Own),
    (other, their): (&str, &Own),
    url: &str,
) {
    use std::os::unix::fs::PermissionsExt;

    let write = |file: &str, text: &str| {
        let path = station.path(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("it can be written");
    };
    let append = |file: &str, text: &str| {
        let before = fs::read_to_string(station.path(file)).expect("it is there");
        write(file, &format!("{before}\n{text}"));
    };
    let pem = |own: &Own| pem::write("CERTIFICATE", own.certificate().der());
    write("as2.key", &own.key);
    let key = station.path("as2.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("it is ours");
    write("partners/utility/as2.cer", &pem(own));
    write(&format!("partners/{BANK}/theirs.cer"), &pem(their));
    let keys = format!("[{{ certificate = \"as2.cer\", key = \"file:{}\" }}]", key.display());
    append("partners/utility.toml", &format!("[as2]\nid = \"{name}\"\nkeys = {keys}\n"));
    append(
        &format!("partners/{BANK}/partner.toml"),
        &format!(
            "[as2]\nid = \"{other}\"\n{url}\ncertificates = [{{ file = \"theirs.cer\" }}]\n\
             retry = {{ times = 20, first = \"1s\" }}\n"
        ),
    );
}

/// The bank, which sends a message again under its Message-ID until its receipt has come.
struct Bank {
    us: Own,
    them: Own,
    /// Where the gateway listens now.
    port: AtomicU16,
    /// Whether the receipt of the message that is being sent has come.
    has_receipt: AtomicBool,
}

impl Bank {
    fn message(&self, number: u64) -> client::Message {
        let signers = PinnedCertificates::new(vec![Pinned::always(self.us.certificate().clone())]);
        client::Message {
            from: THEM.to_string(),
            to: US.to_string(),
            message_id: format!("<payment{number}@bank.example>"),
            subject: None,
            content_type: "application/edi-x12".to_string(),
            file_name: Some(format!("pay{number}.edi")),
            seals: Seals::new(Arc::clone(&self.them.identity), self.us.certificate().clone()),
            receipt: Some(ReceiptWish::signed(signers.expect("one is never ambiguous"))),
            length: Length::Chunked,
            now: jiff::Timestamp::now(),
        }
    }

    /// Sends until the receipt has come; how many tries that took.
    async fn send(&self, number: u64) -> u64 {
        self.has_receipt.store(false, Ordering::SeqCst);
        for tries in 1.. {
            let port = self.port.load(Ordering::SeqCst);
            let url = format!("http://127.0.0.1:{port}/as2").parse().expect("an address");
            let mut to = Destination::new(url);
            to.timeouts = Timeouts { answer: Duration::from_secs(20), ..to.timeouts };
            let bytes = Cursor::new(payment(number).into_bytes());
            let sent = client::send(&to, &self.message(number), bytes).await;
            match sent.outcome {
                Outcome::Delivered(_) => {
                    self.has_receipt.store(true, Ordering::SeqCst);
                    return tries;
                }
                Outcome::NotDelivered(failure) if failure.may_pass() => {}
                other => panic!("payment {number}: {other:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        unreachable!("it goes on until the receipt comes")
    }
}

/// What was seen in one run.
#[derive(Default)]
struct Seen {
    /// Receipts that came before the kill.
    before: u64,
    tries: u64,
}

#[test]
fn nothing_is_lost_or_doubled_over_as2_when_the_gateway_is_killed_on_sqlite() {
    killed("SQLite", None);
}

#[test]
fn nothing_is_lost_or_doubled_over_as2_when_the_gateway_is_killed_on_postgres() {
    if let Some(address) = tieline_store::testing::postgres() {
        killed("PostgreSQL", Some(address));
    }
}

fn killed(name: &str, store: Option<String>) {
    let (kills, seed) = (told("KILLS", KILLS), told("SEED", SEED));
    let (us, them) = (Own::new("Prairie Rivers"), Own::new("Red River"));
    let (mut ours, mut theirs) = (Station::new(store), Station::new(None));
    agree(&theirs, (THEM, &them), (US, &us), "");
    theirs.start_as2();
    let url = format!("url = \"http://127.0.0.1:{}/as2\"", theirs.port());
    agree(&ours, (US, &us), (THEM, &them), &url);
    let (port, has_receipt) = (AtomicU16::new(0), AtomicBool::new(false));
    let bank = Arc::new(Bank { us, them, port, has_receipt });
    let seen = kill_while_it_trades(&mut ours, &bank, kills, seed);
    ours.until_idle(kills as usize);
    theirs_has(&theirs, kills as usize);
    ours.stop();
    theirs.stop();
    let said = format!(
        "{name}, seed {seed}: {kills} kills, {} tries, {} receipts before a kill, none lost or \
         doubled either way\n",
        seen.tries, seen.before
    );
    what_came_is_there_once(&ours, kills);
    what_went_is_there_once(&ours, &theirs, kills);
    let _ = std::io::stderr().write_all(said.as_bytes());
}

fn kill_while_it_trades(ours: &mut Station, bank: &Arc<Bank>, kills: u64, seed: u64) -> Seen {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut random = Random(seed);
    let mut seen = Seen::default();
    ours.start_as2();
    for number in 1..=kills {
        bank.port.store(ours.port(), Ordering::SeqCst);
        let sender = Arc::clone(bank);
        let sending = runtime.spawn(async move { sender.send(number).await });
        let latest = LATEST[number as usize % LATEST.len()];
        std::thread::sleep(Duration::from_millis(random.below(latest)));
        ours.kill();
        seen.before += u64::from(bank.has_receipt.load(Ordering::SeqCst));
        ours.start_as2();
        bank.port.store(ours.port(), Ordering::SeqCst);
        seen.tries += runtime.block_on(sending).expect("the bank does not fail");
    }
    seen
}

/// Waits until the bank's gateway has so many messages.
fn theirs_has(theirs: &Station, count: usize) {
    let begun = Instant::now();
    loop {
        let have = theirs.look(async |store| came(store).await.len());
        if have >= count {
            return;
        }
        assert!(begun.elapsed().as_secs() < PATIENCE, "{have} of {count} came");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Each payment is kept once, posted once, and its receipt beside it.
fn what_came_is_there_once(ours: &Station, kills: u64) {
    let (came, posted) = ours.look(async |store| {
        assert_eq!(store.verify().await.expect("it answers"), Vec::<String>::new());
        let came = came(store).await;
        for message in &came {
            let receipts = store.receipts(message.id).await.expect("it answers");
            assert_eq!(receipts.len(), 1, "{} has its receipt", message.id);
            assert!(!receipts[0].bytes.is_empty(), "{}", message.id);
        }
        let posted = store.postings(&posting::Filter::default(), None, 1_000_000).await;
        (came, posted.expect("it answers"))
    });
    let names: BTreeSet<&str> = came.iter().map(|it| it.name.as_str()).collect();
    assert_eq!((came.len() as u64, names.len() as u64), (kills, kills), "each is kept once");
    assert!(came.iter().all(|it| is_done(it) && it.channel == "as2"), "{came:?}");
    let references: BTreeSet<&str> = posted.iter().map(|it| it.reference.as_str()).collect();
    assert_eq!((posted.len() as u64, references.len() as u64), (kills, kills));
}

/// Each answer is proven by a receipt, and the bank has it once, byte for byte.
fn what_went_is_there_once(ours: &Station, theirs: &Station, kills: u64) {
    let sent: Vec<Message> = ours.look(async |store| {
        let out = Filter { flow: Some(Flow::Out), ..Filter::default() };
        let sent = store.messages(&out, None, 1_000_000).await.expect("it answers");
        for message in &sent {
            let receipts = store.receipts(message.id).await.expect("it answers");
            assert!(!receipts.is_empty(), "{} is proven", message.id);
        }
        sent
    });
    assert!(sent.iter().all(|it| it.state == State::Sent), "{sent:?}");
    let there = theirs.look(async |store| came(store).await);
    let hashes = |all: &[Message]| all.iter().map(|it| it.sha256).collect::<BTreeSet<_>>();
    assert_eq!((sent.len() as u64, there.len() as u64), (kills, kills));
    assert_eq!((hashes(&sent).len() as u64, hashes(&sent)), (kills, hashes(&there)));
}
