//! Usage as a table: intervals, or readings and summaries. Read into usage reports, and written
//! from them.
//!
//! There are two layouts that are written; a file that is read shows by its header which it has. In **intervals** a
//! row is an interval of a series. An interval for which nothing was sent has a row with neither a
//! quantity nor a quality. In **readings** a row is a quantity of a period with what stands behind
//! it; if that is more than one row holds, the next rows have the same number in `item`. A third is read
//! and not written: a row is a **day**, with a column for each of its intervals.
//!
//! Rows that follow each other and agree in report number, account and the other columns of the
//! report are one report; without a report number the meter must agree too. The rows
//! of a meter stand in the order of time. A report of more than
//! [`max_points`](UsageCsvOptions::max_points) is cut into several, which are alike but for their
//! points, so that a file of any length is read in bounded memory.
//!
//! Times have their offset: `2026-03-08T00:15:00-06:00`. Times of the clock on the wall are read
//! too; in the hour that comes twice they are told apart by their order, and noted as ambiguous
//! where that does not help.

use serde::{Deserialize, Serialize};
use tieline_model::meter::Direction;
use tieline_model::quantity::Unit;
use tieline_model::time::{Date, Zone};
use tieline_model::usage::Quality;

use super::loss::Holds;
use super::table::{Column, TableOptions, columns, joined};

mod lost;

mod open;

mod read;

mod days;

mod write;

pub use lost::losses;
pub use read::Reader;
pub(crate) use write::Rows;
pub use write::Writer;

/// The most series and sections that one report of a table has.
pub const MAX_SERIES: usize = 4096;

/// One partner's habits in a table of usage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UsageCsvOptions {
    /// How the table looks.
    pub table: TableOptions,
    /// What is written. A file that is read shows its layout by its header.
    pub layout: UsageLayout,
    /// When a report was made that has no such column.
    pub date: Option<Date>,
    /// The zone of the service points, where no column tells it.
    pub zone: Option<Zone>,
    /// The unit of quantities, where no column tells it.
    pub unit: Unit,
    /// Which way energy flowed, where no column tells it.
    pub direction: Direction,
    /// How quantities came about, where no column tells it.
    pub quality: Quality,
    /// The length of intervals in seconds, where no column tells it.
    pub interval_seconds: Option<u32>,
    /// With how many points a report is full. A point takes eight bytes.
    pub max_points: u32,
}

impl Default for UsageCsvOptions {
    fn default() -> UsageCsvOptions {
        UsageCsvOptions {
            table: TableOptions::default(),
            layout: UsageLayout::Intervals,
            date: None,
            zone: None,
            unit: Unit::KilowattHour,
            direction: Direction::Delivered,
            quality: Quality::Actual,
            interval_seconds: None,
            max_points: 1_000_000,
        }
    }
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageLayout {
    /// An interval.
    #[default]
    Intervals,
    /// A quantity of a period, with its readings.
    Readings,
}

impl UsageLayout {
    /// Its columns.
    pub fn columns(self) -> &'static [Column] {
        match self {
            UsageLayout::Intervals => &INTERVALS,
            UsageLayout::Readings => &READINGS,
        }
    }

    /// The fields of the model it holds; [`losses`] tells which of their values it does not.
    pub fn holds(self) -> Holds {
        match self {
            UsageLayout::Intervals => HOLDS_INTERVALS,
            UsageLayout::Readings => HOLDS_READINGS,
        }
    }
}

/// The columns of a table whose rows are days, which is read and not written.
pub const DAY_COLUMNS: &[Column] = &DAYS;

/// The fields of the model that [`UsageLayout::Intervals`] holds.
pub const HOLDS_INTERVALS: Holds = Holds(&[
    "usage_report.number",
    "usage_report.date",
    "usage_report.purpose",
    "usage_report.kind",
    "usage_report.answers",
    "usage_report.account",
    "usage_report.service_point",
    "usage_report.sections.kind",
    "usage_report.sections.commodity",
    "usage_report.sections.meter",
    "usage_report.sections.channel",
    "usage_report.sections.service_point",
    "usage_report.sections.period",
    "usage_report.sections.meter_type",
    "usage_report.sections.arrangement=in_turn",
    "usage_report.sections.items.series.direction",
    "usage_report.sections.items.series.unit",
    "usage_report.sections.items.series.seconds",
    "usage_report.sections.items.series.zone",
    "usage_report.sections.items.series.start",
    "usage_report.sections.items.series.quality",
    "usage_report.sections.items.series.quantities",
    "usage_report.sections.items.series.exceptions.index",
    "usage_report.sections.items.series.exceptions.seconds",
    "usage_report.sections.items.series.exceptions.ambiguous",
]);

