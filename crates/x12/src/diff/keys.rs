//! By what segments and loops are known again when their values have changed.
//!
//! A loop is known by what the trade calls it by: a meter's loop by its meter number, an interval by
//! the end of it, a bill's line by its number. What a partner is used to stands in no row.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::dictionary;
use crate::diff::outline::Outline;
use crate::segment::SegmentId;
use crate::table::Kind;

/// By what the segments and loops `id` are known again.
struct Key {
    id: &'static str,
    /// Elements that say what kind of thing it is.
    kind: &'static [u8],
    /// Elements that say which one of its kind it is.
    own: &'static [u8],
    /// Segments of the loop that say which one it is.
    within: &'static [Within],
}

/// A segment in a loop: the first one at the end of this way whose first element is `qualifier`.
struct Within {
    way: &'static [&'static str],
    /// Empty where any will do.
    qualifier: &'static str,
    elements: &'static [u8],
}

/// Those that their first element alone does not tell apart.
const KEYS: &[Key] = &[
    key("ADX", &[2]),             // the reason of an adjustment
    key("AK2", &[]).own(&[1, 2]), // the set that is answered
    key("AK3", &[1]).own(&[2]),   // the segment that is wrong
    key("AK4", &[]).own(&[1]),    // the element that is wrong
    key("ASI", &[1, 2]),          // what is asked for
    key("BAL", &[1, 2]),          // whose balance, which balance
    key("ENT", &[2]).own(&[4]).within(&[within(&["RMR"], "", &[2])]), // whose payment
    key("GS", &[1]),              // the kind of group
    key("IK3", &[1]).own(&[2]),   // the segment that is wrong
    key("IK4", &[]).own(&[1]),    // the element that is wrong
    key("ISA", &[]).own(&[6, 8]), // from whom to whom
    key("IT1", &[9]).own(&[1]),   // a line of a bill
    key("LIN", &[3, 5]).within(&[within(&["REF"], "12", &[2]), within(&["REF"], "MG", &[2])]),
    key("LX", &[]).own(&[1]),      // an assigned number
    key("MEA", &[1, 2, 4, 7]),     // what is measured, its unit, its time of use
    key("NM1", &[1]).own(&[9]),    // a meter or a person
    key("OTI", &[1, 2]).own(&[3]), // the document that is answered
    key("PID", &[1, 2, 4]),        // what is described
    key("PTD", &[1]).within(&[within(&["REF"], "MG", &[2]), within(&["REF"], "MT", &[2])]),
    key("QTY", &[1, 3]).within(&[
        within(&["DTM"], "582", &[2, 3, 4]), // the end of the interval
        within(&["DTM"], "150", &[2, 3]),
        within(&["DTM"], "151", &[2, 3]),
        within(&["MEA"], "", &[7]), // the time of use of the register
    ]),
    key("RMR", &[1]).own(&[2]), // the account or bill that is paid
    key("SAC", &[1, 2, 4]),     // the charge
    key("SLN", &[3]).own(&[1]), // a line below a line
    key("ST", &[1]).within(&[
        within(&["REF"], "12", &[2]),        // the account of a bill
        within(&["N1", "REF"], "12", &[2]),  // the account of a usage report
        within(&["LIN", "REF"], "12", &[2]), // the account of a request
        within(&["PTD", "REF"], "MG", &[2]),
    ]),
    key("TA1", &[]).own(&[1]), // the interchange that is answered
    key("TXI", &[1, 3]),       // the tax and its rate
];

const fn key(id: &'static str, kind: &'static [u8]) -> Key {
    Key { id, kind, own: &[], within: &[] }
}

const fn within(
    way: &'static [&'static str],
    qualifier: &'static str,
    elements: &'static [u8],
) -> Within {
    Within { way, qualifier, elements }
}

impl Key {
    const fn own(self, own: &'static [u8]) -> Key {
        Key { own, ..self }
    }

