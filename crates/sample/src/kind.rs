//! The kinds of document there are samples of.

use std::fmt;
use std::str::FromStr;

use tieline_x12::compose::Segment;

use crate::choices::Choices;
use crate::random::Random;
use crate::{
    account_setup, advice, invoice, remittance, usage_historical, usage_interval, usage_monthly,
};

/// One kind of document: a transaction set, put to one use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 867 with register reads and billed quantities of a month.
    UsageMonthly,
    /// 867 with every metering interval of a month.
    UsageInterval,
    /// 867 with the totals of twelve months, in answer to an inquiry.
    UsageHistorical,
    /// 810, the bill of a commercial customer.
    Invoice,
    /// 820, one payment for many accounts.
    Remittance,
    /// 814 that sets up the release of usage data.
    AccountSetup,
    /// 824 that rejects a document for what it says.
    Advice,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 7] = [
        Kind::UsageMonthly,
        Kind::UsageInterval,
        Kind::UsageHistorical,
        Kind::Invoice,
        Kind::Remittance,
        Kind::AccountSetup,
        Kind::Advice,
    ];

    /// What it is called on a command line.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::UsageMonthly => "867-monthly",
            Kind::UsageInterval => "867-interval",
            Kind::UsageHistorical => "867-historical",
            Kind::Invoice => "810",
            Kind::Remittance => "820",
            Kind::AccountSetup => "814",
            Kind::Advice => "824",
        }
    }

    /// `ST01`.
    pub const fn set(self) -> &'static str {
        match self {
            Kind::UsageMonthly | Kind::UsageInterval | Kind::UsageHistorical => "867",
            Kind::Invoice => "810",
            Kind::Remittance => "820",
            Kind::AccountSetup => "814",
            Kind::Advice => "824",
        }
    }

    /// `GS01`.
    pub const fn group(self) -> &'static str {
        match self {
            Kind::UsageMonthly | Kind::UsageInterval | Kind::UsageHistorical => "PT",
            Kind::Invoice => "IN",
            Kind::Remittance => "RA",
            Kind::AccountSetup => "GE",
            Kind::Advice => "AG",
        }
    }

    /// Writes one document: the segments between `ST` and `SE`.
    pub fn body(self, random: &mut Random, choices: &Choices) -> Vec<Segment> {
        match self {
            Kind::UsageMonthly => usage_monthly::usage_monthly(random, choices),
            Kind::UsageInterval => usage_interval::usage_interval(random, choices),
            Kind::UsageHistorical => usage_historical::usage_historical(random, choices),
            Kind::Invoice => invoice::invoice(random, choices),
            Kind::Remittance => remittance::remittance(random, choices),
            Kind::AccountSetup => account_setup::account_setup(random, choices),
            Kind::Advice => advice::advice(random, choices),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Text that names no kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownKind;

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("samples there are of")?;
        let mut separator = " ";
        for kind in Kind::ALL {
            write!(f, "{separator}{kind}")?;
            separator = ", ";
        }
        Ok(())
    }
}

impl std::error::Error for UnknownKind {}

/// Reads a name; a bare `867` is the monthly report.
impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Kind, UnknownKind> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.name() == text || kind.set() == text)
            .ok_or(UnknownKind)
    }
}
