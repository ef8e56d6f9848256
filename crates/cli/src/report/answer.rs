//! The lines of an acknowledgment that a finding earns, as a person looks for them in a 997.

use tieline_x12::acknowledge;
use tieline_x12::finding::Severity;

use crate::report::Found;
use crate::report::words::shown_within;

/// The most characters of a segment that is shown.
const LONGEST_SEGMENT: usize = 60;

/// The segments of the acknowledgment, e.g. `AK3*QTY*418**8, AK4*2*380*6*12x75`; none for what only
/// warns, and for what no acknowledgment can say.
pub(crate) fn answer(found: Found<'_>) -> Option<String> {
    let finding = found.standard()?;
    if finding.severity == Severity::Warning {
        return None;
    }
    let codes = finding.ack();
    let mut segments = Vec::new();
    if let Some(code) = codes.ta105 {
        segments.push(format!("TA105 = {code}"));
    }
    for segment in acknowledge::segments_of(finding) {
        segments.push(shown_within(segment.to_string().as_bytes(), LONGEST_SEGMENT));
    }
    if let Some(code) = codes.ak502 {
        segments.push(format!("AK5*R*{code}"));
    }
    if let Some(code) = codes.ak905 {
        segments.push(format!("AK905 = {code}"));
    }
    (!segments.is_empty()).then(|| segments.join(", "))
}
