//! Time: zones, and intervals between two instants.
//!
//! An instant is UTC. What a day, a month or a stamp on the wall clock is in instants depends on
//! the zone of the service point, which is an IANA name, never a fixed offset. The rules of all
//! zones are built in, so the answer is the same on every machine.

use std::fmt;

pub use jiff::Timestamp;
pub use jiff::civil::{Date, DateTime, date};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::period::Period;

/// An IANA time zone, e.g. `America/Chicago`.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// Why a zone or an interval is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// There is no zone of this name.
    #[error("there is no time zone `{0}`")]
    UnknownZone(String),
    /// The end is not after the start.
    #[error("an interval ends after it starts")]
    EndNotAfterStart,
    /// The day does not have a whole number of intervals of this length.
    #[error("{0} does not divide into intervals of {1} seconds")]
    Uneven(Date, u32),
    /// Outside of the years that can be told.
    #[error("this is outside of the calendar")]
    OutOfRange,
}

impl Zone {
    /// The zone of this name.
    ///
    /// # Errors
    ///
    /// [`TimeError::UnknownZone`].
    pub fn named(name: &str) -> Result<Zone, TimeError> {
        match TimeZoneDatabase::bundled().get(name) {
            Ok(zone) if zone.iana_name().is_some() => Ok(Zone(zone)),
            _ => Err(TimeError::UnknownZone(name.to_string())),
        }
    }

    /// UTC.
    pub fn utc() -> Zone {
        Zone(TimeZone::UTC)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What its clocks showed at an instant.
    pub fn local(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(at)
    }

    /// How many seconds its clocks were ahead of UTC; -21600 in a winter of Chicago.
    pub fn offset(&self, at: Timestamp) -> i32 {
        self.0.to_offset(at).seconds()
    }

    /// Whether daylight saving time was in force.
    pub fn is_daylight(&self, at: Timestamp) -> bool {
        self.0.to_offset_info(at).dst().is_dst()
    }

    /// When its clocks showed this.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`].
    pub fn instants(&self, local: DateTime) -> Result<Instants, TimeError> {
        let at = |offset: Offset| offset.to_timestamp(local).map_err(|_| TimeError::OutOfRange);
        Ok(match self.0.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => Instants::Once(at(offset)?),
            AmbiguousOffset::Fold { before, after } => Instants::Twice(at(before)?, at(after)?),
            AmbiguousOffset::Gap { .. } => Instants::Never,
        })
    }

    /// The whole of a day: 23 or 25 hours when the clocks change.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`].
    pub fn day(&self, date: Date) -> Result<Interval, TimeError> {
        let next = date.tomorrow().map_err(|_| TimeError::OutOfRange)?;
        Interval::new(self.midnight(date)?, self.midnight(next)?)
    }

    /// All of a period, its last day included.
    ///
    /// # Errors
    ///
    /// [`TimeError::OutOfRange`].
    pub fn span(&self, period: Period) -> Result<Interval, TimeError> {
        Interval::new(self.day(period.start())?.start(), self.day(period.end())?.end())
    }

    /// How many intervals of `seconds` a day has: 96 quarter hours, 92 or 100 when the clocks
    /// change.
    ///
    /// # Errors
    ///
    /// [`TimeError::Uneven`], [`TimeError::OutOfRange`].
    pub fn intervals_of_day(&self, date: Date, seconds: u32) -> Result<u32, TimeError> {
        let length = self.day(date)?.seconds();
        match length.checked_rem(i64::from(seconds)) {
            Some(0) => Ok((length / i64::from(seconds)) as u32),
            _ => Err(TimeError::Uneven(date, seconds)),
        }
    }

    /// The first instant of a day, which is not 00:00 where the clocks change at midnight.
    fn midnight(&self, date: Date) -> Result<Timestamp, TimeError> {
        let start = date.to_zoned(self.0.clone()).map_err(|_| TimeError::OutOfRange)?;
        Ok(start.timestamp())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Zone, D::Error> {
        Zone::named(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Zone {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Zone".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "An IANA time zone, e.g. America/Chicago.",
            "type": "string",
        })
    }
}

/// When the clocks of a zone showed a date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instants {
    /// At one instant.
    Once(Timestamp),
    /// In the hour that comes twice: in daylight saving time, then in standard time.
    Twice(Timestamp, Timestamp),
    /// In the hour that is left out.
    Never,
}

/// From one instant up to another, which no longer belongs to it. It is never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "IntervalRecord", into = "IntervalRecord")]
pub struct Interval {
    start: Timestamp,
    end: Timestamp,
}

impl Interval {
    /// From `start` up to `end`.
    ///
    /// # Errors
    ///
    /// [`TimeError::EndNotAfterStart`].
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Interval, TimeError> {
        match start < end {
            true => Ok(Interval { start, end }),
            false => Err(TimeError::EndNotAfterStart),
        }
    }

    /// The first instant of it.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// The first instant after it.
    pub fn end(&self) -> Timestamp {
        self.end
    }

    /// Its length.
    pub fn seconds(&self) -> i64 {
        self.start.duration_until(self.end).as_secs()
    }

