//! `tieline convert` of files that are not X12: each sample to a document, and tables to a workbook.

use std::path::PathBuf;
use std::sync::OnceLock;

use serde_json::Value;
use tieline_cli::{Console, exit};

fn repository(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    path.to_str().expect("it is text").to_string()
}

/// The exit code, the results and the talk.
fn convert(args: &[&str]) -> (u8, Vec<u8>, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let partners = match args.contains(&BARE) {
        true => bare(),
        false => repository("partners"),
    };
    let line: Vec<&str> = ["tieline", "convert", "--partners", &partners]
        .into_iter()
        .chain(args.iter().copied())
        .collect();
    let code = tieline_cli::run(line, &mut Console::plain(&mut out, &mut err));
    (code, out, String::from_utf8(err).expect("it is text"))
}

/// What a file may leave unsaid and a document needs.
const UNSAID: [&str; 10] = [
    "--customer",
    "PRAIRIE STAR DAIRY",
    "--number",
    "20261103M0000017",
    "--account",
    "4410027718",
    "--meter",
    "50118822",
    "--date",
    "2026-11-03",
];

/// What becomes of a sample.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    /// A document with this in it.
    Sent(&'static str),
    /// The same, once this may be left out.
    Without(&'static str, &'static str),
    /// Nothing, for this reason.
    Refused(&'static str),
}

use Outcome::{Refused, Sent, Without};

/// A partner whose guide asks for intervals of 15 or 60 minutes.
const INTERVALS: &str = "prairie-power";

/// A partner whose guide for usage asks for nothing beyond the standard.
const BARE: &str = "sheyenne-foods";

/// A folder with that partner.
fn bare() -> String {
    static FOLDER: OnceLock<String> = OnceLock::new();
    let made = FOLDER.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bare-partners");
        std::fs::create_dir_all(folder.join(BARE)).expect("a new folder can be made");
        let utility = repository("partners/utility.toml");
        std::fs::copy(utility, folder.join("utility.toml")).expect("a file can be copied");
        std::fs::create_dir_all(folder.join("calendars")).expect("a new folder can be made");
        let calendar = repository("partners/calendars/office.toml");
        std::fs::copy(calendar, folder.join("calendars/office.toml")).expect("it can be copied");
        let partner = repository("partners/sheyenne-foods/partner.toml");
        let partner = std::fs::read_to_string(partner).expect("it is there");
        let partner = partner
            .replace("810.guide.toml", "utility/810-commercial")
            .replace("utility/867-monthly", "867.guide.toml");
        std::fs::write(folder.join(BARE).join("partner.toml"), partner).expect("it can be written");
        let guide = "set = \"867\"\ntitle = \"The standard alone\"\n";
        std::fs::write(folder.join(BARE).join("867.guide.toml"), guide).expect("it can be written");
        folder.to_str().expect("it is text").to_string()
    });
    made.clone()
}

