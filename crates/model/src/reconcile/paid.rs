//! What a payment says: for which account or bill how much, and why it is not what was billed.

use jiff::civil::Date;

use super::ReconcileError;
use super::outcome::Source;
use crate::common::{Reference, ReferenceKind};
use crate::decimal::Decimal;
use crate::money::Currency;
use crate::payment::{Adjustment, AdjustmentReason, Payment, RemittanceLine};

/// What is kept of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paid {
    pub(super) source: Source,
    pub(super) settlement: Option<Date>,
    pub(super) originator: Option<String>,
    pub(super) amount: Decimal,
    /// What its lines, and the adjustments of its entities, add up to.
    pub(super) sum: Decimal,
    pub(super) currency: Currency,
    pub(super) lines: Vec<PaidLine>,
}

/// One line of a payment, or an adjustment of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PaidLine {
    pub(super) account: Option<String>,
    pub(super) bill: Option<String>,
    pub(super) paid: Decimal,
    /// What it says was billed.
    pub(super) billed: Option<Decimal>,
    pub(super) adjustments: Vec<(AdjustmentReason, Decimal)>,
    pub(super) is_line: bool,
    pub(super) at: u32,
}

impl Paid {
    pub(super) fn of(payment: &Payment) -> Result<Paid, ReconcileError> {
        let trace = payment.trace.as_ref();
        let mut lines = Vec::new();
        for entity in &payment.entities {
            lines.extend(entity.adjustments.iter().map(of_entity));
            lines.extend(entity.lines.iter().map(of_line));
        }
        Ok(Paid {
            source: Source::new(trace.map(|trace| trace.number.clone()), &payment.provenance),
            settlement: payment.settlement,
            originator: trace.and_then(|trace| trace.originator.clone()),
            amount: payment.amount,
            sum: payment.sum_of_lines()?.amount,
            currency: payment.currency,
            lines,
        })
    }

    /// Whether both are one payment, told twice.
    pub(super) fn repeats(&self, other: &Paid) -> bool {
        self.source.number.is_some()
            && (&self.source.number, &self.originator) == (&other.source.number, &other.originator)
    }

    /// Whether both say the same.
    pub(super) fn says_what(&self, other: &Paid) -> bool {
        (self.amount, self.currency, &self.lines) == (other.amount, other.currency, &other.lines)
    }

    /// Where a line of it stands.
    pub(super) fn place(&self, line: &PaidLine) -> Source {
        let lines = if line.at > 0 { vec![line.at] } else { Vec::new() };
        Source { lines, ..self.source.clone() }
    }
}

fn of_line(line: &RemittanceLine) -> PaidLine {
    let told = |it: &Adjustment| (it.reason.meaning, it.amount);
    let mut adjustments: Vec<_> = line.adjustments.iter().map(told).collect();
    // The line's own adjustment sums up those below it, where there are some.
    if let (true, Some(amount)) = (adjustments.is_empty(), line.adjustment) {
        let reason = line.adjustment_reason.as_ref();
        adjustments.push((reason.map_or(AdjustmentReason::Other, |it| it.meaning), amount));
    }
    let discount = line.discount.filter(|discount| !discount.is_zero());
    adjustments.extend(discount.map(|it| (AdjustmentReason::Discount, it.abs().negated())));
    PaidLine {
        account: line.account().map(str::to_string),
        bill: line.bill().map(str::to_string),
        paid: line.paid.unwrap_or_default(),
        billed: line.billed,
        adjustments,
        is_line: true,
        at: line.at.0,
    }
}

/// An adjustment of an entity is money that is added or taken off. It explains itself if it says
/// what it is about.
fn of_entity(adjustment: &Adjustment) -> PaidLine {
    let named = |wanted: ReferenceKind| {
        let all = adjustment.subject.iter().chain(&adjustment.references);
        let is_it = |reference: &&Reference| reference.kind.meaning == wanted;
        all.filter(is_it).find_map(|reference| reference.value.clone())
    };
    PaidLine {
        account: named(ReferenceKind::Account),
        bill: named(ReferenceKind::Bill),
        paid: adjustment.amount,
        billed: None,
        adjustments: vec![(adjustment.reason.meaning, adjustment.amount)],
        is_line: false,
        at: adjustment.at.0,
    }
}
