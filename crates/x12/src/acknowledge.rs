//! Answers to what was received: TA1 for an interchange, 997 or 999 for a functional group.
//!
//! They are written from findings and outcomes alone. Groups of acknowledgments are read and never
//! answered. Control numbers, dates and times come from the caller.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::compose::{self, ComposeError, Segment as Draft};
use crate::delimiters::{Delimiters, LineEnd};
use crate::dictionary;
use crate::finding::{AckCodes, Fault, Finding, Severity};
use crate::header::Header;
use crate::observer::{GroupOutcome, InterchangeOutcome, Observer, Scene, SetOutcome};
use crate::segment::SegmentId;
use crate::table::Release;
use crate::value;

/// The `AK3` and `AK4` that one finding earns in a 997; none when it earns none.
pub fn segments_of(finding: &Finding) -> Vec<Draft> {
    let codes = finding.ack();
    let segment = codes.ak304.map(|code| answer_segment(finding, code, false));
    let element = codes.ak403.map(|code| answer_element(finding, code, false));
    segment.into_iter().chain(element).collect()
}

/// What an answer depends on beside the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// Whether sets with errors are accepted all the same, their errors noted: `AK501` is E, not R.
    pub accept_with_errors: bool,
    /// When a TA1 is given.
    pub interchange: InterchangeAnswer,
    /// Which set answers a group.
    pub group: GroupAnswer,
}

/// When a TA1 is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InterchangeAnswer {
    /// When `ISA14` asks for one, or something is wrong with the interchange itself.
    #[default]
    AskedOrWrong,
    /// To every interchange.
    Always,
    /// To none.
    Never,
}

/// Which set answers a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupAnswer {
    /// 997 in every release.
    #[default]
    Functional,
    /// 999 in release 005010, 997 before.
    Implementation,
    /// None.
    Never,
}

/// The answers to one interchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// The interchange answered.
    pub header: Arc<Header>,
    /// The `TA1`, when one is given.
    pub interchange: Option<Draft>,
    /// One for each group answered.
    pub groups: Vec<GroupAnswered>,
}

/// The answer to one functional group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupAnswered {
    /// `997` or `999`.
    pub code: &'static str,
    /// The release it is written in, that of the group.
    pub release: Release,
    /// `GS02` of the group answered, the receiver of the answer.
    pub receiver: String,
    /// `GS03` of the group answered, the sender of the answer.
    pub sender: String,
    /// `AK901`.
    pub result: char,
    /// Everything between `ST` and `SE`.
    pub segments: Segments,
}

/// The segments of an answer. A large group has an answer of many, so they are kept as text: a few
/// bytes for each element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Segments {
    /// Control characters, which no answer holds otherwise, hold it apart.
    text: String,
}

const SEGMENT: char = '\u{1c}';
const ELEMENT: char = '\u{1d}';
const COMPONENT: char = '\u{1f}';

impl Segments {
    /// The segments in order.
    pub fn iter(&self) -> impl Iterator<Item = Draft> + '_ {
        self.text.split_terminator(SEGMENT).map(|segment| {
            let mut parts = segment.split(ELEMENT);
            let draft = Draft::new(parts.next().unwrap_or_default());
            parts.fold(draft, |draft, part| match part.contains(COMPONENT) {
                true => draft.with_components(&part.split(COMPONENT).collect::<Vec<_>>()),
                false => draft.with(part),
            })
        })
    }

    fn push(&mut self, draft: &Draft) {
        self.data(&draft.id);
        for element in &draft.elements {
            self.text.push(ELEMENT);
            match element {
                compose::Element::Simple(value) => self.data(value),
                compose::Element::Composite(components) => self.components(components),
                // No answer repeats an element.
                compose::Element::Repeated(repetitions) => {
                    repetitions.iter().take(1).for_each(|components| self.components(components));
                }
            }
        }
        self.text.push(SEGMENT);
    }

    fn components(&mut self, components: &[String]) {
        for (n, component) in components.iter().enumerate() {
            if n > 0 {
                self.text.push(COMPONENT);
            }
            self.data(component);
        }
    }

    fn data(&mut self, text: &str) {
        self.text.extend(text.chars().map(|c| if c.is_control() { '?' } else { c }));
    }
}

impl FromIterator<Draft> for Segments {
    fn from_iter<I: IntoIterator<Item = Draft>>(drafts: I) -> Segments {
        let mut segments = Segments::default();
        drafts.into_iter().for_each(|draft| segments.push(&draft));
        segments
    }
}

