//! A series: intervals of one length that follow each other.
//!
//! The unit, the direction, the zone and the way of stamping stand once for the series, and so does
//! each code. A point has its number and which code it came with, in eight bytes. What only a few
//! points have stands in a side table: [`IntervalException`]. An interval for which nothing was
//! sent has a point that says so, so that the place of a point always tells its time.

use std::num::NonZeroU32;

use jiff::Timestamp;
use jiff::civil::Date;

use super::interval::{Gap, IntervalException, IntervalPoint, PointValue};
use super::point::{MAX_CODES, Point};
use super::quality::Quality;
use super::quantity::{NegativeQuantity, check_sign};
use crate::coded::Coded;
use crate::decimal::{Decimal, NumberError};
use crate::meter::Direction;
use crate::provenance::Ordinal;
use crate::quantity::{Quantity, Unit};
use crate::residue::Residue;
use crate::stamp::{Stamp, Stamping};
use crate::time::{Interval, TimeError, Zone};

/// How many points may be left out at once, beside eight for each there is. A stamp far away starts
/// a series of its own, so that no document takes more memory than it is long.
const MAX_GAP: usize = 96;

/// Quantities of intervals that follow each other without a break.
///
/// In its residue, and wherever a point is counted, `QTY[1]` is the first point, whether or not
/// something was sent for it.
#[derive(Debug, Clone)]
pub struct IntervalSeries {
    direction: Direction,
    /// The unit of all quantities.
    pub unit: Coded<Unit>,
    /// The zone of the service point.
    pub zone: Zone,
    /// How the document stamps its intervals; `None` leaves it to the partner's habit.
    pub stamping: Option<Stamping>,
    seconds: NonZeroU32,
    first: Timestamp,
    /// Seconds since 1970 at which the interval after the last point starts.
    end: i64,
    codes: Vec<Coded<Quality>>,
    points: Vec<Point>,
    exceptions: Vec<IntervalException>,
    /// Where its first point was read.
    pub at: Ordinal,
    /// What no field means.
    pub residue: Residue,
}

/// One of the codes of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeNumber(u8);

