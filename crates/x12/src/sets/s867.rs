//! 867: Product Transfer and Resale Report, the set that carries metered usage.
//!
//! One `PTD` loop is one meter or one account summary; one `QTY` loop inside it is one register or
//! one interval, stamped with the end of the interval. Utilities send it as 004010; the rows of
//! 005010 say where they differ.

use crate::table::{MANY, Release, Row, TransactionSet, loop_, may, must, must_loop};

/// The set as release 004010 has it.
pub const V004010: TransactionSet = TransactionSet {
    code: "867",
    group: "PT",
    name: "Product Transfer and Resale Report",
    release: Release::V004010,
    heading: &[
        must("BPT", 1), // purpose, report number, report date, kind of usage
        may("CUR", 1),
        may("DTM", 10), // 649: the bill must be made by
        may("REF", 12), // Q5: service point, TN: the document answered
        may("PER", 3),
        may("MEA", 20), // NP: percent participation
        may("PSA", 10),
        loop_("N1", 5).of(&[
            must("N1", 1), // 8S: utility, 8R: customer, SJ: supplier
            may("N2", 2),
            may("N3", 2),
            may("N4", 1),
            may("REF", 12), // 12: account, 11: supplier account, 45: old account
            loop_("PER", MANY).of(&[must("PER", 1), may("REF", MANY)]),
        ]),
        loop_("LM", MANY).of(&[must("LM", 1), must("LQ", 100)]),
    ],
    detail: &[must_loop("PTD", MANY).of(&[
        must("PTD", 1), // BB, SU, BO: summary; PM: detail of a meter; BQ: of an account
        may("DTM", 10), // 150: period start, 151: period end, 514: meter exchange
        may("REF", 20), // MG: meter number, MT: meter type and interval length
        may("PRF", 1),
        may("PER", 3),
        may("MAN", 1),
        loop_("N1", 5).of(&[
            must("N1", 1),
            may("N2", 2),
            may("N3", 2),
            may("N4", 1),
            may("REF", 20),
            may("PER", 3),
            loop_("SII", MANY).of(&[must("SII", 1), may("N9", 1)]),
        ]),
        loop_("QTY", MANY).of(&[
            must("QTY", 1), // QD: actual, KA: estimated, 87: received
            may("LIN", 1),
            may("PO3", 25),
            may("PO4", 1),
            may("UIT", 12),
            may("AMT", 12),
            may("ITA", 10),
            may("PID", 200),
            may("MEA", 40), // meter reads, multiplier, time of use
            may("PWK", 25),
            may("PKG", 25),
            may("REF", MANY),
            may("PER", 3),
            may("DTM", 10), // 582: end of the interval
            may("CUR", 1),
            may("DD", 1),
            may("LDT", 1),
            loop_("LM", MANY).of(&[must("LM", 1), may("LQ", 100)]),
            loop_("LX", MANY).of(&[
                must("LX", 1),
                may("REF", MANY),
                may("DTM", 1),
                may("N1", 1),
                loop_("LM", MANY).of(&[must("LM", 1), must("LQ", 100)]),
            ]),
            loop_("FA1", MANY).of(&[must("FA1", 1), must("FA2", MANY)]),
        ]),
    ])],
    summary: SUMMARY,
};

/// The set as release 005010 has it.
pub const V005010: TransactionSet = TransactionSet {
    code: "867",
    group: "PT",
    name: "Product Transfer and Resale Report",
    release: Release::V005010,
    heading: &[
        must("BPT", 1),
        may("CUR", 1),
        may("DTM", 10),
        may("REF", 12),
        may("PER", 3),
        may("MEA", 20),
        may("PSA", 10),
        loop_("N1", 5).of(&[
            must("N1", 1),
            may("N2", 2),
            may("N3", 2),
            may("N4", 1),
            may("REF", 12),
            loop_("PER", MANY).of(&[must("PER", 1), may("REF", MANY)]),
        ]),
        loop_("LM", MANY).of(&[
            must("LM", 1),
            must("LQ", 100),
            may("LCD", 2), // not in 004010
        ]),
    ],
    detail: &[must_loop("PTD", MANY).of(&[
        must("PTD", 1),
        may("DTM", 10),
        may("REF", 20),
        may("PRF", 1),
        may("PER", 3),
        may("MAN", 1),
        may("LCD", 2),    // not in 004010
        may("LQ", MANY),  // not in 004010
        may("MEA", MANY), // not in 004010
        loop_("N1", 5).of(&[
            must("N1", 1),
            may("N2", 2),
            may("N3", 2),
            may("N4", 1),
            may("REF", 20),
            may("PER", 3),
            loop_("SII", MANY).of(&[must("SII", 1), may("N9", 1)]),
        ]),
        loop_("QTY", MANY).of(&[
            must("QTY", 1),
            may("LIN", 1),
            may("PO3", 25),
            may("PO4", 1),
            may("UIT", 12),
            may("AMT", 12),
            may("ITA", 10),
            may("PID", 200),
            may("MEA", 40),
            may("PWK", 25),
            may("PKG", 25),
            may("REF", MANY),
            may("PER", 3),
            may("DTM", 10),
            may("CUR", 1),
            may("DD", MANY), // 1 in 004010
            may("LDT", 1),
            loop_("LM", MANY).of(&[must("LM", 1), may("LQ", 100)]),
            loop_("LX", MANY).of(&[
                must("LX", 1),
                may("REF", MANY),
                may("DTM", 1),
                may("N1", 1),
                loop_("LM", MANY).of(&[must("LM", 1), must("LQ", 100)]),
            ]),
            loop_("FA1", MANY).of(&[must("FA1", 1), must("FA2", MANY)]),
        ]),
    ])],
    summary: SUMMARY,
};

/// The summary is the same in both releases.
const SUMMARY: &[Row] = &[loop_("CTT", 1).of(&[
    must("CTT", 1), // utilities leave it out
    may("AMT", 12),
    may("ITA", 10),
])];
