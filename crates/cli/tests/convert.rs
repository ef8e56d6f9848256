//! `tieline convert` as a person runs it: every sample to every format that holds it, and back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;
use tieline_cli::{Console, exit};

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The exit code, the results and the talk.
fn convert(args: &[&str]) -> (u8, Vec<u8>, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let partners = repository("partners");
    let partners = partners.to_str().expect("it is text");
    let line = ["tieline", "convert", "--partners", partners];
    let line: Vec<&str> = line.into_iter().chain(args.iter().copied()).collect();
    let code = tieline_cli::run(line, &mut Console::plain(&mut out, &mut err));
    (code, out, String::from_utf8(err).expect("it is text"))
}

/// What is written of a file; nothing may be wrong with it.
fn converted(args: &[&str]) -> Vec<u8> {
    let (code, out, err) = convert(args);
    assert_eq!(code, exit::ACCEPTED, "{args:?}: {err}");
    out
}

/// A folder of its own for one test; it is taken away at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("tieline-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a new folder can be made");
        Scratch(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("it is text").to_string()
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).expect("a new file can be written");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The valid documents of these sets.
fn samples(sets: &[&str]) -> Vec<String> {
    let mut files = Vec::new();
    for set in sets {
        let folder = fs::read_dir(repository("samples").join(set)).expect("samples are there");
        let names = folder.map(|file| file.expect("samples are there").path());
        let names = names.map(|path| path.to_str().expect("it is text").to_string());
        files.extend(names.filter(|name| name.ends_with(".edi") && !name.ends_with(".997.edi")));
    }
    files.sort();
    files
}

/// The records of a JSON file without their envelopes and without where they were read.
fn records(json: &[u8]) -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_slice(json).expect("it is JSON");
    let is_envelope =
        |record: &Value| ["interchange", "group"].iter().any(|it| record.get(it).is_some());
    let mut records: Vec<Value> = all.into_iter().filter(|record| !is_envelope(record)).collect();
    records.iter_mut().for_each(without_places);
    records
}

fn without_places(value: &mut Value) {
    without(&["at", "provenance"], value);
}

/// The records without the codes of their format.
fn meanings(json: &[u8]) -> Vec<Value> {
    let mut records = records(json);
    records.iter_mut().for_each(|record| without(&["raw"], record));
    records
}

fn without(names: &[&str], value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !names.contains(&name.as_str()));
            members.values_mut().for_each(|member| without(names, member));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| without(names, item)),
        _ => {}
    }
}

#[test]
fn every_document_is_the_same_after_our_json() {
    let scratch = Scratch::new("json");
    let samples = samples(&["810", "814", "820", "824", "867"]);
    assert!(samples.len() >= 34, "the samples are there");
    for sample in samples {
        let json = scratch.file("a.json", &converted(&[&sample, "--to", "json"]));
        let back = converted(&[&json, "--to", "x12"]);
        assert!(back == fs::read(&sample).expect("it is there"), "{sample} has changed");
    }
}

#[test]
fn usage_and_bills_say_the_same_after_bulk_xml() {
    let scratch = Scratch::new("xml");
    for sample in samples(&["810", "867"]) {
        let json = converted(&[&sample, "--to", "json"]);
        if records(&json).iter().any(|record| record.get("payment").is_some()) {
            continue;
        }
        let xml = scratch.file("a.xml", &converted(&[&sample, "--to", "xml"]));
        let back = converted(&[&xml, "--to", "json"]);
        assert_eq!(records(&back), records(&json), "{sample}");
    }
}

/// What a table or Green Button holds of a document is held by the second one too.
#[test]
fn what_a_format_holds_it_keeps() {
    let scratch = Scratch::new("kept");
    let mut count = 0;
    for sample in samples(&["810", "820", "867"]) {
        for format in ["csv", "espi"] {
            let (code, first, _) = convert(&[&sample, "--to", format, "--allow-loss"]);
            if code != exit::ACCEPTED {
                continue;
            }
            let first = scratch.file(&format!("first.{format}"), &first);
            let json = scratch.file("a.json", &converted(&[&first, "--to", "json"]));
            let second = converted(&[&json, "--to", format, "--allow-loss"]);
            let second = scratch.file(&format!("second.{format}"), &second);
            let again = converted(&[&second, "--to", "json"]);
            let json = fs::read(&json).expect("it is there");
            assert_eq!(meanings(&again), meanings(&json), "{sample} as {format}");
            count += 1;
        }
    }
    assert!(count > 30, "only {count} conversions were made");
}

