//! How a quantity came about.

use serde::{Deserialize, Serialize};

/// How a quantity came about, and so how far it can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Measured.
    Actual,
    /// Filled in where nothing was measured.
    Estimated,
    /// Worked out from other quantities.
    Calculated,
    /// Put in the place of a measured one that was wrong.
    Substituted,
    /// Changed by hand.
    Edited,
    /// Measured and checked.
    Validated,
    /// Measured and not checked.
    Raw,
    /// Measured, and doubtful.
    Questionable,
    /// Measured in part and estimated in part.
    Mixed,
    /// Expected, not yet measured.
    Projected,
    /// As if the weather had been usual.
    WeatherNormalized,
    /// Not known, and said to be so.
    Unavailable,
    /// Known, and not for a bill.
    NotBillable,
    /// A quality that only its raw code names.
    Other,
}
