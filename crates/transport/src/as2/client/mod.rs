//! The client: one message is sealed and sent, and its receipt judged; or a receipt of ours is sent.
//!
//! Nothing is tried again here. Whoever sends again does so under the same Message-ID, so that the
//! partner can tell that it has the message already.

pub(crate) mod connect;
mod outcome;
pub(crate) mod pool;
pub(crate) mod post;
mod sealed;
mod stages;

use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tieline_smime::algorithm::{Cipher, Digest, KeyTransport, Scheme};
use tieline_smime::mdn::{Expected, Judgement, Receipt, Trust, judge, read};
use tieline_smime::mime::Headers;
use tieline_smime::{
    Certificate, Compress, Encoding, Encryption, Identity, Mic, PinnedCertificates, Sealing,
    Signing,
};

use crate::as2::client::connect::Way;
pub use crate::as2::client::outcome::{Failure, Outcome, Sent, Stage};
use crate::as2::client::pool::Line;
pub use crate::as2::client::pool::Pool;
use crate::as2::client::post::{Post, Response};
pub use crate::as2::client::sealed::{Sealed, seal};
pub use crate::as2::client::stages::test_connection;
use crate::as2::fields::{is_message_id, is_name, quoted};
use crate::as2::keep::FinishedReceipt;
use crate::as2::receipt::{FEATURES, VERSION, date};
pub use crate::as2::tls::{ClientTls, Roots, TlsError, TlsIdentity};
use crate::as2::wire::Url;
use crate::sftp::Network;
pub use crate::sftp::client::{Proxy, ProxyKind, Secret, Step, StepResult};

/// Where a partner takes messages, and the way there.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The address.
    pub url: Url,
    /// How its server is known; needed for `https` alone.
    pub tls: Option<ClientTls>,
    /// Name and password, if it asks for them. Over plain HTTP everybody on the way reads them.
    pub login: Option<(String, Secret)>,
    /// The way there, if it is not direct. Of an HTTP proxy, `https` uses `CONNECT`.
    pub proxy: Option<Proxy>,
    /// Which addresses may be connected to.
    pub reach: Reach,
    /// How long is waited for what.
    pub timeouts: Timeouts,
}

impl Destination {
    /// A destination with nothing between, reached wherever it is.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            tls: None,
            login: None,
            proxy: None,
            reach: Reach::Anywhere,
            timeouts: Timeouts::default(),
        }
    }
}

/// Which addresses may be connected to. It is looked at after the name was resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reach {
    /// All: a person wrote the destination down.
    Anywhere,
    /// Public addresses, and none inside of a house: right for receipts, whose address a message
    /// names. With a proxy, which resolves names itself, only a destination by number can be looked at.
    #[default]
    Public,
    /// Public addresses and these networks.
    PublicAnd(Vec<Network>),
}

/// How long is waited for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For each of: the name to be resolved, the connection to be made, the proxy, TLS.
    pub connect: Duration,
    /// For the partner to take some more bytes.
    pub idle: Duration,
    /// For the whole answer, after the last byte was sent. A partner may work on it for a while.
    pub answer: Duration,
}

impl Default for Timeouts {
    /// 30 s to connect, 60 s of quiet, 5 min for the answer.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            answer: Duration::from_secs(300),
        }
    }
}

/// A message to send: to whom, how it is sealed, and which receipt is asked for.
#[derive(Debug, Clone)]
pub struct Message {
    /// Our AS2 name, without quotes.
    pub from: String,
    /// The partner's AS2 name, without quotes.
    pub to: String,
    /// The Message-ID with its angle brackets; each further try has the same.
    pub message_id: String,
    /// A subject, for people.
    pub subject: Option<String>,
    /// The type of the payload, e.g. `application/edi-x12`.
    pub content_type: String,
    /// The name to tell the partner.
    pub file_name: Option<String>,
    /// How it is sealed.
    pub seals: Seals,
    /// The receipt that is asked for.
    pub receipt: Option<ReceiptWish>,
    /// Whether its length is told beforehand.
    pub length: Length,
    /// The time now, for signatures.
    pub now: Timestamp,
}

