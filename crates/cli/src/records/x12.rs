//! Records as X12: each transaction set one record, each envelope one before them.

use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use tieline_mapping::derived::derive;
use tieline_mapping::files::Losses;
use tieline_mapping::naming::name_parties;
use tieline_mapping::options::Options;
use tieline_mapping::{document, envelope};
use tieline_model::envelope::{Group, Interchange};
use tieline_model::record::Record;
use tieline_model::usage::UsageReport;
use tieline_x12::check::Checker;
use tieline_x12::compose::{self, Set};
use tieline_x12::delimiters::Delimiters;
use tieline_x12::finding::{Finding, Severity};
use tieline_x12::header::Header;
use tieline_x12::observer::{Observer, Scene, SetOutcome};
use tieline_x12::plan::Plan;
use tieline_x12::segment::Segment;
use tieline_x12::table::Release;

use super::costs::without_costs;
use super::read::{Each, NUMBER};
use crate::each_set::HeldSet;
use crate::failure::Failure;
use crate::partners::{Guides, Party};
use crate::{clock, exit, reading};

/// Reads the sets of a file, one held at a time. A file with an error is refused. Says what is
/// in no record: sets that are not known, and acknowledgments of interchanges.
pub(super) fn read(
    input: &mut dyn Read,
    name: &str,
    guides: &Guides,
    each: Each<'_>,
) -> anyhow::Result<Losses> {
    let mut records = EachRecord {
        name,
        guides,
        options: guides.options(None),
        each,
        held: HeldSet::default(),
        numbers: [String::new(), String::new()],
        left_out: Losses::default(),
        errors: Errors::default(),
        failed: None,
    };
    let goes_on = |records: &mut EachRecord<'_>, _| records.failed.is_none();
    let totals = reading::stream(input, reading::WINDOW, guides, &mut records, goes_on)
        .map_err(|error| Failure::no_input(name, &error))?;
    if let Some(error) = records.failed {
        return Err(error);
    }
    if totals.not_x12 {
        let message = format!("{name}: this is not an X12 file");
        return Err(Failure { code: exit::NOT_EDI, message, help: None }.into());
    }
    if records.errors.first.is_empty() {
        return Ok(records.left_out);
    }
    // A file that is wrong is not translated.
    let failure = Failure {
        code: exit::FINDINGS,
        message: format!("{name}: {}", records.errors),
        help: Some(format!("`tieline validate {name}` tells all of it")),
    };
    Err(failure.into())
}

/// The errors of the standard and of guides in a file: the first ones, and how many more.
#[derive(Default)]
struct Errors {
    first: Vec<Finding>,
    more: u64,
}

/// How many errors a message names.
const NAMED: usize = 5;

impl Errors {
    fn hear(&mut self, finding: Finding) {
        if finding.severity == Severity::Error {
            match self.first.len() < NAMED {
                true => self.first.push(finding),
                false => self.more += 1,
            }
        }
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, finding) in self.first.iter().enumerate() {
            write!(f, "{}{finding}", if n > 0 { "\n  " } else { "" })?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

/// Makes a record of each set.
struct EachRecord<'r> {
    name: &'r str,
    guides: &'r Guides,
    options: Arc<Options>,
    each: Each<'r>,
    held: HeldSet,
    /// The control numbers of the interchange and of the group.
    numbers: [String; 2],
    left_out: Losses,
    errors: Errors,
    /// Why a record could not be made or was not taken.
    failed: Option<anyhow::Error>,
}

impl EachRecord<'_> {
    fn give(&mut self, record: Record) {
        if self.failed.is_none() && self.errors.first.is_empty() {
            self.failed = (self.each)(record).err();
        }
    }

    fn fail(&mut self, what: impl fmt::Display, help: Option<&str>) {
        let message = format!("{}: {what}", self.name);
        let failure = Failure { code: exit::FINDINGS, message, help: help.map(str::to_string) };
        self.failed.get_or_insert(failure.into());
    }
}

