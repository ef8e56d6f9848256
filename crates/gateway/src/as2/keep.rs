//! What arrives over AS2: kept with its Message-ID and its receipt before anybody is answered.

use std::net::IpAddr;

use sha2::{Digest, Sha256};
use tieline_smime::Told;
use tieline_smime::mdn::{Judgement, Signature, Why};
use tieline_smime::mime::FileName;
use tieline_store::change::{self, MessageState};
use tieline_store::expectation::{Answer, Expectation, Filter, Kind, Outcome};
use tieline_store::message::{self, Flow, State};
use tieline_store::receipt::{Claim, Claimed, NewReceipt};
use tieline_store::{Arrival, AuditEntry, Change, MessageId, Received as Stored, StoreError};
use tieline_transport::as2::{
    ArrivedReceipt, Asked, Audit, Awaited, Event, FinishedReceipt, Keeper, Kept, NotOpened,
    Received, What,
};
use tieline_transport::{FileDrop, Refusal};

use super::As2Host;
use crate::agreement::AS2;
use crate::arrivals::payload;
use crate::host::hand_over;
use crate::steps::quarantine::SEALED;
use crate::steps::send::named;
use crate::steps::{QUARANTINE, READ, RECEIPT, alert, event, job, receipt, send};

/// The most messages of a partner that lie here sealed, and their bytes. Those from networks that never
/// sent anything that the partner signed have half of each.
const MOST_SEALED: usize = 20;
const MOST_SEALED_BYTES: u64 = 256 << 20;
/// How many of the latest messages of a partner are looked at for the networks it sends from.
const LOOKED_AT: u32 = 500;
/// How the origin of a message begins, behind its network, whose signature held.
const SIGNED_WITH: &str = "signed with certificate";
/// How often it is looked anew where a message stands that changes at the same moment.
const TURNS: u32 = 5;

impl Keeper for As2Host {
    async fn keep(&self, received: Received) -> Result<Kept, Refusal> {
        let claim = Claim {
            key: received.message_id.clone(),
            digest: received.payload.sha256,
            receipt: received.receipt.receipt().map(|it| it.raw().to_vec()).unwrap_or_default(),
            job: later(&received.receipt),
        };
        let origin = format!(
            "{} {}, message {} from {}, MIC {}",
            came_from(received.peer),
            match &received.signer {
                Some(signer) => format!("{SIGNED_WITH} {}", hex(&signer[..8])),
                None => "not signed".to_string(),
            },
            received.message_id,
            received.from,
            received.mic,
        );
        let name = name_of(&received.file_name, &received.payload);
        let arrival = arrival(&received.partner, AS2, name, &received.payload, origin, READ);
        let arrival = arrival.map_err(|error| refuse(&received.partner, &error.to_string()))?;
        let claimed = self.house.store.receive_once(arrival, claim).await;
        match claimed.map_err(|error| refuse(&received.partner, &error.to_string()))? {
            Claimed::New(Stored { id, .. }) => Ok(Kept::New { reference: id.to_string() }),
            Claimed::Repeat(kept) => {
                let again = later(&received.receipt).map(|(kind, detail)| {
                    let message = Some(change::Message::Known(kept.message));
                    let unique = Some(format!("receipt {}", kept.message));
                    tieline_store::job::NewJob { message, detail, unique, ..job(&kind) }
                });
                let change = Change { jobs: again.into_iter().collect(), ..Change::default() };
                let written = self.house.store.apply(change).await;
                written.map_err(|error| refuse(&received.partner, &error.to_string()))?;
                Ok(Kept::Repeat {
                    reference: kept.message.to_string(),
                    receipt: FinishedReceipt::from_raw(kept.bytes)
                        .ok()
                        .filter(|it| !it.raw().is_empty()),
                })
            }
            Claimed::Other(kept) => {
                let told = alert(Some(&received.partner), "conflict", kept.message);
                let change = Change { jobs: vec![told], ..Change::default() };
                self.house
                    .store
                    .apply(change)
                    .await
                    .map_err(|error| refuse(&received.partner, &error.to_string()))?;
                Ok(Kept::Conflict)
            }
        }
    }

