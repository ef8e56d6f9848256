//! One interval of a series, and what can be said of it.

use std::num::NonZeroU32;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::quality::Quality;
use crate::coded::Coded;
use crate::decimal::Decimal;
use crate::stamp::Stamp;
use crate::time::Interval;

/// What only a few points of a series have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IntervalException {
    /// The point, counted from 0.
    pub index: u32,
    /// The length of its interval, where it is not the series'. What follows starts accordingly.
    pub seconds: Option<NonZeroU32>,
    /// The stamp in the document, where it is not what the series' stamping makes of its time.
    pub stamp: Option<Stamp>,
    /// Whether the source left open in which of two repeated hours it is.
    #[serde(default)]
    pub ambiguous: bool,
    /// The quantity, where it does not fit a point. In JSON it stands with the others.
    #[serde(skip)]
    pub(super) quantity: Option<Decimal>,
}

impl IntervalException {
    pub(super) fn new(index: u32) -> IntervalException {
        IntervalException { index, seconds: None, stamp: None, ambiguous: false, quantity: None }
    }

    pub(super) fn says_something(&self) -> bool {
        self.seconds.is_some() || self.stamp.is_some() || self.ambiguous
    }
}

/// What was sent for an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointValue<'s> {
    /// A quantity.
    Quantity(Decimal, &'s Coded<Quality>),
    /// A code that says why there is no quantity.
    NoValue(&'s Coded<Quality>),
    /// Nothing.
    NotSent,
}

impl PointValue<'_> {
    /// How much, if a quantity was sent.
    pub fn quantity(&self) -> Option<Decimal> {
        match self {
            PointValue::Quantity(quantity, _) => Some(*quantity),
            PointValue::NoValue(_) | PointValue::NotSent => None,
        }
    }

    /// How it came about, if something was sent.
    pub fn quality(&self) -> Option<Quality> {
        self.code().map(|code| code.meaning)
    }

    /// The code it came with, if something was sent.
    pub fn code(&self) -> Option<&Coded<Quality>> {
        match self {
            PointValue::Quantity(_, code) | PointValue::NoValue(code) => Some(code),
            PointValue::NotSent => None,
        }
    }
}

/// An interval and what was sent for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntervalPoint<'s> {
    /// Its place in the series, from 0.
    pub index: u32,
    /// The first instant of it.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
    /// What was sent for it.
    pub value: PointValue<'s>,
    /// What only this point has.
    pub exception: Option<&'s IntervalException>,
}

/// Intervals that follow each other and have no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The first of them, from 0.
    pub index: u32,
    /// How many.
    pub count: u32,
    /// All of them together.
    pub interval: Interval,
    /// Whether something was sent for them that says there is no value.
    pub said: bool,
}
