//! An advice: the business answer to documents that could be read. One 824.

use serde::{Deserialize, Serialize};

use crate::coded::Coded;
use crate::common::{Event, Note, Party, Purpose, Reference, ReferenceKind, StatedAmount};
use crate::provenance::{Ordinal, Provenance};
use crate::residue::Residue;
use crate::stamp::Stamp;

/// What one document says about others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Advice {
    /// What it does to an earlier advice (`BGN01`).
    pub purpose: Coded<Purpose>,
    /// The sender's number of it, unique for ever (`BGN02`).
    pub number: String,
    /// When it was made.
    pub made: Stamp,
    /// A further number (`BGN06`).
    pub answers: Option<String>,
    /// What the sender expects now (`BGN08`).
    pub expected: Option<Coded<ExpectedAction>>,
    /// Whom it names.
    pub parties: Vec<Party>,
    /// The documents it answers, in its order.
    pub items: Vec<AdviceItem>,
    /// The document it was read from.
    #[serde(default)]
    pub provenance: Provenance,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

/// What the sender of an advice expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExpectedAction {
    /// The document is to be sent again, put right.
    Resend,
    /// It is not to be sent again.
    DoNotResend,
    /// It was accepted, nothing is to be done.
    Nothing,
    /// Something that only its raw code names.
    Other,
}

/// One document answered: one `OTI` loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdviceItem {
    /// What became of it (`OTI01`).
    pub verdict: Coded<Verdict>,
    /// What its number is the number of (`OTI02`).
    pub kind: Coded<ReferenceKind>,
    /// The number of the document that is answered (`OTI03`).
    pub number: String,
    /// The control number of its functional group (`OTI08`).
    pub group: Option<String>,
    /// The control number of its transaction set (`OTI09`).
    pub set: Option<String>,
    /// The kind of its transaction set, e.g. `810` (`OTI10`).
    pub set_code: Option<String>,
    /// Numbers that are not fields.
    pub references: Vec<Reference>,
    /// Dates.
    pub events: Vec<Event>,
    /// Amounts.
    pub amounts: Vec<StatedAmount>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// Where it was read.
    #[serde(default)]
    pub at: Ordinal,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All of it was accepted.
    Accepted,
    /// It was accepted with changes.
    AcceptedWithChanges,
    /// All of it was rejected.
    Rejected,
    /// A part of it was rejected.
    PartlyRejected,
    /// One item of it was accepted.
    ItemAccepted,
    /// One item of it was rejected.
    ItemRejected,
    /// Something that only its raw code names.
    Other,
}

/// What is wrong with a document: one `TED` loop.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// The code of the standard (`TED01`).
    pub code: String,
    /// The reason's code of the trade, or a text (`TED02`).
    pub reason: Option<String>,
    /// The segment it is about (`TED03`).
    pub segment: Option<String>,
    /// Which segment of the set that is (`TED04`).
    pub segment_number: Option<u32>,
    /// Which element of the segment it is about (`TED05`).
    pub element_number: Option<u32>,
    /// A copy of what is wrong (`TED07`).
    pub copy: Option<String>,
    /// Texts for people.
    pub notes: Vec<Note>,
    /// Where it was read.
    #[serde(default)]
    pub at: Ordinal,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}
