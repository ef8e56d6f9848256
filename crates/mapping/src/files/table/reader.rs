//! A table that is read: which column stands where, and the cells of one row after the other.

use std::io::Read;
use std::ops::Range;

use serde::de::DeserializeOwned;
use tieline_model::coded::Coded;
use tieline_model::decimal::Decimal;
use tieline_model::money::Currency;
use tieline_model::period::Period;
use tieline_model::provenance::Ordinal;
use tieline_model::record::Record;
use tieline_model::time::Date;
use tieline_model::usage::SectionPeriod;

use super::rows::{Row, Rows};
use super::{Column, Need, TableFault, TableOptions, cells};
use crate::files::error::{FileError, FileFault, Place};

/// A table that is read row by row.
pub(crate) struct TableReader<R> {
    rows: Rows<R>,
    columns: &'static [Column],
    /// Where each column of the format stands in the file.
    places: Vec<Option<usize>>,
    /// Where the columns stand that are counted on from 1, by their numbers.
    counted: Vec<(usize, usize)>,
    headers: Vec<String>,
    unknown: Vec<String>,
    options: TableOptions,
    is_over: bool,
}

/// Makes records of rows, one record behind the other.
pub(crate) trait RowReader<R: Read> {
    /// The table, and an error that waits for the record before it.
    fn parts(&mut self) -> (&mut TableReader<R>, &mut Option<FileError>);

    /// Adds a row to the record that is open; gives the record before it if the row begins another.
    fn take_row(&mut self) -> Result<Option<Record>, FileError>;

    /// The record that is open.
    fn close(&mut self) -> Option<Record>;

    /// An error waits for the record before it.
    fn later(
        &mut self,
        finished: Option<Record>,
        error: FileError,
    ) -> Result<Option<Record>, FileError> {
        match finished {
            Some(_) => {
                *self.parts().1 = Some(error);
                Ok(finished)
            }
            None => Err(error),
        }
    }

    /// The next record, or what is wrong with a row.
    fn next_record(&mut self) -> Option<Result<Record, FileError>> {
        if let Some(error) = self.parts().1.take() {
            return Some(Err(error));
        }
        loop {
            match self.parts().0.next_row() {
                None => return self.close().map(Ok),
                Some(Err(error)) => return Some(Err(error)),
                Some(Ok(())) => match self.take_row() {
                    Ok(None) => {}
                    Ok(Some(record)) => return Some(Ok(record)),
                    Err(error) => return Some(Err(error)),
                },
            }
        }
    }
}

impl<R: Read> TableReader<R> {
    /// Reads the header. `choose` can ask which columns it has, and decides on the format.
    pub(crate) fn open(
        source: R,
        options: &TableOptions,
        choose: impl FnOnce(&dyn Fn(&Column) -> bool) -> &'static [Column],
    ) -> Result<TableReader<R>, FileError> {
        let mut rows = Rows::new(source);
        let is_there = rows.header();
        let at = Place::Row { row: rows.number().max(1), column: None };
        if !is_there.map_err(|fault| FileError::new(at, fault))? {
            return Err(FileError::new(Place::File, TableFault::Empty));
        }
        let row = rows.row();
        let headers: Vec<String> = (0..row.len()).map(|n| row.cell(n).trim().into()).collect();
        let columns = choose(&|column| headers.iter().any(|it| is_header(it, column, options)));
        let mut table = TableReader {
            places: vec![None; columns.len()],
            rows,
            columns,
            counted: Vec::new(),
            headers,
            unknown: Vec::new(),
            options: options.clone(),
            is_over: false,
        };
        table.place_columns()?;
        Ok(table)
    }

    fn place_columns(&mut self) -> Result<(), FileError> {
        check_names(self.columns, &self.options)?;
        let each = self.columns.iter().find(|column| column.need == Need::Each);
        for (at, header) in self.headers.iter().enumerate() {
            if let Some(number) = each.and_then(|it| number_of(header, it, &self.options)) {
                self.counted.push((number, at));
            }
            let is_it = |column: &Column| is_header(header, column, &self.options);
            match self.columns.iter().position(is_it) {
                Some(n) if self.places[n].is_some() => {
                    return Err(self.header_fault(TableFault::ColumnTwice(self.columns[n].name)));
                }
                Some(n) => self.places[n] = Some(at),
                None if self.counted.last().is_some_and(|(_, counted)| *counted == at) => {}
                None if self.options.strict => {
                    let column = Some(header.clone());
                    let place = Place::Row { row: self.rows.number(), column };
                    return Err(FileError::new(place, TableFault::ColumnUnknown));
                }
                None => self.unknown.push(header.clone()),
            }
        }
        self.counted.sort_unstable();
        if let Some(column) = each
            && self.counted.iter().zip(1..).any(|((number, _), n)| *number != n)
        {
            return Err(self.header_fault(TableFault::ColumnsNotCounted(column.name)));
        }
        let mut both = self.columns.iter().zip(&self.places);
        match both.find(|(column, place)| column.need == Need::Must && place.is_none()) {
            Some((column, _)) => Err(self.header_fault(TableFault::ColumnMissing(column.name))),
            None => Ok(()),
        }
    }

