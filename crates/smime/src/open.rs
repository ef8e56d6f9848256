//! A message is opened: layers come off one after the other, and the payload is put away.
//!
//! Everything happens in one pass. The layers may be, from outside: encrypted, then signed and
//! compressed in either order, each at most once. From the moment a key was unwrapped until a
//! signature was verified there is one failure for the partner, because each difference that it
//! could see would help to decrypt a message that was recorded.

use std::io::{self, BufRead, BufReader, Read};

use crate::algorithm::{Cipher, Digest, KeyTransport, Scheme};
use crate::ber;
use crate::certificate::{Certificate, Identity, PinnedCertificates};
use crate::cms::compressed::{CompressedReader, Expansion};
use crate::cms::enveloped::Envelope;
use crate::cms::signed::SignedData;
use crate::cms::{self, Content};
use crate::fault::{Fault, drain};
use crate::mic::{Hashes, HashingReader, Mic};
use crate::mime::{Base64Reader, FileName, Headers, Parts, Value};
use crate::policy::Policy;
use crate::spool::{Payload, Spool, Verified};

/// The most entities that may lie in each other.
pub const DEEPEST_ENTITY: usize = 5;

/// Random bytes, from wherever the caller has them.
pub trait Randomness {
    /// Fills the space with bytes that nobody can foresee.
    fn fill(&self, space: &mut [u8]);
}

/// The random bytes of AWS-LC, which come from the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, space: &mut [u8]) {
        aws_lc_rs::rand::fill(space).expect("the system has randomness, or nothing here is safe");
    }
}

/// What a message is opened with.
#[derive(Clone, Copy)]
pub struct Opening<'a> {
    /// Our keys, the new one and the old one while partners change over.
    pub identities: &'a [&'a Identity],
    /// The certificates the partner may sign with.
    pub signers: &'a PinnedCertificates,
    /// What is agreed with the partner.
    pub policy: &'a Policy,
    /// The time now in seconds since 1970, UTC.
    pub now: i64,
    /// The digest for the MIC of a message that is not signed: the first one of those the partner
    /// asked for that we accept.
    pub mic: Digest,
    /// For the key that stands in where unwrapping failed.
    pub randomness: &'a dyn Randomness,
}

/// A layer that was taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// Encrypted for a key of ours.
    Encrypted {
        /// The cipher of the content.
        cipher: Cipher,
        /// How its key was transported.
        transport: KeyTransport,
    },
    /// Signed by the partner.
    Signed {
        /// The digest of the content.
        digest: Digest,
        /// How RSA was used.
        scheme: Scheme,
        /// When the partner says it signed, in seconds since 1970, UTC.
        time: Option<i64>,
    },
    /// Compressed with zlib.
    Compressed,
}

/// A message that was accepted.
#[derive(Debug)]
pub struct Opened<P> {
    /// What was in it.
    pub payload: Payload<P>,
    /// Bytes of the payload.
    pub size: u64,
    /// The layers, from the outermost.
    pub layers: Vec<Layer>,
    /// What the receipt tells.
    pub mic: Mic,
    /// The `Content-Type` of the payload as it was written, if there was one. A `multipart/related`
    /// or `multipart/mixed` is one payload.
    pub content_type: Option<String>,
    /// The name the partner gave the file.
    pub file_name: FileName,
}

/// What a partner may be told about a message that was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Told {
    /// The encrypted message could not be opened and verified, for whichever reason.
    DecryptionFailed,
    /// The signature is not that of the partner.
    AuthenticationFailed,
    /// What arrived is not what was signed.
    IntegrityCheckFailed,
    /// The compressed content could not be decompressed.
    DecompressionFailed,
    /// Less security than agreed.
    InsufficientMessageSecurity,
    /// The message is none that we understand.
    UnexpectedProcessingError,
    /// Nothing: the fault is on our side or on the line, and the partner should try again.
    Nothing,
}

impl Told {
    /// The modifier of the disposition (RFC 4130, 7.5), none where no receipt should be sent.
    pub fn modifier(self) -> Option<&'static str> {
        Some(match self {
            Self::DecryptionFailed => "decryption-failed",
            Self::AuthenticationFailed => "authentication-failed",
            Self::IntegrityCheckFailed => "integrity-check-failed",
            Self::DecompressionFailed => "decompression-failed",
            Self::InsufficientMessageSecurity => "insufficient-message-security",
            Self::UnexpectedProcessingError => "unexpected-processing-error",
            Self::Nothing => return None,
        })
    }
}