/// How a message is sealed.
#[derive(Debug, Clone)]
pub struct Seals {
    /// Who signs, if it is signed.
    pub sign: Option<Sign>,
    /// For whom it is encrypted, if it is.
    pub encrypt: Option<Encrypt>,
    /// Whether and where it is compressed.
    pub compress: Compress,
    /// How entities inside are written.
    pub encoding: Encoding,
    /// The digest of a message that is not signed.
    pub mic: Digest,
}

impl Seals {
    /// The usual seals: signed with SHA-256, encrypted with AES-256 in CBC mode, binary.
    pub fn new(identity: Arc<Identity>, certificate: Certificate) -> Self {
        let (digest, scheme) = (Digest::Sha256, Scheme::Pkcs1);
        let (cipher, transport) = (Cipher::Aes256Cbc, KeyTransport::Pkcs1);
        Self {
            sign: Some(Sign { identity, digest, scheme }),
            encrypt: Some(Encrypt { certificate, cipher, transport }),
            compress: Compress::No,
            encoding: Encoding::Binary,
            mic: Digest::Sha256,
        }
    }

    /// The digest that the receipt has to tell.
    fn digest(&self) -> Digest {
        self.sign.as_ref().map_or(self.mic, |it| it.digest)
    }
}

/// Who signs, and how.
#[derive(Clone)]
pub struct Sign {
    /// Our key and its certificate.
    pub identity: Arc<Identity>,
    /// SHA-256 or stronger.
    pub digest: Digest,
    /// How RSA is used.
    pub scheme: Scheme,
}

impl fmt::Debug for Sign {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sign").field("digest", &self.digest).finish_non_exhaustive()
    }
}

/// For whom a message is encrypted, and how.
#[derive(Debug, Clone)]
pub struct Encrypt {
    /// The partner's certificate.
    pub certificate: Certificate,
    /// A cipher that the partner reads.
    pub cipher: Cipher,
    /// How the key of the content is encrypted.
    pub transport: KeyTransport,
}

/// The receipt that is asked for.
#[derive(Debug, Clone)]
pub struct ReceiptWish {
    /// Whether it has to be signed.
    pub kind: Receipt,
    /// Where it goes if it should come later; without it, it is the answer.
    pub address: Option<Url>,
    /// The certificates the partner signs receipts with.
    pub signers: PinnedCertificates,
    /// The digests that its signature may use.
    pub digests: Vec<Digest>,
}

impl ReceiptWish {
    /// A signed receipt in the answer, with SHA-2.
    pub fn signed(signers: PinnedCertificates) -> Self {
        let digests = vec![Digest::Sha256, Digest::Sha384, Digest::Sha512];
        Self { kind: Receipt::Signed, address: None, signers, digests }
    }
}

/// Whether the length of a message is told beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Length {
    /// It is not: the message goes out in chunks while it is sealed.
    Chunked,
    /// It is, for partners that do not read chunks: the message is sealed into this folder first.
    Told {
        /// The folder; the file has no name there.
        folder: PathBuf,
    },
}

/// Sends a message once. The payload is read on a thread that may block.
///
/// What comes of it is never an error of the program: [`Sent::outcome`] says whether the partner has
/// the message, and if not, why and what to do.
pub async fn send(
    destination: &Destination,
    message: &Message,
    payload: impl Read + Send + 'static,
) -> Sent {
    send_observed(destination, message, payload, &mut |_, _, _| {}).await
}

/// Sends a message once that was sealed before, over a connection that was kept if there is one.
pub async fn send_sealed(
    destination: &Destination,
    message: &Message,
    sealed: &Sealed,
    pool: &Arc<Pool>,
) -> Sent {
    let fields = match message.fields() {
        Ok(fields) => fields,
        Err(what) => return Sent::failed(Failure::Message(what.into())),
    };
    let body = Ready::Sealed(sealed, &message.length);
    match exchange(destination, pool, &fields, body).await {
        Ok(response) => judged(message, Some(sealed.mic().clone()), response),
        Err(failure) => Sent { mic: Some(sealed.mic().clone()), ..Sent::failed(failure) },
    }
}