/// What the caller brings to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// `ISA13` of the answer; its groups are numbered from the same number on.
    pub control_number: u32,
    /// Today, `CCYYMMDD`.
    pub date: &'a str,
    /// Now, `HHMM`.
    pub time: &'a str,
}

/// The implementation convention a 999 names in `ST03` and `GS08`.
const CONVENTION: &str = "005010X231A1";

impl Answers {
    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.interchange.is_none() && self.groups.is_empty()
    }

    /// The interchange that carries the answers back; `None` when there is nothing to send, or nobody
    /// to send it to or from, because an id of the interchange answered is blank.
    ///
    /// It uses the separators of the interchange answered, but for those that are no good or that
    /// stand in what it copies.
    pub fn compose(&self, stamp: Stamp<'_>) -> Option<(compose::Interchange, Delimiters)> {
        let (mut interchange, delimiters) = self.envelope(stamp)?;
        for (group, answered) in interchange.groups.iter_mut().zip(&self.groups) {
            group.sets[0].segments = answered.segments.iter().collect();
        }
        Some((interchange, delimiters))
    }

    /// The bytes of the interchange that carries the answers back, as [`Answers::compose`] gives it,
    /// written segment by segment; `None` when there is nothing to send, or nobody to send it to.
    ///
    /// # Errors
    ///
    /// [`ComposeError`] when an id of the interchange answered cannot be written.
    pub fn write(&self, stamp: Stamp<'_>) -> Option<Result<Vec<u8>, ComposeError>> {
        let (mut interchange, delimiters) = self.envelope(stamp)?;
        let groups = std::mem::take(&mut interchange.groups);
        let write = || {
            let mut writer = compose::Writer::open(&interchange, &delimiters)?;
            for (mut group, answered) in groups.into_iter().zip(&self.groups) {
                let set = group.sets.remove(0);
                writer.group(&group)?;
                writer.set_of(&set, answered.segments.iter())?;
            }
            writer.finish()
        };
        Some(write())
    }

    /// The interchange with a set in each group that has no segments yet, and its separators.
    fn envelope(&self, stamp: Stamp<'_>) -> Option<(compose::Interchange, Delimiters)> {
        let (from, to) = (self.header.receiver(), self.header.sender());
        if self.is_empty() || from.1.is_empty() || to.1.is_empty() {
            return None;
        }
        // What is no plain character would not fit its fixed place.
        let plain = |b: &u8| if matches!(b, b' '..=b'~') { char::from(*b) } else { '?' };
        let text = |bytes: &[u8]| bytes.iter().map(plain).collect::<String>();
        let party = |(qualifier, id): (&[u8], &[u8])| match is_qualifier(qualifier) {
            true => (text(qualifier), text(id)),
            false => ("ZZ".to_string(), text(id)),
        };
        let release = self.header.release().unwrap_or(Release::V004010);
        let groups = self.groups.iter().zip(0..).map(|(group, n)| compose::Group {
            functional_id: "FA".to_string(),
            sender: group.sender.clone(),
            receiver: group.receiver.clone(),
            date: stamp.date.to_string(),
            time: stamp.time.to_string(),
            control_number: stamp.control_number.saturating_add(n),
            control_digits: 1,
            agency: None,
            version: match group.code {
                "999" => CONVENTION.to_string(),
                _ => group.release.to_string(),
            },
            sets: vec![compose::Set {
                code: group.code.to_string(),
                control_number: "0001".to_string(),
                convention: (group.code == "999").then(|| CONVENTION.to_string()),
                segments: Vec::new(),
            }],
        });
        let interchange = compose::Interchange {
            authorization: None,
            sender: party(from),
            receiver: party(to),
            date: stamp.date.get(2..).unwrap_or_default().to_string(),
            time: stamp.time.to_string(),
            release,
            control_number: stamp.control_number,
            acknowledgment_requested: false,
            usage: match self.header.element(15) {
                b"T" => 'T',
                _ => 'P',
            },
            acknowledgments: self.interchange.clone().into_iter().collect(),
            groups: groups.collect(),
        };
        let copied: Vec<&str> = self.groups.iter().map(|group| &*group.segments.text).collect();
        let delimiters = separators(self.header.delimiters(), &interchange, &copied);
        Some((interchange, delimiters))
    }
}

