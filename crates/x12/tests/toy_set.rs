//! A transaction set is one table: this one, made up for the test, is read, checked and written by
//! nothing but its rows. `docs/add-a-set.md` walks through it.

use std::sync::Arc;

use tieline_x12::acknowledge::{Acknowledger, Policy};
use tieline_x12::check::{self, Plans};
use tieline_x12::compose::{self, Element, Group, Interchange, Segment, Set};
use tieline_x12::delimiters::Delimiters;
use tieline_x12::finding::Finding;
use tieline_x12::guide::{Guide, Options, Rule};
use tieline_x12::header::Header;
use tieline_x12::observer::{Observer, Scene, SetOutcome};
use tieline_x12::plan::Plan;
use tieline_x12::table::{MANY, Release, TransactionSet, Usage, loop_, may, must, must_loop};

/// The meters a reader visits on one round. No such set is in the standard.
static METER_ROUND: TransactionSet = TransactionSet {
    code: "900",
    group: "MO",
    name: "Meter Round",
    release: Release::V004010,
    heading: &[
        must("BGN", 1), // purpose, number of the round, day
        may("REF", 2),  // RU: route
        loop_("N1", 2).of(&[
            must("N1", 1), // 8S: utility
            may("PER", 1),
        ]),
    ],
    detail: &[must_loop("LX", MANY).of(&[
        must("LX", 1),  // the stop on the round
        must("REF", 3), // MG: meter number
        may("DTM", 1),
        loop_("QTY", MANY).of(&[
            must("QTY", 1), // QD: reading
            may("MEA", 1),
        ]),
    ])],
    summary: &[may("CTT", 1)],
};

/// The toy and the sets of the standard.
struct WithMeterRounds(Arc<Plan>);

impl WithMeterRounds {
    fn new(guide: Option<&Guide>) -> WithMeterRounds {
        WithMeterRounds(Arc::new(Plan::compile(&METER_ROUND, guide).expect("the guide fits")))
    }
}

impl Plans for WithMeterRounds {
    fn plan(&self, _: &Header, release: Release, set: &[u8]) -> Option<Arc<Plan>> {
        match (release, set) {
            (Release::V004010, b"900") => Some(Arc::clone(&self.0)),
            _ => Plan::standard(release, set),
        }
    }
}

/// Keeps what is told.
#[derive(Default)]
struct Told {
    findings: Vec<Finding>,
    sets: Vec<SetOutcome>,
    rows: Vec<Option<u16>>,
}

impl Observer for Told {
    fn finding(&mut self, finding: Finding, _: &Scene<'_>) {
        self.findings.push(finding);
    }

    fn segment(&mut self, _: &tieline_x12::segment::Segment<'_>, row: Option<u16>) {
        self.rows.push(row);
    }

    fn set_end(&mut self, outcome: &SetOutcome) {
        self.sets.push(outcome.clone());
    }
}

/// One interchange with one toy document; counts and control numbers are the writer's.
fn document(segments: &[&str]) -> Vec<u8> {
    let segments = segments.iter().map(|text| Segment::shorthand(text)).collect();
    let control_number = "0001".to_string();
    let set = Set { code: "900".into(), control_number, convention: None, segments };
    let group = Group {
        agency: None,
        functional_id: "MO".into(),
        sender: "RIVERBEND".into(),
        receiver: "READERS".into(),
        date: "20260301".into(),
        time: "0615".into(),
        control_number: 7,
        control_digits: 1,
        version: "004010".into(),
        sets: vec![set],
    };
    let interchange = Interchange {
        authorization: None,
        sender: ("ZZ".into(), "RIVERBEND".into()),
        receiver: ("ZZ".into(), "READERS".into()),
        date: "260301".into(),
        time: "0615".into(),
        release: Release::V004010,
        control_number: 7,
        acknowledgment_requested: false,
        usage: 'T',
        acknowledgments: Vec::new(),
        groups: vec![group],
    };
    compose::write(&interchange, &Delimiters::default()).expect("no value holds a separator")
}

fn told(bytes: &[u8], plans: &dyn Plans) -> Told {
    let mut told = Told::default();
    let totals = check::check(bytes, plans, &mut told);
    assert_eq!((totals.interchanges, totals.groups, totals.sets), (1, 1, 1));
    told
}

/// Code, place and way down of each finding.
fn findings(segments: &[&str], plans: &dyn Plans) -> Vec<(String, String, String)> {
    let found = told(&document(segments), plans).findings;
    found.iter().map(|it| (it.code(), it.element_name(), it.path.clone())).collect()
}

const GOOD: &[&str] = &[
    "BGN*00*ROUND-31*20260301",
    "REF*RU*31",
    "N1*8S*RIVERBEND ELECTRIC",
    "PER*IC*METER DESK*TE*7015550100",
    "LX*1",
    "REF*MG*88-4412",
    "DTM*140*20260301",
    "QTY*QD*4711*KH",
    "QTY*D1*12.5*K1",
    "MEA**PRQ*4711*KH",
    "LX*2",
    "REF*MG*88-4413",
    "CTT*2",
];

