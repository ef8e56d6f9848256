//! Documents in which one mistake easily looks like many once a guide asks for more than the standard.

use std::sync::Arc;

use tieline_partner::{GuideFile, builtin};
use tieline_x12::check::Plans;
use tieline_x12::document::Document;
use tieline_x12::header::Header;
use tieline_x12::plan::Plan;
use tieline_x12::table::Release;

const ISA: &str = "ISA*00*          *00*          *01*001234567      *ZZ*LAKECOUNTRY    *260403*0615*U*00401*000000001*0*T*:~";

/// What the guide for interval usage asks for.
const USAGE: &[&str] = &[
    "BPT*00*R1*20260403*DR",
    "DTM*649*20260403",
    "N1*8S*PRAIRIE RIVERS ELECTRIC",
    "N1*8R*LAKE COUNTRY FOODS",
    "REF*12*1170094406",
    "PTD*PM",
    "DTM*150*20260301",
    "DTM*151*20260331",
    "REF*MG*83300172",
    "REF*MT*KH015",
    "QTY*QD*12*KH",
    "DTM*582*20260301*0015*CS",
];

struct OneGuide(Arc<Plan>);

impl Plans for OneGuide {
    fn plan(&self, _: &Header, _: Release, _: &[u8]) -> Option<Arc<Plan>> {
        Some(Arc::clone(&self.0))
    }
}

/// The findings of a usage report, judged by the guide for interval usage.
fn findings(body: &[&str]) -> Vec<String> {
    let guide = builtin::find("utility/867-interval").expect("the guide is built in");
    findings_by(guide, body)
}

/// The findings of a usage report, judged by a guide.
fn findings_by(guide: &GuideFile, body: &[&str]) -> Vec<String> {
    let count = body.len() + 2;
    let body: String = body.iter().map(|segment| format!("{segment}~\n")).collect();
    let text = format!(
        "{ISA}\nGS*PT*001234567*LAKECOUNTRY*20260403*0615*1*X*004010~\nST*867*0001~\n{body}SE*{count}*0001~\nGE*1*1~\nIEA*1*000000001~\n"
    );
    let plan = guide.plan(Release::V004010).expect("the guide fits its set");
    let document = Document::read(text.as_bytes(), &OneGuide(Arc::new(plan)));
    let found = document.findings.iter();
    found.map(|f| format!("{} {} {}", f.code(), f.at.segment, f.element_name())).collect()
}

/// The report with some of its segments written otherwise.
fn with(changes: &[(usize, &'static str)]) -> Vec<String> {
    let mut body = USAGE.to_vec();
    changes.iter().for_each(|(n, segment)| body[*n] = segment);
    findings(&body)
}

/// The report without one of its segments.
fn without(n: usize) -> Vec<String> {
    let mut body = USAGE.to_vec();
    body.remove(n);
    findings(&body)
}

#[test]
fn the_report_is_what_the_guide_asks_for() {
    assert!(findings(USAGE).is_empty());
}

#[test]
fn what_cannot_be_told_is_not_counted_for_another() {
    assert_eq!(with(&[(2, "N1**PRAIRIE RIVERS ELECTRIC")]), ["X12-E0401 4 N101"]);
    assert_eq!(with(&[(2, "N1*\x07*PRAIRIE RIVERS ELECTRIC")]), ["X12-E0426 4 N101"]);
    assert_eq!(with(&[(2, "n1*8S*PRAIRIE RIVERS ELECTRIC")]), ["X12-E0301 4 n1"]);
}

#[test]
fn a_mistake_excuses_nothing_that_is_missing_besides() {
    let mut body = USAGE.to_vec();
    body.remove(8);
    body[0] = "BPT*00*R1*20260403";
    assert_eq!(findings(&body), ["X12-E0611 2 BPT04", "X12-E0603 11 REF"]);
}

#[test]
fn a_loop_whose_first_segment_is_gone_is_not_missing_too() {
    assert_eq!(without(5), ["X12-E0303 7 PTD"]);
    let mut body = USAGE.to_vec();
    body.splice(5..6, ["PTD*BO", "QTY*QD*12*KH"]);
    assert_eq!(findings(&body), ["X12-E0307 11 REF"]);
}

#[test]
fn a_segment_out_of_order_is_not_missing_too() {
    let late = with(&[(7, "REF*MG*83300172"), (8, "DTM*151*20260331")]);
    assert_eq!(late, ["X12-E0603 9 DTM"]);
    let early =
        with(&[(0, "N1*8S*PRAIRIE"), (1, "BPT*00*R1*20260403*DR"), (2, "DTM*649*20260403")]);
    assert_eq!(early, ["X12-E0307 2 N1"]);
}

#[test]
fn a_warning_of_a_guide_hides_no_error_of_the_standard() {
    let guide = |severity: &str| {
        let text = format!(
            "set = \"867\"\n[[row]]\nat = \"DTM*649\"\nusage = \"must\"\nseverity = \"{severity}\"\n"
        );
        GuideFile::read("somebody/867", "867.guide.toml", &text).expect("the guide is sound")
    };
    let late = ["BPT*00*R1*20260403", "REF*TN*1", "DTM*649*20260403", "PTD*BB"];
    let warned = ["X12-W0603 3 DTM", "X12-E0307 4 DTM"];
    assert_eq!(findings_by(&guide("warning"), &late), warned);
    // An error says it once; a second segment out of order is a second mistake.
    assert_eq!(findings_by(&guide("error"), &late), ["X12-E0603 3 DTM"]);
    let twice = ["BPT*00*R1*20260403", "REF*TN*1", "DTM*649*20260403", "REF*TN*2"];
    let twice = [&twice[..], &["DTM*649*20260404", "PTD*BB"]].concat();
    assert_eq!(findings_by(&guide("error"), &twice), ["X12-E0603 3 DTM", "X12-E0307 6 DTM"]);
}