    async fn not_opened(&self, message: NotOpened) {
        if let Err(error) = self.set_aside(&message).await {
            tracing::error!(%error, partner = message.partner, "a sealed message was not set aside");
        }
    }

    async fn awaited(&self, partner: &str, message_id: &str) -> Result<Option<Awaited>, Refusal> {
        // What we wait for was noted before the first byte went out.
        let Some(id) = named(message_id) else { return Ok(None) };
        let filter = Filter { message: Some(id), ..Filter::default() };
        let all = self.house.store.expectations(&filter, 1_000).await;
        let all = all.map_err(|error| refuse_receipt(partner, &error.to_string()))?;
        let is_it = |it: &Expectation| {
            it.kind == Kind::Receipt && it.partner == partner && plain(&it.key) == plain(message_id)
        };
        Ok(all.into_iter().find(is_it).and_then(|found| {
            let wanted = send::wanted(found.wanted.as_deref()?);
            (!wanted.is_empty()).then_some(Awaited { message_id: found.key, wanted })
        }))
    }

    async fn judged(&self, arrived: ArrivedReceipt) -> Result<(), Refusal> {
        let Some(id) = named(&arrived.message_id) else { return Ok(()) };
        for _ in 0..TURNS {
            let change = self.follows(id, &arrived).await;
            let written = match change {
                Ok(change) => self.house.store.apply(change).await,
                Err(error) => Err(error),
            };
            match written {
                Ok(_) => return Ok(()),
                // The message went on meanwhile, e.g. by the answer to our request.
                Err(StoreError::WrongState { .. }) => {}
                Err(error) => return Err(refuse(&arrived.partner, &error.to_string())),
            }
        }
        Err(refuse_receipt(&arrived.partner, "the message does not stand still"))
    }
}

impl As2Host {
    /// What follows from a receipt that arrived by itself.
    async fn follows(&self, id: MessageId, arrived: &ArrivedReceipt) -> Result<Change, StoreError> {
        let this = change::Message::Known(id);
        let message = self.house.store.message(id).await?;
        let state = message.map(|it| it.state);
        let mut change = Change::default();
        match &arrived.judgement {
            Judgement::Delivered => {
                change.answers.push(Answer {
                    partner: arrived.partner.clone(),
                    kind: Kind::Receipt,
                    key: arrived.message_id.clone(),
                    outcome: Outcome::Accepted,
                    detail: "it tells the same MIC".to_string(),
                    by: None,
                });
                // Of a try that broke off: the partner had got everything.
                if let Some(state @ (State::Queued | State::Sending | State::Dead)) = state {
                    change.message_states.push(MessageState {
                        message: id,
                        from: vec![state],
                        to: State::Sent,
                        reason: None,
                    });
                    let how = format!("over AS2 as {}; its receipt says so", arrived.message_id);
                    change.events.push(event(this, "sent", how));
                }
            }
            Judgement::NotDelivered(why) => {
                change.events.push(event(this, "receipt refused", why.to_string()));
                change.jobs.push(alert(Some(&arrived.partner), "not delivered", id));
                // Anybody may have written one that the partner did not sign.
                let is_partners = matches!(arrived.receipt.signature, Signature::Verified(_));
                let is_no = matches!(why, Why::Reported { .. } | Why::NotProcessed);
                // A word that comes after a yes changes nothing; a person hears of it.
                let waiting = state.filter(|it| matches!(it, State::Sending | State::Sent));
                if let Some(waiting) = waiting.filter(|_| is_partners && is_no) {
                    change.message_states.push(MessageState {
                        message: id,
                        from: vec![waiting],
                        to: State::Refused,
                        reason: Some(why.to_string()),
                    });
                }
            }
        }
        change.receipts.push(NewReceipt {
            message: this,
            partner: arrived.partner.clone(),
            key: arrived.message_id.clone(),
            digest: Sha256::digest(&arrived.raw).into(),
            bytes: arrived.raw.clone(),
        });
        Ok(change)
    }

