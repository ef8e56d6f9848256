//! 824.

use tieline_mapping::advice_824::{self, Answered, Head, Reason};
use tieline_mapping::error::MappingError;
use tieline_mapping::options::{Options, ReasonCode};
use tieline_model::advice::*;
use tieline_model::bill::Bill;
use tieline_model::common::*;
use tieline_model::money::Currency;
use tieline_model::provenance::{Ordinal, Origin, Provenance};
use tieline_model::residue::Residue;
use tieline_model::stamp::{ClockTime, Stamp};
use tieline_model::time::date;
use tieline_sample::Kind;
use tieline_x12::check::Standard;
use tieline_x12::compose::Segment;
use tieline_x12::document::Document;

use crate::document::{file_of, lines, pair, read_set, segments};
use crate::mapping::Mapping;
use crate::remittance::REMITTANCE;
use crate::shared::random::Random;

pub(crate) const ADVICE: Mapping<Advice> =
    Mapping { kind: Kind::Advice, read: advice_824::read, write: advice_824::write };

#[test]
fn samples_are_written_as_they_were_read() {
    ADVICE.assert_samples(3);
}

#[test]
fn what_the_recipe_makes_is_written_as_it_was_read() {
    ADVICE.assert_recipes(|advice| {
        !advice.residue.is_empty()
            || advice.parties.iter().any(|party| !party.residue.is_empty())
            || advice.items.iter().any(|item| !item.residue.is_empty())
            || advice.items.iter().flat_map(|it| &it.problems).any(|it| !it.residue.is_empty())
    });
}

impl Random {
    fn problem(&mut self) -> Problem {
        Problem {
            code: "848".into(),
            reason: self.maybe(Random::text),
            segment: self.maybe(|_| "QTY".into()),
            segment_number: self.maybe(|random| random.below(9_999) as u32),
            element_number: self.maybe(|random| random.below(20) as u32),
            copy: self.maybe(Random::text),
            notes: self.some(2, |random| Note {
                code: random.maybe(|_| "ADD".into()),
                text: random.text(),
            }),
            ..Problem::default()
        }
    }

    fn advice(&mut self) -> Advice {
        let purposes = [(Purpose::Original, "00"), (Purpose::Response, "11")];
        let expected = [(ExpectedAction::Resend, "82"), (ExpectedAction::Other, "15")];
        let verdicts = [(Verdict::Accepted, "TE"), (Verdict::Other, "TH")];
        let kinds = [(ReferenceKind::OriginalDocument, "TN"), (ReferenceKind::Other, "WY")];
        let numbers = [(ReferenceKind::Account, "12"), (ReferenceKind::Bill, "IV")];
        let days = [(EventKind::Start, "150"), (EventKind::Due, "814")];
        Advice {
            purpose: self.coded(&purposes),
            number: self.text(),
            made: self.stamp(),
            answers: self.maybe(Random::text),
            expected: self.maybe(|random| random.coded(&expected)),
            parties: self.some(2, Random::party),
            items: self.some(3, |random| AdviceItem {
                verdict: random.coded(&verdicts),
                kind: random.coded(&kinds),
                number: random.text(),
                group: random.maybe(Random::text),
                set: random.maybe(Random::text),
                set_code: random.maybe(|_| "867".into()),
                references: random.some(2, |random| Reference {
                    kind: random.coded(&numbers),
                    value: random.maybe(Random::text),
                    text: Some(random.text()),
                }),
                events: random
                    .some(2, |random| Event { kind: random.coded(&days), stamp: random.stamp() }),
                amounts: random.some(2, Random::stated_amount),
                problems: random.some(3, Random::problem),
                at: Ordinal::default(),
                residue: Residue::default(),
            }),
            provenance: Provenance::default(),
            residue: Residue::default(),
        }
    }
}

#[test]
fn an_advice_that_was_written_is_read_as_it_was() {
    ADVICE.assert_generated(Random::advice);
}

const ANSWER: &str = "
    BGN*11*A1*20260404*1015*CD*20260403I1*T*82
    N1*8S*PRAIRIE RIVERS*9*0055500010000
    N1*8R*RED CEDAR BIOFUELS LLC
    REF*12*4410055010
    OTI*TR*TN*20260403I1*S*R***71*0001*867*004010
    REF*ZZ*1
    REF*12*4410055010
    DTM*151*20260331
    DTM*150*20260301
    PER*CN
    AMT*PB*90.00
    QTY*QD*1
    TED*848*INTERVALS MISSING*QTY*017*2*380*X*Y
    NTE*ADD*NONE FROM 0615 TO 0830
    RED*MORE
    OTI*IR*TN*20260403I1
    TED*024
    LM*LB
    LQ*0*1
