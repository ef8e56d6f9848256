//! `batch`: many files judged and translated.

mod common;

use std::fs;

use common::{Station, repository};

/// A folder `inbox` with good, wrong and unreadable files.
fn station() -> Station {
    let station = Station { folder: tempfile::tempdir().expect("a temporary folder") };
    for (sample, name) in [
        ("samples/810/commercial-three-phase.edi", "inbox/bill.edi"),
        ("samples/820/ach-ctx-many-accounts.edi", "inbox/payment.edi"),
        ("samples/broken/E0406-energy-with-a-letter.edi", "inbox/wrong.edi"),
        ("samples/867/monthly-register-reads.edi", "inbox/more/usage.edi"),
    ] {
        let text = fs::read_to_string(repository(sample)).expect("the sample is there");
        station.write(name, &text);
    }
    station.write("inbox/.hidden.edi", "not looked at");
    station
}

#[test]
fn each_file_has_a_line_and_the_worst_says_how_it_ends() {
    let station = station();
    let said = station.run(&["batch", "inbox"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    let expected = "\
ok       bill.edi     1 set
ok       payment.edi  1 set
wrong    wrong.edi    1 set, 1 error: X12-E0406

3 files: 2 ok, 1 wrong
";
    assert_eq!(said.out, expected);
    assert_eq!(said.err, "", "without a terminal there is no bar");
    let quiet = station.run(&["batch", "inbox", "--quiet"]);
    assert_eq!(quiet.out, "wrong    wrong.edi    1 set, 1 error: X12-E0406\n");

    let one = station.good(&["batch", "inbox", "--only", "*ment.edi"]);
    assert_eq!(one, "ok       payment.edi  1 set\n\n1 file: 1 ok\n");

    station.write("inbox/more/letter.edi", "Dear member");
    let said = station.run(&["batch", "inbox", "--recursive", "--format", "json"]);
    assert_eq!(said.code, 65, "{}", said.err);
    let json = said.json();
    let of = |name: &str| {
        let row = json.as_array().and_then(|all| all.iter().find(|it| it["file"] == name));
        row.expect("it is told")["exit_status"].as_u64()
    };
    let names = ["bill.edi", "more/letter.edi", "more/usage.edi", "wrong.edi"];
    assert_eq!(names.map(of), [Some(0), Some(65), Some(0), Some(1)]);
}

#[test]
fn it_comes_out_the_same_on_one_processor_and_on_many() {
    let station = Station { folder: tempfile::tempdir().expect("a temporary folder") };
    let bill = repository("samples/810/commercial-three-phase.edi");
    let wrong = repository("samples/broken/E0406-energy-with-a-letter.edi");
    fs::create_dir(station.path("inbox")).expect("writable");
    for number in 0..200 {
        let from = if number % 7 == 3 { &wrong } else { &bill };
        let to = station.path("inbox").join(format!("file-{number:03}.edi"));
        fs::copy(from, to).expect("it is copied");
    }
    let one = station.run(&["batch", "inbox", "--jobs", "1"]);
    let many = station.run(&["batch", "inbox", "--jobs", "8"]);
    assert_eq!((one.code, &one.out), (many.code, &many.out));
    assert!(one.out.ends_with("200 files: 171 ok, 29 wrong\n"), "{}", one.out);
}

#[test]
fn a_result_is_there_whole_or_not_at_all() {
    let station = station();
    let said = station.run(&["batch", "inbox", "--recursive", "--to", "json", "--out", "results"]);
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    for name in ["results/bill.json", "results/payment.json", "results/more/usage.json"] {
        let json: serde_json::Value = serde_json::from_str(&station.read(name)).expect("JSON");
        assert!(!json.is_null());
    }
    let mut left: Vec<String> = fs::read_dir(station.path("results"))
        .expect("it is there")
        .map(|entry| entry.expect("it is listed").file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["bill.json", "more", "payment.json"], "of the wrong one there is nothing");

    // The way back is byte for byte.
    let back = station.run(&["batch", "results", "--recursive", "--to", "x12", "--out", "again"]);
    assert_eq!(back.code, 0, "{}{}", back.out, back.err);
    for (name, again) in
        [("inbox/bill.edi", "again/bill.edi"), ("inbox/more/usage.edi", "again/more/usage.edi")]
    {
        assert_eq!(station.read(again), station.read(name));
    }
}

#[test]
fn what_would_write_over_something_is_refused_before_anything_is_written() {
    let station = station();
    station.write("inbox/bill.json", "[]");
    let two = station.run(&["batch", "inbox", "--to", "csv", "--out", "results"]);
    assert_eq!(two.code, 2, "{}", two.err);
    assert!(two.err.contains("bill.edi and bill.json would be one file"), "{}", two.err);
    assert!(!station.path("results").exists());
    fs::remove_file(station.path("inbox/bill.json")).expect("it is there");
    let itself = station.run(&["batch", "inbox", "--to", "x12", "--out", "inbox"]);
    assert_eq!(itself.code, 2, "{}", itself.err);
    assert!(itself.err.contains("over itself"), "{}", itself.err);

    fs::create_dir(station.path("empty")).expect("writable");
    assert_eq!(station.run(&["batch", "empty"]).code, 66);
    assert_eq!(station.run(&["batch", "nowhere"]).code, 66);
}
