//! A mail handed in at a submission server (RFC 6409), and what came of it, step by step.
//!
//! One plain text to a few addresses, over TLS from the first byte or after STARTTLS, with AUTH PLAIN.
//! A password is never sent in the clear, and a server that stops offering STARTTLS gets nothing.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use tieline_smime::mime::to_base64;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use crate::as2::client::connect::Way;
use crate::as2::client::{
    ClientTls, Destination, Failure, Secret, Stage, Step, StepResult, Timeouts,
};
use crate::as2::fields::shown;
use crate::as2::wire::Url;

/// The most bytes of a reply of the server.
const LONGEST_REPLY: usize = 16 << 10;
/// The most characters of an address.
const LONGEST_ADDRESS: usize = 254;

/// How a connection is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte, usually at port 465.
    Tls,
    /// TLS after STARTTLS, usually at port 587.
    StartTls,
    /// Not at all, for a server on this machine. No password goes over it.
    None,
}

/// A server that takes mail for others.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept from others.
    pub security: Security,
    /// How it is known; needed with TLS.
    pub tls: Option<ClientTls>,
    /// Name and password.
    pub login: Option<(String, Secret)>,
    /// How long each of its replies may take.
    pub patience: Duration,
}

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Whose it is.
    pub from: String,
    /// Whom it is for.
    pub to: Vec<String>,
    /// What it is about; what is not ASCII is shown as `?`.
    pub subject: String,
    /// The text, with `\n` after each line.
    pub text: String,
    /// Its name before the `@`, the same at each further try.
    pub id: String,
    /// When it is written.
    pub at: Timestamp,
}

/// Why a mail is not handed in.
struct Trouble {
    name: &'static str,
    words: String,
    fix: String,
    is_passing: bool,
}

impl Trouble {
    fn new(name: &'static str, words: impl Into<String>, fix: &str) -> Self {
        Self { name, words: words.into(), fix: fix.to_string(), is_passing: false }
    }

    fn of(failure: &Failure) -> Self {
        let name = match failure.stage().to_string().as_str() {
            "dns" => "dns",
            "tls" => "tls",
            _ => "tcp",
        };
        let fix = match name {
            "tls" => {
                "look at the server's certificate, and whether security and port belong together"
            }
            _ => "check host and port in [mail]",
        };
        let is_passing = failure.may_pass();
        Self { name, words: failure.to_string(), fix: fix.to_string(), is_passing }
    }
}

/// Hands a mail in. The server has it when every step is done: the last one is `mail`.
pub async fn send(server: &Server, mail: &Mail) -> Vec<Step> {
    let mut steps = Vec::new();
    let start = Instant::now();
    let sent = hand_in(server, mail, &mut steps).await;
    let took = start.elapsed().saturating_sub(steps.iter().map(|step: &Step| step.took).sum());
    let (name, result) = match sent {
        Ok(word) => ("mail", StepResult::Done(word)),
        Err(Trouble { name, words, fix, is_passing }) => {
            (name, StepResult::Failed { words, fix, is_passing })
        }
    };
    steps.push(Step { name: name.to_string(), took, result });
    steps
}

async fn hand_in(server: &Server, mail: &Mail, steps: &mut Vec<Step>) -> Result<String, Trouble> {
    check(server, mail)?;
    let to = destination(server);
    let mut observe = |stage: Stage, took, word| {
        steps.push(Step { name: stage.to_string(), took, result: StepResult::Done(word) });
    };
    let way = Way::open(&to, &mut observe).await.map_err(|failure| Trouble::of(&failure))?;
    let mut line = Line::new(way, server.patience);
    line.expect("greeting", 220).await?;
    let mut offers = line.hello().await?;
    if server.security == Security::StartTls {
        if !offers.has("STARTTLS") {
            let words = "tls: the server does not offer STARTTLS";
            let fix = "set security to tls, with the port for it, or ask who keeps the server";
            return Err(Trouble::new("tls", words, fix));
        }
        line.ask("tls", "STARTTLS", 220).await?;
        line = line.shake(server, steps).await?;
        offers = line.hello().await?;
    }
    if let Some((name, password)) = &server.login {
        let before = Instant::now();
        if !offers.has_auth_plain() {
            let words = "login: the server does not offer AUTH PLAIN";
            return Err(Trouble::new("login", words, "ask who keeps the server how to log in"));
        }
        let login = to_base64(format!("\0{name}\0{}", password.reveal()).as_bytes());
        line.ask("login", &format!("AUTH PLAIN {login}"), 235).await?;
        let (took, result) = (before.elapsed(), StepResult::Done("logged in".to_string()));
        steps.push(Step { name: "login".to_string(), took, result });
    }
    line.deliver(mail).await
}

