//! What was found, as a person or a program reads it: one file for each format.
//!
//! Findings go to the report while the file is read, so that a report of any length needs little
//! memory. [`Hearing`] listens to the checking, counts, and hands on what is to be told.

mod told;

mod verdict;

// What the formats have in common.
mod answer;
mod excerpt;
mod expectation;
pub(crate) mod markup;
mod nearest;
mod words;

// The formats.
mod html;
mod json;
mod jsonl;
mod junit;
mod sarif;
mod short;
mod text;

use std::io::{self, Write};
use std::sync::Arc;

use tieline_mapping::business;
use tieline_x12::delimiters::Delimiters;
use tieline_x12::finding::{Finding, Severity};
use tieline_x12::header::Header;
use tieline_x12::observer::{GroupOutcome, InterchangeOutcome, Observer, Scene, SetOutcome};
use tieline_x12::plan::Plan;
use tieline_x12::segment::Segment;

use crate::business::Business;
use crate::console::Paint;

pub(crate) use markup::escaped;
pub(crate) use told::{Found, Level, Told};
pub(crate) use verdict::Verdict;

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people: the place, what was expected, what to do
    Text,
    /// One line for each finding, for editors and grep
    Short,
    /// One document; the contract is docs/report.schema.json
    Json,
    /// One JSON object for each finding, and one for each file
    Jsonl,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for build servers: a test case for each transaction set
    Junit,
    /// A page to hand on
    Html,
}

/// How a report is to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) paint: Paint,
    /// Nothing about what is good.
    pub(crate) quiet: bool,
    /// Warnings count as errors do.
    pub(crate) deny_warnings: bool,
}

/// A report about one or more files.
pub(crate) trait Report: Sync {
    /// Writes what stands before the first file.
    fn begin(&self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// The part about one file. In formats with a joint, what it writes begins with that.
    fn file<'w>(&self, out: Box<dyn Write + 'w>) -> Box<dyn FileReport + 'w>;

    /// What stands between two pieces; it is taken away before the first of all.
    fn joint(&self) -> &'static str {
        ""
    }

    /// Writes what stands after the last file.
    fn end(&self, _: &mut dyn Write, _: &[Verdict]) -> io::Result<()> {
        Ok(())
    }
}

/// The part of a report about one file, written while the file is read.
pub(crate) trait FileReport {
    /// Something was found.
    fn finding(&mut self, told: &Told<'_>) -> io::Result<()>;

    /// A transaction set ended.
    fn set(&mut self, _file: &str, _: &SetOutcome, _: &Envelope) -> io::Result<()> {
        Ok(())
    }

    /// The file ended, or could not be read.
    fn end(&mut self, verdict: &Verdict) -> io::Result<()>;
}

/// The interchange, group and set that are being read, by their control numbers.
#[derive(Debug, Default)]
pub(crate) struct Envelope {
    pub(crate) delimiters: Option<Delimiters>,
    pub(crate) interchange: Option<Vec<u8>>,
    pub(crate) group: Option<Vec<u8>>,
    pub(crate) set: Option<Vec<u8>>,
}

impl Format {
    /// The report in this form.
    pub(crate) fn report(self, manner: Manner) -> Box<dyn Report> {
        match self {
            Format::Text => Box::new(text::Text::new(manner)),
            Format::Short => Box::new(short::Short),
            Format::Json => Box::new(json::Json),
            Format::Jsonl => Box::new(jsonl::Jsonl),
            Format::Sarif => Box::new(sarif::Sarif),
            Format::Junit => Box::new(junit::Junit::new(manner)),
            Format::Html => Box::new(html::Html),
        }
    }

    /// How many errors, and how many warnings, of a file it tells unless asked for another number.
    pub(crate) fn most(self) -> u64 {
        match self {
            Format::Text => 50,
            Format::Html => 200,
            Format::Json | Format::Jsonl | Format::Sarif | Format::Junit | Format::Short => 5_000,
        }
    }
}

/// Listens to the checking of one file.
pub(crate) struct Hearing<'w> {
    verdict: Verdict,
    envelope: Envelope,
    report: Box<dyn FileReport + 'w>,
    /// How many findings of each severity are told.
    most: u64,
    told: Count,
    /// Those of the set that is being read.
    heard_of_set: Count,
    /// Looks for business findings, if they are wanted.
    business: Option<Business<'w>>,
    business_told: BusinessCount,
    failed: Option<io::Error>,
}

/// How many findings there are of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Count {
    pub(crate) errors: u64,
    pub(crate) warnings: u64,
}

impl Count {
    fn of(&mut self, severity: Severity) -> &mut u64 {
        match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        }
    }
}

/// How many business findings there are of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct BusinessCount {
    pub(crate) errors: u64,
    pub(crate) warnings: u64,
    pub(crate) infos: u64,
}

impl BusinessCount {
    fn of(&mut self, severity: business::Severity) -> &mut u64 {
        match severity {
            business::Severity::Error => &mut self.errors,
            business::Severity::Warning => &mut self.warnings,
            business::Severity::Info => &mut self.infos,
        }
    }

