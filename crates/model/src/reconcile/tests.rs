//! What holds of every reconciliation, whatever is in it.

use super::*;
use crate::account::Commodity;
use crate::bill::{BillGroup, Charge, ChargeDirection, ChargeKind};
use crate::coded::Coded;
use crate::common::{Purpose, Reference, ReferenceKind};
use crate::generated::Random;
use crate::meter::Direction;
use crate::money::Currency;
use crate::payment::{Flow, Handling, PaymentMethod, RemittanceEntity, RemittanceLine, Trace};
use crate::period::Period;
use crate::quantity::Unit;
use crate::time::{Date, date};
use crate::usage::{
    Basis, Quality, SectionKind, SectionPeriod, UsageItem, UsageQuantity, UsageSection,
};

fn number(text: &str) -> Decimal {
    text.parse().expect("the test gives a number")
}

fn month(month: i8) -> Period {
    Period::new(date(2026, month, 1), date(2026, month, 28)).expect("in order")
}

fn report(id: &str, account: &str, period: Period, kwh: &str) -> UsageReport {
    let mut report =
        UsageReport::new(Purpose::Original.into(), Some(id.to_string()), issued(period));
    report.account = AccountNumber::new(account).ok();
    let mut section = UsageSection::new(SectionKind::BilledSummary.into());
    section.commodity = Some(Commodity::Electricity.into());
    section.period = Some(SectionPeriod::Regular(period));
    let (unit, quality) = (Unit::KilowattHour.into(), Quality::Actual.into());
    let quantity = UsageQuantity::new(Direction::Delivered, Some(number(kwh)), unit, quality);
    let mut quantity = quantity.expect("it is not negative");
    quantity.basis = Basis::Billed;
    section.items.push(UsageItem::Quantity(quantity));
    report.sections.push(section);
    report
}

fn issued(period: Period) -> Date {
    period.end().tomorrow().expect("in range")
}

fn bill(id: &str, account: &str, period: Period, kwh: &str, total: &str) -> Bill {
    let mut bill = Bill::new(id, issued(period), Currency::USD);
    bill.account = AccountNumber::new(account).ok();
    (bill.period, bill.total) = (Some(period), number(total));
    let mut charge = Charge::new(ChargeDirection::Charge, ChargeKind::Energy.into(), number(total));
    (charge.quantity, charge.unit) = (Some(number(kwh)), Some(Unit::KilowattHour.into()));
    bill.groups.push(BillGroup { charges: vec![charge], ..BillGroup::default() });
    bill
}

fn line(kind: ReferenceKind, id: &str, paid: &str) -> RemittanceLine {
    RemittanceLine {
        kind: Some(kind.into()),
        id: Some(id.to_string()),
        paid: Some(number(paid)),
        ..RemittanceLine::default()
    }
}

fn payment(trace: &str, lines: Vec<RemittanceLine>) -> Payment {
    let paid = lines.iter().filter_map(|line| line.paid);
    Payment {
        amount: Decimal::sum(&paid.collect::<Vec<_>>()).expect("it fits"),
        handling: Handling::PaymentWithAdvice.into(),
        currency: Currency::USD,
        currency_of: None,
        flow: Flow::Credit.into(),
        method: PaymentMethod::Ach.into(),
        format: None,
        from: None,
        originator: None,
        originator_part: None,
        to: None,
        settlement: Some(date(2026, 6, 1)),
        trace: Some(Trace {
            code: "1".to_string(),
            number: trace.to_string(),
            originator: None,
            further: None,
        }),
        notes: Vec::new(),
        references: Vec::new(),
        events: Vec::new(),
        parties: Vec::new(),
        entities: vec![RemittanceEntity { lines, ..RemittanceEntity::default() }],
        provenance: crate::provenance::Provenance::default(),
        residue: crate::residue::Residue::default(),
    }
}

fn settled(usage: &[UsageReport], bills: &[Bill], payments: &[Payment]) -> Reconciliation {
    reconcile(usage, bills, payments, &Rules::default()).expect("sums fit")
}

fn outcomes(found: &Reconciliation) -> Vec<Outcome> {
    found.matched.iter().flat_map(|matched| matched.outcomes.clone()).collect()
}