/// What cannot be sent is refused before anybody is called.
fn check(server: &Server, mail: &Mail) -> Result<(), Trouble> {
    let wrong = |words: &str, fix: &str| Err(Trouble::new("settings", words, fix));
    if server.security == Security::None && server.login.is_some() {
        return wrong(
            "settings: a password may not go in the clear",
            "set security in [mail] to tls",
        );
    }
    if !is_address(&mail.from) {
        return wrong("settings: the sender is no mail address", "correct from in [mail]");
    }
    if mail.to.is_empty() || !mail.to.iter().all(|to| is_address(to)) {
        return wrong("settings: a recipient is no mail address", "correct email in [alerts]");
    }
    Ok(())
}

fn is_address(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>()[]\\,;:\"".contains(&byte);
    let parts = text.split_once('@');
    text.len() <= LONGEST_ADDRESS
        && text.bytes().all(is_plain)
        && parts
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

fn destination(server: &Server) -> Destination {
    let is_tls = server.security == Security::Tls;
    let (host, port) = (server.host.to_ascii_lowercase(), server.port);
    let url = Url { is_tls, host, port, target: "/".to_string() };
    let connect = server.patience;
    let timeouts = Timeouts { connect, ..Timeouts::default() };
    Destination { tls: server.tls.clone(), timeouts, ..Destination::new(url) }
}

/// What the server said to EHLO.
struct Offers(Vec<String>);

impl Offers {
    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|line| line.eq_ignore_ascii_case(word))
    }

    fn has_auth_plain(&self) -> bool {
        self.0.iter().any(|line| {
            let mut words = line.split_ascii_whitespace();
            words.next().is_some_and(|it| it.eq_ignore_ascii_case("AUTH"))
                && words.any(|it| it.eq_ignore_ascii_case("PLAIN"))
        })
    }
}

/// A connection that lines are spoken on.
struct Line {
    way: Way,
    patience: Duration,
    /// What came and was not read yet.
    space: Vec<u8>,
}

impl Line {
    fn new(way: Way, patience: Duration) -> Self {
        Self { way, patience, space: Vec::new() }
    }

    /// Goes on with TLS. Words that came before it in the clear are not believed.
    async fn shake(self, server: &Server, steps: &mut Vec<Step>) -> Result<Self, Trouble> {
        let (true, Way::Plain(stream)) = (self.space.is_empty(), self.way) else {
            let words = "tls: the server went on talking in the clear";
            return Err(Trouble::new("tls", words, "somebody may be between: tell your network"));
        };
        let to = destination(server);
        let mut observe = |stage: Stage, took, word| {
            steps.push(Step { name: stage.to_string(), took, result: StepResult::Done(word) });
        };
        let way = Way::shake(&to, stream, &mut observe).await;
        Ok(Self::new(way.map_err(|failure| Trouble::of(&failure))?, self.patience))
    }

    async fn hello(&mut self) -> Result<Offers, Trouble> {
        let name = match self.way.local() {
            Some(IpAddr::V4(address)) => format!("[{address}]"),
            Some(IpAddr::V6(address)) => format!("[IPv6:{address}]"),
            None => "localhost".to_string(),
        };
        let lines = self.ask("greeting", &format!("EHLO {name}"), 250).await?;
        Ok(Offers(lines))
    }

    async fn deliver(mut self, mail: &Mail) -> Result<String, Trouble> {
        self.ask("mail", &format!("MAIL FROM:<{}>", mail.from), 250).await?;
        let mut refused = None;
        let mut taken = 0;
        for to in &mail.to {
            match self.ask("mail", &format!("RCPT TO:<{to}>"), 250).await {
                Ok(_) => taken += 1,
                Err(trouble) => refused = Some(trouble),
            }
        }
        if let Some(trouble) = refused.filter(|_| taken == 0) {
            return Err(trouble);
        }
        self.ask("mail", "DATA", 354).await?;
        self.write("mail", written(mail).as_bytes()).await?;
        self.expect("mail", 250).await?;
        // The server has it; that it hears of our leaving does not matter.
        let _ = self.write("mail", b"QUIT\r\n").await;
        Ok(format!("the server has it for {taken} of {} recipients", mail.to.len()))
    }

    async fn ask(
        &mut self,
        name: &'static str,
        line: &str,
        code: u16,
    ) -> Result<Vec<String>, Trouble> {
        self.write(name, format!("{line}\r\n").as_bytes()).await?;
        self.expect(name, code).await
    }

    async fn write(&mut self, name: &'static str, bytes: &[u8]) -> Result<(), Trouble> {
        let writing = async {
            self.way.write_all(bytes).await?;
            self.way.flush().await
        };
        match timeout(self.patience, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(broken(name, &error.to_string())),
            Err(_) => Err(broken(name, "it takes nothing more")),
        }
    }

