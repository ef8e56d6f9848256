//! The values of elements: numbers, dates, times and characters, judged byte by byte.

use crate::delimiters::Delimiters;
use crate::guide::CharacterSet;

/// How many digits a whole number has; the sign does not count. `None` when it is none.
#[inline]
pub(crate) fn integer(value: &[u8]) -> Option<usize> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    (!digits.is_empty() && digits.iter().all(u8::is_ascii_digit)).then_some(digits.len())
}

/// How many digits a decimal number has; sign and point do not count. `None` when it is none.
///
/// A point needs a digit on at least one side. Exponents are refused: no partner sends them, and an
/// amount such as `1E5` is more likely a damaged one.
#[inline]
pub(crate) fn decimal(value: &[u8]) -> Option<usize> {
    let unsigned = value.strip_prefix(b"-").unwrap_or(value);
    let mut points = 0;
    for b in unsigned {
        match b {
            b'0'..=b'9' => {}
            b'.' => points += 1,
            _ => return None,
        }
    }
    let digits = unsigned.len() - points;
    (points <= 1 && digits > 0).then_some(digits)
}

/// Whether this is a day of the calendar: `CCYYMMDD`, or `YYMMDD`, which is read as of this century.
#[inline]
pub(crate) fn is_date(value: &[u8]) -> bool {
    let eight = match *value {
        [a, b, c, d, e, f, g, h] => [a, b, c, d, e, f, g, h],
        [a, b, c, d, e, f] => [b'2', b'0', a, b, c, d, e, f],
        _ => return false,
    };
    let Some(pairs) = digit_pairs(u64::from_le_bytes(eight)) else { return false };
    let [century, year, month, day, ..] = pairs.to_le_bytes();
    let year = u32::from(century) * 100 + u32::from(year);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        1..=12 => 31,
        _ => return false,
    };
    year > 0 && (1..=days).contains(&day)
}

/// Whether this is a time of day: `HHMM`, `HHMMSS`, or with one or two decimals of a second.
#[inline]
pub(crate) fn is_time(value: &[u8]) -> bool {
    let eight = match *value {
        [a, b, c, d] => [a, b, c, d, b'0', b'0', b'0', b'0'],
        [a, b, c, d, e, f] => [a, b, c, d, e, f, b'0', b'0'],
        [a, b, c, d, e, f, g] => [a, b, c, d, e, f, g, b'0'],
        [a, b, c, d, e, f, g, h] => [a, b, c, d, e, f, g, h],
        _ => return false,
    };
    let Some(pairs) = digit_pairs(u64::from_le_bytes(eight)) else { return false };
    let [hour, minute, second, ..] = pairs.to_le_bytes();
    hour < 24 && minute < 60 && second < 60
}

/// Eight digits, the first in the lowest byte, as four numbers of two digits, one to a byte; `None`
/// when one of them is no digit.
#[inline]
fn digit_pairs(eight: u64) -> Option<u32> {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    // A digit is 0x30 to 0x39: its high half is 3, and still is with 6 added.
    let digits = eight & HIGH == ZEROS && eight.wrapping_add(0x0606_0606_0606_0606) & HIGH == ZEROS;
    let values = eight ^ ZEROS;
    // In every other byte the tens of the byte and the ones of the next, which is above it.
    let pairs = (values & 0x000f_000f_000f_000f) * 10 + (values >> 8 & 0x000f_000f_000f_000f);
    let [a, _, b, _, c, _, d, _] = pairs.to_le_bytes();
    digits.then(|| u32::from_le_bytes([a, b, c, d]))
}

/// Whether this is midnight written as the end of the day, `2400` with zeros behind it.
pub(crate) fn is_24_hours(value: &[u8]) -> bool {
    matches!(value.len(), 4 | 6 | 7 | 8)
        && value.starts_with(b"24")
        && value[2..].iter().all(|b| *b == b'0')
}

/// A control number or count: one to ten digits.
pub(crate) fn control_number(value: &[u8]) -> Option<u64> {
    let good = (1..=10).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    good.then(|| value.iter().fold(0, |number, b| number * 10 + u64::from(b - b'0')))
}

