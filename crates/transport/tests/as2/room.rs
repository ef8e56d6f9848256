//! What is under way and not verified yet is bounded: for all together, and for each partner's name.

use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::Arc;

use tieline_transport::as2::client::{Destination, Failure, Length, Message, Outcome, send};
use tieline_transport::as2::{Relation, What};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::house::{DOCUMENT, PARTNER, Running, UTILITY, UTILITY_NAME, message, start_with};
use crate::http::{borrowed, exchange, read_reply, request, usual_fields};

/// A second partner, who signs with the same key.
const SECOND: &str = "SECOND";

async fn room(all: u64, of_partner: u64, at_once: usize) -> Running {
    let running = start_with(|settings| {
        (settings.unverified, settings.unverified_of_partner) = (all, of_partner);
        settings.opened_at_once = at_once;
    })
    .await;
    let relation = Relation::new("second", UTILITY.identity.clone(), PARTNER.pinned.clone());
    let names = (SECOND.to_string(), UTILITY_NAME.to_string());
    running.house.relations.lock().expect("no panic").insert(names, Arc::new(relation));
    running
}

/// The head of a message in a partner's name that says it has so many bytes.
fn head(from: &str, bytes: usize) -> Vec<u8> {
    let mut fields = usual_fields("<large@wheatland.example>");
    fields[1].1 = from.to_string();
    let entity = "application/pkcs7-mime; smime-type=enveloped-data";
    fields.push(("Content-Type".to_string(), entity.to_string()));
    let whole = request(&borrowed(&fields), &vec![b'~'; bytes]);
    whole[..whole.len() - bytes].to_vec()
}

/// A message that began and does not go on.
async fn stalled(address: SocketAddr, from: &str, bytes: usize, sent: usize) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    stream.write_all(&head(from, bytes)).await.expect("it listens");
    stream.write_all(&vec![b'~'; sent]).await.expect("it listens");
    // It is admitted before anything else comes.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_room_is_told_so_before_it_is_read() {
    let running = room(300_000, 300_000, 4).await;
    let stream = stalled(running.address, "WHEATLAND", 200_000, 10).await;
    // Only the head is sent: the answer does not wait for a body.
    let reply = exchange(running.address, &head(SECOND, 200_000)).await;
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.head.to_ascii_lowercase().contains("retry-after: 60"), "{reply:?}");
    assert!(running.house.whats().iter().any(|it| matches!(it, What::NotKept { .. })));
    let sent = running.send(&message(), DOCUMENT).await;
    assert!(matches!(sent.outcome, Outcome::Delivered(_)), "a small one has room: {sent:?}");

    // One that does not say how large it is stops where the room ends.
    let large = vec![b'~'; 900_000];
    let sent = running.send(&Message { length: Length::Chunked, ..message() }, &large).await;
    let Outcome::NotDelivered(Failure::Status { status: 503, .. }) = sent.outcome else {
        panic!("{sent:?}")
    };
    drop(stream);
    for _ in 0..50 {
        let sent = running.send(&message(), &large).await;
        if matches!(sent.outcome, Outcome::Delivered(_)) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("one always has room: {:?}", running.house.whats());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_misused_shuts_out_no_other() {
    let running = room(1_000_000, 300_000, 4).await;
    let _stream = stalled(running.address, "WHEATLAND", 250_000, 10).await;
    let reply = exchange(running.address, &head("WHEATLAND", 200_000)).await;
    assert_eq!(reply.status, 503, "{reply:?}");
    let way = Message { from: SECOND.into(), ..message() };
    let sent = running.send(&way, &vec![b'~'; 200_000]).await;
    assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn few_are_opened_at_once_and_all_come_through() {
    let running = room(1 << 30, 1 << 30, 2).await;
    let _stream = stalled(running.address, "WHEATLAND", 700_000, 300_000).await;
    let mut other = stalled(running.address, "WHEATLAND", 700_000, 300_000).await;
    assert_eq!(read_reply(&mut other).await.status, 503, "half of the places are one partner's");
    let way = Message { from: SECOND.into(), ..message() };
    let sent = running.send(&way, &vec![b'~'; 400_000]).await;
    assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{sent:?}");
    let all = (0..40).map(|_| {
        let to = Destination::new(running.url());
        tokio::spawn(async move { send(&to, &message(), Cursor::new(DOCUMENT)).await })
    });
    for sent in all.collect::<Vec<_>>() {
        let sent = sent.await.expect("it does not panic");
        assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{sent:?}");
    }
    assert_eq!(running.house.messages().len(), 41);
}
