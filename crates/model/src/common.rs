//! What many documents have: parties, references, dates, notes.

use serde::{Deserialize, Serialize};

use crate::coded::Coded;
use crate::decimal::Decimal;
use crate::provenance::Ordinal;
use crate::residue::Residue;
use crate::stamp::Stamp;

/// What a document does to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// It is new.
    Original,
    /// It takes back a whole earlier document.
    Cancel,
    /// It takes the place of an earlier document.
    Replace,
    /// It takes back an earlier document, and a new one follows.
    CancelReissue,
    /// It repeats an earlier document.
    Duplicate,
    /// It answers a question, e.g. for past usage.
    Response,
    /// It reports a state, e.g. the initial read of a meter.
    Status,
    /// None of these.
    Other,
}

/// Somebody a document names: one `N1` loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// What it is to the document.
    pub role: Coded<PartyRole>,
    /// Its name.
    pub name: Option<String>,
    /// Its number, e.g. a DUNS number.
    pub id: Option<PartyId>,
    /// Further lines of its name.
    pub more_names: Vec<String>,
    /// Where it is; for the customer often the place that is supplied.
    pub address: Option<Address>,
    /// Its numbers that are not fields of the document.
    pub references: Vec<Reference>,
    /// Whom to ask.
    pub contacts: Vec<Contact>,
    /// Where it was read.
    #[serde(default)]
    pub at: Ordinal,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

impl Party {
    /// A party of which only the role and the name are known.
    pub fn new(role: Coded<PartyRole>, name: Option<String>) -> Party {
        Party {
            role,
            name,
            id: None,
            more_names: Vec::new(),
            address: None,
            references: Vec::new(),
            contacts: Vec::new(),
            at: Ordinal::default(),
            residue: Residue::default(),
        }
    }
}

/// What somebody is to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PartyRole {
    /// The utility that delivers.
    Utility,
    /// Who is supplied.
    Customer,
    /// Who sells the energy, where that is not the utility.
    Supplier,
    /// Who acts for the customer: a consultant, a data service.
    Agent,
    /// Who sells renewable energy.
    RenewableProvider,
    /// Who passes documents on for a market.
    ClearingHouse,
    /// Who gets the bill, where that is not the customer.
    BillTo,
    /// Who gets the money.
    RemitTo,
    /// Who pays.
    Payer,
    /// Who is paid.
    Payee,
    /// A bank.
    Bank,
    /// The place that is supplied.
    ServiceLocation,
    /// Who gets mail after service has ended.
    Forwarding,
    /// None of these.
    Other,
}

/// A number of a party, and who gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PartyId {
    /// What kind of number it is.
    pub kind: Coded<PartyIdKind>,
    /// The number.
    pub id: String,
}

/// Who gave a number to a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PartyIdKind {
    /// A DUNS number.
    Duns,
    /// A DUNS number and four characters of its owner.
    DunsPlus4,
    /// A federal tax number.
    FederalTax,
    /// The number of a bank.
    BankRouting,
    /// What the sender calls it.
    AssignedBySender,
    /// What the receiver calls it.
    AssignedByReceiver,
    /// Another kind.
    Other,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Street and number, in as many lines as there are.
    pub lines: Vec<String>,
    /// The city.
    pub city: Option<String>,
    /// The state or province, two letters.
    pub state: Option<String>,
    /// The ZIP code.
    pub postal_code: Option<String>,
    /// The country.
    pub country: Option<String>,
}

/// Whom to ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// What for, by the raw code of the document, e.g. `IC`.
    pub function: String,
    /// The name.
    pub name: Option<String>,
    /// Numbers and addresses, in the order of the document.
    pub numbers: Vec<ContactNumber>,
}

/// A telephone number, a mail address and the like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ContactNumber {
    /// How it is used.
    pub kind: Coded<ContactKind>,
    /// The number or address.
    pub number: String,
}

/// How somebody is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    /// By telephone.
    Telephone,
    /// The extension of a telephone.
    Extension,
    /// By telefax.
    Fax,
    /// By electronic mail.
    Email,
    /// Another way.
    Other,
}

