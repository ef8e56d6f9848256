//! Models out of numbers that only look random, for tests: the same seed gives the same model.

use crate::account::*;
use crate::advice::*;
use crate::authorization::*;
use crate::bill::*;
use crate::coded::Coded;
use crate::common::*;
use crate::decimal::Decimal;
use crate::envelope::*;
use crate::identifier::*;
use crate::meter::*;
use crate::money::Currency;
use crate::payment::*;
use crate::period::{Month, Period};
use crate::provenance::{Ordinal, Origin, Provenance};
use crate::quantity::{Quantity, Unit};
use crate::rate::*;
use crate::record::Record;
use crate::request::*;
use crate::residue::{Residue, Text};
use crate::stamp::*;
use crate::time::*;
use crate::usage::*;

/// The splitmix64 generator.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// From `least` to `most`, both included.
    pub(crate) fn range(&mut self, least: i64, most: i64) -> i64 {
        let span = (most - least) as u128 + 1;
        least + ((u128::from(self.word()) * span) >> 64) as i64
    }

    fn flip(&mut self) -> bool {
        self.word() & 1 == 1
    }

    fn pick<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.range(0, values.len() as i64 - 1) as usize].clone()
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Random) -> T) -> Option<T> {
        self.flip().then(|| make(self))
    }

    fn some<T>(&mut self, most: i64, mut make: impl FnMut(&mut Random) -> T) -> Vec<T> {
        (0..self.range(0, most)).map(|_| make(self)).collect()
    }

    fn text(&mut self) -> String {
        self.pick(&["0042", "PRAIRIE RIVERS", "a*b~c", " spaces ", "\u{e9}t\u{e9} \"q\"", "x"])
            .to_string()
    }

    fn coded<T: Clone>(&mut self, meanings: &[T]) -> Coded<T> {
        let raw = self.maybe(|random| random.text());
        Coded { meaning: self.pick(meanings), raw }
    }

    fn decimal(&mut self) -> Decimal {
        let written = match self.range(0, 9) {
            0 => ["0", "-0.00", ".5", "5.", "007.10", "-.25", "99999999999999999999999999.5"]
                [self.range(0, 6) as usize]
                .to_string(),
            _ => {
                let scale = self.range(0, 4) as usize;
                let (whole, part) = (self.range(-99_999, 99_999), self.range(0, 9999));
                match scale {
                    0 => whole.to_string(),
                    _ => format!("{whole}.{:.scale$}", format!("{part:04}")),
                }
            }
        };
        written.parse().expect("a number")
    }

    fn positive(&mut self) -> Decimal {
        let number = self.decimal();
        if number.is_negative() { number.negated() } else { number }
    }

    fn date(&mut self) -> Date {
        date(self.range(2020, 2030) as i16, self.range(1, 12) as i8, self.range(1, 28) as i8)
    }

    fn period(&mut self) -> Period {
        let (a, b) = (self.date(), self.date());
        Period::new(a.min(b), a.max(b)).expect("in order")
    }

    fn clock(&mut self) -> ClockTime {
        let written = self.pick(&["0000", "2400", "2359", "093000", "1200005", "12000051"]);
        ClockTime::from_bytes(written.as_bytes()).expect("a time")
    }

    fn stamp(&mut self) -> Stamp {
        Stamp { date: self.date(), time: self.maybe(Random::clock), zone: self.maybe(Random::text) }
    }

    fn zone(&mut self) -> Zone {
        let name = self.pick(&["America/Chicago", "America/Denver", "UTC"]);
        Zone::named(name).expect("the zone is built in")
    }

    fn account(&mut self) -> AccountNumber {
        AccountNumber::new(self.range(1, 1 << 40).to_string()).expect("a number")
    }

    fn meter(&mut self) -> MeterNumber {
        MeterNumber::new(self.range(1, 1 << 30).to_string()).expect("a number")
    }

    fn service_point(&mut self) -> ServicePointId {
        ServicePointId::new(self.range(1, 1 << 30).to_string()).expect("a number")
    }

    fn at(&mut self) -> Ordinal {
        Ordinal(self.range(0, 9999) as u32)
    }

    fn provenance(&mut self) -> Provenance {
        Provenance(self.maybe(|random| Origin {
            document: random.text(),
            format: random.maybe(Random::text),
            interchange: random.maybe(Random::text),
            group: None,
            set: random.maybe(Random::text),
            convention: random.maybe(Random::text),
        }))
    }

    fn interchange(&mut self) -> Interchange {
        Interchange {
            header: self.some(16, Random::text),
            separators: Separators {
                element: '*',
                component: self.pick(&[':', '>', '\u{1f}']),
                repetition: self.maybe(|_| '^'),
                segment: self.pick(&['~', '\n']),
                line_end: self.pick(&["", "\r\n"]).to_string(),
            },
        }
    }

    fn residue(&mut self) -> Residue {
        let mut residue = Residue::default();
        let place = |text: &str| text.parse().expect("a place");
        if self.range(0, 3) == 0 {
            residue.keep_segment(place("REF[2]"), vec![Text::from("ZZ"), "7".into()]);
        }
        if self.range(0, 3) == 0 {
            let parts = vec![vec!["A".to_string()], vec!["B".to_string(), String::new()]];
            residue.keep_element(place("N1[1]/REF[2]/REF04"), Text::Repeated(parts));
            residue.keep_element(place("MEA[1]/MEA04-3"), self.text().as_str().into());
        }
        if self.range(0, 3) == 0 {
            residue.keep_order(place("REF"), vec![3, 1]);
        }
        residue
    }

    fn reference(&mut self) -> Reference {
        use ReferenceKind::*;
        let kinds = [Account, Bill, OriginalBill, BillingCycle, Rate, Authorization, Other];
        Reference {
            kind: self.coded(&kinds),
            value: self.maybe(Random::text),
            text: self.maybe(Random::text),
        }
    }

    fn event(&mut self) -> Event {
        let kinds = [EventKind::Effective, EventKind::Due, EventKind::Other];
        Event { kind: self.coded(&kinds), stamp: self.stamp() }
    }

    fn note(&mut self) -> Note {
        Note { code: self.maybe(Random::text), text: self.text() }
    }

    fn stated_amount(&mut self) -> StatedAmount {
        let kinds = [AmountKind::Billed, AmountKind::Instalment, AmountKind::Other];
        StatedAmount { kind: self.coded(&kinds), amount: self.decimal() }
    }

    fn party_id(&mut self) -> PartyId {
        let kinds = [PartyIdKind::Duns, PartyIdKind::DunsPlus4, PartyIdKind::Other];
        PartyId { kind: self.coded(&kinds), id: self.text() }
    }

    fn role(&mut self) -> Coded<PartyRole> {
        self.coded(&[PartyRole::Utility, PartyRole::Customer, PartyRole::Payer, PartyRole::Other])
    }

    fn party(&mut self) -> Party {
        Party {
            role: self.role(),
            name: self.maybe(Random::text),
            id: self.maybe(Random::party_id),
            more_names: self.some(2, Random::text),
            address: self.maybe(|random| Address {
                lines: random.some(2, Random::text),
                city: random.maybe(Random::text),
                state: Some("ND".to_string()),
                postal_code: random.maybe(Random::text),
                country: None,
            }),
            references: self.some(2, Random::reference),
            contacts: self.some(2, |random| Contact {
                function: "IC".to_string(),
                name: random.maybe(Random::text),
                numbers: random.some(2, |random| ContactNumber {
                    kind: random.coded(&[ContactKind::Telephone, ContactKind::Email]),
                    number: random.text(),
                }),
            }),
            at: self.at(),
            residue: self.residue(),
        }
    }

    fn unit(&mut self) -> Coded<Unit> {
        self.coded(&[
            Unit::KilowattHour,
            Unit::Kilowatt,
            Unit::KilovarHour,
            Unit::CubicMetre,
            Unit::Other,
        ])
    }

    fn time_of_use(&mut self) -> TimeOfUse {
        self.pick(&[
            TimeOfUse::Total,
            TimeOfUse::OnPeak,
            TimeOfUse::WinterOffPeak,
            TimeOfUse::Other,
        ])
    }

    fn direction(&mut self) -> Direction {
        self.pick(&[Direction::Delivered, Direction::Received, Direction::Net, Direction::Total])
    }

    /// With a sign only if it may have one.
    fn used(&mut self, direction: Direction) -> Decimal {
        if direction == Direction::Net { self.decimal() } else { self.positive() }
    }

    fn measurement(&mut self) -> Measurement {
        let bucket = |random: &mut Random| {
            let bucket = random.time_of_use();
            random.coded(&[bucket])
        };
        if self.flip() {
            let kinds = [FactorKind::Multiplier, FactorKind::PowerFactor, FactorKind::Other];
            return Measurement::Factor(Factor {
                kind: self.coded(&kinds),
                value: self.decimal(),
                unit: self.maybe(Random::unit),
                time_of_use: self.maybe(bucket),
            });
        }
        Measurement::Read(RegisterRead {
            pair: self.maybe(|random| random.coded(&[ReadPair::BothActual, ReadPair::Other])),
            measure: self.maybe(Random::text),
            amount: self.maybe(Random::decimal),
            unit: self.maybe(Random::unit),
            begin: self.maybe(Random::decimal),
            end: self.maybe(Random::decimal),
            time_of_use: self.maybe(bucket),
        })
    }

    fn quality(&mut self) -> Quality {
        use Quality::*;
        self.pick(&[Actual, Estimated, Calculated, Substituted, Unavailable, Validated, Other])
    }

    fn quantity(&mut self) -> UsageQuantity {
        let (direction, quality, unit) = (self.direction(), self.quality(), self.unit());
        let amount = self.maybe(|random| random.used(direction));
        let quality = self.coded(&[quality]);
        let mut quantity =
            UsageQuantity::new(direction, amount, unit, quality).expect("signed well");
        quantity.basis = self.pick(&[Basis::Measured, Basis::Billed, Basis::Derived]);
        quantity.period = self.maybe(Random::period);
        quantity.occurred = self.maybe(Random::stamp);
        quantity.measurements = self.some(3, Random::measurement);
        quantity.at = self.at();
        quantity.residue = self.residue();
        quantity
    }

    pub(crate) fn series(&mut self) -> IntervalSeries {
        let (direction, unit, zone) = (self.direction(), self.unit(), self.zone());
        let seconds = self.pick(&[900, 1800, 3600]);
        let first = zone.day(self.date()).expect("in range").start();
        let mut series =
            IntervalSeries::new(direction, unit, seconds, zone, first).expect("a series");
        series.stamping = self.maybe(|random| Stamping {
            edge: random.pick(&[Edge::Start, Edge::End]),
            midnight: random.pick(&[Midnight::LastMinute, Midnight::Hour24, Midnight::NextDay]),
            zone: random.pick(&[ZoneStyle::InForce, ZoneStyle::Prevailing, ZoneStyle::Utc]),
            seconds: random.flip(),
        });
        for _ in 0..self.range(0, 40) {
            let (quality, raw) = (self.quality(), self.pick(&[None, Some("QD"), Some("KA")]));
            let code = series.code(quality, raw).expect("few codes");
            let amount = self.used(direction);
            match self.range(0, 9) {
                0 => series.skip(self.range(1, 5) as u32).expect("short"),
                1 => series.push(code, None).expect("a point"),
                _ => series.push(code, Some(amount)).expect("a point"),
            }
            if self.range(0, 9) == 0 {
                series.set_last_seconds(self.pick(&[600, 900, 7200])).expect("a point");
            }
            if self.range(0, 9) == 0 {
                series.set_last_stamp(self.stamp()).expect("a point");
                series.set_last_ambiguous().expect("a point");
            }
        }
        series.at = self.at();
        series.residue = self.residue();
        series
    }

    fn section_period(&mut self) -> SectionPeriod {
        let (period, date) = (self.period(), self.date());
        self.pick(&[
            SectionPeriod::Regular(period),
            SectionPeriod::FromExchange(period),
            SectionPeriod::UntilExchange(period),
            SectionPeriod::From(date),
            SectionPeriod::Exchange(date),
        ])
    }

    fn section(&mut self) -> UsageSection {
        use SectionKind::*;
        let kinds = [BilledSummary, MeterSummary, MeterDetail, Scheduling, Other];
        let mut section = UsageSection::new(self.coded(&kinds));
        section.commodity = self.maybe(|r| r.coded(&[Commodity::Electricity, Commodity::Water]));
        section.period = self.maybe(Random::section_period);
        section.read_date = self.maybe(Random::date);
        section.meter = self.maybe(Random::meter);
        section.role = self.maybe(|r| r.coded(&[MeterRole::Additive, MeterRole::Subtractive]));
        section.dials = self.maybe(|r| Dials { whole: r.range(4, 6) as u8, decimals: 0 });
        section.meter_type = self.maybe(|random| {
            let unit = random.maybe(|random| random.unit().meaning);
            let minutes = random.maybe(|random| random.pick(&[15, 60]));
            random.coded(&[MeterType { unit, minutes }])
        });
        section.channel = self.maybe(Random::text);
        section.service_point = self.maybe(Random::service_point);
        section.references = self.some(2, Random::reference);
        section.events = self.some(1, Random::event);
        section.parties = self.some(1, Random::party);
        section.items = self.some(4, |random| match random.flip() {
            true => UsageItem::Series(random.series()),
            false => UsageItem::Quantity(random.quantity()),
        });
        section.arrangement = self.pick(&[Arrangement::InTurn, Arrangement::ByTime]);
        section.at = self.at();
        section.residue = self.residue();
        section
    }

    fn purpose(&mut self) -> Coded<Purpose> {
        self.coded(&[Purpose::Original, Purpose::Cancel, Purpose::Replace, Purpose::Other])
    }

    fn usage_report(&mut self) -> UsageReport {
        let mut report = UsageReport::new(self.purpose(), self.maybe(Random::text), self.date());
        report.kind = self.maybe(|r| r.coded(&[UsageKind::Monthly, UsageKind::Interval]));
        report.action = self.maybe(|r| r.coded(&[UsageAction::Final, UsageAction::Other]));
        report.answers = self.maybe(Random::text);
        report.time = self.maybe(Random::clock);
        report.due = self.maybe(Random::stamp);
        report.account = self.maybe(Random::account);
        report.former_account = self.maybe(Random::account);
        report.service_point = self.maybe(Random::service_point);
        report.participation = self.maybe(Random::decimal);
        report.events = self.some(2, Random::event);
        report.references = self.some(2, Random::reference);
        report.parties = self.some(3, Random::party);
        report.notes = self.some(2, Random::note);
        report.sections = self.some(4, Random::section);
        report.stated_count = self.maybe(Random::decimal);
        report.provenance = self.provenance();
        report.residue = self.residue();
        report
    }

    fn tax(&mut self) -> Tax {
        Tax {
            kind: self.coded(&[TaxKind::Sales, TaxKind::Franchise, TaxKind::Other]),
            amount: self.maybe(Random::decimal),
            rate: self.maybe(Random::decimal),
            jurisdiction: self
                .maybe(|r| Jurisdiction { qualifier: "VD".to_string(), code: r.text() }),
            exempt: self.maybe(Random::text),
            relation: self.maybe(|r| r.coded(&[TaxRelation::Added, TaxRelation::Included])),
            base: self.maybe(Random::decimal),
            taxpayer: self.maybe(Random::text),
        }
    }

    fn charge(&mut self) -> Charge {
        use ChargeDirection::{Charge as Adds, Credit, NoCharge};
        Charge {
            direction: self.coded(&[Adds, Credit, NoCharge]),
            kind: self.maybe(|r| r.coded(&[ChargeKind::Basic, ChargeKind::Energy])),
            agency: self.maybe(Random::text),
            standard_code: self.maybe(Random::text),
            amount: self.maybe(Random::decimal),
            rate: self.maybe(Random::decimal),
            unit: self.maybe(Random::unit),
            quantity: self.maybe(Random::decimal),
            description: self.maybe(Random::text),
            taxes: self.some(1, Random::tax),
            at: self.at(),
            residue: self.residue(),
        }
    }

    fn subline(&mut self) -> Subline {
        Subline {
            number: self.text(),
            relation: self.maybe(Random::text),
            references: self.some(1, Random::reference),
            descriptions: self.some(1, Random::text),
            charges: self.some(2, Random::charge),
            taxes: self.some(1, Random::tax),
            at: self.at(),
            residue: self.residue(),
        }
    }

    fn group(&mut self) -> BillGroup {
        BillGroup {
            number: self.maybe(Random::text),
            item: self.maybe(|random| PricedItem {
                quantity: random.maybe(Random::decimal),
                unit: random.maybe(Random::unit),
                price: random.maybe(Random::decimal),
            }),
            commodity: self.maybe(|r| r.coded(&[Commodity::Electricity, Commodity::Gas])),
            level: self.maybe(|r| r.coded(&[GroupLevel::Account, GroupLevel::Meter])),
            taxes: self.some(1, Random::tax),
            usage: self.some(2, Random::measurement),
            descriptions: self.some(2, Random::text),
            meter: self.maybe(Random::meter),
            rate: self.maybe(Random::text),
            references: self.some(1, Random::reference),
            period: self.maybe(Random::section_period),
            events: self.some(1, Random::event),
            charges: self.some(4, Random::charge),
            sublines: self.some(2, Random::subline),
            parties: self.some(1, Random::party),
            at: self.at(),
            residue: self.residue(),
        }
    }

    fn terms(&mut self) -> Terms {
        Terms {
            code: self.maybe(Random::text),
            basis: self.maybe(Random::text),
            discount_percent: self.maybe(Random::decimal),
            discount_date: self.maybe(Random::date),
            discount_days: self.maybe(Random::decimal),
            due_date: self.maybe(Random::date),
            net_days: self.maybe(Random::decimal),
            discount_amount: self.maybe(Random::decimal),
            text: self.maybe(Random::text),
            late_percent: self.maybe(Random::decimal),
        }
    }

    fn bill(&mut self) -> Bill {
        let mut bill = Bill::new(self.text(), self.date(), Currency::USD);
        bill.purpose = self.maybe(Random::purpose);
        bill.kind = self.maybe(|r| r.coded(&[BillKind::Product, BillKind::Final]));
        bill.usage_report = self.maybe(Random::text);
        bill.account = self.maybe(Random::account);
        bill.notes = self.some(2, Random::note);
        bill.references = self.some(2, Random::reference);
        bill.parties = self.some(2, Random::party);
        bill.terms = self.some(1, Random::terms);
        bill.period = self.maybe(Random::period);
        bill.events = self.some(1, Random::event);
        bill.balances = self.some(3, |random| Balance {
            phase: random.coded(&[BalancePhase::Prior, BalancePhase::Current]),
            kind: random.coded(&[BalanceKind::Due, BalanceKind::Payments]),
            amount: random.decimal(),
        });
        bill.groups = self.some(3, Random::group);
        bill.total = self.decimal();
        bill.taxes = self.some(1, Random::tax);
        bill.charges = self.some(1, Random::charge);
        bill.stated_count = self.maybe(Random::decimal);
        bill.provenance = self.provenance();
        bill.residue = self.residue();
        bill
    }

    fn bank_account(&mut self) -> BankAccount {
        BankAccount {
            bank: self.maybe(|r| BankId { qualifier: "01".to_string(), number: r.text() }),
            kind: self.maybe(Random::text),
            account: self.maybe(Random::account),
        }
    }

    fn adjustment(&mut self) -> Adjustment {
        Adjustment {
            amount: self.decimal(),
            reason: self.coded(&[AdjustmentReason::Credit, AdjustmentReason::Other]),
            subject: self.maybe(Random::reference),
            notes: self.some(1, Random::note),
            references: self.some(1, Random::reference),
            events: self.some(1, Random::event),
            at: self.at(),
            residue: self.residue(),
        }
    }

    fn remittance_line(&mut self) -> RemittanceLine {
        let reasons = [AdjustmentReason::Disputed, AdjustmentReason::Other];
        RemittanceLine {
            kind: self.maybe(|r| r.coded(&[ReferenceKind::Account, ReferenceKind::Bill])),
            id: self.maybe(Random::text),
            action: self.maybe(|r| r.coded(&[PaymentAction::Full, PaymentAction::Partial])),
            paid: self.maybe(Random::decimal),
            billed: self.maybe(Random::decimal),
            discount: self.maybe(Random::decimal),
            adjustment_reason: self.maybe(|r| r.coded(&reasons)),
            adjustment: self.maybe(Random::decimal),
            notes: self.some(1, Random::note),
            references: self.some(2, Random::reference),
            events: self.some(2, Random::event),
            adjustments: self.some(1, Random::adjustment),
            at: self.at(),
            residue: self.residue(),
        }
    }

    fn payment(&mut self) -> Payment {
        Payment {
            handling: self.coded(&[Handling::PaymentWithAdvice, Handling::AdviceOnly]),
            amount: self.decimal(),
            currency: Currency::new(self.pick(&["USD", "CAD"])).expect("a currency"),
            flow: self.coded(&[Flow::Credit, Flow::Debit]),
            method: self.coded(&[PaymentMethod::Ach, PaymentMethod::Check]),
            format: self.maybe(|r| r.coded(&[PaymentFormat::Ctx, PaymentFormat::Other])),
            from: self.maybe(Random::bank_account),
            originator: self.maybe(Random::text),
            originator_part: self.maybe(Random::text),
            to: self.maybe(Random::bank_account),
            settlement: self.maybe(Random::date),
            trace: self.maybe(|random| Trace {
                code: "1".to_string(),
                number: random.text(),
                originator: random.maybe(Random::text),
                further: random.maybe(Random::text),
            }),
            notes: self.some(1, Random::note),
            references: self.some(1, Random::reference),
            events: self.some(1, Random::event),
            parties: self.some(2, Random::party),
            entities: self.some(2, |random| RemittanceEntity {
                number: random.maybe(Random::text),
                role: random.maybe(Random::role),
                id: random.maybe(Random::party_id),
                adjustments: random.some(1, Random::adjustment),
                lines: random.some(3, Random::remittance_line),
                at: random.at(),
                residue: random.residue(),
            }),
            provenance: self.provenance(),
            residue: self.residue(),
        }
    }

    fn request(&mut self) -> ServiceRequest {
        ServiceRequest {
            purpose: self.coded(&[RequestPurpose::Request, RequestPurpose::Response]),
            number: self.text(),
            made: self.stamp(),
            answers: self.maybe(Random::text),
            parties: self.some(2, Random::party),
            items: self.some(2, |random| RequestItem {
                number: random.maybe(Random::text),
                services: random.some(2, |random| RequestedService {
                    qualifier: "SH".to_string(),
                    kind: random.coded(&[ServiceKind::Electric, ServiceKind::HistoricalUsage]),
                }),
                action: random.maybe(|r| r.coded(&[RequestAction::Request, RequestAction::Reject])),
                change: random.maybe(|r| r.coded(&[RequestChange::Add, RequestChange::Drop])),
                account: random.maybe(Random::account),
                former_account: None,
                supplier_account: random.maybe(Random::account),
                meter: random.maybe(Random::meter),
                references: random.some(2, Random::reference),
                events: random.some(2, Random::event),
                amounts: random.some(1, Random::stated_amount),
                meters: random.some(1, |random| RequestedMeter {
                    role: "MQ".to_string(),
                    meter: random.maybe(Random::meter),
                    references: random.some(1, Random::reference),
                    events: random.some(1, Random::event),
                    at: random.at(),
                    residue: random.residue(),
                }),
                at: random.at(),
                residue: random.residue(),
            }),
            provenance: self.provenance(),
            residue: self.residue(),
        }
    }

    fn advice(&mut self) -> Advice {
        Advice {
            purpose: self.purpose(),
            number: self.text(),
            made: self.stamp(),
            answers: self.maybe(Random::text),
            expected: self.maybe(|r| r.coded(&[ExpectedAction::Resend, ExpectedAction::Nothing])),
            parties: self.some(2, Random::party),
            items: self.some(2, |random| AdviceItem {
                verdict: random.coded(&[Verdict::Accepted, Verdict::Rejected]),
                kind: random.coded(&[ReferenceKind::OriginalDocument, ReferenceKind::Other]),
                number: random.text(),
                group: random.maybe(Random::text),
                set: random.maybe(Random::text),
                set_code: random.maybe(Random::text),
                references: random.some(1, Random::reference),
                events: random.some(1, Random::event),
                amounts: random.some(1, Random::stated_amount),
                problems: random.some(2, |random| Problem {
                    code: "848".to_string(),
                    reason: random.maybe(Random::text),
                    segment: random.maybe(Random::text),
                    segment_number: random.maybe(|random| random.range(1, 99) as u32),
                    element_number: random.maybe(|random| random.range(1, 9) as u32),
                    copy: random.maybe(Random::text),
                    notes: random.some(2, Random::note),
                    at: random.at(),
                    residue: random.residue(),
                }),
                at: random.at(),
                residue: random.residue(),
            }),
            provenance: self.provenance(),
            residue: self.residue(),
        }
    }

    fn account_record(&mut self) -> Account {
        Account {
            number: self.account(),
            former: self.maybe(Random::account),
            supplier: self.maybe(Random::account),
            customer: self.maybe(Random::party),
            billing_cycle: self.maybe(Random::text),
            status: self.pick(&[AccountStatus::Active, AccountStatus::Closed]),
            service_points: self.some(2, |random| ServicePoint {
                id: random.service_point(),
                commodity: random.pick(&[Commodity::Electricity, Commodity::Water]),
                zone: random.zone(),
                rate: random.maybe(Random::text),
                load_profile: random.maybe(Random::text),
                voltage: random.maybe(Random::text),
                meters: random.some(2, |random| {
                    let (meter, period) = (random.meter(), random.period());
                    let until = random.maybe(|_| period.end());
                    MeterLink::new(meter, period.start(), until).expect("in order")
                }),
            }),
        }
    }

    fn meter_record(&mut self) -> Meter {
        Meter {
            number: self.meter(),
            serial: self.maybe(Random::text),
            dials: self.maybe(|_| Dials { whole: 5, decimals: 1 }),
            channels: self.some(2, |random| Channel {
                number: random.maybe(Random::text),
                unit: random.unit().meaning,
                direction: random.direction(),
                interval_seconds: random.maybe(|_| 900),
                multiplier: random.maybe(Random::decimal),
                transformer_loss: random.maybe(Random::decimal),
                power_factor: random.maybe(Random::decimal),
                role: random.pick(&[MeterRole::Additive, MeterRole::Ignored]),
                time_of_use: random.maybe(Random::time_of_use),
            }),
        }
    }

    fn price(&mut self) -> Price {
        match self.flip() {
            true => Price::Known(self.decimal()),
            false => Price::Unpublished(Unpublished { unpublished: self.text() }),
        }
    }

    fn pricing(&mut self) -> Pricing {
        let (price, unit) = (self.price(), Unit::KilowattHour);
        match self.range(0, 5) {
            0 => Pricing::Monthly { price },
            1 => {
                let first = Tier { up_to: "400".parse().ok(), price: self.price() };
                let tiers = Tiers::new(vec![first, Tier { up_to: None, price }]);
                Pricing::Tiers { unit, tiers: tiers.expect("in order") }
            }
            2 => {
                let time = |text: &str| ClockTime::from_bytes(text.as_bytes()).expect("a time");
                let window = |random: &mut Random, from, until| Window {
                    bucket: TimeOfUse::OnPeak,
                    days: vec![Day::Monday, Day::Friday],
                    from: time(from),
                    until: time(until),
                    price: random.price(),
                };
                let windows = vec![window(self, "0600", "0900"), window(self, "1700", "2400")];
                let windows = Windows::new(windows).expect("apart");
                Pricing::TimeOfUse { unit, windows, otherwise: TimeOfUse::OffPeak, price }
            }
            3 => Pricing::Demand {
                unit: Unit::Kilowatt,
                measure: self.pick(&[
                    DemandMeasure::Peak { minutes: 15 },
                    DemandMeasure::Zone { zone: "red".to_string() },
                    DemandMeasure::AsReported,
                ]),
                price,
            },
            4 => {
                let months = self.some(5, |random| {
                    let month = Month::new(2026, random.range(1, 12) as i8).expect("a month");
                    (month, random.decimal())
                });
                Pricing::ByMonth { unit, prices: months.into_iter().collect() }
            }
            _ => Pricing::Credit {
                price,
                minimum_use: self.maybe(|random| Quantity::new(random.decimal(), unit)),
            },
        }
    }

    fn rate_schedule(&mut self) -> RateSchedule {
        let period = self.period();
        let until = self.maybe(|_| period.end());
        RateSchedule {
            code: self.text(),
            name: self.text(),
            applies_to: self.maybe(Random::text),
            source: self.maybe(Random::text),
            validity: Validity::new(period.start(), until).expect("in order"),
            currency: Currency::USD,
            zone: self.zone(),
            base: self.maybe(Random::text),
            charges: self.some(6, |random| RateCharge {
                kind: random.pick(&[ChargeKind::Basic, ChargeKind::RedZone]),
                name: random.text(),
                code: random.maybe(Random::text),
                months: Season::new(random.pick(&[vec![], vec![6, 7, 8]])).expect("months"),
                pricing: random.pricing(),
            }),
        }
    }

    fn authorization(&mut self) -> Authorization {
        let duration = self.period();
        Authorization::new(AuthorizationRecord {
            id: "A-1".to_string(),
            grantee: "lake-country".to_string(),
            accounts: vec![self.account(), self.account()],
            meters: self.some(2, Random::meter),
            data: vec![self.pick(&[DataKind::Usage, DataKind::Bills]), DataKind::Intervals],
            duration,
            history_from: self.maybe(Random::date),
            signed: duration.start(),
            evidence: self.maybe(Random::text),
            revoked: self.maybe(Random::date),
        })
        .expect("it names everything")
    }
}

/// Any record of the model.
pub(crate) fn record(random: &mut Random) -> Record {
    match random.range(0, 10) {
        0 => Record::UsageReport(random.usage_report().into()),
        1 => Record::Bill(random.bill().into()),
        2 => Record::Payment(random.payment().into()),
        3 => Record::ServiceRequest(random.request().into()),
        4 => Record::Advice(random.advice().into()),
        5 => Record::Account(random.account_record().into()),
        6 => Record::Meter(random.meter_record().into()),
        7 => Record::RateSchedule(random.rate_schedule().into()),
        8 => Record::Interchange(random.interchange().into()),
        9 => Record::Group(Group { header: random.some(8, Random::text) }.into()),
        _ => Record::Authorization(random.authorization().into()),
    }
}