const NOT_TEXT: &str = "the envelope is not text in UTF-8";

impl Observer for EachRecord<'_> {
    fn finding(&mut self, finding: Finding, _: &Scene<'_>) {
        self.errors.hear(finding);
    }

    fn interchange(&mut self, header: &Arc<Header>) {
        self.held.interchange(header);
        self.options = self.guides.options(Some((header.sender(), header.receiver())));
        self.numbers[0] = String::from_utf8_lossy(header.control_number()).into_owned();
        match envelope::interchange(header) {
            Some(envelope) => self.give(Record::Interchange(envelope.into())),
            None => self.fail(NOT_TEXT, None),
        }
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        self.held.envelope(segment);
        if segment.id().as_bytes() == b"TA1" {
            self.left_out.count("TA1, which answers an interchange");
        }
        if segment.id().as_bytes() == b"GS" {
            self.numbers[1] = String::from_utf8_lossy(segment.element(6)).into_owned();
            match envelope::group(segment) {
                Some(envelope) => self.give(Record::Group(envelope.into())),
                None => self.fail(NOT_TEXT, None),
            }
        }
    }

    fn set(&mut self, segment: &Segment<'_>, plan: Option<&Arc<Plan>>) {
        if plan.is_none() {
            let code = String::from_utf8_lossy(segment.element(1));
            self.left_out.count(&format!("transaction set {code}, which is not known"));
        }
        self.held.begin(segment, plan, plan.is_some());
    }

    fn segment(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        self.held.add(segment, row);
    }

    fn set_end(&mut self, outcome: &SetOutcome) {
        let Some(tree) = self.held.end(outcome) else { return };
        if !self.errors.first.is_empty() || self.failed.is_some() {
            return;
        }
        match document::read(tree.root(self.held.bytes()), &self.options) {
            Ok(mut record) => {
                if let Some(origin) = document::provenance(&mut record).and_then(|it| it.0.as_mut())
                {
                    origin.document = self.name.to_string();
                    [origin.interchange, origin.group] = self.numbers.clone().map(Some);
                }
                self.give(record);
            }
            Err(error) => self.fail(format_args!("set {}: {error}", outcome.number), None),
        }
    }
}

/// What an interchange is sent with when the records do not bring an envelope of their own.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    /// The release of the interchange.
    pub(crate) release: Release,
    /// `ISA13`, `GS06`; those after it follow.
    pub(crate) control_number: u32,
    /// `ISA15` is `P`, not `T`.
    pub(crate) production: bool,
    /// The name of the customer, in records that do not name it.
    pub(crate) customer: Option<String>,
    /// How it is held apart.
    pub(crate) delimiters: Delimiters,
}

/// Records as the sets of interchanges.
pub(super) struct Writer<'w> {
    out: Checked<'w>,
    guides: &'w Guides,
    options: Arc<Options>,
    sending: &'w Sending,
    open: Option<Open>,
    losses: Losses,
}

/// An interchange in the writing.
struct Open {
    writer: compose::Writer,
    release: Release,
    /// Whether its envelope came with the records, so that control numbers of sets are theirs.
    is_given: bool,
    /// The functional group that is open: its `GS01`, and how many sets it has.
    group: Option<(String, u32)>,
    groups: u32,
}

