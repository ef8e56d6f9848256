//! What may be chosen about a sample beside its seed.

use std::fmt;

use crate::calendar::{Date, Month};

/// What may be chosen about one document; a recipe leaves alone what does not concern it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// The document's running number, part of its report, invoice or trace number.
    pub number: u32,
    /// The month that is reported, billed or paid. The document is dated early in the month after.
    pub month: Month,
    /// How long the metering intervals are.
    pub interval: IntervalLength,
    /// How many days of intervals, from the first of the month; all of the month when not given.
    pub days: Option<u16>,
    /// How many meters: two in a monthly report and one in an interval report when not given.
    pub meters: Option<u16>,
    /// Whether the member also feeds energy back, which is reported apart and never as a sign.
    pub net_metering: bool,
    /// The least number of charge lines of an invoice.
    pub charges: Option<u16>,
    /// How many accounts a remittance pays for.
    pub payments: u32,
}

impl Default for Choices {
    fn default() -> Choices {
        Choices {
            number: 1,
            month: Month::new(2026, 3),
            interval: IntervalLength::Minutes15,
            days: None,
            meters: None,
            net_metering: false,
            charges: None,
            payments: 6,
        }
    }
}

impl Choices {
    /// The day the document is written: the third of the month after.
    pub fn written(&self) -> Date {
        self.month.plus(1).day(3)
    }
}

/// How long a metering interval is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IntervalLength {
    /// A quarter of an hour.
    #[default]
    Minutes15,
    /// Half an hour.
    Minutes30,
    /// An hour.
    Minutes60,
}

impl IntervalLength {
    /// The length in minutes.
    pub const fn minutes(self) -> u16 {
        match self {
            IntervalLength::Minutes15 => 15,
            IntervalLength::Minutes30 => 30,
            IntervalLength::Minutes60 => 60,
        }
    }
}

/// The way `REF*MT` says it of kilowatt-hours: `KH015`.
impl fmt::Display for IntervalLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KH{:03}", self.minutes())
    }
}
