//! A bill: one 810, or the bill of one account in another format.
//!
//! A bill has groups (an account, a rate, a meter, unmetered lights); a group has charges and
//! taxes. All amounts are in the bill's one currency. Whether a charge adds to the bill or takes
//! from it is its direction; what its amount's sign means besides is agreed with the partner.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::account::Commodity;
use crate::coded::Coded;
use crate::common::{
    Contact, Event, Note, Party, Purpose, Reference, ReferenceKind, StatedAmount, reference,
};
use crate::decimal::{Decimal, NumberError};
use crate::identifier::{AccountNumber, MeterNumber, ServicePointId};
use crate::money::{Currency, Money};
use crate::period::Period;
use crate::provenance::{Ordinal, Provenance};
use crate::quantity::Unit;
use crate::residue::Residue;
use crate::usage::{Measurement, SectionPeriod, UsageQuantity};

/// How many charges a group or a sub-line holds directly in an 810.
pub const MAX_CHARGES: usize = 25;

/// What one document says is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Bill {
    /// The sender's number of the bill, unique for ever (`BIG02`).
    pub number: String,
    /// When it was issued (`BIG01`).
    pub date: Date,
    /// What it does to an earlier bill (`BIG08`).
    pub purpose: Option<Coded<Purpose>>,
    /// What kind of bill it is (`BIG07`).
    pub kind: Option<Coded<BillKind>>,
    /// The number of the usage report it is made from (`BIG05`).
    pub usage_report: Option<String>,
    /// The currency of every amount.
    pub currency: Currency,
    /// Whose currency it is, by the raw code of the document (`CUR01`); `None` in a document that
    /// leaves the currency to what is agreed.
    pub currency_entity: Option<String>,
    /// The account; `None` in a document that does not name it.
    pub account: Option<AccountNumber>,
    /// The number the account had before.
    pub former_account: Option<AccountNumber>,
    /// The number a supplier keeps it under.
    pub supplier_account: Option<AccountNumber>,
    /// The service point.
    pub service_point: Option<ServicePointId>,
    /// Texts for people.
    pub notes: Vec<Note>,
    /// Numbers that are not fields: the bill that is cancelled, the billing cycle …
    pub references: Vec<Reference>,
    /// Whom to ask about it.
    pub contacts: Vec<Contact>,
    /// Whom it names.
    pub parties: Vec<Party>,
    /// When and how it is to be paid; the first one counts.
    pub terms: Vec<Terms>,
    /// The service period it is for (`DTM*150` and `151`).
    pub period: Option<Period>,
    /// The period of the bill itself, where the document names one (`DTM*186` and `187`).
    pub invoice_period: Option<Period>,
    /// Dates that are not fields.
    pub events: Vec<Event>,
    /// What was owed before, what was paid, what is owed now.
    pub balances: Vec<Balance>,
    /// What is charged, in the order of the document.
    pub groups: Vec<BillGroup>,
    /// What is to be paid for this bill, as it says (`TDS01`).
    pub total: Decimal,
    /// Taxes on the bill as a whole.
    pub taxes: Vec<Tax>,
    /// Amounts that are told beside the total.
    pub amounts: Vec<StatedAmount>,
    /// Charges on the bill as a whole.
    pub charges: Vec<Charge>,
    /// How many groups its end says it has, if it does (`CTT01`).
    pub stated_count: Option<Decimal>,
    /// The document it was read from.
    #[serde(default)]
    pub provenance: Provenance,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

impl Bill {
    /// A bill with nothing on it yet.
    pub fn new(number: impl Into<String>, date: Date, currency: Currency) -> Bill {
        Bill {
            number: number.into(),
            date,
            purpose: None,
            kind: None,
            usage_report: None,
            currency,
            currency_entity: None,
            account: None,
            former_account: None,
            supplier_account: None,
            service_point: None,
            notes: Vec::new(),
            references: Vec::new(),
            contacts: Vec::new(),
            parties: Vec::new(),
            terms: Vec::new(),
            period: None,
            invoice_period: None,
            events: Vec::new(),
            balances: Vec::new(),
            groups: Vec::new(),
            total: Decimal::ZERO,
            taxes: Vec::new(),
            amounts: Vec::new(),
            charges: Vec::new(),
            stated_count: None,
            provenance: Provenance::default(),
            residue: Residue::default(),
        }
    }

