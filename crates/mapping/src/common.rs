//! What many loops have: references, dated events, amounts, notes.

use tieline_model::common::{Event, EventKind, Note, Reference, ReferenceKind, StatedAmount};
use tieline_model::stamp::Stamp;

use crate::code_map::Codes;
use crate::error::MappingError;
use crate::figure::Figure;
use crate::given::Given;
use crate::options::Options;
use crate::sink::Sink;

pub(crate) fn read_references(given: &Given<'_>, options: &Options) -> Vec<Reference> {
    read_references_by(given, Codes::common(&options.common.references))
}

/// Reads the references whose kind these codes name.
pub(crate) fn read_references_by(
    given: &Given<'_>,
    codes: Codes<'_, ReferenceKind>,
) -> Vec<Reference> {
    read_references_but(given, "", codes)
}

/// Reads the references without the first `REF` that begins with `qualifier`, which a field means.
pub(crate) fn read_other_references(
    given: &Given<'_>,
    qualifier: &str,
    options: &Options,
) -> Vec<Reference> {
    read_references_but(given, qualifier, Codes::common(&options.common.references))
}

fn read_references_but(
    given: &Given<'_>,
    qualifier: &str,
    codes: Codes<'_, ReferenceKind>,
) -> Vec<Reference> {
    let field = given.find("REF", qualifier).filter(|it| it.value(2).is_some());
    let is_other = |it: &&Given<'_>| field.is_none_or(|field| !std::ptr::eq(field, *it));
    let read = |reference: &Given<'_>| {
        let kind = codes.known(reference.value(1)?)?;
        Some(Reference { kind, value: reference.text(2), text: reference.text(3) })
    };
    given.all("REF").filter(is_other).filter_map(read).collect()
}

pub(crate) fn write_references(
    references: &[Reference],
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    write_references_by(references, Codes::common(&options.common.references), out)
}

pub(crate) fn write_references_by(
    references: &[Reference],
    codes: Codes<'_, ReferenceKind>,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    for reference in references {
        let code = codes.write(&reference.kind, None, "references")?;
        let (value, text) = (reference.value.as_deref(), reference.text.as_deref());
        out.segment("REF", &[Some(code), value, text])?;
    }
    Ok(())
}

/// A number behind its qualifier, if it is there.
pub(crate) fn write_number(
    qualifier: &str,
    number: Option<&str>,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    match number {
        Some(number) => out.segment("REF", &[Some(qualifier), Some(number)]),
        None => Ok(()),
    }
}

/// A `NTE` without a text is left over.
pub(crate) fn read_notes(given: &Given<'_>) -> Vec<Note> {
    let read = |nte: &Given<'_>| Some(Note { code: nte.text(1), text: nte.text(2)? });
    given.all("NTE").filter_map(read).collect()
}

pub(crate) fn write_notes(notes: &[Note], out: &mut dyn Sink) -> Result<(), MappingError> {
    let write = |note: &Note| out.segment("NTE", &[note.code.as_deref(), Some(&note.text)]);
    notes.iter().try_for_each(write)
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
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    for it in amounts {
        let code = options.common.amounts.write(&it.kind, None, "amounts")?;
        out.segment("AMT", &[Some(code), Some(&Figure::decimal(&it.amount))])?;
    }
    Ok(())
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
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    write_events_by(events, Codes::common(&options.common.events), out)
}

pub(crate) fn write_events_by(
    events: &[Event],
    codes: Codes<'_, EventKind>,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    for event in events {
        write_stamp(codes.write(&event.kind, None, "events")?, &event.stamp, out)?;
    }
    Ok(())
}

pub(crate) fn write_stamp(
    code: &str,
    stamp: &Stamp,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let time = stamp.time.as_ref().map(|time| time.as_str());
    let day = Figure::date(stamp.date);
    out.segment("DTM", &[Some(code), Some(&day), time, stamp.zone.as_deref()])
}

/// When a document was made, as its `BGN` says it.
pub(crate) fn read_made(bgn: &Given<'_>) -> Result<Stamp, MappingError> {
    let what = "BGN03, the date of the document,";
    let missing = || MappingError::Missing { at: bgn.position(), what };
    Ok(Stamp { date: bgn.date(3)?.ok_or_else(missing)?, time: bgn.clock(4)?, zone: bgn.text(5) })
}
