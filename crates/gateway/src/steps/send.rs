//! Send: a message goes to its partner's AS2 server. Each try has the same Message-ID, so that the
//! partner knows it again, and only a receipt that is right in everything makes it delivered.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tieline_partner::profile::as2::As2;
use tieline_smime::Mic;
use tieline_smime::mdn::{Receipt, Severity, Signature, Why};
use tieline_store::change::{self, MessageState};
use tieline_store::expectation::Outcome::Accepted;
use tieline_store::expectation::{Answer, Filter, Kind, NewExpectation, Standing};
use tieline_store::job::{Claimed, End};
use tieline_store::message::{Message, State};
use tieline_store::receipt::NewReceipt;
use tieline_store::{Change, MessageId, StoreError};
use tieline_transport::as2::Wanted;
use tieline_transport::as2::client::{self, Outcome};

use super::deliver::{begin_knowing, sent};
use super::{Failure, Step, alert, event};
use crate::as2::relation::{self, Letter, agreed, our_id};
use crate::house::House;
use crate::payload::Bytes;

/// How the store says which receipt was asked for.
const SIGNED: &str = "signed";
const UNSIGNED: &str = "unsigned";
/// The most tries whose MIC is remembered. It is another one only if the profile was changed.
const MOST_WANTED: usize = 4;

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
    let letter = relation::message(&book, partner, &keys, letter).map_err(Failure::Final)?;
    let destination =
        relation::destination(&house.secrets, partner, url).map_err(Failure::Final)?;
    let bytes = Bytes::open(house.store.payload(message.id).await?)?;
    let sealed = client::seal(&letter, bytes.part(0, bytes.len()), &folder).await;
    let sending = Sending { message, as2, letter: &letter, awaited: None, now };
    let sealed = match sealed {
        Ok(sealed) => sealed,
        Err(failure) => return Ok(sending.failed(claimed, &failure, Change::default())),
    };
    let awaited = sending.note(house, sealed.mic()).await?;
    if let Some(Awaited { is_answered: true, .. }) = awaited {
        let change = Change::default();
        return Ok(Step::done(sending.sent(change, "the receipt of an earlier try came".into())));
    }
    let told = client::send_sealed(&destination, &letter, &sealed, &house.lines).await;
    let mut change = Change::default();
    if let Some(raw) = told.raw {
        change.receipts.push(NewReceipt {
            message: change::Message::Known(message.id),
            partner: partner.profile().id.clone(),
            key: letter.message_id.clone(),
            digest: Sha256::digest(&raw).into(),
            bytes: raw,
        });
    }
    // Its receipt may have been quicker than the answer.
    let stands = house.store.message(message.id).await?.map(|it| it.state);
    if !matches!(stands, Some(State::Queued | State::Sending)) {
        return Ok(Step::done(Change::default()));
    }
    Ok(Sending { awaited, ..sending }.follow(claimed, told.outcome, told.mic, change))
}

/// A message that is being sent.
struct Sending<'s> {
    message: &'s Message,
    as2: &'s As2,
    letter: &'s client::Message,
    /// The receipt that is to come by itself.
    awaited: Option<Awaited>,
    now: Timestamp,
}

/// A receipt that is to come by itself.
#[derive(Debug, Clone)]
struct Awaited {
    /// What it has to say, as [`wanted`] reads it.
    wanted: String,
    /// Whether it came.
    is_answered: bool,
}