    /// The period it is for: of the service or, where that is not named, of the bill itself.
    pub fn billed_period(&self) -> Option<Period> {
        self.period.or(self.invoice_period)
    }

    /// The date until which it is to be paid.
    pub fn due_date(&self) -> Option<Date> {
        self.terms.iter().find_map(|terms| terms.due_date)
    }

    /// The number of the bill that this one cancels or replaces.
    pub fn original(&self) -> Option<&str> {
        reference(&self.references, ReferenceKind::OriginalBill)
    }

    /// What is to be paid, with its currency.
    pub fn total_due(&self) -> Money {
        Money::new(self.total, self.currency)
    }

    /// Charges less credits, plus taxes, plus items by their price: what the total should be.
    /// Amounts are taken as they stand, each with the sign of its direction.
    ///
    /// # Errors
    ///
    /// [`NumberError::Overflow`].
    pub fn sum_of_lines(&self) -> Result<Money, NumberError> {
        let mut sum = Decimal::ZERO;
        for group in &self.groups {
            sum = sum.checked_add(&group.sum()?)?;
        }
        sum = sum.checked_add(&sum_of(&self.charges, &self.taxes)?)?;
        Ok(Money::new(sum, self.currency))
    }
}

/// What kind of bill it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BillKind {
    /// What was used.
    Product,
    /// For the customer of the utility.
    DebitInvoice,
    /// Money back.
    Credit,
    /// For many accounts together.
    Consolidated,
    /// The last one for this customer.
    Final,
    /// A note on an account, not to be paid by itself.
    Memorandum,
    /// A kind that only its raw code names.
    Other,
}

/// When and how a bill is to be paid: one `ITD`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The kind of terms, by the raw code of the document.
    pub code: Option<String>,
    /// From which date days are counted, by the raw code of the document.
    pub basis: Option<String>,
    /// The discount for paying early, in per cent.
    pub discount_percent: Option<Decimal>,
    /// Until when that is.
    pub discount_date: Option<Date>,
    /// How many days that is.
    pub discount_days: Option<Decimal>,
    /// The date until which the bill is to be paid.
    pub due_date: Option<Date>,
    /// How many days that is.
    pub net_days: Option<Decimal>,
    /// The discount for paying early, as an amount.
    pub discount_amount: Option<Decimal>,
    /// A text for people.
    pub text: Option<String>,
    /// What is added for paying late, as the document writes it: per cent or a ratio, as agreed with
    /// the partner.
    pub late_percent: Option<Decimal>,
}

/// An amount that is owed or was paid: one `BAL`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// Of which time it is.
    pub phase: Coded<BalancePhase>,
    /// What it is.
    pub kind: Coded<BalanceKind>,
    /// How much; less than zero when the customer has paid ahead.
    pub amount: Decimal,
}

/// Of which time a balance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BalancePhase {
    /// Of the bills before this one.
    Prior,
    /// Of this bill's month.
    Current,
    /// Of all time up to now.
    ToDate,
    /// Of an arrangement to pay later or in equal parts.
    Arrangement,
    /// Of a correction.
    Adjustment,
    /// A time that only its raw code names.
    Other,
}

/// What a balance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BalanceKind {
    /// What was owed at a time: before, or now.
    Due,
    /// What was paid.
    Payments,
    /// What was put right.
    Adjustments,
    /// What is owed before this bill's charges.
    BeforeCharges,
    /// This bill's charges.
    Charges,
    /// What equal instalments differ from what was used.
    BudgetDifference,
    /// What was used, under equal instalments.
    BudgetActual,
    /// The instalments.
    BudgetInstalments,
    /// What is put off.
    Deferred,
    /// A balance that only its raw code names.
    Other,
}

