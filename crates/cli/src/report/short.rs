//! `short`: one line for each finding, `file:segment:element: code message`.

use std::io::{self, Write};

use crate::report::words::{clipped, printable};
use crate::report::{FileReport, Report, Told, Verdict};

/// The most characters of a message.
const LONGEST: usize = 300;

/// One line for each finding.
pub(super) struct Short;

struct ShortFile<'w>(Box<dyn Write + 'w>);

impl Report for Short {
    fn file<'w>(&self, out: Box<dyn Write + 'w>) -> Box<dyn FileReport + 'w> {
        Box::new(ShortFile(out))
    }
}

impl FileReport for ShortFile<'_> {
    fn finding(&mut self, told: &Told<'_>) -> io::Result<()> {
        writeln!(self.0, "{}", line(told))
    }

    fn end(&mut self, _: &Verdict) -> io::Result<()> {
        self.0.flush()
    }
}

/// A finding on one line; segment and element are 0 where neither is meant.
pub(super) fn line(told: &Told<'_>) -> String {
    let found = told.found;
    format!(
        "{}:{}:{}: {} {}",
        printable(told.file),
        found.at().segment,
        found.at().element,
        found.code(),
        clipped(&printable(&found.message()), LONGEST),
    )
}
