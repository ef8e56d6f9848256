//! MIME, as far as sealed messages need it: exact bytes, streams, and no second reading of anything.

mod encoding;
mod header;
mod multipart;

pub use encoding::{Base64Reader, Base64Writer, from_base64, to_base64};
pub(crate) use header::attachment;
pub use header::{FileName, Headers, LONGEST_HEADERS, MOST_FIELDS, Value};
pub use multipart::Parts;
