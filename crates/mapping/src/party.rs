//! A party: one `N1` loop.

use tieline_model::common::{
    Address, Contact, ContactKind, ContactNumber, Party, PartyId, PartyIdKind, PartyRole,
    ReferenceKind,
};
use tieline_x12::compose::Segment;

use crate::branch::{Branch, Rows, left_over, segment};
use crate::code_map::Codes;
use crate::common::{read_references_by, write_references_by};
use crate::error::MappingError;
use crate::given::Given;
use crate::options::Options;

/// Reads a party; `account` are the segments of its loop that fields of the report mean.
pub(crate) fn read(
    given: &Given<'_>,
    account: Vec<Segment>,
    options: &Options,
) -> Result<Party, MappingError> {
    read_by(given, account, Codes::common(&options.common.references), options)
}

/// Reads a party whose references have these codes.
pub(crate) fn read_by(
    given: &Given<'_>,
    account: Vec<Segment>,
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
    let (opener, children) = parts(&party, account, references, options)?;
    left_over(given, &opener, &children, &mut party.residue)?;
    Ok(party)
}

/// Writes a party, the segments `account` before its other references.
pub(crate) fn write(
    party: &Party,
    account: Vec<Segment>,
    options: &Options,
    rows: &Rows,
) -> Result<Branch, MappingError> {
    write_by(party, account, Codes::common(&options.common.references), options, rows)
}

pub(crate) fn write_by(
    party: &Party,
    account: Vec<Segment>,
    references: Codes<'_, ReferenceKind>,
    options: &Options,
    rows: &Rows,
) -> Result<Branch, MappingError> {
    let (opener, children) = parts(party, account, references, options)?;
    Ok(Branch::record(opener, children, &party.residue, rows))
}

fn parts(
    party: &Party,
    account: Vec<Segment>,
    references: Codes<'_, ReferenceKind>,
    options: &Options,
) -> Result<(Segment, Vec<Branch>), MappingError> {
    let id = party.id.as_ref();
    let kind = id
        .map(|id| options.common.party_ids.write(&id.kind, Some(PartyIdKind::Other), "party_ids"));
    let opener = segment(
        "N1",
        [
            Some(options.common.parties.write(&party.role, Some(PartyRole::Other), "parties")?),
            party.name.as_deref(),
            kind.transpose()?,
            id.map(|id| id.id.as_str()),
        ],
    );
    let mut loop_ = write_lines("N2", &party.more_names);
    if let Some(address) = &party.address {
        loop_.extend(write_lines("N3", &address.lines));
        let Address { city, state, postal_code, country, .. } = address;
        let place = [city, state, postal_code, country].map(|text| text.as_deref());
        if place.iter().any(Option::is_some) {
            loop_.push(segment("N4", place));
        }
    }
    loop_.extend(account);
    loop_.extend(write_references_by(&party.references, references)?);
    for contact in &party.contacts {
        loop_.push(write_contact(contact, options)?);
    }
    Ok((opener, loop_.into_iter().map(Branch::from).collect()))
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

fn write_lines(id: &str, lines: &[String]) -> Vec<Segment> {
    let pair = |pair: &[String]| {
        segment(id, [pair.first().map(String::as_str), pair.get(1).map(String::as_str)])
    };
    lines.chunks(2).map(pair).collect()
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

fn read_contact(per: &Given<'_>, options: &Options) -> Option<Contact> {
    let mut numbers = Vec::new();
    for n in [3, 5, 7] {
        let (Some(kind), Some(number)) = (per.value(n), per.text(n + 1)) else { break };
        let kind = options.common.contacts.read(kind, ContactKind::Other);
        numbers.push(ContactNumber { kind, number });
    }
    Some(Contact { function: per.text(1)?, name: per.text(2), numbers })
}

fn write_contact(contact: &Contact, options: &Options) -> Result<Segment, MappingError> {
    let mut elements = [Some(contact.function.as_str()), contact.name.as_deref()].to_vec();
    for ContactNumber { kind, number } in &contact.numbers {
        let kind = options.common.contacts.write(kind, Some(ContactKind::Other), "contacts")?;
        elements.extend([Some(kind), Some(number.as_str())]);
    }
    elements.resize(elements.len().max(8), None);
    match elements.as_slice().try_into() {
        Ok(eight) => Ok(segment::<8>("PER", eight)),
        Err(_) => Err(MappingError::NoPlace {
            what: "a fourth number of a contact",
            advice: "give the contact twice",
        }),
    }
}
