//! `export`: what the store has of accounts and days, whole or refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jiff::civil::date;
use tempfile::TempDir;
use tieline_store::change::{Change, Message};
use tieline_store::message::{Flow, NewMessage};
use tieline_store::posting::{Kind, NewPosting};
use tieline_store::{Payload, State};

const ACCOUNT: &str = "0004217790";
const OTHER: &str = "4410055010";

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// A store with a month of usage of two accounts, of which the aggregator may see one.
fn place() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text =
        fs::read_to_string(repository("samples/867/interval-15-minute-spring-month.model.json"))
            .expect("the sample is there");
    let mut reports: Vec<serde_json::Value> = serde_json::from_str(&text).expect("it is JSON");
    let record = serde_json::json!({ "usage_report": reports.remove(0) }).to_string();
    let posting = |account: &str| NewPosting {
        kind: Kind::Usage,
        flow: Flow::Out,
        party: "utility".to_string(),
        reference: account.to_string(),
        test: false,
        accounts: vec![account.to_string()],
        from: Some(date(2026, 3, 1)),
        until: Some(date(2026, 4, 1)),
        amount: None,
        record: record.replace(OTHER, account).into_bytes(),
        message: Message::New(0),
        interchange: None,
    };
    let message = NewMessage {
        partner: "utility".to_string(),
        channel: "a test".to_string(),
        name: "march.json".to_string(),
        content: String::new(),
        test: false,
        payload: Payload::Bytes(Vec::new()),
        state: State::Sent,
        reason: None,
        answers: None,
        again: None,
    };
    let change = Change {
        messages: vec![message],
        postings: vec![posting(ACCOUNT), posting(OTHER)],
        ..Change::default()
    };
    let address = format!("sqlite:{}", folder.path().join("tieline.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let store = tieline_store::open(&address).await.expect("a store");
        store.apply(change).await.expect("it is posted");
        store.close().await;
    });
    folder
}

fn export(place: &TempDir, account: &str, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
    for name in ["TIELINE_STORE", "TIELINE_PARTNERS", "TIELINE_MAILBOXES", "TIELINE_CONFIG"] {
        command.env_remove(name);
    }
    command.args(["export", "--from", "2026-03-01", "--to", "2026-03-31", "--accounts", account]);
    command.args(["--store", "sqlite:tieline.db", "--mailboxes", "mailboxes", "--partners"]);
    command.arg(repository("partners")).args(more).current_dir(place.path());
    command.output().expect("tieline runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_was_posted_comes_out_in_each_format() {
    let place = place();
    let json = export(&place, ACCOUNT, &["--format", "json"]);
    assert_eq!(json.status.code(), Some(0), "{}", said(&json));
    let records: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(records.len(), 1);
    for format in ["espi", "csv", "xml", "xlsx"] {
        let file = place.path().join(format);
        let name = file.to_str().expect("it is text");
        let done = export(&place, ACCOUNT, &["--format", format, "--allow-loss", "-o", name]);
        assert_eq!(done.status.code(), Some(0), "{format}: {}", said(&done));
        assert!(fs::metadata(&file).expect("it is there").len() > 1_000, "{format}");
    }
    let both = format!("{ACCOUNT},{OTHER}");
    let days = export(&place, &both, &["--format", "json", "--interval", "1d"]);
    let records: Vec<serde_json::Value> = serde_json::from_slice(&days.stdout).expect("JSON");
    assert_eq!(records.len(), 2, "{}", said(&days));
}

#[test]
fn nothing_is_written_when_something_is_not_allowed_or_would_be_lost() {
    let place = place();
    let both = format!("{ACCOUNT},{OTHER}");
    for (account, more, why) in [
        (both.as_str(), &["--format", "json", "--for", "prairie-power"][..], "account 2"),
        (ACCOUNT, &["--format", "json", "--for", "prairie-power", "--bills"], "bills"),
        (ACCOUNT, &["--format", "csv", "--for", "prairie-power"], "no place for"),
        ("12345", &["--format", "json"], "nothing was posted"),
    ] {
        let refused = export(&place, account, &[more, &["-o", "out"]].concat());
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        assert!(said(&refused).contains(why), "{}", said(&refused));
        assert!(!said(&refused).contains(OTHER), "{}", said(&refused));
        assert!(!place.path().join("out").exists());
    }
    let unknown = export(&place, ACCOUNT, &["--format", "json", "--for", "nobody"]);
    assert_eq!(unknown.status.code(), Some(2), "{}", said(&unknown));
}
