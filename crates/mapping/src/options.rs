//! Options of an 867: one partner's codes and habits, as data.
//!
//! The defaults are what most published guides share. A partner's options name only what differs; a
//! table that is given takes the place of the whole default table.

use serde::{Deserialize, Serialize};
use tieline_model::account::Commodity;
use tieline_model::common::{
    ContactKind, EventKind, PartyIdKind, PartyRole, Purpose, ReferenceKind,
};
use tieline_model::meter::{Direction, MeterRole, TimeOfUse};
use tieline_model::quantity::Unit;
use tieline_model::stamp::{Edge, Midnight, Stamping, ZoneStyle};
use tieline_model::time::Zone;
use tieline_model::usage::{
    Basis, FactorKind, Quality, ReadPair, SectionKind, UsageAction, UsageKind,
};

use crate::code_map::CodeMap;

/// One partner's codes and habits in an 867.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UsageOptions {
    /// `BPT01`; how a report is cancelled and replaced is decided here.
    pub purposes: CodeMap<Purpose>,
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
    /// `REF01` of the account.
    pub account: String,
    /// `REF01` of the number the account had before.
    pub former_account: String,
    /// `REF01` of the number a supplier keeps it under.
    pub supplier_account: String,
    /// `REF01` of the service point.
    pub service_point: String,
    /// Which element of that `REF` holds its number: 2, or 3 for partners who leave `REF02` empty.
    pub service_point_element: u8,

    /// `N101`: who is the utility, the customer, the supplier.
    pub parties: CodeMap<PartyRole>,
    /// `N103`.
    pub party_ids: CodeMap<PartyIdKind>,
    /// `PER03`, `PER05`, `PER07`.
    pub contacts: CodeMap<ContactKind>,
    /// `REF01` of what has no field of its own; what is not named here is residue.
    pub references: CodeMap<ReferenceKind>,
    /// `DTM01` of what has no field of its own; what is not named here is residue.
    pub events: CodeMap<EventKind>,

    /// `PTD01`: what is a summary, what the detail of a meter or of the account.
    pub sections: CodeMap<SectionKind>,
    /// `PTD04` before a commodity in `PTD05`.
    pub commodity: String,
    /// `PTD05` after that.
    pub commodities: CodeMap<Commodity>,
    /// The sections whose meter stands in `PTD05`, behind its qualifier in `PTD04`.
    pub meter_in_ptd: Vec<SectionKind>,
    /// `DTM01` of the start of the service period.
    pub period_start: String,
    /// `DTM01` of the end of it.
    pub period_end: String,
    /// `DTM01` of the day a meter was changed.
    pub exchange: String,
    /// `DTM01` of the day a meter was read first.
    pub read_date: String,
    /// `REF01` of the meter.
    pub meter: String,
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
    /// Units, in `QTY03`, `MEA04` and meter types.
    pub units: CodeMap<Unit>,
    /// `MEA01`.
    pub read_pairs: CodeMap<ReadPair>,
    /// `MEA02` of factors; with any other a `MEA` is a reading.
    pub factors: CodeMap<FactorKind>,
    /// `MEA07`.
    pub times_of_use: CodeMap<TimeOfUse>,

    /// `DTM01` of the stamp of an interval, and of the time a demand occurred.
    pub stamp: String,
    /// How stamps are written where the document does not show it.
    pub stamping: Stamping,
    /// The zone of the service points.
    pub zone: Zone,
    /// The letters of zone codes.
    pub clocks: Vec<Clock>,
    /// The length of intervals in a section without a meter type.
    pub interval_minutes: Option<u16>,
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

/// A zone and the letters that stand for its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// The zone.
    pub zone: Zone,
    /// Its standard time, in hours ahead of UTC.
    pub offset: i8,
    /// The code of standard time.
    pub standard: String,
    /// The code of daylight saving time, an hour ahead of it.
    pub daylight: String,
    /// The code of the time on the wall.
    pub prevailing: String,
}

