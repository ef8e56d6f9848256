//! A point of a series in eight bytes.
//!
//! A year of quarter hours is 35,040 points for each channel of each meter, so they are packed: a
//! number of up to 14 digits with its decimals, and which of the series' codes it came with. What
//! does not fit, such as `0012.5` or 15 digits, stands aside in the series' exceptions.

use std::fmt;

use crate::decimal::Decimal;

/// The codes a series can have; the number after the last says that nothing was sent.
pub(super) const MAX_CODES: usize = 31;

const MAX_DIGITS: u64 = (1 << 48) - 1;
const MAX_SCALE: u8 = 31;

/// From the lowest bit: 48 of the number without sign and point, 5 how many decimals, 5 which code,
/// then one each: negative, no zero before the point, has a value, stands aside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Point(u64);

const SCALE: u32 = 48;
const CODE: u32 = 53;
const NEGATIVE: u32 = 58;
const BARE: u32 = 59;
const VALUE: u32 = 60;
const ASIDE: u32 = 61;

impl Point {
    /// Nothing was sent for the interval.
    pub(super) const NOT_SENT: Point = Point((MAX_CODES as u64) << CODE);

    /// A code without a value.
    pub(super) fn no_value(code: u8) -> Point {
        Point(u64::from(code) << CODE)
    }

    /// A value that stands aside.
    pub(super) fn aside(code: u8) -> Point {
        Point(Point::no_value(code).0 | 1 << VALUE | 1 << ASIDE)
    }

    /// A value; `None` if it does not fit.
    pub(super) fn value(code: u8, number: &Decimal) -> Option<Point> {
        let (mantissa, scale, bare) = number.packed(MAX_DIGITS, MAX_SCALE)?;
        let packed = mantissa.unsigned_abs()
            | u64::from(scale) << SCALE
            | u64::from(mantissa < 0) << NEGATIVE
            | u64::from(bare) << BARE
            | 1 << VALUE;
        Some(Point(Point::no_value(code).0 | packed))
    }

    /// The code it came with; `None` if nothing was sent.
    pub(super) fn code(self) -> Option<u8> {
        let code = self.bits(CODE, 5);
        (code < MAX_CODES as u64).then_some(code as u8)
    }

    pub(super) fn has_value(self) -> bool {
        self.bits(VALUE, 1) == 1
    }

    pub(super) fn is_aside(self) -> bool {
        self.bits(ASIDE, 1) == 1
    }

    /// The number without its point, and how many decimals it has.
    pub(super) fn parts(self) -> (i64, u8) {
        let magnitude = (self.0 & MAX_DIGITS) as i64;
        let mantissa = if self.bits(NEGATIVE, 1) == 1 { -magnitude } else { magnitude };
        (mantissa, self.bits(SCALE, 5) as u8)
    }

    /// The value, if there is one and it does not stand aside.
    pub(super) fn number(self) -> Option<Decimal> {
        if !self.has_value() || self.is_aside() {
            return None;
        }
        let (mantissa, scale) = self.parts();
        Some(Decimal::unpacked(mantissa, scale, self.bits(BARE, 1) == 1))
    }

    fn bits(self, from: u32, count: u32) -> u64 {
        self.0 >> from & ((1 << count) - 1)
    }
}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} with {:?}", self.number(), self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_takes_eight_bytes() {
        assert_eq!(size_of::<Point>(), 8);
    }

    #[test]
    fn a_number_comes_out_as_it_went_in() {
        for text in ["0", "12.75", "-0.003", ".5", "-.5", "281474976710655", "0.0000000000000"] {
            let number: Decimal = text.parse().expect("the test gives a number");
            let point = Point::value(30, &number).expect("it fits");
            assert_eq!(point.number().map(|n| n.to_string()).as_deref(), Some(text));
            assert_eq!(point.code(), Some(30));
        }
        for text in ["281474976710656", "007", "5.", "-0", &format!("0.{}", "0".repeat(32))] {
            let number: Decimal = text.parse().expect("the test gives a number");
            assert!(Point::value(0, &number).is_none(), "{text}");
        }
        assert!(!Point::no_value(0).has_value() && Point::no_value(0).code() == Some(0));
        assert!(Point::aside(3).has_value() && Point::aside(3).number().is_none());
        assert_eq!(Point::NOT_SENT.code(), None);
    }
}
