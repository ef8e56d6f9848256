//! What the tests of the whole system share: the samples, and what should come of each.

// A document and what stands beside it.
pub mod sample;

// What it is checked against, and what came of that.
pub mod agreed;

pub mod checked;

pub mod business;

// The result as it is written down.
pub mod expected;
