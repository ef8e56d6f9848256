//! The receipt of a message (MDN, RFC 8098 and 4130): asked for, written, read and judged.

mod disposition;
mod judge;
mod read;
mod request;
mod write;

pub use disposition::{Disposition, Modifier, Severity};
pub use judge::{Expected, Judgement, Why, judge};
pub use read::{LARGEST_RECEIPT, Received, Signature, Trust, read};
pub use request::{Receipt, Request};
pub use write::{Mdn, write};

use crate::fault::Fault;
use crate::mic::Mic;

/// A Message-ID without the angle brackets that some leave off.
fn bare(message_id: &str) -> &str {
    let trimmed = message_id.trim();
    trimmed.strip_prefix('<').and_then(|it| it.strip_suffix('>')).unwrap_or(trimmed)
}

/// The MIC a field tells.
fn mic(text: &str) -> Result<Mic, Fault> {
    Mic::from_text(text).ok_or(Fault::Mime("the MIC of a receipt is none that can be compared"))
}