/// The fields of the model that [`UsageLayout::Readings`] holds.
pub const HOLDS_READINGS: Holds = Holds(&[
    "usage_report.number",
    "usage_report.date",
    "usage_report.purpose",
    "usage_report.kind",
    "usage_report.answers",
    "usage_report.account",
    "usage_report.service_point",
    "usage_report.sections.kind",
    "usage_report.sections.commodity",
    "usage_report.sections.meter",
    "usage_report.sections.channel",
    "usage_report.sections.service_point",
    "usage_report.sections.period",
    "usage_report.sections.role",
    "usage_report.sections.arrangement=in_turn",
    "usage_report.sections.items.quantity.direction",
    "usage_report.sections.items.quantity.amount",
    "usage_report.sections.items.quantity.basis",
    "usage_report.sections.items.quantity.quality",
    "usage_report.sections.items.quantity.unit",
    "usage_report.sections.items.quantity.occurred",
    "usage_report.sections.items.quantity.measurements.read",
    "usage_report.sections.items.quantity.measurements.factor.kind",
    "usage_report.sections.items.quantity.measurements.factor.value",
]);

columns! {
    SHARED, Shared behind 0;
    REPORT_NUMBER May "report_number", "20260403M0001188", ["report", "document number", "report id"],
        "The sender's number of the report.";
    REPORT_DATE May "report_date", "2026-04-03", ["created", "document date"],
        "When the report was made; the options tell it where the column is missing.";
    PURPOSE May "purpose", "original", [],
        "What the report does to an earlier one: original, cancel, replace …; original if empty.";
    REPORT_KIND May "report_kind", "interval", [],
        "monthly, interval, both or partial; by the layout if the column is missing.";
    ANSWERS May "answers", "20260302M0000912", ["original report"],
        "The number of the report that is cancelled, replaced or answered.";
    ACCOUNT May "account", "4410027718", ["account number", "account id", "acct", "acct no",
        "customer account", "utility account"],
        "The utility's number of the account.";
    SERVICE_POINT May "service_point", "SP-118", ["service point id", "usage point", "premise",
        "esi id", "location"],
        "The number of the place that is supplied, which all rows of the report have.";
    SECTION May "section", "1", [],
        "Which rows of the report belong together; without it each series is a section of its own.";
    SECTION_KIND May "section_kind", "meter_detail", [],
        "meter_detail, account_detail, billed_summary …; meter_detail if empty.";
    SECTION_PLACE May "section_service_point", "SP-119", [],
        "The number of the place of this section, where it is not the report's.";
    COMMODITY May "commodity", "electricity", ["service type", "industry"],
        "electricity, gas, water, sewer or other.";
    METER May "meter", "50118822", ["meter number", "meter id", "meter no", "device"],
        "The number of the meter.";
    CHANNEL May "channel", "1", ["channel number", "channel id"],
        "The channel of the meter.";
    PERIOD_START May "period_start", "2026-03-02", ["service start", "start date", "from date",
        "previous read date"],
        "The first date of the service period.";
    PERIOD_END May "period_end", "2026-04-01", ["service end", "end date", "to date", "read date",
        "current read date"],
        "The last date of the service period.";
    METER_EXCHANGE May "meter_exchange", "start", [],
        "start or end where the meter was changed at that end of the period; only where period_start \
         is the day of the exchange and nothing else is told.";
}

columns! {
    OF_INTERVALS, OfIntervals behind SHARED.len();
    SERIES May "series", "1", [],
        "Which rows of a section belong together, where direction and unit do not tell it.";
    DIRECTION May "direction", "delivered", ["flow", "flow direction"],
        "delivered, received, net or total.";
    UNIT May "unit", "kWh", ["uom", "units", "unit of measure"],
        "The unit of the quantity: kWh, Wh, kW, kvarh, m3, USD …";
    ZONE May "zone", "America/Chicago", ["time zone", "tz"],
        "The zone of the service point.";
    SECONDS May "interval_seconds", "900", ["interval length seconds", "duration"],
        "The usual length of the intervals in seconds.";
    MINUTES Read "interval_minutes", "15", ["interval length", "interval length minutes"],
        "The same in minutes.";
    START May "interval_start", "2026-03-08T01:45:00-06:00", ["start", "start time", "interval begin",
        "interval start time", "start datetime"],
        "The first instant of the interval.";
    END May "interval_end", "2026-03-08T03:00:00-05:00", ["end", "end time", "interval end time",
        "end datetime", "timestamp"],
        "The first instant after the interval.";
    QUANTITY Must "quantity", "13.53", ["usage", "consumption", "value", "kwh", "amount"],
        "How much; empty where nothing was sent, or that there is no value.";
    QUALITY May "quality", "actual", ["status", "read type", "estimated"],
        "actual, estimated, unavailable …; empty with an empty quantity where nothing was sent.";
    AMBIGUOUS May "ambiguous", "yes", [],
        "yes where it is open in which of two repeated hours the interval is.";
}

