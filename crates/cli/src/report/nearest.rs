//! The code that was probably meant.

use tieline_x12::dictionary::codes::UTILITY_USE;

/// How a wrong code could have come about, the likeliest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slip {
    /// Small letters, or blanks around it.
    Form,
    /// A leading zero too few or too many.
    Zero,
    /// Neighbours swapped.
    Swap,
    /// One character wrong, missing or too many.
    Typo,
}

/// The code nearest to a value that is none of `codes`; none when nothing is near.
///
/// Codes of two characters are so close together that one wrong character says little; of these,
/// only what utilities use counts.
pub(crate) fn nearest<'c>(
    element: &str,
    value: &[u8],
    codes: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let is_used = |code: &str| UTILITY_USE.iter().any(|used| used.0 == element && used.1 == code);
    codes
        .into_iter()
        .filter_map(|code| Some((slip(value, code.as_bytes())?, !is_used(code), code)))
        .filter(|(slip, unused, code)| *slip < Slip::Typo || code.len() > 2 || !unused)
        .min_by_key(|(slip, unused, code)| {
            (*slip, *unused, code.as_bytes().first() != value.first())
        })
        .map(|(_, _, code)| code)
}

fn slip(value: &[u8], code: &[u8]) -> Option<Slip> {
    let digits = |text: &[u8]| {
        let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        let zeros = text.iter().take_while(|b| **b == b'0').count();
        is_number.then(|| text[zeros..].to_vec())
    };
    if value.trim_ascii().eq_ignore_ascii_case(code) {
        return Some(Slip::Form);
    }
    if let (Some(a), Some(b)) = (digits(value), digits(code))
        && a == b
        && !a.is_empty()
    {
        return Some(Slip::Zero);
    }
    if value.len().abs_diff(code.len()) > 1 || code.len() < 2 {
        return None;
    }
    let same = value.iter().zip(code).take_while(|(a, b)| a == b).count();
    let (a, b) = (&value[same..], &code[same..]);
    match (a, b) {
        ([p, q, a @ ..], [r, s, b @ ..]) if (p, q) == (s, r) && a == b => Some(Slip::Swap),
        ([_, a @ ..], [_, b @ ..]) if a == b => Some(Slip::Typo),
        ([_, a @ ..], b) if a == b => Some(Slip::Typo),
        (a, [_, b @ ..]) if a == b => Some(Slip::Typo),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_slip_wins() {
        let codes = ["00", "01", "18", "81", "KH", "K1", "KH015", "KH060"];
        for (value, expected) in [
            (&b"kh"[..], Some("KH")),
            (b"HK", Some("KH")),
            (b"1", Some("01")),
            (b"001", Some("01")),
            (b"KH051", Some("KH015")),
            (b"KH15", Some("KH015")),
            (b"XX", None),
            (b"", None),
        ] {
            assert_eq!(nearest("?", value, codes), expected, "{value:?}");
        }
    }

    #[test]
    fn of_short_codes_only_those_in_use_are_a_typo_away() {
        assert_eq!(nearest("128", b"12X", ["12", "1P"]), Some("12"));
        assert_eq!(nearest("128", b"X1", ["01"]), None);
        assert_eq!(nearest("673", b"Q9", ["99", "QD", "QX"]), Some("QD"));
    }
}
