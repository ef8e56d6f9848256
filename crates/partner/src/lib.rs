//! Trading partners: who they are, and what each asks of the documents we exchange.
//!
//! A partner is a folder: `partner.toml` says who it is, and a `<set>.guide.toml` for each document
//! says what it asks for beyond the standard. A guide may start from one that is built in. What we charge
//! ourselves is in the rate book: a file for each schedule.

pub mod amount;
pub mod authorization;
pub mod builtin;
pub mod calendar;
pub mod directory;
pub mod edit;
pub mod file_error;
pub mod frame;
pub mod guide_file;
pub mod load;
pub mod pattern;
pub mod profile;
pub mod rates;
pub mod schedule;
pub mod schema;
pub mod secret;
pub mod suspicious;
pub mod worksheet;

mod options_file;
mod shape;
mod toml_file;

pub use authorization::{Expiry, may_see};
pub use directory::{Changes, Directory};
pub use file_error::FileError;
pub use guide_file::GuideFile;
pub use load::{Partner, PartnerBook};
pub use profile::Profile;
pub use rates::RateBook;
pub use toml_file::did_you_mean;
