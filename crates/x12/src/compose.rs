//! Composing: values to an interchange in bytes, its counts and control numbers right by construction.
//!
//! The caller brings control numbers, dates and times; separators are chosen freely. Data that holds
//! a separator is refused, because no reader could tell it apart again. Whether the result is what
//! the tables and a guide want is asked of the same check that judges what arrives.

use std::fmt;

pub use crate::body::Body;
use crate::check::{Plans, check};
use crate::delimiters::Delimiters;
use crate::finding::{Finding, Severity};
use crate::observer::{Observer, Scene};
use crate::table::Release;

/// A segment to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its id.
    pub id: String,
    /// Its elements; the first is number 1. Empty ones at the end are not written.
    pub elements: Vec<Element>,
}

/// An element to be written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Element {
    /// A value; the empty string leaves the element out.
    Simple(String),
    /// The components of a composite.
    Composite(Vec<String>),
    /// Repetitions, each with its components.
    Repeated(Vec<Vec<String>>),
}

impl Segment {
    /// A segment with no elements yet.
    pub fn new(id: &str) -> Segment {
        Segment { id: id.to_string(), elements: Vec::new() }
    }

    /// Adds the next element; the empty string leaves it out.
    #[must_use]
    pub fn with(mut self, value: impl Into<String>) -> Segment {
        self.elements.push(Element::Simple(value.into()));
        self
    }

    /// Adds the next element as a composite.
    #[must_use]
    pub fn with_components(mut self, components: &[&str]) -> Segment {
        self.elements.push(Element::Composite(components.iter().map(|c| c.to_string()).collect()));
        self
    }

    /// Reads the shorthand `QTY*QD*112*KH`, with `*` between elements and `:` between components.
    ///
    /// For tables, samples and tests; data with those characters in it is given element by element.
    pub fn shorthand(text: &str) -> Segment {
        let mut parts = text.split('*');
        let mut segment = Segment::new(parts.next().unwrap_or_default());
        for part in parts {
            let components: Vec<&str> = part.split(':').collect();
            segment = match components[..] {
                [simple] => segment.with(simple),
                _ => segment.with_components(&components),
            };
        }
        segment
    }
}

/// The shorthand, for people: `*` between elements, `:` between components, nothing escaped.
impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)?;
        for element in &self.elements {
            match element {
                Element::Simple(value) => write!(f, "*{value}")?,
                Element::Composite(components) => write!(f, "*{}", components.join(":"))?,
                Element::Repeated(repetitions) => {
                    let repetitions: Vec<String> =
                        repetitions.iter().map(|r| r.join(":")).collect();
                    write!(f, "*{}", repetitions.join("^"))?;
                }
            }
        }
        Ok(())
    }
}

/// A transaction set to be written, without its `ST` and `SE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// `ST01`.
    pub code: String,
    /// `ST02`, four to nine characters, unique in the group.
    pub control_number: String,
    /// `ST03`, from release 005010 on.
    pub convention: Option<String>,
    /// What stands between `ST` and `SE`.
    pub segments: Vec<Segment>,
}

/// A functional group to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `GS01`.
    pub functional_id: String,
    /// `GS02`.
    pub sender: String,
    /// `GS03`.
    pub receiver: String,
    /// `GS04`, CCYYMMDD.
    pub date: String,
    /// `GS05`, HHMM or finer.
    pub time: String,
    /// `GS06`, 1 to 999,999,999.
    pub control_number: u32,
    /// The fewest digits `GS06` has, for senders who put zeros in front; 1 for those who do not.
    pub control_digits: usize,
    /// `GS07`; `None` for `X`, whose standard this is.
    pub agency: Option<String>,
    /// `GS08`, the release and perhaps an industry's identifier.
    pub version: String,
    /// Its transaction sets.
    pub sets: Vec<Set>,
}