/// Why a message was not accepted.
#[derive(Debug, thiserror::Error)]
#[error("the message was not accepted: {reason}")]
pub struct OpenError {
    /// What the partner may be told.
    pub told: Told,
    /// The reason, for our own log only. Telling it to the partner would help an attacker.
    pub reason: Fault,
    /// The error of reading or writing, where that was the reason.
    pub source: Option<io::Error>,
}

/// Opens a message: the fields of its outermost entity and its body, as HTTP gave them. The payload
/// goes to the spool.
///
/// # Errors
///
/// [`OpenError`] if the message is not accepted; then the spool was dropped.
pub fn open<R: Read, S: Spool>(
    headers: &Headers,
    body: R,
    with: &Opening,
    spool: S,
) -> Result<Opened<S::Payload>, OpenError> {
    let limit = with.policy.limits.message;
    let mut source = Source { source: body, left: limit, is_too_long: false, error: None };
    let mut run = Run::new(with, Guarded { spool, size: 0, error: None });
    let result = run.message(headers, &mut source);
    let result = match source.is_too_long {
        true => Err(Fault::TooLarge { what: "the message", limit }),
        false => result,
    };
    if let Err(reason) = result {
        let own = source.error.or(run.spool.error.take());
        let told = if own.is_some() { Told::Nothing } else { run.told(&reason) };
        return Err(OpenError { told, reason, source: own });
    }
    let Run {
        spool: Guarded { spool, size, .. },
        layers,
        signer,
        mic,
        content_type,
        file_name,
        ..
    } = run;
    let local = |error: io::Error| {
        let reason = Fault::Write(error.kind());
        OpenError { told: Told::Nothing, reason, source: Some(error) }
    };
    let payload = spool.finish().map_err(local)?;
    let payload = match signer {
        Some(signer) => Payload::Verified(Verified::new(payload, signer)),
        None => Payload::Unsigned(payload),
    };
    let mic = mic.expect("each message that was read to its end has one");
    Ok(Opened { payload, size, layers, mic, content_type, file_name })
}

/// The bytes as they arrive: an error of theirs is not the message's fault.
struct Source<R> {
    source: R,
    left: u64,
    is_too_long: bool,
    error: Option<io::Error>,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        match self.source.read(space) {
            Ok(read) if read as u64 > self.left => {
                self.is_too_long = true;
                Err(Fault::TooLarge { what: "the message", limit: self.left }.into())
            }
            Ok(read) => {
                self.left -= read as u64;
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                self.error = Some(error);
                Err(Fault::Read(kind).into())
            }
        }
    }
}

/// The spool: an error of its own is not the message's fault.
struct Guarded<S> {
    spool: S,
    size: u64,
    error: Option<io::Error>,
}

impl<S: Spool> Guarded<S> {
    fn put(&mut self, bytes: &[u8], limit: u64) -> Result<(), Fault> {
        self.size += bytes.len() as u64;
        if self.size > limit {
            return Err(Fault::TooLarge { what: "the payload", limit });
        }
        self.spool.write_all(bytes).map_err(|error| {
            let kind = error.kind();
            self.error = Some(error);
            Fault::Write(kind)
        })
    }
}

/// A message being opened.
struct Run<'a, S> {
    with: &'a Opening<'a>,
    spool: Guarded<S>,
    layers: Vec<Layer>,
    /// Set when a key was unwrapped, until the content was found whole.
    is_secret: bool,
    signer: Option<Certificate>,
    /// Whether what is wrong was signed by the partner, so that it may be told.
    is_authentic: bool,
    mic: Option<Mic>,
    content_type: Option<String>,
    file_name: FileName,
    is_decompressing: bool,
}

impl<'a, S: Spool> Run<'a, S> {
    fn new(with: &'a Opening<'a>, spool: Guarded<S>) -> Self {
        Self {
            with,
            spool,
            layers: Vec::new(),
            is_secret: false,
            signer: None,
            is_authentic: false,
            mic: None,
            content_type: None,
            file_name: FileName::None,
            is_decompressing: false,
        }
    }

