//! 814: General Request, Response or Confirmation, read into a service request and written from it.
//!
//! A `LIN` loop is one thing that is asked for or answered, an `NM1` loop in it one meter.

mod authorization;

mod item;

use tieline_model::common::EventKind;
use tieline_model::provenance::Provenance;
use tieline_model::request::{RequestPurpose, ServiceRequest};
use tieline_model::residue::Residue;
use tieline_x12::compose::Segment;
use tieline_x12::sets::s814;
use tieline_x12::tree::Tree;

use crate::branch::{Branch, Rows, children_left, lay, segment};
use crate::code_map::Codes;
use crate::common::read_made;
use crate::error::MappingError;
use crate::given::Given;
use crate::options::Options;
use crate::party;
use crate::stamp::written;

pub use authorization::authorization;

/// Reads what one 814 asks for or answers. `set` is a whole set, as `Document::sets` gives it.
///
/// Segments without a place in the set's table are left out: the check has reported them.
///
/// # Errors
///
/// [`MappingError`] if it is another set, or if a value is not what the standard lets it be. A set
/// in which the check found no error fails only for what the options can mend.
pub fn read(set: Tree<'_>, options: &Options) -> Result<ServiceRequest, MappingError> {
    if set.plan().is_none() || set.element(1) != b"814" {
        return Err(MappingError::NotThisSet { expected: "814" });
    }
    let given = Given::of(set, &["N1", "LIN"])?;
    let missing = |what| MappingError::Missing { at: given.position(), what };
    let bgn = given.all("BGN").next().ok_or_else(|| missing("BGN"))?;
    let purpose = bgn.value(1).unwrap_or_default();
    let mut request = ServiceRequest {
        purpose: options.enrollment.purposes.read(purpose, RequestPurpose::Other),
        number: bgn.text(2).ok_or_else(|| missing("BGN02, the number of the request,"))?,
        made: read_made(bgn)?,
        answers: bgn.text(6),
        parties: Vec::new(),
        items: Vec::new(),
        provenance: Provenance::default(),
        residue: Residue::default(),
    };
    for n1 in set.all("N1").filter(Tree::is_placed) {
        request.parties.push(party::read(&Given::of(n1, &[])?, Vec::new(), options)?);
    }
    for lin in set.all("LIN").filter(Tree::is_placed) {
        request.items.push(item::read(lin, options)?);
    }
    let heading = [Branch::from(write_bgn(&request, options)?)];
    children_left(&given, &heading, &[], &mut request.residue)?;
    Ok(request)
}

/// Writes a request or an answer as the segments of an 814 between `ST` and `SE`.
///
/// # Errors
///
/// [`MappingError`] if the options have no code for a meaning, or the 814 no place for something.
pub fn write(request: &ServiceRequest, options: &Options) -> Result<Vec<Segment>, MappingError> {
    let rows = rows();
    let mut body = vec![Branch::from(write_bgn(request, options)?)];
    for one in &request.parties {
        body.push(party::write(one, Vec::new(), options, &rows.within("N1"))?);
    }
    for item in &request.items {
        body.push(item::write(item, options, &rows.within("LIN"))?);
    }
    let mut segments = Vec::new();
    for branch in lay(body, &request.residue, &[], &rows) {
        branch.flatten(&mut segments);
    }
    Ok(segments)
}

fn write_bgn(request: &ServiceRequest, options: &Options) -> Result<Segment, MappingError> {
    let purposes = &options.enrollment.purposes;
    Ok(segment(
        "BGN",
        [
            Some(purposes.write(&request.purpose, Some(RequestPurpose::Other), "purposes")?),
            Some(&request.number),
            Some(&written(request.made.date)),
            request.made.time.as_ref().map(|time| time.as_str()),
            request.made.zone.as_deref(),
            request.answers.as_deref(),
        ],
    ))
}

fn events(options: &Options) -> Codes<'_, EventKind> {
    Codes::of(&options.enrollment.events, &options.common.events)
}

/// The rows of the set. Release 005010 has those of 004010 in the same order, and some more.
fn rows() -> Rows {
    Rows::new(s814::V005010.rows())
}
