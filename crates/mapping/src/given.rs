//! A segment as a document gave it, cut into values, with the loop it opens.

use tieline_model::decimal::Decimal;
use tieline_model::provenance::Ordinal;
use tieline_model::residue::Text;
use tieline_model::stamp::{ClockTime, Stamp};
use tieline_model::time::Date;
use tieline_x12::compose::{Element, Segment};
use tieline_x12::position::Position;
use tieline_x12::tree::Tree;

use crate::error::{MappingError, ValueFault};

/// A segment of a document with the loop it opens.
pub(crate) struct Given<'t> {
    pub(crate) tree: Tree<'t>,
    pub(crate) segment: Segment,
    pub(crate) children: Vec<Given<'t>>,
}

impl<'t> Given<'t> {
    /// The segment and its loop, without the loops `records`, which are read on their own, and
    /// without what has no place in the table. A misspelt segment has one, but perhaps no id.
    pub(crate) fn of(tree: Tree<'t>, records: &[&str]) -> Result<Given<'t>, MappingError> {
        let at = || position(&tree, 0);
        let not_text = || MappingError::NotText { at: at(), segment: tree.id().to_string() };
        let segment = tree.values().ok_or_else(not_text)?;
        let is_own = |child: &Tree<'_>| {
            let is_segment = child.is_placed() && child.id().is_well_formed();
            is_segment && !records.iter().any(|id| child.id().as_bytes() == id.as_bytes())
        };
        let children = tree.children().filter(is_own).map(|child| Given::of(child, &[]));
        Ok(Given { tree, segment, children: children.collect::<Result<_, _>>()? })
    }

    /// The segments `id` of its loop.
    pub(crate) fn all(&self, id: &str) -> impl Iterator<Item = &Given<'t>> {
        self.children.iter().filter(move |child| child.segment.id == id)
    }

    /// The first segment `id` of its loop that begins with `qualifier`.
    pub(crate) fn find(&self, id: &str, qualifier: &str) -> Option<&Given<'t>> {
        self.all(id).find(|child| child.value(1) == Some(qualifier))
    }

    /// Element `n` as text; `None` if it is empty or not simple.
    pub(crate) fn value(&self, n: usize) -> Option<&str> {
        match self.segment.elements.get(n - 1)? {
            Element::Simple(value) => Some(value.as_str()).filter(|value| !value.is_empty()),
            _ => None,
        }
    }

    /// The first component of element `n`, if it is not repeated.
    pub(crate) fn first(&self, n: usize) -> Option<&str> {
        match self.segment.elements.get(n - 1)? {
            Element::Composite(parts) => parts.first().map(String::as_str),
            _ => self.value(n),
        }
        .filter(|value| !value.is_empty())
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
