//! Tables: files of rows and columns, as spreadsheets read and write them.
//!
//! A format is a list of [`Column`]s. The header that is written, the names that are read, the
//! options of a partner and the page `docs/formats-csv.md` all come from it. Rows are counted as a
//! spreadsheet counts them, from 1 with the header, blank ones too.
//!
//! **Read:** separated by comma, semicolon or tab, as the header is; UTF-8 with or without a mark in
//! front; rows that end with CR LF or LF; columns in any order, with unknown ones among them. A wrong row is told with
//! its column, and reading goes on with the next.
//!
//! **Safe in a spreadsheet:** a text that begins with `=`, `+`, `-`, `@`, a tab or a line end would
//! be a formula there, so it is written with an apostrophe in front, and so is one that has
//! apostrophes before such a character. Reading takes one apostrophe from such texts off again.
//! Numbers stay numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod rows;

pub use documents::MAX_ROWS;
pub(crate) use rows::Row;

pub(crate) mod cells;

pub(crate) mod documents;

pub(crate) mod reader;

pub(crate) mod writer;

/// The longest row that is read, in bytes.
pub const MAX_ROW: usize = 1 << 20;

/// The longest cell that is read, in bytes.
pub const MAX_CELL: usize = 1 << 15;

/// The most columns that are read.
pub const MAX_COLUMNS: usize = 512;

/// A column of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name, which is also its header.
    pub name: &'static str,
    /// Whether it has to be there.
    pub need: Need,
    /// What a cell of it looks like.
    pub example: &'static str,
    /// Other headers it goes by. Case, spaces and punctuation do not matter.
    pub aliases: &'static [&'static str],
    /// What it holds.
    pub meaning: &'static str,
}

/// Whether a column has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A file without it is refused.
    Must,
    /// It may be left out.
    May,
    /// It is read where a partner has it, and never written.
    Read,
    /// There is one for each number from 1 on, of which the first must be there. They are read only.
    Each,
}

/// How a partner's tables look.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TableOptions {
    /// What separates the cells of a file that is written. It is recognised when one is read.
    pub separator: Separator,
    /// How rows end in a file that is written.
    pub line_end: LineEnd,
    /// The partner's header for a column: `account` → `Acct No`.
    pub headers: BTreeMap<String, String>,
    /// Columns that are not written.
    pub leave_out: Vec<String>,
    /// Whether a column that the format does not have is an error.
    pub strict: bool,
    /// Whether decimals stand behind a comma.
    pub decimal_comma: bool,
    /// Whether numbers may have separators of thousands, which are dropped when they are read.
    pub thousands: bool,
    /// How dates are written besides `2026-03-31`, which is always read.
    pub dates: DateOrder,
}

/// What separates the cells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Separator {
    /// `,`
    #[default]
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
}

impl Separator {
    pub(crate) const ALL: [Separator; 3] = [Separator::Comma, Separator::Semicolon, Separator::Tab];

    pub(crate) fn byte(self) -> u8 {
        match self {
            Separator::Comma => b',',
            Separator::Semicolon => b';',
            Separator::Tab => b'\t',
        }
    }
}

/// How a row ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEnd {
    /// As the rules for CSV want it (RFC 4180).
    #[default]
    Crlf,
    /// A line feed alone.
    Lf,
}

/// The order of a date's parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// `2026-03-31` only.
    #[default]
    YearFirst,
    /// `3/31/2026` too.
    MonthFirst,
    /// `31/3/2026` too.
    DayFirst,
}