";

#[test]
fn a_document_with_all_that_is_unusual_is_written_as_it_was_read() {
    let document = segments(ANSWER);
    let advice = ADVICE.read(&document).expect("it can be read");
    assert_eq!(lines(&ADVICE.write(&advice)), lines(&document));
    let places = |residue: &Residue| residue.places().map(|it| it.to_string()).collect::<Vec<_>>();
    assert_eq!(places(&advice.residue), ["BGN[1]/BGN07"]);
    assert!(advice.parties[1].residue.is_empty());
    let wanted = ["PER[1]", "QTY[1]", "REF[1]", "OTI[1]/OTI04", "OTI[1]/OTI05", "OTI[1]/OTI11"];
    assert_eq!(places(&advice.items[0].residue), wanted);
    // A number that would be written otherwise is kept as it is.
    let problem = &advice.items[0].problems[0];
    assert_eq!((problem.segment_number, problem.element_number), (None, Some(2)));
    let wanted = ["RED[1]", "TED[1]/TED04", "TED[1]/TED06", "TED[1]/TED08"];
    assert_eq!(places(&problem.residue), wanted);
    assert_eq!(places(&advice.items[1].residue), ["LM[1]", "LM[1]/LQ[1]"]);
}

fn changed(change: impl FnOnce(&mut Advice)) -> Vec<(String, String)> {
    ADVICE.changed(&segments(ANSWER), change)
}

#[test]
fn one_field_changes_its_elements_and_nothing_else() {
    let bgn = "BGN*11*A1*20260404*1015*CD*20260403I1*T*82";
    let found = changed(|advice| advice.expected = Some(ExpectedAction::DoNotResend.into()));
    assert_eq!(found, pair(bgn, &bgn.replace("82", "EV")));
    let found = changed(|advice| advice.purpose.meaning = Purpose::Original);
    assert_eq!(found, pair(bgn, &bgn.replace("BGN*11", "BGN*00")));
    let oti = "OTI*TR*TN*20260403I1*S*R***71*0001*867*004010";
    let found = changed(|advice| advice.items[0].verdict.meaning = Verdict::Accepted);
    assert_eq!(found, pair(oti, &oti.replace("TR", "TA")));
    let found = changed(|advice| advice.items[0].group = Some("72".into()));
    assert_eq!(found, pair(oti, &oti.replace("71", "72")));
    let found = changed(|advice| advice.items[0].problems[0].reason = Some("A13".into()));
    let ted = "TED*848*INTERVALS MISSING*QTY*017*2*380*X*Y";
    assert_eq!(found, pair(ted, &ted.replace("INTERVALS MISSING", "A13")));
    let found = changed(|advice| advice.items[0].problems[0].notes[0].text = "NONE".into());
    assert_eq!(found, pair("NTE*ADD*NONE FROM 0615 TO 0830", "NTE*ADD*NONE"));
}

fn head() -> Head {
    let made = Stamp {
        date: date(2026, 4, 4),
        time: ClockTime::new(10, 15).ok(),
        zone: Some("CD".into()),
    };
    let utility = Party::new(PartyRole::Utility.into(), Some("PRAIRIE RIVERS".into()));
    Head { number: "20260404A1".into(), made, parties: vec![utility] }
}

/// What is wrong with a document of these segments.
fn findings(kind: Kind, body: Vec<Segment>) -> Vec<String> {
    let bytes = file_of(kind, &body);
    let document = Document::read(&bytes, &Standard);
    document.findings.iter().map(|finding| format!("{finding:?}")).collect()
}

