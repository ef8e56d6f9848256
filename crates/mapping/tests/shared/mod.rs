//! An 867 of segments, for tests.

mod document;

use document::read_set;
pub(crate) use document::{lines, segments};
use tieline_mapping::error::MappingError;
use tieline_mapping::options::Options;
use tieline_mapping::usage_867;
use tieline_model::usage::UsageReport;
use tieline_sample::Kind;
use tieline_x12::compose::Segment;

/// What an 867 of these segments says.
pub(crate) fn read(segments: &[Segment], options: &Options) -> Result<UsageReport, MappingError> {
    read_set(Kind::UsageMonthly, segments, |set| usage_867::read(set, options))
}
