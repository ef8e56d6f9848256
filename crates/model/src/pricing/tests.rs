//! Pricing of made-up schedules: times of the day, zones, what is refused, and properties.
//!
//! Bills under the schedules of the handbook, worked by hand, lie in `samples/rates`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::*;
use crate::generated::Random;
use crate::identifier::MeterNumber;
use crate::meter::{Direction, MeterRole, TimeOfUse};
use crate::quantity::{Quantity, Unit};
use crate::rate::{
    Day, DemandMeasure, Price, Pricing, Season, Tier, Tiers, Unpublished, Validity, Window, Windows,
};
use crate::stamp::ClockTime;
use crate::time::{Interval, Zone, date};
use crate::usage::{
    IntervalSeries, Measurement, Quality, RegisterRead, SectionKind, UsageItem, UsageQuantity,
    UsageReport, UsageSection,
};

fn number(text: &str) -> Decimal {
    text.parse().expect("the test gives a number")
}

fn chicago() -> Zone {
    Zone::named("America/Chicago").expect("the zone is built in")
}

fn instant(text: &str) -> Timestamp {
    text.parse().expect("the test gives an instant")
}

fn days(from: Date, until: Date) -> Period {
    Period::new(from, until).expect("the test gives a period")
}

fn schedule(charges: Vec<RateCharge>) -> RateSchedule {
    RateSchedule {
        code: "T".to_string(),
        name: "Test".to_string(),
        applies_to: None,
        source: None,
        validity: Validity::new(date(2020, 1, 1), None).expect("it is open"),
        currency: Currency::USD,
        zone: chicago(),
        base: None,
        charges,
    }
}

fn charge(kind: ChargeKind, pricing: Pricing) -> RateCharge {
    let code = Some(format!("{kind:?}"));
    RateCharge { kind, name: format!("{kind:?}"), code, months: Season::default(), pricing }
}

fn known(text: &str) -> Price {
    Price::Known(number(text))
}

fn energy_at(price: &str) -> RateCharge {
    let tiers = Tiers::flat(known(price));
    charge(ChargeKind::Energy, Pricing::Tiers { unit: Unit::KilowattHour, tiers })
}

fn demand(measure: DemandMeasure) -> RateCharge {
    let pricing = Pricing::Demand { unit: Unit::Kilowatt, measure, price: known("10") };
    charge(ChargeKind::Demand, pricing)
}

/// On peak on some days from one time until another.
fn time_of_use(days: &[Day], from: &str, until: &str) -> RateCharge {
    let time = |text: &str| ClockTime::from_bytes(text.as_bytes()).expect("a time");
    let window = Window {
        bucket: TimeOfUse::OnPeak,
        days: days.to_vec(),
        from: time(from),
        until: time(until),
        price: known("0.2"),
    };
    let pricing = Pricing::TimeOfUse {
        unit: Unit::KilowattHour,
        windows: Windows::new(vec![window]).expect("one does not overlap"),
        otherwise: TimeOfUse::OffPeak,
        price: known("0.05"),
    };
    charge(ChargeKind::TimeOfUseEnergy, pricing)
}

/// A kWh for each interval of a day.
fn day(date: Date, seconds: u32) -> Metered {
    let series = series(date, seconds, |_| 1);
    let load = Load::of(&series).expect("it is energy");
    let energy = load.total().expect("it fits");
    Metered { load: Some(load), ..Metered::new(days(date, date), energy) }
}

/// So many kWh for each interval of a day, by its number.
fn series(date: Date, seconds: u32, energy: impl Fn(i64) -> i64) -> IntervalSeries {
    let zone = chicago();
    let whole = zone.day(date).expect("in range");
    let unit = Unit::KilowattHour.into();
    let series = IntervalSeries::new(Direction::Delivered, unit, seconds, zone, whole.start());
    let mut series = series.expect("it has a length");
    let code = series.code(Quality::Actual, None).expect("the first code");
    for n in 0..whole.seconds() / i64::from(seconds) {
        series.push(code, Some(Decimal::from(energy(n)))).expect("it fits");
    }
    series
}

fn request<'a>(schedule: &'a RateSchedule, metered: Metered) -> BillRequest<'a> {
    BillRequest {
        number: "1".to_string(),
        date: date(2026, 4, 3),
        account: None,
        usage_report: None,
        supplies: vec![Supply::new(schedule, metered)],
        month_of: MonthOf::PeriodEnd,
        taxes: &[],
    }
}

