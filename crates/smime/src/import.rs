//! Files in which other programs keep certificates and keys: P7B, P12, and keys with a password.
//!
//! Passwords are stretched by PBKDF2 and contents encrypted with AES, as current programs write
//! them. Older files (RC2, triple DES) have to be written anew.

use std::num::NonZeroU32;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac, pbkdf2};

use crate::algorithm::{Cipher, Digest, algorithm};
use crate::ber::Reader;
use crate::certificate::{Certificate, CertificateError};
use crate::cipher::Decrypting;
use crate::der::{Parser, tag};
use crate::fault::Fault;
use crate::key::{KeyError, PrivateKey};
use crate::{oid, pem};

/// The largest file that is read, in bytes.
pub const LARGEST_FILE: usize = 1 << 20;
/// The most rounds of stretching a password; ordinary files have two thousand to a million.
const MOST_ROUNDS: u32 = 10_000_000;

/// Why a file cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Malformed(#[from] Fault),
    /// The password is wrong, or the file was changed.
    #[error("the password does not open the file")]
    Password,
    /// It is encrypted in a way that is not safe any more, e.g. with RC2 or triple DES.
    #[error("the file is encrypted in an old way; write it anew with AES")]
    Old,
    /// A certificate in it cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The key in it cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// What was in a P12 file.
#[derive(Debug)]
pub struct Imported {
    /// The private key.
    pub key: PrivateKey,
    /// The certificates that can be used; that of the key is the first.
    pub certificates: Vec<Certificate>,
}

/// Reads the certificates of a P7B file, in PEM or not. Those that cannot be used, e.g. of an
/// authority with another kind of key, are passed over.
///
/// # Errors
///
/// [`ImportError`] if it is malformed or has no certificate that can be used.
pub fn p7b(bytes: &[u8]) -> Result<Vec<Certificate>, ImportError> {
    let blocks = if bytes.first() == Some(&tag::SEQUENCE) { Vec::new() } else { pem::read(bytes)? };
    let labels = ["PKCS7", "CMS"];
    let block = blocks.iter().find(|block| labels.contains(&block.label.as_str()));
    let element = whole(block.map_or(bytes, |block| &block.der))?;
    let mut content = content(&element, oid::SIGNED_DATA)?;
    let mut data = content.enter(tag::SEQUENCE)?;
    data.small_integer()?;
    data.take(tag::SET)?;
    data.take(tag::SEQUENCE)?;
    let mut list = Parser::new(data.optional(tag::context(0))?.unwrap_or_default());
    let mut found = Vec::new();
    while !list.is_empty() {
        found.push(list.whole()?.to_vec());
    }
    usable(&found)
}

/// Reads the key and the certificates of a P12 file.
///
/// # Errors
///
/// [`ImportError`] if the password does not open it, it has not exactly one key, no certificate for
/// it, or is encrypted in an old way.
pub fn p12(bytes: &[u8], password: &str) -> Result<Imported, ImportError> {
    let element = whole(bytes)?;
    let mut outer = Parser::new(&element).enter(tag::SEQUENCE)?;
    outer.small_integer()?;
    let mut data = content(outer.whole()?, oid::DATA)?;
    let safes = data.take(tag::OCTET_STRING)?;
    if !outer.is_empty() {
        check_mac(outer.enter(tag::SEQUENCE)?, safes, password)?;
    }
    let mut bags = Bags::default();
    let safes = whole(safes)?;
    let mut list = Parser::new(&safes).enter(tag::SEQUENCE)?;
    while !list.is_empty() {
        bags.read_safe(list.whole()?, password)?;
    }
    let mut keys = bags.keys.into_iter();
    let key = PrivateKey::from_pkcs8(&keys.next().ok_or(KeyError::None)?)?;
    if keys.next().is_some() {
        return Err(KeyError::Several.into());
    }
    let mut certificates = usable(&bags.certificates)?;
    certificates.sort_by_key(|it| it.public_key() != key.public_key());
    if certificates[0].public_key() != key.public_key() {
        return Err(CertificateError::OtherKey.into());
    }
    Ok(Imported { key, certificates })
}

