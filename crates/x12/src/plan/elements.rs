//! The elements of a segment, ready for checking: presence as bit masks, code lists hashed.

use crate::dictionary;
use crate::table::{ElementUse, Kind, Release, Syntax, Usage};

/// The elements of one segment, ready for checking.
#[derive(Debug)]
pub(crate) struct SegmentPlan {
    pub(crate) elements: Vec<ElementPlan>,
    pub(crate) must: u64,
    pub(crate) syntax: Vec<SyntaxPlan>,
    /// Whether a composite is whole when only its first component stands.
    pub(crate) is_whole_with_first: bool,
    /// The element that holds a date or time whose form the one before it names (1251 after 1250).
    pub(crate) period: Option<u8>,
}

impl SegmentPlan {
    /// The plan of a segment of the dictionary; one without elements when it is not there.
    pub(crate) fn new(release: Release, id: &str) -> SegmentPlan {
        match dictionary::segment(release, id.as_bytes()) {
            Some(segment) => SegmentPlan::of(release, segment.elements, segment.syntax),
            None => SegmentPlan::of(release, &[], &[]),
        }
    }

    fn of(release: Release, uses: &'static [ElementUse], syntax: &'static [Syntax]) -> SegmentPlan {
        let must = uses.iter().zip(1..).filter(|(used, _)| used.usage == Usage::Must);
        let must = must.fold(0, |all, (_, n)| all | 1 << n);
        let syntax: Vec<SyntaxPlan> = syntax.iter().map(|rule| SyntaxPlan::new(*rule)).collect();
        SegmentPlan {
            elements: uses.iter().map(|used| ElementPlan::new(release, used)).collect(),
            is_whole_with_first: must & !0b10 == 0 && syntax.iter().all(|rule| rule.holds(0b10)),
            period: (2..)
                .zip(uses.windows(2))
                .find(|(_, pair)| pair[0].element == "1250" && pair[1].element == "1251")
                .map(|(n, _)| n),
            must,
            syntax,
        }
    }
}

/// One element or component, ready for checking.
#[derive(Debug)]
pub(crate) struct ElementPlan {
    pub(crate) used: &'static ElementUse,
    pub(crate) kind: Kind,
    pub(crate) min: u16,
    pub(crate) max: u16,
    pub(crate) codes: Option<CodeSet>,
    pub(crate) composite: Option<Box<SegmentPlan>>,
}

impl ElementPlan {
    fn new(release: Release, used: &'static ElementUse) -> ElementPlan {
        if let Some(composite) = dictionary::composite(release, used.element) {
            let inner = SegmentPlan::of(release, composite.components, composite.syntax);
            return ElementPlan {
                used,
                kind: Kind::An,
                min: 1,
                max: u16::MAX,
                codes: None,
                composite: Some(Box::new(inner)),
            };
        }
        match dictionary::element(release, used.element) {
            Some(element) => ElementPlan {
                used,
                kind: element.kind,
                min: element.min,
                max: element.max,
                codes: match element.kind {
                    Kind::Id => CodeSet::new(element.number, release),
                    _ => None,
                },
                composite: None,
            },
            // Only a set of somebody's own can lead here; a test of the tables keeps ours whole.
            None => ElementPlan {
                used,
                kind: Kind::An,
                min: 0,
                max: u16::MAX,
                codes: None,
                composite: None,
            },
        }
    }
}

/// A syntax rule as bit masks; bit n is element n.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SyntaxPlan {
    pub(crate) rule: Syntax,
    first: u64,
    all: u64,
}

impl SyntaxPlan {
    fn new(rule: Syntax) -> SyntaxPlan {
        let all = rule.positions().iter().fold(0, |all, n| all | 1 << n);
        SyntaxPlan { rule, first: 1 << rule.positions()[0], all }
    }

    /// Whether these elements stand together rightly.
    #[inline]
    pub(crate) fn holds(&self, present: u64) -> bool {
        let here = present & self.all;
        match self.rule {
            Syntax::P(_) => here == 0 || here == self.all,
            Syntax::R(_) => here != 0,
            Syntax::E(_) => here & here.wrapping_sub(1) == 0,
            Syntax::C(_) => here & self.first == 0 || here == self.all,
            Syntax::L(_) => here & self.first == 0 || here != self.first,
        }
    }

    /// The element the rule misses, or has too many: the one a finding names.
    pub(crate) fn blames(&self, present: u64) -> u8 {
        let positions = self.rule.positions();
        let is_there = |n: &&u8| present & 1 << **n != 0;
        match self.rule {
            Syntax::E(_) => positions.iter().filter(is_there).nth(1),
            Syntax::R(_) => positions.first(),
            _ => positions.iter().find(|n| !is_there(n)),
        }
        .copied()
        .unwrap_or(positions[0])
    }
}

/// The codes of one element in one release, hashed.
#[derive(Debug, Clone)]
pub(crate) struct CodeSet {
    pub(crate) complete: bool,
    slots: Box<[u64]>,
    shift: u32,
}

impl CodeSet {
    fn new(element: &str, release: Release) -> Option<CodeSet> {
        let list = dictionary::code_list(element)?;
        let codes = list.codes.iter().filter(|code| code.releases.has(release));
        let keys: Vec<u64> = codes.filter_map(|code| pack(code.code.as_bytes())).collect();
        let size = (keys.len() * 2).next_power_of_two().max(2);
        let shift = 64 - size.trailing_zeros();
        let mut set =
            CodeSet { complete: list.complete, slots: vec![0; size].into_boxed_slice(), shift };
        for key in keys {
            let mut at = set.slot(key);
            while set.slots[at] != 0 && set.slots[at] != key {
                at = (at + 1) % size;
            }
            set.slots[at] = key;
        }
        Some(set)
    }

    #[inline]
    fn slot(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }

    /// Whether the value is one of the codes.
    #[inline]
    pub(crate) fn has(&self, value: &[u8]) -> bool {
        let Some(key) = pack(value) else { return false };
        let mut at = self.slot(key);
        loop {
            match self.slots[at] {
                0 => return false,
                slot if slot == key => return true,
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }
}

/// Up to eight bytes as one number; no two values give the same. One that begins with a zero byte has
/// none.
#[inline]
pub(crate) fn pack(value: &[u8]) -> Option<u64> {
    let packed = |bytes: &[u8]| bytes.iter().fold(0, |packed, b| packed << 8 | u64::from(*b));
    match *value {
        // Most codes have two or three characters.
        [a, b] if a != 0 => Some(u64::from(a) << 8 | u64::from(b)),
        [a, b, c] if a != 0 => Some(u64::from(a) << 16 | u64::from(b) << 8 | u64::from(c)),
        [0, ..] => None,
        _ => (value.len() <= 8).then(|| packed(value)),
    }
}
