//! 824: Application Advice, read into an advice and written from it, and made of reasons.
//!
//! An `OTI` loop is one document answered, a `TED` loop in it one thing wrong with it.

mod answer;

mod item;

use tieline_model::advice::{Advice, ExpectedAction};
use tieline_model::common::{EventKind, Purpose, ReferenceKind};
use tieline_model::provenance::Provenance;
use tieline_model::residue::Residue;
use tieline_x12::compose::{Body, Segment};
use tieline_x12::sets::s824;
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

pub use answer::{Answered, Head, Reason, item_of, of};

/// Reads what one 824 says of other documents. `set` is a whole set, as `Document::sets` gives it.
///
/// Segments without a place in the set's table are left out: the check has reported them.
///
/// # Errors
///
/// [`MappingError`] if it is another set, or if a value is not what the standard lets it be. A set
/// in which the check found no error fails only for what the options can mend.
pub fn read(set: Tree<'_>, options: &Options) -> Result<Advice, MappingError> {
    if set.plan().is_none() || set.element(1) != b"824" {
        return Err(MappingError::NotThisSet { expected: "824" });
    }
    let given = Given::of(set, &["N1", "OTI"])?;
    let missing = |what| MappingError::Missing { at: given.position(), what };
    let bgn = given.all("BGN").next().ok_or_else(|| missing("BGN"))?;
    let expected = &options.advice.expected;
    let mut advice = Advice {
        purpose: purposes(options).read(bgn.value(1).unwrap_or_default(), Purpose::Other),
        number: bgn.text(2).ok_or_else(|| missing("BGN02, the number of the advice,"))?,
        made: read_made(bgn)?,
        answers: bgn.text(6),
        expected: bgn.value(8).map(|code| expected.read(code, ExpectedAction::Other)),
        parties: Vec::new(),
        items: Vec::new(),
        provenance: Provenance::default(),
        residue: Residue::default(),
    };
    for n1 in set.all("N1").filter(Tree::is_placed) {
        let n1 = Given::of(n1, &[])?;
        advice.parties.push(party::read_by(&n1, account::NONE, numbers(options), options)?);
    }
    for oti in set.all("OTI").filter(Tree::is_placed) {
        advice.items.push(item::read(oti, options)?);
    }
    advice.residue = loop_left_over(&given, &mut |out| write_bgn(&advice, options, out))?;
    Ok(advice)
}

/// Writes an advice as the segments of an 824 between `ST` and `SE`.
///
/// # Errors
///
/// [`MappingError`] if the options have no code for a meaning, or the 824 no place for something.
pub fn write(advice: &Advice, options: &Options) -> Result<Vec<Segment>, MappingError> {
    sink::segments(&advice.residue, rows(), &mut |out| say(advice, options, out))
}

/// Adds the same segments to a body in the writing, without a value of its own for each.
///
/// # Errors
///
/// Those of [`write()`], and [`MappingError::Compose`] for a value that holds a separator.
pub fn compose(advice: &Advice, options: &Options, body: &mut Body) -> Result<(), MappingError> {
    sink::compose(&advice.residue, rows(), body, &mut |out| say(advice, options, out))
}

fn say(advice: &Advice, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    let rows = rows();
    write_bgn(advice, options, out)?;
    for one in &advice.parties {
        let (numbers, rows) = (numbers(options), rows.within("N1"));
        party::write_by(one, account::NONE, numbers, options, rows, out)?;
    }
    let rows = rows.within("OTI");
    advice.items.iter().try_for_each(|item| item::write(item, options, rows, out))
}

fn write_bgn(advice: &Advice, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    let expected = advice.expected.as_ref();
    let expected = expected
        .map(|it| options.advice.expected.write(it, Some(ExpectedAction::Other), "expected"));
    out.segment(
        "BGN",
        &[
            Some(purposes(options).write(&advice.purpose, Some(Purpose::Other), "purposes")?),
            Some(&advice.number),
            Some(&Figure::date(advice.made.date)),
            advice.made.time.as_ref().map(|time| time.as_str()),
            advice.made.zone.as_deref(),
            advice.answers.as_deref(),
            None,
            expected.transpose()?,
        ],
    )
}

fn purposes(options: &Options) -> Codes<'_, Purpose> {
    Codes::of(&options.advice.purposes, &options.common.purposes)
}

fn numbers(options: &Options) -> Codes<'_, ReferenceKind> {
    Codes::of(&options.advice.numbers, &options.common.references)
}

fn events(options: &Options) -> Codes<'_, EventKind> {
    Codes::of(&options.advice.events, &options.common.events)
}

/// The rows of the set. Release 005010 has those of 004010 in the same order, and some more.
fn rows() -> Rows {
    Rows::of(&s824::V005010)
}
