//! Decimal: an exact number that remembers how it was written.
//!
//! A number is read from plain text and printed as the same text, byte for byte: `120.50` keeps its
//! zero, `.5` stays without one. Numbers compare by value; [`Decimal::is_written_like`] tells apart
//! what is only equal. There is no way in or out through binary floating point.
//!
//! In JSON a decimal is a string, because many readers of JSON numbers would round it.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The most digits a number has, leading zeros not counted, and the most behind its point.
pub const MAX_DIGITS: u8 = 38;

/// An exact decimal number of at most 38 digits.
#[derive(Clone, Copy, Default)]
pub struct Decimal {
    mantissa: i128,
    form: Form,
}

/// The same with at most 18 digits, in half the room: 16 bytes.
#[derive(Clone, Copy, Default)]
pub struct CompactDecimal {
    mantissa: i64,
    form: Form,
}

/// How a number is written, beyond its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Form {
    /// Digits behind the point.
    scale: u8,
    /// Zeros in front that need not be there.
    zeros: u8,
    mark: Mark,
}

/// What else is unusual about the text of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mark {
    #[default]
    None,
    /// No digit before the point: `.5`.
    Bare,
    /// Nothing behind the point: `5.`.
    Point,
    /// A minus before zero.
    Minus,
    /// `-.0`.
    BareMinus,
    /// `-0.`.
    PointMinus,
}

impl Mark {
    fn new(bare: bool, point: bool, minus: bool) -> Mark {
        match (bare, point, minus) {
            (true, _, false) => Mark::Bare,
            (true, _, true) => Mark::BareMinus,
            (false, true, false) => Mark::Point,
            (false, true, true) => Mark::PointMinus,
            (false, false, true) => Mark::Minus,
            (false, false, false) => Mark::None,
        }
    }

    fn is_bare(self) -> bool {
        matches!(self, Mark::Bare | Mark::BareMinus)
    }

    fn has_point(self) -> bool {
        matches!(self, Mark::Point | Mark::PointMinus)
    }

    fn has_minus(self) -> bool {
        matches!(self, Mark::Minus | Mark::BareMinus | Mark::PointMinus)
    }
}

/// Why something is no number, or a calculation has no exact result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text is not digits with at most one point and at most a minus before them.
    #[error("this is not a plain decimal number")]
    NotANumber,
    /// More digits than [`MAX_DIGITS`], or than the compact form holds.
    #[error("the number has too many digits")]
    TooLong,
    /// The result of a calculation has too many digits.
    #[error("the result has too many digits")]
    Overflow,
    /// Digits would be lost where none may be.
    #[error("the number has more decimals than fit")]
    Inexact,
    /// A division by zero.
    #[error("nothing can be divided by zero")]
    DivisionByZero,
}

impl Decimal {
    /// Zero, written `0`.
    pub const ZERO: Decimal = Decimal::new_unchecked(0, 0);

    /// One, written `1`.
    pub const ONE: Decimal = Decimal::new_unchecked(1, 0);

    /// `mantissa` with its last `scale` digits behind the point: 12050 and 2 are `120.50`.
    ///
    /// # Errors
    ///
    /// [`NumberError::TooLong`] for more than [`MAX_DIGITS`] digits, or more than that behind the
    /// point.
    pub fn new(mantissa: i128, scale: u8) -> Result<Decimal, NumberError> {
        if scale > MAX_DIGITS || mantissa.unsigned_abs() >= power_of_ten(MAX_DIGITS) {
            return Err(NumberError::TooLong);
        }
        Ok(Decimal::new_unchecked(mantissa, scale))
    }

    const fn new_unchecked(mantissa: i128, scale: u8) -> Decimal {
        Decimal { mantissa, form: Form { scale, zeros: 0, mark: Mark::None } }
    }

