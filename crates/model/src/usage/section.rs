//! A section of a usage report: a meter, or a summary of the account. One `PTD` loop.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::quantity::UsageQuantity;
use super::series::IntervalSeries;
use crate::account::Commodity;
use crate::coded::Coded;
use crate::common::{Event, Party, Reference};
use crate::identifier::{MeterNumber, ServicePointId};
use crate::meter::{Dials, MeterRole};
use crate::period::Period;
use crate::provenance::Ordinal;
use crate::quantity::Unit;
use crate::residue::Residue;

/// What is reported of one meter, or of the account as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UsageSection {
    /// What it is about.
    pub kind: Coded<SectionKind>,
    /// What is supplied.
    pub commodity: Option<Coded<Commodity>>,
    /// The service period.
    pub period: Option<SectionPeriod>,
    /// The day the meter was read, in a report of its first read.
    pub read_date: Option<Date>,
    /// The meter.
    pub meter: Option<MeterNumber>,
    /// What the meter's usage does to the account's.
    pub role: Option<Coded<MeterRole>>,
    /// How its registers read.
    pub dials: Option<Dials>,
    /// What the meter measures, and in which intervals.
    pub meter_type: Option<Coded<MeterType>>,
    /// The channel of the meter.
    pub channel: Option<String>,
    /// The service point, where it is not the report's.
    pub service_point: Option<ServicePointId>,
    /// Numbers that are not fields: rate, load profile …
    pub references: Vec<Reference>,
    /// Dates that are not fields.
    pub events: Vec<Event>,
    /// Whom it names.
    pub parties: Vec<Party>,
    /// Quantities and series, in the order of the document.
    pub items: Vec<UsageItem>,
    /// How the series stand in the document.
    pub arrangement: Arrangement,
    /// Where it was read.
    #[serde(default)]
    pub at: Ordinal,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

impl UsageSection {
    /// A section with nothing in it yet.
    pub fn new(kind: Coded<SectionKind>) -> UsageSection {
        UsageSection {
            kind,
            commodity: None,
            period: None,
            read_date: None,
            meter: None,
            role: None,
            dials: None,
            meter_type: None,
            channel: None,
            service_point: None,
            references: Vec::new(),
            events: Vec::new(),
            parties: Vec::new(),
            items: Vec::new(),
            arrangement: Arrangement::InTurn,
            at: Ordinal::default(),
            residue: Residue::default(),
        }
    }

    /// Its quantities.
    pub fn quantities(&self) -> impl Iterator<Item = &UsageQuantity> {
        self.items.iter().filter_map(|item| match item {
            UsageItem::Quantity(quantity) => Some(quantity),
            UsageItem::Series(_) => None,
        })
    }

    /// Its series.
    pub fn series(&self) -> impl Iterator<Item = &IntervalSeries> {
        self.items.iter().filter_map(|item| match item {
            UsageItem::Quantity(_) => None,
            UsageItem::Series(series) => Some(series),
        })
    }
}

/// One thing reported in a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageItem {
    /// A quantity of the whole period.
    Quantity(UsageQuantity),
    /// Quantities of intervals that follow each other.
    Series(IntervalSeries),
}

/// What a section is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SectionKind {
    /// What is billed, over all meters (`BB`).
    BilledSummary,
    /// What was measured, over all meters (`SU`).
    AccountSummary,
    /// What was measured in intervals, for one meter (`BO`).
    MeterSummary,
    /// The readings or intervals of one meter (`PM`).
    MeterDetail,
    /// The intervals of the account, over all meters (`BQ`).
    AccountDetail,
    /// What was measured without intervals (`PL`).
    NonIntervalDetail,
    /// What is supplied without a meter, in sum (`BC`).
    UnmeteredSummary,
    /// What is supplied without a meter, one by one (`BD`).
    UnmeteredDetail,
    /// Delivered less received (`IA`).
    NetSummary,
    /// Intervals summed over meters (`PP`).
    IntervalSummary,
    /// Notice of a bill in between (`BK`).
    InterimNotice,
    /// Rate, load profile and capacity rather than usage (`FG`).
    Scheduling,
    /// The first read of a meter (`BJ`).
    InitialRead,
    /// A section that only its raw code names.
    Other,
}

/// The period of a section, and whether a meter was changed at one end of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SectionPeriod {
    /// From one regular read to the next.
    Regular(Period),
    /// The meter was set at the start of it (`DTM*514` with `DTM*151`).
    FromExchange(Period),
    /// The meter was taken away at the end of it (`DTM*150` with `DTM*514`).
    UntilExchange(Period),
    /// Only the start is said.
    From(Date),
    /// Only the end is said.
    Until(Date),
    /// Only the day of the exchange is said.
    Exchange(Date),
}

impl SectionPeriod {
    /// From when until when, if both is said.
    pub fn period(&self) -> Option<Period> {
        match self {
            SectionPeriod::Regular(period)
            | SectionPeriod::FromExchange(period)
            | SectionPeriod::UntilExchange(period) => Some(*period),
            SectionPeriod::From(_) | SectionPeriod::Until(_) | SectionPeriod::Exchange(_) => None,
        }
    }
}

/// What a meter measures, e.g. `KH015`: kWh each fifteen minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MeterType {
    /// The unit; `None` for a meter of several.
    pub unit: Option<Unit>,
    /// The length of its intervals; `None` for one without.
    pub minutes: Option<u16>,
}

/// How several series of a section stand in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Arrangement {
    /// One after the other.
    InTurn,
    /// By time: the first interval of each, then the second of each. They stand where the first one
    /// does.
    ByTime,
}
