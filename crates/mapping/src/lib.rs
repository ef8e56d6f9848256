//! Mapping: what a document says, as values of the model, and those values as a document again.
//!
//! One file for each document, with reading and writing in it side by side. A partner's habits are
//! options, which are data; what no field means is kept as residue, so that a document that was read
//! is written as it came. No clock, no files, no network.

// A partner's habits.
pub mod code_map;

pub mod options;

// Why it cannot be done.
pub mod error;

// The documents.
pub mod usage_867;

pub mod invoice_810;

pub mod remittance_820;

pub mod enrollment_814;

pub mod advice_824;

// All of them, and what is around them.
pub mod document;

pub mod envelope;

pub mod naming;

pub mod derived;

// What is wrong with them beyond the standard.
pub mod business;

// Everything that is not X12.
pub mod files;

// What all of them need.
mod given;

mod sink;

mod branch;

mod figure;

mod common;

mod party;

mod account;

mod service_period;

mod measurement;

mod stamp;
