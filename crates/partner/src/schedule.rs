//! When something runs: cron text on the clocks of a zone, with holidays.
//!
//! ```toml
//! schedule = "15 6 * * MON-FRI"
//! schedule = { cron = "15 6 * * *", zone = "America/Chicago", holidays = "after" }
//! ```
//!
//! Five fields: minute, hour, day of the month, month, weekday. On days on which the clocks change,
//! what is planned in the hour that is skipped runs at the first minute after it, once, and what is
//! planned in the hour that comes twice runs in the first one only. A schedule for every hour of the
//! day goes by the hours that there are instead: it runs in both, and has nothing to make up for.
//!
//! There is no clock here: [`Schedule::next`] is asked with an instant and gives the one after it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use croner::time::Weekday;
use jiff::civil::Time;
use tieline_model::time::{Date, Instants, Timestamp, Zone};

use crate::amount;
use crate::calendar::{Calendar, instant};

/// How far ahead a planned day is looked for: a 29 February on a certain weekday can be 40 years off.
const FARTHEST: u32 = 15_000;

/// The most runs that are caught up after a stop.
pub const MOST_CAUGHT_UP: usize = 100;

/// How late a run may be that is not caught up, in seconds: a restart takes less.
pub const GRACE: i64 = 300;

/// Days and times of the day, as cron text says them.
#[derive(Debug, Clone)]
pub struct CronText {
    cron: Cron,
    text: String,
    /// In order; not empty.
    times: Vec<Time>,
    /// Whether it runs in every hour of the day.
    hourly: bool,
}

/// Why a text is no cron text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronError {
    why: String,
}

/// What becomes of a run that is planned on a holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HolidayRule {
    /// It runs.
    #[default]
    Run,
    /// It does not.
    Skip,
    /// It runs on the business day before, at the same time.
    Before,
    /// It runs on the business day after, at the same time.
    After,
}

/// What becomes of runs that were missed while nothing ran at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CatchUp {
    /// The last of them runs.
    #[default]
    Once,
    /// Each of them runs, the last hundred at the most.
    All,
    /// None of them runs.
    Skip,
}

/// What a file says about when something runs. What it does not say is as with the partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    /// Days and times.
    pub cron: CronText,
    /// On whose clocks.
    pub zone: Option<Zone>,
    /// Whose holidays: the name of a calendar.
    pub calendar: Option<String>,
    /// What they change.
    pub holidays: HolidayRule,
    /// What is done about missed runs.
    pub catch_up: CatchUp,
}

/// When something runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Days and times.
    pub cron: CronText,
    /// On whose clocks.
    pub zone: Zone,
    /// Business days.
    pub calendar: Arc<Calendar>,
    /// What holidays change.
    pub holidays: HolidayRule,
    /// What is done about missed runs.
    pub catch_up: CatchUp,
}

impl PartialEq for CronText {
    fn eq(&self, other: &CronText) -> bool {
        self.text == other.text
    }
}

impl Eq for CronText {}

impl CronText {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn is_on(&self, date: Date) -> bool {
        let (month, day) =
            (u32::from(date.month().unsigned_abs()), u32::from(date.day().unsigned_abs()));
        let weekday = match date.weekday().to_monday_zero_offset() {
            0 => Weekday::Monday,
            1 => Weekday::Tuesday,
            2 => Weekday::Wednesday,
            3 => Weekday::Thursday,
            4 => Weekday::Friday,
            5 => Weekday::Saturday,
            _ => Weekday::Sunday,
        };
        let pattern = &self.cron.pattern;
        pattern.month_match(month).unwrap_or(false)
            && pattern.day_match(i32::from(date.year()), month, day, weekday).unwrap_or(false)
    }
}

impl fmt::Display for CronText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for CronError {}

impl fmt::Display for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl FromStr for CronText {
    type Err = CronError;

