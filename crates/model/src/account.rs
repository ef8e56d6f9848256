//! Accounts and service points: who is supplied, and where.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::common::Party;
use crate::identifier::{AccountNumber, MeterNumber, ServicePointId};
use crate::period::PeriodError;
use crate::time::Zone;

/// What the utility bills under one number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Its number, the usual key of every document.
    pub number: AccountNumber,
    /// The number it had before.
    pub former: Option<AccountNumber>,
    /// The number a supplier keeps it under.
    pub supplier: Option<AccountNumber>,
    /// Whose it is.
    pub customer: Option<Party>,
    /// On which of the month's cycles it is billed.
    pub billing_cycle: Option<String>,
    /// Whether it is supplied.
    pub status: AccountStatus,
    /// The places it is supplied at.
    pub service_points: Vec<ServicePoint>,
}

/// Whether an account is supplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// Service was asked for and has not begun.
    Pending,
    /// It is supplied.
    Active,
    /// It is supplied from what was paid before.
    Prepaid,
    /// Supply is interrupted.
    Disconnected,
    /// Service has ended.
    Closed,
}

/// A place that is supplied; it stays when the customer or the meter changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ServicePoint {
    /// Its number.
    pub id: ServicePointId,
    /// What is supplied.
    pub commodity: Commodity,
    /// Where its clocks are set.
    pub zone: Zone,
    /// The rate schedule it is billed under.
    pub rate: Option<String>,
    /// The typical load it is given where no intervals are measured.
    pub load_profile: Option<String>,
    /// The voltage of the service, as the utility names it.
    pub voltage: Option<String>,
    /// Its meters, in the order of time.
    pub meters: Vec<MeterLink>,
}

/// What is supplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Commodity {
    /// Electricity.
    Electricity,
    /// Natural gas.
    Gas,
    /// Water.
    Water,
    /// Waste water.
    Sewer,
    /// Anything else.
    Other,
}

/// Which meter measured a service point, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "MeterLinkRecord")]
pub struct MeterLink {
    meter: MeterNumber,
    from: Date,
    until: Option<Date>,
}

impl MeterLink {
    /// `meter` from one date until another, on which it was taken away; `None` if it is still
    /// there.
    ///
    /// # Errors
    ///
    /// [`PeriodError::EndBeforeStart`].
    pub fn new(
        meter: MeterNumber,
        from: Date,
        until: Option<Date>,
    ) -> Result<MeterLink, PeriodError> {
        match until {
            Some(end) if end < from => Err(PeriodError::EndBeforeStart { start: from, end }),
            _ => Ok(MeterLink { meter, from, until }),
        }
    }

    /// The meter.
    pub fn meter(&self) -> &MeterNumber {
        &self.meter
    }

    /// The date it was set.
    pub fn from(&self) -> Date {
        self.from
    }

    /// The date it was taken away.
    pub fn until(&self) -> Option<Date> {
        self.until
    }
}

/// Which meter measured a service point, and when.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct MeterLinkRecord {
    /// The meter.
    meter: MeterNumber,
    /// The date it was set.
    from: Date,
    /// The date it was taken away, not before it was set.
    until: Option<Date>,
}

impl TryFrom<MeterLinkRecord> for MeterLink {
    type Error = PeriodError;

    fn try_from(record: MeterLinkRecord) -> Result<MeterLink, PeriodError> {
        MeterLink::new(record.meter, record.from, record.until)
    }
}
