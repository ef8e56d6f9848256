//! Bills and payments made of numbers that only look random, of what a table holds.

use tieline_model::bill::*;
use tieline_model::coded::Coded;
use tieline_model::common::{PartyRole, Reference, ReferenceKind};
use tieline_model::money::Currency;
use tieline_model::payment::*;
use tieline_model::record::Record;

use crate::shared::random::Random;

impl Random {
    /// A meaning, and perhaps the code of whoever said it.
    fn with_code<T: Clone>(&mut self, all: &[T]) -> Coded<T> {
        Coded {
            meaning: self.pick(all),
            raw: self.maybe(|it| it.pick(&["ENC001", "-1", "x y"]).into()),
        }
    }

    pub(crate) fn bill(&mut self, number: u64) -> Record {
        let number = format!("{number} {}", self.text());
        let mut bill = Bill::new(number, self.date(), self.currency());
        bill.purpose = self.maybe(Random::purpose);
        let kinds = [BillKind::Final, BillKind::Credit];
        bill.kind = self.maybe(|it| it.coded(&kinds, BillKind::Other));
        bill.usage_report = self.maybe(Random::text);
        bill.account = self.maybe(Random::identifier);
        bill.former_account = self.maybe(Random::identifier);
        bill.supplier_account = self.maybe(Random::identifier);
        let due_date = self.maybe(Random::date);
        bill.terms.extend(due_date.map(|_| Terms { due_date, ..Terms::default() }));
        bill.period = self.maybe(Random::period);
        bill.balances = self.some(2, |it| Balance {
            phase: it.coded(&[BalancePhase::Prior], BalancePhase::Other),
            kind: it.with_code(&[BalanceKind::Due, BalanceKind::Other]),
            amount: it.signed(),
        });
        bill.groups = self.some(3, Random::group);
        bill.total = self.signed();
        bill.taxes = self.some(2, Random::tax);
        bill.charges = self.some(2, Random::charge);
        Record::Bill(Box::new(bill))
    }

    fn currency(&mut self) -> Currency {
        Currency::new(self.pick(&["USD", "CAD"])).expect("three letters")
    }

    fn group(&mut self) -> BillGroup {
        let levels = [GroupLevel::Meter, GroupLevel::Account];
        BillGroup {
            number: self.maybe(Random::text),
            item: self.maybe(|it| PricedItem {
                quantity: it.maybe(Random::number),
                unit: it.maybe(Random::unit),
                price: it.maybe(Random::signed),
            }),
            commodity: self.maybe(Random::commodity),
            level: self.maybe(|it| it.coded(&levels, GroupLevel::Other)),
            taxes: self.some(2, Random::tax),
            meter: self.maybe(Random::identifier),
            rate: self.maybe(Random::text),
            period: self.maybe(Random::section_period),
            charges: self.some(3, Random::charge),
            sublines: self.some(2, |it| Subline {
                number: it.text(),
                charges: it.some(2, Random::charge),
                taxes: it.some(1, Random::tax),
                ..Subline::default()
            }),
            ..BillGroup::default()
        }
    }

    fn charge(&mut self) -> Charge {
        let directions =
            [ChargeDirection::Charge, ChargeDirection::Credit, ChargeDirection::NoCharge];
        let kinds = [ChargeKind::Energy, ChargeKind::TimeOfUseEnergy, ChargeKind::Other];
        let (direction, kind) = (self.pick(&directions), self.with_code(&kinds));
        let mut charge = Charge::new(direction, kind, self.signed());
        charge.kind = charge.kind.filter(|_| self.below(5) > 0);
        charge.amount = charge.amount.filter(|_| self.below(5) > 0);
        charge.agency = self.maybe(Random::text);
        charge.standard_code = self.maybe(Random::text);
        charge.rate = self.maybe(Random::signed);
        charge.unit = self.maybe(Random::unit);
        charge.quantity = self.maybe(Random::signed);
        charge.description = self.maybe(Random::text);
        charge.taxes = self.some(1, Random::tax);
        charge
    }

    fn tax(&mut self) -> Tax {
        Tax {
            kind: self.with_code(&[TaxKind::StateSales, TaxKind::Other]),
            amount: self.maybe(Random::signed),
            rate: self.maybe(Random::number),
            jurisdiction: self.maybe(|it| Jurisdiction { qualifier: it.text(), code: it.text() }),
            exempt: self.maybe(Random::text),
            relation: self.maybe(|it| it.coded(&[TaxRelation::Included], TaxRelation::Other)),
            base: self.maybe(Random::number),
            taxpayer: self.maybe(Random::text),
        }
    }

    pub(crate) fn payment(&mut self, number: u64) -> Record {
        let payment = Payment {
            handling: self.coded(&[Handling::AdviceOnly], Handling::Other),
            amount: self.signed(),
            currency: self.currency(),
            flow: self.pick(&[Flow::Credit, Flow::Debit]).into(),
            method: self.coded(&[PaymentMethod::Check], PaymentMethod::Other),
            format: self.maybe(|it| it.coded(&[PaymentFormat::CcdPlus], PaymentFormat::Other)),
            from: None,
            originator: None,
            originator_part: None,
            to: None,
            currency_of: None,
            settlement: self.maybe(Random::date),
            trace: Some(Trace {
                code: self.text(),
                number: format!("{number} {}", self.text()),
                originator: None,
                further: None,
            }),
            notes: Vec::new(),
            references: Vec::new(),
            events: Vec::new(),
            parties: Vec::new(),
            entities: self.some(3, |it| RemittanceEntity {
                number: it.maybe(Random::text),
                role: it.maybe(|it| it.coded(&[PartyRole::Payer], PartyRole::Other)),
                adjustments: it.some(2, Random::adjustment),
                lines: it.some(3, Random::remittance),
                ..RemittanceEntity::default()
            }),
            provenance: Default::default(),
            residue: Default::default(),
        };
        Record::Payment(Box::new(payment))
    }

    fn remittance(&mut self) -> RemittanceLine {
        let kinds = [ReferenceKind::Account, ReferenceKind::Bill, ReferenceKind::Other];
        let reasons = [AdjustmentReason::Disputed];
        RemittanceLine {
            kind: self.maybe(|it| it.with_code(&kinds)),
            id: self.maybe(Random::text),
            action: self.maybe(|it| it.coded(&[PaymentAction::Full], PaymentAction::Other)),
            paid: self.maybe(Random::signed),
            billed: self.maybe(Random::signed),
            discount: self.maybe(Random::signed),
            adjustment_reason: self.maybe(|it| it.coded(&reasons, AdjustmentReason::Other)),
            adjustment: self.maybe(Random::signed),
            references: self.some(2, Random::reference),
            adjustments: self.some(2, Random::adjustment),
            ..RemittanceLine::default()
        }
    }

    fn reference(&mut self) -> Reference {
        let kind = self.with_code(&[ReferenceKind::Bill, ReferenceKind::Other]);
        Reference { kind, value: self.maybe(Random::text), text: self.maybe(Random::text) }
    }

    fn adjustment(&mut self) -> Adjustment {
        Adjustment {
            amount: self.signed(),
            reason: self.coded(&[AdjustmentReason::Credit], AdjustmentReason::Other),
            subject: self.maybe(Random::reference),
            notes: Vec::new(),
            references: Vec::new(),
            events: Vec::new(),
            at: Default::default(),
            residue: Default::default(),
        }
    }
}
