//! A party: one `N1` loop.

use tieline_model::common::{
    Address, Contact, ContactKind, ContactNumber, Party, PartyId, PartyIdKind, PartyRole,
    ReferenceKind,
};

use crate::account::{self, Numbers};
use crate::branch::{Rows, left_over};
use crate::code_map::Codes;
use crate::common::{read_references_by, write_references_by};
use crate::error::MappingError;
use crate::given::Given;
use crate::options::Options;
use crate::sink::Sink;

/// Reads a party; `account` are the numbers in its loop that fields of the report mean.
pub(crate) fn read(
    given: &Given<'_>,
    account: Numbers<'_>,
    options: &Options,
) -> Result<Party, MappingError> {
    read_by(given, account, Codes::common(&options.common.references), options)
}

/// Reads a party whose references have these codes.
pub(crate) fn read_by(
    given: &Given<'_>,
    account: Numbers<'_>,
    references: Codes<'_, ReferenceKind>,
    options: &Options,
) -> Result<Party, MappingError> {
    let role = options.common.parties.read(given.value(1).unwrap_or_default(), PartyRole::Other);
    let mut party = Party::new(role, given.text(2));
    if let (Some(kind), Some(id)) = (given.value(3), given.text(4)) {
        party.id =
            Some(PartyId { kind: options.common.party_ids.read(kind, PartyIdKind::Other), id });
    }
    party.more_names = lines(given, "N2");
    party.address = read_address(given);
    party.references = read_references_by(given, references);
    party.contacts = given.all("PER").filter_map(|per| read_contact(per, options)).collect();
    party.at = given.ordinal();
    party.residue = left_over(given, &mut |out| say(&party, account, references, options, out))?;
    Ok(party)
}

/// Writes a party, the numbers `account` before its other references.
pub(crate) fn write(
    party: &Party,
    account: Numbers<'_>,
    options: &Options,
    rows: Rows,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let references = Codes::common(&options.common.references);
    write_by(party, account, references, options, rows, out)
}

pub(crate) fn write_by(
    party: &Party,
    account: Numbers<'_>,
    references: Codes<'_, ReferenceKind>,
    options: &Options,
    rows: Rows,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let say = &mut |out: &mut dyn Sink| say(party, account, references, options, out);
    out.record((&party.residue).into(), rows, say)
}

fn say(
    party: &Party,
    account: Numbers<'_>,
    references: Codes<'_, ReferenceKind>,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let id = party.id.as_ref();
    let kind = id
        .map(|id| options.common.party_ids.write(&id.kind, Some(PartyIdKind::Other), "party_ids"));
    out.segment(
        "N1",
        &[
            Some(options.common.parties.write(&party.role, Some(PartyRole::Other), "parties")?),
            party.name.as_deref(),
            kind.transpose()?,
            id.map(|id| id.id.as_str()),
        ],
    )?;
    write_lines("N2", &party.more_names, out)?;
    if let Some(address) = &party.address {
        write_lines("N3", &address.lines, out)?;
        let Address { city, state, postal_code, country, .. } = address;
        let place = [city, state, postal_code, country].map(|text| text.as_deref());
        if place.iter().any(Option::is_some) {
            out.segment("N4", &place)?;
        }
    }
    account::write(account, &options.common, out)?;
    write_references_by(&party.references, references, out)?;
    party.contacts.iter().try_for_each(|contact| write_contact(contact, options, out))
}

/// Names or lines, two in a segment; those behind a segment that is not full are left over.
fn lines(given: &Given<'_>, id: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for segment in given.all(id) {
        let Some(first) = segment.text(1) else { break };
        lines.push(first);
        let Some(second) = segment.text(2) else { break };
        lines.push(second);
    }
    lines
}

fn write_lines(id: &str, lines: &[String], out: &mut dyn Sink) -> Result<(), MappingError> {
    let pair = |pair: &[String]| {
        out.segment(id, &[pair.first().map(String::as_str), pair.get(1).map(String::as_str)])
    };
    lines.chunks(2).try_for_each(pair)
}

fn read_address(given: &Given<'_>) -> Option<Address> {
    let n4 = given.all("N4").next();
    let text = |n| n4.and_then(|n4| n4.text(n));
    let address = Address {
        lines: lines(given, "N3"),
        city: text(1),
        state: text(2),
        postal_code: text(3),
        country: text(4),
    };
    (address != Address::default()).then_some(address)
}

pub(crate) fn read_contact(per: &Given<'_>, options: &Options) -> Option<Contact> {
    let mut numbers = Vec::new();
    for n in [3, 5, 7] {
        let (Some(kind), Some(number)) = (per.value(n), per.text(n + 1)) else { break };
        let kind = options.common.contacts.read(kind, ContactKind::Other);
        numbers.push(ContactNumber { kind, number });
    }
    Some(Contact { function: per.text(1)?, name: per.text(2), numbers })
}

pub(crate) fn write_contact(
    contact: &Contact,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let mut elements = [None; 8];
    elements[0] = Some(contact.function.as_str());
    elements[1] = contact.name.as_deref();
    if contact.numbers.len() > 3 {
        return Err(MappingError::NoPlace {
            what: "a fourth number of a contact",
            advice: "give the contact twice",
        });
    }
    for (ContactNumber { kind, number }, two) in
        contact.numbers.iter().zip(elements[2..].chunks_exact_mut(2))
    {
        let kind = options.common.contacts.write(kind, Some(ContactKind::Other), "contacts")?;
        two.copy_from_slice(&[Some(kind), Some(number.as_str())]);
    }
    out.segment("PER", &elements)
}
