//! `tieline reconcile` as a person runs it: every case of `samples/reconcile`, which was worked by
//! hand, and what is refused. `UPDATE_EXPECT=1` writes the results anew.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use tieline_cli::{Console, exit};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
}

/// The exit code, the results and the talk.
fn run(arguments: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let line = ["tieline", "reconcile"].into_iter().chain(arguments.iter().copied());
    let code = tieline_cli::run(line, &mut Console::plain(&mut out, &mut err));
    let text = |bytes| String::from_utf8(bytes).expect("it is text");
    (code, text(out), text(err))
}

/// The documents of a case as arguments; those it does not have are left out.
fn documents(case: &Path, backwards: bool) -> Vec<String> {
    let mut named: Vec<[String; 2]> = Vec::new();
    for (option, file) in
        [("--usage", "usage.867"), ("--bill", "bill.810"), ("--payment", "payment.820")]
    {
        let path = case.join(file);
        if path.exists() {
            named.push([option.to_string(), path.to_str().expect("it is text").to_string()]);
        }
    }
    if backwards {
        named.reverse();
    }
    named.concat()
}

fn reconciled(case: &Path, more: &[&str], backwards: bool) -> (u8, String, String) {
    let documents = documents(case, backwards);
    let arguments = documents.iter().map(String::as_str).chain(more.iter().copied());
    let (code, out, err) = run(&arguments.collect::<Vec<_>>());
    let folder = format!("{}/", case.to_str().expect("it is text"));
    (code, out.replace(&folder, ""), err.replace(&folder, ""))
}

#[test]
fn each_case_comes_out_as_it_was_worked_by_hand() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let cases = fs::read_dir(samples().join("reconcile")).expect("it can be listed");
    let mut cases: Vec<PathBuf> = cases.map(|case| case.expect("it is listed").path()).collect();
    cases.retain(|case| case.is_dir());
    cases.sort();
    assert!(cases.len() >= 7, "the cases are there");
    let mut wrong = Vec::new();
    for case in cases {
        let (code, out, err) = reconciled(&case, &[], false);
        let found = format!("{out}{err}exit status {code}\n");
        let beside = case.join("expected.txt");
        if update {
            fs::write(&beside, &found).expect("samples can be written");
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        if found != expected {
            wrong.push(format!("{}\n{found}", case.display()));
        }
        assert_eq!(reconciled(&case, &[], true), (code, out, err), "the order matters");
        let (same, json, _) = reconciled(&case, &["--format", "json"], false);
        let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!((same, &json["agrees"]), (code, &(code == exit::ACCEPTED).into()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_difference_is_tolerated_if_that_is_asked_for() {
    let case = samples().join("reconcile/kwh-differs-by-one");
    let (code, out, _) = reconciled(&case, &["--tolerance-kwh", "1"], false);
    assert_eq!(code, exit::ACCEPTED);
    assert!(out.contains("agrees: billed 1 kWh more than used, as tolerated"), "{out}");
    assert_eq!(reconciled(&case, &["--tolerance-kwh", "0.999"], false).0, exit::FINDINGS);
    assert_eq!(reconciled(&case, &["--tolerance-kwh=-1"], false).0, exit::USAGE);
}

#[test]
fn two_kinds_of_documents_are_enough() {
    let case = samples().join("reconcile/missing-bill");
    let path = |file: &str| case.join(file).to_str().expect("it is text").to_string();
    let (usage, bill, payment) = (path("usage.867"), path("bill.810"), path("payment.820"));
    let (_, out, _) = run(&["--bill", &bill, "--payment", &payment]);
    assert!(out.contains("unpaid") && !out.contains("usage") && !out.contains("kWh more"), "{out}");
    let (_, out, _) = run(&["--bill", &bill, "--usage", &usage]);
    assert!(out.contains("missing bill") && !out.contains("unpaid"), "{out}");
    let (code, _, err) = run(&["--bill", &bill]);
    assert_eq!(code, exit::USAGE, "{err}");
}

#[test]
fn what_is_refused_says_why_without_a_number_of_an_account() {
    let case = samples().join("reconcile/all-agrees");
    let path = |file: &str| case.join(file).to_str().expect("it is text").to_string();
    let (code, out, err) = run(&["--bill", &path("usage.867"), "--payment", &path("payment.820")]);
    assert_eq!((code, out.as_str()), (exit::FINDINGS, ""));
    assert!(err.contains("there is no bill in it") && !err.contains("4410027718"), "{err}");
    let (code, _, err) = run(&["--bill", "no-such-file", "--payment", &path("payment.820")]);
    assert_eq!(code, exit::NO_INPUT, "{err}");
}

/// The gateway's store after the demonstration: three bills and the payment of each.
#[test]
fn what_the_store_posted_is_compared() {
    let station = common::Station::after_the_demonstration();
    let said = station.run(&["reconcile", "--without", "usage"]);
    // The bank also pays for accounts of which the demonstration has no bills.
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert!(said.out.contains("payment for an unknown account"), "{}", said.out);
    let rows = said.out.lines().filter(|line| line.ends_with("  agrees")).count();
    assert!(rows > 0 && said.out.contains(&format!("\n{rows} of {rows} agree")), "{}", said.out);
    let account = said.out.lines().nth(1).and_then(|line| line.split(' ').next());
    let account = account.expect("an account");

    let one = station.good(&["reconcile", "--without", "usage", "--account", account]);
    assert!(one.ends_with("\n1 of 1 agree\n"), "{one}");
    let none = station.good(&["reconcile", "--without", "usage", "--until", "2020-01-01"]);
    assert!(none.ends_with("0 of 0 agree\n"), "{none}");

    // A document leads to the message it came in.
    let json = station.run(&["reconcile", "--without", "usage", "--format", "json"]).json();
    let text = json.to_string();
    assert!(text.contains("\"document\":\"M"), "{text}");
}

#[test]
fn files_and_the_store_are_not_mixed() {
    let station = common::Station::new();
    let nothing = station.run(&["reconcile"]);
    assert_eq!(nothing.code, 2, "{}", nothing.err);
    assert!(nothing.err.contains("there is no store"), "{}", nothing.err);
    assert!(!station.path("state").exists(), "looking makes nothing");
    let both = station.run(&["reconcile", "--bill", "bill.810", "--payment", "p.820", "--test"]);
    assert_eq!(both.code, 2, "{}", both.err);
    assert!(both.err.contains("--test is about the store"), "{}", both.err);
    let no_bill = station.run(&["reconcile", "--usage", "usage.867"]);
    assert_eq!(no_bill.code, 2, "{}", no_bill.err);
}
