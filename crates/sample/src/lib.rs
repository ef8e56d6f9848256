//! Sample documents: what an electric cooperative sends and receives, all of it invented.
//!
//! Each kind of document is a recipe, one file that reads like the document. The same seed always
//! gives the same bytes: no clock, no files, no network. [`corpus`] wraps recipes in an interchange,
//! of any size; [`mistakes`] plants one named mistake in a valid document and says where it lies.

pub mod kind;

pub mod choices;

pub mod corpus;

pub mod mistakes;

pub mod fit;

pub mod usage_monthly;

pub mod usage_interval;

pub mod usage_historical;

pub mod invoice;

pub mod remittance;

pub mod account_setup;

pub mod advice;

pub mod calendar;

pub mod random;

mod amounts;

mod people;

pub use choices::{Choices, IntervalLength};
pub use kind::Kind;

/// A segment the way it looks in the document, `*` between elements.
macro_rules! segment {
    ($($text:tt)*) => {
        tieline_x12::compose::Segment::shorthand(&format!($($text)*))
    };
}
pub(crate) use segment;
