//! The numbers of an account and of a service point: `REF` in the loop of a party or in the heading.

use tieline_model::common::PartyRole;
use tieline_model::identifier::{AccountNumber, ServicePointId};
use tieline_x12::compose::Segment;

use crate::branch::segment;
use crate::given::Given;
use crate::options::{AccountPlace, CommonOptions};

/// The account's number, the one it had before, and the one a supplier keeps it under.
pub(crate) type Numbers = [Option<AccountNumber>; 3];

/// The party in whose loop the account's numbers stand, by its place.
pub(crate) fn holder(
    mut roles: impl Iterator<Item = Option<PartyRole>>,
    place: AccountPlace,
) -> Option<usize> {
    let wanted = match place {
        AccountPlace::Customer => PartyRole::Customer,
        AccountPlace::Utility => PartyRole::Utility,
        AccountPlace::Heading => return None,
    };
    roles.position(|role| role == Some(wanted))
}

pub(crate) fn read(given: &Given<'_>, options: &CommonOptions) -> Numbers {
    qualifiers(options).map(|qualifier| {
        let value = given.find("REF", qualifier)?.text(2)?;
        AccountNumber::new(value).ok()
    })
}

pub(crate) fn write(numbers: [&Option<AccountNumber>; 3], options: &CommonOptions) -> Vec<Segment> {
    let both = qualifiers(options).into_iter().zip(numbers);
    let written = both.filter_map(|(qualifier, number)| {
        Some(segment("REF", [Some(qualifier), Some(number.as_ref()?.as_str())]))
    });
    written.collect()
}

fn qualifiers(options: &CommonOptions) -> [&str; 3] {
    [&options.account, &options.former_account, &options.supplier_account].map(String::as_str)
}

pub(crate) fn read_service_point(
    given: &Given<'_>,
    options: &CommonOptions,
) -> Option<ServicePointId> {
    let reference = given.find("REF", &options.service_point)?;
    let element = usize::from(options.service_point_element.max(2));
    ServicePointId::new(reference.text(element)?).ok()
}

pub(crate) fn write_service_point(point: &ServicePointId, options: &CommonOptions) -> Segment {
    let mut written = segment("REF", [Some(&options.service_point)]);
    for _ in 2..options.service_point_element {
        written = written.with("");
    }
    written.with(point.as_str())
}
