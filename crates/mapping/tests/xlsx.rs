//! Workbooks: the cells of the samples, the bytes that are the same each time, and what is refused.

use std::io::{Cursor, Read};
use std::path::PathBuf;

use tieline_mapping::files::xlsx::{Sheet, Writer, XlsxOptions};
use tieline_model::common::{Party, PartyRole};
use tieline_model::record::Record;
use zip::ZipArchive;

fn records(sample: &str) -> Vec<Record> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../samples/files").join(sample);
    let json = std::fs::read_to_string(path).expect("the sample is there");
    serde_json::from_str(&json).expect("the sample is records")
}

fn written(records: &[Record], options: &XlsxOptions) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), options);
    for record in records {
        writer.write(record).expect("a sample can be written");
    }
    writer.finish().expect("a vector takes all")
}

fn file(book: &[u8], name: &str) -> String {
    let mut archive = ZipArchive::new(Cursor::new(book)).expect("a workbook is an archive");
    let mut text = String::new();
    let mut file = archive.by_name(name).expect("the file is in it");
    file.read_to_string(&mut text).expect("it is text");
    text
}

/// The cells of a row of the first sheet: `A1`, whether it is text, and what it says.
fn row(book: &[u8], sheet: u32, number: u32) -> Vec<(String, bool, String)> {
    let texts = file(book, "xl/sharedStrings.xml");
    let texts: Vec<&str> =
        texts.split("<si>").skip(1).map(|part| between(part, "<t", "</t>")).collect();
    let sheet = file(book, &format!("xl/worksheets/sheet{sheet}.xml"));
    assert!(!sheet.contains("<f>"), "there is a formula");
    let row = between(&sheet, &format!("<row r=\"{number}\""), "</row>");
    let cells = row.split("<c ").skip(1).map(|cell| {
        let (name, value) = (between(cell, "r=\"", "\""), between(cell, "<v>", "</v>"));
        let is_text = cell.contains("t=\"s\"");
        let value = match is_text {
            true => texts[value.parse::<usize>().expect("a place")].trim_start_matches(['>']),
            false => value,
        };
        (name.to_string(), is_text, value.to_string())
    });
    cells.collect()
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let at = text.find(start).expect("the start is there") + start.len();
    &text[at..at + text[at..].find(end).expect("the end is there")]
}

#[test]
fn intervals_are_cells_of_their_kind() {
    let records = records("usage-intervals-as-written.model.json");
    let book = written(&records, &XlsxOptions::default());
    let header = row(&book, 1, 1);
    let names: Vec<&str> = header.iter().map(|(_, _, text)| text.as_str()).collect();
    let first = row(&book, 1, 2);
    let cell = |name: &str| {
        let at = names.iter().position(|it| *it == name).expect("the column is there");
        let column = header[at].0.trim_end_matches('1');
        let found = first.iter().find(|(place, _, _)| *place == format!("{column}2"));
        found.map(|(_, is_text, value)| (*is_text, value.as_str()))
    };
    let Record::UsageReport(report) = &records[0] else { panic!("the sample is usage") };
    let account = report.account.as_ref().expect("it has one").as_str();
    assert_eq!(cell("account"), Some((true, account)));
    assert_eq!(cell("report_date"), Some((true, report.date.to_string().as_str())));
    let (_, series) = report.series().next().expect("it has intervals");
    let seconds = series.seconds().to_string();
    assert_eq!(cell("interval_seconds"), Some((false, seconds.as_str())));
    let quantity = series.points().next().and_then(|point| point.value.quantity());
    let quantity = quantity.expect("a quantity").to_string();
    assert_eq!(cell("quantity"), Some((false, quantity.trim_end_matches('0'))));
    assert_eq!(cell("ambiguous"), None, "what is empty has no cell");
}

#[test]
fn a_sheet_stands_for_each_table_and_bytes_are_the_same_each_time() {
    let mut all = records("bills-as-written.model.json");
    all.extend(records("payments-as-written.model.json"));
    all.extend(records("usage-readings-as-written.model.json"));
    all.extend(records("usage-intervals-as-written.model.json"));
    let book = written(&all, &XlsxOptions::default());
    assert!(book == written(&all, &XlsxOptions::default()), "the bytes differ");
    let sheets = file(&book, "xl/workbook.xml");
    for (n, name) in (1..).zip(["Intervals", "Readings", "Bills", "Payments"]) {
        assert!(sheets.contains(&format!("<sheet name=\"{name}\" sheetId=\"{n}\"")), "{sheets}");
        let sheet = file(&book, &format!("xl/worksheets/sheet{n}.xml"));
        assert!(sheet.contains("state=\"frozen\"") && sheet.contains("<autoFilter "), "{name}");
    }
}

#[test]
fn a_text_that_looks_like_a_formula_or_a_number_stays_text() {
    let mut all = records("bills-as-written.model.json");
    let Some(Record::Bill(bill)) = all.first_mut() else { panic!("the sample is bills") };
    bill.number = "=1+1".to_string();
    bill.usage_report = Some("00012".to_string());
    let book = written(&all, &XlsxOptions::default());
    let cells = row(&book, 1, 2);
    for text in ["=1+1", "00012"] {
        assert!(cells.iter().any(|(_, is_text, it)| *is_text && it == text), "{cells:?}");
    }
}

#[test]
fn what_both_sheets_of_a_report_leave_out_is_lost_once() {
    let mut all = records("usage-intervals-as-written.model.json");
    let readings = records("usage-readings-as-written.model.json");
    let Some(Record::UsageReport(report)) = all.first_mut() else { panic!("the sample is usage") };
    report.parties.push(Party::new(PartyRole::Utility.into(), Some("PRAIRIE RIVERS".to_string())));
    let writer = Writer::new(Vec::new(), &XlsxOptions::default());
    let in_one = writer.losses(&Record::UsageReport(report.clone()));
    let Some(Record::UsageReport(other)) = readings.first() else { panic!("the sample is usage") };
    report.sections.extend(other.sections.iter().cloned());
    let lost = writer.losses(&all[0]);
    assert_eq!(lost.get("usage_report.parties.name"), Some(1), "{lost}");
    assert_eq!(lost.get("usage_report.parties.name"), in_one.get("usage_report.parties.name"));
}

#[test]
fn a_record_of_another_table_is_refused_with_its_place() {
    let bills = records("bills-as-written.model.json");
    let options = XlsxOptions { only: Some(Sheet::Payments), ..XlsxOptions::default() };
    let mut writer = Writer::new(Vec::new(), &options);
    let error = writer.write(&bills[0]).expect_err("a bill is no payment");
    assert_eq!(error.to_string(), "record 1: this format has no record other than a payment");
    let book = writer.finish().expect("a vector takes all");
    assert_eq!(row(&book, 1, 1)[0].2, "trace_code");
}

#[test]
fn a_text_that_is_too_long_for_a_cell_is_refused() {
    let mut bills = records("bills-as-written.model.json");
    let Some(Record::Bill(bill)) = bills.first_mut() else { panic!("the sample is bills") };
    bill.number = "9".repeat(32_768);
    let mut writer = Writer::new(Vec::new(), &XlsxOptions::default());
    let error = writer.write(&bills[0]).expect_err("it does not fit");
    assert!(error.to_string().contains("at most 32,767 characters"), "{error}");
}
