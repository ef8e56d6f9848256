//! The twelve security behaviours, each over HTTP. Those of the seals themselves are tested in more
//! depth where the seals are made.

use std::io::Cursor;
use std::time::Duration;

use tieline_smime::algorithm::{Cipher, Digest, KeyTransport, Scheme};
use tieline_smime::mime::FileName;
use tieline_smime::{
    Compress, Encoding, Encryption, Policy, Sealing, Signing, SystemRandomness, Told,
};
use tieline_transport::as2::client::{
    Destination, Failure, Message, Outcome, Reach, ReceiptWish, Sent, Sign, send,
};
use tieline_transport::as2::{Asked, LONGEST_MESSAGE_ID, LONGEST_NAME, What};

use crate::house::{DOCUMENT, OTHER, PARTNER, Running, UTILITY, message, start, start_with};
use crate::http::{borrowed, exchange, request, sealed, usual_fields};

/// The disposition that a receipt of ours tells.
fn reported(sent: &Sent) -> String {
    match &sent.outcome {
        Outcome::NotDelivered(Failure::Receipt { received, .. }) => {
            received.disposition.worst().map(|it| it.text.clone()).unwrap_or_default()
        }
        outcome => format!("{outcome:?}"),
    }
}

/// The usual way to seal.
fn usual() -> Sealing<'static> {
    Sealing {
        content_type: "application/edi-x12",
        file_name: Some("usage.edi"),
        compress: Compress::No,
        sign: Some(Signing {
            identity: &PARTNER.identity,
            digest: Digest::Sha256,
            scheme: Scheme::Pkcs1,
            time: None,
        }),
        encrypt: Some(Encryption {
            certificate: UTILITY.certificate(),
            cipher: Cipher::Aes256Cbc,
            transport: KeyTransport::Pkcs1,
        }),
        encoding: Encoding::Binary,
        mic: Digest::Sha256,
    }
}

