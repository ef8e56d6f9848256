//! What comes of a reconciliation.

use std::fmt;

use serde::Serialize;

use crate::decimal::Decimal;
use crate::identifier::AccountNumber;
use crate::money::Currency;
use crate::payment::AdjustmentReason;
use crate::period::Period;
use crate::provenance::{Ordinal, Provenance};

/// What was used, billed and paid, matched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reconciliation {
    /// One for each account and period, by account, then by period.
    pub matched: Vec<Matched>,
    /// What was paid and belongs to no bill that is here.
    pub unmatched: Vec<Unmatched>,
    /// Payments whose lines do not add up to their amount.
    pub payment_sums: Vec<PaymentSum>,
    /// Documents that do not count, and why.
    pub taken_out: Vec<TakenOut>,
}

/// A reconciliation as it is written as JSON, published as `docs/reconcile.schema.json`.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Answer<'f> {
    /// Whether there is nothing to ask anybody about.
    agrees: bool,
    #[serde(flatten)]
    found: &'f Reconciliation,
}

impl Reconciliation {
    /// It as it is written as JSON.
    pub fn answer(&self) -> Answer<'_> {
        Answer { agrees: self.agrees(), found: self }
    }

    /// Whether there is nothing to ask anybody about.
    pub fn agrees(&self) -> bool {
        self.matched.iter().all(Matched::agrees)
            && self.unmatched.is_empty()
            && self.payment_sums.is_empty()
            && self.taken_out.iter().all(|taken| !taken.fate.is_wrong())
    }
}

/// One account and period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Matched {
    /// The account; `None` where the documents do not name it.
    pub account: Option<AccountNumber>,
    /// The period; `None` where the documents do not name it.
    pub period: Option<Period>,
    /// The reports it was used by.
    pub usage: Vec<Source>,
    /// The bills it was billed by.
    pub bills: Vec<Source>,
    /// What was paid for it.
    pub payments: Vec<Allotment>,
    /// Energy delivered, in kWh, by the reports.
    pub used_kwh: Option<Decimal>,
    /// The same by the bills.
    pub billed_kwh: Option<Decimal>,
    /// Energy received from the customer, in kWh, by the reports.
    pub received_kwh: Option<Decimal>,
    /// The same that the bills credit.
    pub credited_kwh: Option<Decimal>,
    /// The demand that counts for the bill, in kW, by the reports; `None` where they tell none, or
    /// several.
    pub used_kw: Option<Decimal>,
    /// The same by the bills.
    pub billed_kw: Option<Decimal>,
    /// The currency of the amounts, if it was billed.
    pub currency: Option<Currency>,
    /// What the bills ask for.
    pub billed: Option<Decimal>,
    /// What was paid on them.
    pub paid: Option<Decimal>,
    /// How much of the difference the payer's adjustments explain, with their sign.
    pub adjusted: Decimal,
    /// What is to be said of it; nothing if all of it is the same.
    pub outcomes: Vec<Outcome>,
}

impl Matched {
    /// Whether there is nothing to ask anybody about.
    pub fn agrees(&self) -> bool {
        self.outcomes.iter().all(Outcome::agrees)
    }
}

/// Where something was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Source {
    /// The number of the report or bill; the trace number of a payment.
    pub number: Option<String>,
    /// The file, or the key of the document.
    pub document: String,
    /// The control number of the transaction set.
    pub set: Option<String>,
    /// The segments of the set, or rows of the file, that were counted; `ST` is 1.
    pub lines: Vec<u32>,
}

impl Source {
    pub(super) fn new(number: Option<String>, provenance: &Provenance) -> Source {
        let origin = provenance.0.as_ref();
        Source {
            number,
            document: origin.map(|origin| origin.document.clone()).unwrap_or_default(),
            set: origin.and_then(|origin| origin.set.clone()),
            lines: Vec::new(),
        }
    }

    pub(super) fn counts(&mut self, at: Ordinal) {
        if at.0 > 0 && self.lines.last() != Some(&at.0) {
            self.lines.push(at.0);
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.number.as_deref().unwrap_or("without a number"))?;
        if !self.document.is_empty() {
            write!(f, "  {}", self.document)?;
        }
        if let Some(set) = &self.set {
            write!(f, " set {set}")?;
        }
        match &self.lines[..] {
            [] => Ok(()),
            [line] => write!(f, " segment {line}"),
            lines => {
                let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
                write!(f, " segments {}", lines.join(", "))
            }
        }
    }
}

/// A part of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Allotment {
    /// Where it stands.
    pub source: Source,
    /// How much of it is for this account and period.
    pub amount: Decimal,
    /// What the payer says why it is not what was billed.
    pub adjustments: Vec<(AdjustmentReason, Decimal)>,
}

/// A payment that belongs to no bill that is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unmatched {
    /// The account it is for, as it says.
    pub account: Option<String>,
    /// The bill it is for, as it says.
    pub bill: Option<String>,
    /// How much.
    pub amount: Decimal,
    /// The currency.
    pub currency: Currency,
    /// Why.
    pub why: WhyUnmatched,
    /// Where it stands.
    pub source: Source,
}

