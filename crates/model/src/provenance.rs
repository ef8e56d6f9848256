//! Where something was read.
//!
//! Two records that say the same are equal wherever they were read: places do not take part in
//! comparisons, so that a document that was written and read again equals the one it came from.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The document that a usage report, bill, payment, request or advice was read from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Which document: the name of a file, or the key under which its bytes are kept; empty where
    /// only its numbers are known.
    pub document: String,
    /// Its format: `867`, `espi`, `smarthub`, `csv` …
    pub format: Option<String>,
    /// The control number of the interchange.
    pub interchange: Option<String>,
    /// The control number of the functional group.
    pub group: Option<String>,
    /// The control number of the transaction set.
    pub set: Option<String>,
    /// The convention the transaction set follows, where it names one (`ST03`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub convention: Option<String>,
}

/// The document of a record, if there is one. Compares equal whatever it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Provenance(pub Option<Origin>);

impl PartialEq for Provenance {
    fn eq(&self, _: &Provenance) -> bool {
        true
    }
}

impl Eq for Provenance {}

/// Where in its document a record starts: the segment of the transaction set, `ST` being 1, or the
/// row of a file; 0 when it was not read. Compares equal whatever it is.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Ordinal(pub u32);

impl PartialEq for Ordinal {
    fn eq(&self, _: &Ordinal) -> bool {
        true
    }
}

impl Eq for Ordinal {}

impl fmt::Debug for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
