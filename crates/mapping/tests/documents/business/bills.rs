//! Bills and payments: where findings are told, and that a partner's codes decide what is read.

use std::fs;

use tieline_mapping::business::BusinessOptions;
use tieline_mapping::options::Options;

use super::judged;
use crate::shared::samples::{files, sample};

fn broken(name: &str) -> String {
    let path = sample(&format!("broken/business/{name}.edi"));
    fs::read_to_string(path).expect("there is such a sample")
}

/// Code and segment of each finding.
fn found(text: &str, mapping: &Options) -> Vec<String> {
    let found = judged(text.as_bytes(), mapping, &BusinessOptions::default());
    let shown = found.iter().map(|finding| {
        let segment = finding.segment.map(|id| id.to_string()).unwrap_or_default();
        format!("{} {segment}", finding.code)
    });
    shown.collect()
}

#[test]
fn a_finding_is_told_at_the_segment_it_is_about() {
    for (name, expected) in [
        ("UTL-201-total", "UTL-201 TDS"),
        ("UTL-202-charge-product", "UTL-202 SAC"),
        ("UTL-203-count", "UTL-203 CTT"),
        ("UTL-205-due-before-issue", "UTL-205 ITD"),
        ("UTL-206-original-missing", "UTL-206 BIG"),
        ("UTL-209-group-outside-bill", "UTL-209 IT1"),
        ("UTL-301-total", "UTL-301 BPR"),
        ("UTL-303-line-without-account", "UTL-303 RMR"),
        ("UTL-304-trace-repeated", "UTL-304 TRN"),
    ] {
        assert_eq!(found(&broken(name), &Options::default()), [expected]);
    }
    // A trace number is found wherever it stands.
    let noted = broken("UTL-304-trace-repeated").replace("TRN*", "NTE*ADD*THANK YOU~\nTRN*");
    assert_eq!(found(&noted, &Options::default()), ["UTL-304 TRN"]);
}

#[test]
fn segments_are_named_in_every_broken_sample() {
    // UTL-210 is found only beside rates.
    let is_alone = |name: &str| !name.ends_with(".997.edi") && !name.starts_with("UTL-210");
    let samples = files("broken/business", |name| name.ends_with(".edi") && is_alone(name));
    assert!(samples.len() >= 30, "the samples are there");
    for path in samples {
        let bytes = fs::read(&path).expect("a sample can be read");
        let found = judged(&bytes, &Options::default(), &BusinessOptions::default());
        let [finding] = &found[..] else { panic!("{}: {found:?}", path.display()) };
        assert!(finding.segment.is_some() && finding.at.0 > 0, "{}", path.display());
    }
}

#[test]
fn the_period_a_bill_is_made_out_for_is_judged_like_the_other() {
    let usual = Options::default();
    let invoice = |text: &str| {
        text.replace("DTM*150*", "DTM*186*").replace("DTM*151*", "DTM*187*").replacen(
            "REF*NH*200~\nDTM*186*20260402~\nDTM*187*",
            "REF*NH*200~\nDTM*150*20260402~\nDTM*151*",
            1,
        )
    };
    let turned = invoice(&broken("UTL-204-period-ends-before-it-starts"));
    assert_eq!(found(&turned, &usual), ["UTL-204 BIG"]);
    let outside = broken("UTL-209-group-outside-bill");
    let outside = outside.replacen("DTM*150*", "DTM*186*", 1).replacen("DTM*151*", "DTM*187*", 1);
    assert_eq!(found(&outside, &usual), ["UTL-209 IT1"]);
}

#[test]
fn a_partner_s_codes_of_a_period_are_those_that_are_judged() {
    let turned = broken("UTL-204-period-ends-before-it-starts");
    let theirs = turned.replace("DTM*150*", "DTM*193*").replace("DTM*151*", "DTM*194*");
    assert_eq!(found(&theirs, &Options::default()), [""; 0]);
    let mut options = Options::default();
    options.common.period_start = "193".into();
    options.common.period_end = "194".into();
    assert_eq!(found(&theirs, &options), ["UTL-204 BIG"]);
    assert_eq!(found(&turned, &options), [""; 0]);
}
