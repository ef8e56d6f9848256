//! Schedules, holidays and blackout windows as a partner's file says them.

use std::sync::Arc;

use jiff::civil::{Time, Weekday};
use tieline_model::time::{Timestamp, Zone};

use super::Usual;
use crate::amount;
use crate::calendar::{Calendar, WEEKDAYS, instant};
use crate::schedule::{CatchUp, CronText, HolidayRule, Schedule};
use crate::shape::{CLOCK_FORM, Kind, Section, may, must, words};
use crate::toml_file::{Faults, Table};

pub(crate) const HOLIDAY_RULES: [(&str, HolidayRule); 4] = [
    ("run", HolidayRule::Run),
    ("skip", HolidayRule::Skip),
    ("before", HolidayRule::Before),
    ("after", HolidayRule::After),
];
const CATCH_UPS: [(&str, CatchUp); 3] =
    [("once", CatchUp::Once), ("all", CatchUp::All), ("skip", CatchUp::Skip)];

pub(crate) const SCHEDULE: Section = Section {
    name: "schedule",
    keys: &[
        must(
            "cron",
            Kind::Text,
            "Minute, hour, day of the month, month and weekday, e.g. 15 6 * * MON-FRI.",
        ),
        may(
            "zone",
            Kind::Text,
            "On whose clocks, e.g. America/Chicago; the partner's when left out.",
        ),
        may("calendar", Kind::Text, "Whose holidays; the partner's when left out."),
        may(
            "holidays",
            Kind::Words(|| words(&HOLIDAY_RULES)),
            "On a holiday: run, skip, or run on the business day before or after; run when left out.",
        ),
        may(
            "catch_up",
            Kind::Words(|| words(&CATCH_UPS)),
            "After a stop: once for all that was missed, all of it, or skip; once when left out.",
        ),
    ],
};

pub(crate) const BLACKOUT: Section = Section {
    name: "{ from, until, days }",
    keys: &[
        must("from", Kind::Form(CLOCK_FORM), "When it begins."),
        must(
            "until",
            Kind::Form(CLOCK_FORM),
            "When it ends; on the next day if that is not after `from`.",
        ),
        may(
            "days",
            Kind::ManyWords(|| words(&WEEKDAYS)),
            "The days on which it begins; every day when left out.",
        ),
    ],
};

/// A time in which a partner's server is not to be called, e.g. while it is backed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blackout {
    /// When it begins.
    pub from: Time,
    /// When it ends; on the next day where that is not after `from`.
    pub until: Time,
    /// The days on which it begins.
    pub days: Vec<Weekday>,
}

impl Blackout {
    /// When it is over, if it is on at an instant.
    pub fn end(&self, at: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let today = zone.local(at).date();
        [today.yesterday().ok(), Some(today)].into_iter().flatten().find_map(|date| {
            if !self.days.contains(&date.weekday()) {
                return None;
            }
            let last = if self.until > self.from { date } else { date.tomorrow().ok()? };
            let begin = instant(date.to_datetime(self.from), zone)?;
            let end = instant(last.to_datetime(self.until), zone)?;
            (begin <= at && at < end).then_some(end)
        })
    }
}

/// The first instant, from this one on, that is in none of the windows; `None` if they never end.
pub fn clear_of(blackouts: &[Blackout], at: Timestamp, zone: &Zone) -> Option<Timestamp> {
    let mut at = at;
    // One window may end inside the next; more than a week of them has no end.
    for _ in 0..=blackouts.len() * 8 {
        match blackouts.iter().filter_map(|it| it.end(at, zone)).max() {
            Some(end) => at = end,
            None => return Some(at),
        }
    }
    None
}

