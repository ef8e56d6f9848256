//! What is unusual about a document, and what one change of the model changes in it.

use tieline_mapping::error::MappingError;
use tieline_mapping::options::{CancelledDetail, Options};
use tieline_mapping::usage_867;
use tieline_model::meter::Direction;
use tieline_model::quantity::Unit;
use tieline_model::time::date;
use tieline_model::usage::{Arrangement, Quality, SectionKind, UsageItem, UsageReport};

use super::USAGE;
use crate::document::{lines, pair, segments};

const HEADING: &str = "
    BPT*00*R1*20260403*C1
    N1*8S*PRAIRIE RIVERS*9*0055500010000
    N1*8R*RED CEDAR BIOFUELS LLC
    REF*12*4410055010
";

const MONTH: &str = "
    BPT*05*20260403M1*20260403*DD***F*1030*20260303M1
    CUR*SE*USD
    DTM*649*20260406*1700*CD
    DTM*405*20260405
    REF*TN*20260402E1
    REF*ZZ*NOBODY KNOWS
    REF*BF*07*SEVENTH*8M:1
    PER*IC*BILLING*TE*7015550100
    MEA**NP*50
    N1*8S*PRAIRIE RIVERS*9*0055500010000
    N2*ELECTRIC*COOPERATIVE
    N1*8R*RED CEDAR BIOFUELS LLC**4711
    N3*DOCK 1*DOCK 2
    N3*DOCK 3
    N4*CEDAR BEND*ND*58921**RJ*X
    REF*45*77
    REF*12*4410055010
    REF*PC*LDC
    PER*IC*JANE*TE*7015550100*EM*JANE?EXAMPLE
    REF*ZZ*1
    PER*CN
    LM*LB
    LQ*0*1
    PTD*BB***OZ*EL
    DTM*151*20260401
    DTM*150*20260302
    REF*NH*100
    REF*LO*RES**A:B
    QTY*D1*1480*KH
    PTD*ZZ***XX*17
    DTM*150*20260302
    PTD*BJ***MG*50118822
    DTM*140*20260302
    PTD*PM
    DTM*150*20260302
    DTM*514*20260317*1200
    REF*JH*Q
    REF*MG*50118822*OLD
    REF*IX*06.0
    REF*MT*COMBO
    REF*6W*2
    N1*SJ*SOMEBODY
    QTY*QD*1480.50*KH:1:K1
    MEA**MU*40
    MEA*AA*PRQ*1480.50*KH*00207*01221*51
    MEA**TU
    MEA****K1***97*A1
    DTM*151*20260401
    LX*1
    REF*ZZ*2
    QTY*QD***NV
    MEA****KH**0*51
    QTY*XX*7*EA
    QTY*KA**K1*OTHER
    QTY*QD*61.8*K1
    DTM*582*20260310*1415*CD
    CTT*12*3
    AMT*TT*1
";

#[test]
fn a_document_with_all_that_is_unusual_is_written_as_it_was_read() {
    let options = Options::default();
    let document = segments(MONTH);
    let report = USAGE.assert_same(&document, &options);

    let kinds: Vec<_> = report.sections.iter().map(|section| section.kind.meaning).collect();
    let detail = SectionKind::MeterDetail;
    let wanted = [SectionKind::BilledSummary, SectionKind::Other, SectionKind::InitialRead, detail];
    assert_eq!(kinds, wanted);
    assert!(report.is_final());
    assert_eq!(report.answers.as_deref(), Some("20260303M1"));
    assert_eq!(report.former_account.as_ref().map(|it| it.as_str()), Some("77"));
    assert_eq!(report.sections[2].meter.as_ref().map(|it| it.as_str()), Some("50118822"));
    let left: Vec<_> = report.residue.places().map(|place| place.to_string()).collect();
    let wanted = [
        "CTT[1]/AMT[1]",
        "CUR[1]",
        "DTM[2]",
        "LM[1]",
        "LM[1]/LQ[1]",
        "PER[1]",
        "REF[2]",
        "CTT[1]/CTT02",
        "REF[3]/REF04",
    ];
    assert_eq!(left, wanted);

    let json = serde_json::to_string(&report).expect("the model is plain data");
    let back: UsageReport = serde_json::from_str(&json).expect("we wrote it");
    let written = usage_867::write(&back, &options).expect("it can be written");
    assert_eq!(lines(&written), lines(&document));
}

fn detail(text: &str) -> Vec<tieline_x12::compose::Segment> {
    segments(&format!("{HEADING}{text}"))
}

