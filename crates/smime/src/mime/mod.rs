//! MIME, as far as sealed messages need it: exact bytes, streams, and no second reading of anything.

mod encoding;

pub use encoding::{Base64Reader, Base64Writer, from_base64, to_base64};
