//! Options of an 810.

use serde::{Deserialize, Serialize};
use tieline_model::account::Commodity;
use tieline_model::bill::{
    BalanceKind, BalancePhase, BillKind, ChargeDirection, ChargeKind, GroupLevel, TaxKind,
    TaxRelation,
};
use tieline_model::common::PartyRole;
use tieline_model::money::Currency;

use super::common::SideRoles;
use super::usage::AccountPlace;
use crate::code_map::CodeMap;

/// One partner's codes and habits in an 810.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InvoiceOptions {
    /// What both sides are, where a record does not name them.
    pub sides: SideRoles,
    /// `BIG07`.
    pub kinds: CodeMap<BillKind>,
    /// The currency of a bill that does not name it.
    pub currency: Currency,
    /// `CUR01` before a currency that must be named because it is another.
    pub currency_entity: String,
    /// Where the account's numbers stand.
    pub account_in: AccountPlace,
    /// `DTM01` of the start of the bill's own period.
    pub invoice_start: String,
    /// `DTM01` of the end of it.
    pub invoice_end: String,
    /// `BAL01`.
    pub balance_phases: CodeMap<BalancePhase>,
    /// `BAL02`.
    pub balances: CodeMap<BalanceKind>,
    /// `IT106` before a commodity in `IT107`.
    pub commodity: String,
    /// `IT107` after that.
    pub commodities: CodeMap<Commodity>,
    /// `IT108` before what a group stands for; `IT106` where no commodity is named.
    pub level: String,
    /// `IT109` or `IT107` after that.
    pub levels: CodeMap<GroupLevel>,
    /// `PID01` of a text for people.
    pub description: String,
    /// `REF01` of the rate schedule of a group.
    pub rate: String,
    /// `TXI01`.
    pub taxes: CodeMap<TaxKind>,
    /// `TXI07`.
    pub tax_relations: CodeMap<TaxRelation>,
    /// `SAC01`. What is not named here is refused, since nobody knows if it is to be paid.
    pub directions: CodeMap<ChargeDirection>,
    /// `SAC03` before the utility's code of a charge.
    pub agency: String,
    /// `SAC04`, the utility's code of a charge.
    pub charges: CodeMap<ChargeKind>,
    /// `SLN03` of a part of a group that only holds charges.
    pub subline: String,
    /// How the amount of a credit is written. In the model it is never less than zero for being a
    /// credit.
    pub credits: Sign,
    /// How the amounts of a bill are written in the document that cancels it.
    pub cancellations: Sign,
}

/// The sign that amounts are written with, where their direction is told apart from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// As they are.
    Same,
    /// With the other sign.
    Opposite,
}

impl Default for InvoiceOptions {
    fn default() -> InvoiceOptions {
        InvoiceOptions {
            sides: SideRoles { us: PartyRole::Utility, them: PartyRole::Customer },
            kinds: CodeMap::of(&[
                (BillKind::Product, &["PR"]),
                (BillKind::DebitInvoice, &["DI"]),
                (BillKind::Credit, &["CR", "CN"]),
                (BillKind::Consolidated, &["CI"]),
                (BillKind::Final, &["FB"]),
                (BillKind::Memorandum, &["ME"]),
            ]),
            currency: Currency::USD,
            currency_entity: "SE".into(),
            account_in: AccountPlace::Heading,
            invoice_start: "186".into(),
            invoice_end: "187".into(),
            balance_phases: CodeMap::of(&[
                (BalancePhase::Prior, &["P"]),
                (BalancePhase::Current, &["M"]),
                (BalancePhase::ToDate, &["Y"]),
                (BalancePhase::Adjustment, &["A"]),
            ]),
            balances: CodeMap::of(&[
                (BalanceKind::Due, &["YB", "BD"]),
                (BalanceKind::Payments, &["TP"]),
                (BalanceKind::Adjustments, &["BM"]),
                (BalanceKind::BeforeCharges, &["J9"]),
                (BalanceKind::Charges, &["PB"]),
                (BalanceKind::BudgetDifference, &["41", "46"]),
                (BalanceKind::BudgetActual, &["0S"]),
                (BalanceKind::BudgetInstalments, &["0R"]),
            ]),
            commodity: "SV".into(),
            commodities: CodeMap::of(&[
                (Commodity::Electricity, &["ELECTRIC"]),
                (Commodity::Gas, &["GAS"]),
            ]),
            level: "C3".into(),
            levels: CodeMap::of(&[
                (GroupLevel::Account, &["ACCOUNT"]),
                (GroupLevel::Rate, &["RATE"]),
                (GroupLevel::Meter, &["METER"]),
                (GroupLevel::Unmetered, &["UNMETERED", "UNMET"]),
            ]),
            description: "F".into(),
            rate: "NH".into(),
            taxes: CodeMap::of(&[
                (TaxKind::Sales, &["LS", "SL"]),
                (TaxKind::StateSales, &["ST"]),
                (TaxKind::CountySales, &["CP"]),
                (TaxKind::CitySales, &["CS"]),
                (TaxKind::Franchise, &["FR"]),
                (TaxKind::GrossReceipts, &["GR"]),
                (TaxKind::Energy, &["ET"]),
            ]),
            tax_relations: CodeMap::of(&[
                (TaxRelation::Added, &["A"]),
                (TaxRelation::Included, &["I"]),
                (TaxRelation::Information, &["O"]),
            ]),
            directions: CodeMap::of(&[
                (ChargeDirection::Charge, &["C"]),
                (ChargeDirection::Credit, &["A"]),
                (ChargeDirection::NoCharge, &["N"]),
            ]),
            agency: "EU".into(),
            charges: CodeMap::of(&[
                (ChargeKind::Basic, &["BAS001", "BAS*"]),
                (ChargeKind::Energy, &["ENC001", "ENC*"]),
                (ChargeKind::Demand, &["DMD001", "DMD*"]),
                (ChargeKind::Generation, &["GEN001", "GEN*"]),
                (ChargeKind::Transmission, &["TRN001", "TRN*"]),
                (ChargeKind::Distribution, &["DIS001", "DIS*"]),
                (ChargeKind::Adjustment, &["ADJ001", "ADJ*"]),
                (ChargeKind::LatePayment, &["LPC001", "LPC*"]),
                (ChargeKind::Other, &["MSC001", "MSC*"]),
            ]),
            subline: "A".into(),
            credits: Sign::Same,
            cancellations: Sign::Same,
        }
    }
}
