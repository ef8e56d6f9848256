//! `partner test` against OpenSSH's server, good and with faults planted.

mod common;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Said, Station};

/// OpenSSH's server with one key of its own, for whoever runs the tests; killed when dropped.
struct Sshd {
    station: Station,
    port: u16,
    child: Child,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tool(name: &str) -> PathBuf {
    let places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
    let found = places.iter().map(|place| Path::new(place).join(name)).find(|it| it.exists());
    found.unwrap_or_else(|| panic!("{name} is needed: install OpenSSH"))
}

fn key(path: &Path) {
    let mut keygen = Command::new(tool("ssh-keygen"));
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path);
    assert!(keygen.status().expect("it starts").success());
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound port").port()
}

impl Sshd {
    fn start() -> Sshd {
        let station = Station::new();
        for name in ["host", "ours", "stranger"] {
            key(&station.path(name));
        }
        for name in ["in", "out"] {
            fs::create_dir_all(station.path("files").join(name)).expect("a folder");
        }
        fs::copy(station.path("ours.pub"), station.path("authorized")).expect("a copy");
        let port = free_port();
        let at = |name: &str| station.path(name).display().to_string();
        let config = format!(
            "HostKey {}\nListenAddress 127.0.0.1\nPort {port}\nPidFile none\nUsePAM no\n\
             StrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin yes\nAuthorizedKeysFile {}\nSubsystem sftp internal-sftp -d {}\n",
            at("host"),
            at("authorized"),
            at("files"),
        );
        station.write("sshd.conf", &config);
        // Debian's sshd wants this place when root starts it.
        let _ = fs::create_dir_all("/run/sshd");
        let mut sshd = Command::new(tool("sshd"));
        sshd.args(["-D", "-e", "-f"]).arg(station.path("sshd.conf"));
        sshd.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = sshd.spawn().expect("it starts");
        let start = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(20), "sshd does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        let sshd = Sshd { station, port, child };
        sshd.drop_says(&[]);
        sshd
    }

    fn fingerprint(&self, name: &str) -> String {
        let mut keygen = Command::new(tool("ssh-keygen"));
        let told = keygen.arg("-lf").arg(self.station.path(name)).output().expect("it starts");
        let told = String::from_utf8(told.stdout).expect("it is text");
        told.split(' ').nth(1).expect("a fingerprint").to_string()
    }

    /// Writes the drop into the profile of a partner, with these lines in place of the good ones.
    fn drop_says(&self, other: &[(&str, String)]) {
        let user = Command::new(tool("id")).arg("-un").output().expect("it starts").stdout;
        let user = String::from_utf8(user).expect("a name").trim().to_string();
        let good = [
            ("host", "\"127.0.0.1\"".to_string()),
            ("port", self.port.to_string()),
            ("user", format!("{user:?}")),
            ("host_keys", format!("[\"{}\"]", self.fingerprint("host.pub"))),
            ("key", format!("\"file:{}\"", self.station.path("ours").display())),
            ("push", "\"in\"".to_string()),
            ("pull", "\"out\"".to_string()),
        ];
        let profile = fs::read_to_string(common::repository("partners/prairie-power/partner.toml"));
        let profile = profile.expect("it is there");
        let (before, _) = profile.split_once("# Their server").expect("it has a drop");
        let mut text = format!("{before}[[drops]]\nname = \"desk\"\n");
        for (name, value) in good {
            let value = other.iter().find(|(key, _)| *key == name).map_or(&value, |(_, it)| it);
            text += &format!("{name} = {value}\n");
        }
        self.station.write("partners/prairie-power/partner.toml", &text);
    }

    fn test(&self, more: &[&str]) -> Said {
        self.station.run(&[&["partner", "test", "prairie-power"], more].concat())
    }

    /// Tests with a fault planted: the exit code, and the lines from the failing step on.
    fn fails(&self, other: &[(&str, String)]) -> (i32, Vec<String>) {
        self.drop_says(other);
        let said = self.test(&[]);
        let lines = said.out.lines().map(str::to_string);
        (said.code, lines.skip_while(|line| !line.contains("FAIL")).collect())
    }
}

