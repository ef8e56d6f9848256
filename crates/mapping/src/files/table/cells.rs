//! Cells: texts, numbers, dates and words as a table writes them, and back.

use serde::Serialize;
use serde::de::value::Error as WordError;
use serde::de::{DeserializeOwned, IntoDeserializer};
use tieline_model::coded::Coded;
use tieline_model::decimal::{Decimal, NumberError};
use tieline_model::quantity::Unit;
use tieline_model::stamp::{ClockTime, Stamp};
use tieline_model::time::Date;

use super::{DateOrder, TableFault, TableOptions};

/// Marks a code that has no meaning of its own: `other:ZZ`.
const OTHER: &str = "other";

/// Whether a spreadsheet would take a text for a formula, or would if apostrophes were not in front.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// Whether an apostrophe has to be put in front of a text.
pub(crate) fn needs_apostrophe(text: &str) -> bool {
    is_formula(text)
}

/// A text without the apostrophe that was put in front of it.
pub(crate) fn text(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(behind) if is_formula(behind) => behind,
        _ => cell,
    }
}

/// A number as a partner writes it.
pub(crate) fn number(cell: &str, options: &TableOptions) -> Result<Decimal, TableFault> {
    if !options.decimal_comma {
        match Decimal::from_bytes(cell.as_bytes()) {
            Err(NumberError::NotANumber) => {}
            Err(_) => return Err(TableFault::NumberTooLong),
            Ok(number) => return Ok(number),
        }
    }
    let (point, thousands) = if options.decimal_comma { (',', '.') } else { ('.', ',') };
    let cell = cell.trim();
    if cell.contains(['e', 'E']) && cell.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(TableFault::Exponent);
    }
    if cell.contains(thousands) && !(options.thousands && is_grouped(cell, point, thousands)) {
        return Err(match (options.decimal_comma, options.thousands) {
            (_, true) => TableFault::NotANumber,
            (true, false) => TableFault::PointInNumber,
            (false, false) => TableFault::CommaInNumber,
        });
    }
    let plain: String = cell.chars().filter(|c| *c != thousands).collect();
    Decimal::from_bytes(plain.replace(point, ".").as_bytes()).map_err(|error| match error {
        NumberError::NotANumber => TableFault::NotANumber,
        _ => TableFault::NumberTooLong,
    })
}

/// Whether the separators of thousands stand where they should.
fn is_grouped(cell: &str, point: char, thousands: char) -> bool {
    let whole = cell.split(point).next().unwrap_or_default().trim_start_matches('-');
    let mut groups = whole.split(thousands);
    let first = groups.next().unwrap_or_default().len();
    (1..=3).contains(&first)
        && groups.all(|group| group.len() == 3)
        && !cell.split(point).skip(1).any(|decimals| decimals.contains(thousands))
}

/// A date as a partner writes it.
pub(crate) fn date(cell: &str, order: DateOrder) -> Result<Date, TableFault> {
    let cell = cell.trim();
    let fault = || TableFault::NotADate;
    let parts = |separator| -> Option<[u16; 3]> {
        let mut parts = cell.split(separator).map(|part| match part.len() {
            1..=4 if part.bytes().all(|byte| byte.is_ascii_digit()) => part.parse().ok(),
            _ => None,
        });
        let found = [parts.next()??, parts.next()??, parts.next()??];
        parts.next().is_none().then_some(found)
    };
    let [year, month, day] = if cell.contains('-') {
        parts('-').filter(|_| cell.len() == 10 && cell.as_bytes()[4] == b'-').ok_or_else(fault)?
    } else {
        let [one, two, three] = parts('/').filter(|parts| parts[2] > 999).ok_or_else(fault)?;
        match order {
            DateOrder::YearFirst => return Err(fault()),
            DateOrder::MonthFirst => [three, one, two],
            DateOrder::DayFirst => [three, two, one],
        }
    };
    let (month, day) = (i8::try_from(month), i8::try_from(day));
    let (Ok(month), Ok(day)) = (month, day) else { return Err(fault()) };
    Date::new(year as i16, month, day).map_err(|_| fault())
}

/// A date, and perhaps a time of day and a zone code: `2026-03-31 1530 CD`.
pub(crate) fn stamp(cell: &str, order: DateOrder) -> Result<Stamp, TableFault> {
    let mut parts = cell.split(' ').filter(|part| !part.is_empty());
    let date = date(parts.next().unwrap_or_default(), order)?;
    let clock = |text: &str| {
        ClockTime::from_bytes(text.replace(':', "").as_bytes()).map_err(|_| TableFault::NotADate)
    };
    let time = parts.next().map(clock).transpose()?;
    let zone = parts.next().map(str::to_string);
    match parts.next() {
        Some(_) => Err(TableFault::NotADate),
        None => Ok(Stamp { date, time, zone }),
    }
}

/// How [`stamp`] is written.
pub(crate) fn stamp_text(stamp: &Stamp) -> String {
    let time = stamp.time.map(|time| format!(" {}", time.as_str())).unwrap_or_default();
    let zone = stamp.zone.as_ref().map(|zone| format!(" {zone}")).unwrap_or_default();
    format!("{}{time}{zone}", stamp.date)
}

/// A meaning by its name in the model's JSON. Case and spaces do not matter.
pub(crate) fn word<T: DeserializeOwned>(cell: &str) -> Result<T, TableFault> {
    let exact = cell.trim();
    let found: Result<T, WordError> = T::deserialize(exact.into_deserializer());
    found.or_else(|_| {
        let plain = exact.to_ascii_lowercase().replace([' ', '-'], "_");
        T::deserialize(plain.as_str().into_deserializer()).map_err(|error: WordError| {
            // Only the list of what may stand here: the cell itself may be a customer's.
            let text = error.to_string();
            let list = text.rsplit_once(" expected ").map_or("", |(_, list)| list);
            TableFault::NotAWord(list.trim_start_matches("one of ").replace('`', ""))
        })
    })
}

/// A meaning, or `other:` with a code that only its sender knows.
pub(crate) fn coded<T: DeserializeOwned>(cell: &str) -> Result<Coded<T>, TableFault> {
    match cell.split_once(':') {
        Some((OTHER, raw)) => Ok(Coded { meaning: word(OTHER)?, raw: Some(raw.to_string()) }),
        _ => Ok(Coded::new(word(cell)?)),
    }
}

/// How [`word`] is written.
pub(crate) fn word_text<T: Serialize>(meaning: &T) -> String {
    match serde_json::to_value(meaning) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// How [`coded`] is written.
pub(crate) fn coded_text<T: Serialize>(code: &Coded<T>) -> String {
    let word = word_text(&code.meaning);
    match &code.raw {
        Some(raw) if word == OTHER => format!("{OTHER}:{raw}"),
        _ => word,
    }
}

/// A unit; its case does not matter.
pub(crate) fn unit(cell: &str) -> Result<Coded<Unit>, TableFault> {
    coded(cell).or_else(|fault: TableFault| {
        let TableFault::NotAWord(list) = &fault else { return Err(fault) };
        let known = list.split(", ").find(|name| name.eq_ignore_ascii_case(cell.trim()));
        known.ok_or(fault.clone()).and_then(coded)
    })
}
