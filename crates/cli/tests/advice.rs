//! `tieline ack --advice`: the 824 beside the 997.

use std::fs;
use std::path::PathBuf;

use tieline_cli::{Console, exit};
use tieline_x12::check::{Standard, check};
use tieline_x12::finding::Finding;
use tieline_x12::observer::{Observer, Scene};

fn repository(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    path.to_str().expect("it is text").to_string()
}

fn broken(name: &str) -> String {
    fs::read_to_string(repository(&format!("samples/broken/{name}.edi"))).expect("it is there")
}

/// The exit code, the acknowledgment, and the advices.
fn answered(name: &str, text: &str, more: &[&str]) -> (u8, String, String) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("advice-{name}"));
    fs::create_dir_all(&folder).expect("a new folder can be made");
    let (file, advice) = (folder.join("in.edi"), folder.join("out.824.edi"));
    fs::write(&file, text).expect("a new file can be written");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let partners = repository("partners");
    let (file, shown) = (file.to_str().expect("text"), advice.to_str().expect("text"));
    let line = ["tieline", "ack", file, "--advice", shown, "--partners", &partners];
    let stamp = ["--date", "20260618", "--time", "0900", "--control-number", "42"];
    let line = line.into_iter().chain(stamp).chain(more.iter().copied());
    let code = tieline_cli::run(line, &mut Console::plain(&mut out, &mut err));
    let written = fs::read_to_string(&advice).expect("it is there, if only empty");
    assert_clean(&written);
    (code, String::from_utf8(out).expect("text"), written)
}

/// Keeps what is wrong.
struct Findings(Vec<Finding>);

impl Observer for Findings {
    fn finding(&mut self, finding: Finding, _: &Scene<'_>) {
        self.0.push(finding);
    }
}

fn assert_clean(advice: &str) {
    let mut findings = Findings(Vec::new());
    if !advice.is_empty() {
        check(advice.as_bytes(), &Standard, &mut findings);
    }
    assert!(findings.0.is_empty(), "{advice}: {:?}", findings.0);
}

#[test]
fn a_document_that_keeps_the_standard_and_is_wrong_is_rejected_by_an_824() {
    let usage = broken("business/UTL-101-interval-sum");
    let (code, acknowledgment, advice) = answered("sum", &usage, &[]);
    assert_eq!(code, exit::FINDINGS);
    assert!(acknowledgment.contains("AK9*A*1*1*1~"), "{acknowledgment}");
    assert!(acknowledgment.contains("IEA*1*000000042~"), "{acknowledgment}");
    let expected = "\
ISA*00*          *00*          *ZZ*LAKECOUNTRY    *01*0055500010000  *260618*0900*U*00401*000000043*0*P*:~
GS*AG*LAKECOUNTRY*0055500010000*20260618*0900*43*X*004010~
ST*824*0001~
BGN*11*20260618A0000000430001*20260618*0900*UT*20260617I0000301**82~
OTI*TR*TN*20260617I0000301*****702*0001*867~
REF*12*2290047702~
TED*848*A13*QTY*10~
NTE*ADD*THE SUMMARY SAYS 491.4 KWH, ITS INTERVALS ADD UP TO 485.4 KWH~
SE*7*0001~
GE*1*43~
IEA*1*000000043~
";
    assert_eq!(advice, expected);
}

#[test]
fn warnings_are_told_and_what_is_right_is_not() {
    let (code, _, advice) = answered("warning", &broken("business/UTL-102-intervals-missing"), &[]);
    assert_eq!(code, exit::ACCEPTED);
    assert!(advice.contains("OTI*TA*TN*"), "{advice}");
    let right = fs::read_to_string(repository("samples/867/monthly-register-reads.edi"));
    let (code, _, advice) = answered("right", &right.expect("it is there"), &[]);
    assert_eq!((code, advice.as_str()), (exit::ACCEPTED, ""));
    // The acknowledgment rejects it.
    let (code, _, advice) = answered("standard", &broken("E0406-energy-with-a-letter"), &[]);
    assert_eq!((code, advice.as_str()), (exit::FINDINGS, ""));
}

#[test]
fn both_sides_are_named_where_the_partner_is_known() {
    let (_, _, advice) = answered(
        "sides",
        &broken("business/UTL-101-interval-sum"),
        &["--partner", "redriver-bank"],
    );
    let us = "N1*8S*PRAIRIE RIVERS ELECTRIC COOPERATIVE*9*0055500010000~\n";
    assert!(advice.contains(us), "{advice}");
    assert!(advice.contains("N1*8R*"), "{advice}");
}

#[test]
fn one_that_was_there_before_is_not_asked_for_again() {
    let (_, _, advice) = answered("twice", &broken("business/UTL-116-number-repeated"), &[]);
    assert!(advice.contains("**EV~") && advice.contains("TED*848*D76*"), "{advice}");
}

#[test]
fn control_numbers_of_both_files_alternate() {
    let one = broken("business/UTL-101-interval-sum");
    let (_, acknowledgment, advice) = answered("two", &format!("{one}{one}"), &[]);
    let numbers = |text: &str| {
        let ends = text.lines().filter(|line| line.starts_with("IEA*"));
        ends.map(|line| line[6..15].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&acknowledgment), ["000000042", "000000044"]);
    assert_eq!(numbers(&advice), ["000000043", "000000045"]);
}
