//! One document answered: one `OTI` loop, with a `TED` loop for each thing wrong with it.

use tieline_model::advice::{AdviceItem, Problem, Verdict};
use tieline_model::common::ReferenceKind;
use tieline_model::residue::Residue;
use tieline_x12::tree::Tree;

use super::{events, numbers};
use crate::branch::{Rows, left_over};
use crate::common::{
    read_amounts, read_events_by, read_notes, read_references_by, write_amounts, write_events_by,
    write_notes, write_references_by,
};
use crate::error::MappingError;
use crate::figure::Figure;
use crate::given::Given;
use crate::options::Options;
use crate::sink::Sink;

pub(super) fn read(oti: Tree<'_>, options: &Options) -> Result<AdviceItem, MappingError> {
    let given = Given::of(oti, &["TED"])?;
    let code = |n: usize| given.value(n).unwrap_or_default();
    let what = "OTI03, the number of the document that is answered,";
    let missing = || MappingError::Missing { at: given.position(), what };
    let mut item = AdviceItem {
        verdict: options.advice.verdicts.read(code(1), Verdict::Other),
        kind: numbers(options).read(code(2), ReferenceKind::Other),
        number: given.text(3).ok_or_else(missing)?,
        group: given.text(8),
        set: given.text(9),
        set_code: given.text(10),
        references: read_references_by(&given, numbers(options)),
        events: read_events_by(&given, events(options))?,
        amounts: read_amounts(&given, options)?,
        problems: Vec::new(),
        at: given.ordinal(),
        residue: Residue::default(),
    };
    for ted in oti.all("TED").filter(Tree::is_placed) {
        item.problems.push(read_problem(ted)?);
    }
    item.residue = left_over(&given, &mut |out| say(&item, options, out))?;
    Ok(item)
}

pub(super) fn write(
    item: &AdviceItem,
    options: &Options,
    rows: Rows,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    out.record((&item.residue).into(), rows, &mut |out| {
        say(item, options, out)?;
        let rows = rows.within("TED");
        item.problems.iter().try_for_each(|problem| {
            out.record((&problem.residue).into(), rows, &mut |out| say_problem(problem, out))
        })
    })
}

/// The opener, and the loop but for what is wrong.
fn say(item: &AdviceItem, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    let verdicts = &options.advice.verdicts;
    out.segment(
        "OTI",
        &[
            Some(verdicts.write(&item.verdict, Some(Verdict::Other), "verdicts")?),
            Some(numbers(options).write(&item.kind, Some(ReferenceKind::Other), "numbers")?),
            Some(&item.number),
            None,
            None,
            None,
            None,
            item.group.as_deref(),
            item.set.as_deref(),
            item.set_code.as_deref(),
        ],
    )?;
    write_references_by(&item.references, numbers(options), out)?;
    write_events_by(&item.events, events(options), out)?;
    write_amounts(&item.amounts, options, out)
}

fn read_problem(ted: Tree<'_>) -> Result<Problem, MappingError> {
    let given = Given::of(ted, &[])?;
    let mut problem = Problem {
        code: given.text(1).unwrap_or_default(),
        reason: given.text(2),
        segment: given.text(3),
        segment_number: given.value(4).and_then(count),
        element_number: given.first(5).and_then(count),
        copy: given.text(7),
        notes: read_notes(&given),
        at: given.ordinal(),
        residue: Residue::default(),
    };
    problem.residue = left_over(&given, &mut |out| say_problem(&problem, out))?;
    Ok(problem)
}

fn say_problem(problem: &Problem, out: &mut dyn Sink) -> Result<(), MappingError> {
    out.segment(
        "TED",
        &[
            Some(problem.code.as_str()),
            problem.reason.as_deref(),
            problem.segment.as_deref(),
            problem.segment_number.map(Figure::of).as_deref(),
            problem.element_number.map(Figure::of).as_deref(),
            None,
            problem.copy.as_deref(),
        ],
    )?;
    write_notes(&problem.notes, out)
}

/// A number that is written as it would be written again.
fn count(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}
