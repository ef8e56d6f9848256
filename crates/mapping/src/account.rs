//! The numbers of an account and of a service point: `REF` in the loop of a party or in the heading.

use tieline_model::common::PartyRole;
use tieline_model::identifier::{AccountNumber, ServicePointId};

use crate::common::write_number;
use crate::error::MappingError;
use crate::given::Given;
use crate::options::{AccountPlace, CommonOptions};
use crate::sink::Sink;

/// The account's number, the one it had before, and the one a supplier keeps it under.
pub(crate) type Numbers<'n> = [Option<&'n AccountNumber>; 3];

/// No such numbers.
pub(crate) const NONE: Numbers<'static> = [None; 3];

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

pub(crate) fn read(given: &Given<'_>, options: &CommonOptions) -> [Option<AccountNumber>; 3] {
    qualifiers(options).map(|qualifier| {
        let value = given.find("REF", qualifier)?.text(2)?;
        AccountNumber::new(value).ok()
    })
}

pub(crate) fn write(
    numbers: Numbers<'_>,
    options: &CommonOptions,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let mut both = qualifiers(options).into_iter().zip(numbers);
    both.try_for_each(|(qualifier, number)| {
        write_number(qualifier, number.map(AccountNumber::as_str), out)
    })
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

pub(crate) fn write_service_point(
    point: &ServicePointId,
    options: &CommonOptions,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let number = usize::from(options.service_point_element.max(2));
    let mut elements = vec![None; number];
    elements[0] = Some(options.service_point.as_str());
    elements[number - 1] = Some(point.as_str());
    out.segment("REF", &elements)
}
