//! Business days: weekends, office hours, and holidays that are listed or follow a rule.
//!
//! A calendar is a file `partners/calendars/<name>.toml`; `us-federal` and `us-bank` are built in.
//!
//! ```toml
//! title = "When our office is closed"
//! base = "us-federal"               # its holidays too
//! weekend = ["SAT", "SUN"]
//! hours = { from = "08:00", until = "16:30" }
//! observed = "nearest"              # Saturday's holiday on Friday, Sunday's on Monday
//!
//! [[holidays]]
//! name = "Day after Thanksgiving"
//! on = "4th THU of 11 + 1"          # or "12-24", "last MON of 05", "easter - 2", "2026-12-24"
//! ```
//!
//! There is no clock here: dates and instants are passed in.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use jiff::civil::{Time, Weekday};
use tieline_model::time::{Date, DateTime, Instants, Timestamp, Zone};

use crate::amount;
use crate::file_error::FileError;
use crate::shape::{CLOCK_FORM, Kind, Section, may, must, words};
use crate::toml_file::{At, Faults, Source, Table};

/// The weekdays by the names that files have for them.
pub(crate) const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MON", Weekday::Monday),
    ("TUE", Weekday::Tuesday),
    ("WED", Weekday::Wednesday),
    ("THU", Weekday::Thursday),
    ("FRI", Weekday::Friday),
    ("SAT", Weekday::Saturday),
    ("SUN", Weekday::Sunday),
];

const OBSERVED: [(&str, Observed); 3] =
    [("as-is", Observed::AsIs), ("nearest", Observed::Nearest), ("monday", Observed::Monday)];

pub(crate) const CALENDAR: Section = Section {
    name: "",
    keys: &[
        may("title", Kind::Text, "What the calendar is, for people."),
        may(
            "base",
            Kind::Text,
            "A built-in calendar whose holidays count too: us-federal or us-bank.",
        ),
        may(
            "weekend",
            Kind::ManyWords(|| words(&WEEKDAYS)),
            "The days without business; SAT and SUN when left out.",
        ),
        may("hours", Kind::Table(&HOURS), "When the office is open; 08:00 to 17:00 when left out."),
        may(
            "observed",
            Kind::Words(|| words(&OBSERVED)),
            "When a holiday of a rule that falls on a weekend is kept: as-is, nearest (Saturday's on Friday, Sunday's on Monday) or monday (Sunday's only); as-is when left out.",
        ),
        may("holidays", Kind::Tables(&HOLIDAY), "The holidays."),
    ],
};

pub(crate) const HOURS: Section = Section {
    name: "hours",
    keys: &[
        must("from", Kind::Form(CLOCK_FORM), "When the office opens."),
        must("until", Kind::Form(CLOCK_FORM), "When it closes."),
    ],
};

const HOLIDAY: Section = Section {
    name: "[[holidays]]",
    keys: &[
        may("name", Kind::Text, "What it is called."),
        must(
            "on",
            Kind::Text,
            "07-04, 3rd MON of 01, last MON of 05, easter - 2, or one date; + 1 is the day after.",
        ),
        may("from", Kind::Count(9_999), "The first year; always when left out."),
        may("until", Kind::Count(9_999), "The last year; always when left out."),
    ],
};

/// Which days and hours are for business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    name: String,
    title: String,
    /// From Monday to Sunday: whether it is a day without business.
    weekend: [bool; 7],
    opens: Time,
    closes: Time,
    holidays: Vec<Holiday>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Holiday {
    name: String,
    day: Day,
    /// Days after it.
    shift: i32,
    observed: Observed,
    from: i16,
    until: i16,
}

/// A day of each year, or of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    Fixed {
        month: i8,
        day: i8,
    },
    /// The first is 1, the last -1.
    Nth {
        nth: i8,
        weekday: Weekday,
        month: i8,
    },
    /// Easter Sunday of the western churches.
    Easter,
    Once(Date),
}

/// When a holiday on a weekend is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Observed {
    AsIs,
    Nearest,
    Monday,
}

