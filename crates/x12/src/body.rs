//! Segments in the writing, as bytes with the separators of their interchange.

use std::ops::Range;

use crate::compose::{ComposeError, Element, Segment};
use crate::delimiters::Delimiters;

/// The segments of an interchange in the writing, as bytes.
///
/// [`Writer::set_with`](crate::compose::Writer::set_with) lends one to whoever has the segments of a
/// set and would rather not make a value of each.
#[derive(Debug)]
pub struct Body {
    pub(crate) bytes: Vec<u8>,
    pub(crate) delimiters: Delimiters,
    pub(crate) repetition: Option<u8>,
    count: usize,
    /// Which bytes are separators, as data must not hold them.
    is_separator: [bool; 256],
}

impl Body {
    pub(crate) fn new(delimiters: Delimiters, repetition: Option<u8>) -> Body {
        let mut is_separator = [false; 256];
        let d = delimiters;
        for b in [d.element, d.segment, d.component].into_iter().chain(repetition) {
            is_separator[usize::from(b)] = true;
        }
        Body { bytes: Vec::new(), delimiters, repetition, count: 0, is_separator }
    }

    /// How many segments have been added.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many bytes there are by now: where the next segment will begin.
    pub fn length(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a segment of simple elements; `None` and the empty text leave one out.
    ///
    /// # Errors
    ///
    /// [`ComposeError`] when a value holds a separator, or the id is none. A part of the segment may
    /// have been written then.
    pub fn add(&mut self, id: &str, elements: &[Option<&str>]) -> Result<(), ComposeError> {
        self.begin(id)?;
        let used = elements.iter().rposition(|it| it.is_some_and(|text| !text.is_empty()));
        for (n, element) in elements[..used.map_or(0, |n| n + 1)].iter().enumerate() {
            self.bytes.push(self.delimiters.element);
            self.value(id, n + 1, element.unwrap_or_default())?;
        }
        self.end();
        Ok(())
    }

    /// Adds a segment, whatever elements it has.
    ///
    /// # Errors
    ///
    /// Those of [`add`](Body::add).
    pub fn add_segment(&mut self, segment: &Segment) -> Result<(), ComposeError> {
        let id = segment.id.as_str();
        self.begin(id)?;
        let mut kept = self.bytes.len();
        for (n, element) in segment.elements.iter().enumerate() {
            self.bytes.push(self.delimiters.element);
            let start = self.bytes.len();
            match element {
                Element::Simple(value) => self.value(id, n + 1, value)?,
                Element::Composite(components) => self.composite(id, n + 1, components)?,
                Element::Repeated(repetitions) => self.repeated(id, n + 1, repetitions)?,
            }
            if self.bytes.len() > start {
                kept = self.bytes.len();
            }
        }
        self.bytes.truncate(kept);
        self.end();
        Ok(())
    }

    /// Puts the last segments in another order. `parts` are ranges of bytes that together hold all
    /// from the first of them to the end, each beginning and ending with a segment.
    pub fn rearrange(&mut self, parts: &[Range<usize>]) {
        let Some(start) = parts.iter().map(|part| part.start).min() else { return };
        let parts = parts.iter().flat_map(|part| &self.bytes[part.clone()]);
        let tail: Vec<u8> = parts.copied().collect();
        self.bytes.truncate(start);
        self.bytes.extend(tail);
    }

    /// Takes back all that was written since there were so many bytes and segments.
    pub(crate) fn take_back(&mut self, length: usize, count: usize) {
        self.bytes.truncate(length);
        self.count = count;
    }

    pub(crate) fn refuse_separators(
        &self,
        segment: &str,
        element: usize,
        value: &str,
    ) -> Result<(), ComposeError> {
        let found = value.bytes().find(|b| self.is_separator[usize::from(*b)]);
        match found {
            None => Ok(()),
            Some(b) => {
                let d = self.delimiters;
                let role = match b {
                    b if b == d.element => "element",
                    b if b == d.segment => "segment",
                    b if b == d.component => "component",
                    _ => "repetition",
                };
                Err(ComposeError::SeparatorInData { segment: segment.to_string(), element, role })
            }
        }
    }

    pub(crate) fn end(&mut self) {
        self.bytes.push(self.delimiters.segment);
        self.bytes.extend(self.delimiters.line_end.as_bytes());
        self.count += 1;
    }

    fn begin(&mut self, id: &str) -> Result<(), ComposeError> {
        let is_id = (2..=3).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !is_id {
            return Err(ComposeError::SegmentId);
        }
        self.bytes.extend(id.as_bytes());
        Ok(())
    }

    fn repeated(
        &mut self,
        segment: &str,
        element: usize,
        repetitions: &[Vec<String>],
    ) -> Result<(), ComposeError> {
        for (n, components) in repetitions.iter().enumerate() {
            if n > 0 {
                let (segment, role) = (segment.to_string(), "repetition");
                let none = ComposeError::SeparatorInData { segment, element, role };
                self.bytes.push(self.repetition.ok_or(none)?);
            }
            self.composite(segment, element, components)?;
        }
        Ok(())
    }

    fn composite(
        &mut self,
        segment: &str,
        element: usize,
        components: &[String],
    ) -> Result<(), ComposeError> {
        let last = components.iter().rposition(|c| !c.is_empty()).map_or(0, |n| n + 1);
        for (n, component) in components[..last].iter().enumerate() {
            if n > 0 {
                self.bytes.push(self.delimiters.component);
            }
            self.value(segment, element, component)?;
        }
        Ok(())
    }

    #[inline]
    fn value(&mut self, segment: &str, element: usize, value: &str) -> Result<(), ComposeError> {
        self.refuse_separators(segment, element, value)?;
        self.bytes.extend(value.as_bytes());
        Ok(())
    }
}