#[test]
fn a_good_document_has_no_findings() {
    let told = told(&document(GOOD), &WithMeterRounds::new(None));
    assert_eq!(told.findings, []);
    assert_eq!(told.rows.len(), GOOD.len());
    assert!(told.rows.iter().all(Option::is_some), "every segment has its row");
    let outcome = &told.sets[0];
    assert_eq!((outcome.code.as_slice(), outcome.segments), (&b"900"[..], GOOD.len() as u32 + 2));
    assert_eq!((outcome.errors, outcome.warnings), (0, 0));
}

#[test]
fn what_the_rows_forbid_is_found_where_it_is() {
    let toy = WithMeterRounds::new(None);
    for (from, to, code, name, path) in [
        ("REF*MG*88-4412", None, "X12-E0303", "REF", "ISA[1]/GS[1]/ST[1]/LX[1]/REF[1]"),
        ("MEA**PRQ*4711*KH", Some("N4*FARGO*ND"), "X12-E0306", "N4", "ISA[1]/GS[1]/ST[1]/N4"),
        ("CTT*2", Some("BGN*00*1*20260301"), "X12-E0305", "BGN", "ISA[1]/GS[1]/ST[1]/BGN[2]"),
        ("DTM*140*20260301", Some("XYZ*1"), "X12-E0301", "XYZ", "ISA[1]/GS[1]/ST[1]/XYZ"),
        (
            "QTY*QD*4711*KH",
            Some("QTY*QD*47x11*KH"),
            "X12-E0406",
            "QTY02",
            "ISA[1]/GS[1]/ST[1]/LX[1]/QTY[1]/QTY02",
        ),
        (
            "N1*8S*RIVERBEND ELECTRIC",
            Some("N1*8S*RIVERBEND ELECTRIC*1"),
            "X12-E0501",
            "N104",
            "ISA[1]/GS[1]/ST[1]/N1[1]/N104",
        ),
    ] {
        let changed = |line: &&&'static str| if **line == from { to } else { Some(**line) };
        let segments: Vec<&str> = GOOD.iter().filter_map(|line| changed(&line)).collect();
        let expected = [(code.to_string(), name.to_string(), path.to_string())];
        assert_eq!(findings(&segments, &toy), expected, "{from} -> {to:?}");
    }
}

#[test]
fn its_errors_are_acknowledged() {
    let bytes = document(
        &GOOD.join("~").replace("4711*KH~QTY", "47x11*KH~QTY").split('~').collect::<Vec<_>>(),
    );
    let mut acknowledger = Acknowledger::new(Policy::default());
    check::check(&bytes, &WithMeterRounds::new(None), &mut acknowledger);
    let answers = acknowledger.finish();
    let [group] = answers[0].groups.as_slice() else { panic!("one group is answered") };
    let expected =
        ["AK1*MO*7", "AK2*900*0001", "AK3*QTY*9**8", "AK4*2*380*6*47x11", "AK5*R*5", "AK9*R*1*1*0"];
    let written = |segment: &Segment| {
        let values = segment.elements.iter().map(|element| match element {
            Element::Simple(value) => value.clone(),
            Element::Composite(components) => components.join(":"),
            Element::Repeated(_) => panic!("nothing repeats in a 997"),
        });
        [segment.id.clone()].into_iter().chain(values).collect::<Vec<_>>().join("*")
    };
    assert_eq!(
        group.segments.iter().map(|segment| written(&segment)).collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn a_guide_narrows_it() {
    let guide = Guide {
        name: "riverbend/900".into(),
        title: "Rounds at Riverbend".into(),
        set: "900".into(),
        release: Release::V004010,
        options: Options::default(),
        rules: vec![Rule {
            id: "date".into(),
            at: "LX/DTM*140".parse().expect("a path"),
            when: None,
            usage: Some(Usage::Must),
            max: None,
            codes: Vec::new(),
            min_length: None,
            max_length: None,
            severity: tieline_x12::finding::Severity::Error,
            note: Some("say when each meter was read".into()),
        }],
    };
    let found = told(&document(GOOD), &WithMeterRounds::new(Some(&guide))).findings;
    let codes: Vec<String> = found.iter().map(Finding::code).collect();
    assert_eq!(codes, ["X12-E0603"], "the second stop has no date");
    assert_eq!(found[0].rule.as_ref().map(|rule| rule.rule.as_str()), Some("date"));
}

#[test]
fn without_its_table_only_the_envelope_is_checked() {
    let found = findings(GOOD, &check::Standard);
    let codes: Vec<&str> = found.iter().map(|(code, _, _)| code.as_str()).collect();
    assert_eq!(codes, ["X12-W0321"]);
}

/// The walk-through shows this very table.
#[test]
fn the_page_about_adding_a_set_shows_this_table() {
    let rows = |text: &str| {
        let table = text.split("    heading: &[").nth(1).expect("there is a table");
        table.split("\n};").next().expect("a split has a first part").to_string()
    };
    let page = include_str!("../../../docs/add-a-set.md");
    assert_eq!(rows(page), rows(include_str!("toy_set.rs")));
}
