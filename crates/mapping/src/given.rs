//! A segment as a document gave it, cut into values, with the loop it opens.

use tieline_model::decimal::Decimal;
use tieline_model::provenance::Ordinal;
use tieline_model::residue::Text;
use tieline_model::stamp::{ClockTime, Stamp};
use tieline_model::time::Date;
use tieline_x12::compose::{Element, Segment};
use tieline_x12::position::Position;
use tieline_x12::segment::SegmentId;
use tieline_x12::tree::Tree;

use crate::branch::used;
use crate::error::{MappingError, ValueFault};

/// How many elements of a segment are known by their places; those behind are looked for.
const PLACES: usize = 16;

/// A segment of a document with the loop it opens.
///
/// Its elements are parts of the document's bytes; nothing is copied before it is kept.
pub(crate) struct Given<'t> {
    pub(crate) tree: Tree<'t>,
    id: SegmentId,
    text: &'t str,
    /// Where the id and the elements end, in a segment short enough.
    ends: [u8; PLACES],
    /// How many elements there are.
    count: usize,
    /// Whether none of them has components or repetitions.
    is_simple: bool,
    pub(crate) children: Vec<Given<'t>>,
}

impl<'t> Given<'t> {
    /// The segment and its loop, without the loops `records`, which are read on their own, and
    /// without what has no place in the table. A misspelt segment has one, but perhaps no id.
    pub(crate) fn of(tree: Tree<'t>, records: &[&str]) -> Result<Given<'t>, MappingError> {
        let mut given = Given::alone(tree)?;
        for child in tree.children().filter(Tree::is_placed) {
            let id = child.id();
            if id.is_well_formed() && !records.iter().any(|it| id == SegmentId::new(it.as_bytes()))
            {
                given.children.push(Given::of(child, &[])?);
            }
        }
        Ok(given)
    }

    /// The segment without its loop.
    fn alone(tree: Tree<'t>) -> Result<Given<'t>, MappingError> {
        let bytes = tree.segment();
        let not_text =
            |_| MappingError::NotText { at: position(&tree, 0), segment: tree.id().to_string() };
        let text = std::str::from_utf8(bytes).map_err(not_text)?;
        let (delimiters, mut ends, mut count) = (tree.delimiters(), [0; PLACES], 0);
        let repetition = delimiters.repetition.unwrap_or(delimiters.component);
        let mut is_simple = true;
        for (at, b) in bytes.iter().enumerate() {
            if *b == delimiters.element {
                if let Some(end) = ends.get_mut(count) {
                    *end = at as u8;
                }
                count += 1;
            } else {
                is_simple &= *b != delimiters.component && *b != repetition;
            }
        }
        if let Some(end) = ends.get_mut(count) {
            *end = bytes.len() as u8;
        }
        Ok(Given { tree, id: tree.id(), text, ends, count, is_simple, children: Vec::new() })
    }

    /// The id of the segment.
    pub(crate) fn id(&self) -> &'t str {
        self.part(0).unwrap_or_default()
    }

    /// Whether this is its id.
    pub(crate) fn is(&self, id: SegmentId) -> bool {
        self.id == id
    }

    /// Element `n` as it stands, the id for 0; `None` if the segment is shorter.
    fn part(&self, n: usize) -> Option<&'t str> {
        if n >= PLACES || self.text.len() > usize::from(u8::MAX) {
            return self.text.split(char::from(self.tree.delimiters().element)).nth(n);
        }
        let start = n.checked_sub(1).map_or(0, |before| usize::from(self.ends[before]) + 1);
        (n <= self.count).then(|| self.text.get(start..usize::from(self.ends[n]))).flatten()
    }

    /// The segment as values of its own.
    pub(crate) fn segment(&self) -> Segment {
        self.tree.values().unwrap_or_else(|| Segment::new(self.id()))
    }

    /// Whether it says just these elements.
    pub(crate) fn is_just(&self, id: &str, elements: &[Option<&str>]) -> bool {
        let elements = used(elements);
        self.is_simple
            && self.count == elements.len()
            && self.part(0) == Some(id)
            && elements.iter().zip(1..).all(|(it, n)| self.part(n) == Some(it.unwrap_or_default()))
    }

    /// Whether an element has neither components nor repetitions.
    fn is_simple(&self, part: &str) -> bool {
        let delimiters = self.tree.delimiters();
        self.is_simple
            || part.bytes().all(|b| b != delimiters.component && Some(b) != delimiters.repetition)
    }