/// A number that leads to something else: one `REF`.
///
/// Accounts, meters and service points are fields of their own. A reference whose kind no partner's
/// code map knows is residue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// To what.
    pub kind: Coded<ReferenceKind>,
    /// The number.
    pub value: Option<String>,
    /// A text beside or instead of the number.
    pub text: Option<String>,
}

impl Reference {
    /// A number without a text.
    pub fn new(kind: Coded<ReferenceKind>, value: impl Into<String>) -> Reference {
        Reference { kind, value: Some(value.into()), text: None }
    }
}

/// What a number leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReferenceKind {
    /// An account of the utility.
    Account,
    /// A supplier's account.
    SupplierAccount,
    /// The number the account had before.
    FormerAccount,
    /// An account that stands for many.
    MasterAccount,
    /// A service point.
    ServicePoint,
    /// A meter.
    Meter,
    /// The day of the month on which is billed.
    BillingCycle,
    /// Who bills.
    BillingOption,
    /// Who calculates the bill.
    BillCalculator,
    /// A rate schedule.
    Rate,
    /// A part of a rate schedule.
    RateSubclass,
    /// The typical load that an account without interval data is given.
    LoadProfile,
    /// The voltage of the service.
    Voltage,
    /// A bill.
    Bill,
    /// The bill that is cancelled or replaced.
    OriginalBill,
    /// A usage report.
    UsageReport,
    /// The document that is answered.
    OriginalDocument,
    /// An authorization of the customer.
    Authorization,
    /// A payment that travels apart.
    Payment,
    /// A purchase order.
    PurchaseOrder,
    /// A contract.
    Contract,
    /// A tax number.
    TaxNumber,
    /// Why something is exempt from tax.
    TaxExemption,
    /// How a payment is sorted.
    PaymentCategory,
    /// Why something was refused; the value is the reason's code.
    RejectReason,
    /// What there is to know of a request that is not refused; the value is the code.
    StatusReason,
    /// What is to be changed; the value is the field's code.
    ChangeReason,
    /// An entry in a ledger or a batch.
    Batch,
    /// What no other kind names, but a partner's code map knows.
    Other,
}

/// A dated event that is no field of its document: one `DTM`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What happened or is to happen.
    pub kind: Coded<EventKind>,
    /// When.
    pub stamp: Stamp,
}

/// What happens at a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Something takes effect.
    Effective,
    /// The first day of something.
    Start,
    /// The last day of something.
    End,
    /// A bill or other document was issued.
    Issued,
    /// A payment is due.
    Due,
    /// A payment was made or is settled.
    Paid,
    /// A check was written.
    Check,
    /// Something was received.
    Received,
    /// Something was processed.
    Processed,
    /// A meter was read.
    MeterRead,
    /// A document was made.
    Created,
    /// What no other kind names, but a partner's code map knows.
    Other,
}

/// An amount that is no field of its document: one `AMT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StatedAmount {
    /// What it is an amount of.
    pub kind: Coded<AmountKind>,
    /// How much, in the currency of the document or, for a demand, in its unit.
    pub amount: Decimal,
}

/// What an amount is an amount of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AmountKind {
    /// A bill.
    Billed,
    /// A payment.
    Paid,
    /// What is still owed.
    Balance,
    /// A month's instalment.
    Instalment,
    /// What no other kind names, but a partner's code map knows.
    Other,
}

/// A text for people: one `NTE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// What it is about, by the raw code of the document, e.g. `ADD`.
    pub code: Option<String>,
    /// The text.
    pub text: String,
}

/// The first reference of a kind that has a value.
pub fn reference(references: &[Reference], kind: ReferenceKind) -> Option<&str> {
    references
        .iter()
        .filter(|reference| reference.kind.meaning == kind)
        .find_map(|reference| reference.value.as_deref())
}

/// The first party of a role.
pub fn party(parties: &[Party], role: PartyRole) -> Option<&Party> {
    parties.iter().find(|party| party.role.meaning == role)
}
