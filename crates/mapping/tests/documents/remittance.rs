//! 820.

use tieline_mapping::error::MappingError;
use tieline_mapping::options::Options;
use tieline_mapping::remittance_820;
use tieline_model::common::*;
use tieline_model::identifier::AccountNumber;
use tieline_model::money::Currency;
use tieline_model::payment::*;
use tieline_model::provenance::{Ordinal, Provenance};
use tieline_model::residue::Residue;
use tieline_sample::Kind;

use crate::document::{lines, pair, segments};
use crate::mapping::Mapping;
use crate::shared::random::Random;

pub(crate) const REMITTANCE: Mapping<Payment> =
    Mapping { kind: Kind::Remittance, read: remittance_820::read, write: remittance_820::write };

#[test]
fn samples_are_written_as_they_were_read() {
    REMITTANCE.assert_samples(4);
}

#[test]
fn what_the_recipe_makes_is_written_as_it_was_read() {
    REMITTANCE.assert_recipes(|payment| {
        let of_entity = |entity: &RemittanceEntity| !entity.residue.is_empty();
        !payment.residue.is_empty()
            || payment.parties.iter().any(|party| !party.residue.is_empty())
            || payment.entities.iter().any(of_entity)
            || payment.lines().any(|line| !line.residue.is_empty())
    });
}

impl Random {
    fn bank_account(&mut self) -> BankAccount {
        BankAccount {
            bank: self.maybe(|random| BankId { qualifier: "01".into(), number: random.text() }),
            kind: Some("DA".into()),
            account: self.maybe(Random::account),
        }
    }

    fn number_kind(&mut self) -> tieline_model::coded::Coded<ReferenceKind> {
        self.coded(&[
            (ReferenceKind::Account, "12"),
            (ReferenceKind::Bill, "IV"),
            (ReferenceKind::Payment, "TN"),
            (ReferenceKind::Rate, "NH"),
        ])
    }

    fn note(&mut self) -> Note {
        Note { code: self.maybe(|_| "ADD".into()), text: self.text() }
    }

    fn numbers(&mut self) -> Vec<Reference> {
        self.some(2, |random| Reference {
            kind: random.number_kind(),
            value: Some(random.text()),
            text: random.maybe(Random::text),
        })
    }

    fn dates(&mut self) -> Vec<Event> {
        let kinds = [(EventKind::Effective, "007"), (EventKind::Received, "050")];
        self.some(2, |random| Event { kind: random.coded(&kinds), stamp: random.stamp() })
    }

    fn adjustment(&mut self, in_line: bool) -> Adjustment {
        let reasons = [(AdjustmentReason::Correction, "CS"), (AdjustmentReason::Overpayment, "80")];
        Adjustment {
            amount: self.number(),
            reason: self.coded(&reasons),
            subject: self.maybe(|random| Reference::new(random.number_kind(), "17")),
            notes: self.some(1, Random::note),
            references: self.numbers(),
            events: if in_line { Vec::new() } else { self.dates() },
            at: Ordinal::default(),
            residue: Residue::default(),
        }
    }

    fn line(&mut self) -> RemittanceLine {
        let reasons = [(AdjustmentReason::Disputed, "06"), (AdjustmentReason::Other, "ZZ")];
        let actions = [(PaymentAction::Full, "PI"), (PaymentAction::Other, "FL")];
        let kinds = [(ReferenceKind::MasterAccount, "14"), (ReferenceKind::Other, "WY")];
        RemittanceLine {
            kind: self.maybe(|random| random.coded(&kinds)),
            id: self.maybe(Random::text),
            action: self.maybe(|random| random.coded(&actions)),
            paid: self.maybe(Random::number),
            billed: self.maybe(Random::number),
            discount: self.maybe(Random::number),
            adjustment_reason: self.maybe(|random| random.coded(&reasons)),
            adjustment: self.maybe(Random::number),
            notes: self.some(2, Random::note),
            references: self.numbers(),
            events: self.dates(),
            adjustments: self.some(2, |random| random.adjustment(true)),
            ..RemittanceLine::default()
        }
    }

