//! A meaning beside the code that a document said it with.

use serde::{Deserialize, Serialize};

/// What a code means, and the code itself.
///
/// Partners say the same thing with different codes, and a partner's code map may know two codes
/// for one meaning. The raw code is therefore kept as received. When a document is written, the raw
/// code is used as long as the partner's code map still reads it as this meaning; otherwise, and
/// when there is none, the map chooses the code. So a meaning may be changed without touching the
/// code.
///
/// Where a code stands in several elements (`SAC03` and `SAC04`) each has its own field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Coded{T}"))]
#[serde(deny_unknown_fields)]
pub struct Coded<T> {
    /// What it means.
    pub meaning: T,
    /// The code as received; `None` when no document said it.
    pub raw: Option<String>,
}

impl<T> Coded<T> {
    /// A meaning that no document has said yet.
    pub fn new(meaning: T) -> Coded<T> {
        Coded { meaning, raw: None }
    }

    /// A code as received and what it means.
    pub fn received(meaning: T, raw: impl Into<String>) -> Coded<T> {
        Coded { meaning, raw: Some(raw.into()) }
    }

    /// The raw code; empty when there is none.
    pub fn raw(&self) -> &str {
        self.raw.as_deref().unwrap_or_default()
    }
}

impl<T> From<T> for Coded<T> {
    fn from(meaning: T) -> Coded<T> {
        Coded::new(meaning)
    }
}
