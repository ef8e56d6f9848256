//! `db`: a store made, checked, backed up, damaged and restored.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use common::Station;

#[test]
fn a_store_is_made_once_and_is_nobody_elses() {
    let station = Station::new();
    let none = station.run(&["db", "verify"]);
    assert_eq!(none.code, 66, "{}", none.err);
    assert!(none.err.contains("there is none at sqlite:"), "{}", none.err);
    assert!(!station.path("state").exists(), "looking makes nothing");

    for _ in 0..2 {
        assert_eq!(station.good(&["db", "migrate"]), "");
    }
    let mode = fs::metadata(station.path("state")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let verified = station.run(&["db", "verify", "--format", "json"]);
    assert_eq!((verified.code, verified.json()["faults"].as_array().map(Vec::len)), (0, Some(0)));
}

#[test]
fn a_backup_brings_back_what_was_there() {
    let station = Station::after_the_demonstration();
    let before = station.good(&["msg", "list"]);
    assert!(before.contains("820 x 1"), "{before}");
    assert_eq!(station.good(&["db", "backup", "backups/monday"]), "");
    let again = station.run(&["db", "backup", "backups/monday"]);
    assert_eq!(again.code, 78, "{}", again.err);
    assert!(again.err.contains("is not empty"), "{}", again.err);

    // Nothing is replaced that nobody wanted replaced.
    let there = station.run(&["db", "restore", "backups/monday"]);
    assert_eq!(there.code, 78, "{}", there.err);
    assert!(there.err.contains("help: --replace"), "{}", there.err);

    fs::write(station.path("tieline.db"), "this is no database").expect("writable");
    let damaged = station.run(&["db", "verify"]);
    assert_ne!(damaged.code, 0, "{}", damaged.out);
    station.good(&["db", "restore", "backups/monday", "--replace"]);
    assert_eq!(station.good(&["msg", "list"]), before);
    assert!(station.path("tieline.db.replaced").exists(), "the old one is set aside");
    assert_eq!(station.good(&["db", "verify"]), "");

    let nothing = station.run(&["db", "restore", "backups/tuesday", "--replace"]);
    assert_eq!(nothing.code, 78, "{}", nothing.err);
}

#[test]
fn the_address_of_a_server_is_told_without_its_password() {
    let station = Station::new();
    let address = "postgres://tieline:swordfish@127.0.0.1:1/edi";
    for step in [&["db", "verify"][..], &["db", "migrate"], &["doctor"], &["config", "show"]] {
        let said = station.run(&[step, &["--store", address]].concat());
        assert!(!format!("{}{}", said.out, said.err).contains("swordfish"), "{}", said.err);
    }
    let said = station.run(&["db", "backup", "copy", "--store", address]);
    assert_eq!(said.code, 78, "{}", said.err);
    assert!(said.err.contains("pg_dump"), "{}", said.err);
    assert_eq!(station.run(&["db", "verify", "--store", address]).code, 75);
}

#[test]
fn who_looks_for_messages_where_no_store_is_makes_none() {
    let station = Station::new();
    let export = ["export", "--accounts", "1", "--from", "2026-04-01", "--to", "2026-04-30"];
    let export = [&export[..], &["--format", "json"]].concat();
    for command in [&["msg", "list"][..], &["msg", "show", "M1"], &export] {
        let said = station.run(&[command, &["--partners", "partners"]].concat());
        assert_eq!(said.code, 66, "{command:?}: {}", said.err);
        assert!(said.err.contains("the store: there is none at"), "{command:?}: {}", said.err);
        assert!(!station.path("state").exists(), "{command:?}");
    }
}
