//! The dictionary of the standard: segments, composites, elements and their codes.
//!
//! A set says which segments stand where; what is in a segment stands here, once for all sets.

pub mod segments;

pub mod composites;

pub mod elements;

pub mod codes;

pub use codes::code_list;
pub use composites::composite;
pub use elements::element;
pub use segments::segment;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{ElementUse, Release, Releases, Syntax};
    use codes::{CODE_LISTS, UTILITY_USE};
    use composites::COMPOSITES;
    use elements::ELEMENTS;
    use segments::SEGMENTS;

    /// Checks the element uses and syntax rules of one segment or composite.
    fn is_whole(id: &str, releases: Releases, uses: &[ElementUse], syntax: &[Syntax]) {
        for release in Release::ALL.into_iter().filter(|&release| releases.has(release)) {
            for part in uses {
                let known = element(release, part.element).is_some()
                    || composite(release, part.element).is_some();
                assert!(known, "{id} {release}: {}", part.element);
                assert!(part.repeat > 0, "{id} {release}: {}", part.element);
            }
        }
        for rule in syntax {
            let positions = rule.positions();
            assert!(positions.len() > 1, "{id}: {rule}");
            let inside = positions.iter().all(|&at| (1..=uses.len()).contains(&usize::from(at)));
            assert!(inside, "{id}: {rule}");
        }
    }

    #[test]
    fn every_element_and_every_position_of_a_rule_exists() {
        assert!(SEGMENTS.iter().all(|segment| !segment.elements.is_empty()));
        for segment in SEGMENTS {
            is_whole(segment.id, segment.releases, segment.elements, segment.syntax);
        }
        for composite in COMPOSITES {
            is_whole(composite.id, composite.releases, composite.components, composite.syntax);
        }
    }

    /// Checks that names are in order, and that of two entries of one name each is valid in one
    /// release only, the older first.
    fn is_sorted<'a>(entries: impl Iterator<Item = (&'a str, Releases)>) {
        let entries = entries.collect::<Vec<_>>();
        for pair in entries.windows(2) {
            let ((name, releases), (next, next_releases)) = (pair[0], pair[1]);
            let split = releases == Releases::Only(Release::V004010)
                && next_releases == Releases::Only(Release::V005010);
            assert!(name < next || (name == next && split), "{name}, {next}");
        }
    }

    #[test]
    fn tables_are_sorted() {
        is_sorted(SEGMENTS.iter().map(|segment| (segment.id, segment.releases)));
        is_sorted(COMPOSITES.iter().map(|composite| (composite.id, composite.releases)));
        is_sorted(ELEMENTS.iter().map(|element| (element.number, element.releases)));
        assert!(CODE_LISTS.is_sorted_by(|a, b| a.element < b.element));
        for list in CODE_LISTS {
            is_sorted(list.codes.iter().map(|code| (code.code, code.releases)));
        }
        assert!(UTILITY_USE.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)));
    }

    #[test]
    fn codes_fit_their_elements() {
        for list in CODE_LISTS {
            for code in list.codes {
                for release in Release::ALL.into_iter().filter(|&at| code.releases.has(at)) {
                    let fits = element(release, list.element).is_none_or(|element| {
                        (element.min..=element.max).contains(&(code.code.len() as u16))
                    });
                    assert!(fits, "{} {}", list.element, code.code);
                }
            }
        }
        for (number, code, _) in UTILITY_USE {
            let list = code_list(number).expect("a use belongs to a list");
            assert!(list.codes.iter().any(|known| known.code == *code), "{number} {code}");
        }
    }

    #[test]
    fn no_entry_is_missing() {
        let counts = Release::ALL.map(|release| {
            let codes = CODE_LISTS.iter().flat_map(|list| list.codes);
            [
                SEGMENTS.iter().filter(|segment| segment.releases.has(release)).count(),
                COMPOSITES.iter().filter(|composite| composite.releases.has(release)).count(),
                ELEMENTS.iter().filter(|element| element.releases.has(release)).count(),
                codes.filter(|code| code.releases.has(release)).count(),
            ]
        });
        assert_eq!(counts, [[100, 4, 285, 1148], [109, 8, 300, 1237]]);
    }

    #[test]
    fn each_release_has_its_own_form() {
        let lengths = Release::ALL.map(|release| element(release, "127").map(|found| found.max));
        assert_eq!(lengths, [Some(30), Some(50)]);
        let starts =
            Release::ALL.map(|release| segment(release, b"ST").map(|st| st.elements.len()));
        assert_eq!(starts, [Some(2), Some(3)]);
        assert!(segment(Release::V004010, b"IK3").is_none(), "IK3 came with 005010");
        assert!(composite(Release::V004010, "C030").is_some());
        assert!(code_list("373").is_none(), "a date has no codes");
    }
}
