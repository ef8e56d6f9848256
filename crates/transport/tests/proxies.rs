//! Our client on its way through a proxy.

mod common;

use std::sync::{Arc, Mutex};

use common::sshd::read_key;
use common::{Running, start};
use tieline_transport::sftp::client::{
    Client, ConnectError, Proxy, ProxyKind, Remote, Secret, Stage,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// A proxy for one connection. It says these words, each after it has read as many bytes, and then
/// connects on if it is to.
async fn proxy(script: Vec<(usize, Vec<u8>)>, server: Option<u16>) -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("a bound port").port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&heard);
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.expect("it listens");
        for (length, words) in script {
            let mut space = vec![0; length];
            client.read_exact(&mut space).await.expect("the client speaks");
            told.lock().expect("a free lock").extend(space);
            client.write_all(&words).await.expect("the client listens");
        }
        if let Some(port) = server {
            let mut server = TcpStream::connect(("127.0.0.1", port)).await.expect("it listens");
            let _ = copy_bidirectional(&mut client, &mut server).await;
        }
    });
    (port, heard)
}

fn remote(running: &Running, kind: ProxyKind, port: u16, login: bool) -> Remote {
    // A name that only the proxy can resolve.
    let mut remote = Remote::new("sftp.partner.example", "acme");
    remote.host_keys = vec![running.host_key.fingerprint().parse().expect("a fingerprint")];
    remote.credentials.keys = vec![read_key(&running.home.path().join("ed25519"))];
    let login = login.then(|| ("user".to_owned(), Secret::new("secret")));
    remote.proxy = Some(Proxy { kind, host: "127.0.0.1".into(), port, login });
    remote
}

const ASKED: &[u8] = b"\x05\x01\x00\x03\x14sftp.partner.example\x00\x16";

#[tokio::test(flavor = "multi_thread")]
async fn socks_5_connects_on_with_and_without_a_login() {
    let running = start().await;
    let server = Some(running.address.port());
    let bound = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x16".to_vec();
    let script = vec![(3, vec![5, 0]), (ASKED.len(), bound.clone())];
    let (port, heard) = proxy(script, server).await;
    let client = Client::connect(&remote(&running, ProxyKind::Socks5, port, false)).await;
    client.expect("the proxy connects on").close().await;
    assert_eq!(*heard.lock().expect("a free lock"), [b"\x05\x01\x00", ASKED].concat());

    let script = vec![(4, vec![5, 2]), (13, vec![1, 0]), (ASKED.len(), bound)];
    let (port, heard) = proxy(script, server).await;
    let client = Client::connect(&remote(&running, ProxyKind::Socks5, port, true)).await;
    client.expect("the proxy connects on").close().await;
    let said = [b"\x05\x02\x00\x02\x01\x04user\x06secret", ASKED].concat();
    assert_eq!(*heard.lock().expect("a free lock"), said);
}

#[tokio::test(flavor = "multi_thread")]
async fn http_connects_on() {
    let running = start().await;
    let request = "CONNECT sftp.partner.example:22 HTTP/1.1\r\nHost: sftp.partner.example:22\r\n\
                   Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n";
    let answer = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n".to_vec();
    let script = vec![(request.len(), answer)];
    let (port, heard) = proxy(script, Some(running.address.port())).await;
    let client = Client::connect(&remote(&running, ProxyKind::HttpConnect, port, true)).await;
    client.expect("the proxy connects on").close().await;
    assert_eq!(*heard.lock().expect("a free lock"), request.as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_does_not_connect_is_named() {
    let running = start().await;
    let refused = b"\x05\x02\x00\x01\0\0\0\0\0\0".to_vec();
    let forbidden = b"HTTP/1.1 403 Forbidden\r\n\r\n".to_vec();
    let cases = [
        (ProxyKind::Socks5, vec![(3, vec![5, 0]), (ASKED.len(), refused)], "may not connect"),
        (ProxyKind::Socks5, vec![(3, vec![5, 255])], "asks for a name and a password"),
        (ProxyKind::Socks5, vec![(3, b"HT".to_vec())], "does not speak SOCKS"),
        (ProxyKind::HttpConnect, vec![(40, forbidden)], "HTTP/1.1 403 Forbidden"),
        (ProxyKind::HttpConnect, vec![(40, vec![b'x'; 9000])], "does not speak HTTP"),
        (ProxyKind::HttpConnect, vec![], "ended the conversation"),
    ];
    for (kind, script, words) in cases {
        let (port, _) = proxy(script, None).await;
        let error = Client::connect(&remote(&running, kind, port, false)).await;
        let error = error.expect_err("the proxy does not connect");
        assert!(matches!(error, ConnectError::Proxy { .. }), "{error}");
        assert_eq!(error.stage(), Stage::Proxy);
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
}