/// Quantity, rate and amount of each line.
fn lines(bill: &Bill) -> Vec<String> {
    let text = |number: Option<Decimal>| number.unwrap_or_default().to_string();
    let charges = bill.groups.iter().flat_map(BillGroup::all_charges);
    charges
        .map(|line| {
            format!("{} x {} = {}", text(line.quantity), text(line.rate), line.signed_amount())
        })
        .collect()
}

fn priced(schedule: &RateSchedule, metered: Metered) -> Vec<String> {
    lines(&price(&request(schedule, metered)).expect("all is known"))
}

fn refused(schedule: &RateSchedule, metered: Metered) -> PricingError {
    price(&request(schedule, metered)).expect_err("refused")
}

#[test]
fn a_window_is_as_long_as_the_clock_makes_it() {
    // From 1 until 4 in the night of a Sunday, in quarter hours of a kWh.
    let night = schedule(vec![time_of_use(&[Day::Sunday], "0100", "0400")]);
    for (sunday, lines) in [
        (date(2026, 3, 1), ["12 x 0.2 = 2.40", "84 x 0.05 = 4.20"]),
        (date(2026, 3, 8), ["8 x 0.2 = 1.60", "84 x 0.05 = 4.20"]),
        (date(2026, 11, 1), ["16 x 0.2 = 3.20", "84 x 0.05 = 4.20"]),
    ] {
        assert_eq!(priced(&night, day(sunday, 900)), lines, "{sunday}");
    }
    // In the hour that comes twice, each half hour of the window does.
    let hour = schedule(vec![time_of_use(&[Day::Sunday], "0130", "0200")]);
    let autumn = date(2026, 11, 1);
    assert_eq!(priced(&hour, day(autumn, 900))[0], "4 x 0.2 = 0.80");
    assert_eq!(priced(&hour, day(date(2026, 11, 8), 900))[0], "2 x 0.2 = 0.40");
}

#[test]
fn an_interval_has_one_price() {
    let friday = date(2026, 3, 6);
    let early = schedule(vec![time_of_use(&[Day::Friday], "0600", "0900")]);
    assert_eq!(priced(&early, day(friday, 3600))[0], "3 x 0.2 = 0.60");
    let half = schedule(vec![time_of_use(&[Day::Friday], "0630", "0900")]);
    let start = instant("2026-03-06T12:00:00Z");
    assert!(matches!(refused(&half, day(friday, 3600)),
        PricingError::Straddles { start: at, .. } if at == start));
    // A window inside of one interval is seen, though both its ends have the same price.
    let short = schedule(vec![time_of_use(&[Day::Friday], "0610", "0620")]);
    assert!(matches!(refused(&short, day(friday, 3600)), PricingError::Straddles { .. }));
    assert_eq!(priced(&short, day(friday, 300))[0], "2 x 0.2 = 0.40");
}

#[test]
fn times_that_are_not_told_are_not_guessed() {
    let friday = date(2026, 3, 6);
    let peak = schedule(vec![time_of_use(&[Day::Friday], "0600", "0900")]);
    let whole = day(friday, 900);
    let no_load = Metered { load: None, ..whole.clone() };
    assert!(matches!(refused(&peak, no_load.clone()), PricingError::NoTimes { .. }));
    // The last date of a period from read to read does not belong to it.
    let read = Metered { period: days(friday, date(2026, 3, 7)), ..whole.clone() };
    assert_eq!(priced(&peak, read)[0], "12 x 0.2 = 2.40");
    let longer = Metered { period: days(friday, date(2026, 3, 8)), ..whole.clone() };
    assert!(matches!(refused(&peak, longer), PricingError::NotCovered { .. }));
    let other_energy = Metered { energy: number("95"), ..whole };
    assert!(matches!(refused(&peak, other_energy), PricingError::NotCovered { .. }));

    let registers = |on: &str, off: &str| Metered {
        buckets: vec![(TimeOfUse::OffPeak, number(off)), (TimeOfUse::OnPeak, number(on))],
        ..no_load.clone()
    };
    assert_eq!(priced(&peak, registers("20", "76")), ["20 x 0.2 = 4.00", "76 x 0.05 = 3.80"]);
    assert!(matches!(refused(&peak, registers("20", "75")), PricingError::OtherBuckets { .. }));
    let strange = Metered { buckets: vec![(TimeOfUse::Intermediate, number("96"))], ..no_load };
    assert!(matches!(refused(&peak, strange), PricingError::OtherBuckets { .. }));
}