#[test]
fn a_period_may_end_on_the_day_of_the_read_or_before_it() {
    let read = Period::new(date(2026, 3, 2), date(2026, 4, 1)).expect("in order");
    let until_eve = Period::new(date(2026, 3, 2), date(2026, 3, 31)).expect("in order");
    let next = Period::new(date(2026, 4, 1), date(2026, 5, 1)).expect("in order");
    let usage = [report("U1", "1", until_eve, "10"), report("U2", "1", next, "20")];
    let bills = [bill("B2", "1", next, "20", "2.00"), bill("B1", "1", read, "10", "1.00")];
    let paid = [payment("T", vec![line(ReferenceKind::Account, "1", "3.00")])];
    let found = settled(&usage, &bills, &paid);
    assert!(found.agrees(), "{found:#?}");
    assert_eq!(found.matched.len(), 2);
}

#[test]
fn a_payment_without_a_bill_is_for_the_oldest_that_is_open() {
    let bills = [
        bill("B1", "1", month(1), "10", "10.00"),
        bill("B2", "1", month(2), "10", "20.00"),
        bill("B3", "1", month(3), "10", "30.00"),
    ];
    let rules = Rules { sides: Sides::BillsAndPayments, ..Rules::default() };
    let pay = |lines: Vec<RemittanceLine>| {
        let found = reconcile(&[], &bills, &[payment("T", lines)], &rules).expect("sums fit");
        found.matched.iter().map(|it| it.paid.map(|paid| paid.to_string())).collect::<Vec<_>>()
    };
    let on_account = |paid| line(ReferenceKind::Account, "1", paid);
    let some = |text: &str| Some(text.to_string());
    assert_eq!(pay(vec![on_account("15.00")]), [some("10.00"), some("5.00"), None]);
    assert_eq!(pay(vec![on_account("30.00")]), [None, None, some("30.00")]);
    let billed = RemittanceLine { billed: Some(number("20")), ..on_account("19.00") };
    assert_eq!(pay(vec![billed]), [None, some("19.00"), None]);
    assert_eq!(pay(vec![on_account("70.00")]), [some("10.00"), some("20.00"), some("40.00")]);
}

#[test]
fn what_replaces_and_what_cancels_may_come_in_any_order() {
    let named = |purpose: Purpose, id: &str, original: &str, kwh| {
        let mut report = report(id, "1", month(1), kwh);
        report.purpose = purpose.into();
        report.answers = Some(original.to_string());
        report
    };
    let mut all = vec![
        report("U1", "1", month(1), "10"),
        named(Purpose::Replace, "U2", "U1", "11"),
        named(Purpose::Replace, "U3", "U1", "12"),
        named(Purpose::Replace, "U4", "U3", "13"),
        named(Purpose::Cancel, "C1", "U1", "10"),
        report("U4", "1", month(1), "13"),
    ];
    all[5].purpose = Purpose::Duplicate.into();
    let mut random = Random::new(7);
    for _ in 0..50 {
        for at in (1..all.len()).rev() {
            all.swap(at, random.range(0, at as i64) as usize);
        }
        let found = settled(&all, &[bill("B", "1", month(1), "13", "0.00")], &[]);
        assert!(found.agrees(), "{found:#?}");
        assert_eq!(found.matched[0].used_kwh, Some(number("13")));
    }
}

#[test]
fn replacements_in_a_circle_end() {
    let mut first = report("U1", "1", month(1), "10");
    let mut second = report("U2", "1", month(1), "11");
    for (report, original) in [(&mut first, "U2"), (&mut second, "U1")] {
        report.purpose = Purpose::Replace.into();
        report.answers = Some(original.to_string());
    }
    let found = settled(&[first, second], &[], &[]);
    assert_eq!((found.matched.len(), found.taken_out.len()), (1, 1));
}

#[test]
fn a_number_with_other_figures_is_asked_about() {
    let usage = [report("U1", "1", month(1), "10"), report("U1", "1", month(1), "11")];
    let found = settled(&usage, &[bill("B", "1", month(1), "10", "0.00")], &[]);
    assert_eq!(found.taken_out[0].fate, Fate::Contradicts);
    assert!(!found.agrees());
}

#[test]
fn a_tolerance_is_only_what_was_asked_for() {
    let usage = [report("U1", "1", month(1), "10.00")];
    let bills = [bill("B", "1", month(1), "10.5", "0")];
    let by_kwh = number("0.5");
    assert_eq!(outcomes(&settled(&usage, &bills, &[])), [Outcome::EnergyDiffers { by_kwh }]);
    let rules = Rules { tolerance_kwh: by_kwh, ..Rules::default() };
    let found = reconcile(&usage, &bills, &[], &rules).expect("sums fit");
    assert_eq!(outcomes(&found), [Outcome::EnergyTolerated { by_kwh }]);
    assert!(found.agrees());
}