/// A body that can go out more than once.
#[derive(Clone, Copy)]
enum Ready<'a> {
    Sealed(&'a Sealed, &'a Length),
    Whole(&'a [u8]),
}

impl Ready<'_> {
    async fn send(self, post: Post<'_>) -> Result<Response, Failure> {
        match self {
            Self::Sealed(sealed, length) => post.send_sealed(sealed, length).await,
            Self::Whole(body) => post.send_whole(body.to_vec()).await,
        }
    }
}

/// Sends a request over a connection that was kept, or over a new one, and keeps that.
async fn exchange(
    destination: &Destination,
    pool: &Arc<Pool>,
    fields: &Headers,
    body: Ready<'_>,
) -> Result<Response, Failure> {
    if let Some(mut line) = pool.take(destination) {
        let post = Post { destination, line: &mut line, fields, is_kept: true };
        match body.send(post).await {
            Ok(response) => {
                pool.put(destination, line);
                return Ok(response);
            }
            // The server ended it, and may do so at any moment.
            Err(Failure::Broken { .. }) if !line.has_heard() => {}
            Err(failure) => return Err(failure),
        }
    }
    let way = Way::open(destination, &mut |_, _, _| {}).await?;
    let mut line = Line::open(way).await?;
    let post = Post { destination, line: &mut line, fields, is_kept: true };
    let response = body.send(post).await?;
    pool.put(destination, line);
    Ok(response)
}

pub(crate) async fn send_observed(
    destination: &Destination,
    message: &Message,
    payload: impl Read + Send + 'static,
    observe: connect::Observe<'_>,
) -> Sent {
    let fields = match message.fields() {
        Ok(fields) => fields,
        Err(what) => return Sent::failed(Failure::Message(what.into())),
    };
    let way = match Way::open(destination, observe).await {
        Ok(way) => way,
        Err(failure) => return Sent::failed(failure),
    };
    let start = tokio::time::Instant::now();
    let posted = async {
        let mut line = Line::open(way).await?;
        let post = Post { destination, line: &mut line, fields: &fields, is_kept: false };
        let Length::Told { folder } = &message.length else {
            return post.seal_and_send(message, payload).await;
        };
        let sealed = seal(message, payload, folder).await?;
        let response = post.send_sealed(&sealed, &message.length).await?;
        Ok((Some(sealed.mic().clone()), response))
    };
    let sent = match posted.await {
        Ok((mic, response)) => judged(message, mic, response),
        Err(failure) => Sent::failed(failure),
    };
    let is_answered = match &sent.outcome {
        Outcome::NotDelivered(failure) => failure.stage() > Stage::As2,
        Outcome::Delivered(_) | Outcome::Awaited | Outcome::Taken => true,
    };
    if is_answered {
        observe(Stage::As2, start.elapsed(), "the partner took the message".to_string());
    }
    sent
}

/// What the answer means.
fn judged(message: &Message, mic: Option<Mic>, response: Response) -> Sent {
    let Response { status, headers, body } = response;
    let outcome = match (&message.receipt, &mic, status) {
        (None, Some(_), 200..=299) => Outcome::Taken,
        (Some(wish), Some(mic), 200..=299) => receipt(message, wish, mic, &headers, &body),
        _ => Outcome::NotDelivered(Failure::status(status, &headers, &body)),
    };
    let raw = Some([headers.write(), body].concat());
    Sent { outcome, mic, status: Some(status), raw }
}

