//! The envelope of records: the `ISA` and `GS` a document came in, and one to be sent.

use tieline_model::envelope::{Group, Interchange, Separators};
use tieline_x12::compose;
use tieline_x12::delimiters::{Delimiters, LineEnd};
use tieline_x12::header::Header;
use tieline_x12::segment::Segment;
use tieline_x12::table::Release;

/// Why an envelope cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The header has fewer elements than it must.
    #[error("{segment} has {count} elements and must have {expected}")]
    TooShort {
        /// `ISA` or `GS`.
        segment: &'static str,
        /// How many it has.
        count: usize,
        /// How many it must have.
        expected: usize,
    },
    /// An element is not what the standard lets it be.
    #[error("{segment}{element:02} is not what the standard lets it be")]
    Value {
        /// `ISA` or `GS`.
        segment: &'static str,
        /// The element's number.
        element: u8,
    },
    /// A separator is no single byte, or the line end is none.
    #[error("the {0} separator of the interchange cannot be written")]
    Separator(&'static str),
}

/// The envelope of an interchange as it came; `None` if it is not text.
pub fn interchange(header: &Header) -> Option<Interchange> {
    let text = |n| Some(std::str::from_utf8(header.element(n)).ok()?.trim_end().to_string());
    let separators = header.delimiters();
    Some(Interchange {
        header: (1..=16).map(text).collect::<Option<_>>()?,
        separators: Separators {
            element: separators.element.into(),
            component: separators.component.into(),
            repetition: separators.repetition.map(char::from),
            segment: separators.segment.into(),
            line_end: String::from_utf8_lossy(separators.line_end.as_bytes()).into_owned(),
        },
    })
}

/// The envelope of a functional group as it came; `None` if it is not text.
pub fn group(gs: &Segment<'_>) -> Option<Group> {
    let text = |n| Some(std::str::from_utf8(gs.element(n)).ok()?.to_string());
    Some(Group { header: (1..=8).map(text).collect::<Option<_>>()? })
}

/// An interchange to be written, still without groups, and its separators.
///
/// # Errors
///
/// [`EnvelopeError`] names the element that cannot be written.
pub fn draft_interchange(
    envelope: &Interchange,
) -> Result<(compose::Interchange, Delimiters), EnvelopeError> {
    const ISA: &str = "ISA";
    let wrong = |element| EnvelopeError::Value { segment: ISA, element };
    let [
        one,
        two,
        three,
        four,
        from,
        sender,
        to,
        receiver,
        date,
        time,
        _,
        version,
        number,
        asks,
        usage,
        _,
    ] = elements::<16>(ISA, &envelope.header)?;
    let said = [one, two, three, four].map(str::to_string);
    let release = Release::ALL.into_iter().find(|it| it.interchange_version() == version);
    let mut usages = usage.chars();
    let draft = compose::Interchange {
        authorization: Some(said).filter(|said| *said != ["00", "", "00", ""]),
        sender: (from.to_string(), sender.to_string()),
        receiver: (to.to_string(), receiver.to_string()),
        date: date.to_string(),
        time: time.to_string(),
        release: release.ok_or_else(|| wrong(12))?,
        control_number: number.parse().map_err(|_| wrong(13))?,
        acknowledgment_requested: asks == "1",
        usage: usages.next().filter(|_| usage.len() == 1).ok_or_else(|| wrong(15))?,
        acknowledgments: Vec::new(),
        groups: Vec::new(),
    };
    Ok((draft, delimiters(&envelope.separators)?))
}

/// A functional group to be written, still without sets.
///
/// # Errors
///
/// [`EnvelopeError`] names the element that cannot be written.
pub fn draft_group(envelope: &Group) -> Result<compose::Group, EnvelopeError> {
    const GS: &str = "GS";
    let [kind, sender, receiver, date, time, number, agency, version] =
        elements::<8>(GS, &envelope.header)?;
    let is_number = number.bytes().all(|b| b.is_ascii_digit());
    let control_number = number.parse().ok().filter(|_| is_number);
    Ok(compose::Group {
        functional_id: kind.to_string(),
        sender: sender.to_string(),
        receiver: receiver.to_string(),
        date: date.to_string(),
        time: time.to_string(),
        control_number: control_number.ok_or(EnvelopeError::Value { segment: GS, element: 6 })?,
        control_digits: number.len(),
        agency: Some(agency.to_string()).filter(|agency| agency != "X"),
        version: version.to_string(),
        sets: Vec::new(),
    })
}

fn elements<'e, const N: usize>(
    segment: &'static str,
    header: &'e [String],
) -> Result<[&'e str; N], EnvelopeError> {
    let all: Vec<&str> = header.iter().map(String::as_str).collect();
    let count = all.len();
    all.try_into().map_err(|_| EnvelopeError::TooShort { segment, count, expected: N })
}

fn delimiters(separators: &Separators) -> Result<Delimiters, EnvelopeError> {
    let byte = |name, it: char| u8::try_from(it).map_err(|_| EnvelopeError::Separator(name));
    let ends = [LineEnd::None, LineEnd::Lf, LineEnd::CrLf];
    let is_it = |end: &LineEnd| end.as_bytes() == separators.line_end.as_bytes();
    Ok(Delimiters {
        element: byte("element", separators.element)?,
        component: byte("component", separators.component)?,
        repetition: separators.repetition.map(|it| byte("repetition", it)).transpose()?,
        segment: byte("segment", separators.segment)?,
        line_end: ends.into_iter().find(is_it).ok_or(EnvelopeError::Separator("segment"))?,
    })
}
