//! `config`: settings with faults planted, and where each comes from.

mod common;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use common::{Said, Station};

/// A station whose partner's secret is there.
fn ready() -> Station {
    let station = Station::new();
    let profile = station.read("partners/prairie-power/partner.toml");
    let profile = profile.replace("cred:prairie-power-sftp", "env:PRAIRIE_POWER_SFTP");
    let profile = profile.replace("key = \"env", "password = \"env");
    let key = "SHA256:ZwgqGaRYAYE0Ri2vrHYpdTJ3yX8rL4y9bJ8CvWYxkZk";
    let profile = profile.replace("SHA256:dGhpcyBpcyBhbiBpbnZlbnRlZCBrZXkgb2YgYSBob3Q", key);
    station.write("partners/prairie-power/partner.toml", &profile);
    station
}

fn check(station: &Station, more: &[&str]) -> Said {
    let mut command = station.tieline(&[&["config", "check"], more].concat());
    common::said(command.env("PRAIRIE_POWER_SFTP", "a windy day"))
}

/// The line about something.
fn line<'s>(said: &'s Said, what: &str) -> &'s str {
    let found = said.out.lines().find(|line| line[6..].starts_with(what));
    found.unwrap_or_else(|| panic!("no line about {what} in {}{}", said.out, said.err))
}

#[test]
fn what_is_good_is_told_and_nothing_is_made() {
    let station = ready();
    let port = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = port.local_addr().expect("bound").to_string();
    drop(port);
    let said = check(&station, &["--sftp", &address]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    for what in ["settings", "partners", "store", "mailboxes", "host key", "address", "secrets"] {
        assert!(line(&said, what).starts_with("ok "), "{}", said.out);
    }
    assert!(!station.path("state").exists(), "nothing is made");
    assert!(line(&said, "mail ").starts_with("warn "), "no server takes mail: {}", said.out);
    assert!(said.err.contains("7 ok, 1 warning, 0 failures"), "{}", said.err);
}

#[test]
fn each_fault_is_told_with_what_to_do() {
    let station = ready();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let said = check(&station, &["--sftp", &address]);
    assert_eq!(said.code, 78, "{}", said.out);
    assert!(line(&said, "address").starts_with("FAIL"), "{}", said.out);

    // A gateway of ours that serves there is no fault.
    station.write("host", "no key");
    station.write("tieline.toml", "[sftp]\nhost_keys = [\"host\", \"nowhere\"]\n");
    let said = check(&station, &[]);
    assert_eq!(said.code, 78, "{}", said.out);
    let about_keys = said.out.lines().filter(|line| line.contains("host key"));
    assert_eq!(about_keys.filter(|line| line.starts_with("FAIL")).count(), 2, "{}", said.out);

    fs::remove_file(station.path("tieline.toml")).expect("it is there");
    let without_secret = station.run(&["config", "check"]);
    assert_eq!(without_secret.code, 78, "{}", without_secret.out);
    let told = line(&without_secret, "secrets");
    assert!(told.contains("prairie-power/drop data-desk: env:PRAIRIE_POWER_SFTP"), "{told}");

    station.write("tieline.toml", "workers = \"many\"\n");
    let said = check(&station, &[]);
    assert_eq!(said.code, 78, "{}", said.out);
    assert!(line(&said, "settings").starts_with("FAIL"), "{}", said.out);

    // A file where a folder should be.
    station.write("tieline.toml", "mailboxes = \"partners/utility.toml/mailboxes\"\n");
    let said = check(&station, &[]);
    assert!(line(&said, "mailboxes").starts_with("FAIL"), "{}", said.out);

    station.write("tieline.toml", "store = \"mysql://nowhere\"\n");
    let json = check(&station, &["--format", "json"]).json();
    let store = json.as_array().and_then(|all| all.iter().find(|it| it["what"] == "store"));
    assert_eq!(store.expect("it is told")["verdict"], "fail");

    station.write("tieline.toml", "");
    station.write("partners/prairie-power/partner.toml", "id = 5\n");
    let said = check(&station, &[]);
    assert_eq!(
        (said.code, line(&said, "partners").starts_with("FAIL")),
        (78, true),
        "{}",
        said.out
    );
}

#[test]
fn a_host_key_that_others_can_read_is_a_fault() {
    let station = ready();
    let key = station.path("host");
    let mut keygen = std::process::Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key);
    assert!(keygen.status().expect("ssh-keygen is installed").success());
    station.write("tieline.toml", "[sftp]\nhost_keys = [\"host\"]\n");
    let said = check(&station, &[]);
    assert!(line(&said, "host key").contains(" SHA256:"), "{}", said.out);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("it is ours");
    let said = check(&station, &[]);
    assert_eq!((said.code, line(&said, "host key").contains("chmod 600")), (78, true));
}