/// Why a series or a point of it cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeriesError {
    /// An interval has no length.
    #[error("an interval is at least a second long")]
    NoLength,
    /// More different codes than a series holds.
    #[error("a series has at most {MAX_CODES} different codes")]
    TooManyCodes,
    /// A code of another series.
    #[error("the series does not have this code")]
    UnknownCode,
    /// A negative quantity that is not net.
    #[error(transparent)]
    Negative(#[from] NegativeQuantity),
    /// The interval starts before the last one ends.
    #[error("the interval starts at {start}, before the last one ends at {end}")]
    Overlap {
        /// When it starts.
        start: Timestamp,
        /// When the last one ends.
        end: Timestamp,
    },
    /// The interval does not start a whole number of intervals after the last one.
    #[error("the interval starts at {0}, which is between two intervals of the series")]
    OffBeat(Timestamp),
    /// So much later that it belongs to a series of its own.
    #[error("the interval starts at {0}, far behind the last one")]
    TooFar(Timestamp),
    /// More points than can be counted.
    #[error("the series is too long")]
    TooLong,
    /// The series does not have the point.
    #[error("the series does not have this point")]
    NoPoint,
    /// The points and what is said about their quality are not equal in number.
    #[error("there are {quantities} quantities and the quality of {qualities}")]
    CountMismatch {
        /// How many quantities there are.
        quantities: u64,
        /// Of how many the quality is told.
        qualities: u64,
    },
    /// Outside of the calendar.
    #[error(transparent)]
    Time(#[from] TimeError),
}

impl IntervalSeries {
    /// A series without points, whose first one starts at `first`.
    ///
    /// # Errors
    ///
    /// [`SeriesError::NoLength`] if `seconds` is 0.
    pub fn new(
        direction: Direction,
        unit: Coded<Unit>,
        seconds: u32,
        zone: Zone,
        first: Timestamp,
    ) -> Result<IntervalSeries, SeriesError> {
        Ok(IntervalSeries {
            direction,
            unit,
            zone,
            stamping: None,
            seconds: NonZeroU32::new(seconds).ok_or(SeriesError::NoLength)?,
            first,
            end: first.as_second(),
            codes: Vec::new(),
            points: Vec::new(),
            exceptions: Vec::new(),
            at: Ordinal::default(),
            residue: Residue::default(),
        })
    }

    /// Makes room for so many points.
    pub fn reserve(&mut self, points: usize) {
        self.points.reserve(points);
    }

    /// Which way the energy flowed.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// The length of an interval, but for exceptions.
    pub fn seconds(&self) -> u32 {
        self.seconds.get()
    }

    /// The first instant of the first interval.
    pub fn start(&self) -> Timestamp {
        self.first
    }

    /// The first instant after the last interval.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`].
    pub fn end(&self) -> Result<Timestamp, TimeError> {
        instant(self.end)
    }

    /// How many points it has, those without a value included.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether it has no point.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The codes its points came with.
    pub fn codes(&self) -> &[Coded<Quality>] {
        &self.codes
    }

    /// What only a few points have, by their places.
    pub fn exceptions(&self) -> impl Iterator<Item = &IntervalException> {
        self.exceptions.iter().filter(|exception| exception.says_something())
    }

    /// Finds a code among those of the series by its meaning and text, or adds it.
    ///
    /// # Errors
    ///
    /// [`SeriesError::TooManyCodes`].
    pub fn code(&mut self, quality: Quality, raw: Option<&str>) -> Result<CodeNumber, SeriesError> {
        let is_it = |code: &Coded<Quality>| code.meaning == quality && code.raw.as_deref() == raw;
        if let Some(number) = self.codes.iter().position(is_it) {
            return Ok(CodeNumber(number as u8));
        }
        if self.codes.len() == MAX_CODES {
            return Err(SeriesError::TooManyCodes);
        }
        self.codes.push(Coded { meaning: quality, raw: raw.map(str::to_string) });
        Ok(CodeNumber(self.codes.len() as u8 - 1))
    }

    /// Adds the next point: a quantity, or `None` for a code that says there is no value.
    ///
    /// # Errors
    ///
    /// [`SeriesError::UnknownCode`], [`SeriesError::Negative`], [`SeriesError::TooLong`].
    pub fn push(&mut self, code: CodeNumber, quantity: Option<Decimal>) -> Result<(), SeriesError> {
        let point = self.packed(code, quantity)?;
        self.push_point(point, quantity)
    }

    /// Adds a point that starts at `start`, and points for which nothing was sent up to it.
    ///
    /// # Errors
    ///
    /// As [`IntervalSeries::push`]; [`SeriesError::Overlap`] or [`SeriesError::OffBeat`] if it does
    /// not fit behind the last one, [`SeriesError::TooFar`] if it should start a new series. The
    /// series is as before then.
    pub fn push_at(
        &mut self,
        start: Timestamp,
        code: CodeNumber,
        quantity: Option<Decimal>,
    ) -> Result<(), SeriesError> {
        let point = self.packed(code, quantity)?;
        let missing = self.missing_until(start)?;
        self.skip(missing)?;
        self.push_point(point, quantity)
    }

    /// Adds points for which nothing was sent.
    ///
    /// # Errors
    ///
    /// [`SeriesError::TooLong`].
    pub fn skip(&mut self, count: u32) -> Result<(), SeriesError> {
        let length = self.points.len() + count as usize;
        let end = i64::from(count) * i64::from(self.seconds.get()) + self.end;
        if u32::try_from(length).is_err() || instant(end).is_err() {
            return Err(SeriesError::TooLong);
        }
        self.points.resize(length, Point::NOT_SENT);
        self.end = end;
        Ok(())
    }

    /// Adds points for which nothing was sent, up to one that would start at `start`.
    ///
    /// # Errors
    ///
    /// As those of [`IntervalSeries::push_at`] that are about the start.
    pub fn skip_to(&mut self, start: Timestamp) -> Result<(), SeriesError> {
        let missing = self.missing_until(start)?;
        self.skip(missing)
    }

    /// Whether so many points may be left out here. What is farther away starts a series of its own.
    pub fn takes_gap(&self, missing: u64) -> bool {
        missing <= (MAX_GAP + 8 * self.points.len()) as u64
    }

    /// Gives the last point another length than the series'.
    ///
    /// # Errors
    ///
    /// [`SeriesError::NoPoint`], [`SeriesError::NoLength`].
    pub fn set_last_seconds(&mut self, seconds: u32) -> Result<(), SeriesError> {
        let seconds = NonZeroU32::new(seconds).ok_or(SeriesError::NoLength)?;
        let usual = self.seconds;
        let exception = self.last_exception()?;
        let before = exception.seconds.unwrap_or(usual);
        exception.seconds = (seconds != usual).then_some(seconds);
        self.end += i64::from(seconds.get()) - i64::from(before.get());
        Ok(())
    }

    /// Keeps the stamp of the last point, where it is not what the series' stamping makes of its
    /// time.
    ///
    /// # Errors
    ///
    /// [`SeriesError::NoPoint`].
    pub fn set_last_stamp(&mut self, stamp: Stamp) -> Result<(), SeriesError> {
        self.last_exception()?.stamp = Some(stamp);
        Ok(())
    }

    /// Notes that it is open in which of two repeated hours the last point is.
    ///
    /// # Errors
    ///
    /// [`SeriesError::NoPoint`].
    pub fn set_last_ambiguous(&mut self) -> Result<(), SeriesError> {
        self.last_exception()?.ambiguous = true;
        Ok(())
    }

    /// Changes what was sent for one interval.
    ///
    /// # Errors
    ///
    /// [`SeriesError::NoPoint`]; otherwise as [`IntervalSeries::push`].
    pub fn replace(
        &mut self,
        index: u32,
        code: CodeNumber,
        quantity: Option<Decimal>,
    ) -> Result<(), SeriesError> {
        let point = self.packed(code, quantity)?;
        *self.points.get_mut(index as usize).ok_or(SeriesError::NoPoint)? = point;
        self.exception_of(index).quantity = quantity.filter(|_| point.is_aside());
        Ok(())
    }

    /// Its intervals with what was sent for them, in the order of time.
    pub fn points(&self) -> impl Iterator<Item = IntervalPoint<'_>> {
        let mut start = self.first;
        let mut exceptions = self.exceptions.iter().peekable();
        (0..).zip(&self.points).map_while(move |(index, point)| {
            let exception = exceptions.next_if(|exception| exception.index == index);
            let seconds = exception.and_then(|exception| exception.seconds).unwrap_or(self.seconds);
            // The end of the whole series is in range, so that of each point is.
            let end = instant(start.as_second() + i64::from(seconds.get())).ok()?;
            let value = self.value(*point, exception);
            let exception = exception.filter(|exception| exception.says_something());
            let found = IntervalPoint { index, start, end, value, exception };
            start = end;
            Some(found)
        })
    }

    /// What was sent for each interval, without its times.
    pub fn values(&self) -> impl Iterator<Item = PointValue<'_>> {
        let mut exceptions = self.exceptions.iter().peekable();
        (0..).zip(&self.points).map(move |(index, point)| {
            let exception = exceptions.next_if(|exception| exception.index == index);
            self.value(*point, exception)
        })
    }

    /// What was sent for one interval; `None` if the series does not have it.
    pub fn get(&self, index: u32) -> Option<PointValue<'_>> {
        let point = self.points.get(index as usize)?;
        let found = self.exceptions.binary_search_by_key(&index, |exception| exception.index).ok();
        Some(self.value(*point, found.map(|n| &self.exceptions[n])))
    }

    /// The sum of all quantities, which means something for energy and cost only.
    ///
    /// # Errors
    ///
    /// [`NumberError::Overflow`].
    pub fn total(&self) -> Result<Quantity, NumberError> {
        let mut sums = [0_i128; 32];
        let mut finest = 0;
        for point in self.points.iter().filter(|point| point.has_value() && !point.is_aside()) {
            let (mantissa, scale) = point.parts();
            // Less than 2^48 each and less than 2^32 of them: this cannot overflow.
            sums[usize::from(scale)] += i128::from(mantissa);
            finest = finest.max(scale);
        }
        let mut total = Decimal::new(0, finest)?;
        for (sum, scale) in sums.iter().zip(0..).filter(|(sum, _)| **sum != 0) {
            total = total.checked_add(&Decimal::new(*sum, scale)?)?;
        }
        for aside in self.exceptions.iter().filter_map(|exception| exception.quantity) {
            total = total.checked_add(&aside)?;
        }
        Ok(Quantity::new(total, self.unit.meaning))
    }

    /// The intervals that have no quantity, those that follow each other together.
    pub fn gaps(&self) -> impl Iterator<Item = Gap> {
        let mut points = self.points().peekable();
        std::iter::from_fn(move || {
            let is_gap = |point: &IntervalPoint<'_>| point.value.quantity().is_none();
            let first = points.find(is_gap)?;
            let said = first.value.quality().is_some();
            let is_more = |point: &IntervalPoint<'_>| {
                is_gap(point) && point.value.quality().is_some() == said
            };
            let (mut count, mut end) = (1, first.end);
            while let Some(point) = points.next_if(is_more) {
                (count, end) = (count + 1, point.end);
            }
            let interval = Interval::new(first.start, end).ok()?;
            Some(Gap { index: first.index, count, interval, said })
        })
    }

    /// For each local day it touches: how many intervals start in it that have a quantity, and how
    /// many there should be.
    ///
    /// # Errors
    ///
    /// [`TimeError::Uneven`] if a day is not a whole number of intervals.
    pub fn days(&self) -> Result<Vec<(Date, u32, u32)>, TimeError> {
        let mut days: Vec<(Date, u32, u32)> = Vec::new();
        let mut day_end = Timestamp::MIN;
        for point in self.points() {
            if point.start >= day_end {
                let date = self.zone.local(point.start).date();
                day_end = self.zone.day(date)?.end();
                days.push((date, 0, self.zone.intervals_of_day(date, self.seconds.get())?));
            }
            if let (Some(day), true) = (days.last_mut(), point.value.quantity().is_some()) {
                day.1 += 1;
            }
        }
        Ok(days)
    }

    fn packed(&self, code: CodeNumber, quantity: Option<Decimal>) -> Result<Point, SeriesError> {
        if usize::from(code.0) >= self.codes.len() {
            return Err(SeriesError::UnknownCode);
        }
        check_sign(self.direction, quantity)?;
        Ok(match quantity {
            None => Point::no_value(code.0),
            Some(quantity) => {
                Point::value(code.0, &quantity).unwrap_or_else(|| Point::aside(code.0))
            }
        })
    }

    fn push_point(&mut self, point: Point, quantity: Option<Decimal>) -> Result<(), SeriesError> {
        let end = self.end + i64::from(self.seconds.get());
        let index = u32::try_from(self.points.len()).map_err(|_| SeriesError::TooLong)?;
        if index == u32::MAX || end > LAST_SECOND {
            return Err(SeriesError::TooLong);
        }
        self.points.push(point);
        self.end = end;
        if point.is_aside() {
            self.exception_of(index).quantity = quantity;
        }
        Ok(())
    }

    /// How many points are missing before one that starts at `start`.
    fn missing_until(&self, start: Timestamp) -> Result<u32, SeriesError> {
        let seconds = i64::from(self.seconds.get());
        let after = start.as_second() - self.end;
        if after < 0 {
            return Err(SeriesError::Overlap { start, end: instant(self.end)? });
        }
        if after % seconds != 0 || start.subsec_nanosecond() != self.first.subsec_nanosecond() {
            return Err(SeriesError::OffBeat(start));
        }
        match u32::try_from(after / seconds) {
            Ok(missing) if self.takes_gap(u64::from(missing)) => Ok(missing),
            _ => Err(SeriesError::TooFar(start)),
        }
    }

    fn last_exception(&mut self) -> Result<&mut IntervalException, SeriesError> {
        let last = self.points.len().checked_sub(1).ok_or(SeriesError::NoPoint)?;
        Ok(self.exception_of(last as u32))
    }

    fn exception_of(&mut self, index: u32) -> &mut IntervalException {
        let found = self.exceptions.binary_search_by_key(&index, |exception| exception.index);
        let at = match found {
            Ok(at) => at,
            Err(at) => {
                self.exceptions.insert(at, IntervalException::new(index));
                at
            }
        };
        &mut self.exceptions[at]
    }

    fn value(&self, point: Point, exception: Option<&IntervalException>) -> PointValue<'_> {
        let Some(code) = point.code() else { return PointValue::NotSent };
        let code = &self.codes[usize::from(code)];
        let quantity = match point.is_aside() {
            true => exception.and_then(|exception| exception.quantity),
            false => point.number(),
        };
        quantity.map_or(PointValue::NoValue(code), |quantity| PointValue::Quantity(quantity, code))
    }
}

