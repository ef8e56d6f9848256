//! Layers around bytes of any kind, so that a fuzzer gets behind them. Built for fuzzing and for
//! tests alone.

use std::io::Write;

use crate::cms::compressed::CompressedWriter;
use crate::cms::enveloped::EnvelopedWriter;
use crate::cms::signed;
use crate::fault::Fault;
use crate::mic::Hashes;
use crate::mime::Headers;
use crate::open::Randomness;
use crate::seal::{Encryption, Signing, write_signature};

/// A layer to put around an entity.
#[derive(Debug, Clone, Copy)]
pub enum Around<'a> {
    /// Zlib.
    Compressed,
    /// A signature beside it.
    Signed(Signing<'a>),
    /// Encrypted for somebody.
    Encrypted(Encryption<'a>),
}

/// Puts layers around an entity, the innermost first; the entity may be anything. Gives the fields and
/// the body of the outermost.
///
/// # Errors
///
/// [`Fault`] if a key cannot be used.
pub fn wrap(
    entity: &[u8],
    layers: &[Around],
    randomness: &dyn Randomness,
) -> Result<(Headers, Vec<u8>), Fault> {
    let mut rest = entity;
    let Some((first, others)) = layers.split_first() else {
        return Ok((Headers::read(&mut rest)?, rest.to_vec()));
    };
    let (mut headers, mut body) = around(entity, first, randomness)?;
    for layer in others {
        (headers, body) = around(&[headers.write(), body].concat(), layer, randomness)?;
    }
    Ok((headers, body))
}

fn around(
    entity: &[u8],
    layer: &Around,
    randomness: &dyn Randomness,
) -> Result<(Headers, Vec<u8>), Fault> {
    let random = |length: usize| {
        let mut bytes = vec![0; length];
        randomness.fill(&mut bytes);
        bytes
    };
    let (mut headers, mut body) = (Headers::new(), Vec::new());
    match layer {
        Around::Compressed => {
            headers.push("Content-Type", "application/pkcs7-mime; smime-type=compressed-data")?;
            let mut writer = CompressedWriter::new(body);
            writer.write_all(entity)?;
            body = writer.finish()?;
        }
        Around::Encrypted(with) => {
            headers.push("Content-Type", "application/pkcs7-mime")?;
            let (key, start) =
                (random(with.cipher.key_length()), random(with.cipher.start_length()));
            let (certificate, transport) = (with.certificate, with.transport);
            let mut writer =
                EnvelopedWriter::new(body, certificate, transport, with.cipher, &key, &start)?;
            writer.write_all(entity)?;
            body = writer.finish()?;
        }
        Around::Signed(with) => {
            let boundary: String = random(15).iter().map(|byte| format!("{byte:02x}")).collect();
            let value = format!("multipart/signed; micalg={}; boundary={boundary}", with.digest);
            headers.push("Content-Type", &value)?;
            let mut hashes = Hashes::new([with.digest]);
            hashes.update(entity);
            let digest = hashes.finish_mic().ok_or(Fault::Digest)?.value;
            let signature =
                signed::sign(with.identity, with.scheme, with.digest, &digest, with.time)?;
            write!(body, "--{boundary}\r\n")?;
            body.extend_from_slice(entity);
            write_signature(&mut body, &boundary, &signature)?;
        }
    }
    Ok((headers, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithm::{Cipher, Digest, KeyTransport, Scheme};
    use crate::{
        Certificate, Identity, Opening, Pinned, PinnedCertificates, Policy, PrivateKey,
        SystemRandomness, open,
    };

    #[test]
    fn what_is_wrapped_is_opened() {
        let key = PrivateKey::generate(2048).expect("a key can be made");
        let certificate =
            Certificate::self_signed(&key, "Prairie Rivers", &[1; 16], (0, 2_000_000_000))
                .expect("a certificate can be made");
        let identity = Identity::new(certificate, key).expect("they belong together");
        let pinned = vec![Pinned::always(identity.certificate().clone())];
        let signers = PinnedCertificates::new(pinned).expect("there is one");
        let sign = Signing {
            identity: &identity,
            digest: Digest::Sha256,
            scheme: Scheme::Pkcs1,
            time: None,
        };
        let encrypt = Encryption {
            certificate: identity.certificate(),
            cipher: Cipher::Aes256Cbc,
            transport: KeyTransport::Pkcs1,
        };
        let layers = [Around::Compressed, Around::Signed(sign), Around::Encrypted(encrypt)];
        let entity = b"Content-Type: application/edi-x12\r\n\r\nISA";
        for from in 0..=layers.len() {
            let (headers, body) =
                wrap(entity, &layers[from..], &SystemRandomness).expect("the keys are right");
            let policy =
                Policy { is_signed: from < 2, is_encrypted: from < 3, ..Policy::default() };
            let with = Opening {
                identities: &[&identity],
                signers: &signers,
                policy: &policy,
                now: 1_795_305_600,
                mic: Digest::Sha256,
                randomness: &SystemRandomness,
            };
            let opened = open(&headers, &body[..], &with, Vec::new()).expect("it is well formed");
            assert_eq!((opened.size, opened.layers.len()), (3, layers.len() - from));
        }
    }
}
