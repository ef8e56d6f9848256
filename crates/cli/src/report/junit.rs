//! `junit`: JUnit XML, which build servers read. A file is a test suite, a transaction set a test
//! case, and the envelope around the sets is one more.
//!
//! The counts stand before the cases, so the cases of a file are held until it ends. Of sets without
//! findings, only the first ten thousand are listed; the counts are of all.

use std::io::{self, Write};

use tieline_x12::observer::SetOutcome;

use crate::report::markup::escaped;
use crate::report::short::line;
use crate::report::words::{clipped, shown_within};
use crate::report::{Envelope, FileReport, Level, Manner, Report, Told, Verdict};

/// The most sets without findings that are listed.
const MOST_GOOD: u64 = 10_000;
/// The most characters of a message.
const LONGEST: usize = 300;
const LONGEST_NUMBER: usize = 15;

/// JUnit XML.
pub(super) struct Junit {
    manner: Manner,
}

impl Junit {
    pub(super) fn new(manner: Manner) -> Junit {
        Junit { manner }
    }
}

struct JunitFile<'w> {
    out: Box<dyn Write + 'w>,
    deny_warnings: bool,
    cases: String,
    /// Cases that fail.
    failures: u64,
    good: u64,
    envelope: Found,
    set: Found,
}

/// What was found of one case.
#[derive(Debug, Default)]
struct Found {
    /// The code and the message of the first that fails.
    first: Option<(String, String)>,
    failures: String,
    warnings: String,
}

impl Report for Junit {
    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(
            b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tieline\">\n",
        )
    }

    fn file<'w>(&self, out: Box<dyn Write + 'w>) -> Box<dyn FileReport + 'w> {
        Box::new(JunitFile {
            out,
            deny_warnings: self.manner.deny_warnings,
            cases: String::new(),
            failures: 0,
            good: 0,
            envelope: Found::default(),
            set: Found::default(),
        })
    }

    fn end(&self, out: &mut dyn Write, _: &[Verdict]) -> io::Result<()> {
        out.write_all(b"</testsuites>\n")
    }
}

impl FileReport for JunitFile<'_> {
    fn finding(&mut self, told: &Told<'_>) -> io::Result<()> {
        let finding = told.found;
        let found = if finding.at().segment > 0 { &mut self.set } else { &mut self.envelope };
        let line = line(told) + "\n";
        match finding.level() {
            Level::Info => found.warnings += &line,
            Level::Warning if !self.deny_warnings => found.warnings += &line,
            _ => {
                found.failures += &line;
                found.first.get_or_insert_with(|| (finding.code(), finding.message()));
            }
        }
        Ok(())
    }

    fn set(&mut self, file: &str, outcome: &SetOutcome, envelope: &Envelope) -> io::Result<()> {
        let found = std::mem::take(&mut self.set);
        // Errors that are not told are errors all the same.
        let is_wrong = outcome.errors > 0
            || (self.deny_warnings && outcome.warnings > 0)
            || found.first.is_some();
        self.failures += u64::from(is_wrong);
        if !is_wrong && found.warnings.is_empty() {
            self.good += 1;
            if self.good > MOST_GOOD {
                return Ok(());
            }
        }
        let number = |number: &Option<Vec<u8>>| {
            number.as_deref().map(|number| shown_within(number, LONGEST_NUMBER)).unwrap_or_default()
        };
        let name = format!(
            "ISA {} / GS {} / ST {} ({})",
            number(&envelope.interchange),
            number(&envelope.group),
            shown_within(&outcome.control_number, LONGEST_NUMBER),
            shown_within(&outcome.code, LONGEST_NUMBER),
        );
        let case = case(file, &name, &found, is_wrong);
        self.cases += &case;
        Ok(())
    }

    fn end(&mut self, verdict: &Verdict) -> io::Result<()> {
        let errors = u64::from(verdict.failure.is_some());
        let envelope = std::mem::take(&mut self.envelope);
        let mut last = case(&verdict.file, "envelope", &envelope, envelope.first.is_some());
        self.failures += u64::from(envelope.first.is_some());
        if let Some(failure) = &verdict.failure {
            let message = escaped(&failure.message);
            let file = escaped(&verdict.file);
            last = format!(
                "  <testcase name=\"envelope\" classname=\"{file}\"><error message=\"{message}\"></error></testcase>\n"
            );
        }
        writeln!(
            self.out,
            " <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{errors}\" time=\"{:.3}\">\n{}{last} </testsuite>",
            escaped(&verdict.file),
            verdict.totals.sets + 1,
            self.failures,
            verdict.took.as_secs_f64(),
            self.cases,
        )?;
        self.out.flush()
    }
}

fn case(file: &str, name: &str, found: &Found, is_wrong: bool) -> String {
    let mut inner = String::new();
    if is_wrong {
        let (code, message) = found
            .first
            .as_ref()
            .map_or(("", "findings that are not shown"), |(code, message)| (code, message));
        inner = format!(
            "<failure type=\"{code}\" message=\"{}\">{}</failure>",
            escaped(&clipped(message, LONGEST)),
            escaped(&found.failures),
        );
    }
    if !found.warnings.is_empty() {
        inner += &format!("<system-out>{}</system-out>", escaped(&found.warnings));
    }
    let (name, file) = (escaped(name), escaped(file));
    format!("  <testcase name=\"{name}\" classname=\"{file}\">{inner}</testcase>\n")
}