/// An interchange to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interchange {
    /// `ISA01` to `ISA04`, what was agreed to tell who may send; `None` for `00` and blanks.
    pub authorization: Option<[String; 4]>,
    /// `ISA05` and `ISA06`.
    pub sender: (String, String),
    /// `ISA07` and `ISA08`.
    pub receiver: (String, String),
    /// `ISA09`, YYMMDD.
    pub date: String,
    /// `ISA10`, HHMM.
    pub time: String,
    /// Decides `ISA12`, and whether `ISA11` is `U` or the repetition separator.
    pub release: Release,
    /// `ISA13`, 0 to 999,999,999.
    pub control_number: u32,
    /// `ISA14`: whether a TA1 is asked for.
    pub acknowledgment_requested: bool,
    /// `ISA15`: `P` production, `T` test, `I` information.
    pub usage: char,
    /// `TA1` segments, answers to other interchanges.
    pub acknowledgments: Vec<Segment>,
    /// Its functional groups.
    pub groups: Vec<Group>,
}

/// Why an interchange cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// The value cannot be told apart from a separator once it is written.
    #[error(
        "{segment}{element:02} holds the {role} separator; choose other separators or change the data"
    )]
    SeparatorInData {
        /// The segment's id.
        segment: String,
        /// The element's number.
        element: usize,
        /// Which separator it is.
        role: &'static str,
    },
    /// A separator that is a letter, a digit or blank, or cannot be told from another one or from the
    /// line end.
    #[error("the {role} separator cannot be used: it is not unlike data and all other separators")]
    Separator {
        /// Which separator it is.
        role: &'static str,
    },
    /// An envelope value does not fit its fixed place.
    #[error("{segment}{element:02} has {length} characters; {expected}")]
    Envelope {
        /// `ISA`, `GS` or `ST`.
        segment: &'static str,
        /// The element's number.
        element: usize,
        /// How many characters it has.
        length: usize,
        /// What fits.
        expected: &'static str,
    },
    /// A transaction set with no group around it.
    #[error("a transaction set needs a functional group around it")]
    NoGroup,
    /// A segment id that is not two or three capital letters and digits.
    #[error("a segment id is two or three capital letters and digits")]
    SegmentId,
}

/// Why an interchange is not written: it cannot be, or its own check finds fault with it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// A value cannot be written.
    #[error(transparent)]
    Compose(#[from] ComposeError),
    /// What would be written is not what the tables or the guide want.
    #[error("it would be refused: {}{}", .0[0], match .0.len() { 1 => String::new(), n => format!(" (and {} more)", n - 1) })]
    Findings(Vec<Finding>),
}

/// Writes an interchange that stands the check a receiver would make of it.
///
/// # Errors
///
/// [`Refusal`] when a value does not fit or holds a separator, and when the check finds an error.
pub fn write_checked(
    interchange: &Interchange,
    delimiters: &Delimiters,
    plans: &dyn Plans,
) -> Result<Vec<u8>, Refusal> {
    let bytes = write(interchange, delimiters)?;
    let mut errors = Errors(Vec::new());
    check(&bytes, plans, &mut errors);
    match errors.0.is_empty() {
        true => Ok(bytes),
        false => Err(Refusal::Findings(errors.0)),
    }
}

/// Keeps errors.
struct Errors(Vec<Finding>);

impl Observer for Errors {
    fn finding(&mut self, finding: Finding, _: &Scene<'_>) {
        if finding.severity == Severity::Error {
            self.0.push(finding);
        }
    }
}

/// Whether a byte can be told from letters, digits and padding.
pub(crate) fn is_separator(b: u8) -> bool {
    b.is_ascii() && !b.is_ascii_alphanumeric() && b != b' '
}

/// The first of the separators that cannot be used.
pub(crate) fn unusable(delimiters: &Delimiters, release: Release) -> Option<&'static str> {
    let d = delimiters;
    let mut all = vec![("element", d.element), ("component", d.component), ("segment", d.segment)];
    if release == Release::V005010 {
        all.push(("repetition", d.repetition.unwrap_or(b'^')));
    }
    let is_usable = |b: u8, n: usize| {
        let unlike_others = all[..n].iter().all(|(_, other)| *other != b);
        is_separator(b) && unlike_others && !d.line_end.as_bytes().contains(&b)
    };
    (0..all.len()).find(|n| !is_usable(all[*n].1, *n)).map(|n| all[n].0)
}