#[test]
fn a_gap_is_told_with_its_length() {
    let friday = date(2026, 3, 6);
    let zone = chicago();
    let start = zone.day(friday).expect("in range").start();
    let unit = Unit::KilowattHour.into();
    let series = IntervalSeries::new(Direction::Delivered, unit, 900, zone, start);
    let mut series = series.expect("it has a length");
    let good = series.code(Quality::Actual, None).expect("a code");
    let bad = series.code(Quality::NotBillable, None).expect("a code");
    for n in 0..96 {
        match n {
            10..13 => series.skip(1).expect("it fits"),
            _ => {
                let code = if n == 50 { bad } else { good };
                series.push(code, Some(Decimal::ONE)).expect("it fits");
            }
        }
    }
    let load = Some(Load::of(&series).expect("it is energy"));
    let metered = Metered { load, ..Metered::new(days(friday, friday), number("92")) };
    let peak = schedule(vec![time_of_use(&[Day::Friday], "0600", "0900")]);
    assert!(matches!(refused(&peak, metered), PricingError::Incomplete { missing: 4, .. }));
}

#[test]
fn demand_is_that_of_the_measure() {
    let friday = date(2026, 3, 6);
    let peak = schedule(vec![energy_at("0"), demand(DemandMeasure::Peak { minutes: 15 })]);
    assert_eq!(priced(&peak, day(friday, 900))[1], "4 x 10 = 40.00");
    assert!(matches!(refused(&peak, day(friday, 300)), PricingError::OtherLength { .. }));

    // The greatest is neither the first nor the last: 9 kWh in a quarter hour are 36 kW.
    let hill = Load::of(&series(friday, 900, |n| 9 - (n - 40).abs().min(9))).expect("energy");
    let energy = hill.total().expect("it fits");
    let hill = Metered { load: Some(hill), ..Metered::new(days(friday, friday), energy) };
    assert_eq!(priced(&peak, hill)[1], "36 x 10 = 360.00");

    let reported = schedule(vec![energy_at("0"), demand(DemandMeasure::AsReported)]);
    assert!(matches!(refused(&reported, day(friday, 900)), PricingError::NoBillingDemand { .. }));
    let metered = Metered { billing_demand: Some(number("62.5")), ..day(friday, 900) };
    assert_eq!(priced(&reported, metered)[1], "62.5 x 10 = 625.00");
}

#[test]
fn a_zone_counts_while_it_was_called_out() {
    let friday = date(2026, 3, 6);
    let red = schedule(vec![energy_at("0"), demand(DemandMeasure::Zone { zone: "red".into() })]);
    let said = |demand| Metered {
        zones: vec![ZoneUse { zone: "red".to_string(), demand }],
        ..day(friday, 900)
    };
    let called = |from: &str, until: &str| {
        let interval = Interval::new(instant(from), instant(until)).expect("in order");
        said(ZoneDemand::CalledOut(vec![interval]))
    };
    assert!(matches!(refused(&red, day(friday, 900)), PricingError::ZoneNotSaid { .. }));
    assert_eq!(priced(&red, said(ZoneDemand::CalledOut(Vec::new()))).len(), 1);
    assert_eq!(priced(&red, said(ZoneDemand::Reported(number("12.5"))))[1], "12.5 x 10 = 125.00");
    let evening = called("2026-03-06T23:00:00Z", "2026-03-07T03:00:00Z");
    assert_eq!(priced(&red, evening)[1], "4 x 10 = 40.00");
    let between = called("2026-03-06T23:05:00Z", "2026-03-07T03:00:00Z");
    assert!(matches!(refused(&red, between), PricingError::Straddles { .. }));
    let beyond = called("2026-03-06T23:00:00Z", "2026-03-07T07:00:00Z");
    assert!(matches!(refused(&red, beyond), PricingError::NotCovered { .. }));
}