/// Whether two control numbers are the same; zeros before a number do not count.
pub(crate) fn same_number(a: &[u8], b: &[u8]) -> bool {
    match (control_number(a), control_number(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// Which bytes data may hold, for one character set and one interchange's separators.
#[derive(Debug, Clone)]
pub(crate) struct Alphabet {
    set: CharacterSet,
    class: [u8; 256],
}

/// The byte is good data.
const GOOD: u8 = 0;
/// The byte may be part of a character of more than one byte.
const WIDE: u8 = 1;
/// The byte is no data character.
const BAD: u8 = 2;
/// The byte separates components or repetitions.
const SEPARATOR: u8 = 4;

impl Alphabet {
    pub(crate) fn new(set: CharacterSet, delimiters: &Delimiters) -> Alphabet {
        let mut class = [BAD; 256];
        for (b, class) in (0..=u8::MAX).zip(class.iter_mut()) {
            *class = match set {
                CharacterSet::Basic if is_basic(b) => GOOD,
                CharacterSet::Basic => BAD,
                _ if (b' '..=b'~').contains(&b) => GOOD,
                CharacterSet::Utf8 if b >= 0x80 => WIDE,
                CharacterSet::Latin1 if b >= 0xa0 => GOOD,
                _ => BAD,
            };
        }
        class[delimiters.component as usize] = SEPARATOR;
        if let Some(repetition) = delimiters.repetition {
            class[repetition as usize] = SEPARATOR;
        }
        Alphabet { set, class }
    }

    /// Whether every byte is a good one-byte character; others need a closer look.
    #[inline]
    pub(crate) fn is_plain(&self, value: &[u8]) -> bool {
        value.iter().fold(0, |all, b| all | self.class[*b as usize]) == 0
    }

    /// How many characters the value has.
    pub(crate) fn characters(&self, value: &[u8]) -> usize {
        match self.set {
            CharacterSet::Utf8 => value.iter().filter(|b| **b & 0xc0 != 0x80).count(),
            _ => value.len(),
        }
    }

    /// The place of the first byte that is no data character; separators are not looked at.
    pub(crate) fn first_bad(&self, value: &[u8]) -> Option<usize> {
        let bad = value.iter().position(|b| self.class[*b as usize] & BAD != 0);
        if self.set != CharacterSet::Utf8 {
            return bad;
        }
        let malformed = match std::str::from_utf8(value) {
            Ok(text) => text.char_indices().find(|(_, c)| c.is_control()).map(|(at, _)| at),
            Err(e) => Some(e.valid_up_to()),
        };
        bad.into_iter().chain(malformed).min()
    }
}

fn is_basic(b: u8) -> bool {
    matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b' ' | b'!' | b'"' | b'&'..=b'/' | b':' | b';' | b'=' | b'?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_standard_s_grammar() {
        for (text, digits) in
            [("0", 1), ("-12.50", 4), ("007", 3), (".5", 1), ("5.", 1), ("-.25", 2)]
        {
            assert_eq!(decimal(text.as_bytes()), Some(digits), "{text}");
        }
        for text in ["", "-", ".", "-.", "1.2.3", "+1", "1e5", "1,000", " 1", "1-", "12x75"] {
            assert_eq!(decimal(text.as_bytes()), None, "{text}");
        }
        assert_eq!(integer(b"-0012"), Some(4));
        assert_eq!(integer(b"1.0"), None);
        assert_eq!(integer(b"-"), None);
    }

    #[test]
    fn dates_are_days_of_the_calendar() {
        for good in ["20240229", "20000229", "19991231", "260308", "240229"] {
            assert!(is_date(good.as_bytes()), "{good}");
        }
        for bad in [
            "20230229", "19000229", "20240230", "20241301", "20240100", "2024010", "", "00000101",
            "2024 101",
        ] {
            assert!(!is_date(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn times_end_before_24_hours() {
        for good in ["0000", "2359", "235959", "2359590", "23595999"] {
            assert!(is_time(good.as_bytes()), "{good}");
        }
        for bad in ["2400", "2360", "235960", "12345", "", "123", "12:30", "1230599x"] {
            assert!(!is_time(bad.as_bytes()), "{bad}");
        }
        assert!(is_24_hours(b"2400") && is_24_hours(b"240000"));
        assert!(!is_24_hours(b"2401") && !is_24_hours(b"24"));
    }

    #[test]
    fn alphabets_differ_in_the_characters_they_hold() {
        let delimiters = Delimiters::default();
        let bad = |set, text: &[u8]| Alphabet::new(set, &delimiters).first_bad(text);
        assert_eq!(bad(CharacterSet::Basic, b"Abc"), Some(1));
        assert_eq!(bad(CharacterSet::Extended, "caf\u{e9}".as_bytes()), Some(3));
        assert_eq!(bad(CharacterSet::Utf8, "caf\u{e9}".as_bytes()), None);
        assert_eq!(bad(CharacterSet::Utf8, b"caf\xe9"), Some(3));
        assert_eq!(bad(CharacterSet::Latin1, b"caf\xe9"), None);
        assert_eq!(bad(CharacterSet::Extended, b"a\0b"), Some(1));
        let utf8 = Alphabet::new(CharacterSet::Utf8, &delimiters);
        assert_eq!(utf8.characters("caf\u{e9}".as_bytes()), 4);
    }
}
