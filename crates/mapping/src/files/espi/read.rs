//! Reads a feed, or the feeds of an archive, one usage report after the other.

use std::collections::VecDeque;
use std::io::Read;

use tieline_model::record::Record;

use super::held::{Held, Number};
use super::{EspiFault, EspiOptions, entry, report};
use crate::files::error::FileError;
use crate::files::source::Documents;
use crate::files::xml::{LeftOut, Step, Xml};

/// Reads Green Button: one usage report for each usage point.
///
/// The reports of a feed come in the order of its usage points, as soon as no more can be held. After
/// an error there is nothing more.
#[derive(Debug)]
pub struct Reader<R> {
    documents: Documents<R>,
    document: Option<Document<R>>,
    options: EspiOptions,
    left_out: LeftOut,
    is_over: bool,
}

/// One feed.
#[derive(Debug)]
struct Document<R> {
    xml: Xml<R>,
    held: Held,
    updated: Option<String>,
    /// Usage points that nothing more is waited for.
    ready: VecDeque<Number>,
    is_read: bool,
    is_entry: bool,
}

impl<R: Read> Reader<R> {
    /// Begins to read; `source` is an Atom feed or a zip archive with feeds in it.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the source cannot be read, or is an archive that cannot be.
    pub fn new(source: R, options: &EspiOptions) -> Result<Reader<R>, FileError> {
        Ok(Reader {
            documents: Documents::new(source, options.archive)?,
            document: None,
            options: options.clone(),
            left_out: LeftOut::default(),
            is_over: false,
        })
    }

    /// What was left out so far because the model has no field for it.
    pub fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    fn next_record(&mut self) -> Result<Option<Record>, FileError> {
        loop {
            let document = match &mut self.document {
                Some(document) => document,
                None => match self.documents.next()? {
                    Some(bytes) => self.document.insert(Document::new(Xml::new(bytes))?),
                    None => {
                        for _ in 0..self.documents.others() {
                            self.left_out.note("archive", "file that is no XML");
                        }
                        return Ok(None);
                    }
                },
            };
            if let Some(number) = document.ready.pop_front() {
                let held = &mut document.held;
                let made = document.updated.as_deref();
                let found = report::read(held, number, made, &self.options, &mut self.left_out)?;
                return Ok(Some(Record::UsageReport(Box::new(found))));
            }
            match document.is_read {
                true => self.document = None,
                false => document.advance(self.options.held_intervals, &mut self.left_out)?,
            }
        }
    }
}

impl<R: Read> Document<R> {
    fn new(mut xml: Xml<R>) -> Result<Document<R>, FileError> {
        xml.root("a Green Button file", &["feed", "entry"])?;
        let is_entry = xml.name() == "entry";
        Ok(Document {
            xml,
            held: Held::default(),
            updated: None,
            ready: VecDeque::new(),
            is_read: false,
            is_entry,
        })
    }

    /// Reads an entry; at the end of the feed, and when too much is held, some become ready.
    fn advance(&mut self, limit: usize, left_out: &mut LeftOut) -> Result<(), FileError> {
        if self.is_entry || self.xml.step()? == Step::Open {
            match self.xml.name() {
                "entry" => {
                    let entry = entry::read(&mut self.xml, left_out)?;
                    self.held.add(entry, left_out)?;
                }
                "updated" => self.updated = Some(self.xml.value()?.to_string()),
                _ => self.xml.skip()?,
            }
            if self.held.weight > limit {
                self.ready.extend(self.held.oldest(limit)?);
                if self.ready.is_empty() {
                    return Err(self.xml.fault(EspiFault::TooManyHeld(limit)));
                }
            }
            if !self.is_entry {
                return Ok(());
            }
        }
        // What stands behind the feed is read too, so that it is one document.
        while self.xml.step()? != Step::End {}
        self.is_read = true;
        self.ready.extend(self.held.finish()?);
        Ok(())
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Record, FileError>;

    fn next(&mut self) -> Option<Result<Record, FileError>> {
        if self.is_over {
            return None;
        }
        let record = self.next_record();
        self.is_over = !matches!(record, Ok(Some(_)));
        record.transpose()
    }
}
