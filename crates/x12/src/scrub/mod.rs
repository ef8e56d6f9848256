//! A file made safe to show: who, where and which account replaced, everything else as it was.
//!
//! Segments, lengths, qualifiers, codes, dates, quantities, amounts and counts stay, so the file is
//! judged by the standard as it was before. The same value gets the same pseudonym wherever it
//! stands, in every file scrubbed with the same key. What is in no table is replaced.

mod personal;

mod pseudonym;

use crate::delimiters::Delimiters;
use crate::dictionary;
use crate::header::{self, Header};
use crate::lexer::{LONGEST_SEGMENT, Lexeme, Lexer};
use crate::segment::SegmentId;
use crate::table::{ElementUse, Kind, Release};
use personal::{LINE_DIGITS, MANY_DIGITS, PLAIN_PRODUCTS, PLAIN_REFERENCES, Treatment, treatment};

/// A keyed hash, e.g. HMAC-SHA-256: who has not the key cannot try values out.
pub type Digest<'k> = dyn Fn(&[u8]) -> [u8; 32] + 'k;

/// Scrubs a file part by part.
pub struct Scrubber<'k> {
    digest: &'k Digest<'k>,
    control_numbers: bool,
    interchange: Option<Interchange>,
    /// Whether there was any interchange.
    begun: bool,
    /// Where the next part starts in the file.
    base: u64,
}

/// What holds in an interchange.
#[derive(Clone, Copy)]
struct Interchange {
    delimiters: Delimiters,
    release: Release,
}

/// Why a file cannot be scrubbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScrubError {
    /// There is no interchange.
    #[error("this is not an X12 interchange")]
    NotX12,
    /// Bytes that are in no segment, so that nothing says what they are.
    #[error("the bytes from {offset} on are in no interchange")]
    Stray {
        /// Where they start in the file.
        offset: u64,
    },
    /// A segment has no end.
    #[error("the segment at byte {offset} has no terminator")]
    Unterminated {
        /// Where the segment starts in the file.
        offset: u64,
    },
    /// A pseudonym could be taken for a separator.
    #[error(
        "the interchange at byte {offset} has a letter, a digit or no ASCII sign as a separator"
    )]
    Separators {
        /// Where its `ISA` starts in the file.
        offset: u64,
    },
}

