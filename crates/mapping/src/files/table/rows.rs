//! Rows: bytes cut into rows and cells, one row at a time.
//!
//! The buffer grows up to the longest row that is allowed, and no further.

use std::io::{ErrorKind, Read};

use super::{MAX_CELL, MAX_COLUMNS, MAX_ROW, Separator, TableFault};
use crate::files::error::FileFault;

const CHUNK: usize = 1 << 16;

/// The cells of one row, one behind the other with one character between them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    text: String,
    ends: Vec<usize>,
}

impl Row {
    /// How many cells it has.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A cell, counted from 0; empty if the row does not have it.
    pub(crate) fn cell(&self, n: usize) -> &str {
        let start = n.checked_sub(1).map_or(Some(0), |before| Some(self.ends.get(before)? + 1));
        match (start, self.ends.get(n)) {
            (Some(start), Some(end)) => self.text.get(start..*end).unwrap_or_default(),
            _ => "",
        }
    }

    /// Copies another row without new memory.
    pub(crate) fn copy(&mut self, other: &Row) {
        self.text.clone_from(&other.text);
        self.ends.clone_from(&other.ends);
    }
}

/// A source of bytes cut into rows.
pub(crate) struct Rows<R> {
    source: R,
    buffer: Vec<u8>,
    /// Where the next row starts in the buffer.
    start: usize,
    /// How far the buffer is filled.
    filled: usize,
    is_at_end: bool,
    separator: u8,
    number: u64,
    row: Row,
}

impl<R: Read> Rows<R> {
    pub(crate) fn new(source: R) -> Rows<R> {
        Rows {
            source,
            buffer: vec![0; CHUNK],
            start: 0,
            filled: 0,
            is_at_end: false,
            separator: b',',
            number: 0,
            row: Row::default(),
        }
    }

    /// The number of the row that was read last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The row that was read last.
    pub(crate) fn row(&self) -> &Row {
        &self.row
    }

    /// Reads the first row that is not blank, after finding out what separates its cells.
    pub(crate) fn header(&mut self) -> Result<bool, FileFault> {
        while self.filled < 3 && !self.is_at_end {
            self.fill()?;
        }
        if self.buffer[..self.filled].starts_with(b"\xef\xbb\xbf") {
            self.start = 3;
        }
        loop {
            let Some(length) = self.find_end()? else { return Ok(false) };
            let line = &self.buffer[self.start..self.start + length];
            if !is_blank(line, b'\r') {
                self.separator = separator_of(line);
                return self.next();
            }
            self.step(length);
        }
    }