    /// Reads a number in plain text: digits, at most one point, at most a minus in front.
    ///
    /// No plus, no exponent, no spaces, no separators of thousands: a number with those in it is
    /// more likely a damaged one.
    ///
    /// # Errors
    ///
    /// [`NumberError::NotANumber`], or [`NumberError::TooLong`] for more than [`MAX_DIGITS`]
    /// digits.
    pub fn from_bytes(text: &[u8]) -> Result<Decimal, NumberError> {
        let (negative, unsigned) = match text.split_first() {
            Some((b'-', unsigned)) => (true, unsigned),
            _ => (false, text),
        };
        let mut magnitude: u64 = 0;
        let mut point = None;
        for (at, byte) in unsigned.iter().enumerate() {
            let digit = byte.wrapping_sub(b'0');
            if digit <= 9 {
                magnitude = magnitude.wrapping_mul(10).wrapping_add(u64::from(digit));
            } else if *byte == b'.' && point.is_none() {
                point = Some(at);
            } else {
                return Err(NumberError::NotANumber);
            }
        }
        let whole = point.unwrap_or(unsigned.len());
        let scale = unsigned.len() - whole - usize::from(point.is_some());
        let magnitude = match whole + scale {
            0 => return Err(NumberError::NotANumber),
            1..=19 => u128::from(magnitude),
            _ => long_magnitude(unsigned)?,
        };

        let front = unsigned[..whole].iter().take_while(|byte| **byte == b'0').count();
        let zeros = if front == whole { front.saturating_sub(1) } else { front };
        let (Ok(scale), Ok(zeros)) = (u8::try_from(scale), u8::try_from(zeros)) else {
            return Err(NumberError::TooLong);
        };
        if scale > MAX_DIGITS {
            return Err(NumberError::TooLong);
        }
        let mark = Mark::new(whole == 0, point.is_some() && scale == 0, negative && magnitude == 0);
        let mantissa = if negative { -(magnitude as i128) } else { magnitude as i128 };
        Ok(Decimal { mantissa, form: Form { scale, zeros, mark } })
    }

    /// Reads a whole number whose last `scale` digits stand behind a point that is not written:
    /// `7500` and 2 are 75.00.
    ///
    /// # Errors
    ///
    /// As [`Decimal::from_bytes`]; a point is an error here.
    pub fn from_implied(text: &[u8], scale: u8) -> Result<Decimal, NumberError> {
        let mut number = Decimal::from_bytes(text)?;
        if number.form.scale > 0 || number.form.mark.has_point() {
            return Err(NumberError::NotANumber);
        }
        if scale > MAX_DIGITS {
            return Err(NumberError::TooLong);
        }
        number.form.scale = scale;
        Ok(number)
    }

    /// The number without its point and with `scale` decimals: 75 and 2 are `7500`. What
    /// [`Decimal::from_implied`] read is written as it was.
    ///
    /// # Errors
    ///
    /// [`NumberError::Inexact`] if it has more decimals that are not zero.
    pub fn implied(&self, scale: u8) -> Result<String, NumberError> {
        let mut number = self.with_scale(scale)?;
        number.form.scale = 0;
        if number.form.mark == Mark::Bare {
            number.form.mark = Mark::None;
        }
        Ok(number.to_string())
    }

    /// The digits without the point.
    pub fn mantissa(&self) -> i128 {
        self.mantissa
    }

    /// How many digits are behind the point.
    pub fn scale(&self) -> u8 {
        self.form.scale
    }

    /// Whether it is zero, however written.
    pub fn is_zero(&self) -> bool {
        self.mantissa == 0
    }

    /// Whether it is less than zero.
    pub fn is_negative(&self) -> bool {
        self.mantissa < 0
    }

    /// The number without its sign.
    #[must_use]
    pub fn abs(&self) -> Decimal {
        Decimal::new_unchecked(self.mantissa.abs(), self.form.scale)
    }

    /// The number with the other sign, else written as it was; zero has none.
    #[must_use]
    pub fn negated(&self) -> Decimal {
        let mark = Mark::new(self.form.mark.is_bare(), self.form.mark.has_point(), false);
        Decimal { mantissa: -self.mantissa, form: Form { mark, ..self.form } }
    }

    /// Whether both are the same text, not only the same value.
    pub fn is_written_like(&self, other: &Decimal) -> bool {
        self.mantissa == other.mantissa && self.form == other.form
    }

    /// The sum, with the decimals of the finer of both.
    ///
    /// # Errors
    ///
    /// [`NumberError::Overflow`].
    pub fn checked_add(&self, other: &Decimal) -> Result<Decimal, NumberError> {
        let scale = self.form.scale.max(other.form.scale);
        let sum = self.at_scale(scale)?.checked_add(other.at_scale(scale)?);
        Decimal::result(sum, scale)
    }

    /// The difference, with the decimals of the finer of both.
    ///
    /// # Errors
    ///
    /// [`NumberError::Overflow`].
    pub fn checked_sub(&self, other: &Decimal) -> Result<Decimal, NumberError> {
        self.checked_add(&other.negated())
    }

