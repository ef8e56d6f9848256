//! What is wrong with a partner file, and where in it.
//!
//! Every TOML file of this crate is refused in the same words and the same form:
//!
//! ```text
//! error: unknown key `cods` in [[row]]
//!  --> partners/prairie-power/867.guide.toml:7:1
//!   |
//! 7 | cods = ["MG"]
//!   | ^^^^
//!   = help: did you mean `codes`?
//! ```

use std::fmt;
use std::ops::Range;

/// The most characters of a source line that an error shows.
const WIDEST: usize = 160;

/// One thing wrong with a partner file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// The file or folder, as it was asked for.
    pub file: String,
    /// Where in the file; `None` when the whole file or folder is meant.
    pub place: Option<Place>,
    /// What is wrong: lower case, without a full stop.
    pub message: String,
    /// What to do about it, when that is known.
    pub help: Option<String>,
}

/// A place in a file, and the line around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// The line, or the part of a long one around what is meant. What follows the name of a secret
    /// is left out, and so are control characters.
    pub text: String,
    /// The characters of `text` that are meant; at least one, perhaps just past the end.
    pub mark: Range<usize>,
}

impl FileError {
    /// An error about a whole file or folder.
    pub(crate) fn whole(file: &str, message: impl Into<String>) -> FileError {
        FileError { file: file.to_string(), place: None, message: message.into(), help: None }
    }

    /// The same error with advice.
    pub(crate) fn with_help(self, help: impl Into<String>) -> FileError {
        FileError { help: Some(help.into()), ..self }
    }

    /// The order in which errors are reported: by file, then from top to bottom.
    pub(crate) fn order(&self) -> (&str, usize, usize, &str) {
        let (line, column) = self.place.as_ref().map_or((0, 0), |place| (place.line, place.column));
        (&self.file, line, column, &self.message)
    }
}

impl std::error::Error for FileError {}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        let gutter = match &self.place {
            Some(place) => {
                let number = place.line.to_string();
                let gutter = " ".repeat(number.len());
                write!(f, "\n{gutter}--> {}:{}:{}", self.file, place.line, place.column)?;
                write!(f, "\n{gutter} |\n{number} | {}", place.text)?;
                let (indent, carets) = (place.mark.start, place.mark.len());
                write!(f, "\n{gutter} | {}{}", " ".repeat(indent), "^".repeat(carets))?;
                gutter
            }
            None => {
                write!(f, "\n --> {}", self.file)?;
                " ".to_string()
            }
        };
        match &self.help {
            Some(help) => write!(f, "\n{gutter} = help: {help}"),
            None => Ok(()),
        }
    }
}

impl Place {
    /// The place of the bytes `span` in `text`; what lies beyond the first line is not marked.
    pub(crate) fn of(text: &str, span: Range<usize>) -> Place {
        let start = floor(text, span.start);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let line = text[line_start..line_end].trim_end_matches('\r');
        let end =
            floor(text, span.end).clamp(start, line_start + line.len().max(start - line_start));

        let column = text[line_start..start].chars().count();
        let length = text[start..end].chars().count().max(1);
        let visible = without_secret(line);
        let first = if column > WIDEST / 2 { column - WIDEST / 4 } else { 0 };
        let shown: String = visible.chars().skip(first).take(WIDEST).map(printable).collect();
        let from = column - first;
        Place {
            line: before.matches('\n').count() + 1,
            column: column + 1,
            mark: from..from + length.min((WIDEST - from).max(1)),
            text: shown.trim_end().to_string(),
        }
    }
}

/// The last character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn printable(character: char) -> char {
    match character {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// The line up to the value of a key that names a secret.
fn without_secret(line: &str) -> String {
    let ends = line.match_indices('=').map(|(end, _)| end);
    let key = |end: usize| line[..end].rsplit([',', '{', '=']).next().unwrap_or_default();
    match ends.into_iter().find(|end| is_secret(key(*end))) {
        Some(end) => format!("{}= ...", &line[..end]),
        None => line.to_string(),
    }
}

/// Whether a key looks as if its value were a secret. Secrets are kept elsewhere and named here.
pub(crate) fn is_secret(key: &str) -> bool {
    let plain: String =
        key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    const WORDS: [&str; 7] =
        ["password", "passwd", "passphrase", "secret", "privatekey", "apikey", "token"];
    WORDS.iter().any(|word| plain.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, span: Range<usize>) -> String {
        FileError {
            file: "867.guide.toml".to_string(),
            place: Some(Place::of(text, span)),
            message: "this is wrong".to_string(),
            help: Some("try that".to_string()),
        }
        .to_string()
    }

    #[test]
    fn an_error_shows_the_line_and_marks_the_place() {
        assert_eq!(
            at("set = \"867\"\nrelease = \"4010\"\n", 22..28),
            "error: this is wrong\n \
             --> 867.guide.toml:2:11\n  \
             |\n\
             2 | release = \"4010\"\n  \
             |           ^^^^^^\n  \
             = help: try that"
        );
    }

    #[test]
    fn a_place_stays_inside_the_text() {
        assert_eq!(Place::of("", 0..0).mark, 0..1);
        assert_eq!(Place::of("ab", 7..9).column, 3);
        assert_eq!(Place::of("a = [\n1]", 4..8).mark, 4..5);
        assert_eq!(Place::of("\u{e9}\u{e9} x", 1..3).column, 1);
        let long = format!("a = \"{}\"", "y".repeat(500));
        let place = Place::of(&long, 400..420);
        assert_eq!((place.text.len(), place.mark.len()), (WIDEST.min(place.text.len()), 20));
    }

    #[test]
    fn an_error_without_a_place_names_the_folder() {
        let error = FileError::whole("partners/x", "partner.toml is missing");
        assert_eq!(error.to_string(), "error: partner.toml is missing\n --> partners/x");
    }

    #[test]
    fn the_value_of_a_secret_is_never_shown() {
        let text = at("sftp_password = \"hunter2\"", 0..13);
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("sftp_password = ..."), "{text}");
        let text = at("a = { b = 1, password = \"hunter2\" }", 0..1);
        assert!(
            text.contains("a = { b = 1, password = ...") && !text.contains("hunter2"),
            "{text}"
        );
    }
}
