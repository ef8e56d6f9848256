//! What is wrong with a bill: its total, its charges, its dates, what it refers to.

use tieline_model::bill::{Bill, BillGroup, Charge, ChargeDirection};
use tieline_model::common::Purpose;
use tieline_model::decimal::{Decimal, NumberError};
use tieline_model::pricing::Schedules;
use tieline_model::provenance::Ordinal;

use super::catalogue::Code;
use super::finding::{BusinessFinding, Findings, What};
use super::options::{AllowanceSign, BusinessOptions};
use super::usage::wrong_period;

/// The segment that holds number, date and purpose: `BIG`.
const HEADING: Ordinal = Ordinal(2);

/// What is wrong with a bill beyond the standard, in the order of the document.
///
/// Numbers used twice are found by [`super::Seen`].
pub fn bill(bill: &Bill, options: &BusinessOptions) -> Vec<BusinessFinding> {
    let mut found = Findings::new(options);
    heading(bill, &mut found);
    for group in &bill.groups {
        charges(group, &mut found);
        period(bill, group, &mut found);
    }
    for charge in &bill.charges {
        product(charge, &mut found);
    }
    total(bill, &mut found);
    if let Some(stated) = bill.stated_count
        && Decimal::from(bill.groups.len() as i64) != stated
    {
        let what = What::Count { stated, counted: bill.groups.len() };
        found.add(Code::BILL_COUNT, last(bill), what);
    }
    found.finish()
}

/// What of a bill's charges is not what the schedule that it names makes of them.
///
/// A charge that is not its own rate times its quantity is left to [`bill`].
pub fn priced(
    bill: &Bill,
    schedules: &Schedules,
    options: &BusinessOptions,
) -> Vec<BusinessFinding> {
    let mut found = Findings::new(options);
    if !found.wants(Code::CHARGE_PRICED_OTHERWISE) {
        return Vec::new();
    }
    // A bill that is taken back may have its amounts with either sign.
    let is_cancelled = purpose(bill) == Some(Purpose::Cancel);
    for group in &bill.groups {
        for (charge, expected) in schedules.expected(bill, group) {
            if wrong_product(charge).is_some() {
                continue;
            }
            let Some(stated) = charge.amount else { continue };
            let is_credit = charge.direction.meaning == ChargeDirection::Credit;
            let is_turned = is_credit && options.allowances == AllowanceSign::Positive;
            let expected = if is_turned { expected.negated() } else { expected };
            let is_right = stated == expected || is_cancelled && stated.abs() == expected.abs();
            if !is_right {
                let what = What::Priced { stated, expected };
                found.add(Code::CHARGE_PRICED_OTHERWISE, charge.at, what);
            }
        }
    }
    found.finish()
}

fn purpose(bill: &Bill) -> Option<Purpose> {
    bill.purpose.as_ref().map(|purpose| purpose.meaning)
}

/// The last segment that the bill's own records tell of; the total stands behind it.
fn last(bill: &Bill) -> Ordinal {
    let charges = bill.groups.iter().flat_map(|group| {
        let own = group.all_charges().map(|charge| charge.at.0);
        own.chain([group.at.0]).max()
    });
    Ordinal(charges.chain([HEADING.0]).max().unwrap_or_default())
}

fn heading(bill: &Bill, found: &mut Findings<'_>) {
    let takes_back =
        matches!(purpose(bill), Some(Purpose::Cancel | Purpose::Replace | Purpose::CancelReissue));
    if takes_back && bill.original().is_none() {
        let what = What::Missing("the bill that is cancelled or replaced (REF*OI)");
        found.add(Code::BILL_ORIGINAL_MISSING, HEADING, what);
    }
    if bill.account.is_none() && bill.supplier_account.is_none() {
        found.add(Code::BILL_ACCOUNT_MISSING, HEADING, What::Missing("the account"));
    }
    if let Some(due) = bill.due_date()
        && due < bill.date
    {
        found.add(Code::BILL_DUE_EARLY, HEADING, What::Early { due, issued: bill.date });
    }
    let options = found.options;
    for (period, codes) in
        [(bill.period, &options.period), (bill.invoice_period, &options.invoice_period)]
    {
        if period.is_none()
            && let Some(what) = wrong_period(&bill.residue, codes)
        {
            found.add(Code::BILL_PERIOD_ORDER, HEADING, what);
        }
    }
}

