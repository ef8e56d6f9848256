//! Verifying: a bill compared with what its usage comes to under its schedules, line by line.

use std::fmt;

use serde::Serialize;

use crate::bill::{Bill, Charge, ChargeDirection};
use crate::decimal::{Decimal, NumberError};
use crate::pricing::error::PricingError;
use crate::pricing::{BillRequest, price};

/// One line of a bill that is not what it should be, or the total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Discrepancy {
    /// The group it is in, counted from 1; `None` for what stands on the bill as a whole.
    pub group: Option<usize>,
    /// What the line is called: its name or code; `total` for the total.
    pub line: String,
    /// What is not as it should be.
    pub differences: Vec<Difference>,
}

/// What is not as it should be; each with what it should be and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Difference {
    /// The line is not on the bill.
    Missing {
        /// What it should charge, less than zero for a credit.
        expected: Decimal,
    },
    /// The line has nothing to do with usage and schedule.
    Unexpected {
        /// What it charges.
        found: Decimal,
    },
    /// It charges where it should credit, or the other way round.
    Direction {
        /// The right one.
        expected: ChargeDirection,
        /// That on the bill.
        found: ChargeDirection,
    },
    /// The quantity.
    Quantity {
        /// The right one.
        expected: Decimal,
        /// That on the bill.
        found: Decimal,
    },
    /// The price of a unit.
    Rate {
        /// The right one.
        expected: Decimal,
        /// That on the bill.
        found: Decimal,
    },
    /// The amount.
    Amount {
        /// The right one.
        expected: Decimal,
        /// That on the bill; `None` if it has none.
        found: Option<Decimal>,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = |direction: &ChargeDirection| match direction {
            ChargeDirection::Charge => "a charge",
            ChargeDirection::Credit => "a credit",
            ChargeDirection::NoCharge => "told only",
        };
        match self {
            Difference::Missing { expected } => write!(f, "is missing: expected {expected}"),
            Difference::Unexpected { found } => write!(f, "is not expected: found {found}"),
            Difference::Direction { expected, found } => {
                write!(f, "direction: expected {}, found {}", way(expected), way(found))
            }
            Difference::Quantity { expected, found } => {
                write!(f, "quantity: expected {expected}, found {found}")
            }
            Difference::Rate { expected, found } => {
                write!(f, "rate: expected {expected}, found {found}")
            }
            Difference::Amount { expected, found: Some(found) } => {
                write!(f, "amount: expected {expected}, found {found}")
            }
            Difference::Amount { expected, found: None } => {
                write!(f, "amount: expected {expected}, found none")
            }
        }
    }
}

impl fmt::Display for Discrepancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(group) = self.group {
            write!(f, "group {group}, ")?;
        }
        let told: Vec<String> = self.differences.iter().map(ToString::to_string).collect();
        write!(f, "{}: {}", self.line, told.join("; "))
    }
}

/// A line of a bill: the group it is in, the rate of that, and itself.
struct Line<'a> {
    group: Option<usize>,
    rate: Option<&'a str>,
    charge: &'a Charge,
}

/// Compares a bill with what the usage of a request comes to, to the cent.
///
/// Lines belong together by the rate of their group where both name one, and by the utility's code,
/// or by what they are for where one has no code. A quantity or rate that the bill leaves out is not
/// missed. The total is told only when it is neither what it should be nor the sum of the bill's own
/// lines: what follows from a wrong line is not told again.
///
/// # Errors
///
/// [`PricingError`] if there is nothing to compare with.
pub fn verify(bill: &Bill, request: &BillRequest<'_>) -> Result<Vec<Discrepancy>, PricingError> {
    let right = price(request)?;
    let wanted = lines(&right);
    let mut found = lines(bill);
    let mut matched: Vec<Option<Line<'_>>> = wanted.iter().map(|_| None).collect();
    // Those that are most alike first, so that no line takes another's.
    for likeness in (0..=3).rev() {
        for (line, matched) in wanted.iter().zip(&mut matched).filter(|(_, it)| it.is_none()) {
            let is_it = |it: &Line<'_>| can_be(line, it) && alike(line, it) == likeness;
            *matched = found.iter().position(is_it).map(|n| found.remove(n));
        }
    }
    let mut wrong = Vec::new();
    for (line, matched) in wanted.iter().zip(&matched) {
        match matched {
            Some(found) => wrong.extend(compare(line, found)),
            None => {
                let expected = line.charge.signed_amount();
                wrong.push(told(line, vec![Difference::Missing { expected }]));
            }
        }
    }
    for line in found.iter().filter(|line| !line.charge.signed_amount().is_zero()) {
        let found = line.charge.signed_amount();
        wrong.push(told(line, vec![Difference::Unexpected { found }]));
    }
    wrong.extend(compare_taxes(bill, &right)?);
    if bill.total != right.total && bill.total != bill.sum_of_lines()?.amount {
        let (expected, found) = (right.total, Some(bill.total));
        let differences = vec![Difference::Amount { expected, found }];
        wrong.push(Discrepancy { group: None, line: "total".to_string(), differences });
    }
    Ok(wrong)
}