    /// Reads five fields, e.g. `15 6 * * MON-FRI`.
    fn from_str(text: &str) -> Result<CronText, CronError> {
        let refuse = |why: String| CronError { why };
        if text.len() > 200 || text.split_whitespace().count() != 5 || text.contains('@') {
            let why = "cron text has five fields: minute, hour, day of the month, month, weekday";
            return Err(refuse(why.to_string()));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed);
        let cron = parser.build().parse(text).map_err(|error| {
            let words = error.to_string();
            let words = words.rsplit(": ").next().unwrap_or_default().trim_end_matches('.');
            refuse(format!("this is no cron text: {}", lower_case(words)))
        })?;
        let on = |hour: u32, minute: u32| {
            cron.pattern.hour_match(hour).unwrap_or(false)
                && cron.pattern.minute_match(minute).unwrap_or(false)
        };
        let mut times = Vec::new();
        for (hour, minute) in (0..24).flat_map(|hour| (0..60).map(move |minute| (hour, minute))) {
            if on(hour, minute) {
                times.extend(Time::new(hour as i8, minute as i8, 0, 0).ok());
            }
        }
        let hourly = (0..24).all(|hour| cron.pattern.hour_match(hour).unwrap_or(false));
        let cron = CronText { cron, text: text.to_string(), times, hourly };
        let mut date = jiff::civil::date(2024, 1, 1);
        for _ in 0..FARTHEST {
            if cron.is_on(date) {
                return Ok(cron);
            }
            date = date.tomorrow().map_err(|_| refuse("it never runs".to_string()))?;
        }
        Err(refuse("there is no such day: this never runs".to_string()))
    }
}

