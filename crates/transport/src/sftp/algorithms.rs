//! The algorithms of SSH that we offer, on both sides.

use std::borrow::Cow;

use russh::keys::ssh_key::EcdsaCurve;
use russh::keys::{Algorithm, HashAlg};
use russh::{Preferred, cipher, compression, kex, mac};

/// Which end of the connection we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

/// Something weak that a partner's old software needs. Offered to that partner alone, last, and
/// never by default; put a date of expiry beside it where it is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Legacy {
    /// `ssh-rsa`: signatures over SHA-1, of host keys and of our own RSA keys.
    RsaSha1,
    /// `diffie-hellman-group14-sha1` and `diffie-hellman-group-exchange-sha1`.
    ExchangeSha1,
    /// `aes256-cbc` and `aes128-cbc`.
    Cbc,
    /// `hmac-sha1`.
    MacSha1,
}

/// The kinds of host keys, best first; the bits of a curve or the hash of a signature are no
/// kinds of their own.
pub(crate) const KEY_KINDS: [KeyKind; 3] = [KeyKind::Ed25519, KeyKind::Ecdsa, KeyKind::Rsa];

/// A kind of host key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Ed25519,
    Ecdsa,
    Rsa,
}

impl KeyKind {
    pub(crate) fn of(algorithm: &Algorithm) -> Option<Self> {
        match algorithm {
            Algorithm::Ed25519 => Some(Self::Ed25519),
            Algorithm::Ecdsa { .. } => Some(Self::Ecdsa),
            Algorithm::Rsa { .. } => Some(Self::Rsa),
            _ => None,
        }
    }

    /// The algorithms by which a key of this kind signs, best first.
    fn signatures(self, legacy: &[Legacy]) -> Vec<Algorithm> {
        let ecdsa = |curve| Algorithm::Ecdsa { curve };
        let rsa = |hash| Algorithm::Rsa { hash };
        match self {
            Self::Ed25519 => vec![Algorithm::Ed25519],
            Self::Ecdsa => {
                [EcdsaCurve::NistP256, EcdsaCurve::NistP384, EcdsaCurve::NistP521].map(ecdsa).into()
            }
            Self::Rsa => {
                let mut all = vec![rsa(Some(HashAlg::Sha512)), rsa(Some(HashAlg::Sha256))];
                if legacy.contains(&Legacy::RsaSha1) {
                    all.push(rsa(None));
                }
                all
            }
        }
    }
}

/// What is offered, best first. No SHA-1 and no CBC unless asked for: `russh` by itself would sign
/// with `ssh-rsa`. The NIST curves and AES-128 are there for partners whose software has nothing
/// newer.
pub(crate) fn offered(side: Side, legacy: &[Legacy]) -> Preferred {
    offered_for(side, legacy, &KEY_KINDS)
}

/// The same, for host keys of these kinds alone.
pub(crate) fn offered_for(side: Side, legacy: &[Legacy], keys: &[KeyKind]) -> Preferred {
    let mut exchanges = vec![
        kex::MLKEM768X25519_SHA256,
        kex::CURVE25519,
        kex::CURVE25519_PRE_RFC_8731,
        kex::ECDH_SHA2_NISTP256,
        kex::ECDH_SHA2_NISTP384,
        kex::ECDH_SHA2_NISTP521,
        kex::DH_GEX_SHA256,
        kex::DH_G16_SHA512,
        kex::DH_G18_SHA512,
        kex::DH_G14_SHA256,
    ];
    let mut ciphers = vec![
        cipher::CHACHA20_POLY1305,
        cipher::AES_256_GCM,
        cipher::AES_128_GCM,
        cipher::AES_256_CTR,
        cipher::AES_192_CTR,
        cipher::AES_128_CTR,
    ];
    let mut macs =
        vec![mac::HMAC_SHA512_ETM, mac::HMAC_SHA256_ETM, mac::HMAC_SHA512, mac::HMAC_SHA256];
    for weak in legacy {
        match weak {
            Legacy::RsaSha1 => {}
            Legacy::ExchangeSha1 => exchanges.extend([kex::DH_G14_SHA1, kex::DH_GEX_SHA1]),
            Legacy::Cbc => ciphers.extend([cipher::AES_256_CBC, cipher::AES_128_CBC]),
            Legacy::MacSha1 => macs.push(mac::HMAC_SHA1),
        }
    }
    exchanges.extend(match side {
        Side::Server => {
            [kex::EXTENSION_SUPPORT_AS_SERVER, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER]
        }
        Side::Client => {
            [kex::EXTENSION_SUPPORT_AS_CLIENT, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT]
        }
    });
    Preferred {
        kex: Cow::Owned(exchanges),
        key: Cow::Owned(keys.iter().flat_map(|kind| kind.signatures(legacy)).collect()),
        host_key_certificates: Cow::Borrowed(&[]),
        cipher: Cow::Owned(ciphers),
        mac: Cow::Owned(macs),
        compression: Cow::Borrowed(&[compression::NONE]),
    }
}
