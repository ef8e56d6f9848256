//! The lines of an acknowledgment that a finding earns, as a person looks for them in a 997.

use tieline_x12::finding::{Finding, Severity};

use crate::report::words::shown_within;

/// The most characters of a value that is repeated.
const LONGEST_VALUE: usize = 30;

/// The segments of the acknowledgment, e.g. `AK3*QTY*418**8, AK4*2*380*6*12x75`; none for what only
/// warns, and for what no acknowledgment can say.
pub(crate) fn answer(finding: &Finding) -> Option<String> {
    if finding.severity == Severity::Warning {
        return None;
    }
    let codes = finding.ack();
    let mut segments = Vec::new();
    if let Some(code) = codes.ta105 {
        segments.push(format!("TA105 = {code}"));
    }
    if let Some(code) = codes.ak304 {
        segments.push(format!("AK3*{}*{}**{code}", finding.segment, finding.at.segment));
    }
    if let Some(code) = codes.ak403 {
        segments.push(format!(
            "AK4*{}*{}*{code}{}",
            position(finding),
            number(finding),
            value(finding)
        ));
    }
    if let Some(code) = codes.ak502 {
        segments.push(format!("AK5*R*{code}"));
    }
    if let Some(code) = codes.ak905 {
        segments.push(format!("AK905 = {code}"));
    }
    (!segments.is_empty()).then(|| segments.join(", "))
}

/// `AK401`: the element, its component, and in later releases its repetition.
fn position(finding: &Finding) -> String {
    let at = finding.at;
    match (at.component, at.repetition) {
        (0, 0 | 1) => at.element.to_string(),
        (component, 0 | 1) => format!("{}:{component}", at.element),
        (0, repetition) => format!("{}::{repetition}", at.element),
        (component, repetition) => format!("{}:{component}:{repetition}", at.element),
    }
}

/// `AK402`: the element's number; a composite has none.
fn number(finding: &Finding) -> &'static str {
    let number = finding.element.map_or("", |used| used.element);
    if number.bytes().all(|b| b.is_ascii_digit()) { number } else { "" }
}

/// `AK404`: the value found.
fn value(finding: &Finding) -> String {
    match finding.value.as_bytes() {
        [] => String::new(),
        value => format!("*{}", shown_within(value, LONGEST_VALUE)),
    }
}
