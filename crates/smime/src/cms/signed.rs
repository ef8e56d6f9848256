//! SignedData (RFC 5652, 5) beside its content: one signer, with signed attributes.

use std::io::Read;

use crate::algorithm::{Digest, Scheme};
use crate::ber::Reader;
use crate::certificate::{Certificate, Identifier, Identity, Pinned, PinnedCertificates};
use crate::cms::LARGEST_ELEMENT;
use crate::der::{self, Parser, tag};
use crate::fault::Fault;
use crate::{oid, time};

/// The signature of some content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignedData {
    pub(crate) digest: Digest,
    scheme: (Scheme, usize),
    signer: Identifier,
    /// The attributes as the SET that is signed.
    attributes: Vec<u8>,
    message_digest: Vec<u8>,
    pub(crate) signing_time: Option<i64>,
    signature: Vec<u8>,
    /// The certificates that came with it. They give no trust.
    certificates: Vec<Vec<u8>>,
}

impl SignedData {
    /// Reads a signature. Where there could be two readings of what is signed, it is refused.
    pub(crate) fn read(source: &mut dyn Read) -> Result<Self, Fault> {
        let mut ber = Reader::new(source);
        let element = ber.element(LARGEST_ELEMENT)?;
        ber.finish()?;
        let mut info = Parser::new(&element).enter(tag::SEQUENCE)?;
        if info.take(tag::OBJECT_IDENTIFIER)? != oid::SIGNED_DATA {
            return Err(Fault::Structure("the part of the signature is no SignedData"));
        }
        let mut content = info.enter(tag::context(0))?;
        info.end()?;
        let mut data = content.enter(tag::SEQUENCE)?;
        content.end()?;
        data.small_integer()?;
        data.take(tag::SET)?;
        let mut inner = data.enter(tag::SEQUENCE)?;
        if inner.take(tag::OBJECT_IDENTIFIER)? != oid::DATA {
            return Err(Fault::Structure("what is signed is not data"));
        }
        if !inner.is_empty() {
            return Err(Fault::Structure("a signature beside its content has content in it too"));
        }
        let certificates = certificates(data.optional(tag::context(0))?.unwrap_or_default())?;
        data.optional(tag::context(1))?;
        let mut signers = data.enter(tag::SET)?;
        data.end()?;
        let signer = signers.enter(tag::SEQUENCE)?;
        if !signers.is_empty() {
            return Err(Fault::Structure("there is more than one signer"));
        }
        Self::read_signer(signer, certificates)
    }

    fn read_signer(mut signer: Parser, certificates: Vec<Vec<u8>>) -> Result<Self, Fault> {
        signer.small_integer()?;
        let identifier = Identifier::read(&mut signer)?;
        let digest = Digest::read(&mut signer)?;
        let unsigned = Fault::Structure("the signature has no signed attributes");
        let attributes = signer.optional(tag::context(0))?.ok_or(unsigned)?;
        let scheme = Scheme::read(&mut signer, digest)?;
        let signature = signer.take(tag::OCTET_STRING)?.to_vec();
        signer.optional(tag::context(1))?;
        signer.end()?;
        let attribute = |identifier, is_needed| single(attributes, identifier, is_needed);
        let content_type = attribute(oid::CONTENT_TYPE, true)?.unwrap_or_default();
        if Parser::new(content_type).take(tag::OBJECT_IDENTIFIER)? != oid::DATA {
            return Err(Fault::Structure("the signature says that its content is not data"));
        }
        let message_digest = attribute(oid::MESSAGE_DIGEST, true)?.unwrap_or_default();
        let signing_time = attribute(oid::SIGNING_TIME, false)?;
        Ok(Self {
            digest,
            scheme,
            signer: identifier,
            attributes: der::element(tag::SET, attributes),
            message_digest: Parser::new(message_digest).take(tag::OCTET_STRING)?.to_vec(),
            signing_time: signing_time.and_then(|it| time::read(&mut Parser::new(it)).ok()),
            signature,
            certificates,
        })
    }

    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme.0
    }

    /// Whether this is the signature by a pinned certificate of content with one of these digests.
    pub(crate) fn verify<'a>(
        &self,
        digests: &[(Digest, Vec<u8>)],
        pinned: &'a PinnedCertificates,
        now: i64,
    ) -> Result<&'a Pinned, Fault> {
        let signer = pinned.find(&self.signer, now).ok_or(Fault::UnknownSigner)?;
        for other in &self.certificates {
            // A twin with another key would be a way to pass for the partner.
            if let Ok(other) = Certificate::from_der(other)
                && other.is(&self.signer)
                && other.public_key() != signer.certificate.public_key()
            {
                return Err(Fault::UnknownSigner);
            }
        }
        let certificate = &signer.certificate;
        certificate.verify(self.scheme, self.digest, &self.attributes, &self.signature)?;
        let digest = digests.iter().find(|it| it.0 == self.digest);
        if digest.is_none_or(|it| it.1 != self.message_digest) {
            return Err(Fault::Digest);
        }
        if !signer.is_taken(now) {
            return Err(Fault::NotValidNow);
        }
        Ok(signer)
    }
}

