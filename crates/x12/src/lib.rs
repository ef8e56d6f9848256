//! ASC X12 for electric utilities: reading, checking, acknowledging and writing interchanges.

// The standard as data.
pub mod table;

pub mod sets;

pub mod dictionary;

pub mod guide;

// Bytes in.
pub mod delimiters;

pub mod header;

pub mod lexer;

pub mod segment;

pub mod position;

mod value;

// Judging.
pub mod plan;

mod elements;

mod walk;

mod guided;

mod judge;

mod ledger;

pub mod check;

pub mod finding;

pub mod observer;

// Bytes out.
mod body;

pub mod compose;

// The document.
pub mod held_set;
pub mod tree;

pub mod document;

pub mod acknowledge;

pub mod layout;

pub mod diff;

pub mod scrub;

#[cfg(feature = "x12-types")]
pub mod interop;

// In words.
pub mod catalogue;

pub mod explain;