static BUILT_IN: LazyLock<[Arc<Calendar>; 2]> = LazyLock::new(|| {
    [
        ("us-federal", include_str!("../calendars/us-federal.toml")),
        ("us-bank", include_str!("../calendars/us-bank.toml")),
    ]
    .map(|(name, text)| {
        let read = Calendar::read_over(
            name,
            &Source { file: name.to_string(), text: text.to_string() },
            false,
        );
        Arc::new(read.expect("a test reads every built-in calendar"))
    })
});

/// The calendars that ship with the program.
pub fn built_in() -> &'static [Arc<Calendar>] {
    &*BUILT_IN
}

impl Calendar {
    /// Saturdays and Sundays without business, an office open from 08:00 to 17:00, and no holidays.
    pub fn plain() -> Calendar {
        Calendar {
            name: "plain".to_string(),
            title: "Monday to Friday".to_string(),
            weekend: [false, false, false, false, false, true, true],
            opens: Time::constant(8, 0, 0, 0),
            closes: Time::constant(17, 0, 0, 0),
            holidays: Vec::new(),
        }
    }

    /// Reads a calendar; `file` is what errors call it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the file, from top to bottom.
    pub fn read(name: &str, file: &str, text: &str) -> Result<Calendar, Vec<FileError>> {
        Self::read_over(name, &Source { file: file.to_string(), text: text.to_string() }, true)
    }

    pub(crate) fn open(name: &str, path: &Path) -> Result<Calendar, Vec<FileError>> {
        Self::read_over(name, &Source::open(path)?, true)
    }

    fn read_over(
        name: &str,
        source: &Source,
        may_have_base: bool,
    ) -> Result<Calendar, Vec<FileError>> {
        let parsed = source.parse()?;
        let mut faults = Faults::new(source);
        let file = Table::whole(&parsed, &CALENDAR, &mut faults);
        let mut calendar = Calendar { name: name.to_string(), ..Calendar::plain() };
        if let Some(title) = file.text("title", &mut faults) {
            calendar.title = title.value;
        }
        if let Some(base) = file.text("base", &mut faults).filter(|_| may_have_base) {
            match built_in().iter().find(|it| it.name == base.value) {
                Some(base) => calendar.holidays = base.holidays.clone(),
                None => faults.unknown(
                    base.span,
                    "built-in calendar",
                    &base.value,
                    &["us-federal", "us-bank"],
                ),
            }
        }
        if let Some(days) = file.many_words("weekend", &WEEKDAYS, &mut faults) {
            calendar.weekend = [false; 7];
            for day in days {
                calendar.weekend[day.to_monday_zero_offset() as usize] = true;
            }
            if calendar.weekend == [true; 7] {
                let span = file.value("weekend").unwrap_or(0..0);
                faults.at(span, "`weekend` leaves no day for business");
            }
        }
        if let Some(hours) = file.section("hours", &HOURS, &mut faults)
            && let Some((from, until)) = read_hours(&hours, &mut faults)
        {
            (calendar.opens, calendar.closes) = (from, until);
        }
        let observed = file.word("observed", &OBSERVED, &mut faults).unwrap_or(Observed::AsIs);
        for table in file.sections("holidays", &HOLIDAY, &mut faults) {
            calendar.holidays.extend(read_holiday(&table, observed, &mut faults));
        }
        faults.into_result(Some(calendar))
    }

    /// What partners' files call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What people call it.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The name of the holiday that is kept on this day.
    pub fn holiday(&self, date: Date) -> Option<&str> {
        self.holidays.iter().find(|holiday| self.is_kept(holiday, date)).map(|it| it.name.as_str())
    }

    /// Whether it is neither a weekend nor a holiday.
    pub fn is_business_day(&self, date: Date) -> bool {
        !self.is_weekend(date) && self.holiday(date).is_none()
    }

    fn is_weekend(&self, date: Date) -> bool {
        self.weekend[date.weekday().to_monday_zero_offset() as usize]
    }

