//! A bill with all that is unusual, and what one change of the model changes in it.

use tieline_mapping::options::Options;
use tieline_model::bill::*;
use tieline_model::decimal::Decimal;
use tieline_model::money::Currency;
use tieline_model::time::date;

use super::INVOICE;
use crate::document::{lines, pair, segments};

pub(super) const UNUSUAL: &str = "
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
    let bill = INVOICE.assert_same(&segments(UNUSUAL), &options);
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
    let written = INVOICE.write_with(&back, &options);
    assert_eq!(lines(&written), lines(&segments(UNUSUAL)));
}

fn changed(change: impl FnOnce(&mut Bill)) -> Vec<(String, String)> {
    INVOICE.changed(&segments(UNUSUAL), change)
}

#[test]
fn one_field_changes_its_elements_and_nothing_else() {
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
