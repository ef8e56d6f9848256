//! 820: Payment Order/Remittance Advice, the set that says which bills a payment pays.
//!
//! `BPR` is the money and `TRN` the trace number it travels under; each `RMR` loop is one bill or
//! one account paid. The later loops of the detail (taxes, payroll, royalties) serve other trades.
//! Utilities send it as 004010; the rows of 005010 say where they differ.

use crate::table::{MANY, Release, Row, TransactionSet, loop_, may, must};

/// The set as release 004010 has it.
pub const V004010: TransactionSet = TransactionSet {
    code: "820",
    group: "RA",
    name: "Payment Order/Remittance Advice",
    release: Release::V004010,
    heading: HEADING,
    detail: &[
        loop_("ENT", MANY).of(&[
            must("ENT", 1), // often one for the whole payment
            loop_("NM1", MANY).of(&[
                must("NM1", 1),
                may("N2", MANY),
                may("N3", MANY),
                may("N4", 1),
                may("REF", MANY),
                may("PER", MANY),
            ]),
            loop_("ADX", MANY).of(&[
                must("ADX", 1), // adjustment of no single bill; the amount is signed
                may("NTE", MANY),
                may("PER", MANY),
                may("DTM", 1),
                loop_("REF", MANY).of(&[must("REF", 1), may("DTM", MANY)]),
                loop_("IT1", MANY).of(LINE_ITEM_004010),
            ]),
            loop_("RMR", MANY).of(&[
                must("RMR", 1), // 12: account, IV: invoice; 04: paid, 05: billed
                may("NTE", MANY),
                may("REF", MANY), // a second account number, the bill number
                may("DTM", MANY), // 814: due date
                loop_("IT1", MANY).of(LINE_ITEM_004010),
                loop_("ADX", MANY).of(&[
                    must("ADX", 1), // adjustment of this bill; the amount is signed
                    may("NTE", MANY),
                    may("PER", MANY),
                    loop_("REF", MANY).of(&[must("REF", 1), may("DTM", MANY)]),
                    loop_("IT1", MANY).of(LINE_ITEM_004010),
                ]),
            ]),
        ]),
        loop_("TXP", MANY).of(&[must("TXP", 1), may("TXI", MANY)]),
        loop_("DED", MANY).of(&[must("DED", 1)]),
        loop_("LX", MANY).of(PAYROLL),
        loop_("N9", 1).of(&[
            must("N9", 1),
            loop_("AMT", MANY).of(&[must("AMT", 1), may("REF", MANY)]),
            loop_("N1", MANY).of(&[
                must("N1", 1),
                may("REF", MANY),
                loop_("EMS", MANY).of(&[
                    must("EMS", 1),
                    may("ATN", MANY),
                    may("AIN", MANY),
                    may("PYD", MANY),
                ]),
            ]),
        ]),
        loop_("RYL", MANY).of(ROYALTY),
    ],
    summary: &[],
};

/// The set as release 005010 has it.
pub const V005010: TransactionSet = TransactionSet {
    code: "820",
    group: "RA",
    name: "Payment Order/Remittance Advice",
    release: Release::V005010,
    heading: HEADING,
    detail: &[
        loop_("ENT", MANY).of(&[
            must("ENT", 1),
            loop_("FA1", MANY).of(&[
                must("FA1", 1), // not in 004010
                must("FA2", MANY),
            ]),
            loop_("NM1", MANY).of(&[
                must("NM1", 1),
                may("N2", MANY),
                may("N3", MANY),
                may("N4", 1),
                may("REF", MANY),
                may("PER", MANY),
            ]),
            loop_("ADX", MANY).of(&[
                must("ADX", 1),
                may("NTE", MANY),
                may("PER", MANY),
                may("DTM", 1),
                loop_("REF", MANY).of(&[must("REF", 1), may("DTM", MANY)]),
                loop_("IT1", MANY).of(ADJUSTED_ITEM_005010),
                loop_("FA1", MANY).of(&[
                    must("FA1", 1), // not in 004010
                    must("FA2", MANY),
                ]),
            ]),
            loop_("RMR", MANY).of(&[
                must("RMR", 1),
                may("NTE", MANY),
                may("REF", MANY),
                may("DTM", MANY),
                may("VEH", 1), // not in 004010
                loop_("IT1", MANY).of(&[
                    must("IT1", 1),
                    may("RPA", 1), // not in 004010
                    may("QTY", 1), // not in 004010
                    loop_("REF", MANY).of(&[must("REF", 1), may("DTM", 1)]),
                    loop_("SAC", MANY).of(&[must("SAC", 1), may("TXI", MANY)]),
                    loop_("SLN", MANY).of(SUB_LINE),
                ]),
                loop_("ADX", MANY).of(&[
                    must("ADX", 1),
                    may("NTE", MANY),
                    may("PER", MANY),
                    loop_("REF", MANY).of(&[must("REF", 1), may("DTM", MANY)]),
                    loop_("IT1", MANY).of(ADJUSTED_ITEM_005010),
                ]),
                loop_("FA1", MANY).of(&[
                    must("FA1", 1), // not in 004010
                    must("FA2", MANY),
                ]),
            ]),
        ]),
        loop_("TXP", MANY).of(&[
            must("TXP", 1),
            may("TXI", MANY),
            may("REF", MANY), // not in 004010
            may("DTM", MANY), // not in 004010
        ]),
        loop_("DED", MANY).of(&[must("DED", 1)]),
        loop_("LX", MANY).of(PAYROLL),
        loop_("N9", 1).of(&[
            must("N9", 1),
            may("REF", MANY), // not in 004010
            loop_("AMT", MANY).of(&[must("AMT", 1), may("REF", MANY)]),
            loop_("N1", MANY).of(&[
                must("N1", 1),
                may("REF", MANY),
                loop_("EMS", MANY).of(&[
                    must("EMS", 1),
                    may("ATN", MANY),
                    may("AIN", MANY),
                    may("PYD", MANY),
                ]),
            ]),
        ]),
        loop_("RYL", MANY).of(ROYALTY),
    ],
    summary: &[],
};

