//! A webhook: one signed JSON document posted to an address, and what came of it, step by step.
//!
//! It is signed as the Standard Webhooks specification says, which receivers have libraries for:
//! HMAC-SHA256 over `ID.TIMESTAMP.BODY`, in the fields `webhook-id`, `webhook-timestamp` (seconds
//! since 1970) and `webhook-signature` (`v1,` and base64). The id is the same at each further try, so
//! a receiver that remembers ids for some minutes, and refuses older timestamps, takes each once.

use std::fmt;

use aws_lc_rs::hmac;
use jiff::Timestamp;
use tieline_smime::mime::{Headers, from_base64, to_base64};
use tokio::time::Instant;

use crate::as2::client::connect::Way;
use crate::as2::client::pool::Line;
use crate::as2::client::post::Post;
use crate::as2::client::{Destination, Failure, Stage, Step, StepResult};

/// The fewest bytes of a key.
const SHORTEST_KEY: usize = 16;
/// How a key begins that is written in base64.
const PREFIX: &str = "whsec_";

/// The key that signs, which the receiver has too.
#[derive(Clone)]
pub struct Key(hmac::Key);

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(..)")
    }
}

/// A key that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the key that signs webhooks has less than {SHORTEST_KEY} bytes, or is no base64 after {PREFIX}"
)]
pub struct KeyError;

impl Key {
    /// Reads a key: base64 after `whsec_`, else the bytes of the text itself, 16 or more.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn read(text: &str) -> Result<Self, KeyError> {
        let bytes = match text.strip_prefix(PREFIX) {
            Some(coded) => from_base64(coded.as_bytes()).map_err(|_| KeyError)?,
            None => text.as_bytes().to_vec(),
        };
        if bytes.len() < SHORTEST_KEY {
            return Err(KeyError);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The field `webhook-signature` of a document.
    pub fn sign(&self, id: &str, at: Timestamp, body: &str) -> String {
        let signed = format!("{id}.{}.{body}", at.as_second());
        format!("v1,{}", to_base64(hmac::sign(&self.0, signed.as_bytes()).as_ref()))
    }
}

/// What is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its name, the same at each further try; printable ASCII without blanks.
    pub id: String,
    /// When this try is made.
    pub at: Timestamp,
    /// The document, JSON.
    pub body: String,
}

/// Posts a document once. It has arrived when every step is done: the last one is `http`.
pub async fn post(destination: &Destination, key: &Key, webhook: &Webhook) -> Vec<Step> {
    let mut steps = Vec::new();
    let start = Instant::now();
    let posted = async {
        let way = Way::open(destination, &mut |stage, took, word| {
            steps.push(Step { name: stage.to_string(), took, result: StepResult::Done(word) });
        })
        .await?;
        let (mut line, fields) = (Line::open(way).await?, fields(key, webhook)?);
        let post = Post { destination, line: &mut line, fields: &fields, is_kept: false };
        let answer = post.send_whole(webhook.body.clone().into_bytes()).await?;
        match answer.status {
            200..=299 => Ok(answer.status),
            status => Err(Failure::status(status, &answer.headers, &answer.body)),
        }
    };
    let posted = posted.await;
    let took = start.elapsed().saturating_sub(steps.iter().map(|step| step.took).sum());
    steps.push(match posted {
        Ok(status) => {
            let result = StepResult::Done(format!("the receiver answered {status}"));
            Step { name: "http".to_string(), took, result }
        }
        Err(failure) => {
            let name = name(failure.stage());
            let words = failure.to_string();
            let words =
                words.strip_prefix("as2: ").map_or(words.clone(), |it| format!("http: {it}"));
            let (fix, is_passing) = (fix(&failure), failure.may_pass());
            Step { name, took, result: StepResult::Failed { words, fix, is_passing } }
        }
    });
    steps
}

fn name(stage: Stage) -> String {
    match stage {
        Stage::As2 => "http".to_string(),
        stage => stage.to_string(),
    }
}

fn fields(key: &Key, webhook: &Webhook) -> Result<Headers, Failure> {
    let mut fields = Headers::new();
    let second = webhook.at.as_second().to_string();
    let signature = key.sign(&webhook.id, webhook.at, &webhook.body);
    for (name, value) in [
        ("Content-Type", "application/json"),
        ("webhook-id", &webhook.id),
        ("webhook-timestamp", &second),
        ("webhook-signature", &signature),
    ] {
        let wrong = |_| Failure::Message("its id is no plain text".to_string());
        fields.push(name, value).map_err(wrong)?;
    }
    Ok(fields)
}

/// What to do, where that is not what it is for a partner.
fn fix(failure: &Failure) -> String {
    match failure {
        Failure::Status { status: 300..=399, .. } => {
            "write the address it leads to into the secret; redirects are not followed"
        }
        Failure::Status { status: 401 | 403, .. } => {
            "compare the key of the secret with the receiver's, and both clocks"
        }
        Failure::Status { status: 404 | 405, .. } => "check the path of the address",
        Failure::Status { .. } | Failure::LargeAnswer { .. } | Failure::Broken { .. } => {
            "look at the receiver's log"
        }
        Failure::Timeout { stage: Stage::As2, .. } => "the receiver has to answer sooner",
        Failure::Tls { .. } => {
            "look at the certificate of the receiver; the system's roots are asked"
        }
        _ => return failure.fix(),
    }
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification, <https://www.standardwebhooks.com>.
    #[test]
    fn a_document_is_signed_as_the_specification_says() {
        let key = Key::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a key");
        let at = Timestamp::from_second(1_614_265_330).expect("an instant");
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_short_key_is_refused_and_none_is_shown() {
        for wrong in ["", "fifteen letters", "whsec_", "whsec_c2hvcnQ=", "whsec_?"] {
            assert_eq!(Key::read(wrong).err(), Some(KeyError), "{wrong}");
        }
        let key = Key::read("sixteen letters.").expect("a key");
        assert_eq!(format!("{key:?}"), "Key(..)");
    }
}
