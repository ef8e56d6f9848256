//! Certificates: what is read of X.509, and which of them a partner may use when.
//!
//! Trust does not come from an authority. A partner's certificate is pinned by hand, so nothing is
//! read of extensions but the identifier of the key, and no chain is followed.

use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::rsa::{OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPssSaltLength,
    UnparsedPublicKey,
};

use crate::algorithm::{Digest, KeyTransport, Scheme, algorithm, rsa_encryption};
use crate::der::{self, Parser, tag};
use crate::fault::Fault;
use crate::key::{PrivateKey, oaep};
use crate::{oid, pem, time};

/// The shortest RSA key that is accepted, in bits.
pub const SMALLEST_KEY: usize = 2048;
/// The longest, in bits: what AWS-LC verifies with.
pub const LARGEST_KEY: usize = 8192;

static PSS_SHA256_LONG: RsaParameters =
    RSA_PSS_2048_8192_SHA256.with_pss_salt_length(RsaPssSaltLength::Max);
static PSS_SHA384_LONG: RsaParameters =
    RSA_PSS_2048_8192_SHA384.with_pss_salt_length(RsaPssSaltLength::Max);
static PSS_SHA512_LONG: RsaParameters =
    RSA_PSS_2048_8192_SHA512.with_pss_salt_length(RsaPssSaltLength::Max);

/// Why a certificate cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// It cannot be read.
    #[error("the certificate cannot be read: {0}")]
    Malformed(#[from] Fault),
    /// There is none in the file.
    #[error("there is no certificate in the file")]
    None,
    /// Its key is none of RSA.
    #[error("the key of the certificate is not RSA, the only kind that is supported")]
    NotRsa,
    /// Its key is too short or too long.
    #[error("the key of the certificate has {0} bits; between 2048 and 8192 are accepted")]
    KeySize(usize),
    /// Two certificates have the same issuer and serial number and are not the same.
    #[error("two certificates have the same issuer and serial number and are not the same")]
    Ambiguous,
    /// The private key is that of another certificate.
    #[error("the private key does not belong to the certificate")]
    OtherKey,
}