#[test]
fn a_base_gives_what_is_not_replaced() {
    let monthly = |price| charge(ChargeKind::Basic, Pricing::Monthly { price: known(price) });
    let base = schedule(vec![monthly("36.65"), energy_at("0.089")]);
    let peak = schedule(vec![time_of_use(&[Day::Friday], "0600", "0900")]);
    let mut request = request(&peak, day(date(2026, 3, 6), 900));
    request.supplies[0].base = Some(&base);
    let bill = price(&request).expect("all is known");
    assert_eq!(lines(&bill), ["1 x 36.65 = 36.65", "12 x 0.2 = 2.40", "84 x 0.05 = 4.20"]);
}

fn section(meter: &str, role: MeterRole, kwh: &str) -> UsageSection {
    let mut section = UsageSection::new(SectionKind::MeterDetail.into());
    section.meter = MeterNumber::new(meter).ok();
    section.role = Some(role.into());
    section.period = Some(SectionPeriod::Regular(days(date(2026, 3, 1), date(2026, 3, 31))));
    let (unit, quality) = (Unit::KilowattHour.into(), Quality::Actual.into());
    let quantity = UsageQuantity::new(Direction::Delivered, Some(number(kwh)), unit, quality);
    section.items.push(UsageItem::Quantity(quantity.expect("it is not negative")));
    section
}

#[test]
fn meters_count_once_and_by_their_roles() {
    let report = |sections: Vec<UsageSection>| UsageReport {
        sections,
        ..UsageReport::new(Purpose::Original.into(), None, date(2026, 4, 3))
    };
    let sub = MeterNumber::new("B").expect("a number");
    let energy = |report: &UsageReport, apart: &[MeterNumber]| {
        Metered::of_rate(report, "100", apart).map(|metered| metered.energy)
    };
    let (main, added) = (section("A", MeterRole::Additive, "1000"), MeterRole::Additive);
    let behind = report(vec![section("B", MeterRole::Subtractive, "380.5"), main.clone()]);
    assert_eq!(energy(&behind, std::slice::from_ref(&sub)), Ok(number("619.5")));
    let beside = report(vec![main.clone(), section("B", added, "380.5")]);
    assert_eq!(energy(&beside, &[]), Ok(number("1380.5")));
    assert_eq!(energy(&beside, std::slice::from_ref(&sub)), Ok(number("1000")));
    let ignored = report(vec![main.clone(), section("B", MeterRole::Ignored, "380.5")]);
    assert_eq!(energy(&ignored, &[]), Ok(number("1000")));
    let one = Metered::of_meter(&behind, &sub).expect("it is there");
    assert_eq!((one.energy, one.meter), (number("380.5"), Some(sub)));

    let mut twice = main.clone();
    twice.items.extend(main.items);
    assert_eq!(energy(&report(vec![twice]), &[]), Err(UsageError::SeveralQuantities));
    let channels = vec![section("A", added, "1000"), section("A", added, "300")];
    assert_eq!(energy(&report(channels), &[]), Err(UsageError::SeveralQuantities));
    let mut sends = section("C", MeterRole::Ignored, "0");
    let (unit, quality) = (Unit::KilowattHour.into(), Quality::Actual.into());
    let sent = UsageQuantity::new(Direction::Received, Some(number("5")), unit, quality);
    sends.items = vec![UsageItem::Quantity(sent.expect("it is not negative"))];
    let main = section("A", added, "1000");
    assert_eq!(energy(&report(vec![main.clone(), sends.clone()]), &[]), Ok(number("1000")));
    sends.role = None;
    assert_eq!(energy(&report(vec![main, sends]), &[]), Err(UsageError::NotDelivered));
    let cancels = UsageReport { purpose: Purpose::Cancel.into(), ..report(Vec::new()) };
    assert_eq!(energy(&cancels, &[]), Err(UsageError::Cancels));
    assert_eq!(energy(&report(Vec::new()), &[]), Err(UsageError::NoEnergy));
}

