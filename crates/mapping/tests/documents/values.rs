//! Values that many documents have, made of numbers that only look random.

use tieline_model::coded::Coded;
use tieline_model::common::*;
use tieline_model::decimal::Decimal;
use tieline_model::identifier::AccountNumber;
use tieline_model::meter::TimeOfUse;
use tieline_model::quantity::Unit;
use tieline_model::stamp::{ClockTime, Stamp};
use tieline_model::usage::{
    Factor, FactorKind, Measurement, ReadPair, RegisterRead, SectionPeriod,
};

use crate::shared::random::Random;

impl Random {
    /// One of these meanings, with its code.
    pub(crate) fn coded<T: Copy>(&mut self, codes: &[(T, &str)]) -> Coded<T> {
        let (meaning, code) = self.pick(codes);
        Coded::received(meaning, code)
    }

    pub(crate) fn text(&mut self) -> String {
        self.pick(&["0042", "PRAIRIE RIVERS", "STRA\u{df}E", "X 1"]).to_string()
    }

    pub(crate) fn number(&mut self) -> Decimal {
        let text = match self.below(6) {
            0 => self.pick(&["0", ".5", "007.10", "12.000", "99999999999999.5"]).to_string(),
            n => format!("{}.{:0>2$}", self.below(99_999), self.below(10), n as usize),
        };
        text.parse().expect("a number")
    }

    pub(crate) fn clock(&mut self) -> ClockTime {
        let text = self.pick(&["0930", "2400", "121530"]);
        ClockTime::from_bytes(text.as_bytes()).expect("a time")
    }

    pub(crate) fn stamp(&mut self) -> Stamp {
        let time = self.maybe(Random::clock);
        let zone = self.maybe(|_| "CD".to_string()).filter(|_| time.is_some());
        Stamp { date: self.date(), time, zone }
    }

    pub(crate) fn account(&mut self) -> AccountNumber {
        AccountNumber::new(self.below(1 << 40).to_string()).expect("a number")
    }

    pub(crate) fn reference(&mut self) -> Reference {
        let codes = [(ReferenceKind::Rate, "NH"), (ReferenceKind::BillingCycle, "BF")];
        let (kind, value) = (self.coded(&codes), Some(self.text()));
        Reference { kind, value, text: self.maybe(Random::text) }
    }

    pub(crate) fn event(&mut self) -> Event {
        Event { kind: self.coded(&[(EventKind::Effective, "007")]), stamp: self.stamp() }
    }

    pub(crate) fn party(&mut self) -> Party {
        let roles = [
            (PartyRole::Customer, "8R"),
            (PartyRole::Utility, "8S"),
            (PartyRole::Supplier, "SJ"),
            (PartyRole::Other, "ZZ"),
        ];
        let mut party = Party::new(self.coded(&roles), self.maybe(Random::text));
        party.id = self.maybe(|random| PartyId {
            kind: random.coded(&[(PartyIdKind::Duns, "1"), (PartyIdKind::Other, "ZZ")]),
            id: random.text(),
        });
        party.more_names = self.some(3, Random::text);
        party.address = self.maybe(|random| Address {
            lines: random.some(3, Random::text),
            city: Some(random.text()),
            state: random.maybe(Random::text),
            postal_code: random.maybe(Random::text),
            country: random.maybe(Random::text),
        });
        party.references = self.some(2, Random::reference);
        party.contacts = self.some(2, |random| Contact {
            function: "IC".to_string(),
            name: random.maybe(Random::text),
            numbers: random.some(3, |random| ContactNumber {
                kind: random.coded(&[(ContactKind::Email, "EM"), (ContactKind::Other, "WP")]),
                number: random.text(),
            }),
        });
        party
    }

    pub(crate) fn unit(&mut self) -> Coded<Unit> {
        self.coded(&[
            (Unit::KilowattHour, "KH"),
            (Unit::Kilowatt, "K1"),
            (Unit::KilovarHour, "K3"),
            (Unit::Other, "ZZ"),
        ])
    }

    pub(crate) fn measurement(&mut self) -> Measurement {
        let bucket = |random: &mut Random| {
            random.coded(&[(TimeOfUse::OnPeak, "42"), (TimeOfUse::Other, "97")])
        };
        if self.below(2) == 0 {
            let kinds = [(FactorKind::Multiplier, "MU"), (FactorKind::PowerFactor, "ZA")];
            return Measurement::Factor(Factor {
                kind: self.coded(&kinds),
                value: self.number(),
                unit: self.maybe(Random::unit),
                time_of_use: self.maybe(bucket),
            });
        }
        let pairs = [(ReadPair::BothActual, "AA"), (ReadPair::Other, "ZZ")];
        Measurement::Read(RegisterRead {
            pair: self.maybe(|random| random.coded(&pairs)),
            measure: Some("PRQ".to_string()),
            amount: self.maybe(Random::number),
            unit: self.maybe(Random::unit),
            begin: self.maybe(Random::number),
            end: self.maybe(Random::number),
            time_of_use: self.maybe(bucket),
        })
    }

    pub(crate) fn section_period(&mut self) -> SectionPeriod {
        match self.below(6) {
            0 => SectionPeriod::Regular(self.period()),
            1 => SectionPeriod::FromExchange(self.period()),
            2 => SectionPeriod::UntilExchange(self.period()),
            3 => SectionPeriod::From(self.date()),
            4 => SectionPeriod::Until(self.date()),
            _ => SectionPeriod::Exchange(self.date()),
        }
    }
}
