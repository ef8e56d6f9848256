//! Connections that are kept for the next message, and those that a server ended meanwhile.

use std::collections::HashSet;
use std::io::Cursor;
use std::sync::{Arc, Mutex};

use tieline_transport::as2::What;
use tieline_transport::as2::client::{
    Destination, Failure, Length, Message, Outcome, Pool, Sent, seal, send_sealed,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::house::{DOCUMENT, message, start};

async fn send(to: &Destination, way: &Message, payload: &[u8], pool: &Arc<Pool>) -> Sent {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let sealed = seal(way, Cursor::new(payload.to_vec()), folder.path()).await.expect("it seals");
    let sent = send_sealed(to, way, &sealed, pool).await;
    assert_eq!(sent.mic.as_ref(), Some(sealed.mic()), "it was known before");
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_to_one_server_go_over_one_connection() {
    let running = start().await;
    let (to, pool) = (Destination::new(running.url()), Arc::<Pool>::default());
    let large = vec![b'~'; 700_000];
    let folder = running.folder.path();
    for (length, payload) in [
        (Length::Chunked, DOCUMENT),
        (Length::Told { folder: folder.into() }, DOCUMENT),
        (Length::Chunked, &large[..]),
        (Length::Told { folder: folder.into() }, &large[..]),
    ] {
        let way = Message { length, ..message() };
        let sent = send(&to, &way, payload, &pool).await;
        assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{sent:?}");
    }
    let events = running.house.events();
    let received = events.iter().filter(|it| matches!(it.what, What::Received { .. }));
    let connections: HashSet<u64> = received.map(|it| it.connection).collect();
    assert_eq!((connections.len(), pool.waiting()), (1, 1), "{events:?}");
    for kept in running.house.messages().iter().skip(2) {
        assert_eq!(kept.bytes, large);
    }

    // Of many at once a few are kept.
    let all = (0..9).map(|_| {
        let (to, pool) = (to.clone(), Arc::clone(&pool));
        tokio::spawn(async move { send(&to, &message(), DOCUMENT, &pool).await })
    });
    for sent in all.collect::<Vec<_>>() {
        let sent = sent.await.expect("it does not panic");
        assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{sent:?}");
    }
    assert!((1..=4).contains(&pool.waiting()), "{}", pool.waiting());
}

/// A server whose first connection answers one request, and the next with these bytes before it ends.
/// Later connections answer everything. The Message-IDs it saw.
async fn ending(end: &'static [u8]) -> (Destination, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    tokio::spawn(async move {
        for connection in 0.. {
            let (mut stream, _) = listener.accept().await.expect("it listens");
            let noted = Arc::clone(&noted);
            tokio::spawn(async move {
                for request in 0.. {
                    let mut bytes = Vec::new();
                    let mut space = [0; 4096];
                    while !bytes.ends_with(b"\r\n0\r\n\r\n") {
                        match stream.read(&mut space).await {
                            Ok(0) | Err(_) => return,
                            Ok(read) => bytes.extend_from_slice(&space[..read]),
                        }
                    }
                    let text = String::from_utf8_lossy(&bytes);
                    let id = text.lines().find_map(|line| line.strip_prefix("Message-Id: "));
                    noted.lock().expect("no panic").push(id.expect("it has one").to_string());
                    if (connection, request) == (0, 1) {
                        let _ = stream.write_all(end).await;
                        return;
                    }
                    let answer = b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n";
                    stream.write_all(answer).await.expect("it listens");
                }
            });
        }
    });
    let url = format!("http://{address}/as2").parse().expect("an address");
    (Destination::new(url), seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ended_without_a_word_is_made_anew() {
    let (to, seen) = ending(b"").await;
    let pool = Arc::<Pool>::default();
    let (first, second) = (message(), message());
    for way in [&first, &second] {
        let sent = send(&to, way, DOCUMENT, &pool).await;
        assert_eq!(sent.status, Some(503), "{sent:?}");
    }
    let seen = seen.lock().expect("no panic").clone();
    assert_eq!(seen, [&first, &second, &second].map(|it| it.message_id.clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_broke_in_an_answer_is_a_failure() {
    let (to, seen) = ending(b"HTTP/1.1 20").await;
    let pool = Arc::<Pool>::default();
    send(&to, &message(), DOCUMENT, &pool).await;
    let sent = send(&to, &message(), DOCUMENT, &pool).await;
    let Outcome::NotDelivered(Failure::Broken { .. }) = sent.outcome else { panic!("{sent:?}") };
    assert_eq!(seen.lock().expect("no panic").len(), 2, "it is for the caller to try again");
}
