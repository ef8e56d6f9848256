//! A posting: a usage report, bill, payment, request or advice that has its effect once.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::change;
use crate::interchange::InterchangeId;
use crate::message::{Flow, MessageId};

/// The number of a posting in the store, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostingId(pub i64);

/// What was posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A usage report.
    Usage,
    /// A bill.
    Bill,
    /// A payment.
    Payment,
    /// A service request.
    Request,
    /// An advice.
    Advice,
}

/// A posting that a change brings.
///
/// Its key is kind, flow, party, reference and test: whatever comes under the same key again has no
/// effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPosting {
    /// What it is.
    pub kind: Kind,
    /// Whether it came from a partner, or is ours to send out.
    pub flow: Flow,
    /// Whose reference it is: the sender, the payer, or ourselves.
    pub party: String,
    /// The document's own reference: `BIG02`, `BPT02`, `TRN02`.
    pub reference: String,
    /// Whether it is test traffic, which stays apart from production.
    pub test: bool,
    /// The accounts it is about.
    pub accounts: Vec<String>,
    /// The first day it is about.
    pub from: Option<Date>,
    /// The day after the last it is about.
    pub until: Option<Date>,
    /// The money it is about in text, e.g. `123.45`.
    pub amount: Option<String>,
    /// The record as JSON of the model.
    pub record: Vec<u8>,
    /// The message it came in.
    pub message: change::Message,
    /// The interchange it came in.
    pub interchange: Option<InterchangeId>,
}

/// A posting as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Its number.
    pub id: PostingId,
    /// What it is.
    pub kind: Kind,
    /// Whether it came from a partner, or is ours to send out.
    pub flow: Flow,
    /// Whose reference it is.
    pub party: String,
    /// The document's own reference.
    pub reference: String,
    /// Whether it is test traffic.
    pub test: bool,
    /// The accounts it is about.
    pub accounts: Vec<String>,
    /// The first day it is about.
    pub from: Option<Date>,
    /// The day after the last it is about.
    pub until: Option<Date>,
    /// The money it is about.
    pub amount: Option<String>,
    /// The record as JSON of the model.
    pub record: Vec<u8>,
    /// The message it came in.
    pub message: MessageId,
    /// When.
    pub at: Timestamp,
}

/// A posting that goes to a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRelease {
    /// The posting.
    pub posting: PostingId,
    /// The partner.
    pub partner: String,
    /// As what, e.g. `867` or `espi`. A posting goes to a partner once as each.
    pub form: String,
    /// The message it goes in.
    pub message: change::Message,
}

/// Which postings are meant; an empty filter means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of these kinds; any when empty.
    pub kinds: Vec<Kind>,
    /// Going this way.
    pub flow: Option<Flow>,
    /// Of this party.
    pub party: Option<String>,
    /// From this sender, for itself or for a payer behind it.
    pub sender: Option<String>,
    /// Of this reference.
    pub reference: Option<String>,
    /// Test traffic, or production.
    pub test: Option<bool>,
    /// About one of these accounts; any when empty.
    pub accounts: Vec<String>,
    /// About days at or after this one.
    pub from: Option<Date>,
    /// About days before this one.
    pub until: Option<Date>,
    /// Not yet released to this partner in this form.
    pub unreleased: Option<(String, String)>,
    /// That went to a partner in this message.
    pub released_in: Option<MessageId>,
    /// That came in this message.
    pub message: Option<MessageId>,
}