/// The heading is the same in both releases.
const HEADING: &[Row] = &[
    must("BPR", 1), // amount, how it is paid, the banks, settlement date
    may("NTE", MANY),
    may("TRN", 1), // the trace number that is in the ACH entry too
    may("CUR", 1),
    may("REF", MANY), // TN: transaction, EM: electronic payment
    may("DTM", MANY), // 007: effective, 020: check date
    loop_("N1", MANY).of(&[
        must("N1", 1), // PR: payer, PE: payee
        may("N2", MANY),
        may("N3", MANY),
        may("N4", 1),
        may("REF", MANY),
        may("PER", MANY),
        may("RDM", 1),
        may("DTM", 1),
    ]),
];

/// The lines of the bill an adjustment or a payment speaks of, as 004010 has them everywhere.
const LINE_ITEM_004010: &[Row] = &[
    must("IT1", 1),
    loop_("REF", MANY).of(&[must("REF", 1), may("DTM", 1)]),
    loop_("SAC", MANY).of(&[must("SAC", 1), may("TXI", MANY)]),
    loop_("SLN", MANY).of(SUB_LINE),
];

/// The lines of the bill an adjustment speaks of, as 005010 has them.
const ADJUSTED_ITEM_005010: &[Row] = &[
    must("IT1", 1),
    may("RPA", 1), // not in 004010
    may("QTY", 1), // not in 004010
    loop_("REF", MANY).of(&[must("REF", 1), may("DTM", 1)]),
    loop_("SAC", MANY).of(&[
        must("SAC", 1),
        may("TXI", MANY),
        may("DTM", 10), // not in 004010
    ]),
    loop_("SLN", MANY).of(SUB_LINE),
];

/// One part of such a line, the same in both releases.
const SUB_LINE: &[Row] = &[
    must("SLN", 1),
    loop_("REF", MANY).of(&[must("REF", 1), may("DTM", MANY)]),
    loop_("SAC", MANY).of(&[must("SAC", 1), may("TXI", MANY)]),
];

/// Contributions of one employee, the same in both releases.
const PAYROLL: &[Row] = &[
    must("LX", 1),
    may("REF", MANY),
    may("TRN", MANY),
    loop_("NM1", MANY).of(&[
        must("NM1", 1),
        may("REF", MANY),
        may("G53", 1),
        loop_("AIN", MANY).of(&[must("AIN", 1), may("QTY", MANY), may("DTP", MANY)]),
        loop_("PEN", MANY).of(&[
            must("PEN", 1),
            may("AMT", MANY),
            may("DTP", MANY),
            loop_("INV", MANY).of(&[must("INV", 1), may("DTP", MANY)]),
        ]),
    ]),
];

/// Royalties of one owner, the same in both releases.
const ROYALTY: &[Row] = &[
    must("RYL", 1),
    loop_("NM1", MANY).of(&[
        must("NM1", 1),
        loop_("LOC", MANY).of(&[
            must("LOC", 1),
            loop_("PID", MANY).of(&[
                must("PID", 1),
                may("DTM", 1),
                loop_("PCT", MANY).of(&[
                    must("PCT", 1),
                    may("QTY", 1),
                    loop_("AMT", MANY).of(&[must("AMT", 1), may("ADX", MANY)]),
                ]),
            ]),
        ]),
        loop_("ASM", 1).of(&[must("ASM", 1), may("ADX", 1)]),
    ]),
];