#[test]
fn an_account_that_was_renumbered_is_one() {
    let usage = [report("U1", "old", month(1), "10")];
    let mut bill = bill("B", "new", month(1), "10", "5.00");
    bill.former_account = AccountNumber::new("old").ok();
    let paid = [payment("T", vec![line(ReferenceKind::Account, "old", "5.00")])];
    let found = settled(&usage, &[bill], &paid);
    assert!(found.agrees(), "{found:#?}");
}

#[test]
fn a_replaced_bill_that_is_paid_pays_what_stands() {
    let mut later = bill("B2", "1", month(1), "10", "6.00");
    later.purpose = Some(Purpose::Replace.into());
    let original = Coded::received(ReferenceKind::OriginalBill, "OI");
    later.references.push(Reference::new(original, "B1"));
    let bills = [bill("B1", "1", month(1), "10", "5.00"), later];
    let paid = [payment("T", vec![line(ReferenceKind::Bill, "B1", "5.00")])];
    let found = settled(&[report("U", "1", month(1), "10")], &bills, &paid);
    assert_eq!(outcomes(&found), [Outcome::Underpaid { by: number("1.00") }]);
}

/// No cent and no kWh is lost: whatever comes in, in whatever order, is in a row, is unmatched, or
/// is taken out, and the order changes nothing.
#[test]
fn sums_are_kept_and_the_order_of_documents_does_not_matter() {
    for seed in 0..200 {
        let mut random = Random::new(seed);
        let accounts = ["1", "2", "3", "4"];
        let pick = |random: &mut Random| accounts[random.range(0, 3) as usize];
        let (mut usage, mut bills, mut payments) = (Vec::new(), Vec::new(), Vec::new());
        for n in 0..random.range(0, 12) {
            let period = month(random.range(1, 4) as i8);
            let kwh = random.range(0, 9_999).to_string();
            usage.push(report(&format!("U{n}"), pick(&mut random), period, &kwh));
        }
        for n in 0..random.range(0, 12) {
            let period = month(random.range(1, 4) as i8);
            let cents = Decimal::new(random.range(1, 5_000).into(), 2).expect("short").to_string();
            bills.push(bill(&format!("B{n}"), pick(&mut random), period, "7", &cents));
        }
        for n in 0..random.range(0, 6) {
            let cents = Decimal::new(random.range(-500, 5_000).into(), 2).expect("short");
            let kind = [ReferenceKind::Bill, ReferenceKind::Account][random.range(0, 1) as usize];
            let id = match kind {
                ReferenceKind::Bill => format!("B{}", random.range(0, 12)),
                _ => random.range(1, 6).to_string(),
            };
            payments.push(payment(&format!("T{n}"), vec![line(kind, &id, &cents.to_string())]));
        }
        let found = settled(&usage, &bills, &payments);
        let sum = |all: Vec<Decimal>| Decimal::sum(&all).expect("it fits");
        let rows = |of: fn(&Matched) -> Option<Decimal>| {
            sum(found.matched.iter().filter_map(of).collect())
        };
        let used = usage.iter().map(|it| used::entry(it).expect("it fits").figures.energy);
        assert_eq!(rows(|row| row.used_kwh), sum(used.flatten().collect()), "seed {seed}");
        assert_eq!(rows(|row| row.billed), sum(bills.iter().map(|it| it.total).collect()));
        let unmatched = sum(found.unmatched.iter().map(|it| it.amount).collect());
        let paid = rows(|row| row.paid).checked_add(&unmatched).expect("it fits");
        assert_eq!(paid, sum(payments.iter().map(|it| it.amount).collect()), "seed {seed}");

        usage.reverse();
        bills.reverse();
        payments.reverse();
        assert_eq!(settled(&usage, &bills, &payments), found, "seed {seed}");
    }
}

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reconcile.schema.json");

/// `UPDATE_EXPECT=1` writes the schema anew.
#[test]
fn the_published_schema_is_that_of_what_is_written() {
    let mut schema = schemars::schema_for!(Answer<'_>).to_value();
    schema["title"] = "Tieline reconciliation".into();
    crate::record::tests::plain_descriptions(&mut schema);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain data");
    text.push('\n');
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(SCHEMA, &text).expect("the folder docs can be written");
    }
    let published = std::fs::read_to_string(SCHEMA).expect("the schema is published");
    assert!(published == text, "docs/reconcile.schema.json is old: UPDATE_EXPECT=1 writes it anew");
    // It names what is written, and nothing else.
    let found =
        settled(&[report("U", "1", month(2), "10")], &[bill("B", "1", month(2), "10", "5")], &[]);
    let written = serde_json::to_value(found.answer()).expect("plain data");
    let names = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    assert_eq!(names(&written), names(&schema["properties"]));
    let matched = &schema["$defs"]["Matched"]["properties"];
    assert_eq!(names(&written["matched"][0]), names(matched));
}

