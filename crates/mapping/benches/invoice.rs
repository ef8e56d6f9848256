//! How fast an 810 becomes a bill, and a bill an 810.
//!
//! `cargo bench -p tieline-mapping --bench invoice` prints a table, in megabytes of the document a
//! second, each the median of several runs on one core. A bill is dropped before the next one is read.
//! Writing ends with segments.

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use tieline_mapping::invoice_810;
use tieline_mapping::options::Options;
use tieline_sample::Kind;
use tieline_sample::corpus::{self, Request};
use tieline_x12::check::Standard;
use tieline_x12::delimiters::Delimiters;
use tieline_x12::document::Document;

const MB: f64 = 1e6;
const RUNS: usize = 7;

fn main() {
    let request = Request { target_bytes: Some(10_000_000), ..Request::of(Kind::Invoice) };
    let mut bytes = Vec::new();
    corpus::write_to(&request, &Delimiters::default(), &mut bytes).expect("a vector takes all");
    let options = Options::default();
    let document = Document::read(&bytes, &Standard);
    let read = |set| invoice_810::read(set, &options).expect("a sample can be read");
    let bills: Vec<_> = document.sets().map(read).collect();
    let checking = median(|| {
        black_box(Document::read(&bytes, &Standard));
    });
    let reading = median(|| {
        for set in document.sets() {
            black_box(read(set));
        }
    });
    let writing = median(|| {
        for bill in &bills {
            black_box(invoice_810::write(bill, &options).expect("a sample can be written"));
        }
    });
    let size = bytes.len() as f64 / MB;
    let rate = |seconds: f64| format!("{:.0}", size / seconds);
    say("| corpus | MB | 810 to checked tree | tree to bills | both | bills to segments |");
    say("|---|---|---|---|---|---|");
    let rates = [checking, reading, checking + reading, writing].map(rate).join(" | ");
    say(&format!("| 810 | {size:.0} | {rates} |"));
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