    pub(crate) fn header_fault(&self, fault: impl Into<FileFault>) -> FileError {
        FileError::new(Place::Row { row: self.rows.number(), column: None }, fault)
    }

    pub(crate) fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// How many columns are counted on from 1.
    pub(crate) fn counted(&self) -> usize {
        self.counted.len()
    }

    /// The number in such a column, counted from 0; `None` if it is empty or there is no such column.
    pub(crate) fn counted_number(&self, n: usize) -> Result<Option<Decimal>, FileError> {
        let Some((_, place)) = self.counted.get(n) else { return Ok(None) };
        match self.rows.row().cell(*place) {
            "" => Ok(None),
            cell => cells::number(cell, &self.options).map(Some).map_err(|fault| {
                let column = Some(self.headers[*place].clone());
                FileError::new(Place::Row { row: self.rows.number(), column }, fault)
            }),
        }
    }

    /// Whether the file has a column.
    pub(crate) fn has(&self, column: usize) -> bool {
        self.places[column].is_some()
    }

    /// Where these columns stand in the file.
    pub(crate) fn places(&self, columns: Range<usize>) -> impl Iterator<Item = usize> {
        self.places[columns].iter().filter_map(|place| *place)
    }

    /// Goes on to the next row; `None` at the end of the file.
    pub(crate) fn next_row(&mut self) -> Option<Result<(), FileError>> {
        if self.is_over {
            return None;
        }
        match self.rows.next() {
            Ok(true) if self.rows.row().len() != self.headers.len() => {
                let (found, expected) = (self.rows.row().len(), self.headers.len());
                Some(Err(self.header_fault(TableFault::CellCount { found, expected })))
            }
            Ok(true) => Some(Ok(())),
            Ok(false) => {
                self.is_over = true;
                None
            }
            Err(fault) => {
                // Where a row that has no end would end, nobody knows.
                let is_open = match &fault {
                    FileFault::Table(TableFault::RowTooLong | TableFault::QuoteNotClosed) => true,
                    other => !matches!(other, FileFault::Table(_)),
                };
                self.is_over = is_open;
                let row = self.rows.number() + u64::from(is_open);
                Some(Err(FileError::new(Place::Row { row, column: None }, fault)))
            }
        }
    }

    /// The number of the row.
    pub(crate) fn row_number(&self) -> u64 {
        self.rows.number()
    }

    pub(crate) fn ordinal(&self) -> Ordinal {
        Ordinal(u32::try_from(self.rows.number()).unwrap_or(u32::MAX))
    }

    pub(crate) fn row(&self) -> &Row {
        self.rows.row()
    }

    /// A cell as it stands there; empty if the file does not have the column.
    pub(crate) fn cell(&self, column: usize) -> &str {
        self.places[column].map_or("", |place| self.rows.row().cell(place))
    }

    /// A fault of a cell, by the name its header has in the file.
    pub(crate) fn fault(&self, column: usize, fault: impl Into<FileFault>) -> FileError {
        let name = self.places[column].map_or(self.columns[column].name, |n| &self.headers[n]);
        let place = Place::Row { row: self.rows.number(), column: Some(name.to_string()) };
        FileError::new(place, fault)
    }

    /// What `read` makes of a cell; `None` of an empty one.
    pub(crate) fn maybe<'t, T>(
        &'t self,
        column: usize,
        read: impl FnOnce(&'t str) -> Result<T, TableFault>,
    ) -> Result<Option<T>, FileError> {
        match self.cell(column) {
            "" => Ok(None),
            cell => read(cell).map(Some).map_err(|fault| self.fault(column, fault)),
        }
    }

    /// What `read` makes of a cell, which must not be empty.
    pub(crate) fn must<'t, T>(
        &'t self,
        column: usize,
        read: impl FnOnce(&'t str) -> Result<T, TableFault>,
    ) -> Result<T, FileError> {
        let found = self.maybe(column, read)?;
        found.ok_or_else(|| self.fault(column, TableFault::CellEmpty))
    }

    pub(crate) fn text(&self, column: usize) -> Option<String> {
        Some(cells::text(self.cell(column)).to_string()).filter(|text| !text.is_empty())
    }

    pub(crate) fn number(&self, column: usize) -> Result<Option<Decimal>, FileError> {
        self.maybe(column, |cell| cells::number(cell, &self.options))
    }

    pub(crate) fn date(&self, column: usize) -> Result<Option<Date>, FileError> {
        self.maybe(column, |cell| cells::date(cell, self.options.dates))
    }