/// The separators an answer is written with: the ones given where they can be used.
///
/// The control characters that hold `copied` apart are not data.
fn separators(given: Delimiters, answer: &compose::Interchange, copied: &[&str]) -> Delimiters {
    let mut used = [false; 256];
    for text in texts(answer).iter().chain(copied) {
        text.bytes().filter(|b| *b >= b' ').for_each(|b| used[b as usize] = true);
    }
    let is_free = |b: u8| !used[b as usize];
    let mut taken = Vec::new();
    let mut choose = |wanted: u8| {
        let others = b"*:^~|>+!;<=\x1c\x1d\x1e\x1f".iter().copied();
        let good = |b: &u8| compose::is_separator(*b) && !taken.contains(b) && is_free(*b);
        let chosen = [wanted].into_iter().chain(others).find(good).unwrap_or(wanted);
        taken.push(chosen);
        chosen
    };
    let mut chosen = Delimiters {
        element: choose(given.element),
        component: choose(given.component),
        segment: choose(given.segment),
        repetition: Some(choose(given.repetition.unwrap_or(b'^'))),
        line_end: given.line_end,
    };
    if compose::unusable(&chosen, Release::V005010).is_some() {
        chosen.line_end = LineEnd::None;
    }
    chosen
}

/// All the data of an answer.
fn texts(answer: &compose::Interchange) -> Vec<&str> {
    let (sender, receiver) = (&answer.sender, &answer.receiver);
    let mut texts: Vec<&str> = vec![&sender.0, &sender.1, &receiver.0, &receiver.1];
    let mut segments: Vec<&Draft> = answer.acknowledgments.iter().collect();
    for group in &answer.groups {
        texts.extend([&*group.sender, &*group.receiver, &*group.version]);
        segments.extend(group.sets.iter().flat_map(|set| &set.segments));
    }
    for element in segments.into_iter().flat_map(|segment| &segment.elements) {
        match element {
            compose::Element::Simple(value) => texts.push(value),
            compose::Element::Composite(components) => {
                texts.extend(components.iter().map(String::as_str));
            }
            compose::Element::Repeated(repetitions) => {
                texts.extend(repetitions.iter().flatten().map(String::as_str));
            }
        }
    }
    texts
}

/// Observes a file and writes the answers to it.
#[derive(Debug, Default)]
pub struct Acknowledger {
    policy: Policy,
    done: Vec<Answers>,
    header: Option<Arc<Header>>,
    groups: Vec<GroupAnswered>,
    release: Option<Release>,
    /// The answers to the sets of the open group.
    sets: Segments,
    accepted: u64,
    /// The errors of the open set.
    findings: Vec<Finding>,
}

impl Acknowledger {
    /// One that answers by this policy.
    pub fn new(policy: Policy) -> Acknowledger {
        Acknowledger { policy, ..Acknowledger::default() }
    }

    /// The answers to the interchanges that ended since this was asked last.
    pub fn take(&mut self) -> Vec<Answers> {
        std::mem::take(&mut self.done)
    }

    /// The answers, one for each interchange whose end was reached.
    pub fn finish(self) -> Vec<Answers> {
        self.done
    }

    fn is_implementation(&self, release: Release) -> bool {
        self.policy.group == GroupAnswer::Implementation && release == Release::V005010
    }

    /// The answer to one set: `AK2` to `AK5`.
    fn answer_set(&mut self, outcome: &SetOutcome, release: Release) {
        let implementation = self.is_implementation(release);
        let result = match (outcome.errors, self.policy.accept_with_errors) {
            (0, _) => "A",
            (_, true) => "E",
            (_, false) => "R",
        };
        self.accepted += u64::from(result != "R");
        let findings = std::mem::take(&mut self.findings);
        let Some(start) = set_start(outcome, release) else { return };
        self.sets.push(&start);
        let mut latest = None;
        for finding in &findings {
            let codes = finding.ack();
            let Some(code) = codes.ak304 else { continue };
            let segment = (finding.at.segment, code, finding.segment);
            if latest != Some(segment) || codes.ak403.is_none() {
                self.sets.push(&answer_segment(finding, code, implementation));
                if implementation && finding.rule.is_some() {
                    self.sets.push(&context(finding));
                }
                latest = Some(segment);
            }
            if let Some(code) = codes.ak403 {
                self.sets.push(&answer_element(finding, code, implementation));
            }
        }
        let mut codes = distinct(findings.iter().filter_map(|finding| {
            let code = finding.ack().ak502?;
            // Segments in error by a guide have a code of their own in a 999.
            let by_guide = implementation && code == "5" && finding.rule.is_some();
            Some(if by_guide { "I5" } else { code })
        }));
        if outcome.errors > 0 && codes.is_empty() {
            // Cut off: what is wrong was said of the interchange.
            codes.push("2");
        }
        let end = Draft::new(if implementation { "IK5" } else { "AK5" }).with(result);
        let end = codes.into_iter().take(5).fold(end, |end, code| end.with(code));
        self.sets.push(&end);
    }
}

