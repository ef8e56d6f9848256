//! Business findings beside those of the standard: told, counted apart, never acknowledged.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tieline_x12::delimiters::LineEnd;

use crate::{Folder, sample, tieline};

fn broken(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/broken");
    fs::read_to_string(folder.join(name)).expect("there is such a sample")
}

fn report(folder: &Folder, arguments: &[&str]) -> (i32, Value) {
    let ran = tieline(folder.path(), &[&["validate", "--format", "json"], arguments].concat());
    (ran.code, serde_json::from_str(&ran.out).expect("it is JSON"))
}

#[test]
fn they_end_with_1_and_change_no_acknowledgment() {
    let folder = Folder::new("business-ack");
    folder.file("a.edi", broken("business/UTL-101-interval-sum.edi"));
    let (code, report) = report(&folder, &["a.edi"]);
    assert_eq!(code, 1);
    let file = &report["files"][0];
    assert_eq!((&file["accepted"], &file["errors"]), (&Value::Bool(true), &Value::from(0)));
    assert_eq!(file["business"]["errors"], 1);
    assert_eq!(file["findings"][0]["code"], "UTL-101");
    assert_eq!(tieline(folder.path(), &["validate", "--no-business", "a.edi"]).code, 0);
    let ack = ["ack", "a.edi", "--date", "20260618", "--time", "0900", "--control-number", "1"];
    let ack = tieline(folder.path(), &ack);
    assert!(ack.code == 0 && ack.out.contains("AK9*A*1*1*1"), "{}", ack.out);
}

#[test]
fn warnings_are_denied_when_asked_and_notes_are_not() {
    let folder = Folder::new("business-deny");
    folder.file("warning.edi", broken("business/UTL-102-intervals-missing.edi"));
    folder.file("note.edi", broken("business/UTL-118-intervals-without-value.edi"));
    for (file, denied) in [("warning.edi", 1), ("note.edi", 0)] {
        assert_eq!(tieline(folder.path(), &["validate", file]).code, 0, "{file}");
        let ran = tieline(folder.path(), &["validate", "--deny", "warnings", file]);
        assert_eq!(ran.code, denied, "{file}: {}", ran.out);
    }
}

#[test]
fn a_partner_turns_them_off_or_makes_them_worse() {
    let folder = Folder::new("business-partner");
    folder.file("a.edi", broken("business/UTL-102-intervals-missing.edi"));
    let partner = "id = \"lake\"\nname = \"Lake\"\nstatus = \"live\"\n[x12]\n\
        isa = [{ qualifier = \"ZZ\", id = \"LAKECOUNTRY\" }]\n";
    fs::create_dir_all(folder.path().join("partners/lake")).expect("a folder can be made");
    folder.file("partners/lake/partner.toml", partner);
    for (level, code) in [("error", 1), ("warning", 0), ("off", 0)] {
        let options = format!("[severities]\nUTL-102 = \"{level}\"\n");
        folder.file("partners/lake/business.toml", options);
        let ran = tieline(folder.path(), &["validate", "a.edi", "--format", "short"]);
        assert_eq!((ran.code, ran.out.is_empty()), (code, level == "off"), "{level}: {}", ran.out);
    }
}

/// A document is read by the codes of the partner that its `ISA` names.
#[test]
fn a_partner_s_codes_decide_what_a_document_says() {
    let folder = Folder::new("business-codes");
    let partner = "id = \"lake\"\nname = \"Lake\"\nstatus = \"live\"\n[x12]\n\
        isa = [{ qualifier = \"ZZ\", id = \"LAKECOUNTRY\" }]\n";
    folder.file("partners/lake/partner.toml", partner);
    let account = "[common]\naccount = \"Q5\"\nservice_point = \"SA\"\n";
    let period = "[common]\nperiod_start = \"193\"\nperiod_end = \"194\"\n";
    let usage = broken("business/UTL-118-intervals-without-value.edi");
    let late = broken("business/UTL-205-due-before-issue.edi");
    let turned = broken("business/UTL-204-period-ends-before-it-starts.edi");
    let paid =
        broken("business/UTL-301-total.edi").replace("12*7015550142     ", "ZZ*LAKECOUNTRY    ");
    // The document; the codes it is written in, the options that name them; what is found with the
    // usual options, and with these.
    type Case<'c> = (String, &'c [(&'c str, &'c str)], &'c str, &'c str, &'c str);
    let cases: [Case<'_>; 4] = [
        (usage, &[("REF*12*", "REF*Q5*")], account, "UTL-113 UTL-118", "UTL-118"),
        (late, &[("REF*12*", "REF*Q5*")], account, "UTL-205 UTL-207", "UTL-205"),
        (turned, &[("DTM*150*", "DTM*193*"), ("DTM*151*", "DTM*194*")], period, "", "UTL-204"),
        (
            paid,
            &[("RMR*12*", "RMR*AP*"), ("REF*IV*", "REF*ZZ*")],
            "[remittance.numbers]\naccount = [\"AP\"]\n",
            "UTL-301 UTL-303 UTL-303",
            "UTL-301",
        ),
    ];
    for (text, codes, options, usual, theirs) in cases {
        let text = codes.iter().fold(text, |text, (from, to)| text.replace(from, to));
        folder.file("a.edi", text);
        for (options, expected) in [("", usual), (options, theirs)] {
            folder.file("partners/lake/options.toml", options);
            let (_, report) = report(&folder, &["a.edi"]);
            let findings = report["files"][0]["findings"].as_array().expect("a list");
            let mut found: Vec<&str> =
                findings.iter().filter_map(|finding| finding["code"].as_str()).collect();
            found.sort();
            assert_eq!(found.join(" "), expected, "{options}");
        }
    }
}

