//! The transaction sets, one file each: the page of the standard, top to bottom.
//!
//! `ST` and `SE` stand in no table; they are the same for every set. To add a set, write its file
//! and name it in [`ALL`].

pub mod s810;
pub mod s814;
pub mod s820;
pub mod s824;
pub mod s867;
pub mod s997;
pub mod s999;

use crate::table::{Release, TransactionSet};

/// Every set there is a table for, each release of it.
pub const ALL: &[&TransactionSet] = &[
    &s810::V004010, // the bill
    &s810::V005010,
    &s820::V004010, // the payment
    &s820::V005010,
    &s867::V004010, // the usage
    &s867::V005010,
    &s814::V004010, // service requested, changed, ended
    &s814::V005010,
    &s824::V004010, // the business answer
    &s824::V005010,
    &s997::V004010, // the syntax answer
    &s997::V005010,
    &s999::V005010,
];

/// Sets without a table that utilities still meet, and the functional group each travels in.
const OTHER_GROUPS: &[(&str, &str)] = &[
    ("248", "SU"), // account assignment, inquiry and advice
    ("568", "D5"), // contract payment report
    ("650", "MO"), // maintenance service order
    ("864", "TX"), // text message
];

/// The set `code`, e.g. `867`, as `release` has it; `None` when there is no table for it.
pub fn find(release: Release, code: &[u8]) -> Option<&'static TransactionSet> {
    ALL.iter().copied().find(|set| set.release == release && set.code.as_bytes() == code)
}

/// The functional group, `GS01`, the set `code` travels in; also for some sets without a table.
pub fn group_of(code: &[u8]) -> Option<&'static str> {
    let known = ALL.iter().map(|set| (set.code, set.group));
    known
        .chain(OTHER_GROUPS.iter().copied())
        .find(|(set, _)| set.as_bytes() == code)
        .map(|(_, group)| group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary;
    use crate::table::{Row, Usage};

    /// Every row of `rows` and of the loops in them, the loops themselves too.
    fn each_row(rows: &'static [Row], visit: &mut impl FnMut(&'static Row)) {
        for row in rows {
            visit(row);
            each_row(row.rows, visit);
        }
    }

    #[test]
    fn every_row_is_a_segment_of_its_release() {
        for set in ALL {
            for row in set.rows() {
                each_row(std::slice::from_ref(row), &mut |row| {
                    let known = dictionary::segment(set.release, row.id.as_bytes());
                    assert!(known.is_some(), "{} {}: {}", set.code, set.release, row.id);
                    assert!(row.max > 0, "{} {}: {}", set.code, set.release, row.id);
                });
            }
        }
    }

    #[test]
    fn a_loop_starts_with_the_segment_that_opens_it() {
        for set in ALL {
            for row in set.rows() {
                each_row(std::slice::from_ref(row), &mut |row| {
                    let Some(first) = row.rows.first() else { return };
                    assert_eq!(first.id, row.id, "{} {}", set.code, set.release);
                    assert_eq!((first.usage, first.max), (Usage::Must, 1), "{}", row.id);
                    assert!(!first.is_loop(), "{} {}: {}", set.code, set.release, row.id);
                });
            }
        }
    }

    #[test]
    fn no_row_is_missing() {
        let counts = ALL.iter().map(|set| {
            let (mut segments, mut loops) = (0, 0);
            for row in set.rows() {
                each_row(std::slice::from_ref(row), &mut |row| {
                    if row.is_loop() { loops += 1 } else { segments += 1 }
                });
            }
            (set.code, set.release.as_str(), segments, loops)
        });
        assert_eq!(
            counts.collect::<Vec<_>>(),
            [
                ("810", "004010", 88, 15),
                ("810", "005010", 92, 17),
                ("820", "004010", 103, 44),
                ("820", "005010", 121, 47),
                ("867", "004010", 60, 12),
                ("867", "005010", 64, 12),
                ("814", "004010", 27, 5),
                ("814", "005010", 44, 10),
                ("824", "004010", 20, 5),
                ("824", "005010", 21, 5),
                ("997", "004010", 6, 2),
                ("997", "005010", 6, 2),
                ("999", "005010", 8, 3),
            ]
        );
    }

    #[test]
    fn sets_are_found_by_release_and_code() {
        let usage = find(Release::V004010, b"867").expect("867 has a table in 004010");
        assert_eq!((usage.code, usage.release), ("867", Release::V004010));
        assert!(find(Release::V004010, b"999").is_none(), "999 came with 005010");
        assert!(find(Release::V005010, b"850").is_none());
    }

    #[test]
    fn sets_with_and_without_a_table_have_a_group() {
        let groups = [b"810", b"867", b"999", b"650"].map(|code| group_of(code));
        assert_eq!(groups, [Some("IN"), Some("PT"), Some("FA"), Some("MO")]);
        assert_eq!(group_of(b"850"), None);
    }
}