#[test]
fn energy_from_the_customer_is_compared_where_both_sides_tell_it() {
    let mut usage = report("U", "1", month(2), "10");
    let (unit, quality) = (Unit::KilowattHour.into(), Quality::Actual.into());
    let quantity = UsageQuantity::new(Direction::Received, Some(number("4")), unit, quality);
    let mut quantity = quantity.expect("it is not negative");
    quantity.basis = Basis::Billed;
    usage.sections[0].items.push(UsageItem::Quantity(quantity));
    let mut billed = bill("B", "1", month(2), "10", "5");
    let found = settled(&[usage.clone()], &[billed.clone()], &[]);
    assert_eq!(found.matched[0].received_kwh, Some(number("4")));
    assert_eq!(outcomes(&found), [Outcome::Unpaid { amount: number("5") }]);
    let kind = ChargeKind::GenerationCredit.into();
    let mut credit = Charge::new(ChargeDirection::Credit, kind, number("0"));
    (credit.quantity, credit.unit) = (Some(number("3.5")), Some(Unit::KilowattHour.into()));
    billed.groups[0].charges.push(credit);
    let found = settled(&[usage.clone()], &[billed.clone()], &[]);
    let by_kwh = number("-0.5");
    assert_eq!(outcomes(&found)[0], Outcome::ReceivedDiffers { by_kwh });
    billed.groups[0].charges[1].quantity = Some(number("4.000"));
    let found = settled(&[usage], &[billed], &[]);
    assert_eq!(outcomes(&found), [Outcome::Unpaid { amount: number("5") }]);
}

#[test]
fn numbers_of_an_account_that_go_in_a_circle_are_one_account() {
    let mut first = bill("B1", "2", month(2), "10", "5");
    first.former_account = AccountNumber::new("1").ok();
    let mut second = bill("B2", "1", month(3), "10", "5");
    second.former_account = AccountNumber::new("2").ok();
    let found = settled(&[], &[first, second], &[]);
    let accounts: Vec<_> = found.matched.iter().map(|it| it.account.clone()).collect();
    assert_eq!(accounts, [AccountNumber::new("1").ok(), AccountNumber::new("1").ok()]);
}

/// So many documents that a look at each for each would not end.
const MANY: usize = 20_000;

#[test]
fn many_documents_of_one_account_are_no_slower_than_of_many() {
    let started = std::time::Instant::now();
    let numbered = |n: usize| format!("B{n:06}");
    // Bills that are cancelled without saying which, each replaced by the next.
    let mut bills: Vec<Bill> = Vec::new();
    for n in 0..MANY {
        bills.push(bill(&numbered(n), "1", month(2), "10", "5"));
        let mut cancel = bill(&format!("C{n:06}"), "1", month(2), "10", "5");
        cancel.purpose = Some(Purpose::Cancel.into());
        bills.push(cancel);
        let mut replacement = bill(&format!("R{n:06}"), "2", month(2), "10", "5");
        replacement.purpose = Some(Purpose::Replace.into());
        let kind = Coded::new(ReferenceKind::OriginalBill);
        replacement.references.push(Reference::new(kind, "R000000"));
        bills.push(replacement);
    }
    let found = settled(&[], &bills, &[]);
    assert_eq!(found.matched.len(), 1);
    // Bills of many periods of one account, usage of each, and payments that name the account alone.
    let day = |n: usize| {
        let day = date(1900, 1, 1).checked_add(jiff::Span::new().days(n as i64)).expect("in range");
        Period::new(day, day).expect("a day")
    };
    let bills: Vec<Bill> = (0..MANY)
        .map(|n| bill(&numbered(n), "1", day(n), "10", &format!("{}.00", n + 1)))
        .collect();
    let usage: Vec<UsageReport> =
        (0..MANY).map(|n| report(&format!("U{n:06}"), "1", day(n), "10")).collect();
    let lines = (0..MANY).rev().map(|n| line(ReferenceKind::Account, "1", &format!("{}", n + 1)));
    let found = settled(&usage, &bills, &[payment("T", lines.collect())]);
    assert!(found.agrees(), "each is paid as it was billed");
    let small = (0..MANY).map(|_| line(ReferenceKind::Account, "1", "0.01"));
    let found = settled(&usage, &bills, &[payment("T", small.collect())]);
    assert_eq!(found.matched[0].paid, Some(number("1.00")), "the oldest first");
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