    fn message(&mut self, headers: &Headers, body: &mut dyn Read) -> Result<(), Fault> {
        self.entity(headers, body, 1)?;
        self.is_secret = false;
        Ok(())
    }

    /// Says that no encryption comes any more.
    fn check_encryption(&self) -> Result<(), Fault> {
        if self.with.policy.is_encrypted && !self.has_encryption() {
            return Err(Fault::Weak("the message is not encrypted"));
        }
        Ok(())
    }

    fn told(&self, reason: &Fault) -> Told {
        if self.is_secret {
            return Told::DecryptionFailed;
        }
        match reason {
            Fault::Weak(_) => Told::InsufficientMessageSecurity,
            Fault::NotForUs | Fault::Decryption => Told::DecryptionFailed,
            Fault::Signature | Fault::UnknownSigner | Fault::NotValidNow => {
                Told::AuthenticationFailed
            }
            Fault::Digest => Told::IntegrityCheckFailed,
            _ if self.is_decompressing => Told::DecompressionFailed,
            _ => Told::UnexpectedProcessingError,
        }
    }

    fn has_encryption(&self) -> bool {
        self.layers.iter().any(|it| matches!(it, Layer::Encrypted { .. }))
    }

    fn has_signature(&self) -> bool {
        self.layers.iter().any(|it| matches!(it, Layer::Signed { .. }))
    }

    /// An entity whose fields come first in the bytes.
    fn inner(&mut self, source: &mut dyn Read, depth: usize) -> Result<(), Fault> {
        let mut source = BufReader::with_capacity(32 * 1024, source);
        let headers = Headers::read(&mut source)?;
        if self.has_encryption() && !self.has_signature() {
            check_plain(&headers)?;
        }
        self.entity(&headers, &mut source, depth)?;
        if source.fill_buf()?.is_empty() {
            Ok(())
        } else {
            Err(Fault::Mime("bytes follow after an entity"))
        }
    }

    fn entity(
        &mut self,
        headers: &Headers,
        body: &mut dyn Read,
        depth: usize,
    ) -> Result<(), Fault> {
        if depth > DEEPEST_ENTITY {
            return Err(Fault::Mime("entities lie too deep in each other"));
        }
        let value = headers.content_type()?;
        let is_base64 = headers.is_base64()?;
        let kind = value.as_ref().map_or("", |value| value.main.as_str());
        match (kind, value.as_ref()) {
            ("multipart/signed", _) if is_base64 => {
                Err(Fault::Mime("a multipart is encoded as a whole"))
            }
            ("multipart/signed", Some(value)) => self.signed(value, body, depth),
            ("application/pkcs7-mime" | "application/x-pkcs7-mime", Some(value)) => {
                if is_base64 {
                    self.sealed(value, &mut Base64Reader::new(body), depth)
                } else {
                    self.sealed(value, body, depth)
                }
            }
            _ if is_payload(kind) => self.payload(headers, body, is_base64),
            // RFC 4130 has receipts signed and no more.
            ("multipart/report", _) => Err(Fault::Unsupported("a receipt within a message")),
            _ => Err(Fault::Unsupported("this Content-Type as what a message holds")),
        }
    }

    /// Encrypted or compressed content.
    fn sealed(&mut self, value: &Value, source: &mut dyn Read, depth: usize) -> Result<(), Fault> {
        let told = value.parameter("smime-type").map(|it| it.to_ascii_lowercase());
        let told = match told.as_deref() {
            None => None,
            Some("enveloped-data" | "authenveloped-data") => Some(true),
            Some("compressed-data") => Some(false),
            Some(_) => return Err(Fault::Unsupported("this smime-type")),
        };
        let mut ber = ber::Reader::new(source);
        let content = cms::enter(&mut ber)?;
        if told.is_some_and(|is_encrypted| is_encrypted != (content != Content::Compressed)) {
            return Err(Fault::Structure("the smime-type says another kind than the content is"));
        }
        match content {
            Content::Compressed => self.compressed(ber, depth),
            content => self.enveloped(Envelope::read(ber, content)?, depth),
        }
    }

