//! Two gateways that exchange over AS2: what comes is kept before it is answered, and nothing is
//! delivered without its receipt.

use std::fs;
use std::io::{Cursor, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::time::Duration;

use tieline_gateway::as2::As2Host;
use tieline_gateway::serve::{As2, Node, Serving};
use tieline_partner::PartnerBook;
use tieline_smime::algorithm::Digest;
use tieline_smime::{Certificate, Identity, Pinned, PinnedCertificates, PrivateKey, pem};
use tieline_store::message::{Filter, Flow, Message};
use tieline_store::{MessageId, State, expectation};
use tieline_transport::as2::client::{
    self, Destination, Failure, Length, Outcome, ReceiptWish, Seals,
};
use tieline_transport::as2::{Keeper, Settings};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use crate::common::{Database, Gateway, sample};
use crate::once::BANK;

const PAYMENT: &str = "820/ach-ctx-many-accounts.edi";
const US: &str = "PRAIRIERIVERS";
const THEM: &str = "Red River Bank";

/// A key with its certificate.
struct Own {
    key: String,
    identity: Arc<Identity>,
}

impl Own {
    fn new(name: &str) -> Own {
        let key = PrivateKey::generate(2048).expect("a key");
        // From 2020 to 2040.
        let valid = (1_577_836_800, 2_208_988_800);
        let certificate = Certificate::self_signed(&key, name, &[7; 16], valid).expect("it signs");
        let text = key.to_pem().expect("it can be written");
        let identity = Identity::new(certificate, key).expect("they belong together");
        Own { key: text, identity: Arc::new(identity) }
    }

    fn pem(&self) -> String {
        pem::write("CERTIFICATE", self.identity.certificate().der())
    }
}

/// Our gateway and the bank's, which has the same partners under other AS2 names.
struct Pair {
    ours: Gateway,
    theirs: Gateway,
    our_node: Node,
    their_node: Option<Node>,
    us: Own,
    them: Own,
}

async fn serve(gateway: &Gateway) -> Node {
    let folder = gateway.path("spool");
    fs::create_dir_all(&folder).expect("a folder");
    let listen = "127.0.0.1:0".parse().expect("an address");
    let as2 = Some(As2 { listen, settings: Settings::new(folder) });
    let serving = Serving { workers: 2, sftp: None, as2 };
    Node::start(Arc::clone(&gateway.house), serving).await.expect("it serves")
}

/// Goes on with partners that are on AS2 under these names.
fn agree(
    gateway: &Gateway,
    (name, own): (&str, &Own),
    (their_name, their): (&str, &Own),
    (url, their_url): (&str, &str),
    rest: &str,
) {
    let write = |file: &str, text: String| {
        let path = gateway.path("partners").join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("it can be written");
    };
    let mut options = fs::File::options();
    let file = options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = file.open(gateway.path("as2.key")).expect("it can be written");
    file.write_all(own.key.as_bytes()).expect("it can be written");
    write("utility/as2.cer", own.pem());
    write(&format!("{BANK}/theirs.cer"), their.pem());
    let path = gateway.path("partners/utility.toml");
    let text = fs::read_to_string(&path).expect("it is there");
    let text = text.split("\n[as2]").next().unwrap_or_default();
    let key = gateway.path("as2.key").display().to_string();
    write(
        "utility.toml",
        format!(
            "{text}\n[as2]\nid = \"{name}\"\nurl = \"{url}\"\n\
             keys = [{{ certificate = \"as2.cer\", key = \"file:{key}\" }}]\n"
        ),
    );
    gateway.edit(BANK, |profile| {
        let before = profile.split("\n[as2]").next().unwrap_or_default().to_string();
        format!(
            "{before}\n[as2]\nid = \"{their_name}\"\nurl = \"{their_url}\"\n\
             certificates = [{{ file = \"theirs.cer\" }}]\n\
             receive.receipt_addresses = [\"{their_url}\"]\n\
             retry = {{ times = 3, first = \"1s\" }}\n{rest}"
        )
    });
    PartnerBook::load(&gateway.path("partners")).expect("good partner files");
}

impl Pair {
    async fn open(on: Database, rest: &str) -> Pair {
        let (ours, theirs) = (Gateway::open(on).await, Gateway::open(on).await);
        let (us, them) = (Own::new("Prairie Rivers"), Own::new("Red River"));
        let (our_node, their_node) = (serve(&ours).await, serve(&theirs).await);
        let url = |node: &Node| format!("http://{}/as2", node.as2.expect("it listens"));
        let (here, there) = (url(&our_node), url(&their_node));
        agree(&ours, (US, &us), (THEM, &them), (&here, &there), rest);
        agree(&theirs, (THEM, &them), (US, &us), (&there, &here), "");
        Pair { ours, theirs, our_node, their_node: Some(their_node), us, them }
    }

    /// The bank sends a file, as its own product would.
    async fn send(&self, message_id: &str, bytes: &str, for_whom: &Own) -> Outcome {
        let url = format!("http://{}/as2", self.our_node.as2.expect("it listens"));
        let certificate = self.us.identity.certificate().clone();
        let signers = PinnedCertificates::new(vec![Pinned::always(certificate)]);
        let message = client::Message {
            from: THEM.to_string(),
            to: US.to_string(),
            message_id: message_id.to_string(),
            subject: None,
            content_type: "application/edi-x12".to_string(),
            file_name: Some("payments.edi".to_string()),
            seals: Seals::new(
                Arc::clone(&self.them.identity),
                for_whom.identity.certificate().clone(),
            ),
            receipt: Some(ReceiptWish {
                digests: vec![Digest::Sha256],
                ..ReceiptWish::signed(signers.expect("one is never ambiguous"))
            }),
            length: Length::Chunked,
            now: jiff::Timestamp::now(),
        };
        let to = Destination::new(url.parse().expect("an address"));
        client::send(&to, &message, Cursor::new(bytes.as_bytes().to_vec())).await.outcome
    }

    async fn stop(self) {
        self.our_node.stop().await;
        if let Some(node) = self.their_node {
            node.stop().await;
        }
    }
}

/// A line on the way to a server that breaks when the server answers: what was sent has arrived, and
/// whoever sent it does not hear so.
async fn breaking_line(to: std::net::SocketAddr) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut far = TcpStream::connect(to).await.expect("the server listens");
                let (mut read, mut write) = far.split();
                let mut answer = [0];
                tokio::select! {
                    _ = tokio::io::copy(&mut near, &mut write) => {}
                    _ = read.read(&mut answer) => {}
                }
            });
        }
    });
    address
}

