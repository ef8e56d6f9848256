//! 867: Product Transfer and Resale Report, read into a usage report and written from it.
//!
//! A `PTD` loop is a section, a `QTY` loop in it a quantity or, in a section whose meter type names
//! an interval length or whose stamps are regular, a point of a series. The sender's figures are taken
//! as they are: nothing is summed, multiplied or filled in here.

mod cancellation;

pub(crate) mod quantity;

mod regular;

mod section;

mod series;

use tieline_model::common::Purpose;
use tieline_model::usage::{UsageAction, UsageKind, UsageReport};
use tieline_x12::compose::{Body, Segment};
use tieline_x12::sets::s867;
use tieline_x12::tree::Tree;

pub use cancellation::cancel_of;

use crate::account::{self, read_service_point, write_service_point};
use crate::branch::{Rows, loop_left_over};
use crate::common::{read_events, read_references, write_events, write_references, write_stamp};
use crate::error::MappingError;
use crate::figure::Figure;
use crate::given::Given;
use crate::options::Options;
use crate::party;
use crate::sink::{self, Sink};

/// Reads what one 867 says was used. `set` is a whole set, as `Document::sets` gives it.
///
/// Segments without a place in the set's table are left out: the check has reported them.
///
/// # Errors
///
/// [`MappingError`] if it is another set, if a value is not what the standard lets it be, or if the
/// options do not know a zone code. A set in which the check found no error fails only for what the
/// options can mend.
pub fn read(set: Tree<'_>, options: &Options) -> Result<UsageReport, MappingError> {
    if set.plan().is_none() || set.element(1) != b"867" {
        return Err(MappingError::NotThisSet { expected: "867" });
    }
    let given = Given::of(set, &["N1", "PTD"])?;
    let missing = |what| MappingError::Missing { at: given.position(), what };
    let bpt = given.all("BPT").next().ok_or_else(|| missing("BPT"))?;
    let purpose = options.common.purposes.read(bpt.value(1).unwrap_or_default(), Purpose::Other);
    let date = bpt.date(3)?.ok_or_else(|| missing("BPT03, the date of the report,"))?;

    let mut report = UsageReport::new(purpose, bpt.text(2), date);
    report.kind = bpt.value(4).map(|code| options.usage.kinds.read(code, UsageKind::Other));
    report.action = bpt.value(7).map(|code| options.usage.actions.read(code, UsageAction::Other));
    report.time = bpt.clock(8)?;
    report.answers = bpt.text(9);
    report.due = given.find("DTM", &options.usage.due).map(Given::stamp).transpose()?.flatten();
    report.events = read_events(&given, options)?;
    report.service_point = read_service_point(&given, &options.common);
    report.references = read_references(&given, options);
    report.participation =
        participation(&given, options).map(|mea| mea.decimal(3)).transpose()?.flatten();
    report.stated_count = given.all("CTT").next().map(|ctt| ctt.decimal(1)).transpose()?.flatten();

    let named: Vec<Tree<'_>> = set.all("N1").filter(Tree::is_placed).collect();
    let place = options.usage.account_in;
    let roles = named.iter().map(|n1| std::str::from_utf8(n1.element(1)).unwrap_or_default());
    let holder = account::holder(roles.map(|code| options.common.parties.meaning(code)), place);
    for (n, n1) in named.into_iter().enumerate() {
        let given = Given::of(n1, &[])?;
        if holder == Some(n) {
            read_account(&given, &mut report, options);
        }
        let numbers = if holder == Some(n) { numbers(&report) } else { account::NONE };
        let party = party::read(&given, numbers, options)?;
        report.parties.push(party);
    }
    if holder.is_none() {
        read_account(&given, &mut report, options);
    }
    for ptd in set.all("PTD").filter(Tree::is_placed) {
        report.sections.push(section::read(ptd, options)?);
    }
    let with_account = holder.is_none();
    report.residue =
        loop_left_over(&given, &mut |out| write_heading(&report, with_account, options, out))?;
    Ok(report)
}

