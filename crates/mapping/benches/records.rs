//! How fast documents become records of the model, and records documents.
//!
//! `cargo bench -p tieline-mapping` prints two tables. In the first are megabytes of the document a
//! second, each the middle one of several runs on one core, by the scheduler's clock: judge them by
//! their ratio to the check in the same line. Records are dropped before the next ones are read. The
//! second says what a point of a series takes in memory.

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use tieline_mapping::document;
use tieline_mapping::error::MappingError;
use tieline_mapping::options::Options;
use tieline_model::record::Record;
use tieline_sample::Kind;
use tieline_sample::corpus::{self, Request};
use tieline_x12::check::{Standard, check};
use tieline_x12::compose::{Group, Interchange, Set, Writer};
use tieline_x12::delimiters::Delimiters;
use tieline_x12::document::Document;

const MB: f64 = 1e6;
const RUNS: usize = 9;

fn main() {
    let kinds = [
        ("867 interval", Kind::UsageInterval),
        ("867 monthly", Kind::UsageMonthly),
        ("810", Kind::Invoice),
        ("820", Kind::Remittance),
    ];
    let memory = memory();
    say("| corpus | MB | check | check, tree | tree to model | check, tree, model | of check | \
         the same to JSON | model to segments | model to bytes | model to bytes, checked | of check |");
    say("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (name, kind) in kinds {
        measure(name, kind);
    }
    say("");
    say("| corpus | points | bytes a point, held | bytes a point, at the peak |");
    say("|---|---|---|---|");
    say(&memory);
}

fn bytes(kind: Kind) -> Vec<u8> {
    let request = Request { target_bytes: Some(10_000_000), ..Request::of(kind) };
    let mut bytes = Vec::new();
    corpus::write_to(&request, &Delimiters::default(), &mut bytes).expect("a vector takes all");
    bytes
}

fn measure(name: &str, kind: Kind) {
    let (bytes, options) = (bytes(kind), Options::default());
    let document = Document::read(&bytes, &Standard);
    let read = |set| document::read(set, &options).expect("a sample can be read");
    let records: Vec<Record> = document.sets().map(read).collect();
    let envelope = Envelope::of(&document);
    let written = envelope.compose(&records, &options).expect("a sample can be written");
    assert_eq!(written.len(), bytes.len(), "{name} is written as it was read");

    let checking = median(|| {
        black_box(check(&bytes, &Standard, &mut ()));
    });
    let held = median(|| {
        black_box(Document::read(&bytes, &Standard));
    });
    let reading = median(|| document.sets().for_each(|set| drop(black_box(read(set)))));
    let mut json = Vec::new();
    let to_json = median(|| {
        for set in document.sets() {
            json.clear();
            serde_json::to_writer(&mut json, &read(set)).expect("a vector takes all");
            black_box(&json);
        }
    });
    let segments = median(|| {
        for record in &records {
            black_box(document::write(record, &options).expect("a sample can be written"));
        }
    });
    let composing = median(|| {
        black_box(envelope.compose(&records, &options).expect("a sample can be written"));
    });
    let size = bytes.len() as f64 / MB;
    let rate = |seconds: f64| format!("{:.0}", size / seconds);
    let of_check = |seconds: f64| format!("{:.2}", checking / seconds);
    let both = held + reading;
    let cells = [
        name.to_string(),
        rate(1.0),
        rate(checking),
        rate(held),
        rate(reading),
        rate(both),
        of_check(both),
        rate(held + to_json),
        rate(segments),
        rate(composing),
        rate(composing + checking),
        of_check(composing + checking),
    ];
    say(&format!("| {} |", cells.join(" | ")));
}

/// An interchange to be written, still without sets.
struct Envelope {
    interchange: Interchange,
    group: Group,
    set: Set,
}

impl Envelope {
    fn of(document: &Document<'_>) -> Envelope {
        let given = &document.interchanges[0];
        let mut interchange = document.draft(given).expect("a sample is text");
        let mut group = interchange.groups.swap_remove(0);
        interchange.groups.clear();
        let mut set = group.sets.swap_remove(0);
        group.sets.clear();
        set.segments.clear();
        Envelope { interchange, group, set }
    }

    fn compose(&self, records: &[Record], options: &Options) -> Result<Vec<u8>, MappingError> {
        let mut writer = Writer::open(&self.interchange, &Delimiters::default())?;
        writer.group(&self.group)?;
        let mut set = self.set.clone();
        for (record, number) in records.iter().zip(1..) {
            set.control_number = format!("{number:04}");
            writer.set_with(&set, |body| document::compose(record, options, body))?;
        }
        Ok(writer.finish()?)
    }
}

/// What the points of a corpus take, read and held.
fn memory() -> String {
    let (bytes, options) = (bytes(Kind::UsageInterval), Options::default());
    let document = Document::read(&bytes, &Standard);
    // The peak is counted anew from here.
    let is_reset = std::fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = kibibytes("VmRSS:");
    let read = |set| document::read(set, &options).expect("a sample can be read");
    let records: Vec<Record> = document.sets().map(read).collect();
    let (held, peak) = (kibibytes("VmRSS:"), kibibytes("VmHWM:"));
    let points = |record: &Record| match record {
        Record::UsageReport(report) => {
            let series = report.sections.iter().flat_map(|section| section.series());
            series.map(|series| series.len()).sum()
        }
        _ => 0,
    };
    let points: usize = records.iter().map(points).sum();
    let each = |to: f64| format!("{:.1}", (to - before) * 1024.0 / points as f64);
    let peak = if is_reset { each(peak) } else { "unknown".to_string() };
    format!("| 867 interval | {points} | {} | {peak} |", each(held))
}

fn kibibytes(what: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_default();
    line.split_whitespace().next().and_then(|it| it.parse().ok()).unwrap_or(f64::NAN)
}

/// The seconds of the middle one of several runs.
fn median(mut run: impl FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let (wall, core) = (Instant::now(), on_core());
            run();
            match (core, on_core()) {
                (Some(from), Some(to)) if to > from => (to - from) as f64 / 1e9,
                _ => wall.elapsed().as_secs_f64(),
            }
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[RUNS / 2]
}

/// Nanoseconds this thread has run.
fn on_core() -> Option<u64> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    times.split_whitespace().next()?.parse().ok()
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("standard output takes a line");
}
