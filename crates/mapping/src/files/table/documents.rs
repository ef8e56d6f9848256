//! Documents of several rows: rows that follow each other and agree in what they say of the
//! document are one.

use std::io::Read;
use std::ops::Range;

use tieline_model::record::Record;

use super::reader::{RowReader, TableReader};
use super::{Column, TableFault, TableOptions};
use crate::files::error::FileError;

/// The most rows that one document has.
pub const MAX_ROWS: usize = 100_000;

/// A document to which rows are added.
pub(crate) trait RowDocument: Sized {
    /// What a partner's file does not say.
    type Options;

    /// The columns that say the same in all rows of a document.
    const HEAD: Range<usize>;

    /// Those of them that tell documents apart.
    const NAME: &'static [usize];

    /// Begins a document with what its first row says of it.
    fn begin<R: Read>(table: &TableReader<R>, options: &Self::Options) -> Result<Self, FileError>;

    /// Adds what a row says besides.
    fn add<R: Read>(
        &mut self,
        table: &TableReader<R>,
        options: &Self::Options,
    ) -> Result<(), FileError>;

    /// The document as a record.
    fn finish(self) -> Record;
}

/// Reads documents from a table.
pub(crate) struct DocumentReader<R, D: RowDocument> {
    table: TableReader<R>,
    options: D::Options,
    open: Option<Open<D>>,
    waiting: Option<FileError>,
}

/// The document that the last row belongs to; `None` in place of one that was refused.
struct Open<D> {
    head: Vec<String>,
    row: u64,
    rows: usize,
    document: Option<D>,
}

impl<R: Read, D: RowDocument> DocumentReader<R, D> {
    pub(crate) fn new(
        source: R,
        columns: &'static [Column],
        table: &TableOptions,
        options: D::Options,
    ) -> Result<DocumentReader<R, D>, FileError> {
        let table = TableReader::open(source, table, |_| columns)?;
        Ok(DocumentReader { table, options, open: None, waiting: None })
    }

    pub(crate) fn unknown(&self) -> &[String] {
        self.table.unknown()
    }
}

impl<R: Read, D: RowDocument> RowReader<R> for DocumentReader<R, D> {
    fn parts(&mut self) -> (&mut TableReader<R>, &mut Option<FileError>) {
        (&mut self.table, &mut self.waiting)
    }

    fn take_row(&mut self) -> Result<Option<Record>, FileError> {
        let table = &self.table;
        let differs = |open: &Open<D>| {
            let mut columns = D::HEAD.zip(&open.head);
            columns.find(|(column, cell)| table.cell(*column) != cell.as_str()).map(|(n, _)| n)
        };
        let mut finished = None;
        let different = self.open.as_ref().map_or(Some(D::HEAD.start), differs);
        if let Some(column) = different {
            let is_same = |open: &&Open<D>| {
                let cell = |name: usize| &open.head[name - D::HEAD.start];
                D::NAME.iter().all(|name| table.cell(*name) == cell(*name))
            };
            if let Some(open) = self.open.as_ref().filter(is_same) {
                return Err(table.fault(column, TableFault::Differs(open.row)));
            }
            finished = self.close();
            let begun = D::begin(&self.table, &self.options);
            let (document, error) = match begun {
                Ok(document) => (Some(document), None),
                Err(error) => (None, Some(error)),
            };
            let head = D::HEAD.map(|column| self.table.cell(column).to_string()).collect();
            self.open = Some(Open { head, row: self.table.row_number(), rows: 0, document });
            if let Some(error) = error {
                return self.later(finished, error);
            }
        }
        let added = match &mut self.open {
            Some(Open { document: Some(document), rows, .. }) => {
                *rows += 1;
                match *rows > MAX_ROWS {
                    true => Err(self.table.header_fault(TableFault::TooManyRows(MAX_ROWS))),
                    false => document.add(&self.table, &self.options),
                }
            }
            _ => Ok(()),
        };
        match added {
            Ok(()) => Ok(finished),
            Err(error) => self.later(finished, error),
        }
    }

    fn close(&mut self) -> Option<Record> {
        self.open.take()?.document.map(D::finish)
    }
}

impl<R: Read, D: RowDocument> Iterator for DocumentReader<R, D> {
    type Item = Result<Record, FileError>;

    fn next(&mut self) -> Option<Result<Record, FileError>> {
        self.next_record()
    }
}
