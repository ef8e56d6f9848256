//! What many loops have: references, dated events, amounts, notes.

use tieline_model::common::{Event, EventKind, Note, Reference, ReferenceKind, StatedAmount};
use tieline_model::stamp::Stamp;
use tieline_x12::compose::Segment;

use crate::branch::segment;
use crate::code_map::Codes;
use crate::error::MappingError;
use crate::given::Given;
use crate::options::Options;
use crate::stamp::written;

pub(crate) fn read_references(given: &Given<'_>, options: &Options) -> Vec<Reference> {
    read_references_by(given, Codes::common(&options.common.references))
}

/// Reads the references whose kind these codes name.
pub(crate) fn read_references_by(
    given: &Given<'_>,
    codes: Codes<'_, ReferenceKind>,
) -> Vec<Reference> {
    let read = |reference: &Given<'_>| {
        let kind = codes.known(reference.value(1)?)?;
        Some(Reference { kind, value: reference.text(2), text: reference.text(3) })
    };
    given.all("REF").filter_map(read).collect()
}

pub(crate) fn write_references(
    references: &[Reference],
    options: &Options,
) -> Result<Vec<Segment>, MappingError> {
    write_references_by(references, Codes::common(&options.common.references))
}

pub(crate) fn write_references_by(
    references: &[Reference],
    codes: Codes<'_, ReferenceKind>,
) -> Result<Vec<Segment>, MappingError> {
    let write = |reference: &Reference| {
        let code = codes.write(&reference.kind, None, "references")?;
        let (value, text) = (reference.value.as_deref(), reference.text.as_deref());
        Ok(segment("REF", [Some(code), value, text]))
    };
    references.iter().map(write).collect()
}

pub(crate) fn read_events(
    given: &Given<'_>,
    options: &Options,
) -> Result<Vec<Event>, MappingError> {
    read_events_by(given, Codes::common(&options.common.events))
}

/// Reads the dated events whose kind these codes name.
pub(crate) fn read_events_by(
    given: &Given<'_>,
    codes: Codes<'_, EventKind>,
) -> Result<Vec<Event>, MappingError> {
    let mut events = Vec::new();
    for dtm in given.all("DTM") {
        let kind = dtm.value(1).and_then(|code| codes.known(code));
        if let (Some(kind), Some(stamp)) = (kind, dtm.stamp()?) {
            events.push(Event { kind, stamp });
        }
    }
    Ok(events)
}

pub(crate) fn write_events(
    events: &[Event],
    options: &Options,
) -> Result<Vec<Segment>, MappingError> {
    write_events_by(events, Codes::common(&options.common.events))
}

pub(crate) fn write_events_by(
    events: &[Event],
    codes: Codes<'_, EventKind>,
) -> Result<Vec<Segment>, MappingError> {
    let write = |event: &Event| {
        let code = codes.write(&event.kind, None, "events")?;
        Ok(write_stamp(code, &event.stamp))
    };
    events.iter().map(write).collect()
}

pub(crate) fn write_stamp(code: &str, stamp: &Stamp) -> Segment {
    let time = stamp.time.as_ref().map(|time| time.as_str());
    segment("DTM", [Some(code), Some(&written(stamp.date)), time, stamp.zone.as_deref()])
}

/// A `NTE` without a text is left over.
pub(crate) fn read_notes(given: &Given<'_>) -> Vec<Note> {
    let read = |nte: &Given<'_>| Some(Note { code: nte.text(1), text: nte.text(2)? });
    given.all("NTE").filter_map(read).collect()
}

pub(crate) fn write_notes(notes: &[Note]) -> impl Iterator<Item = Segment> {
    notes.iter().map(|note| segment("NTE", [note.code.as_deref(), Some(&note.text)]))
}

pub(crate) fn read_amounts(
    given: &Given<'_>,
    options: &Options,
) -> Result<Vec<StatedAmount>, MappingError> {
    let mut amounts = Vec::new();
    for amt in given.all("AMT") {
        let kind = amt.value(1).and_then(|code| options.common.amounts.known(code));
        if let (Some(kind), Some(amount)) = (kind, amt.decimal(2)?) {
            amounts.push(StatedAmount { kind, amount });
        }
    }
    Ok(amounts)
}

pub(crate) fn write_amounts(
    amounts: &[StatedAmount],
    options: &Options,
) -> Result<Vec<Segment>, MappingError> {
    let write = |it: &StatedAmount| {
        let code = options.common.amounts.write(&it.kind, None, "amounts")?;
        Ok(segment("AMT", [Some(code), Some(&it.amount.to_string())]))
    };
    amounts.iter().map(write).collect()
}

/// When a document was made, as its `BGN` says it.
pub(crate) fn read_made(bgn: &Given<'_>) -> Result<Stamp, MappingError> {
    let what = "BGN03, the date of the document,";
    let missing = || MappingError::Missing { at: bgn.position(), what };
    Ok(Stamp { date: bgn.date(3)?.ok_or_else(missing)?, time: bgn.clock(4)?, zone: bgn.text(5) })
}