    /// The lines of a reply with this code. The words of another are told.
    async fn expect(&mut self, name: &'static str, code: u16) -> Result<Vec<String>, Trouble> {
        let reply = timeout(self.patience, self.reply(name)).await;
        let (got, lines) = reply.map_err(|_| broken(name, "no answer came in time"))??;
        // 251 and 252 take a recipient too.
        if got == code || (code == 250 && matches!(got, 251 | 252)) {
            return Ok(lines);
        }
        let words = format!("{name}: the server answers {got} {}", shown(&lines.join(" ")));
        let fix = match (name, got) {
            ("login", _) => "check user and password in [mail]",
            ("mail", 550..=559) => "check the addresses, and whether this login may send as from",
            _ => "look at the server's log",
        };
        let is_passing = (400..500).contains(&got);
        Err(Trouble { is_passing, ..Trouble::new(name, words, fix) })
    }

    async fn reply(&mut self, name: &'static str) -> Result<(u16, Vec<String>), Trouble> {
        let strange = || {
            let words = format!("{name}: what answers is no mail server");
            Trouble::new(name, words, "check host, port and security in [mail]")
        };
        let mut lines = Vec::new();
        let mut read = 0;
        loop {
            let line = self.line(name, &mut read).await?;
            let line = std::str::from_utf8(&line).map_err(|_| strange())?.to_string();
            let code = line.get(..3).and_then(|it| it.parse::<u16>().ok()).ok_or_else(strange)?;
            lines.push(line.get(4..).unwrap_or_default().trim().to_string());
            match line.as_bytes().get(3) {
                None | Some(b' ') => return Ok((code, lines)),
                Some(b'-') => {}
                Some(_) => return Err(strange()),
            }
        }
    }

    async fn line(&mut self, name: &'static str, read: &mut usize) -> Result<Vec<u8>, Trouble> {
        loop {
            if let Some(end) = self.space.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.space.drain(..=end).collect();
                line.truncate(line.len() - if line.ends_with(b"\r\n") { 2 } else { 1 });
                return Ok(line);
            }
            let mut more = [0; 1024];
            let count = self.way.read(&mut more).await;
            let count = count.map_err(|error| broken(name, &error.to_string()))?;
            *read += count;
            if count == 0 || *read > LONGEST_REPLY {
                return Err(broken(name, "the server hung up or does not end its reply"));
            }
            self.space.extend_from_slice(&more[..count]);
        }
    }
}

fn broken(name: &'static str, why: &str) -> Trouble {
    let words = format!("{name}: the connection broke: {}", shown(why));
    Trouble { is_passing: true, ..Trouble::new(name, words, "look at the server's log") }
}

/// The mail as it goes over the line, with the dot that ends it. Base64 needs no dot before dots, and
/// no line of it is too long.
fn written(mail: &Mail) -> String {
    let plain = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    let subject: String = mail.subject.chars().take(200).map(plain).collect();
    let host = mail.from.split_once('@').map_or("localhost", |(_, host)| host);
    let date = mail.at.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let mut text = format!(
        "From: <{}>\r\nTo: {}\r\nSubject: {subject}\r\nDate: {date}\r\nMessage-ID: <{}@{host}>\r\n\
         Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        mail.from,
        mail.to.iter().map(|to| format!("<{to}>")).collect::<Vec<_>>().join(",\r\n "),
        mail.id,
    );
    let body = to_base64(mail.text.replace('\n', "\r\n").as_bytes());
    for line in body.as_bytes().chunks(76) {
        text += &String::from_utf8_lossy(line);
        text += "\r\n";
    }
    text + ".\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_plain_whatever_is_said() {
        let mail = Mail {
            from: "gateway@prairierivers.example".to_string(),
            to: vec![
                "one@prairierivers.example".to_string(),
                "two@prairierivers.example".to_string(),
            ],
            subject: "held\r\nBcc: x@y é".to_string(),
            text: ".\nA day has 95 quarter hours — look.\n".repeat(20),
            id: "alert-1".to_string(),
            at: Timestamp::from_second(1_700_000_000).expect("an instant"),
        };
        let text = written(&mail);
        assert!(text.is_ascii() && text.split("\r\n").all(|line| line.len() <= 78), "{text}");
        assert!(text.contains("Subject: held??Bcc: x@y ?\r\n"), "{text}");
        assert!(text.contains("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"), "{text}");
        assert_eq!(text.matches("\r\n.\r\n").count(), 1, "{text}");
    }

    #[test]
    fn an_address_has_nothing_that_a_server_takes_for_more() {
        for good in ["a@b", "ops+edi@prairierivers.example"] {
            assert!(is_address(good), "{good}");
        }
        for wrong in ["", "a", "@b", "a@", "a@b@c", "a@b> NOTIFY=NEVER", "a\r\n@b", "é@b"] {
            assert!(!is_address(wrong), "{wrong}");
        }
    }
}
