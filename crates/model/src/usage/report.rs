//! A usage report: one 867, or the usage of one account in another format.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::section::UsageSection;
use super::series::IntervalSeries;
use crate::coded::Coded;
use crate::common::{Event, Note, Party, Purpose, Reference};
use crate::decimal::Decimal;
use crate::identifier::{AccountNumber, ServicePointId};
use crate::provenance::Provenance;
use crate::residue::Residue;
use crate::stamp::{ClockTime, Stamp};

/// What one document says was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UsageReport {
    /// The sender's number of the report, unique for ever (`BPT02`).
    pub number: Option<String>,
    /// What it does to an earlier report (`BPT01`).
    pub purpose: Coded<Purpose>,
    /// What kind of usage it reports (`BPT04`).
    pub kind: Option<Coded<UsageKind>>,
    /// What is to be done with it (`BPT07`).
    pub action: Option<Coded<UsageAction>>,
    /// The number of the report that is cancelled, replaced or answered (`BPT09`).
    pub answers: Option<String>,
    /// When it was made.
    pub date: Date,
    /// The time of it.
    pub time: Option<ClockTime>,
    /// Until when a bill must be made of it (`DTM*649`).
    pub due: Option<Stamp>,
    /// The account; `None` in a document that does not name it.
    pub account: Option<AccountNumber>,
    /// The number the account had before.
    pub former_account: Option<AccountNumber>,
    /// The number a supplier keeps it under.
    pub supplier_account: Option<AccountNumber>,
    /// The service point.
    pub service_point: Option<ServicePointId>,
    /// The customer's part of a shared supply, in per cent.
    pub participation: Option<Decimal>,
    /// Dates that are not fields.
    pub events: Vec<Event>,
    /// Numbers that are not fields.
    pub references: Vec<Reference>,
    /// Whom it names.
    pub parties: Vec<Party>,
    /// Texts for people.
    pub notes: Vec<Note>,
    /// Summaries, meters and accounts, in the order of the document.
    pub sections: Vec<UsageSection>,
    /// How many items or segments its end says it has, if it does (`CTT01`).
    pub stated_count: Option<Decimal>,
    /// The document it was read from.
    #[serde(default)]
    pub provenance: Provenance,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

impl UsageReport {
    /// A report with nothing in it yet.
    pub fn new(purpose: Coded<Purpose>, number: Option<String>, date: Date) -> UsageReport {
        UsageReport {
            number,
            purpose,
            kind: None,
            action: None,
            answers: None,
            date,
            time: None,
            due: None,
            account: None,
            former_account: None,
            supplier_account: None,
            service_point: None,
            participation: None,
            events: Vec::new(),
            references: Vec::new(),
            parties: Vec::new(),
            notes: Vec::new(),
            sections: Vec::new(),
            stated_count: None,
            provenance: Provenance::default(),
            residue: Residue::default(),
        }
    }

    /// All series, each with its section.
    pub fn series(&self) -> impl Iterator<Item = (&UsageSection, &IntervalSeries)> {
        self.sections.iter().flat_map(|section| section.series().map(move |one| (section, one)))
    }

    /// Whether it is the last for this customer.
    pub fn is_final(&self) -> bool {
        self.action.as_ref().is_some_and(|action| action.meaning == UsageAction::Final)
    }
}

/// What kind of usage a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageKind {
    /// Totals of a month.
    Monthly,
    /// Intervals.
    Interval,
    /// Intervals, and totals of meters without them.
    Both,
    /// A part of a period, to be combined with another part.
    Partial,
    /// A kind that only its raw code names.
    Other,
}

/// What is to be done with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageAction {
    /// It is the last for this customer.
    Final,
    /// An action that only its raw code names.
    Other,
}