fn period(bill: &Bill, group: &BillGroup, found: &mut Findings<'_>) {
    if group.period.is_none()
        && let Some(what) = wrong_period(&group.residue, &found.options.period)
    {
        found.add(Code::BILL_PERIOD_ORDER, group.at, what);
    }
    let part = group.period.and_then(|period| period.period());
    let Some((part, whole)) = part.zip(bill.billed_period()) else { return };
    if !whole.contains(part.start()) || !whole.contains(part.end()) {
        let what =
            What::Outside { part: (part.start(), part.end()), whole: (whole.start(), whole.end()) };
        found.add(Code::GROUP_OUTSIDE_BILL, group.at, what);
    }
}

fn charges(group: &BillGroup, found: &mut Findings<'_>) {
    group.all_charges().for_each(|charge| product(charge, found));
}

/// A charge against its rate and quantity, rounded half up to the cent.
fn product(charge: &Charge, found: &mut Findings<'_>) {
    if let Some(what) = wrong_product(charge) {
        found.add(Code::CHARGE_PRODUCT, charge.at, what);
    }
}

fn wrong_product(charge: &Charge) -> Option<What> {
    if charge.direction.meaning == ChargeDirection::NoCharge {
        return None;
    }
    let (stated, rate, quantity) = (charge.amount?, charge.rate?, charge.quantity?);
    let expected = rate.checked_mul(&quantity).and_then(|product| product.rounded(CENTS)).ok()?;
    let is_wrong = expected.abs() != stated.abs();
    is_wrong.then_some(What::Product { stated, rate, quantity, expected })
}

/// The decimals of an amount.
const CENTS: u8 = 2;

/// The total against the lines.
fn total(bill: &Bill, found: &mut Findings<'_>) {
    let Ok(expected) = sum_of_lines(bill, found.options) else { return };
    let is_cancelled = purpose(bill) == Some(Purpose::Cancel);
    let is_turned =
        is_cancelled && found.options.cancellation_turns_sign && expected.negated() == bill.total;
    if expected != bill.total && !is_turned {
        found.add(Code::BILL_TOTAL, last(bill), What::Amount { stated: bill.total, expected });
    }
}

/// What the lines come to, to the cent.
fn sum_of_lines(bill: &Bill, options: &BusinessOptions) -> Result<Decimal, NumberError> {
    let mut sum = bill.sum_of_lines()?.amount;
    if options.allowances == AllowanceSign::Negative {
        let all = bill.groups.iter().flat_map(BillGroup::all_charges).chain(&bill.charges);
        for charge in all.filter(|it| it.direction.meaning == ChargeDirection::Credit) {
            // It was taken off, and is to be added as it stands.
            let amount = charge.amount.unwrap_or_default();
            sum = sum.checked_add(&amount)?.checked_add(&amount)?;
        }
    }
    sum.rounded(CENTS)
}

#[cfg(test)]
mod tests {
    use tieline_model::bill::{ChargeKind, PricedItem, Terms};
    use tieline_model::coded::Coded;
    use tieline_model::common::{Reference, ReferenceKind};
    use tieline_model::identifier::AccountNumber;
    use tieline_model::money::Currency;
    use tieline_model::period::Period;
    use tieline_model::pricing::MonthOf;
    use tieline_model::quantity::Unit;
    use tieline_model::rate::{Price, Pricing, RateCharge, RateSchedule, Season, Tiers, Validity};
    use tieline_model::time::{Zone, date};
    use tieline_model::usage::{Measurement, RegisterRead, SectionPeriod};

    use super::super::options::Level;
    use super::*;

    fn number(text: &str) -> Decimal {
        text.parse().expect("the test gives a number")
    }

    fn charge(direction: ChargeDirection, amount: &str) -> Charge {
        Charge::new(direction, ChargeKind::Energy.into(), number(amount))
    }

    /// Energy, a credit, a thing told only and an item by its price: 96.88.
    fn good() -> Bill {
        let mut bill = Bill::new("B1", date(2026, 4, 3), Currency::USD);
        bill.account = AccountNumber::new("4410027718").ok();
        bill.period = Period::new(date(2026, 3, 2), date(2026, 4, 1)).ok();
        bill.terms.push(Terms { due_date: Some(date(2026, 4, 23)), ..Terms::default() });
        let mut energy = charge(ChargeDirection::Charge, "103.00");
        (energy.rate, energy.quantity) = (Some(number("0.092")), Some(number("1119.56")));
        let item =
            PricedItem { quantity: Some(number("3")), unit: None, price: Some(number("0.125")) };
        bill.groups.push(BillGroup {
            item: Some(item),
            charges: vec![
                energy,
                charge(ChargeDirection::Credit, "6.50"),
                charge(ChargeDirection::NoCharge, "5.00"),
            ],
            ..BillGroup::default()
        });
        bill.stated_count = Some(Decimal::ONE);
        bill.total = number("96.88");
        bill
    }