    /// The segments `id` of its loop.
    pub(crate) fn all(&self, id: &str) -> impl Iterator<Item = &Given<'t>> {
        let id = SegmentId::new(id.as_bytes());
        self.children.iter().filter(move |child| child.id == id)
    }

    /// The first segment `id` of its loop that begins with `qualifier`.
    pub(crate) fn find(&self, id: &str, qualifier: &str) -> Option<&Given<'t>> {
        self.all(id).find(|child| child.value(1) == Some(qualifier))
    }

    /// Element `n` as text; `None` if it is empty or not simple.
    pub(crate) fn value(&self, n: usize) -> Option<&'t str> {
        let part = self.part(n)?;
        (!part.is_empty() && self.is_simple(part)).then_some(part)
    }

    /// The first component of element `n`, if it is not repeated.
    pub(crate) fn first(&self, n: usize) -> Option<&'t str> {
        let part = self.part(n)?;
        if self.is_simple {
            return Some(part).filter(|part| !part.is_empty());
        }
        let delimiters = self.tree.delimiters();
        if delimiters.repetition.is_some_and(|separator| part.as_bytes().contains(&separator)) {
            return None;
        }
        part.split(char::from(delimiters.component)).next().filter(|value| !value.is_empty())
    }

    /// Element `n` as text of its own.
    pub(crate) fn text(&self, n: usize) -> Option<String> {
        self.value(n).map(str::to_string)
    }

    /// Element `n` made into a value; a bad one is an error with its place.
    pub(crate) fn parse<T, F: Into<ValueFault>>(
        &self,
        n: usize,
        parse: impl FnOnce(&str) -> Result<T, F>,
    ) -> Result<Option<T>, MappingError> {
        let Some(value) = self.value(n) else { return Ok(None) };
        parse(value).map(Some).map_err(|fault| self.fault(n, fault.into()))
    }

    pub(crate) fn decimal(&self, n: usize) -> Result<Option<Decimal>, MappingError> {
        self.parse(n, |text| Decimal::from_bytes(text.as_bytes()))
    }

    /// An amount whose last two digits are its cents: `7500` is 75.00.
    pub(crate) fn cents(&self, n: usize) -> Result<Option<Decimal>, MappingError> {
        self.parse(n, |text| Decimal::from_implied(text.as_bytes(), 2))
    }

    pub(crate) fn date(&self, n: usize) -> Result<Option<Date>, MappingError> {
        self.parse(n, |text| date(text.as_bytes()).ok_or(ValueFault::Date))
    }

    pub(crate) fn clock(&self, n: usize) -> Result<Option<ClockTime>, MappingError> {
        self.parse(n, |text| ClockTime::from_bytes(text.as_bytes()))
    }

    /// The stamp of a `DTM`: date, time and zone code.
    pub(crate) fn stamp(&self) -> Result<Option<Stamp>, MappingError> {
        let Some(date) = self.date(2)? else { return Ok(None) };
        Ok(Some(Stamp { date, time: self.clock(3)?, zone: self.text(4) }))
    }

    /// Where the record that it opens starts.
    pub(crate) fn ordinal(&self) -> Ordinal {
        Ordinal(self.tree.ordinal())
    }

    pub(crate) fn position(&self) -> Position {
        position(&self.tree, 0)
    }

    pub(crate) fn fault(&self, n: usize, fault: ValueFault) -> MappingError {
        value_fault(&self.tree, n, fault)
    }
}

/// A fault of element `n`, with its place.
pub(crate) fn value_fault(tree: &Tree<'_>, n: usize, fault: ValueFault) -> MappingError {
    let (at, segment) = (position(tree, n), tree.id().to_string());
    MappingError::Value { at, segment, element: n as u8, fault }
}

/// Where element `n` of a segment is, 0 for the segment itself. Lines and sets are not counted here.
pub(crate) fn position(tree: &Tree<'_>, n: usize) -> Position {
    let separator = tree.delimiters().element;
    let before = tree.segment().split(|b| *b == separator).take(n).map(|part| part.len() + 1);
    Position {
        offset: tree.offset() + before.sum::<usize>() as u64,
        segment: tree.ordinal(),
        element: n as u8,
        ..Position::default()
    }
}

/// A date written `CCYYMMDD`.
pub(crate) fn date(text: &[u8]) -> Option<Date> {
    if text.len() != 8 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |digits: &[u8]| digits.iter().fold(0, |n, digit| n * 10 + i16::from(digit - b'0'));
    Date::new(number(&text[..4]), number(&text[4..6]) as i8, number(&text[6..]) as i8).ok()
}

/// The elements of a segment as residue keeps them.
pub(crate) fn texts(segment: &Segment) -> Vec<Text> {
    segment.elements.iter().map(text).collect()
}

pub(crate) fn text(element: &Element) -> Text {
    match element {
        Element::Simple(value) => Text::Simple(value.clone()),
        Element::Composite(parts) => Text::Composite(parts.clone()),
        Element::Repeated(parts) => Text::Repeated(parts.clone()),
    }
}
