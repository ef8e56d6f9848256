//! 824: Application Advice, the set that accepts or rejects a document for what it says.
//!
//! It comes after the 997: the document was readable, and the business could or could not use it.
//! One `OTI` loop is one document answered. Utilities send it as 004010; the rows of 005010 say
//! where they differ.

use crate::table::{MANY, Release, Row, TransactionSet, loop_, may, must, must_loop};

/// The set as release 004010 has it.
pub const V004010: TransactionSet = TransactionSet {
    code: "824",
    group: "AG",
    name: "Application Advice",
    release: Release::V004010,
    heading: HEADING,
    detail: &[must_loop("OTI", MANY).of(&[
        must("OTI", 1), // TA: accepted, TR: rejected; 03: number of the document
        may("REF", 12),
        may("DTM", 2),
        may("PER", 3),
        may("AMT", MANY), // amount of the bill or payment
        may("QTY", MANY),
        may("NM1", 9),
        loop_("TED", MANY).of(&[
            must("TED", 1),  // why: a code, or 848 and a text
            may("NTE", 100), // the text
            may("RED", 100),
        ]),
        loop_("LM", MANY)
            .of(&[must("LM", 1), must_loop("LQ", 100).of(&[must("LQ", 1), may("RED", 100)])]),
    ])],
    summary: &[],
};

/// The set as release 005010 has it.
pub const V005010: TransactionSet = TransactionSet {
    code: "824",
    group: "AG",
    name: "Application Advice",
    release: Release::V005010,
    heading: HEADING,
    detail: &[must_loop("OTI", MANY).of(&[
        must("OTI", 1),
        may("REF", 12),
        may("DTM", 2),
        may("PER", 3),
        may("AMT", MANY),
        may("QTY", MANY),
        may("NM1", 9),
        loop_("TED", MANY).of(&[
            must("TED", 1),
            may("CTX", 10), // not in 004010
            may("NTE", 100),
            may("RED", 100),
        ]),
        loop_("LM", MANY)
            .of(&[must("LM", 1), must_loop("LQ", 100).of(&[must("LQ", 1), may("RED", 100)])]),
    ])],
    summary: &[],
};

/// The heading is the same in both releases.
const HEADING: &[Row] = &[
    must("BGN", 1), // 08: send a corrected document, or do not
    loop_("N1", MANY).of(&[
        must("N1", 1), // 8S: utility, SJ: supplier, 8R: customer
        may("N2", 2),
        may("N3", 2),
        may("N4", 1),
        may("REF", 12),
        may("PER", 3),
    ]),
];