fn receipt(
    message: &Message,
    wish: &ReceiptWish,
    mic: &Mic,
    headers: &Headers,
    body: &[u8],
) -> Outcome {
    let kind = headers.content_type().ok().flatten().map(|it| it.main).unwrap_or_default();
    if wish.address.is_some() && !kind.starts_with("multipart/") {
        return Outcome::Awaited;
    }
    let now = message.now.as_second();
    let trust = Trust { signers: &wish.signers, digests: &wish.digests, now };
    let received = match read(headers, &mut &body[..], &trust) {
        Ok(received) => received,
        Err(fault) => return Outcome::NotDelivered(Failure::NoReceipt(fault)),
    };
    let is_signed = wish.kind == Receipt::Signed;
    let expected = Expected { message_id: &message.message_id, mic, is_signed };
    match judge(&received, &expected) {
        Judgement::Delivered => Outcome::Delivered(Box::new(received)),
        Judgement::NotDelivered(why) => {
            Outcome::NotDelivered(Failure::Receipt { why, received: Box::new(received) })
        }
    }
}

/// Sends a receipt that a partner wants by itself.
///
/// # Errors
///
/// The [`Failure`] if the partner did not take it.
pub async fn send_receipt(
    destination: &Destination,
    receipt: &FinishedReceipt,
    pool: &Arc<Pool>,
) -> Result<(), Failure> {
    let broken = || Failure::Message("the receipt was not kept as it was written".into());
    let (fields, body) = receipt.parts().ok_or_else(broken)?;
    let response = exchange(destination, pool, &fields, Ready::Whole(&body)).await?;
    match response.status {
        200..=299 => Ok(()),
        status => Err(Failure::status(status, &response.headers, &response.body)),
    }
}

impl Message {
    /// The fields of HTTP but those of the sealed entity.
    fn fields(&self) -> Result<Headers, &'static str> {
        if !is_name(&self.from) || !is_name(&self.to) {
            return Err("an AS2 name has 1 to 128 characters of ASCII");
        }
        if !is_message_id(&self.message_id) {
            return Err("a Message-ID has 1 to 998 characters of ASCII");
        }
        let mut headers = Headers::new();
        let mut push = |name, value: &str| {
            headers.push(name, value).map_err(|_| "a text has a line end or a control character")
        };
        push("AS2-Version", VERSION)?;
        push("AS2-From", &quoted(&self.from))?;
        push("AS2-To", &quoted(&self.to))?;
        push("Message-ID", &self.message_id)?;
        push("Date", &date(self.now))?;
        push("EDIINT-Features", FEATURES)?;
        push("Mime-Version", "1.0")?;
        if let Some(subject) = &self.subject {
            push("Subject", subject)?;
        }
        if let Some(wish) = &self.receipt {
            push("Disposition-Notification-To", &quoted(&self.from))?;
            let digest = self.seals.digest();
            match wish.kind {
                Receipt::Signed => push(
                    "Disposition-Notification-Options",
                    &format!(
                        "signed-receipt-protocol=required, pkcs7-signature; \
                         signed-receipt-micalg=required, {digest}"
                    ),
                )?,
                // The MIC of a message that is not signed is made as is said here. Some products sign
                // their receipt for whatever stands in this field, so it is there only if it must be.
                Receipt::Unsigned if self.seals.sign.is_none() => push(
                    "Disposition-Notification-Options",
                    &format!("signed-receipt-micalg=optional, {digest}"),
                )?,
                Receipt::Unsigned => {}
            }
            if let Some(address) = &wish.address {
                push("Receipt-Delivery-Option", &address.to_string())?;
            }
        }
        Ok(headers)
    }

    fn sealing(&self) -> Sealing<'_> {
        let seals = &self.seals;
        Sealing {
            content_type: &self.content_type,
            file_name: self.file_name.as_deref(),
            compress: seals.compress,
            sign: seals.sign.as_ref().map(|it| Signing {
                identity: &it.identity,
                digest: it.digest,
                scheme: it.scheme,
                time: Some(self.now.as_second()),
            }),
            encrypt: seals.encrypt.as_ref().map(|it| Encryption {
                certificate: &it.certificate,
                cipher: it.cipher,
                transport: it.transport,
            }),
            encoding: seals.encoding,
            mic: seals.mic,
        }
    }
}
