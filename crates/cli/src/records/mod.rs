//! Records of the model in files of every format: found out, read one by one, written one by one.

mod json;
mod read;
mod write;
mod x12;

use std::path::Path;

pub(crate) use read::{Reader, Source};
pub(crate) use write::Target;
pub(crate) use x12::Sending;

/// A format of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// ASC X12: 867, 810, 820, 814, 824
    X12,
    /// Our own model, as `docs/model.schema.json` describes it
    Json,
}

impl Format {
    /// The format that the ending of a file's name stands for.
    pub(crate) fn of_name(file: &Path) -> Option<Format> {
        let ending = file.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "edi" | "x12" | "810" | "814" | "820" | "824" | "867" => Some(Format::X12),
            "json" | "jsonl" => Some(Format::Json),
            _ => None,
        }
    }

    /// The format that the first bytes of a file show.
    pub(crate) fn of_content(start: &[u8]) -> Option<Format> {
        let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
        match start {
            [b'{' | b'[', ..] => Some(Format::Json),
            _ if start.starts_with(b"ISA") => Some(Format::X12),
            _ => None,
        }
    }
}
