//! How fast an 867 becomes intervals, and intervals an 867.
//!
//! `cargo bench -p tieline-mapping` prints a table, in megabytes of the document a second, each the
//! median of several runs on one core. The tree is made beforehand; writing ends with segments.

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use tieline_mapping::options::Options;
use tieline_mapping::usage_867;
use tieline_sample::Kind;
use tieline_sample::corpus::{self, Request};
use tieline_x12::check::Standard;
use tieline_x12::delimiters::Delimiters;
use tieline_x12::document::Document;

const MB: f64 = 1e6;
const RUNS: usize = 7;

fn main() {
    let request = Request { target_bytes: Some(10_000_000), ..Request::of(Kind::UsageInterval) };
    let mut bytes = Vec::new();
    corpus::write_to(&request, &Delimiters::default(), &mut bytes).expect("a vector takes all");
    let (document, options) = (Document::read(&bytes, &Standard), Options::default());
    let read = || -> Vec<_> {
        let read = |set| usage_867::read(set, &options).expect("a sample can be read");
        document.sets().map(read).collect()
    };
    let reports = read();
    let reading = median(|| {
        black_box(read());
    });
    let writing = median(|| {
        for report in &reports {
            black_box(usage_867::write(report, &options).expect("a sample can be written"));
        }
    });
    let size = bytes.len() as f64 / MB;
    say("| corpus | MB | 867 to intervals | intervals to segments |");
    say("|---|---|---|---|");
    say(&format!("| 867 | {size:.0} | {:.0} | {:.0} |", size / reading, size / writing));
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
