//! What partners do differently: signs, codes, room for charges; and what is refused.

use tieline_mapping::error::MappingError;
use tieline_mapping::invoice_810::{self, cancel_of};
use tieline_mapping::options::{Options, Sign};
use tieline_model::bill::*;
use tieline_model::decimal::Decimal;
use tieline_model::time::date;
use tieline_sample::Kind;

use super::INVOICE;
use crate::document::{lines, read_set, segments};

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
    let bill = INVOICE.assert_same(&segments(SMALL), &options);
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
    let bill = INVOICE.assert_same(&segments(&text), &options);
    let credit = &bill.groups[0].charges[1];
    assert_eq!(credit.amount, "25.00".parse().ok());
    assert_eq!(bill.sum_of_lines().expect("it fits"), bill.total_due());
    for zero in ["0", "-0", "-000"] {
        INVOICE.assert_same(&segments(&SMALL.replace("*2500", &format!("*{zero}"))), &options);
    }
}

#[test]
fn more_charges_than_fit_are_wrapped_and_read_again() {
    let options = Options::default();
    let mut bill = INVOICE.assert_same(&segments(SMALL), &options);
    let charge = bill.groups[0].charges[0].clone();
    bill.groups[0].charges.extend(vec![charge; 58]);
    bill.groups[0].wrap_charges();
    let segments = INVOICE.write_with(&bill, &options);
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
        match INVOICE.read_with(&segments(&SMALL.replace(from, to)), &options) {
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

    let mut bill = INVOICE.read_with(&segments(SMALL), &options).expect("it can be read");
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
    let bill = INVOICE.assert_same(&document, &options);
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
