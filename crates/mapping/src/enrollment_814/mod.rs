//! 814: General Request, Response or Confirmation, read into a service request and written from it.
//!
//! A `LIN` loop is one thing that is asked for or answered, an `NM1` loop in it one meter.

mod authorization;

mod item;

use tieline_model::common::EventKind;
use tieline_model::provenance::Provenance;
use tieline_model::request::{RequestPurpose, ServiceRequest};
use tieline_model::residue::Residue;
use tieline_x12::compose::{Body, Segment};
use tieline_x12::sets::s814;
use tieline_x12::tree::Tree;

use crate::account;
use crate::branch::{Rows, loop_left_over};
use crate::code_map::Codes;
use crate::common::read_made;
use crate::error::MappingError;
use crate::figure::Figure;
use crate::given::Given;
use crate::options::Options;
use crate::party;
use crate::sink::{self, Sink};

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
        request.parties.push(party::read(&Given::of(n1, &[])?, account::NONE, options)?);
    }
    for lin in set.all("LIN").filter(Tree::is_placed) {
        request.items.push(item::read(lin, options)?);
    }
    request.residue = loop_left_over(&given, &mut |out| write_bgn(&request, options, out))?;
    Ok(request)
}

/// Writes a request or an answer as the segments of an 814 between `ST` and `SE`.
///
/// # Errors
///
/// [`MappingError`] if the options have no code for a meaning, or the 814 no place for something.
pub fn write(request: &ServiceRequest, options: &Options) -> Result<Vec<Segment>, MappingError> {
    sink::segments(&request.residue, rows(), &mut |out| say(request, options, out))
}

/// Adds the same segments to a body in the writing, without a value of its own for each.
///
/// # Errors
///
/// Those of [`write()`], and [`MappingError::Compose`] for a value that holds a separator.
pub fn compose(
    request: &ServiceRequest,
    options: &Options,
    body: &mut Body,
) -> Result<(), MappingError> {
    sink::compose(&request.residue, rows(), body, &mut |out| say(request, options, out))
}

fn say(
    request: &ServiceRequest,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let rows = rows();
    write_bgn(request, options, out)?;
    for one in &request.parties {
        party::write(one, account::NONE, options, rows.within("N1"), out)?;
    }
    let rows = rows.within("LIN");
    request.items.iter().try_for_each(|item| item::write(item, options, rows, out))
}

fn write_bgn(
    request: &ServiceRequest,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let purposes = &options.enrollment.purposes;
    out.segment(
        "BGN",
        &[
            Some(purposes.write(&request.purpose, Some(RequestPurpose::Other), "purposes")?),
            Some(&request.number),
            Some(&Figure::date(request.made.date)),
            request.made.time.as_ref().map(|time| time.as_str()),
            request.made.zone.as_deref(),
            request.answers.as_deref(),
        ],
    )
}

fn events(options: &Options) -> Codes<'_, EventKind> {
    Codes::of(&options.enrollment.events, &options.common.events)
}

/// The rows of the set. Release 005010 has those of 004010 in the same order, and some more.
fn rows() -> Rows {
    Rows::of(&s814::V005010)
}
