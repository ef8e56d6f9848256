//! Alerts that are sent: gathered, signed, mailed, tried again, and never in the way of anything.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use jiff::SignedDuration;
use tieline_gateway::TELL;
use tieline_gateway::alerts::{self, MailServer};
use tieline_store::options::ToldClock;
use tieline_store::{Change, job};
use tieline_transport::mail::Security;
use tieline_transport::webhook::Key;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::common::{Database, Gateway};
use crate::due;
use crate::once::BANK;

const KEY: &str = "a-key-of-this-test-alone";

/// What came over HTTP: its fields in lower case, and the body.
struct Posted {
    fields: Vec<(String, String)>,
    body: String,
}

impl Posted {
    fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(field, _)| field == name);
        &found.unwrap_or_else(|| panic!("no {name}")).1
    }

    /// The document, once the signature was verified as a receiver does it.
    fn verified(&self) -> serde_json::Value {
        let second = self.field("webhook-timestamp").parse().expect("seconds");
        let at = jiff::Timestamp::from_second(second).expect("an instant");
        let key = Key::read(KEY).expect("a key");
        let signature = key.sign(self.field("webhook-id"), at, &self.body);
        assert_eq!(self.field("webhook-signature"), signature);
        serde_json::from_str(&self.body).expect("it is JSON")
    }
}

/// A receiver of webhooks that answers each with the next of these statuses, the last one for ever.
async fn receiver(statuses: &'static [u16]) -> (String, UnboundedReceiver<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (send, posted) = unbounded_channel();
    tokio::spawn(async move {
        let mut count = 0;
        while let Ok((stream, _)) = listener.accept().await {
            let status = statuses[count.min(statuses.len() - 1)];
            count += 1;
            let _ = send.send(answered(stream, status).await);
        }
    });
    (format!("http://{address}/alerts"), posted)
}

async fn answered(stream: TcpStream, status: u16) -> Posted {
    let mut stream = BufReader::new(stream);
    let mut fields = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.expect("a line");
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.trim().split_once(": ") {
            fields.push((name.to_ascii_lowercase(), value.to_string()));
        }
    }
    let length = fields.iter().find(|(name, _)| name == "content-length").expect("a length");
    let mut body = vec![0; length.1.parse().expect("a number")];
    stream.read_exact(&mut body).await.expect("the body");
    let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.expect("it is sent");
    Posted { fields, body: String::from_utf8(body).expect("text") }
}

/// A server that takes mail, one after the other, and gives what each connection said.
async fn post_office() -> (u16, UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (send, mails) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let mut said = String::new();
            let _ = stream.write_all(b"220-here\r\n220 ready\r\n").await;
            let mut is_text = false;
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).await.is_ok_and(|count| count == 0) {
                    break;
                }
                said += &line;
                let answer = match line.trim() {
                    "." => "250 taken",
                    _ if is_text => continue,
                    "DATA" => "354 go on",
                    "QUIT" => "221 bye",
                    it if it.starts_with("RCPT TO:<nobody") => "550 no such mailbox",
                    _ => "250 good",
                };
                is_text = answer.starts_with("354");
                let _ = stream.write_all(format!("{answer}\r\n").as_bytes()).await;
            }
            let _ = send.send(said);
        }
    });
    (port, mails)
}

/// The bank names who is told.
fn told_of(gateway: &Gateway, lines: &str) {
    gateway.edit(BANK, |profile| format!("{profile}\n[alerts]\n{lines}\n"));
}

fn webhook(gateway: &Gateway, url: &str) -> String {
    let path = gateway.path("webhook");
    fs::write(&path, format!("{url}\n{KEY}\n")).expect("it is written");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("it is ours");
    format!("webhook = \"file:{}\"", path.display())
}

async fn is_sent_later(gateway: &Gateway) -> Vec<job::Job> {
    let filter = job::Filter { kind: Some(TELL.to_string()), ..job::Filter::default() };
    gateway.store().jobs(&filter, 10).await.expect("the store works")
}

/// Has a person told of something as a step does it.
async fn alert(gateway: &Gateway, detail: &str) {
    let job = job::NewJob {
        kind: "alert".to_string(),
        message: None,
        interchange: None,
        detail: detail.to_string(),
        due: None,
        order: None,
        unique: None,
    };
    let change = Change { jobs: vec![job], ..Change::default() };
    gateway.store().apply(change).await.expect("the store works");
    gateway.work().await;
}

/// Goes on until what was gathered is due.
async fn later(gateway: &Gateway, clock: &ToldClock) {
    clock.advance(SignedDuration::from_mins(3));
    gateway.work().await;
}

