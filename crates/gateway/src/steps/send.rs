//! Send: a message goes to its partner's AS2 server. Each try has the same Message-ID, so that the
//! partner knows it again, and only a receipt that is right in everything makes it delivered.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tieline_partner::profile::as2::As2;
use tieline_smime::Mic;
use tieline_smime::mdn::{Severity, Signature, Why};
use tieline_store::change::{self, MessageState};
use tieline_store::expectation::{Kind, NewExpectation};
use tieline_store::job::{Claimed, End};
use tieline_store::message::{Message, State};
use tieline_store::receipt::NewReceipt;
use tieline_store::{Change, MessageId};
use tieline_transport::as2::client::{self, Outcome};

use super::deliver::{begin, sent};
use super::{Failure, Step, alert, event};
use crate::as2::relation::{self, Letter, agreed, our_id};
use crate::house::House;
use crate::payload::Bytes;

/// Sends the message of a job.
pub(crate) async fn step(
    house: &House,
    claimed: &Claimed,
    message: &Message,
) -> Result<Step, Failure> {
    let book = house.book();
    let nobody = || Failure::Final("the message is for no partner that is on AS2".to_string());
    let partner = message.partner.as_deref().and_then(|id| book.find(id)).ok_or_else(nobody)?;
    let as2 = agreed(partner.profile()).ok_or_else(nobody)?;
    let url = as2.url.as_deref().and_then(|it| it.parse().ok()).ok_or_else(nobody)?;
    let now = house.store.now().await?;
    let folder = house.mailboxes.join(".spool").join("as2");
    fs::create_dir_all(&folder)?;
    let own = our_id(&book, as2).unwrap_or_default();
    let letter = Letter {
        message_id: message_id(message.id, &message.sha256, own),
        file_name: &message.name,
        now,
        folder: &folder,
    };
    let keys = house.keys.of(&book, &house.secrets);
    let sealed = relation::message(&book, partner, &keys, letter).map_err(Failure::Final)?;
    let destination =
        relation::destination(&house.secrets, partner, url).map_err(Failure::Final)?;
    let bytes = Bytes::open(house.store.payload(message.id).await?)?;
    if message.state == State::Queued {
        begin(house, message).await?;
    }
    let told = client::send(&destination, &sealed, bytes.part(0, bytes.len())).await;
    let mut change = Change::default();
    if let Some(raw) = told.raw {
        change.receipts.push(NewReceipt {
            message: change::Message::Known(message.id),
            partner: partner.profile().id.clone(),
            key: sealed.message_id.clone(),
            digest: Sha256::digest(&raw).into(),
            bytes: raw,
        });
    }
    let sending = Sending { message, as2, message_id: &sealed.message_id, now };
    Ok(sending.follow(claimed, told.outcome, told.mic, change))
}

/// A message that is being sent.
struct Sending<'s> {
    message: &'s Message,
    as2: &'s As2,
    message_id: &'s str,
    now: Timestamp,
}

impl Sending<'_> {
    /// What follows from a try.
    fn follow(
        &self,
        claimed: &Claimed,
        outcome: Outcome,
        mic: Option<Mic>,
        mut change: Change,
    ) -> Step {
        let where_to = format!("over AS2 as {}", self.message_id);
        if claimed.attempt > 1 && is_known(&outcome, mic.as_ref()) {
            self.say(&mut change, "receipt", "the partner had it from an earlier try".into());
            return Step::done(self.sent(change, where_to));
        }
        let mic = mic.map(|it| it.to_string()).unwrap_or_default();
        match outcome {
            Outcome::Delivered(_) => {
                self.say(&mut change, "receipt", format!("it tells the same MIC: {mic}"));
                Step::done(self.sent(change, where_to))
            }
            Outcome::Taken => {
                self.say(&mut change, "no receipt", "none was asked for; nothing proves it".into());
                Step::done(self.sent(change, where_to))
            }
            Outcome::Awaited => {
                self.say(&mut change, "receipt awaited", format!("it has to tell the MIC {mic}"));
                change.receipts.clear();
                change.expectations.push(self.expected(mic));
                Step::done(self.sent(change, where_to))
            }
            Outcome::NotDelivered(failure) => self.failed(claimed, &failure, change),
        }
    }

    fn sent(&self, change: Change, where_to: String) -> Change {
        let mut all = sent(self.message, where_to);
        all.events.extend(change.events);
        Change { message_states: all.message_states, events: all.events, ..change }
    }

    fn say(&self, change: &mut Change, what: &str, detail: String) {
        change.events.push(event(change::Message::Known(self.message.id), what, detail));
    }

    /// The receipt that comes later.
    fn expected(&self, mic: String) -> NewExpectation {
        let within = SignedDuration::from_secs(self.as2.send.receipt_within.into());
        NewExpectation {
            message: change::Message::Known(self.message.id),
            partner: self.message.partner.clone().unwrap_or_default(),
            kind: Kind::Receipt,
            key: self.message_id.to_string(),
            wanted: Some(mic),
            warn: None,
            due: self.now + within,
        }
    }

    /// Another try, or the end of them. What the partner refused for good is refused; of everything
    /// else nobody knows whether it arrived.
    fn failed(&self, claimed: &Claimed, failure: &client::Failure, mut change: Change) -> Step {
        let reason = format!("{failure}; {}", failure.fix());
        self.say(&mut change, "not delivered", reason.clone());
        let retry = &self.as2.retry;
        if failure.may_pass() && claimed.attempt <= retry.times {
            let doublings = claimed.attempt.saturating_sub(1).min(16);
            let wait = (i64::from(retry.first) << doublings).min(retry.longest.into());
            let due = self.now + SignedDuration::from_secs(wait);
            return Step { change, end: End::Again { due, reason } };
        }
        let is_said = matches!(failure, client::Failure::Receipt { .. });
        let to = if is_said { State::Refused } else { State::Dead };
        change.message_states.push(MessageState {
            message: self.message.id,
            from: vec![State::Sending],
            to,
            reason: Some(reason.clone()),
        });
        change.jobs.push(alert(self.message.partner.as_deref(), "not delivered", self.message.id));
        match is_said {
            true => Step::done(change),
            false => Step { change, end: End::Dead { reason } },
        }
    }
}

/// Whether the partner says, signed and with the right MIC, that it had the message already. Then an
/// earlier try came through whose receipt did not.
fn is_known(outcome: &Outcome, mic: Option<&Mic>) -> bool {
    let Outcome::NotDelivered(client::Failure::Receipt { why, received }) = outcome else {
        return false;
    };
    let Why::Reported { severity: Severity::Warning, text } = why else { return false };
    matches!(received.signature, Signature::Verified(_))
        && mic.is_some()
        && received.mic.as_ref() == mic
        && text.to_ascii_lowercase().contains("duplicate")
}

/// The Message-ID of a message of ours. It is the same for each try, and tells which message it is.
pub(crate) fn message_id(id: MessageId, sha256: &[u8; 32], own: &str) -> String {
    let hex: String = sha256[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let plain = |it: char| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '-' };
    let own: String = own.chars().map(plain).collect();
    format!("<{id}.{hex}@{own}.tieline>")
}

/// The message of ours that a Message-ID names.
pub(crate) fn named(message_id: &str) -> Option<MessageId> {
    message_id.trim().trim_start_matches('<').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_names_its_message() {
        let id = message_id(MessageId(17), &[0xab; 32], "Prairie Rivers");
        assert_eq!(id, "<M17.abababababababab@prairie-rivers.tieline>");
        assert_eq!(named(&id), Some(MessageId(17)));
        assert_eq!(named("<somebody@else.example>"), None);
    }
}
