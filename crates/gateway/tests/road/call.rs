//! Calls of a partner's server, which is another gateway of ours with real SFTP: what is put and taken,
//! and what follows when the call comes to nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use jiff::SignedDuration;
use tieline_gateway::schedule;
use tieline_gateway::serve::{Node, Serving, Sftp};
use tieline_store::access::{AuditEntry, AuditFilter};
use tieline_store::change::Change;
use tieline_store::job::NewJob;
use tieline_store::message::{self, Message};
use tieline_store::options::ToldClock;
use tieline_store::{State, job};
use tieline_transport::sftp::{HostKey, Settings};

use crate::common::{Database, Gateway};
use crate::outbound::usage;

const AGGREGATOR: &str = "prairie-power";
const BANK: &str = "redriver-bank";
const DROP: &str = "prairie-power/drop desk";

/// Our gateway, and that of a partner which knows us as its bank.
struct Pair {
    ours: Gateway,
    clock: ToldClock,
    theirs: Gateway,
    node: Node,
    /// What our profile of them says of their server.
    drop: String,
}

impl Pair {
    async fn open(on: Database) -> Pair {
        let ((ours, clock), theirs) = (crate::due::gateway(on).await, Gateway::open(on).await);
        let (key, host_key) = (HostKey::generate(), HostKey::generate());
        let (key, host_key) = (key.expect("a key"), host_key.expect("a key"));
        theirs.edit(BANK, |profile| {
            let (before, rest) = profile.split_once("[mailbox]").expect("it has a mailbox");
            let (_, after) = rest.split_once("[[watches]]").expect("it has a watch");
            let line = key.public().expect("a line");
            let mailbox = format!("[mailbox]\nkeys = [{{ key = \"{line}\" }}]\n\n");
            format!("{before}{mailbox}[[watches]]{after}")
        });
        let fingerprint = host_key.fingerprint();
        let listen = "127.0.0.1:0".parse().expect("an address");
        let sftp = Some(Sftp { listen, settings: Settings::new(vec![host_key]) });
        let serving = Serving { workers: 1, sftp, as2: None };
        let node = Node::start(Arc::clone(&theirs.house), serving).await.expect("it serves");
        let port = node.sftp.expect("it listens").port();
        write_key(&ours, &key);
        let drop = format!(
            "[[drops]]\nname = \"desk\"\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"{BANK}\"\n\
             host_keys = [\"{fingerprint}\"]\nkey = \"file:{}\"\npush = \"/inbound\"\n\
             pull = \"/outbound\"\npattern = \"*.edi\"\nafter = \"delete\"\n\
             retry = {{ times = 2, first = \"30s\", pause_after = 3 }}\n\
             schedule = \"*/20 * * * *\"\n",
            ours.path("key").display()
        );
        ours.edit(AGGREGATOR, |profile| format!("{profile}\n{drop}"));
        Pair { ours, clock, theirs, node, drop }
    }

    /// Goes on with a drop that says something else.
    fn say(&mut self, from: &str, to: &str) {
        assert!(self.drop.contains(from), "{}", self.drop);
        let other = self.drop.replace(from, to);
        self.ours.edit(AGGREGATOR, |profile| profile.replace(&self.drop, &other));
        self.drop = other;
    }

    /// Queues a message for the call, and gives it.
    async fn queue(&self) -> Message {
        self.ours.bring("usage.json", "json", &usage()).await;
        self.ours.work().await;
        self.ours.release("prairie-power/867").await;
        let queued = self.ours.messages(State::Queued).await;
        assert_eq!(queued.len(), 1, "it waits for the call");
        queued.into_iter().next().expect("there is one")
    }

    async fn call(&self) {
        self.call_from(&self.ours).await;
    }

    /// Calls from one of our nodes.
    async fn call_from(&self, node: &Gateway) {
        let call = NewJob {
            kind: "call".to_string(),
            message: None,
            interchange: None,
            detail: DROP.to_string(),
            due: None,
            order: None,
            unique: None,
        };
        let change = Change { jobs: vec![call], ..Change::default() };
        node.store().apply(change).await.expect("the store works");
        node.work().await;
    }

