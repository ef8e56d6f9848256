//! SmartHub: the answer of `utility-usage/poll`, read into a usage report.
//!
//! Its times are what the clock on the wall showed, as if it were UTC; the zone of the service point
//! makes instants of them. The hour that comes twice in autumn is told apart where each of its times
//! comes twice, one hour after the other; otherwise its points are noted as ambiguous. A point in
//! the hour that is left out in spring is an error. Numbers are taken as their digits stand there.
//!
//! How long intervals are is worked out from the steps between them. Points of days follow the
//! calendar; points of months become quantities, each in a section with its period.
//!
//! An answer is held in memory as a whole, up to [`MAX_BYTES`].

use serde::{Deserialize, Serialize};
use tieline_model::identifier::{AccountNumber, MeterNumber, ServicePointId};
use tieline_model::quantity::Unit;
use tieline_model::record::Record;
use tieline_model::time::{Date, Zone};
use tieline_model::usage::Quality;

mod answer;

mod points;

mod read;

pub use read::read;

/// The longest answer that is read: a year of quarter hours takes two megabytes.
pub const MAX_BYTES: usize = 64 << 20;

/// What an answer does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmartHubOptions {
    /// When the report is made.
    pub date: Date,
    /// The zone of the service point.
    pub zone: Zone,
    /// The number of the report.
    #[serde(default)]
    pub number: Option<String>,
    /// The account that was asked for.
    #[serde(default)]
    pub account: Option<AccountNumber>,
    /// The service point that was asked for.
    #[serde(default)]
    pub service_point: Option<ServicePointId>,
    /// The meter of series whose name does not end with one.
    #[serde(default)]
    pub meter: Option<MeterNumber>,
    /// What was asked for; needed for a series of one point only.
    #[serde(default)]
    pub time_frame: Option<TimeFrame>,
    /// The unit of usage.
    #[serde(default = "kilowatt_hour")]
    pub unit: Unit,
    /// How the quantities came about: an answer does not say it.
    #[serde(default = "actual")]
    pub quality: Quality,
    /// Whether costs are read, as series in US dollars; otherwise they are left out.
    #[serde(default)]
    pub costs: bool,
}

impl SmartHubOptions {
    /// A report made on a date, of a service point in a zone.
    pub fn new(date: Date, zone: Zone) -> SmartHubOptions {
        SmartHubOptions {
            date,
            zone,
            number: None,
            account: None,
            service_point: None,
            meter: None,
            time_frame: None,
            unit: kilowatt_hour(),
            quality: actual(),
            costs: false,
        }
    }
}

fn kilowatt_hour() -> Unit {
    Unit::KilowattHour
}

fn actual() -> Quality {
    Quality::Actual
}

/// What was asked for in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFrame {
    /// Hours, or parts of them.
    Hourly,
    /// Days.
    Daily,
    /// Months.
    Monthly,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The usage report.
    pub record: Record,
    /// What of the answer is not in it.
    pub left_out: Vec<LeftOut>,
}

/// A part of an answer that is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeftOut {
    /// Costs that were not asked for.
    #[error("{0} points of costs: set `costs` to read them")]
    Costs(usize),
    /// Something other than electricity.
    #[error("{0} points that are not of electricity: their unit is not told")]
    Industry(usize),
    /// A kind of series that is neither usage nor cost.
    #[error("{0} points that are neither usage nor costs")]
    Kind(usize),
    /// A period without an end.
    #[error("the last point of a series: it starts within a month and its end is not told")]
    OpenPeriod,
}

/// Why an answer cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SmartHubFault {
    /// The answer is not ready.
    #[error("the answer is pending: ask again with the same request")]
    Pending,
    /// Too long.
    #[error("the answer is longer than {MAX_BYTES} bytes: ask for a shorter time")]
    TooLong,
    /// Not an answer.
    #[error("line {line}, column {column} is not as in an answer of utility-usage/poll")]
    NotAnAnswer {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// Neither pending nor complete.
    #[error("the status of an answer is PENDING or COMPLETE")]
    UnknownStatus,
    /// There is nothing in it.
    #[error("the answer has no usage of electricity")]
    Nothing,
    /// A time that is none.
    #[error("x is a time in whole seconds, written as milliseconds")]
    NotATime,
    /// A number that is none.
    #[error("y is a decimal number of at most 38 digits")]
    NotANumber,
    /// A time in the hour that is left out.
    #[error("the clocks of the zone never showed this time: is it another zone?")]
    SkippedTime,
    /// A time that comes too often.
    #[error("the point comes a second time, which is not in the hour that is repeated in autumn")]
    Twice,
    /// Less than nothing.
    #[error("the quantity is negative and the flow of its series is not NET")]
    Negative,
    /// A flow that is not known.
    #[error("the flow of a meter is FORWARD, RETURN or NET")]
    UnknownFlow,
    /// A single point.
    #[error("the length of the intervals cannot be told from one point: give `time_frame`")]
    NoLength,
    /// A time between two intervals.
    #[error("the point is between two intervals of its series")]
    OffBeat,
    /// The series cannot be.
    #[error("the series cannot be read: {0}")]
    Series(String),
}
