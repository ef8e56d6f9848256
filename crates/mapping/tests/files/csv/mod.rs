//! Tables of usage, bills and payments: the samples, tables of records that only look random, and
//! tables that were damaged.

mod format;

mod money;

mod edi;

mod page;

mod damaged;

mod records;

mod samples;

mod streams;

mod times;

mod values;