    const fn within(self, within: &'static [Within]) -> Key {
        Key { within, ..self }
    }
}

/// What two segments or loops are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) id: SegmentId,
    /// All of it.
    pub(super) whole: u64,
    /// Its kind and which one it is.
    pub(super) key: u64,
    /// Which one it is, whatever its kind; none where nothing says so.
    pub(super) identity: Option<u64>,
}

impl Item {
    /// What the loop or segment `node` is compared by.
    pub(super) fn of(outline: &Outline<'_>, node: u32) -> Item {
        let id = outline.id(node);
        let found = KEYS.binary_search_by(|key| key.id.as_bytes().cmp(id.as_bytes()));
        let (kind, own, within): (&[u8], &[u8], &[Within]) = match found {
            Ok(at) => (KEYS[at].kind, KEYS[at].own, KEYS[at].within),
            Err(_) if begins_with_code(outline, node, id) => (&[1], &[], &[]),
            Err(_) => (&[], &[], &[]),
        };
        let mut identity = Values::new(id);
        own.iter().for_each(|n| identity.add(outline.element(node, *n)));
        for within in within {
            let at = find(outline, node, within.way, within.qualifier);
            let value = |n: &u8| at.map(|at| outline.element(at, *n)).unwrap_or_default();
            within.elements.iter().for_each(|n| identity.add(value(n)));
        }
        let mut key = Values::new(id);
        kind.iter().for_each(|n| key.add(outline.element(node, *n)));
        key.hasher.write_u64(identity.hasher.finish());
        Item {
            id,
            whole: outline.whole(node),
            key: key.hasher.finish(),
            identity: identity.any.then(|| identity.hasher.finish()),
        }
    }
}

/// A hash over values, and whether there are any.
struct Values {
    hasher: DefaultHasher,
    any: bool,
}

impl Values {
    fn new(id: SegmentId) -> Values {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        Values { hasher, any: false }
    }

    fn add(&mut self, value: &[u8]) {
        let value = value.trim_ascii_end();
        self.any |= !value.is_empty();
        value.hash(&mut self.hasher);
    }
}

/// The first segment at the end of a way down from a loop.
fn find(outline: &Outline<'_>, node: u32, way: &[&str], qualifier: &str) -> Option<u32> {
    let (first, rest) = way.split_first()?;
    let id = SegmentId::new(first.as_bytes());
    outline.children(node).filter(|child| outline.id(*child) == id).find_map(|child| match rest {
        [] if qualifier.is_empty() => Some(child),
        [] => (outline.element(child, 1) == qualifier.as_bytes()).then_some(child),
        _ => find(outline, child, rest, qualifier),
    })
}

/// Whether the first element of a segment is a code, so that it says what kind of thing it is.
fn begins_with_code(outline: &Outline<'_>, node: u32, id: SegmentId) -> bool {
    let release = outline.context(node).release;
    let first = dictionary::segment(release, id.as_bytes()).and_then(|it| it.elements.first());
    let element = first.and_then(|first| dictionary::element(release, first.element));
    element.is_some_and(|element| element.kind == Kind::Id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Release;

    #[test]
    fn every_key_is_a_segment_with_these_elements() {
        assert!(KEYS.is_sorted_by(|a, b| a.id < b.id));
        let elements = |id: &str| {
            let forms = Release::ALL.map(|release| dictionary::segment(release, id.as_bytes()));
            forms.into_iter().flatten().map(|form| form.elements.len()).max().unwrap_or(0)
        };
        for key in KEYS {
            let last = key.kind.iter().chain(key.own).copied().max().unwrap_or(0);
            assert!(elements(key.id) >= usize::from(last), "{}", key.id);
            for within in key.within {
                let id = within.way.last().expect("a way has a last step");
                let last = within.elements.iter().copied().max().expect("it names elements");
                assert!(elements(id) >= usize::from(last), "{} {id}", key.id);
            }
        }
    }
}
