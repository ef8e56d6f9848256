//! Our own RSA keys: they sign, and they open what is encrypted for us.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeyPair as SigningKey, KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256,
    OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512, OaepAlgorithm, OaepPrivateDecryptingKey,
    Pkcs1PrivateDecryptingKey, PrivateDecryptingKey,
};
use aws_lc_rs::signature::{
    KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding,
};

use crate::algorithm::{Digest, KeyTransport, Scheme, algorithm, rsa_encryption};
use crate::certificate::{SMALLEST_KEY, magnitude_bits};
use crate::der::{self, Parser, tag};
use crate::fault::Fault;
use crate::{oid, pem};

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file cannot be read.
    #[error("the file of the key cannot be read: {0}")]
    File(#[from] Fault),
    /// There is no private key in it.
    #[error("there is no private key in the file")]
    None,
    /// There are several.
    #[error("there is more than one private key in the file")]
    Several,
    /// The key needs a password.
    #[error("the key is encrypted; its password is needed")]
    Encrypted,
    /// It is not an RSA key, or not a consistent one.
    #[error("the key is not a valid RSA key")]
    Rejected,
    /// It is shorter than 2048 bits.
    #[error("the key has {0} bits; at least 2048 are needed")]
    Weak(usize),
}

/// A private RSA key. Its secret is never shown.
pub struct PrivateKey {
    signing: SigningKey,
    pkcs1: Pkcs1PrivateDecryptingKey,
    oaep: OaepPrivateDecryptingKey,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "PrivateKey({} bits)", self.bits())
    }
}

impl PrivateKey {
    /// Reads a PEM file with one private key, in PKCS #8 or PKCS #1.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if there is not exactly one, it is encrypted, not RSA, or too short.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let blocks = pem::read(text)?;
        let mut keys = blocks.iter().filter(|block| block.label.ends_with("PRIVATE KEY"));
        let key = keys.next().ok_or(KeyError::None)?;
        if keys.next().is_some() {
            return Err(KeyError::Several);
        }
        match key.label.as_str() {
            "PRIVATE KEY" => Self::from_pkcs8(&key.der),
            "RSA PRIVATE KEY" => Self::from_pkcs1(&key.der),
            "ENCRYPTED PRIVATE KEY" => Err(KeyError::Encrypted),
            _ => Err(KeyError::Rejected),
        }
    }

    /// A new key of this many bits: 2048, 3072, 4096 or 8192.
    ///
    /// # Errors
    ///
    /// [`KeyError::Weak`] for another length.
    pub fn generate(bits: usize) -> Result<Self, KeyError> {
        let size = match bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            8192 => KeySize::Rsa8192,
            _ => return Err(KeyError::Weak(bits)),
        };
        let key = SigningKey::generate(size).map_err(|_| KeyError::Rejected)?;
        Self::from_pkcs8(pkcs8(&key)?.as_ref())
    }

    /// The key as a PEM file, in PKCS #8. It is the secret itself.
    ///
    /// # Errors
    ///
    /// [`KeyError::Rejected`] if the key cannot be written.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        Ok(pem::write("PRIVATE KEY", pkcs8(&self.signing)?.as_ref()))
    }

    /// Reads a key in PKCS #1.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if it is no RSA key or too short.
    pub fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        let version = der::small_integer(0);
        let key = der::element(tag::OCTET_STRING, der);
        Self::from_pkcs8(&der::sequence(&[&version, &rsa_encryption(), &key]))
    }

    /// Reads a key in PKCS #8.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if it is no RSA key or too short.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        // AWS-LC rejects a short key without saying why, so the size is looked at first.
        let bits = bits(der).map_err(|_| KeyError::Rejected)?;
        if bits < SMALLEST_KEY {
            return Err(KeyError::Weak(bits));
        }
        let opening = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| KeyError::Rejected)?;
        let signing = SigningKey::from_pkcs8(der).map_err(|_| KeyError::Rejected)?;
        let rejected = |_| KeyError::Rejected;
        Ok(Self {
            signing,
            pkcs1: Pkcs1PrivateDecryptingKey::new(opening.clone()).map_err(rejected)?,
            oaep: OaepPrivateDecryptingKey::new(opening).map_err(rejected)?,
        })
    }

    /// Its length in bits.
    pub fn bits(&self) -> usize {
        self.pkcs1.key_size_bits()
    }

    /// The public half: an RSAPublicKey in DER, as [`Certificate`](crate::Certificate) has it.
    pub fn public_key(&self) -> &[u8] {
        self.signing.public_key().as_ref()
    }

    /// Signs; SHA-1 is for reading only.
    pub(crate) fn sign(
        &self,
        scheme: Scheme,
        digest: Digest,
        message: &[u8],
    ) -> Result<Vec<u8>, Fault> {
        let encoding: &'static dyn RsaEncoding = match (scheme, digest) {
            (Scheme::Pkcs1, Digest::Sha256) => &RSA_PKCS1_SHA256,
            (Scheme::Pkcs1, Digest::Sha384) => &RSA_PKCS1_SHA384,
            (Scheme::Pkcs1, Digest::Sha512) => &RSA_PKCS1_SHA512,
            (Scheme::Pss, Digest::Sha256) => &RSA_PSS_SHA256,
            (Scheme::Pss, Digest::Sha384) => &RSA_PSS_SHA384,
            (Scheme::Pss, Digest::Sha512) => &RSA_PSS_SHA512,
            (_, Digest::Sha1) => return Err(Fault::Unsupported("signing with SHA-1")),
        };
        let mut signature = vec![0; self.signing.public_modulus_len()];
        self.signing
            .sign(encoding, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| Fault::Structure("the key could not sign"))?;
        Ok(signature)
    }

    /// What is encrypted in `encrypted`, or none: callers go on with a random key then.
    pub(crate) fn open(&self, transport: KeyTransport, encrypted: &[u8]) -> Option<Vec<u8>> {
        let mut space = vec![0; self.pkcs1.key_size_bytes()];
        let opened = match transport {
            KeyTransport::Pkcs1 => self.pkcs1.decrypt(encrypted, &mut space),
            KeyTransport::Oaep(digest) => {
                self.oaep.decrypt(oaep(digest), encrypted, &mut space, None)
            }
        };
        opened.ok().map(|key| key.to_vec())
    }
}

fn pkcs8(key: &SigningKey) -> Result<Pkcs8V1Der<'static>, KeyError> {
    key.as_der().map_err(|_| KeyError::Rejected)
}

/// The length of a PKCS #8 key's modulus in bits.
fn bits(pkcs8: &[u8]) -> Result<usize, Fault> {
    let mut info = Parser::new(pkcs8).enter(tag::SEQUENCE)?;
    info.small_integer()?;
    if algorithm(&mut info)?.0 != oid::RSA {
        return Err(Fault::Unsupported("a key that is not RSA"));
    }
    let mut key = Parser::new(info.take(tag::OCTET_STRING)?).enter(tag::SEQUENCE)?;
    key.small_integer()?;
    Ok(magnitude_bits(key.take(tag::INTEGER)?))
}

pub(crate) fn oaep(digest: Digest) -> &'static OaepAlgorithm {
    match digest {
        Digest::Sha1 => &OAEP_SHA1_MGF1SHA1,
        Digest::Sha256 => &OAEP_SHA256_MGF1SHA256,
        Digest::Sha384 => &OAEP_SHA384_MGF1SHA384,
        Digest::Sha512 => &OAEP_SHA512_MGF1SHA512,
    }
}