    pub(crate) fn coded<T: DeserializeOwned>(
        &self,
        column: usize,
    ) -> Result<Option<Coded<T>>, FileError> {
        self.maybe(column, cells::coded)
    }

    pub(crate) fn currency(&self, column: usize) -> Result<Option<Currency>, FileError> {
        let read = |cell: &str| Currency::new(cell.trim()).map_err(|_| TableFault::NotACurrency);
        self.maybe(column, read)
    }

    /// The number of an account, a meter or a place.
    pub(crate) fn identifier<T: TryFrom<String>>(
        &self,
        column: usize,
    ) -> Result<Option<T>, FileError> {
        let read = |cell| {
            let text = cells::text(cell).to_string();
            T::try_from(text).map_err(|_| TableFault::NotAnIdentifier)
        };
        self.maybe(column, read)
    }

    /// A period by the columns of its start and end.
    pub(crate) fn period(&self, start: usize, end: usize) -> Result<Option<Period>, FileError> {
        match (self.date(start)?, self.date(end)?) {
            (None, None) => Ok(None),
            (Some(first), Some(last)) => {
                let period = Period::new(first, last);
                period.map(Some).map_err(|_| self.fault(end, TableFault::PeriodBackwards))
            }
            (None, Some(_)) => Err(self.fault(start, TableFault::CellEmpty)),
            (Some(_), None) => Err(self.fault(end, TableFault::CellEmpty)),
        }
    }

    /// The period of a section by the columns of its start and end, and of [`EXCHANGES`].
    pub(crate) fn section_period(
        &self,
        start: usize,
        end: usize,
        exchange: usize,
    ) -> Result<Option<SectionPeriod>, FileError> {
        let made = match (self.cell(exchange).trim(), self.date(start)?, self.date(end)?) {
            ("", Some(start), None) => return Ok(Some(SectionPeriod::From(start))),
            ("", None, Some(end)) => return Ok(Some(SectionPeriod::Until(end))),
            ("only", Some(day), _) => return Ok(Some(SectionPeriod::Exchange(day))),
            ("", ..) => SectionPeriod::Regular,
            ("start", ..) => SectionPeriod::FromExchange,
            ("end", ..) => SectionPeriod::UntilExchange,
            _ => {
                let list = TableFault::NotAWord("start, end, only, or nothing".to_string());
                return Err(self.fault(exchange, list));
            }
        };
        Ok(self.period(start, end)?.map(made))
    }
}

/// The cells of the start, the end and the exchange of a period.
pub(crate) fn section_period_cells(
    period: &SectionPeriod,
) -> (Option<Date>, Option<Date>, &'static str) {
    let both = |period: &Period| (Some(period.start()), Some(period.end()));
    let (start, end) = match period {
        SectionPeriod::Regular(period)
        | SectionPeriod::FromExchange(period)
        | SectionPeriod::UntilExchange(period) => both(period),
        SectionPeriod::From(start) => (Some(*start), None),
        SectionPeriod::Until(end) => (None, Some(*end)),
        SectionPeriod::Exchange(day) => (Some(*day), None),
    };
    let exchange = match period {
        SectionPeriod::FromExchange(_) => "start",
        SectionPeriod::UntilExchange(_) => "end",
        SectionPeriod::Exchange(_) => "only",
        _ => "",
    };
    (start, end, exchange)
}

/// Whether a header means a column; of those that are counted on, the first.
fn is_header(header: &str, column: &Column, options: &TableOptions) -> bool {
    match column.need {
        Need::Each => number_of(header, column, options) == Some(1),
        _ => names(header, column, options),
    }
}

/// Whether a header is the partner's name for a column, its own, or an alias.
fn names(header: &str, column: &Column, options: &TableOptions) -> bool {
    let is = |name: &str| plain(name).eq(plain(header));
    match options.headers.get(column.name) {
        Some(name) => is(name),
        None => is(column.name) || column.aliases.iter().any(|alias| is(alias)),
    }
}

/// The number of a header that is one of those counted on from a column such as `interval_1`.
fn number_of(header: &str, column: &Column, options: &TableOptions) -> Option<usize> {
    let plain: String = plain(header).collect();
    let stem = plain.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = plain[stem.len()..].parse().ok()?;
    names(&format!("{stem}1"), column, options).then_some(number)
}

/// The letters and digits of a header, small.
fn plain(header: &str) -> impl Iterator<Item = char> {
    header.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// Whether the options name only columns that there are.
pub(crate) fn check_names(columns: &[Column], options: &TableOptions) -> Result<(), FileError> {
    let mut names = options.headers.keys().chain(&options.leave_out);
    let is_unknown = |name: &&String| columns.iter().all(|column| column.name != name.as_str());
    match names.find(is_unknown) {
        None => Ok(()),
        Some(name) => Err(FileError::new(Place::File, TableFault::NoSuchColumn(name.clone()))),
    }
}
