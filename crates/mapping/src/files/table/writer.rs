//! A table that is written: cells into rows, rows to a sink in large pieces.

use std::fmt::{Display, Write as _};
use std::io::Write;

use serde::Serialize;
use tieline_model::coded::Coded;
use tieline_model::decimal::Decimal;

use super::reader::check_names;
use super::{Column, LineEnd, Need, TableFault, TableOptions, cells};
use crate::files::error::{FileError, FileFault, Place};

const CHUNK: usize = 1 << 16;

/// Takes the cells of a table, row by row; cells stay until they are emptied or set anew.
pub(crate) trait CellSink {
    /// Counts a record, for the place of what is wrong with it.
    fn next_record(&mut self);

    /// What is wrong with the record that is being written.
    fn fault(&self, fault: impl Into<FileFault>) -> FileError;

    /// Empties all cells from a column on.
    fn clear_from(&mut self, column: usize);

    /// A text of a sender.
    fn text(&mut self, column: usize, text: &str);

    /// A date, a time or a word.
    fn plain(&mut self, column: usize, value: impl Display);

    /// A count of our own.
    fn count(&mut self, column: usize, count: u32);

    /// A number, with the decimals it has.
    fn number(&mut self, column: usize, number: Option<&Decimal>);

    /// Writes the cells as a row.
    fn end_row(&mut self, columns: usize) -> Result<(), FileError>;

    /// The beginning of rows that differ from a column on, for [`CellSink::end_row_after`].
    fn beginning(&mut self, columns: usize) -> String;

    /// Writes a row whose beginning is known, with the cells from a column on.
    fn end_row_after(&mut self, beginning: &str, from: usize) -> Result<(), FileError>;

    fn maybe_text(&mut self, column: usize, text: Option<&str>) {
        self.text(column, text.unwrap_or_default());
    }

    fn maybe_plain(&mut self, column: usize, value: Option<impl Display>) {
        match value {
            Some(value) => self.plain(column, value),
            None => self.plain(column, ""),
        }
    }

    fn coded<T: Serialize>(&mut self, column: usize, code: Option<&Coded<T>>) {
        let text = code.map(cells::coded_text).unwrap_or_default();
        self.text(column, &text);
    }

    fn word<T: Serialize>(&mut self, column: usize, meaning: &T) {
        self.plain(column, cells::word_text(meaning));
    }
}

/// The columns that are written, each with its header or `None`.
///
/// # Errors
///
/// [`FileError`] if the options name columns that there are not, or leave out one that a reader
/// needs.
pub(crate) fn headers<'o>(
    columns: &'static [Column],
    options: &'o TableOptions,
) -> Result<Vec<Option<&'o str>>, FileError> {
    check_names(columns, options)?;
    let is_out = |column: &Column| options.leave_out.iter().any(|name| name == column.name);
    let needed = columns.iter().find(|column| column.need == Need::Must && is_out(column));
    if let Some(column) = needed {
        return Err(FileError::new(Place::File, TableFault::ColumnNeeded(column.name)));
    }
    let header =
        |column: &Column| options.headers.get(column.name).map_or(column.name, String::as_str);
    let is_written = |column: &Column| column.need != Need::Read && !is_out(column);
    Ok(columns.iter().map(|column| is_written(column).then(|| header(column))).collect())
}

/// A table that is written row by row.
pub(crate) struct TableWriter<W> {
    sink: W,
    buffer: String,
    columns: Vec<bool>,
    cells: Vec<String>,
    separator: char,
    line_end: &'static str,
    decimal_comma: bool,
    records: u64,
}

