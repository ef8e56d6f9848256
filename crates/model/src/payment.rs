//! A payment and what it is for: one 820.
//!
//! The remittance advice may travel with the money or apart from it. An entity is whose items are
//! paid; a line is one account or bill. All amounts are in the payment's one currency; adjustments
//! have a sign, because the standard gives them one.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::coded::Coded;
use crate::common::{Event, Note, Party, PartyId, PartyRole, Reference, ReferenceKind, reference};
use crate::decimal::{Decimal, NumberError};
use crate::identifier::AccountNumber;
use crate::money::{Currency, Money};
use crate::provenance::{Ordinal, Provenance};
use crate::residue::Residue;

/// What one document says is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// Whether money moves with it (`BPR01`).
    pub handling: Coded<Handling>,
    /// How much (`BPR02`).
    pub amount: Decimal,
    /// The currency of every amount.
    pub currency: Currency,
    /// Whose currency it is, by the raw code of the document (`CUR01`); `None` where the document
    /// leaves the currency out.
    pub currency_of: Option<String>,
    /// Whether the receiver gets money or gives it (`BPR03`).
    pub flow: Coded<Flow>,
    /// How the money travels (`BPR04`).
    pub method: Coded<PaymentMethod>,
    /// How the advice travels with it (`BPR05`).
    pub format: Option<Coded<PaymentFormat>>,
    /// Where the money comes from.
    pub from: Option<BankAccount>,
    /// The number by which the bank knows the payer (`BPR10`).
    pub originator: Option<String>,
    /// A part of the payer (`BPR11`).
    pub originator_part: Option<String>,
    /// Where the money goes.
    pub to: Option<BankAccount>,
    /// When it is there (`BPR16`).
    pub settlement: Option<Date>,
    /// The number by which money and advice find each other.
    pub trace: Option<Trace>,
    /// Texts for people.
    pub notes: Vec<Note>,
    /// Numbers that are not fields.
    pub references: Vec<Reference>,
    /// Dates that are not fields.
    pub events: Vec<Event>,
    /// Whom it names.
    pub parties: Vec<Party>,
    /// Whose items are paid, in the order of the document.
    pub entities: Vec<RemittanceEntity>,
    /// The document it was read from.
    #[serde(default)]
    pub provenance: Provenance,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

impl Payment {
    /// How much, with its currency.
    pub fn total(&self) -> Money {
        Money::new(self.amount, self.currency)
    }

    /// All lines, in the order of the document.
    pub fn lines(&self) -> impl Iterator<Item = &RemittanceLine> {
        self.entities.iter().flat_map(|entity| &entity.lines)
    }

    /// What is paid on all lines, and the adjustments of entities: what the amount should be.
    /// Adjustments of a line explain what it pays and are in it already.
    ///
    /// # Errors
    ///
    /// [`NumberError::Overflow`].
    pub fn sum_of_lines(&self) -> Result<Money, NumberError> {
        let mut sum = Decimal::ZERO;
        for entity in &self.entities {
            for line in &entity.lines {
                sum = sum.checked_add(&line.paid.unwrap_or_default())?;
            }
            for adjustment in &entity.adjustments {
                sum = sum.checked_add(&adjustment.amount)?;
            }
        }
        Ok(Money::new(sum, self.currency))
    }
}

/// Whether money moves with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Handling {
    /// Payment and advice travel together.
    PaymentWithAdvice,
    /// Payment alone; the advice travels apart.
    PaymentOnly,
    /// Advice alone; the money travels apart.
    AdviceOnly,
    /// Something that only its raw code names.
    Other,
}

/// Which way the money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// The receiver gets it.
    Credit,
    /// The receiver gives it.
    Debit,
}

/// How money travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// Through the Automated Clearing House.
    Ach,
    /// By check.
    Check,
    /// By wire.
    Wire,
    /// By book transfer within a bank, or a clearing house of its own.
    BookTransfer,
    /// Not at all: nothing is paid.
    NonPayment,
    /// A way that only its raw code names.
    Other,
}

/// How the advice travels with a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PaymentFormat {
    /// With the whole document inside (CTX).
    Ctx,
    /// With a line beside the payment (CCD+).
    CcdPlus,
    /// Without any (CCD).
    Ccd,
    /// From a consumer, with a line beside the payment (PPD+).
    PpdPlus,
    /// From a consumer (PPD).
    Ppd,
    /// A form that only its raw code names.
    Other,
}

/// An account at a bank.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BankAccount {
    /// The number of the bank and whose number that is, by the raw code of the document (`01` for a
    /// routing number).
    pub bank: Option<BankId>,
    /// What kind of account it is, by the raw code of the document (`DA` for a current account).
    pub kind: Option<String>,
    /// The number of the account.
    pub account: Option<AccountNumber>,
}

/// Does not show the number of the account.
impl fmt::Debug for BankAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BankAccount").finish_non_exhaustive()
    }
}

/// The number of a bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BankId {
    /// Whose number it is, by the raw code of the document.
    pub qualifier: String,
    /// The number.
    pub number: String,
}

/// The number by which money and advice find each other: `TRN`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// What kind of number it is, by the raw code of the document.
    pub code: String,
    /// The number, which is in the bank's entry too.
    pub number: String,
    /// The number by which the bank knows the payer.
    pub originator: Option<String>,
    /// A further number.
    pub further: Option<String>,
}

