//! Bills made of numbers that only look random.

use tieline_model::account::Commodity;
use tieline_model::bill::*;
use tieline_model::coded::Coded;
use tieline_model::common::{AmountKind, Contact, Note, Purpose, ReferenceKind, StatedAmount};
use tieline_model::decimal::Decimal;
use tieline_model::identifier::{MeterNumber, ServicePointId};
use tieline_model::meter::Direction;
use tieline_model::money::Currency;
use tieline_model::usage::{Quality, UsageQuantity};

use crate::shared::random::Random;

impl Random {
    fn cents(&mut self) -> Decimal {
        let sign = if self.below(5) == 0 { -1 } else { 1 };
        Decimal::new(i128::from(self.below(9_999_999)) * sign, 2).expect("a number")
    }

    fn contact(&mut self) -> Contact {
        let mut party = self.party();
        match party.contacts.pop() {
            Some(contact) => contact,
            None => Contact { function: "IC".to_string(), name: None, numbers: Vec::new() },
        }
    }

    fn tax(&mut self) -> Tax {
        Tax {
            kind: self.coded(&[(TaxKind::Franchise, "FR"), (TaxKind::Other, "ZZ")]),
            amount: self.maybe(Random::number),
            rate: self.maybe(Random::number),
            jurisdiction: self
                .maybe(|random| Jurisdiction { qualifier: "VD".to_string(), code: random.text() }),
            exempt: self.maybe(|_| "1".to_string()),
            relation: self.maybe(|random| {
                random.coded(&[(TaxRelation::Added, "A"), (TaxRelation::Other, "D")])
            }),
            base: self.maybe(Random::number),
            taxpayer: self.maybe(Random::text),
        }
    }

    fn charge(&mut self, most_taxes: u64) -> Charge {
        let directions = [
            (ChargeDirection::Charge, "C"),
            (ChargeDirection::Credit, "A"),
            (ChargeDirection::NoCharge, "N"),
        ];
        let kinds = [
            (ChargeKind::Basic, "BAS003"),
            (ChargeKind::Energy, "ENC043"),
            (ChargeKind::Other, "MSC010"),
            (ChargeKind::Other, "XYZ"),
        ];
        let direction = self.coded(&directions);
        let mut charge = Charge::new(direction.meaning, self.coded(&kinds), self.cents());
        charge.direction = direction;
        charge.kind = charge.kind.filter(|_| self.below(5) > 0);
        charge.agency = self.maybe(|_| "GU".to_string());
        charge.standard_code = self.maybe(|_| "B950".to_string());
        charge.amount = charge.amount.filter(|_| self.below(5) > 0);
        charge.rate = self.maybe(Random::number);
        charge.unit = self.maybe(Random::unit);
        charge.quantity = self.maybe(Random::number);
        charge.description = self.maybe(Random::text);
        charge.taxes = self.some(most_taxes, Random::tax);
        charge
    }

    fn subline(&mut self) -> Subline {
        Subline {
            number: self.text(),
            relation: self.maybe(|_| "I".to_string()),
            references: self.some(2, Random::other_reference),
            descriptions: self.some(2, Random::text),
            charges: self.some(3, |random| random.charge(0)),
            taxes: self.some(2, Random::tax),
            ..Subline::default()
        }
    }

    /// Not the rate, which a group has as a field.
    fn other_reference(&mut self) -> tieline_model::common::Reference {
        let mut reference = self.reference();
        reference.kind = Coded::received(ReferenceKind::BillingOption, "BLT");
        reference
    }

    fn flat_quantity(&mut self) -> UsageQuantity {
        let quality = Coded::received(Quality::Actual, "QD");
        let (amount, unit) = (self.maybe(Random::number), self.unit());
        UsageQuantity::new(Direction::Delivered, amount, unit, quality).expect("positive")
    }