#[test]
fn each_setting_says_where_it_comes_from() {
    let station = Station::new();
    station.write(
        "etc/tieline.toml",
        "# settings\nstore = \"sqlite:of-the-file.db\"\nmailboxes = \"boxes\"\nworkers = 7\n\n\
         [sftp]\nlisten = \"127.0.0.1:2222\"\nhost_keys = [\"one\", \"two\"]\n",
    );
    let arguments =
        ["config", "show", "--origin", "--config", "etc/tieline.toml", "--store", "sqlite:mine.db"];
    let mut command = station.tieline(&arguments);
    let said = common::said(command.env("TIELINE_PARTNERS", "people"));
    assert_eq!(said.code, 0, "{}", said.err);
    let row = |name: &str| {
        let line = said.out.lines().find(|line| line.starts_with(name)).expect(&said.out);
        line[name.len()..]
            .split("  ")
            .map(str::trim)
            .filter(|it| !it.is_empty())
            .collect::<Vec<_>>()
    };
    assert_eq!(row("store"), ["sqlite:mine.db", "command line (--store)"]);
    assert_eq!(row("partners"), ["people", "environment (TIELINE_PARTNERS)"]);
    assert_eq!(row("mailboxes"), ["etc/boxes", "etc/tieline.toml:3"]);
    assert_eq!(row("workers"), ["7", "etc/tieline.toml:4"]);
    assert_eq!(row("sftp.listen"), ["127.0.0.1:2222", "etc/tieline.toml:7"]);
    assert_eq!(row("sftp.host_keys"), ["etc/one, etc/two", "etc/tieline.toml:8"]);
    assert_eq!(row("node").last(), Some(&"default"));
    let plain = station.good(&["config", "show", "--config", "etc/tieline.toml"]);
    assert!(!plain.contains("default") && plain.contains("of-the-file.db"), "{plain}");
}

#[test]
fn what_as2_needs_is_looked_at() {
    let (ours, _) = common::as2::pair();
    let said = check(&ours, &["--as2", "127.0.0.1:0"]);
    assert!(line(&said, "AS2 address").starts_with("ok "), "{}", said.out);
    assert!(line(&said, "AS2 key").contains("as2.cer of Prairie Rivers"), "{}", said.out);
    let silent = check(&ours, &[]);
    assert!(line(&silent, "AS2 address").starts_with("warn"), "{}", silent.out);

    let key = ours.path("as2.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("it is ours");
    let said = check(&ours, &[]);
    assert!(line(&said, "AS2 key").starts_with("FAIL"), "{}", said.out);
    let other = common::as2::house("OTHER");
    fs::remove_file(&key).expect("it is there");
    fs::copy(other.path("as2.key"), &key).expect("a copy");
    let said = check(&ours, &[]);
    let told = line(&said, "AS2 key");
    assert!(told.starts_with("FAIL") && told.contains("as2.cer"), "{told}");
    assert_eq!(said.code, 78);

    // A server's certificate without its key, and with the key of another.
    ours.write("tieline.toml", "[as2]\ncertificate = \"partners/utility/as2.cer\"\n");
    let said = check(&ours, &[]);
    assert!(line(&said, "HTTPS key").starts_with("FAIL"), "{}", said.out);
    let both = "[as2]\ncertificate = \"partners/utility/as2.cer\"\nkey = \"as2.key\"\n";
    ours.write("tieline.toml", both);
    let said = check(&ours, &[]);
    assert!(line(&said, "HTTPS key").starts_with("FAIL"), "{}", said.out);
    let shown = ours.good(&["config", "show", "--origin", "--as2", "127.0.0.1:4080"]);
    let of = |name: &str| shown.lines().find(|line| line.starts_with(name)).expect("it is shown");
    assert!(of("as2.listen").ends_with("command line (--as2)"), "{shown}");
    assert!(of("as2.path").contains("/as2") && of("as2.path").ends_with("default"), "{shown}");
    assert!(of("as2.key").ends_with("tieline.toml:3"), "{shown}");
    assert!(of("as2.unverified").contains("4GB"), "{shown}");

    ours.write("tieline.toml", "[as2]\nunverified = \"lots\"\n");
    let said = check(&ours, &["--as2", "127.0.0.1:0"]);
    let told = line(&said, "AS2 limits");
    assert!(told.starts_with("FAIL") && told.contains("unverified: give a size"), "{told}");
}
