//! A destination tried out, and the ways to it: logins and proxies.

use std::io::Cursor;

use tieline_smime::mdn::Receipt;
use tieline_transport::as2::client::{
    Destination, Message, Outcome, Proxy, ProxyKind, ReceiptWish, Secret, Step, StepResult, send,
    test_connection,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::house::{DOCUMENT, OTHER, UTILITY, message, start, start_with};
use crate::http::puppet;

async fn tried(destination: &Destination, message: &Message) -> Vec<Step> {
    test_connection(destination, message, Cursor::new(DOCUMENT)).await
}

fn names(steps: &[Step]) -> Vec<&str> {
    steps.iter().map(|step| step.name.as_str()).collect()
}

fn fix(steps: &[Step]) -> &str {
    match &steps.last().expect("a step").result {
        StepResult::Failed { fix, .. } => fix,
        StepResult::Done(word) => panic!("it was done: {word}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_is_tried_out_up_to_what_fails() {
    use tieline_transport::as2::client::{ClientTls, Roots};

    let running = start_with(|settings| settings.tls = Some(UTILITY.tls())).await;
    let tls = |pem: String| {
        let roots = Roots::from_pem(pem.as_bytes()).expect("a certificate");
        Some(ClientTls::new(&roots, None).expect("it can be used"))
    };
    let good = Destination { tls: tls(UTILITY.pem().0), ..Destination::new(running.url()) };
    let steps = tried(&good, &message()).await;
    assert_eq!(names(&steps), ["dns", "tcp", "tls", "as2", "receipt"]);
    assert!(steps.iter().all(Step::is_done), "{steps:?}");
    let told = steps[4].to_string();
    assert!(told.contains("signed and with the same MIC") && !told.contains("NOT"), "{told}");

    let steps = tried(&good, &Message { to: "NOBODY".into(), ..message() }).await;
    assert_eq!(names(&steps), ["dns", "tcp", "tls", "as2"]);
    assert!(fix(&steps).contains("AS2 name"), "{steps:?}");

    let wish = ReceiptWish::signed(OTHER.pinned.clone());
    let steps = tried(&good, &Message { receipt: Some(wish), ..message() }).await;
    assert_eq!(names(&steps)[3..], ["as2", "receipt"]);
    assert!(fix(&steps).contains("not pinned"), "{steps:?}");

    // Where unsigned ones were agreed on, it is said how little that is.
    let wish =
        ReceiptWish { kind: Receipt::Unsigned, ..ReceiptWish::signed(UTILITY.pinned.clone()) };
    let steps = tried(&good, &Message { receipt: Some(wish), ..message() }).await;
    assert!(steps.iter().all(Step::is_done), "{steps:?}");
    assert!(steps[4].to_string().contains("NOT SIGNED"), "{}", steps[4]);

    let steps = tried(&good, &Message { receipt: None, ..message() }).await;
    assert!(fix(&steps).contains("signed receipt"), "{steps:?}");

    let other = Destination { tls: tls(OTHER.pem().0), ..good.clone() };
    let steps = tried(&other, &message()).await;
    assert_eq!(names(&steps), ["dns", "tcp", "tls"]);
    assert!(fix(&steps).contains("pin it"), "{steps:?}");

    let closed = Destination::new("http://127.0.0.1:1/as2".parse().expect("an address"));
    let steps = tried(&closed, &message()).await;
    assert_eq!(names(&steps), ["dns", "tcp"]);
    let nowhere = Destination::new("http://nobody.invalid/as2".parse().expect("an address"));
    let steps = tried(&nowhere, &message()).await;
    assert_eq!(names(&steps), ["dns"]);
    assert!(fix(&steps).contains("name"), "{steps:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_given_to_the_server_and_not_shown() {
    let puppet = puppet(|_| b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n".to_vec()).await;
    let login = Some(("tieline".into(), Secret::new("hunter2")));
    let destination = Destination { login, ..Destination::new(puppet.url.clone()) };
    let sent = send(&destination, &message(), Cursor::new(DOCUMENT)).await;
    assert_eq!(sent.status, Some(401));
    let request = puppet.requests.lock().expect("no panic")[0].clone();
    let request = String::from_utf8_lossy(&request);
    // The words of `tieline:hunter2` in base64.
    assert!(request.contains("Authorization: Basic dGllbGluZTpodW50ZXIy\r\n"), "{request}");
    assert!(request.contains("As2-To: \"Prairie Rivers \\\"AS2\\\"\"\r\n"), "{request}");
    assert!(!format!("{destination:?}").contains("hunter2"));
}

/// A proxy that connects on for `CONNECT`, and else sends the request on to where it is told.
async fn proxy(to: std::net::SocketAddr) -> (u16, tokio::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it listens").port();
    let (heard, seen) = tokio::sync::mpsc::channel(10);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await.expect("a head"));
            }
            let text = String::from_utf8_lossy(&head).into_owned();
            let mut server = TcpStream::connect(to).await.expect("the server listens");
            if text.starts_with("CONNECT") {
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("it listens");
            } else {
                let sent_on = text.replacen("http://as2.prairie.invalid", "", 1);
                server.write_all(sent_on.as_bytes()).await.expect("it listens");
            }
            heard.send(text).await.expect("the test waits");
            let _ = copy_bidirectional(&mut client, &mut server).await;
        }
    });
    (port, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_leads_to_servers_with_tls_and_without() {
    use tieline_transport::as2::client::{ClientTls, Roots};

    for is_tls in [false, true] {
        let running = start_with(|settings| settings.tls = is_tls.then(|| UTILITY.tls())).await;
        let (port, mut seen) = proxy(running.address).await;
        let scheme = if is_tls { "https" } else { "http" };
        let url = format!("{scheme}://as2.prairie.invalid/as2").parse().expect("an address");
        let roots = Roots::from_pem(UTILITY.pem().0.as_bytes()).expect("a certificate");
        let destination = Destination {
            tls: Some(ClientTls::new(&roots, None).expect("it can be used")),
            proxy: Some(Proxy {
                kind: ProxyKind::HttpConnect,
                host: "127.0.0.1".into(),
                port,
                login: Some(("me".into(), Secret::new("pw"))),
            }),
            ..Destination::new(url)
        };
        let sent = send(&destination, &message(), Cursor::new(DOCUMENT)).await;
        assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{sent:?}");
        let head = seen.recv().await.expect("it was used");
        let line = match is_tls {
            true => "CONNECT as2.prairie.invalid:443 HTTP/1.1\r\n",
            false => "POST http://as2.prairie.invalid/as2 HTTP/1.1\r\n",
        };
        assert!(head.starts_with(line) && head.contains("Proxy-Authorization: Basic bWU6cHc="));
    }
}

/// The system's roots do not know a certificate that somebody signed for himself.
#[tokio::test(flavor = "multi_thread")]
async fn the_roots_of_the_system_are_read() {
    use tieline_transport::as2::client::{ClientTls, Roots, TlsError};

    let tls = match ClientTls::new(&Roots::System, Some(&OTHER.tls())) {
        Ok(tls) => tls,
        Err(TlsError::NoRoots) => return eprintln!("SKIPPED: this system has no roots"),
        Err(error) => panic!("{error}"),
    };
    let running = start_with(|settings| settings.tls = Some(UTILITY.tls())).await;
    let destination = Destination { tls: Some(tls), ..Destination::new(running.url()) };
    let sent = send(&destination, &message(), Cursor::new(DOCUMENT)).await;
    assert!(matches!(sent.outcome, Outcome::NotDelivered(_)), "{sent:?}");
    let _ = start().await;
}
