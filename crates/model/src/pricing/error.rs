//! Why a bill cannot be worked out: the figure that is missing, or what the usage does not say.

use jiff::Timestamp;

use crate::bill::ChargeKind;
use crate::decimal::NumberError;
use crate::period::Month;
use crate::quantity::Unit;
use crate::time::TimeError;

/// Why a bill cannot be worked out. It names schedules, charges and times, never the customer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PricingError {
    /// The book has no figure for what was used.
    #[error("rate {schedule}, {charge}: no figure is published for {missing}")]
    Unpublished {
        /// The schedule.
        schedule: String,
        /// The charge, as it is called on bills.
        charge: String,
        /// What it is for.
        kind: ChargeKind,
        /// What a figure is missing for.
        missing: String,
    },
    /// A price that is published month by month, and not for this one.
    #[error("rate {schedule}, {charge}: the price of {month} is not known")]
    MonthUnknown {
        /// The schedule.
        schedule: String,
        /// The charge.
        charge: String,
        /// The month.
        month: Month,
    },
    /// Billing demand, which the book does not define, is not reported.
    #[error("rate {schedule}, {charge}: the usage does not report a billing demand in kW")]
    NoBillingDemand {
        /// The schedule.
        schedule: String,
        /// The charge.
        charge: String,
    },
    /// Nobody said whether a zone was called out.
    #[error("rate {schedule}, {charge}: it is not said when the {zone} zone was called out")]
    ZoneNotSaid {
        /// The schedule.
        schedule: String,
        /// The charge.
        charge: String,
        /// The zone.
        zone: String,
    },
    /// Neither intervals nor registers tell when the energy was used.
    #[error("rate {schedule}, {charge}: the usage does not say when the energy was used")]
    NoTimes {
        /// The schedule.
        schedule: String,
        /// The charge.
        charge: String,
    },
    /// The parts of the time are not those of the schedule, or are not all the energy.
    #[error("rate {schedule}, {charge}: the registers are not the schedule's parts of the day")]
    OtherBuckets {
        /// The schedule.
        schedule: String,
        /// The charge.
        charge: String,
    },
    /// Intervals without a quantity for a bill.
    #[error("rate {schedule}, {charge}: {missing} intervals have no quantity that can be billed")]
    Incomplete {
        /// The schedule.
        schedule: String,
        /// The charge.
        charge: String,
        /// How many.
        missing: u32,
    },
    /// The intervals are of another time than the billing period, or of other energy.
    #[error("rate {schedule}, {charge}: the intervals are not those of the whole billing period")]
    NotCovered {
        /// The schedule.
        schedule: String,
        /// The charge.
        charge: String,
    },
    /// An interval with two prices.
    #[error(
        "rate {schedule}, {charge}: the price changes within the interval that starts at {start}"
    )]
    Straddles {
        /// The schedule.
        schedule: String,
        /// The charge.
        charge: String,
        /// The first instant of the interval.
        start: Timestamp,
    },
    /// Demand of intervals of another length than the schedule counts, or of none exactly.
    #[error("rate {schedule}, {charge}: demand cannot be told from intervals of {seconds} seconds")]
    OtherLength {
        /// The schedule.
        schedule: String,
        /// The charge.
        charge: String,
        /// The length of the intervals there are.
        seconds: u32,
    },
    /// A charge counts a unit that is not metered here.
    #[error("rate {schedule}, {charge}: the usage cannot be told in {unit:?} exactly")]
    OtherUnit {
        /// The schedule.
        schedule: String,
        /// The charge.
        charge: String,
        /// The unit.
        unit: Unit,
    },
    /// There is energy, and the schedule has no price for it in this month.
    #[error("rate {schedule}: there is energy, and no price of it for {month}")]
    EnergyNotPriced {
        /// The schedule.
        schedule: String,
        /// The month.
        month: Month,
    },
    /// What is sub-metered is more than the main meter measured.
    #[error("rate {schedule}: the energy is less than zero")]
    NegativeEnergy {
        /// The schedule.
        schedule: String,
    },
    /// The period begins before the schedule does, or ends after it.
    #[error("rate {schedule}: it is not in force for the whole billing period")]
    NotInForce {
        /// The schedule.
        schedule: String,
    },
    /// Schedules of different currencies.
    #[error("rate {schedule}: its prices are of another currency than the bill")]
    OtherCurrency {
        /// The schedule.
        schedule: String,
    },
    /// A number is too long.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// Outside of the calendar.
    #[error(transparent)]
    Time(#[from] TimeError),
}

impl PricingError {
    /// The schedule that has to change, if the figure belongs there.
    pub fn schedule_to_change(&self) -> Option<&str> {
        match self {
            PricingError::Unpublished { schedule, .. }
            | PricingError::MonthUnknown { schedule, .. }
            | PricingError::EnergyNotPriced { schedule, .. }
            | PricingError::NotInForce { schedule } => Some(schedule),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            PricingError::Unpublished { .. } => {
                "when the figure is known, put it in the schedule as `price` in place of \
                 `unpublished`"
            }
            PricingError::MonthUnknown { .. } => {
                "add the month and its price to the schedule when it is published, or give the \
                 price for this bill"
            }
            PricingError::NoBillingDemand { .. } => {
                "give the billing demand; a measured peak is not taken for it, as the book does \
                 not say how one becomes the other"
            }
            PricingError::ZoneNotSaid { .. } => {
                "say when the zone was called out, its demand in kW, or that it was not called out"
            }
            PricingError::NoTimes { .. } => {
                "bill from intervals, or from registers of the schedule's parts of the day"
            }
            PricingError::OtherBuckets { .. } => {
                "registers have to be those of the schedule, and to add up to the energy"
            }
            PricingError::Incomplete { .. } => "ask for the missing intervals, or for estimates",
            PricingError::NotCovered { .. } => {
                "intervals have to run from the first midnight of the period to its last without \
                 a gap, cover each call-out, and add up to the energy"
            }
            PricingError::Straddles { .. } => "ask for intervals that end where the price changes",
            PricingError::OtherLength { .. } => "ask for intervals of the length that is billed",
            PricingError::OtherUnit { .. } => "correct the unit of the charge",
            PricingError::EnergyNotPriced { .. } => {
                "choose the rate that the energy is billed under in this month, or add a charge"
            }
            PricingError::NegativeEnergy { .. } => {
                "see that each sub-meter is taken off once, and from the meter it is behind"
            }
            PricingError::NotInForce { .. } => {
                "bill each part of the period under the schedule that was in force then"
            }
            PricingError::OtherCurrency { .. } => "bill it apart",
            PricingError::Number(_) | PricingError::Time(_) => "correct the usage or the rate",
        }
    }
}
