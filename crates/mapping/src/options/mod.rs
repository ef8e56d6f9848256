//! Options: one partner's codes and habits, as data.
//!
//! The defaults are what most published guides share. A partner's options name only what differs; a
//! table that is given takes the place of the whole default table.

mod common;

mod usage;

mod invoice;

mod remittance;

mod enrollment;

mod advice;

mod files;

use serde::{Deserialize, Serialize};

pub use advice::{AdviceOptions, ReasonCode};
pub use common::{Clock, CommonOptions, SideRoles};
pub use enrollment::{EnrollmentOptions, ReleasedData};
pub use files::FileOptions;
pub use invoice::{InvoiceOptions, Sign};
pub use remittance::RemittanceOptions;
pub use usage::{AccountPlace, CancelledDetail, QuantityCode, UsageOptions};

/// One partner's codes and habits in all documents.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// What means the same in every set.
    pub common: CommonOptions,
    /// In an 867.
    pub usage: UsageOptions,
    /// In an 810.
    pub invoice: InvoiceOptions,
    /// In an 820.
    pub remittance: RemittanceOptions,
    /// In an 814.
    pub enrollment: EnrollmentOptions,
    /// In an 824.
    pub advice: AdviceOptions,
    /// In files that are not X12.
    pub files: FileOptions,
}