impl Observer for Acknowledger {
    fn finding(&mut self, finding: Finding, _: &Scene<'_>) {
        if finding.severity == Severity::Error && finding.at.segment > 0 {
            self.findings.push(finding);
        }
    }

    fn interchange(&mut self, header: &Arc<Header>) {
        self.header = Some(Arc::clone(header));
        self.groups.clear();
        self.sets = Segments::default();
        self.accepted = 0;
        self.release = header.release();
    }

    fn envelope(&mut self, segment: &crate::segment::Segment<'_>) {
        if segment.id() == SegmentId::new(b"GS") {
            // A version there are no tables for is judged by what the interchange says.
            let said = self.header.as_ref().and_then(|header| header.release());
            self.release = Release::of_version(segment.element(8)).or(said);
            self.sets = Segments::default();
            self.accepted = 0;
        }
    }

    fn set_end(&mut self, outcome: &SetOutcome) {
        self.answer_set(outcome, self.release.unwrap_or(Release::V004010));
    }

    fn group_end(&mut self, outcome: &GroupOutcome) {
        let sets = std::mem::take(&mut self.sets);
        let accepted = std::mem::take(&mut self.accepted);
        if outcome.functional_id == b"FA" || self.policy.group == GroupAnswer::Never {
            return;
        }
        let release = self.release.unwrap_or(Release::V004010);
        let start = Draft::new("AK1")
            .with(match fits(&outcome.functional_id, 2..=2) {
                true => text(&outcome.functional_id, ""),
                false => "ZZ".to_string(),
            })
            .with(number_text(&outcome.control_number));
        let start = match release {
            Release::V004010 => start,
            Release::V005010 if fits(&outcome.version, 1..=12) => {
                start.with(text(&outcome.version, ""))
            }
            Release::V005010 => start,
        };
        let result = match (outcome.faults.is_empty(), accepted == outcome.received) {
            (false, _) if self.policy.accept_with_errors => 'E',
            (false, _) => 'R',
            (true, true) if outcome.clean < outcome.received => 'E',
            (true, true) => 'A',
            (true, false) if accepted > 0 => 'P',
            (true, false) => 'R',
        };
        let accepted = if result == 'R' { 0 } else { accepted };
        let end = Draft::new("AK9")
            .with(result)
            .with(capped(outcome.included))
            .with(capped(outcome.received))
            .with(capped(accepted));
        let codes = distinct(outcome.faults.iter().filter_map(|fault| fault.ak905));
        let end = codes.into_iter().take(5).fold(end, |end, code| end.with(code));
        let mut segments = Segments::from_iter([start]);
        segments.text += &sets.text;
        segments.push(&end);
        self.groups.push(GroupAnswered {
            code: if self.is_implementation(release) { "999" } else { "997" },
            release,
            receiver: text(&outcome.sender, ""),
            sender: text(&outcome.receiver, ""),
            result,
            segments,
        });
    }

    fn interchange_end(&mut self, outcome: &InterchangeOutcome) {
        let Some(header) = self.header.take() else { return };
        let wrong = outcome.fault.is_some();
        let asked = match self.policy.interchange {
            InterchangeAnswer::AskedOrWrong => header.asks_for_acknowledgment() || wrong,
            InterchangeAnswer::Always => true,
            InterchangeAnswer::Never => false,
        };
        let result = match (wrong, self.policy.accept_with_errors) {
            (false, _) => "A",
            (true, true) => "E",
            (true, false) => "R",
        };
        let mut groups = std::mem::take(&mut self.groups);
        if result == "R" {
            // What was refused as a whole is not answered part by part.
            groups.clear();
        }
        let answer = asked.then(|| answer_interchange(&header, result, outcome.fault));
        let answers = Answers { header, interchange: answer, groups };
        self.done.push(answers);
    }
}

/// Whether it is a qualifier of `ISA05` and `ISA07`.
fn is_qualifier(qualifier: &[u8]) -> bool {
    let list = dictionary::code_list("I05").map(|list| list.codes).unwrap_or_default();
    list.iter().any(|code| code.code.as_bytes() == qualifier)
}

/// `TA1`. A date or time that is none cannot be repeated in it.
fn answer_interchange(header: &Header, result: &str, fault: Option<AckCodes>) -> Draft {
    let element = |n: usize| text(header.element(n), "");
    Draft::new("TA1")
        .with(format!("{:0>9}", number_text(header.control_number())))
        .with(if value::is_date(header.element(9)) { element(9) } else { "000101".to_string() })
        .with(if value::is_time(header.element(10)) { element(10) } else { "0000".to_string() })
        .with(result)
        .with(fault.and_then(|fault| fault.ta105).unwrap_or("000"))
}

