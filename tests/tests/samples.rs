//! The samples: what is found in each, what is answered, and that nothing lacks a sample.

use std::collections::BTreeSet;

use tieline_mapping::business;
use tieline_partner::{PartnerBook, builtin};
use tieline_sample::mistakes::Mistake;
use tieline_tests::agreed::{Agreed, Partners};
use tieline_tests::business::{Placed, business_findings, business_text};
use tieline_tests::checked::Checked;
use tieline_tests::expected::{expect, findings_text};
use tieline_tests::sample::{self, BESIDE, Sample, samples};
use tieline_x12::catalogue::CATALOGUE;
use tieline_x12::check::{LOOK_AHEAD, Standard};
use tieline_x12::compose;
use tieline_x12::delimiters::{Delimiters, LineEnd};
use tieline_x12::document::Document;
use tieline_x12::finding::Severity;
use tieline_x12::lexer::LONGEST_SEGMENT;

fn check(sample: &Sample) -> Checked {
    Checked::whole(&sample.bytes, &Agreed::with_the_folder(sample))
}

fn business_of(sample: &Sample) -> Vec<Placed> {
    business_findings(&sample.bytes, &Agreed::with_the_folder(sample))
}

fn none(failures: &[String]) {
    assert!(failures.is_empty(), "{} of them:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn findings_and_answers_are_those_beside_the_samples() {
    let mut failures = Vec::new();
    for sample in samples() {
        let checked = check(&sample);
        let mut findings = findings_text(&checked.findings);
        if !sample.is_broken() || sample.is_broken_business() {
            findings += &business_text(&business_of(&sample));
        }
        failures.extend(expect(&sample.beside("findings.txt"), Some(findings.as_bytes())).err());
        failures.extend(expect(&sample.beside("997.edi"), checked.reply().as_deref()).err());
    }
    none(&failures);
}

#[test]
fn every_file_belongs_to_a_sample() {
    let cases: BTreeSet<String> = samples().into_iter().map(|sample| sample.case).collect();
    let is_other = |file: &str| matches!(file, "README.md" | ".gitattributes");
    // Bills worked by hand are text and have a test of their own, and so have files that are not X12
    // and documents that belong together.
    let has_own = |file: &str| {
        let others = ["files/", "reconcile/"].iter().any(|folder| file.starts_with(folder));
        file.starts_with("rates/") && file.ends_with(".txt") || others
    };
    for file in sample::files().iter().filter(|file| !is_other(file) && !has_own(file)) {
        let case = BESIDE.iter().find_map(|ending| file.strip_suffix(&format!(".{ending}")));
        let case = case.or(file.strip_suffix(".edi")).unwrap_or(file);
        assert!(cases.contains(case), "{file} stands beside no sample");
    }
}

#[test]
fn valid_samples_meet_the_guides_of_the_trade_and_of_their_partners() {
    let book = PartnerBook::load(&sample::root().join("partners"));
    let partners = Partners(book.expect("the partners' files are right"));
    let mut failures = Vec::new();
    for sample in samples().iter().filter(|sample| !sample.is_broken()) {
        let alone = check(sample);
        let errors = alone.findings.iter().any(|finding| finding.severity == Severity::Error);
        assert!(!errors, "{} has an error", sample.case);
        let trade = Checked::whole(&sample.bytes, &Agreed::with_the_trade(sample));
        let theirs = Checked::whole(&sample.bytes, &partners);
        for checked in [trade, theirs] {
            if checked != alone {
                failures.push(format!("{}:\n{}", sample.case, findings_text(&checked.findings)));
            }
        }
    }
    none(&failures);
}

#[test]
fn a_broken_sample_has_the_one_mistake_it_is_named_for() {
    let mut failures = Vec::new();
    let broken = samples().into_iter().filter(|sample| sample.is_broken());
    for sample in &broken.filter(|sample| !sample.is_broken_business()).collect::<Vec<_>>() {
        let findings = check(sample).findings;
        let is_right = match &findings[..] {
            [finding] if sample.case.starts_with("broken/guides/") => {
                finding.rule.as_ref().is_some_and(|rule| rule.rule == sample.name())
            }
            [finding] => {
                let code = sample.name().split('-').next().unwrap_or_default();
                finding.code() == format!("X12-{code}")
            }
            _ => false,
        };
        if !is_right {
            failures.push(format!("{}:\n{}", sample.case, findings_text(&findings)));
        }
    }
    none(&failures);
}

#[test]
fn a_broken_business_sample_keeps_the_standard_and_has_the_one_mistake_it_is_named_for() {
    let mut failures = Vec::new();
    for sample in samples().iter().filter(|sample| sample.is_broken_business()) {
        let (findings, found) = (check(sample).findings, business_of(sample));
        let is_right = match &found[..] {
            [(finding, _)] => {
                let entry = finding.code.entry();
                sample.name() == format!("{}-{}", entry.code, entry.name)
            }
            _ => false,
        };
        if !is_right || !findings.is_empty() {
            let text = findings_text(&findings) + &business_text(&found);
            failures.push(format!("{}:\n{text}", sample.case));
        }
    }
    none(&failures);
}

/// No guide of the trade sees what is wrong with these bills and payments.
#[test]
fn broken_bills_and_payments_meet_the_guides_of_the_trade() {
    let mut failures = Vec::new();
    let is_meant =
        |sample: &&Sample| sample.is_broken_business() && !sample.name().starts_with("UTL-1");
    for sample in samples().iter().filter(is_meant) {
        let checked = Checked::whole(&sample.bytes, &Agreed::with_the_trade(sample));
        if !checked.findings.is_empty() {
            failures.push(format!("{}:\n{}", sample.case, findings_text(&checked.findings)));
        }
    }
    none(&failures);
}

#[test]
fn valid_samples_have_no_business_finding_but_notes() {
    let mut failures = Vec::new();
    for sample in samples().iter().filter(|sample| !sample.is_broken()) {
        let mut found = business_of(sample);
        found.retain(|(finding, _)| finding.severity > business::Severity::Info);
        if !found.is_empty() {
            failures.push(format!("{}:\n{}", sample.case, business_text(&found)));
        }
    }
    none(&failures);
}

#[test]
fn every_business_finding_there_is_has_a_broken_sample() {
    let shown: BTreeSet<business::Code> = samples()
        .iter()
        .filter(|sample| sample.is_broken_business())
        .flat_map(business_of)
        .map(|(finding, _)| finding.code)
        .collect();
    let codes = business::CATALOGUE.iter().map(|entry| entry.code);
    let missing: Vec<_> = codes.filter(|code| !shown.contains(code)).collect();
    assert!(missing.is_empty(), "no broken sample for {missing:?}");
}

/// The findings that no file shows, because it would be too large.
const GENERATED: [u16; 1] = [9];

#[test]
fn every_finding_there_is_has_a_broken_sample() {
    let samples = samples();
    let broken = samples.iter().filter(|sample| sample.is_broken());
    let shown: BTreeSet<u16> = broken
        .flat_map(|sample| check(sample).findings)
        .map(|finding| finding.fault.number())
        .chain(GENERATED)
        .collect();
    let numbers = CATALOGUE.iter().map(|entry| entry.number);
    let missing: Vec<u16> = numbers.filter(|number| !shown.contains(number)).collect();
    assert!(missing.is_empty(), "no broken sample for {missing:?}");
    for mistake in Mistake::ALL {
        let named = |sample: &Sample| sample.name().starts_with(mistake.code());
        assert!(samples.iter().any(named), "no broken sample for {mistake}");
    }
}

#[test]
fn every_rule_of_a_built_in_guide_has_a_broken_sample() {
    let cases: BTreeSet<String> = samples().into_iter().map(|sample| sample.case).collect();
    let mut wanted = BTreeSet::new();
    for file in builtin::all() {
        let guide = file.guide.name.trim_start_matches("utility/");
        let rules = file.guide.rules.iter();
        wanted.extend(rules.map(|rule| format!("broken/guides/{guide}/{}", rule.id)));
    }
    let shown = cases.iter().filter(|case| case.starts_with("broken/guides/")).cloned().collect();
    let missing: Vec<&String> = wanted.difference(&shown).collect();
    assert!(missing.is_empty(), "no broken sample for {missing:?}");
    let unknown: Vec<&String> = shown.difference(&wanted).collect();
    assert!(unknown.is_empty(), "samples of no rule: {unknown:?}");
}

#[test]
fn a_segment_without_end_is_one_finding() {
    let sample = samples().into_iter().find(|sample| sample.case == "867/monthly-register-reads");
    let sample = sample.expect("there is such a sample");
    let text = String::from_utf8(sample.bytes).expect("it is ASCII");
    let (before, after) = text.split_once("QTY*").expect("usage has a quantity");
    let endless = "QTY*QD*1".to_string() + &"0".repeat(LONGEST_SEGMENT);
    for file in [format!("{before}{endless}~\nQTY*{after}"), format!("{before}{endless}")] {
        let checked = Checked::whole(file.as_bytes(), &Standard);
        let [finding] = &checked.findings[..] else { panic!("{:?}", checked.findings.len()) };
        assert_eq!(finding.code(), "X12-E0009");
        assert_eq!(finding.at.offset, before.len() as u64);
        assert!(checked == Checked::in_windows(file.as_bytes(), &Standard, LONGEST_SEGMENT));
    }
}

#[test]
fn the_answers_are_themselves_without_fault() {
    let mut failures = Vec::new();
    for sample in samples() {
        let Some(reply) = check(&sample).reply() else { continue };
        let findings = Checked::whole(&reply, &Standard).findings;
        if !findings.is_empty() {
            failures.push(format!("{}:\n{}", sample.case, findings_text(&findings)));
        }
    }
    none(&failures);
}

/// An interchange larger than what a window must hold, so that windows end anywhere in what stands
/// before it.
fn filler() -> Vec<u8> {
    let long = samples().into_iter().find(|sample| sample.bytes.len() > LOOK_AHEAD);
    long.expect("a month of quarter-hours is that long").bytes
}

#[test]
fn a_file_read_in_windows_gives_the_same() {
    let filler = filler();
    for sample in samples() {
        let plans = Agreed::with_the_folder(&sample);
        let long = [&sample.bytes[..], &filler[..]].concat();
        for file in [&sample.bytes, &long] {
            let whole = Checked::whole(file, &plans);
            for step in [211, 4_096] {
                let windows = Checked::in_windows(file, &plans, step);
                assert!(
                    whole == windows,
                    "{} in windows of {step}:\n{}in one piece:\n{}",
                    sample.case,
                    findings_text(&windows.findings),
                    findings_text(&whole.findings)
                );
            }
        }
    }
}

#[test]
fn an_untouched_document_is_written_as_it_came() {
    for sample in samples() {
        let document = Document::read(&sample.bytes, &Agreed::with_the_folder(&sample));
        assert!(document.write() == &sample.bytes[..], "{}", sample.case);
    }
}

/// Separators that no text holds.
const CONTROL: Delimiters = Delimiters {
    element: 0x1d,
    component: 0x1f,
    repetition: Some(0x1e),
    segment: 0x1c,
    line_end: LineEnd::None,
};

#[test]
fn a_valid_document_written_anew_stays_valid() {
    for sample in samples().iter().filter(|sample| !sample.is_broken()) {
        let document = Document::read(&sample.bytes, &Standard);
        for interchange in &document.interchanges {
            let draft = document.draft(interchange).expect("samples are text");
            for delimiters in [interchange.header.delimiters(), CONTROL] {
                let bytes = compose::write(&draft, &delimiters).expect("a draft can be written");
                let again = Document::read(&bytes, &Standard);
                let found = findings_text(&again.findings);
                assert!(again.is_accepted() && found.is_empty(), "{}\n{found}", sample.case);
                let draft_again = again.draft(&again.interchanges[0]);
                assert!(draft_again.as_ref() == Some(&draft), "{}", sample.case);
            }
        }
    }
}
