//! A receipt read, and its signature verified.

use std::io::{BufReader, Read};

use crate::algorithm::Digest;
use crate::certificate::{Certificate, PinnedCertificates};
use crate::fault::Fault;
use crate::mdn::{Disposition, mic};
use crate::mic::{Hashes, Mic};
use crate::mime::{Base64Reader, Headers, Parts, Value};
use crate::open::{announced, is_signature, read_signature};

/// The most bytes of a receipt.
pub const LARGEST_RECEIPT: usize = 1 << 20;
/// The most parts of a report: a text, the fields, and perhaps the headers of the message.
const MOST_PARTS: usize = 5;

/// Whose signature under a receipt counts.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'a> {
    /// The certificates the partner may sign with.
    pub signers: &'a PinnedCertificates,
    /// The digests that a signature may use.
    pub digests: &'a [Digest],
    /// The time now in seconds since 1970, UTC.
    pub now: i64,
}

/// Who signed a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    /// Nobody: anybody may have written it.
    None,
    /// The partner, with this certificate.
    Verified(Box<Certificate>),
    /// It is signed, and the signature does not hold.
    Bad(Fault),
}

/// A receipt as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Who signed it.
    pub signature: Signature,
    /// The message it is about.
    pub original_message_id: Option<String>,
    /// What became of the message.
    pub disposition: Disposition,
    /// The MIC of what arrived there.
    pub mic: Option<Mic>,
    /// The text for people, at most its first 4,000 characters. It decides nothing.
    pub text: String,
}

/// Reads a receipt: the fields above it and its body, as HTTP gave them.
///
/// # Errors
///
/// [`Fault`] if it is none, is larger than [`LARGEST_RECEIPT`], or repeats a field.
pub fn read(headers: &Headers, body: &mut dyn Read, trust: &Trust) -> Result<Received, Fault> {
    let limit = LARGEST_RECEIPT as u64;
    let mut bytes = Vec::new();
    if body.take(limit + 1).read_to_end(&mut bytes)? > LARGEST_RECEIPT {
        return Err(Fault::TooLarge { what: "a receipt", limit });
    }
    let value = headers.content_type()?.ok_or(Fault::Mime("a receipt has no Content-Type"))?;
    if value.main == "multipart/signed" {
        signed(headers, &value, &bytes, trust)
    } else {
        report(&value, headers, &bytes, Signature::None)
    }
}

fn signed(headers: &Headers, value: &Value, body: &[u8], trust: &Trust) -> Result<Received, Fault> {
    if headers.is_base64()? {
        return Err(Fault::Mime("a multipart is encoded as a whole"));
    }
    let protocol = value.parameter("protocol").unwrap_or_default().to_ascii_lowercase();
    if !protocol.is_empty() && !is_signature(&protocol) {
        return Err(Fault::Unsupported("this kind of signature"));
    }
    let boundary = boundary(value)?;
    let mut body = body;
    let body: &mut dyn Read = &mut body;
    let mut parts = Parts::new(body, &boundary)?;
    if !parts.next_part()? {
        return Err(Fault::Mime("a signed message has no parts"));
    }
    let mut content = Vec::new();
    parts.read_to_end(&mut content)?;
    let mut hashes = Hashes::new(announced(value));
    hashes.update(&content);
    let signature = match verify(&mut parts, hashes, trust) {
        Ok(signer) => Signature::Verified(Box::new(signer)),
        Err(fault) => Signature::Bad(fault),
    };
    let mut content = &content[..];
    let headers = Headers::read(&mut content)?;
    let value = headers.content_type()?.ok_or(Fault::Mime("a receipt has no Content-Type"))?;
    report(&value, &headers, content, signature)
}

fn verify(
    parts: &mut Parts<&mut dyn Read>,
    hashes: Hashes,
    trust: &Trust,
) -> Result<Certificate, Fault> {
    let signature = read_signature(parts, false)?;
    let signer = signature.verify(&hashes.finish(), trust.signers, trust.now)?;
    if trust.digests.contains(&signature.digest) {
        Ok(signer.certificate.clone())
    } else {
        Err(Fault::Weak("the receipt is signed with a digest"))
    }
}

/// The parts of the report itself.
fn report(
    value: &Value,
    headers: &Headers,
    body: &[u8],
    signature: Signature,
) -> Result<Received, Fault> {
    let kind = value.parameter("report-type").unwrap_or_default();
    let is_report = value.main == "multipart/report"
        && kind.eq_ignore_ascii_case("disposition-notification")
        && !headers.is_base64()?;
    if !is_report {
        return Err(Fault::Mime("the answer is not a receipt"));
    }
    let mut parts = Parts::new(body, &boundary(value)?)?;
    let (mut fields, mut text, mut count) = (None, None, 0);
    while parts.next_part()? {
        count += 1;
        if count > MOST_PARTS {
            return Err(Fault::Mime("a receipt has too many parts"));
        }
        let mut part = BufReader::new(&mut parts);
        let headers = Headers::read(&mut part)?;
        let kind = headers.content_type()?.map(|it| it.main).unwrap_or_default();
        let mut content = Vec::new();
        if headers.is_base64().unwrap_or_default() {
            Base64Reader::new(part).read_to_end(&mut content)?;
        } else {
            part.read_to_end(&mut content)?;
        }
        match kind.as_str() {
            "message/disposition-notification" if fields.is_some() => {
                return Err(Fault::Mime("a receipt tells twice what became of the message"));
            }
            "message/disposition-notification" => fields = Some(read_fields(&content)?),
            "text/plain" | "" if text.is_none() => {
                let words = String::from_utf8_lossy(&content);
                text = Some(words.trim().chars().take(4000).collect());
            }
            _ => {}
        }
    }
    let fields = fields.ok_or(Fault::Mime("a receipt does not tell what became of the message"))?;
    received(&fields, signature, text.unwrap_or_default())
}

fn read_fields(mut content: &[u8]) -> Result<Headers, Fault> {
    // An empty line in front is common.
    content = content.trim_ascii_start();
    let fields = Headers::read(&mut content)?;
    if content.trim_ascii().is_empty() {
        Ok(fields)
    } else {
        Err(Fault::Mime("a receipt has more than one group of fields"))
    }
}

fn received(fields: &Headers, signature: Signature, text: String) -> Result<Received, Fault> {
    for name in ["Original-Recipient", "Final-Recipient", "Reporting-UA"] {
        fields.get(name)?;
    }
    let none = Fault::Mime("a receipt has no disposition");
    let disposition = Disposition::read(fields.get("Disposition")?.ok_or(none)?)?;
    let mic = fields.get("Received-Content-MIC")?.map(mic).transpose()?;
    let original_message_id = fields.get("Original-Message-ID")?.map(str::to_string);
    Ok(Received { signature, original_message_id, disposition, mic, text })
}

fn boundary(value: &Value) -> Result<String, Fault> {
    value.parameter("boundary").ok_or(Fault::Mime("a multipart has no boundary"))
}
