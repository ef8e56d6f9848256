//! Files that are not X12: read into records of the model, and written from them, one at a time.
//!
//! A reader takes any source of bytes and gives one record after the other; a writer takes one after
//! the other. Neither holds more than one record, so a file may be larger than memory. What a format
//! has no place for is told before it is written ([`loss`]).

// What all of them need.
pub mod error;

pub mod loss;

pub mod source;

mod sink;

pub mod xml;

// The formats.
pub mod espi;

pub mod bulk_xml;

pub use error::{FileError, FileFault, Place};
pub use loss::{Holds, Losses, losses};

// What tables and others have in common.
mod clock;

mod series;

// Files of rows and columns.
pub mod table;

pub mod usage_csv;

pub mod billing_csv;

pub mod payment_csv;

pub mod xlsx;

// What other systems answer.
pub mod smarthub;