    async fn alerts(&self) -> Vec<AuditEntry> {
        let filter = AuditFilter { action: Some("alert".to_string()), ..AuditFilter::default() };
        self.ours.store().audited(&filter, 100).await.expect("the store works")
    }

    /// Why the calls are paused, if they are.
    async fn pause(&self) -> Option<String> {
        let pauses = self.ours.store().pauses().await.expect("the store works");
        pauses.into_iter().find(|(name, _)| name == DROP).map(|(_, pause)| pause.reason)
    }
}

/// Keeps a key where our drop looks for it.
fn write_key(ours: &Gateway, key: &HostKey) {
    let secret = ours.path("key");
    fs::write(&secret, key.to_text().expect("a text").as_bytes()).expect("it is written");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("it is ours");
}

pub(crate) async fn a_call_puts_what_is_queued_and_takes_what_waits(on: Database) {
    let pair = Pair::open(on).await;
    let (ours, theirs) = (&pair.ours, &pair.theirs);
    let queued = pair.queue().await;
    let mailbox = theirs.house.mailbox(BANK).root.join("outbound");
    fs::create_dir_all(&mailbox).expect("a folder");
    fs::write(mailbox.join("answer.edi"), "no EDI at all").expect("it is written");
    pair.call().await;

    let sent = ours.message(queued.id).await;
    assert_eq!(sent.state, State::Sent, "{:?}", ours.events(sent.id).await);
    let came = message::Filter { partner: Some(BANK.to_string()), ..message::Filter::default() };
    let there = theirs.store().messages(&came, None, 9).await.expect("the store works");
    assert!(there.iter().any(|it| it.sha256 == sent.sha256), "it is there, byte for byte");
    let rejected = ours.messages(State::Rejected).await;
    assert_eq!((rejected.len(), rejected[0].name.as_str()), (1, "answer.edi"));
    assert!(!mailbox.join("answer.edi").exists(), "what was taken is deleted there");
    pair.node.stop().await;
}

pub(crate) async fn a_login_that_is_refused_is_told_and_pauses_the_calls_in_the_end(on: Database) {
    let pair = Pair::open(on).await;
    let queued = pair.queue().await;
    write_key(&pair.ours, &HostKey::generate().expect("a key"));
    pair.call().await;
    let alerts = pair.alerts().await;
    assert_eq!(alerts.len(), 1, "it is not tried again, and told");
    assert!(alerts[0].detail.starts_with("call prairie-power/drop desk: login"), "{alerts:?}");
    assert_eq!(pair.pause().await, None);
    for _ in 0..2 {
        pair.call().await;
    }
    let reason = pair.pause().await.expect("nobody calls any more");
    assert!(reason.contains("login"), "{reason}");
    let state = pair.ours.message(queued.id).await.state;
    assert!(matches!(state, State::Queued | State::Sending), "it waits: {state:?}");
    pair.node.stop().await;
}

pub(crate) async fn calls_that_failed_are_counted_over_a_restart(on: Database) {
    let pair = Pair::open(on).await;
    pair.queue().await;
    let good = fs::read(pair.ours.path("key")).expect("the key is there");
    let fail_once = async |name: &str| {
        write_key(&pair.ours, &HostKey::generate().expect("a key"));
        pair.call_from(&pair.ours.another(name).await).await;
    };
    for name in ["first start", "second start"] {
        fail_once(name).await;
    }
    // One that is reached begins the count anew.
    fs::write(pair.ours.path("key"), good).expect("it is written");
    pair.call().await;
    for name in ["third start", "fourth start"] {
        fail_once(name).await;
        assert_eq!(pair.pause().await, None, "{name}");
    }
    fail_once("fifth start").await;
    assert!(pair.pause().await.is_some(), "three in a row");
    // So does whoever lets the calls go on.
    pair.ours.store().set_pause(DROP, None, "a person").await.expect("the store works");
    fail_once("sixth start").await;
    assert_eq!(pair.pause().await, None);
    pair.node.stop().await;
}

