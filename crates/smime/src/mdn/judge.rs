//! Whether a receipt proves that the partner has the message. Only one that is right in everything
//! does; whatever else came is not a delivery.

use crate::fault::Fault;
use crate::mdn::{Received, Severity, Signature, bare};
use crate::mic::Mic;

/// What the receipt of a message must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The Message-ID that was sent.
    pub message_id: &'a str,
    /// The MIC that [`Seal::write`](crate::Seal::write) gave.
    pub mic: &'a Mic,
    /// Whether a signed receipt was asked for.
    pub is_signed: bool,
}

/// What a receipt means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// The partner has the message.
    Delivered,
    /// It is not known that it has.
    NotDelivered(Why),
}

/// Why a receipt proves no delivery.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// A signed receipt was asked for.
    #[error("the receipt is not signed, and a signed one was asked for")]
    Unsigned,
    /// Its signature does not hold.
    #[error("the signature of the receipt does not hold: {0}")]
    Signature(Fault),
    /// It is about another message.
    #[error("the receipt is about another message")]
    OtherMessage,
    /// It does not say about which message it is.
    #[error("the receipt does not say about which message it is")]
    NoMessage,
    /// The partner says that something is wrong.
    #[error("the partner reports {severity}: {text}")]
    Reported {
        /// How bad it is.
        severity: Severity,
        /// What the partner says.
        text: String,
    },
    /// It was not processed, and nothing is said about it.
    #[error("the partner did not process the message, and does not say why")]
    NotProcessed,
    /// It does not tell what arrived.
    #[error("the receipt has no MIC")]
    NoMic,
    /// Its MIC is of a digest that is weaker than what was agreed.
    #[error("the MIC of the receipt uses a weaker digest than the message")]
    WeakMic,
    /// Something else arrived there.
    #[error("the MIC of the receipt is not that of the message")]
    OtherMic,
}

/// Judges a receipt.
pub fn judge(received: &Received, expected: &Expected) -> Judgement {
    match why_not(received, expected) {
        Some(why) => Judgement::NotDelivered(why),
        None => Judgement::Delivered,
    }
}

fn why_not(received: &Received, expected: &Expected) -> Option<Why> {
    match &received.signature {
        Signature::Bad(fault) => return Some(Why::Signature(fault.clone())),
        Signature::None if expected.is_signed => return Some(Why::Unsigned),
        Signature::None | Signature::Verified(_) => {}
    }
    let Some(message_id) = &received.original_message_id else { return Some(Why::NoMessage) };
    if bare(message_id) != bare(expected.message_id) {
        return Some(Why::OtherMessage);
    }
    if let Some(worst) = received.disposition.worst() {
        let (severity, text) = (worst.severity, worst.text.clone());
        return Some(Why::Reported { severity, text });
    }
    if !received.disposition.is_processed {
        return Some(Why::NotProcessed);
    }
    match &received.mic {
        None => Some(Why::NoMic),
        Some(mic) if mic.digest < expected.mic.digest => Some(Why::WeakMic),
        Some(mic) if mic != expected.mic => Some(Why::OtherMic),
        Some(_) => None,
    }
}