impl Sending<'_> {
    /// Notes what is about to go out before its first byte goes: whatever becomes of the connection, a
    /// receipt of this try finds what it is to be judged by.
    async fn note(&self, house: &House, mic: &Mic) -> Result<Option<Awaited>, Failure> {
        let filter = Filter { message: Some(self.message.id), ..Filter::default() };
        let all = house.store.expectations(&filter, 1_000).await?;
        let before =
            all.into_iter().find(|it| it.kind == Kind::Receipt && it.key == self.letter.message_id);
        if let Some(before) = &before
            && before.standing == Standing::Answered(Accepted)
        {
            let wanted = before.wanted.clone().unwrap_or_default();
            return Ok(Some(Awaited { wanted, is_answered: true }));
        }
        let earlier = before.as_ref().and_then(|it| it.wanted.as_deref());
        let is_later = self.letter.receipt.as_ref().is_some_and(|it| it.address.is_some());
        let new = match (&self.letter.receipt, is_later) {
            (Some(wish), true) => Some(wanting(mic, wish.kind == Receipt::Signed, earlier)),
            _ => None,
        };
        let mut change = Change::default();
        let is_open = before.as_ref().is_some_and(|it| it.standing == Standing::Open);
        if let Some(wanted) = new.as_ref().filter(|it| !is_open || earlier != Some(&it[..])) {
            change.expectations.push(self.expected(wanted.clone(), self.now));
        }
        if self.message.state == State::Queued {
            self.say(&mut change, "sealed", format!("as {}, MIC {mic}", self.letter.message_id));
            begin_knowing(house, self.message, change).await.map_err(moved)?;
        } else if !change.expectations.is_empty() {
            house.store.apply(change).await?;
        }
        let wanted = new.or(before.filter(|_| is_open).and_then(|it| it.wanted));
        Ok(wanted.map(|wanted| Awaited { wanted, is_answered: false }))
    }

    /// What follows from a try.
    fn follow(
        &self,
        claimed: &Claimed,
        outcome: Outcome,
        mic: Option<Mic>,
        mut change: Change,
    ) -> Step {
        let where_to = format!("over AS2 as {}", self.letter.message_id);
        if claimed.attempt > 1 && is_known(&outcome, mic.as_ref()) {
            self.came(&mut change, "the partner had it from an earlier try".into());
            return Step::done(self.sent(change, where_to));
        }
        let mic = mic.map(|it| it.to_string()).unwrap_or_default();
        match outcome {
            Outcome::Delivered(_) => {
                self.came(&mut change, format!("it tells the same MIC: {mic}"));
                Step::done(self.sent(change, where_to))
            }
            Outcome::Taken => {
                self.say(&mut change, "no receipt", "none was asked for; nothing proves it".into());
                Step::done(self.sent(change, where_to))
            }
            Outcome::Awaited => {
                self.say(&mut change, "receipt awaited", format!("it has to tell the MIC {mic}"));
                change.receipts.clear();
                self.wait(&mut change, self.now);
                Step::done(self.sent(change, where_to))
            }
            Outcome::NotDelivered(failure) => self.failed(claimed, &failure, change),
        }
    }

    /// The receipt came in the answer. Nobody waits for another one.
    fn came(&self, change: &mut Change, detail: String) {
        if self.awaited.is_none() {
            return self.say(change, "receipt", detail);
        }
        change.answers.push(Answer {
            partner: self.message.partner.clone().unwrap_or_default(),
            kind: Kind::Receipt,
            key: self.letter.message_id.clone(),
            outcome: Accepted,
            detail,
            by: None,
        });
    }

    /// The receipt that comes by itself is due so long after this instant.
    fn wait(&self, change: &mut Change, from: Timestamp) {
        let wanted = self.awaited.iter().map(|it| it.wanted.clone());
        change.expectations.extend(wanted.map(|wanted| self.expected(wanted, from)));
    }

    fn sent(&self, change: Change, where_to: String) -> Change {
        let mut all = sent(self.message, where_to);
        all.message_states.iter_mut().for_each(|it| it.from.push(State::Queued));
        all.events.extend(change.events);
        Change { message_states: all.message_states, events: all.events, ..change }
    }

    fn say(&self, change: &mut Change, what: &str, detail: String) {
        change.events.push(event(change::Message::Known(self.message.id), what, detail));
    }

    fn expected(&self, wanted: String, from: Timestamp) -> NewExpectation {
        let within = SignedDuration::from_secs(self.as2.send.receipt_within.into());
        NewExpectation {
            message: change::Message::Known(self.message.id),
            partner: self.message.partner.clone().unwrap_or_default(),
            kind: Kind::Receipt,
            key: self.letter.message_id.clone(),
            wanted: Some(wanted),
            warn: None,
            due: from + within,
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
            self.wait(&mut change, due);
            return Step { change, end: End::Again { due, reason } };
        }
        let is_said = matches!(failure, client::Failure::Receipt { .. });
        let to = if is_said { State::Refused } else { State::Dead };
        change.message_states.push(MessageState {
            message: self.message.id,
            from: vec![State::Queued, State::Sending],
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

/// What a receipt has to say, in the words that the store keeps: what this try asks for, and before it
/// the latest that earlier ones asked for, where that was something else.
fn wanting(mic: &Mic, is_signed: bool, earlier: Option<&str>) -> String {
    let mut all = vec![format!("{} {mic}", if is_signed { SIGNED } else { UNSIGNED })];
    let before = earlier.into_iter().flat_map(|it| it.split("; ")).map(str::to_string);
    let before: Vec<String> = before.filter(|it| *it != all[0]).take(MOST_WANTED - 1).collect();
    all.extend(before);
    all.join("; ")
}

/// What each try asked for, the latest first.
pub(crate) fn wanted(text: &str) -> Vec<Wanted> {
    let one = |text: &str| {
        let (kind, mic) = text.split_once(' ')?;
        let is_signed = kind != UNSIGNED;
        Some(Wanted { mic: Mic::from_text(mic)?, is_signed })
    };
    text.split("; ").filter_map(one).collect()
}

/// The message went on while it was sealed, e.g. by a receipt: the next attempt sees where it stands.
fn moved(failure: Failure) -> Failure {
    match failure {
        Failure::Store(StoreError::WrongState { .. }) => Failure::Passing(failure.to_string()),
        failure => failure,
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
    fn what_earlier_tries_asked_for_is_remembered() {
        let mic =
            |byte| Mic { digest: tieline_smime::algorithm::Digest::Sha256, value: vec![byte; 32] };
        let first = wanting(&mic(1), true, None);
        assert_eq!(wanting(&mic(1), true, Some(&first)), first);
        let second = wanting(&mic(2), false, Some(&first));
        let read: Vec<_> = wanted(&second).into_iter().map(|it| (it.mic, it.is_signed)).collect();
        assert_eq!(read, [(mic(2), false), (mic(1), true)]);
        let many = (3..20).fold(second, |text, byte| wanting(&mic(byte), true, Some(&text)));
        assert_eq!(wanted(&many).len(), MOST_WANTED);
        assert!(wanted("").is_empty());
    }

    #[test]
    fn a_message_id_names_its_message() {
        let id = message_id(MessageId(17), &[0xab; 32], "Prairie Rivers");
        assert_eq!(id, "<M17.abababababababab@prairie-rivers.tieline>");
        assert_eq!(named(&id), Some(MessageId(17)));
        assert_eq!(named("<somebody@else.example>"), None);
    }
}
