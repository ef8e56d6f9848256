//! Digests, ciphers and what is done with RSA: their names, and how messages identify them.

use std::fmt;

use aws_lc_rs::digest;

use crate::der::{self, Parser, tag};
use crate::fault::Fault;
use crate::oid;

/// A digest; a later one is stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Digest {
    /// SHA-1, read only, and only where a partner cannot do better.
    Sha1,
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
}

impl Digest {
    /// All of them, the weakest first.
    pub const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The digest of a name as partners write it: `sha1`, `sha-1`, `SHA256`, `sha-256`,
    /// `rsa-sha256` and the like. None if it is another.
    pub fn from_name(name: &str) -> Option<Self> {
        let lower = name.trim().to_ascii_lowercase();
        let plain = lower.strip_prefix("rsa-").unwrap_or(&lower).replace(['-', '_'], "");
        Some(match plain.as_str() {
            "sha1" | "sha" => Self::Sha1,
            "sha256" | "sha2256" => Self::Sha256,
            "sha384" | "sha2384" => Self::Sha384,
            "sha512" | "sha2512" => Self::Sha512,
            _ => return None,
        })
    }

    /// The name in `micalg` and in a MIC (RFC 8551, 3.5.3.2), e.g. `sha-256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    /// Its length in bytes.
    pub fn length(self) -> usize {
        self.algorithm().output_len()
    }

    pub(crate) fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    fn identifier(self) -> &'static [u8] {
        match self {
            Self::Sha1 => oid::SHA1,
            Self::Sha256 => oid::SHA256,
            Self::Sha384 => oid::SHA384,
            Self::Sha512 => oid::SHA512,
        }
    }

    pub(crate) fn with_rsa(self) -> &'static [u8] {
        match self {
            Self::Sha1 => oid::SHA1_WITH_RSA,
            Self::Sha256 => oid::SHA256_WITH_RSA,
            Self::Sha384 => oid::SHA384_WITH_RSA,
            Self::Sha512 => oid::SHA512_WITH_RSA,
        }
    }

    pub(crate) fn write(self) -> Vec<u8> {
        der::sequence(&[&der::object_identifier(self.identifier()), &der::null()])
    }

    pub(crate) fn read(parser: &mut Parser) -> Result<Self, Fault> {
        let (identifier, parameters) = algorithm(parser)?;
        nothing(parameters)?;
        let known = Self::ALL.into_iter().find(|it| it.identifier() == identifier);
        known.ok_or(Fault::Weak("the message is signed with a digest"))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A cipher of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cipher {
    /// Triple DES in CBC mode, read only, and only where a partner cannot do better.
    TripleDesCbc,
    /// AES with 128 bits in CBC mode
    Aes128Cbc,
    /// AES with 192 bits in CBC mode
    Aes192Cbc,
    /// AES with 256 bits in CBC mode
    Aes256Cbc,
    /// AES with 128 bits in Galois counter mode, RFC 5084
    Aes128Gcm,
    /// AES with 256 bits in Galois counter mode, RFC 5084
    Aes256Gcm,
}

impl Cipher {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::TripleDesCbc,
        Self::Aes128Cbc,
        Self::Aes192Cbc,
        Self::Aes256Cbc,
        Self::Aes128Gcm,
        Self::Aes256Gcm,
    ];

    /// A name for configuration and reports, e.g. `aes256-cbc`.
    pub fn name(self) -> &'static str {
        match self {
            Self::TripleDesCbc => "3des-cbc",
            Self::Aes128Cbc => "aes128-cbc",
            Self::Aes192Cbc => "aes192-cbc",
            Self::Aes256Cbc => "aes256-cbc",
            Self::Aes128Gcm => "aes128-gcm",
            Self::Aes256Gcm => "aes256-gcm",
        }
    }

    /// The cipher of such a [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name().eq_ignore_ascii_case(name))
    }

    /// Whether changed content is noticed, so that it goes into AuthEnvelopedData.
    pub fn is_authenticated(self) -> bool {
        matches!(self, Self::Aes128Gcm | Self::Aes256Gcm)
    }

    /// The length of its key in bytes.
    pub fn key_length(self) -> usize {
        match self {
            Self::Aes128Cbc | Self::Aes128Gcm => 16,
            Self::Aes192Cbc | Self::TripleDesCbc => 24,
            Self::Aes256Cbc | Self::Aes256Gcm => 32,
        }
    }

    /// The length of its starting value or nonce in bytes.
    pub(crate) fn start_length(self) -> usize {
        match self {
            Self::TripleDesCbc => 8,
            Self::Aes128Gcm | Self::Aes256Gcm => 12,
            _ => 16,
        }
    }

    pub(crate) fn identifier(self) -> &'static [u8] {
        match self {
            Self::TripleDesCbc => oid::TRIPLE_DES_CBC,
            Self::Aes128Cbc => oid::AES_128_CBC,
            Self::Aes192Cbc => oid::AES_192_CBC,
            Self::Aes256Cbc => oid::AES_256_CBC,
            Self::Aes128Gcm => oid::AES_128_GCM,
            Self::Aes256Gcm => oid::AES_256_GCM,
        }
    }

    pub(crate) fn write(self, start: &[u8]) -> Vec<u8> {
        let mut parameters = der::element(tag::OCTET_STRING, start);
        if self.is_authenticated() {
            parameters = der::sequence(&[&parameters, &der::small_integer(TAG_LENGTH as u8)]);
        }
        der::sequence(&[&der::object_identifier(self.identifier()), &parameters])
    }

    /// The cipher, how it starts, and the length of the tag that follows (0 for none).
    pub(crate) fn read(parser: &mut Parser) -> Result<(Self, Vec<u8>, usize), Fault> {
        let (identifier, mut parameters) = algorithm(parser)?;
        let known = Self::ALL.into_iter().find(|it| it.identifier() == identifier);
        let cipher = known.ok_or(Fault::Weak("the message is encrypted with a cipher"))?;
        let mut tag_length = 0;
        let start = if cipher.is_authenticated() {
            let mut inner = parameters.enter(tag::SEQUENCE)?;
            let start = inner.take(tag::OCTET_STRING)?;
            tag_length = if inner.is_empty() { 12 } else { inner.small_integer()? as usize };
            inner.end()?;
            if !(12..=16).contains(&tag_length) {
                return Err(Fault::Structure("the tag of a cipher has no allowed length"));
            }
            start
        } else {
            parameters.take(tag::OCTET_STRING)?
        };
        parameters.end()?;
        if start.len() != cipher.start_length() {
            return Err(Fault::Structure("the starting value of a cipher has the wrong length"));
        }
        Ok((cipher, start.to_vec(), tag_length))
    }
}

