//! Tables of usage, bills and payments: the samples, tables of records that only look random, and
//! tables that were damaged.

#[path = "../shared/json.rs"]
mod json;

mod format;

mod money;

mod edi;

mod page;

mod random;

mod damaged;

mod records;

mod samples;

mod streams;

mod times;
