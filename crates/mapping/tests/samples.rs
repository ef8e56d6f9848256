//! Every 867 of `samples/` and of the recipes: read into the model, written again as it was.

#[path = "shared/layout.rs"]
mod layout;

use std::fs;
use std::path::{Path, PathBuf};

use layout::laid_out;
use tieline_mapping::options::Options;
use tieline_mapping::usage_867;
use tieline_model::usage::UsageReport;
use tieline_sample::corpus::{self, Request};
use tieline_sample::{Choices, IntervalLength, Kind};
use tieline_x12::check::Standard;
use tieline_x12::compose;
use tieline_x12::document::Document;

/// The valid 867 documents, in the order of their names.
fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/867");
    let files = fs::read_dir(folder).expect("samples/867 can be listed");
    let mut files: Vec<PathBuf> = files
        .map(|file| file.expect("samples/867 can be listed").path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.ends_with(".edi") && !name.ends_with(".997.edi")
        })
        .collect();
    files.sort();
    assert!(files.len() >= 18, "the samples are there");
    files
}

fn reports(document: &Document<'_>, options: &Options) -> Vec<UsageReport> {
    let read = |set| usage_867::read(set, options).expect("a valid document can be read");
    document.sets().map(read).collect()
}

/// The document with its sets written anew from what was read of them.
fn written_anew(bytes: &[u8], options: &Options) -> Vec<u8> {
    let document = Document::read(bytes, &Standard);
    let mut reports = reports(&document, options).into_iter();
    let mut written = Vec::new();
    for interchange in &document.interchanges {
        let mut draft = document.draft(interchange).expect("it is text");
        for set in draft.groups.iter_mut().flat_map(|group| &mut group.sets) {
            let report = reports.next().expect("there is one for each set");
            set.segments = usage_867::write(&report, options).expect("it can be written");
        }
        let delimiters = interchange.header.delimiters();
        written.extend(compose::write(&draft, &delimiters).expect("it can be composed"));
    }
    written
}

fn assert_same(bytes: &[u8], name: &str) {
    let written = written_anew(bytes, &Options::default());
    if written != bytes {
        let lines = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            text.split(['~', '\n']).map(str::to_string).collect::<Vec<_>>()
        };
        let both = lines(&written).into_iter().zip(lines(bytes));
        let different = both.into_iter().find(|(written, given)| written != given);
        panic!("{name}: (written, given) {different:?}");
    }
}

#[test]
fn samples_are_written_byte_for_byte_as_they_were_read() {
    for path in samples() {
        let bytes = fs::read(&path).expect("a sample can be read");
        assert_same(&bytes, &path.display().to_string());
    }
}

/// `UPDATE_EXPECT=1` writes the results anew: one line for each list of a series, which may be long.
#[test]
fn samples_read_into_the_model() {
    for path in samples() {
        let bytes = fs::read(&path).expect("a sample can be read");
        let reports = reports(&Document::read(&bytes, &Standard), &Options::default());
        let plain = serde_json::to_string(&reports).expect("the model is plain data");
        let text = format!("{}\n", laid_out(&plain, 0));
        let beside = path.with_extension("model.json");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&beside, &text).expect("samples/867 can be written");
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        assert!(expected == text, "{} is not what was read", beside.display());
        let back: Vec<UsageReport> = serde_json::from_str(&text).expect("we wrote it");
        assert_eq!(back, reports);
    }
}

#[test]
fn what_the_recipes_make_is_written_as_it_was_read() {
    let kinds = [Kind::UsageMonthly, Kind::UsageInterval, Kind::UsageHistorical];
    let lengths = [IntervalLength::Minutes15, IntervalLength::Minutes30, IntervalLength::Minutes60];
    for kind in kinds {
        for (seed, interval) in (1..).zip(lengths) {
            let meters = Some(if kind == Kind::UsageInterval { 1 } else { 3 });
            for net_metering in [false, true] {
                let choices = Choices { interval, meters, net_metering, ..Choices::default() };
                let request = Request { seed, count: 2, choices, ..Request::of(kind) };
                let bytes = recipe(&request);
                assert_same(&bytes, &format!("{kind:?} {seed}"));
            }
        }
    }
}

fn recipe(request: &Request) -> Vec<u8> {
    let mut bytes = Vec::new();
    let delimiters = tieline_x12::delimiters::Delimiters::default();
    corpus::write_to(request, &delimiters, &mut bytes).expect("a vector takes all bytes");
    bytes
}
