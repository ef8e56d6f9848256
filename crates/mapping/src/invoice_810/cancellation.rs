//! The bill that takes back another one.

use tieline_model::bill::{Bill, Charge, Tax};
use tieline_model::common::{Purpose, Reference, ReferenceKind};
use tieline_model::decimal::Decimal;
use tieline_model::provenance::Provenance;
use tieline_model::time::Date;

use crate::options::{Options, Sign};

/// The bill that takes back `bill` as a whole: it names its number as the original one and repeats its
/// lines, with the sign that the partner wants.
///
/// With the other sign are charges, credits, taxes with their bases, the number of priced items, told
/// amounts and the total. Rates, quantities and balances stay as they were.
pub fn cancel_of(bill: &Bill, number: impl Into<String>, date: Date, options: &Options) -> Bill {
    let mut cancellation = bill.clone();
    cancellation.number = number.into();
    cancellation.date = date;
    cancellation.purpose = Some(Purpose::Cancel.into());
    cancellation.provenance = Provenance::default();
    cancellation.references.retain(|it| it.kind.meaning != ReferenceKind::OriginalBill);
    let original = Reference::new(ReferenceKind::OriginalBill.into(), bill.number.as_str());
    cancellation.references.push(original);
    if options.invoice.cancellations == Sign::Opposite {
        turn(&mut cancellation);
    }
    cancellation
}

fn turn(bill: &mut Bill) {
    for group in &mut bill.groups {
        turn_amount(group.item.as_mut().and_then(|item| item.quantity.as_mut()));
        turn_lines(&mut group.charges, &mut group.taxes);
        for subline in &mut group.sublines {
            turn_lines(&mut subline.charges, &mut subline.taxes);
        }
    }
    turn_lines(&mut bill.charges, &mut bill.taxes);
    for stated in &mut bill.amounts {
        turn_amount(Some(&mut stated.amount));
    }
    turn_amount(Some(&mut bill.total));
}

fn turn_lines(charges: &mut [Charge], taxes: &mut [Tax]) {
    for charge in charges {
        turn_amount(charge.amount.as_mut());
        charge.taxes.iter_mut().for_each(turn_tax);
    }
    taxes.iter_mut().for_each(turn_tax);
}

fn turn_tax(tax: &mut Tax) {
    turn_amount(tax.amount.as_mut());
    turn_amount(tax.base.as_mut());
}

fn turn_amount(amount: Option<&mut Decimal>) {
    if let Some(amount) = amount {
        *amount = amount.negated();
    }
}