/// All messages of a gateway that go this way.
async fn all(gateway: &Gateway, flow: Flow) -> Vec<Message> {
    let filter = Filter { flow: Some(flow), ..Filter::default() };
    gateway.store().messages(&filter, None, 100).await.expect("the store works")
}

/// Waits until a message stands so.
async fn until(gateway: &Gateway, id: MessageId, state: State) -> Message {
    for _ in 0..300 {
        let message = gateway.message(id).await;
        if message.state == state {
            return message;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let message = gateway.message(id).await;
    panic!(
        "it stands as {}: {:?}, {:?}",
        message.state.word(),
        message.reason,
        gateway.events(id).await
    )
}

/// The first message that goes out.
async fn first_out(gateway: &Gateway) -> MessageId {
    for _ in 0..300 {
        if let Some(message) = all(gateway, Flow::Out).await.pop() {
            return message.id;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nothing goes out")
}

pub(crate) async fn a_payment_comes_and_its_acknowledgment_goes_over_as2(on: Database) {
    let pair = Pair::open(on, "").await;
    let payment = sample(PAYMENT);
    let told = pair.send("<1@bank>", &payment, &pair.us).await;
    assert!(matches!(told, Outcome::Delivered(_)), "{told:?}");
    let again = pair.send("<1@bank>", &payment, &pair.us).await;
    assert!(matches!(again, Outcome::Delivered(_)), "it gets its receipt again: {again:?}");
    let other = pair.send("<1@bank>", "ISA", &pair.us).await;
    assert!(matches!(other, Outcome::NotDelivered(_)), "{other:?}");
    let came = all(&pair.ours, Flow::In).await;
    assert_eq!(came.len(), 1, "one was kept");
    assert_eq!((came[0].channel.as_str(), came[0].name.as_str()), ("as2", "payments.edi"));
    until(&pair.ours, came[0].id, State::Posted).await;
    // The acknowledgment goes back over AS2, and the bank's receipt proves that it has it.
    let answer = first_out(&pair.ours).await;
    until(&pair.ours, answer, State::Sent).await;
    let events = pair.ours.events(answer).await;
    assert!(events.contains(&"receipt".to_string()), "{events:?}");
    let receipts = pair.ours.store().receipts(answer).await.expect("the store works");
    assert_eq!(receipts.len(), 1, "the receipt is kept as a proof");
    let there = all(&pair.theirs, Flow::In).await;
    assert_eq!(there.len(), 1);
    assert_eq!(there[0].sha256, pair.ours.message(answer).await.sha256, "byte for byte");
    pair.stop().await;
}

pub(crate) async fn a_receipt_that_comes_later_closes_the_message(on: Database) {
    let pair = Pair::open(on, "send.receipt_later = true\n").await;
    let told = pair.send("<2@bank>", &sample(PAYMENT), &pair.us).await;
    assert!(matches!(told, Outcome::Delivered(_)), "{told:?}");
    let answer = first_out(&pair.ours).await;
    until(&pair.ours, answer, State::Accepted).await;
    let events = pair.ours.events(answer).await;
    // It may be quicker than the answer to our request, and then nobody waits for it.
    assert!(events.contains(&"receipt".to_string()), "{events:?}");
    assert_eq!(all(&pair.theirs, Flow::In).await.len(), 1, "it came once");
    pair.stop().await;
}

pub(crate) async fn a_receipt_settles_what_broke_off_on_its_way(on: Database) {
    let pair = Pair::open(on, "send.receipt_later = true\n").await;
    let node = pair.their_node.as_ref().expect("it serves");
    let there = node.as2.expect("it listens");
    let line = breaking_line(there).await;
    pair.ours.edit(BANK, |profile| {
        let url = |address| format!("url = \"http://{address}/as2\"");
        profile.replace(&url(there), &url(line)).replace("first = \"1s\"", "first = \"1h\"")
    });
    let told = pair.send("<6@bank>", &sample(PAYMENT), &pair.us).await;
    assert!(matches!(told, Outcome::Delivered(_)), "{told:?}");
    let answer = first_out(&pair.ours).await;
    until(&pair.ours, answer, State::Accepted).await;
    let events = pair.ours.events(answer).await;
    assert!(events.contains(&"sealed".to_string()), "the MIC was noted: {events:?}");
    assert_eq!(all(&pair.theirs, Flow::In).await.len(), 1, "it came once");
    pair.stop().await;
}

pub(crate) async fn a_receipt_is_judged_by_what_was_asked_for(on: Database) {
    let mut pair = Pair::open(on, "send.receipt_later = true\n").await;
    pair.their_node.take().expect("it serves").stop().await;
    let told = pair.send("<7@bank>", &sample(PAYMENT), &pair.us).await;
    assert!(matches!(told, Outcome::Delivered(_)), "{told:?}");
    let answer = first_out(&pair.ours).await;
    until(&pair.ours, answer, State::Sending).await;
    pair.ours.edit(BANK, |profile| profile + "send.receipt = \"unsigned\"\n");
    let of = expectation::Filter { message: Some(answer), ..Default::default() };
    let waiting = pair.ours.store().expectations(&of, 9).await.expect("the store works");
    let receipt = waiting.iter().find(|it| it.kind == expectation::Kind::Receipt);
    let key = &receipt.expect("it was noted before a byte went out").key;
    let (host, _) = As2Host::new(Arc::clone(&pair.ours.house));
    let awaited = host.awaited(BANK, key).await.expect("the store works").expect("it is awaited");
    let first = awaited.wanted.last().expect("a MIC");
    assert!(first.is_signed, "signed was asked for");
    let other = host.awaited("prairie-power", key).await.expect("the store works");
    assert_eq!(other, None, "another partner has no say");
    pair.stop().await;
}

pub(crate) async fn a_partner_that_is_away_gets_it_when_it_is_back(on: Database) {
    let mut pair = Pair::open(on, "").await;
    let node = pair.their_node.take().expect("it serves");
    let address = node.as2.expect("it listens");
    node.stop().await;
    let told = pair.send("<3@bank>", &sample(PAYMENT), &pair.us).await;
    assert!(matches!(told, Outcome::Delivered(_)), "{told:?}");
    let answer = first_out(&pair.ours).await;
    until(&pair.ours, answer, State::Sending).await;
    let folder = pair.theirs.path("spool");
    let as2 = Some(As2 { listen: address, settings: Settings::new(folder) });
    let serving = Serving { workers: 1, sftp: None, as2 };
    let node = Node::start(Arc::clone(&pair.theirs.house), serving).await;
    pair.their_node = Some(node.expect("the address is free again"));
    until(&pair.ours, answer, State::Sent).await;
    assert_eq!(all(&pair.theirs, Flow::In).await.len(), 1, "it came once");
    pair.stop().await;
}

pub(crate) async fn what_cannot_be_opened_waits_sealed_for_a_person(on: Database) {
    let pair = Pair::open(on, "").await;
    let stranger = Own::new("Somebody Else");
    let told = pair.send("<4@bank>", &sample(PAYMENT), &stranger).await;
    assert!(matches!(told, Outcome::NotDelivered(Failure::Receipt { .. })), "{told:?}");
    let kept = all(&pair.ours, Flow::In).await;
    assert_eq!((kept.len(), kept[0].channel.as_str()), (1, "as2 sealed"));
    let held = until(&pair.ours, kept[0].id, State::Held).await;
    assert!(held.reason.is_some_and(|it| it.contains("could not be opened")));
    assert!(pair.ours.postings().await.is_empty());
    pair.stop().await;
}

pub(crate) async fn forged_messages_leave_room_for_the_partners_own(on: Database) {
    let pair = Pair::open(on, "").await;
    let stranger = Own::new("Somebody Else");
    let forged = async |number: u32| {
        let told = pair.send(&format!("<forged{number}@bank>"), "ISA", &stranger).await;
        assert!(matches!(told, Outcome::NotDelivered(Failure::Receipt { .. })), "{told:?}");
    };
    let sealed = async || {
        let kept = all(&pair.ours, Flow::In).await;
        kept.iter().filter(|it| it.channel == "as2 sealed").count()
    };
    for number in 0..12 {
        forged(number).await;
    }
    assert_eq!(sealed().await, 10, "from a network that proved nothing, half of the places");
    // The partner sends from its network, and what cannot be opened from there has the other half.
    let told = pair.send("<8@bank>", &sample(PAYMENT), &pair.us).await;
    assert!(matches!(told, Outcome::Delivered(_)), "{told:?}");
    for number in 12..24 {
        forged(number).await;
    }
    assert_eq!(sealed().await, 20, "so many and no more");
    pair.stop().await;
}

pub(crate) async fn a_key_of_ours_that_cannot_be_read_sends_nobody_away(on: Database) {
    let pair = Pair::open(on, "").await;
    fs::write(pair.ours.path("as2.key"), "gone").expect("it can be written");
    pair.ours.edit(BANK, |profile| profile);
    let told = pair.send("<5@bank>", &sample(PAYMENT), &pair.us).await;
    let Outcome::NotDelivered(failure) = told else { panic!("{told:?}") };
    assert!(matches!(failure, Failure::Status { status: 503, .. }), "{failure}");
    fs::write(pair.ours.path("as2.key"), &pair.us.key).expect("it can be written");
    pair.ours.edit(BANK, |profile| profile);
    let told = pair.send("<5@bank>", &sample(PAYMENT), &pair.us).await;
    assert!(matches!(told, Outcome::Delivered(_)), "{told:?}");
    pair.stop().await;
}