impl fmt::Display for Cipher {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The length of the tags that are written, in bytes.
pub(crate) const TAG_LENGTH: usize = 16;

/// How the key of the content is encrypted for its recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyTransport {
    /// RSA as in PKCS #1 version 1.5
    Pkcs1,
    /// RSA-OAEP with this digest, also in its mask
    Oaep(Digest),
}

impl KeyTransport {
    pub(crate) fn write(self) -> Vec<u8> {
        match self {
            Self::Pkcs1 => rsa_encryption(),
            Self::Oaep(Digest::Sha1) => {
                // SHA-1 is the default of both fields, and DER leaves defaults out.
                let identifier = der::object_identifier(oid::RSA_OAEP);
                der::sequence(&[&identifier, &der::sequence(&[])])
            }
            Self::Oaep(digest) => {
                let parameters = der::sequence(&[
                    &der::element(tag::context(0), &digest.write()),
                    &der::element(tag::context(1), &mask(digest)),
                ]);
                der::sequence(&[&der::object_identifier(oid::RSA_OAEP), &parameters])
            }
        }
    }

    pub(crate) fn read(parser: &mut Parser) -> Result<Self, Fault> {
        let (identifier, mut parameters) = algorithm(parser)?;
        match identifier {
            oid::RSA => {
                nothing(parameters)?;
                Ok(Self::Pkcs1)
            }
            oid::RSA_OAEP => {
                let mut fields = Fields::read(&mut parameters)?;
                if let Some(label) = fields.rest.optional(tag::context(2))? {
                    let mut label = Parser::new(label);
                    let (identifier, mut source) = algorithm(&mut label)?;
                    if identifier != oid::P_SPECIFIED || !source.take(tag::OCTET_STRING)?.is_empty()
                    {
                        return Err(Fault::Unsupported("a label of RSA-OAEP"));
                    }
                }
                fields.rest.end()?;
                if fields.digest != fields.mask {
                    return Err(Fault::Unsupported("RSA-OAEP with two different digests"));
                }
                Ok(Self::Oaep(fields.digest))
            }
            _ => Err(Fault::Unsupported("this way to transport a key")),
        }
    }
}

/// How RSA signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// RSA as in PKCS #1 version 1.5
    Pkcs1,
    /// RSA-PSS. It is written with a salt as long as the digest, and read with that or the longest.
    Pss,
}

impl Scheme {
    pub(crate) fn write(self, digest: Digest) -> Vec<u8> {
        match self {
            // OpenSSL and Java write this identifier for every digest.
            Self::Pkcs1 => rsa_encryption(),
            Self::Pss => {
                let salt = der::small_integer(digest.length() as u8);
                let parameters = der::sequence(&[
                    &der::element(tag::context(0), &digest.write()),
                    &der::element(tag::context(1), &mask(digest)),
                    &der::element(tag::context(2), &salt),
                ]);
                der::sequence(&[&der::object_identifier(oid::RSA_PSS), &parameters])
            }
        }
    }

