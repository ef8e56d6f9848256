//! What became of a message: `automatic-action/MDN-sent-automatically; processed/error: …`.

use std::fmt;

use crate::fault::Fault;

const AUTOMATIC: &str = "automatic-action/MDN-sent-automatically";

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The message was processed, and something is odd.
    Warning,
    /// The message could not be processed.
    Error,
    /// The message was not even tried.
    Failure,
}

/// Something to be said about the processing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modifier {
    /// How bad it is.
    pub severity: Severity,
    /// What it is, e.g. `decryption-failed`. It is a partner's text.
    pub text: String,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposition {
    /// Whether it says `processed`; else it says `failed` or another type.
    pub is_processed: bool,
    /// What is said besides.
    pub modifiers: Vec<Modifier>,
}

impl Disposition {
    /// The message was processed.
    pub fn processed() -> Self {
        Self { is_processed: true, modifiers: Vec::new() }
    }

    /// The message was processed as far as an error, e.g. `decryption-failed`.
    pub fn error(text: &str) -> Self {
        let modifier = Modifier { severity: Severity::Error, text: text.to_string() };
        Self { is_processed: true, modifiers: vec![modifier] }
    }

    /// The message was processed, with a warning, e.g. `duplicate-document`.
    pub fn warning(text: &str) -> Self {
        let modifier = Modifier { severity: Severity::Warning, text: text.to_string() };
        Self { is_processed: true, modifiers: vec![modifier] }
    }

    /// The message was not processed, e.g. because of `unsupported format`.
    pub fn failure(text: &str) -> Self {
        let modifier = Modifier { severity: Severity::Failure, text: text.to_string() };
        Self { is_processed: false, modifiers: vec![modifier] }
    }

    /// Reads the value of the field `Disposition`.
    ///
    /// # Errors
    ///
    /// [`Fault`] if it is none.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let none = Fault::Mime("the disposition of a receipt is none");
        let (mode, rest) = text.split_once(';').ok_or_else(|| none.clone())?;
        let (action, sending) = mode.split_once('/').ok_or_else(|| none.clone())?;
        if action.trim().is_empty() || sending.trim().is_empty() {
            return Err(none);
        }
        let (kind, modifiers) = match rest.split_once('/') {
            Some((kind, modifiers)) => (kind, Some(modifiers)),
            None => (rest, None),
        };
        let kind = kind.trim();
        let is_word = |it: char| it.is_ascii_alphanumeric() || it == '-';
        if kind.is_empty() || !kind.chars().all(is_word) {
            return Err(none);
        }
        let modifiers = modifiers.map_or(Ok(Vec::new()), read_modifiers)?;
        Ok(Self { is_processed: kind.eq_ignore_ascii_case("processed"), modifiers })
    }

    /// The worst that is said, none if all is well.
    pub fn worst(&self) -> Option<&Modifier> {
        self.modifiers.iter().max_by_key(|it| it.severity)
    }
}

/// `error: text, warning: text`; a comma inside of a text is part of it.
fn read_modifiers(text: &str) -> Result<Vec<Modifier>, Fault> {
    let mut modifiers: Vec<Modifier> = Vec::new();
    for piece in text.split(',') {
        let (word, rest) = piece.split_once(':').unwrap_or((piece, ""));
        let severity = match word.trim().to_ascii_lowercase().as_str() {
            "warning" => Severity::Warning,
            "error" => Severity::Error,
            "failure" => Severity::Failure,
            _ => match modifiers.last_mut() {
                Some(last) => {
                    last.text.push(',');
                    last.text.push_str(piece);
                    continue;
                }
                None => return Err(Fault::Mime("the modifier of a disposition is none")),
            },
        };
        modifiers.push(Modifier { severity, text: rest.trim().to_string() });
    }
    Ok(modifiers)
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Failure => "failure",
        })
    }
}

impl fmt::Display for Disposition {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let kind = if self.is_processed { "processed" } else { "failed" };
        write!(formatter, "{AUTOMATIC}; {kind}")?;
        for (at, Modifier { severity, text }) in self.modifiers.iter().enumerate() {
            let before = if at == 0 { "/" } else { ", " };
            write!(formatter, "{before}{severity}: {text}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dispositions_are_read_as_they_are_written() {
        for disposition in [
            Disposition::processed(),
            Disposition::error("decryption-failed"),
            Disposition::warning("duplicate-document"),
            Disposition::failure("unsupported format"),
        ] {
            assert_eq!(Disposition::read(&disposition.to_string()), Ok(disposition));
        }
    }

    #[test]
    fn partners_write_dispositions_in_many_ways() {
        let read = |text| Disposition::read(text).expect("it is a disposition");
        let plain = read("automatic-action/MDN-sent-automatically;processed");
        assert_eq!(plain, Disposition::processed());
        assert_eq!(read("manual-action/MDN-sent-manually; Processed"), Disposition::processed());
        let error = read(
            "automatic-action/MDN-sent-automatically; processed/Error: authentication-failed, the signature, of all things",
        );
        let worst = error.worst().expect("an error");
        assert_eq!(worst.severity, Severity::Error);
        assert_eq!(worst.text, "authentication-failed, the signature, of all things");
        let two = read("a/b; processed/warning: duplicate-document, error: x");
        assert_eq!(two.worst().map(|it| it.severity), Some(Severity::Error));
        assert_eq!(read("a/b; processed/error").modifiers.len(), 1);
        assert!(!read("a/b; failed/Failure: x").is_processed);
        assert!(!read("a/b; deleted").is_processed);
    }

    #[test]
    fn what_is_no_disposition_is_refused() {
        for text in [
            "",
            "processed",
            "; processed",
            "a/b;",
            "a/b; /error",
            "a/b; processed/",
            "a/b; processed/x",
        ] {
            assert!(Disposition::read(text).is_err(), "{text}");
        }
    }
}
