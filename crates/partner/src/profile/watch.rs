//! Files that are expected from a partner, and until when: `[[watches]]`.

use tieline_model::time::Timestamp;

use super::Usual;
use super::document::{SET_FORM, read_set};
use super::drop::read_short_name;
use super::timing::{HOLIDAY_RULES, read_calendar, read_zone};
use crate::amount;
use crate::pattern::NamePattern;
use crate::schedule::{CatchUp, CronText, HolidayRule, Schedule};
use crate::shape::{CLOCK_FORM, Kind, SIZE_FORM, Section, TIME_FORM, may, must, words};
use crate::toml_file::{Faults, Table};

pub(crate) const WATCH: Section = Section {
    name: "[[watches]]",
    keys: &[
        must(
            "name",
            Kind::Form("^[a-z0-9][a-z0-9-]{0,39}$"),
            "What we call it: small letters, digits and hyphens.",
        ),
        may("set", Kind::Form(SET_FORM), "The transaction set that is expected, e.g. 820."),
        may("pattern", Kind::Text, "The name of the file that is expected, with * and ?."),
        must("by", Kind::Form(CLOCK_FORM), "The time of the day, e.g. 09:00."),
        may(
            "days",
            Kind::Text,
            "every, business, or the last three fields of cron text, e.g. * * MON-FRI or 1 * *; business when left out.",
        ),
        may("zone", Kind::Text, "On whose clocks; the partner's when left out."),
        may("calendar", Kind::Text, "Whose business days; the partner's when left out."),
        may(
            "holidays",
            Kind::Words(|| words(&HOLIDAY_RULES)),
            "Where days is cron text, on a holiday: run, skip, before or after; run when left out.",
        ),
        may(
            "late_after",
            Kind::Form(TIME_FORM),
            "How long after that somebody is told; 30m when left out.",
        ),
        may("files", Kind::Count(100_000), "How many at least; 1 when left out."),
        may("smallest", Kind::Form(SIZE_FORM), "A smaller file is told of; 1B when left out."),
        may("largest", Kind::Form(SIZE_FORM), "A larger file is told of; none is when left out."),
    ],
};

/// A file that is expected again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// What we call it.
    pub name: String,
    /// The transaction set that is expected.
    pub set: Option<String>,
    /// The name of the file that is expected.
    pub pattern: Option<NamePattern>,
    /// When it is due.
    pub schedule: Schedule,
    /// Whether it is due on business days only.
    pub business_days: bool,
    /// Seconds after which it is late.
    pub late_after: u32,
    /// How many files are expected.
    pub files: u32,
    /// Bytes that a file has at least.
    pub smallest: u64,
    /// Bytes that a file has at most.
    pub largest: Option<u64>,
}

/// When a file is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// What arrives from here on counts for it: the deadline before.
    pub opens: Timestamp,
    /// When it is due.
    pub due: Timestamp,
    /// When it is late.
    pub late: Timestamp,
}

impl Watch {
    /// The first deadline that is due after an instant; `None` when there is none.
    pub fn next(&self, after: Timestamp) -> Option<Deadline> {
        let due = self.due_after(after)?;
        let late = amount::after(due, i64::from(self.late_after))?;
        Some(Deadline { opens: self.due_before(due).unwrap_or(Timestamp::MIN), due, late })
    }

    fn due_after(&self, after: Timestamp) -> Option<Timestamp> {
        let mut due = self.schedule.next(after)?;
        // An office is not closed for longer.
        for _ in 0..60 {
            let date = self.schedule.zone.local(due).date();
            if !self.business_days || self.schedule.calendar.is_business_day(date) {
                return Some(due);
            }
            due = self.schedule.next(due)?;
        }
        None
    }

    /// The deadline before one: looked for in ever longer times before it.
    fn due_before(&self, due: Timestamp) -> Option<Timestamp> {
        [2, 9, 40, 400, 4_000].into_iter().find_map(|days| {
            let mut before = None;
            let mut at = amount::after(due, -days * 86_400)?;
            while let Some(next) = self.due_after(at).filter(|next| *next < due) {
                (before, at) = (Some(next), next);
            }
            before
        })
    }
}

pub(crate) fn read_watches(file: &Table<'_>, usual: &Usual, faults: &mut Faults<'_>) -> Vec<Watch> {
    let mut watches: Vec<Watch> = Vec::new();
    for table in file.sections("watches", &WATCH, faults) {
        let Some(watch) = read_watch(&table, usual, faults) else { continue };
        if watches.iter().any(|other| other.name == watch.name) {
            let span = table.value("name").unwrap_or(table.span);
            faults.at(span, "there is a watch of this name already");
        }
        watches.push(watch);
    }
    watches
}

fn read_watch(table: &Table<'_>, usual: &Usual, faults: &mut Faults<'_>) -> Option<Watch> {
    table.require("name", faults);
    table.require("by", faults);
    let name = read_short_name(table, faults);
    let set = read_set(table, faults);
    let pattern = table.parsed("pattern", str::parse::<NamePattern>, faults);
    if table.value("set").is_none() && table.value("pattern").is_none() {
        faults.at(table.span.clone(), "[[watches]] names neither a `set` nor a `pattern`");
    }
    let by = table.parsed("by", amount::clock, faults);
    let days = table.text("days", faults);
    let word = days.as_ref().map_or("business", |days| days.value.as_str());
    let business_days = word == "business";
    let fields = if matches!(word, "business" | "every") { "* * *" } else { word };
    let cron = by.and_then(|by| {
        let text = format!("{} {} {fields}", by.value.minute(), by.value.hour());
        text.parse::<CronText>().ok()
    });
    if cron.is_none()
        && let Some(days) = &days
    {
        let help = "write every, business, or day of the month, month and weekday: * * MON-FRI";
        faults.with_help(days.span.clone(), "`days` names no days", help);
    }
    let holidays = table.word("holidays", &HOLIDAY_RULES, faults);
    if let Some(span) = table.value("holidays").filter(|_| business_days) {
        faults.at(span, "business days leave out holidays already");
    }
    let zone = read_zone(table, faults).unwrap_or_else(|| usual.zone.clone());
    let calendar = read_calendar(table, usual, faults).unwrap_or_else(|| usual.calendar.clone());
    let late_after = table.parsed("late_after", amount::seconds, faults);
    let smallest = table.parsed("smallest", amount::bytes, faults).map_or(1, |at| at.value);
    let largest = table.parsed("largest", amount::bytes, faults);
    if let Some(at) = largest.as_ref().filter(|at| at.value < smallest) {
        faults.at(at.span.clone(), "`largest` is less than `smallest`");
    }
    Some(Watch {
        files: table.count("files", 100_000, faults).map_or(1, |at| at.value),
        name: name?,
        set,
        pattern: pattern.map(|at| at.value),
        schedule: Schedule {
            cron: cron?,
            zone,
            calendar,
            holidays: holidays.unwrap_or(HolidayRule::Run),
            catch_up: CatchUp::All,
        },
        business_days,
        late_after: late_after.map_or(1_800, |at| at.value),
        smallest,
        largest: largest.map(|at| at.value),
    })
}