/// Writes an interchange; each segment is followed by the terminator and `delimiters.line_end`.
///
/// # Errors
///
/// [`ComposeError`] when a value does not fit or holds a separator.
pub fn write(interchange: &Interchange, delimiters: &Delimiters) -> Result<Vec<u8>, ComposeError> {
    Writer::open(interchange, delimiters)?.finish()
}

/// An interchange in the writing, for one too large to hold whole: open it, add groups and sets,
/// fetch the bytes as often as it suits, finish it.
#[derive(Debug)]
pub struct Writer {
    body: Body,
    control_number: String,
    groups: usize,
    /// The control number of the group that is open, and how many sets it has by now.
    group: Option<(String, usize)>,
}

impl Writer {
    /// Writes the `ISA`, the acknowledgments and the groups there are already.
    ///
    /// # Errors
    ///
    /// [`ComposeError`] when a value does not fit or holds a separator.
    pub fn open(
        interchange: &Interchange,
        delimiters: &Delimiters,
    ) -> Result<Writer, ComposeError> {
        if let Some(role) = unusable(delimiters, interchange.release) {
            return Err(ComposeError::Separator { role });
        }
        let repetition = match interchange.release {
            Release::V004010 => None,
            Release::V005010 => Some(delimiters.repetition.unwrap_or(b'^')),
        };
        let mut writer = Writer {
            body: Body::new(*delimiters, repetition),
            control_number: number("ISA", 13, interchange.control_number, 9)?,
            groups: 0,
            group: None,
        };
        writer.interchange(interchange)?;
        Ok(writer)
    }

    /// Ends the group before it, writes the `GS` and the sets there are already.
    ///
    /// # Errors
    ///
    /// [`ComposeError`] when a value does not fit or holds a separator.
    pub fn group(&mut self, group: &Group) -> Result<(), ComposeError> {
        self.end_group()?;
        let control = number("GS", 6, group.control_number, group.control_digits)?;
        self.segment(
            &Segment::new("GS")
                .with(&group.functional_id)
                .with(&group.sender)
                .with(&group.receiver)
                .with(&group.date)
                .with(&group.time)
                .with(&control)
                .with(group.agency.as_deref().unwrap_or("X"))
                .with(&group.version),
        )?;
        self.group = Some((control, 0));
        group.sets.iter().try_for_each(|set| self.set(set))
    }

    /// Writes one more set of the group that is open.
    ///
    /// # Errors
    ///
    /// [`ComposeError`] when a value does not fit or holds a separator, or no group is open.
    pub fn set(&mut self, set: &Set) -> Result<(), ComposeError> {
        self.set_of(set, std::iter::empty())
    }

    /// Writes one more set of the group that is open: `set`, and after its own segments these.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Writer::set).
    pub fn set_of(
        &mut self,
        set: &Set,
        segments: impl Iterator<Item = Segment>,
    ) -> Result<(), ComposeError> {
        let mut segments = segments;
        self.set_with(set, |body| segments.try_for_each(|segment| body.add_segment(&segment)))
    }

    /// Writes one more set of the group that is open: `set`, and after its own segments those that
    /// `write` adds. Nothing is written of a set that fails.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Writer::set) and of `write`.
    pub fn set_with<E: From<ComposeError>>(
        &mut self,
        set: &Set,
        write: impl FnOnce(&mut Body) -> Result<(), E>,
    ) -> Result<(), E> {
        let (length, count) = (self.body.length(), self.body.count());
        let written = self.whole_set(set, write);
        match (&written, &mut self.group) {
            (Ok(()), Some((_, sets))) => *sets += 1,
            _ => self.body.take_back(length, count),
        }
        written
    }

