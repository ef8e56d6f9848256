//! A row that is a day: a column for each interval, as they follow each other from midnight on.
//!
//! When the clocks are set forward, the columns of the hour that is left out are empty, or the last ones
//! are. When they are set back there are as many columns more. A row that leaves it open which of its
//! columns are meant is refused.

use std::io::Read;

use tieline_model::decimal::Decimal;
use tieline_model::time::{Instants, Timestamp, Zone};
use tieline_model::usage::SeriesError;

use super::open::When;
use super::*;
use crate::files::error::FileError;
use crate::files::table::TableFault;

// A series is found by the columns before this one, as in a table of intervals.
const _: () = assert!(
    DAY_SERIES == SERIES
        && DAY_DIRECTION == DIRECTION
        && DAY_UNIT == UNIT
        && DAY_ZONE == ZONE
        && DAY_SECONDS == SECONDS
        && DAY_MINUTES == MINUTES
        && DAY == START
);

/// The seconds of a day on which the clocks are not changed.
const USUAL_DAY: usize = 86_400;

impl<R: Read> Reader<R> {
    /// Adds the intervals of a row.
    pub(super) fn add_day(&mut self, mut current: usize) -> Result<(), FileError> {
        let table = &self.table;
        let fault = |fault: TableFault| table.fault(DAY, fault);
        let Some(begun) = self.open.as_mut().map(|open| &mut open.begun[current]) else {
            return Ok(());
        };
        let columns = table.counted();
        let seconds = match begun.seconds {
            Some(seconds) => seconds,
            None => length_of(columns).ok_or_else(|| fault(TableFault::DayLength(columns)))?,
        };
        begun.seconds = Some(seconds);
        let date = table.date(DAY)?.ok_or_else(|| fault(TableFault::CellEmpty))?;
        let zone = begun.clock.zone().clone();
        let day = zone.day(date).map_err(|_| fault(TableFault::NotADate))?;
        let first = day.start().as_second();
        let cells: Vec<Option<Decimal>> =
            (0..columns).map(|n| table.counted_number(n)).collect::<Result<_, _>>()?;
        let count = day.seconds() as usize / seconds as usize;
        let skipped = skipped(&zone, date, seconds);
        let places = places(&cells, count, &skipped, USUAL_DAY / seconds as usize);
        let places = places.map_err(fault)?;
        let quality = table.coded(DAY_QUALITY)?.unwrap_or(self.options.quality.into());
        for (n, place) in places.into_iter().enumerate() {
            let value = place.and_then(|place| cells.get(place).copied().flatten());
            let start = first + n as i64 * i64::from(seconds);
            let when = When { start, length: seconds, is_ambiguous: false };
            loop {
                let fault = |error: SeriesError| match error {
                    SeriesError::Overlap { .. } => self.table.fault(DAY, TableFault::OutOfOrder),
                    SeriesError::OffBeat(_) => self.table.fault(DAY, TableFault::OffBeat),
                    SeriesError::Negative(_) => self.table.fault(DAY, TableFault::Negative),
                    other => self.table.fault(DAY, TableFault::Series(other.to_string())),
                };
                let Some(open) = &mut self.open else { return Ok(()) };
                let begun = &mut open.begun[current];
                let at = Timestamp::from_second(start).map_err(|_| fault(SeriesError::TooLong))?;
                let series = begun.series(at).map_err(fault)?;
                let code = series.code(quality.meaning, quality.raw.as_deref()).map_err(fault)?;
                let before = series.len();
                match begun.push(&when, value.map(|value| (code, Some(value)))) {
                    Err(SeriesError::TooFar(_)) => current = self.successor(current)?,
                    pushed => {
                        pushed.map_err(fault)?;
                        let after = begun.series.as_ref().map_or(0, |series| series.len());
                        open.points = open.points.saturating_add((after - before) as u32);
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The length of intervals by how many columns there are, with or without those of an hour more.
fn length_of(columns: usize) -> Option<u32> {
    match columns {
        24 | 25 => Some(3600),
        48 | 50 => Some(1800),
        96 | 100 => Some(900),
        288 | 300 => Some(300),
        _ => None,
    }
}

/// The columns, counted from 0, of times that the clocks of the zone never showed on a day.
fn skipped(zone: &Zone, day: Date, seconds: u32) -> Vec<usize> {
    let usual = USUAL_DAY / seconds as usize;
    let midnight = day.at(0, 0, 0, 0);
    let is_skipped = |n: &usize| {
        let wall = midnight.checked_add(jiff::Span::new().seconds(*n as i64 * i64::from(seconds)));
        wall.is_ok_and(|wall| matches!(zone.instants(wall), Ok(Instants::Never)))
    };
    (0..usual).filter(is_skipped).collect()
}

/// The column of each interval of a day of `count` intervals, of `usual` on other days; `None` for an
/// interval that has no column.
fn places(
    cells: &[Option<Decimal>],
    count: usize,
    skipped: &[usize],
    usual: usize,
) -> Result<Vec<Option<usize>>, TableFault> {
    let has_value = |n: usize| cells.get(n).is_some_and(Option::is_some);
    let filled = (0..cells.len()).filter(|n| has_value(*n)).count();
    let in_turn = || (0..count).map(Some).collect();
    if filled == 0 {
        return Ok(in_turn());
    }
    if count > cells.len() {
        return Err(TableFault::DayTooLong { intervals: count, columns: cells.len() });
    }
    let is_behind = (count..cells.len()).any(has_value);
    if count >= usual {
        return if is_behind { Err(TableFault::DayTooShort(count)) } else { Ok(in_turn()) };
    }
    let is_on_the_wall =
        !skipped.iter().any(|n| has_value(*n)) && !(usual..cells.len()).any(has_value);
    match (is_behind, is_on_the_wall) {
        (false, false) => Ok(in_turn()),
        (true, true) => Ok((0..usual).filter(|n| !skipped.contains(n)).map(Some).collect()),
        (true, false) => Err(TableFault::DayTooShort(count)),
        (false, true) => Err(TableFault::DayUnclear(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which columns are read on a day, where `x` is a value.
    fn read(cells: &str, count: usize, skipped: &[usize]) -> Result<Vec<usize>, TableFault> {
        let cells: Vec<_> = cells.chars().map(|c| (c == 'x').then_some(Decimal::ONE)).collect();
        places(&cells, count, skipped, 6).map(|places| places.into_iter().flatten().collect())
    }

    #[test]
    fn columns_of_a_short_day_are_left_out_where_the_clocks_do_or_at_the_end() {
        assert_eq!(read("xxxxxx", 6, &[]), Ok(vec![0, 1, 2, 3, 4, 5]));
        assert_eq!(read("xx-xxx", 5, &[2]), Ok(vec![0, 1, 3, 4, 5]));
        assert_eq!(read("xxxxx-", 5, &[2]), Ok(vec![0, 1, 2, 3, 4]));
        assert_eq!(read("xxxxxx", 5, &[2]), Err(TableFault::DayTooShort(5)));
        assert_eq!(read("xx-xx-", 5, &[2]), Err(TableFault::DayUnclear(5)));
        assert_eq!(read("------", 5, &[2]), Ok(vec![0, 1, 2, 3, 4]));
    }

    #[test]
    fn a_long_day_has_columns_more() {
        assert_eq!(read("xxxxxxx", 7, &[]), Ok(vec![0, 1, 2, 3, 4, 5, 6]));
        let (intervals, columns) = (7, 6);
        assert_eq!(read("xxxxxx", 7, &[]), Err(TableFault::DayTooLong { intervals, columns }));
        assert_eq!(read("xxxxxxx", 6, &[]), Err(TableFault::DayTooShort(6)));
        assert_eq!(read("xxxxxx-", 6, &[]), Ok(vec![0, 1, 2, 3, 4, 5]));
    }
}
