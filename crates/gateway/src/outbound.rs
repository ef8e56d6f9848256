//! The road out, one line a step.
//!
//! ```text
//! release   what is due to a partner: composed, checked as the partner will check it, queued, once
//! deliver   a queued message into its partner's mailbox, or to its AS2 server; its answers are expected
//! receipt   what we owe for an AS2 message, when it does not go back in the same breath
//! export    what was posted, as a file for other programs in a folder of ours, once
//! call      a partner's server: what is queued for it is put there, and what waits there is taken
//! alert     what a person hears of, written down and gathered; tell sends it
//! ```

use std::sync::Arc;

use tieline_store::job::Claimed;

use crate::house::House;
use crate::steps::{
    self, ALERT, CALL, DELIVER, EXPORT, Failure, OVERDUE, RECEIPT, RELEASE, RETAIN, Step, TELL,
    WATCH,
};
use crate::{alerts, overdue, retention};

/// The step of the road out that a job is; `None` if it is none.
pub(crate) async fn step(house: &Arc<House>, claimed: &Claimed) -> Option<Result<Step, Failure>> {
    Some(match claimed.kind.as_str() {
        RELEASE => steps::release::step(house, claimed).await,
        EXPORT => steps::export::step(house, claimed).await,
        OVERDUE => overdue::follow(house, claimed).await,
        WATCH => overdue::look(house, claimed).await,
        RETAIN => retention::step(house, claimed).await,
        CALL => steps::call::step(house, claimed).await,
        DELIVER => steps::deliver::step(house, claimed).await,
        RECEIPT => steps::receipt::step(house, claimed).await,
        ALERT => alerts::note(house, claimed).await,
        TELL => alerts::tell(house, claimed).await,
        _ => return None,
    })
}