#[test]
fn points_with_something_more_keep_it_at_their_places() {
    let options = Options::default();
    let document = detail(
        "PTD*PM
        REF*MT*KH060
        QTY*QD*1*KH
        DTM*582*20260403*0100*CD
        QTY*QD***NV
        MEA****KH**0*51
        DTM*582*20260403*0200*CD
        QTY*QD*007.50*KH
        REF*ZZ*1
        DTM*582*20260403*0300*CD
        DTM*097*20260403
        QTY*20**KH*LATE
        DTM*582*20260403*0500*CD*RD8*20260403-20260403
        QTY*QD*2*KH
        DTM*582*20260403*060000*CD
        QTY*QD*9*KH
        DTM*582*20260403*0600*CD
        QTY*QD*4*K3
        DTM*582*20260403*0700*CD",
    );
    let report = USAGE.assert_same(&document, &options);
    let series: Vec<_> = report.series().map(|(_, series)| series).collect();
    // The second quantity of one hour begins another series, and so does another unit.
    assert_eq!(series.iter().map(|it| it.len()).collect::<Vec<_>>(), [6, 1, 1]);
    let left: Vec<_> = series[0].residue.places().map(|place| place.to_string()).collect();
    assert_eq!(
        left,
        [
            "QTY[2]/MEA[1]",
            "QTY[3]/DTM[2]",
            "QTY[3]/REF[1]",
            "QTY[2]/QTY03",
            "QTY[5]/QTY04",
            "QTY[5]/DTM[1]/DTM05",
            "QTY[5]/DTM[1]/DTM06",
        ]
    );
    let gaps: Vec<_> = series[0].gaps().map(|gap| (gap.index, gap.count, gap.said)).collect();
    assert_eq!(gaps, [(1, 1, true), (3, 1, false), (4, 1, true)]);
}

#[test]
fn a_series_may_begin_with_intervals_that_have_no_value_and_no_unit() {
    let options = Options::default();
    let no_value =
        |time: &str, more: &str| format!("QTY*QD***NV\n{more}DTM*582*20260403*{time}*CD\n");
    let value = "QTY*QD*7*K3\nDTM*582*20260403*0300*CD";
    let reading = "MEA****KH**0*51\n";
    for (text, unit) in [
        (format!("{}{}{value}", no_value("0100", ""), no_value("0200", "")), Unit::KilovarHour),
        (no_value("0100", reading) + &no_value("0200", reading), Unit::KilowattHour),
    ] {
        let document = detail(&format!("PTD*PM\nREF*MT*KH060\n{text}"));
        let report = USAGE.assert_same(&document, &options);
        let units: Vec<_> = report.series().map(|(_, series)| series.unit.meaning).collect();
        assert_eq!(units, [unit]);
    }
}

#[test]
fn delivered_and_received_may_stand_side_by_side() {
    let options = Options::default();
    let document = detail(
        "PTD*PM
        REF*MT*KH060
        QTY*QD*1*KH
        DTM*582*20260403*0100*CD
        QTY*87*0*KH
        DTM*582*20260403*0100*CD
        QTY*20**KH*NV
        DTM*582*20260403*0200*CD
        QTY*20**KH*NV
        DTM*582*20260403*0200*CD
        QTY*QD*3*KH
        DTM*582*20260403*0300*CD
        QTY*9H*2*KH
        DTM*582*20260403*0300*CD",
    );
    let report = USAGE.read_with(&document, &options).expect("it can be read");
    assert_eq!(report.sections[0].arrangement, Arrangement::ByTime);
    let shown: Vec<_> = report.series().map(|(_, it)| (it.direction(), it.len())).collect();
    assert_eq!(shown, [(Direction::Delivered, 3), (Direction::Received, 3)]);
    assert!(report.series().all(|(_, it)| it.residue.is_empty()));
    let written = USAGE.write_with(&report, &options);
    assert_eq!(lines(&written), lines(&document));
}

fn changed(text: &str, change: impl FnOnce(&mut UsageReport)) -> Vec<(String, String)> {
    USAGE.changed(&detail(text), change)
}

