//! What came of a message that was sent, in words that lead to the cure.

use std::fmt;
use std::io;
use std::time::Duration;

use tieline_smime::mdn::{Received, Severity, Signature, Why};
use tieline_smime::mime::Headers;
use tieline_smime::{Fault, Mic};

use crate::as2::fields::shown;

/// The steps to an answer, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stage {
    /// The name becomes an address.
    Dns,
    /// The address, or that of the proxy, is connected to.
    Tcp,
    /// The proxy connects to the server.
    Proxy,
    /// TLS, and the certificate of the server.
    Tls,
    /// The message, up to the partner's answer.
    As2,
    /// The receipt: who signed it, and whether it proves that the message arrived.
    Receipt,
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::As2 => "as2",
            Self::Receipt => "receipt",
        })
    }
}

/// What came of one try.
#[derive(Debug)]
pub struct Sent {
    /// Whether the partner has it.
    pub outcome: Outcome,
    /// The MIC that a receipt has to tell; none if the message was not sealed to its end.
    pub mic: Option<Mic>,
    /// The status of HTTP, if there was an answer.
    pub status: Option<u16>,
    /// The answer: its fields, an empty line and its body. To be kept as a proof.
    pub raw: Option<Vec<u8>>,
}

impl Sent {
    pub(crate) fn failed(failure: Failure) -> Self {
        Self { outcome: Outcome::NotDelivered(failure), mic: None, status: None, raw: None }
    }
}

/// Whether the partner has a message.
#[derive(Debug)]
pub enum Outcome {
    /// It has: its receipt is right in everything.
    Delivered(Box<Received>),
    /// The receipt comes by itself. Until then nothing is proved.
    Awaited,
    /// The server took it, and no receipt was asked for. Nothing proves it.
    Taken,
    /// It is not known that it has.
    NotDelivered(Failure),
}

/// Why a message counts as not delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The name has no address.
    #[error("dns: {host} has no address: {error}")]
    Dns {
        /// The name.
        host: String,
        /// What the system says.
        error: io::Error,
    },
    /// The address is one that nothing may be sent to.
    #[error("dns: {host} is an address that is not public")]
    Reach {
        /// The host.
        host: String,
    },
    /// Nobody answers there.
    #[error("tcp: {host} port {port} does not answer: {error}")]
    Tcp {
        /// The server, or the proxy before it.
        host: String,
        /// Its port.
        port: u16,
        /// What the system says.
        error: io::Error,
    },
    /// The proxy does not connect us.
    #[error("proxy: {text}")]
    Proxy {
        /// What it says.
        text: String,
    },
    /// TLS did not come about.
    #[error("tls: {text}")]
    Tls {
        /// Why.
        text: String,
        /// Whether the connection broke, and nothing is wrong with certificates or versions.
        is_broken: bool,
    },
    /// No roots are there for `https`.
    #[error("tls: no certificates are given to know the server of {host} by")]
    NoTls {
        /// The host.
        host: String,
    },
    /// It took too long.
    #[error("{stage}: no answer within {} s", after.as_secs())]
    Timeout {
        /// Where.
        stage: Stage,
        /// How long was waited.
        after: Duration,
    },
    /// The connection broke.
    #[error("as2: the connection broke: {text}")]
    Broken {
        /// How.
        text: String,
    },
    /// The answer is larger than a receipt may be.
    #[error("as2: the answer has more than {limit} bytes")]
    LargeAnswer {
        /// The most bytes that are read.
        limit: usize,
    },
    /// The message cannot be sent as it is.
    #[error("as2: the message cannot be sent: {0}")]
    Message(String),
    /// The payload could not be read, or not sealed.
    #[error("as2: the message could not be sealed: {0}")]
    Seal(Fault),
    /// A status of HTTP that is none of success.
    #[error("as2: the partner's server answers {status}{}", told(text))]
    Status {
        /// The status.
        status: u16,
        /// The first words of the answer, or where it leads to.
        text: String,
    },
    /// The answer is no receipt.
    #[error("as2: the answer is no receipt: {0}")]
    NoReceipt(Fault),
    /// The receipt proves no delivery.
    #[error("as2: {why}")]
    Receipt {
        /// Why not.
        why: Why,
        /// The receipt.
        received: Box<Received>,
    },
}

