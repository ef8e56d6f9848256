//! Amounts of money and energy as whole numbers of their smallest unit, and how they are written.

/// Dollars with an explicit point, e.g. `-12.30`, from cents.
pub(crate) fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

/// A decimal number from its thousandths, without zeros at the end: `112`, `0.75`.
pub(crate) fn thousandths(value: i64) -> String {
    decimal(value, 1_000)
}

/// A decimal number from its millionths, without zeros at the end: `0.089`.
pub(crate) fn millionths(value: i64) -> String {
    decimal(value, 1_000_000)
}

fn decimal(value: i64, unit: u64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let (whole, mut part) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let mut width = unit.ilog10() as usize;
    while part.is_multiple_of(10) {
        part /= 10;
        width -= 1;
    }
    format!("{sign}{whole}.{part:0width$}")
}

/// What `thousandths` of a unit cost, in cents, at `price` millionths of a dollar a unit; half a cent
/// counts up.
pub(crate) fn cost(thousandths: i64, price: i64) -> i64 {
    let product = i128::from(thousandths) * i128::from(price);
    ((product + 5_000_000).div_euclid(10_000_000)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_plainly() {
        assert_eq!([dollars(0), dollars(-5), dollars(123_456)], ["0.00", "-0.05", "1234.56"]);
        assert_eq!(
            [thousandths(112_000), thousandths(50), thousandths(-1_500)],
            ["112", "0.05", "-1.5"]
        );
        assert_eq!([millionths(89_000), millionths(13_900_000)], ["0.089", "13.9"]);
    }

    #[test]
    fn a_cost_is_rounded_to_the_cent() {
        assert_eq!(cost(843_000, 89_000), 7_503);
        assert_eq!(cost(1_000, 5_000), 1);
        assert_eq!(cost(1_000, 4_999), 0);
        assert_eq!(cost(1_000, 36_650_000), 3_665);
    }
}
