//! What means the same in all sets: who is who, what a reference refers to, units, clocks.

use serde::{Deserialize, Serialize};
use tieline_model::common::{
    AmountKind, ContactKind, EventKind, PartyIdKind, PartyRole, Purpose, ReferenceKind,
};
use tieline_model::meter::TimeOfUse;
use tieline_model::quantity::Unit;
use tieline_model::time::Zone;
use tieline_model::usage::{FactorKind, ReadPair};

use crate::code_map::CodeMap;

/// One partner's codes that mean the same in every set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CommonOptions {
    /// `BPT01` and `BIG08`; how a report or a bill is cancelled and replaced is decided here.
    pub purposes: CodeMap<Purpose>,
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
    /// `AMT01`; what is not named here is residue.
    pub amounts: CodeMap<AmountKind>,
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
    /// `DTM01` of the start of the service period.
    pub period_start: String,
    /// `DTM01` of the end of it.
    pub period_end: String,
    /// `DTM01` of the day a meter was changed.
    pub exchange: String,
    /// `REF01` of the meter.
    pub meter: String,
    /// Units, in `QTY03`, `MEA04`, `SAC09` and meter types.
    pub units: CodeMap<Unit>,
    /// `MEA01`.
    pub read_pairs: CodeMap<ReadPair>,
    /// `MEA02` of factors; with any other a `MEA` is a reading.
    pub factors: CodeMap<FactorKind>,
    /// `MEA07`.
    pub times_of_use: CodeMap<TimeOfUse>,
    /// The zone of the service points.
    pub zone: Zone,
    /// The letters of zone codes.
    pub clocks: Vec<Clock>,
}

/// What both sides of trading are to a document that does not name them itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideRoles {
    /// What we are.
    pub us: PartyRole,
    /// What the partner is.
    pub them: PartyRole,
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

impl Default for CommonOptions {
    fn default() -> CommonOptions {
        CommonOptions {
            purposes: CodeMap::of(&[
                (Purpose::Original, &["00"]),
                (Purpose::Cancel, &["01"]),
                (Purpose::Replace, &["05"]),
                (Purpose::Duplicate, &["07"]),
                (Purpose::CancelReissue, &["17"]),
                (Purpose::Response, &["52"]),
                (Purpose::Status, &["SU"]),
            ]),
            parties: CodeMap::of(&[
                (PartyRole::Utility, &["8S"]),
                (PartyRole::Customer, &["8R"]),
                (PartyRole::Supplier, &["SJ"]),
                (PartyRole::RenewableProvider, &["G7"]),
                (PartyRole::ClearingHouse, &["AY"]),
                (PartyRole::Agent, &["AG"]),
                (PartyRole::BillTo, &["BT"]),
                (PartyRole::RemitTo, &["RE"]),
                (PartyRole::Payer, &["PR"]),
                (PartyRole::Payee, &["PE"]),
                (PartyRole::Bank, &["BK"]),
                (PartyRole::ServiceLocation, &["SV", "ST", "MQ"]),
                (PartyRole::Forwarding, &["FE"]),
            ]),
            party_ids: CodeMap::of(&[
                (PartyIdKind::Duns, &["1"]),
                (PartyIdKind::DunsPlus4, &["9"]),
                (PartyIdKind::FederalTax, &["24"]),
                (PartyIdKind::BankRouting, &["13"]),
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
                (ReferenceKind::OriginalBill, &["OI"]),
                (ReferenceKind::PaymentCategory, &["9V"]),
                (ReferenceKind::Bill, &["IV"]),
                (ReferenceKind::Authorization, &["BB"]),
                (ReferenceKind::RejectReason, &["7G"]),
                (ReferenceKind::StatusReason, &["1P"]),
                (ReferenceKind::ChangeReason, &["TD"]),
            ]),
            events: CodeMap::of(&[
                (EventKind::Effective, &["007"]),
                (EventKind::Issued, &["003"]),
                (EventKind::Due, &["814"]),
                (EventKind::Processed, &["009"]),
                (EventKind::Created, &["097"]),
            ]),
            amounts: CodeMap::of(&[
                (AmountKind::Billed, &["PB"]),
                (AmountKind::Paid, &["QZ", "TP"]),
                (AmountKind::Balance, &["BD", "J8", "T4"]),
                (AmountKind::Instalment, &["MP", "IN"]),
            ]),
            account: "12".into(),
            former_account: "45".into(),
            supplier_account: "11".into(),
            service_point: "Q5".into(),
            service_point_element: 2,
            period_start: "150".into(),
            period_end: "151".into(),
            exchange: "514".into(),
            meter: "MG".into(),
            units: CodeMap::of(&[
                (Unit::KilowattHour, &["KH"]),
                (Unit::Kilowatt, &["K1"]),
                (Unit::Kilovar, &["K2"]),
                (Unit::KilovarHour, &["K3"]),
                (Unit::KilovoltAmpere, &["K4"]),
                (Unit::Each, &["EA"]),
                (Unit::Month, &["MO"]),
                (Unit::Day, &["DA"]),
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
        }
    }
}
