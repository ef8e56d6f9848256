//! What becomes of messages and receipts: who keeps them, and what follows for the answer.

use std::net::IpAddr;

use tieline_smime::mdn::{Expected, Judgement, Received as Mdn, Why, judge};
use tieline_smime::mime::{FileName, Headers};
use tieline_smime::{Fault, Layer, Mic, Told};

use crate::as2::wire::Url;
use crate::file_drop::{FileDrop, Refusal};

/// Keeps what arrives. The gateway implements it.
pub trait Keeper: Send + Sync + 'static {
    /// Keeps a message whose seals held, and says whether it was there before.
    ///
    /// One transaction keeps the message and notes partner, Message-ID, digest and finished receipt,
    /// which are unique by partner and Message-ID. So a crash loses nothing and doubles nothing: the
    /// partner is answered after this returned and not before, and one that was not answered sends
    /// again under the same Message-ID. A [`Refusal`] is a failure of our own: the partner hears 503
    /// and tries again.
    fn keep(&self, received: Received) -> impl Future<Output = Result<Kept, Refusal>> + Send;

    /// Takes note of a message that came under a partner's name and could not be opened. Anybody
    /// may have sent it. Its sealed bytes may be put aside, within the partner's quota. A receipt
    /// that the partner wants later is to be sent like any other.
    fn not_opened(&self, message: NotOpened) -> impl Future<Output = ()> + Send;

    /// What is expected of the receipt of a message that we sent, or none if we sent no such message
    /// to this partner or asked for no receipt. It is best given also when the receipt came already:
    /// a partner that did not hear our answer sends it again.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] if it is not known now; the partner hears 503 and sends the receipt again.
    fn awaited(
        &self,
        partner: &str,
        message_id: &str,
    ) -> impl Future<Output = Result<Option<Awaited>, Refusal>> + Send;

    /// Takes a receipt that arrived by itself, judged. One that proves no delivery because of its
    /// signature may be anybody's: it should raise an alarm, and leave the message waiting.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] if it could not be kept; the partner hears 503 and sends it again.
    fn judged(&self, arrived: ArrivedReceipt) -> impl Future<Output = Result<(), Refusal>> + Send;
}

/// A message whose seals held.
#[derive(Debug, Clone)]
pub struct Received {
    /// The partner, as the gateway calls it.
    pub partner: String,
    /// The AS2 name of the partner, without quotes.
    pub from: String,
    /// Our AS2 name, without quotes.
    pub to: String,
    /// The Message-ID as it came, with its angle brackets if it has them.
    pub message_id: String,
    /// The subject, printable and at most 200 characters.
    pub subject: Option<String>,
    /// The payload. It is gone when the last copy of this is dropped.
    pub payload: FileDrop,
    /// The name the partner gave the file: no path, and no name that could harm.
    pub file_name: FileName,
    /// The type of the payload as the partner wrote it.
    pub content_type: Option<String>,
    /// The layers that were taken off, from the outermost.
    pub layers: Vec<Layer>,
    /// Where it came from: a proxy, if one stands before the server.
    pub peer: IpAddr,
    /// The SHA-256 of the certificate that signed it; none if it was not signed, and then anybody may
    /// have sent it.
    pub signer: Option<[u8; 32]>,
    /// The digest by which both sides know that they mean the same bytes.
    pub mic: Mic,
    /// The receipt that was asked for, finished.
    pub receipt: Asked,
}

/// What kind of receipt was asked for, with the receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// None.
    None,
    /// One in the answer.
    Now(FinishedReceipt),
    /// One that is sent by itself.
    Later {
        /// The receipt.
        receipt: FinishedReceipt,
        /// Where it goes: one of the addresses agreed with the partner.
        address: Url,
    },
}

impl Asked {
    /// The receipt, however it goes out.
    pub fn receipt(&self) -> Option<&FinishedReceipt> {
        match self {
            Self::None => None,
            Self::Now(receipt) | Self::Later { receipt, .. } => Some(receipt),
        }
    }
}

/// A receipt of ours, as it goes out: fields of HTTP, an empty line, and the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedReceipt {
    raw: Vec<u8>,
}

impl FinishedReceipt {
    pub(crate) fn new(headers: &Headers, body: &[u8]) -> Self {
        Self { raw: [&headers.write(), body].concat() }
    }

    /// A receipt as it was kept.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the bytes do not start with fields and an empty line.
    pub fn from_raw(raw: Vec<u8>) -> Result<Self, Fault> {
        Headers::read(&mut &raw[..])?;
        Ok(Self { raw })
    }

    /// Its bytes, to be kept.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The fields and the body.
    pub(crate) fn parts(&self) -> Option<(Headers, Vec<u8>)> {
        let mut rest = &self.raw[..];
        let headers = Headers::read(&mut rest).ok()?;
        Some((headers, rest.to_vec()))
    }
}

/// What became of a message that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// It is kept and was not there before.
    New {
        /// What the keeper calls it.
        reference: String,
    },
    /// The same content came before under this Message-ID. Nothing is delivered twice.
    Repeat {
        /// What the keeper calls the message.
        reference: String,
        /// The receipt that was finished then; a partner gets the same one again.
        receipt: Option<FinishedReceipt>,
    },
    /// Other content came before under this Message-ID. The message is refused.
    Conflict,
}

/// A message that came under a partner's name and could not be opened.
#[derive(Debug)]
pub struct NotOpened {
    /// The partner in whose name it came.
    pub partner: String,
    /// Where it came from: a proxy, if one stands before the server.
    pub peer: IpAddr,
    /// The AS2 name of the partner, without quotes.
    pub from: String,
    /// Our AS2 name, without quotes.
    pub to: String,
    /// Its Message-ID.
    pub message_id: String,
    /// Why. It is for our own log: telling it would help an attacker.
    pub reason: Fault,
    /// What the partner is told.
    pub told: Told,
    /// The fields of HTTP and the sealed bytes as they came; none if they were more than is kept.
    pub sealed: Option<FileDrop>,
    /// The receipt that says so.
    pub receipt: Asked,
}

/// What the receipt of a message that we sent must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// The Message-ID it was sent under.
    pub message_id: String,
    /// What each try asked for, the latest first. They differ if the profile was changed in between,
    /// and the receipt may be about any of them.
    pub wanted: Vec<Wanted>,
}

/// What was asked for when a message was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The digest that [`seal`](crate::as2::client::seal) gave.
    pub mic: Mic,
    /// Whether a signed receipt was asked for.
    pub is_signed: bool,
}

impl Awaited {
    /// What a receipt means: it proves the delivery if it is what one of the tries asked for.
    pub(crate) fn judge(&self, receipt: &Mdn) -> Judgement {
        let of_try = |wanted: &Wanted| {
            let Wanted { mic, is_signed } = wanted;
            let expected = Expected { message_id: &self.message_id, mic, is_signed: *is_signed };
            judge(receipt, &expected)
        };
        let all: Vec<Judgement> = self.wanted.iter().map(of_try).collect();
        let proof = all.iter().find(|it| matches!(it, Judgement::Delivered));
        proof.or(all.first()).cloned().unwrap_or(Judgement::NotDelivered(Why::NotProcessed))
    }
}

/// A receipt that arrived by itself.
#[derive(Debug, Clone)]
pub struct ArrivedReceipt {
    /// The partner in whose name it came.
    pub partner: String,
    /// The message it is about, as the keeper gave it.
    pub message_id: String,
    /// What it means.
    pub judgement: Judgement,
    /// What it says.
    pub receipt: Mdn,
    /// The fields of HTTP, an empty line and the body, as they came.
    pub raw: Vec<u8>,
}
