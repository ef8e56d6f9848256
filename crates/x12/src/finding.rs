//! Findings.

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; the document is accepted.
    Warning,
    /// The document, or this part of it, is not accepted.
    Error,
}