    /// The exact product; its decimals are as many as those of both together.
    ///
    /// # Errors
    ///
    /// [`NumberError::Overflow`].
    pub fn checked_mul(&self, other: &Decimal) -> Result<Decimal, NumberError> {
        let scale = self.form.scale + other.form.scale;
        Decimal::result(self.mantissa.checked_mul(other.mantissa), scale)
    }

    /// The quotient, rounded like [`Decimal::rounded`].
    ///
    /// # Errors
    ///
    /// [`NumberError::DivisionByZero`] or [`NumberError::Overflow`].
    pub fn divided(&self, divisor: &Decimal, scale: u8) -> Result<Decimal, NumberError> {
        if divisor.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        // a / 10^s over b / 10^t, with `scale` decimals, is a * 10^(scale + t) over b * 10^s.
        let shift = i16::from(scale) + i16::from(divisor.form.scale) - i16::from(self.form.scale);
        let power = checked_power_of_ten(shift.unsigned_abs())?;
        let grown = |n: i128| n.checked_mul(power).ok_or(NumberError::Overflow);
        let (over, under) = match shift {
            0.. => (grown(self.mantissa)?, divisor.mantissa),
            _ => (self.mantissa, grown(divisor.mantissa)?),
        };
        Decimal::result(divide_half_up(over, under), scale)
    }

    /// The number with exactly `scale` decimals, rounded half up: a five is rounded away from zero,
    /// 2.345 to 2.35 and -2.345 to -2.35. Zeros are added where it has fewer.
    ///
    /// # Errors
    ///
    /// [`NumberError::Overflow`].
    pub fn rounded(&self, scale: u8) -> Result<Decimal, NumberError> {
        if scale >= self.form.scale {
            return self.with_scale(scale);
        }
        let power = power_of_ten(self.form.scale - scale) as i128;
        Decimal::result(divide_half_up(self.mantissa, power), scale)
    }

    /// The same value with exactly `scale` decimals. A number that has them is left as written.
    ///
    /// # Errors
    ///
    /// [`NumberError::Inexact`] if digits other than zero would be lost, [`NumberError::Overflow`].
    pub fn with_scale(&self, scale: u8) -> Result<Decimal, NumberError> {
        if scale == self.form.scale {
            return Ok(*self);
        }
        if scale > self.form.scale {
            return Decimal::result(Some(self.at_scale(scale)?), scale);
        }
        let power = power_of_ten(self.form.scale - scale) as i128;
        match self.mantissa % power {
            0 => Ok(Decimal::new_unchecked(self.mantissa / power, scale)),
            _ => Err(NumberError::Inexact),
        }
    }

    /// The number with its point moved by `power` digits to the right, to the left if negative:
    /// watt-hours become kilowatt-hours with -3. No digit is lost.
    ///
    /// # Errors
    ///
    /// [`NumberError::Overflow`].
    pub fn times_power_of_ten(&self, power: i8) -> Result<Decimal, NumberError> {
        let scale = i16::from(self.form.scale) - i16::from(power);
        match u8::try_from(scale) {
            Ok(scale) => Decimal::result(Some(self.mantissa), scale),
            Err(_) => {
                let factor = checked_power_of_ten(scale.unsigned_abs())?;
                Decimal::result(self.mantissa.checked_mul(factor), 0)
            }
        }
    }

