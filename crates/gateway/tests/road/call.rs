//! Calls of a partner's server, which is another gateway of ours with real SFTP.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use tieline_gateway::serve::{Node, Serving, Sftp};
use tieline_partner::PartnerBook;
use tieline_store::change::Change;
use tieline_store::job::NewJob;
use tieline_store::{State, message};
use tieline_transport::sftp::{HostKey, Settings};

use crate::common::{Database, Gateway};
use crate::outbound::usage;

const AGGREGATOR: &str = "prairie-power";
const BANK: &str = "redriver-bank";

pub(crate) async fn a_call_puts_what_is_queued_and_takes_what_waits(on: Database) {
    let (ours, theirs) = (Gateway::open(on).await, Gateway::open(on).await);
    let (key, host_key) = (HostKey::generate(), HostKey::generate());
    let (key, host_key) = (key.expect("a key"), host_key.expect("a key"));

    // Their server knows our key, in the place of the bank's.
    let profile = theirs.path("partners").join(BANK).join("partner.toml");
    let text = fs::read_to_string(&profile).expect("the profile is there");
    let (before, rest) = text.split_once("[mailbox]").expect("it has a mailbox");
    let (_, after) = rest.split_once("[[watches]]").expect("it has a watch");
    let line = key.public().expect("a line");
    let mailbox = format!("[mailbox]\nkeys = [{{ key = \"{line}\" }}]\n\n");
    fs::write(&profile, format!("{before}{mailbox}[[watches]]{after}")).expect("it is written");
    let book = PartnerBook::load(&theirs.path("partners")).expect("good partner files");
    theirs.house.turn_to(book);
    let fingerprint = host_key.fingerprint();
    let listen = "127.0.0.1:0".parse().expect("an address");
    let sftp = Some(Sftp { listen, settings: Settings::new(vec![host_key]) });
    let serving = Serving { workers: 1, sftp };
    let node = Node::start(Arc::clone(&theirs.house), serving).await.expect("it serves");
    let port = node.sftp.expect("it listens").port();

    // Our profile of the aggregator names that server.
    let secret = ours.path("key");
    fs::write(&secret, key.to_text().expect("a text").as_bytes()).expect("it is written");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let profile = ours.path("partners").join(AGGREGATOR).join("partner.toml");
    let text = fs::read_to_string(&profile).expect("the profile is there");
    let drop = format!(
        "[[drops]]\nname = \"desk\"\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"{BANK}\"\n\
         host_keys = [\"{fingerprint}\"]\nkey = \"file:{}\"\npush = \"/inbound\"\n\
         pull = \"/outbound\"\npattern = \"*.edi\"\nafter = \"delete\"\nschedule = \"*/20 * * * *\"\n",
        secret.display()
    );
    fs::write(&profile, format!("{text}\n{drop}")).expect("it is written");
    let book = PartnerBook::load(&ours.path("partners"));
    ours.house.turn_to(book.unwrap_or_else(|errors| panic!("{errors:?}")));

    ours.bring("usage.json", "json", &usage()).await;
    ours.work().await;
    ours.release("prairie-power/867").await;
    let queued = ours.messages(State::Queued).await;
    assert_eq!(queued.len(), 1, "it waits for the call");
    let mailbox = theirs.house.mailbox(BANK).root.join("outbound");
    fs::create_dir_all(&mailbox).expect("a folder");
    fs::write(mailbox.join("answer.edi"), "no EDI at all").expect("it is written");

    let call = NewJob {
        kind: "call".to_string(),
        message: None,
        interchange: None,
        detail: "prairie-power/drop desk".to_string(),
        due: None,
        order: None,
        unique: None,
    };
    let change = Change { jobs: vec![call], ..Change::default() };
    ours.store().apply(change).await.expect("the store works");
    ours.work().await;

    let sent = ours.message(queued[0].id).await;
    assert_eq!(sent.state, State::Sent, "{:?}", ours.events(sent.id).await);
    let came = message::Filter { partner: Some(BANK.to_string()), ..message::Filter::default() };
    let there = theirs.store().messages(&came, None, 9).await.expect("the store works");
    assert!(there.iter().any(|it| it.sha256 == sent.sha256), "it is there, byte for byte");
    let rejected = ours.messages(State::Rejected).await;
    assert_eq!((rejected.len(), rejected[0].name.as_str()), (1, "answer.edi"));
    assert!(!mailbox.join("answer.edi").exists(), "what was taken is deleted there");
    node.stop().await;
}
