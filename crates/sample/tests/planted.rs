//! The check against the samples: valid ones are clean, and one planted mistake is one finding.

use tieline_sample::corpus::{Request, interchange};
use tieline_sample::mistakes::{Mistake, plant};
use tieline_sample::random::Random;
use tieline_sample::{Choices, Kind};
use tieline_x12::check::{Standard, check};
use tieline_x12::compose;
use tieline_x12::delimiters::Delimiters;
use tieline_x12::document::Document;
use tieline_x12::finding::{Finding, Severity};
use tieline_x12::table::Release;

fn sample(kind: Kind, release: Release, seed: u64) -> Vec<u8> {
    let choices = Choices { days: Some(2), ..Choices::default() };
    let request = Request { release, seed, count: 2, choices, ..Request::of(kind) };
    compose::write(&interchange(&request), &Delimiters::default()).expect("samples compose")
}

fn show(findings: &[Finding]) -> String {
    findings.iter().map(|f| format!("\n  {} {f} [{}]", f.code(), f.path)).collect()
}

#[test]
fn samples_are_clean() {
    for kind in Kind::ALL {
        for release in Release::ALL {
            for seed in 0..20 {
                let bytes = sample(kind, release, seed);
                let document = Document::read(&bytes, &Standard);
                let findings = show(&document.findings);
                assert!(findings.is_empty(), "{kind} {release} {seed}:{findings}");
                assert_eq!(document.totals.sets, 2);
            }
        }
    }
}

#[test]
fn one_planted_mistake_is_one_finding_at_its_place() {
    let mut wrong = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for kind in Kind::ALL {
        for release in Release::ALL {
            for seed in 0..12 {
                let bytes = sample(kind, release, seed);
                for mistake in Mistake::ALL {
                    let mut random = Random::for_document(seed, mistake.code().len() as u64);
                    let Some(planted) = plant(&bytes, *mistake, &mut random) else { continue };
                    seen.insert(*mistake);
                    let document = Document::read(&planted.bytes, &Standard);
                    let expected = format!("X12-{}", mistake.code());
                    let is_right = match &document.findings[..] {
                        [finding] => {
                            finding.code() == expected
                                && finding.at.offset == planted.offset
                                && finding.at.segment == planted.segment
                                && finding.at.set == u64::from(planted.set)
                        }
                        _ => false,
                    };
                    if !is_right {
                        wrong.push(format!(
                            "{kind} {release} seed {seed}: {expected} at byte {}, set {} segment {}:{}",
                            planted.offset,
                            planted.set,
                            planted.segment,
                            show(&document.findings)
                        ));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of them:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
    for mistake in Mistake::ALL {
        assert!(seen.contains(mistake), "{} was never planted", mistake.code());
    }
}

#[test]
fn a_file_cut_anywhere_is_one_error() {
    let bytes = sample(Kind::Invoice, Release::V004010, 3);
    for length in 1..bytes.len() - 1 {
        let document = Document::read(&bytes[..length], &Standard);
        let errors = document.findings.iter().filter(|f| f.severity == Severity::Error).count();
        assert_eq!(errors, 1, "cut to {length}:{}", show(&document.findings));
    }
    check(&bytes, &Standard, &mut ());
}