/// `AK2`; `None` when the set's own header cannot be repeated in one.
fn set_start(outcome: &SetOutcome, release: Release) -> Option<Draft> {
    if !fits(&outcome.code, 3..=3) || !fits(&outcome.control_number, 4..=9) {
        return None;
    }
    let start =
        Draft::new("AK2").with(text(&outcome.code, "")).with(text(&outcome.control_number, ""));
    Some(match release {
        Release::V005010 if fits(&outcome.convention, 1..=35) => {
            start.with(text(&outcome.convention, ""))
        }
        _ => start,
    })
}

/// Whether a value can be repeated where only letters and digits stand, and so many.
fn fits(bytes: &[u8], lengths: RangeInclusive<usize>) -> bool {
    lengths.contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_alphanumeric)
}

/// `AK3` or `IK3`.
fn answer_segment(finding: &Finding, code: &str, implementation: bool) -> Draft {
    let id = match finding.segment.is_well_formed() {
        true => finding.segment.to_string(),
        // A mangled id would spoil the answer.
        false => "ZZZ".to_string(),
    };
    let own = finding
        .fault
        .implementation_code()
        .filter(|_| implementation && finding.ack().ak403.is_none());
    Draft::new(if implementation { "IK3" } else { "AK3" })
        .with(id)
        .with(capped(u64::from(finding.at.segment)))
        .with("")
        .with(own.unwrap_or(code))
}

/// `AK4` or `IK4`.
fn answer_element(finding: &Finding, code: &str, implementation: bool) -> Draft {
    let at = finding.at;
    // Two digits, two and four are the most; what stands further out is as good as there.
    let mut position = vec![at.element.min(99).to_string()];
    if at.component > 0 {
        position.push(at.component.min(99).to_string());
    }
    if at.repetition > 1 && finding.release == Release::V005010 {
        position.resize(2, String::new());
        position.push(at.repetition.min(9_999).to_string());
    }
    let position: Vec<&str> = position.iter().map(String::as_str).collect();
    let number = finding.element.map_or("", |used| used.element);
    let number = if number.parse::<u16>().is_ok() { number } else { "" };
    let own = finding.fault.implementation_code().filter(|_| implementation);
    let value = finding.value.as_bytes();
    let is_plain = value.iter().all(|b| (b' '..=b'~').contains(b));
    let copy = if is_plain && !holds_separator(finding) { text(value, "") } else { String::new() };
    let answer = Draft::new(if implementation { "IK4" } else { "AK4" })
        .with_components(&position)
        .with(number)
        .with(own.unwrap_or(code));
    if copy.is_empty() { answer } else { answer.with(copy) }
}

/// Whether the value may hold a separator of its interchange, which a copy of it cannot.
fn holds_separator(finding: &Finding) -> bool {
    matches!(finding.fault, Fault::TooManyComponents { .. } | Fault::TooManyRepetitions { .. })
        || finding.element.is_some_and(|used| {
            let composite = dictionary::composite(finding.release, used.element).is_some();
            composite && finding.at.component == 0
        })
        || finding.element.is_some_and(|used| used.repeat > 1)
        || finding.element.is_none()
}

/// `CTX`: the rule of the guide speaks of this segment.
fn context(finding: &Finding) -> Draft {
    let draft = Draft::new("CTX")
        .with("SITUATIONAL TRIGGER")
        .with(finding.segment.to_string())
        .with(capped(u64::from(finding.at.segment)));
    match finding.at.element {
        0 => draft,
        element => draft.with("").with_components(&[&element.to_string()]),
    }
}

/// Each code once, in the order of their first appearance.
fn distinct<'a>(codes: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut distinct = Vec::new();
    for code in codes {
        if !distinct.contains(&code) {
            distinct.push(code);
        }
    }
    distinct
}

/// A count as an acknowledgment holds it: six digits are the most.
fn capped(count: u64) -> String {
    count.min(999_999).to_string()
}

fn text(bytes: &[u8], otherwise: &str) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() => text.trim_end().to_string(),
        _ => otherwise.to_string(),
    }
}

/// The digits of a control number; `0` when it has none, so that the answer can be read.
fn number_text(bytes: &[u8]) -> String {
    let digits = bytes.len() <= 9 && bytes.iter().all(u8::is_ascii_digit) && !bytes.is_empty();
    if digits { text(bytes, "0") } else { "0".to_string() }
}
