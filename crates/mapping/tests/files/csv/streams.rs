//! Files of any length: what is held is bounded, and how the bytes arrive does not matter.

use std::fs;
use std::io::{self, Read};

use tieline_mapping::files::table::{MAX_CELL, MAX_COLUMNS, MAX_ROW};
use tieline_mapping::files::usage_csv::{Reader, UsageCsvOptions};
use tieline_model::record::Record;
use tieline_model::time::{Zone, date};

use super::format::Format;
use super::samples::tables;

/// A file that is made while it is read: hours of one meter after the other.
struct Meters {
    row: u64,
    rows: u64,
    left: Vec<u8>,
}

const HOURS: u64 = 2_000;

impl Read for Meters {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left.len() < buffer.len() && self.row < self.rows {
            let (meter, hour) = (self.row / HOURS, self.row % HOURS);
            let (day, month) = (hour / 24 % 28 + 1, hour / 24 / 28 + 1);
            let time = format!("2026-{month:02}-{day:02}T{:02}:00:00Z", hour % 24);
            self.left.extend(format!("{meter},{time},{}.25\n", hour % 97).bytes());
            self.row += 1;
        }
        let count = buffer.len().min(self.left.len());
        buffer[..count].copy_from_slice(&self.left[..count]);
        self.left.drain(..count);
        Ok(count)
    }
}

fn options() -> UsageCsvOptions {
    UsageCsvOptions {
        date: Some(date(2026, 4, 3)),
        zone: Zone::named("America/Chicago").ok(),
        interval_seconds: Some(3600),
        ..UsageCsvOptions::default()
    }
}

fn points(record: Result<Record, impl std::fmt::Display>) -> usize {
    match record {
        Ok(Record::UsageReport(report)) => report.series().map(|(_, series)| series.len()).sum(),
        Ok(_) => panic!("usage is read"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn one_report_is_held_at_a_time() {
    let left = b"meter,interval_start,quantity\n".to_vec();
    let source = Meters { row: 0, rows: 60 * HOURS, left };
    let reader = Reader::new(source, &options()).expect("there is a header");
    // The days after the 28th are left out: a gap is a point without a quantity.
    let counts: Vec<usize> = reader.map(points).collect();
    assert_eq!(counts.len(), 60);
    assert!(counts.iter().all(|count| *count > HOURS as usize && *count == counts[0]));
}

#[test]
fn a_report_is_cut_where_it_is_full() {
    let left = b"meter,interval_start,quantity\n".to_vec();
    let source = Meters { row: 0, rows: 600, left };
    let options = UsageCsvOptions { max_points: 250, ..options() };
    let reader = Reader::new(source, &options).expect("there is a header");
    assert_eq!(reader.map(points).collect::<Vec<_>>(), [250, 250, 100]);
}

/// Gives a few bytes at a time.
struct Drops<'b>(&'b [u8], usize);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = self.1 % 7 + 1;
        let count = buffer.len().min(self.0.len()).min(self.1);
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

#[test]
fn it_does_not_matter_how_bytes_arrive() {
    for (path, format) in tables("") {
        let Format::Usage(options) = &format else { continue };
        let bytes = fs::read(&path).expect("a sample can be read");
        let reader = Reader::new(Drops(&bytes, 0), options).expect("there is a header");
        let records: Vec<Record> = reader.filter_map(Result::ok).collect();
        assert_eq!(records, format.read(&bytes).records, "{}", path.display());
    }
}

#[test]
fn what_is_too_long_is_refused() {
    let head = "account,quantity,interval_start\n";
    let row = "1,1,2026-01-01\n";
    let read = |text: String| {
        let found = Format::Usage(options()).read(text.as_bytes());
        (found.records.len(), found.errors.join("; "))
    };
    let long = "x".repeat(MAX_CELL + 1);
    let told = read(format!("{head}{long},1,2026-01-01\n{row}"));
    assert_eq!(told, (1, "row 2: the cell is longer than 32768 bytes".to_string()));
    let open = format!("{head}{row}\"{}", "x,1\n".repeat(MAX_ROW / 4 + 1));
    let told = read(open + row);
    assert!(told.1.starts_with("row 3: the row is longer than 1048576 bytes"), "{}", told.1);
    assert_eq!(told.0, 1);
    let wide = format!("{head}{row}{}\n", ",1".repeat(MAX_COLUMNS));
    assert_eq!(read(wide), (1, "row 3: the row has more than 512 columns".to_string()));
    // The last row may end without a line end, and inside of quotes may be anything.
    let text = format!("{head}\"1\r\n\"\"2\"\"\",1,2026-01-01");
    let told = read(text);
    assert!(told.1.contains("a character that cannot be printed"), "{}", told.1);
    assert_eq!(read(format!("{head}\"1\",1,\"2026-01-01\"")), (1, String::new()));
}