pub(crate) async fn what_is_told_within_minutes_is_one_signed_webhook(on: Database) {
    let (gateway, clock) = due::gateway(on).await;
    let (url, mut posted) = receiver(&[204]).await;
    told_of(&gateway, &webhook(&gateway, &url));
    for _ in 0..3 {
        alert(&gateway, "held redriver-bank").await;
        clock.advance(SignedDuration::from_secs(10));
    }
    alert(&gateway, "rejected redriver-bank").await;
    alert(&gateway, "held prairie-power").await;
    alert(&gateway, "login redriver-bank: 192.0.2.7 is kept out").await;
    assert!(posted.try_recv().is_err(), "it is gathered first");
    later(&gateway, &clock).await;
    let (one, other) = (posted.recv().await.expect("one"), posted.recv().await.expect("other"));
    assert_ne!(one.field("webhook-id"), other.field("webhook-id"));
    let mut all = [one.verified(), other.verified()];
    all.sort_by_key(|it| it["type"].to_string());
    assert_eq!(all[0]["type"], "alert.held");
    assert_eq!(all[0]["data"]["partner"], BANK);
    assert_eq!(all[0]["data"]["count"], 3);
    assert_eq!(all[0]["data"]["lines"][2]["detail"], "held redriver-bank");
    assert_eq!((&all[1]["type"], &all[1]["data"]["count"]), (&"alert.rejected".into(), &1.into()));
    later(&gateway, &clock).await;
    assert!(posted.try_recv().is_err(), "logins are not chosen, and nothing is sent twice");
    assert_eq!(is_sent_later(&gateway).await, []);
}

pub(crate) async fn what_is_not_taken_is_sent_again_under_the_same_id(on: Database) {
    let (gateway, clock) = due::gateway(on).await;
    let (url, mut posted) = receiver(&[500, 200]).await;
    told_of(&gateway, &webhook(&gateway, &url));
    alert(&gateway, "held redriver-bank").await;
    later(&gateway, &clock).await;
    let waits = is_sent_later(&gateway).await;
    let reason = waits[0].reason.as_deref().expect("it failed");
    assert!(reason.contains("answers 500") && reason.contains("receiver's log"), "{reason}");
    later(&gateway, &clock).await;
    let (one, again) = (posted.recv().await.expect("one"), posted.recv().await.expect("again"));
    assert_eq!(one.field("webhook-id"), again.field("webhook-id"));
    assert_eq!(one.verified(), again.verified());
    assert_eq!(is_sent_later(&gateway).await, []);
}

pub(crate) async fn what_nobody_takes_for_a_day_is_given_up_and_told_by_no_alert(on: Database) {
    let (gateway, clock) = due::gateway(on).await;
    told_of(&gateway, &webhook(&gateway, "http://127.0.0.1:1/"));
    alert(&gateway, "held redriver-bank").await;
    for _ in 0..60 {
        clock.advance(SignedDuration::from_mins(31));
        gateway.work().await;
    }
    let given_up = is_sent_later(&gateway).await;
    assert!(given_up.len() == 1 && given_up[0].dead && given_up[0].attempts > 40, "{given_up:?}");
    let filter = job::Filter { kind: Some("alert".to_string()), ..job::Filter::default() };
    assert_eq!(gateway.store().jobs(&filter, 10).await.expect("the store works"), []);
}

pub(crate) async fn a_mail_says_what_is_held_and_how_often(on: Database) {
    let (mut gateway, clock) = due::gateway(on).await;
    let (port, mut mails) = post_office().await;
    let server = MailServer {
        host: "127.0.0.1".to_string(),
        port,
        security: Security::None,
        login: None,
        from: "gateway@prairierivers.example".to_string(),
        roots: None,
    };
    let house = Arc::get_mut(&mut gateway.house).expect("nobody else has it");
    house.alerts.mail = Some(server);
    told_of(&gateway, "email = [\"desk@prairierivers.example\", \"nobody@prairierivers.example\"]");
    alert(&gateway, "held redriver-bank").await;
    alert(&gateway, "held redriver-bank").await;
    later(&gateway, &clock).await;
    let said = mails.recv().await.expect("a mail");
    assert!(said.contains("MAIL FROM:<gateway@prairierivers.example>\r\n"), "{said}");
    assert!(said.contains("Subject: Tieline: held redriver-bank, 2\r\n"), "{said}");
    let (_, body) = said.split_once("base64\r\n\r\n").expect("a body");
    let (body, _) = body.split_once("\r\n.\r\n").expect("its end");
    let text = tieline_smime::mime::from_base64(body.as_bytes()).expect("base64");
    let text = String::from_utf8(text).expect("text");
    assert!(text.starts_with("redriver-bank: something waits for a decision, 2\r\n"), "{text}");
    assert_eq!(is_sent_later(&gateway).await, []);

    let tried = alerts::test(&gateway.house, Some(BANK)).await;
    assert!(tried.len() == 1 && tried[0].is_sent(), "{tried:?}");
    assert!(mails.recv().await.expect("a mail").contains("a test of alerts"));
}
