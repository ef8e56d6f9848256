//! A number, a date or a time written out, short enough to need no memory of its own.

use std::fmt::{self, Write};
use std::ops::Deref;

use tieline_model::decimal::Decimal;
use tieline_model::time::Date;

/// The longest text without memory of its own: a number has 38 digits, a sign and a point.
const ROOM: usize = 40;

/// A value written out.
#[derive(Clone)]
pub(crate) struct Figure {
    short: [u8; ROOM],
    length: usize,
    /// The whole text, if it is longer.
    long: String,
}

impl Figure {
    /// The text of a value.
    pub(crate) fn of(value: impl fmt::Display) -> Figure {
        let mut figure = Figure { short: [0; ROOM], length: 0, long: String::new() };
        // Writing to memory does not fail.
        let _ = write!(figure, "{value}");
        figure
    }

    /// A date as `CCYYMMDD`.
    pub(crate) fn date(day: Date) -> Figure {
        let Ok(year) = u8::try_from(day.year() / 100) else {
            return Figure::of(format_args!("{:04}{:02}{:02}", day.year(), day.month(), day.day()));
        };
        Figure::pairs(&[year, (day.year() % 100) as u8, day.month() as u8, day.day() as u8])
    }

    /// Numbers of two digits, one behind the other.
    pub(crate) fn pairs(numbers: &[u8]) -> Figure {
        let mut figure =
            Figure { short: [0; ROOM], length: 2 * numbers.len(), long: String::new() };
        for (number, two) in numbers.iter().zip(figure.short.chunks_exact_mut(2)) {
            two.copy_from_slice(&[b'0' + number / 10 % 10, b'0' + number % 10]);
        }
        figure
    }

    /// The text of a number that may not be there.
    pub(crate) fn number(number: &Option<Decimal>) -> Option<Figure> {
        number.as_ref().map(Figure::of)
    }
}

impl Write for Figure {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match self.short.get_mut(self.length..self.length + text.len()) {
            Some(room) if self.long.is_empty() => {
                room.copy_from_slice(text.as_bytes());
                self.length += text.len();
            }
            _ => {
                if self.long.is_empty() {
                    self.long = self.to_string();
                }
                self.long.push_str(text);
            }
        }
        Ok(())
    }
}

impl Deref for Figure {
    type Target = str;

    fn deref(&self) -> &str {
        match self.long.is_empty() {
            true => std::str::from_utf8(&self.short[..self.length]).unwrap_or_default(),
            false => &self.long,
        }
    }
}

#[cfg(test)]
mod tests {
    use tieline_model::time::date;

    use super::*;

    #[test]
    fn figures_are_written_as_values_are() {
        for length in [0, 1, ROOM - 1, ROOM, ROOM + 1, 4 * ROOM] {
            let text = "7".repeat(length);
            assert_eq!(&*Figure::of(&text), text);
            assert_eq!(&*Figure::of(format_args!("{text}.{text}")), format!("{text}.{text}"));
        }
    }

    #[test]
    fn dates_have_eight_digits() {
        assert_eq!(&*Figure::date(date(2024, 2, 9)), "20240209");
        assert_eq!(&*Figure::date(date(9, 12, 31)), "00091231");
        assert_eq!(&*Figure::date(date(-9, 12, 31)), "-0091231");
    }
}