    fn codes(of: &Bill, options: &BusinessOptions) -> Vec<Code> {
        bill(of, options).into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn a_bill_that_adds_up_has_no_finding() {
        assert_eq!(codes(&good(), &BusinessOptions::default()), []);
    }

    #[test]
    fn each_mistake_is_one_finding() {
        type Change = fn(&mut Bill);
        let cases: [(Code, Change); 8] = [
            (Code::BILL_TOTAL, |bill| bill.total = number("96.87")),
            (Code::BILL_COUNT, |bill| bill.stated_count = Some(number("2"))),
            (Code::BILL_DUE_EARLY, |bill| bill.date = date(2026, 4, 24)),
            (Code::BILL_ACCOUNT_MISSING, |bill| bill.account = None),
            (Code::BILL_ORIGINAL_MISSING, |bill| bill.purpose = Some(Purpose::Replace.into())),
            (Code::CHARGE_PRODUCT, |bill| {
                bill.groups[0].charges[0].quantity = Some(number("1119.4"));
            }),
            (Code::GROUP_OUTSIDE_BILL, |bill| {
                let period = Period::new(date(2026, 3, 1), date(2026, 4, 1));
                bill.groups[0].period = period.ok().map(SectionPeriod::Regular);
            }),
            (Code::BILL_TOTAL, |bill| bill.groups[0].charges[1].amount = Some(number("-6.50"))),
        ];
        for (code, change) in cases {
            let mut bill = good();
            change(&mut bill);
            assert_eq!(codes(&bill, &BusinessOptions::default()), [code], "{code}");
            let mut options = BusinessOptions::default();
            options.severities.insert(code, Level::Off);
            assert_eq!(codes(&bill, &options), [], "{code} turned off");
        }
    }

    #[test]
    fn half_a_cent_is_rounded_upwards() {
        let mut bill = good();
        let energy = &mut bill.groups[0].charges[0];
        (energy.rate, energy.quantity) = (Some(number("0.5")), Some(number("206.01")));
        let found = super::bill(&bill, &BusinessOptions::default());
        let [finding] = &found[..] else { panic!("{found:?}") };
        assert_eq!(finding.what.to_string(), "the charge is 103.00, but 206.01 at 0.5 is 103.01");
    }

    #[test]
    fn conventions_are_a_partner_s() {
        let mut bill = good();
        bill.groups[0].charges[1].amount = Some(number("-6.50"));
        let allowances = AllowanceSign::Negative;
        let options = BusinessOptions { allowances, ..BusinessOptions::default() };
        assert_eq!(codes(&bill, &options), []);

        let mut bill = good();
        bill.purpose = Some(Purpose::Cancel.into());
        let kind = Coded::received(ReferenceKind::OriginalBill, "OI");
        bill.references.push(Reference::new(kind, "B0"));
        bill.total = bill.total.negated();
        assert_eq!(codes(&bill, &BusinessOptions::default()), []);
        let options =
            BusinessOptions { cancellation_turns_sign: false, ..BusinessOptions::default() };
        assert_eq!(codes(&bill, &options), [Code::BILL_TOTAL]);
    }

    /// Schedule 100: 36.65 a month, 8.9 cents for a kWh, and a credit of 4 dollars.
    fn schedules() -> Schedules {
        let charge = |kind: ChargeKind, code: &str, pricing: Pricing| RateCharge {
            kind,
            name: code.to_string(),
            code: Some(code.to_string()),
            months: Season::default(),
            pricing,
        };
        let known = |text: &str| Price::Known(number(text));
        let unit = Unit::KilowattHour;
        let schedule = RateSchedule {
            code: "100".to_string(),
            name: "Single-phase".to_string(),
            applies_to: None,
            source: None,
            validity: Validity::new(date(2023, 1, 1), None).expect("it is open"),
            currency: Currency::USD,
            zone: Zone::named("America/Chicago").expect("the zone is built in"),
            base: None,
            charges: vec![
                charge(ChargeKind::Basic, "BAS001", Pricing::Monthly { price: known("36.65") }),
                charge(
                    ChargeKind::Energy,
                    "ENC001",
                    Pricing::Tiers { unit, tiers: Tiers::flat(known("0.089")) },
                ),
                charge(
                    ChargeKind::LoadControlCredit,
                    "CRE001",
                    Pricing::Credit { price: known("4.00"), minimum_use: None },
                ),
            ],
        };
        Schedules::new([schedule], MonthOf::PeriodEnd)
    }

    /// A bill of 1000 kWh under schedule 100: 36.65, 89.00, and 4.00 off.
    fn priced_bill() -> Bill {
        let line = |direction, kind, code: &str, amount: &str, quantity: &str, unit: Unit| {
            let mut line = charge(direction, amount);
            line.kind = Some(Coded::received(kind, code));
            (line.quantity, line.unit) = (Some(number(quantity)), Some(unit.into()));
            line
        };
        use ChargeDirection::{Charge, Credit};
        let mut bill = good();
        bill.groups = vec![BillGroup {
            rate: Some("100".to_string()),
            charges: vec![
                line(Charge, ChargeKind::Basic, "BAS001", "36.65", "1", Unit::Month),
                line(Charge, ChargeKind::Energy, "ENC001", "89.00", "1000", Unit::KilowattHour),
                line(Credit, ChargeKind::LoadControlCredit, "CRE001", "4", "1", Unit::Month),
            ],
            ..BillGroup::default()
        }];
        bill
    }

    /// The messages, by what was done to the bill.
    fn told(change: impl FnOnce(&mut Bill)) -> Vec<String> {
        let mut bill = priced_bill();
        change(&mut bill);
        let found = priced(&bill, &schedules(), &BusinessOptions::default());
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn charges_are_compared_with_the_schedule_that_the_bill_names() {
        let says = |stated: &str, expected: &str| {
            vec![format!(
                "UTL-210: the charge is {stated}, and the rate schedule makes it {expected}"
            )]
        };
        let amount = |n: usize, to: &'static str| {
            move |bill: &mut Bill| bill.groups[0].charges[n].amount = Some(number(to))
        };
        assert_eq!(told(|_| ()), [""; 0]);
        assert_eq!(told(amount(0, "60.00")), says("60.00", "36.65"));
        assert_eq!(told(amount(1, "92.00")), says("92.00", "89.00"));
        assert_eq!(told(amount(2, "6.50")), says("6.50", "4.00"));
        let charged = ChargeDirection::Charge.into();
        let told_of_credit = told(|bill| bill.groups[0].charges[2].direction = charged);
        assert_eq!(told_of_credit, says("4", "-4.00"));
        // The wrong price of a unit, by which the line is calculated rightly.
        let at_another_rate = told(|bill| {
            let line = &mut bill.groups[0].charges[1];
            (line.amount, line.rate) = (Some(number("92.00")), Some(number(".092")));
        });
        assert_eq!(at_another_rate, says("92.00", "89.00"));
        // The quantity is that of the group's one reading, where the line has none.
        let by_reading = told(|bill| {
            let read = RegisterRead {
                amount: Some(number("1.5")),
                unit: Some(Unit::MegawattHour.into()),
                ..RegisterRead::default()
            };
            bill.groups[0].usage.push(Measurement::Read(read));
            (bill.groups[0].charges[1].quantity, bill.groups[0].charges[1].unit) = (None, None);
        });
        assert_eq!(by_reading, says("89.00", "133.50"));
    }

    #[test]
    fn nothing_is_told_of_what_the_bill_does_not_settle() {
        let wrong = |change: fn(&mut Bill)| {
            told(|bill| {
                bill.groups[0].charges[1].amount = Some(number("92.00"));
                change(bill);
            })
        };
        assert_eq!(wrong(|_| ()).len(), 1);
        let unsettled: [fn(&mut Bill); 9] = [
            |bill| bill.groups[0].rate = None,
            |bill| bill.groups[0].rate = Some("101".to_string()),
            |bill| bill.period = None,
            |bill| bill.period = Period::new(date(2022, 12, 2), date(2023, 1, 2)).ok(),
            |bill| bill.currency = Currency::new("CAD").expect("a currency"),
            |bill| bill.groups[0].charges[1].quantity = None,
            |bill| bill.groups[0].charges[1].unit = Some(Unit::Kilowatt.into()),
            |bill| bill.groups[0].charges[1].kind = Some(ChargeKind::Energy.into()),
            // It is told already that this is not 1000 at 0.09.
            |bill| bill.groups[0].charges[1].rate = Some(number("0.09")),
        ];
        for (n, change) in unsettled.into_iter().enumerate() {
            assert_eq!(wrong(change), [""; 0], "change {n}");
        }
    }

    #[test]
    fn a_cancelled_bill_may_have_its_charges_with_the_other_sign() {
        let turned = |purpose: Purpose| {
            told(|bill| {
                bill.purpose = Some(purpose.into());
                for charge in &mut bill.groups[0].charges {
                    charge.amount = charge.amount.map(|amount| amount.negated());
                }
            })
        };
        assert_eq!(turned(Purpose::Cancel).len(), 0);
        assert_eq!(turned(Purpose::Original).len(), 3);
    }
}
