//! Reconciling: what was used, billed and paid, matched by account and period, to the kWh and the
//! cent.
//!
//! Documents are entered into a [`Ledger`] one by one, in any order; it keeps a few numbers of each,
//! never an interval. When all are in, cancelled, replaced and repeated documents net out, and what
//! stands is matched. Nothing is rounded, and a difference is tolerated only if that was asked for.
//!
//! Four habits that no standard settles are settled here. A bill is for the reports that it names or
//! whose period is its own, give or take the day of the read at each end. The energy of a report is
//! that of its billed summaries, where it has some. A payment that names no bill is for the bill of
//! its account that has the amount it says was billed, else for the oldest that is open. An amount
//! that the payer's adjustments explain agrees, unless the payer disputes it.

mod billed;

mod entry;

mod matching;

mod outcome;

mod paid;

#[cfg(test)]
mod tests;

mod used;

mod standing;

pub use outcome::{
    Allotment, Answer, Document, Fate, Matched, Outcome, PaymentSum, Reconciliation, Side, Source,
    TakenOut, Unmatched, WhyUnmatched,
};

use std::collections::BTreeMap;

use crate::bill::Bill;
use crate::decimal::{Decimal, NumberError};
use crate::identifier::AccountNumber;
use crate::payment::Payment;
use crate::quantity::QuantityError;
use crate::usage::UsageReport;
use billed::Billed;
use entry::Entry;
use paid::Paid;
use used::Used;

/// What is asked of a reconciliation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// How many kWh used and billed energy may differ by; none is the usual.
    pub tolerance_kwh: Decimal,
    /// What is compared with what.
    pub sides: Sides,
}

/// What is compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sides {
    /// Usage, bills and payments.
    #[default]
    All,
    /// Usage and bills; nobody asks whether bills are paid.
    UsageAndBills,
    /// Bills and payments; nobody asks for usage.
    BillsAndPayments,
}

impl Sides {
    fn usage(self) -> bool {
        self != Sides::BillsAndPayments
    }

    fn payments(self) -> bool {
        self != Sides::UsageAndBills
    }
}

/// Why something cannot be reconciled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReconcileError {
    /// A sum has too many digits.
    #[error("a sum is too long: {0}")]
    Number(#[from] NumberError),
    /// A quantity in a unit of energy or demand has too many digits.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
}

/// Documents as they come in: a few numbers of each.
#[derive(Debug, Default)]
pub struct Ledger {
    usage: Vec<Entry<Used>>,
    bills: Vec<Entry<Billed>>,
    payments: Vec<Paid>,
    /// Numbers that accounts had before, and those they have now.
    former: BTreeMap<AccountNumber, AccountNumber>,
}

impl Ledger {
    /// Enters what was used. Its intervals are summed and not kept.
    ///
    /// # Errors
    ///
    /// [`ReconcileError`].
    pub fn usage(&mut self, report: &UsageReport) -> Result<(), ReconcileError> {
        self.usage.push(used::entry(report)?);
        self.renamed(report.former_account.as_ref(), report.account.as_ref());
        Ok(())
    }

    /// Enters what was billed.
    ///
    /// # Errors
    ///
    /// [`ReconcileError`].
    pub fn bill(&mut self, bill: &Bill) -> Result<(), ReconcileError> {
        self.bills.push(billed::entry(bill)?);
        self.renamed(bill.former_account.as_ref(), bill.account.as_ref());
        Ok(())
    }

    /// Enters what was paid.
    ///
    /// # Errors
    ///
    /// [`ReconcileError`].
    pub fn payment(&mut self, payment: &Payment) -> Result<(), ReconcileError> {
        self.payments.push(Paid::of(payment)?);
        Ok(())
    }

    /// Nets out what was cancelled, replaced or repeated, and matches what stands.
    ///
    /// # Errors
    ///
    /// [`ReconcileError`].
    pub fn reconcile(self, rules: &Rules) -> Result<Reconciliation, ReconcileError> {
        matching::reconcile(self, rules)
    }

    fn renamed(&mut self, former: Option<&AccountNumber>, now: Option<&AccountNumber>) {
        if let (Some(former), Some(now)) = (former, now)
            && former != now
        {
            self.former.insert(former.clone(), now.clone());
        }
    }
}

/// Matches reports, bills and payments that are all at hand; see [`Ledger`].
///
/// # Errors
///
/// [`ReconcileError`].
pub fn reconcile(
    usage: &[UsageReport],
    bills: &[Bill],
    payments: &[Payment],
    rules: &Rules,
) -> Result<Reconciliation, ReconcileError> {
    let mut ledger = Ledger::default();
    usage.iter().try_for_each(|report| ledger.usage(report))?;
    bills.iter().try_for_each(|bill| ledger.bill(bill))?;
    payments.iter().try_for_each(|payment| ledger.payment(payment))?;
    ledger.reconcile(rules)
}