    fn is_kept(&self, holiday: &Holiday, date: Date) -> bool {
        // What is kept on another day may be of the year before or after.
        (date.year() - 1..=date.year() + 1).any(|year| {
            holiday
                .of_year(year)
                .is_some_and(|actual| actual == date || holiday.observed.of(actual) == Some(date))
        })
    }

    /// The business day after a day.
    pub(crate) fn next_business_day(&self, mut date: Date) -> Option<Date> {
        // No office is closed for longer; a calendar that says so has no answer.
        for _ in 0..60 {
            date = date.tomorrow().ok()?;
            if self.is_business_day(date) {
                return Some(date);
            }
        }
        None
    }

    /// When the office closes so many business days later. What comes after it has closed, or on a
    /// day without business, is taken for having come on the next business day.
    pub(crate) fn business_days_later(
        &self,
        from: Timestamp,
        days: u32,
        zone: &Zone,
    ) -> Option<Timestamp> {
        let local = zone.local(from);
        let mut date = local.date();
        if !self.is_business_day(date) || local.time() >= self.closes {
            date = self.next_business_day(date)?;
        }
        for _ in 0..days {
            date = self.next_business_day(date)?;
        }
        instant(date.to_datetime(self.closes), zone)
    }

    /// When the office was open for so many minutes.
    pub(crate) fn open_for(&self, from: Timestamp, minutes: u32, zone: &Zone) -> Option<Timestamp> {
        let mut left = i64::from(minutes) * 60;
        let mut date = zone.local(from).date();
        loop {
            if self.is_business_day(date) {
                let opens = instant(date.to_datetime(self.opens), zone)?.max(from);
                let closes = instant(date.to_datetime(self.closes), zone)?;
                let open = (closes.as_second() - opens.as_second()).max(0);
                if left <= open {
                    return amount::after(opens, left);
                }
                left -= open;
            }
            date = self.next_business_day(date)?;
        }
    }
}

impl Holiday {
    fn of_year(&self, year: i16) -> Option<Date> {
        if !(self.from..=self.until).contains(&year) {
            return None;
        }
        let date = match self.day {
            Day::Fixed { month, day } => Date::new(year, month, day).ok()?,
            Day::Nth { nth, weekday, month } => {
                Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok()?
            }
            Day::Easter => easter(year)?,
            Day::Once(date) => (date.year() == year).then_some(date)?,
        };
        date.checked_add(jiff::Span::new().days(self.shift)).ok()
    }
}

impl Observed {
    /// The day on which a holiday is kept besides its own.
    fn of(self, actual: Date) -> Option<Date> {
        match (self, actual.weekday()) {
            (Observed::Nearest, Weekday::Saturday) => actual.yesterday().ok(),
            (Observed::Nearest | Observed::Monday, Weekday::Sunday) => actual.tomorrow().ok(),
            _ => None,
        }
    }
}

/// Easter Sunday by the rule of the Gregorian calendar.
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let golden = y % 19;
    let century = y / 100;
    let epact = (century - century / 4 - (8 * century + 13) / 25 + 19 * golden + 15) % 30;
    let full_moon = epact - (epact / 28) * (1 - (29 / (epact + 1)) * ((21 - golden) / 11));
    let weekday = (y + y / 4 + full_moon + 2 - century + century / 4) % 7;
    // The Sunday after the full moon, in days after 28 March or before.
    let sunday = full_moon - weekday;
    let month = 3 + (sunday + 40) / 44;
    let day = sunday + 28 - 31 * (month / 4);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// When the clocks show this: the first time where they show it twice, and the first instant after
