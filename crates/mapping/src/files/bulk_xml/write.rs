//! Writes records as elements.

use std::io::Write;

use serde_json::{Map, Value};
use tieline_model::record::Record;
use tieline_model::usage::{IntervalSeries, UsageItem, UsageReport};

use super::{BulkXmlFault, BulkXmlOptions, PLACES, RESIDUE, VERSION, item_name, series};
use crate::files::error::{FileError, FileFault, Place};
use crate::files::sink::Sink;
use crate::files::xml::{escape, is_text};

/// Writes usage reports and bills. A record that cannot be written leaves no trace.
#[derive(Debug)]
pub struct Writer<W: Write> {
    sink: Sink<W>,
    out: Vec<u8>,
    records: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a file, in an archive if the options name a document in it.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the sink does not take the bytes.
    pub fn new(sink: W, options: &BulkXmlOptions) -> Result<Writer<W>, FileError> {
        let mut sink = Sink::new(sink, options.archive_name.as_deref())?;
        let mut out = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_vec();
        out.extend(format!("<tieline version=\"{VERSION}\">\n").as_bytes());
        sink.write(&mut out)?;
        Ok(Writer { sink, out, records: 0 })
    }

    /// Writes a usage report or a bill.
    ///
    /// # Errors
    ///
    /// [`FileFault::NotHeld`] for another record, [`BulkXmlFault`] for text that XML has no form
    /// for, or what the sink says.
    pub fn write(&mut self, record: &Record) -> Result<(), FileError> {
        self.records += 1;
        let written = self.record(record);
        if let Err(fault) = written {
            self.out.clear();
            return Err(FileError::new(Place::Record(self.records), fault));
        }
        self.sink.write(&mut self.out)
    }

    /// Ends the file and gives back the sink.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the sink does not take the bytes.
    pub fn finish(mut self) -> Result<W, FileError> {
        self.out.extend(b"</tieline>\n");
        self.sink.write(&mut self.out)?;
        self.sink.finish()
    }

    fn record(&mut self, record: &Record) -> Result<(), FileFault> {
        let (name, value, all) = match record {
            Record::UsageReport(report) => {
                let all: Vec<&IntervalSeries> = report.series().map(|(_, one)| one).collect();
                ("usage_report", serde_json::to_value(without_points(report)), all)
            }
            Record::Bill(bill) => ("bill", serde_json::to_value(bill), Vec::new()),
            _ => return Err(FileFault::NotHeld("records but usage reports and bills")),
        };
        let value = value.map_err(|_| FileFault::NotHeld("record of this form"))?;
        let mut all = all.into_iter();
        let mut pen = Pen { out: &mut self.out, series: &mut all, depth: 1 };
        Ok(pen.element(name, &value)?)
    }
}

/// The report with its series empty, which are written point by point.
fn without_points(report: &UsageReport) -> UsageReport {
    let mut report = report.clone();
    for section in &mut report.sections {
        for item in &mut section.items {
            if let UsageItem::Series(series) = item
                && let Ok(mut empty) = IntervalSeries::new(
                    series.direction(),
                    series.unit.clone(),
                    series.seconds(),
                    series.zone.clone(),
                    series.start(),
                )
            {
                empty.stamping = series.stamping;
                empty.residue = std::mem::take(&mut series.residue);
                *series = empty;
            }
        }
    }
    report
}

/// Writes values; `series` are those of the record, in their order.
struct Pen<'o, 's> {
    out: &'o mut Vec<u8>,
    series: &'o mut dyn Iterator<Item = &'s IntervalSeries>,
    depth: usize,
}

impl Pen<'_, '_> {
    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n(b' ', 2 * self.depth));
    }

    fn element(&mut self, name: &str, value: &Value) -> Result<(), BulkXmlFault> {
        match value {
            Value::Null => Ok(()),
            Value::Array(items) if items.is_empty() => Ok(()),
            Value::Array(items) => self.list(name, items),
            Value::Object(members) => self.object(name, members),
            Value::String(text) => self.leaf(name, None, text),
            Value::Bool(_) | Value::Number(_) => self.leaf(name, None, &value.to_string()),
        }
    }

    fn leaf(&mut self, name: &str, code: Option<&str>, text: &str) -> Result<(), BulkXmlFault> {
        self.indent();
        self.open(name, code)?;
        if !is_text(text) {
            return Err(BulkXmlFault::Text);
        }
        escape(text, self.out);
        self.close(name);
        Ok(())
    }

    fn open(&mut self, name: &str, code: Option<&str>) -> Result<(), BulkXmlFault> {
        self.out.push(b'<');
        self.out.extend(name.as_bytes());
        if let Some(code) = code {
            if !is_text(code) {
                return Err(BulkXmlFault::Text);
            }
            self.out.extend(b" code=\"");
            escape(code, self.out);
            self.out.push(b'"');
        }
        self.out.push(b'>');
        Ok(())
    }

    fn close(&mut self, name: &str) {
        self.out.extend(b"</");
        self.out.extend(name.as_bytes());
        self.out.extend(b">\n");
    }

    fn list(&mut self, name: &str, items: &[Value]) -> Result<(), BulkXmlFault> {
        self.indent();
        self.open(name, None)?;
        self.out.push(b'\n');
        self.depth += 1;
        let item = item_name(name).unwrap_or("item");
        for value in items {
            match value.as_object().filter(|_| item.is_empty()) {
                Some(variant) => {
                    for (kind, value) in variant {
                        self.element(kind, value)?;
                    }
                }
                None => self.element(item, value)?,
            }
        }
        self.depth -= 1;
        self.indent();
        self.close(name);
        Ok(())
    }

    fn object(&mut self, name: &str, members: &Map<String, Value>) -> Result<(), BulkXmlFault> {
        if name == RESIDUE {
            let text = Value::Object(members.clone()).to_string();
            return self.leaf(name, None, &text);
        }
        let meaning = members.get("meaning");
        let code = meaning.map(|_| members.get("raw").and_then(Value::as_str).unwrap_or_default());
        if let Some(Value::String(meaning)) = meaning {
            return self.leaf(name, code, meaning);
        }
        let members = match meaning {
            Some(Value::Object(inner)) => inner,
            _ => members,
        };
        self.indent();
        self.open(name, code)?;
        self.out.push(b'\n');
        self.depth += 1;
        let is_series = name == "series";
        for (name, value) in members {
            let is_of_points =
                is_series && matches!(name.as_str(), "quality" | "quantities" | "exceptions");
            if !is_of_points && !PLACES.contains(&name.as_str()) {
                self.element(name, value)?;
            }
        }
        if is_series && let Some(series) = self.series.next() {
            series::write(series, self.depth, self.out)?;
        }
        self.depth -= 1;
        self.indent();
        self.close(name);
        Ok(())
    }
}
