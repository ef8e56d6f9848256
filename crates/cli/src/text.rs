//! Small pieces of text that several commands show.

/// A number and what it counts, with a blank between thousands: `1 segment`, `12 040 segments`.
pub(crate) fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(number))
}

/// A number with a blank between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// A text in lines of at most `width`, broken between words.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 0 && last + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            *line += if line.is_empty() { "" } else { " " };
            *line += word;
        }
    }
    lines.join("\n")
}

/// Bytes of a document as a terminal can show them: what is no printable character is replaced, one
/// for one.
pub(crate) fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect(),
        Err(_) => bytes
            .iter()
            .map(|b| if (b' '..=b'~').contains(b) { char::from(*b) } else { '\u{fffd}' })
            .collect(),
    }
}

/// A date of six or eight digits with hyphens; anything else as it is.
pub(crate) fn date(bytes: &[u8]) -> String {
    let text = shown(bytes);
    match (text.len(), text.bytes().all(|b| b.is_ascii_digit())) {
        (8, true) => format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]),
        (6, true) => format!("20{}-{}-{}", &text[..2], &text[2..4], &text[4..]),
        _ => text,
    }
}

/// A time with a colon; anything else as it is.
pub(crate) fn time(bytes: &[u8]) -> String {
    let text = shown(bytes);
    match text.len() >= 4 && text.bytes().all(|b| b.is_ascii_digit()) {
        true => format!("{}:{}", &text[..2], &text[2..4]),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_stamps_are_easy_to_read() {
        assert_eq!(count(1, "set"), "1 set");
        assert_eq!(count(1_234_567, "byte"), "1 234 567 bytes");
        assert_eq!(date(b"20260308"), "2026-03-08");
        assert_eq!(date(b"260308"), "2026-03-08");
        assert_eq!(date(b"2026030"), "2026030");
        assert_eq!(time(b"061500"), "06:15");
        assert_eq!(shown(b"a\x1bb\xffc"), "a\u{fffd}b\u{fffd}c");
    }
}