    /// The sum of all; `0` when there are none.
    ///
    /// # Errors
    ///
    /// [`NumberError::Overflow`].
    pub fn sum<'a>(numbers: impl IntoIterator<Item = &'a Decimal>) -> Result<Decimal, NumberError> {
        numbers.into_iter().try_fold(Decimal::ZERO, |sum, number| sum.checked_add(number))
    }

    fn result(mantissa: Option<i128>, scale: u8) -> Result<Decimal, NumberError> {
        let mantissa = mantissa.ok_or(NumberError::Overflow)?;
        Decimal::new(mantissa, scale).map_err(|_| NumberError::Overflow)
    }

    /// The mantissa it has with `scale` decimals, which are not fewer than its own.
    fn at_scale(&self, scale: u8) -> Result<i128, NumberError> {
        let power = power_of_ten(scale - self.form.scale) as i128;
        self.mantissa.checked_mul(power).ok_or(NumberError::Overflow)
    }

    /// The part before the point and the part behind it, the latter in 38 digits.
    fn parts(&self) -> (i128, i128) {
        let one = power_of_ten(self.form.scale) as i128;
        let rest = power_of_ten(MAX_DIGITS - self.form.scale) as i128;
        (self.mantissa / one, self.mantissa % one * rest)
    }

    /// What a packed point holds; `None` if it takes more. See [`crate::usage::IntervalSeries`].
    pub(crate) fn packed(&self, digits: u64, scale: u8) -> Option<(i64, u8, bool)> {
        let Form { scale: own, zeros: 0, mark: mark @ (Mark::None | Mark::Bare) } = self.form
        else {
            return None;
        };
        let fits = own <= scale && self.mantissa.unsigned_abs() <= u128::from(digits);
        fits.then_some((self.mantissa as i64, own, mark == Mark::Bare))
    }

    /// What [`Decimal::packed`] gave.
    pub(crate) fn unpacked(mantissa: i64, scale: u8, bare: bool) -> Decimal {
        let mark = if bare { Mark::Bare } else { Mark::None };
        Decimal { mantissa: i128::from(mantissa), form: Form { scale, zeros: 0, mark } }
    }
}

/// Over 19 digits, which a 64-bit number may not hold.
fn long_magnitude(unsigned: &[u8]) -> Result<u128, NumberError> {
    let digits = unsigned.iter().filter(|byte| **byte != b'.').skip_while(|byte| **byte == b'0');
    let mut magnitude: u128 = 0;
    for (count, byte) in digits.enumerate() {
        if count == usize::from(MAX_DIGITS) {
            return Err(NumberError::TooLong);
        }
        magnitude = magnitude * 10 + u128::from(byte - b'0');
    }
    Ok(magnitude)
}

/// For powers up to [`MAX_DIGITS`], which all fit.
fn power_of_ten(power: u8) -> u128 {
    10_u128.pow(u32::from(power))
}

fn checked_power_of_ten(power: u16) -> Result<i128, NumberError> {
    10_i128.checked_pow(u32::from(power)).ok_or(NumberError::Overflow)
}

fn divide_half_up(over: i128, under: i128) -> Option<i128> {
    let quotient = over.checked_div(under)?;
    let rest = over.checked_rem(under)?.unsigned_abs();
    let under_half = rest < under.unsigned_abs() - rest;
    match under_half {
        true => Some(quotient),
        false if (over < 0) == (under < 0) => quotient.checked_add(1),
        false => quotient.checked_sub(1),
    }
}

impl CompactDecimal {
    /// Reads a number as [`Decimal::from_bytes`] does.
    ///
    /// # Errors
    ///
    /// As there; [`NumberError::TooLong`] already for more than 18 digits.
    pub fn from_bytes(text: &[u8]) -> Result<CompactDecimal, NumberError> {
        Decimal::from_bytes(text)?.try_into()
    }

    /// The digits without the point.
    pub fn mantissa(&self) -> i64 {
        self.mantissa
    }

    /// How many digits are behind the point.
    pub fn scale(&self) -> u8 {
        self.form.scale
    }
}

impl From<CompactDecimal> for Decimal {
    fn from(number: CompactDecimal) -> Decimal {
        Decimal { mantissa: i128::from(number.mantissa), form: number.form }
    }
}

impl TryFrom<Decimal> for CompactDecimal {
    type Error = NumberError;

    fn try_from(number: Decimal) -> Result<CompactDecimal, NumberError> {
        let mantissa = i64::try_from(number.mantissa).map_err(|_| NumberError::TooLong)?;
        if mantissa.unsigned_abs() >= 10_u64.pow(18) {
            return Err(NumberError::TooLong);
        }
        Ok(CompactDecimal { mantissa, form: number.form })
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Decimal {
        Decimal::new_unchecked(i128::from(number), 0)
    }
}

impl FromStr for Decimal {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Decimal, NumberError> {
        Decimal::from_bytes(text.as_bytes())
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Decimal) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        if self.form.scale == other.form.scale {
            return self.mantissa.cmp(&other.mantissa);
        }
        self.parts().cmp(&other.parts())
    }
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl PartialEq for CompactDecimal {
    fn eq(&self, other: &CompactDecimal) -> bool {
        Decimal::from(*self) == Decimal::from(*other)
    }
}

impl Eq for CompactDecimal {}

/// The text the number was read from; of a result, all its digits.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Form { scale, zeros, mark } = self.form;
        // A sign, the zeros in front, 38 digits and a point at most.
        let mut text = [b'0'; 300];
        let mut at = text.len();
        let mut put = |byte: u8| {
            at -= 1;
            text[at] = byte;
        };