pub(crate) async fn another_host_key_pauses_the_calls_at_once(on: Database) {
    let mut pair = Pair::open(on).await;
    pair.queue().await;
    let from = fs::read_to_string(pair.ours.path("key")).expect("the key is there");
    let (_, rest) = pair.drop.split_once("host_keys = [\"").expect("it is pinned");
    let pinned = rest.split('"').next().expect("a fingerprint").to_string();
    let other = HostKey::generate().expect("a key").fingerprint();
    pair.say(&pinned, &other);
    pair.call().await;
    let reason = pair.pause().await.expect("nobody calls any more");
    assert!(reason.contains("host key"), "{reason}");
    assert_eq!(pair.alerts().await.len(), 1);
    assert!(!reason.contains(&from), "no key is told");
    // The schedule begins no call while it is paused, and does so again afterwards.
    let start = pair.clock.now();
    pair.clock.advance(SignedDuration::from_mins(25));
    let begun = async || schedule::begin_due(&pair.ours.house, start).await.expect("it works");
    let calls = async || {
        let filter = job::Filter { kind: Some("call".to_string()), ..job::Filter::default() };
        pair.ours.store().jobs(&filter, 9).await.expect("the store works").len()
    };
    begun().await;
    assert_eq!(calls().await, 0);
    pair.ours.store().set_pause(DROP, None, "a person").await.expect("the store works");
    pair.clock.advance(SignedDuration::from_mins(25));
    begun().await;
    assert_eq!(calls().await, 1);
    pair.node.stop().await;
}

pub(crate) async fn a_server_that_is_not_there_is_called_again_and_then_told(on: Database) {
    let mut pair = Pair::open(on).await;
    let queued = pair.queue().await;
    let port = pair.node.sftp.expect("it listens").port();
    // Nobody listens at a port that was just let go.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let free = nobody.local_addr().expect("it has one").port();
    drop(nobody);
    pair.say(&format!("port = {port}\n"), &format!("port = {free}\n"));
    pair.call().await;
    for attempt in 1..=2 {
        let all = job::Filter::default();
        let jobs = pair.ours.store().jobs(&all, 9).await.expect("the store works");
        assert_eq!((jobs.len(), jobs[0].attempts), (1, attempt));
        assert!(jobs[0].reason.as_ref().is_some_and(|it| it.contains("tcp")), "{jobs:?}");
        assert_eq!(pair.alerts().await, [], "it is tried again first");
        pair.clock.advance(SignedDuration::from_secs(30 << (attempt - 1)));
        pair.ours.work().await;
    }
    assert_eq!(pair.alerts().await.len(), 1);
    assert_eq!(pair.pause().await, None);
    pair.say(&format!("port = {free}\n"), &format!("port = {port}\n"));
    pair.call().await;
    assert_eq!(pair.ours.message(queued.id).await.state, State::Sent);
    pair.node.stop().await;
}

pub(crate) async fn a_file_that_is_refused_is_told_and_goes_when_it_may(on: Database) {
    let pair = Pair::open(on).await;
    let queued = pair.queue().await;
    let limit = "[mailbox]\nlimits = { file = \"1KB\" }\n";
    pair.theirs.edit(BANK, |profile| profile.replace("[mailbox]\n", limit));
    pair.call().await;
    assert!(matches!(pair.ours.message(queued.id).await.state, State::Sending));
    assert!(pair.ours.events(queued.id).await.contains(&"not sent".to_string()));
    assert_eq!(pair.alerts().await.len(), 1);
    pair.theirs.edit(BANK, |profile| profile.replace(limit, "[mailbox]\n"));
    pair.call().await;
    assert_eq!(pair.ours.message(queued.id).await.state, State::Sent);
    let there = pair.theirs.mailbox(BANK, "inbound");
    assert_eq!(there.len(), 1, "it is there once: {:?}", there.iter().map(|it| &it.0));
    pair.node.stop().await;
}

pub(crate) async fn a_drop_that_cannot_be_used_is_given_up_and_told(on: Database) {
    let pair = Pair::open(on).await;
    pair.queue().await;
    fs::write(pair.ours.path("key"), "no key at all").expect("it is written");
    pair.call().await;
    let alerts = pair.alerts().await;
    assert_eq!(alerts.len(), 1);
    assert!(alerts[0].detail.contains("the key of the drop cannot be used"), "{alerts:?}");
    assert!(!alerts[0].detail.contains("no key at all"), "no secret is told");
    pair.node.stop().await;
}