fn raw(message_id: &str, sealing: Sealing, payload: &[u8]) -> Vec<u8> {
    let (entity, body) = sealed(sealing, payload);
    let fields: Vec<_> = usual_fields(message_id).into_iter().chain(entity).collect();
    request(&borrowed(&fields), &body)
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_01_nothing_is_done_for_whom_we_do_not_know() {
    let running = start().await;
    let good = message();
    for way in [
        Message { from: "STRANGER".into(), ..good.clone() },
        Message { to: "SOMEBODY".into(), ..good.clone() },
        Message { from: good.from.to_lowercase(), ..good.clone() },
        Message { from: good.to.clone(), to: good.from.clone(), ..good.clone() },
    ] {
        let sent = running.send(&way, DOCUMENT).await;
        assert_eq!(sent.status, Some(403), "{sent:?}");
        let Outcome::NotDelivered(failure) = sent.outcome else { panic!("it was taken") };
        assert!(!failure.may_pass());
    }
    let (entity, body) = sealed(usual(), DOCUMENT);
    let fields: Vec<_> = usual_fields("<1@a>").into_iter().chain(entity).collect();
    let fields = borrowed(&fields);
    let long = "x".repeat(LONGEST_MESSAGE_ID.max(LONGEST_NAME) + 1);
    let without = |name: &'static str| fields.iter().copied().filter(move |it| it.0 != name);
    for name in ["AS2-From", "AS2-To", "Message-ID"] {
        let missing: Vec<_> = without(name).collect();
        let twice: Vec<_> = fields.iter().copied().chain([(name, "PARTNER")]).collect();
        let empty: Vec<_> = without(name).chain([(name, "")]).collect();
        let long: Vec<_> = without(name).chain([(name, long.as_str())]).collect();
        for fields in [missing, twice, empty, long] {
            let reply = exchange(running.address, &request(&fields, &body)).await;
            assert_eq!(reply.status, 400, "{name}: {reply:?}");
            assert!(!reply.head.contains("multipart"), "no receipt: {reply:?}");
        }
    }
    assert!(running.house.messages().is_empty());
    assert!(running.house.unopened.lock().expect("no panic").is_empty());
    let whats = running.house.whats();
    let strangers = whats.iter().filter(|it| matches!(it, What::Stranger { .. })).count();
    let malformed = whats.iter().filter(|it| matches!(it, What::Malformed { .. })).count();
    assert_eq!((strangers, malformed, whats.len()), (4, 12, 16));
    for _ in 0..20 {
        running.send(&Message { from: "STRANGER".into(), ..good.clone() }, DOCUMENT).await;
    }
    assert_eq!(running.house.whats().len(), 18, "a flood of strangers is told of six times");
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_02_only_the_pinned_certificate_is_the_partner() {
    let running = start().await;
    let mut way = message();
    way.seals.sign.as_mut().expect("it is signed").identity = OTHER.identity.clone();
    // The signature brings its certificate along, which counts for nothing. What is encrypted has
    // one failure; unencrypted it is told.
    assert_eq!(reported(&running.send(&way, DOCUMENT).await), "decryption-failed");
    running.change(|relation| relation.policy.is_encrypted = false);
    let mut way = Message { seals: way.seals.clone(), ..message() };
    way.seals.encrypt = None;
    assert_eq!(reported(&running.send(&way, DOCUMENT).await), "authentication-failed");
    running.change(|relation| relation.signers = OTHER.pinned.clone());
    let sent = running.send(&Message { seals: way.seals, ..message() }, DOCUMENT).await;
    assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{sent:?}");
}

/// What makes a message weaker, and what the partner is told.
type Weaker = (fn(&mut Message), &'static str);

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_03_less_security_than_agreed_is_refused() {
    let running = start().await;
    let plain = |change: fn(&mut Message)| {
        let mut way = message();
        change(&mut way);
        way
    };
    let cases: [Weaker; 3] = [
        (|way| way.seals.encrypt = None, "insufficient-message-security"),
        (
            |way| {
                way.seals.encrypt = None;
                way.seals.sign = None;
            },
            "insufficient-message-security",
        ),
        (|way| way.seals.sign = None, "decryption-failed"),
    ];
    for (change, told) in cases {
        assert_eq!(reported(&running.send(&plain(change), DOCUMENT).await), told);
    }
    running.change(|relation| {
        relation.policy = Policy {
            digests: vec![Digest::Sha512],
            ciphers: vec![Cipher::Aes256Gcm],
            ..Policy::default()
        };
    });
    let weak = running.send(&message(), DOCUMENT).await;
    assert_eq!(reported(&weak), "insufficient-message-security");
    let mut strong = message();
    strong.seals.sign.as_mut().expect("signed").digest = Digest::Sha512;
    strong.seals.encrypt.as_mut().expect("encrypted").cipher = Cipher::Aes256Gcm;
    let sent = running.send(&strong, DOCUMENT).await;
    assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{sent:?}");
    assert_eq!(running.house.messages().len(), 1);
}

// The fourth behaviour, receipts that prove nothing, has a file of its own: `answers.rs`.

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_05_a_message_that_comes_again_is_delivered_once() {
    let running = start().await;
    let way = message();
    let first = running.send(&way, DOCUMENT).await;
    let again = running.send(&way, DOCUMENT).await;
    let body = |sent: &Sent| {
        let raw = sent.raw.clone().expect("an answer");
        let at = raw.windows(4).position(|it| it == b"\r\n\r\n").expect("a head");
        raw[at..].to_vec()
    };
    assert!(matches!(again.outcome, Outcome::Delivered(_)), "{again:?}");
    assert_eq!(body(&first), body(&again), "the same receipt, byte for byte");
    let other = running.send(&way, b"ISA*another").await;
    assert_eq!(reported(&other), "invalid-message-id");
    assert_eq!(running.house.messages().len(), 1);
    let whats = running.house.whats();
    assert!(matches!(whats[..], [What::Received { .. }, What::Repeated { .. }, What::Conflict]));
    // A failure of our own: no receipt, and the partner tries again until it is kept.
    let refusal = tieline_transport::Refusal::new("the disk is full");
    *running.house.refusal.lock().expect("no panic") = Some(refusal);
    let way = message();
    let sent = running.send(&way, DOCUMENT).await;
    assert_eq!(sent.status, Some(503));
    let raw = String::from_utf8(sent.raw.expect("an answer")).expect("text");
    assert!(!raw.contains("disk") && !raw.contains("multipart"), "{raw}");
    assert!(matches!(sent.outcome, Outcome::NotDelivered(failure) if failure.may_pass()));
    *running.house.refusal.lock().expect("no panic") = None;
    // The same where it is not known who the partner is, e.g. because our own key cannot be read:
    // whoever hears that there is no relation gives up.
    let refusal = tieline_transport::Refusal::new("no key");
    *running.house.unsure.lock().expect("no panic") = Some(refusal);
    let sent = running.send(&way, DOCUMENT).await;
    assert_eq!(sent.status, Some(503));
    assert!(matches!(sent.outcome, Outcome::NotDelivered(failure) if failure.may_pass()));
    *running.house.unsure.lock().expect("no panic") = None;
    let sent = running.send(&way, DOCUMENT).await;
    assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_06_sizes_are_limited_before_they_cost() {
    let running = start().await;
    running.change(|relation| relation.policy.limits.message = 100_000);
    // Told beforehand: nothing is read, not even what would be there.
    let mut head = request(&borrowed(&usual_fields("<large@a>")), b"");
    let text = String::from_utf8(head.clone()).expect("text").replace(
        "Content-Length: 0",
        "Content-Type: application/pkcs7-mime\r\nContent-Length: 100001",
    );
    head = text.into_bytes();
    assert_eq!(exchange(running.address, &head).await.status, 413);
    // In chunks: the limit holds while they come.
    let noise: Vec<u8> =
        (0..400_000_u32).map(|it| (it.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let sent = running.send(&message(), &noise).await;
    assert_eq!(sent.status, Some(413), "{sent:?}");
    assert!(matches!(
        running.house.whats()[..],
        [What::TooLarge { limit: 100_000 }, What::TooLarge { .. }]
    ));
    // A bomb: small on the wire, and stopped while it unfolds.
    let mut bomb = message();
    bomb.seals.compress = Compress::BeforeSigning;
    let zeros = vec![0; 64 << 20];
    let sent = running.send(&bomb, &zeros).await;
    assert_eq!(reported(&sent), "decompression-failed");
    assert!(running.house.messages().is_empty());
    assert_eq!(running.folder.path().read_dir().expect("a folder").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_06_a_body_that_comes_too_slowly_is_given_up() {
    let running = start_with(|settings| settings.body_idle = Duration::from_millis(300)).await;
    let full = raw("<slow@a>", usual(), DOCUMENT);
    let reply = exchange(running.address, &full[..full.len() - 100]).await;
    assert_eq!(reply.status, 408, "{reply:?}");
    assert!(matches!(running.house.whats()[..], [What::Interrupted { .. }]));
    assert!(running.house.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_07_there_is_one_failure_between_key_and_signature() {
    let running = start().await;
    let (mut entity, body) = sealed(usual(), DOCUMENT);
    entity.push(("Authorization".into(), "Basic aHVudGVyMg==".into()));
    let mut told = Vec::new();
    // A byte is changed in the key, in the content, at its end; and the whole is for somebody else.
    for at in [300, 320, body.len() / 2, body.len() - 200, body.len() - 40] {
        let mut changed = body.clone();
        changed[at] ^= 0x55;
        let id = format!("<{at}@a>");
        let fields: Vec<_> = usual_fields(&id).into_iter().chain(entity.clone()).collect();
        let reply = exchange(running.address, &request(&borrowed(&fields), &changed)).await;
        assert_eq!(reply.status, 200);
        let line = reply.body.lines().find(|line| line.starts_with("Disposition: "));
        told.push(line.expect("a receipt").to_string());
    }
    let one =
        "Disposition: automatic-action/MDN-sent-automatically; processed/error: decryption-failed";
    assert!(told.iter().all(|it| it == one), "{told:?}");
    let unopened = running.house.unopened.lock().expect("no panic").clone();
    assert_eq!(unopened.len(), told.len());
    for message in unopened {
        assert_eq!(message.told, Told::DecryptionFailed);
        assert!(matches!(message.receipt, Asked::Now(_)));
        let sealed = message.sealed.expect("it is put aside");
        assert!(sealed.len() > body.len() && !sealed.windows(4).any(|it| it == b"ISA*"));
        let text = String::from_utf8_lossy(&sealed).into_owned();
        assert!(text.contains("as2-from: WHEATLAND") && !text.contains("aHVudGVyMg"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_08_tricks_with_wrappings_are_refused() {
    let running = start().await;
    running.change(|relation| relation.policy.is_encrypted = false);
    let plain = Sealing { encrypt: None, ..usual() };
    let (entity, body) = sealed(plain, DOCUMENT);
    let kind = entity[0].1.clone();
    let boundary = kind.split("boundary=\"").nth(1).expect("one").trim_end_matches('"').to_string();
    let text = String::from_utf8(body).expect("plain text");
    let end = format!("--{boundary}--");
    let cases: [(&str, String, String); 7] = [
        (
            "a third part",
            kind.clone(),
            text.replace(&end, &format!("--{boundary}\r\n\r\nISA*evil\r\n{end}")),
        ),
        (
            "a part before",
            kind.clone(),
            format!("--{boundary}\r\nContent-Type: application/edi-x12\r\n\r\nISA*evil\r\n{text}"),
        ),
        (
            "only one part",
            kind.clone(),
            text.split(&format!("\r\n--{boundary}\r\n")).next().expect("one").to_string()
                + &format!("\r\n{end}"),
        ),
        ("changed content", kind.clone(), text.replace("WHEATLAND", "WHEATLEND")),
        (
            "an unknown smime-type",
            "application/pkcs7-mime; smime-type=certs-only".into(),
            text.clone(),
        ),
        ("two boundaries", format!("{kind}; boundary=evil"), text.clone()),
        ("two types", format!("{kind}\r\nContent-Type: application/edi-x12"), text.clone()),
    ];
    for (number, (name, kind, body)) in cases.into_iter().enumerate() {
        let id = format!("<{number}@a>");
        let fields = usual_fields(&id).into_iter().chain([("Content-Type".to_string(), kind)]);
        let fields: Vec<_> = fields.collect();
        let reply = exchange(running.address, &request(&borrowed(&fields), body.as_bytes())).await;
        let is_refused = reply.status >= 400 || reply.body.contains("processed/error: ");
        assert!(is_refused, "{name}: {reply:?}");
    }
    // What is around the two parts is not payload.
    let fields: Vec<_> = usual_fields("<around@a>").into_iter().chain(entity).collect();
    let around = format!("ISA*before\r\n{text}ISA*behind\r\n");
    exchange(running.address, &request(&borrowed(&fields), around.as_bytes())).await;
    assert!(running.house.messages().iter().all(|it| it.bytes == DOCUMENT));
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_09_requests_that_read_in_two_ways_are_refused() {
    let running = start().await;
    let good = String::from_utf8_lossy(&raw("<1@a>", usual(), b"x")).into_owned();
    let (head, _) = good.split_once("\r\n\r\n").expect("a head");
    let length = head.lines().last().expect("a length");
    let cases = [
        ("length and chunks", format!("{length}\r\nTransfer-Encoding: chunked")),
        ("chunks and length", format!("Transfer-Encoding: chunked\r\n{length}")),
        ("two lengths", format!("{length}\r\nContent-Length: 7")),
        ("one length twice", format!("{length}\r\n{length}")),
        ("a folded field", format!("{length}\r\nSubject: a\r\n b")),
        ("a space before the colon", format!("{length}\r\nAS2-Version : 1.2")),
        ("another coding", "Transfer-Encoding: gzip, chunked".to_string()),
        ("a bare line feed", format!("{length}\r\nSubject: a\nX: b")),
    ];
    let count = cases.len();
    for (name, lines) in cases {
        let request = format!("{}\r\n\r\n0\r\n\r\n", head.replace(length, &lines));
        let reply = exchange(running.address, request.as_bytes()).await;
        assert_eq!(reply.status, 400, "{name}: {reply:?}");
    }
    // The event comes when the connection has ended.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let whats = running.house.whats();
    assert!(whats.iter().all(|it| matches!(it, What::Malformed { .. })), "{whats:?}");
    assert!(whats.len() >= count, "{whats:?}");
    assert!(running.house.messages().is_empty());
    // What somebody writes is neither a line of a log nor of a receipt.
    let fields = usual_fields("<a@b>\u{1b}[31m Disposition: x");
    let reply = exchange(running.address, &request(&borrowed(&fields), b"x")).await;
    assert_eq!(reply.status, 400);
    let from = Message { from: "EVIL NAME \\".into(), ..message() };
    running.send(&from, DOCUMENT).await;
    let events = format!("{:?}", running.house.events());
    assert!(!events.contains('\u{1b}') && events.contains("EVIL NAME"), "{events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_10_receipts_go_to_agreed_addresses_alone() {
    let running = start().await;
    let agreed = "https://mdn.wheatland.example/as2/mdn".parse().expect("an address");
    running.change(|relation| relation.receipts.addresses = vec![agreed]);
    for (address, status) in [
        ("http://169.254.169.254/latest", 400),
        ("https://mdn.wheatland.example/other", 400),
        ("http://mdn.wheatland.example/as2/mdn", 400),
        ("https://mdn.wheatland.example:8443/as2/mdn", 400),
        ("https://mdn.wheatland.example/as2/mdn?id=7", 202),
        ("https://MDN.wheatland.example/as2/mdn", 202),
    ] {
        let mut way = message();
        let address = address.parse().expect("an address");
        let wish = ReceiptWish::signed(UTILITY.pinned.clone());
        way.receipt = Some(ReceiptWish { address: Some(address), ..wish });
        let sent = running.send(&way, DOCUMENT).await;
        assert_eq!(sent.status, Some(status), "{:?}", way.receipt);
    }
    assert_eq!(running.house.messages().len(), 2);
    // The address of a house is not reached, by number or by name.
    for url in ["http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/"] {
        let to = Destination {
            reach: Reach::Public,
            ..Destination::new(url.parse().expect("an address"))
        };
        let sent = send(&to, &message(), Cursor::new(DOCUMENT)).await;
        let Outcome::NotDelivered(failure) = sent.outcome else { panic!("it was sent") };
        assert!(matches!(failure, Failure::Reach { .. }), "{failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_10_a_receipt_nobody_waits_for_leaves_nothing() {
    let running = start().await;
    let mdn = tieline_smime::mdn::Mdn {
        reporting_agent: "Puppet".into(),
        recipient: "x".into(),
        original_message_id: "<never-sent@a>".into(),
        disposition: tieline_smime::mdn::Disposition::processed(),
        mic: None,
        mic_name: None,
        text: String::new(),
    };
    let (headers, body) =
        tieline_smime::mdn::write(&mdn, usual().sign.as_ref(), &SystemRandomness).expect("written");
    let own = |(name, value): (&str, &str)| (name.to_string(), value.to_string());
    let fields: Vec<_> =
        usual_fields("<mdn@a>").into_iter().chain(headers.fields().map(own)).collect();
    let reply = exchange(running.address, &request(&borrowed(&fields), &body)).await;
    assert_eq!(reply.status, 404, "{reply:?}");
    assert!(matches!(running.house.whats()[..], [What::ReceiptUnknown]));
    assert!(running.house.messages().is_empty());
    assert!(running.house.arrived.lock().expect("no panic").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_11_a_file_name_is_a_name_and_no_path() {
    let running = start().await;
    for (given, kept) in [
        ("../../etc/passwd", FileName::Plain("passwd".into())),
        ("C:\\out\\usage.edi", FileName::Plain("usage.edi".into())),
        ("a:b", FileName::Illegal),
        ("..", FileName::Illegal),
        ("\u{202e}ide.exe", FileName::Illegal),
    ] {
        let way = Message { file_name: Some(given.into()), ..message() };
        let sent = running.send(&way, DOCUMENT).await;
        assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{given}: {sent:?}");
        let last = running.house.messages().pop().expect("it was kept");
        assert_eq!(last.received.file_name, kept);
        assert!(!last.received.payload.name.contains(&b'/'));
    }
    let way = Message { file_name: Some("a\r\nX: y".into()), ..message() };
    let sent = running.send(&way, DOCUMENT).await;
    let text = String::from_utf8_lossy(&sent.raw.unwrap_or_default()).into_owned();
    assert!(!text.contains("X: y"));
}

/// While keys change over both are good, in both directions.
#[tokio::test(flavor = "multi_thread")]
async fn behaviour_12_keys_roll_over_without_a_break_and_show_nowhere() {
    let running = start().await;
    running.change(|relation| {
        relation.identities = vec![OTHER.identity.clone(), UTILITY.identity.clone()];
    });
    for certificate in [UTILITY.certificate(), OTHER.certificate()] {
        let mut way = message();
        way.seals.encrypt.as_mut().expect("encrypted").certificate = certificate.clone();
        let sent = running.send(&way, DOCUMENT).await;
        assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{sent:?}");
    }
    let identity = PARTNER.identity.clone();
    let sign = Sign { identity, digest: Digest::Sha256, scheme: Scheme::Pkcs1 };
    let shown = format!("{sign:?} {:?} {:?}", PARTNER.tls(), running.house.events());
    assert!(!shown.contains("ISA*") && !shown.contains("[48, 130"), "{shown}");
}

/// A connection that is full of strangers' requests does not reach the keeper.
async fn count(running: &Running) -> usize {
    running.house.messages().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_cut_off_is_never_kept() {
    let running = start().await;
    let full = raw("<cut@a>", Sealing { encrypt: None, ..usual() }, DOCUMENT);
    running.change(|relation| relation.policy.is_encrypted = false);
    for at in [full.len() / 2, full.len() - 1] {
        use tokio::io::AsyncWriteExt;
        let mut stream = tokio::net::TcpStream::connect(running.address).await.expect("it listens");
        stream.write_all(&full[..at]).await.expect("it is sent");
        drop(stream);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(count(&running).await, 0);
    assert!(running.house.whats().iter().all(|it| matches!(it, What::Interrupted { .. })));
    assert_eq!(running.house.whats().len(), 2);
}