columns! {
    OF_DAYS, OfDays behind SHARED.len();
    DAY_SERIES May "series", "1", [],
        "Which rows of a section belong together, where direction and unit do not tell it.";
    DAY_DIRECTION May "direction", "delivered", ["flow", "flow direction"],
        "delivered, received, net or total.";
    DAY_UNIT May "unit", "kWh", ["uom", "units", "unit of measure"],
        "The unit of the quantities.";
    DAY_ZONE May "zone", "America/Chicago", ["time zone", "tz"],
        "The zone of the service point.";
    DAY_SECONDS May "interval_seconds", "900", ["interval length seconds", "duration"],
        "The length of the intervals in seconds; by the number of columns if it is not told.";
    DAY_MINUTES May "interval_minutes", "15", ["interval length", "interval length minutes"],
        "The same in minutes.";
    DAY Must "date", "2026-03-08", ["day", "usage date", "interval date", "reading date"],
        "The day of the row.";
    DAY_QUALITY May "quality", "actual", ["status", "read type", "estimated"],
        "How the quantities of the row came about: actual, estimated …";
    VALUE Each "interval_1", "0.43", ["int 1", "i1", "value 1", "hour 1", "hr 1", "he 1", "h1", "kwh 1"],
        "The quantity of the first interval of the day, then `interval_2` and so on; empty where nothing \
         was sent.";
}

columns! {
    OF_READINGS, OfReadings behind SHARED.len();
    ROLE May "role", "additive", [],
        "What the meter's usage does to the account's: additive, subtractive or ignored.";
    ITEM May "item", "1", [],
        "Which rows of the section are one quantity; without it each row is one.";
    ITEM_DIRECTION May "direction", "delivered", ["flow", "flow direction"],
        "delivered, received, net or total.";
    BASIS May "basis", "measured", ["billed or measured"],
        "measured, billed or derived; measured if empty.";
    ITEM_UNIT May "unit", "kWh", ["uom", "units", "unit of measure"],
        "The unit of the quantity.";
    ITEM_QUANTITY Must "quantity", "2914", ["usage", "consumption", "kwh", "amount"],
        "How much; empty where the document says that there is no value.";
    ITEM_QUALITY May "quality", "actual", ["status", "read type", "estimated"],
        "actual, estimated, unavailable …";
    OCCURRED May "occurred", "2026-03-17 1430 CD", ["peak time", "demand time"],
        "When a demand occurred: a date, perhaps a time, perhaps a zone code.";
    READ_PAIR May "read_pair", "both_actual", [],
        "How the readings came about: both_actual, actual_estimated …";
    READ_MEASURE May "read_measure", "PRQ", [],
        "What the register measures, by the code of the document it came with.";
    READ_AMOUNT May "read_amount", "2914", [],
        "What was used by this register; the quantity if the column is missing.";
    READ_UNIT May "read_unit", "kWh", [],
        "The unit of it; that of the quantity if the column is missing.";
    BEGIN_READ May "begin_read", "41877", ["previous read", "prior read", "start read"],
        "What the dials showed at the start, not multiplied.";
    END_READ May "end_read", "44791", ["current read", "present read"],
        "What the dials showed at the end, not multiplied.";
    TIME_OF_USE May "time_of_use", "on_peak", ["tou", "tou period", "bucket"],
        "The part of the time the register counts: total, on_peak, off_peak …";
    MULTIPLIER May "multiplier", "80", ["meter multiplier", "constant"],
        "From what the dials turned to the quantity.";
    FACTOR_KIND May "factor_kind", "power_factor", [],
        "What a further factor is for.";
    FACTOR May "factor", "0.97", [],
        "A further factor.";
}

const COUNT_OF_INTERVALS: usize = SHARED.len() + OF_INTERVALS.len();
const COUNT_OF_DAYS: usize = SHARED.len() + OF_DAYS.len();
const COUNT_OF_READINGS: usize = SHARED.len() + OF_READINGS.len();

const INTERVALS: [Column; COUNT_OF_INTERVALS] = joined(SHARED, OF_INTERVALS);
const DAYS: [Column; COUNT_OF_DAYS] = joined(SHARED, OF_DAYS);
const READINGS: [Column; COUNT_OF_READINGS] = joined(SHARED, OF_READINGS);
