//! 867: Product Transfer and Resale Report, read into a usage report and written from it.
//!
//! A `PTD` loop is a section, a `QTY` loop in it a quantity or, in a section whose meter type names
//! an interval length, a point of a series. The sender's figures are taken as they are: nothing is
//! summed, multiplied or filled in here.

mod quantity;

mod section;

mod series;

use tieline_model::common::{PartyRole, Purpose};
use tieline_model::decimal::Decimal;
use tieline_model::identifier::{AccountNumber, ServicePointId};
use tieline_model::usage::{UsageAction, UsageKind, UsageReport};
use tieline_x12::compose::Segment;
use tieline_x12::sets::s867;
use tieline_x12::tree::Tree;

use crate::branch::{Branch, Rows, children_left, lay, segment};
use crate::common::{read_events, read_references, write_events, write_references, write_stamp};
use crate::error::MappingError;
use crate::given::Given;
use crate::options::{AccountPlace, Options};
use crate::party;
use crate::stamp::written;

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
    report.service_point = read_service_point(&given, options);
    report.references = read_references(&given, options);
    report.participation =
        participation(&given, options).map(|mea| mea.decimal(3)).transpose()?.flatten();
    report.stated_count = given.all("CTT").next().map(|ctt| ctt.decimal(1)).transpose()?.flatten();

    let named: Vec<Tree<'_>> = set.all("N1").filter(Tree::is_placed).collect();
    let roles = named.iter().map(|n1| std::str::from_utf8(n1.element(1)).unwrap_or_default());
    let holder = holder(roles.map(|code| options.common.parties.meaning(code)), options);
    for (n, n1) in named.into_iter().enumerate() {
        let given = Given::of(n1, &[])?;
        let account = match holder == Some(n) {
            true => read_account(&given, &mut report, options),
            false => Vec::new(),
        };
        report.parties.push(party::read(&given, account, options)?);
    }
    if holder.is_none() {
        read_account(&given, &mut report, options);
    }
    for ptd in set.all("PTD").filter(Tree::is_placed) {
        report.sections.push(section::read(ptd, options)?);
    }
    let heading = write_heading(&report, holder.is_none(), options)?;
    let mut residue = std::mem::take(&mut report.residue);
    children_left(&given, &heading, &[], &mut residue)?;
    report.residue = residue;
    Ok(report)
}

/// Writes a usage report as the segments of an 867 between `ST` and `SE`.
///
/// # Errors
///
/// [`MappingError`] if the options have no code for a meaning, or the 867 no place for something.
pub fn write(report: &UsageReport, options: &Options) -> Result<Vec<Segment>, MappingError> {
    if !report.notes.is_empty() {
        let advice = "send it another way or leave it out";
        return Err(MappingError::NoPlace { what: "a note", advice });
    }
    let rows = rows();
    let roles = report.parties.iter().map(|party| Some(party.role.meaning));
    let holder = holder(roles, options);
    let mut body = write_heading(report, holder.is_none(), options)?;
    for (n, party) in report.parties.iter().enumerate() {
        let account = match holder == Some(n) {
            true => write_account(report, options),
            false => Vec::new(),
        };
        body.push(party::write(party, account, options, &rows.within("N1"))?);
    }
    for section in &report.sections {
        body.push(section::write(section, options, &rows.within("PTD"))?);
    }
    let mut segments = Vec::new();
    for branch in lay(body, &report.residue, &[], &rows) {
        branch.flatten(&mut segments);
    }
    Ok(segments)
}

/// What the report says but for its parties and sections.
fn write_heading(
    report: &UsageReport,
    with_account: bool,
    options: &Options,
) -> Result<Vec<Branch>, MappingError> {
    let kind = report.kind.as_ref();
    let kind = kind.map(|it| options.usage.kinds.write(it, Some(UsageKind::Other), "kinds"));
    let action = report.action.as_ref();
    let action =
        action.map(|it| options.usage.actions.write(it, Some(UsageAction::Other), "actions"));
    let mut body = vec![segment(
        "BPT",
        [
            Some(options.common.purposes.write(
                &report.purpose,
                Some(Purpose::Other),
                "purposes",
            )?),
            report.number.as_deref(),
            Some(&written(report.date)),
            kind.transpose()?,
            None,
            None,
            action.transpose()?,
            report.time.as_ref().map(|time| time.as_str()),
            report.answers.as_deref(),
        ],
    )];
    body.extend(report.due.iter().map(|due| write_stamp(&options.usage.due, due)));
    body.extend(write_events(&report.events, options)?);
    if with_account {
        body.extend(write_account(report, options));
    }
    body.extend(report.service_point.iter().map(|it| write_service_point(it, options)));
    body.extend(write_references(&report.references, options)?);
    let participation = report.participation.as_ref().map(Decimal::to_string);
    body.extend(
        participation
            .map(|it| segment("MEA", [None, Some(&options.usage.participation), Some(&it)])),
    );
    let count = report.stated_count.as_ref().map(Decimal::to_string);
    body.extend(count.map(|it| segment("CTT", [Some(&it)])));
    Ok(body.into_iter().map(Branch::from).collect())
}

/// The rows of the set. Release 005010 has those of 004010 in the same order, and some more.
fn rows() -> Rows {
    Rows::new(s867::V005010.rows())
}

/// The party in whose loop the account's numbers stand, by its place.
fn holder(roles: impl Iterator<Item = Option<PartyRole>>, options: &Options) -> Option<usize> {
    let wanted = match options.usage.account_in {
        AccountPlace::Customer => PartyRole::Customer,
        AccountPlace::Utility => PartyRole::Utility,
        AccountPlace::Heading => return None,
    };
    roles.into_iter().position(|role| role == Some(wanted))
}

/// Reads the account's numbers, and gives back the segments they will be written as.
fn read_account(given: &Given<'_>, report: &mut UsageReport, options: &Options) -> Vec<Segment> {
    let number = |qualifier: &str| {
        let value = given.find("REF", qualifier)?.text(2)?;
        AccountNumber::new(value).ok()
    };
    report.account = number(&options.common.account);
    report.former_account = number(&options.common.former_account);
    report.supplier_account = number(&options.common.supplier_account);
    write_account(report, options)
}

fn write_account(report: &UsageReport, options: &Options) -> Vec<Segment> {
    [
        (&options.common.account, &report.account),
        (&options.common.former_account, &report.former_account),
        (&options.common.supplier_account, &report.supplier_account),
    ]
    .iter()
    .filter_map(|(code, number)| {
        Some(segment("REF", [Some(code.as_str()), Some(number.as_ref()?.as_str())]))
    })
    .collect()
}

fn participation<'g, 't>(given: &'g Given<'t>, options: &Options) -> Option<&'g Given<'t>> {
    given.all("MEA").find(|mea| mea.value(2) == Some(&options.usage.participation))
}

fn read_service_point(given: &Given<'_>, options: &Options) -> Option<ServicePointId> {
    let reference = given.find("REF", &options.common.service_point)?;
    let element = usize::from(options.common.service_point_element.max(2));
    ServicePointId::new(reference.text(element)?).ok()
}

fn write_service_point(point: &ServicePointId, options: &Options) -> Segment {
    let mut written = segment("REF", [Some(&options.common.service_point)]);
    for _ in 2..options.common.service_point_element {
        written = written.with("");
    }
    written.with(point.as_str())
}
