//! What many loops have: references, dated events, notes.

use tieline_model::common::{Event, Reference};
use tieline_model::stamp::Stamp;
use tieline_x12::compose::Segment;

use crate::branch::segment;
use crate::error::MappingError;
use crate::given::Given;
use crate::options::Options;
use crate::stamp::written;

pub(crate) fn read_references(given: &Given<'_>, options: &Options) -> Vec<Reference> {
    let read = |reference: &Given<'_>| {
        let kind = options.common.references.known(reference.value(1)?)?;
        Some(Reference { kind, value: reference.text(2), text: reference.text(3) })
    };
    given.all("REF").filter_map(read).collect()
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