/// Reads the one private key of a PEM file, which may need a password.
///
/// # Errors
///
/// [`ImportError`] if the password does not open it, or the key cannot be used.
pub fn key(bytes: &[u8], password: &str) -> Result<PrivateKey, ImportError> {
    match PrivateKey::from_pem(bytes) {
        Err(KeyError::Encrypted) => {
            let blocks = pem::read(bytes)?;
            let mut keys = blocks.iter().filter(|it| it.label == "ENCRYPTED PRIVATE KEY");
            let key = keys.next().ok_or(KeyError::None)?;
            Ok(PrivateKey::from_pkcs8(&decrypt_key(&key.der, password)?)?)
        }
        result => Ok(result?),
    }
}

/// The file as DER.
fn whole(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut reader = Reader::new(bytes);
    let element = reader.element(LARGEST_FILE)?;
    reader.finish()?;
    Ok(element)
}

/// What a ContentInfo of this type holds.
fn content<'a>(element: &'a [u8], kind: &[u8]) -> Result<Parser<'a>, Fault> {
    let mut info = Parser::new(element).enter(tag::SEQUENCE)?;
    if info.take(tag::OBJECT_IDENTIFIER)? != kind {
        return Err(Fault::Unsupported("this kind of content in such a file"));
    }
    info.enter(tag::context(0))
}

fn usable(found: &[Vec<u8>]) -> Result<Vec<Certificate>, ImportError> {
    let mut first_error = CertificateError::None;
    let mut usable = Vec::new();
    for certificate in found {
        match Certificate::from_der(certificate) {
            Ok(certificate) => usable.push(certificate),
            Err(error) if first_error == CertificateError::None => first_error = error,
            Err(_) => {}
        }
    }
    if usable.is_empty() { Err(first_error.into()) } else { Ok(usable) }
}

/// The things in the safes of a P12 file, in DER.
#[derive(Default)]
struct Bags {
    keys: Vec<Vec<u8>>,
    certificates: Vec<Vec<u8>>,
}

impl Bags {
    fn read_safe(&mut self, element: &[u8], password: &str) -> Result<(), ImportError> {
        let kind = Parser::new(element).enter(tag::SEQUENCE)?.take(tag::OBJECT_IDENTIFIER)?;
        if kind == oid::DATA {
            let bags = content(element, oid::DATA)?.take(tag::OCTET_STRING)?;
            return self.read_bags(bags, password);
        }
        let mut data = content(element, oid::ENCRYPTED_DATA)?.enter(tag::SEQUENCE)?;
        data.small_integer()?;
        let mut info = data.enter(tag::SEQUENCE)?;
        info.take(tag::OBJECT_IDENTIFIER)?;
        let cipher = Password::read(&mut info, password)?;
        // In segments it is an element with others, which are strings of octets then.
        let encrypted = match info.optional(tag::context(0))? {
            Some(segments) => {
                let mut parser = Parser::new(segments);
                let mut joined = Vec::new();
                while !parser.is_empty() {
                    joined.extend_from_slice(parser.take(tag::OCTET_STRING)?);
                }
                joined
            }
            None => info.take(tag::context_primitive(0))?.to_vec(),
        };
        self.read_bags(&cipher.decrypt(&encrypted)?, password)
    }

