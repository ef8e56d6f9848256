//! The `ISA` segment: sixteen elements of fixed width that also name the separators.

use std::fmt;

use crate::compose;
use crate::delimiters::{Delimiters, LineEnd};
use crate::table::Release;
use crate::value;

/// The bytes of an `ISA` with all its padding, terminator included.
pub const LENGTH: usize = 106;
/// The widths of the elements, `ISA01` first.
const WIDTHS: [usize; 16] = [2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1];

/// An `ISA` as it stands in the file.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    bytes: Box<[u8]>,
    /// Start and end of each element in `bytes`.
    elements: [(u16, u16); 16],
    delimiters: Delimiters,
    offset: u64,
    padded: bool,
}

/// Why an `ISA` cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderError {
    /// The bytes end before it does.
    Short,
    /// Its parts cannot be told apart.
    Unreadable(&'static str),
}

impl Header {
    /// Reads the `ISA` that starts at the first of `bytes`.
    ///
    /// An `ISA` without its padding is read too, when what follows shows that it was understood.
    pub(crate) fn read(bytes: &[u8], offset: u64) -> Result<Header, HeaderError> {
        // As much as has to be at hand; more must not change what is read.
        let bytes = &bytes[..bytes.len().min(2 * LENGTH)];
        let element = *bytes.get(3).ok_or(HeaderError::Short)?;
        if element.is_ascii_alphanumeric() || element == b' ' || element >= 0x80 {
            return Err(HeaderError::Unreadable("no separator stands after ISA"));
        }
        match Header::fixed(bytes, element, offset) {
            Some(header) => Ok(header),
            None => Header::unpadded(bytes, element, offset),
        }
    }

    fn fixed(bytes: &[u8], element: u8, offset: u64) -> Option<Header> {
        let isa = bytes.get(..LENGTH)?;
        let mut elements = [(0, 0); 16];
        let mut at = 3;
        for (place, width) in elements.iter_mut().zip(WIDTHS) {
            if isa[at] != element || isa[at + 1..at + width].contains(&element) {
                return None;
            }
            *place = (at as u16 + 1, (at + 1 + width) as u16);
            at += width + 1;
        }
        Some(Header::new(bytes, LENGTH, elements, element, offset, true))
    }

    fn unpadded(bytes: &[u8], element: u8, offset: u64) -> Result<Header, HeaderError> {
        let short = bytes.len() < 2 * LENGTH;
        let mut elements = [(0, 0); 16];
        let mut at = 3;
        for (n, place) in elements.iter_mut().enumerate().take(15) {
            let rest = &bytes[at + 1..];
            // No element is longer than its fixed width.
            let reach = &rest[..rest.len().min(WIDTHS[n] + 1)];
            let Some(length) = reach.iter().position(|b| *b == element) else {
                return Err(match short && reach.len() <= WIDTHS[n] {
                    true => HeaderError::Short,
                    false => HeaderError::Unreadable("an element is longer than its fixed width"),
                });
            };
            *place = (at as u16 + 1, (at + 1 + length) as u16);
            at += length + 1;
        }
        elements[15] = (at as u16 + 1, at as u16 + 2);
        let Some(after) = bytes.get(at + 3..) else { return Err(HeaderError::Short) };
        let terminator = bytes[at + 2];
        let after = after.trim_ascii_start();
        let follows = |id: &[u8]| after.starts_with(id) && after.get(id.len()) == Some(&element);
        let understood = (follows(b"GS") || follows(b"TA1") || follows(b"IEA"))
            && !terminator.is_ascii_alphanumeric();
        match understood {
            true => Ok(Header::new(bytes, at + 3, elements, element, offset, false)),
            false if short && after.len() < 4 => Err(HeaderError::Short),
            false => Err(HeaderError::Unreadable("its end cannot be told")),
        }
    }

    fn new(
        bytes: &[u8],
        length: usize,
        elements: [(u16, u16); 16],
        element: u8,
        offset: u64,
        padded: bool,
    ) -> Header {
        let segment = bytes[length - 1];
        // A character that data is made of holds no components apart; the terminator, which no
        // element has, stands in for it.
        let component = Some(bytes[length - 2]).filter(|b| compose::is_separator(*b));
        let line_end = match &bytes[length..] {
            [b'\r', b'\n', ..] => LineEnd::CrLf,
            [b'\n', ..] => LineEnd::Lf,
            _ => LineEnd::None,
        };
        let mut header = Header {
            bytes: bytes[..length].into(),
            elements,
            delimiters: Delimiters {
                element,
                component: component.unwrap_or(segment),
                repetition: None,
                segment,
                line_end,
            },
            offset,
            padded,
        };
        // Only a version known to be late enough says that ISA11 separates repetitions; an ISA12
        // that cannot be read leaves the letter U a letter.
        if let (Some(402..), &[separator]) =
            (value::control_number(header.element(12)), header.element(11))
            && !separator.is_ascii_alphanumeric()
            && separator != b' '
        {
            header.delimiters.repetition = Some(separator);
        }
        header
    }

