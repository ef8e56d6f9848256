//! 997: Functional Acknowledgment, the set that says whether a functional group could be read.
//!
//! One `AK2` loop is one transaction set of that group, one `AK3` loop in it one faulty segment.
//! Every group a utility sends is answered with one, except groups of acknowledgments.

use crate::table::{MANY, Release, TransactionSet, loop_, may, must};

/// The set as release 004010 has it.
pub const V004010: TransactionSet = TransactionSet {
    code: "997",
    group: "FA",
    name: "Functional Acknowledgment",
    release: Release::V004010,
    heading: &[
        must("AK1", 1), // the group that is answered
        loop_("AK2", 999_999).of(&[
            must("AK2", 1), // one set of that group
            loop_("AK3", 999_999).of(&[
                must("AK3", 1), // a segment in it, and what is wrong
                may("AK4", 99), // an element in the segment, and what is wrong
            ]),
            must("AK5", 1), // A: accepted, E: accepted with errors, R: rejected
        ]),
        must("AK9", 1), // the same for the group, and how many sets
    ],
    detail: &[],
    summary: &[],
};

/// The set as release 005010 has it.
pub const V005010: TransactionSet = TransactionSet {
    code: "997",
    group: "FA",
    name: "Functional Acknowledgment",
    release: Release::V005010,
    heading: &[
        must("AK1", 1),
        loop_("AK2", MANY).of(&[
            must("AK2", 1), // loop: 999999 in 004010
            loop_("AK3", MANY).of(&[
                must("AK3", 1), // loop: 999999 in 004010
                may("AK4", 99),
            ]),
            must("AK5", 1),
        ]),
        must("AK9", 1),
    ],
    detail: &[],
    summary: &[],
};