    fn payment(&mut self) -> Payment {
        let handlings = [(Handling::AdviceOnly, "I"), (Handling::Other, "Z")];
        let methods = [(PaymentMethod::Wire, "CWT"), (PaymentMethod::Other, "CAS")];
        let formats = [(PaymentFormat::CcdPlus, "CCP"), (PaymentFormat::Other, "POS")];
        let is_foreign = self.below(3) == 0;
        Payment {
            handling: self.coded(&handlings),
            amount: self.number(),
            currency: Currency::new(if is_foreign { "CAD" } else { "USD" }).expect("a currency"),
            currency_of: self.maybe(|_| "PE".to_string()).or(is_foreign.then(|| "PR".into())),
            flow: self.coded(&[(Flow::Credit, "C"), (Flow::Debit, "D")]),
            method: self.coded(&methods),
            format: self.maybe(|random| random.coded(&formats)),
            from: self.maybe(Random::bank_account),
            originator: self.maybe(Random::text),
            originator_part: self.maybe(Random::text),
            to: self.maybe(Random::bank_account),
            settlement: self.maybe(Random::date),
            trace: self.maybe(|random| Trace {
                code: "1".into(),
                number: random.text(),
                originator: random.maybe(Random::text),
                further: random.maybe(Random::text),
            }),
            notes: self.some(2, Random::note),
            references: self.numbers(),
            events: self.dates(),
            parties: self.some(2, Random::party),
            entities: self.some(3, |random| RemittanceEntity {
                number: random.maybe(|random| random.below(99).to_string()),
                role: random.maybe(|random| random.coded(&[(PartyRole::Payer, "PR")])),
                id: random.maybe(|random| PartyId {
                    kind: random.coded(&[(PartyIdKind::Duns, "1")]),
                    id: random.text(),
                }),
                adjustments: random.some(2, |random| random.adjustment(false)),
                lines: random.some(4, Random::line),
                ..RemittanceEntity::default()
            }),
            provenance: Provenance::default(),
            residue: Residue::default(),
        }
    }
}

#[test]
fn a_payment_that_was_written_is_read_as_it_was() {
    REMITTANCE.assert_generated(Random::payment);
}

const REMITTED: &str = "
    BPR*C*0100.50*C*ACH*CTX*01*099999986*DA*0081223307*1094500721**01*099999999*DA*0042001200*20260415*VEN*01*099999999*DA*4711471147
    NTE**THANK YOU
    TRN*1*20260414R1*1094500721
    CUR*PR*USD
    REF*ZZ*X
    REF*EM*20260414R1
    DTM*097*20260414
    N1*PR*SHEYENNE FOODS
    RDM*EM
    ENT*1*PR*1*123456789*8R*91*7
    NM1*8R*1*DOE
    ADX*-1.50*CS*IV*B1
    DTM*007*20260401
    REF*12*1
    DTM*003*20260401
    RMR*12*4410027718*PP*60.5*63.44**06*-2.94
    NTE*ADD*READ IN DISPUTE
    REF*IV*B2
    IT1*1
    REF*ZZ*1
    ADX*-2.94*06
    RMR*IV*B3**41.50
    TXP*1
";

#[test]
fn a_document_with_all_that_is_unusual_is_written_as_it_was_read() {
    let document = segments(REMITTED);
    let payment = REMITTANCE.read(&document).expect("it can be read");
    assert_eq!(lines(&REMITTANCE.write(&payment)), lines(&document));
    let places = |residue: &Residue| residue.places().map(|it| it.to_string()).collect::<Vec<_>>();
    let wanted =
        ["REF[1]", "TXP[1]", "BPR[1]/BPR17", "BPR[1]/BPR18", "BPR[1]/BPR19", "BPR[1]/BPR20"];
    assert_eq!(places(&payment.residue)[..6], wanted);
    assert_eq!(places(&payment.parties[0].residue), ["RDM[1]"]);
    let entity = &payment.entities[0];
    let wanted = ["NM1[1]", "ENT[1]/ENT05", "ENT[1]/ENT06", "ENT[1]/ENT07"];
    assert_eq!(places(&entity.residue), wanted);
    assert_eq!(places(&entity.adjustments[0].residue), ["REF[1]/DTM[1]"]);
    assert_eq!(places(&entity.lines[0].residue), ["IT1[1]", "IT1[1]/REF[1]"]);
    assert_eq!(payment.sum_of_lines(), Ok(payment.total()));
    assert_eq!(
        (entity.lines[0].account(), entity.lines[0].bill()),
        (Some("4410027718"), Some("B2"))
    );
    assert_eq!(entity.lines[0].adjustments.len(), 1);
}

