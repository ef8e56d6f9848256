//! What is added or taken off: one `ADX` loop, of an entity or of one line.

use tieline_model::common::{Reference, ReferenceKind};
use tieline_model::payment::{Adjustment, AdjustmentReason};
use tieline_model::residue::Residue;
use tieline_x12::tree::Tree;

use super::{events, numbers};
use crate::branch::{Rows, left_over};
use crate::common::{
    read_events_by, read_notes, read_references_by, write_events_by, write_notes,
    write_references_by,
};
use crate::error::MappingError;
use crate::figure::Figure;
use crate::given::Given;
use crate::options::Options;
use crate::sink::Sink;

pub(super) fn read(adx: Tree<'_>, options: &Options) -> Result<Adjustment, MappingError> {
    let given = Given::of(adx, &[])?;
    let what = "ADX01, the amount of the adjustment,";
    let missing = || MappingError::Missing { at: given.position(), what };
    let reason = given.value(2).unwrap_or_default();
    let subject = given.value(3).zip(given.text(4)).map(|(code, number)| {
        Reference::new(numbers(options).read(code, ReferenceKind::Other), number)
    });
    let mut adjustment = Adjustment {
        amount: given.decimal(1)?.ok_or_else(missing)?,
        reason: options.remittance.reasons.read(reason, AdjustmentReason::Other),
        subject,
        notes: read_notes(&given),
        references: read_references_by(&given, numbers(options)),
        events: read_events_by(&given, events(options))?,
        at: given.ordinal(),
        residue: Residue::default(),
    };
    adjustment.residue = left_over(&given, &mut |out| say(&adjustment, options, out))?;
    Ok(adjustment)
}

pub(super) fn write(
    adjustment: &Adjustment,
    options: &Options,
    rows: Rows,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    out.record((&adjustment.residue).into(), rows, &mut |out| say(adjustment, options, out))
}

fn say(adjustment: &Adjustment, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    let reasons = &options.remittance.reasons;
    let reason = reasons.write(&adjustment.reason, Some(AdjustmentReason::Other), "reasons")?;
    let subject = adjustment.subject.as_ref();
    if subject.is_some_and(|it| it.value.is_none() || it.text.is_some()) {
        return Err(MappingError::NoPlace {
            what: "the subject of an adjustment without a number, or with a text",
            advice: "give it a number only",
        });
    }
    let kind =
        subject.map(|it| numbers(options).write(&it.kind, Some(ReferenceKind::Other), "numbers"));
    out.segment(
        "ADX",
        &[
            Some(&Figure::decimal(&adjustment.amount)),
            Some(reason),
            kind.transpose()?,
            subject.and_then(|it| it.value.as_deref()),
        ],
    )?;
    write_notes(&adjustment.notes, out)?;
    write_events_by(&adjustment.events, events(options), out)?;
    write_references_by(&adjustment.references, numbers(options), out)
}
