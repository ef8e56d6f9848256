//! Who a record is between: parties for records of formats that name nobody.

use tieline_model::coded::Coded;
use tieline_model::common::{Party, PartyId, PartyIdKind, PartyRole};
use tieline_model::record::Record;

use crate::options::{Options, SideRoles};

/// One side of trading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side<'s> {
    /// Its name.
    pub name: &'s str,
    /// The qualifier of its interchange id: `01` for a DUNS number, `14` for one with a suffix.
    pub qualifier: &'s str,
    /// Its interchange id.
    pub id: &'s str,
}

/// Names both sides, in capitals as documents have them, each in the role the options give it, and the customer if that is a third.
///
/// A role that the record has already is left as it is. Requests and advices are left alone: who
/// they are between is what they say.
pub fn name_parties(
    record: &mut Record,
    us: Side<'_>,
    them: Side<'_>,
    customer: Option<&str>,
    options: &Options,
) {
    let (parties, roles) = match record {
        Record::UsageReport(report) => (&mut report.parties, options.usage.sides),
        Record::Bill(bill) => (&mut bill.parties, options.invoice.sides),
        Record::Payment(payment) => (&mut payment.parties, options.remittance.sides),
        _ => return,
    };
    let SideRoles { us: ours, them: theirs } = roles;
    let mut add = |party: Party| {
        if !parties.iter().any(|known| known.role.meaning == party.role.meaning) {
            parties.push(party);
        }
    };
    let customer = customer.map(|name| Party::new(role(PartyRole::Customer), Some(name.into())));
    add(party(ours, us));
    if theirs != PartyRole::Customer || customer.is_none() {
        add(party(theirs, them));
    }
    customer.into_iter().for_each(add);
}

/// Both sides of a set, e.g. `867`, as a document names them that answers one.
pub fn parties(set: &str, us: Side<'_>, them: Side<'_>, options: &Options) -> Vec<Party> {
    let roles = match set {
        "810" => options.invoice.sides,
        "820" => options.remittance.sides,
        _ => options.usage.sides,
    };
    vec![party(roles.us, us), party(roles.them, them)]
}

fn role(role: PartyRole) -> Coded<PartyRole> {
    Coded::new(role)
}

fn party(meaning: PartyRole, side: Side<'_>) -> Party {
    let is_number = side.id.bytes().all(|b| b.is_ascii_digit());
    let kind = match (side.qualifier, side.id.len()) {
        ("01", 9) => Some(PartyIdKind::Duns),
        ("01" | "14", 10..=13) => Some(PartyIdKind::DunsPlus4),
        _ => None,
    };
    let id = kind
        .filter(|_| is_number)
        .map(|kind| PartyId { kind: Coded::new(kind), id: side.id.to_string() });
    Party { id, ..Party::new(role(meaning), Some(side.name.to_uppercase())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tieline_model::common::Purpose;
    use tieline_model::time::date;
    use tieline_model::usage::UsageReport;

    const US: Side<'_> = Side { name: "PRAIRIE RIVERS", qualifier: "01", id: "0055500010000" };
    const THEM: Side<'_> = Side { name: "DATA SERVICES", qualifier: "ZZ", id: "DATA" };

    fn named(report: UsageReport, customer: Option<&str>, options: &Options) -> Vec<String> {
        let mut record = Record::UsageReport(report.into());
        name_parties(&mut record, US, THEM, customer, options);
        let Record::UsageReport(report) = record else { panic!("it is a report still") };
        let shown = |party: Party| {
            let id = party.id.map(|id| id.id).unwrap_or_default();
            format!("{:?} {} {id}", party.role.meaning, party.name.unwrap_or_default())
        };
        report.parties.into_iter().map(shown).collect()
    }

    fn report() -> UsageReport {
        UsageReport::new(Purpose::Original.into(), None, date(2026, 5, 1))
    }

    #[test]
    fn both_sides_are_named_in_their_roles() {
        let mut options = Options::default();
        let ours = "Utility PRAIRIE RIVERS 0055500010000";
        assert_eq!(named(report(), None, &options), [ours, "Customer DATA SERVICES "]);
        assert_eq!(named(report(), Some("A FARM"), &options), [ours, "Customer A FARM "]);
        options.usage.sides.them = PartyRole::Supplier;
        let three = [ours, "Supplier DATA SERVICES ", "Customer A FARM "];
        assert_eq!(named(report(), Some("A FARM"), &options), three);
    }

    #[test]
    fn who_is_named_already_stays() {
        let mut report = report();
        report.parties = vec![Party::new(role(PartyRole::Utility), Some("ANOTHER".to_string()))];
        let found = named(report, None, &Options::default());
        assert_eq!(found, ["Utility ANOTHER ", "Customer DATA SERVICES "]);
    }
}