/// Whose items are paid: one `ENT` loop.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RemittanceEntity {
    /// Its number in the payment (`ENT01`).
    pub number: Option<String>,
    /// What it is to the payment.
    pub role: Option<Coded<PartyRole>>,
    /// Its own number.
    pub id: Option<PartyId>,
    /// What is added or taken off, beside the lines.
    pub adjustments: Vec<Adjustment>,
    /// What is paid.
    pub lines: Vec<RemittanceLine>,
    /// Where it was read.
    #[serde(default)]
    pub at: Ordinal,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

/// One account or bill that is paid: one `RMR` loop.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RemittanceLine {
    /// What its number is the number of (`RMR01`).
    pub kind: Option<Coded<ReferenceKind>>,
    /// The number (`RMR02`).
    pub id: Option<String>,
    /// How it is paid (`RMR03`).
    pub action: Option<Coded<PaymentAction>>,
    /// What is paid; less than zero when money is taken back (`RMR04`).
    pub paid: Option<Decimal>,
    /// What was billed (`RMR05`).
    pub billed: Option<Decimal>,
    /// What was taken off for paying early (`RMR06`).
    pub discount: Option<Decimal>,
    /// Why it is not what was billed (`RMR07`).
    pub adjustment_reason: Option<Coded<AdjustmentReason>>,
    /// How much of it that is, with its sign (`RMR08`).
    pub adjustment: Option<Decimal>,
    /// Texts for people.
    pub notes: Vec<Note>,
    /// Further numbers: the bill, a second account.
    pub references: Vec<Reference>,
    /// When it was billed, and until when it is due.
    pub events: Vec<Event>,
    /// What explains the difference from what was billed.
    pub adjustments: Vec<Adjustment>,
    /// Where it was read.
    #[serde(default)]
    pub at: Ordinal,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

impl RemittanceLine {
    /// The number of the account that is paid.
    pub fn account(&self) -> Option<&str> {
        self.number(ReferenceKind::Account)
    }

    /// The number of the bill that is paid.
    pub fn bill(&self) -> Option<&str> {
        self.number(ReferenceKind::Bill)
    }

    fn number(&self, wanted: ReferenceKind) -> Option<&str> {
        match self.kind.as_ref() {
            Some(kind) if kind.meaning == wanted && self.id.is_some() => self.id.as_deref(),
            _ => reference(&self.references, wanted),
        }
    }
}

/// How an item is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PaymentAction {
    /// All of a bill.
    Full,
    /// A part of it.
    Partial,
    /// On account, for no bill in particular.
    OnAccount,
    /// It is put right.
    Adjustment,
    /// A way that only its raw code names.
    Other,
}

/// What is added or taken off: one `ADX` loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    /// How much, with its sign.
    pub amount: Decimal,
    /// Why.
    pub reason: Coded<AdjustmentReason>,
    /// What it is about (`ADX03` and `ADX04`).
    pub subject: Option<Reference>,
    /// Texts for people.
    pub notes: Vec<Note>,
    /// Numbers that are not fields.
    pub references: Vec<Reference>,
    /// Dates that are not fields.
    pub events: Vec<Event>,
    /// Where it was read.
    #[serde(default)]
    pub at: Ordinal,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

/// Why an amount is not what was billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentReason {
    /// Something was put right.
    Correction,
    /// Money is given back.
    Credit,
    /// Too little was paid before.
    Underpayment,
    /// Too much was paid before.
    Overpayment,
    /// The payer does not agree with the bill.
    Disputed,
    /// A tax need not be paid.
    TaxExempt,
    /// For paying early.
    Discount,
    /// For paying late.
    LateCharge,
    /// A payment was returned by the bank.
    Returned,
    /// A reason that only its raw code names.
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_what_lines_pay_and_entities_adjust() {
        let number = |text: &str| text.parse::<Decimal>().expect("the test gives a number");
        let adjustment = |amount: &str| Adjustment {
            amount: number(amount),
            reason: AdjustmentReason::Credit.into(),
            subject: None,
            notes: Vec::new(),
            references: Vec::new(),
            events: Vec::new(),
            at: Ordinal::default(),
            residue: Residue::default(),
        };
        let line = |paid: &str| RemittanceLine {
            kind: Some(Coded::received(ReferenceKind::Account, "12")),
            id: Some("0004217790".to_string()),
            paid: Some(number(paid)),
            references: vec![Reference::new(Coded::received(ReferenceKind::Bill, "IV"), "B1")],
            adjustments: vec![adjustment("-3.00")],
            ..RemittanceLine::default()
        };
        let payment = Payment {
            handling: Handling::PaymentWithAdvice.into(),
            amount: number("148.50"),
            currency: Currency::USD,
            currency_of: None,
            flow: Flow::Credit.into(),
            method: PaymentMethod::Ach.into(),
            format: None,
            from: None,
            originator: None,
            originator_part: None,
            to: None,
            settlement: None,
            trace: None,
            notes: Vec::new(),
            references: Vec::new(),
            events: Vec::new(),
            parties: Vec::new(),
            entities: vec![RemittanceEntity {
                adjustments: vec![adjustment("-1.50")],
                lines: vec![line("100"), line("50.00")],
                ..RemittanceEntity::default()
            }],
            provenance: Provenance::default(),
            residue: Residue::default(),
        };
        assert_eq!(payment.sum_of_lines(), Ok(payment.total()));
        let first = payment.lines().next().expect("there is one");
        assert_eq!((first.account(), first.bill()), (Some("0004217790"), Some("B1")));
    }
}
