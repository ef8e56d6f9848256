//! 999: Implementation Acknowledgment, the 997 of release 005010 that also knows the guide.
//!
//! Like the 997, and a `CTX` can say where in the document, or by which rule of the guide, the
//! fault is. Utilities hardly use it; partners from health care ask for it.

use crate::table::{MANY, Release, TransactionSet, loop_, may, must};

/// The set as release 005010 has it.
pub const V005010: TransactionSet = TransactionSet {
    code: "999",
    group: "FA",
    name: "Implementation Acknowledgment",
    release: Release::V005010,
    heading: &[
        must("AK1", 1), // the group that is answered
        loop_("AK2", MANY).of(&[
            must("AK2", 1), // one set of that group
            loop_("IK3", MANY).of(&[
                must("IK3", 1), // a segment in it, and what is wrong
                may("CTX", 10), // where that is, or by which rule
                loop_("IK4", MANY).of(&[
                    must("IK4", 1), // an element in the segment, and what is wrong
                    may("CTX", 10), // where that is, or by which rule
                ]),
            ]),
            must("IK5", 1), // A: accepted, E: accepted with errors, R: rejected
        ]),
        must("AK9", 1), // the same for the group, and how many sets
    ],
    detail: &[],
    summary: &[],
};
