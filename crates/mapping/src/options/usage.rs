//! Options of an 867.

use serde::{Deserialize, Serialize};
use tieline_model::account::Commodity;
use tieline_model::common::PartyRole;
use tieline_model::meter::{Direction, MeterRole};
use tieline_model::stamp::{Edge, Midnight, Stamping, ZoneStyle};
use tieline_model::usage::{Basis, Quality, SectionKind, UsageAction, UsageKind};

use super::common::SideRoles;
use crate::code_map::CodeMap;

/// One partner's codes and habits in an 867.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UsageOptions {
    /// What both sides are, where a record does not name them.
    pub sides: SideRoles,
    /// `BPT04`.
    pub kinds: CodeMap<UsageKind>,
    /// `BPT07`.
    pub actions: CodeMap<UsageAction>,
    /// `DTM01` of the time until which a bill must be made.
    pub due: String,
    /// `MEA02` of the customer's part of a shared supply.
    pub participation: String,
    /// Where the account's numbers stand.
    pub account_in: AccountPlace,
    /// `PTD01`: what is a summary, what the detail of a meter or of the account.
    pub sections: CodeMap<SectionKind>,
    /// `PTD04` before a commodity in `PTD05`.
    pub commodity: String,
    /// `PTD05` after that.
    pub commodities: CodeMap<Commodity>,
    /// The sections whose meter stands in `PTD05`, behind its qualifier in `PTD04`.
    pub meter_in_ptd: Vec<SectionKind>,
    /// `DTM01` of the day a meter was read first.
    pub read_date: String,
    /// `REF01` of what its usage does to the account's.
    pub role: String,
    /// `REF02` after that.
    pub roles: CodeMap<MeterRole>,
    /// `REF01` of how many digits its registers show.
    pub dials: String,
    /// `REF01` of its type, which says unit and interval length: `KH015`.
    pub meter_type: String,
    /// `REF02` of the type of a meter of several units.
    pub combined_meter_type: String,
    /// `REF01` of the channel.
    pub channel: String,
    /// `QTY01`; where several codes say the same, the first is written.
    pub quantities: Vec<QuantityCode>,
    /// `QTY04` of a quantity without a value.
    pub no_value: String,
    /// `DTM01` of the stamp of an interval, and of the time a demand occurred.
    pub stamp: String,
    /// How stamps are written where the document does not show it.
    pub stamping: Stamping,
    /// The length of intervals in a section without a meter type.
    pub interval_minutes: Option<u16>,
    /// What a report that takes back another one repeats of it.
    pub cancelled_detail: CancelledDetail,
}

/// Whether sections of detail are repeated when a report is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelledDetail {
    /// All sections are repeated.
    Kept,
    /// Only summaries are.
    LeftOut,
}

/// Where the numbers of the account stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountPlace {
    /// In the `N1` loop of the customer; in the heading if there is none.
    Customer,
    /// In the `N1` loop of the utility; in the heading if there is none.
    Utility,
    /// In the heading.
    Heading,
}

/// A code of `QTY01`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantityCode {
    /// The code.
    pub code: String,
    /// Which way it flowed; `None` if the code leaves that open.
    pub direction: Option<Direction>,
    /// How it came about.
    pub quality: Quality,
    /// Whether it was measured or billed.
    pub basis: Basis,
}

impl Default for UsageOptions {
    fn default() -> UsageOptions {
        UsageOptions {
            sides: SideRoles { us: PartyRole::Utility, them: PartyRole::Customer },
            kinds: CodeMap::of(&[
                (UsageKind::Monthly, &["DD"]),
                (UsageKind::Interval, &["C1"]),
                (UsageKind::Both, &["DR"]),
                (UsageKind::Partial, &["KH"]),
            ]),
            actions: CodeMap::of(&[(UsageAction::Final, &["F"])]),
            due: "649".into(),
            participation: "NP".into(),
            account_in: AccountPlace::Customer,
            sections: CodeMap::of(&[
                (SectionKind::BilledSummary, &["BB"]),
                (SectionKind::AccountSummary, &["SU"]),
                (SectionKind::MeterSummary, &["BO"]),
                (SectionKind::MeterDetail, &["PM"]),
                (SectionKind::AccountDetail, &["BQ"]),
                (SectionKind::NonIntervalDetail, &["PL"]),
                (SectionKind::UnmeteredSummary, &["BC"]),
                (SectionKind::UnmeteredDetail, &["BD"]),
                (SectionKind::NetSummary, &["IA"]),
                (SectionKind::IntervalSummary, &["PP"]),
                (SectionKind::InterimNotice, &["BK"]),
                (SectionKind::Scheduling, &["FG"]),
                (SectionKind::InitialRead, &["BJ"]),
            ]),
            commodity: "OZ".into(),
            commodities: CodeMap::of(&[
                (Commodity::Electricity, &["EL"]),
                (Commodity::Gas, &["GAS"]),
            ]),
            meter_in_ptd: vec![SectionKind::InitialRead],
            read_date: "140".into(),
            role: "JH".into(),
            roles: CodeMap::of(&[
                (MeterRole::Additive, &["A"]),
                (MeterRole::Subtractive, &["S"]),
                (MeterRole::Ignored, &["I"]),
            ]),
            dials: "IX".into(),
            meter_type: "MT".into(),
            combined_meter_type: "COMBO".into(),
            channel: "6W".into(),
            quantities: quantities(),
            no_value: "NV".into(),
            stamp: "582".into(),
            stamping: Stamping {
                edge: Edge::End,
                midnight: Midnight::LastMinute,
                zone: ZoneStyle::InForce,
                seconds: false,
            },
            interval_minutes: None,
            cancelled_detail: CancelledDetail::Kept,
        }
    }
}

fn quantities() -> Vec<QuantityCode> {
    use Basis::{Billed, Measured};
    use Direction::{Delivered, Received};
    [
        ("QD", Some(Delivered), Quality::Actual, Measured),
        ("KA", Some(Delivered), Quality::Estimated, Measured),
        ("87", Some(Received), Quality::Actual, Measured),
        ("9H", Some(Received), Quality::Estimated, Measured),
        ("D1", Some(Delivered), Quality::Actual, Billed),
        ("99", Some(Delivered), Quality::Actual, Measured),
        ("20", None, Quality::Unavailable, Measured),
        ("96", None, Quality::NotBillable, Measured),
    ]
    .map(|(code, direction, quality, basis)| QuantityCode {
        code: code.into(),
        direction,
        quality,
        basis,
    })
    .into()
}
