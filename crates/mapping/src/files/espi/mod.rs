//! Green Button: usage as NAESB REQ.21 (ESPI) says it, in an Atom feed or a zip archive of feeds.
//!
//! One usage point is one usage report, and a meter reading of it a section. Meter readings of one
//! meter, unit and interval length that go different ways are one section, as in an 867.
//!
//! - **Numbers** are whole in ESPI, times a power of ten. The power is chosen so that no digit is
//!   lost and none is added: 120.50 kWh are 12050 times 10 Wh, and are read as 120.50 kWh. Energy is
//!   read in kilowatt-hours and so on; files of ours name another unit. Within a series all numbers
//!   have the decimals of the finest.
//! - **Directions** are a field and never a sign. A negative value that is not net is refused.
//! - **Intervals** are instants. One that is missing has no reading; it is never zero. Readings of
//!   more than a day from midnight to midnight are quantities of a period.
//! - **Costs** of intervals are hundred-thousandths of a dollar, as the schema says, and are a series
//!   in dollars behind the one they belong to.
//! - **The zone** is the one of the options, or the one of the United States that does what
//!   `LocalTimeParameters` says.
//! - **Registers**: readings of dials are no usage and are left out, as are the costs in a usage
//!   summary, which has no number of a bill. [`Reader::left_out`] tells of everything left out.
//!
//! ESPI has no meter number. Meter, channel and period stand in an `extension` of the meter reading,
//! account and service point in the service delivery point.

mod codes;

mod entry;

mod held;

mod local_time;

mod lost;

mod plan;

mod read;

mod report;

mod spool;

mod write;

use tieline_model::time::{TimeError, Timestamp, Zone};
use tieline_model::usage::SeriesError;

use super::loss::Holds;
use super::source::ArchiveLimits;

pub use super::xml::LeftOut;
pub use lost::losses;
pub use read::Reader;
pub use write::Writer;

/// The fields of the model that Green Button holds; [`losses`] tells which of their values it does
/// not.
pub const HOLDS: Holds = Holds(&[
    "usage_report.purpose.meaning=original",
    "usage_report.date",
    "usage_report.account",
    "usage_report.service_point",
    "usage_report.references.kind.meaning=rate",
    "usage_report.references.kind.meaning=billing_cycle",
    "usage_report.references.value",
    "usage_report.sections.kind.meaning",
    "usage_report.sections.commodity.meaning=electricity",
    "usage_report.sections.commodity.meaning=gas",
    "usage_report.sections.commodity.meaning=water",
    "usage_report.sections.commodity.meaning=sewer",
    "usage_report.sections.period",
    "usage_report.sections.meter",
    "usage_report.sections.meter_type.meaning",
    "usage_report.sections.channel",
    "usage_report.sections.service_point",
    "usage_report.sections.references.kind.meaning=other",
    "usage_report.sections.references.kind.raw=tou",
    "usage_report.sections.references.kind.raw=cpp",
    "usage_report.sections.references.kind.raw=consumptionTier",
    "usage_report.sections.references.value",
    "usage_report.sections.arrangement=in_turn",
    "usage_report.sections.items.quantity.direction",
    "usage_report.sections.items.quantity.amount",
    "usage_report.sections.items.quantity.basis",
    "usage_report.sections.items.quantity.quality.meaning",
    "usage_report.sections.items.quantity.quality.raw=16",
    "usage_report.sections.items.quantity.unit.meaning",
    "usage_report.sections.items.quantity.period",
    "usage_report.sections.items.series.direction",
    "usage_report.sections.items.series.unit.meaning",
    "usage_report.sections.items.series.seconds",
    "usage_report.sections.items.series.zone",
    "usage_report.sections.items.series.start",
    "usage_report.sections.items.series.quality.points",
    "usage_report.sections.items.series.quality.quality.meaning",
    "usage_report.sections.items.series.quality.quality.raw=16",
    "usage_report.sections.items.series.quantities",
    "usage_report.sections.items.series.exceptions.index",
    "usage_report.sections.items.series.exceptions.seconds",
]);

/// The namespace of what ESPI has no element for.
const EXTENSION: &str = "urn:tieline:green-button:1";