#[test]
fn one_field_changes_its_elements_and_nothing_else() {
    let text = "PTD*PM
        DTM*151*20260331
        DTM*150*20260301
        REF*MT*KH015
        REF*ZZ*1
        REF*MG*5*OLD
        QTY*99*10*KH
        QTY*QD*1.50*KH
        DTM*582*20260403*0015*CD";
    let found = changed(text, |report| report.number = Some("R2".into()));
    assert_eq!(found, pair("BPT*00*R1*20260403*C1", "BPT*00*R2*20260403*C1"));
    let found = changed(text, |report| report.account = "12".to_string().try_into().ok());
    assert_eq!(found, pair("REF*12*4410055010", "REF*12*12"));
    let found = changed(text, |report| {
        report.sections[0].meter = "6".to_string().try_into().ok();
    });
    assert_eq!(found, pair("REF*MG*5*OLD", "REF*MG*6*OLD"));
    let found = changed(text, |report| {
        report.sections[0].kind.meaning = SectionKind::AccountDetail;
    });
    assert_eq!(found, pair("PTD*PM", "PTD*BQ"));
    let found = changed(text, |report| {
        if let UsageItem::Quantity(quantity) = &mut report.sections[0].items[0] {
            quantity.set(Direction::Delivered, "11.0".parse().ok()).expect("it is positive");
        }
    });
    assert_eq!(found, pair("QTY*99*10*KH", "QTY*99*11.0*KH"));
    let found = changed(text, |report| {
        if let UsageItem::Quantity(quantity) = &mut report.sections[0].items[0] {
            quantity.set(Direction::Received, quantity.amount()).expect("it is positive");
        }
    });
    assert_eq!(found, pair("QTY*99*10*KH", "QTY*87*10*KH"));
    let found = changed(text, |report| {
        if let UsageItem::Series(series) = &mut report.sections[0].items[1] {
            let code = series.code(Quality::Estimated, None).expect("a code");
            series.replace(0, code, "2".parse().ok()).expect("a point");
        }
    });
    assert_eq!(found, pair("QTY*QD*1.50*KH", "QTY*KA*2*KH"));
}

#[test]
fn a_cancellation_answers_its_report() {
    let mut options = Options::default();
    let text = "PTD*BB\nQTY*D1*10*KH\nPTD*PM\nQTY*QD*10*KH";
    let report = USAGE.read_with(&detail(text), &options).expect("it can be read");
    let write = |report: &UsageReport, options: &Options| {
        let cancellation = usage_867::cancel_of(report, "R2", date(2026, 4, 9), options);
        lines(&usage_867::write(&cancellation, options).expect("it can be written"))
    };
    let mut wanted = lines(&detail(text));
    wanted[0] = "BPT*01*R2*20260409*C1*****R1".to_string();
    assert_eq!(write(&report, &options), wanted);
    options.usage.cancelled_detail = CancelledDetail::LeftOut;
    wanted.truncate(6);
    assert_eq!(write(&report, &options), wanted);
    let report =
        USAGE.read_with(&detail("PTD*PM\nQTY*QD*10*KH"), &options).expect("it can be read");
    wanted.truncate(4);
    wanted.push("PTD*PM".to_string());
    assert_eq!(write(&report, &options), wanted);
}

#[test]
fn an_error_says_where_and_what_to_do() {
    let options = Options::default();
    let shown = |text: &str| match USAGE.read_with(&detail(text), &options) {
        Ok(_) => "read".to_string(),
        Err(error) => error.to_string(),
    };
    let error = shown("PTD*PM\nREF*MT*KH015\nQTY*QD*1*KH\nDTM*582*20260403*0015*AT");
    assert!(error.starts_with("segment 9, element 4 (byte "), "{error}");
    assert!(error.contains("DTM04") && error.contains("`clocks`"), "{error}");
    let error = shown("PTD*PM\nQTY*QD*-1*KH");
    assert!(error.contains("QTY02") && error.contains("net"), "{error}");
    let mut report = USAGE.read_with(&detail("PTD*PM"), &options).expect("it can be read");
    report.sections[0].kind.meaning = SectionKind::Other;
    report.sections[0].kind.raw = None;
    let error = usage_867::write(&report, &options);
    assert!(matches!(error, Err(MappingError::NoCode { table: "sections", .. })));
}

#[test]
fn options_are_data() {
    let options: Options = toml::from_str(
        r#"
        [usage]
        account_in = "utility"
        [common]
        account = "Q5"
        service_point = "ZZ"
        clocks = []
        [common.parties]
        utility = ["SE"]
        customer = ["BY", "BT"]
        [usage.stamping]
        edge = "end"
        midnight = "hour24"
        zone = "utc"
        seconds = false
        "#,
    )
    .expect("they are options");
    let document = segments("BPT*00*R1*20260403\nN1*SE*US\nREF*Q5*17\nN1*BT*THEM\nPTD*BB");
    let report = USAGE.read_with(&document, &options).expect("it can be read");
    assert_eq!(report.account.as_ref().map(|it| it.as_str()), Some("17"));
    let written = USAGE.write_with(&report, &options);
    assert_eq!(lines(&written), lines(&document));

    let json = serde_json::to_string(&options).expect("options are plain data");
    assert_eq!(serde_json::from_str::<Options>(&json).ok(), Some(options));
    assert!(toml::from_str::<Options>("common.acount = 1").is_err());
    let twice = "[common.parties]\nutility = [\"8S\"]\ncustomer = [\"8S\"]";
    let error = toml::from_str::<Options>(twice).expect_err("a code has one meaning");
    assert!(error.to_string().contains("two meanings"), "{error}");
}
