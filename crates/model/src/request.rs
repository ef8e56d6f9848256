//! A request for service or data, and the answer to one: one 814.

use serde::{Deserialize, Serialize};

use crate::coded::Coded;
use crate::common::{Event, Party, Reference, StatedAmount};
use crate::identifier::{AccountNumber, MeterNumber};
use crate::provenance::{Ordinal, Provenance};
use crate::residue::Residue;
use crate::stamp::Stamp;

/// What one document asks for, or answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ServiceRequest {
    /// Whether it asks or answers (`BGN01`).
    pub purpose: Coded<RequestPurpose>,
    /// The sender's number of it, unique for ever (`BGN02`).
    pub number: String,
    /// When it was made.
    pub made: Stamp,
    /// The number of the request that is answered (`BGN06`).
    pub answers: Option<String>,
    /// Whom it names.
    pub parties: Vec<Party>,
    /// What is asked for, in the order of the document.
    pub items: Vec<RequestItem>,
    /// The document it was read from.
    #[serde(default)]
    pub provenance: Provenance,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

/// Whether a document asks or answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RequestPurpose {
    /// It asks.
    Request,
    /// It answers.
    Response,
    /// It tells what was done.
    Confirmation,
    /// Something that only its raw code names.
    Other,
}

/// One thing that is asked for: one `LIN` loop.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestItem {
    /// Its number (`LIN01`).
    pub number: Option<String>,
    /// What is asked for, in the order of the document.
    pub services: Vec<RequestedService>,
    /// Whether it is asked for, accepted or refused (`ASI01`).
    pub action: Option<Coded<RequestAction>>,
    /// What is to happen (`ASI02`).
    pub change: Option<Coded<RequestChange>>,
    /// The account.
    pub account: Option<AccountNumber>,
    /// The number the account had before.
    pub former_account: Option<AccountNumber>,
    /// The number a supplier keeps it under.
    pub supplier_account: Option<AccountNumber>,
    /// The meter.
    pub meter: Option<MeterNumber>,
    /// Numbers that are not fields: the authorization, why it is refused …
    pub references: Vec<Reference>,
    /// From when until when.
    pub events: Vec<Event>,
    /// Amounts.
    pub amounts: Vec<StatedAmount>,
    /// The meters, where they are told one by one.
    pub meters: Vec<RequestedMeter>,
    /// Where it was read.
    #[serde(default)]
    pub at: Ordinal,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

/// What is asked for, with whose code it is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestedService {
    /// Whose list the code is from, by the raw code of the document, e.g. `SH`.
    pub qualifier: String,
    /// What is asked for.
    pub kind: Coded<ServiceKind>,
}

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ServiceKind {
    /// Electric service.
    Electric,
    /// Supply of energy by the sender.
    Supply,
    /// Past usage, in totals.
    HistoricalUsage,
    /// Past usage, in intervals.
    HistoricalIntervals,
    /// Usage from now on.
    Usage,
    /// Bills.
    Bills,
    /// Something that only its raw code names.
    Other,
}

/// What is done with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RequestAction {
    /// It is asked for.
    Request,
    /// It is accepted.
    Accept,
    /// It is refused.
    Reject,
    /// It is the last.
    Final,
    /// Something that only its raw code names.
    Other,
}

/// What is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RequestChange {
    /// Something begins.
    Add,
    /// Something ends.
    Drop,
    /// Something is changed.
    Change,
    /// Something begins again.
    Reinstate,
    /// Nothing is changed; something is asked for, e.g. past usage.
    Inquire,
    /// Something that only its raw code names.
    Other,
}

/// A meter of a request: one `NM1` loop.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestedMeter {
    /// What it is to the request, by the raw code of the document (`NM101`).
    pub role: String,
    /// Its number.
    pub meter: Option<MeterNumber>,
    /// Numbers that are not fields.
    pub references: Vec<Reference>,
    /// Dates.
    pub events: Vec<Event>,
    /// Where it was read.
    #[serde(default)]
    pub at: Ordinal,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}
