//! Values out of numbers that only look random: the same seed gives the same.

use tieline_model::coded::Coded;
use tieline_model::common::*;
use tieline_model::decimal::Decimal;
use tieline_model::identifier::AccountNumber;
use tieline_model::stamp::{ClockTime, Stamp};
use tieline_model::time::{Date, date};

/// The splitmix64 generator.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, count: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % count
    }

    pub(crate) fn maybe<T>(&mut self, make: impl FnOnce(&mut Random) -> T) -> Option<T> {
        (self.below(2) == 0).then(|| make(self))
    }

    pub(crate) fn some<T>(&mut self, most: u64, mut make: impl FnMut(&mut Random) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }

    /// One of these meanings, with its code.
    pub(crate) fn coded<T: Copy>(&mut self, codes: &[(T, &str)]) -> Coded<T> {
        let (meaning, code) = codes[self.below(codes.len() as u64) as usize];
        Coded::received(meaning, code)
    }

    pub(crate) fn text(&mut self) -> String {
        ["0042", "PRAIRIE RIVERS", "STRA\u{df}E", "X 1"][self.below(4) as usize].to_string()
    }

    pub(crate) fn number(&mut self) -> Decimal {
        let text = match self.below(6) {
            0 => ["0", ".5", "007.10", "12.000", "99999999999999.5"][self.below(5) as usize].into(),
            n => format!("{}.{:0>2$}", self.below(99_999), self.below(10), n as usize),
        };
        text.parse().expect("a number")
    }

    pub(crate) fn date(&mut self) -> Date {
        date(2026, self.below(12) as i8 + 1, self.below(28) as i8 + 1)
    }

    pub(crate) fn clock(&mut self) -> ClockTime {
        ClockTime::from_bytes([&b"0930"[..], b"2400", b"121530"][self.below(3) as usize])
            .expect("a time")
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
}
