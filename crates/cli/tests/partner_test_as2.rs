//! `partner test` over AS2 against a gateway of our own, good and with faults planted.

mod common;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use common::as2::{PARTNER, Serving, US, house, pair, say};
use common::{Said, Station};

fn test(ours: &Station, more: &[&str]) -> Said {
    ours.run(&[&["partner", "test", PARTNER], more].concat())
}

/// Tests with a fault planted: the exit code, and the lines from the failing step on.
fn fails(ours: &Station) -> (i32, Vec<String>) {
    let said = test(ours, &[]);
    let lines = said.out.lines().map(str::to_string);
    (said.code, lines.skip_while(|line| !line.contains("FAIL")).collect())
}

/// What a failing step says, in one line.
fn told(ours: &Station, code: i32, step: &str) -> String {
    let (found, lines) = fails(ours);
    let all = lines.join(" ");
    assert_eq!(
        (found, lines[0].starts_with(&format!("  {step:9}  FAIL  "))),
        (code, true),
        "{all}"
    );
    all
}

/// A certificate for an HTTPS server, and its key.
fn https(station: &Station, name: &str) {
    let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"])
        .args(["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-keyout", &key, "-out", &certificate])
        .current_dir(station.path(""))
        .output();
    assert!(made.expect("openssl is installed").status.success());
}

#[test]
fn a_good_partner_answers_with_a_signed_receipt() {
    let (ours, theirs) = pair();
    let serving = Serving::start(&theirs);
    say(&ours, "url", &serving.url());
    let said = test(&ours, &[]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let steps: Vec<&str> = said.out.lines().skip(1).map(|line| line[2..11].trim()).collect();
    assert_eq!(steps, ["dns", "tcp", "as2", "receipt"], "{}", said.out);
    assert!(said.out.contains("the same MIC"), "{}", said.out);
    assert!(!ours.path("state").exists(), "no store is made");
    // What is agreed for documents does not change the test.
    say(&ours, "send.receipt", "none");
    let json = test(&ours, &["--as2", "--format", "json"]).json();
    assert_eq!((&json[0]["ok"], &json[0]["as2"]), (&true.into(), &serving.url().into()), "{json}");
    assert_eq!(json[0]["steps"][3]["step"], "receipt", "{json}");
}

#[test]
fn a_server_with_tls_is_known_by_what_the_profile_names() {
    let (ours, theirs) = pair();
    https(&theirs, "server");
    https(&theirs, "other");
    theirs.write("tieline.toml", "[as2]\ncertificate = \"server.pem\"\nkey = \"server.key\"\n");
    let serving = Serving::start(&theirs);
    say(&ours, "url", &serving.url().replace("http:", "https:"));
    let roots = ours.path("partners").join(PARTNER).join("server.pem");
    fs::copy(theirs.path("other.pem"), &roots).expect("a copy");
    say(&ours, "roots", "server.pem");
    let all = told(&ours, 78, "tls");
    assert!(all.contains("`roots` of [as2]") && all.ends_with("not run: as2, receipt"), "{all}");

    fs::copy(theirs.path("server.pem"), &roots).expect("a copy");
    let said = test(&ours, &[]);
    let steps: Vec<&str> = said.out.lines().skip(1).map(|line| line[2..11].trim()).collect();
    assert_eq!(
        (said.code, steps),
        (0, vec!["dns", "tcp", "tls", "as2", "receipt"]),
        "{}",
        said.out
    );
}

#[test]
fn a_server_that_asks_for_a_certificate_is_shown_the_one_of_the_profile() {
    let (ours, theirs) = pair();
    https(&theirs, "server");
    https(&ours, "client");
    let folder = ours.path("partners").join(PARTNER);
    fs::copy(theirs.path("server.pem"), folder.join("server.pem")).expect("a copy");
    fs::copy(ours.path("client.pem"), folder.join("client.pem")).expect("a copy");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port");
    let mut asking = Command::new("openssl")
        // Of TLS 1.2, where who is not known hears so before it has sent anything.
        .args(["s_server", "-quiet", "-tls1_2", "-verify_return_error", "-Verify", "1"])
        .args(["-accept", &port.to_string(), "-cert", "server.pem", "-key", "server.key"])
        .arg("-CAfile")
        .arg(ours.path("client.pem"))
        .current_dir(theirs.path(""))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("openssl is installed");
    let _input = asking.stdin.take();
    while TcpStream::connect(port).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    say(&ours, "url", &format!("https://{port}/as2"));
    say(&ours, "roots", "server.pem");
    assert!(fails(&ours).1[0].starts_with("  tls        FAIL"), "it shows nothing");
    let key = ours.path("client.key").display().to_string();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let client = format!("{{ certificate = \"client.pem\", key = \"file:{key}\" }}");
    say(&ours, "client", &client);
    // It knows nothing of AS2, and would be waited for.
    let ending = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_secs(4));
        asking.kill().and_then(|()| asking.wait())
    });
    let said = test(&ours, &[]);
    ending.join().expect("it does not panic").expect("it ends");
    assert!(said.out.contains("\n  tls        ok"), "{}{}", said.out, said.err);
    // The profile's check tells when it ends.
    let said = ours.run(&["partner", "check", "--on", "2199-01-01"]);
    assert!(
        said.out.contains("our HTTPS certificate client.pem ended"),
        "{}{}",
        said.out,
        said.err
    );
}

