//! The layout of a file: its segments one to a line, or all in one line, and nothing else changed.

use crate::header::Header;
use crate::lexer::{Lexeme, Lexer};
use crate::segment::SegmentId;

/// How segments are set out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A line feed after each terminator.
    Lines,
    /// Nothing after the terminators.
    OneLine,
}

/// Why a file cannot be set out anew without loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// There is no interchange to set out.
    #[error("this is not an X12 interchange")]
    NotX12,
    /// Bytes that are in no segment.
    #[error("the bytes from {offset} on are in no interchange; they would be lost")]
    Stray {
        /// Where they start in the file.
        offset: usize,
    },
    /// The end of the file cuts a segment.
    #[error("the segment at byte {offset} has no terminator")]
    Unterminated {
        /// Where the segment starts in the file.
        offset: usize,
    },
    /// The terminator ends lines itself.
    #[error("the segment terminator is a line end, so there is no such thing as one line")]
    LineTerminator,
}

/// Sets the segments of a file out anew. White space between segments is all that changes, so
/// setting out twice gives the same.
///
/// # Errors
///
/// [`LayoutError`] when the file holds something that is in no segment.
pub fn lay_out(bytes: &[u8], layout: Layout) -> Result<Vec<u8>, LayoutError> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    let mut ends = Vec::new();
    let mut at = match bytes {
        [0xef, 0xbb, 0xbf, ..] => 3,
        _ => 0,
    };
    loop {
        at += bytes[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let rest = &bytes[at..];
        if rest.is_empty() {
            return if out.is_empty() { Err(LayoutError::NotX12) } else { Ok(out) };
        }
        let header = match Header::read(rest, at as u64) {
            Ok(header) if rest.starts_with(b"ISA") => header,
            _ if out.is_empty() => return Err(LayoutError::NotX12),
            _ => return Err(LayoutError::Stray { offset: at }),
        };
        let delimiters = header.delimiters();
        let line_end: &[u8] = match (layout, delimiters.segment) {
            (Layout::OneLine, b'\n' | b'\r') => return Err(LayoutError::LineTerminator),
            (Layout::OneLine, _) | (Layout::Lines, b'\n') => b"",
            (Layout::Lines, _) => b"\n",
        };
        out.extend(header.bytes());
        out.extend(line_end);
        let mut lexer = Lexer::new(bytes, at + header.bytes().len(), delimiters);
        loop {
            let before = lexer.at();
            match lexer.next(&mut ends) {
                Lexeme::Segment { range, .. } => {
                    let id = SegmentId::new(&bytes[range.start..range.start + ends[0] as usize]);
                    if id == SegmentId::new(b"ISA") {
                        // The next interchange, though this one has not ended.
                        at = before;
                        break;
                    }
                    out.extend(&bytes[range]);
                    out.push(delimiters.segment);
                    out.extend(line_end);
                    if id == SegmentId::new(b"IEA") {
                        at = lexer.at();
                        break;
                    }
                }
                Lexeme::Rest(range) => {
                    return Err(LayoutError::Unterminated { offset: range.start });
                }
                Lexeme::End => {
                    at = bytes.len();
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "ISA*00*          *00*          *01*001234567000   *ZZ*SHEYENNE       *260301*0615*U*00401*000000905*0*P*:~";

    #[test]
    fn only_white_space_between_segments_changes() {
        let lines = format!("{HEADER}\nGS*A~\nNTE*ADD*two  words ~\nIEA*1**~\n");
        let one_line = lines.replace('\n', "");
        let loose = one_line.replace('~', "~\r\n  ");
        for form in [&lines, &one_line, &loose] {
            let form = form.as_bytes();
            assert_eq!(lay_out(form, Layout::Lines).as_deref(), Ok(lines.as_bytes()));
            assert_eq!(lay_out(form, Layout::OneLine).as_deref(), Ok(one_line.as_bytes()));
        }
    }

    #[test]
    fn what_would_be_lost_is_refused() {
        let whole = format!("{HEADER}IEA*0*000000905~");
        let lines = |text: &str| lay_out(text.as_bytes(), Layout::Lines);
        assert_eq!(lines("PDF"), Err(LayoutError::NotX12));
        assert_eq!(lines(""), Err(LayoutError::NotX12));
        let stray = LayoutError::Stray { offset: whole.len() + 1 };
        assert_eq!(lines(&format!("{whole} and more")), Err(stray));
        let cut = LayoutError::Unterminated { offset: HEADER.len() };
        assert_eq!(lines(&whole[..whole.len() - 1]), Err(cut));
        let line_fed = whole.replace('~', "\n");
        assert_eq!(lines(&line_fed).as_deref(), Ok(line_fed.as_bytes()));
        assert_eq!(lay_out(line_fed.as_bytes(), Layout::OneLine), Err(LayoutError::LineTerminator));
    }
}