/// Writes down the columns of a table: a constant for the place of each, counted on from the
/// columns before, and the table itself.
macro_rules! columns {
    (
        $(#[$doc:meta])* $visibility:vis $table:ident, $places:ident behind $before:expr;
        $($id:ident $need:ident $name:literal, $example:literal, [$($alias:literal),*], $meaning:literal;)*
    ) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum $places { $($id),* }
        $(pub(super) const $id: usize = $before + $places::$id as usize;)*
        $(#[$doc])*
        $visibility const $table: &[$crate::files::table::Column] = &[$($crate::files::table::Column {
            name: $name,
            need: $crate::files::table::Need::$need,
            example: $example,
            aliases: &[$($alias),*],
            meaning: $meaning,
        }),*];
    };
}

pub(crate) use columns;

/// The columns of two lists, one behind the other.
pub(crate) const fn joined<const COUNT: usize>(
    first: &[Column],
    second: &[Column],
) -> [Column; COUNT] {
    let mut all = [first[0]; COUNT];
    let mut n = 0;
    while n < COUNT {
        all[n] = if n < first.len() { first[n] } else { second[n - first.len()] };
        n += 1;
    }
    all
}

/// What is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableFault {
    /// There is no header.
    #[error("the file is empty; its first row must name the columns")]
    Empty,
    /// It is not text.
    #[error("this is not UTF-8; save the file as CSV in UTF-8")]
    NotText,
    /// A row has no end for too long.
    #[error("the row is longer than {MAX_ROW} bytes; perhaps a quote is not closed")]
    RowTooLong,
    /// A cell is too long.
    #[error("the cell is longer than {MAX_CELL} bytes")]
    CellTooLong,
    /// There are too many columns.
    #[error("the row has more than {MAX_COLUMNS} columns")]
    TooManyColumns,
    /// The file ends inside of quotes.
    #[error("the row opens a quote that is never closed")]
    QuoteNotClosed,
    /// Something stands between a closing quote and the next separator.
    #[error("text stands behind a closing quote; write a quote inside of a quoted cell twice")]
    TextAfterQuote,
    /// A column that must be there is not.
    #[error(
        "no column is called `{0}`; add it, or name the partner's header for it in the options"
    )]
    ColumnMissing(&'static str),
    /// Two columns are the same.
    #[error("two columns are `{0}`; leave one of them out")]
    ColumnTwice(&'static str),
    /// A column the format does not have, in a strict file.
    #[error("the format has no such column; leave it out, or do not ask for strict reading")]
    ColumnUnknown,
    /// The options name a column that is none.
    #[error("the options name a column `{0}`, which this format does not have")]
    NoSuchColumn(String),
    /// The options leave out a column that must be written.
    #[error("the options leave out the column `{0}`, which a reader needs")]
    ColumnNeeded(&'static str),
    /// A row has another number of cells than the header.
    #[error("the row has {found} cells and the header has {expected}")]
    CellCount {
        /// How many the row has.
        found: usize,
        /// How many the header has.
        expected: usize,
    },
    /// A cell must not be empty.
    #[error("the cell is empty and must not be")]
    CellEmpty,
    /// Not a number.
    #[error("this is not a plain decimal number, as in -1234.50")]
    NotANumber,
    /// Too many digits.
    #[error("the number has too many digits; at most 38 fit")]
    NumberTooLong,
    /// A number as a spreadsheet writes large ones.
    #[error(
        "the number has an exponent, as spreadsheets write them, and may have lost digits; format \
         the column as text and save the file again"
    )]
    Exponent,
    /// A comma in a number.
    #[error(
        "the number has a comma; if it stands before the decimals, set `decimal_comma`, if it \
         separates thousands, set `thousands`"
    )]
    CommaInNumber,
    /// A point in a number whose decimals stand behind a comma.
    #[error("the number has a point, where decimals stand behind a comma")]
    PointInNumber,
    /// Not a date.
    #[error("a date is written as in 2026-03-31; other orders must be set in `dates`")]
    NotADate,
    /// Not a date and time.
    #[error("a date and time is written as in 2026-03-31T14:15:00-05:00")]
    NotAnInstant,
    /// Not one of the words that may stand here.
    #[error("this may be: {0}")]
    NotAWord(String),
    /// The number of an account, a meter or a place that is none.
    #[error("the number has a character that cannot be printed, or only spaces")]
    NotAnIdentifier,
    /// Not a currency.
    #[error("a currency is three capital letters, as in USD")]
    NotACurrency,
    /// Not a whole number.
    #[error("this is a whole number from 1 on")]
    NotACount,
    /// Not a zone.
    #[error("a zone is named as in America/Chicago")]
    NotAZone,
    /// A time without offset and zone.
    #[error("the time has no offset, and neither a column nor the options name the zone")]
    NoZone,
    /// A time that the clocks of the zone left out.
    #[error("the clocks of the zone never showed this time: they were set forward")]
    SkippedTime,
    /// A period that ends before it starts.
    #[error("the period ends before it starts")]
    PeriodBackwards,
    /// A cell that must say the same in all rows of one record.
    #[error("the cell is not what it is in row {0}, which belongs to the same record")]
    Differs(u64),
    /// The length of intervals is not told.
    #[error("the length of the intervals is not told; add interval_end or interval_seconds")]
    NoLength,
    /// Neither end of an interval is told.
    #[error("the interval has neither a start nor an end")]
    NoTime,
    /// An interval that does not end after it starts.
    #[error("the interval does not end after it starts")]
    IntervalBackwards,
    /// A point does not fit behind those before it.
    #[error(
        "the interval starts before the last one of its meter, direction and unit ends; put the \
         rows of a meter in the order of time and leave out repeated ones"
    )]
    OutOfOrder,
    /// A point is between two intervals.
    #[error("the interval starts between two intervals of those before it")]
    OffBeat,
    /// A negative quantity that is not net.
    #[error("a negative quantity must have the direction net")]
    Negative,
    /// Too many series in one report.
    #[error("the report has more than {0} series; sort the rows by account, meter and channel")]
    TooManySeries(usize),
    /// A tax of a charge, and no charge before it.
    #[error("there is no charge before this row that the tax could be of")]
    NoChargeBefore,
    /// A reference or adjustment of a line, and no line before it.
    #[error("there is no remittance line before this row that it could be of")]
    NoLineBefore,
    /// Too many rows in one document.
    #[error("the document has more than {0} rows; is its number the same in all rows?")]
    TooManyRows(usize),
    /// A sheet of a workbook takes no more rows.
    #[error(
        "a sheet of a workbook has at most 1,048,576 rows; write a table of text instead (csv)"
    )]
    SheetFull,
    /// A text does not fit a cell of a workbook.
    #[error(
        "a cell of a workbook has at most 32,767 characters; write a table of text instead (csv)"
    )]
    TextTooLong,
    /// Too many different qualities, or too many points.
    #[error("the series cannot take this point: {0}")]
    Series(String),
    /// Columns that are counted on do not have the numbers from 1 on.
    #[error("the columns from `{0}` on are not numbered one by one")]
    ColumnsNotCounted(&'static str),
    /// The number of columns of a day tells no length of intervals.
    #[error("a day of {0} columns has intervals of no known length; add interval_minutes")]
    DayLength(usize),
    /// A day has more intervals than the table has columns.
    #[error(
        "the clocks make {intervals} intervals of this day, and there are columns for {columns}"
    )]
    DayTooLong {
        /// How many intervals the day has.
        intervals: usize,
        /// How many columns there are.
        columns: usize,
    },
    /// A day has fewer intervals than have a value.
    #[error(
        "the clocks make {0} intervals of this day; leave the columns behind them empty, or those of \
         the hour that the clocks left out"
    )]
    DayTooShort(usize),
    /// It is open which columns of a short day are meant.
    #[error(
        "this day has {0} intervals, and it is open whether its empty columns are those that the clocks \
         left out"
    )]
    DayUnclear(usize),
    /// What a cell must be given for is not there.
    #[error("{0}")]
    Wanting(&'static str),
}
