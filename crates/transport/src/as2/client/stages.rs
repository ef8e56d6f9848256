//! A destination tried out step by step, for whoever sets a partner up.

use std::io::Read;
use std::time::Duration;

use tieline_smime::Mic;
use tieline_smime::mdn::Signature;
use tokio::time::Instant;

use crate::as2::client::outcome::{Failure, Outcome, Stage};
use crate::as2::client::{Destination, Message, send_observed};
use crate::sftp::client::{Step, StepResult};

/// Tries out a destination, step by step up to the first that fails: `dns`, `tcp`, `proxy`, `tls`,
/// `as2`, which is a message that the partner takes, and `receipt`, which is right in everything: signed
/// by the partner if that was asked for, about this message, and with its MIC. The partner gets the
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
    let (stage, result) = match &sent.outcome {
        Outcome::Delivered(received) => {
            let mic = sent.mic.as_ref().map(Mic::to_string).unwrap_or_default();
            let signed = match &received.signature {
                Signature::Verified(_) => "signed",
                Signature::None | Signature::Bad(_) => {
                    "NOT SIGNED, as the profile asks: anybody may have written it;"
                }
            };
            (Stage::Receipt, StepResult::Done(format!("{signed} and with the same MIC: {mic}")))
        }
        Outcome::NotDelivered(failure) => {
            let (stage, words) = (failure.stage(), Failure::to_string(failure));
            // What kind of receipt comes is how the partner is set up: it does not change by waiting.
            let is_passing = failure.may_pass() && stage != Stage::Receipt;
            let words = match (stage, words.strip_prefix("as2: ")) {
                (Stage::Receipt, Some(words)) => format!("{stage}: {words}"),
                _ => words,
            };
            (stage, StepResult::Failed { words, fix: failure.fix(), is_passing })
        }
        Outcome::Awaited | Outcome::Taken => {
            let words = "receipt: the answer has none".to_string();
            let fix = "ask for a signed receipt in the answer to try a connection out".to_string();
            (Stage::Receipt, StepResult::Failed { words, fix, is_passing: false })
        }
    };
    steps.push(Step { name: stage.to_string(), took, result });
    steps
}