/// What stands where is not sure, so nothing is said of what it means.
#[test]
fn a_set_without_order_has_none() {
    let folder = Folder::new("business-unsure");
    let wrong = broken("business/UTL-101-interval-sum.edi").replace("PTD*PM~\n", "PTX*PM~\n");
    folder.file("a.edi", wrong);
    let (_, report) = report(&folder, &["a.edi"]);
    let findings = report["files"][0]["findings"].as_array().expect("there are findings");
    let codes = findings.iter().filter_map(|finding| finding["code"].as_str());
    assert!(codes.clone().all(|code| code.starts_with("X12-")), "{findings:?}");
    assert!(codes.count() > 0);
}

/// A file longer than what is held at once: places and lines are those of the file.
#[test]
fn places_are_right_in_a_long_file() {
    for line_end in [LineEnd::None, LineEnd::Lf, LineEnd::CrLf] {
        let folder = Folder::new("business-long");
        let long = sample(tieline_sample::kind::Kind::UsageMonthly, 2_500, line_end);
        let text = String::from_utf8(long).expect("recipes are ASCII");
        assert!(text.len() > 1 << 20);
        // The last report that has one loses its account.
        let at = text.rfind("REF*12*").expect("reports have accounts");
        let text = format!("{}REF*11*{}", &text[..at], &text[at + 7..]);
        let text = text.replace("REF*11*", "REF*45*");
        let set = text[..at].rfind("ST*867*").expect("it is in a set");
        let bpt = set + text[set..].find("BPT*").expect("a report has a number");
        folder.file("a.edi", &text);
        let (_, report) = report(&folder, &["a.edi"]);
        let [finding] = &report["files"][0]["findings"].as_array().expect("a list")[..] else {
            panic!("{report}");
        };
        assert_eq!(finding["code"], "UTL-113");
        assert_eq!(finding["offset"], bpt);
        let lines = text[..bpt].bytes().filter(|b| *b == b'\n').count() + 1;
        assert_eq!(finding["line"], lines, "{line_end:?}");
    }
}

/// Rates are those of the partners' directory, and only our own bills are compared with them.
#[test]
fn our_own_bills_are_compared_with_our_rates() {
    let folder = Folder::new("business-rates");
    let bill = broken("business/UTL-210-charge-priced-otherwise.edi");
    folder.file("ours.edi", &bill);
    folder.file("theirs.edi", bill.replace("*01*0055500010000 ", "*01*0055500010009 "));
    let partners = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../partners");
    let partners = partners.to_str().expect("the path is text");
    let found = |arguments: &[&str]| {
        let (code, report) = report(&folder, arguments);
        assert_eq!(code, 0, "{report}");
        let findings = report["files"][0]["findings"].as_array().expect("findings").clone();
        let code = |it: &Value| it["code"].as_str().unwrap_or_default().to_string();
        findings.iter().map(code).collect::<Vec<String>>()
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(found(&["ours.edi", "--partners", partners]), ["UTL-210"]);
    let named = ["ours.edi", "--partners", partners, "--partner", "redriver-bank"];
    assert_eq!(found(&named), ["UTL-210"]);
    assert_eq!(found(&["theirs.edi", "--partners", partners]), none);
    assert_eq!(found(&["ours.edi"]), none);
    assert_eq!(found(&["ours.edi", "--guide", "base"]), none);
    folder.file("partners/utility/rates/billing.toml", "zone = 1\n");
    assert_eq!(tieline(folder.path(), &["validate", "ours.edi"]).code, 78);
    assert_eq!(tieline(folder.path(), &["validate", "--no-business", "ours.edi"]).code, 0);
}