    fn enveloped(&mut self, envelope: Envelope, depth: usize) -> Result<(), Fault> {
        if !self.layers.is_empty() {
            return Err(Fault::Structure("encryption inside of another layer"));
        }
        let cipher = envelope.cipher;
        if !self.with.policy.ciphers.contains(&cipher) {
            return Err(Fault::Weak("the message is encrypted with a cipher"));
        }
        let ours = envelope.recipients.iter().find_map(|recipient| {
            let mut ours = self.with.identities.iter();
            let is_meant = |it: &&&Identity| it.certificate().is(&recipient.identifier);
            Some((recipient, *ours.find(is_meant)?))
        });
        let (recipient, identity) = ours.ok_or(Fault::NotForUs)?;
        let transport = recipient.transport;
        self.layers.push(Layer::Encrypted { cipher, transport });
        // A random key stands in where unwrapping failed, so that the failure is that of any
        // changed message.
        let mut key = vec![0; cipher.key_length()];
        self.with.randomness.fill(&mut key);
        let unwrapped = identity.key().open(transport, &recipient.encrypted_key);
        self.is_secret = true;
        if let Some(unwrapped) = unwrapped.filter(|it| it.len() == key.len()) {
            key = unwrapped;
        }
        let mut plain = envelope.decrypt(&key)?;
        let result = self.inner(&mut plain, depth + 1);
        // Read to the end also when it failed: for the tag, and to take as long as otherwise.
        let end = drain(&mut plain).map(drop).map_err(Fault::from);
        let is_told = self.signer.is_some() && (result.is_ok() || self.is_authentic);
        self.is_secret = end.is_err() || !is_told;
        result.and(end)
    }

    fn compressed(&mut self, ber: ber::Reader<&mut dyn Read>, depth: usize) -> Result<(), Fault> {
        self.check_encryption()?;
        if self.layers.contains(&Layer::Compressed) {
            return Err(Fault::Structure("the message is compressed twice"));
        }
        self.layers.push(Layer::Compressed);
        let limits = &self.with.policy.limits;
        // Headers and a signature come to the payload.
        let size = limits.payload.saturating_add(1 << 20);
        let limit = Expansion { size, ratio: limits.ratio };
        self.is_decompressing = true;
        let mut plain = CompressedReader::new(ber, limit)?;
        let result = self.inner(&mut plain, depth + 1);
        self.is_decompressing = result.is_err();
        result
    }

    fn signed(&mut self, value: &Value, body: &mut dyn Read, depth: usize) -> Result<(), Fault> {
        self.check_encryption()?;
        if self.has_signature() {
            return Err(Fault::Structure("the message is signed twice"));
        }
        let protocol = value.parameter("protocol").unwrap_or_default().to_ascii_lowercase();
        if !protocol.is_empty() && !is_signature(&protocol) {
            return Err(Fault::Unsupported("this kind of signature"));
        }
        let none = Fault::Mime("a multipart has no boundary");
        let boundary = value.parameter("boundary").ok_or(none)?;
        let place = self.layers.len();
        // Filled in when the signature was read.
        let (digest, scheme) = (Digest::Sha256, Scheme::Pkcs1);
        self.layers.push(Layer::Signed { digest, scheme, time: None });
        let mut hashes = Hashes::new(announced(value));
        let mut parts = Parts::new(body, &boundary)?;
        if !parts.next_part()? {
            return Err(Fault::Mime("a signed message has no parts"));
        }
        let mut content = HashingReader { source: &mut parts, hashes: &mut hashes };
        let result = self.inner(&mut content, depth + 1);
        if result.is_err() && self.spool.error.is_some() {
            return result;
        }
        // What is wrong inside may be told once it is known who sent it.
        drain(&mut content)?;
        let signature = read_signature(&mut parts, self.has_encryption())?;
        let hashes = hashes.finish();
        let signer = signature.verify(&hashes, self.with.signers, self.with.now)?;
        let (digest, scheme) = (signature.digest, signature.scheme());
        self.layers[place] = Layer::Signed { digest, scheme, time: signature.signing_time };
        self.signer = Some(signer.certificate.clone());
        let result = match self.with.policy.digests.contains(&digest) {
            true => result,
            false => Err(Fault::Weak("the message is signed with a digest")),
        };
        self.is_authentic = result.is_err();
        let mut hashes = hashes.into_iter();
        self.mic = hashes.find(|it| it.0 == digest).map(|(digest, value)| Mic { digest, value });
        result
    }