#[test]
fn each_fault_is_told_at_its_step_with_what_to_do() {
    let (ours, theirs) = pair();
    let serving = Serving::start(&theirs);
    say(&ours, "url", "http://no-such-host.invalid/as2");
    assert!(told(&ours, 75, "dns").ends_with("not run: tcp, as2, receipt"));

    let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port");
    say(&ours, "url", &format!("http://{port}/as2"));
    assert!(told(&ours, 75, "tcp").contains("check address and port"));

    say(&ours, "url", &serving.url().replace("/as2", "/elsewhere"));
    assert!(told(&ours, 78, "as2").contains("check the path"));

    say(&ours, "url", &serving.url());
    say(&ours, "our_id", "NOBODY");
    assert!(told(&ours, 78, "as2").contains("AS2 name"));
    say(&ours, "our_id", US);

    // We encrypt for somebody else, and sign with what the partner does not know.
    let stranger = house("STRANGER");
    let folder = ours.path("partners").join(PARTNER);
    let certificate = stranger.path("partners/utility/as2.cer");
    fs::copy(&certificate, folder.join("wrong.cer")).expect("a copy");
    let sign = "{ file = \"their.cer\", use = [\"sign\"] }";
    let wrong = format!("[{sign}, {{ file = \"wrong.cer\", use = [\"encrypt\"] }}]");
    let good = ours.read(&format!("partners/{PARTNER}/partner.toml"));
    say(&ours, "certificates", &wrong);
    let all = told(&ours, 78, "as2");
    assert!(all.contains("decryption-failed") && all.contains("tieline cert list"), "{all}");
    ours.write(&format!("partners/{PARTNER}/partner.toml"), &good);

    let theirs_of_us = theirs.path("partners").join(PARTNER).join("their.cer");
    fs::copy(&certificate, theirs_of_us).expect("a copy");
    drop(serving);
    let serving = Serving::start(&theirs);
    say(&ours, "url", &serving.url());
    let all = told(&ours, 78, "as2");
    // Whoever cannot be known by a signature hears no more than that it did not work.
    assert!(all.contains("decryption-failed") || all.contains("authentication-failed"), "{all}");
}

/// A server that answers one message with a receipt that nobody signed.
fn unsigned(listener: TcpListener) {
    let (mut stream, _) = listener.accept().expect("it is called");
    let head = read_request(&mut stream);
    let field = |name: &str| {
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name));
        line.and_then(|line| line.split_once(": ")).expect("the field is there").1.to_string()
    };
    let (from, to, id) = (field("as2-to"), field("as2-from"), field("message-id"));
    let body = format!(
        "--b\r\nContent-Type: text/plain\r\n\r\nHere it is.\r\n--b\r\n\
         Content-Type: message/disposition-notification\r\n\r\n\
         Final-Recipient: rfc822; {from}\r\nOriginal-Message-ID: {id}\r\n\
         Disposition: automatic-action/MDN-sent-automatically; processed\r\n\r\n--b--\r\n"
    );
    let head = format!(
        "HTTP/1.1 200 OK\r\nAS2-From: {from}\r\nAS2-To: {to}\r\nAS2-Version: 1.2\r\n\
         Message-ID: <1@bank>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; \
         report-type=disposition-notification; boundary=b\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).expect("it listens");
}

/// The head of a request, whose body is read too.
fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut space = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let lower = head.to_ascii_lowercase();
            let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.and_then(|it| it.trim().parse().ok()).expect("a length");
            if bytes.len() >= head.len() + 4 + length {
                return head.to_string();
            }
        }
        let read = stream.read(&mut space).expect("it sends");
        assert!(read > 0, "the request ends early");
        bytes.extend_from_slice(&space[..read]);
    }
}

#[test]
fn a_receipt_that_nobody_signed_proves_nothing() {
    let (ours, _) = pair();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it has one");
    let answering = std::thread::spawn(move || unsigned(listener));
    say(&ours, "url", &format!("http://{address}/as2"));
    let said = test(&ours, &[]);
    answering.join().expect("it answered");
    let lines: Vec<&str> = said.out.lines().filter(|line| !line.starts_with("      ")).collect();
    assert!(lines[3].starts_with("  as2        ok"), "{}", said.out);
    assert!(lines[4].starts_with("  receipt    FAIL  the receipt is not signed"), "{}", said.out);
    assert!(said.out.contains("ask the partner to sign receipts"), "{}", said.out);
    assert_eq!(said.code, 78, "waiting does not mend it");
}

#[test]
fn what_is_wrong_on_our_side_calls_nobody() {
    let (ours, _) = pair();
    let none = test(&ours, &["--as2"]);
    assert_eq!((none.code, none.err.contains("`url`")), (2, true), "{}", none.err);
    say(&ours, "url", "http://127.0.0.1:1/as2");
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(ours.path("as2.key"), open).expect("it is ours");
    let said = test(&ours, &[]);
    assert_eq!((said.code, said.err.contains("chmod 600")), (78, true), "{}", said.err);
    assert!(said.err.contains("nobody was called"), "{}", said.err);

    // A key of somebody else does not belong to our certificate.
    let other = house("OTHER");
    fs::remove_file(ours.path("as2.key")).expect("it is there");
    fs::copy(other.path("as2.key"), ours.path("as2.key")).expect("a copy");
    let said = test(&ours, &[]);
    assert_eq!((said.code, said.err.contains("as2.cer")), (78, true), "{}", said.err);
}
