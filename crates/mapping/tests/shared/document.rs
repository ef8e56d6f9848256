//! Segments to a document and back, for tests.

use tieline_sample::Kind;
use tieline_sample::corpus::{self, Request};
use tieline_x12::check::Standard;
use tieline_x12::compose::{self, Segment};
use tieline_x12::delimiters::Delimiters;
use tieline_x12::document::Document;
use tieline_x12::tree::Tree;

/// What is read of a set of this kind with these segments.
pub(crate) fn read_set<T>(kind: Kind, segments: &[Segment], read: impl FnOnce(Tree<'_>) -> T) -> T {
    let mut interchange = corpus::interchange(&Request::of(kind));
    interchange.groups[0].sets[0].segments = segments.to_vec();
    let bytes = compose::write(&interchange, &Delimiters::default()).expect("it can be composed");
    let document = Document::read(&bytes, &Standard);
    read(document.sets().next().expect("there is a set in it"))
}

/// The segments of a text, one to a line.
pub(crate) fn segments(text: &str) -> Vec<Segment> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Segment::shorthand).collect()
}

/// The segments as text, one to a line.
pub(crate) fn lines(segments: &[Segment]) -> Vec<String> {
    segments.iter().map(|segment| segment.to_string().trim_end_matches('*').to_string()).collect()
}
