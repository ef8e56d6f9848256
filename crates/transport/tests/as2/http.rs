//! HTTP byte by byte: a client that sends whatever a test wants, and a server that answers so.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tieline_smime::SystemRandomness;
use tieline_smime::{Seal, Sealing};
use tieline_transport::as2::Url;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::house::{PARTNER_NAME, UTILITY_NAME};

/// An answer: its status, its head, its body.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Sends bytes and reads the answer until the server has no more to say.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    // A server may answer before it has read everything.
    let _ = stream.write_all(request).await;
    read_reply(&mut stream).await
}

pub(crate) async fn read_reply(stream: &mut TcpStream) -> Reply {
    let mut bytes = Vec::new();
    let read = async {
        let mut space = [0; 4096];
        loop {
            match stream.read(&mut space).await {
                Ok(0) | Err(_) => return,
                Ok(read) => bytes.extend_from_slice(&space[..read]),
            }
            if is_whole(&bytes) {
                return;
            }
        }
    };
    timeout(Duration::from_secs(20), read).await.expect("the server answers in time");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or_default();
    Reply { status, head: head.to_string(), body: body.to_string() }
}

/// Whether a head and the body it announces are there.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else { return false };
    let (head, body) = (&bytes[..end], &bytes[end + 4..]);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    if head.contains("transfer-encoding: chunked") {
        return body.ends_with(b"0\r\n\r\n");
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_some_and(|length| length.trim().parse() == Ok(body.len()))
}

/// A request with these fields and this body.
pub(crate) fn request(fields: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = String::from("POST /as2 HTTP/1.1\r\nHost: tieline.example\r\n");
    for (name, value) in fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    [head.as_bytes(), body].concat()
}

/// The fields of the usual message without those of its entity.
pub(crate) fn usual_fields(message_id: &str) -> Vec<(String, String)> {
    let ours = format!("\"{}\"", UTILITY_NAME.replace('"', "\\\""));
    [
        ("AS2-Version", "1.2"),
        ("AS2-From", PARTNER_NAME),
        ("AS2-To", &ours),
        ("Message-ID", message_id),
        ("Disposition-Notification-To", "as2@wheatland.example"),
        (
            "Disposition-Notification-Options",
            "signed-receipt-protocol=required, pkcs7-signature; signed-receipt-micalg=required, sha256",
        ),
    ]
    .map(|(name, value)| (name.to_string(), value.to_string()))
    .to_vec()
}

/// A sealed message as the fields of its entity and its body.
pub(crate) fn sealed(sealing: Sealing, payload: &[u8]) -> (Vec<(String, String)>, Vec<u8>) {
    let seal = Seal::new(sealing, &SystemRandomness).expect("plain fields");
    let own = |(name, value): (&str, &str)| (name.to_string(), value.to_string());
    let fields = seal.headers().fields().map(own).collect();
    let mut body = Vec::new();
    seal.write(&mut &payload[..], &mut body).expect("it can be sealed");
    (fields, body)
}

/// Fields as [`request`] takes them.
pub(crate) fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// A server that reads each request to its end and answers what it is told to.
pub(crate) struct Puppet {
    pub(crate) url: Url,
    pub(crate) requests: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// Answers each request with these bytes; the connection then ends.
pub(crate) async fn puppet(answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> Puppet {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                let mut space = [0; 4096];
                while !is_whole(&bytes) {
                    match stream.read(&mut space).await {
                        Ok(0) | Err(_) => break,
                        Ok(read) => bytes.extend_from_slice(&space[..read]),
                    }
                }
                let answer = answer(&bytes);
                seen.lock().expect("nobody panicked").push(bytes);
                if answer.is_empty() {
                    // Never an answer.
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    let url = format!("http://{address}/as2").parse().expect("an address");
    Puppet { url, requests }
}
