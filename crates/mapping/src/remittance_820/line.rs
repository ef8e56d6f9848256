//! One account or bill that is paid: one `RMR` loop.

use tieline_model::common::ReferenceKind;
use tieline_model::payment::{AdjustmentReason, PaymentAction, RemittanceLine};
use tieline_x12::tree::Tree;

use super::{adjustment, events, numbers};
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

pub(super) fn read(rmr: Tree<'_>, options: &Options) -> Result<RemittanceLine, MappingError> {
    let given = Given::of(rmr, &["ADX"])?;
    let codes = &options.remittance;
    let mut line = RemittanceLine {
        kind: given.value(1).map(|code| numbers(options).read(code, ReferenceKind::Other)),
        id: given.text(2),
        action: given.value(3).map(|code| codes.actions.read(code, PaymentAction::Other)),
        paid: given.decimal(4)?,
        billed: given.decimal(5)?,
        discount: given.decimal(6)?,
        adjustment_reason: given
            .value(7)
            .map(|code| codes.reasons.read(code, AdjustmentReason::Other)),
        adjustment: given.decimal(8)?,
        notes: read_notes(&given),
        references: read_references_by(&given, numbers(options)),
        events: read_events_by(&given, events(options))?,
        at: given.ordinal(),
        ..RemittanceLine::default()
    };
    for adx in rmr.all("ADX").filter(Tree::is_placed) {
        line.adjustments.push(adjustment::read(adx, options)?);
    }
    line.residue = left_over(&given, &mut |out| say(&line, options, out))?;
    Ok(line)
}

pub(super) fn write(
    line: &RemittanceLine,
    options: &Options,
    rows: Rows,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    out.record((&line.residue).into(), rows, &mut |out| {
        say(line, options, out)?;
        for adjustment in &line.adjustments {
            if !adjustment.events.is_empty() {
                return Err(MappingError::NoPlace {
                    what: "a date of the adjustment of one line",
                    advice: "give the date to the line, or the adjustment to the entity",
                });
            }
            adjustment::write(adjustment, options, rows.within("ADX"), out)?;
        }
        Ok(())
    })
}

/// The opener, and the loop but for adjustments.
fn say(line: &RemittanceLine, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    let codes = &options.remittance;
    let kind = line.kind.as_ref();
    let kind = kind.map(|it| numbers(options).write(it, Some(ReferenceKind::Other), "numbers"));
    let action = line.action.as_ref();
    let action = action.map(|it| codes.actions.write(it, Some(PaymentAction::Other), "actions"));
    let reason = line.adjustment_reason.as_ref();
    let reason = reason.map(|it| codes.reasons.write(it, Some(AdjustmentReason::Other), "reasons"));
    out.segment(
        "RMR",
        &[
            kind.transpose()?,
            line.id.as_deref(),
            action.transpose()?,
            Figure::number(&line.paid).as_deref(),
            Figure::number(&line.billed).as_deref(),
            Figure::number(&line.discount).as_deref(),
            reason.transpose()?,
            Figure::number(&line.adjustment).as_deref(),
        ],
    )?;
    write_notes(&line.notes, out)?;
    write_references_by(&line.references, numbers(options), out)?;
    write_events_by(&line.events, events(options), out)
}
