//! Options of an 814.

use serde::{Deserialize, Serialize};
use tieline_model::authorization::DataKind;
use tieline_model::common::EventKind;
use tieline_model::request::{RequestAction, RequestChange, RequestPurpose, ServiceKind};

use crate::code_map::CodeMap;

/// One partner's codes and habits in an 814.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnrollmentOptions {
    /// `BGN01`.
    pub purposes: CodeMap<RequestPurpose>,
    /// `LIN03`, `LIN05` and so on.
    pub services: CodeMap<ServiceKind>,
    /// `ASI01`.
    pub actions: CodeMap<RequestAction>,
    /// `ASI02`.
    pub changes: CodeMap<RequestChange>,
    /// `DTM01`. The common `events` are asked after it.
    pub events: CodeMap<EventKind>,
    /// `NM102` of a meter.
    pub meter_entity: String,
    /// `NM108` before the number of a meter in `NM109`.
    pub meter_number: String,
    /// Which data a customer releases who authorizes a service. What is not named here releases
    /// nothing.
    pub released: Vec<ReleasedData>,
}

/// The data that a service needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleasedData {
    /// The service.
    pub service: ServiceKind,
    /// The data.
    pub data: Vec<DataKind>,
}

impl Default for EnrollmentOptions {
    fn default() -> EnrollmentOptions {
        EnrollmentOptions {
            purposes: CodeMap::of(&[
                (RequestPurpose::Request, &["13"]),
                (RequestPurpose::Response, &["11"]),
                (RequestPurpose::Confirmation, &["06"]),
            ]),
            services: CodeMap::of(&[
                (ServiceKind::Electric, &["EL"]),
                (ServiceKind::Supply, &["CE"]),
                (ServiceKind::HistoricalUsage, &["HU"]),
                (ServiceKind::HistoricalIntervals, &["HI"]),
            ]),
            actions: CodeMap::of(&[
                (RequestAction::Request, &["7"]),
                (RequestAction::Accept, &["WQ"]),
                (RequestAction::Reject, &["U"]),
                (RequestAction::Final, &["F"]),
            ]),
            changes: CodeMap::of(&[
                (RequestChange::Add, &["021"]),
                (RequestChange::Drop, &["024"]),
                (RequestChange::Change, &["001"]),
                (RequestChange::Reinstate, &["025"]),
                (RequestChange::Inquire, &["029"]),
            ]),
            events: CodeMap::of(&[
                (EventKind::Start, &["092"]),
                (EventKind::End, &["093"]),
                (EventKind::Effective, &["007", "152"]),
            ]),
            meter_entity: "3".into(),
            meter_number: "93".into(),
            released: [
                (ServiceKind::HistoricalUsage, DataKind::Usage),
                (ServiceKind::HistoricalIntervals, DataKind::Intervals),
                (ServiceKind::Usage, DataKind::Usage),
                (ServiceKind::Bills, DataKind::Bills),
            ]
            .map(|(service, data)| ReleasedData { service, data: vec![data] })
            .into(),
        }
    }
}
