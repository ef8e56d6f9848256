//! How fast an 867 becomes a file of another format, and such a file records.
//!
//! `cargo bench -p tieline-mapping --bench files` prints a table, in megabytes of the 867 a second,
//! each the median of several runs on one core. The reports are read from the document beforehand;
//! with `whole` the document is checked and read each time too.

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use tieline_mapping::files::bulk_xml::{self, BulkXmlOptions};
use tieline_mapping::files::espi::{self, EspiOptions};
use tieline_mapping::files::usage_csv::{self, UsageCsvOptions};
use tieline_mapping::options::Options;
use tieline_mapping::usage_867;
use tieline_model::record::Record;
use tieline_model::time::{Timestamp, Zone};
use tieline_sample::Kind;
use tieline_sample::corpus::{self, Request};
use tieline_x12::check::{Standard, check};
use tieline_x12::delimiters::Delimiters;
use tieline_x12::document::Document;

const MB: f64 = 1e6;
const RUNS: usize = 5;

/// A format: its name, how records are written in it, and how many are read from it.
struct Form {
    name: &'static str,
    write: fn(&[Record]) -> Vec<u8>,
    read: fn(&[u8]) -> usize,
}

const FORMS: [Form; 4] = [
    Form { name: "CSV", write: csv, read: from_csv },
    Form { name: "JSON", write: json, read: from_json },
    Form { name: "Green Button", write: green_button, read: from_green_button },
    Form { name: "bulk XML", write: xml, read: from_xml },
];

fn main() {
    let request = Request { target_bytes: Some(10_000_000), ..Request::of(Kind::UsageInterval) };
    let mut bytes = Vec::new();
    corpus::write_to(&request, &Delimiters::default(), &mut bytes).expect("a vector takes all");
    let size = bytes.len() as f64 / MB;
    let records = records(&bytes);
    let checking = median(|| {
        black_box(check(&bytes, &Standard, &mut ()));
    });
    say(&format!("867 of {size:.0} MB, check by the standard: {:.0} MB/s", size / checking));
    say("| format | its MB | write | of check | whole | read | its MB/s read |");
    say("|---|---|---|---|---|---|---|");
    for form in FORMS {
        let file = (form.write)(&records);
        let of_file = file.len() as f64 / MB;
        let writing = median(|| {
            black_box((form.write)(&records));
        });
        let whole = median(|| {
            black_box((form.write)(&self::records(&bytes)));
        });
        let reading = median(|| {
            black_box((form.read)(&file));
        });
        say(&format!(
            "| {} | {of_file:.0} | {:.0} | {:.2} | {:.0} | {:.0} | {:.0} |",
            form.name,
            size / writing,
            checking / writing,
            size / whole,
            size / reading,
            of_file / reading,
        ));
    }
}

fn records(bytes: &[u8]) -> Vec<Record> {
    let (document, options) = (Document::read(bytes, &Standard), Options::default());
    let read = |set| usage_867::read(set, &options).expect("a sample can be read");
    document.sets().map(|set| Record::UsageReport(Box::new(read(set)))).collect()
}

/// Writes with a writer of any format.
macro_rules! written {
    ($writer:expr, $records:expr) => {{
        let mut writer = $writer.expect("the options are sound");
        $records.iter().for_each(|it| writer.write(it).expect("a sample can be written"));
        writer.finish().expect("a vector takes all")
    }};
}

/// Reads with a reader of any format.
macro_rules! read {
    ($reader:expr) => {
        $reader
            .expect("what was written can be read")
            .map(|record| black_box(record.expect("what was written can be read")))
            .count()
    };
}

fn csv(records: &[Record]) -> Vec<u8> {
    written!(usage_csv::Writer::new(Vec::new(), &UsageCsvOptions::default()), records)
}

fn from_csv(file: &[u8]) -> usize {
    read!(usage_csv::Reader::new(file, &UsageCsvOptions::default()))
}

fn json(records: &[Record]) -> Vec<u8> {
    serde_json::to_vec(records).expect("records are plain data")
}

fn from_json(file: &[u8]) -> usize {
    let records: Vec<Record> = serde_json::from_slice(file).expect("what was written can be read");
    black_box(records).len()
}

fn of_green_button() -> EspiOptions {
    let zone = Zone::named("America/Chicago").expect("the zone is built in");
    EspiOptions { zone: Some(zone), updated: Timestamp::UNIX_EPOCH, ..EspiOptions::default() }
}

fn green_button(records: &[Record]) -> Vec<u8> {
    written!(espi::Writer::new(Vec::new(), &of_green_button()), records)
}

fn from_green_button(file: &[u8]) -> usize {
    read!(espi::Reader::new(file, &of_green_button()))
}

fn xml(records: &[Record]) -> Vec<u8> {
    written!(bulk_xml::Writer::new(Vec::new(), &BulkXmlOptions::default()), records)
}

fn from_xml(file: &[u8]) -> usize {
    read!(bulk_xml::Reader::new(file, &BulkXmlOptions::default()))
}

/// The seconds of the middle one of several runs.
fn median(mut run: impl FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[RUNS / 2]
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("standard output takes a line");
}
