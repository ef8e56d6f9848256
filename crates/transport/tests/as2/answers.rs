//! Servers that answer wrongly: none of them ever has the message, as far as we know.

use std::io::Cursor;
use std::sync::Mutex;
use std::time::Duration;

use tieline_smime::algorithm::{Digest, Scheme};
use tieline_smime::mdn::{Disposition, Mdn, Receipt, write};
use tieline_smime::{Mic, Signing, SystemRandomness};
use tieline_transport::as2::client::{
    Destination, Failure, Message, Outcome, ReceiptWish, Sent, Stage, Timeouts, send,
};

use crate::house::{Company, DOCUMENT, OTHER, PARTNER, UTILITY, message, start};
use crate::http::puppet;

/// What a lying server changes in a receipt that would be right.
type Lie = fn(&mut Mdn);

/// A 200 with the receipt that is right but for the lie.
fn receipt(way: &Message, mic: &Mic, signer: Option<&Company>, lie: Lie) -> Vec<u8> {
    let mut mdn = Mdn {
        reporting_agent: "Puppet".into(),
        recipient: way.to.clone(),
        original_message_id: way.message_id.clone(),
        disposition: Disposition::processed(),
        mic: Some(mic.clone()),
        mic_name: None,
        text: "The message was processed successfully.".into(),
    };
    lie(&mut mdn);
    let signing = signer.map(|company| Signing {
        identity: &company.identity,
        digest: Digest::Sha256,
        scheme: Scheme::Pkcs1,
        time: None,
    });
    let (headers, body) = write(&mdn, signing.as_ref(), &SystemRandomness).expect("it is written");
    answer(200, &headers.fields().collect::<Vec<_>>(), &body)
}