    fn whole_set<E: From<ComposeError>>(
        &mut self,
        set: &Set,
        write: impl FnOnce(&mut Body) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.group.is_none() {
            return Err(ComposeError::NoGroup.into());
        }
        let control_number = set.control_number.as_str();
        if !(4..=9).contains(&control_number.len()) {
            return Err(E::from(ComposeError::Envelope {
                segment: "ST",
                element: 2,
                length: control_number.len(),
                expected: "four to nine fit",
            }));
        }
        let before = self.body.count();
        let start = [Some(set.code.as_str()), Some(control_number), set.convention.as_deref()];
        self.body.add("ST", &start)?;
        set.segments.iter().try_for_each(|segment| self.body.add_segment(segment))?;
        write(&mut self.body)?;
        let count = (self.body.count() + 1 - before).to_string();
        Ok(self.body.add("SE", &[Some(&count), Some(control_number)])?)
    }

    /// What has been written since the last [`clear`](Writer::clear).
    pub fn bytes(&self) -> &[u8] {
        &self.body.bytes
    }

    /// Forgets the bytes written so far, which are in the caller's hands now.
    pub fn clear(&mut self) {
        self.body.bytes.clear();
    }

    /// Ends the last group and the interchange, and gives what has not been cleared.
    ///
    /// # Errors
    ///
    /// [`ComposeError`], in theory: there is nothing left that could be refused.
    pub fn finish(mut self) -> Result<Vec<u8>, ComposeError> {
        self.end_group()?;
        let control_number = std::mem::take(&mut self.control_number);
        self.segment(&Segment::new("IEA").with(self.groups.to_string()).with(control_number))?;
        Ok(self.body.bytes)
    }

    fn end_group(&mut self) -> Result<(), ComposeError> {
        let Some((control_number, sets)) = self.group.take() else { return Ok(()) };
        self.groups += 1;
        self.segment(&Segment::new("GE").with(sets.to_string()).with(control_number))
    }

    fn interchange(&mut self, it: &Interchange) -> Result<(), ComposeError> {
        let eleven = self.body.repetition.unwrap_or(b'U');
        let control = self.control_number.clone();
        let nothing = || ["00", "", "00", ""].map(str::to_string);
        let authorization = it.authorization.clone().unwrap_or_else(nothing);
        let fields: [(&str, usize); 15] = [
            (&authorization[0], 2),
            (&authorization[1], 10),
            (&authorization[2], 2),
            (&authorization[3], 10),
            (&it.sender.0, 2),
            (&it.sender.1, 15),
            (&it.receiver.0, 2),
            (&it.receiver.1, 15),
            (&it.date, 6),
            (&it.time, 4),
            (&(eleven as char).to_string(), 1),
            (it.release.interchange_version(), 5),
            (&control, 9),
            (if it.acknowledgment_requested { "1" } else { "0" }, 1),
            (&it.usage.to_string(), 1),
        ];
        self.body.bytes.extend(b"ISA");
        for (n, (value, width)) in fields.into_iter().enumerate() {
            if value.len() > width {
                return Err(ComposeError::Envelope {
                    segment: "ISA",
                    element: n + 1,
                    length: value.len(),
                    expected: "that is more than its fixed width",
                });
            }
            if n + 1 != 11 {
                self.body.refuse_separators("ISA", n + 1, value)?;
            }
            self.body.bytes.push(self.body.delimiters.element);
            self.body.bytes.extend(value.as_bytes());
            self.body.bytes.extend(std::iter::repeat_n(b' ', width - value.len()));
        }
        self.body.bytes.push(self.body.delimiters.element);
        self.body.bytes.push(self.body.delimiters.component);
        self.body.end();
        for acknowledgment in &it.acknowledgments {
            self.segment(acknowledgment)?;
        }
        it.groups.iter().try_for_each(|group| self.group(group))
    }

    fn segment(&mut self, segment: &Segment) -> Result<(), ComposeError> {
        self.body.add_segment(segment)
    }
}

/// A control number in at least so many digits.
fn number(
    segment: &'static str,
    element: usize,
    number: u32,
    digits: usize,
) -> Result<String, ComposeError> {
    let text = format!("{number:0digits$}");
    if text.len() > 9 {
        return Err(ComposeError::Envelope {
            segment,
            element,
            length: text.len(),
            expected: "nine digits are the most",
        });
    }
    Ok(text)
}
