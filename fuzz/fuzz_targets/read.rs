//! Any bytes: reading never panics, windows tell the same as the whole file, and what is answered
//! can be written and read.

#![no_main]

#[path = "../../crates/x12/tests/support/mod.rs"]
mod support;

use libfuzzer_sys::fuzz_target;
use support::told;
use tieline_fuzz::{Guided, plant_documents, random, windows};
use tieline_x12::acknowledge::{
    Acknowledger, Answers, GroupAnswer, InterchangeAnswer, Policy, Stamp,
};
use tieline_x12::check::{Plans, Standard, check};
use tieline_x12::compose;
use tieline_x12::document::Document;
use tieline_x12::finding::{Finding, Severity};

fuzz_target!(init: plant_documents(), |data: &[u8]| {
    let mut random = random(data);
    let plans: &dyn Plans = if random.once_in(3) { &Guided } else { &Standard };
    let held = told([data], plans);
    let parts = windows(&mut random, data);
    assert_eq!(held, told(parts, plans), "windows tell something else");
    for finding in held.findings() {
        assert!(finding.at.offset + finding.length as u64 <= data.len() as u64, "{finding}");
        assert!(!finding.message().is_empty() && finding.at.line > 0);
    }
    held.answers.iter().for_each(answered);

    let mut other = Acknowledger::new(Policy {
        accept_with_errors: random.once_in(2),
        interchange: InterchangeAnswer::Always,
        group: GroupAnswer::Implementation,
    });
    check(data, plans, &mut other);
    other.finish().iter().for_each(answered);

    let document = Document::read(data, plans);
    assert_eq!(document.write(), data);
    for set in document.sets() {
        assert!(set.walk().all(|segment| segment.offset() < data.len() as u64));
        assert!(set.children().count() <= set.walk().count());
    }
    for interchange in &document.interchanges {
        document.draft(interchange);
    }
});

/// An answer can be written, and is a sound one.
fn answered(answers: &Answers) {
    let stamp = Stamp { control_number: 1, date: "20260301", time: "0615" };
    let Some((interchange, delimiters)) = answers.compose(stamp) else { return };
    let bytes = compose::write(&interchange, &delimiters).expect("an answer can be written");
    let read = Document::read(&bytes, &Standard);
    assert!(!read.totals.not_x12);
    assert_eq!(read.totals.groups, answers.groups.len() as u64);
    let wrong = |f: &&Finding| f.at.segment > 0 && f.severity == Severity::Error;
    if let Some(finding) = read.findings.iter().find(wrong) {
        panic!("in an answer, {finding}");
    }
}