    fn payload(
        &mut self,
        headers: &Headers,
        body: &mut dyn Read,
        is_base64: bool,
    ) -> Result<(), Fault> {
        self.check_encryption()?;
        if self.with.policy.is_signed && !self.has_signature() {
            return Err(Fault::Weak("the message is not signed"));
        }
        self.content_type = headers.get("Content-Type")?.map(str::to_string);
        self.file_name = FileName::of(headers)?;
        let mut hashes = Hashes::new([self.with.mic]);
        if self.has_signature() {
            // The MIC is that of the signed part.
            return self.put(&mut decoded(body, is_base64), None);
        }
        if self.has_encryption() {
            hashes.update(headers.raw());
            let mut body = HashingReader { source: body, hashes: &mut hashes };
            self.put(&mut decoded(&mut body, is_base64), None)?;
        } else {
            self.put(&mut decoded(body, is_base64), Some(&mut hashes))?;
        }
        self.mic = hashes.finish_mic();
        Ok(())
    }

    fn put(&mut self, plain: &mut dyn Read, mut hashes: Option<&mut Hashes>) -> Result<(), Fault> {
        let mut space = vec![0; 32 * 1024];
        loop {
            let read = match plain.read(&mut space) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            if let Some(hashes) = &mut hashes {
                hashes.update(&space[..read]);
            }
            self.spool.put(&space[..read], self.with.policy.limits.payload)?;
        }
    }
}

/// Whether entities of this type are what a message is sent for, and not a layer or a receipt.
fn is_payload(kind: &str) -> bool {
    let (group, rest) = kind.split_once('/').unwrap_or((kind, ""));
    match group {
        "multipart" => matches!(rest, "related" | "mixed"),
        "message" => false,
        _ => !rest.starts_with("pkcs7-") && !rest.starts_with("x-pkcs7-"),
    }
}

pub(crate) fn is_signature(kind: &str) -> bool {
    matches!(kind, "application/pkcs7-signature" | "application/x-pkcs7-signature")
}

/// The digests that the signature may have: those that `micalg` announces, or all.
pub(crate) fn announced(value: &Value) -> Vec<Digest> {
    let names = value.parameter("micalg").unwrap_or_default();
    let mut digests: Vec<Digest> = names.split(',').filter_map(Digest::from_name).collect();
    digests.sort_unstable();
    digests.dedup();
    if digests.is_empty() { Digest::ALL.to_vec() } else { digests }
}

/// Headers that are encrypted and not signed must be plain text. A block that somebody put there
/// decrypts to garbage, and whether that passes for a header must not tell what it is.
fn check_plain(headers: &Headers) -> Result<(), Fault> {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n');
    if headers.raw().iter().all(is_plain) {
        Ok(())
    } else {
        Err(Fault::Mime("a header has a character that none may have"))
    }
}

/// The second part of a signed message, which must be the last.
pub(crate) fn read_signature(
    parts: &mut Parts<&mut dyn Read>,
    is_encrypted: bool,
) -> Result<SignedData, Fault> {
    if !parts.next_part()? {
        return Err(Fault::Mime("a signed message has no signature"));
    }
    let mut part = BufReader::new(&mut *parts);
    let headers = Headers::read(&mut part)?;
    if is_encrypted {
        check_plain(&headers)?;
    }
    let kind = headers.content_type()?.map(|value| value.main).unwrap_or_default();
    if !is_signature(&kind) {
        return Err(Fault::Mime("the second part of a signed message is no signature"));
    }
    let signature = SignedData::read(&mut decoded(&mut part, headers.is_base64()?))?;
    if parts.next_part()? {
        return Err(Fault::Mime("a signed message has more than two parts"));
    }
    // Behind the last boundary nothing is signed. Whoever could append blocks there would learn from
    // the answer whether their padding is right, and so in the end what they say. For the same cause
    // everything is read to its end before the signature is looked at: what is wrong with the layers
    // around it is found first.
    if !parts.finish()? && is_encrypted {
        return Err(Fault::Mime("bytes follow after a signed message"));
    }
    Ok(signature)
}

fn decoded<'a>(body: &'a mut dyn Read, is_base64: bool) -> Box<dyn Read + 'a> {
    if is_base64 { Box::new(Base64Reader::new(body)) } else { Box::new(body) }
}