/// it where they skip it.
pub(crate) fn instant(local: DateTime, zone: &Zone) -> Option<Timestamp> {
    match zone.instants(local).ok()? {
        Instants::Once(at) | Instants::Twice(at, _) => Some(at),
        Instants::Never => {
            let day = zone.day(local.date()).ok()?;
            let (mut low, mut high) = (day.start().as_second(), day.end().as_second());
            while low < high {
                let middle = low + (high - low) / 2;
                if zone.local(Timestamp::from_second(middle).ok()?) < local {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            Timestamp::from_second(low).ok()
        }
    }
}

/// Two times of the day in their order.
pub(crate) fn read_hours(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<(Time, Time)> {
    table.require("from", faults);
    table.require("until", faults);
    let from = table.parsed("from", amount::clock, faults)?.value;
    let until = table.parsed("until", amount::clock, faults)?;
    if until.value <= from {
        faults.at(until.span, "`until` is not after `from`");
        return None;
    }
    Some((from, until.value))
}

fn read_holiday(table: &Table<'_>, observed: Observed, faults: &mut Faults<'_>) -> Option<Holiday> {
    table.require("on", faults);
    let name = table.text("name", faults).map_or_else(|| "holiday".to_string(), |name| name.value);
    let on = table.text("on", faults)?;
    let year = |at: Option<At<u32>>, otherwise: i16| {
        at.and_then(|at| i16::try_from(at.value).ok()).unwrap_or(otherwise)
    };
    let from = year(table.count("from", 9_999, faults), 1);
    let until = year(table.count("until", 9_999, faults), 9_999);
    let Some((day, shift)) = read_day(&on.value) else {
        let help =
            "e.g. 07-04, 3rd MON of 01, last MON of 05, easter - 2, 4th THU of 11 + 1, 2026-12-24";
        faults.with_help(on.span, "`on` is no day of a year", help);
        return None;
    };
    // A single date is kept when it says so.
    let observed = if matches!(day, Day::Once(_)) { Observed::AsIs } else { observed };
    Some(Holiday { name, day, shift, observed, from, until })
}

/// `3rd MON of 01 + 1`.
fn read_day(text: &str) -> Option<(Day, i32)> {
    let (day, shift) = match text.rsplit_once([' ']) {
        Some((rest, days)) if rest.ends_with(" +") || rest.ends_with(" -") => {
            let days: i32 = days.parse().ok().filter(|days| (1..=60).contains(days))?;
            let shift = if rest.ends_with('-') { -days } else { days };
            (&rest[..rest.len() - 2], shift)
        }
        _ => (text, 0),
    };
    if day == "easter" {
        return Some((Day::Easter, shift));
    }
    if let Ok(date) = day.parse::<Date>() {
        return Some((Day::Once(date), shift));
    }
    if let Some((month, day)) = day.split_once('-') {
        let (month, day) = (two(month)?, two(day)?);
        // A leap year has every day that a year can have.
        Date::new(2024, month, day).ok()?;
        return Some((Day::Fixed { month, day }, shift));
    }
    let words: Vec<&str> = day.split(' ').collect();
    let [nth, weekday, "of", month] = words[..] else { return None };
    let nth = ["last", "", "1st", "2nd", "3rd", "4th"].iter().position(|word| *word == nth)?;
    let nth = i8::try_from(nth).ok()? - 1;
    let (_, weekday) = WEEKDAYS.iter().find(|(word, _)| *word == weekday)?;
    let month = two(month).filter(|month| (1..=12).contains(month))?;
    (nth != 0).then_some((Day::Nth { nth, weekday: *weekday, month }, shift))
}

fn two(digits: &str) -> Option<i8> {
    let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Within;
    use tieline_model::time::date;

    fn federal() -> &'static Calendar {
        &built_in()[0]
    }

    fn holidays(calendar: &Calendar, year: i16) -> Vec<String> {
        let mut day = date(year, 1, 1);
        let mut found = Vec::new();
        while day.year() == year {
            if calendar.holiday(day).is_some() && !calendar.is_weekend(day) {
                found.push(format!("{:02}-{:02}", day.month(), day.day()));
            }
            day = day.tomorrow().expect("far from the end");
        }
        found
    }

    #[test]
    fn federal_and_bank_holidays_are_those_that_were_published() {
        // The list of the Office of Personnel Management for 2026, and of the Federal Reserve.
        let federal_2026 = [
            "01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "09-07", "10-12", "11-11",
            "11-26", "12-25",
        ];
        assert_eq!(holidays(federal(), 2026), federal_2026);
        let mut bank_2026 = federal_2026.to_vec();
        bank_2026.retain(|day| *day != "07-03");
        assert_eq!(holidays(&built_in()[1], 2026), bank_2026);
        // New Year's Day of 2028 is a Saturday and was kept in 2027.
        assert_eq!(holidays(federal(), 2027).last().map(String::as_str), Some("12-31"));
        assert!(!holidays(&built_in()[1], 2027).contains(&"12-31".to_string()));
        assert!(!holidays(federal(), 2020).contains(&"06-19".to_string()));
    }

    #[test]
    fn a_calendar_of_our_own_reads() {
        let text = "base = \"us-federal\"\nhours = { from = \"07:30\", until = \"16:00\" }\n\
                    [[holidays]]\nname = \"Good Friday\"\non = \"easter - 2\"\n\
                    [[holidays]]\non = \"4th THU of 11 + 1\"\n[[holidays]]\non = \"2026-12-24\"\n";
        let ours = Calendar::read("office", "office.toml", text).expect("it is good");
        assert_eq!(ours.holiday(date(2026, 4, 3)), Some("Good Friday"));
        assert_eq!(ours.holiday(date(2027, 3, 26)), Some("Good Friday"));
        assert!(ours.holiday(date(2026, 11, 27)).is_some());
        assert!(ours.holiday(date(2026, 12, 24)).is_some());
        assert!(ours.holiday(date(2028, 12, 24)).is_none());
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for on in
            ["13-01", "02-30", "5th MON of 01", "0th MON of 01", " MON of 01", "1st MON", "xmas"]
        {
            let text = format!("[[holidays]]\non = \"{on}\"\n");
            let errors = Calendar::read("x", "x.toml", &text).expect_err("refused");
            assert_eq!(errors[0].message, "`on` is no day of a year", "{on}");
        }
        let text = "weekend = [\"MON\", \"TUE\", \"WED\", \"THU\", \"FRI\", \"SAT\", \"SUN\"]\n";
        assert!(Calendar::read("x", "x.toml", text).is_err());
    }

    #[test]
    fn business_hours_and_days_end_when_the_office_was_open_long_enough() {
        let zone = Zone::named("America/Chicago").expect("it is built in");
        let at = |text: &str| text.parse::<Timestamp>().expect("a timestamp");
        let end = |within: &str, from: &str| {
            let within: Within = within.parse().expect("a length of time");
            within.end(at(from), &zone, federal()).map(|end| zone.local(end).to_string())
        };
        // Friday 2 July 2027, 16:00: Monday is the holiday of a Sunday.
        let friday = "2027-07-02T21:00:00Z";
        assert_eq!(end("2 business hours", friday).as_deref(), Some("2027-07-06T09:00:00"));
        assert_eq!(end("1 business day", friday).as_deref(), Some("2027-07-06T17:00:00"));
        assert_eq!(end("24h", friday).as_deref(), Some("2027-07-03T16:00:00"));
        // On Saturday, and on Friday after the office closed, it is as if it came on Tuesday.
        for late in ["2027-07-03T15:00:00Z", "2027-07-02T22:30:00Z"] {
            assert_eq!(end("1 business day", late).as_deref(), Some("2027-07-07T17:00:00"));
            assert_eq!(end("1 business hour", late).as_deref(), Some("2027-07-06T09:00:00"));
        }
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_the_first_after_it() {
        let zone = Zone::named("America/Chicago").expect("it is built in");
        let skipped = date(2026, 3, 8).at(2, 30, 0, 0);
        let found = instant(skipped, &zone).expect("in the calendar");
        assert_eq!(zone.local(found), date(2026, 3, 8).at(3, 0, 0, 0));
        let twice = instant(date(2026, 11, 1).at(1, 30, 0, 0), &zone).expect("in the calendar");
        assert!(zone.is_daylight(twice));
    }
}
