//! Stamps: the wall clock with a zone code, and the instant it names.
//!
//! The first minute of a day has three names: 2359 and 2400 of the day before, and 0000. At a change
//! of offset an instant has two: 0200 in standard time is 0300 in daylight saving time. All are read;
//! those that a series does not write by itself are kept beside their points.

use tieline_model::stamp::{Midnight, Stamping, ZoneStyle};
use tieline_model::time::{Date, DateTime, Instants, TimeError, Timestamp, Zone, date};

use crate::figure::Figure;
use crate::options::{Clock, Options};

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// Days since 1970.
pub(crate) fn day_number(day: Date) -> i64 {
    date(1970, 1, 1).duration_until(day).as_hours() / 24
}

/// The day of a number.
fn day_of(number: i64) -> Option<Date> {
    let at = Timestamp::from_second(number.checked_mul(DAY)?).ok()?;
    Some(Zone::utc().local(at).date())
}

/// A date and time of day as written, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wall {
    /// Days since 1970.
    pub(crate) day: i64,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
    /// Whether seconds are written.
    pub(crate) has_seconds: bool,
    /// Whether decimals of a second are, which no series writes.
    pub(crate) is_finer: bool,
}

impl Wall {
    /// The time on a clock, in seconds since 1970 as if it were UTC. The last minute of a day stands
    /// for its end.
    pub(crate) fn seconds(&self) -> i64 {
        let minutes = i64::from(self.hour) * 60 + i64::from(self.minute);
        let last = self.midnight() == Some(Midnight::LastMinute);
        self.day * DAY + minutes * 60 + i64::from(self.second) + if last { 60 } else { 0 }
    }

    /// How it writes midnight, if it does.
    pub(crate) fn midnight(&self) -> Option<Midnight> {
        match (self.hour, self.minute, self.second) {
            (23, 59, 0) => Some(Midnight::LastMinute),
            (24, 0, 0) => Some(Midnight::Hour24),
            (0, 0, 0) => Some(Midnight::NextDay),
            _ => None,
        }
    }

    /// How a time on a clock is written.
    fn written(seconds: i64, stamping: &Stamping) -> Wall {
        let (day, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let wall = |day, hour: i64, minute: i64, second: i64| Wall {
            day,
            hour: hour as u8,
            minute: minute as u8,
            second: second as u8,
            has_seconds: stamping.seconds,
            is_finer: false,
        };
        match (rest, stamping.midnight) {
            (0, Midnight::LastMinute) => wall(day - 1, 23, 59, 0),
            (0, Midnight::Hour24) => wall(day - 1, 24, 0, 0),
            _ => wall(day, rest / HOUR, rest % HOUR / 60, rest % 60),
        }
    }

    /// `HHMM` or `HHMMSS`.
    pub(crate) fn time(&self) -> Figure {
        let all = [self.hour, self.minute, self.second];
        Figure::pairs(&all[..2 + usize::from(self.has_seconds)])
    }
}

/// What a zone code says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ZoneCode<'o> {
    /// Seconds ahead of UTC; `None` for the time on the wall.
    pub(crate) offset: Option<i64>,
    /// The way of writing it belongs to.
    pub(crate) style: ZoneStyle,
    /// The zone, where the code names one.
    pub(crate) zone: Option<&'o Zone>,
    /// Whether it stands for standard time.
    pub(crate) is_standard: bool,
}

impl<'o> ZoneCode<'o> {
    /// Reads a zone code; `None` if the options do not know it. The clock of the service points is
    /// asked before the others.
    pub(crate) fn read(code: &str, options: &'o Options) -> Option<ZoneCode<'o>> {
        let fixed = |hours: i64, style| ZoneCode {
            offset: Some(hours * HOUR),
            style,
            zone: None,
            is_standard: false,
        };
        let own = options.common.clocks.iter().filter(|clock| clock.zone == options.common.zone);
        let others = options.common.clocks.iter().filter(|clock| clock.zone != options.common.zone);
        for clock in own.chain(others) {
            let standard = i64::from(clock.offset);
            let named = |offset: Option<i64>, style, is_standard| {
                let offset = offset.map(|hours| hours * HOUR);
                Some(ZoneCode { offset, style, zone: Some(&clock.zone), is_standard })
            };
            if code == clock.standard {
                return named(Some(standard), ZoneStyle::InForce, true);
            } else if code == clock.daylight {
                return named(Some(standard + 1), ZoneStyle::InForce, false);
            } else if code == clock.prevailing {
                return named(None, ZoneStyle::Prevailing, false);
            }
        }
        match code {
            "" => Some(ZoneCode {
                offset: None,
                style: ZoneStyle::Absent,
                zone: None,
                is_standard: false,
            }),
            "UT" => Some(fixed(0, ZoneStyle::Utc)),
            "GM" => Some(fixed(0, ZoneStyle::Greenwich)),
            // The standard counts 01 to 12 hours ahead of UTC, then 13 for 12 hours behind it to 24
            // for one.
            _ => match (code.len(), code.parse::<u8>().ok()?) {
                (2, hours @ 1..=12) => Some(fixed(i64::from(hours), ZoneStyle::Numeric)),
                (2, hours @ 13..=24) => Some(fixed(i64::from(hours) - 25, ZoneStyle::Numeric)),
                _ => None,
            },
        }
    }
}

/// Whether an instant is one, and whether it is sure.
pub(crate) enum Found {
    /// At this second since 1970.
    At(i64),
    /// At this second or an hour later.
    Perhaps(i64),
    /// The clocks never showed it.
    Never,
}

/// Offsets of one zone, looked up once for each six hours.
pub(crate) struct Offsets<'z> {
    pub(crate) zone: &'z Zone,
    block: i64,
    offset: Option<i64>,
}