/// A certificate with an RSA key of 2048 to 8192 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    issuer: Vec<u8>,
    serial: Vec<u8>,
    common_name: Option<String>,
    valid: (i64, i64),
    public_key: Vec<u8>,
    bits: usize,
    key_identifier: Option<Vec<u8>>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let name = self.common_name.as_deref().unwrap_or_default();
        write!(formatter, "Certificate({name:?}, {} bits)", self.bits)
    }
}

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] if it is malformed or its key is none that is accepted.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        let mut outer = Parser::new(bytes);
        let mut certificate = outer.enter(tag::SEQUENCE)?;
        outer.end()?;
        let mut body = certificate.enter(tag::SEQUENCE)?;
        body.optional(tag::context(0))?;
        let serial = body.take(tag::INTEGER)?.to_vec();
        body.take(tag::SEQUENCE)?;
        let issuer = body.whole()?.to_vec();
        let mut validity = body.enter(tag::SEQUENCE)?;
        let valid = (time::read(&mut validity)?, time::read(&mut validity)?);
        let common_name = common_name(body.take(tag::SEQUENCE)?)?;
        let public_key = public_key(body.enter(tag::SEQUENCE)?)?;
        let bits = modulus_bits(&public_key)?;
        if !(SMALLEST_KEY..=LARGEST_KEY).contains(&bits) {
            return Err(CertificateError::KeySize(bits));
        }
        body.optional(tag::context_primitive(1))?;
        body.optional(tag::context_primitive(2))?;
        let key_identifier = match body.optional(tag::context(3))? {
            Some(extensions) => key_identifier(extensions)?,
            None => None,
        };
        body.end()?;
        let der = bytes.to_vec();
        Ok(Self { der, issuer, serial, common_name, valid, public_key, bits, key_identifier })
    }

    /// Reads the certificates of a PEM file, or the one of a DER file.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] if there is none, or one cannot be used.
    pub fn from_file(bytes: &[u8]) -> Result<Vec<Self>, CertificateError> {
        if bytes.first() == Some(&tag::SEQUENCE) {
            return Ok(vec![Self::from_der(bytes)?]);
        }
        let blocks = pem::read(bytes)?;
        let labels = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];
        let certificates = blocks.iter().filter(|it| labels.contains(&it.label.as_str()));
        let read: Vec<Self> =
            certificates.map(|it| Self::from_der(&it.der)).collect::<Result<_, _>>()?;
        if read.is_empty() { Err(CertificateError::None) } else { Ok(read) }
    }

    /// A new certificate for a key of ours, signed by itself; both times are in seconds since 1970,
    /// UTC. `serial` should be random: with the name it says which certificate is meant.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] if the key cannot sign.
    pub fn self_signed(
        key: &PrivateKey,
        common_name: &str,
        serial: &[u8; 16],
        valid: (i64, i64),
    ) -> Result<Self, CertificateError> {
        let text = der::element(tag::UTF8_STRING, common_name.as_bytes());
        let attribute = der::sequence(&[&der::object_identifier(oid::COMMON_NAME), &text]);
        let name = der::sequence(&[&der::set_of(&[&attribute])]);
        let identifier = der::object_identifier(Digest::Sha256.with_rsa());
        let signing = der::sequence(&[&identifier, &der::null()]);
        let validity = der::sequence(&[&time::write(valid.0), &time::write(valid.1)]);
        let bits = [&[0], key.public_key()].concat();
        let public_key = der::sequence(&[&rsa_encryption(), &der::element(tag::BIT_STRING, &bits)]);
        let hash = digest::digest(&digest::SHA256, key.public_key());
        let identifier = der::element(tag::OCTET_STRING, &hash.as_ref()[..20]);
        let extension = der::sequence(&[
            &der::object_identifier(oid::SUBJECT_KEY_IDENTIFIER),
            &der::element(tag::OCTET_STRING, &identifier),
        ]);
        let body = der::sequence(&[
            &der::element(tag::context(0), &der::small_integer(2)),
            &der::integer(serial),
            &signing,
            &name,
            &validity,
            &name,
            &public_key,
            &der::element(tag::context(3), &der::sequence(&[&extension])),
        ]);
        let signature = key.sign(Scheme::Pkcs1, Digest::Sha256, &body)?;
        let signature = der::element(tag::BIT_STRING, &[&[0], &signature[..]].concat());
        Self::from_der(&der::sequence(&[&body, &signing, &signature]))
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The common name of its subject, if it has one that is text.
    pub fn common_name(&self) -> Option<&str> {
        self.common_name.as_deref()
    }

    /// The first and the last second it is valid, in seconds since 1970, UTC.
    pub fn valid(&self) -> (i64, i64) {
        self.valid
    }

    /// The length of its key in bits.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// Its key: an RSAPublicKey in DER.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// The issuer's name in DER.
    pub fn issuer(&self) -> &[u8] {
        &self.issuer
    }

    /// The serial number, as the content of its INTEGER.
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// The SHA-256 of its DER, by which people compare certificates.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest::digest(&digest::SHA256, &self.der).as_ref());
        fingerprint
    }

    /// The issuer and serial number as CMS writes them.
    pub(crate) fn issuer_and_serial(&self) -> Vec<u8> {
        der::sequence(&[&self.issuer, &der::element(tag::INTEGER, &self.serial)])
    }

    /// Whether a message means this certificate.
    pub(crate) fn is(&self, identifier: &Identifier) -> bool {
        match identifier {
            Identifier::IssuerAndSerial { issuer, serial } => {
                *issuer == self.issuer && *serial == self.serial
            }
            Identifier::KeyIdentifier(key) => self.key_identifier.as_ref() == Some(key),
        }
    }

    /// Whether this message has such a signature by the key of the certificate.
    pub(crate) fn verify(
        &self,
        (scheme, salt): (Scheme, usize),
        digest: Digest,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Fault> {
        let is_short = salt == digest.length();
        let parameters: &'static RsaParameters = match (scheme, digest) {
            (Scheme::Pkcs1, Digest::Sha1) => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            (Scheme::Pkcs1, Digest::Sha256) => &RSA_PKCS1_2048_8192_SHA256,
            (Scheme::Pkcs1, Digest::Sha384) => &RSA_PKCS1_2048_8192_SHA384,
            (Scheme::Pkcs1, Digest::Sha512) => &RSA_PKCS1_2048_8192_SHA512,
            (Scheme::Pss, Digest::Sha256) if is_short => &RSA_PSS_2048_8192_SHA256,
            (Scheme::Pss, Digest::Sha384) if is_short => &RSA_PSS_2048_8192_SHA384,
            (Scheme::Pss, Digest::Sha512) if is_short => &RSA_PSS_2048_8192_SHA512,
            (Scheme::Pss, Digest::Sha256) => &PSS_SHA256_LONG,
            (Scheme::Pss, Digest::Sha384) => &PSS_SHA384_LONG,
            (Scheme::Pss, Digest::Sha512) => &PSS_SHA512_LONG,
            (Scheme::Pss, Digest::Sha1) => return Err(Fault::Unsupported("RSA-PSS with SHA-1")),
        };
        UnparsedPublicKey::new(parameters, &self.public_key)
            .verify(message, signature)
            .map_err(|_| Fault::Signature)
    }

    /// Encrypts the key of some content for the holder of this certificate.
    pub(crate) fn encrypt(&self, transport: KeyTransport, key: &[u8]) -> Result<Vec<u8>, Fault> {
        let failed = |_| Fault::Structure("the partner's key could not encrypt");
        let bits = [&[0], &self.public_key[..]].concat();
        let info = der::sequence(&[&rsa_encryption(), &der::element(tag::BIT_STRING, &bits)]);
        let public = PublicEncryptingKey::from_der(&info)
            .map_err(|_| Fault::Structure("the partner's key cannot be used"))?;
        let mut space = vec![0; public.key_size_bytes()];
        match transport {
            KeyTransport::Pkcs1 => {
                let public = Pkcs1PublicEncryptingKey::new(public).map_err(failed)?;
                public.encrypt(key, &mut space).map_err(failed)?;
            }
            KeyTransport::Oaep(digest) => {
                let public = OaepPublicEncryptingKey::new(public).map_err(failed)?;
                public.encrypt(oaep(digest), key, &mut space, None).map_err(failed)?;
            }
        }
        Ok(space)
    }
}

