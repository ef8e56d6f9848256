//! `doctor`: a gateway that is well, and one that is not.

mod common;

use std::fs;

use common::{Said, Station};
use tieline_store::Change;
use tieline_store::job::{End, NewJob, Worker};

fn lines<'s>(said: &'s Said, what: &str) -> Vec<&'s str> {
    said.out.lines().filter(|line| line[6..].starts_with(what)).collect()
}

fn line<'s>(said: &'s Said, what: &str) -> &'s str {
    lines(said, what).first().unwrap_or_else(|| panic!("no {what} in {}", said.out))
}

#[test]
fn a_gateway_that_is_well_has_no_failure() {
    let station = Station::after_the_demonstration();
    let said = station.run(&["doctor"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    for what in [
        "settings",
        "partners",
        "store",
        "payloads",
        "verified",
        "clock",
        "mailboxes",
        "schedules",
        "work",
        "host key",
        "secrets",
    ] {
        assert!(line(&said, what).starts_with("ok "), "{what}: {}", said.out);
    }
    assert!(!said.out.contains("FAIL"), "{}", said.out);
    let quick = station.run(&["doctor", "--quick", "--format", "json"]);
    let json = quick.json();
    let all = json.as_array().expect("a list");
    assert!(all.iter().all(|it| it["what"] != "verified"), "{json}");
}

#[test]
fn what_is_not_well_is_told_with_what_to_do() {
    let station = Station::new();
    let none = station.run(&["doctor"]);
    assert_eq!(none.code, 1, "{}", none.out);
    assert!(line(&none, "store").contains("tieline db migrate"), "{}", none.out);
    // The secret of a partner is not there.
    assert!(line(&none, "secrets").starts_with("FAIL"), "{}", none.out);
    assert!(!station.path("state").exists(), "looking makes nothing");

    station.good(&["db", "migrate"]);
    let name = "prairie-power/drop data-desk";
    station.good(&["schedule", "pause", name, "--reason", "another host key"]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(give_up_a_step(&station));
    let said = station.run(&["doctor"]);
    let paused = line(&said, "schedules");
    assert!(paused.starts_with("warn"), "{paused}");
    let resume = "tieline schedule resume \"prairie-power/drop data-desk\"";
    assert!(paused.contains("another host key") && paused.ends_with(resume), "{paused}");
    let work = line(&said, "work");
    assert!(work.starts_with("warn") && work.contains("1 step given up"), "{work}");

    station.write("partners/prairie-power/partner.toml", "id = 5\n");
    let said = station.run(&["doctor", "--quiet"]);
    assert_eq!(said.code, 1);
    assert!(line(&said, "partners").starts_with("FAIL"), "{}", said.out);
    assert!(!said.out.contains("ok  "), "what is good is not told: {}", said.out);
}

async fn give_up_a_step(station: &Station) {
    let address = format!("sqlite:{}", station.path("state/tieline.db").display());
    let store = tieline_store::open(&address).await.expect("it opens");
    let job = NewJob {
        kind: "alert".to_string(),
        message: None,
        interchange: None,
        detail: "nothing".to_string(),
        due: None,
        order: None,
        unique: None,
    };
    let change = Change { jobs: vec![job], ..Change::default() };
    store.apply(change).await.expect("it is written");
    let worker = Worker { name: "a test/1".to_string(), lease: 60 };
    let claimed = store.claim(&worker, &["alert"], 1).await.expect("it answers");
    let end = End::Dead { reason: "a test".to_string() };
    store.finish(&claimed[0].lease, Change::default(), end).await.expect("it ends");
    store.close().await;
}

#[test]
fn a_payload_that_is_gone_is_found() {
    let station = Station::after_the_demonstration();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let payload = runtime.block_on(async {
        let address = format!("sqlite:{}", station.path("tieline.db").display());
        let store = tieline_store::open(&address).await.expect("it opens");
        let bytes = vec![b'x'; 2_000_000];
        let arrival = tieline_store::Arrival {
            partner: None,
            channel: "folder usage".to_string(),
            name: "long.csv".to_string(),
            sha256: <sha2::Sha256 as sha2::Digest>::digest(&bytes).into(),
            payload: tieline_store::Payload::Bytes(bytes),
            origin: "a test".to_string(),
            job: "import".to_string(),
            detail: "csv".to_string(),
            remember: None,
        };
        let kept = store.receive(arrival).await.expect("it is kept");
        let payload = store.payload(kept.id).await.expect("it is there");
        store.close().await;
        payload
    });
    let tieline_store::Payload::File(path) = payload else { panic!("it lies in a file") };
    fs::remove_file(path).expect("it is there");
    let said = station.run(&["doctor"]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(line(&said, "verified").starts_with("FAIL"), "{}", said.out);
    assert_eq!(station.run(&["db", "verify"]).code, 1);
    let backup = station.run(&["db", "backup", "copy"]);
    assert_eq!(backup.code, 1, "what is missing is told, and the rest copied: {}", backup.err);
}

/// Two nodes on one store: each leaves a mark and looks for that of the other.
#[test]
fn nodes_that_do_not_share_their_mailboxes_are_told() {
    let Some(address) = tieline_store::testing::postgres() else { return };
    let station = Station::new();
    for (node, mailboxes) in [("one", "shared"), ("two", "shared"), ("three", "apart")] {
        let text = format!(
            "store = \"{address}\"\npartners = \"partners\"\nmailboxes = \"{mailboxes}/boxes\"\n\
             node = \"{node}\"\n"
        );
        station.write(&format!("{node}.toml"), &text);
    }
    let before = station.run(&["doctor", "--config", "one.toml"]);
    assert!(line(&before, "store").contains("tieline db migrate"), "{}", before.out);
    station.good(&["db", "migrate", "--config", "one.toml"]);

    let doctor = |node: &str| station.run(&["doctor", "--config", &format!("{node}.toml")]);
    let first = doctor("one");
    assert!(line(&first, "shared").starts_with("warn"), "{}", first.out);
    let second = doctor("two");
    assert!(line(&second, "shared").starts_with("ok "), "{}", second.out);
    assert!(line(&second, "clock").starts_with("ok "), "{}", second.out);
    let third = doctor("three");
    assert_eq!(third.code, 1);
    let apart = lines(&third, "shared");
    assert_eq!(apart.iter().filter(|line| line.starts_with("FAIL")).count(), 2, "{apart:?}");
    let first = doctor("one");
    let told = lines(&first, "shared");
    assert_eq!(told.iter().filter(|line| line.starts_with("FAIL")).count(), 1, "{told:?}");
    assert!(told.iter().any(|line| line.contains("three") && line.starts_with("FAIL")), "{told:?}");
}

#[test]
fn certificates_that_end_soon_are_told() {
    let (ours, _) = common::as2::pair();
    let said = ours.run(&["doctor"]);
    assert!(line(&said, "AS2 key").starts_with("ok "), "{}", said.out);
    assert!(!said.out.contains("as2.cer ends"), "{}", said.out);
    // Another key and certificate of ours, for a few days.
    for name in ["as2.key", "partners/utility/as2.cer"] {
        fs::remove_file(ours.path(name)).expect("it is there");
    }
    let new = ["cert", "new", "--key-out", "as2.key", "--days", "6", "--common-name", "us"];
    let utility = ours.read("partners/utility.toml");
    ours.write("partners/utility.toml", utility.split("\n[as2]").next().expect("a part"));
    let bank = "partners/redriver-bank/partner.toml";
    let profile = ours.read(bank);
    ours.write(bank, profile.split("\n[as2]").next().expect("a part"));
    ours.good(&new);
    ours.write("partners/utility.toml", &utility);
    ours.write(bank, &profile);
    let said = ours.run(&["doctor"]);
    let told = lines(&said, "ending");
    let told = told.iter().find(|it| it.contains("our AS2 certificate as2.cer ends on"));
    assert!(told.is_some_and(|it| it.contains("tieline cert new")), "{}", said.out);
    let checked = ours.good(&["partner", "check", "--all"]);
    assert!(checked.contains("note: utility: our AS2 certificate as2.cer ends on"), "{checked}");
}
