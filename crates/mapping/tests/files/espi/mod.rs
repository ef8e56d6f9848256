//! Green Button: the samples, what is refused, and reports that are written and read again.

mod generated;

mod values;

use std::fs;
use std::io::{Cursor, Write};
use std::path::PathBuf;

use tieline_mapping::files::FileError;
use tieline_mapping::files::espi::{EspiOptions, Reader, Writer, losses};
use tieline_mapping::options::Options;
use tieline_mapping::usage_867;
use tieline_model::coded::Coded;
use tieline_model::common::{Reference, ReferenceKind};
use tieline_model::record::Record;
use tieline_model::time::Zone;
use tieline_model::usage::{Quality, UsageItem, UsageReport, UsageSection};
use tieline_x12::check::Standard;
use tieline_x12::document::Document;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::shared::samples::{expect, expect_models, files, sample};

/// The files of a folder that are Green Button, in the order of their names.
fn samples(folder: &str) -> Vec<PathBuf> {
    files(folder, |name| name.ends_with(".xml") || name.ends_with(".zip"))
}

fn read(bytes: &[u8], options: &EspiOptions) -> Result<Vec<Record>, FileError> {
    Reader::new(bytes, options)?.collect()
}

fn write(records: &[Record], options: &EspiOptions) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), options).expect("a vector takes all bytes");
    for record in records {
        writer.write(record).expect("it can be written");
    }
    writer.finish().expect("a vector takes all bytes")
}

fn options() -> EspiOptions {
    EspiOptions {
        updated: "2026-11-05T06:00:00Z".parse().expect("a time"),
        seed: "prairie-rivers".to_string(),
        ..EspiOptions::default()
    }
}

