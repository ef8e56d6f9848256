//! What to do about a finding, and what its kind is called.

use tieline_x12::catalogue;
use tieline_x12::finding::Finding;

/// What to do: the guide's note when it has one, else what the catalogue advises.
pub(crate) fn remedy(finding: &Finding) -> Option<&str> {
    let note = finding.rule.as_ref().and_then(|rule| rule.note.as_deref());
    note.or_else(|| Some(catalogue::entry(finding.fault.number())?.remedy))
}