#[test]
fn a_good_server_is_gone_through_step_by_step() {
    let sshd = Sshd::start();
    let said = sshd.test(&[]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let steps: Vec<&str> = said.out.lines().skip(1).map(|line| line[2..11].trim()).collect();
    let all = [
        "dns",
        "tcp",
        "host key",
        "login",
        "subsystem",
        "list",
        "write",
        "rename",
        "delete",
        "list",
    ];
    assert_eq!(steps, all, "{}", said.out);
    let left = fs::read_dir(sshd.station.path("files/in")).expect("it is there").count();
    assert_eq!(left, 0, "nothing stays there");
    assert!(!sshd.station.path("state").exists(), "no store is made");

    let json = sshd.test(&["--no-write", "--drop", "desk", "--format", "json"]).json();
    let steps = json[0]["steps"].as_array().expect("steps");
    assert_eq!((steps.len(), &json[0]["ok"]), (7, &serde_json::Value::from(true)), "{json}");
}

#[test]
fn each_fault_is_told_at_its_step_with_what_to_do() {
    let sshd = Sshd::start();
    let (code, lines) = sshd.fails(&[("host", "\"no-such-host.invalid\"".to_string())]);
    assert_eq!((code, lines[0].starts_with("  dns        FAIL  ")), (75, true), "{lines:?}");
    assert!(lines.last().is_some_and(|it| it.starts_with("  not run: tcp, host key, login")));

    let (code, lines) = sshd.fails(&[("port", free_port().to_string())]);
    assert_eq!((code, lines[0].starts_with("  tcp        FAIL  ")), (75, true), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("firewall")), "{lines:?}");

    let pinned = format!("[\"{}\"]", sshd.fingerprint("stranger.pub"));
    let (code, lines) = sshd.fails(&[("host_keys", pinned)]);
    assert_eq!((code, lines[0].starts_with("  host key   FAIL  ")), (78, true), "{lines:?}");
    assert!(lines[0].contains(&sshd.fingerprint("host.pub")), "{lines:?}");
    assert!(lines.last().is_some_and(|it| it.starts_with("  not run: login, ")), "{lines:?}");

    let stranger = format!("\"file:{}\"", sshd.station.path("stranger").display());
    let (code, lines) = sshd.fails(&[("key", stranger)]);
    assert_eq!((code, lines[0].starts_with("  login      FAIL  ")), (78, true), "{lines:?}");

    let (code, lines) = sshd.fails(&[("push", "\"nowhere\"".to_string())]);
    assert_eq!((code, lines[0].starts_with("  list       FAIL  ")), (78, true), "{lines:?}");

    // A place where nobody may write, not even root.
    let (code, lines) = sshd.fails(&[("push", "\"/proc\"".to_string())]);
    assert_eq!((code, lines[0].starts_with("  write      FAIL  ")), (78, true), "{lines:?}");
    assert_eq!(lines.last().map(String::as_str), Some("  not run: rename, delete"));
}

#[test]
fn what_is_wrong_on_our_side_calls_nobody() {
    let sshd = Sshd::start();
    sshd.drop_says(&[("key", "\"cred:prairie-power-sftp\"".to_string())]);
    let said = sshd.test(&[]);
    assert_eq!(said.code, 78, "{}", said.err);
    assert!(said.err.contains("cred:prairie-power-sftp"), "{}", said.err);
    assert!(said.err.contains("nobody was called"), "{}", said.err);

    let ours = sshd.station.path("ours");
    fs::set_permissions(&ours, fs::Permissions::from_mode(0o644)).expect("it is ours");
    sshd.drop_says(&[]);
    let said = sshd.test(&[]);
    assert_eq!((said.code, said.err.contains("chmod 600")), (78, true), "{}", said.err);

    let said = sshd.test(&["--drop", "dsek"]);
    assert_eq!((said.code, said.err.contains("did you mean `desk`")), (2, true), "{}", said.err);
    let none = sshd.station.run(&["partner", "test", "redriver-bank"]);
    assert_eq!((none.code, none.err.contains("no server that we call")), (2, true), "{}", none.err);
}