const LAST_SECOND: i64 = 253_402_207_200;

fn instant(second: i64) -> Result<Timestamp, TimeError> {
    Timestamp::from_second(second).map_err(|_| TimeError::OutOfRange)
}

impl PartialEq for IntervalSeries {
    fn eq(&self, other: &IntervalSeries) -> bool {
        let head = |series: &IntervalSeries| {
            (series.direction, series.seconds, series.first, series.end, series.stamping)
        };
        head(self) == head(other)
            && self.unit == other.unit
            && self.zone == other.zone
            && self.residue == other.residue
            && self.points.len() == other.points.len()
            && self.points().eq(other.points())
    }
}

impl Eq for IntervalSeries {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::date;

    const FIRST: i64 = 1_772_949_600; // 2026-03-08T06:00:00Z, midnight of a spring day in Chicago

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn number(text: &str) -> Option<Decimal> {
        Some(text.parse().expect("the test gives a number"))
    }

    fn series(direction: Direction) -> IntervalSeries {
        let zone = Zone::named("America/Chicago").expect("the zone is built in");
        let unit = Coded::received(Unit::KilowattHour, "KH");
        IntervalSeries::new(direction, unit, 900, zone, at(FIRST)).expect("a series")
    }

    /// Twelve and a half, nothing sent twice, no value, a long number, an estimate.
    fn mixed() -> IntervalSeries {
        let mut series = series(Direction::Delivered);
        let actual = series.code(Quality::Actual, Some("QD")).expect("a code");
        let estimated = series.code(Quality::Estimated, Some("KA")).expect("a code");
        series.push(actual, number("12.50")).expect("a point");
        series.push_at(at(FIRST + 3 * 900), actual, None).expect("a point");
        series.push(actual, number("0000000123456789012345.1")).expect("a point");
        series.push(estimated, number(".125")).expect("a point");
        series
    }

