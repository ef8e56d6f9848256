//! Bills: made of numbers that only look random, unusual ones, broken ones, and what one change of the
//! model changes in the document.

#[path = "shared/document.rs"]
mod document;
#[path = "shared/random.rs"]
mod random;

use document::{lines, read_set, segments};
use random::Random;
use tieline_mapping::error::MappingError;
use tieline_mapping::invoice_810::{self, cancel_of};
use tieline_mapping::options::{Options, Sign};
use tieline_model::account::Commodity;
use tieline_model::bill::*;
use tieline_model::coded::Coded;
use tieline_model::common::{AmountKind, Contact, Note, Purpose, ReferenceKind, StatedAmount};
use tieline_model::decimal::Decimal;
use tieline_model::identifier::{MeterNumber, ServicePointId};
use tieline_model::meter::Direction;
use tieline_model::money::Currency;
use tieline_model::time::date;
use tieline_model::usage::{Quality, UsageQuantity};
use tieline_sample::Kind;
use tieline_x12::check::Standard;
use tieline_x12::compose::{Element, Segment};
use tieline_x12::document::Document;

fn read(segments: &[Segment], options: &Options) -> Result<Bill, MappingError> {
    read_set(Kind::Invoice, segments, |set| invoice_810::read(set, options))
}

fn assert_same(document: &[Segment], options: &Options) -> Bill {
    let bill = read(document, options).expect("it can be read");
    let written = invoice_810::write(&bill, options).expect("it can be written");
    assert_eq!(lines(&written), lines(document));
    bill
}

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

    fn bill(&mut self) -> Bill {
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

#[test]
fn a_bill_that_was_written_is_read_as_it_was() {
    for credits in [Sign::Same, Sign::Opposite] {
        let mut options = Options::default();
        options.invoice.credits = credits;
        for seed in 0..400 {
            let bill = Random(seed).bill();
            let segments = invoice_810::write(&bill, &options).expect("it can be written");
            let back = read(&segments, &options).unwrap_or_else(|error| panic!("{seed}: {error}"));
            assert_eq!(back, bill, "seed {seed}");
            let again = invoice_810::write(&back, &options).expect("it can be written");
            assert_eq!(again, segments, "seed {seed}");
        }
    }
}

impl Random {
    /// The document with things in it that no field means.
    fn with_more(&mut self, document: Vec<Segment>) -> Vec<Segment> {
        let mut more = Vec::new();
        for mut segment in document {
            let unknown = match segment.id.as_str() {
                "REF" => Some("REF*ZZ*7"),
                "DTM" => Some("DTM*405*20260404"),
                "PID" => Some("PID*S**AB*1"),
                "BAL" => Some("BAL*M*PB"),
                _ => None,
            };
            let element = match segment.id.as_str() {
                "BIG" => 10,
                "CTT" => 2,
                "DTM" => 6,
                "ITD" => 13,
                "PID" => 2,
                "QTY" => 4,
                "SAC" => 16,
                "SLN" => 4,
                "TXI" => 10,
                _ => 0,
            };
            if element > 0 && self.below(3) == 0 {
                let length = segment.elements.len().max(element);
                segment.elements.resize(length, Element::Simple(String::new()));
                segment.elements[element - 1] = Element::Simple("9".to_string());
            }
            let extra = unknown.map(Segment::shorthand);
            let (before, after) = (self.below(4) == 0, self.below(4) == 0);
            more.extend(extra.clone().filter(|_| before));
            more.push(segment);
            more.extend(extra.filter(|_| after));
        }
        more
    }
}

#[test]
fn what_no_field_means_is_written_where_it_was() {
    let options = Options::default();
    let mut left = 0;
    for seed in 0..400 {
        let mut random = Random(seed);
        let bill = random.bill();
        let segments = invoice_810::write(&bill, &options).expect("it can be written");
        let document = random.with_more(segments);
        let back = assert_same(&document, &options);
        left += back.residue.places().count();
        let again = read(&document, &options);
        assert_eq!(again.as_ref(), Ok(&back), "seed {seed}");
    }
    assert!(left > 1_000, "{left}");
}

const UNUSUAL: &str = "
    BIG*20260404*B1*20260101*PO17*20260403M1*3*FB*05**B0
    NTE**TWO LINES
    NTE*ADD*OF TEXT
    CUR*BY*CAD*1.350*SE*USD
    REF*BF*07
    REF*12*1170022904**ZZ:1
    REF*ZZ*NOBODY KNOWS
    REF*Q5*POINT 7
    REF*OI*B0*THE OLD ONE
    REF*9V*CR
    PER*IC*MEMBER SERVICES*TE*7015550100*EX*7
    N1*8S*PRAIRIE RIVERS*9*0055500010000
    REF*ZZ*1
    N1*BT*SHEYENNE FOODS
    ITD*03*3*2.5*20260414*10*20260424*20*0250***100*PAY SOON*1**.015
    ITD*05
    DTM*187*20260401
    DTM*186*20260302
    DTM*150*20260302*1200
    DTM*405*20260404
    PID*S**AB*1
    BAL*A*BM*-4.10
    BAL*Y*YB*007.5
    BAL*AM*ZZ*1
    LM*LB
    LQ*0*1
    IT1*1*3*EA*12.50*PE*SV*STEAM*C3*RATE*MG*9
    QTY*QD*7*KH*X
    QTY*99*8
    TXI*FR*86.10*.02*VD*ND1***4304.87*99*A
    TXI*LS***CD***I
    MEA**MU*60*K1**9
    PID*S**AB*1
    PID*F*08***THREE PHASE
    MEA*AA*PRQ*1*KH
    PO4*1
    REF*NH*300*OLD
    REF*MG*83300310
    REF*NH*301
    REF*PR*RES
    DTM*151*20260401
    SAC*C**EU*ENC043*237216*3*5*.056*KH*42360*9*02*R*1*TEXT*EN
    TXI*ZZ*1
    SAC*A*B950***-0100
    SAC*N**GU*X1
    SLN*1*0*I*2*EA*1.0
    DTM*150*20260302
    REF*BLT*LDC
    REF*ZZ*5
    PID*F****LIGHTS
    SAC*C**EU*MSC010*975***9.75*MO*1*****LIGHT
    SAC*C**EU*MSC010*975**4
    TC2*J*1
    TXI*ST*1.00****O
    SLN*2**A
    N1*77*MILL
    LM*LB
    LQ*0*2
    IT1**0*EA
    IT1*3*****C3*METER*SV*ELECTRIC
    IT1*4*****C3*UNMET
    TDS*-0439100*1*2*3
    TXI*GR*1.5
    CAD*M
    AMT*ZZ*2
    AMT*BD*7.10*D
    SAC*C**EU*LPC002*150
    TXI*CS*.09
    ISS*1*EA
    CTT*4*9
";

#[test]
fn a_bill_with_all_that_is_unusual_is_written_as_it_was_read() {
    let options = Options::default();
    let bill = assert_same(&segments(UNUSUAL), &options);
    assert_eq!(bill.total_due().to_string(), "-04391.00 CAD");
    assert_eq!((bill.original(), bill.usage_report.as_deref()), (Some("B0"), Some("20260403M1")));
    let terms = &bill.terms[0];
    assert_eq!(terms.discount_amount.map(|it| it.to_string()).as_deref(), Some("02.50"));
    assert_eq!(bill.period, None);
    assert_eq!(bill.billed_period().map(|it| it.nights()), Some(30));
    let phases: Vec<_> = bill.balances.iter().map(|it| it.phase.meaning).collect();
    use BalancePhase::{Adjustment, Other, ToDate};
    assert_eq!(phases, [Adjustment, ToDate, Other]);
    let group = &bill.groups[0];
    assert_eq!((group.rate.as_deref(), group.references.len()), (Some("300"), 2));
    let directions = group.charges.iter().map(|charge| charge.signed_amount().to_string());
    assert_eq!(directions.collect::<Vec<_>>(), ["2372.16", "01.00", "0"]);
    assert_eq!(group.charges[0].kind.as_ref().map(|it| it.meaning), Some(ChargeKind::Energy));
    assert_eq!(bill.groups[2].commodity, None);
    assert_eq!(bill.groups[3].level.as_ref().map(|it| it.meaning), Some(GroupLevel::Unmetered));

    let left: Vec<_> = bill.residue.places().map(|place| place.to_string()).collect();
    let wanted = "AMT[1] CAD[1] DTM[3] DTM[4] ISS[1] LM[1] LM[1]/LQ[1] PID[1] REF[3] \
        AMT[2]/AMT03 BIG[1]/BIG03 BIG[1]/BIG04 BIG[1]/BIG06 BIG[1]/BIG10 CTT[1]/CTT02 CUR[1]/CUR03 \
        CUR[1]/CUR04 CUR[1]/CUR05 ITD[1]/ITD11 ITD[1]/ITD13 REF[2]/REF04 TDS[1]/TDS02 TDS[1]/TDS03 \
        TDS[1]/TDS04";
    assert_eq!(left.join(" "), wanted);
    let left: Vec<_> = group.residue.places().map(|place| place.to_string()).collect();
    let wanted = "LM[1] LM[1]/LQ[1] PID[1] PID[2]/MEA[1] PO4[1] IT1[1]/IT105 IT1[1]/IT110 \
        IT1[1]/IT111 MEA[1]/MEA06 PID[2]/PID02 REF[1]/REF03 TXI[1]/TXI10 TXI[2]/TXI04";
    assert_eq!(left.join(" "), wanted);

    let json = serde_json::to_string(&bill).expect("the model is plain data");
    let back: Bill = serde_json::from_str(&json).expect("we wrote it");
    assert_eq!(back, bill);
    let written = invoice_810::write(&back, &options).expect("it can be written");
    assert_eq!(lines(&written), lines(&segments(UNUSUAL)));
}

/// Which lines are different once one thing was changed.
fn changed(change: impl FnOnce(&mut Bill)) -> Vec<(String, String)> {
    let options = Options::default();
    let document = segments(UNUSUAL);
    let mut bill = read(&document, &options).expect("it can be read");
    change(&mut bill);
    let written = invoice_810::write(&bill, &options).expect("it can be written");
    assert_eq!(written.len(), document.len());
    let both = lines(&document).into_iter().zip(lines(&written));
    both.filter(|(before, after)| before != after).collect()
}

#[test]
fn one_field_changes_its_elements_and_nothing_else() {
    let pair = |before: &str, after: &str| vec![(before.to_string(), after.to_string())];
    let number = |text: &str| text.parse::<Decimal>().expect("a number");
    let found = changed(|bill| bill.date = date(2026, 4, 5));
    let big = "*B1*20260101*PO17*20260403M1*3*FB*05**B0";
    assert_eq!(found, pair(&format!("BIG*20260404{big}"), &format!("BIG*20260405{big}")));
    let found = changed(|bill| bill.total = number("12.5"));
    assert_eq!(found, pair("TDS*-0439100*1*2*3", "TDS*1250*1*2*3"));
    let found = changed(|bill| bill.currency = Currency::USD);
    assert_eq!(found, pair("CUR*BY*CAD*1.350*SE*USD", "CUR*BY*USD*1.350*SE*USD"));
    let found = changed(|bill| bill.account = "5".to_string().try_into().ok());
    assert_eq!(found, pair("REF*12*1170022904**ZZ:1", "REF*12*5**ZZ:1"));
    let found = changed(|bill| bill.groups[0].rate = Some("302".to_string()));
    assert_eq!(found, pair("REF*NH*300*OLD", "REF*NH*302*OLD"));
    let found = changed(|bill| bill.groups[0].meter = "7".to_string().try_into().ok());
    assert_eq!(found, pair("REF*MG*83300310", "REF*MG*7"));
    let found = changed(|bill| bill.groups[0].charges[0].amount = Some(number("1")));
    let (head, tail) = ("SAC*C**EU*ENC043*", "*3*5*.056*KH*42360*9*02*R*1*TEXT*EN");
    assert_eq!(found, pair(&format!("{head}237216{tail}"), &format!("{head}100{tail}")));
    let found = changed(|bill| {
        let kind = bill.groups[0].charges[0].kind.as_mut().expect("it has one");
        kind.meaning = ChargeKind::Demand;
    });
    let changed_kind = format!("SAC*C**EU*DMD001*237216{tail}");
    assert_eq!(found, pair(&format!("{head}237216{tail}"), &changed_kind));
    let found = changed(|bill| bill.groups[0].taxes[0].amount = Some(number("86.11")));
    let tax = "*.02*VD*ND1***4304.87*99*A";
    assert_eq!(found, pair(&format!("TXI*FR*86.10{tax}"), &format!("TXI*FR*86.11{tax}")));
    let found =
        changed(|bill| bill.groups[0].sublines[0].charges[1].description = Some("L".into()));
    assert_eq!(found, pair("SAC*C**EU*MSC010*975**4", "SAC*C**EU*MSC010*975**4********L"));
    let found = changed(|bill| bill.terms[0].due_date = Some(date(2026, 5, 1)));
    let (head, tail) = ("ITD*03*3*2.5*20260414*10*", "*20*0250***100*PAY SOON*1**.015");
    assert_eq!(found, pair(&format!("{head}20260424{tail}"), &format!("{head}20260501{tail}")));
}

const SMALL: &str = "
    BIG*20260404*B1*****PR*00
    REF*12*17
    N1*8R*THEM
    IT1*1*****SV*ELECTRIC*C3*ACCOUNT
    TXI*FR*2.00
    SAC*C**EU*BAS001*12000***120*MO*1
    SAC*A**EU*CRE002*2500
    TDS*9700
    CTT*1
";

#[test]
fn a_cancellation_repeats_its_bill_with_the_sign_the_partner_wants() {
    let mut options = Options::default();
    let bill = assert_same(&segments(SMALL), &options);
    let write = |options: &Options| {
        let cancellation = cancel_of(&bill, "B2", date(2026, 4, 9), options);
        assert_eq!(cancellation.original(), Some("B1"));
        let sum = cancellation.sum_of_lines().expect("it fits");
        assert_eq!(sum, cancellation.total_due());
        lines(&invoice_810::write(&cancellation, options).expect("it can be written"))
    };
    let same = write(&options);
    let mut wanted = lines(&segments(SMALL));
    wanted[0] = "BIG*20260409*B2*****PR*01".to_string();
    wanted.insert(2, "REF*OI*B1".to_string());
    assert_eq!(same, wanted);
    options.invoice.cancellations = Sign::Opposite;
    let opposite = write(&options);
    wanted[5] = "TXI*FR*-2.00".to_string();
    wanted[6] = "SAC*C**EU*BAS001*-12000***120*MO*1".to_string();
    wanted[7] = "SAC*A**EU*CRE002*-2500".to_string();
    wanted[8] = "TDS*-9700".to_string();
    assert_eq!(opposite, wanted);
}

#[test]
fn partners_write_credits_with_one_sign_or_the_other() {
    let mut options = Options::default();
    options.invoice.credits = Sign::Opposite;
    let text = SMALL.replace("*2500", "*-002500");
    let bill = assert_same(&segments(&text), &options);
    let credit = &bill.groups[0].charges[1];
    assert_eq!(credit.amount, "25.00".parse().ok());
    assert_eq!(bill.sum_of_lines().expect("it fits"), bill.total_due());
    for zero in ["0", "-0", "-000"] {
        assert_same(&segments(&SMALL.replace("*2500", &format!("*{zero}"))), &options);
    }
}

#[test]
fn more_charges_than_fit_are_wrapped_and_read_again() {
    let options = Options::default();
    let mut bill = assert_same(&segments(SMALL), &options);
    let charge = bill.groups[0].charges[0].clone();
    bill.groups[0].charges.extend(vec![charge; 58]);
    bill.groups[0].wrap_charges();
    let segments = invoice_810::write(&bill, &options).expect("it can be written");
    assert_eq!(segments.iter().filter(|segment| segment.id == "SLN").count(), 3);
    let back = read_set(Kind::Invoice, &segments, |set| {
        assert_eq!(set.outcome().map(|outcome| outcome.errors), Some(0));
        invoice_810::read(set, &options)
    });
    assert_eq!(back, Ok(bill));
}

#[test]
fn an_error_says_where_and_what_to_do() {
    let options = Options::default();
    let shown = |from: &str, to: &str| {
        assert!(SMALL.contains(from), "{from}");
        match read(&segments(&SMALL.replace(from, to)), &options) {
            Ok(_) => "read".to_string(),
            Err(error) => error.to_string(),
        }
    };
    let error = shown("SAC*A", "SAC*P");
    assert!(error.starts_with("segment 8, element 1 (byte "), "{error}");
    assert!(error.contains("SAC01") && error.contains("`directions`"), "{error}");
    let error = shown("*12000", "*120.00");
    assert!(error.contains("SAC05") && error.contains("plain decimal"), "{error}");
    assert!(shown("TDS*9700", "AMT*BD*7").contains("TDS must be here"));
    assert!(shown("TDS*9700", "TDS**1").contains("TDS01, the total of the bill, must be here"));
    assert!(shown("BIG*20260404*B1", "BIG*20260404*").contains("BIG02, the number of the bill,"));
    assert!(shown("REF*12*17", "CUR*SE*usd").contains("CUR02: a currency is three capital"));

    let mut bill = read(&segments(SMALL), &options).expect("it can be read");
    bill.total = "1.005".parse().expect("a number");
    let error = invoice_810::write(&bill, &options).expect_err("it has a part of a cent");
    assert!(error.to_string().contains("round the amount to cents"), "{error}");
    bill.total = Decimal::ZERO;
    bill.groups[0].charges[0].kind = Some(ChargeKind::Donation.into());
    let error = invoice_810::write(&bill, &options);
    assert!(matches!(error, Err(MappingError::NoCode { table: "charges", .. })));
    let usage = read_set(Kind::UsageMonthly, &segments("BPT*00*R1*20260403\nPTD*BB"), |set| {
        invoice_810::read(set, &options)
    });
    assert_eq!(usage, Err(MappingError::NotThisSet { expected: "810" }));
}

#[test]
fn options_are_data() {
    let options: Options = toml::from_str(
        r#"
        [invoice]
        account_in = "customer"
        rate = "RU"
        credits = "opposite"
        currency = "CAD"
        [invoice.charges]
        red_zone = ["DMD002"]
        demand = ["DMD001", "DMD*"]
        load_control_credit = ["CRE002", "CR*"]
        "#,
    )
    .expect("they are options");
    let document = segments(
        "BIG*20260404*B1\nN1*8R*THEM\nREF*12*17\nIT1*1\nREF*RU*300\nSAC*C**EU*DMD002*1\n\
         SAC*C**EU*DMD003*1\nSAC*A**EU*CRE007*-1\nSAC*C**EU*DM*1\nTDS*0",
    );
    let bill = assert_same(&document, &options);
    assert_eq!(bill.account.as_ref().map(|it| it.as_str()), Some("17"));
    assert_eq!(bill.currency.code(), "CAD");
    let charges = bill.groups[0].charges.iter();
    let kinds: Vec<_> = charges.filter_map(|it| Some(it.kind.as_ref()?.meaning)).collect();
    use ChargeKind::{Demand, LoadControlCredit, Other, RedZone};
    assert_eq!(kinds, [RedZone, Demand, LoadControlCredit, Other]);

    let json = serde_json::to_string(&options).expect("options are plain data");
    assert_eq!(serde_json::from_str::<Options>(&json).ok(), Some(options));
    let refused = |text: &str| match toml::from_str::<Options>(text) {
        Ok(_) => "taken".to_string(),
        Err(error) => error.to_string(),
    };
    assert!(refused("invoice.sign = 1").contains("unknown field `sign`"));
    assert!(refused("invoice.credits = \"minus\"").contains("`same` or `opposite`"));
    assert!(refused("invoice.currency = \"Dollar\"").contains("three capital letters"));
    assert!(refused("[invoice.charges]\nenergie = []").contains("unknown variant `energie`"));
    let twice = "[invoice.charges]\nbasic = [\"A*\"]\nenergy = [\"A*\"]";
    assert!(refused(twice).contains("code A* has two meanings"));
}

/// The unusual bill without what the standard does not let it have.
fn valid() -> String {
    let wrong = [
        ("QTY*QD*7*KH*X", "QTY*QD*7*KH"),
        ("TXI*LS***CD***I", "TXI*LS*1**CD*X**I"),
        ("*975**4", "*975"),
        ("IT1**0*EA", "IT1**0*EA*1"),
        ("CAD*M\n", "\n"),
    ];
    let mut text = UNUSUAL.replace("LM*LB", "LM*EU");
    for (from, to) in wrong {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

/// Every segment of a bill left out, doubled or moved; every element emptied or replaced. What the
/// check finds nothing wrong with is written as it was, or refused for what the options can mend.
#[test]
fn a_bill_that_was_changed_is_read_and_written_as_it_is_or_refused() {
    let options = Options::default();
    let document = segments(&valid());
    let (mut refused, mut same) = (0, 0);
    let mut try_it = |broken: Vec<Segment>| {
        let (errors, bill) = read_set(Kind::Invoice, &broken, |set| {
            let errors = set.outcome().map(|outcome| outcome.errors);
            (errors, invoice_810::read(set, &options))
        });
        let Ok(bill) = bill else {
            refused += 1;
            return;
        };
        let written = invoice_810::write(&bill, &options);
        if errors == Some(0) {
            assert_eq!(lines(&written.expect("it can be written")), lines(&broken));
            same += 1;
        }
    };
    for n in 0..document.len() {
        let mut broken = document.clone();
        let segment = broken.remove(n);
        try_it(broken.clone());
        broken.insert((n + 3).min(broken.len()), segment.clone());
        try_it(broken);
        let mut broken = document.clone();
        broken.insert(n, segment);
        try_it(broken);
        for element in 0..document[n].elements.len() {
            let long = "9".repeat(40);
            for text in ["", "ZZ", "-", &long, "\u{df}"].map(|it| Element::Simple(it.into())) {
                let mut broken = document.clone();
                broken[n].elements[element] = text;
                try_it(broken);
            }
            let mut broken = document.clone();
            broken[n].elements[element] = Element::Composite(vec!["A".into(), "B".into()]);
            try_it(broken);
        }
    }
    assert!(refused > 100 && same > 300, "{refused} {same}");
}

#[test]
fn the_broken_samples_do_no_harm() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/broken");
    let files = std::fs::read_dir(folder).expect("the samples can be listed");
    let (mut sets, mut read) = (0, 0);
    for file in files {
        let path = file.expect("the samples can be listed").path();
        if path.extension().is_none_or(|it| it != "edi") {
            continue;
        }
        let bytes = std::fs::read(path).expect("a sample can be read");
        let document = Document::read(&bytes, &Standard);
        for set in document.sets().filter(|set| set.element(1) == b"810") {
            sets += 1;
            read += usize::from(invoice_810::read(set, &Options::default()).is_ok());
        }
    }
    assert!(sets >= 10 && read >= 5, "{sets} {read}");
}
