//! Who did what, who is banned, and figures for the metrics.

use jiff::Timestamp;

/// One line of the audit. Lines are only ever added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When; the store's clock when `None`.
    pub at: Option<Timestamp>,
    /// Who: a person, an account, a schedule.
    pub actor: String,
    /// What they did, e.g. `login`, `file arrived`, `resend`.
    pub action: String,
    /// To what, e.g. a message, a path, a partner.
    pub subject: String,
    /// In words, with no customer data.
    pub detail: String,
}

/// Which lines of the audit are meant; an empty filter means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this actor.
    pub actor: Option<String>,
    /// Of this action.
    pub action: Option<String>,
    /// To this subject.
    pub subject: Option<String>,
    /// At or after this instant.
    pub since: Option<Timestamp>,
}

/// A ban of an address or an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// One figure for the metrics, e.g. `messages`, `partner=redriver-bank,state=held`, 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What is counted.
    pub name: &'static str,
    /// Its labels and their values.
    pub labels: Vec<(&'static str, String)>,
    /// How many.
    pub value: u64,
}

/// Whose postings they are that come from our own house.
pub const OURSELVES: &str = "utility";

/// What of a partner's has been kept long enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// Whose: a partner's, or our own house's when `None`.
    pub partner: Option<String>,
    /// Test traffic, or production.
    pub test: bool,
    /// What ended, or was posted, before this instant.
    pub before: Timestamp,
}