const BLOCK: i64 = 6 * HOUR;

impl<'z> Offsets<'z> {
    pub(crate) fn of(zone: &'z Zone) -> Offsets<'z> {
        Offsets { zone, block: i64::MIN, offset: None }
    }

    /// Seconds ahead of UTC at an instant.
    pub(crate) fn at(&mut self, second: i64) -> i64 {
        let block = second.div_euclid(BLOCK);
        if block != self.block {
            let first = offset(self.zone, block * BLOCK);
            let is_even = first == offset(self.zone, block * BLOCK + BLOCK - 1);
            (self.block, self.offset) = (block, is_even.then_some(first));
        }
        self.offset.unwrap_or_else(|| offset(self.zone, second))
    }

    /// When the clocks showed this; `expected` is the instant that would come next.
    pub(crate) fn instant(&mut self, clock: i64, expected: Option<i64>) -> Found {
        if let Some(expected) = expected
            && [expected, expected - 1].iter().any(|at| expected + self.at(*at) == clock)
        {
            return Found::At(expected);
        }
        match local(clock).map(|local| self.zone.instants(local)) {
            Some(Ok(Instants::Once(at))) => Found::At(at.as_second()),
            Some(Ok(Instants::Twice(first, second))) => {
                match expected.is_some_and(|expected| first.as_second() < expected) {
                    true => Found::At(second.as_second()),
                    false => Found::Perhaps(first.as_second()),
                }
            }
            // The first instant after the change has a name by the old offset too.
            Some(Ok(Instants::Never)) => {
                let at = clock - self.at(clock - DAY);
                match self.at(at) != self.at(at - 1) {
                    true => Found::At(at),
                    false => Found::Never,
                }
            }
            _ => Found::Never,
        }
    }
}

fn offset(zone: &Zone, second: i64) -> i64 {
    Timestamp::from_second(second).map_or(0, |at| i64::from(zone.offset(at)))
}

fn local(clock: i64) -> Option<DateTime> {
    Some(Zone::utc().local(Timestamp::from_second(clock).ok()?))
}

/// Writes the stamps of one series.
pub(crate) struct Stamper<'s> {
    offsets: Offsets<'s>,
    stamping: Stamping,
    clock: Option<&'s Clock>,
    day: Option<(i64, Date, Figure)>,
    code: (Option<i64>, String),
}

impl<'s> Stamper<'s> {
    /// `None` if the options have no letters for the zone and letters are to be written.
    pub(crate) fn new(
        zone: &'s Zone,
        stamping: Stamping,
        options: &'s Options,
    ) -> Option<Stamper<'s>> {
        let clock = options.common.clocks.iter().find(|clock| clock.zone == *zone);
        let in_letters = matches!(
            stamping.zone,
            ZoneStyle::InForce | ZoneStyle::Standard | ZoneStyle::Prevailing
        );
        let stamper = Stamper {
            offsets: Offsets::of(zone),
            stamping,
            clock,
            day: None,
            code: (None, String::new()),
        };
        (clock.is_some() || !in_letters).then_some(stamper)
    }

    /// How an instant is written, and the offset its zone code says.
    pub(crate) fn wall(&mut self, second: i64) -> (Wall, i64) {
        let standard = || self.clock.map_or(0, |clock| i64::from(clock.offset) * HOUR);
        let offset = match self.stamping.zone {
            ZoneStyle::Utc | ZoneStyle::Greenwich => 0,
            ZoneStyle::Standard => standard(),
            _ => self.offsets.at(second),
        };
        (Wall::written(second + offset, &self.stamping), offset)
    }

    /// The zone code for an offset; empty where none is written.
    pub(crate) fn code(&mut self, offset: i64) -> &str {
        if self.code.0 != Some(offset) {
            self.code = (Some(offset), self.code_of(offset / HOUR));
        }
        &self.code.1
    }

    fn code_of(&self, hours: i64) -> String {
        match (self.stamping.zone, self.clock) {
            (ZoneStyle::InForce, Some(clock)) if hours != i64::from(clock.offset) => {
                clock.daylight.clone()
            }
            (ZoneStyle::InForce | ZoneStyle::Standard, Some(clock)) => clock.standard.clone(),
            (ZoneStyle::Prevailing, Some(clock)) => clock.prevailing.clone(),
            (ZoneStyle::Numeric, _) if hours > 0 => format!("{hours:02}"),
            (ZoneStyle::Numeric, _) if hours < 0 => format!("{:02}", hours + 25),
            (ZoneStyle::Numeric | ZoneStyle::Utc, _) => "UT".into(),
            (ZoneStyle::Greenwich, _) => "GM".into(),
            _ => String::new(),
        }
    }

    /// Makes the texts of a day and of the zone code for an offset.
    pub(crate) fn prepare(&mut self, day: i64, offset: i64) -> Result<(), TimeError> {
        self.code(offset);
        self.day(day).map(|_| ()).ok_or(TimeError::OutOfRange)
    }

    /// The texts that were made last.
    pub(crate) fn prepared(&self) -> (&str, &str) {
        (self.day.as_ref().map_or("", |(.., text)| text), &self.code.1)
    }

    /// The text of a day, `CCYYMMDD`, and the day itself.
    pub(crate) fn day(&mut self, number: i64) -> Option<(Date, &str)> {
        if self.day.as_ref().is_none_or(|(known, ..)| *known != number) {
            let day = day_of(number)?;
            self.day = Some((number, day, Figure::date(day)));
        }
        self.day.as_ref().map(|(_, day, text)| (*day, &**text))
    }
}