/// Each sample, the partner it is for, and what becomes of it.
const SAMPLES: [(&str, &str, Outcome); 23] = [
    ("bills-as-written.csv", INTERVALS, Sent("SAC*A**EU*CRE001*")),
    ("bills-charge-lines-of-a-partner.csv", INTERVALS, Sent("SAC*A**EU*CRE001*")),
    ("green-button-15-minute-dst-autumn.xml", BARE, Refused("the service point has 36")),
    ("green-button-15-minute-dst-spring.zip", BARE, Refused("the service point has 36")),
    ("green-button-hourly-month.xml", BARE, Refused("the service point has 36")),
    ("green-button-months-and-summary.xml", BARE, Refused("the service point has 36")),
    ("green-button-vendor-order.xml", BARE, Refused("no code for Delivered, Validated, Measured")),
    ("payments-as-written.csv", INTERVALS, Sent("RMR*12*4410027718**289.50~")),
    ("payments-lockbox.csv", INTERVALS, Refused("must be set in `dates`")),
    ("smarthub-autumn-hour-told-once.json", BARE, Refused("no code for Net, Actual, Measured")),
    (
        "smarthub-autumn-night-both-ways.json",
        INTERVALS,
        Without("20 points of costs", "QTY*QD*1.950*KH~\nDTM*582*20261101*0100*CS~"),
    ),
    ("smarthub-daily-over-the-change.json", INTERVALS, Refused("which lists KH015, KH060")),
    (
        "smarthub-monthly.json",
        BARE,
        Sent("DTM*150*20260201~\nDTM*151*20260228~\nREF*MG*50118822~\nQTY*QD*901*KH~"),
    ),
    ("smarthub-monthly.json", INTERVALS, Refused("BPT04 (report type) is not a code of the guide")),
    ("smarthub-spring-night.json", INTERVALS, Sent("QTY*QD*9.00*KH~\nDTM*582*20260308*0300*CD~")),
    ("usage-by-day-over-the-change.csv", BARE, Sent("REF*MT*KH060~")),
    ("usage-daily-over-the-change.csv", INTERVALS, Refused("which lists KH015, KH060")),
    ("usage-interval-ends-spring-night.csv", INTERVALS, Refused("must be set in `dates`")),
    ("usage-intervals-as-written.csv", INTERVALS, Sent("QTY*QD*7.667*KH~")),
    ("usage-partner-export-autumn-day.csv", INTERVALS, Refused("set `decimal_comma`")),
    ("usage-readings-as-written.csv", INTERVALS, Refused("BPT04 (report type) is not a code")),
    ("usage-readings-of-two-meters.csv", BARE, Sent("PTD*")),
    ("usage-readings-of-two-meters.csv", INTERVALS, Refused("BPT04 (report type) is not a code")),
];

