//! The authorization that an item of an 814 tells of.

use tieline_model::authorization::{Authorization, AuthorizationRecord, DataKind};
use tieline_model::common::{EventKind, PartyRole, ReferenceKind, party, reference};
use tieline_model::period::Period;
use tieline_model::request::{RequestAction, RequestChange, RequestItem, ServiceRequest};
use tieline_model::time::Date;

use crate::options::Options;

/// What the customer authorized, as one item of a request or of its answer says it.
///
/// The grantee is the number of the agent, or else of the supplier, that the document names; whoever
/// calls knows which partner that is. The day of signature stands in no 814: the day on which the
/// document was made is taken, which is never too early. Each item has a scope of its own, and items
/// are not put together, because one may be about a meter and another about the whole account.
///
/// `None` if it is refused or takes something back, or if the number, the grantee, the account, one
/// of both dates or the data is missing. Which data a service releases is in the options.
pub fn authorization(
    request: &ServiceRequest,
    item: &RequestItem,
    options: &Options,
) -> Option<Authorization> {
    let is_refused = item.action.as_ref().is_some_and(|it| it.meaning == RequestAction::Reject);
    let is_taken_back = item.change.as_ref().is_some_and(|it| it.meaning == RequestChange::Drop);
    if is_refused || is_taken_back {
        return None;
    }
    let grantee = party(&request.parties, PartyRole::Agent)
        .or_else(|| party(&request.parties, PartyRole::Supplier))?;
    let own = item.meter.iter().cloned();
    Authorization::new(AuthorizationRecord {
        id: reference(&item.references, ReferenceKind::Authorization)?.to_string(),
        grantee: grantee.id.as_ref()?.id.clone(),
        accounts: item.account.iter().cloned().collect(),
        meters: own.chain(item.meters.iter().filter_map(|it| it.meter.clone())).collect(),
        data: data(item, options),
        duration: Period::new(day(item, EventKind::Start)?, day(item, EventKind::End)?).ok()?,
        history_from: None,
        signed: request.made.date,
        evidence: None,
        revoked: None,
    })
    .ok()
}

/// The data that the services of an item release, each kind once.
fn data(item: &RequestItem, options: &Options) -> Vec<DataKind> {
    let services = item.services.iter().map(|service| service.kind.meaning);
    let mut data: Vec<DataKind> = services
        .flat_map(|kind| options.enrollment.released.iter().filter(move |it| it.service == kind))
        .flat_map(|released| released.data.iter().copied())
        .collect();
    data.sort();
    data.dedup();
    data
}

fn day(item: &RequestItem, kind: EventKind) -> Option<Date> {
    item.events.iter().find(|event| event.kind.meaning == kind).map(|event| event.stamp.date)
}
