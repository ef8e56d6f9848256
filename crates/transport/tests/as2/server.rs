//! The server as one that runs for a long time: its limits, TLS, and an orderly end.

use std::io::Cursor;
use std::time::Duration;

use tieline_transport::as2::client::{
    ClientTls, Destination, Failure, Message, Outcome, Roots, TlsError, TlsIdentity, send,
};
use tieline_transport::as2::{Asked, LONGEST_MESSAGE_ID, Url, What};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::house::{DOCUMENT, OTHER, UTILITY, message, start, start_with};
use crate::http::{borrowed, exchange, read_reply, request, usual_fields};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_tls_is_known_by_its_pinned_certificate() {
    let running = start_with(|settings| settings.tls = Some(UTILITY.tls())).await;
    let pin = |company: &crate::house::Company| {
        let roots = Roots::from_pem(company.pem().0.as_bytes()).expect("a certificate");
        ClientTls::new(&roots, None).expect("it can be used")
    };
    let destination = Destination::new(running.url());
    let with = |tls| Destination { tls, ..destination.clone() };
    let sent = send(&with(Some(pin(&UTILITY))), &message(), Cursor::new(DOCUMENT)).await;
    assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{sent:?}");
    for (destination, is_tls) in [(with(Some(pin(&OTHER))), true), (with(None), false)] {
        let sent = send(&destination, &message(), Cursor::new(DOCUMENT)).await;
        let Outcome::NotDelivered(failure) = sent.outcome else { panic!("it was sent") };
        assert_eq!(matches!(failure, Failure::Tls { .. }), is_tls, "{failure}");
        assert!(failure.to_string().starts_with("tls: ") && !failure.may_pass(), "{failure}");
    }
    // A renewed certificate is shown to whoever comes next.
    running.server.renew_tls(&OTHER.tls()).expect("it can be used");
    for (company, is_delivered) in [(&OTHER, true), (&UTILITY, false)] {
        let sent = send(&with(Some(pin(company))), &message(), Cursor::new(DOCUMENT)).await;
        assert_eq!(matches!(sent.outcome, Outcome::Delivered(_)), is_delivered, "{sent:?}");
    }
    let plain = exchange(running.address, b"POST /as2 HTTP/1.1\r\n\r\n").await;
    assert_ne!(plain.status, 200);
    assert!(running.house.whats().iter().any(|it| matches!(it, What::TlsFailed { .. })));
    assert_eq!(running.house.messages().len(), 2);
}