impl<'w> Writer<'w> {
    pub(super) fn new(
        out: &'w mut dyn Write,
        guides: &'w Guides,
        sending: &'w Sending,
    ) -> Writer<'w> {
        let options = guides.options(None);
        let (out, losses) = (Checked::new(out, guides), Losses::default());
        Writer { out, guides, options, sending, open: None, losses }
    }

    pub(super) fn write(&mut self, record: &Record) -> anyhow::Result<()> {
        match record {
            Record::Interchange(envelope) => self.interchange(envelope),
            Record::Group(envelope) => self.group(envelope),
            _ => self.set(record),
        }
    }

    /// Writes the end; what no set has a place for.
    pub(super) fn finish(mut self) -> anyhow::Result<Losses> {
        self.close()?;
        self.out.finish()?;
        Ok(self.losses)
    }

    fn interchange(&mut self, given: &Interchange) -> anyhow::Result<()> {
        self.close()?;
        let (draft, delimiters) = envelope::draft_interchange(given).map_err(wrong)?;
        let (from, to) = (&draft.sender, &draft.receiver);
        let sender = (from.0.as_bytes(), from.1.as_bytes());
        let receiver = (to.0.as_bytes(), to.1.as_bytes());
        self.options = self.guides.options(Some((sender, receiver)));
        self.begin(&draft, &delimiters, true)
    }

    fn begin(
        &mut self,
        draft: &compose::Interchange,
        delimiters: &Delimiters,
        is_given: bool,
    ) -> anyhow::Result<()> {
        let writer = compose::Writer::open(draft, delimiters).map_err(wrong)?;
        let release = draft.release;
        self.open = Some(Open { writer, release, is_given, group: None, groups: 0 });
        Ok(())
    }

    fn group(&mut self, given: &Group) -> anyhow::Result<()> {
        let Some(open) = &mut self.open else {
            return Err(wrong("a group stands outside of an interchange").into());
        };
        let draft = envelope::draft_group(given).map_err(wrong)?;
        open.writer.group(&draft).map_err(wrong)?;
        open.group = Some((draft.functional_id, 0));
        open.groups += 1;
        Ok(())
    }

    fn set(&mut self, record: &Record) -> anyhow::Result<()> {
        let (code, kind) = document::set_of(record).ok_or_else(|| {
            wrong("a record of this kind is sent in no transaction set: leave it out")
        })?;
        let is_given = self.open.as_ref().is_some_and(|open| open.is_given);
        let without = without_costs(record, &self.options.common.units, &mut self.losses);
        let record = without.as_ref().unwrap_or(record);
        let mut named = None;
        if let (false, Some((us, them))) = (is_given, self.guides.sides()) {
            let customer = self.sending.customer.as_deref();
            name_parties(named.insert(record.clone()), us, them, customer, &self.options);
        }
        if let (false, Record::UsageReport(report)) = (is_given, record) {
            let own = named.get_or_insert_with(|| record.clone());
            if let Record::UsageReport(own) = own {
                derive(own);
            }
            has_room(report)?;
        }
        let record = named.as_ref().unwrap_or(record);
        let parties = self.guides.parties(code);
        if self.open.is_none() {
            let parties = parties.clone().ok_or_else(|| {
                let help = "name the partner with --partner: its folder says who sends to whom";
                Failure::usage("nothing says for whom the interchange is", Some(help.to_string()))
            })?;
            let draft = self.own_interchange(&parties);
            let delimiters = self.sending.delimiters;
            self.begin(&draft, &delimiters, false)?;
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        let sets = match &mut open.group {
            Some((group, sets)) if group == kind || open.is_given => {
                *sets += 1;
                *sets
            }
            _ => {
                let Some((sender, receiver)) = &parties else {
                    return Err(wrong("a set stands outside of a functional group").into());
                };
                let number = self.sending.control_number.saturating_add(open.groups);
                let draft = own_group(kind, sender, receiver, number, open.release);
                open.writer.group(&draft).map_err(wrong)?;
                open.group = Some((kind.to_string(), 1));
                open.groups += 1;
                1
            }
        };
        let origin = document::origin(record).filter(|_| open.is_given);
        let set = Set {
            code: code.to_string(),
            control_number: origin
                .and_then(|origin| origin.set.clone())
                .unwrap_or_else(|| format!("{sets:04}")),
            convention: origin.and_then(|origin| origin.convention.clone()),
            segments: Vec::new(),
        };
        let written =
            open.writer.set_with(&set, |body| document::compose(record, &self.options, body));
        written.map_err(wrong)?;
        self.out.take(&mut open.writer)
    }

    fn close(&mut self) -> anyhow::Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        self.out.write(&open.writer.finish().map_err(wrong)?)
    }

    /// The interchange of records that bring none.
    fn own_interchange(&self, (sender, receiver): &(Party, Party)) -> compose::Interchange {
        let (date, time) = clock::now();
        compose::Interchange {
            authorization: None,
            sender: (sender.qualifier.clone(), sender.id.clone()),
            receiver: (receiver.qualifier.clone(), receiver.id.clone()),
            date: date[2..].to_string(),
            time,
            release: self.sending.release,
            control_number: self.sending.control_number,
            acknowledgment_requested: false,
            usage: if self.sending.production { 'P' } else { 'T' },
            acknowledgments: Vec::new(),
            groups: Vec::new(),
        }
    }
}

