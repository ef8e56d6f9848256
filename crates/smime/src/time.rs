//! Times in certificates and signatures: seconds since 1970, UTC, and their two forms in ASN.1.

use crate::der::{self, Parser, tag};
use crate::fault::Fault;

const DAY: i64 = 86_400;

/// Reads a UTCTime (of the years 1950 to 2049) or a GeneralizedTime.
pub(crate) fn read(parser: &mut Parser) -> Result<i64, Fault> {
    let (tag, content, _) = parser.any()?;
    from_digits(tag, content).ok_or(Fault::Structure("a time that is none, or not in UTC"))
}

fn from_digits(tag: u8, content: &[u8]) -> Option<i64> {
    let digits = content.strip_suffix(b"Z")?;
    let is_digits = digits.iter().all(u8::is_ascii_digit);
    let pair = |at: usize| i64::from((digits[at] - b'0') * 10 + (digits[at + 1] - b'0'));
    let (year, rest) = match (tag, digits.len()) {
        (tag::UTC_TIME, 12) if is_digits => {
            let year = pair(0);
            (year + if year < 50 { 2000 } else { 1900 }, 2)
        }
        (tag::GENERALIZED_TIME, 14) if is_digits => (pair(0) * 100 + pair(2), 4),
        _ => return None,
    };
    let [month, day, hour, minute, second] = std::array::from_fn(|at| pair(rest + 2 * at));
    let is_time = (1..=12).contains(&month)
        && (1..=length(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let days = days_before(year, month) + day - 1;
    is_time.then_some(days * DAY + hour * 3600 + minute * 60 + second)
}

/// Writes a time, in the form that RFC 5280 wants for its year; none is before 1950 or after 9999.
pub(crate) fn write(time: i64) -> Vec<u8> {
    let time = time.clamp(-631_152_000, 253_402_300_799);
    let (days, second) = (time.div_euclid(DAY), time.rem_euclid(DAY));
    // Counted in years without leap days this is too late, never too early.
    let mut year = 1971 + days.div_euclid(365);
    while days_before(year, 1) > days {
        year -= 1;
    }
    let mut month = 12;
    while month > 1 && days_before(year, month) > days {
        month -= 1;
    }
    let day = days - days_before(year, month) + 1;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let clock = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    if (1950..2050).contains(&year) {
        der::element(tag::UTC_TIME, format!("{:02}{clock}", year % 100).as_bytes())
    } else {
        der::element(tag::GENERALIZED_TIME, format!("{year:04}{clock}").as_bytes())
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn length(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970 to the first of a month.
fn days_before(year: i64, month: i64) -> i64 {
    let before = year - 1;
    let days = before * 365 + before / 4 - before / 100 + before / 400;
    let in_year: i64 = (1..month).map(|month| length(year, month)).sum();
    days - 719_162 + in_year
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        let cases = [
            (0, "700101000000Z"),
            (951_782_400, "000229000000Z"),
            (1_795_335_632, "261122082032Z"),
            (2_524_607_999, "491231235959Z"),
            (2_524_608_000, "20500101000000Z"),
            (4_102_444_800, "21000101000000Z"),
            (253_402_300_799, "99991231235959Z"),
        ];
        for (time, text) in cases {
            let written = write(time);
            assert_eq!(String::from_utf8_lossy(&written[2..]), text);
            assert_eq!(read(&mut Parser::new(&written)), Ok(time));
        }
        for time in (-631_152_000..9_000_000_000).step_by(86_399 * 17) {
            assert_eq!(read(&mut Parser::new(&write(time))), Ok(time));
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let texts = [
            "",
            "Z",
            "260229000000Z",
            "261301000000Z",
            "260101240000Z",
            "2601010000Z",
            "26010100000 Z",
        ];
        for text in texts {
            let written = der::element(tag::UTC_TIME, text.as_bytes());
            assert!(read(&mut Parser::new(&written)).is_err(), "{text}");
        }
    }
}