    /// Whether a message that could not be opened may lie here. Anybody can send such a one in a partner's
    /// name, so networks from which nothing came that the partner signed have half the places: they
    /// cannot shut out the partner, and nothing that lies here is thrown away for a newer one.
    async fn has_place(&self, message: &NotOpened, size: u64) -> Result<bool, StoreError> {
        let store = &self.house.store;
        let of_partner = message::Filter {
            partner: Some(message.partner.clone()),
            flow: Some(Flow::In),
            ..message::Filter::default()
        };
        let states = vec![State::Held, State::Received];
        let waiting = message::Filter { states, ..of_partner.clone() };
        let waiting = store.messages(&waiting, None, 1_000).await?;
        let sealed: Vec<_> = waiting.iter().filter(|it| it.channel == SEALED).collect();
        let bytes = sealed.iter().map(|it| it.size).sum::<u64>().saturating_add(size);
        let fits =
            |part| sealed.len() < MOST_SEALED / part && bytes <= MOST_SEALED_BYTES / part as u64;
        if !fits(1) || fits(2) {
            return Ok(fits(2));
        }
        let signed = format!("{} {SIGNED_WITH} ", came_from(message.peer));
        let latest = store.messages(&of_partner, None, LOOKED_AT).await?;
        Ok(latest.iter().any(|it| it.channel == AS2 && it.origin.starts_with(&signed)))
    }

    /// Keeps the sealed bytes, as long as not too many of the partner lie here already, and sees to the
    /// receipt that says so.
    async fn set_aside(&self, message: &NotOpened) -> Result<(), StoreError> {
        if message.told == Told::Nothing {
            return Ok(());
        }
        let store = &self.house.store;
        let kept = match &message.sealed {
            Some(drop) if self.has_place(message, drop.size).await? => {
                let origin = format!(
                    "{} message {} in the name of {}",
                    came_from(message.peer),
                    message.message_id,
                    message.from
                );
                let name = format!("{}.sealed", hex(&drop.sha256[..8]));
                let arrival = arrival(&message.partner, SEALED, name, drop, origin, QUARANTINE);
                let mut arrival =
                    arrival.map_err(|error| StoreError::Database(error.to_string()))?;
                arrival.detail = message.reason.to_string();
                Some(store.receive(arrival).await?.id)
            }
            _ => None,
        };
        let Asked::Later { receipt: finished, address } = &message.receipt else { return Ok(()) };
        let Some(id) = kept else {
            // Nothing is kept that it could wait with; one try has to do. Anybody may have sent what could
            // not be opened, so a flood of it must not become one at the partner.
            let Ok(place) = self.loose.clone().try_acquire_owned() else {
                tracing::warn!(
                    partner = message.partner,
                    "a receipt was not sent: too many at once"
                );
                return Ok(());
            };
            let (house, partner) = (std::sync::Arc::clone(&self.house), message.partner.clone());
            let (address, bytes) = (address.to_string(), finished.raw().to_vec());
            tokio::spawn(async move {
                let _ = receipt::send(&house, Some(&partner), &address, bytes).await;
                drop(place);
            });
            return Ok(());
        };
        let this = change::Message::Known(id);
        let new = NewReceipt {
            message: this,
            partner: message.partner.clone(),
            key: message.message_id.clone(),
            digest: Sha256::digest(finished.raw()).into(),
            bytes: finished.raw().to_vec(),
        };
        let sending = tieline_store::job::NewJob {
            message: Some(this),
            detail: address.to_string(),
            ..job(RECEIPT)
        };
        let change = Change { receipts: vec![new], jobs: vec![sending], ..Change::default() };
        store.apply(change).await.map(|_| ())
    }
}

