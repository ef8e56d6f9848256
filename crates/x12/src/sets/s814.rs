//! 814: General Request, Response or Confirmation, the set that starts, changes and ends service.
//!
//! One `LIN` loop is one thing asked for or answered: an enrollment, a drop, a change, past usage.
//! Utilities send it as 004010; the rows of 005010 say where they differ.

use crate::table::{MANY, Release, TransactionSet, loop_, may, must};

/// The set as release 004010 has it.
pub const V004010: TransactionSet = TransactionSet {
    code: "814",
    group: "GE",
    name: "General Request, Response or Confirmation",
    release: Release::V004010,
    heading: &[
        must("BGN", 1), // 13: request, 11: response
        may("CUR", 1),
        loop_("FA1", MANY).of(&[must("FA1", 1), must("FA2", MANY)]),
        loop_("N1", MANY).of(&[
            must("N1", 1), // 8S: utility, SJ: supplier, 8R: customer
            may("N2", 2),
            may("N3", 2),
            may("N4", 1),
            may("PER", MANY),
            may("REF", MANY),
            may("DTM", MANY),
        ]),
    ],
    detail: &[loop_("LIN", MANY).of(&[
        must("LIN", 1),   // SH and EL: electric service, SH and CE: generation
        may("ASI", 1),    // 7: request, WQ: accept, U: reject; 021: add, 024: drop
        may("REF", MANY), // 7G: why rejected, TD: what changes
        may("DTM", MANY), // 007: effective, 152: change effective
        may("CUR", 1),
        may("AMT", MANY),
        may("PM", 1),
        loop_("FA1", MANY).of(&[must("FA1", 1), must("FA2", MANY)]),
        loop_("NM1", MANY).of(&[
            must("NM1", 1), // one meter
            may("N2", 2),
            may("N3", 2),
            may("N4", 1),
            may("PER", MANY),
            may("REF", MANY), // of that meter
            may("DTM", MANY),
        ]),
    ])],
    summary: &[],
};

/// The set as release 005010 has it.
pub const V005010: TransactionSet = TransactionSet {
    code: "814",
    group: "GE",
    name: "General Request, Response or Confirmation",
    release: Release::V005010,
    heading: &[
        must("BGN", 1),
        may("CUR", 1),
        may("DTM", MANY), // not in 004010
        may("LCD", 1),    // not in 004010
        may("AMT", MANY), // not in 004010
        may("N9", MANY),  // not in 004010
        may("MTX", MANY), // not in 004010
        loop_("FA1", MANY).of(&[
            must("FA1", 1),
            must("FA2", MANY),
            loop_("AMT", MANY).of(&[
                must("AMT", 1), // not in 004010
                may("N9", MANY),
            ]),
        ]),
        loop_("N1", MANY).of(&[
            must("N1", 1),
            may("N2", 2),
            may("N3", 2),
            may("N4", 1),
            may("PER", MANY),
            may("REF", MANY),
            may("DTM", MANY),
        ]),
        loop_("LM", MANY).of(&[
            must("LM", 1), // not in 004010
            must("LQ", MANY),
        ]),
    ],
    detail: &[
        loop_("LIN", MANY).of(&[
            must("LIN", 1),
            may("ASI", 1),
            may("REF", MANY),
            may("DTM", MANY),
            may("CUR", 1),
            may("AMT", MANY),
            may("PM", 1),
            may("QTY", 1),    // not in 004010
            may("MTX", MANY), // not in 004010
            loop_("FA1", MANY).of(&[
                must("FA1", 1),
                must("FA2", MANY),
                loop_("AMT", MANY).of(&[
                    must("AMT", 1), // not in 004010
                    may("N9", MANY),
                ]),
            ]),
            loop_("NM1", MANY).of(&[
                must("NM1", 1),
                may("N2", 2),
                may("N3", 2),
                may("N4", 1),
                may("PER", MANY),
                may("REF", MANY),
                may("DTM", MANY),
            ]),
            loop_("LM", MANY).of(&[
                must("LM", 1), // not in 004010
                must("LQ", MANY),
            ]),
        ]),
        loop_("AWD", MANY).of(&[
            must("AWD", 1), // not in 004010
            may("DTM", MANY),
        ]),
    ],
    summary: &[],
};