pub(crate) fn read_schedule(
    table: &Table<'_>,
    key: &str,
    usual: &Usual,
    faults: &mut Faults<'_>,
) -> Option<Schedule> {
    let usual_schedule = |cron| Schedule {
        cron,
        zone: usual.zone.clone(),
        calendar: Arc::clone(&usual.calendar),
        holidays: HolidayRule::default(),
        catch_up: CatchUp::default(),
    };
    if table.is_text(key) {
        let cron = table.parsed(key, str::parse::<CronText>, faults)?;
        return Some(usual_schedule(cron.value));
    }
    let inner = table.section(key, &SCHEDULE, faults)?;
    inner.require("cron", faults);
    let cron = inner.parsed("cron", str::parse::<CronText>, faults);
    let zone = read_zone(&inner, faults);
    let calendar = read_calendar(&inner, usual, faults);
    let holidays = inner.word("holidays", &HOLIDAY_RULES, faults);
    let catch_up = inner.word("catch_up", &CATCH_UPS, faults);
    let schedule = usual_schedule(cron?.value);
    Some(Schedule {
        zone: zone.unwrap_or(schedule.zone),
        calendar: calendar.unwrap_or(schedule.calendar),
        holidays: holidays.unwrap_or_default(),
        catch_up: catch_up.unwrap_or_default(),
        ..schedule
    })
}

/// `zone`: an IANA name.
pub(crate) fn read_zone(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<Zone> {
    let at = table.text("zone", faults)?;
    let zone = Zone::named(&at.value).ok();
    if zone.is_none() {
        let help = "give an IANA name such as America/Chicago or UTC";
        faults.with_help(at.span, "there is no such time zone", help);
    }
    zone
}

/// `calendar`: the name of one that is built in or lies in the folder `calendars`.
pub(crate) fn read_calendar(
    table: &Table<'_>,
    usual: &Usual,
    faults: &mut Faults<'_>,
) -> Option<Arc<Calendar>> {
    let at = table.text("calendar", faults)?;
    let found = usual.calendars.iter().find(|calendar| calendar.name() == at.value);
    if found.is_none() {
        let known: Vec<&str> = usual.calendars.iter().map(|calendar| calendar.name()).collect();
        faults.unknown(at.span, "calendar", &at.value, &known);
    }
    found.cloned()
}

pub(crate) fn read_blackouts(table: &Table<'_>, faults: &mut Faults<'_>) -> Vec<Blackout> {
    let mut blackouts = Vec::new();
    for window in table.sections("blackouts", &BLACKOUT, faults) {
        window.require("from", faults);
        window.require("until", faults);
        let from = window.parsed("from", amount::clock, faults);
        let until = window.parsed("until", amount::clock, faults);
        let days = window.many_words("days", &WEEKDAYS, faults);
        let days = days.unwrap_or_else(|| WEEKDAYS.iter().map(|(_, day)| *day).collect());
        let (Some(from), Some(until)) = (from, until) else { continue };
        if from.value == until.value {
            faults.at(until.span, "the window has no length; a whole day is 00:00 to 23:59");
        }
        blackouts.push(Blackout { from: from.value, until: until.value, days });
    }
    blackouts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blackout_may_span_midnight_and_lead_into_another() {
        let zone = Zone::named("America/Chicago").expect("it is built in");
        let time = |text: &str| amount::clock(text).expect("a time");
        let every: Vec<Weekday> = WEEKDAYS.iter().map(|(_, day)| *day).collect();
        let night = Blackout { from: time("22:00"), until: time("02:00"), days: every.clone() };
        let backup =
            Blackout { from: time("01:30"), until: time("03:15"), days: vec![Weekday::Sunday] };
        let at = |text: &str| text.parse::<Timestamp>().expect("a timestamp");
        let clear = |text: &str| {
            let clear = clear_of(&[night.clone(), backup.clone()], at(text), &zone)?;
            Some(zone.local(clear).to_string())
        };
        // A Saturday at 23:00, and a Monday.
        assert_eq!(clear("2026-06-07T04:00:00Z").as_deref(), Some("2026-06-07T03:15:00"));
        assert_eq!(clear("2026-06-09T04:00:00Z").as_deref(), Some("2026-06-09T02:00:00"));
        assert_eq!(clear("2026-06-09T17:00:00Z").as_deref(), Some("2026-06-09T12:00:00"));
        let never = Blackout { from: time("00:00"), until: time("12:00"), days: every.clone() };
        let ever = Blackout { from: time("12:00"), until: time("00:00"), days: every };
        assert_eq!(clear_of(&[never, ever], at("2026-06-09T17:00:00Z"), &zone), None);
    }
}
