//! A business finding: its code, its place, and what is wrong in figures.

use std::fmt;

use tieline_model::decimal::Decimal;
use tieline_model::provenance::Ordinal;
use tieline_model::quantity::Unit;
use tieline_model::time::{Date, DateTime};
use tieline_x12::segment::SegmentId;

use super::catalogue::{Code, Severity};
use super::options::BusinessOptions;
use crate::error::MappingError;

/// One thing wrong with a document that keeps the standard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessFinding {
    /// Which one it is.
    pub code: Code,
    /// How bad it is to this partner.
    pub severity: Severity,
    /// The segment in the transaction set, `ST` being 1; 0 when it was not read from one.
    pub at: Ordinal,
    /// The id of that segment, once the set itself was looked at.
    pub segment: Option<SegmentId>,
    /// What is wrong.
    pub what: What,
}

/// What is wrong, in figures. `Display` is the message; it holds no account number and no name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// The document cannot be read into the model.
    Unreadable(String),
    /// A summary is not the sum of its intervals.
    IntervalSum {
        /// What the summary says.
        stated: Decimal,
        /// What the intervals add up to, in the unit of the summary.
        sum: Decimal,
        /// The unit of both.
        unit: Unit,
    },
    /// A day does not have all its intervals.
    IntervalsOfDay {
        /// The day.
        day: Date,
        /// How many there should be of it in the service period.
        expected: u32,
        /// How many were sent.
        received: u32,
        /// The length of an interval, in seconds.
        seconds: u32,
        /// When the first missing one starts, on the clock of the service point.
        first: DateTime,
    },
    /// Whole days have no intervals.
    DaysMissing {
        /// The first.
        from: Date,
        /// The last.
        until: Date,
        /// How many intervals there should be.
        expected: u64,
        /// The length of an interval, in seconds.
        seconds: u32,
    },
    /// Intervals are wrong in the same way, one after the other.
    Intervals {
        /// How many.
        count: u32,
        /// When the first one starts, on the clock of the service point.
        from: DateTime,
        /// What is wrong with them.
        how: Wrong,
    },
    /// Stamps have a zone code that was not in force.
    Zone {
        /// How many.
        count: u32,
        /// The first, as it is written; in a series all in standard time, as it would be.
        from: DateTime,
        /// How many seconds ahead of UTC the code is.
        code: i64,
        /// How many seconds ahead of UTC the clocks were.
        clock: i64,
    },
    /// Readings do not lead to the consumption.
    Reads {
        /// What was used, as the document says.
        stated: Decimal,
        /// How far the register turned.
        turned: Decimal,
        /// By what that is multiplied.
        multiplier: Option<Decimal>,
    },
    /// A period ends before it starts.
    PeriodOrder {
        /// Its start.
        start: Date,
        /// Its end.
        end: Date,
    },
    /// A period leaves that of what it is a part of.
    Outside {
        /// The first and last date of the part.
        part: (Date, Date),
        /// The first and last date of the whole.
        whole: (Date, Date),
    },
    /// Something that must be named is not.
    Missing(&'static str),
    /// A number was used before in the file.
    Repeated(&'static str),
    /// A date is before the one it must not be before.
    Early {
        /// The date that something is due.
        due: Date,
        /// The date of the document.
        issued: Date,
    },
    /// An amount is not what others come to.
    Amount {
        /// What the document says.
        stated: Decimal,
        /// What it comes to.
        expected: Decimal,
    },
    /// A charge is not what the rate schedule makes of the usage.
    Priced {
        /// What the document says.
        stated: Decimal,
        /// What the schedule makes it.
        expected: Decimal,
    },
    /// A charge is not its rate times its quantity.
    Product {
        /// What the document says.
        stated: Decimal,
        /// The price of a unit.
        rate: Decimal,
        /// How many units.
        quantity: Decimal,
        /// What it comes to.
        expected: Decimal,
    },
    /// A count is wrong.
    Count {
        /// What the document says.
        stated: Decimal,
        /// How many there are.
        counted: usize,
    },
    /// An amount is less than zero.
    Negative(Decimal),
}

/// What is wrong with intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// They were sent before.
    Repeated,
    /// They begin before another one has ended.
    Overlapping,
    /// They stand behind later ones.
    OutOfOrder,
    /// They are not in the period of their section.
    OutsidePeriod,
    /// They are in the hour that comes twice, and it is not said in which of both.
    Ambiguous,
    /// They are sent without a value.
    WithoutValue,
}

impl BusinessFinding {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        self.code.entry().remedy
    }
}

/// The finding that a document cannot be read into the model; `None` if the partner's options do
/// not ask for it.
pub fn unreadable(
    code: Code,
    error: &MappingError,
    options: &BusinessOptions,
) -> Option<BusinessFinding> {
    let at = error.position().map_or(0, |at| at.segment);
    let what = What::Unreadable(error.without_position());
    let mut found = Findings::new(options);
    found.add(code, Ordinal(at), what);
    found.all.pop()
}

/// Gathers the findings of one document.
pub(super) struct Findings<'o> {
    pub(super) options: &'o BusinessOptions,
    all: Vec<BusinessFinding>,
}

