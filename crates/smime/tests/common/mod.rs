//! Two invented companies with their keys, and messages between them.
#![allow(dead_code, reason = "each test uses some of it")]

use std::sync::{Arc, LazyLock};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use tieline_smime::algorithm::{Cipher, Digest, KeyTransport, Scheme};
use tieline_smime::mime::Headers;
use tieline_smime::{
    Certificate, Compress, Encoding, Encryption, Identity, Mic, OpenError, Opened, Opening, Pinned,
    PinnedCertificates, Policy, PrivateKey, Seal, Sealing, Signing, SystemRandomness, open,
};

/// The time in all tests, 2026-11-22.
pub(crate) const NOW: i64 = 1_795_305_600;
/// A year in seconds.
pub(crate) const YEAR: i64 = 365 * 86_400;

/// A company: its identity and its key in PKCS #8.
pub(crate) struct Company {
    pub(crate) identity: Identity,
    pub(crate) pkcs8: Vec<u8>,
    pub(crate) pinned: PinnedCertificates,
}

impl Company {
    fn new(name: &str, serial: u8) -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key can be made");
        let pkcs8 = pair.as_der().expect("a key can be written").as_ref().to_vec();
        let key = PrivateKey::from_pkcs8(&pkcs8).expect("it is a key");
        let valid = (NOW - YEAR, NOW + YEAR);
        let certificate = Certificate::self_signed(&key, name, &[serial; 16], valid)
            .expect("a certificate can be made");
        let pinned = PinnedCertificates::new(vec![Pinned::always(certificate.clone())])
            .expect("one certificate is not ambiguous");
        let identity = Identity::new(certificate, key).expect("they belong together");
        Self { identity, pkcs8, pinned }
    }

    pub(crate) fn certificate(&self) -> &Certificate {
        self.identity.certificate()
    }
}

/// We.
pub(crate) static UTILITY: LazyLock<Arc<Company>> =
    LazyLock::new(|| Arc::new(Company::new("Prairie Rivers Electric Cooperative", 1)));
/// Our partner.
pub(crate) static PARTNER: LazyLock<Arc<Company>> =
    LazyLock::new(|| Arc::new(Company::new("Wheatland Supply", 2)));
/// Somebody else.
pub(crate) static OTHER: LazyLock<Arc<Company>> =
    LazyLock::new(|| Arc::new(Company::new("Nobody", 3)));

/// A short document.
pub(crate) const DOCUMENT: &[u8] =
    b"ISA*00*          *00*          *ZZ*PARTNER~\r\n--not a boundary\r\n";

/// What the partner signs with.
pub(crate) fn signing(digest: Digest, scheme: Scheme) -> Signing<'static> {
    Signing { identity: &PARTNER.identity, digest, scheme, time: Some(NOW) }
}

/// What the partner encrypts with.
pub(crate) fn encryption(cipher: Cipher, transport: KeyTransport) -> Encryption<'static> {
    Encryption { certificate: UTILITY.certificate(), cipher, transport }
}

/// The usual message: signed with SHA-256 and encrypted with AES-256.
pub(crate) fn usual() -> Sealing<'static> {
    Sealing {
        content_type: "application/edi-x12",
        file_name: Some("usage.edi"),
        compress: Compress::No,
        sign: Some(signing(Digest::Sha256, Scheme::Pkcs1)),
        encrypt: Some(encryption(Cipher::Aes256Cbc, KeyTransport::Pkcs1)),
        encoding: Encoding::Binary,
        mic: Digest::Sha256,
    }
}

/// A message: its fields, its body, and its MIC.
pub(crate) struct Message {
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    pub(crate) mic: Mic,
}

pub(crate) fn seal(sealing: Sealing, payload: &[u8]) -> Message {
    let seal = Seal::new(sealing, &SystemRandomness).expect("the headers are plain");
    let headers = seal.headers().clone();
    let mut body = Vec::new();
    let mic = seal.write(&mut &payload[..], &mut body).expect("it can be sealed");
    Message { headers, body, mic }
}

/// A policy that lets everything be.
pub(crate) fn lax() -> Policy {
    Policy {
        is_signed: false,
        is_encrypted: false,
        digests: Digest::ALL.to_vec(),
        ciphers: Cipher::ALL.to_vec(),
        ..Policy::default()
    }
}

pub(crate) fn receive(
    headers: &Headers,
    body: &[u8],
    policy: &Policy,
) -> Result<Opened<Vec<u8>>, OpenError> {
    let with = Opening {
        identities: &[&UTILITY.identity],
        signers: &PARTNER.pinned,
        policy,
        now: NOW,
        mic: Digest::Sha256,
        randomness: &SystemRandomness,
    };
    open(headers, body, &with, Vec::new())
}

/// Headers out of names and values.
pub(crate) fn headers(fields: &[(&str, &str)]) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in fields {
        headers.push(name, value).expect("a plain header");
    }
    headers
}

/// Numbers that look random and are the same each time.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}
