//! 810: Invoice, read into a bill and written from it.
//!
//! An `IT1` loop is a group of charges, a `SAC` in it or in one of its `SLN` a charge. The sender's
//! figures are taken as they are: nothing is summed here. `TDS`, `SAC05` and `ITD08` have two decimals
//! without a point; all other amounts have their point.

mod cancellation;

mod charge;

mod group;

mod heading;

mod subline;

mod tax;

use tieline_model::bill::Bill;
use tieline_x12::compose::{Body, Segment};
use tieline_x12::sets::s810;
use tieline_x12::tree::Tree;

pub use cancellation::cancel_of;

use crate::account;
use crate::branch::{Rows, loop_left_over};
use crate::error::MappingError;
use crate::given::Given;
use crate::options::Options;
use crate::party;
use crate::sink::{self, Sink};

/// Reads what one 810 says is owed. `set` is a whole set, as `Document::sets` gives it.
///
/// Segments without a place in the set's table are left out: the check has reported them.
///
/// # Errors
///
/// [`MappingError`] if it is another set, if the bill has no number, date or total, if a value is not
/// what the standard lets it be, or if the options do not know whether a charge adds or takes off. A
/// set in which the check found no error fails only for what the options can mend.
pub fn read(set: Tree<'_>, options: &Options) -> Result<Bill, MappingError> {
    if set.plan().is_none() || set.element(1) != b"810" {
        return Err(MappingError::NotThisSet { expected: "810" });
    }
    let given = Given::of(set, &["N1", "IT1", "SAC"])?;
    let mut bill = heading::read(&given, options)?;
    let place = options.invoice.account_in;
    let named: Vec<Tree<'_>> = set.all("N1").filter(Tree::is_placed).collect();
    let roles = named.iter().map(|n1| std::str::from_utf8(n1.element(1)).unwrap_or_default());
    let holder = account::holder(roles.map(|code| options.common.parties.meaning(code)), place);
    for (n, n1) in named.into_iter().enumerate() {
        let given = Given::of(n1, &[])?;
        if holder == Some(n) {
            heading::read_account(&given, &mut bill, options);
        }
        let numbers = if holder == Some(n) { heading::numbers(&bill) } else { account::NONE };
        let party = party::read(&given, numbers, options)?;
        bill.parties.push(party);
    }
    if holder.is_none() {
        heading::read_account(&given, &mut bill, options);
    }
    for it1 in set.all("IT1").filter(Tree::is_placed) {
        bill.groups.push(group::read(it1, options)?);
    }
    for sac in set.all("SAC").filter(Tree::is_placed) {
        bill.charges.push(charge::read(sac, options)?);
    }
    let with_account = holder.is_none();
    bill.residue =
        loop_left_over(&given, &mut |out| heading::write(&bill, with_account, options, out))?;
    Ok(bill)
}

/// Writes a bill as the segments of an 810 between `ST` and `SE`.
///
/// Release 004010 lets 25 charges stand in a group directly; `BillGroup::wrap_charges` makes room for
/// more. All are written where they stand.
///
/// # Errors
///
/// [`MappingError`] if the options have no code for a meaning, or the 810 no place for something.
pub fn write(bill: &Bill, options: &Options) -> Result<Vec<Segment>, MappingError> {
    sink::segments(&bill.residue, rows(), &mut |out| say(bill, options, out))
}

/// Adds the same segments to a body in the writing, without a value of its own for each.
///
/// # Errors
///
/// Those of [`write()`], and [`MappingError::Compose`] for a value that holds a separator.
pub fn compose(bill: &Bill, options: &Options, body: &mut Body) -> Result<(), MappingError> {
    sink::compose(&bill.residue, rows(), body, &mut |out| say(bill, options, out))
}

fn say(bill: &Bill, options: &Options, out: &mut dyn Sink) -> Result<(), MappingError> {
    let rows = rows();
    let roles = bill.parties.iter().map(|party| Some(party.role.meaning));
    let holder = account::holder(roles, options.invoice.account_in);
    heading::write(bill, holder.is_none(), options, out)?;
    for (n, party) in bill.parties.iter().enumerate() {
        let numbers = if holder == Some(n) { heading::numbers(bill) } else { account::NONE };
        party::write(party, numbers, options, rows.within("N1"), out)?;
    }
    for group in &bill.groups {
        group::write(group, options, rows.within("IT1"), out)?;
    }
    let rows = rows.within("SAC");
    bill.charges.iter().try_for_each(|one| charge::write(one, options, rows, out))
}

/// The rows of the set. Release 005010 has those of 004010 in the same order, and some more.
fn rows() -> Rows {
    Rows::of(&s810::V005010)
}