/// Why a payment belongs to no bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WhyUnmatched {
    /// No report and no bill is of this account.
    UnknownAccount,
    /// The account is known, and no bill of it is here.
    NoBill,
    /// The bill it names is not here.
    UnknownBill,
    /// The bill it names is that of another account.
    OtherAccount,
    /// The bill it names is in another currency.
    OtherCurrency,
    /// It names neither account nor bill.
    NoName,
    /// It is an adjustment of the payment as a whole.
    Adjustment,
}

impl fmt::Display for WhyUnmatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WhyUnmatched::UnknownAccount => "payment for an unknown account",
            WhyUnmatched::NoBill => "payment for an account without a bill",
            WhyUnmatched::UnknownBill => "payment for a bill that is not here",
            WhyUnmatched::OtherAccount => "payment that names the bill of another account",
            WhyUnmatched::OtherCurrency => "payment in another currency than the bill",
            WhyUnmatched::NoName => "payment that names neither account nor bill",
            WhyUnmatched::Adjustment => "adjustment that names neither account nor bill",
        })
    }
}

/// A payment whose lines do not add up to its amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PaymentSum {
    /// Which payment.
    pub source: Source,
    /// What it says is paid.
    pub amount: Decimal,
    /// What its lines and the adjustments of its entities add up to.
    pub lines: Decimal,
    /// The currency.
    pub currency: Currency,
}

/// A document that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TakenOut {
    /// What it is.
    pub document: Document,
    /// Whose it is.
    pub account: Option<AccountNumber>,
    /// Which one.
    pub source: Source,
    /// Why.
    pub fate: Fate,
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Document {
    /// A usage report.
    Usage,
    /// A bill.
    Bill,
    /// A payment.
    Payment,
}

/// Why a document does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Fate {
    /// Another took it back.
    Cancelled {
        /// The number of the other.
        by: Option<String>,
    },
    /// Another took its place.
    Replaced {
        /// The number of the other.
        by: Option<String>,
    },
    /// It took another back, and nothing more.
    Cancels,
    /// It is there already, and says the same.
    Repeats,
    /// Its number is there already, with other figures; the earlier one counts.
    Contradicts,
    /// It takes back a document that is not here.
    CancelsUnknown,
    /// It answers a question or reports a state.
    Aside,
}

impl Fate {
    /// Whether somebody has to be asked.
    pub fn is_wrong(&self) -> bool {
        matches!(self, Fate::Contradicts | Fate::CancelsUnknown)
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |by: &Option<String>| by.clone().unwrap_or_else(|| "another".to_string());
        match self {
            Fate::Cancelled { by } => write!(f, "cancelled by {}", number(by)),
            Fate::Replaced { by } => write!(f, "replaced by {}", number(by)),
            Fate::Cancels => f.write_str("a cancellation"),
            Fate::Repeats => f.write_str("there already"),
            Fate::Contradicts => f.write_str("there already with other figures, which count"),
            Fate::CancelsUnknown => f.write_str("cancels what is not here"),
            Fate::Aside => f.write_str("an answer or a state, not billed usage"),
        }
    }
}

/// One thing to be said of an account and period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Outcome {
    /// There is a bill and no usage.
    MissingUsage,
    /// There is usage and no bill.
    MissingBill,
    /// More or less energy was billed than used.
    EnergyDiffers {
        /// Billed less used, in kWh.
        by_kwh: Decimal,
    },
    /// The same, within what is tolerated.
    EnergyTolerated {
        /// Billed less used, in kWh.
        by_kwh: Decimal,
    },
    /// The documents of one side do not tell the energy, or tell several.
    EnergyNotTold {
        /// Which.
        side: Side,
    },
    /// More or less energy from the customer was credited than received.
    ReceivedDiffers {
        /// Credited less received, in kWh.
        by_kwh: Decimal,
    },
    /// More or less demand was billed than reported.
    DemandDiffers {
        /// Billed less reported, in kW.
        by_kw: Decimal,
    },
    /// Nothing was paid.
    Unpaid {
        /// What is open.
        amount: Decimal,
    },
    /// Less was paid than billed, beyond what adjustments explain.
    Underpaid {
        /// How much is missing.
        by: Decimal,
    },
    /// More was paid than billed, beyond what adjustments explain.
    Overpaid {
        /// How much is too much.
        by: Decimal,
    },
    /// The payer's adjustments explain the difference, and the payer disputes some of it.
    Disputed {
        /// Paid less billed.
        by: Decimal,
    },
    /// The payer's adjustments explain the difference.
    Adjusted {
        /// Paid less billed.
        by: Decimal,
    },
}

/// One side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What was used.
    Usage,
    /// What was billed.
    Bill,
}

impl Outcome {
    /// Whether there is nothing to ask anybody about.
    pub fn agrees(&self) -> bool {
        matches!(self, Outcome::EnergyTolerated { .. } | Outcome::Adjusted { .. })
    }
}
