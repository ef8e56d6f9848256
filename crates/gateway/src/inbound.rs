//! The road in, one line a step.
//!
//! ```text
//! receive   the bytes and who sent them are kept, before anybody is told that we have them
//! quarantine what came over AS2 under a partner's name and could not be opened: a person hears of it
//! read      the interchanges in them; who may speak for whom; new, repeat, or another under a used number
//! check     each judged by the standard and the partner's guides; its answers queued
//! post      what it says, once; what is wrong with it beyond the standard goes back as an 824
//! import    a file of our own house in another format: what it says is ours to send out
//! ```

use tieline_store::job::Claimed;

use crate::house::House;
use crate::steps::{self, CHECK, Failure, IMPORT, POST, QUARANTINE, READ, Step};

/// The step of the road in that a job is; `None` if it is none.
pub(crate) async fn step(house: &House, claimed: &Claimed) -> Option<Result<Step, Failure>> {
    Some(match claimed.kind.as_str() {
        READ => steps::read::step(house, claimed).await,
        CHECK => steps::check::step(house, claimed).await,
        POST => steps::post::step(house, claimed).await,
        QUARANTINE => steps::quarantine::step(house, claimed).await,
        IMPORT => steps::import::step(house, claimed).await,
        _ => return None,
    })
}
