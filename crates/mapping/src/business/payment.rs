//! What is wrong with a payment: its amount, and whether its lines can be posted.

use tieline_model::common::ReferenceKind;
use tieline_model::decimal::{Decimal, NumberError};
use tieline_model::payment::{Handling, Payment, PaymentMethod, RemittanceLine};
use tieline_model::provenance::Ordinal;

use super::catalogue::Code;
use super::finding::{BusinessFinding, Findings, What};
use super::options::BusinessOptions;

/// The segment that holds the amount: `BPR`.
const HEADING: Ordinal = Ordinal(2);

/// What is wrong with a payment beyond the standard, in the order of the document.
///
/// Trace numbers used twice are found by [`super::Seen`].
pub fn payment(payment: &Payment, options: &BusinessOptions) -> Vec<BusinessFinding> {
    let mut found = Findings::new(options);
    total(payment, &mut found);
    let is_ach = payment.method.meaning == PaymentMethod::Ach;
    if is_ach && payment.amount.is_negative() && !payment.amount.is_zero() {
        found.add(Code::PAYMENT_NEGATIVE, HEADING, What::Negative(payment.amount));
    }
    for line in payment.lines().filter(|line| !names_what_is_paid(line)) {
        let what = What::Missing("the account or bill that is paid");
        found.add(Code::LINE_ACCOUNT_MISSING, line.at, what);
    }
    found.finish()
}

/// The amount against the lines. Money without advice has no lines.
fn total(payment: &Payment, found: &mut Findings<'_>) {
    let has_advice = payment.handling.meaning != Handling::PaymentOnly;
    if payment.entities.is_empty() && !has_advice {
        return;
    }
    if let Ok(expected) = sum_of_lines(payment, found.options)
        && expected != payment.amount
    {
        let what = What::Amount { stated: payment.amount, expected };
        found.add(Code::PAYMENT_TOTAL, HEADING, what);
    }
}

fn sum_of_lines(payment: &Payment, options: &BusinessOptions) -> Result<Decimal, NumberError> {
    if options.entity_adjustments {
        return Ok(payment.sum_of_lines()?.amount);
    }
    let paid = payment.lines().filter_map(|line| line.paid.as_ref());
    Decimal::sum(paid)
}

fn names_what_is_paid(line: &RemittanceLine) -> bool {
    let is_master = line.kind.as_ref().is_some_and(|kind| {
        matches!(kind.meaning, ReferenceKind::MasterAccount | ReferenceKind::SupplierAccount)
    });
    line.account().is_some() || line.bill().is_some() || (is_master && line.id.is_some())
}

#[cfg(test)]
mod tests {
    use tieline_model::coded::Coded;
    use tieline_model::money::Currency;
    use tieline_model::payment::{Adjustment, AdjustmentReason, Flow, RemittanceEntity};
    use tieline_model::provenance::Provenance;
    use tieline_model::residue::Residue;

    use super::*;

    fn number(text: &str) -> Decimal {
        text.parse().expect("the test gives a number")
    }

    fn line(paid: &str) -> RemittanceLine {
        RemittanceLine {
            kind: Some(Coded::received(ReferenceKind::Account, "12")),
            id: Some("0004217790".to_string()),
            paid: Some(number(paid)),
            ..RemittanceLine::default()
        }
    }

    /// Two lines and an adjustment beside them: 148.50.
    fn good() -> Payment {
        Payment {
            currency_of: None,
            handling: Handling::PaymentWithAdvice.into(),
            amount: number("148.5"),
            currency: Currency::USD,
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
                adjustments: vec![Adjustment {
                    amount: number("-1.50"),
                    reason: AdjustmentReason::Credit.into(),
                    subject: None,
                    notes: Vec::new(),
                    references: Vec::new(),
                    events: Vec::new(),
                    at: Ordinal::default(),
                    residue: Residue::default(),
                }],
                lines: vec![line("100"), line("50.00")],
                ..RemittanceEntity::default()
            }],
            provenance: Provenance::default(),
            residue: Residue::default(),
        }
    }

    fn codes(of: &Payment, options: &BusinessOptions) -> Vec<Code> {
        payment(of, options).into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn lines_and_adjustments_make_the_amount() {
        let usual = BusinessOptions::default();
        assert_eq!(codes(&good(), &usual), []);
        let options = BusinessOptions { entity_adjustments: false, ..usual.clone() };
        assert_eq!(codes(&good(), &options), [Code::PAYMENT_TOTAL]);
        let mut wrong = good();
        wrong.amount = number("150");
        assert_eq!(codes(&wrong, &usual), [Code::PAYMENT_TOTAL]);
        wrong.entities.clear();
        wrong.handling = Handling::PaymentOnly.into();
        assert_eq!(codes(&wrong, &usual), []);
    }

    #[test]
    fn the_clearing_house_takes_nothing_negative() {
        let mut back = good();
        back.entities[0].lines = vec![line("-147.00")];
        back.amount = number("-148.50");
        assert_eq!(codes(&back, &BusinessOptions::default()), [Code::PAYMENT_NEGATIVE]);
        back.method = PaymentMethod::Check.into();
        assert_eq!(codes(&back, &BusinessOptions::default()), []);
    }

    #[test]
    fn a_line_names_what_it_pays() {
        let mut wrong = good();
        wrong.entities[0].lines[0].id = None;
        assert_eq!(codes(&wrong, &BusinessOptions::default()), [Code::LINE_ACCOUNT_MISSING]);
    }
}