impl<'o> Findings<'o> {
    pub(super) fn new(options: &'o BusinessOptions) -> Findings<'o> {
        Findings { options, all: Vec::new() }
    }

    /// Whether the partner's options ask for a finding.
    pub(super) fn wants(&self, code: Code) -> bool {
        self.options.severity(code).is_some()
    }

    pub(super) fn add(&mut self, code: Code, at: Ordinal, what: What) {
        if let Some(severity) = self.options.severity(code) {
            self.all.push(BusinessFinding { code, severity, at, segment: None, what });
        }
    }

    /// The findings in the order of the document.
    pub(super) fn finish(mut self) -> Vec<BusinessFinding> {
        self.all.sort_by_key(|finding| finding.at.0);
        self.all
    }
}

/// `UTL-102: 2026-03-08 has ...`.
impl fmt::Display for BusinessFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.what)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Unreadable(why) => f.write_str(why),
            What::IntervalSum { stated, sum, unit } => {
                let unit = word(*unit);
                write!(f, "the summary says {stated}{unit}, its intervals add up to {sum}{unit}")
            }
            What::IntervalsOfDay { day, expected, received, seconds, first } => write!(
                f,
                "{day} should have {}, and {received} were sent; the first missing one starts at {}",
                intervals(u64::from(*expected), *seconds),
                clock(*first),
            ),
            What::DaysMissing { from, until, expected, seconds } => {
                let expected = intervals(*expected, *seconds);
                match from == until {
                    true => write!(f, "{from} should have {expected}, and none were sent"),
                    false => {
                        write!(f, "{from} to {until} should have {expected}, and none were sent")
                    }
                }
            }
            What::Intervals { count, from, how } => {
                let (one, many) = how.words();
                let from = clock(*from);
                match count {
                    1 => write!(f, "the interval that starts {from} {one}"),
                    _ => write!(f, "{count} intervals, the first of which starts {from}, {many}"),
                }
            }
            What::Zone { count, from, code, clock: was } => {
                let (from, code, was) = (clock(*from), offset(*code), offset(*was));
                let stamps = match count {
                    1 => format!("the stamp {from}"),
                    _ => format!("{count} stamps from {from} on"),
                };
                write!(f, "{stamps}: the zone code stands for {code}, the clocks were at {was}")
            }
            What::Reads { stated, turned, multiplier: None } => {
                write!(f, "the readings differ by {turned}, and the consumption is {stated}")
            }
            What::Reads { stated, turned, multiplier: Some(multiplier) } => write!(
                f,
                "the readings differ by {turned}, the multiplier is {multiplier}, and the consumption is {stated}"
            ),
            What::PeriodOrder { start, end } => {
                write!(f, "the period starts on {start} and ends on {end}")
            }
            What::Outside { part, whole } => {
                write!(f, "{} to {} is not within {} to {}", part.0, part.1, whole.0, whole.1)
            }
            What::Missing(what) => write!(f, "{what} is missing"),
            What::Repeated(what) => write!(f, "{what} was used before in this file"),
            What::Early { due, issued } => write!(f, "it is due on {due} and dated {issued}"),
            What::Amount { stated, expected } => {
                write!(f, "the document says {stated}, its lines come to {expected}")
            }
            What::Priced { stated, expected } => {
                write!(f, "the charge is {stated}, and the rate schedule makes it {expected}")
            }
            What::Product { stated, rate, quantity, expected } => {
                write!(f, "the charge is {stated}, but {quantity} at {rate} is {expected}")
            }
            What::Count { stated, counted } => {
                write!(f, "the count says {stated}, and there are {counted}")
            }
            What::Negative(amount) => write!(f, "the amount is {amount}"),
        }
    }
}

impl Wrong {
    /// What is said of one and of many.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Wrong::Repeated => ("was sent before", "were sent before"),
            Wrong::Overlapping => {
                ("begins before another one has ended", "begin before others have ended")
            }
            Wrong::OutOfOrder => ("stands behind a later one", "stand behind later ones"),
            Wrong::OutsidePeriod => (
                "is not in the service period of its section",
                "are not in the service period of their section",
            ),
            Wrong::Ambiguous => (
                "has a stamp in the hour that comes twice, and no zone code says which",
                "have stamps in the hour that comes twice, and no zone code says which",
            ),
            Wrong::WithoutValue => ("has no value", "have no value"),
        }
    }
}

/// `96 intervals of 15 minutes`.
fn intervals(count: u64, seconds: u32) -> String {
    let intervals = if count == 1 { "interval" } else { "intervals" };
    match (seconds % 60, seconds / 60) {
        (0, 1) => format!("{count} {intervals} of a minute"),
        (0, minutes) => format!("{count} {intervals} of {minutes} minutes"),
        _ => format!("{count} {intervals} of {seconds} seconds"),
    }
}

/// `2026-03-08 03:15`.
fn clock(at: DateTime) -> String {
    format!("{} {:02}:{:02}", at.date(), at.hour(), at.minute())
}

/// `UTC-06:00`.
fn offset(seconds: i64) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A unit behind a number; nothing where it has no name.
fn word(unit: Unit) -> String {
    match (unit, serde_json::to_value(unit)) {
        (Unit::Other, _) => String::new(),
        (_, Ok(serde_json::Value::String(name))) => format!(" {name}"),
        _ => String::new(),
    }
}