impl<W: Write> TableWriter<W> {
    /// Begins with the header.
    pub(crate) fn new(
        sink: W,
        columns: &'static [Column],
        options: &TableOptions,
    ) -> Result<TableWriter<W>, FileError> {
        let headers = headers(columns, options)?;
        let mut writer = TableWriter {
            sink,
            buffer: String::with_capacity(2 * CHUNK),
            columns: headers.iter().map(Option::is_some).collect(),
            cells: vec![String::new(); columns.len()],
            separator: char::from(options.separator.byte()),
            line_end: match options.line_end {
                LineEnd::Crlf => "\r\n",
                LineEnd::Lf => "\n",
            },
            decimal_comma: options.decimal_comma,
            records: 0,
        };
        for (n, header) in headers.into_iter().enumerate() {
            writer.maybe_text(n, header);
        }
        writer.end_row(columns.len())?;
        Ok(writer)
    }

    fn push_cell(&mut self, n: usize, is_first: &mut bool) {
        if !self.columns[n] {
            return;
        }
        if !std::mem::take(is_first) {
            self.buffer.push(self.separator);
        }
        let cell = &self.cells[n];
        let is_special =
            |byte: u8| matches!(byte, b'"' | b'\n' | b'\r') || byte == self.separator as u8;
        match cell.bytes().any(is_special) {
            false => self.buffer.push_str(cell),
            true => {
                self.buffer.push('"');
                for part in cell.split_inclusive('"') {
                    self.buffer.push_str(part);
                    if part.ends_with('"') {
                        self.buffer.push('"');
                    }
                }
                self.buffer.push('"');
            }
        }
    }

    fn flush_at(&mut self, length: usize) -> Result<(), FileError> {
        if self.buffer.len() >= length {
            let written = self.sink.write_all(self.buffer.as_bytes());
            written.map_err(|error| self.fault(error))?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Writes what is left, and gives the sink back.
    pub(crate) fn finish(mut self) -> Result<W, FileError> {
        self.flush_at(0)?;
        match self.sink.flush() {
            Ok(()) => Ok(self.sink),
            Err(error) => Err(FileError::new(Place::File, error)),
        }
    }
}

impl<W: Write> CellSink for TableWriter<W> {
    fn next_record(&mut self) {
        self.records += 1;
    }

    fn fault(&self, fault: impl Into<FileFault>) -> FileError {
        FileError::new(Place::Record(self.records), fault)
    }

    fn clear_from(&mut self, column: usize) {
        self.cells[column..].iter_mut().for_each(String::clear);
    }

    /// It is defended against spreadsheets.
    fn text(&mut self, column: usize, text: &str) {
        let cell = &mut self.cells[column];
        cell.clear();
        if cells::needs_apostrophe(text) {
            cell.push('\'');
        }
        cell.push_str(text);
    }

    fn plain(&mut self, column: usize, value: impl Display) {
        self.cells[column].clear();
        // A text takes whatever is written to it.
        let _ = write!(self.cells[column], "{value}");
    }

    fn count(&mut self, column: usize, count: u32) {
        self.plain(column, count);
    }

    fn number(&mut self, column: usize, number: Option<&Decimal>) {
        self.maybe_plain(column, number);
        if self.decimal_comma {
            let cell = &mut self.cells[column];
            if let Some(at) = cell.find('.') {
                cell.replace_range(at..=at, ",");
            }
        }
    }

    fn end_row(&mut self, columns: usize) -> Result<(), FileError> {
        let mut is_first = true;
        for n in 0..columns {
            self.push_cell(n, &mut is_first);
        }
        self.buffer.push_str(self.line_end);
        self.flush_at(CHUNK)
    }

    fn beginning(&mut self, columns: usize) -> String {
        let before = self.buffer.len();
        let mut is_first = true;
        for n in 0..columns {
            self.push_cell(n, &mut is_first);
        }
        let mut beginning = self.buffer.split_off(before);
        if !is_first {
            beginning.push(self.separator);
        }
        beginning
    }

    fn end_row_after(&mut self, beginning: &str, from: usize) -> Result<(), FileError> {
        self.buffer.push_str(beginning);
        let mut is_first = true;
        for n in from..self.cells.len() {
            self.push_cell(n, &mut is_first);
        }
        self.buffer.push_str(self.line_end);
        self.flush_at(CHUNK)
    }
}