    /// Whether the instant is in it; its end is not.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// Whether some instant is in both.
    pub fn overlaps(&self, other: &Interval) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// From one instant up to another, which no longer belongs to it.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct IntervalRecord {
    /// The first instant of it.
    start: Timestamp,
    /// The first instant after it.
    end: Timestamp,
}

impl TryFrom<IntervalRecord> for Interval {
    type Error = TimeError;

    fn try_from(record: IntervalRecord) -> Result<Interval, TimeError> {
        Interval::new(record.start, record.end)
    }
}

impl From<Interval> for IntervalRecord {
    fn from(interval: Interval) -> IntervalRecord {
        IntervalRecord { start: interval.start, end: interval.end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::Random;

    fn chicago() -> Zone {
        Zone::named("America/Chicago").expect("the zone is built in")
    }

    fn instant(text: &str) -> Timestamp {
        text.parse().expect("the test gives an instant")
    }

    #[test]
    fn a_day_has_as_many_intervals_as_the_clock_gives_it() {
        let zone = chicago();
        for (day, quarters) in [
            (date(2026, 3, 7), 96),
            (date(2026, 3, 8), 92),
            (date(2026, 11, 1), 100),
            (date(2026, 11, 2), 96),
        ] {
            assert_eq!(zone.intervals_of_day(day, 900), Ok(quarters));
            assert_eq!(zone.intervals_of_day(day, 3600), Ok(quarters / 4));
        }
        let spring = date(2026, 3, 8);
        assert_eq!(zone.intervals_of_day(spring, 7200), Err(TimeError::Uneven(spring, 7200)));
        assert_eq!(zone.intervals_of_day(spring, 0), Err(TimeError::Uneven(spring, 0)));
    }

    #[test]
    fn the_days_of_a_year_follow_each_other_without_a_gap() {
        for name in ["America/Chicago", "America/New_York", "America/Phoenix", "America/Sao_Paulo"]
        {
            let zone = Zone::named(name).expect("the zone is built in");
            let mut day = date(2017, 1, 1);
            let mut end = zone.day(day).expect("in range").start();
            while day < date(2019, 1, 1) {
                let interval = zone.day(day).expect("in range");
                assert_eq!(interval.start(), end, "{name} {day}");
                assert_eq!(zone.local(interval.start()).date(), day);
                end = interval.end();
                day = day.tomorrow().expect("in range");
            }
        }
    }

    #[test]
    fn the_repeated_hour_has_two_instants_and_the_skipped_one_none() {
        let zone = chicago();
        let autumn = date(2026, 11, 1);
        let twice = zone.instants(autumn.at(1, 30, 0, 0)).expect("in range");
        let (first, second) = (instant("2026-11-01T06:30:00Z"), instant("2026-11-01T07:30:00Z"));
        assert_eq!(twice, Instants::Twice(first, second));
        assert!(zone.is_daylight(first) && !zone.is_daylight(second));
        assert_eq!((zone.offset(first), zone.offset(second)), (-18000, -21600));
        let spring = date(2026, 3, 8);
        assert_eq!(zone.instants(spring.at(2, 30, 0, 0)), Ok(Instants::Never));
        let once = instant("2026-03-08T08:00:00Z");
        assert_eq!(zone.instants(spring.at(3, 0, 0, 0)), Ok(Instants::Once(once)));
    }

    #[test]
    fn every_instant_is_found_again_by_its_clock() {
        let mut random = Random::new(3);
        let zone = chicago();
        for _ in 0..2_000 {
            let second = random.range(1_000_000_000, 2_000_000_000);
            let at = Timestamp::from_second(second).expect("in range");
            let found = match zone.instants(zone.local(at)).expect("in range") {
                Instants::Once(one) => one == at,
                Instants::Twice(first, second) => first == at || second == at,
                Instants::Never => false,
            };
            assert!(found, "{at}");
        }
    }

    #[test]
    fn a_period_spans_its_last_day_too() {
        let march = Period::new(date(2026, 3, 1), date(2026, 3, 31)).expect("in order");
        let span = chicago().span(march).expect("in range");
        assert_eq!(span.start(), instant("2026-03-01T06:00:00Z"));
        assert_eq!(span.end(), instant("2026-04-01T05:00:00Z"));
        assert_eq!(span.seconds() / 900, 31 * 96 - 4);
    }

    #[test]
    fn an_interval_is_half_open() {
        let at = |second| Timestamp::from_second(second).expect("in range");
        let interval = Interval::new(at(0), at(900)).expect("in order");
        assert!(interval.contains(at(0)) && !interval.contains(at(900)));
        let next = Interval::new(at(900), at(1800)).expect("in order");
        assert!(!interval.overlaps(&next));
        assert_eq!(Interval::new(at(900), at(900)), Err(TimeError::EndNotAfterStart));
    }

    #[test]
    fn zones_go_by_their_names() {
        assert_eq!(serde_json::to_string(&chicago()).ok().as_deref(), Some("\"America/Chicago\""));
        let zone: Zone = serde_json::from_str("\"UTC\"").expect("a zone");
        assert_eq!(zone, Zone::utc());
        let unknown = Zone::named("Dakota/Fargo");
        assert_eq!(unknown, Err(TimeError::UnknownZone("Dakota/Fargo".to_string())));
    }
}