    fn group(&mut self) -> BillGroup {
        let commodities = [(Commodity::Electricity, "ELECTRIC"), (Commodity::Other, "STEAM")];
        let levels = [(GroupLevel::Rate, "RATE"), (GroupLevel::Other, "LAMP")];
        BillGroup {
            number: self.maybe(Random::text),
            item: self.maybe(|random| PricedItem {
                quantity: Some(random.number()),
                unit: random.maybe(Random::unit),
                price: random.maybe(Random::number),
            }),
            commodity: self.maybe(|random| random.coded(&commodities)),
            level: self.maybe(|random| random.coded(&levels)),
            quantities: self.some(2, Random::flat_quantity),
            taxes: self.some(2, Random::tax),
            usage: self.some(3, Random::measurement),
            descriptions: self.some(2, Random::text),
            meter: self.maybe(|it| MeterNumber::new(it.text()).expect("a number")),
            rate: self.maybe(Random::text),
            service_point: self.maybe(|it| ServicePointId::new(it.text()).expect("a number")),
            references: self.some(2, Random::other_reference),
            period: self.maybe(Random::section_period),
            events: self.some(1, Random::event),
            charges: self.some(4, |random| random.charge(2)),
            sublines: self.some(2, Random::subline),
            parties: self.some(1, Random::party),
            ..BillGroup::default()
        }
    }

    fn terms(&mut self) -> Terms {
        Terms {
            code: Some("03".to_string()),
            basis: self.maybe(|_| "3".to_string()),
            discount_percent: self.maybe(Random::number),
            discount_date: self.maybe(Random::date),
            discount_days: self.maybe(|_| Decimal::from(10)),
            due_date: self.maybe(Random::date),
            net_days: self.maybe(|_| Decimal::from(20)),
            discount_amount: self.maybe(Random::cents),
            text: self.maybe(Random::text),
            late_percent: self.maybe(Random::number),
        }
    }

    fn balance(&mut self) -> Balance {
        let phases = [(BalancePhase::Prior, "P"), (BalancePhase::Other, "Q")];
        let kinds = [(BalanceKind::Due, "BD"), (BalanceKind::Other, "ZZ")];
        Balance { phase: self.coded(&phases), kind: self.coded(&kinds), amount: self.cents() }
    }

    pub(super) fn bill(&mut self) -> Bill {
        let mut bill = Bill::new(self.text(), self.date(), Currency::USD);
        if self.below(4) == 0 {
            bill.currency = Currency::new("CAD").expect("a currency");
            bill.currency_entity = Some("BY".to_string());
        }
        bill.purpose =
            self.maybe(|it| it.coded(&[(Purpose::Replace, "05"), (Purpose::Other, "ZZ")]));
        bill.kind = self.maybe(|it| it.coded(&[(BillKind::Final, "FB"), (BillKind::Other, "N6")]));
        bill.usage_report = self.maybe(Random::text);
        bill.account = self.maybe(Random::account);
        bill.former_account = self.maybe(Random::account);
        bill.supplier_account = self.maybe(Random::account);
        bill.service_point = self.maybe(|it| ServicePointId::new(it.text()).expect("a number"));
        bill.notes =
            self.some(2, |it| Note { code: it.maybe(|_| "ADD".to_string()), text: it.text() });
        bill.references = self.some(2, Random::reference);
        bill.contacts = self.some(2, Random::contact);
        bill.parties = self.some(3, Random::party);
        bill.terms = self.some(2, Random::terms);
        bill.period = self.maybe(Random::period);
        bill.invoice_period = self.maybe(Random::period);
        bill.events = self.some(2, Random::event);
        bill.balances = self.some(4, Random::balance);
        bill.groups = self.some(3, Random::group);
        bill.total = self.cents();
        bill.taxes = self.some(2, Random::tax);
        bill.amounts = self.some(2, |random| StatedAmount {
            kind: random.coded(&[(AmountKind::Billed, "PB"), (AmountKind::Balance, "BD")]),
            amount: random.number(),
        });
        bill.charges = self.some(2, |random| random.charge(2));
        bill.stated_count = self.maybe(|_| Decimal::from(3));
        bill
    }
}