impl<'k> Scrubber<'k> {
    /// One for a whole file. `control_numbers` says whether control numbers are replaced too.
    pub fn new(digest: &'k Digest<'k>, control_numbers: bool) -> Scrubber<'k> {
        Scrubber { digest, control_numbers, interchange: None, begun: false, base: 0 }
    }

    /// Scrubs the next part of the file into `out`, and says how many of the bytes it used; the
    /// others must stand at the start of the next part. When none was used, that must be longer.
    ///
    /// # Errors
    ///
    /// [`ScrubError`] when the file is no X12, or holds something that nothing tells apart. What was
    /// written before is then only a part.
    pub fn window(
        &mut self,
        bytes: &[u8],
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<usize, ScrubError> {
        let mut at = 0;
        loop {
            let next = match self.interchange {
                None => self.begin(bytes, at, last, out)?,
                Some(interchange) => self.segments(interchange, bytes, at, last, out)?,
            };
            match next {
                Next::At(next) => at = next,
                Next::Used(used) => {
                    self.base += used as u64;
                    return Ok(used);
                }
            }
        }
    }

    /// The blank space before an interchange, and its `ISA`.
    fn begin(
        &mut self,
        bytes: &[u8],
        at: usize,
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<Next, ScrubError> {
        let is_file_start = self.base == 0 && at == 0;
        if is_file_start && !last && bytes.len() < BYTE_ORDER_MARK.len() {
            return Ok(Next::Used(0));
        }
        let mark = if is_file_start && bytes.starts_with(BYTE_ORDER_MARK) { 3 } else { 0 };
        let blank = bytes[at + mark..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let start = at + mark + blank;
        let rest = &bytes[start..];
        let is_end = last && rest.is_empty() && self.begun;
        if is_end || (!last && rest.len() < 2 * header::LENGTH) {
            out.extend(&bytes[at..start]);
            return Ok(Next::Used(start));
        }
        let offset = self.base + start as u64;
        let header = match Header::read(rest, offset) {
            Ok(header) if rest.starts_with(b"ISA") => header,
            _ if self.begun => return Err(ScrubError::Stray { offset }),
            _ => return Err(ScrubError::NotX12),
        };
        let d = header.delimiters();
        let signs = [Some(d.element), Some(d.component), d.repetition, Some(d.segment)];
        // A point is written into addresses.
        let is_usable = |b: &u8| b.is_ascii() && !b.is_ascii_alphanumeric() && *b != b'.';
        if !signs.iter().flatten().all(is_usable) {
            return Err(ScrubError::Separators { offset });
        }
        out.extend(&bytes[at..start]);
        self.header(&header, out);
        let release = header.release().unwrap_or(Release::V004010);
        self.interchange = Some(Interchange { delimiters: d, release });
        self.begun = true;
        Ok(Next::At(start + header.bytes().len()))
    }

    /// The segments of an interchange.
    fn segments(
        &mut self,
        interchange: Interchange,
        bytes: &[u8],
        at: usize,
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<Next, ScrubError> {
        let d = interchange.delimiters;
        let mut lexer = Lexer::new(bytes, at, d);
        let mut ends = Vec::new();
        loop {
            let before = lexer.at();
            match lexer.next(&mut ends) {
                Lexeme::Segment { range, .. } => {
                    let segment = &bytes[range.clone()];
                    let id = SegmentId::new(&segment[..ends[0] as usize]);
                    if id == SegmentId::new(b"ISA") {
                        // The next interchange, though this one has not ended.
                        self.interchange = None;
                        return Ok(Next::At(before));
                    }
                    out.extend(&bytes[before..range.start]);
                    self.segment(segment, id, out);
                    out.push(d.segment);
                    if id == SegmentId::new(b"IEA") {
                        self.interchange = None;
                        return Ok(Next::At(lexer.at()));
                    }
                }
                Lexeme::Rest(range) if !last && range.len() <= LONGEST_SEGMENT => {
                    out.extend(&bytes[before..range.start]);
                    return Ok(Next::Used(range.start));
                }
                Lexeme::Rest(range) => {
                    let offset = self.base + range.start as u64;
                    return Err(ScrubError::Unterminated { offset });
                }
                Lexeme::End => {
                    out.extend(&bytes[before..]);
                    return Ok(Next::Used(bytes.len()));
                }
            }
        }
    }

    /// An `ISA`: who sends, who receives, and what admits the sender.
    fn header(&self, header: &Header, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend(header.bytes());
        for (n, number) in [(2, "I02"), (4, "I04"), (6, "I06"), (8, "I07"), (13, "I12")] {
            let value = header.element(n);
            let at = start + (header.element_offset(n) - header.offset()) as usize;
            let mut other = Vec::with_capacity(value.len());
            let used = ElementUse::must(number, "");
            self.value(Some(&used), Release::V004010, None, value, &mut other);
            out[at..at + value.len()].copy_from_slice(&other);
        }
    }

    fn segment(&mut self, segment: &[u8], id: SegmentId, out: &mut Vec<u8>) {
        let Some(Interchange { delimiters: d, release }) = self.interchange else { return };
        let form = dictionary::segment(release, id.as_bytes());
        let mut values = segment.split(|b| *b == d.element);
        match (values.next(), form) {
            (Some(id), Some(_)) => out.extend(id),
            // What is no segment may be somebody's text.
            (Some(text), None) => self.unknown(text, d, out),
            (None, _) => {}
        }
        let mut before = None;
        for (n, value) in values.enumerate() {
            out.push(d.element);
            let used = form.and_then(|form| form.elements.get(n));
            self.element(used, release, before, value, d, out);
            before = used.map(|used| (used.element, value));
        }
        if id == SegmentId::new(b"GS")
            && let Some(version) = segment.split(|b| *b == d.element).nth(8)
            && let Some(release) = Release::of_version(version)
            && let Some(interchange) = &mut self.interchange
        {
            interchange.release = release;
        }
    }

    /// An id that is in no dictionary stays when it looks like an id.
    fn unknown(&self, text: &[u8], d: Delimiters, out: &mut Vec<u8>) {
        match text.len() <= 3 {
            true => out.extend(text),
            false => self.element(None, Release::V004010, None, text, d, out),
        }
    }

    /// An element with its repetitions and components.
    fn element(
        &self,
        used: Option<&'static ElementUse>,
        release: Release,
        before: Option<(&str, &[u8])>,
        value: &[u8],
        d: Delimiters,
        out: &mut Vec<u8>,
    ) {
        let composite = used.and_then(|used| dictionary::composite(release, used.element));
        let mut part = 0;
        let mut before = before;
        let is_sign = |b: &u8| *b == d.component || Some(*b) == d.repetition;
        for piece in value.split_inclusive(is_sign) {
            let sign = piece.last().copied().filter(is_sign);
            let text = &piece[..piece.len() - usize::from(sign.is_some())];
            match composite {
                Some(composite) => {
                    let used = composite.components.get(part);
                    self.value(used, release, before, text, out);
                    before = used.map(|used| (used.element, text));
                }
                None => self.value(used, release, before, text, out),
            }
            out.extend(sign);
            part = if sign == Some(d.component) { part + 1 } else { 0 };
        }
    }

    /// One value; `before` is the element before it, which may be its qualifier.
    fn value(
        &self,
        used: Option<&ElementUse>,
        release: Release,
        before: Option<(&str, &[u8])>,
        value: &[u8],
        out: &mut Vec<u8>,
    ) {
        let digest = self.digest;
        let Some(used) = used else { return pseudonym::text(digest, value, out) };
        let qualifier = |number: &str| match before {
            Some((element, code)) if element == number => code,
            _ => b"",
        };
        let is_plain = |plain: &[&str], number: &str| {
            plain.iter().any(|code| code.as_bytes() == qualifier(number))
                && pseudonym::digits(value) < MANY_DIGITS
        };
        match treatment(used.element) {
            Some(Treatment::Stays) => out.extend(value),
            Some(Treatment::Code) if pseudonym::digits(value) < MANY_DIGITS => out.extend(value),
            Some(Treatment::Code) => pseudonym::pseudonym(digest, value, out),
            Some(Treatment::Pseudonym) => pseudonym::pseudonym(digest, value, out),
            Some(Treatment::Text) => pseudonym::text(digest, value, out),
            Some(Treatment::Reference) if is_plain(PLAIN_REFERENCES, "128") => out.extend(value),
            Some(Treatment::Product) if is_plain(PLAIN_PRODUCTS, "235") => out.extend(value),
            Some(Treatment::Reference | Treatment::Product) => {
                pseudonym::pseudonym(digest, value, out);
            }
            Some(Treatment::Communication) => match qualifier("365") {
                b"EM" => pseudonym::mail(digest, value, out),
                b"TE" | b"FX" | b"CP" | b"HP" | b"NP" | b"VM" | b"WP" => {
                    pseudonym::telephone(digest, value, out);
                }
                _ => pseudonym::pseudonym(digest, value, out),
            },
            Some(Treatment::LineNumber) if pseudonym::digits(value) < LINE_DIGITS => {
                out.extend(value);
            }
            Some(Treatment::LineNumber) => pseudonym::pseudonym(digest, value, out),
            Some(Treatment::ControlNumber) if self.control_numbers => {
                pseudonym::control_number(digest, value, out);
            }
            Some(Treatment::ControlNumber) => out.extend(value),
            None if is_in_form(used, release, value) => out.extend(value),
            None => pseudonym::pseudonym(digest, value, out),
        }
    }
}

const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Where to go on.
enum Next {
    /// In this part of the file, at this byte.
    At(usize),
    /// In the next part; this many bytes of this one are used.
    Used(usize),
}

/// Whether a code, a number, a date or a time has the form of one. What has not may be anything.
fn is_in_form(used: &ElementUse, release: Release, value: &[u8]) -> bool {
    let Some(element) = dictionary::element(release, used.element) else { return false };
    let is_code = |b: &u8| b.is_ascii_alphanumeric() || *b == b' ';
    let is_number = |b: &u8| b.is_ascii_digit() || matches!(b, b'-' | b'.');
    let length = value.iter().filter(|b| b.is_ascii_alphanumeric()).count();
    length <= usize::from(element.max)
        && match element.kind {
            Kind::An | Kind::Id => value.iter().all(is_code),
            Kind::N(_) | Kind::R | Kind::Dt | Kind::Tm => value.iter().all(is_number),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISA: &str = "ISA*00*          *00*          *ZZ*ALPHA          *ZZ*BRAVO          *260301*0615*U*00401*000000905*0*P*:~\n";

    fn digest(message: &[u8]) -> [u8; 32] {
        let sum = message.iter().fold(7_u8, |sum, b| sum.wrapping_mul(31).wrapping_add(*b));
        std::array::from_fn(|n| sum.wrapping_add((n * 37) as u8))
    }

    /// A file scrubbed in windows that grow by so many bytes.
    fn scrubbed(bytes: &[u8], window: usize) -> Result<Vec<u8>, ScrubError> {
        let mut scrubber = Scrubber::new(&digest, false);
        let (mut out, mut at, mut end) = (Vec::new(), 0, window);
        loop {
            let last = end >= bytes.len();
            at += scrubber.window(&bytes[at..end.min(bytes.len())], last, &mut out)?;
            if last {
                return Ok(out);
            }
            end += window;
        }
    }

    #[test]
    fn the_window_makes_no_difference() {
        let body = "GS*PT*ALPHA*BRAVO*20260301*0615*1*X*004010~  \r\nST*864*0001~MIT*1*SECRET~QQQ*SECRET~\nSE*4*0001~GE*1*1~IEA*1*000000905~\n\n  ";
        let file = format!("\u{feff} {ISA}{body}{ISA}{body}");
        let whole = scrubbed(file.as_bytes(), usize::MAX / 2).expect("it can be scrubbed");
        assert_eq!(whole.len(), file.len());
        for window in [1, 2, 7, 50, 106, 300] {
            assert_eq!(scrubbed(file.as_bytes(), window), Ok(whole.clone()), "{window}");
        }
        let text = String::from_utf8(whole).expect("it stays text");
        for secret in ["ALPHA", "BRAVO", "SECRET"] {
            assert!(!text.contains(secret), "{text}");
        }
        for kept in
            ["GS*PT*", "*20260301*0615*1*X*004010~  \r\nST*864*0001~MIT*", "~QQQ*", "*260301*"]
        {
            assert!(text.contains(kept), "{text}");
        }
    }

    #[test]
    fn what_nothing_tells_apart_is_refused() {
        let whole = format!("{ISA}IEA*0*000000905~");
        let length = whole.len() as u64;
        let cut = &whole[..whole.len() - 1];
        for window in [64, 1 << 20] {
            let tried = |text: &str| scrubbed(text.as_bytes(), window);
            assert_eq!(tried("PDF"), Err(ScrubError::NotX12));
            assert_eq!(tried(""), Err(ScrubError::NotX12));
            let stray = Err(ScrubError::Stray { offset: length + 1 });
            assert_eq!(tried(&format!("{whole} more")), stray);
            let open = Err(ScrubError::Unterminated { offset: ISA.len() as u64 });
            assert_eq!(tried(cut), open);
            let letters = whole.replace('~', "Z");
            assert_eq!(tried(&letters), Err(ScrubError::Separators { offset: 0 }));
        }
    }

    #[test]
    fn qualifiers_say_what_stays() {
        let set = "REF*12*1170094406~REF*NH*300~REF*NH*30000000~LIN*1*SV*ELECTRIC*SN*88400217~                   DTM*150*20260301~AMT*1*12.50~QTY*QD*BLAKE*KH~REF*ZZ**TEXT*MG:5501234~";
        let file = format!("{ISA}GS*PT*A*B*20260301*0615*1*X*004010~ST*867*0001~{set}IEA*1*1~");
        let out = scrubbed(file.as_bytes(), 1 << 20).expect("it can be scrubbed");
        let text = String::from_utf8(out).expect("it stays text");
        for kept in
            ["REF*12*", "~REF*NH*300~", "*SV*ELECTRIC*SN*", "*20260301~AMT*1*12.50~", "*MG:"]
        {
            assert!(text.contains(kept), "{kept} {text}");
        }
        for gone in ["1170094406", "30000000", "88400217", "BLAKE", "TEXT", "5501234"] {
            assert!(!text.contains(gone), "{gone} {text}");
        }
    }
}