#[test]
fn files_that_are_no_certificate_are_refused() {
    let (chain, key) = UTILITY.pem();
    let read = |chain: &str, key: &str| TlsIdentity::from_pem(chain.as_bytes(), key.as_bytes());
    assert_eq!(read("", &key).expect_err("nothing"), TlsError::NoCertificate);
    assert_eq!(read(&chain, "").expect_err("nothing"), TlsError::NoKey);
    assert_eq!(read(&key, &chain).expect_err("swapped"), TlsError::NoCertificate);
    assert_eq!(Roots::from_pem(b"x").expect_err("nothing"), TlsError::NoCertificate);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_paths_and_methods_are_told_so() {
    let running = start().await;
    let usual = String::from_utf8(request(&borrowed(&usual_fields("<1@a>")), b"")).expect("text");
    for (from, to, status) in [("POST", "GET", 405), ("POST", "PUT", 405), ("/as2", "/", 404)] {
        let request = usual.replacen(from, to, 1);
        assert_eq!(exchange(running.address, request.as_bytes()).await.status, status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_messages_may_come_on_one_connection() {
    let running = start().await;
    running.change(|relation| {
        relation.policy.is_encrypted = false;
        relation.policy.is_signed = false;
    });
    let mut stream = TcpStream::connect(running.address).await.expect("it listens");
    for number in 0..3 {
        let mut fields = usual_fields(&format!("<{number}@a>"));
        fields.push(("Content-Type".into(), "application/edi-x12".into()));
        stream.write_all(&request(&borrowed(&fields), DOCUMENT)).await.expect("it is sent");
        let reply = read_reply(&mut stream).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(reply.body.contains("MDN-sent-automatically; processed\r\n"), "{reply:?}");
        assert!(reply.head.contains("As2-From: \"Prairie Rivers \\\"AS2\\\"\""), "{reply:?}");
    }
    assert_eq!(running.house.messages().len(), 3);
    let events = running.house.events();
    assert!(events.iter().all(|event| event.connection == 1));
    assert!(events.iter().all(|event| event.partner.as_deref() == Some("wheatland")));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_limited_and_quiet_ones_closed() {
    let running = start_with(|settings| {
        settings.connections_of_address = 2;
        settings.head = Duration::from_millis(500);
    })
    .await;
    let mut quiet = Vec::new();
    for _ in 0..3 {
        quiet.push(TcpStream::connect(running.address).await.expect("it listens"));
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let reason = "too many connections";
    assert_eq!(running.house.whats(), [What::TurnedAway { reason }]);
    tokio::time::sleep(Duration::from_millis(800)).await;
    let sent = running.send(&message(), DOCUMENT).await;
    assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_limited() {
    let running = start().await;
    let long = format!("POST /as2 HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    let many = format!("POST /as2 HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1000));
    for request in [long, many] {
        let reply = exchange(running.address, request.as_bytes()).await;
        assert!(reply.status == 0 || (400..500).contains(&reply.status), "{reply:?}");
    }
    assert!(running.house.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_nonsense_does_not_fill_the_audit() {
    let running = start().await;
    for _ in 0..100 {
        exchange(running.address, b"POST /as2 HTTP/1.1\r\nA : b\r\n\r\n").await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let told = running.house.whats().len();
    assert!((1..=60).contains(&told), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_that_are_not_served_are_turned_away() {
    let network = "192.0.2.0/24".parse().expect("a network");
    let running = start_with(|settings| settings.networks = vec![network]).await;
    let sent = running.send(&message(), DOCUMENT).await;
    assert!(matches!(sent.outcome, Outcome::NotDelivered(_)));
    assert!(matches!(running.house.whats()[..], [What::TurnedAway { .. }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_lets_a_message_come_to_its_end() {
    let running = start().await;
    running.change(|relation| {
        relation.policy.is_encrypted = false;
        relation.policy.is_signed = false;
    });
    let mut fields = usual_fields("<1@a>");
    fields.push(("Content-Type".into(), "application/edi-x12".into()));
    let bytes = request(&borrowed(&fields), DOCUMENT);
    let (first, rest) = bytes.split_at(bytes.len() - 10);
    let mut stream = TcpStream::connect(running.address).await.expect("it listens");
    let quiet = TcpStream::connect(running.address).await.expect("it listens");
    stream.write_all(first).await.expect("it is sent");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (house, address) = (running.house.clone(), running.address);
    let stopping = tokio::spawn(running.stop());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(TcpStream::connect(address).await.is_err(), "nobody new is let in");
    stream.write_all(rest).await.expect("it is sent");
    assert_eq!(read_reply(&mut stream).await.status, 200);
    tokio::time::timeout(Duration::from_secs(5), stopping)
        .await
        .expect("in time")
        .expect("no panic");
    assert_eq!(house.messages().len(), 1);
    drop(quiet);
}

/// Some products put the encoding of an entity above HTTP's body, and some send headers of a proxy.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_base64_is_read_where_a_field_says_so() {
    let running = start().await;
    running.change(|relation| {
        relation.policy.is_encrypted = false;
        relation.policy.is_signed = false;
    });
    let mut fields = usual_fields("<1@a>");
    let more = [
        ("Content-Type", "application/edi-x12"),
        ("Content-Transfer-Encoding", "base64"),
        ("Via", "1.1 proxy.example"),
        ("X-Forwarded-For", "192.0.2.7"),
    ];
    fields.extend(more.map(|(name, value)| (name.to_string(), value.to_string())));
    let body = tieline_smime::mime::to_base64(DOCUMENT);
    let reply = exchange(running.address, &request(&borrowed(&fields), body.as_bytes())).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(running.house.messages()[0].bytes, DOCUMENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_message_id_is_answered_whole() {
    let running = start().await;
    let message_id = format!("<{}@a>", "x".repeat(LONGEST_MESSAGE_ID - 4));
    for length in [message_id.len(), message_id.len() + 1] {
        let message_id = format!("{}{message_id}", "y".repeat(length - LONGEST_MESSAGE_ID));
        let sent = running.send(&Message { message_id, ..message() }, DOCUMENT).await;
        let is_delivered = matches!(sent.outcome, Outcome::Delivered(_));
        assert_eq!(is_delivered, length == LONGEST_MESSAGE_ID, "{sent:?}");
    }
}

/// What could not be opened has a receipt too that goes out later, where one was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_message_has_its_receipt_later() {
    let running = start().await;
    let url: Url = "https://mdn.wheatland.example/".parse().expect("an address");
    running.change(|relation| relation.receipts.addresses = vec![url.clone()]);
    let mut way = message();
    way.seals.sign = None;
    way.receipt.as_mut().expect("one").address = Some(url.clone());
    let sent = running.send(&way, DOCUMENT).await;
    assert_eq!(sent.status, Some(202));
    let unopened = running.house.unopened.lock().expect("no panic").pop().expect("one");
    let Asked::Later { receipt, address } = unopened.receipt else { panic!("{unopened:?}") };
    assert_eq!(address, url);
    assert!(String::from_utf8_lossy(receipt.raw()).contains("error: decryption-failed"));
    assert!(running.house.messages().is_empty());
}

/// A disk of ours that fails is no fault of the partner, who is asked to try again.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_gone_is_our_own_failure() {
    let running = start_with(|settings| settings.folder = "/nonexistent/tieline".into()).await;
    let sent = running.send(&message(), DOCUMENT).await;
    assert_eq!(sent.status, Some(503));
    assert!(matches!(sent.outcome, Outcome::NotDelivered(failure) if failure.may_pass()));
    assert!(matches!(running.house.whats()[..], [What::NotKept { .. }]));
}

/// RFC 4130 has receipts signed and no more, so nobody may hide one in a message.
#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_sealed_like_a_message_is_refused_in_words() {
    let running = start().await;
    let content_type = "multipart/report; report-type=disposition-notification; boundary=b";
    let way = Message { content_type: content_type.into(), file_name: None, ..message() };
    let sent = running.send(&way, b"--b\r\n\r\nx\r\n--b--\r\n").await;
    let Outcome::NotDelivered(failure) = sent.outcome else { panic!("it was taken") };
    assert!(failure.to_string().contains("unexpected-processing-error"), "{failure}");
    assert!(running.house.messages().is_empty());
    let whats = running.house.whats();
    let reason = whats.iter().find_map(|it| match it {
        What::NotOpened { reason, .. } => Some(reason.as_str()),
        _ => None,
    });
    assert!(
        reason.is_some_and(|it| it.contains("a receipt within a message is not supported")),
        "{whats:?}"
    );
}
