//! Control numbers, which are never given twice.

use jiff::Timestamp;

/// A sequence of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Counter {
    /// Whose numbers, e.g. a partner's id.
    pub partner: String,
    /// Which of them, e.g. `ISA13`, `GS06`, with `test` beside it where tests have their own.
    pub kind: String,
    /// The last number before 1 comes again: 999,999,999 for `ISA13` and `GS06`.
    pub last: u64,
}

/// Numbers that were given to a purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// The first number.
    pub first: u64,
    /// How many, in a row.
    pub count: u32,
    /// What for.
    pub purpose: String,
    /// When.
    pub at: Timestamp,
}
