//! Records of the model in files of every format: found out, read one by one, written one by one.

mod costs;
mod files;
mod json;
mod read;
mod tables;
mod write;
mod x12;

use std::path::Path;

pub(crate) use read::{Each, Reader, Source, Unsaid};
pub(crate) use tables::Table;
pub(crate) use write::Target;
pub(crate) use x12::Sending;

/// A format of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// ASC X12: 867, 810, 820, 814, 824
    X12,
    /// Our own model, as `docs/model.schema.json` describes it
    Json,
    /// A table of usage, bills or payments, as `docs/formats-csv.md` describes it
    Csv,
    /// A workbook for Excel with the same tables as sheets; it can only be written
    Xlsx,
    /// Green Button: ESPI in an Atom feed, plain or zipped
    Espi,
    /// Our bulk XML of usage and bills, as `docs/formats-xml.md` describes it
    Xml,
    /// An answer of SmartHub's usage endpoint; it can only be read
    Smarthub,
}

impl Format {
    /// The format that the ending of a file's name stands for.
    pub(crate) fn of_name(file: &Path) -> Option<Format> {
        let ending = file.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "edi" | "x12" | "810" | "814" | "820" | "824" | "867" => Some(Format::X12),
            "json" | "jsonl" => Some(Format::Json),
            "csv" | "tsv" | "txt" => Some(Format::Csv),
            "xlsx" => Some(Format::Xlsx),
            "zip" => Some(Format::Espi),
            "xml" => Some(Format::Xml),
            _ => None,
        }
    }

    /// The format that the first bytes of a file show.
    pub(crate) fn of_content(start: &[u8]) -> Option<Format> {
        let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
        let has = |part: &[u8]| start.windows(part.len()).any(|window| window == part);
        match start {
            // An answer begins with its status or its data; a record with what it is.
            [b'{', ..] if has(b"\"status\"") && !has(b"\"meaning\"") => Some(Format::Smarthub),
            [b'{' | b'[', ..] => Some(Format::Json),
            // Every workbook begins with what its parts are.
            [b'P', b'K', 3, 4, ..] if has(b"[Content_Types].xml") => Some(Format::Xlsx),
            [b'<', ..] if has(b"<tieline") => Some(Format::Xml),
            [b'<', ..] | [b'P', b'K', 3, 4, ..] => Some(Format::Espi),
            _ if start.starts_with(b"ISA") => Some(Format::X12),
            _ if is_table(start) => Some(Format::Csv),
            _ => None,
        }
    }
}

/// Whether the first line is text in several cells.
fn is_table(start: &[u8]) -> bool {
    let line = start.split(|b| *b == b'\n').next().unwrap_or_default();
    let is_text = line.iter().all(|b| !b.is_ascii_control() || matches!(b, b'\t' | b'\r'));
    is_text && line.iter().any(|b| matches!(b, b',' | b';' | b'\t'))
}
