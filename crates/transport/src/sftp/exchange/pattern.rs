//! Which files of a folder are meant.

use std::str::FromStr;

/// Which files of a folder are meant: names with `*` for any bytes and `?` for any one, several
/// parted by blanks; `*.edi *.x12`. Large and small ASCII letters are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Vec<u8>>,
}

impl Pattern {
    /// Every file.
    pub fn any() -> Self {
        Self { parts: vec![b"*".to_vec()] }
    }

    /// Whether a file of this name is meant.
    pub fn matches(&self, name: &[u8]) -> bool {
        self.parts.iter().any(|part| matches(part, &name.to_ascii_lowercase()))
    }
}

/// What is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing in it.
    #[error("a pattern is empty; write * for every file")]
    Empty,
    /// A path.
    #[error("a pattern is of names in one folder and has no slash")]
    Slash,
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text.contains('/') {
            return Err(PatternError::Slash);
        }
        let parts = text.split_whitespace().map(|part| part.to_ascii_lowercase().into_bytes());
        let parts: Vec<_> = parts.collect();
        if parts.is_empty() { Err(PatternError::Empty) } else { Ok(Self { parts }) }
    }
}

/// Whether a name fits. The last star alone is tried again with more, so it takes no longer than
/// pattern times name.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star = None;
    while read < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(b'?') => (at, read) = (at + 1, read + 1),
            Some(byte) if *byte == name[read] => (at, read) = (at + 1, read + 1),
            _ => match &mut star {
                Some((of, from)) => {
                    *from += 1;
                    (at, read) = (*of + 1, *from);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_or_not() {
        let cases: [(&str, &[u8], bool); 13] = [
            ("*", b"", true),
            ("*.edi", b"a.EDI", true),
            ("*.EDI *.x12", b"a.x12", true),
            ("*.edi", b"a.edi.tmp", false),
            ("867_*_?.edi", b"867_acme_1.edi", true),
            ("867_*_?.edi", b"867_acme_10.edi", false),
            ("a*b*c", b"a-b-b-c", true),
            ("a*b*c", b"a-b-b-d", false),
            ("a**", b"a", true),
            ("?", b"", false),
            ("?", b"\xff", true),
            ("abc", b"ab", false),
            ("ab", b"abc", false),
        ];
        for (pattern, name, fits) in cases {
            let pattern: Pattern = pattern.parse().expect("a pattern");
            assert_eq!(pattern.matches(name), fits, "{pattern:?} {name:?}");
        }
        assert_eq!("in/*".parse::<Pattern>(), Err(PatternError::Slash));
        assert_eq!("  ".parse::<Pattern>(), Err(PatternError::Empty));
        let slow: Pattern = "*a*a*a*a*a*a*a*a*a*a*b".parse().expect("a pattern");
        assert!(!slow.matches(&[b'a'; 255]));
    }
}
