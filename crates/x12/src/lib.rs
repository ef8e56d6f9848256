//! ASC X12 for electric utilities: reading, checking, acknowledging and writing interchanges.

pub mod table;
pub mod delimiters;
pub mod finding;
pub mod guide;
pub mod compose;