    /// All of them.
    pub(crate) fn all(self) -> u64 {
        self.errors + self.warnings + self.infos
    }
}

impl<'w> Hearing<'w> {
    /// Listens to a file, and tells the report at most so many findings of each severity.
    pub(crate) fn new(
        file: String,
        report: Box<dyn FileReport + 'w>,
        most: u64,
        business: Option<Business<'w>>,
    ) -> Hearing<'w> {
        Hearing {
            business,
            business_told: BusinessCount::default(),
            verdict: Verdict::new(file),
            envelope: Envelope::default(),
            report,
            most,
            told: Count::default(),
            heard_of_set: Count::default(),
            failed: None,
        }
    }

    /// Whether the report can still be written.
    pub(crate) fn goes_on(&self) -> bool {
        self.failed.is_none()
    }

    /// Ends the report; `finish` fills in what only shows when reading is over.
    pub(crate) fn end(mut self, finish: impl FnOnce(&mut Verdict)) -> io::Result<Verdict> {
        finish(&mut self.verdict);
        self.verdict.settle(self.told, self.business_told);
        match self.failed {
            Some(error) => Err(error),
            None => {
                self.report.end(&self.verdict)?;
                Ok(self.verdict)
            }
        }
    }

    /// Tells the business findings of the set that ends.
    fn notice(&mut self, outcome: &SetOutcome) {
        let Some(mut business) = self.business.take() else { return };
        if let Some(of_set) = business.end(outcome) {
            for noticed in &of_set.found {
                let finding = &noticed.finding;
                *self.verdict.business.of(finding.severity) += 1;
                self.verdict.business_codes.insert((finding.code, finding.severity));
                let told = self.business_told.of(finding.severity);
                if *told == self.most {
                    continue;
                }
                *told += 1;
                let scene = of_set.scene(noticed);
                self.attempt(|this| {
                    let (file, found) = (this.verdict.file.as_str(), Found::Business(noticed));
                    let told = Told { file, found, scene: &scene, envelope: &this.envelope };
                    this.report.finding(&told)
                });
            }
        }
        self.business = Some(business);
    }

    fn attempt(&mut self, write: impl FnOnce(&mut Self) -> io::Result<()>) {
        if self.failed.is_none() {
            self.failed = write(self).err();
        }
    }
}

impl Observer for Hearing<'_> {
    fn finding(&mut self, finding: Finding, scene: &Scene<'_>) {
        *self.verdict.count.of(finding.severity) += 1;
        if finding.at.segment > 0 {
            *self.heard_of_set.of(finding.severity) += 1;
        }
        self.verdict.codes.insert((finding.severity, finding.fault.number()));
        if let Some(business) = &mut self.business {
            business.hear(&finding);
        }
        let told = self.told.of(finding.severity);
        if *told == self.most {
            return;
        }
        *told += 1;
        self.attempt(|this| {
            let file = &this.verdict.file;
            let found = Found::Standard(&finding);
            let told = Told { file, found, scene, envelope: &this.envelope };
            this.report.finding(&told)
        });
    }

    fn interchange(&mut self, header: &Arc<Header>) {
        self.envelope = Envelope {
            delimiters: Some(header.delimiters()),
            interchange: Some(header.control_number().to_vec()),
            ..Envelope::default()
        };
        if let Some(business) = &mut self.business {
            business.interchange(header);
        }
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        if let Some(business) = &mut self.business {
            business.envelope(segment);
        }
        if segment.id().as_bytes() == b"GS" {
            self.envelope.group = Some(segment.element(6).to_vec());
        }
    }

    fn set(&mut self, segment: &Segment<'_>, plan: Option<&Arc<Plan>>) {
        self.envelope.set = Some(segment.element(2).to_vec());
        self.heard_of_set = Count::default();
        if let Some(business) = &mut self.business {
            business.begin(segment, plan);
        }
        if let Some(guide) = plan.and_then(|plan| plan.guide())
            && !self.verdict.guides.contains(guide)
        {
            self.verdict.guides.insert(guide.to_string());
        }
    }

    fn segment(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        if let Some(business) = &mut self.business {
            business.segment(segment, row);
        }
    }

    fn set_end(&mut self, outcome: &SetOutcome) {
        // What was not told is counted all the same.
        let untold = u64::from(outcome.untold);
        let all = u64::from(outcome.warnings);
        let warnings = all.saturating_sub(self.heard_of_set.warnings).min(untold);
        self.verdict.count.warnings += warnings;
        self.verdict.count.errors += untold - warnings;
        self.verdict.wrong_sets += u64::from(outcome.errors > 0);
        self.notice(outcome);
        self.attempt(|this| this.report.set(&this.verdict.file, outcome, &this.envelope));
        self.envelope.set = None;
    }

    fn group_end(&mut self, outcome: &GroupOutcome) {
        self.verdict.hear_group(outcome);
        self.envelope.group = None;
    }

    fn interchange_end(&mut self, outcome: &InterchangeOutcome) {
        self.verdict.hear_interchange(outcome);
        self.envelope = Envelope::default();
    }
}
