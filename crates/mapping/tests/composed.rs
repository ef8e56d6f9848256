//! A record written straight to bytes is the same as its segments written.

use tieline_mapping::document;
use tieline_mapping::error::MappingError;
use tieline_mapping::options::Options;
use tieline_model::record::Record;
use tieline_sample::corpus::{self, Request};
use tieline_sample::{Choices, Kind};
use tieline_x12::check::Standard;
use tieline_x12::compose::{ComposeError, Interchange, Set, Writer};
use tieline_x12::delimiters::Delimiters;
use tieline_x12::document::Document;

const KINDS: [Kind; 7] = [
    Kind::UsageInterval,
    Kind::UsageMonthly,
    Kind::UsageHistorical,
    Kind::Invoice,
    Kind::Remittance,
    Kind::AccountSetup,
    Kind::Advice,
];

fn bytes(kind: Kind, seed: u64) -> Vec<u8> {
    let choices = Choices { net_metering: seed.is_multiple_of(2), ..Choices::default() };
    let request = Request { seed, count: 2, choices, ..Request::of(kind) };
    let mut bytes = Vec::new();
    corpus::write_to(&request, &Delimiters::default(), &mut bytes).expect("a vector takes all");
    bytes
}

/// A document whose sets have segments that no field means, and whose runs are out of order.
fn unusual(bytes: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).expect("samples are text");
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    for n in (1..lines.len()).rev() {
        if lines[n].starts_with("REF*") && lines[n - 1].starts_with("REF*") {
            lines.swap(n, n - 1);
        }
        if n % 5 == 0 && lines[n].starts_with("DTM*") {
            lines.insert(n, "DTM*ZZZ*20240101~".to_string());
        }
    }
    lines.join("\n").into_bytes()
}

/// The interchange of a document with the sets that `write` makes of its records.
fn written(
    bytes: &[u8],
    mut write: impl FnMut(&mut Writer, &Set, &Record) -> Result<(), MappingError>,
) -> Result<Vec<u8>, MappingError> {
    let document = Document::read(bytes, &Standard);
    let draft = document.draft(&document.interchanges[0]).expect("samples are text");
    let groups = draft.groups.clone();
    let mut writer =
        Writer::open(&Interchange { groups: Vec::new(), ..draft }, &Delimiters::default())?;
    let mut sets = document.sets();
    for mut group in groups {
        let drafts = std::mem::take(&mut group.sets);
        writer.group(&group)?;
        for (draft, set) in drafts.into_iter().zip(&mut sets) {
            let record = document::read(set, &Options::default())?;
            write(&mut writer, &Set { segments: Vec::new(), ..draft }, &record)?;
        }
    }
    Ok(writer.finish()?)
}

fn composed(bytes: &[u8]) -> Result<Vec<u8>, MappingError> {
    written(bytes, |writer, set, record| {
        writer.set_with(set, |body| document::compose(record, &Options::default(), body))
    })
}

fn by_segments(bytes: &[u8]) -> Result<Vec<u8>, MappingError> {
    written(bytes, |writer, set, record| {
        let segments = document::write(record, &Options::default())?;
        Ok(writer.set(&Set { segments, ..set.clone() })?)
    })
}

#[test]
fn bytes_are_those_of_the_segments() {
    for kind in KINDS {
        for seed in 1..=4 {
            let usual = bytes(kind, seed);
            let unusual = unusual(&usual);
            for (bytes, what) in [(&usual, "usual"), (&unusual, "unusual")] {
                let composed = composed(bytes).expect("a sample can be written");
                let by_segments = by_segments(bytes).expect("a sample can be written");
                assert!(composed == by_segments, "{kind:?} {seed} {what}");
            }
            assert!(composed(&usual) == Ok(usual), "{kind:?} {seed} is written as it came");
        }
    }
}

#[test]
fn nothing_is_written_of_a_set_that_holds_a_separator() {
    let bytes = bytes(Kind::Invoice, 1);
    let mut refused = 0;
    let interchange = written(&bytes, |writer, set, record| {
        let mut record = record.clone();
        if let Record::Bill(bill) = &mut record {
            bill.number = "7~8".to_string();
        }
        let before = writer.bytes().len();
        let result =
            writer.set_with(set, |body| document::compose(&record, &Options::default(), body));
        let expected = ComposeError::SeparatorInData {
            segment: "BIG".to_string(),
            element: 2,
            role: "segment",
        };
        assert_eq!(result, Err(MappingError::Compose(expected)));
        assert_eq!(writer.bytes().len(), before);
        refused += 1;
        Ok(())
    });
    let text = String::from_utf8(interchange.expect("the envelope is whole")).expect("it is text");
    assert_eq!(refused, 2);
    assert!(text.contains("\nGE*0*"), "the group has no set");
}
