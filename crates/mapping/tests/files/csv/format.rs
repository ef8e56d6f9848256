//! The formats, each read and written in one way.

use std::collections::BTreeMap;

use serde::Deserialize;
use tieline_mapping::files::billing_csv::{self, BillingCsvOptions};
use tieline_mapping::files::payment_csv::{self, PaymentCsvOptions};
use tieline_mapping::files::usage_csv::{self, UsageCsvOptions};
use tieline_mapping::files::{FileError, Holds};
use tieline_model::record::Record;

/// A format with one partner's options.
#[derive(Debug, Clone)]
pub(crate) enum Format {
    Usage(UsageCsvOptions),
    Bills(BillingCsvOptions),
    Payments(PaymentCsvOptions),
}

/// What was read: records, what was wrong, and columns that are not known.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) records: Vec<Record>,
    pub(crate) errors: Vec<String>,
    pub(crate) unknown: Vec<String>,
}

impl Format {
    /// The format of a sample by the beginning of its name, with the options beside it.
    pub(crate) fn of(name: &str, options: &str) -> Option<Format> {
        Some(match name.split('-').next()? {
            "usage" => Format::Usage(read(options)),
            "bills" => Format::Bills(read(options)),
            "payments" => Format::Payments(read(options)),
            _ => return None,
        })
    }

    pub(crate) fn read(&self, bytes: &[u8]) -> Found {
        match self {
            Format::Usage(options) => match usage_csv::Reader::new(bytes, options) {
                Ok(reader) => Found::of(reader.unknown_columns().to_vec(), reader),
                Err(error) => Found::of_error(error),
            },
            Format::Bills(options) => match billing_csv::Reader::new(bytes, options) {
                Ok(reader) => Found::of(reader.unknown_columns().to_vec(), reader),
                Err(error) => Found::of_error(error),
            },
            Format::Payments(options) => match payment_csv::Reader::new(bytes, options) {
                Ok(reader) => Found::of(reader.unknown_columns().to_vec(), reader),
                Err(error) => Found::of_error(error),
            },
        }
    }

    pub(crate) fn write(&self, records: &[Record]) -> Result<String, FileError> {
        let bytes = match self {
            Format::Usage(options) => {
                let mut writer = usage_csv::Writer::new(Vec::new(), options)?;
                records.iter().try_for_each(|record| writer.write(record))?;
                writer.finish()?
            }
            Format::Bills(options) => {
                let mut writer = billing_csv::Writer::new(Vec::new(), options)?;
                records.iter().try_for_each(|record| writer.write(record))?;
                writer.finish()?
            }
            Format::Payments(options) => {
                let mut writer = payment_csv::Writer::new(Vec::new(), options)?;
                records.iter().try_for_each(|record| writer.write(record))?;
                writer.finish()?
            }
        };
        Ok(String::from_utf8(bytes).expect("a table is text"))
    }

    pub(crate) fn holds(&self) -> Holds {
        match self {
            Format::Usage(options) => options.layout.holds(),
            Format::Payments(_) => payment_csv::HOLDS,
            Format::Bills(_) => billing_csv::HOLDS,
        }
    }
}

impl Found {
    fn of(unknown: Vec<String>, records: impl Iterator<Item = Result<Record, FileError>>) -> Found {
        let mut found = Found { unknown, ..Found::default() };
        for record in records {
            match record {
                Ok(record) => found.records.push(record),
                Err(error) => found.errors.push(error.to_string()),
            }
        }
        found
    }

    fn of_error(error: FileError) -> Found {
        Found { errors: vec![error.to_string()], ..Found::default() }
    }
}

fn read<T: for<'de> Deserialize<'de>>(options: &str) -> T {
    toml::from_str(options).expect("the options of a sample can be read")
}

/// Options that differ in everything a reader has to find out or be told.
pub(crate) fn layouts() -> Vec<(&'static str, tieline_mapping::files::table::TableOptions)> {
    use tieline_mapping::files::table::{LineEnd, Separator, TableOptions};
    let plain = TableOptions::default();
    let headers = BTreeMap::from([("account".to_string(), "Kunde; \"Nr\"".to_string())]);
    vec![
        ("plain", plain.clone()),
        ("tabs", TableOptions { separator: Separator::Tab, ..plain.clone() }),
        (
            "commas before decimals",
            TableOptions {
                separator: Separator::Semicolon,
                line_end: LineEnd::Lf,
                decimal_comma: true,
                headers,
                ..plain
            },
        ),
    ]
}
