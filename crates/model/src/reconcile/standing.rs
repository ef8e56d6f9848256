//! By what rows are found, so that neither many bills nor many payments of one account are slow: what
//! is open of it, and the periods it was billed for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;

use crate::decimal::Decimal;
use crate::period::Period;

/// The rows of one account and currency that have a bill, in their order, by what is open of them.
#[derive(Debug, Default)]
pub(super) struct Standing {
    by_open: BTreeMap<Decimal, BTreeSet<usize>>,
    /// Of which something is still to be paid.
    unpaid: BTreeSet<usize>,
    /// For which something was paid.
    paid: BTreeSet<usize>,
    last: usize,
}

impl Standing {
    /// Adds a row, which comes behind all others.
    pub(super) fn add(&mut self, at: usize, open: Decimal) {
        self.last = at;
        self.insert(at, open);
    }

    /// Notes that something was paid for a row.
    pub(super) fn paid(&mut self, at: usize, before: Decimal, after: Decimal) {
        let Some(rows) = self.by_open.get_mut(&before) else { return };
        let was_there = rows.remove(&at);
        if rows.is_empty() {
            self.by_open.remove(&before);
        }
        if was_there {
            self.unpaid.remove(&at);
            self.paid.insert(at);
            self.insert(at, after);
        }
    }

    fn insert(&mut self, at: usize, open: Decimal) {
        self.by_open.entry(open).or_default().insert(at);
        if !open.is_negative() && !open.is_zero() {
            self.unpaid.insert(at);
        }
    }

    /// The first row of which this much is open.
    pub(super) fn first_of(&self, open: Decimal) -> Option<usize> {
        self.by_open.get(&open)?.first().copied()
    }

    /// The first row of which something is to be paid; the last one if there is none.
    pub(super) fn oldest(&self) -> usize {
        self.unpaid.first().copied().unwrap_or(self.last)
    }

    /// The last row for which something was paid; the last one if there is none.
    pub(super) fn last_paid(&self) -> usize {
        self.paid.last().copied().unwrap_or(self.last)
    }

    /// The last row.
    pub(super) fn last(&self) -> usize {
        self.last
    }
}

/// The rows of one account by the periods they are billed for.
#[derive(Debug, Default)]
pub(super) struct BilledPeriods {
    by_start: BTreeMap<Date, BTreeMap<Date, usize>>,
    /// The length of the longest of them, in days.
    longest: i64,
}

impl BilledPeriods {
    /// Adds a row; of several with one period the first counts.
    pub(super) fn add(&mut self, period: Period, at: usize) {
        let ends = self.by_start.entry(period.start()).or_default();
        let first = ends.entry(period.end()).or_insert(at);
        *first = at.min(*first);
        self.longest = self.longest.max(days(period.start(), period.end()));
    }

    /// The row whose period is nearest to that of a report that lies in it, give or take the day of
    /// the read at each end.
    pub(super) fn nearest(&self, used: Period) -> Option<usize> {
        let latest = used.start().checked_add(1.day()).unwrap_or(used.start());
        let earliest = used.end().checked_sub(1.day()).unwrap_or(used.end());
        let mut best: Option<(i64, usize)> = None;
        for (start, ends) in self.by_start.range(..=latest).rev() {
            let before = days(*start, used.start());
            let is_farther = best.is_some_and(|(distance, _)| before > distance);
            // A period that starts so early has ended before the report's does.
            if is_farther || days(*start, earliest) > self.longest {
                break;
            }
            // Ends before the report's are a day before it at most, so three of them are enough.
            for (end, at) in ends.range(earliest..).take(3) {
                let found = (before.abs() + days(used.end(), *end).abs(), *at);
                best = Some(best.map_or(found, |best| best.min(found)));
            }
        }
        best.map(|(_, at)| at)
    }
}

/// From one date to another.
fn days(from: Date, until: Date) -> i64 {
    from.duration_until(until).as_hours() / 24
}