/// The begin of an origin: over AS2, and from which network.
fn came_from(peer: IpAddr) -> String {
    match peer {
        IpAddr::V4(address) => format!("AS2 from {address},"),
        // Whoever has one address of IPv6 has 2^64 of them.
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("AS2 from {a:x}:{b:x}:{c:x}:{d:x}::/64,")
        }
    }
}

/// A Message-ID without its angle brackets.
fn plain(message_id: &str) -> &str {
    message_id.trim().trim_matches(['<', '>'])
}

/// The job that sends a receipt that goes later.
fn later(asked: &Asked) -> Option<(String, String)> {
    match asked {
        Asked::Later { address, .. } => Some((RECEIPT.to_string(), address.to_string())),
        Asked::None | Asked::Now(_) => None,
    }
}

fn arrival(
    partner: &str,
    channel: &str,
    name: String,
    drop: &FileDrop,
    origin: String,
    job: &str,
) -> std::io::Result<Arrival> {
    Ok(Arrival {
        partner: Some(partner.to_string()),
        channel: channel.to_string(),
        name,
        payload: payload(drop)?,
        sha256: drop.sha256,
        origin,
        job: job.to_string(),
        detail: String::new(),
        remember: None,
    })
}

/// The name the partner gave, or one made of the content.
fn name_of(given: &FileName, drop: &FileDrop) -> String {
    match given {
        FileName::Plain(name) => name.clone(),
        FileName::None | FileName::Illegal => format!("as2-{}.edi", hex(&drop.sha256[..8])),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn refuse(partner: &str, error: &str) -> Refusal {
    tracing::error!(error, partner, "a message was not kept");
    Refusal::new("the message could not be kept; nothing of it was taken, send it again later")
}

fn refuse_receipt(partner: &str, error: &str) -> Refusal {
    tracing::warn!(error, partner, "a receipt was not taken");
    Refusal::new("the receipt could not be taken; send it again later")
}

impl Audit for As2Host {
    fn note(&self, event: Event) {
        let (action, detail) = words(event.what);
        let peer = event.peer;
        let entry = AuditEntry {
            at: Some(jiff::Timestamp::now()),
            actor: event.partner.unwrap_or_else(|| peer.ip().to_string()),
            action: action.to_string(),
            subject: event.message_id.unwrap_or_default(),
            detail: format!("connection {} from {peer}; {detail}", event.connection),
        };
        hand_over(&self.audit, entry);
    }
}

/// What happened as an action, and the rest.
fn words(what: What) -> (&'static str, String) {
    match what {
        What::TurnedAway { reason } => ("as2 turned away", reason.to_string()),
        What::TlsFailed { reason } => ("as2 tls failed", reason),
        What::Malformed { reason } => ("as2 malformed", reason),
        What::Stranger { from, to, untold } => {
            ("as2 stranger", format!("from {from} to {to}, and {untold} more that were not told"))
        }
        What::Refused { reason } => ("as2 refused", reason),
        What::Received { bytes, reference, .. } => {
            ("as2 arrived", format!("{bytes} bytes, kept as {reference}"))
        }
        What::Repeated { reference } => ("as2 repeated", format!("kept before as {reference}")),
        What::Conflict => ("as2 conflict", "other content under a Message-ID that was used".into()),
        What::NotOpened { reason, told, untold: 0 } => {
            ("as2 not opened", format!("{reason}; told: {told}"))
        }
        What::NotOpened { reason, told, untold } => (
            "as2 not opened",
            format!("{reason}; told: {told}; and {untold} more of its address before"),
        ),
        What::TooLarge { limit } => ("as2 too large", format!("more than {limit} bytes")),
        What::Interrupted { reason } => ("as2 interrupted", reason),
        What::NotKept { reason } => ("as2 not kept", reason),
        What::ReceiptArrived { not_delivered: None } => ("as2 receipt", "delivered".into()),
        What::ReceiptArrived { not_delivered: Some(why) } => ("as2 receipt", why),
        What::ReceiptUnknown => ("as2 receipt", "nobody waits for it".into()),
        _ => ("as2 other", String::new()),
    }
}
