//! Bytes and text from outside as reports show them: one column each, and never too long.

/// Bytes as one column each: what cannot be shown is replaced, so that carets stay in line.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let character = |b: &u8| match b {
        b' '..=b'~' => char::from(*b),
        // The pictures of the control characters.
        0x00..=0x1f => char::from_u32(0x2400 + u32::from(*b)).unwrap_or('\u{fffd}'),
        0x7f => '\u{2421}',
        _ => '\u{fffd}',
    };
    bytes.iter().map(character).collect()
}

/// The same, cut to at most so many columns.
pub(crate) fn shown_within(bytes: &[u8], most: usize) -> String {
    match bytes.len() > most {
        true => format!("{}...", shown(&bytes[..most.saturating_sub(3)])),
        false => shown(bytes),
    }
}

/// A text cut to at most so many bytes, at its end.
pub(crate) fn clipped(text: &str, most: usize) -> String {
    match text.len() > most {
        true => format!("{}...", &text[..text.floor_char_boundary(most.saturating_sub(3))]),
        false => text.to_string(),
    }
}

/// A text cut to at most so many bytes, at its start.
pub(crate) fn clipped_before(text: &str, most: usize) -> String {
    match text.len() > most {
        true => format!("...{}", &text[text.ceil_char_boundary(text.len() + 3 - most)..]),
        false => text.to_string(),
    }
}

/// Without control characters, for what comes from outside: file names, names in guides.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// `A`, `A or B`, `A, B or C`.
pub(crate) fn either<T: AsRef<str>>(words: &[T]) -> String {
    match words {
        [] => String::new(),
        [only] => only.as_ref().to_string(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} or {}", first.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_takes_one_column() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(shown(&all).chars().count(), 256);
        assert_eq!(shown(b"A*\x1c\xc3\xa9~"), "A*\u{241c}\u{fffd}\u{fffd}~");
        assert!(!shown(&all).chars().any(char::is_control));
    }

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!(shown_within(b"12345678", 6), "123...");
        assert_eq!(clipped("12345678", 6), "123...");
        assert_eq!(clipped("123456", 6), "123456");
        assert_eq!(clipped_before("12345678", 6), "...678");
        assert_eq!(clipped("\u{e9}\u{e9}\u{e9}\u{e9}", 7), "\u{e9}\u{e9}...");
        assert_eq!(clipped_before("\u{e9}\u{e9}\u{e9}\u{e9}", 6), "...\u{e9}");
    }

    #[test]
    fn a_list_reads_well() {
        assert_eq!(either(&["A", "B", "C"]), "A, B or C");
    }
}
