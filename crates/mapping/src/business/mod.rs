//! Business findings: what is wrong with a document beyond the standard, found on the model.
//!
//! A document that keeps the standard may still be useless: a day with 95 quarter hours, a total that
//! is not the sum of its lines. Such findings are told beside those of the standard and are answered
//! by an application advice (824), never by an acknowledgment: no 997 refuses anything for them.
//!
//! What must hold is a partner's convention, so each finding can be turned off or made milder.
//! Messages have figures of energy, money and time, and never who the customer is.

// What there is to find, and how it is told.
pub mod catalogue;

pub mod options;

mod finding;

mod seen;

// The documents.
mod usage;

mod intervals;

mod summary;

mod bill;

mod payment;

// A file of them, and the answer to each.
mod judge;

mod advice;

pub use advice::advice;
pub use bill::{bill, priced};
pub use catalogue::{CATALOGUE, Code, Entry, Reason, Severity};
pub use finding::{BusinessFinding, What, unreadable};
pub use judge::{Judge, is_unsure_after};
pub use options::BusinessOptions;
pub use payment::payment;
pub use seen::{Number, Seen};
pub use usage::usage;
