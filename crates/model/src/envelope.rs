//! The envelope that records came in, as it was written, so that it can be written again.
//!
//! Nothing is understood here: a document's own reader and writer do that.

use serde::{Deserialize, Serialize};

/// What stood around the records that follow, up to the next interchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Interchange {
    /// The elements of its header in their order, without the blanks that fill them up.
    pub header: Vec<String>,
    /// What held it apart.
    pub separators: Separators,
}

/// What holds an interchange apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Separators {
    /// Between elements.
    pub element: char,
    /// Between components.
    pub component: char,
    /// Between repetitions.
    pub repetition: Option<char>,
    /// After each segment.
    pub segment: char,
    /// What follows that for the eye's sake: nothing, or a line end.
    pub line_end: String,
}

/// What stood around the records that follow, up to the next group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The elements of its header in their order.
    pub header: Vec<String>,
}