    /// The scheme and the length of its salt. It must be for this digest.
    pub(crate) fn read(parser: &mut Parser, digest: Digest) -> Result<(Self, usize), Fault> {
        let (identifier, mut parameters) = algorithm(parser)?;
        if identifier == oid::RSA || identifier == digest.with_rsa() {
            nothing(parameters)?;
            return Ok((Self::Pkcs1, 0));
        }
        if identifier != oid::RSA_PSS {
            return Err(Fault::Unsupported("this way to sign, or with this digest"));
        }
        let mut fields = Fields::read(&mut parameters)?;
        let salt = match fields.rest.optional(tag::context(2))? {
            Some(salt) => Parser::new(salt).small_integer()? as usize,
            None => 20,
        };
        if let Some(trailer) = fields.rest.optional(tag::context(3))?
            && Parser::new(trailer).small_integer()? != 1
        {
            return Err(Fault::Unsupported("this trailer of RSA-PSS"));
        }
        fields.rest.end()?;
        if fields.digest != digest || fields.mask != digest {
            return Err(Fault::Structure("the digests of one signature differ"));
        }
        Ok((Self::Pss, salt))
    }
}

/// What the parameters of PSS and OAEP begin with.
struct Fields<'a> {
    digest: Digest,
    mask: Digest,
    rest: Parser<'a>,
}

impl<'a> Fields<'a> {
    fn read(parameters: &mut Parser<'a>) -> Result<Self, Fault> {
        let mut rest = parameters.enter(tag::SEQUENCE)?;
        parameters.end()?;
        let digest = match rest.optional(tag::context(0))? {
            Some(digest) => Digest::read(&mut Parser::new(digest))?,
            None => Digest::Sha1,
        };
        let mask = match rest.optional(tag::context(1))? {
            Some(mask) => {
                let mut mask = Parser::new(mask);
                let (identifier, mut inner) = algorithm(&mut mask)?;
                if identifier != oid::MGF1 {
                    return Err(Fault::Unsupported("this mask of RSA"));
                }
                Digest::read(&mut inner)?
            }
            None => Digest::Sha1,
        };
        Ok(Self { digest, mask, rest })
    }
}

/// An algorithm: its identifier and its parameters.
pub(crate) fn algorithm<'a>(parser: &mut Parser<'a>) -> Result<(&'a [u8], Parser<'a>), Fault> {
    let mut inner = parser.enter(tag::SEQUENCE)?;
    Ok((inner.take(tag::OBJECT_IDENTIFIER)?, inner))
}

/// Parameters that are NULL or not there.
pub(crate) fn nothing(mut parameters: Parser) -> Result<(), Fault> {
    if let Some([_, ..]) = parameters.optional(tag::NULL)? {
        return Err(Fault::Structure("a NULL has content"));
    }
    parameters.end()
}

pub(crate) fn rsa_encryption() -> Vec<u8> {
    der::sequence(&[&der::object_identifier(oid::RSA), &der::null()])
}

fn mask(digest: Digest) -> Vec<u8> {
    der::sequence(&[&der::object_identifier(oid::MGF1), &digest.write()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partners_spell_digests_in_many_ways() {
        let names =
            ["sha256", "SHA-256", "Sha-256", "rsa-sha256", "RSA-SHA-256", " sha_256", "sha2-256"];
        for name in names {
            assert_eq!(Digest::from_name(name), Some(Digest::Sha256), "{name}");
        }
        for name in ["sha1", "sha-1", "SHA1", "rsa-sha1"] {
            assert_eq!(Digest::from_name(name), Some(Digest::Sha1), "{name}");
        }
        for name in ["", "md5", "rsa-md5", "sha224", "sha-25", "sha3-256", "256"] {
            assert_eq!(Digest::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn algorithms_are_read_as_they_are_written() {
        for digest in Digest::ALL {
            let written = digest.write();
            assert_eq!(Digest::read(&mut Parser::new(&written)), Ok(digest));
            assert_eq!(Digest::from_name(digest.name()), Some(digest));
            for scheme in [Scheme::Pkcs1, Scheme::Pss] {
                let written = scheme.write(digest);
                let salt = if scheme == Scheme::Pss { digest.length() } else { 0 };
                assert_eq!(Scheme::read(&mut Parser::new(&written), digest), Ok((scheme, salt)));
            }
            for transport in [KeyTransport::Pkcs1, KeyTransport::Oaep(digest)] {
                let written = transport.write();
                assert_eq!(KeyTransport::read(&mut Parser::new(&written)), Ok(transport));
            }
        }
        for cipher in Cipher::ALL {
            let start = vec![7; cipher.start_length()];
            let written = cipher.write(&start);
            let length = if cipher.is_authenticated() { 16 } else { 0 };
            assert_eq!(Cipher::read(&mut Parser::new(&written)), Ok((cipher, start, length)));
        }
    }

    #[test]
    fn a_signature_of_another_digest_is_refused() {
        for scheme in [Scheme::Pkcs1, Scheme::Pss] {
            let written = match scheme {
                Scheme::Pkcs1 => {
                    let identifier = der::object_identifier(oid::SHA512_WITH_RSA);
                    der::sequence(&[&identifier, &der::null()])
                }
                Scheme::Pss => scheme.write(Digest::Sha512),
            };
            assert!(Scheme::read(&mut Parser::new(&written), Digest::Sha512).is_ok());
            assert!(Scheme::read(&mut Parser::new(&written), Digest::Sha256).is_err());
        }
    }
}