fn changed(change: impl FnOnce(&mut Payment)) -> Vec<(String, String)> {
    REMITTANCE.changed(&segments(REMITTED), change)
}

#[test]
fn one_field_changes_its_elements_and_nothing_else() {
    let bpr = lines(&segments(REMITTED))[0].clone();
    let found = changed(|payment| payment.amount = "100.5".parse().expect("a number"));
    assert_eq!(found, pair(&bpr, &bpr.replace("0100.50", "100.5")));
    let found = changed(|payment| payment.handling.meaning = Handling::AdviceOnly);
    assert_eq!(found, pair(&bpr, &bpr.replace("BPR*C", "BPR*I")));
    let found = changed(|payment| {
        let to = payment.to.as_mut().expect("it has one");
        to.account = AccountNumber::new("17").ok();
    });
    assert_eq!(found, pair(&bpr, &bpr.replace("0042001200", "17")));
    let found = changed(|payment| payment.currency = Currency::new("CAD").expect("a currency"));
    assert_eq!(found, pair("CUR*PR*USD", "CUR*PR*CAD"));
    let found = changed(|payment| {
        payment.trace.as_mut().expect("it has one").number = "X".into();
    });
    assert_eq!(found, pair("TRN*1*20260414R1*1094500721", "TRN*1*X*1094500721"));
    let found = changed(|payment| payment.references[0].value = Some("X".into()));
    assert_eq!(found, pair("REF*EM*20260414R1", "REF*EM*X"));
    let found = changed(|payment| payment.entities[0].number = Some("2".into()));
    assert_eq!(found, pair("ENT*1*PR*1*123456789*8R*91*7", "ENT*2*PR*1*123456789*8R*91*7"));
    let found = changed(|payment| payment.entities[0].lines[1].paid = "1".parse().ok());
    assert_eq!(found, pair("RMR*IV*B3**41.50", "RMR*IV*B3**1"));
    let found = changed(|payment| {
        let adjustment = &mut payment.entities[0].lines[0].adjustments[0];
        adjustment.reason.meaning = AdjustmentReason::LateCharge;
    });
    assert_eq!(found, pair("ADX*-2.94*06", "ADX*-2.94*50"));
}

#[test]
fn numbers_of_banks_are_not_shown() {
    let payment = REMITTANCE.read(&segments(REMITTED)).expect("it can be read");
    let shown = format!("{payment:?}");
    for number in ["0081223307", "0042001200", "4711471147"] {
        assert!(!shown.contains(number), "{number}");
    }
    for wrong in ["BPR*C*x*C*ACH***0081223307", "BPR*C*1*Q*ACH", "BPR*C*1*C*ACH\nCUR*PR*us1"] {
        let error = REMITTANCE.read(&segments(wrong)).expect_err("it is wrong").to_string();
        assert!(error.starts_with("segment "), "{error}");
        assert!(!error.contains("0081223307") && !error.contains("us1"), "{error}");
    }
}

#[test]
fn without_raw_codes_the_options_choose_them() {
    let mut payment = REMITTANCE.read(&segments("BPR*C*1*C*ACH")).expect("it can be read");
    payment.method = PaymentMethod::Wire.into();
    payment.currency = Currency::new("CAD").expect("a currency");
    payment.references.push(Reference::new(ReferenceKind::Payment.into(), "1"));
    let written = REMITTANCE.write(&payment);
    assert_eq!(lines(&written), ["BPR*C*1*C*FWT", "CUR*PR*CAD", "REF*EM*1"]);
    // `TN` stands for the payment in this set, whatever it stands for in others.
    payment.references[0].kind = ReferenceKind::OriginalDocument.into();
    let error = remittance_820::write(&payment, &Options::default());
    assert!(matches!(error, Err(MappingError::NoCode { table: "references", .. })));
}

#[test]
fn a_date_of_the_adjustment_of_a_line_has_no_place() {
    let mut payment = REMITTANCE.read(&segments(REMITTED)).expect("it can be read");
    let entity = &mut payment.entities[0];
    entity.lines[0].adjustments[0].events = entity.adjustments[0].events.clone();
    let error = remittance_820::write(&payment, &Options::default());
    assert!(matches!(error, Err(MappingError::NoPlace { .. })), "{error:?}");
}