#[test]
fn every_sample_becomes_a_document_or_says_why_not() {
    let mut wrong = Vec::new();
    for (name, partner, expected) in SAMPLES {
        let file = repository(&format!("samples/files/{name}"));
        let line = [&[&file, "--to", "x12", "--partner", partner][..], &UNSAID].concat();
        let (code, out, err) = convert(&line);
        let (code, out, err) = match expected {
            Without(part, _) if code == exit::FINDINGS && err.contains(part) => {
                convert(&[&line[..], &["--allow-loss"]].concat())
            }
            Without(..) => (exit::FINDINGS, out, err),
            _ => (code, out, err),
        };
        let text = String::from_utf8(out).expect("it is text");
        let is_right = match expected {
            Sent(part) | Without(_, part) => code == exit::ACCEPTED && text.contains(part),
            Refused(part) => code == exit::FINDINGS && text.is_empty() && err.contains(part),
        };
        if !is_right {
            wrong.push(format!("{name} for {partner}: {code}: {err}{text:.900}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Green Button names a service point by an id of its own, and neither the kind of a report nor a period.
#[test]
fn green_button_becomes_a_document_once_its_service_point_is_named() {
    let parts = [
        (
            "green-button-15-minute-dst-autumn.xml",
            INTERVALS,
            "DTM*150*20261101~\nDTM*151*20261101~",
        ),
        ("green-button-15-minute-dst-spring.zip", INTERVALS, "*C1~\nREF*Q5*SP-118~"),
        ("green-button-months-and-summary.xml", BARE, "no code for Other in `references`"),
        ("green-button-vendor-order.xml", BARE, "no code for Delivered, Validated, Measured"),
    ];
    for (name, partner, part) in parts {
        let file = repository(&format!("samples/files/{name}"));
        let named = ["--service-point", "SP-118", "--allow-loss"];
        let line = [&[&file, "--to", "x12", "--partner", partner][..], &UNSAID, &named].concat();
        let (_, out, err) = convert(&line);
        let text = String::from_utf8(out).expect("it is text") + &err;
        assert!(text.contains(part), "{name}: {text:.900}");
    }
}

/// A summary that no file states is added only when it is asked for, and is right.
#[test]
fn intervals_are_summed_up_when_asked() {
    let file = repository("samples/files/green-button-15-minute-dst-autumn.xml");
    let named = ["--service-point", "SP-118", "--allow-loss"];
    let line = [&[&file, "--to", "x12", "--partner", INTERVALS][..], &UNSAID, &named].concat();
    let (code, out, err) = convert(&[&line[..], &["--summarize"]].concat());
    assert_eq!(code, exit::ACCEPTED, "{err}");
    let text = String::from_utf8(out).expect("it is text");
    assert!(text.contains("PTD*BO*"), "{text:.900}");
    let path = std::env::temp_dir().join(format!("tieline-{}-summed.edi", std::process::id()));
    std::fs::write(&path, &text).expect("a new file can be written");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let partners = repository("partners");
    let shown = path.to_str().expect("it is text");
    let line = ["tieline", "validate", "--format", "short", "--partners", &partners, shown];
    let code = tieline_cli::run(line, &mut Console::plain(&mut out, &mut err));
    std::fs::remove_file(&path).expect("it is there");
    assert_eq!((code, String::from_utf8_lossy(&out).as_ref()), (exit::ACCEPTED, ""));
    // A month in which an hour was not sent.
    let file = repository("samples/files/green-button-hourly-month.xml");
    let line = [&[&file, "--to", "x12", "--partner", INTERVALS][..], &UNSAID, &named].concat();
    let (code, out, err) = convert(&[&line[..], &["--summarize"]].concat());
    assert_eq!((code, out.len()), (exit::FINDINGS, 0));
    assert!(err.contains("2026-02-17 are not all there"), "{err}");
}

#[test]
fn every_sample_is_in_the_table() {
    let folder = std::fs::read_dir(repository("samples/files")).expect("samples are there");
    for file in folder {
        let name = file.expect("samples are there").file_name();
        let name = name.to_str().expect("it is text");
        let is_file = ["xml", "zip", "csv", "json"].iter().any(|end| name.ends_with(end));
        let is_told = SAMPLES.iter().any(|(sample, ..)| *sample == name);
        assert!(is_told || !is_file || name.ends_with(".model.json"), "{name} is not in the table");
    }
}

#[test]
fn costs_are_left_out_of_an_867_and_said_so() {
    let sample = repository("samples/files/green-button-hourly-month.xml");
    let (_, json, _) = convert(&[&sample, "--to", "json", "--allow-loss"]);
    let mut records: Vec<Value> = serde_json::from_slice(&json).expect("it is JSON");
    records[0]["usage_report"]["service_point"] = "SP-118".into();
    let file = std::env::temp_dir().join(format!("tieline-{}-costs.json", std::process::id()));
    std::fs::write(&file, Value::Array(records).to_string()).expect("a new file can be written");
    let path = file.to_str().expect("it is text");
    let line = [&[path, "--to", "x12", "--partner", BARE][..], &UNSAID].concat();
    let (refused, _, why) = convert(&line);
    let (code, out, err) = convert(&[&line[..], &["--allow-loss"]].concat());
    std::fs::remove_file(&file).expect("it is there");
    assert_eq!(refused, exit::FINDINGS);
    assert!(why.contains("no place for usage_report.sections.items.series (cost)"), "{why}");
    assert_eq!(code, exit::ACCEPTED, "{err}");
    let text = String::from_utf8(out).expect("it is text");
    let hours = text.matches("\nQTY*").count();
    assert_eq!(
        hours,
        28 * 24 - 1,
        "the hours of the month, of which one was not sent: {text:.900}"
    );
}

#[test]
fn a_table_becomes_a_workbook() {
    let sample = repository("samples/files/bills-as-written.csv");
    let (code, book, err) = convert(&[&sample, "--to", "xlsx"]);
    assert_eq!((code, err.as_str()), (exit::ACCEPTED, ""));
    assert!(book.starts_with(b"PK"));
    let usage = repository("samples/867/interval-15-minute-autumn-day.edi");
    let (code, _, err) = convert(&[&usage, "--to", "xlsx"]);
    assert_eq!(code, exit::FINDINGS);
    assert!(err.contains("the format has no place for usage_report.parties"), "{err}");
}
