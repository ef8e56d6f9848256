//! A sheet of a workbook: the cells of a table, typed.

use std::fmt::{Display, Write as _};

use rust_xlsxwriter::{Format, Worksheet, XlsxError};
use tieline_model::decimal::Decimal;

use super::unsaved;
use crate::files::error::{FileError, FileFault, Place};
use crate::files::table::writer::{CellSink, headers};
use crate::files::table::{Column, TableFault, TableOptions};

/// The most rows of a sheet, with the header.
pub const MAX_ROWS: u32 = 1_048_576;

/// The most digits of a number that a spreadsheet keeps.
pub const MAX_DIGITS: u32 = 15;

/// The most characters of a text, as a spreadsheet counts them.
const MAX_TEXT: usize = 32_767;

/// A sheet that is written row by row.
pub(crate) struct SheetWriter {
    sheet: Worksheet,
    /// The place of each column in the sheet, of those that are written.
    places: Vec<Option<u16>>,
    cells: Vec<Cell>,
    /// The format of numbers for each count of decimals.
    formats: Vec<Format>,
    row: u32,
    records: u64,
}

/// What stands in a cell. The text keeps its memory for the next row.
#[derive(Default)]
struct Cell {
    text: String,
    number: Option<Decimal>,
}

impl SheetWriter {
    /// Begins with the header.
    pub(crate) fn new(
        name: &str,
        columns: &'static [Column],
        options: &TableOptions,
    ) -> Result<SheetWriter, FileError> {
        let mut sheet = Worksheet::new();
        let (mut places, mut next) = (Vec::new(), 0_u16);
        sheet.set_name(name).map_err(unsaved)?;
        for (column, header) in columns.iter().zip(headers(columns, options)?) {
            places.push(header.map(|_| next));
            let Some(header) = header else { continue };
            check_text(header).map_err(|fault| FileError::new(Place::File, fault))?;
            let width = header.len().max(column.example.len()).min(60) + 3;
            head(&mut sheet, next, header, width as u16).map_err(unsaved)?;
            next += 1;
        }
        let formats = (0..=MAX_DIGITS as usize).map(|scale| match scale {
            0 => Format::new().set_num_format("0"),
            _ => Format::new().set_num_format(format!("0.{}", "0".repeat(scale))),
        });
        let cells = columns.iter().map(|_| Cell::default()).collect();
        Ok(SheetWriter { sheet, places, cells, formats: formats.collect(), row: 1, records: 0 })
    }

    /// The sheet, with its first row in place and buttons to filter by.
    pub(crate) fn finish(mut self) -> Result<Worksheet, FileError> {
        let columns = self.places.iter().flatten().count() as u16;
        let last = (self.row - 1, columns.saturating_sub(1));
        self.sheet.set_freeze_panes(1, 0).map_err(unsaved)?;
        self.sheet.autofilter(0, 0, last.0, last.1).map_err(unsaved)?;
        Ok(self.sheet)
    }

    fn write_row(&mut self) -> Result<(), FileError> {
        if self.row == MAX_ROWS {
            return Err(self.fault(TableFault::SheetFull));
        }
        for (cell, place) in self.cells.iter().zip(&self.places) {
            let Some(column) = *place else { continue };
            let sheet = &mut self.sheet;
            let written = match &cell.number {
                Some(number) => match as_shown(number) {
                    Some((value, scale)) => {
                        let format = &self.formats[scale];
                        sheet.write_number_with_format(self.row, column, value, format)
                    }
                    None => sheet.write_string(self.row, column, number.to_string()),
                },
                None if cell.text.is_empty() => continue,
                None => {
                    check_text(&cell.text).map_err(|fault| self.fault(fault))?;
                    self.sheet.write_string(self.row, column, &cell.text)
                }
            };
            written.map_err(unsaved)?;
        }
        self.row += 1;
        Ok(())
    }
}

fn head(sheet: &mut Worksheet, column: u16, header: &str, width: u16) -> Result<(), XlsxError> {
    sheet.set_column_width(column, width)?;
    sheet.write_string_with_format(0, column, header, &Format::new().set_bold())?;
    Ok(())
}

fn check_text(text: &str) -> Result<(), TableFault> {
    // A character outside of the first plane counts twice; every byte count is at least as large.
    match text.len() > MAX_TEXT && text.encode_utf16().count() > MAX_TEXT {
        true => Err(TableFault::TextTooLong),
        false => Ok(()),
    }
}

/// A number as a cell keeps it, and its decimals; `None` if the cell would show other digits.
fn as_shown(number: &Decimal) -> Option<(f64, usize)> {
    let digits = number.mantissa().unsigned_abs();
    let fits = digits < 10_u128.pow(MAX_DIGITS) && u32::from(number.scale()) <= MAX_DIGITS;
    // A cell is a binary number: the nearest one to a decimal of at most fifteen digits is nearer to
    // it than to any other such decimal, so the very same digits are shown.
    let value = fits.then(|| number.to_string().parse().ok())??;
    Some((value, usize::from(number.scale())))
}

impl CellSink for SheetWriter {
    fn next_record(&mut self) {
        self.records += 1;
    }

    fn fault(&self, fault: impl Into<FileFault>) -> FileError {
        FileError::new(Place::Record(self.records), fault)
    }

    fn clear_from(&mut self, column: usize) {
        for cell in &mut self.cells[column..] {
            cell.text.clear();
            cell.number = None;
        }
    }

    /// Text is no formula here, so nothing is put in front of it.
    fn text(&mut self, column: usize, text: &str) {
        self.plain(column, text);
    }

    fn plain(&mut self, column: usize, value: impl Display) {
        let cell = &mut self.cells[column];
        cell.number = None;
        cell.text.clear();
        // A text takes whatever is written to it.
        let _ = write!(cell.text, "{value}");
    }

    fn count(&mut self, column: usize, count: u32) {
        self.number(column, Some(&Decimal::from(i64::from(count))));
    }

    fn number(&mut self, column: usize, number: Option<&Decimal>) {
        let cell = &mut self.cells[column];
        cell.text.clear();
        cell.number = number.copied();
    }

    fn end_row(&mut self, _: usize) -> Result<(), FileError> {
        self.write_row()
    }

    /// The cells stay, so there is nothing to keep.
    fn beginning(&mut self, _: usize) -> String {
        String::new()
    }

    fn end_row_after(&mut self, _: &str, _: usize) -> Result<(), FileError> {
        self.write_row()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        let number = Decimal::from_bytes(text.as_bytes()).expect("a number");
        as_shown(&number).map(|(value, scale)| format!("{value:.scale$}"))
    }

    #[test]
    fn a_number_of_fifteen_digits_is_shown_as_it_is() {
        for text in ["0", "0.00", "13.50", "-296.00", "999999999999999", "0.000000000000001"] {
            assert_eq!(shown(text).as_deref(), Some(text));
        }
        let mut digits = 1_u64;
        for n in 0..10_000_u64 {
            digits = digits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(n);
            let mantissa = i128::from(digits % 1_000_000_000_000_000);
            let number = Decimal::new(mantissa, (n % 16) as u8).expect("it fits");
            assert_eq!(shown(&number.to_string()), Some(number.to_string()));
        }
    }

    #[test]
    fn a_longer_number_is_text() {
        for text in ["1000000000000000", "123456789.0123456", "0.0000000000000001"] {
            assert_eq!(shown(text), None);
        }
    }
}
