//! `schedule`: what is planned is listed, shown beforehand, run, paused and resumed.

mod common;

use common::Station;
use sha2::Digest;
use tieline_store::message::{Arrival, Payload};

const DROP: &str = "prairie-power/drop data-desk";

#[test]
fn a_schedule_is_paused_and_goes_on() {
    let station = Station::new();
    let unknown = station.run(&["schedule", "list"]);
    assert_eq!(unknown.code, 0, "{}", unknown.err);
    assert!(unknown.err.contains("nobody knows what ran or is paused"), "{}", unknown.err);
    assert!(!station.path("state").exists(), "looking makes nothing");

    station.good(&["db", "migrate"]);
    let list = station.good(&["schedule", "list"]);
    let row = list.lines().find(|line| line.starts_with("prairie-power/867 ")).expect(&list);
    assert!(row.contains("15 6 * * MON-FRI") && row.contains("America/Chicago"), "{row}");
    assert!(row.contains(" 06:15 -0"), "{row}");

    station.good(&["schedule", "pause", DROP, "--reason", "they move their server"]);
    let list = station.good(&["schedule", "list", "prairie-power"]);
    assert!(list.contains("    paused since "), "{list}");
    assert!(list.contains(": they move their server"), "{list}");
    let json = station.run(&["schedule", "list", "--format", "json"]).json();
    let row = json.as_array().and_then(|all| all.iter().find(|it| it["name"] == DROP));
    let row = row.expect("it is listed");
    assert_eq!(row["paused"]["reason"], "they move their server");
    assert!(row["next"].is_null() && row["last"].is_null(), "{row}");

    station.good(&["schedule", "resume", DROP]);
    let list = station.good(&["schedule", "list"]);
    assert!(!list.contains("paused"), "{list}");
    let twice = station.run(&["schedule", "resume", DROP]);
    assert_eq!((twice.code, twice.err.contains("is not paused")), (0, true), "{}", twice.err);
}

#[test]
fn a_name_that_is_not_planned_is_refused_with_the_nearest() {
    let station = Station::new();
    station.good(&["db", "migrate"]);
    let cases: [&[&str]; 3] = [
        &["schedule", "run", "prairie-power/876"],
        &["schedule", "pause", "prairie-power/876", "--reason", "why"],
        &["schedule", "resume", "prairie-power/876"],
    ];
    for arguments in cases {
        let said = station.run(arguments);
        assert_eq!(said.code, 2, "{}", said.err);
        assert!(said.err.contains("did you mean `prairie-power/867`"), "{}", said.err);
    }
}

#[test]
fn a_run_is_begun_once_and_a_dry_run_writes_nothing() {
    let station = Station::new();
    let none = station.run(&["schedule", "run", DROP, "--dry-run"]);
    assert_eq!(none.code, 66, "{}", none.err);
    station.good(&["db", "migrate"]);

    let call = station.good(&["schedule", "run", DROP, "--dry-run"]);
    for line in [
        "would call sftp.prairiepower.example port 22 as prairie-rivers",
        "  would put 0 files into /in",
        "  would take *.edi from /out",
    ] {
        assert!(call.lines().any(|it| it == line), "{line} is not in {call}");
    }
    let jobs = |station: &Station| {
        let address = format!("sqlite:{}", station.path("state/tieline.db").display());
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let store = tieline_store::open(&address).await.expect("it opens");
            let jobs = store.jobs(&Default::default(), 9).await.expect("it answers");
            let audit = store.audited(&Default::default(), 9).await.expect("it answers");
            store.close().await;
            (jobs.len(), audit.len())
        })
    };
    assert_eq!(jobs(&station), (0, 0), "nothing is written");

    let first = station.run(&["schedule", "run", DROP]);
    assert!(first.err.contains("is begun"), "{}", first.err);
    let second = station.run(&["schedule", "run", DROP]);
    assert!(second.err.contains("is under way already"), "{}", second.err);
    assert_eq!(jobs(&station), (1, 2));
}

#[test]
fn a_dry_run_shows_what_would_be_sent() {
    let station = Station::new();
    let profile = station.read("partners/prairie-power/partner.toml");
    let rarely = profile.replace("15 6 * * MON-FRI", "15 6 29 2 *");
    let rarely = rarely.replace("*/20 5-20 * * *", "15 6 29 2 *");
    station.write("partners/prairie-power/partner.toml", &rarely);
    station.good(&["db", "migrate"]);
    let name = "prairie-power/867";
    let nothing = station.good(&["schedule", "run", name, "--dry-run"]);
    assert_eq!(nothing, "would send nothing: nothing is due\n");

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(bring_usage(&station));
    station.serve_until(|| station.good(&["msg", "list"]).contains(" posted "));
    let told = station.good(&["schedule", "run", name, "--dry-run"]);
    assert!(told.starts_with("would send an interchange: 1 document\n"), "{told}");
    assert!(told.contains("  usage report 20260403I0000071  2026-03-0"), "{told}");
    let json = station.run(&["schedule", "run", name, "--dry-run", "--format", "json"]).json();
    assert_eq!(json["send"][0]["documents"][0]["kind"], "usage report");
    assert!(json["send"][0]["held"].is_null(), "{json}");
    assert_eq!(station.good(&["msg", "list", "--out"]), "", "nothing was composed");

    station.good(&["schedule", "run", name]);
    station.serve_until(|| station.good(&["msg", "list", "--out"]).contains("867 x 1"));
    let nothing = station.good(&["schedule", "run", name, "--dry-run"]);
    assert_eq!(nothing, "would send nothing: nothing is due\n", "it goes out once");
}

/// Keeps a file of our own house with usage of an account that the aggregator may see.
async fn bring_usage(station: &Station) {
    let sample = "samples/867/interval-15-minute-spring-month.model.json";
    let reports = std::fs::read_to_string(common::repository(sample)).expect("it is there");
    let reports: Vec<serde_json::Value> = serde_json::from_str(&reports).expect("it is JSON");
    let records = reports.into_iter().map(|report| serde_json::json!({ "usage_report": report }));
    let json = serde_json::Value::from_iter(records).to_string();
    let json = json.replace("4410055010", "0004217790");
    let address = format!("sqlite:{}", station.path("state/tieline.db").display());
    let store = tieline_store::open(&address).await.expect("it opens");
    let arrival = Arrival {
        partner: None,
        channel: "folder usage".to_string(),
        name: "usage.json".to_string(),
        sha256: sha2::Sha256::digest(json.as_bytes()).into(),
        payload: Payload::Bytes(json.into_bytes()),
        origin: "a test".to_string(),
        job: tieline_gateway::IMPORT.to_string(),
        detail: "json".to_string(),
        remember: None,
    };
    store.receive(arrival).await.expect("it is kept");
    store.close().await;
}
