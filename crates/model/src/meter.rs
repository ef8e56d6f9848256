//! Meters and their channels.

use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;
use crate::identifier::MeterNumber;
use crate::quantity::Unit;

/// What measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Meter {
    /// The number the utility knows it by.
    pub number: MeterNumber,
    /// The number its maker gave it.
    pub serial: Option<String>,
    /// How its registers read.
    pub dials: Option<Dials>,
    /// What it measures.
    pub channels: Vec<Channel>,
}

/// How many digits a register shows before and behind its point, written `6.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Dials {
    /// Before the point.
    pub whole: u8,
    /// Behind the point.
    pub decimals: u8,
}

/// One thing a meter measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Its number or name.
    pub number: Option<String>,
    /// The unit of what it counts.
    pub unit: Unit,
    /// Which way it counts.
    pub direction: Direction,
    /// The length of its intervals in seconds; `None` for a register only.
    pub interval_seconds: Option<u32>,
    /// By what the difference of two reads is multiplied.
    pub multiplier: Option<Decimal>,
    /// By what the quantity is multiplied for the losses of a transformer.
    pub transformer_loss: Option<Decimal>,
    /// Its power factor.
    pub power_factor: Option<Decimal>,
    /// What its usage does to the account's.
    pub role: MeterRole,
    /// The part of the time it counts.
    pub time_of_use: Option<TimeOfUse>,
}

/// Which way energy flows, seen from the grid. The quantity itself has no sign, unless it is net.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the customer.
    Delivered,
    /// From the customer's own generation into the grid.
    Received,
    /// Delivered less received; only where the source says so, and then it may be negative.
    Net,
    /// Delivered and received together.
    Total,
}

/// What a meter's usage does to the account's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MeterRole {
    /// It is added.
    Additive,
    /// It is taken off: it is billed apart.
    Subtractive,
    /// It is left out.
    Ignored,
}

/// A part of the time that is counted or priced apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TimeOfUse {
    /// All the time.
    Total,
    /// When most is used.
    OnPeak,
    /// When little is used.
    OffPeak,
    /// In between.
    Intermediate,
    /// All of the summer.
    SummerTotal,
    /// On peak in summer.
    SummerOnPeak,
    /// Off peak in summer.
    SummerOffPeak,
    /// In between in summer.
    SummerIntermediate,
    /// All of the winter.
    WinterTotal,
    /// On peak in winter.
    WinterOnPeak,
    /// Off peak in winter.
    WinterOffPeak,
    /// In between in winter.
    WinterIntermediate,
    /// A part that only its raw code names.
    Other,
}