#[test]
fn intervals_of_a_meter_behind_another_are_taken_off() {
    let friday = date(2026, 3, 6);
    let with_series = |meter: &str, role: MeterRole, kwh: i64| {
        let mut section = section(meter, role, "0");
        section.period = Some(SectionPeriod::Regular(days(friday, friday)));
        section.items = vec![UsageItem::Series(series(friday, 900, |_| kwh))];
        section
    };
    let (behind, main) = (MeterRole::Subtractive, MeterRole::Additive);
    let sections = vec![with_series("B", behind, 2), with_series("A", main, 5)];
    let mut report = UsageReport::new(Purpose::Original.into(), None, date(2026, 4, 3));
    report.sections = sections;
    let metered = Metered::of_rate(&report, "100", &[]).expect("it tells the energy");
    assert_eq!(metered.energy, number("288"));
    let load = metered.load.expect("both have the same intervals");
    assert!(load.points().iter().all(|(_, _, energy)| *energy == Decimal::from(3)));
}

#[test]
fn parts_of_the_day_are_not_counted_beside_their_total() {
    let part = |part: Option<TimeOfUse>, kwh: &str| {
        let (unit, quality) = (Unit::KilowattHour.into(), Quality::Actual.into());
        let quantity = UsageQuantity::new(Direction::Delivered, Some(number(kwh)), unit, quality);
        let mut quantity = quantity.expect("it is not negative");
        quantity.measurements.extend(part.map(|part| {
            let (time_of_use, amount) = (Some(part.into()), Some(number(kwh)));
            Measurement::Read(RegisterRead { time_of_use, amount, ..RegisterRead::default() })
        }));
        UsageItem::Quantity(quantity)
    };
    let (on, off) = (Some(TimeOfUse::OnPeak), Some(TimeOfUse::OffPeak));
    for items in [
        vec![part(on, "20"), part(off, "76")],
        vec![part(None, "96"), part(on, "20"), part(off, "76")],
        vec![part(on, "20"), part(Some(TimeOfUse::Total), "96"), part(off, "76")],
    ] {
        let mut section = section("A", MeterRole::Additive, "0");
        section.items = items;
        let report = UsageReport {
            sections: vec![section],
            ..UsageReport::new(Purpose::Original.into(), None, date(2026, 4, 3))
        };
        let metered = Metered::of_rate(&report, "100", &[]).expect("it tells the energy");
        assert_eq!(metered.energy, number("96"));
        let parts = [(TimeOfUse::OnPeak, number("20")), (TimeOfUse::OffPeak, number("76"))];
        assert_eq!(metered.buckets, parts);
    }
}

/// A schedule of several ways of pricing, and usage that it fits.
fn anything(random: &mut Random) -> (RateSchedule, Metered) {
    let mut price = |most| {
        let mills = random.range(1, most);
        Price::Known(Decimal::new(i128::from(mills), 4).expect("it fits"))
    };
    let period = days(date(2026, 3, 2), date(2026, 4, 1));
    let tiers = Tiers::new(vec![
        Tier { up_to: Some(number("400")), price: price(2_000) },
        Tier { up_to: Some(number("1000.5")), price: price(2_000) },
        Tier { up_to: None, price: price(2_000) },
    ]);
    let tiers = tiers.expect("they rise");
    let month = Month::new(2026, 4).expect("a month");
    let adjustment = Decimal::new(i128::from(random.range(-900, 900)), 5).expect("it fits");
    let prices = BTreeMap::from([(month, adjustment)]);
    let unit = Unit::KilowattHour;
    let minimum_use = Some(Quantity::new(number("300"), unit));
    let schedule = schedule(vec![
        charge(ChargeKind::Basic, Pricing::Monthly { price: known("36.65") }),
        charge(ChargeKind::Energy, Pricing::Tiers { unit, tiers }),
        demand(DemandMeasure::AsReported),
        charge(ChargeKind::PowerAdjustment, Pricing::ByMonth { unit, prices }),
        charge(
            ChargeKind::LoadControlCredit,
            Pricing::Credit { price: known("6.50"), minimum_use },
        ),
    ]);
    let energy = Decimal::new(i128::from(random.range(0, 3_000_000)), 3).expect("it fits");
    let demand = Decimal::new(i128::from(random.range(0, 9_000)), 1).expect("it fits");
    (schedule, Metered { billing_demand: Some(demand), ..Metered::new(period, energy) })
}

