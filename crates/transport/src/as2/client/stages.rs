//! A destination tried out step by step, for whoever sets a partner up.

use std::io::Read;
use std::time::Duration;

use tokio::time::Instant;

use crate::as2::client::outcome::{Failure, Outcome, Stage};
use crate::as2::client::{Destination, Message, send_observed};
use crate::sftp::client::{Step, StepResult};

/// Tries out a destination, step by step up to the first that fails: `dns`, `tcp`, `proxy`, `tls`,
/// and `as2`, which is a message with a receipt that is right in everything. The partner gets the
/// message: agree with it on what to send.
pub async fn test_connection(
    destination: &Destination,
    message: &Message,
    payload: impl Read + Send + 'static,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let start = Instant::now();
    let sent = send_observed(destination, message, payload, &mut |stage: Stage, took, word| {
        steps.push(Step { name: stage.to_string(), took, result: StepResult::Done(word) });
    })
    .await;
    let before: Duration = steps.iter().map(|step| step.took).sum();
    let took = start.elapsed().saturating_sub(before);
    let (name, words, fix, is_passing) = match &sent.outcome {
        Outcome::Delivered(_) => return steps,
        Outcome::NotDelivered(failure) => {
            (failure.stage(), Failure::to_string(failure), failure.fix(), failure.may_pass())
        }
        Outcome::Awaited | Outcome::Taken => (
            Stage::As2,
            "as2: the server took the message and gave no receipt".to_string(),
            "ask for a signed receipt in the answer to try a connection out".to_string(),
            false,
        ),
    };
    steps.push(Step {
        name: name.to_string(),
        took,
        result: StepResult::Failed { words, fix, is_passing },
    });
    steps
}