    fn read_bags(&mut self, bags: &[u8], password: &str) -> Result<(), ImportError> {
        let element = whole(bags)?;
        let mut list = Parser::new(&element).enter(tag::SEQUENCE)?;
        while !list.is_empty() {
            let mut bag = list.enter(tag::SEQUENCE)?;
            let kind = bag.take(tag::OBJECT_IDENTIFIER)?;
            let mut value = bag.enter(tag::context(0))?;
            match kind {
                oid::KEY_BAG => self.keys.push(value.whole()?.to_vec()),
                oid::SHROUDED_KEY_BAG => self.keys.push(decrypt_key(value.whole()?, password)?),
                oid::CERTIFICATE_BAG => {
                    let mut certificate = value.enter(tag::SEQUENCE)?;
                    if certificate.take(tag::OBJECT_IDENTIFIER)? == oid::X509_CERTIFICATE {
                        let mut inner = certificate.enter(tag::context(0))?;
                        self.certificates.push(inner.take(tag::OCTET_STRING)?.to_vec());
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn decrypt_key(element: &[u8], password: &str) -> Result<Vec<u8>, ImportError> {
    let mut info = Parser::new(element).enter(tag::SEQUENCE)?;
    let cipher = Password::read(&mut info, password)?;
    cipher.decrypt(info.take(tag::OCTET_STRING)?)
}

/// A cipher whose key is a stretched password (PBES2, RFC 8018).
struct Password(Decrypting);

impl Password {
    fn read(parser: &mut Parser, password: &str) -> Result<Self, ImportError> {
        let (kind, mut parameters) = algorithm(parser)?;
        if kind != oid::PBES2 {
            return Err(ImportError::Old);
        }
        let mut parameters = parameters.enter(tag::SEQUENCE)?;
        let (kind, mut stretching) = algorithm(&mut parameters)?;
        if kind != oid::PBKDF2 {
            return Err(Fault::Unsupported("this way to stretch a password").into());
        }
        let mut stretching = stretching.enter(tag::SEQUENCE)?;
        let salt = stretching.take(tag::OCTET_STRING)?;
        let rounds = rounds(&mut stretching)?;
        stretching.optional(tag::INTEGER)?;
        let function = if stretching.is_empty() {
            pbkdf2::PBKDF2_HMAC_SHA1
        } else {
            match algorithm(&mut stretching)?.0 {
                oid::HMAC_SHA1 => pbkdf2::PBKDF2_HMAC_SHA1,
                oid::HMAC_SHA256 => pbkdf2::PBKDF2_HMAC_SHA256,
                oid::HMAC_SHA384 => pbkdf2::PBKDF2_HMAC_SHA384,
                oid::HMAC_SHA512 => pbkdf2::PBKDF2_HMAC_SHA512,
                _ => return Err(Fault::Unsupported("this way to stretch a password").into()),
            }
        };
        let (cipher, start, _) = Cipher::read(&mut parameters).map_err(|_| ImportError::Old)?;
        let mut key = vec![0; cipher.key_length()];
        pbkdf2::derive(function, rounds, salt, password.as_bytes(), &mut key);
        Ok(Self(Decrypting::new(cipher, &key, &start)?))
    }

    fn decrypt(self, encrypted: &[u8]) -> Result<Vec<u8>, ImportError> {
        let mut plain = Vec::new();
        let mut cipher = self.0;
        cipher.update(encrypted, &mut plain).map_err(|_| ImportError::Password)?;
        cipher.finish(&[], &mut plain).map_err(|_| ImportError::Password)?;
        Ok(plain)
    }
}

fn rounds(parser: &mut Parser) -> Result<NonZeroU32, Fault> {
    let rounds = Some(parser.small_integer()?).filter(|it| *it <= MOST_ROUNDS);
    rounds.and_then(NonZeroU32::new).ok_or(Fault::Structure("a password is stretched too long"))
}

/// Compares the MAC over a P12 file (RFC 7292, 4).
fn check_mac(mut data: Parser, safes: &[u8], password: &str) -> Result<(), ImportError> {
    let mut info = data.enter(tag::SEQUENCE)?;
    let digest = Digest::read(&mut info).map_err(|_| ImportError::Old)?;
    let expected = info.take(tag::OCTET_STRING)?;
    let salt = data.take(tag::OCTET_STRING)?;
    let rounds = if data.is_empty() { NonZeroU32::MIN } else { rounds(&mut data)? };
    let algorithm = match digest {
        Digest::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Digest::Sha256 => hmac::HMAC_SHA256,
        Digest::Sha384 => hmac::HMAC_SHA384,
        Digest::Sha512 => hmac::HMAC_SHA512,
    };
    let key = mac_key(digest, salt, rounds, password);
    let mac = hmac::sign(&hmac::Key::new(algorithm, &key), safes);
    verify_slices_are_equal(mac.as_ref(), expected).map_err(|_| ImportError::Password)
}

/// The key of the MAC (RFC 7292, B.2, with the identifier 3). It is as long as the digest, so one
/// turn is enough.
fn mac_key(kind: Digest, salt: &[u8], rounds: NonZeroU32, password: &str) -> Vec<u8> {
    let algorithm = kind.algorithm();
    let block = algorithm.block_len();
    let utf16: Vec<u8> = password.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect();
    let filled = |bytes: &[u8]| {
        let length = bytes.len().div_ceil(block) * block;
        bytes.iter().copied().cycle().take(length).collect::<Vec<u8>>()
    };
    let first = [vec![3; block], filled(salt), filled(&utf16)].concat();
    let mut key = digest::digest(algorithm, &first);
    for _ in 1..rounds.get() {
        key = digest::digest(algorithm, key.as_ref());
    }
    key.as_ref().to_vec()
}
