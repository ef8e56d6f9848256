//! Options of files that are not X12.

use serde::{Deserialize, Serialize};

use crate::files::billing_csv::BillingCsvOptions;
use crate::files::payment_csv::PaymentCsvOptions;
use crate::files::usage_csv::UsageCsvOptions;

/// One partner's habits in files that are not X12.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileOptions {
    /// In tables of usage.
    pub usage_csv: UsageCsvOptions,
    /// In tables of bills.
    pub billing_csv: BillingCsvOptions,
    /// In tables of payments.
    pub payment_csv: PaymentCsvOptions,
    /// Whether the costs that a SmartHub answer has are read too, as series in US dollars.
    pub smarthub_costs: bool,
}