fn certificates(set: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
    let mut parser = Parser::new(set);
    let mut certificates = Vec::new();
    while !parser.is_empty() {
        let (kind, _, whole) = parser.any()?;
        if kind == tag::SEQUENCE {
            certificates.push(whole.to_vec());
        }
    }
    Ok(certificates)
}

/// The one value of an attribute.
fn single<'a>(
    attributes: &'a [u8],
    identifier: &[u8],
    is_needed: bool,
) -> Result<Option<&'a [u8]>, Fault> {
    let mut parser = Parser::new(attributes);
    let mut found = None;
    while !parser.is_empty() {
        let mut attribute = parser.enter(tag::SEQUENCE)?;
        let name = attribute.take(tag::OBJECT_IDENTIFIER)?;
        let mut values = attribute.enter(tag::SET)?;
        attribute.end()?;
        if name != identifier {
            continue;
        }
        let value = values.whole()?;
        if !values.is_empty() || found.is_some() {
            return Err(Fault::Structure("a signed attribute is repeated"));
        }
        found = Some(value);
    }
    if is_needed && found.is_none() {
        return Err(Fault::Structure("a signed attribute is missing"));
    }
    Ok(found)
}

/// Signs content of which this is the digest. `time` is in seconds since 1970, UTC.
pub(crate) fn sign(
    identity: &Identity,
    scheme: Scheme,
    digest: Digest,
    message_digest: &[u8],
    time: Option<i64>,
) -> Result<Vec<u8>, Fault> {
    let attribute = |name: &[u8], value: Vec<u8>| {
        der::sequence(&[&der::object_identifier(name), &der::set_of(&[&value])])
    };
    let mut attributes = vec![
        attribute(oid::CONTENT_TYPE, der::object_identifier(oid::DATA)),
        attribute(oid::MESSAGE_DIGEST, der::element(tag::OCTET_STRING, message_digest)),
    ];
    attributes.extend(time.map(|time| attribute(oid::SIGNING_TIME, time::write(time))));
    let attributes: Vec<&[u8]> = attributes.iter().map(Vec::as_slice).collect();
    let signed = der::set_of(&attributes);
    let signature = identity.key().sign(scheme, digest, &signed)?;
    let attributes = Parser::new(&signed).take(tag::SET)?;
    let certificate = identity.certificate();
    let signer = der::sequence(&[
        &der::small_integer(1),
        &certificate.issuer_and_serial(),
        &digest.write(),
        &der::element(tag::context(0), attributes),
        &scheme.write(digest),
        &der::element(tag::OCTET_STRING, &signature),
    ]);
    let data = der::sequence(&[
        &der::small_integer(1),
        &der::set_of(&[&digest.write()]),
        &der::sequence(&[&der::object_identifier(oid::DATA)]),
        &der::element(tag::context(0), certificate.der()),
        &der::set_of(&[&signer]),
    ]);
    let content = der::element(tag::context(0), &data);
    Ok(der::sequence(&[&der::object_identifier(oid::SIGNED_DATA), &content]))
}