    #[test]
    fn points_come_out_with_their_times() {
        let series = mixed();
        let shown: Vec<String> = series
            .points()
            .map(|point| {
                let quantity = point.value.quantity().map_or("-".into(), |q| q.to_string());
                let quality = point.value.quality().map_or("-".into(), |q| format!("{q:?}"));
                format!("{} {quantity} {quality}", point.start.as_second() - FIRST)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "0 12.50 Actual",
                "900 - -",
                "1800 - -",
                "2700 - Actual",
                "3600 0000000123456789012345.1 Actual",
                "4500 .125 Estimated",
            ]
        );
        assert_eq!(series.end(), Ok(at(FIRST + 6 * 900)));
        let total = series.total().expect("it fits");
        assert_eq!(total.amount.to_string(), "123456789012357.725");
        assert_eq!(series.get(5).and_then(|value| value.quantity()), number(".125"));
        assert_eq!(series.get(6), None);
    }

    #[test]
    fn gaps_say_whether_they_were_announced() {
        let series = mixed();
        let gaps: Vec<_> = series.gaps().map(|gap| (gap.index, gap.count, gap.said)).collect();
        assert_eq!(gaps, [(1, 2, false), (3, 1, true)]);
        let first = series.gaps().next().expect("there is one");
        assert_eq!(first.interval.start(), at(FIRST + 900));
        assert_eq!(first.interval.seconds(), 1800);
    }

