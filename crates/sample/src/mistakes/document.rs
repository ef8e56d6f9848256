//! A document taken apart into segments and elements, to be changed and put together again.

use std::ops::RangeInclusive;

use crate::mistakes::Planted;
use crate::random::Random;

/// The segments of a file, each with its id and its elements.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) segments: Vec<Vec<String>>,
    /// What follows each terminator.
    pub(super) line_end: &'static str,
}

/// A place in a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Counted from 0.
    segment: usize,
    /// Counted from 1; 0 is the segment itself.
    element: usize,
    /// Characters into the element, for a component or repetition.
    inside: usize,
}

impl Place {
    pub(super) fn segment(segment: usize) -> Place {
        Place::element(segment, 0)
    }

    /// The element, or the end of the segment when it has no such element.
    pub(super) fn element(segment: usize, element: usize) -> Place {
        Place { segment, element, inside: 0 }
    }

    pub(super) fn inside(segment: usize, element: usize, inside: usize) -> Place {
        Place { segment, element, inside }
    }
}

/// Cuts a segment written out, `*` between elements.
pub(super) fn cut(text: &str) -> Vec<String> {
    text.split('*').map(str::to_string).collect()
}

impl Document {
    pub(super) fn read(bytes: &[u8]) -> Option<Document> {
        let text = std::str::from_utf8(bytes).ok()?;
        let after = &text[text.find('~')? + 1..];
        let line_end = ["\r\n", "\n", ""].into_iter().find(|end| after.starts_with(end))?;
        let terminator = format!("~{line_end}");
        let segments: Vec<Vec<String>> =
            text.strip_suffix(&terminator)?.split(&terminator).map(cut).collect();
        let isa = segments.first()?;
        let known = isa[0] == "ISA" && isa.len() == 17 && isa[16] == ":";
        let whole = segments.last().is_some_and(|last| last[0] == "IEA");
        (known && whole).then_some(Document { segments, line_end })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for segment in &self.segments {
            bytes.extend(segment.join("*").as_bytes());
            bytes.push(b'~');
            bytes.extend(self.line_end.as_bytes());
        }
        bytes
    }

    /// How many bytes a segment has, with what follows it.
    pub(super) fn length(&self, segment: &[String]) -> usize {
        segment.iter().map(|part| part.len() + 1).sum::<usize>() + self.line_end.len()
    }

    fn offset(&self, place: Place) -> u64 {
        let before: usize =
            self.segments[..place.segment].iter().map(|segment| self.length(segment)).sum();
        let segment = &self.segments[place.segment];
        let parts = &segment[..place.element.min(segment.len())];
        let mut inside: usize = parts.iter().map(|part| part.len() + 1).sum();
        if place.element >= segment.len() {
            inside -= 1;
        }
        (before + inside + place.inside) as u64
    }

    /// The set a segment is in and its number there, both 0 outside of sets.
    pub(super) fn number(&self, segment: usize) -> (u32, u32) {
        let (mut set, mut number, mut inside) = (0, 0, false);
        for segment in &self.segments[..=segment] {
            match segment[0].as_str() {
                "ST" => (set, number, inside) = (set + 1, 1, true),
                "GS" | "GE" | "ISA" | "IEA" => inside = false,
                _ => number += 1,
            }
        }
        if inside { (set, number) } else { (0, 0) }
    }

    pub(super) fn planted(&self, place: Place) -> Planted {
        let (set, segment) = self.number(place.segment);
        Planted { bytes: self.to_bytes(), offset: self.offset(place), set, segment }
    }

    /// The first segment with this id.
    pub(super) fn first(&self, id: &str) -> Option<usize> {
        self.segments.iter().position(|segment| segment[0] == id)
    }

    /// Whether `ISA11` separates repetitions.
    pub(super) fn repeats(&self) -> bool {
        self.segments[0][11] == "^"
    }

    /// The transaction sets, each from its `ST` to its `SE`.
    pub(super) fn sets(&self) -> Vec<RangeInclusive<usize>> {
        let mut sets = Vec::new();
        let mut start = 0;
        for (n, segment) in self.segments.iter().enumerate() {
            match segment[0].as_str() {
                "ST" => start = n,
                "SE" => sets.push(start..=n),
                _ => {}
            }
        }
        sets
    }

    /// One of the transaction sets.
    pub(super) fn set(&self, random: &mut Random) -> Option<RangeInclusive<usize>> {
        let sets = self.sets();
        sets.get(random.index(sets.len())).cloned()
    }

    /// The places where `choose` finds something in the segments between `ST` and `SE`.
    pub(super) fn body<T>(&self, choose: impl Fn(usize, &[String]) -> Option<T>) -> Vec<T> {
        let mut inside = false;
        let mut chosen = Vec::new();
        for (n, segment) in self.segments.iter().enumerate() {
            match segment[0].as_str() {
                "ST" => inside = true,
                "SE" => inside = false,
                _ if inside => chosen.extend(choose(n, segment)),
                _ => {}
            }
        }
        chosen
    }

    /// One of the segments between `ST` and `SE` for which `fits` holds.
    pub(super) fn any(
        &self,
        random: &mut Random,
        fits: impl Fn(&[String]) -> bool,
    ) -> Option<usize> {
        let found = self.body(|n, segment| fits(segment).then_some(n));
        found.get(random.index(found.len())).copied()
    }

    /// One of the elements named that has a value: its segment, its number there, and which of the
    /// names it bears.
    pub(super) fn any_element(
        &self,
        random: &mut Random,
        names: &[&str],
    ) -> Option<(usize, usize, usize)> {
        // First which name, then where: one with few places is tried as often as one with many.
        let mut entries: Vec<usize> = (0..names.len()).collect();
        while !entries.is_empty() {
            let entry = entries.swap_remove(random.index(entries.len()));
            let (id, number) = names[entry].split_at(names[entry].len() - 2);
            let element: usize = number.parse().ok()?;
            let has_it = |segment: &[String]| {
                segment[0] == id && segment.get(element).is_some_and(|value| !value.is_empty())
            };
            if let Some(segment) = self.any(random, has_it) {
                return Some((segment, element, entry));
            }
        }
        None
    }

    /// Puts the segment counts of all sets and the set counts of all groups right.
    pub(super) fn recount(&mut self) {
        let (mut segments, mut sets, mut groups) = (0, 0, 0);
        for segment in &mut self.segments {
            segments += 1;
            match segment[0].as_str() {
                "GS" => (groups, sets) = (groups + 1, 0),
                "ST" => (sets, segments) = (sets + 1, 1),
                "SE" => segment[1] = segments.to_string(),
                "GE" => segment[1] = sets.to_string(),
                "IEA" => segment[1] = groups.to_string(),
                _ => {}
            }
        }
    }
}
