//! What many loops have: references, dated events, notes, amounts.

use tieline_model::common::{Event, Note, Reference, StatedAmount};
use tieline_model::stamp::Stamp;
use tieline_x12::compose::Segment;

use crate::branch::segment;
use crate::error::MappingError;
use crate::given::Given;
use crate::options::Options;
use crate::stamp::written;

pub(crate) fn read_references(given: &Given<'_>, options: &Options) -> Vec<Reference> {
    read_other_references(given, "", options)
}

/// The same without the first `REF` that begins with `qualifier`, which a field means.
pub(crate) fn read_other_references(
    given: &Given<'_>,
    qualifier: &str,
    options: &Options,
) -> Vec<Reference> {
    let field = given.find("REF", qualifier).filter(|it| it.value(2).is_some());
    let is_other = |it: &&Given<'_>| field.is_none_or(|field| !std::ptr::eq(field, *it));
    let read = |reference: &Given<'_>| {
        let kind = options.common.references.known(reference.value(1)?)?;
        Some(Reference { kind, value: reference.text(2), text: reference.text(3) })
    };
    given.all("REF").filter(is_other).filter_map(read).collect()
}

pub(crate) fn write_references(
    references: &[Reference],
    options: &Options,
) -> Result<Vec<Segment>, MappingError> {
    let write = |reference: &Reference| {
        let code = options.common.references.write(&reference.kind, None, "references")?;
        let (value, text) = (reference.value.as_deref(), reference.text.as_deref());
        Ok(segment("REF", [Some(code), value, text]))
    };
    references.iter().map(write).collect()
}

pub(crate) fn read_notes(given: &Given<'_>) -> Vec<Note> {
    let read = |nte: &Given<'_>| Some(Note { code: nte.text(1), text: nte.text(2)? });
    given.all("NTE").filter_map(read).collect()
}

pub(crate) fn write_note(note: &Note) -> Segment {
    segment("NTE", [note.code.as_deref(), Some(&note.text)])
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

pub(crate) fn write_amount(
    amount: &StatedAmount,
    options: &Options,
) -> Result<Segment, MappingError> {
    let code = options.common.amounts.write(&amount.kind, None, "amounts")?;
    Ok(segment("AMT", [Some(code), Some(&amount.amount.to_string())]))
}

pub(crate) fn read_events(
    given: &Given<'_>,
    options: &Options,
) -> Result<Vec<Event>, MappingError> {
    let mut events = Vec::new();
    for dtm in given.all("DTM") {
        let kind = dtm.value(1).and_then(|code| options.common.events.known(code));
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
    let write = |event: &Event| {
        let code = options.common.events.write(&event.kind, None, "events")?;
        Ok(write_stamp(code, &event.stamp))
    };
    events.iter().map(write).collect()
}

pub(crate) fn write_stamp(code: &str, stamp: &Stamp) -> Segment {
    let time = stamp.time.as_ref().map(|time| time.as_str());
    segment("DTM", [Some(code), Some(&written(stamp.date)), time, stamp.zone.as_deref()])
}