#[test]
fn samples_read_into_the_model() {
    let files = samples("files");
    assert!(files.len() >= 5, "the samples are there");
    for path in files {
        let bytes = fs::read(&path).expect("a sample can be read");
        let mut reader = Reader::new(bytes.as_slice(), &options()).expect("it can be read");
        let records: Vec<Record> = reader
            .by_ref()
            .map(|record| record.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
            .collect();
        expect_models(&path, &records);
        let left_out: String =
            reader.left_out().iter().map(|(name, count)| format!("{name} {count}\n")).collect();
        expect(&path.with_extension("left-out.txt"), &left_out);
    }
}

#[test]
fn samples_are_read_again_as_they_were_written() {
    for path in samples("files") {
        let bytes = fs::read(&path).expect("a sample can be read");
        let records = read(&bytes, &options()).expect("a sample can be read");
        let written = write(&records, &options());
        assert_eq!(written, write(&records, &options()), "the same records are the same bytes");
        let back = read(&written, &options()).expect("we wrote it");
        for (back, record) in back.iter().zip(&records) {
            assert_eq!(plain(back), plain(record), "{}", path.display());
        }
        assert_eq!(back.len(), records.len());
        let lost = losses(&records[0]);
        let is_told =
            |path: &str| path.starts_with("usage_report.sections.items.quantity.occurred");
        assert!(lost.iter().all(|(path, _)| is_told(path)), "{lost}");
    }
}

/// What is lost of the first meter of a report that was changed.
fn lost(change: impl FnOnce(&mut UsageSection)) -> String {
    let file = sample("files/green-button-15-minute-dst-autumn.xml");
    let bytes = fs::read(file).expect("a sample can be read");
    let mut records = read(&bytes, &options()).expect("a sample can be read");
    let Some(Record::UsageReport(report)) = records.first_mut() else { panic!("usage is read") };
    change(&mut report.sections[0]);
    losses(&records[0]).to_string()
}

#[test]
fn values_that_no_element_holds_are_lost() {
    assert_eq!(lost(|_| ()), "");
    let no_value = lost(|section| {
        let Some(UsageItem::Series(series)) = section.items.first_mut() else {
            panic!("it has a series")
        };
        for quality in [Quality::Unavailable, Quality::Actual] {
            let code = series.code(quality, None).expect("there is room");
            series.push(code, None).expect("it follows");
        }
    });
    assert_eq!(no_value, "usage_report.sections.items.series.quality (no value) (2)");
    let tiers = lost(|section| {
        let kind = || Coded::received(ReferenceKind::Other, "tou");
        let tiers = ["1", "02", "x"].map(|value| Reference::new(kind(), value));
        section.references.extend(tiers);
    });
    assert_eq!(tiers, "usage_report.sections.references.value (2)");
}

#[test]
fn what_macos_adds_to_an_archive_is_passed_over() {
    let feed = fs::read(sample("files/green-button-hourly-month.xml")).expect("it can be read");
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let notes = b"\0\x05\x16\x07\0\x02\0\0Mac OS X";
    for (name, bytes) in [("__MACOSX/._usage.xml", &notes[..]), ("usage.xml", &feed)] {
        archive.start_file(name, SimpleFileOptions::default()).expect("memory takes it");
        archive.write_all(bytes).expect("memory takes it");
    }
    let archive = archive.finish().expect("memory takes it").into_inner();
    let found = read(&archive, &options()).expect("it can be read");
    let alone = read(&feed, &options()).expect("it can be read");
    assert_same(&found, &alone);
}

fn assert_same(found: &[Record], expected: &[Record]) {
    assert_eq!(found.len(), expected.len());
    for (n, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(found == expected, "record {n}");
    }
}

/// The usage report of a record.
fn plain(record: &Record) -> &UsageReport {
    match record {
        Record::UsageReport(report) => report,
        other => panic!("{other:?} is no usage report"),
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let files = samples("files/broken");
    assert!(files.len() >= 20, "the samples are there");
    for path in files {
        let bytes = fs::read(&path).expect("a sample can be read");
        let error = read(&bytes, &options()).expect_err("it is broken");
        expect(&path.with_extension("error.txt"), &format!("{error}\n"));
    }
}

#[test]
fn a_zone_that_is_named_needs_none_in_the_file() {
    let bytes = fs::read(sample("files/broken/no-zone.xml")).expect("a sample can be read");
    let zone = Zone::named("America/Chicago").ok();
    let records = read(&bytes, &EspiOptions { zone, ..options() }).expect("it can be read");
    assert_eq!(records.len(), 1);
}

/// An 867 of intervals as Green Button, as we write it, and as an 867 again.
#[test]
fn an_867_becomes_green_button_and_an_867_again() {
    let bytes = fs::read(sample("867/interval-15-minute-autumn-day.edi")).expect("a sample");
    let usage = Options::default();
    let document = Document::read(&bytes, &Standard);
    let reports: Vec<Record> = document
        .sets()
        .map(|set| usage_867::read(set, &usage).expect("a valid document can be read"))
        .map(|report| Record::UsageReport(Box::new(report)))
        .collect();
    let written = write(&reports, &options());
    let text = String::from_utf8(written.clone()).expect("it is text");
    expect(&sample("files/written/from-867.xml"), &text);
    let back = read(&written, &options()).expect("we wrote it");
    for (back, report) in back.iter().zip(&reports) {
        let (back, report) = (plain(back), plain(report));
        assert_eq!(back.account, report.account);
        let with_items = report.sections.iter().filter(|section| !section.items.is_empty());
        assert_eq!(back.sections.len(), report.sections.len());
        for (back, section) in back.sections.iter().zip(with_items) {
            assert_eq!(back.meter, section.meter);
            for (back, series) in back.series().zip(section.series()) {
                let amounts = |it: &tieline_model::usage::IntervalSeries| {
                    let points = it.points().filter(|point| point.value.quantity().is_some());
                    let told = points
                        .map(|it| (it.start, it.end, it.value.quantity(), it.value.quality()));
                    told.collect::<Vec<_>>()
                };
                assert_eq!(amounts(back), amounts(series));
            }
        }
        usage_867::write(back, &usage).expect("it can be an 867");
    }
    assert_eq!(back.len(), reports.len());
}