/// What is charged for one thing: an account, a rate, a meter. One `IT1` loop.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BillGroup {
    /// Its number on the bill (`IT101`).
    pub number: Option<String>,
    /// A thing sold by number and price, if that is what it is (`IT102` to `IT104`).
    pub item: Option<PricedItem>,
    /// What is supplied.
    pub commodity: Option<Coded<Commodity>>,
    /// What it stands for.
    pub level: Option<Coded<GroupLevel>>,
    /// Quantities that stand by themselves (`QTY`).
    pub quantities: Vec<UsageQuantity>,
    /// Taxes on all of it.
    pub taxes: Vec<Tax>,
    /// What was used, and the readings behind it (`MEA`).
    pub usage: Vec<Measurement>,
    /// What it is, for people (`PID`).
    pub descriptions: Vec<String>,
    /// The meter.
    pub meter: Option<MeterNumber>,
    /// The rate schedule (`REF*NH`).
    pub rate: Option<String>,
    /// The service point, where it is not the bill's.
    pub service_point: Option<ServicePointId>,
    /// Numbers that are not fields.
    pub references: Vec<Reference>,
    /// The service period.
    pub period: Option<SectionPeriod>,
    /// Dates that are not fields.
    pub events: Vec<Event>,
    /// Charges that stand in it directly.
    pub charges: Vec<Charge>,
    /// Charges that stand in sub-lines.
    pub sublines: Vec<Subline>,
    /// Whom it names, e.g. the place that is supplied.
    pub parties: Vec<Party>,
    /// Where it was read.
    #[serde(default)]
    pub at: Ordinal,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

impl BillGroup {
    /// All its charges, in the order of the document.
    pub fn all_charges(&self) -> impl Iterator<Item = &Charge> {
        self.charges.iter().chain(self.sublines.iter().flat_map(|subline| &subline.charges))
    }

    /// Charges less credits, plus taxes, plus the item by its price.
    ///
    /// # Errors
    ///
    /// [`NumberError::Overflow`].
    pub fn sum(&self) -> Result<Decimal, NumberError> {
        let mut sum = sum_of(&self.charges, &self.taxes)?;
        for subline in &self.sublines {
            sum = sum.checked_add(&sum_of(&subline.charges, &subline.taxes)?)?;
        }
        match self.item.as_ref().and_then(|item| item.quantity.zip(item.price)) {
            Some((quantity, price)) => sum.checked_add(&quantity.checked_mul(&price)?),
            None => Ok(sum),
        }
    }

    /// Moves the charges into sub-lines of at most [`MAX_CHARGES`] if they are too many to stand in
    /// the group directly. A group with sub-lines is left as it is.
    pub fn wrap_charges(&mut self) {
        if self.charges.len() <= MAX_CHARGES || !self.sublines.is_empty() {
            return;
        }
        let mut charges = std::mem::take(&mut self.charges).into_iter().peekable();
        while charges.peek().is_some() {
            self.sublines.push(Subline {
                number: (self.sublines.len() + 1).to_string(),
                charges: charges.by_ref().take(MAX_CHARGES).collect(),
                ..Subline::default()
            });
        }
    }
}

/// What a group of charges stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GroupLevel {
    /// The account as a whole.
    Account,
    /// All that is billed under one rate.
    Rate,
    /// One meter.
    Meter,
    /// What is supplied without a meter.
    Unmetered,
    /// A thing that only its raw code names.
    Other,
}

/// A thing sold by number and price.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PricedItem {
    /// How many.
    pub quantity: Option<Decimal>,
    /// Of what unit.
    pub unit: Option<Coded<Unit>>,
    /// The price of one.
    pub price: Option<Decimal>,
}

/// A part of a group that holds further charges: one `SLN` loop.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Subline {
    /// Its number in the group (`SLN01`).
    pub number: String,
    /// What it has to do with the group, by the raw code of the document (`SLN03`); `None` for the
    /// partner's usual one.
    pub relation: Option<String>,
    /// Numbers that are not fields.
    pub references: Vec<Reference>,
    /// What it is, for people.
    pub descriptions: Vec<String>,
    /// Its charges.
    pub charges: Vec<Charge>,
    /// Taxes on all of it.
    pub taxes: Vec<Tax>,
    /// Where it was read.
    #[serde(default)]
    pub at: Ordinal,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