/// Writes a usage report as the segments of an 867 between `ST` and `SE`.
///
/// # Errors
///
/// [`MappingError`] if the options have no code for a meaning, or the 867 no place for something.
pub fn write(report: &UsageReport, options: &Options) -> Result<Vec<Segment>, MappingError> {
    sink::segments(&report.residue, rows(), &mut |out| say(report, options, out))
}

/// Adds the same segments to a body in the writing, without a value of its own for each.
///
/// # Errors
///
/// Those of [`write()`], and [`MappingError::Compose`] for a value that holds a separator.
pub fn compose(
    report: &UsageReport,
    options: &Options,
    body: &mut Body,
) -> Result<(), MappingError> {
    sink::compose(&report.residue, rows(), body, &mut |out| say(report, options, out))
}

fn say(report: &UsageReport, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    if !report.notes.is_empty() {
        let advice = "send it another way or leave it out";
        return Err(MappingError::NoPlace { what: "a note", advice });
    }
    let rows = rows();
    let roles = report.parties.iter().map(|party| Some(party.role.meaning));
    let holder = account::holder(roles, options.usage.account_in);
    write_heading(report, holder.is_none(), options, out)?;
    for (n, party) in report.parties.iter().enumerate() {
        let numbers = if holder == Some(n) { numbers(report) } else { account::NONE };
        party::write(party, numbers, options, rows.within("N1"), out)?;
    }
    let rows = rows.within("PTD");
    report.sections.iter().try_for_each(|section| section::write(section, options, rows, out))
}

/// What the report says but for its parties and sections.
fn write_heading(
    report: &UsageReport,
    with_account: bool,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let kind = report.kind.as_ref();
    let kind = kind.map(|it| options.usage.kinds.write(it, Some(UsageKind::Other), "kinds"));
    let action = report.action.as_ref();
    let action =
        action.map(|it| options.usage.actions.write(it, Some(UsageAction::Other), "actions"));
    let purposes = &options.common.purposes;
    out.segment(
        "BPT",
        &[
            Some(purposes.write(&report.purpose, Some(Purpose::Other), "purposes")?),
            report.number.as_deref(),
            Some(&Figure::date(report.date)),
            kind.transpose()?,
            None,
            None,
            action.transpose()?,
            report.time.as_ref().map(|time| time.as_str()),
            report.answers.as_deref(),
        ],
    )?;
    if let Some(due) = &report.due {
        write_stamp(&options.usage.due, due, out)?;
    }
    write_events(&report.events, options, out)?;
    if with_account {
        account::write(numbers(report), &options.common, out)?;
    }
    if let Some(point) = &report.service_point {
        write_service_point(point, &options.common, out)?;
    }
    write_references(&report.references, options, out)?;
    if let Some(it) = Figure::number(&report.participation) {
        out.segment("MEA", &[None, Some(&options.usage.participation), Some(&it)])?;
    }
    match Figure::number(&report.stated_count) {
        Some(count) => out.segment("CTT", &[Some(&count)]),
        None => Ok(()),
    }
}

/// The rows of the set. Release 005010 has those of 004010 in the same order, and some more.
fn rows() -> Rows {
    Rows::of(&s867::V005010)
}

fn read_account(given: &Given<'_>, report: &mut UsageReport, options: &Options) {
    [report.account, report.former_account, report.supplier_account] =
        account::read(given, &options.common);
}

fn numbers(report: &UsageReport) -> account::Numbers<'_> {
    [&report.account, &report.former_account, &report.supplier_account].map(Option::as_ref)
}

fn participation<'g, 't>(given: &'g Given<'t>, options: &Options) -> Option<&'g Given<'t>> {
    given.all("MEA").find(|mea| mea.value(2) == Some(&options.usage.participation))
}
