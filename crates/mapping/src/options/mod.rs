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

mod clash;

use serde::{Deserialize, Serialize};

pub use advice::{AdviceOptions, ReasonCode};
pub use clash::Clash;
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

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/options.toml");
    const HEAD: &str = "\
# All that a partner's options.toml can set, with what is usual. Options that are not usual at all
# (a zone or a date that a table does not tell, a partner's headers) are not shown.
# UPDATE_EXPECT=1 cargo test -p tieline-mapping writes this file anew.

";

    #[test]
    fn the_page_of_options_says_what_is_usual() {
        let options = toml::to_string(&Options::default()).expect("options are plain data");
        let text = format!("{HEAD}{options}");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(PAGE, &text).expect("the folder docs can be written");
        }
        let page = std::fs::read_to_string(PAGE).expect("the page is there");
        assert!(page == text, "docs/options.toml is old: UPDATE_EXPECT=1 writes it anew");
        assert!(toml::from_str::<Options>(&page).is_ok(), "the page is a file of options");
    }
}