/// A charge or a credit: one `SAC`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// Whether it adds or takes off (`SAC01`).
    pub direction: Coded<ChargeDirection>,
    /// What it is for; the raw code is the utility's (`SAC04`).
    pub kind: Option<Coded<ChargeKind>>,
    /// Who gave the code, by the raw code of the document (`SAC03`); `None` for the partner's usual
    /// one.
    pub agency: Option<String>,
    /// The code of the standard, instead of the utility's (`SAC02`).
    pub standard_code: Option<String>,
    /// How much; `None` where only a rate is told.
    pub amount: Option<Decimal>,
    /// The price of a unit.
    pub rate: Option<Decimal>,
    /// The unit.
    pub unit: Option<Coded<Unit>>,
    /// How many units.
    pub quantity: Option<Decimal>,
    /// What it is, for people (`SAC15`).
    pub description: Option<String>,
    /// Taxes on it alone.
    pub taxes: Vec<Tax>,
    /// Where it was read.
    #[serde(default)]
    pub at: Ordinal,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

impl Charge {
    /// A charge of which only the direction, the kind and the amount are known.
    pub fn new(direction: ChargeDirection, kind: Coded<ChargeKind>, amount: Decimal) -> Charge {
        Charge {
            direction: direction.into(),
            kind: Some(kind),
            agency: None,
            standard_code: None,
            amount: Some(amount),
            rate: None,
            unit: None,
            quantity: None,
            description: None,
            taxes: Vec::new(),
            at: Ordinal::default(),
            residue: Residue::default(),
        }
    }

    /// What it does to the bill: its amount, negated for a credit, nothing if it is not charged.
    pub fn signed_amount(&self) -> Decimal {
        let amount = self.amount.unwrap_or_default();
        match self.direction.meaning {
            ChargeDirection::Charge => amount,
            ChargeDirection::Credit => amount.negated(),
            ChargeDirection::NoCharge => Decimal::ZERO,
        }
    }
}

/// Whether a line adds to a bill or takes from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChargeDirection {
    /// It adds.
    Charge,
    /// It takes off.
    Credit,
    /// It is only told.
    NoCharge,
}

/// What a charge or credit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChargeKind {
    /// The same each month, for being a customer.
    Basic,
    /// For energy.
    Energy,
    /// For energy at one time of the day.
    TimeOfUseEnergy,
    /// For the greatest demand.
    Demand,
    /// For demand in the red zone.
    RedZone,
    /// For use in the yellow zone.
    YellowZone,
    /// What purchased power costs more or less than the rate assumes.
    PowerAdjustment,
    /// For reactive energy or a low power factor.
    Reactive,
    /// For making energy.
    Generation,
    /// For carrying energy far.
    Transmission,
    /// For carrying energy near.
    Distribution,
    /// For using little.
    Minimum,
    /// For a light or another thing without a meter.
    Unmetered,
    /// For having a load that can be switched off.
    LoadControlCredit,
    /// For the customer's own generation.
    GenerationCredit,
    /// What was put right.
    Adjustment,
    /// For paying late.
    LatePayment,
    /// A fee for work or an event.
    Service,
    /// What a city or authority takes, as a line and not as a tax.
    Fee,
    /// A gift.
    Donation,
    /// A charge that only its raw code names.
    Other,
}

/// A tax: one `TXI`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tax {
    /// Which tax.
    pub kind: Coded<TaxKind>,
    /// How much.
    pub amount: Option<Decimal>,
    /// The rate, as the document writes it: per cent or a ratio, as agreed with the partner.
    pub rate: Option<Decimal>,
    /// Who takes it, by the raw codes of the document (`TXI04` and `TXI05`).
    pub jurisdiction: Option<Jurisdiction>,
    /// Whether it need not be paid, by the raw code of the document (`TXI06`).
    pub exempt: Option<String>,
    /// Whether it is contained in other amounts.
    pub relation: Option<Coded<TaxRelation>>,
    /// What it is taken of.
    pub base: Option<Decimal>,
    /// The number of the taxpayer.
    pub taxpayer: Option<String>,
}

