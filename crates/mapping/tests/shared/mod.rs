//! Segments to a document and back, for tests.

mod text;

pub(crate) use text::{lines, segments};
use tieline_mapping::error::MappingError;
use tieline_mapping::options::Options;
use tieline_mapping::usage_867;
use tieline_model::usage::UsageReport;
use tieline_sample::Kind;
use tieline_sample::corpus::{self, Request};
use tieline_x12::check::Standard;
use tieline_x12::compose::{self, Segment};
use tieline_x12::delimiters::Delimiters;
use tieline_x12::document::Document;

/// What an 867 of these segments says.
pub(crate) fn read(segments: &[Segment], options: &Options) -> Result<UsageReport, MappingError> {
    let mut interchange = corpus::interchange(&Request::of(Kind::UsageMonthly));
    interchange.groups[0].sets[0].segments = segments.to_vec();
    let bytes = compose::write(&interchange, &Delimiters::default()).expect("it can be composed");
    let document = Document::read(&bytes, &Standard);
    let set = document.sets().next().expect("there is a set in it");
    usage_867::read(set, options)
}
