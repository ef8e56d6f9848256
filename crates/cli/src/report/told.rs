//! What is told of a finding, be it of the standard or of business.

use tieline_x12::catalogue;
use tieline_x12::finding::{AckCodes, Finding, RuleName, Severity};
use tieline_x12::observer::Scene;
use tieline_x12::position::Position;
use tieline_x12::segment::SegmentId;

use tieline_mapping::business;

use crate::business::Noticed;
use crate::report::Envelope;

/// A finding and what is around it.
pub(crate) struct Told<'a> {
    /// The file, as reports call it.
    pub(crate) file: &'a str,
    pub(crate) found: Found<'a>,
    pub(crate) scene: &'a Scene<'a>,
    pub(crate) envelope: &'a Envelope,
}

/// A finding.
#[derive(Clone, Copy)]
pub(crate) enum Found<'a> {
    /// Of the standard or a guide.
    Standard(&'a Finding),
    /// Of business, in a set that keeps the standard.
    Business(&'a Noticed),
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Error,
    Warning,
    Info,
}

impl Level {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "info",
        }
    }

    /// The word of SARIF.
    pub(crate) fn in_sarif(self) -> &'static str {
        match self {
            Level::Info => "note",
            other => other.as_str(),
        }
    }
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Level {
        match severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
        }
    }
}

impl From<business::Severity> for Level {
    fn from(severity: business::Severity) -> Level {
        match severity {
            business::Severity::Error => Level::Error,
            business::Severity::Warning => Level::Warning,
            business::Severity::Info => Level::Info,
        }
    }
}

impl<'a> Found<'a> {
    /// The finding, if it is of the standard.
    pub(crate) fn standard(self) -> Option<&'a Finding> {
        match self {
            Found::Standard(finding) => Some(finding),
            Found::Business(_) => None,
        }
    }

    pub(crate) fn code(self) -> String {
        match self {
            Found::Standard(finding) => finding.code(),
            Found::Business(noticed) => noticed.finding.code.to_string(),
        }
    }

    pub(crate) fn level(self) -> Level {
        match self {
            Found::Standard(finding) => finding.severity.into(),
            Found::Business(noticed) => noticed.finding.severity.into(),
        }
    }

    /// What is wrong, in one line.
    pub(crate) fn message(self) -> String {
        match self {
            Found::Standard(finding) => finding.message(),
            Found::Business(noticed) => noticed.finding.what.to_string(),
        }
    }

    pub(crate) fn at(self) -> Position {
        match self {
            Found::Standard(finding) => finding.at,
            Found::Business(noticed) => noticed.at,
        }
    }

    /// How many bytes are meant.
    pub(crate) fn length(self) -> usize {
        match self {
            Found::Standard(finding) => finding.length,
            Found::Business(noticed) => noticed.length,
        }
    }

    pub(crate) fn path(self) -> &'a str {
        match self {
            Found::Standard(finding) => &finding.path,
            Found::Business(noticed) => &noticed.path,
        }
    }

    pub(crate) fn segment(self) -> SegmentId {
        match self {
            Found::Standard(finding) => finding.segment,
            Found::Business(noticed) => noticed.segment,
        }
    }

    /// The element as people write it, or the segment.
    pub(crate) fn element_name(self) -> String {
        match self {
            Found::Standard(finding) => finding.element_name(),
            Found::Business(noticed) => noticed.segment.to_string(),
        }
    }

    /// The rule of a guide.
    pub(crate) fn rule(self) -> Option<&'a RuleName> {
        self.standard().and_then(|finding| finding.rule.as_deref())
    }

    /// The codes of the acknowledgment; a business finding has none.
    pub(crate) fn ack(self) -> AckCodes {
        self.standard().map(Finding::ack).unwrap_or_default()
    }

    /// What to do: the guide's note when it has one, else what the catalogue advises.
    pub(crate) fn remedy(self) -> Option<&'a str> {
        match self {
            Found::Standard(finding) => {
                let note = self.rule().and_then(|rule| rule.note.as_deref());
                note.or_else(|| Some(catalogue::entry(finding.fault.number())?.remedy))
            }
            Found::Business(noticed) => Some(noticed.finding.help()),
        }
    }
}
