//! Options of an 820.

use serde::{Deserialize, Serialize};
use tieline_model::common::PartyRole;
use tieline_model::common::{EventKind, ReferenceKind};
use tieline_model::money::Currency;
use tieline_model::payment::{
    AdjustmentReason, Flow, Handling, PaymentAction, PaymentFormat, PaymentMethod,
};

use super::common::SideRoles;
use crate::code_map::CodeMap;

/// One partner's codes and habits in an 820.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemittanceOptions {
    /// What both sides are, where a record does not name them.
    pub sides: SideRoles,
    /// `BPR01`.
    pub handlings: CodeMap<Handling>,
    /// `BPR03`; it must be known.
    pub flows: CodeMap<Flow>,
    /// `BPR04`.
    pub methods: CodeMap<PaymentMethod>,
    /// `BPR05`.
    pub formats: CodeMap<PaymentFormat>,
    /// The currency of a document without a `CUR`.
    pub currency: Currency,
    /// `CUR01` of a currency that has to be named and whose owner is not known.
    pub currency_of: String,
    /// `RMR01`, `ADX03` and `REF01`: what a number of an 820 is the number of. The common
    /// `references` are asked after it.
    pub numbers: CodeMap<ReferenceKind>,
    /// `DTM01`. The common `events` are asked after it.
    pub events: CodeMap<EventKind>,
    /// `RMR03`.
    pub actions: CodeMap<PaymentAction>,
    /// `RMR07` and `ADX02`.
    pub reasons: CodeMap<AdjustmentReason>,
}

impl Default for RemittanceOptions {
    fn default() -> RemittanceOptions {
        RemittanceOptions {
            sides: SideRoles { us: PartyRole::Payee, them: PartyRole::Payer },
            handlings: CodeMap::of(&[
                (Handling::PaymentWithAdvice, &["C", "X", "U"]),
                (Handling::PaymentOnly, &["D"]),
                (Handling::AdviceOnly, &["I"]),
            ]),
            flows: CodeMap::of(&[(Flow::Credit, &["C"]), (Flow::Debit, &["D"])]),
            methods: CodeMap::of(&[
                (PaymentMethod::Ach, &["ACH"]),
                (PaymentMethod::Check, &["CHK"]),
                (PaymentMethod::Wire, &["FWT", "CWT", "FEW", "SWT"]),
                (PaymentMethod::BookTransfer, &["CDA"]),
                (PaymentMethod::NonPayment, &["NON"]),
            ]),
            formats: CodeMap::of(&[
                (PaymentFormat::Ctx, &["CTX"]),
                (PaymentFormat::CcdPlus, &["CCP"]),
                (PaymentFormat::Ccd, &["CCD"]),
                (PaymentFormat::PpdPlus, &["PPP"]),
                (PaymentFormat::Ppd, &["PPD"]),
            ]),
            currency: Currency::USD,
            currency_of: "PR".into(),
            numbers: CodeMap::of(&[
                (ReferenceKind::Account, &["12"]),
                (ReferenceKind::SupplierAccount, &["11"]),
                (ReferenceKind::MasterAccount, &["14"]),
                (ReferenceKind::FormerAccount, &["45"]),
                (ReferenceKind::Bill, &["IV"]),
                (ReferenceKind::OriginalBill, &["OI"]),
                (ReferenceKind::Payment, &["EM", "TN", "CK"]),
            ]),
            events: CodeMap::of(&[
                (EventKind::Check, &["020"]),
                (EventKind::Received, &["109", "050"]),
                (EventKind::Paid, &["234"]),
            ]),
            actions: CodeMap::of(&[
                (PaymentAction::Full, &["PI"]),
                (PaymentAction::Partial, &["PP"]),
                (PaymentAction::OnAccount, &["PO"]),
                (PaymentAction::Adjustment, &["AJ"]),
            ]),
            reasons: CodeMap::of(&[
                (AdjustmentReason::Correction, &["CS"]),
                (AdjustmentReason::Credit, &["81", "CM"]),
                (AdjustmentReason::Underpayment, &["53"]),
                (AdjustmentReason::Overpayment, &["52", "80", "WW"]),
                (AdjustmentReason::Disputed, &["06", "01", "03"]),
                (AdjustmentReason::TaxExempt, &["55"]),
                (AdjustmentReason::Discount, &["76", "90"]),
                (AdjustmentReason::LateCharge, &["50", "51"]),
                (AdjustmentReason::Returned, &["IF"]),
            ]),
        }
    }
}
