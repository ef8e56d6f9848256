//! Mail over TLS: what a submission server hears, and what is never said to one that cannot be trusted.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tieline_transport::as2::client::{ClientTls, Roots, Secret, Step, StepResult};
use tieline_transport::mail::{Mail, Security, Server, send};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What the server does that it should not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    None,
    /// It does not offer STARTTLS.
    NoStartTls,
    /// It says more after STARTTLS before TLS begins.
    Talks,
    /// It never ends its greeting.
    Endless,
}

/// A certificate for this machine, as PEM with its key.
fn certificate(folder: &Path) -> (Vec<u8>, Vec<u8>) {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]);
    openssl.args(["-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1"]);
    openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
    assert!(openssl.output().expect("openssl is installed").status.success());
    (fs::read(certificate).expect("it is there"), fs::read(key).expect("it is there"))
}

/// A server for one connection, and what it heard.
async fn server(security: Security, habit: Habit) -> (Server, JoinHandle<String>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (chain, key) = certificate(folder.path());
    let roots = Roots::from_pem(&chain).expect("a certificate");
    let chain = vec![CertificateDer::from_pem_slice(&chain).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(&key).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the usual versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("they fit");
    let tls = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("somebody comes");
        serve(stream, tls, security, habit).await
    });
    let server = Server {
        host: "127.0.0.1".to_string(),
        port,
        security,
        tls: Some(ClientTls::new(&roots, None).expect("it can be used")),
        login: Some(("tieline".to_string(), Secret::new("swordfish"))),
        patience: Duration::from_secs(5),
    };
    (server, heard)
}

async fn serve(stream: TcpStream, tls: TlsAcceptor, security: Security, habit: Habit) -> String {
    let mut heard = String::new();
    if security == Security::Tls {
        let Ok(stream) = tls.accept(stream).await else { return heard };
        talk(BufReader::new(stream), habit, true, true, &mut heard).await;
        return heard;
    }
    if let Some(stream) = talk(BufReader::new(stream), habit, true, false, &mut heard).await {
        let Ok(stream) = tls.accept(stream).await else { return heard };
        heard += "(tls)";
        talk(BufReader::new(stream), habit, false, true, &mut heard).await;
    }
    heard
}

/// Talks until the other side goes; gives the stream back when TLS is to begin.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    habit: Habit,
    is_new: bool,
    is_tls: bool,
    heard: &mut String,
) -> Option<S> {
    if is_new {
        let greeting = match habit {
            Habit::Endless => "220-more\r\n".repeat(10_000),
            _ => "220 here\r\n".to_string(),
        };
        stream.write_all(greeting.as_bytes()).await.ok()?;
    }
    let mut is_text = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.is_ok_and(|count| count > 0) {
            *heard += &line;
        } else {
            return None;
        }
        let offers = match (is_tls, habit) {
            (true, _) => "250-here\r\n250 AUTH LOGIN PLAIN",
            (false, Habit::NoStartTls) => "250-here\r\n250 AUTH PLAIN",
            (false, _) => "250-here\r\n250 STARTTLS",
        };
        let answer = match line.trim() {
            "STARTTLS" if habit == Habit::Talks => "220 go on\r\n250 AUTH PLAIN",
            "STARTTLS" => "220 go on",
            "." => "250 taken",
            _ if is_text => continue,
            "DATA" => "354 go on",
            it if it.starts_with("EHLO [127.0.0.1]") => offers,
            // NUL tieline NUL swordfish
            "AUTH PLAIN AHRpZWxpbmUAc3dvcmRmaXNo" => "235 good",
            it if it.starts_with("AUTH") => "535 wrong",
            it if it.starts_with("RCPT TO:<full") => "452 no room",
            _ => "250 good",
        };
        is_text = answer.starts_with("354");
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        if line.trim() == "STARTTLS" {
            return Some(stream.into_inner());
        }
    }
}

fn mail(to: &str) -> Mail {
    Mail {
        from: "gateway@prairierivers.example".to_string(),
        to: vec![to.to_string()],
        subject: "Tieline: held".to_string(),
        text: "Something waits.\n".to_string(),
        id: "alert-1".to_string(),
        at: Timestamp::from_second(1_700_000_000).expect("an instant"),
    }
}

const DESK: &str = "desk@prairierivers.example";

fn names(steps: &[Step]) -> Vec<&str> {
    steps.iter().map(|step| step.name.as_str()).collect()
}

fn failed(steps: &[Step]) -> (&str, bool) {
    match &steps.last().expect("a step").result {
        StepResult::Failed { words, is_passing, .. } => (words, *is_passing),
        StepResult::Done(word) => panic!("it was done: {word}"),
    }
}

#[tokio::test]
async fn a_mail_goes_over_tls_from_the_first_byte_and_after_starttls() {
    for (security, stages) in [
        (Security::Tls, vec!["dns", "tcp", "tls", "login", "mail"]),
        (Security::StartTls, vec!["dns", "tcp", "tls", "login", "mail"]),
    ] {
        let (server, heard) = server(security, Habit::None).await;
        let steps = send(&server, &mail(DESK)).await;
        assert!(steps.iter().all(Step::is_done), "{steps:?}");
        assert_eq!(names(&steps), stages);
        let heard = heard.await.expect("it talks");
        let before = heard.split("(tls)").next().expect("a first part");
        if security == Security::StartTls {
            assert_eq!(before, "EHLO [127.0.0.1]\r\nSTARTTLS\r\n", "nothing else in the clear");
        }
        assert!(heard.contains("RCPT TO:<desk@prairierivers.example>\r\n"), "{heard}");
        assert!(heard.contains("\r\n\r\nU29tZXRoaW5nIHdhaXRzLg0K\r\n.\r\n"), "{heard}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_to_be_trusted_gets_no_password() {
    for (habit, words) in [
        (Habit::NoStartTls, "does not offer STARTTLS"),
        (Habit::Talks, "went on talking in the clear"),
        (Habit::Endless, "does not end its reply"),
    ] {
        let (server, heard) = server(Security::StartTls, habit).await;
        let steps = send(&server, &mail(DESK)).await;
        assert!(failed(&steps).0.contains(words), "{steps:?}");
        assert!(!heard.await.expect("it talks").contains("AUTH PLAIN "), "{habit:?}");
    }
    let (other, _) = server(Security::Tls, Habit::None).await;
    let (server, heard) = server(Security::Tls, Habit::None).await;
    let stranger = Server { tls: other.tls, ..server };
    let steps = send(&stranger, &mail(DESK)).await;
    assert_eq!(names(&steps), ["dns", "tcp", "tls"]);
    assert_eq!(heard.await.expect("it ends"), "");
    let clear = Server { security: Security::None, ..stranger };
    assert!(failed(&send(&clear, &mail(DESK)).await).0.contains("in the clear"));
}

#[tokio::test]
async fn what_the_server_refuses_is_told_with_whether_it_may_pass() {
    let (server_, _heard) = server(Security::Tls, Habit::None).await;
    let wrong = Server { login: Some(("tieline".to_string(), Secret::new("no"))), ..server_ };
    let steps = send(&wrong, &mail(DESK)).await;
    assert_eq!(failed(&steps), ("login: the server answers 535 wrong", false));
    let (server, _heard) = server(Security::Tls, Habit::None).await;
    let steps = send(&server, &mail("full@prairierivers.example")).await;
    assert_eq!(failed(&steps), ("mail: the server answers 452 no room", true));
    let steps = send(&server, &mail("a@b>\r\nDATA")).await;
    assert_eq!(names(&steps), ["settings"], "nobody is called");
}