/// How CMS says which certificate is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identifier {
    IssuerAndSerial { issuer: Vec<u8>, serial: Vec<u8> },
    KeyIdentifier(Vec<u8>),
}

impl Identifier {
    pub(crate) fn read(parser: &mut Parser) -> Result<Self, Fault> {
        if let Some(key) = parser.optional(tag::context_primitive(0))? {
            return Ok(Self::KeyIdentifier(key.to_vec()));
        }
        let mut inner = parser.enter(tag::SEQUENCE)?;
        let issuer = inner.whole()?.to_vec();
        let serial = inner.take(tag::INTEGER)?.to_vec();
        inner.end()?;
        Ok(Self::IssuerAndSerial { issuer, serial })
    }
}

fn common_name(subject: &[u8]) -> Result<Option<String>, Fault> {
    let mut names = Parser::new(subject);
    let mut found = None;
    while !names.is_empty() {
        let mut set = names.enter(tag::SET)?;
        while !set.is_empty() {
            let mut attribute = set.enter(tag::SEQUENCE)?;
            if attribute.take(tag::OBJECT_IDENTIFIER)? == oid::COMMON_NAME {
                let (_, text, _) = attribute.any()?;
                found = String::from_utf8(text.to_vec()).ok().or(found);
            }
        }
    }
    Ok(found)
}

fn public_key(mut info: Parser) -> Result<Vec<u8>, CertificateError> {
    let (identifier, _) = algorithm(&mut info)?;
    if identifier != oid::RSA {
        return Err(CertificateError::NotRsa);
    }
    match info.take(tag::BIT_STRING)? {
        [0, key @ ..] => Ok(key.to_vec()),
        _ => Err(Fault::Structure("a key that is no whole number of bytes").into()),
    }
}

