//! Days on which the clocks change, and times as partners write them.