fn lower_case(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

impl Schedule {
    /// The first run after an instant; `None` when there is none in the next 40 years.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let mut date = self.zone.local(after).date();
        for _ in 0..FARTHEST {
            if self.runs_on(date)
                && let Some(found) = self.first_of_day(date, after)
            {
                return Some(found);
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// What is to run now, when all up to `last` was done: the instants that were planned since,
    /// as far as missed runs are caught up. Of a schedule with more than 24 runs a day, those that
    /// are more than eight days back are not.
    pub fn due(&self, last: Timestamp, now: Timestamp) -> Vec<Timestamp> {
        // A schedule of minutes may have missed millions, of which none long ago still matters.
        let recent = amount::after(now, -8 * 86_400).filter(|_| self.cron.times.len() > 24);
        let mut at = recent.map_or(last, |recent| last.max(recent));
        let mut planned = std::collections::VecDeque::new();
        while let Some(next) = self.next(at).filter(|next| *next <= now) {
            planned.push_back(next);
            if planned.len() > MOST_CAUGHT_UP {
                planned.pop_front();
            }
            at = next;
        }
        let late = |planned: &Timestamp| now.as_second() - planned.as_second() > GRACE;
        let last = planned.back().copied();
        match self.catch_up {
            CatchUp::All => planned.into(),
            CatchUp::Once => last.into_iter().collect(),
            CatchUp::Skip => last.filter(|last| !late(last)).into_iter().collect(),
        }
    }

    /// Whether it runs on a day once holidays have moved what they move.
    fn runs_on(&self, date: Date) -> bool {
        if self.holidays == HolidayRule::Run {
            return self.cron.is_on(date);
        }
        if self.calendar.holiday(date).is_none() && self.cron.is_on(date) {
            return true;
        }
        match self.holidays {
            HolidayRule::Run | HolidayRule::Skip => false,
            HolidayRule::After => self.is_moved_here(date, |date| date.yesterday().ok()),
            HolidayRule::Before => self.is_moved_here(date, |date| date.tomorrow().ok()),
        }
    }

    /// Whether a holiday between this business day and the one in the direction of `step` has a run.
    fn is_moved_here(&self, date: Date, step: impl Fn(Date) -> Option<Date>) -> bool {
        if !self.calendar.is_business_day(date) {
            return false;
        }
        let mut other = date;
        // As far as the calendar itself looks for a business day.
        for _ in 0..60 {
            match step(other) {
                Some(next) if !self.calendar.is_business_day(next) => other = next,
                _ => return false,
            }
            if self.calendar.holiday(other).is_some() && self.cron.is_on(other) {
                return true;
            }
        }
        false
    }

    /// The first run of a day after an instant.
    fn first_of_day(&self, date: Date, after: Timestamp) -> Option<Timestamp> {
        let day = self.zone.day(date).ok()?;
        let even = self.zone.offset(day.start()) == self.zone.offset(day.end());
        if even && day.seconds() == 86_400 {
            let at = |time: &Time| day.start().as_second() + seconds_of(*time);
            let first = self.cron.times.partition_point(|time| at(time) <= after.as_second());
            return Timestamp::from_second(at(self.cron.times.get(first)?)).ok();
        }
        let runs = self.cron.times.iter().flat_map(|time| self.instants(date, *time));
        runs.filter(|run| *run > after).min()
    }

    /// When a time of the day comes on a day on which the clocks change.
    fn instants(&self, date: Date, time: Time) -> Vec<Timestamp> {
        let local = date.to_datetime(time);
        match self.zone.instants(local) {
            Ok(Instants::Twice(first, second)) if self.cron.hourly => vec![first, second],
            Ok(Instants::Never) if self.cron.hourly => Vec::new(),
            _ => instant(local, &self.zone).into_iter().collect(),
        }
    }
}

fn seconds_of(time: Time) -> i64 {
    i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::built_in;
    use tieline_model::time::date;

    fn schedule(cron: &str) -> Schedule {
        Schedule {
            cron: cron.parse().expect("cron text"),
            zone: Zone::named("America/Chicago").expect("it is built in"),
            calendar: Arc::clone(&built_in()[0]),
            holidays: HolidayRule::Run,
            catch_up: CatchUp::Once,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    /// The runs after an instant, on the clocks of the zone.
    fn runs(schedule: &Schedule, from: &str, count: usize) -> Vec<String> {
        let mut after = at(from);
        let mut runs = Vec::new();
        for _ in 0..count {
            after = schedule.next(after).expect("there is one");
            let local = schedule.zone.local(after);
            runs.push(format!("{} {:02}:{:02}", local.date(), local.hour(), local.minute()));
        }
        runs
    }

    #[test]
    fn a_skipped_hour_runs_after_it_and_a_repeated_one_once() {
        let night = schedule("30 1,2 * * *");
        assert_eq!(
            runs(&night, "2026-03-08T06:00:00Z", 3),
            ["2026-03-08 01:30", "2026-03-08 03:00", "2026-03-09 01:30"]
        );
        assert_eq!(
            runs(&night, "2026-11-01T05:30:00Z", 3),
            ["2026-11-01 01:30", "2026-11-01 02:30", "2026-11-02 01:30"]
        );
        // Several times in the skipped hour are one run.
        let quarters = schedule("*/15 2 * * *");
        assert_eq!(
            runs(&quarters, "2026-03-08T06:00:00Z", 2),
            ["2026-03-08 03:00", "2026-03-09 02:00"]
        );
        let hourly = schedule("15 * * * *");
        assert_eq!(
            runs(&hourly, "2026-11-01T06:00:00Z", 3),
            ["2026-11-01 01:15", "2026-11-01 01:15", "2026-11-01 02:15"]
        );
        assert_eq!(
            runs(&hourly, "2026-03-08T07:00:00Z", 2),
            ["2026-03-08 01:15", "2026-03-08 03:15"]
        );
    }

    #[test]
    fn ten_years_of_minutes_miss_none_and_double_none() {
        let every = schedule("* * * * *");
        let (mut now, end) = (at("2026-01-01T06:00:00Z"), at("2036-01-01T06:00:00Z"));
        while now < end {
            let next = every.next(now).expect("there is one");
            assert_eq!(next.as_second() - now.as_second(), 60, "after {now}");
            now = next;
        }
    }

    #[test]
    fn ten_years_of_days_run_every_day_once() {
        for minute in [0, 1, 30, 59] {
            for hour in 0..4 {
                let daily = schedule(&format!("{minute} {hour} * * *"));
                let mut now = at("2026-01-01T05:59:59Z");
                let mut day = date(2026, 1, 1);
                while day.year() < 2036 {
                    now = daily.next(now).expect("there is one");
                    let local = daily.zone.local(now);
                    assert_eq!(local.date(), day);
                    let planned = day.at(hour, minute, 0, 0);
                    let skipped = matches!(daily.zone.instants(planned), Ok(Instants::Never));
                    let expected = if skipped { day.at(3, 0, 0, 0) } else { planned };
                    assert_eq!(local, expected);
                    day = day.tomorrow().expect("far from the end");
                }
            }
        }
    }

    #[test]
    fn holidays_move_or_stop_a_run() {
        // 3 July 2026 is a Friday, on which a Saturday's holiday is kept.
        let from = "2026-07-02T04:00:00Z";
        let with = |holidays| Schedule { holidays, ..schedule("0 6 * * MON-FRI") };
        let of = |holidays| runs(&with(holidays), from, 3);
        assert_eq!(
            of(HolidayRule::Run),
            ["2026-07-02 06:00", "2026-07-03 06:00", "2026-07-06 06:00"]
        );
        assert_eq!(
            of(HolidayRule::Skip),
            ["2026-07-02 06:00", "2026-07-06 06:00", "2026-07-07 06:00"]
        );
        // What is moved to a day that has a run of its own is one run.
        assert_eq!(of(HolidayRule::After), of(HolidayRule::Skip));
        let fridays = |holidays| Schedule { holidays, ..schedule("0 6 * * FRI") };
        assert_eq!(
            runs(&fridays(HolidayRule::After), from, 2),
            ["2026-07-06 06:00", "2026-07-10 06:00"]
        );
        assert_eq!(
            runs(&fridays(HolidayRule::Before), from, 2),
            ["2026-07-02 06:00", "2026-07-10 06:00"]
        );
    }

    #[test]
    fn missed_runs_are_caught_up_as_agreed() {
        let hourly = schedule("0 * * * *");
        let (last, now) = (at("2026-05-01T00:00:00Z"), at("2026-05-01T05:30:00Z"));
        let with = |catch_up| Schedule { catch_up, ..hourly.clone() };
        assert_eq!(with(CatchUp::All).due(last, now).len(), 5);
        assert_eq!(with(CatchUp::Once).due(last, now), [at("2026-05-01T05:00:00Z")]);
        assert!(with(CatchUp::Skip).due(last, now).is_empty());
        assert_eq!(with(CatchUp::Skip).due(last, at("2026-05-01T05:01:00Z")).len(), 1);
        assert!(with(CatchUp::All).due(now, now).is_empty());
        let years = Schedule { catch_up: CatchUp::All, ..schedule("* * * * *") };
        let caught = years.due(at("2020-01-01T00:00:00Z"), now);
        assert_eq!((caught.len(), caught.last()), (MOST_CAUGHT_UP, Some(&now)));
    }

    #[test]
    fn what_is_no_cron_text_or_never_runs_is_refused() {
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "0 0 30 2 *",
            "@daily",
            "a b c d e",
            "0 24 * * *",
        ] {
            assert!(text.parse::<CronText>().is_err(), "{text}");
        }
        let leap = schedule("0 0 29 2 *");
        assert_eq!(runs(&leap, "2096-03-01T00:00:00Z", 1), ["2104-02-29 00:00"]);
        assert_eq!(runs(&schedule("0 9 L * *"), "2028-02-02T00:00:00Z", 1), ["2028-02-29 09:00"]);
    }
}