fn answer(status: u16, fields: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Word\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// Sends the message to a server that answers so.
async fn told(way: &Message, bytes: Vec<u8>) -> Sent {
    let puppet = puppet(move |_| bytes.clone()).await;
    let timeouts = Timeouts { answer: Duration::from_millis(700), ..Timeouts::default() };
    let destination = Destination { timeouts, ..Destination::new(puppet.url.clone()) };
    send(&destination, way, Cursor::new(DOCUMENT)).await
}

/// The MIC of a message: sealing is the same each time but for its keys.
async fn mic_of(way: &Message) -> Mic {
    let sent = told(way, answer(500, &[], b"")).await;
    sent.mic.unwrap_or_else(|| panic!("it was not sealed"))
}

fn failure(sent: Sent, name: &str) -> Failure {
    match sent.outcome {
        Outcome::NotDelivered(failure) => failure,
        outcome => panic!("{name} ends as {outcome:?}"),
    }
}

async fn way_with_mic() -> (Message, Mic) {
    // The server's part is ours, the client's the partner's, as in the other tests.
    let way = message();
    let running = start().await;
    let sent = running.send(&way, DOCUMENT).await;
    (way, sent.mic.expect("it was sealed"))
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_04_a_receipt_that_is_wrong_in_anything_proves_nothing() {
    let (way, mic) = way_with_mic().await;
    let good = told(&way, receipt(&way, &mic, Some(&UTILITY), |_| {})).await;
    assert!(matches!(good.outcome, Outcome::Delivered(_)), "{good:?}");
    let signer: Option<&Company> = Some(&UTILITY);
    let cases: [(&str, Option<&Company>, Lie, bool); 13] = [
        ("unsigned", None, |_| {}, true),
        ("another signer", Some(&OTHER), |_| {}, false),
        ("our own signature", Some(&PARTNER), |_| {}, false),
        ("no MIC", signer, |it| it.mic = None, false),
        ("another MIC", signer, |it| it.mic.as_mut().expect("one").value[0] ^= 1, false),
        (
            "a weaker MIC",
            signer,
            |it| it.mic = Some(Mic { digest: Digest::Sha1, value: vec![0; 20] }),
            false,
        ),
        ("another message", signer, |it| it.original_message_id = "<other@x>".into(), false),
        ("an error", signer, |it| it.disposition = Disposition::error("decryption-failed"), false),
        ("a failure", signer, |it| it.disposition = Disposition::failure("x"), false),
        ("a warning", signer, |it| it.disposition = Disposition::warning("duplicate"), false),
        ("failed without a word", signer, |it| it.disposition.is_processed = false, false),
        (
            "an unsigned error",
            None,
            |it| it.disposition = Disposition::error("unknown-trading-relationship"),
            true,
        ),
        (
            "a positive text over an error",
            signer,
            |it| {
                it.text = "Message received and processed. All is well.".into();
                it.disposition = Disposition::error("unexpected-processing-error");
            },
            false,
        ),
    ];
    for (name, signer, lie, may_pass) in cases {
        let sent = told(&way, receipt(&way, &mic, signer, lie)).await;
        assert!(sent.raw.is_some(), "{name}: the answer is kept as a proof");
        let failure = failure(sent, name);
        assert!(matches!(failure, Failure::Receipt { .. }), "{name}: {failure}");
        assert_eq!(failure.may_pass(), may_pass, "{name}: {failure}");
        assert!(!failure.fix().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_was_tampered_with_proves_nothing() {
    let (way, mic) = way_with_mic().await;
    let good = receipt(&way, &mic, Some(&UTILITY), |_| {});
    let text = String::from_utf8_lossy(&good).into_owned();
    let field = format!("Original-Message-ID: {}\r\n", way.message_id);
    let cases = [
        ("a bad signature", text.replace("processed successfully", "processed  uccessfully")),
        ("fields twice", text.replace(&field, &format!("{field}{field}"))),
        ("cut off", text[..text.len() - 200].replace("Content-Length", "X-Length")),
        ("another type", text.replace("multipart/signed", "text/plain")),
        ("not a report", text.replace("disposition-notification;", "delivery-status;")),
    ];
    for (name, changed) in cases {
        assert_ne!(changed, text, "{name}");
        // The length is that of what is sent.
        let (head, body) = changed.split_once("\r\n\r\n").expect("a head");
        let kept = head.lines().filter(|line| !line.starts_with("Content-Length")).skip(1);
        let fields: Vec<_> = kept.filter_map(|line| line.split_once(": ")).collect();
        let sent = told(&way, answer(200, &fields, body.as_bytes())).await;
        failure(sent, name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_no_receipt_proves_nothing() {
    let way = message();
    let huge = vec![b'x'; 3 << 20];
    let html = [("Content-Type", "text/html")];
    let location = [("Location", "http://127.0.0.1:1/as2")];
    let cases = [
        ("nothing", answer(200, &[], b""), true),
        ("accepted", answer(202, &[], b""), true),
        ("a page", answer(200, &html, b"<html>Welcome</html>"), true),
        ("garbage", b"\0\x01\x02 garbage\r\n\r\n".to_vec(), true),
        ("too much", answer(200, &html, &huge), false),
        ("a failure of the server", answer(500, &[], b"trace"), true),
        ("busy", answer(503, &[], b""), true),
        ("a gateway", answer(502, &[], b""), true),
        ("too many", answer(429, &[], b""), true),
        ("bad", answer(400, &[], b""), false),
        ("unauthorized", answer(401, &[], b""), false),
        ("forbidden", answer(403, &[], b""), false),
        ("not found", answer(404, &[], b""), false),
        ("too large", answer(413, &[], b""), false),
        ("redirect", answer(302, &location, b""), false),
        ("permanent redirect", answer(308, &location, b""), false),
        ("slow", Vec::new(), true),
        ("hangs up", b"HTTP".to_vec(), true),
    ];
    for (name, bytes, may_pass) in cases {
        let failure = failure(told(&way, bytes).await, name);
        assert_eq!(failure.may_pass(), may_pass, "{name}: {failure}");
        assert_eq!(failure.stage(), Stage::As2, "{name}: {failure}");
        assert!(!failure.fix().is_empty() && !failure.to_string().contains('\n'), "{failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let second = puppet(|_| answer(200, &[], b"")).await;
    let leads = second.url.to_string();
    let first = puppet(move |_| answer(307, &[("Location", &leads)], b"")).await;
    let sent = send(&Destination::new(first.url.clone()), &message(), Cursor::new(DOCUMENT)).await;
    let failure = failure(sent, "a redirect");
    assert!(failure.to_string().contains(&second.url.to_string()), "{failure}");
    assert!(second.requests.lock().expect("no panic").is_empty());
}

/// What is wrong with a receipt that comes later is found too: a signature, and an answer at once
/// where one was promised for later.
#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_came_at_once_is_judged_all_the_same() {
    let mut way = message();
    let address = "http://127.0.0.1:1/mdn".parse().expect("an address");
    way.receipt = Some(ReceiptWish {
        kind: Receipt::Signed,
        address: Some(address),
        ..ReceiptWish::signed(UTILITY.pinned.clone())
    });
    let mic = mic_of(&way).await;
    let none = told(&way, answer(202, &[], b"")).await;
    assert!(matches!(none.outcome, Outcome::Awaited), "{none:?}");
    let good = told(&way, receipt(&way, &mic, Some(&UTILITY), |_| {})).await;
    assert!(matches!(good.outcome, Outcome::Delivered(_)), "{good:?}");
    let bad = told(&way, receipt(&way, &mic, Some(&OTHER), |_| {})).await;
    assert!(matches!(bad.outcome, Outcome::NotDelivered(Failure::Receipt { .. })), "{bad:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_that_cannot_be_read_is_not_sent_as_whole() {
    struct Broken(Mutex<usize>);
    impl std::io::Read for Broken {
        fn read(&mut self, space: &mut [u8]) -> std::io::Result<usize> {
            let mut left = self.0.lock().expect("no panic");
            if *left == 0 {
                return Err(std::io::Error::other("the disk is gone"));
            }
            let read = space.len().min(*left);
            *left -= read;
            Ok(read)
        }
    }
    let running = start().await;
    let destination = Destination::new(running.url());
    let sent = send(&destination, &message(), Broken(Mutex::new(500_000))).await;
    let failure = failure(sent, "a broken payload");
    assert!(matches!(failure, Failure::Seal(_)) && failure.may_pass(), "{failure}");
    assert!(running.house.messages().is_empty());
}
