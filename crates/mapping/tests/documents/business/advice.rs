//! From what is found in a document to the 824 that answers it, and that read again.

use std::fs;

use tieline_mapping::advice_824::{Answered, Head};
use tieline_mapping::business::options::{Level, ReasonText};
use tieline_mapping::business::{self, BusinessOptions, Code, Judge, Reason};
use tieline_mapping::options::Options;
use tieline_mapping::{invoice_810, remittance_820, usage_867};
use tieline_model::advice::{Advice, Verdict};
use tieline_model::common::{Party, PartyRole};
use tieline_model::stamp::{ClockTime, Stamp};
use tieline_model::time::date;
use tieline_sample::Kind;
use tieline_x12::check::Standard;
use tieline_x12::document::Document;

use crate::advice::ADVICE;
use crate::document::{file_of, lines};
use crate::shared::samples::sample;

fn head() -> Head {
    let time = ClockTime::new(10, 15).ok();
    let made = Stamp { date: date(2026, 6, 18), time, zone: Some("CD".into()) };
    let utility = Party::new(PartyRole::Utility.into(), Some("PRAIRIE RIVERS".into()));
    Head { number: "20260618A1".into(), made, parties: vec![utility] }
}

/// The 824 that answers the last set of a broken sample, and what is read of it.
fn answered(name: &str, options: &BusinessOptions) -> (Vec<String>, Advice) {
    let path = sample(&format!("broken/business/{name}.edi"));
    let bytes = fs::read(path).expect("there is such a sample");
    let document = Document::read(&bytes, &Standard);
    let mapping = Options::default();
    let mut judge = Judge::new(mapping.clone(), options.clone());
    let judged = document.sets().map(|set| (set, judge.judge(set, "one sender")));
    let (set, found) = judged.last().expect("there is a set");
    let made = |of: &Answered<'_>| business::advice(head(), of, &found, &mapping, options);
    let made = match set.element(1) {
        b"867" => {
            let report = usage_867::read(set, &mapping).expect("it can be read");
            made(&Answered::usage(&report).expect("it has a number"))
        }
        b"810" => made(&Answered::bill(&invoice_810::read(set, &mapping).expect("it can be read"))),
        _ => {
            let payment = remittance_820::read(set, &mapping).expect("it can be read");
            made(&Answered::payment(&payment).expect("it has a number"))
        }
    };
    let advice = made.expect("it may be answered so");
    let written = ADVICE.write(&advice);
    let file = file_of(Kind::Advice, &written);
    let checked = Document::read(&file, &Standard);
    assert!(checked.findings.is_empty(), "{name}: {:?}", checked.findings);
    let back = ADVICE.read(&written).expect("it can be read again");
    (lines(&written), back)
}

#[test]
fn usage_with_gaps_is_accepted_with_a_word_or_rejected_as_the_partner_wants() {
    let gap = [
        "TED*848*A13*QTY*34",
        "NTE*ADD*2026-06-15 SHOULD HAVE 24 INTERVALS OF 60 MINUTES, AND 21 WERE SENT THE FIRST",
        "NTE*ADD*MISSING ONE STARTS AT 2026-06-15 09 00",
    ];
    let mut options = BusinessOptions::default();
    let (written, back) = answered("UTL-102-intervals-missing", &options);
    assert_eq!(written[0], "BGN*11*20260618A1*20260618*1015*CD*20260617I0000301**CF");
    assert!(written.iter().any(|line| line.starts_with("OTI*TA*TN*20260617I0000301*")));
    assert!(written.ends_with(&gap.map(str::to_string)), "{written:#?}");
    assert_eq!(back.items[0].verdict.meaning, Verdict::Accepted);

    options.severities.insert(Code::INTERVALS_MISSING, Level::Error);
    let (written, back) = answered("UTL-102-intervals-missing", &options);
    assert_eq!(written[0], "BGN*11*20260618A1*20260618*1015*CD*20260617I0000301**82");
    assert!(written.iter().any(|line| line.starts_with("OTI*TR*TN*20260617I0000301*")));
    assert!(written.ends_with(&gap.map(str::to_string)), "{written:#?}");
    let item = &back.items[0];
    assert_eq!(item.verdict.meaning, Verdict::Rejected);
    assert_eq!((item.problems.len(), item.problems[0].segment_number), (1, Some(34)));

    options.severities.insert(Code::INTERVALS_MISSING, Level::Info);
    let (written, back) = answered("UTL-102-intervals-missing", &options);
    assert!(!written.iter().any(|line| line.starts_with("TED*")), "{written:#?}");
    assert_eq!(back.items[0].verdict.meaning, Verdict::Accepted);
}

#[test]
fn a_reason_is_told_with_the_code_that_was_agreed() {
    let mut options = BusinessOptions::default();
    let (written, back) = answered("UTL-208-number-repeated", &options);
    assert_eq!(
        written[written.len() - 2..],
        [
            "TED*848*D76*BIG*2",
            "NTE*ADD*DUPLICATE - BIG02, THE NUMBER OF THE BILL, WAS USED BEFORE IN THIS FILE"
        ]
    );
    assert_eq!(back.items[0].verdict.meaning, Verdict::Rejected);
    let own = ReasonText { code: "DUP".into(), text: "SENT BEFORE".into() };
    options.reasons.insert(Reason::Duplicate, own);
    let (written, _) = answered("UTL-208-number-repeated", &options);
    assert_eq!(written[written.len() - 2], "TED*848*DUP*BIG*2");
    assert!(written[written.len() - 1].starts_with("NTE*ADD*SENT BEFORE - BIG02"), "{written:#?}");
}

#[test]
fn a_payment_is_rejected_in_part_for_lines_alone() {
    let mut options = BusinessOptions::default();
    let verdict =
        |name: &str, options: &BusinessOptions| answered(name, options).1.items[0].verdict.meaning;
    assert_eq!(verdict("UTL-303-line-without-account", &options), Verdict::Accepted);
    options.severities.insert(Code::LINE_ACCOUNT_MISSING, Level::Error);
    assert_eq!(verdict("UTL-303-line-without-account", &options), Verdict::PartlyRejected);
    assert_eq!(verdict("UTL-301-total", &options), Verdict::Rejected);
}