#[test]
fn what_would_be_lost_is_named_and_refused() {
    let scratch = Scratch::new("lossy");
    let sample = repository("samples/867/interval-15-minute-autumn-day.edi");
    let sample = sample.to_str().expect("it is text");
    let target = scratch.file("usage.csv", b"as it was");
    let (code, _, err) = convert(&[sample, "-o", &target]);
    assert_eq!(code, exit::FINDINGS);
    assert!(err.contains("the format has no place for usage_report.parties"), "{err}");
    assert!(err.contains("--allow-loss"), "{err}");
    assert_eq!(fs::read(&target).expect("it is there"), b"as it was");
    assert_eq!(fs::read_dir(&scratch.0).expect("it is there").count(), 1, "something is left");

    let (code, out, _) = convert(&[sample, "--to", "csv", "--loss-report"]);
    assert_eq!(code, exit::FINDINGS);
    let report = String::from_utf8(out).expect("it is text");
    assert!(report.contains("3  usage_report.parties.name\n"), "{report}");

    let (code, _, err) = convert(&[sample, "-o", &target, "--allow-loss"]);
    assert_eq!(code, exit::ACCEPTED, "{err}");
    assert!(err.starts_with("left out: usage_report.parties"), "{err}");
    let written = fs::read_to_string(&target).expect("it is there");
    assert_eq!(written.lines().count(), 1 + 100, "a row for each quarter hour");

    let (code, out, _) = convert(&[sample, "--to", "json", "--loss-report"]);
    assert_eq!((code, out.len()), (exit::ACCEPTED, 0));
}

#[test]
fn what_of_a_file_is_in_no_record_is_a_loss_too() {
    let scratch = Scratch::new("unread");
    let table = b"meter,start,end,kwh,Price\nM1,2026-06-01 00:00,2026-06-01 01:00,1.5,9.99\n";
    let edi = repository("samples/867/monthly-register-reads.edi");
    let edi = fs::read_to_string(edi).expect("it is there");
    let answered = edi.replacen("GS*PT", "TA1*000000905*260403*0615*A*000~\nGS*PT", 1);
    let group = "GS*TX*0055500010000*7015550142*20260403*0615*1189*X*004010~\nST*864*0001~\n\
        BMG*00~\nSE*3*0001~\nGE*1*1189~\n";
    let unknown = edi.replacen("IEA*1*", &format!("{group}IEA*2*"), 1);
    for (name, file, lost) in [
        ("unread.csv", &table[..], "column Price"),
        ("unknown.edi", unknown.as_bytes(), "transaction set 864, which is not known"),
        ("answered.edi", answered.as_bytes(), "TA1, which answers an interchange"),
    ] {
        let file = scratch.file(name, file);
        let (code, out, err) = convert(&[&file, "--to", "json"]);
        assert_eq!((code, out.len()), (exit::FINDINGS, 0), "{err}");
        assert!(err.contains(lost), "{err}");
        let (code, _, err) = convert(&[&file, "--to", "json", "--allow-loss"]);
        assert_eq!((code, err), (exit::ACCEPTED, format!("left out: {lost}\n")));
    }
}

#[test]
fn zeros_in_front_of_the_number_of_a_group_are_kept() {
    let scratch = Scratch::new("zeros");
    let edi = repository("samples/867/monthly-register-reads.edi");
    let edi = fs::read_to_string(edi).expect("it is there");
    let edi = edi.replacen("*1188*X*", "*000001188*X*", 1);
    let edi = edi.replacen("GE*1*1188~", "GE*1*000001188~", 1);
    let file = scratch.file("zeros.edi", edi.as_bytes());
    let json = scratch.file("zeros.json", &converted(&[&file, "--to", "json"]));
    assert_eq!(converted(&[&json, "--to", "x12"]), edi.as_bytes());
}

