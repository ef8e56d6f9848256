//! 810: Invoice, the set that carries the utility bill.
//!
//! The heading names the bill, the parties, the due date and the balances; each `IT1` loop is one
//! group of charges (the account, a rate, a meter), each `SAC` in it one charge. `TDS` is the
//! total. Utilities send it as 004010; the rows of 005010 say where they differ.

use crate::table::{MANY, Release, TransactionSet, loop_, may, must};

/// The set as release 004010 has it.
pub const V004010: TransactionSet = TransactionSet {
    code: "810",
    group: "IN",
    name: "Invoice",
    release: Release::V004010,
    heading: &[
        must("BIG", 1),  // bill date, bill number; 08: original, cancel or replace
        may("NTE", 100), // messages on the bill
        may("CUR", 1),
        may("REF", 12), // 12: account, OI: the bill that is canceled
        may("YNQ", 10),
        may("PER", 3),
        loop_("N1", 200).of(&[
            must("N1", 1), // 8S: utility, 8R: customer, SJ: supplier
            may("N2", 2),
            may("N3", 2),
            may("N4", 1),
            may("REF", 12),
            may("PER", 3),
            may("DMG", 1),
        ]),
        may("ITD", MANY), // 06: due date
        may("DTM", 10),   // 150 and 151, or 186 and 187: period start and end
        may("FOB", 1),
        may("PID", 200),
        may("MEA", 40),
        may("PWK", 25),
        may("PKG", 25),
        may("L7", 1),
        may("BAL", MANY), // previous balance, payments, new balance
        may("INC", 1),
        may("PAM", MANY),
        loop_("LM", 10).of(&[must("LM", 1), must("LQ", 100)]),
        loop_("N9", 1).of(&[must("N9", 1), must("MSG", 10)]),
        loop_("V1", MANY).of(&[must("V1", 1), may("R4", MANY), may("DTM", MANY)]),
        loop_("FA1", MANY).of(&[must("FA1", 1), must("FA2", MANY)]),
    ],
    detail: &[loop_("IT1", 200_000).of(&[
        must("IT1", 1), // a group of charges: account, rate, unmetered, meter
        may("CRC", 1),
        may("QTY", 5),
        may("CUR", 1),
        may("IT3", 5),
        may("TXI", 10), // tax on the group
        may("CTP", 25),
        may("PAM", 10),
        may("MEA", 40), // quantity used and meter reads
        loop_("PID", 1000).of(&[
            must("PID", 1), // text of the line
            may("MEA", 10),
        ]),
        may("PWK", 25),
        may("PKG", 25),
        may("PO4", 1),
        may("ITD", 2),
        may("REF", MANY), // MG: meter number, NH: rate
        may("YNQ", 10),
        may("PER", 5),
        may("SDQ", 500),
        may("DTM", 10), // 150: period start, 151: period end, 514: meter exchange
        may("CAD", MANY),
        may("L7", MANY),
        may("SR", 1),
        loop_("SAC", 25).of(&[
            must("SAC", 1), // one charge; 05: amount, two implied decimals
            may("TXI", 10),
        ]),
        loop_("SLN", 1000).of(&[
            must("SLN", 1), // only a wrapper, for more than 25 charges
            may("DTM", 1),
            may("REF", MANY),
            may("PID", 1000),
            may("SAC", 25), // one charge, as above
            may("TC2", 2),
            may("TXI", 10),
        ]),
        loop_("N1", 200).of(&[
            must("N1", 1),
            may("N2", 2),
            may("N3", 2),
            may("N4", 1),
            may("REF", 12),
            may("PER", 3),
            may("DMG", 1),
        ]),
        loop_("LM", 10).of(&[must("LM", 1), must("LQ", 100)]),
        loop_("V1", MANY).of(&[must("V1", 1), may("R4", MANY), may("DTM", MANY)]),
        loop_("FA1", MANY).of(&[must("FA1", 1), must("FA2", MANY)]),
    ])],
    summary: &[
        must("TDS", 1), // total of the bill, two implied decimals
        may("TXI", 10),
        may("CAD", 1),
        may("AMT", MANY),
        loop_("SAC", 25).of(&[must("SAC", 1), may("TXI", 10)]),
        loop_("ISS", MANY).of(&[must("ISS", 1), may("PID", 1)]),
        may("CTT", 1), // number of IT1
    ],
};