        let mut magnitude = self.mantissa.unsigned_abs();
        if mark.has_point() {
            put(b'.');
        }
        for n in 0.. {
            if n == scale && n > 0 {
                put(b'.');
            }
            let is_needed = n < scale || n == scale && !mark.is_bare();
            if magnitude == 0 && !is_needed {
                break;
            }
            // Small numbers are by far the most, and far quicker to divide.
            let digit = match u64::try_from(magnitude) {
                Ok(small) => {
                    magnitude = u128::from(small / 10);
                    small % 10
                }
                Err(_) => {
                    let digit = (magnitude % 10) as u64;
                    magnitude /= 10;
                    digit
                }
            };
            put(b'0' + digit as u8);
        }
        for _ in 0..zeros {
            put(b'0');
        }
        if self.mantissa < 0 || mark.has_minus() {
            put(b'-');
        }
        f.write_str(std::str::from_utf8(&text[at..]).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for CompactDecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Decimal::from(*self), f)
    }
}

impl fmt::Debug for CompactDecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        struct Text;

        impl de::Visitor<'_> for Text {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number as text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Decimal {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "An exact decimal number of at most 38 digits, as text; the digits \
                behind the point are those received.",
            "type": "string",
            "pattern": r"^-?([0-9]+\.?[0-9]*|\.[0-9]+)$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::Random;

    fn number(text: &str) -> Decimal {
        text.parse().expect("the test gives a number")
    }

    fn text(number: Result<Decimal, NumberError>) -> String {
        number.map_or_else(|error| error.to_string(), |number| number.to_string())
    }

    #[test]
    fn a_number_is_printed_as_it_was_read() {
        for written in [
            "0",
            "-0",
            "00",
            "0.00",
            "-0.00",
            ".0",
            "-.0",
            "0.",
            "-0.",
            "00.",
            "5",
            "-5",
            "5.",
            "05",
            "005.50",
            ".5",
            "-.5",
            ".05",
            "0.5",
            "120.50",
            "-120.50",
            "000",
            "000.0",
            "99999999999999999999999999999999999999",
            "-0.99999999999999999999999999999999999999",
            ".00000000000000000000000000000000000000",
            "1.0000000000000000000000000000000000000",
            "18446744073709551615",
            "18446744073709551616",
            "9999999999999999999",
        ] {
            assert_eq!(number(written).to_string(), written);
            let json = serde_json::to_string(&number(written)).expect("a decimal is plain data");
            assert_eq!(json, format!("\"{written}\""));
            let back: Decimal = serde_json::from_str(&json).expect("we wrote it");
            assert!(back.is_written_like(&number(written)), "{written}");
        }
        let zeros = "0".repeat(256);
        assert_eq!(number(&zeros).to_string(), zeros);
    }

    #[test]
    fn what_is_no_plain_number_is_refused() {
        for written in ["", "-", ".", "-.", "+1", "1e5", "1.2.3", "1,000", " 1", "1 ", "--1", "1-"]
        {
            assert_eq!(Decimal::from_bytes(written.as_bytes()), Err(NumberError::NotANumber));
        }
        for written in ["9".repeat(39), format!("0.{}", "0".repeat(39)), "0".repeat(300)] {
            assert_eq!(Decimal::from_bytes(written.as_bytes()), Err(NumberError::TooLong));
        }
        assert!(serde_json::from_str::<Decimal>("1.5").is_err());
    }

    #[test]
    fn numbers_compare_by_value() {
        assert_eq!(number("1.50"), number("01.5"));
        assert!(!number("1.50").is_written_like(&number("1.5")));
        assert_eq!(number("-0.00"), number("0"));
        assert!(number("-1.2") < number("-1.19"));
        assert!(number("-0.5") < number("0.25"));
        let (long, fine) = ("9".repeat(38), format!("0.{}1", "0".repeat(37)));
        assert!(number(&long) > number(&fine));
    }

    #[test]
    fn implied_decimals_are_written_as_they_were_read() {
        for written in ["7500", "5", "05", "005", "0", "00", "-0", "-7500", "100"] {
            let read = Decimal::from_implied(written.as_bytes(), 2).expect("a whole number");
            assert_eq!(read.implied(2).as_deref(), Ok(written));
            let plain = number(&read.to_string());
            assert_eq!(plain.implied(2).as_deref(), Ok(written), "{read}");
        }
        assert_eq!(Decimal::from_implied(b"7500", 2).map(|n| n.to_string()), Ok("75.00".into()));
        assert_eq!(number("75").implied(2).as_deref(), Ok("7500"));
        assert_eq!(number(".05").implied(2).as_deref(), Ok("5"));
        assert_eq!(number("75.125").implied(2), Err(NumberError::Inexact));
        assert_eq!(Decimal::from_implied(b"75.", 2), Err(NumberError::NotANumber));
    }

    #[test]
    fn a_five_is_rounded_away_from_zero() {
        for (exact, cents) in [
            ("2.345", "2.35"),
            ("2.3449", "2.34"),
            ("-2.345", "-2.35"),
            ("0.005", "0.01"),
            ("-0.004", "0.00"),
            ("7", "7.00"),
            ("9.995", "10.00"),
            ("1.5", "1.50"),
        ] {
            assert_eq!(text(number(exact).rounded(2)), cents);
        }
        assert_eq!(text(number("2").divided(&number("3"), 4)), "0.6667");
        assert_eq!(text(number("-1").divided(&number("0.8"), 0)), "-1");
        assert_eq!(text(number("1.00").divided(&number("8"), 2)), "0.13");
        assert_eq!(number("1").divided(&number("0.00"), 2), Err(NumberError::DivisionByZero));
    }

    #[test]
    fn nothing_is_lost_silently() {
        let largest = number(&"9".repeat(38));
        assert_eq!(largest.checked_add(&Decimal::ONE), Err(NumberError::Overflow));
        assert_eq!(largest.checked_mul(&largest), Err(NumberError::Overflow));
        assert_eq!(largest.times_power_of_ten(1), Err(NumberError::Overflow));
        assert_eq!(number("1.25").with_scale(1), Err(NumberError::Inexact));
        assert_eq!(text(number("1.20").with_scale(1)), "1.2");
        assert_eq!(text(number("12750").times_power_of_ten(-3)), "12.750");
        assert_eq!(text(number("12.75").times_power_of_ten(3)), "12750");
    }

    #[test]
    fn arithmetic_agrees_with_whole_numbers() {
        let mut random = Random::new(17);
        for _ in 0..20_000 {
            let (a, b) = (random.range(-1 << 40, 1 << 40), random.range(-1 << 40, 1 << 40));
            let (s, t) = (random.range(0, 9) as u8, random.range(0, 9) as u8);
            let (a, b) = (i128::from(a), i128::from(b));
            let ten = |power: u8| 10_i128.pow(u32::from(power));
            let (x, y) = (Decimal::new(a, s), Decimal::new(b, t));
            let (x, y) = (x.expect("it fits"), y.expect("it fits"));
            let scale = s.max(t);
            let (left, right) = (a * ten(scale - s), b * ten(scale - t));

            let made = |mantissa, scale| Decimal::new(mantissa, scale).expect("it fits");
            let same = |got: Result<Decimal, NumberError>, expected: Decimal| {
                assert!(got.is_ok_and(|got| got.is_written_like(&expected)), "{x} and {y}");
            };
            same(x.checked_add(&y), made(left + right, scale));
            same(x.checked_sub(&y), made(left - right, scale));
            same(x.checked_mul(&y), made(a * b, s + t));
            assert_eq!(x.cmp(&y), left.cmp(&right));
            let cents = x.rounded(2).expect("it fits");
            let error = x.checked_sub(&cents).expect("it fits").abs();
            assert!(error <= number("0.005"), "{x} and {cents}");
            same(x.to_string().parse(), x);
            same(CompactDecimal::try_from(x).map(Decimal::from), x);
        }
    }

    #[test]
    fn the_compact_form_is_half_the_size() {
        assert_eq!(size_of::<CompactDecimal>(), 16);
        assert_eq!(size_of::<Decimal>(), 32);
        let compact = CompactDecimal::from_bytes(b"-012.50").expect("a number");
        assert_eq!((compact.mantissa(), compact.scale()), (-1250, 2));
        assert_eq!(compact.to_string(), "-012.50");
        let long = CompactDecimal::from_bytes(b"1000000000000000000");
        assert_eq!(long, Err(NumberError::TooLong));
    }
}
