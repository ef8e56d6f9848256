//! `tieline price` as a person runs it: what it writes, and the exit code.

use std::path::PathBuf;

use tieline_cli::{Console, exit};

fn repository(path: &str) -> String {
    format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))
}

/// The exit code, the results and the talk.
fn price(sample: &str, more: &[&str]) -> (u8, String, String) {
    let usage = repository(&format!("samples/867/{sample}.edi"));
    run(&usage, &repository("partners/utility/rates"), more)
}

fn run(usage: &str, rates: &str, more: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let line = ["tieline", "price", usage, "--rates", rates];
    let line: Vec<&str> = line.into_iter().chain(more.iter().copied()).collect();
    let code = tieline_cli::run(line, &mut Console::plain(&mut out, &mut err));
    let text = |bytes| String::from_utf8(bytes).expect("it is text");
    (code, text(out), text(err))
}

/// A file of its own for one test; it is taken away at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, text: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("tieline-{}-{name}", std::process::id()));
        std::fs::write(&path, text).expect("a new file can be written");
        Scratch(path)
    }

    fn name(&self) -> &str {
        self.0.to_str().expect("it is text")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_sub_meter_has_a_rate_of_its_own() {
    let rates = ["--rate", "200", "--rate", "EV-ANYTIME@70023315", "--format", "json"];
    let (code, out, err) = price("monthly-two-meters", &rates);
    assert_eq!((code, err.as_str()), (exit::ACCEPTED, ""));
    let bill: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
    let group = |n: usize| &bill["bill"]["groups"][n];
    // 12215 x 0.092 and 6205 x 0.089, each with its own line of the adjustment.
    assert_eq!(group(0)["charges"][1]["amount"], "1123.78");
    assert_eq!(group(1)["charges"][0]["amount"], "552.25");
    assert_eq!(group(1)["charges"][1]["amount"], "7.76");
    assert_eq!((&group(0)["meter"], &group(1)["meter"]), (&().into(), &"70023315".into()));
    // 60.00 + 1123.78 + 15.27 + 552.25 + 7.76.
    assert_eq!(bill["bill"]["total"], "1759.06");
}

#[test]
fn the_number_and_date_of_a_bill_can_be_given() {
    let given = ["--rate", "100", "--bill-number", "B7", "--date", "2026-04-09", "--ppa", "-0.003"];
    let (code, out, _) = price("monthly-register-reads", &given);
    assert_eq!(code, exit::ACCEPTED);
    assert!(out.starts_with("Bill B7 of 2026-04-09, for 2026-03-02 to 2026-04-01\n"), "{out}");
    // 2914 x 0.003 is 8.742.
    assert!(out.contains("       -8.74\n"), "{out}");
}

#[test]
fn a_bill_is_checked_to_the_cent() {
    let rate = ["--rate", "TOD"];
    let sample = "interval-15-minute-spring-month";
    let (_, bill, _) = price(sample, &["--rate", "TOD", "--format", "json"]);
    let right = Scratch::new("right.json", &bill);
    let with = |file: &Scratch, format: &str| {
        let more = [&rate[..], &["--check", file.name(), "--format", format]].concat();
        price(sample, &more)
    };
    let (code, out, _) = with(&right, "text");
    assert_eq!((code, out.as_str()), (exit::ACCEPTED, ""));
    let wrong = Scratch::new("wrong.json", &bill.replace("6436.26", "6436.27"));
    let (code, out, _) = with(&wrong, "text");
    let line = "group 1, Energy charge, on-peak: amount: expected 6436.26, found 6436.27\n";
    assert_eq!((code, out.as_str()), (exit::FINDINGS, line));
    let (code, out, _) = with(&wrong, "json");
    let answer: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
    let difference = &answer["discrepancies"][0]["differences"][0]["amount"];
    assert_eq!((code, &difference["found"]), (exit::FINDINGS, &"6436.27".into()));
    let none = Scratch::new("none.json", "{\"bill\": {\"number\": \"1170094406\"}}");
    let (code, _, err) = with(&none, "text");
    assert_eq!(code, exit::FINDINGS);
    assert!(err.contains("missing field `date` at line 1 column"), "{err}");
    assert!(!err.contains("1170094406"), "nothing of the file is told: {err}");
}

/// The bill of the same account and month has a tax that the rates do not know, and all its lines
/// are right.
#[test]
fn an_invoice_is_checked_against_its_usage_report() {
    let bill = repository("samples/810/single-phase-005010.edi");
    let rates = ["--rate", "100", "--credit", "WH-CREDIT-650", "--check", &bill];
    let (code, out, err) = price("monthly-005010", &rates);
    assert_eq!(code, exit::FINDINGS, "{err}");
    assert_eq!(out, "taxes: amount: expected 0, found 6.59\n");
}

#[test]
fn the_exit_code_says_why_there_is_no_bill() {
    let month = "interval-15-minute-spring-month";
    for (sample, more, code, told) in [
        (month, &["--rate", "10"][..], exit::USAGE, "there is no rate `10`"),
        (month, &["--rate", "100", "--base", "200"], exit::USAGE, "is built on another"),
        (month, &["--rate", "300", "--demand", "-1"], exit::USAGE, ""),
        (month, &["--rate", "628", "--zone", "red"], exit::USAGE, "says nothing of a zone"),
        (
            month,
            &["--rate", "628", "--zone", "red=2026-03-08T02:30/2026-03-08T05:00"],
            exit::USAGE,
            "is not one time in America/Chicago",
        ),
        (month, &["--rate", "628"], exit::FINDINGS, "when the red zone was called out"),
        (month, &["--rate", "300"], exit::FINDINGS, "does not report a billing demand"),
        (month, &["--rate", "100@1"], exit::FINDINGS, "does not tell the energy"),
        (month, &["--rate", "WH-LONG"], exit::CONFIGURATION, "above 400 kWh a month"),
        (
            "interval-15-minute-autumn-day",
            &["--rate", "100"],
            exit::CONFIGURATION,
            "the price of 2026-11 is not known",
        ),
        ("monthly-three-accounts", &["--rate", "100"], exit::FINDINGS, "3 usage reports"),
        ("monthly-three-accounts", &["--rate", "100", "--report", "4"], exit::FINDINGS, "only 3"),
        ("no-such-file", &["--rate", "100"], exit::NO_INPUT, "there is no such file"),
    ] {
        let (found, out, err) = price(sample, more);
        assert_eq!((found, out.as_str()), (code, ""), "{more:?}: {err}");
        assert!(err.contains(told), "{more:?}: {err}");
    }
    let usage = repository("samples/867/monthly-register-reads.edi");
    let (code, _, err) = run(&usage, "/no/such/folder", &["--rate", "100"]);
    assert_eq!(code, exit::NO_INPUT, "{err}");
    let (code, _, err) = run(&usage, &repository("samples/rates"), &["--rate", "100"]);
    assert_eq!(code, exit::CONFIGURATION, "{err}");
    let pdf = Scratch::new("not.pdf", "%PDF-1.7");
    let rates = repository("partners/utility/rates");
    assert_eq!(run(pdf.name(), &rates, &["--rate", "100"]).0, exit::NOT_EDI);
    let broken = repository("samples/broken/E0406-energy-with-a-letter.edi");
    let (code, _, err) = run(&broken, &rates, &["--rate", "100"]);
    assert_eq!(code, exit::FINDINGS);
    assert!(err.contains("`tieline validate "), "{err}");
}