impl Default for UsageOptions {
    fn default() -> UsageOptions {
        UsageOptions {
            purposes: CodeMap::of(&[
                (Purpose::Original, &["00"]),
                (Purpose::Cancel, &["01"]),
                (Purpose::Replace, &["05"]),
                (Purpose::Duplicate, &["07"]),
                (Purpose::CancelReissue, &["17"]),
                (Purpose::Response, &["52"]),
                (Purpose::Status, &["SU"]),
            ]),
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
            account: "12".into(),
            former_account: "45".into(),
            supplier_account: "11".into(),
            service_point: "Q5".into(),
            service_point_element: 2,
            parties: CodeMap::of(&[
                (PartyRole::Utility, &["8S"]),
                (PartyRole::Customer, &["8R"]),
                (PartyRole::Supplier, &["SJ"]),
                (PartyRole::RenewableProvider, &["G7"]),
                (PartyRole::ClearingHouse, &["AY"]),
            ]),
            party_ids: CodeMap::of(&[
                (PartyIdKind::Duns, &["1"]),
                (PartyIdKind::DunsPlus4, &["9"]),
                (PartyIdKind::FederalTax, &["24"]),
                (PartyIdKind::AssignedBySender, &["91"]),
                (PartyIdKind::AssignedByReceiver, &["92"]),
            ]),
            contacts: CodeMap::of(&[
                (ContactKind::Telephone, &["TE"]),
                (ContactKind::Extension, &["EX"]),
                (ContactKind::Fax, &["FX"]),
                (ContactKind::Email, &["EM"]),
            ]),
            references: CodeMap::of(&[
                (ReferenceKind::Rate, &["NH"]),
                (ReferenceKind::RateSubclass, &["PR"]),
                (ReferenceKind::LoadProfile, &["LO"]),
                (ReferenceKind::Voltage, &["SV"]),
                (ReferenceKind::BillingCycle, &["BF"]),
                (ReferenceKind::BillingOption, &["BLT"]),
                (ReferenceKind::BillCalculator, &["PC"]),
                (ReferenceKind::OriginalDocument, &["TN"]),
            ]),
            events: CodeMap::of(&[(EventKind::Effective, &["007"])]),
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
            period_start: "150".into(),
            period_end: "151".into(),
            exchange: "514".into(),
            read_date: "140".into(),
            meter: "MG".into(),
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
            units: CodeMap::of(&[
                (Unit::KilowattHour, &["KH"]),
                (Unit::Kilowatt, &["K1"]),
                (Unit::Kilovar, &["K2"]),
                (Unit::KilovarHour, &["K3"]),
                (Unit::KilovoltAmpere, &["K4"]),
                (Unit::Each, &["EA"]),
            ]),
            read_pairs: CodeMap::of(&[
                (ReadPair::BothActual, &["AA"]),
                (ReadPair::ActualEstimated, &["AE"]),
                (ReadPair::EstimatedActual, &["EA"]),
                (ReadPair::BothEstimated, &["EE"]),
                (ReadPair::ActualTotal, &["AF"]),
                (ReadPair::EstimatedTotal, &["EF"]),
                (ReadPair::AsBilled, &["AN"]),
            ]),
            factors: CodeMap::of(&[
                (FactorKind::Multiplier, &["MU"]),
                (FactorKind::PowerFactor, &["ZA"]),
                (FactorKind::TransformerLoss, &["CO"]),
                (FactorKind::Participation, &["NP"]),
            ]),
            times_of_use: CodeMap::of(&[
                (TimeOfUse::Total, &["51"]),
                (TimeOfUse::OnPeak, &["42"]),
                (TimeOfUse::OffPeak, &["41"]),
                (TimeOfUse::Intermediate, &["43"]),
                (TimeOfUse::SummerOnPeak, &["45"]),
                (TimeOfUse::WinterOnPeak, &["49"]),
                (TimeOfUse::WinterIntermediate, &["50"]),
                (TimeOfUse::SummerTotal, &["57"]),
                (TimeOfUse::WinterTotal, &["58"]),
                (TimeOfUse::SummerOffPeak, &["73"]),
                (TimeOfUse::SummerIntermediate, &["74"]),
                (TimeOfUse::WinterOffPeak, &["75"]),
            ]),
            stamp: "582".into(),
            stamping: Stamping {
                edge: Edge::End,
                midnight: Midnight::LastMinute,
                zone: ZoneStyle::InForce,
                seconds: false,
            },
            zone: Zone::named("America/Chicago").expect("the rules of all zones are built in"),
            clocks: [
                ("America/Chicago", -6, "CS", "CD", "CT"),
                ("America/New_York", -5, "ES", "ED", "ET"),
                ("America/Denver", -7, "MS", "MD", "MT"),
                ("America/Los_Angeles", -8, "PS", "PD", "PT"),
            ]
            .map(|(zone, offset, standard, daylight, prevailing)| Clock {
                zone: Zone::named(zone).expect("the rules of all zones are built in"),
                offset,
                standard: standard.into(),
                daylight: daylight.into(),
                prevailing: prevailing.into(),
            })
            .into(),
            interval_minutes: None,
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