/// The group of records that bring none.
fn own_group(
    kind: &str,
    sender: &Party,
    receiver: &Party,
    number: u32,
    release: Release,
) -> compose::Group {
    let (date, time) = clock::now();
    compose::Group {
        functional_id: kind.to_string(),
        sender: sender.application.clone(),
        receiver: receiver.application.clone(),
        date,
        time,
        control_number: number,
        control_digits: 1,
        agency: None,
        version: release.to_string(),
        sets: Vec::new(),
    }
}

/// Refuses a service point that no `REF` has room for, as the ids of Green Button are.
fn has_room(report: &UsageReport) -> Result<(), Failure> {
    let sections = report.sections.iter().map(|section| &section.service_point);
    let points = sections.chain([&report.service_point]).flatten();
    let longest = points.map(|point| point.as_str().chars().count()).max().unwrap_or_default();
    match longest > NUMBER {
        false => Ok(()),
        true => {
            let message = format!(
                "the id of the service point has {longest} characters, and a document has room for {NUMBER}"
            );
            let help = Some("name the service point with --service-point".to_string());
            Err(Failure { code: exit::FINDINGS, message, help })
        }
    }
}

/// A record that cannot be written.
fn wrong(what: impl fmt::Display) -> Failure {
    Failure { code: exit::FINDINGS, message: what.to_string(), help: None }
}

const LACKS: &str = "nothing was written; the record lacks what the set needs: a file may leave unsaid \
    what --number, --date, --account, --meter, --service-point, --customer and --summarize add";

/// Writes bytes that a receiver's check accepts.
struct Checked<'w> {
    out: &'w mut dyn Write,
    checker: Checker<'w>,
    pending: Vec<u8>,
    errors: Errors,
}

impl<'w> Checked<'w> {
    fn new(out: &'w mut dyn Write, guides: &'w Guides) -> Checked<'w> {
        let checker = Checker::new(guides);
        Checked { out, checker, pending: Vec::new(), errors: Errors::default() }
    }

    /// Takes what has been composed so far.
    fn take(&mut self, writer: &mut compose::Writer) -> anyhow::Result<()> {
        if writer.bytes().len() >= reading::WINDOW {
            self.write(writer.bytes())?;
            writer.clear();
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.pending.extend(bytes);
        self.check(false)?;
        Ok(self.out.write_all(bytes)?)
    }

    fn finish(mut self) -> anyhow::Result<()> {
        self.check(true)
    }

    fn check(&mut self, last: bool) -> anyhow::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let used = self.checker.window(&self.pending, last, &mut self.errors);
        self.pending.drain(..used);
        if self.errors.first.is_empty() {
            return Ok(());
        }
        let failure = Failure {
            code: exit::FINDINGS,
            message: format!("what would be written is refused: {}", self.errors),
            help: Some(LACKS.to_string()),
        };
        Err(failure.into())
    }
}

impl Observer for Errors {
    fn finding(&mut self, finding: Finding, _: &Scene<'_>) {
        self.hear(finding);
    }
}
