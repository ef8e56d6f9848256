//! The answers to documents with mistakes: each is itself a clean document, and says what was found.

use tieline_sample::corpus::{Request, interchange};
use tieline_sample::mistakes::{Mistake, plant};
use tieline_sample::random::Random;
use tieline_sample::{Choices, Kind};
use tieline_x12::acknowledge::{Acknowledger, GroupAnswer, InterchangeAnswer, Policy, Stamp};
use tieline_x12::check::{Standard, check};
use tieline_x12::compose::{self, Segment};
use tieline_x12::delimiters::Delimiters;
use tieline_x12::document::Document;
use tieline_x12::finding::AckCodes;
use tieline_x12::table::Release;

const STAMP: Stamp<'_> = Stamp { control_number: 7, date: "20260404", time: "0900" };

fn sample(kind: Kind, release: Release) -> Vec<u8> {
    let choices = Choices { days: Some(1), ..Choices::default() };
    let request = Request { release, count: 2, choices, ..Request::of(kind) };
    compose::write(&interchange(&request), &Delimiters::default()).expect("samples compose")
}

fn policies() -> impl Iterator<Item = Policy> {
    [GroupAnswer::Functional, GroupAnswer::Implementation].into_iter().flat_map(|group| {
        [true, false].into_iter().map(move |accept_with_errors| Policy {
            group,
            accept_with_errors,
            interchange: InterchangeAnswer::Always,
        })
    })
}

/// The answers to a file, written and read back clean.
fn answers(bytes: &[u8], policy: Policy) -> Vec<Vec<Segment>> {
    let mut acknowledger = Acknowledger::new(policy);
    check(bytes, &Standard, &mut acknowledger);
    let mut all = Vec::new();
    for answer in acknowledger.finish() {
        let Some((interchange, delimiters)) = answer.compose(STAMP) else { continue };
        if let Err(refusal) = compose::write_checked(&interchange, &delimiters, &Standard) {
            panic!("{refusal}\n{interchange:#?}");
        }
        let answered = interchange.groups.into_iter().flat_map(|group| group.sets);
        let mut segments = interchange.acknowledgments;
        segments.extend(answered.flat_map(|set| set.segments));
        all.push(segments);
    }
    all
}

fn value(segment: &Segment, n: usize) -> &str {
    match segment.elements.get(n - 1) {
        Some(compose::Element::Simple(value)) => value,
        _ => "",
    }
}

#[test]
fn clean_documents_are_accepted() {
    for kind in Kind::ALL {
        for release in Release::ALL {
            for policy in policies() {
                let answers = answers(&sample(kind, release), policy);
                let [answer] = &answers[..] else { panic!("one interchange, one answer") };
                let of = |id: &str| answer.iter().find(|segment| segment.id == id);
                assert_eq!(of("TA1").map(|ta1| value(ta1, 5)), Some("000"));
                let end = of("AK9").expect("a group is answered");
                assert_eq!((value(end, 1), value(end, 4)), ("A", "2"));
            }
        }
    }
}

#[test]
fn answers_to_mistakes_are_clean_and_carry_the_codes_of_the_findings() {
    for kind in Kind::ALL {
        for release in Release::ALL {
            let bytes = sample(kind, release);
            for mistake in Mistake::ALL {
                let mut random = Random::new(3);
                let Some(planted) = plant(&bytes, *mistake, &mut random) else { continue };
                let document = Document::read(&planted.bytes, &Standard);
                let codes = document.findings.first().map(|finding| finding.ack());
                for policy in policies() {
                    let answers = answers(&planted.bytes, policy);
                    // An answer without an address is not sent.
                    let addressed = !matches!(mistake.code(), "E0106" | "E0108");
                    let judged = mistake.code().starts_with('E') && addressed;
                    if policy.group == GroupAnswer::Functional && judged {
                        let codes = codes.expect("a mistake is found");
                        assert_carried(codes, &answers.concat(), *mistake, policy);
                    }
                }
            }
        }
    }
}

fn assert_carried(codes: AckCodes, answer: &[Segment], mistake: Mistake, policy: Policy) {
    let has = |id: &str, n: usize, code: &str| {
        answer.iter().any(|segment| {
            segment.id == id && (n..=segment.elements.len()).any(|n| value(segment, n) == code)
        })
    };
    let what = mistake.code();
    if let Some(code) = codes.ta105 {
        assert!(has("TA1", 5, code), "{what}: TA105 {code} {policy:?}\n{answer:#?}");
    } else {
        for (code, id, n) in [
            (codes.ak304, "AK3", 4),
            (codes.ak403, "AK4", 3),
            (codes.ak502, "AK5", 2),
            (codes.ak905, "AK9", 5),
        ] {
            if let Some(code) = code {
                // A set whose own header cannot be repeated has no AK2 to AK5.
                let unnamed = what == "E0327";
                assert!(unnamed || has(id, n, code), "{what}: {id} {code}\n{answer:#?}");
            }
        }
    }
}

#[test]
fn what_would_be_refused_is_not_written() {
    let mut wrong = interchange(&Request::of(Kind::Invoice));
    wrong.groups[0].sets[0].segments.insert(1, Segment::shorthand("QTY*QD*1"));
    let refusal = compose::write_checked(&wrong, &Delimiters::default(), &Standard);
    let Err(compose::Refusal::Findings(findings)) = refusal else { panic!("it is refused") };
    assert_eq!(findings.len(), 1);
}