    /// Reads the next row that is not blank; `false` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<bool, FileFault> {
        loop {
            let Some(length) = self.find_end()? else { return Ok(false) };
            let start = self.start;
            self.step(length);
            let line = &self.buffer[start..start + length];
            if is_blank(line, self.separator) {
                continue;
            }
            return match self.cut(start, length) {
                Ok(()) => Ok(true),
                Err(fault) => Err(fault.into()),
            };
        }
    }

    fn step(&mut self, length: usize) {
        self.number += 1;
        self.start = (self.start + length + 1).min(self.filled);
    }

    /// The length of the row at `start`, without its line feed; `None` at the end of the file.
    fn find_end(&mut self) -> Result<Option<usize>, FileFault> {
        let mut scanned = 0;
        loop {
            let rest = &self.buffer[self.start..self.filled];
            match end_of_row(rest, self.separator, scanned) {
                End::At(length) if length > MAX_ROW => return Err(TableFault::RowTooLong.into()),
                End::At(length) => return Ok(Some(length)),
                End::Open { .. } if rest.len() > MAX_ROW => {
                    return Err(TableFault::RowTooLong.into());
                }
                End::Open { is_quoted, .. } if self.is_at_end => {
                    return match (rest.is_empty(), is_quoted) {
                        (true, _) => Ok(None),
                        (false, true) => Err(TableFault::QuoteNotClosed.into()),
                        (false, false) => Ok(Some(rest.len())),
                    };
                }
                End::Open { plain, .. } => scanned = plain,
            }
            self.fill()?;
        }
    }

    /// Fills the buffer, after making room.
    fn fill(&mut self) -> Result<(), FileFault> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.start = 0;
        }
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        while self.filled < self.buffer.len() {
            match self.source.read(&mut self.buffer[self.filled..]) {
                Ok(0) => {
                    self.is_at_end = true;
                    break;
                }
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Cuts a row into cells.
    fn cut(&mut self, start: usize, length: usize) -> Result<(), TableFault> {
        let mut line = &self.buffer[start..start + length];
        if let [before @ .., b'\r'] = line {
            line = before;
        }
        let mut bytes = std::mem::take(&mut self.row.text).into_bytes();
        bytes.clear();
        self.row.ends.clear();
        match line.contains(&b'"') {
            true => unquote(line, self.separator, &mut bytes, &mut self.row.ends)?,
            false => {
                bytes.extend_from_slice(line);
                let ends = &mut self.row.ends;
                let separators = line.iter().enumerate().filter(|(_, b)| **b == self.separator);
                ends.extend(separators.map(|(at, _)| at));
                ends.push(line.len());
            }
        }
        self.row.text = String::from_utf8(bytes).map_err(|_| TableFault::NotText)?;
        if self.row.len() > MAX_COLUMNS {
            return Err(TableFault::TooManyColumns);
        }
        match length > MAX_CELL && (0..self.row.len()).any(|n| self.row.cell(n).len() > MAX_CELL) {
            true => Err(TableFault::CellTooLong),
            false => Ok(()),
        }
    }
}

/// Whether a row has nothing in it, as spreadsheets leave them behind the last one.
fn is_blank(line: &[u8], separator: u8) -> bool {
    line.iter().all(|byte| *byte == b'\r' || *byte == separator)
}

/// Which separator stands most often outside of quotes.
fn separator_of(line: &[u8]) -> u8 {
    let count = |separator: u8| {
        let mut is_quoted = false;
        let is_one = |byte: &&u8| {
            is_quoted ^= **byte == b'"';
            !is_quoted && **byte == separator
        };
        line.iter().filter(is_one).count()
    };
    let mut found = b',';
    for separator in Separator::ALL.map(Separator::byte) {
        if count(separator) > count(found) {
            found = separator;
        }
    }
    found
}

enum End {
    At(usize),
    /// Not among these bytes, of which so many need not be looked at again.
    Open {
        is_quoted: bool,
        plain: usize,
    },
}

/// Where the row ends. `scanned` bytes are known to hold neither a quote nor an end.
fn end_of_row(rest: &[u8], separator: u8, scanned: usize) -> End {
    let plain = rest[scanned..].iter().position(|byte| matches!(byte, b'\n' | b'"'));
    match plain.map(|at| at + scanned) {
        None => return End::Open { is_quoted: false, plain: rest.len() },
        Some(at) if rest[at] == b'\n' => return End::At(at),
        Some(_) => {}
    }
    let (mut is_quoted, mut is_start) = (false, true);
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            b'"' if is_quoted || is_start => (is_quoted, is_start) = (!is_quoted, !is_start),
            b'\n' if !is_quoted => return End::At(at),
            // A quote right behind a closing one is a quote of the text.
            _ => is_start = !is_quoted && *byte == separator,
        }
    }
    End::Open { is_quoted, plain: 0 }
}

/// Cuts a row that has quotes.
fn unquote(
    line: &[u8],
    separator: u8,
    bytes: &mut Vec<u8>,
    ends: &mut Vec<usize>,
) -> Result<(), TableFault> {
    let mut rest = line;
    loop {
        if let [b'"', inside @ ..] = rest {
            rest = inside;
            loop {
                let quote = rest.iter().position(|byte| *byte == b'"');
                let quote = quote.ok_or(TableFault::QuoteNotClosed)?;
                bytes.extend_from_slice(&rest[..quote]);
                rest = &rest[quote + 1..];
                match rest.first() {
                    Some(b'"') => bytes.push(b'"'),
                    Some(byte) if *byte != separator => return Err(TableFault::TextAfterQuote),
                    _ => break,
                }
                rest = &rest[1..];
            }
        } else {
            let end = rest.iter().position(|byte| *byte == separator).unwrap_or(rest.len());
            bytes.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
        }
        ends.push(bytes.len());
        match rest.split_first() {
            None => return Ok(()),
            Some((_, behind)) => {
                bytes.push(separator);
                rest = behind;
            }
        }
    }
}