/// The set as release 005010 has it.
pub const V005010: TransactionSet = TransactionSet {
    code: "810",
    group: "IN",
    name: "Invoice",
    release: Release::V005010,
    heading: &[
        must("BIG", 1),
        may("NTE", 100),
        may("CUR", 1),
        may("REF", 12),
        may("YNQ", 10),
        may("PER", 3),
        loop_("N1", 200).of(&[
            must("N1", 1),
            may("N2", 2),
            may("N3", 2),
            may("N4", 1),
            may("REF", 12),
            may("PER", 3),
            may("DMG", 1),
        ]),
        may("ITD", MANY),
        may("DTM", 10),
        may("FOB", 1),
        may("PID", 200),
        may("MEA", 40),
        may("PWK", 25),
        may("PKG", 25),
        may("L7", 1),
        may("BAL", MANY),
        may("INC", 1),
        may("PAM", MANY),
        may("CRC", 1), // not in 004010
        loop_("LM", 10).of(&[must("LM", 1), must("LQ", 100)]),
        loop_("N9", 1).of(&[must("N9", 1), must("MSG", 10)]),
        loop_("V1", MANY).of(&[must("V1", 1), may("R4", MANY), may("DTM", MANY)]),
        loop_("FA1", MANY).of(&[must("FA1", 1), must("FA2", MANY)]),
    ],
    detail: &[loop_("IT1", 200_000).of(&[
        must("IT1", 1),
        may("CRC", 1),
        may("QTY", 5),
        may("CUR", 1),
        may("IT3", 5),
        may("TXI", MANY), // 10 in 004010
        may("CTP", 25),
        may("PAM", 10),
        may("MEA", 40),
        loop_("PID", 1000).of(&[must("PID", 1), may("MEA", 10)]),
        may("PWK", 25),
        may("PKG", 25),
        may("PO4", 1),
        may("ITD", 2),
        may("REF", MANY),
        may("YNQ", 10),
        may("PER", 5),
        may("SDQ", 500),
        may("DTM", 10),
        may("CAD", MANY),
        may("L7", MANY),
        may("SR", 1),
        loop_("SAC", MANY).of(&[
            must("SAC", 1), // loop: 25 in 004010
            loop_("TXI", MANY).of(&[
                must("TXI", 1), // not a loop in 004010
                may("DTM", 1),
            ]),
        ]),
        loop_("SLN", 1000).of(&[
            must("SLN", 1),
            may("DTM", 1),
            may("REF", MANY),
            may("PID", 1000),
            may("SAC", MANY), // 25 in 004010
            may("TC2", 2),
            may("TXI", MANY), // 10 in 004010
        ]),
        loop_("N1", 200).of(&[
            must("N1", 1),
            may("N2", 2),
            may("N3", 2),
            may("N4", 1),
            may("REF", 12),
            may("PER", 3),
            may("DMG", 1),
        ]),
        loop_("LM", 10).of(&[must("LM", 1), must("LQ", 100)]),
        loop_("V1", MANY).of(&[must("V1", 1), may("R4", MANY), may("DTM", MANY)]),
        loop_("FA1", MANY).of(&[must("FA1", 1), must("FA2", MANY)]),
    ])],
    summary: &[
        must("TDS", 1),
        may("TXI", MANY), // 10 in 004010
        may("CAD", 1),
        may("AMT", MANY),
        loop_("SAC", MANY).of(&[
            must("SAC", 1),   // loop: 25 in 004010
            may("DTM", MANY), // not in 004010
            loop_("TXI", MANY).of(&[
                must("TXI", 1), // not a loop in 004010
                may("DTM", 1),
            ]),
        ]),
        loop_("ISS", MANY).of(&[must("ISS", 1), may("PID", 1)]),
        may("CTT", 1),
    ],
};
