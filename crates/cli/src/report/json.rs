//! `json`: the report as one document. Its form is a contract, docs/report.schema.json.

use std::io::{self, Write};

use serde::Serialize;
use tieline_x12::finding::AckCodes;

use crate::report::{BusinessCount, Count, FileReport, Found, Report, Told, Verdict};

/// The report as one document.
pub(super) struct Json;

struct JsonFile<'w> {
    out: Box<dyn Write + 'w>,
    findings: Vec<FindingObject>,
}

/// What writes reports.
#[derive(Debug, Serialize)]
pub(super) struct Tool {
    name: &'static str,
    version: &'static str,
}

pub(super) const TOOL: Tool = Tool { name: "tieline", version: env!("CARGO_PKG_VERSION") };

/// One file.
#[derive(Debug, Serialize)]
pub(super) struct FileObject<'a> {
    file: &'a str,
    accepted: bool,
    bytes: u64,
    interchanges: u64,
    groups: u64,
    sets: u64,
    segments: u64,
    /// All there are; exact even where findings are left out.
    errors: u64,
    warnings: u64,
    /// Business findings, which no acknowledgment speaks of.
    business: BusinessObject,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<&'a [FindingObject]>,
    /// How many findings are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<CountObject>,
    /// Why the file could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
}

/// Business findings: all there are, and how many of them are left out.
#[derive(Debug, Serialize)]
struct BusinessObject {
    errors: u64,
    warnings: u64,
    infos: u64,
    #[serde(skip_serializing_if = "is_zero")]
    suppressed: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[derive(Debug, Serialize)]
struct CountObject {
    errors: u64,
    warnings: u64,
}

/// One finding; it holds no data of the document.
#[derive(Debug, Serialize)]
pub(super) struct FindingObject {
    code: String,
    severity: &'static str,
    message: String,
    help: Option<String>,
    /// Counts the sets of the file from 1; none for the envelope.
    set_index: Option<u64>,
    segment: Option<u32>,
    segment_id: Option<String>,
    element: Option<u8>,
    component: Option<u8>,
    repetition: Option<u16>,
    offset: u64,
    /// In bytes.
    length: usize,
    line: u64,
    path: String,
    /// The guide and its rule that ask for more than the standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<RuleObject>,
    ack: AckObject,
}

#[derive(Debug, Serialize)]
struct RuleObject {
    guide: String,
    rule: String,
}

#[derive(Debug, Serialize)]
struct AckObject {
    ta105: Option<&'static str>,
    ak304: Option<&'static str>,
    ak403: Option<&'static str>,
    ak502: Option<&'static str>,
    ak905: Option<&'static str>,
}

impl Report for Json {
    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{{\"tool\":{},\"files\":[", serde_json::to_string(&TOOL)?)
    }

    fn file<'w>(&self, out: Box<dyn Write + 'w>) -> Box<dyn FileReport + 'w> {
        Box::new(JsonFile { out, findings: Vec::new() })
    }

    fn joint(&self) -> &'static str {
        ","
    }

    fn end(&self, out: &mut dyn Write, _: &[Verdict]) -> io::Result<()> {
        writeln!(out, "]}}")
    }
}

impl FileReport for JsonFile<'_> {
    fn finding(&mut self, told: &Told<'_>) -> io::Result<()> {
        self.findings.push(FindingObject::of(told.found));
        Ok(())
    }

    fn end(&mut self, verdict: &Verdict) -> io::Result<()> {
        self.out.write_all(b",")?;
        serde_json::to_writer(&mut self.out, &FileObject::of(verdict, Some(&self.findings)))?;
        self.out.flush()
    }
}

impl<'a> FileObject<'a> {
    pub(super) fn of(
        verdict: &'a Verdict,
        findings: Option<&'a [FindingObject]>,
    ) -> FileObject<'a> {
        let totals = verdict.totals;
        let suppressed = verdict.suppressed;
        FileObject {
            file: &verdict.file,
            accepted: verdict.accepted,
            bytes: totals.bytes,
            interchanges: totals.interchanges,
            groups: totals.groups,
            sets: totals.sets,
            segments: totals.segments,
            errors: verdict.count.errors,
            warnings: verdict.count.warnings,
            business: BusinessObject::of(verdict.business, verdict.business_suppressed),
            findings,
            suppressed: (suppressed != Count::default()).then_some(CountObject {
                errors: suppressed.errors,
                warnings: suppressed.warnings,
            }),
            failure: verdict.failure.as_ref().map(|failure| failure.message.as_str()),
        }
    }
}

impl BusinessObject {
    fn of(all: BusinessCount, suppressed: BusinessCount) -> BusinessObject {
        let BusinessCount { errors, warnings, infos } = all;
        BusinessObject { errors, warnings, infos, suppressed: suppressed.all() }
    }
}

impl FindingObject {
    pub(super) fn of(found: Found<'_>) -> FindingObject {
        let at = found.at();
        let id = found.segment().to_string();
        FindingObject {
            code: found.code(),
            severity: found.level().as_str(),
            message: found.message(),
            help: found.remedy().map(str::to_string),
            set_index: (at.set > 0).then_some(at.set),
            segment: (at.segment > 0).then_some(at.segment),
            segment_id: (!id.is_empty()).then_some(id),
            element: (at.element > 0).then_some(at.element),
            component: (at.component > 0).then_some(at.component),
            repetition: (at.repetition > 0).then_some(at.repetition),
            offset: at.offset,
            length: found.length(),
            line: at.line,
            path: found.path().to_string(),
            rule: found
                .rule()
                .map(|rule| RuleObject { guide: rule.guide.clone(), rule: rule.rule.clone() }),
            ack: AckObject::of(found.ack()),
        }
    }
}

impl AckObject {
    fn of(codes: AckCodes) -> AckObject {
        let AckCodes { ta105, ak304, ak403, ak502, ak905 } = codes;
        AckObject { ta105, ak304, ak403, ak502, ak905 }
    }
}
