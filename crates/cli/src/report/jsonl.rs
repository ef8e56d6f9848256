//! `jsonl`: one JSON object for each finding, written as it is found, and one for each file.

use std::io::{self, Write};

use serde::Serialize;

use crate::report::json::{FileObject, FindingObject};
use crate::report::{FileReport, Report, Told, Verdict};

/// One JSON object a line.
pub(super) struct Jsonl;

struct JsonlFile<'w>(Box<dyn Write + 'w>);

/// A finding and the file it is of.
#[derive(Debug, Serialize)]
struct Line<'a> {
    file: &'a str,
    #[serde(flatten)]
    finding: FindingObject,
}

impl Report for Jsonl {
    fn file<'w>(&self, out: Box<dyn Write + 'w>) -> Box<dyn FileReport + 'w> {
        Box::new(JsonlFile(out))
    }
}

impl FileReport for JsonlFile<'_> {
    fn finding(&mut self, told: &Told<'_>) -> io::Result<()> {
        let line = Line { file: told.file, finding: FindingObject::of(told.found) };
        serde_json::to_writer(&mut self.0, &line)?;
        self.0.write_all(b"\n")
    }

    fn end(&mut self, verdict: &Verdict) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, &FileObject::of(verdict, None))?;
        self.0.write_all(b"\n")?;
        self.0.flush()
    }
}
