//! Answers of SmartHub: the samples, what the clocks make of them, and damaged ones.

use std::fs;
use std::path::PathBuf;

use tieline_mapping::files::FileFault;
use tieline_mapping::files::smarthub::{self, SmartHubFault, SmartHubOptions};
use tieline_model::record::Record;
use tieline_model::time::{Zone, date};
use tieline_model::usage::IntervalSeries;

use crate::shared::random::Random;
use crate::shared::samples::{expect, expect_models, files};

fn options() -> SmartHubOptions {
    let zone = Zone::named("America/Chicago").expect("the zone is built in");
    let mut options = SmartHubOptions::new(date(2026, 11, 3), zone);
    options.number = Some("20261103S0000017".to_string());
    options.costs = true;
    options
}

fn answers(folder: &str) -> Vec<PathBuf> {
    let is_answer = |name: &str| {
        name.starts_with("smarthub-") && name.ends_with(".json") && !name.ends_with(".model.json")
    };
    files(&format!("files/{folder}"), is_answer)
}

/// `UPDATE_EXPECT=1` writes the results anew.
#[test]
fn samples_read_into_the_model() {
    let answers = answers("");
    assert!(answers.len() >= 5, "the samples are there");
    for path in answers {
        let bytes = fs::read(&path).expect("a sample can be read");
        let import = smarthub::read(&bytes, &options()).expect("a sample can be read");
        assert_eq!(import.left_out, [], "{}", path.display());
        expect_models(&path, &[import.record]);
    }
}

/// `UPDATE_EXPECT=1` writes the errors anew.
#[test]
fn broken_samples_are_told_with_their_place() {
    let answers = answers("broken");
    assert!(answers.len() >= 10, "the samples are there");
    for path in answers {
        let bytes = fs::read(&path).expect("a sample can be read");
        let error = smarthub::read(&bytes, &options()).expect_err("a broken sample is refused");
        expect(&path.with_extension("errors.txt"), &format!("{error}\n"));
    }
}

fn series(text: &str) -> Vec<IntervalSeries> {
    let import = smarthub::read(text.as_bytes(), &options()).expect("it can be read");
    let Record::UsageReport(report) = import.record else { panic!("usage is read") };
    report.series().map(|(_, series)| series.clone()).collect()
}

/// An answer of these points: wall clocks as the hours and minutes of a day.
fn answer(day: &str, clocks: &[&str]) -> String {
    let point = |clock: &&str| {
        let wall = format!("{day}T{clock}:00Z").parse::<jiff::Timestamp>().expect("a time");
        format!("{{\"x\":{},\"y\":1.50}}", wall.as_millisecond())
    };
    let points: Vec<String> = clocks.iter().map(point).collect();
    format!(
        "{{\"status\":\"COMPLETE\",\"data\":{{\"ELECTRIC\":[{{\"type\":\"USAGE\",\"series\":\
         [{{\"name\":\"Usage\",\"data\":[{}]}}]}}]}}}}",
        points.join(",")
    )
}

fn starts(clocks: &[&str]) -> Vec<String> {
    let all = series(&answer("2026-11-01", clocks));
    assert_eq!(all.len(), 1);
    let told = all[0].points().filter(|point| point.value.quantity().is_some());
    let shown = told.map(|point| {
        let is_ambiguous = point.exception.is_some_and(|exception| exception.ambiguous);
        let start = point.start.to_string();
        format!("{}{}", &start[11..16], if is_ambiguous { "?" } else { "" })
    });
    shown.collect()
}

#[test]
fn the_repeated_hour_is_told_apart_by_order_or_left_open() {
    // Both hours, one after the other.
    let all = starts(&["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"]);
    assert_eq!(all, ["05:30", "06:00", "06:30", "07:00", "07:30", "08:00"]);
    // One of them only.
    let all = starts(&["00:30", "01:00", "01:30", "02:00", "02:30"]);
    assert_eq!(all, ["05:30", "06:00?", "06:30?", "08:00", "08:30"]);
    // Both, sorted by the clock: which is which cannot be known.
    let all = starts(&["00:30", "01:00", "01:00", "01:30", "01:30", "02:00"]);
    assert_eq!(all, ["05:30", "06:00?", "06:30?", "07:00?", "07:30?", "08:00"]);
    // Hours of their own.
    let all = starts(&["00:00", "01:00", "01:00", "02:00"]);
    assert_eq!(all, ["05:00", "06:00", "07:00", "08:00"]);
}

#[test]
fn a_pending_answer_is_told_apart() {
    let error = smarthub::read(br#"{"status":"PENDING"}"#, &options()).expect_err("not ready");
    assert!(matches!(error.fault, FileFault::SmartHub(SmartHubFault::Pending)));
}

#[test]
fn digits_are_kept_as_they_stand_there() {
    for (given, kept) in [
        ("1.50", "1.50"),
        ("0.1", "0.1"),
        ("1.0E-4", "0.00010"),
        ("12e2", "1200"),
        ("\"2.50\"", "2.50"),
    ] {
        let text = answer("2026-06-01", &["00:00", "01:00"]).replacen("1.50", given, 1);
        let quantity = series(&text)[0].get(0).and_then(|value| value.quantity());
        assert_eq!(quantity.map(|quantity| quantity.to_string()).as_deref(), Some(kept));
    }
}

#[test]
fn costs_are_left_out_unless_asked_for() {
    let path = answers("").into_iter().find(|it| it.to_string_lossy().contains("both-ways"));
    let path = path.expect("there is a sample with costs");
    let bytes = fs::read(path).expect("a sample can be read");
    let without = SmartHubOptions { costs: false, ..options() };
    let import = smarthub::read(&bytes, &without).expect("a sample can be read");
    let told: Vec<String> = import.left_out.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["20 points of costs: set `costs` to read them"]);
}

#[test]
fn a_damaged_answer_is_an_error_or_another_report() {
    let mut random = Random(11);
    for path in answers("") {
        let bytes = fs::read(&path).expect("a sample can be read");
        for _ in 0..300 {
            let mut damaged = bytes.clone();
            for _ in 0..1 + random.below(3) {
                let at = random.below(damaged.len() as u64) as usize;
                damaged[at] = random.pick(b"\"{}[],:0919e-.nx\xff");
            }
            if let Err(error) = smarthub::read(&damaged, &options()) {
                assert!(error.to_string().len() < 300, "{error}");
            }
        }
    }
}
