//! What an operator and systemd see of a gateway: its monitor, its bans, its alerts, its words.

mod common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::Station;
use tieline_store::Ban;

/// A gateway that is ended when the test is.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn signal(serving: &Serving, name: &str) {
    let id = serving.0.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &id]).status();
    assert!(sent.expect("kill is there").success());
}

/// Waits for words among those that systemd is told.
fn hear(socket: &UnixDatagram, words: &str) {
    let start = Instant::now();
    let mut space = [0; 200];
    while start.elapsed() < Duration::from_secs(60) {
        let count = socket.recv(&mut space).expect("it is told something");
        if String::from_utf8_lossy(&space[..count]).starts_with(words) {
            return;
        }
    }
    panic!("{words} was not told");
}

fn page(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it answers");
    text
}

#[test]
fn systemd_hears_that_it_serves_lives_reads_anew_and_stops() {
    let station = Station::new();
    let free = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port");
    station.write("tieline.toml", &format!("[monitor]\nlisten = \"{free}\"\n"));
    let socket = UnixDatagram::bind(station.path("notify")).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("it can be set");
    let mut serve = Command::new(env!("CARGO_BIN_EXE_tieline"));
    serve.args(["serve", "--workers", "1"]).current_dir(station.path("."));
    serve.env("NOTIFY_SOCKET", station.path("notify")).env("WATCHDOG_USEC", "200000");
    serve.stdout(Stdio::null()).stderr(Stdio::null());
    let mut serving = Serving(serve.spawn().expect("it starts"));
    hear(&socket, "READY=1");
    assert!(page(free.port(), "/readyz").starts_with("HTTP/1.1 200"));
    assert!(page(free.port(), "/metrics").contains("\ntieline_store_up 1\n"));
    hear(&socket, "WATCHDOG=1");
    hear(&socket, "WATCHDOG=1");
    signal(&serving, "HUP");
    hear(&socket, "RELOADING=1");
    hear(&socket, "READY=1");
    signal(&serving, "TERM");
    hear(&socket, "STOPPING=1");
    assert!(serving.0.wait().expect("it ends").success());
}

#[test]
fn a_monitor_that_others_reach_has_to_be_meant() {
    let station = Station::new();
    station.write("tieline.toml", "[monitor]\nlisten = \"0.0.0.0:9464\"\n");
    let said = station.run(&["serve"]);
    assert_eq!(said.code, 78, "{}", said.err);
    assert!(said.err.contains("anywhere = true"), "{}", said.err);
}

#[test]
fn bans_are_listed_and_lifted() {
    let station = Station::new();
    station.good(&["db", "migrate"]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let address = format!("sqlite:{}", station.path("state/tieline.db").display());
        let store = tieline_store::open(&address).await.expect("it opens");
        let until = store.now().await.expect("it answers") + Duration::from_secs(600);
        for subject in ["2001:db8::/64", "account:redriver-bank"] {
            let ban = Ban { until, reason: "10 wrong logins in 10 minutes".to_string() };
            store.set_ban(subject, Some(ban)).await.expect("it is written");
        }
        store.close().await;
    });
    let listed = station.run(&["ban", "list"]);
    assert!(listed.out.contains("2001:db8::/64          until "), "{}", listed.out);
    let doctor = station.run(&["doctor", "--quick"]);
    assert!(doctor.out.contains("tieline ban lift account:redriver-bank"), "{}", doctor.out);
    station.good(&["ban", "lift", "account:redriver-bank"]);
    station.good(&["ban", "lift", "2001:db8::1"]);
    assert_eq!(station.run(&["ban", "list"]).out, "");
    assert_eq!(station.run(&["ban", "lift", "192.0.2.1"]).code, 2);
}

#[test]
fn a_test_of_alerts_says_what_is_not_set_up_and_who_does_not_answer() {
    let station = Station::new();
    let ours = "partners/utility.toml";
    let text = std::fs::read_to_string(station.path(ours)).expect("it is there");
    station.write(ours, text.split("[alerts]").next().unwrap_or_default());
    let said = station.run(&["alert", "test"]);
    assert_eq!(said.code, 78, "{}", said.err);
    assert!(said.err.contains("nobody is told"), "{}", said.err);
    let path = "partners/redriver-bank/partner.toml";
    let profile = std::fs::read_to_string(station.path(path)).expect("it is there");
    let alerts = "\n[alerts]\nemail = [\"desk@prairierivers.example\"]\n";
    station.write(path, &format!("{profile}{alerts}"));
    let test = ["alert", "test", "--partner", "redriver-bank"];
    let said = station.run(&test);
    assert_eq!(said.code, 78, "{}", said.err);
    assert!(
        said.out.contains("mail nobody was called: tieline.toml names no mail"),
        "{}",
        said.out
    );
    let mail =
        "[mail]\nhost = \"127.0.0.1\"\nport = 1\nfrom = \"a@b.example\"\nsecurity = \"none\"\n";
    station.write("tieline.toml", mail);
    let said = station.run(&test);
    assert_eq!(said.code, 75, "{}{}", said.out, said.err);
    assert!(
        said.out.contains("mail dns: ok") && said.out.contains("mail tcp: failed"),
        "{}",
        said.out
    );
    station.write("tieline.toml", &format!("{mail}user = \"x\"\npassword = \"env:X\"\n"));
    let said = station.run(&test);
    assert_eq!(said.code, 78, "{}", said.err);
    assert!(said.err.contains("in the clear"), "{}", said.err);
}