fn told(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

impl Failure {
    pub(crate) fn status(status: u16, headers: &Headers, body: &[u8]) -> Self {
        let location = headers.get("Location").ok().flatten().filter(|_| status / 100 == 3);
        let words = match location {
            Some(location) => format!("it leads to {location}"),
            None => String::from_utf8_lossy(&body[..body.len().min(300)]).trim().to_string(),
        };
        Self::Status { status, text: shown(&words) }
    }

    /// How far it came.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Dns { .. } | Self::Reach { .. } => Stage::Dns,
            Self::Tcp { .. } => Stage::Tcp,
            Self::Proxy { .. } => Stage::Proxy,
            Self::Tls { .. } | Self::NoTls { .. } => Stage::Tls,
            Self::Timeout { stage, .. } => *stage,
            Self::Receipt { why: Why::Reported { .. } | Why::NotProcessed, .. } => Stage::As2,
            Self::Receipt { .. } => Stage::Receipt,
            _ => Stage::As2,
        }
    }

    /// Whether trying again later, under the same Message-ID, may help without anybody doing
    /// anything. Not after what the partner said for good: 400, 401, 403, 404 and the like, and a
    /// receipt that it signed.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Dns { .. }
            | Self::Tcp { .. }
            | Self::Proxy { .. }
            | Self::Timeout { .. }
            | Self::Broken { .. }
            | Self::NoReceipt(_) => true,
            Self::Tls { is_broken, .. } => *is_broken,
            Self::NoTls { .. }
            | Self::Reach { .. }
            | Self::LargeAnswer { .. }
            | Self::Message(_) => false,
            Self::Seal(fault) => matches!(fault, Fault::Read(_) | Fault::Write(_)),
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Receipt { why, received } => {
                let is_partners = matches!(received.signature, Signature::Verified(_));
                !is_partners && matches!(why, Why::Unsigned | Why::OtherMessage | Why::NoMessage)
            }
        }
    }

    /// What to do.
    pub fn fix(&self) -> String {
        match self {
            Self::Dns { .. } => "check the name in the address, and our name server".into(),
            Self::Reach { .. } => "list the network if the partner is really in it".into(),
            Self::Tcp { .. } => {
                "check address and port; the partner may have to admit our address".into()
            }
            Self::Proxy { .. } => "check the proxy and what it may connect to".into(),
            Self::Tls { .. } => {
                "compare the certificate of the partner's server with the partner, \
                                 and pin it if it is right"
                    .into()
            }
            Self::NoTls { .. } => "name the roots to use, or pin the server's certificate".into(),
            Self::Timeout { stage: Stage::As2, .. } => {
                "ask the partner whether it got the message; it may need longer".into()
            }
            Self::Timeout { .. } => "check the address, and whether the partner admits ours".into(),
            Self::Broken { .. } => "ask the partner what its log says; it may be the size".into(),
            Self::LargeAnswer { .. } | Self::NoReceipt(_) => {
                "check the path of the address: what answers is not AS2".into()
            }
            Self::Message(_) => "correct the partner's profile".into(),
            Self::Seal(_) => "check our key and the partner's certificate".into(),
            Self::Status { status, .. } => status_fix(*status).into(),
            Self::Receipt { why, .. } => receipt_fix(why),
        }
    }
}

fn status_fix(status: u16) -> &'static str {
    match status {
        300..=399 => "write the address it leads to into the profile; redirects are not followed",
        401 | 407 => "check name and password",
        403 => "ask the partner whether it knows our AS2 name and our address",
        404 | 405 => "check the path of the address",
        411 => "tell the length of messages beforehand: this server does not take chunks",
        413 => "the message is too large for the partner; ask for its limit",
        400..=499 => "ask the partner what is wrong with the message; check both AS2 names",
        _ => "wait; if it stays so, tell the partner",
    }
}

fn receipt_fix(why: &Why) -> String {
    match why {
        Why::Unsigned => {
            "ask the partner to sign receipts; an unsigned one proves nothing, and counts \
                          only where `send.receipt` is unsigned"
                .into()
        }
        Why::Signature(Fault::UnknownSigner) => {
            "the partner signs with a certificate that is not pinned; get its new one".into()
        }
        Why::Signature(_) => "ask the partner which certificate signs its receipts".into(),
        Why::Reported { severity: Severity::Warning, .. } => {
            "ask the partner whether it has the message, in spite of its warning".into()
        }
        Why::Reported { text, .. } => match text.split(',').next().unwrap_or_default().trim() {
            "decryption-failed" => "the partner may have lost its key; ask for its certificate",
            "authentication-failed" => "send our certificate to the partner",
            "integrity-check-failed" => "something changes messages on the way; try base64",
            "insufficient-message-security" => "agree on seals: what we send is too weak",
            "unknown-trading-relationship" => "compare both AS2 names with the partner",
            _ => "ask the partner what its log says",
        }
        .into(),
        Why::OtherMic | Why::WeakMic | Why::NoMic => {
            "the partner reads another content, or tells no digest of it; compare the MIC".into()
        }
        _ => "ask the partner what its log says".into(),
    }
}
