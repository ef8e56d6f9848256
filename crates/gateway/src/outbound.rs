//! The road out, one line a step.
//!
//! ```text
//! deliver   a queued message to its partner; then its answers are expected
//! ```

use tieline_store::job::Claimed;

use crate::house::House;
use crate::steps::{self, ALERT, DELIVER, Failure, Step};

/// The step of the road out that a job is; `None` if it is none.
pub(crate) async fn step(house: &House, claimed: &Claimed) -> Option<Result<Step, Failure>> {
    Some(match claimed.kind.as_str() {
        DELIVER => steps::deliver::step(house, claimed).await,
        ALERT => Ok(Step::done(tieline_store::Change::default())),
        _ => return None,
    })
}
