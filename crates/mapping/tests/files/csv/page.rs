//! The page of the formats in `docs/`, which is written from their columns.

use std::fmt::Write;
use std::path::Path;

use tieline_mapping::files::table::{Column, Need};
use tieline_mapping::files::usage_csv::{self, UsageLayout};
use tieline_mapping::files::{billing_csv, payment_csv};

use crate::shared::samples::expect;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formats-csv.md");

const HEAD: &str = "\
# Tables: usage, bills and payments as CSV

Tieline reads and writes usage, bills and payments as tables that a spreadsheet opens. A test writes this
page from the columns in the code, so it cannot be old.

**Files.** The first row names the columns, in any order; columns may be left out unless they must be there,
and unknown ones are told and not read. Cells are separated by comma, semicolon or tab, as the header is. Text
is UTF-8, rows end with CR LF or LF, and cells with separators, quotes or line ends are quoted as in RFC 4180.
Headers match whatever their case, spaces and punctuation; a partner's own can be set in the options.

**Numbers** are plain decimals, `-1234.50`, and are kept digit by digit. A number with an exponent, as
spreadsheets write long ones, is refused, for digits may be gone. A comma before decimals and separators of
thousands are read only where the options say so.

**Dates** are `2026-03-31`; `3/31/2026` or `31/3/2026` only where the options say which. **Times** have their
offset, `2026-03-08T00:15:00-06:00`, or are of the clock on the wall of the zone, `2026-03-08 00:15`. The hour
that comes twice in autumn is told apart by the order of the rows.

**Words** such as `delivered` are those of the model; `other:ZZ` stands for a code that only its sender knows.

**Spreadsheets** take a text for a formula that begins with `=`, `+`, `-`, `@`, a tab or a line end. Such a
text is written with an apostrophe in front, and so is one that has apostrophes before such a character.
Reading takes one apostrophe off again. Numbers are never changed.

**Workbooks** (`.xlsx`) are written with the same columns, a sheet for each table. Texts, dates and the numbers
of accounts are text; a number of at most fifteen digits is a number that shows its decimals as received, a
longer one is text. Nothing is a formula, and no apostrophe is added. A sheet takes 1,048,576 rows. To have a
workbook read, save its sheet as CSV in UTF-8.

**Errors** name the row, counted from 1 with the header, and the column. A row that is wrong does not keep the
others from being read.
";

/// `UPDATE_EXPECT=1` writes the page anew.
#[test]
fn the_page_tells_every_column() {
    let mut page = HEAD.to_string();
    for (title, about, columns) in [
        (
            "Usage in intervals",
            "A row is an interval. Rows that follow each other and agree in what they say of the \
             report are one report; the rows of a meter stand in the order of time. An interval for \
             which nothing was sent has neither a quantity nor a quality, or no row.",
            UsageLayout::Intervals.columns(),
        ),
        (
            "Usage by day",
            "A row is a day with a column for each interval: 24, 48 or 96, and as many more as an hour \
             has where the day in autumn is told. This table is read and not written. In spring the \
             columns of the hour that the clocks leave out are empty, or the last ones; a row that \
             leaves it open is refused.",
            usage_csv::DAY_COLUMNS,
        ),
        (
            "Usage in readings",
            "A row is a quantity of a period with its readings. A quantity with more readings or \
             factors than one row holds goes on in the next rows, with the same number in `item`.",
            UsageLayout::Readings.columns(),
        ),
        (
            "Bills",
            "A row is a charge, a tax or a balance, and says again whose bill it is on.",
            billing_csv::COLUMNS,
        ),
        (
            "Payments",
            "A row is an account or bill that is paid, and says again with which payment.",
            payment_csv::COLUMNS,
        ),
    ] {
        page += &section(title, about, columns);
    }
    expect(Path::new(PAGE), &page);
}

fn section(title: &str, about: &str, columns: &[Column]) -> String {
    let mut text = format!("\n## {title}\n\n{about}\n\n");
    text += "| column | | example | meaning | also read as |\n|---|---|---|---|---|\n";
    for column in columns {
        let need = match column.need {
            Need::Must => "must",
            Need::May => "",
            Need::Read => "read only",
            Need::Each => "must, and on",
        };
        let Column { name, example, meaning, .. } = column;
        let aliases = column.aliases.join(", ");
        writeln!(text, "| `{name}` | {need} | `{example}` | {meaning} | {aliases} |")
            .expect("a text takes what is written to it");
    }
    text
}

/// A header that means two columns would mean the first of them, unsaid.
#[test]
fn no_header_means_two_columns() {
    let plain = |name: &str| -> String {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    for columns in [
        UsageLayout::Intervals.columns(),
        usage_csv::DAY_COLUMNS,
        UsageLayout::Readings.columns(),
        billing_csv::COLUMNS,
        payment_csv::COLUMNS,
    ] {
        let mut names: Vec<String> = Vec::new();
        for column in columns {
            assert!(!column.meaning.is_empty() && !column.example.is_empty(), "{}", column.name);
            names.extend(column.aliases.iter().chain([&column.name]).map(|name| plain(name)));
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "a name or alias stands twice");
    }
}