fn lines(bill: &Bill) -> Vec<Line<'_>> {
    let in_groups = (1..).zip(&bill.groups).flat_map(|(number, group)| {
        let rate = group.rate.as_deref();
        group.all_charges().map(move |charge| Line { group: Some(number), rate, charge })
    });
    let on_all = bill.charges.iter().map(|charge| Line { group: None, rate: None, charge });
    in_groups.chain(on_all).collect()
}

/// In how many of quantity, rate and amount two lines are equal.
fn alike(one: &Line<'_>, other: &Line<'_>) -> usize {
    let (a, b) = (one.charge, other.charge);
    let equal = [a.rate == b.rate, a.quantity == b.quantity, a.amount == b.amount];
    equal.iter().filter(|equal| **equal).count()
}

fn can_be(wanted: &Line<'_>, found: &Line<'_>) -> bool {
    if let (Some(wanted), Some(found)) = (wanted.rate, found.rate)
        && wanted != found
    {
        return false;
    }
    let (Some(wanted), Some(found)) = (&wanted.charge.kind, &found.charge.kind) else {
        return false;
    };
    match (&wanted.raw, &found.raw) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => wanted.meaning == found.meaning,
    }
}

fn compare(right: &Line<'_>, line: &Line<'_>) -> Option<Discrepancy> {
    let (wanted, charge) = (right.charge, line.charge);
    let mut differences = Vec::new();
    if wanted.direction.meaning != charge.direction.meaning {
        let (expected, found) = (wanted.direction.meaning, charge.direction.meaning);
        differences.push(Difference::Direction { expected, found });
    }
    if let (Some(expected), Some(found)) = (wanted.quantity, charge.quantity)
        && expected != found
    {
        differences.push(Difference::Quantity { expected, found });
    }
    if let (Some(expected), Some(found)) = (wanted.rate, charge.rate)
        && expected != found
    {
        differences.push(Difference::Rate { expected, found });
    }
    if wanted.amount != charge.amount {
        let expected = wanted.amount.unwrap_or_default();
        differences.push(Difference::Amount { expected, found: charge.amount });
    }
    (!differences.is_empty()).then(|| told(line, differences))
}

fn told(line: &Line<'_>, differences: Vec<Difference>) -> Discrepancy {
    let name = line.charge.description.clone();
    let code = line.charge.kind.as_ref().and_then(|kind| kind.raw.clone());
    let line_name = name.or(code).unwrap_or_else(|| "a line without a name".to_string());
    Discrepancy { group: line.group, line: line_name, differences }
}

/// Taxes are compared in sum: how a bill divides them among groups is not settled.
fn compare_taxes(bill: &Bill, right: &Bill) -> Result<Option<Discrepancy>, NumberError> {
    let expected = taxes(right)?;
    let found = taxes(bill)?;
    let differences = vec![Difference::Amount { expected, found: Some(found) }];
    let wrong = Discrepancy { group: None, line: "taxes".to_string(), differences };
    Ok((expected != found).then_some(wrong))
}

fn taxes(bill: &Bill) -> Result<Decimal, NumberError> {
    let in_groups = bill.groups.iter().flat_map(|group| {
        let of_lines = group.all_charges().flat_map(|charge| &charge.taxes);
        let of_sublines = group.sublines.iter().flat_map(|subline| &subline.taxes);
        group.taxes.iter().chain(of_sublines).chain(of_lines)
    });
    let on_all = bill.taxes.iter().chain(bill.charges.iter().flat_map(|charge| &charge.taxes));
    let mut sum = Decimal::ZERO;
    for tax in in_groups.chain(on_all) {
        sum = sum.checked_add(&tax.added_amount())?;
    }
    Ok(sum)
}
