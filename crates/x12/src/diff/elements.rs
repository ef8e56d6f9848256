//! What is different in two segments of one id, element by element, component by component.

use std::fmt;

use crate::delimiters::Delimiters;
use crate::dictionary;
use crate::diff::Ignored;
use crate::diff::outline::Outline;
use crate::segment::SegmentId;
use crate::table::{Composite, ElementUse, Release};

/// One element of a segment that is different.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ElementChange<'c> {
    /// Its number in the segment; 0 for the separators an `ISA` names.
    pub element: u8,
    /// The number of the component, where the element is made of components.
    pub component: Option<u8>,
    /// What it is called; `None` when it is in no table.
    pub name: Option<&'static str>,
    /// In the first file; `None` when it is not there.
    pub before: Option<Value<'c>>,
    /// In the second file; `None` when it is not there.
    pub after: Option<Value<'c>>,
}

/// A value and what it means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Value<'c> {
    /// As it stands in the file.
    pub bytes: &'c [u8],
    /// What it means, when it is a code of a list.
    pub meaning: Option<&'static str>,
}

/// Says which element it is, never what it holds.
impl fmt::Debug for ElementChange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "element {} component {:?}", self.element, self.component)
    }
}

/// What is different in two segments; nothing when only ignored things are.
pub(super) fn changes<'c>(
    before: (&'c Outline<'c>, u32),
    after: (&'c Outline<'c>, u32),
    ignored: Ignored,
) -> Vec<ElementChange<'c>> {
    let canonical = [before, after].map(|(outline, node)| {
        let mut canonical = Vec::new();
        outline.canonical(node, ignored, &mut canonical);
        canonical
    });
    if canonical[0] == canonical[1] {
        return Vec::new();
    }
    let id = before.0.id(before.1);
    let contexts = [before, after].map(|(outline, node)| outline.context(node));
    let mut comparing = Comparing {
        id,
        is_header: id == SegmentId::new(b"ISA"),
        delimiters: contexts.map(|context| context.delimiters),
        release: contexts[1].release,
        ignored,
        changes: Vec::new(),
    };
    let mut values = [before, after].map(|(outline, node)| outline.elements(node));
    for n in 1..=u8::MAX {
        let pair = values.each_mut().map(Iterator::next);
        if pair == [None, None] {
            break;
        }
        comparing.element(n, pair);
    }
    if comparing.changes.is_empty() {
        // Separators, or what lies behind the last element that can be counted.
        let whole = [before, after].map(|(outline, node)| Some(outline.segment(node)));
        comparing.note(0, None, None, whole);
    }
    comparing.changes
}

struct Comparing<'c> {
    id: SegmentId,
    is_header: bool,
    delimiters: [Delimiters; 2],
    release: Release,
    ignored: Ignored,
    changes: Vec<ElementChange<'c>>,
}

impl<'c> Comparing<'c> {
    /// Notes what is different in element `n`.
    fn element(&mut self, n: u8, values: [Option<&'c [u8]>; 2]) {
        let values = values.map(|value| self.counted(n, value));
        let used = dictionary::segment(self.release, self.id.as_bytes())
            .and_then(|segment| segment.elements.get(usize::from(n) - 1));
        let composite = used.and_then(|used| dictionary::composite(self.release, used.element));
        match composite.filter(|_| !self.repeats(values)) {
            Some(composite) => self.components(n, composite, values),
            None if !self.is_same(values) => self.note(n, None, used, values),
            None => {}
        }
    }

    /// A value as far as it counts.
    fn counted(&self, n: u8, value: Option<&'c [u8]>) -> Option<&'c [u8]> {
        let value = value.filter(|value| !self.ignored.has(self.id, n, value))?;
        let value = match self.is_header && self.ignored.separators {
            true => value.trim_ascii_end(),
            false => value,
        };
        self.present(value)
    }

    /// An empty value is none, unless separators count.
    fn present(&self, value: &'c [u8]) -> Option<&'c [u8]> {
        Some(value).filter(|value| !(self.ignored.separators && value.is_empty()))
    }

    /// Whether one of the values repeats; those are told as a whole.
    fn repeats(&self, values: [Option<&[u8]>; 2]) -> bool {
        values.iter().zip(self.delimiters).any(|(value, d)| {
            d.repetition.is_some_and(|sign| value.is_some_and(|value| value.contains(&sign)))
        })
    }

    fn components(&mut self, n: u8, composite: &'static Composite, values: [Option<&'c [u8]>; 2]) {
        let mut parts = [0, 1].map(|side| {
            let separator = self.delimiters[side].component;
            values[side].map(|value| value.split(move |b| *b == separator))
        });
        for c in 1..=u8::MAX {
            let pair = parts.each_mut().map(|parts| parts.as_mut().and_then(Iterator::next));
            if pair == [None, None] {
                break;
            }
            let pair = pair.map(|part| part.and_then(|part| self.present(part)));
            if pair[0] != pair[1] {
                let used = composite.components.get(usize::from(c) - 1);
                self.note(n, Some(c), used, pair);
            }
        }
    }

    /// Whether two values are the same but for the separators in them.
    fn is_same(&self, values: [Option<&[u8]>; 2]) -> bool {
        let [Some(first), Some(second)] = values else { return values[0] == values[1] };
        let sign = |b: u8, side: usize| match b {
            b if self.is_header => (0, b),
            b if b == self.delimiters[side].component => (1, 0),
            b if Some(b) == self.delimiters[side].repetition => (2, 0),
            b => (0, b),
        };
        first.len() == second.len()
            && first.iter().zip(second).all(|(a, b)| sign(*a, 0) == sign(*b, 1))
    }

    fn note(
        &mut self,
        element: u8,
        component: Option<u8>,
        used: Option<&'static ElementUse>,
        values: [Option<&'c [u8]>; 2],
    ) {
        let list = used.and_then(|used| dictionary::code_list(used.element));
        let value = |bytes: &'c [u8]| {
            let codes = list.iter().flat_map(|list| list.codes);
            let mut codes = codes.filter(|code| code.releases.has(self.release));
            let meaning = codes.find(|code| code.code.as_bytes() == bytes);
            Value { bytes, meaning: meaning.map(|code| code.meaning) }
        };
        let [before, after] = values.map(|bytes| bytes.map(value));
        let name = used.map(|used| used.name);
        self.changes.push(ElementChange { element, component, name, before, after });
    }
}