/// How Green Button is read and written.
#[derive(Debug, Clone)]
pub struct EspiOptions {
    /// The zone of the usage points. When it is read, `None` takes the one of the United States that
    /// does what `LocalTimeParameters` says; when it is written, `None` needs a series in each
    /// report.
    pub zone: Option<Zone>,
    /// How many intervals are held until all that belongs to them has come, at 8 bytes each; a small
    /// entry counts for 64, a
    /// reading type for 16. 8,388,608 unless said otherwise: 239 years of quarter hours. When there
    /// are more, the usage points that have not grown for the longest time are given out, and what
    /// comes for them afterwards is an error.
    pub held_intervals: usize,
    /// What an archive may take.
    pub archive: ArchiveLimits,
    /// When the file is made; `updated` of everything that is written.
    pub updated: Timestamp,
    /// The title of the feed.
    pub title: String,
    /// What identifiers are derived from, beside account, service point and content. The same seed
    /// gives a usage point the same identifier in every file.
    pub seed: String,
    /// What stands before the links, e.g. `https://data.example/espi/1_1/resource/`.
    pub base: String,
    /// The name of the document in an archive; `None` writes no archive.
    pub archive_name: Option<String>,
}

impl Default for EspiOptions {
    fn default() -> EspiOptions {
        EspiOptions {
            zone: None,
            held_intervals: 8 << 20,
            archive: ArchiveLimits::default(),
            updated: Timestamp::UNIX_EPOCH,
            title: "Green Button usage".to_string(),
            seed: String::new(),
            base: String::new(),
            archive_name: None,
        }
    }
}

/// Why a Green Button file cannot be read, or a record not be written as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EspiFault {
    /// An element that must be there is not.
    #[error("<{outer}> has no <{name}>")]
    Missing {
        /// The element it should be in.
        outer: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// A value that should be a whole number.
    #[error("<{0}> should be a whole number in the range of the schema")]
    Number(&'static str),
    /// A time that is none.
    #[error("<{0}> should be a time as in 2026-03-01T06:00:00Z")]
    Time(&'static str),
    /// A text that names nothing.
    #[error("<{0}> should be a name that can be printed")]
    Name(&'static str),
    /// Neither the options nor the file say the zone.
    #[error("the usage point has no LocalTimeParameters; name its zone in the option `zone`")]
    NoZone,
    /// The file's rules are of no zone we look for.
    #[error(
        "LocalTimeParameters are not those of a zone of the United States; name the zone in the option `zone`"
    )]
    UnknownZone,
    /// A meter reading whose reading type is not in the file.
    #[error("the meter reading has no link to a ReadingType that is in the file")]
    NoReadingType,
    /// Intervals that belong to no meter reading.
    #[error("the `up` link of the interval block leads to no MeterReading that is in the file")]
    NoMeterReading,
    /// A meter reading or summary that belongs to no usage point.
    #[error("the `up` link of the entry leads to no UsagePoint that is in the file")]
    NoUsagePoint,
    /// A code of `FlowDirectionKind` that is one quadrant or phase.
    #[error("flowDirection {0} is neither delivered (1), received (19), net (4) nor total (20)")]
    Direction(i64),
    /// A negative value.
    #[error("a value is less than zero, and flowDirection does not say that it is net (4)")]
    Negative,
    /// Two readings of one time.
    #[error("two intervals of one meter reading overlap")]
    Overlap,
    /// What belongs to a usage point that was given out before.
    #[error(
        "the entry belongs to a usage point whose other entries are far before it; raise the option `held_intervals`"
    )]
    Late,
    /// More out of order than may be held.
    #[error(
        "more than {0} intervals wait for entries that come later; raise the option `held_intervals`, or name the zone in the option `zone`"
    )]
    TooManyHeld(usize),
    /// An interval that a series does not take.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// Outside of the calendar.
    #[error(transparent)]
    Calendar(#[from] TimeError),
    /// A meaning for which there is no code.
    #[error("Green Button has no code for {0}")]
    NoCode(String),
    /// A cancellation.
    #[error(
        "a report that cancels another cannot be written as usage; take back the other instead"
    )]
    Cancels,
    /// Series in different zones.
    #[error("the series of a report are in different zones; write a report for each")]
    Zones,
    /// A zone whose rules are not those of the United States.
    #[error("the rules of {0} are not those of the United States, and only those are written")]
    Rules(String),
    /// A number that is too long.
    #[error("a number has more digits than fit: 47 bits for all the digits of a series")]
    TooLong,
    /// A cost that is finer than it can be written.
    #[error("a cost has more than five decimals")]
    CostTooFine,
    /// Costs that stand alone.
    #[error(
        "a series of costs must stand behind the series of the same intervals that it belongs to"
    )]
    CostAlone,
    /// A text that XML has no form for.
    #[error("a text has a character that cannot be written in XML")]
    Text,
    /// A fraction of a second.
    #[error("an interval does not start at a whole second")]
    Fraction,
}