    /// The bytes, terminator included.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Element `n`, counted from 1, with its padding.
    pub fn element(&self, n: usize) -> &[u8] {
        match n.checked_sub(1).and_then(|n| self.elements.get(n)) {
            Some((start, end)) => &self.bytes[*start as usize..*end as usize],
            None => &[],
        }
    }

    /// Where element `n` starts in the file.
    pub fn element_offset(&self, n: usize) -> u64 {
        let start = n.checked_sub(1).and_then(|n| self.elements.get(n)).map_or(0, |place| place.0);
        self.offset + u64::from(start)
    }

    /// Where the `ISA` starts in the file.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The separators it names.
    pub fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// Whether every element has its fixed width.
    pub fn is_padded(&self) -> bool {
        self.padded
    }

    /// `ISA05` and `ISA06`, without padding.
    pub fn sender(&self) -> (&[u8], &[u8]) {
        (self.element(5), self.element(6).trim_ascii_end())
    }

    /// `ISA07` and `ISA08`, without padding.
    pub fn receiver(&self) -> (&[u8], &[u8]) {
        (self.element(7), self.element(8).trim_ascii_end())
    }

    /// `ISA13`.
    pub fn control_number(&self) -> &[u8] {
        self.element(13)
    }

    /// The release `ISA12` goes with; `None` when there are no tables for it.
    pub fn release(&self) -> Option<Release> {
        let version = self.element(12);
        Release::ALL.into_iter().find(|r| r.interchange_version().as_bytes() == version)
    }

    /// Whether `ISA14` asks for a TA1.
    pub fn asks_for_acknowledgment(&self) -> bool {
        self.element(14) == b"1"
    }

    /// Whether `ISA15` says this is test data.
    pub fn is_test(&self) -> bool {
        self.element(15) == b"T"
    }
}

/// Says how long it is, never what it holds.
impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ISA of {} bytes at byte {}", self.bytes.len(), self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISA: &str = "ISA*00*          *00*          *01*001234567000   *ZZ*SHEYENNE       *260301*0615*U*00401*000000905*0*P*:~";

    #[test]
    fn separators_are_what_the_header_says() {
        for (isa, element, component, segment) in [
            (ISA.to_string(), b'*', b':', b'~'),
            (ISA.replace('*', "|").replace('~', "\n"), b'|', b':', b'\n'),
            (
                ISA.replace('*', "\u{1d}").replace(':', "\u{1f}").replace('~', "\u{1c}"),
                0x1d,
                0x1f,
                0x1c,
            ),
            (ISA.replace("~", "\r\n"), b'*', b':', b'\r'),
        ] {
            let header = Header::read(isa.as_bytes(), 0).expect("a whole ISA");
            let d = header.delimiters();
            assert_eq!((d.element, d.component, d.segment), (element, component, segment));
            assert_eq!(d.repetition, None);
            assert_eq!(header.sender(), (&b"01"[..], &b"001234567000"[..]));
        }
    }

    #[test]
    fn repetitions_are_separated_from_version_00402_on() {
        for (eleven, version, expected) in [
            ("^", "00501", Some(b'^')),
            ("U", "00501", None),
            ("^", "00401", None),
            ("U", "00999", None),
            ("^", "0 501", None),
        ] {
            let isa = ISA.replace("*U*00401*", &format!("*{eleven}*{version}*"));
            let header = Header::read(isa.as_bytes(), 0).expect("a whole ISA");
            assert_eq!(header.delimiters().repetition, expected, "{eleven} {version}");
        }
    }

    #[test]
    fn an_unpadded_header_is_read_when_nothing_is_guessed() {
        let isa = "ISA*00**00**01*001234567*ZZ*SHEYENNE*260301*0615*U*00401*000000905*0*P*:~";
        let header = Header::read(format!("{isa}\nGS*IN*A*B~").as_bytes(), 7).expect("GS follows");
        assert!(!header.is_padded());
        assert_eq!(header.receiver().1, b"SHEYENNE");
        assert_eq!(header.element_offset(13), 7 + isa.find("000000905").expect("is there") as u64);
        let other = format!("{isa}XX*IN*A*B~{}", " ".repeat(200));
        assert!(matches!(Header::read(other.as_bytes(), 0), Err(HeaderError::Unreadable(_))));
    }

    #[test]
    fn a_header_cut_anywhere_is_short() {
        for length in 3..ISA.len() {
            let cut = &ISA.as_bytes()[..length];
            assert_eq!(Header::read(cut, 0), Err(HeaderError::Short), "{length}");
        }
    }
}
