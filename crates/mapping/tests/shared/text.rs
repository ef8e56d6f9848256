//! Segments as text and back.

use tieline_x12::compose::Segment;

/// The segments of a text, one to a line.
pub(crate) fn segments(text: &str) -> Vec<Segment> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Segment::shorthand).collect()
}

/// The segments as text, one to a line.
pub(crate) fn lines(segments: &[Segment]) -> Vec<String> {
    segments.iter().map(|segment| segment.to_string().trim_end_matches('*').to_string()).collect()
}