/// The length of an RSAPublicKey's modulus in bits.
fn modulus_bits(key: &[u8]) -> Result<usize, Fault> {
    let mut parser = Parser::new(key);
    let mut inner = parser.enter(tag::SEQUENCE)?;
    parser.end()?;
    Ok(magnitude_bits(inner.take(tag::INTEGER)?))
}

/// How many bits a number has, from the content of its INTEGER.
pub(crate) fn magnitude_bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let first = number.get(zeros).map_or(0, |byte| byte.leading_zeros() as usize);
    (number.len() - zeros) * 8 - first
}

fn key_identifier(extensions: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let mut list = Parser::new(extensions).enter(tag::SEQUENCE)?;
    let mut found = None;
    while !list.is_empty() {
        let mut extension = list.enter(tag::SEQUENCE)?;
        let identifier = extension.take(tag::OBJECT_IDENTIFIER)?;
        extension.optional(tag::BOOLEAN)?;
        let value = extension.take(tag::OCTET_STRING)?;
        if identifier == oid::SUBJECT_KEY_IDENTIFIER {
            found = Some(Parser::new(value).take(tag::OCTET_STRING)?.to_vec());
        }
    }
    Ok(found)
}

/// A key of ours with its certificate.
#[derive(Debug)]
pub struct Identity {
    certificate: Certificate,
    key: PrivateKey,
}

impl Identity {
    /// Puts a key beside its certificate.
    ///
    /// # Errors
    ///
    /// [`CertificateError::OtherKey`] if they do not belong together.
    pub fn new(certificate: Certificate, key: PrivateKey) -> Result<Self, CertificateError> {
        if certificate.public_key == key.public_key() {
            Ok(Self { certificate, key })
        } else {
            Err(CertificateError::OtherKey)
        }
    }

    /// The certificate, which partners have.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The private key.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }
}

/// A certificate of a partner and the time in which it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// The certificate.
    pub certificate: Certificate,
    /// The first second it is taken, in seconds since 1970, UTC; its own validity holds besides.
    pub from: i64,
    /// The last second it is taken.
    pub until: i64,
}

impl Pinned {
    /// Takes a certificate for as long as it is valid.
    pub fn always(certificate: Certificate) -> Self {
        let (from, until) = certificate.valid;
        Self { certificate, from, until }
    }

    /// Whether it is taken at this time.
    pub fn is_taken(&self, now: i64) -> bool {
        let (from, until) = self.certificate.valid;
        (self.from.max(from)..=self.until.min(until)).contains(&now)
    }
}

/// The certificates of one partner: usually one, and two while it changes to a new one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PinnedCertificates {
    list: Vec<Pinned>,
}

impl PinnedCertificates {
    /// Pins these certificates.
    ///
    /// # Errors
    ///
    /// [`CertificateError::Ambiguous`] if a message could mean two of them.
    pub fn new(list: Vec<Pinned>) -> Result<Self, CertificateError> {
        for (at, one) in list.iter().enumerate() {
            let one = &one.certificate;
            let is_twin = |other: &Pinned| {
                let other = &other.certificate;
                let is_same_name = other.issuer == one.issuer && other.serial == one.serial;
                let is_same_key =
                    one.key_identifier.is_some() && other.key_identifier == one.key_identifier;
                (is_same_name && other != one)
                    || (is_same_key && other.public_key != one.public_key)
            };
            if list[at + 1..].iter().any(is_twin) {
                return Err(CertificateError::Ambiguous);
            }
        }
        Ok(Self { list })
    }

    /// The certificates.
    pub fn list(&self) -> &[Pinned] {
        &self.list
    }

    /// The certificate a message means, if it is pinned, taken now or not.
    pub(crate) fn find(&self, identifier: &Identifier, now: i64) -> Option<&Pinned> {
        // A certificate that was renewed for the same key has the same identifier of its key.
        let mut meant = self.list.iter().filter(|it| it.certificate.is(identifier));
        let first = meant.next()?;
        if first.is_taken(now) {
            return Some(first);
        }
        Some(meant.find(|it| it.is_taken(now)).unwrap_or(first))
    }
}