    #[test]
    fn it_is_read_from_json_as_it_was_written() {
        let mut series = mixed();
        series.set_last_seconds(1800).expect("a point");
        series.set_last_stamp(Stamp::day(date(2026, 3, 8))).expect("a point");
        series.set_last_ambiguous().expect("a point");
        let json = serde_json::to_string(&series).expect("plain data");
        let back: IntervalSeries = serde_json::from_str(&json).expect("we wrote it");
        assert_eq!(back, series);
        assert_eq!(serde_json::to_string(&back).expect("plain data"), json);
        assert!(json.contains(
            r#"[{"points":1,"quality":{"meaning":"actual","raw":"QD"}},{"points":2,"quality":null}"#
        ));

        for (from, to) in [
            (r#""points":2"#, r#""points":3"#),
            (r#""index":5"#, r#""index":6"#),
            (r#"["12.50""#, r#"["-12.50""#),
            (r#""seconds":900"#, r#""seconds":0"#),
            (r#","start""#, r#","begin":1,"start""#),
        ] {
            assert!(json.contains(from), "{from}");
            let wrong = json.replacen(from, to, 1);
            assert!(serde_json::from_str::<IntervalSeries>(&wrong).is_err(), "{to}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_and_changes_nothing() {
        let mut series = mixed();
        let before = series.clone();
        let code = CodeNumber(0);
        let errors = [
            series.push_at(at(FIRST), code, None),
            series.push_at(at(FIRST + 6 * 900 + 1), code, None),
            series.push_at(at(FIRST + 400 * 900), code, None),
            series.push(CodeNumber(7), None),
            series.push(code, number("-1")),
            series.replace(6, code, None),
        ];
        assert!(matches!(errors[0], Err(SeriesError::Overlap { .. })));
        assert!(matches!(errors[1], Err(SeriesError::OffBeat(_))));
        assert!(matches!(errors[2], Err(SeriesError::TooFar(_))));
        assert_eq!(errors[3], Err(SeriesError::UnknownCode));
        assert_eq!(errors[4], Err(SeriesError::Negative(NegativeQuantity)));
        assert_eq!(errors[5], Err(SeriesError::NoPoint));
        assert_eq!(series, before);
        assert_eq!(
            IntervalSeries::new(Direction::Delivered, Unit::Watt.into(), 0, Zone::utc(), at(0),),
            Err(SeriesError::NoLength)
        );
    }

    #[test]
    fn a_series_ends_within_the_calendar() {
        let (unit, zone) = (Unit::KilowattHour.into(), Zone::utc());
        let mut series = IntervalSeries::new(Direction::Delivered, unit, 900, zone, Timestamp::MAX)
            .expect("a series");
        let code = series.code(Quality::Actual, None).expect("a code");
        assert_eq!(series.push(code, None), Err(SeriesError::TooLong));
        assert_eq!(series.skip(u32::MAX), Err(SeriesError::TooLong));
    }

    #[test]
    fn net_may_be_negative_and_a_point_may_be_changed() {
        let mut series = series(Direction::Net);
        let code = series.code(Quality::Actual, None).expect("a code");
        series.push(code, number("-1.25")).expect("a point");
        series.push(code, number("5.")).expect("a point");
        assert_eq!(series.total().map(|q| q.amount.to_string()), Ok("3.75".into()));
        series.replace(1, code, number("5.00")).expect("a point");
        let texts: Vec<_> = series.points().filter_map(|p| p.value.quantity()).collect();
        assert_eq!(format!("{texts:?}"), "[-1.25, 5.00]");
    }

    #[test]
    fn a_day_is_as_long_as_its_clock() {
        for (first, expected) in [(FIRST, 92), (FIRST + 238 * 86_400 - 3600, 100)] {
            let zone = Zone::named("America/Chicago").expect("the zone is built in");
            let unit = Unit::KilowattHour.into();
            let mut series =
                IntervalSeries::new(Direction::Delivered, unit, 900, zone.clone(), at(first))
                    .expect("a series");
            let code = series.code(Quality::Actual, None).expect("a code");
            for n in 0..expected + 96 {
                series.push(code, (n != 5).then_some(Decimal::ONE)).expect("a point");
            }
            let day = zone.local(at(first)).date();
            let next = day.tomorrow().expect("in range");
            assert_eq!(series.days(), Ok(vec![(day, expected - 1, expected), (next, 96, 96)]));
        }
    }

    #[test]
    fn a_daily_series_follows_the_calendar_by_exceptions() {
        let zone = Zone::named("America/Chicago").expect("the zone is built in");
        let start = zone.day(date(2026, 3, 7)).expect("in range").start();
        let unit = Unit::KilowattHour.into();
        let mut series =
            IntervalSeries::new(Direction::Delivered, unit, 86_400, zone, start).expect("a series");
        let code = series.code(Quality::Actual, None).expect("a code");
        series.push(code, number("1")).expect("a point");
        series.push(code, number("2")).expect("a point");
        series.set_last_seconds(82_800).expect("a point");
        series.push(code, number("3")).expect("a point");
        let dates: Vec<_> = series.points().map(|point| series.zone.local(point.start)).collect();
        assert_eq!(dates[2], date(2026, 3, 9).at(0, 0, 0, 0));
        assert_eq!(
            series.days().map_err(|error| matches!(error, TimeError::Uneven(..))),
            Err(true)
        );
    }
}
