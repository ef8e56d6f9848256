//! The utility: what was used, billed and paid, as data that is exact and can be checked.
//!
//! Documents of every format become these values, and these values become documents. Nothing here
//! knows a format: codes of a document stand beside their meaning as text, and what no field means
//! is kept aside, so that a document can be written again as it came ([`residue`]).
//!
//! Numbers are exact decimals and keep the digits they were written with. Instants are UTC with the
//! zone beside them, dates are dates. Which way energy or money goes is a field, never a sign. The
//! JSON form is our own exchange format; `docs/model.schema.json` is its schema.

// Values.
pub mod decimal;

pub mod quantity;

pub mod money;

pub mod time;

pub mod stamp;

pub mod period;

// What every document has.
pub mod coded;

pub mod provenance;

pub mod residue;

pub mod identifier;

pub mod common;

// Who is supplied, and by what it is measured.
pub mod account;

pub mod meter;

// The documents.
pub mod usage;

pub mod bill;

pub mod payment;

pub mod request;

pub mod advice;

// What was agreed.
pub mod rate;

pub mod pricing;

pub mod reconcile;

pub mod authorization;

pub mod envelope;

pub mod record;

#[cfg(test)]
mod generated;
