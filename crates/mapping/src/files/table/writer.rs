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
        check_names(columns, options)?;
        let is_out = |column: &Column| options.leave_out.iter().any(|name| name == column.name);
        let needed = columns.iter().find(|column| column.need == Need::Must && is_out(column));
        if let Some(column) = needed {
            return Err(FileError::new(Place::File, TableFault::ColumnNeeded(column.name)));
        }
        let mut writer = TableWriter {
            sink,
            buffer: String::with_capacity(2 * CHUNK),
            columns: columns.iter().map(|it| it.need != Need::Read && !is_out(it)).collect(),
            cells: vec![String::new(); columns.len()],
            separator: char::from(options.separator.byte()),
            line_end: match options.line_end {
                LineEnd::Crlf => "\r\n",
                LineEnd::Lf => "\n",
            },
            decimal_comma: options.decimal_comma,
            records: 0,
        };
        for (n, column) in columns.iter().enumerate() {
            let header = options.headers.get(column.name).map_or(column.name, String::as_str);
            writer.text(n, header);
        }
        writer.end_row(columns.len())?;
        Ok(writer)
    }

    /// Counts a record, for the place of what is wrong with it.
    pub(crate) fn next_record(&mut self) {
        self.records += 1;
    }

    pub(crate) fn fault(&self, fault: impl Into<FileFault>) -> FileError {
        FileError::new(Place::Record(self.records), fault)
    }

    /// Empties all cells from a column on.
    pub(crate) fn clear_from(&mut self, column: usize) {
        self.cells[column..].iter_mut().for_each(String::clear);
    }

    /// A text, which is defended against spreadsheets.
    pub(crate) fn text(&mut self, column: usize, text: &str) {
        let cell = &mut self.cells[column];
        cell.clear();
        if cells::needs_apostrophe(text) {
            cell.push('\'');
        }
        cell.push_str(text);
    }

    pub(crate) fn maybe_text(&mut self, column: usize, text: Option<&str>) {
        self.text(column, text.unwrap_or_default());
    }

    /// A date, a word or a count.
    pub(crate) fn plain(&mut self, column: usize, value: impl Display) {
        self.cells[column].clear();
        // A text takes whatever is written to it.
        let _ = write!(self.cells[column], "{value}");
    }

    pub(crate) fn maybe_plain(&mut self, column: usize, value: Option<impl Display>) {
        match value {
            Some(value) => self.plain(column, value),
            None => self.cells[column].clear(),
        }
    }

    pub(crate) fn number(&mut self, column: usize, number: Option<&Decimal>) {
        self.maybe_plain(column, number);
        if self.decimal_comma {
            let cell = &mut self.cells[column];
            if let Some(at) = cell.find('.') {
                cell.replace_range(at..=at, ",");
            }
        }
    }

    pub(crate) fn coded<T: Serialize>(&mut self, column: usize, code: Option<&Coded<T>>) {
        let text = code.map(cells::coded_text).unwrap_or_default();
        self.text(column, &text);
    }

    pub(crate) fn word<T: Serialize>(&mut self, column: usize, meaning: &T) {
        self.plain(column, cells::word_text(meaning));
    }

    /// Writes the cells as a row.
    pub(crate) fn end_row(&mut self, columns: usize) -> Result<(), FileError> {
        let mut is_first = true;
        for n in 0..columns {
            self.push_cell(n, &mut is_first);
        }
        self.buffer.push_str(self.line_end);
        self.flush_at(CHUNK)
    }

    /// The beginning of a row, up to a column and with the separator behind it.
    pub(crate) fn beginning(&mut self, columns: usize) -> String {
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

    /// Writes a row whose beginning is known, with the cells from a column on.
    pub(crate) fn end_row_after(&mut self, beginning: &str, from: usize) -> Result<(), FileError> {
        self.buffer.push_str(beginning);
        let mut is_first = true;
        for n in from..self.cells.len() {
            self.push_cell(n, &mut is_first);
        }
        self.buffer.push_str(self.line_end);
        self.flush_at(CHUNK)
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