#[test]
fn what_is_priced_is_verified_and_one_cent_is_one_discrepancy() {
    let mut random = Random::new(41);
    for _ in 0..500 {
        let (schedule, metered) = anything(&mut random);
        let taxes = [TaxRule { kind: TaxKind::Franchise, percent: Decimal::from(2) }];
        let request = BillRequest { taxes: &taxes, ..request(&schedule, metered) };
        let bill = price(&request).expect("all is known");
        assert_eq!(bill.sum_of_lines().map(|sum| sum.amount), Ok(bill.total));
        assert_eq!(verify(&bill, &request), Ok(Vec::new()));
        for line in 0..bill.groups[0].charges.len() {
            for follows in [false, true] {
                let mut wrong = bill.clone();
                let charge = &mut wrong.groups[0].charges[line];
                let cent = charge.amount.and_then(|it| it.checked_add(&number("0.01")).ok());
                charge.amount = cent;
                if follows {
                    wrong.total = wrong.sum_of_lines().expect("it fits").amount;
                }
                let found = verify(&wrong, &request).expect("all is known");
                assert_eq!(found.len(), 1, "{found:?}");
                assert_eq!(Some(&found[0].line), bill.groups[0].charges[line].description.as_ref());
            }
            let mut without = bill.clone();
            without.groups[0].charges.remove(line);
            let found = verify(&without, &request).expect("all is known");
            let [Discrepancy { differences, .. }] = &found[..] else { panic!("{found:?}") };
            assert!(matches!(differences[..], [Difference::Missing { .. }]), "{found:?}");
        }
        let mut wrong = bill.clone();
        wrong.total = wrong.total.checked_add(&number("0.01")).expect("it fits");
        let found = verify(&wrong, &request).expect("all is known");
        assert_eq!(found.iter().map(|it| &it.line[..]).collect::<Vec<_>>(), ["total"]);
    }
}

#[test]
fn every_line_is_its_quantity_times_its_rate_rounded_half_up() {
    let mut random = Random::new(5);
    for _ in 0..500 {
        let (schedule, metered) = anything(&mut random);
        let energy = metered.energy;
        let bill = price(&request(&schedule, metered)).expect("all is known");
        let mut sum = Decimal::ZERO;
        for line in &bill.groups[0].charges {
            let (quantity, rate) = line.quantity.zip(line.rate).expect("each line has them");
            let exact = quantity.checked_mul(&rate).expect("it fits");
            let error = exact.checked_sub(&line.amount.expect("it has one")).expect("it fits");
            assert!(error.abs() <= number("0.005"));
            if line.kind.as_ref().is_some_and(|kind| kind.meaning == ChargeKind::Energy) {
                sum = sum.checked_add(&quantity).expect("it fits");
            }
        }
        assert_eq!(sum, energy, "the tiers are all the energy");
    }
}

#[test]
fn a_figure_is_asked_for_only_when_it_is_needed() {
    let missing = Price::Unpublished(Unpublished { unpublished: "more than 400".to_string() });
    let tiers = Tiers::new(vec![
        Tier { up_to: Some(number("400")), price: known("0.052") },
        Tier { up_to: None, price: missing },
    ]);
    let unit = Unit::KilowattHour;
    let tiers = tiers.expect("they rise");
    let water = schedule(vec![charge(ChargeKind::Energy, Pricing::Tiers { unit, tiers })]);
    let period = days(date(2026, 3, 2), date(2026, 4, 1));
    assert_eq!(priced(&water, Metered::new(period, number("400"))), ["400 x 0.052 = 20.80"]);
    let error = refused(&water, Metered::new(period, number("400.1")));
    let text = "rate T, Energy: no figure is published for more than 400";
    assert_eq!(error.to_string(), text);
    assert_eq!(error.schedule_to_change(), Some("T"));
    assert!(priced(&water, Metered::new(period, Decimal::ZERO)).is_empty());

    let credit = Pricing::Credit { price: known("1"), minimum_use: None };
    let no_energy = schedule(vec![charge(ChargeKind::LoadControlCredit, credit)]);
    let error = refused(&no_energy, Metered::new(period, number("1")));
    assert!(matches!(error, PricingError::EnergyNotPriced { .. }));
    let before = days(date(2019, 12, 2), date(2020, 1, 1));
    let error = refused(&water, Metered::new(before, Decimal::ONE));
    assert!(matches!(error, PricingError::NotInForce { .. }));
    let error = refused(&water, Metered::new(period, number("-1")));
    assert!(matches!(error, PricingError::NegativeEnergy { .. }));
}
