//! Documents of every set: read into the model, written again as they were, made anew and judged.

#[path = "../shared/mod.rs"]
mod shared;

// What the tests are made with.
mod document;

mod mapping;

mod noise;

mod values;

// The sets.
mod usage;

mod invoice;

mod remittance;

mod enrollment;

mod advice;

// All of them.
mod broken;

mod business;
