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
        let (year, month, day) = (day.year(), day.month(), day.day());
        match u16::try_from(year) {
            Ok(year) => {
                Figure::pairs(&[(year / 100) as u8, (year % 100) as u8, month as u8, day as u8])
            }
            Err(_) => Figure::of(format_args!("{year:04}{month:02}{day:02}")),
        }
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

    /// The text of a number.
    pub(crate) fn decimal(number: &Decimal) -> Figure {
        let (mantissa, scale) = (u64::try_from(number.mantissa()), usize::from(number.scale()));
        let plain = Decimal::new(number.mantissa(), number.scale());
        let is_plain = plain.is_ok_and(|plain| plain.is_written_like(number));
        // A number without anything unusual, as most are, is written without a formatter.
        match mantissa {
            Ok(mantissa) if is_plain && scale < 18 => Figure::plain(mantissa, scale),
            _ => Figure::of(number),
        }
    }

    /// The text of a number that may not be there.
    pub(crate) fn number(number: &Option<Decimal>) -> Option<Figure> {
        number.as_ref().map(Figure::decimal)
    }

    fn plain(mantissa: u64, scale: usize) -> Figure {
        let mut figure = Figure { short: [0; ROOM], length: 0, long: String::new() };
        let digits = 1 + mantissa.checked_ilog10().unwrap_or_default() as usize;
        figure.length = digits.max(scale + 1) + usize::from(scale > 0);
        let mut rest = mantissa;
        for (n, place) in figure.short[..figure.length].iter_mut().rev().enumerate() {
            *place = match n == scale && scale > 0 {
                true => b'.',
                false => b'0' + (rest % 10) as u8,
            };
            if *place != b'.' {
                rest /= 10;
            }
        }
        figure
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
    fn numbers_are_written_as_they_are_shown() {
        let texts = [
            "0",
            "0.0",
            "0.50",
            ".5",
            "5.",
            "-0",
            "-1.25",
            "007",
            "00.7",
            "10",
            "1234567890.123",
            "18446744073709551615",
            "18446744073709551616",
            "0.00000000000000001",
            "0.000000000000000001",
            "99999999999999999999999999999999999999",
        ];
        for text in texts {
            let number = Decimal::from_bytes(text.as_bytes()).expect("it is a number");
            assert_eq!(&*Figure::decimal(&number), text);
        }
        for n in 0..20_000_u64 {
            let mantissa = i128::from(n * n * n);
            let number = Decimal::new(mantissa, (n % 20) as u8).expect("it fits");
            assert_eq!(&*Figure::decimal(&number), number.to_string());
        }
    }

    #[test]
    fn dates_have_eight_digits() {
        assert_eq!(&*Figure::date(date(2024, 2, 9)), "20240209");
        assert_eq!(&*Figure::date(date(9, 12, 31)), "00091231");
        assert_eq!(&*Figure::date(date(-9, 12, 31)), "-0091231");
    }
}
