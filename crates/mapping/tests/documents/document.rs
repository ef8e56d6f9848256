//! Segments as text and as a document.

use tieline_sample::Kind;
use tieline_sample::corpus::{self, Request};
use tieline_x12::check::Standard;
use tieline_x12::compose::{self, Segment};
use tieline_x12::delimiters::Delimiters;
use tieline_x12::document::Document;
use tieline_x12::tree::Tree;

/// What a recipe makes of a request.
pub(crate) fn recipe(request: &Request) -> Vec<u8> {
    let mut bytes = Vec::new();
    let delimiters = Delimiters::default();
    corpus::write_to(request, &delimiters, &mut bytes).expect("a vector takes all bytes");
    bytes
}

/// A file with one set of this kind, of these segments.
pub(crate) fn file_of(kind: Kind, segments: &[Segment]) -> Vec<u8> {
    let mut interchange = corpus::interchange(&Request::of(kind));
    interchange.groups[0].sets[0].segments = segments.to_vec();
    compose::write(&interchange, &Delimiters::default()).expect("it can be composed")
}

/// What is read of a set of this kind with these segments.
pub(crate) fn read_set<T>(kind: Kind, segments: &[Segment], read: impl FnOnce(Tree<'_>) -> T) -> T {
    let bytes = file_of(kind, segments);
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

/// A line of a document before and after a change, as the only one that changed.
pub(crate) fn pair(before: &str, after: &str) -> Vec<(String, String)> {
    vec![(before.to_string(), after.to_string())]
}