impl Tax {
    /// What it adds to the bill: nothing when it is contained in other amounts or only told.
    pub fn added_amount(&self) -> Decimal {
        match self.relation.as_ref().map(|relation| relation.meaning) {
            Some(TaxRelation::Included | TaxRelation::Information) => Decimal::ZERO,
            _ => self.amount.unwrap_or_default(),
        }
    }
}

/// Who takes a tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Jurisdiction {
    /// Whose list the code is from, by the raw code of the document.
    pub qualifier: String,
    /// The code.
    pub code: String,
}

/// Which tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaxKind {
    /// On sales, of the state and all below it.
    Sales,
    /// On sales, of the state.
    StateSales,
    /// On sales, of the county.
    CountySales,
    /// On sales, of the city.
    CitySales,
    /// For the use of a city's streets.
    Franchise,
    /// On what the utility takes in.
    GrossReceipts,
    /// On energy.
    Energy,
    /// On fuel.
    Fuel,
    /// A tax that only its raw code names.
    Other,
}

/// What a tax has to do with other amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaxRelation {
    /// It comes on top.
    Added,
    /// It is contained in other amounts.
    Included,
    /// It is only told.
    Information,
    /// A relation that only its raw code names.
    Other,
}

fn sum_of(charges: &[Charge], taxes: &[Tax]) -> Result<Decimal, NumberError> {
    let mut sum = Decimal::ZERO;
    for tax in taxes {
        sum = sum.checked_add(&tax.added_amount())?;
    }
    for charge in charges {
        sum = sum.checked_add(&charge.signed_amount())?;
        for tax in &charge.taxes {
            sum = sum.checked_add(&tax.added_amount())?;
        }
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::date;

    fn number(text: &str) -> Decimal {
        text.parse().expect("the test gives a number")
    }

    fn tax(amount: &str, relation: TaxRelation) -> Tax {
        Tax {
            kind: TaxKind::Franchise.into(),
            amount: Some(number(amount)),
            rate: None,
            jurisdiction: None,
            exempt: None,
            relation: Some(relation.into()),
            base: None,
            taxpayer: None,
        }
    }

    #[test]
    fn the_sum_takes_credits_off_and_adds_taxes_once() {
        let mut bill = Bill::new("1", date(2026, 4, 3), Currency::USD);
        let charge =
            |direction, amount| Charge::new(direction, ChargeKind::Energy.into(), number(amount));
        let mut group = BillGroup {
            taxes: vec![tax("2.00", TaxRelation::Added), tax("9.99", TaxRelation::Included)],
            item: Some(PricedItem {
                quantity: Some(number("3")),
                unit: None,
                price: Some(number("0.125")),
            }),
            ..BillGroup::default()
        };
        group.charges.push(charge(ChargeDirection::Charge, "100.00"));
        group.charges.push(charge(ChargeDirection::Credit, "6.50"));
        group.charges.push(charge(ChargeDirection::NoCharge, "5.00"));
        bill.groups.push(group);
        bill.taxes.push(tax("1.00", TaxRelation::Added));
        bill.total = number("96.88");
        let sum = bill.sum_of_lines().expect("it fits");
        assert_eq!(sum.to_string(), "96.875 USD");
        assert_eq!(sum.amount.rounded(2), Ok(bill.total_due().amount));
    }

    #[test]
    fn more_charges_than_fit_are_wrapped() {
        let charge = |n| Charge::new(ChargeDirection::Charge, ChargeKind::Other.into(), n);
        let mut group = BillGroup::default();
        for n in 1..=60 {
            group.charges.push(charge(Decimal::from(n)));
        }
        let sum = group.sum();
        group.wrap_charges();
        let counts: Vec<_> = group.sublines.iter().map(|sub| sub.charges.len()).collect();
        assert_eq!((group.charges.len(), counts), (0, vec![25, 25, 10]));
        assert_eq!(group.sum(), sum);
        assert_eq!(group.all_charges().count(), 60);
    }
}