/// What only some may read does not become public, and a link stays one.
#[test]
fn a_file_that_is_written_anew_keeps_its_readers_and_its_place() {
    let scratch = Scratch::new("anew");
    let sample = repository("samples/867/monthly-register-reads.edi");
    let sample = sample.to_str().expect("it is text");
    let file = scratch.file("usage.json", b"as it was");
    let ours = fs::Permissions::from_mode(0o600);
    fs::set_permissions(&file, ours.clone()).expect("it is ours");
    let link = scratch.path("link.json");
    std::os::unix::fs::symlink("usage.json", &link).expect("a link can be made");
    converted(&[sample, "-o", &link]);
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    assert_eq!(records(&fs::read(&file).expect("it is there")).len(), 1);
    let mode = fs::metadata(&file).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, ours.mode());
}

#[test]
fn a_table_becomes_a_document_that_the_partner_accepts() {
    let table = repository("samples/files/usage-intervals-as-written.csv");
    let table = table.to_str().expect("it is text");
    let partner = ["--partner", "prairie-power", "--customer", "PRAIRIE STAR DAIRY"];
    let line = [&[table, "--to", "x12", "--control-number", "77"][..], &partner].concat();
    let text = String::from_utf8(converted(&line)).expect("it is text");
    for part in [
        "*000000077*0*T*",
        "N1*SJ*PRAIRIE POWER DATA SERVICES*9*0055512340000~",
        "N1*8R*PRAIRIE STAR DAIRY~",
        "QTY*QD*7.667*KH~\nDTM*582*20260620*0100*CD~",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }

    let (code, out, err) = convert(&[table, "--to", "x12", "--partner", "prairie-power"]);
    assert_eq!((code, out.len()), (exit::FINDINGS, 0));
    assert!(err.contains("the guide asks for N1*8R, and it is not here"), "{err}");
    let (code, _, err) = convert(&[table, "--to", "x12"]);
    assert_eq!(code, exit::USAGE);
    assert!(err.contains("name the partner with --partner"), "{err}");
}

#[test]
fn payments_are_posted_as_a_table() {
    let sample = repository("samples/820/ach-ctx-many-accounts.edi");
    let sample = sample.to_str().expect("it is text");
    let table = converted(&[sample, "--to", "csv", "--allow-loss"]);
    let text = String::from_utf8(table).expect("it is text");
    assert!(text.starts_with("trace_code,trace,settlement_date"), "{text}");
    let lines = text.lines().filter(|line| line.contains(",remittance,")).count();
    assert_eq!(lines, 14, "{text}");
}

#[test]
fn an_answer_of_smarthub_becomes_usage() {
    let answer = repository("samples/files/smarthub-spring-night.json");
    let answer = answer.to_str().expect("it is text");
    let line = [answer, "--to", "json", "--account", "4410027718", "--date", "2026-03-10"];
    let json = converted(&line);
    let records = records(&json);
    assert_eq!(records.len(), 1);
    let report = &records[0]["usage_report"];
    assert_eq!((&report["account"], &report["date"]), (&"4410027718".into(), &"2026-03-10".into()));
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_nothing_is_written() {
    let scratch = Scratch::new("wrong");
    let target = scratch.path("out.json");
    let broken = repository("samples/broken/E0406-energy-with-a-letter.edi");
    let cases = [
        (broken.to_str().expect("it is text").to_string(), "QTY02", exit::FINDINGS),
        (scratch.file("a.csv", b"name,colour\nA,red\n"), "docs/formats-csv.md", exit::FINDINGS),
        (scratch.file("b.json", b"[{\"bill\": {\"number\": 5}}]"), "b.json: ", exit::FINDINGS),
        (scratch.file("c.json", b"[{\"bill\""), "c.json: EOF", exit::FINDINGS),
        (
            scratch.file("d.xml", b"<!DOCTYPE feed [<!ENTITY a 'b'>]><feed>&a;</feed>"),
            "DOCTYPE",
            exit::FINDINGS,
        ),
        (scratch.file("e.dat", b"\x00\x01\x02"), "say what it is with --from", exit::NOT_EDI),
        (scratch.file("f.edi", b""), "the file is empty", exit::NOT_EDI),
        (scratch.path("nowhere.edi"), "there is no such file", exit::NO_INPUT),
    ];
    for (file, part, expected) in cases {
        let (code, _, err) = convert(&[&file, "-o", &target]);
        assert_eq!(code, expected, "{file}: {err}");
        assert!(err.contains(part), "{part} is not in {err}");
        assert!(!std::path::Path::new(&target).exists(), "{file} left something");
    }
}
