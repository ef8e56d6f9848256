//! What goes to a third party of a usage document without the customer's word for more: no name, no
//! address, no rate and no text for people.
//!
//! An authorization names kinds of data. Who may see usage does not see by that who the customer is. A
//! meter stays, because readings mean nothing without it. A bill says of itself whom it bills, so what is
//! authorized as bills goes as it is.

use tieline_model::common::{Party, PartyRole, Reference, ReferenceKind};
use tieline_model::record::Record;
use tieline_model::residue::Residue;

/// Takes out of a usage document what only an authorization of `account_details` lets be seen.
pub(crate) fn withhold_details(record: &mut Record) {
    let Record::UsageReport(report) = record else { return };
    report.notes.clear();
    report.residue = Residue::default();
    report.parties.retain(is_not_theirs);
    report.references.retain(is_no_rate);
    for section in &mut report.sections {
        section.parties.retain(is_not_theirs);
        section.references.retain(is_no_rate);
        section.residue = Residue::default();
    }
}

/// Whether a party is of the trade and not the customer's own.
fn is_not_theirs(party: &Party) -> bool {
    use PartyRole::{Agent, ClearingHouse, RenewableProvider, Supplier, Utility};
    matches!(party.role.meaning, Utility | Supplier | Agent | RenewableProvider | ClearingHouse)
}

fn is_no_rate(reference: &Reference) -> bool {
    !matches!(reference.kind.meaning, ReferenceKind::Rate | ReferenceKind::RateSubclass)
}