#[test]
fn reasons_become_an_advice() {
    let options = Options::default();
    let mut bill = Bill::new("20260404B1", date(2026, 4, 4), Currency::USD);
    bill.account = "4410027718".to_string().try_into().ok();
    bill.provenance = Provenance(Some(Origin {
        document: "b.edi".into(),
        group: Some("12".into()),
        set: Some("0001".into()),
        ..Origin::default()
    }));
    let total = Reason {
        segment: Some("TDS"),
        segment_number: Some(17),
        element_number: Some(1),
        ..Reason::from(("A13", "the total (TDS01) is 4391.00: its lines make 4390.00"))
    };
    let reasons = [Reason::from(("D76", "sent before")), total];
    let verdict = Verdict::Rejected;
    let advice = advice_824::of(head(), &Answered::bill(&bill), verdict, &reasons, &options)
        .expect("it may be rejected");
    let written = ADVICE.write(&advice);
    let wanted = [
        "BGN*11*20260404A1*20260404*1015*CD*20260404B1**82",
        "N1*8S*PRAIRIE RIVERS",
        "OTI*TR*TN*20260404B1*****12*0001*810",
        "REF*12*4410027718",
        "TED*848*D76",
        "NTE*ADD*SENT BEFORE",
        "TED*848*A13*TDS*17*1",
        "NTE*ADD*THE TOTAL (TDS01) IS 4391.00 ITS LINES MAKE 4390.00",
    ];
    assert_eq!(lines(&written), wanted);
    assert_eq!(findings(Kind::Advice, written.clone()), [""; 0]);
    let back = ADVICE.read(&written).expect("it can be read");
    assert_eq!(back.items[0].problems.len(), 2);

    let advice = advice_824::of(head(), &Answered::bill(&bill), Verdict::Accepted, &[], &options);
    let written = ADVICE.write(&advice.expect("it may be accepted"));
    assert!(lines(&written)[0].ends_with("**CF") && lines(&written)[2].starts_with("OTI*TA*"));
    assert_eq!(findings(Kind::Advice, written), [""; 0]);
}

#[test]
fn a_part_is_rejected_of_payments_only() {
    let mut options = Options::default();
    let payment = segments("BPR*C*1*C*CHK\nTRN*1*0000084417");
    let payment = REMITTANCE.read(&payment).expect("it can be read");
    let paid = Answered::payment(&payment).expect("it has a number");
    let reasons = [Reason::from(("A76", "account not found"))];
    let partly = Verdict::PartlyRejected;
    let advice = advice_824::of(head(), &paid, partly, &reasons, &options).expect("it may");
    let written = lines(&ADVICE.write(&advice));
    assert_eq!(written[0], "BGN*11*20260404A1*20260404*1015*CD*0000084417**EV");
    assert_eq!(written[2], "OTI*TP*TN*0000084417*******820");

    let bill = Bill::new("B1", date(2026, 4, 4), Currency::USD);
    for (answered, verdict, reasons) in [
        (Answered::bill(&bill), partly, reasons.as_slice()),
        (paid, Verdict::Rejected, &[]),
        (paid, Verdict::ItemRejected, &[]),
    ] {
        let error = advice_824::of(head(), &answered, verdict, reasons, &options);
        assert!(matches!(error, Err(MappingError::NoPlace { .. })), "{error:?}");
    }

    // A partner who says the reason with a code of the standard.
    let own = ReasonCode { reason: "A76".into(), error: "027".into(), code: None };
    options.advice.reasons.push(own);
    let item = advice_824::item_of(&paid, Verdict::ItemRejected, &reasons, &options);
    let item = item.expect("it may be rejected");
    assert_eq!((item.problems[0].code.as_str(), &item.problems[0].reason), ("027", &None));
}

#[test]
fn other_sets_are_refused() {
    let error = read_set(Kind::Remittance, &segments("BPR*C*1*C*CHK"), |set| {
        advice_824::read(set, &Options::default()).expect_err("it is an 820")
    });
    assert_eq!(error, MappingError::NotThisSet { expected: "824" });
}

#[test]
fn options_are_data() {
    let options: Options = toml::from_str(
        r#"
        [remittance]
        currency = "CAD"
        [remittance.numbers]
        account = ["12", "AP"]
        [enrollment]
        released = [{ service = "supply", data = ["usage", "intervals"] }]
        [advice]
        partly = ["820", "568"]
        reasons = [{ reason = "A76", error = "027" }]
        "#,
    )
    .expect("they are options");
    assert_eq!(options.advice.reasons[0].error, "027");
    let json = serde_json::to_string(&options).expect("options are plain data");
    assert_eq!(serde_json::from_str::<Options>(&json).ok(), Some(options));
    assert!(toml::from_str::<Options>("advice.partley = 1").is_err());
}
