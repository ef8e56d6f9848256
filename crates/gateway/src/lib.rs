//! The road a document takes: kept, read, judged, answered, posted, delivered.
//!
//! `inbound` and `outbound` tell it, one line a step; `steps` does it, a file each. A step is worked
//! out from what is there and written as one change of the store, so that the whole road can be cut
//! off anywhere and goes on from the last step that finished.

mod agreement;
pub mod alerts;
pub mod arrivals;
pub mod as2;
pub mod bans;
mod compose;
pub mod connection;
mod ending;
pub mod evidence;
mod examine;
pub mod extract;
pub mod folders;
pub mod forecast;
pub mod formed;
mod health;
pub mod host;
pub mod house;
pub mod inbound;
mod json;
mod metrics;
pub mod operate;
pub mod outbound;
pub mod overdue;
mod payload;
mod posting;
mod queue;
mod renumber;
pub mod retention;
pub mod schedule;
pub mod serve;
mod speaker;
mod steady;
mod steps;
pub mod upkeep;
mod withheld;
pub mod worker;

pub use house::House;
pub use steps::{EXPORT, IMPORT, READ, RELEASE, RETAIN, TELL};
