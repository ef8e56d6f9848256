//! What is sealed is opened again, in every combination, and both sides have the same MIC.

mod common;

use common::{DOCUMENT, Dice, encryption, lax, receive, seal, signing, usual};
use tieline_smime::algorithm::{Cipher, Digest, KeyTransport, Scheme};
use tieline_smime::mime::FileName;
use tieline_smime::{Compress, Encoding, Layer, Payload, Sealing};

const COMPRESS: [Compress; 3] = [Compress::No, Compress::BeforeSigning, Compress::AfterSigning];

fn check(sealing: Sealing, payload: &[u8]) {
    let message = seal(sealing, payload);
    let opened = receive(&message.headers, &message.body, &lax())
        .unwrap_or_else(|error| panic!("{sealing:?}: {error}"));
    assert_eq!(opened.mic, message.mic, "{sealing:?}");
    assert_eq!(opened.size, payload.len() as u64);
    assert_eq!(opened.content_type.as_deref(), Some("application/edi-x12"));
    assert_eq!(opened.file_name, FileName::Plain("usage.edi".to_string()));
    let compressed = sealing.compress != Compress::No;
    let count = |is: fn(&Layer) -> bool| opened.layers.iter().filter(|it| is(it)).count();
    assert_eq!(count(|it| matches!(it, Layer::Compressed)), usize::from(compressed));
    assert_eq!(
        count(|it| matches!(it, Layer::Encrypted { .. })),
        usize::from(sealing.encrypt.is_some())
    );
    let payload_out = match (opened.payload, sealing.sign) {
        (Payload::Verified(verified), Some(_)) => {
            assert_eq!(verified.signer(), common::PARTNER.certificate());
            verified.into_payload()
        }
        (Payload::Unsigned(payload), None) => payload,
        _ => panic!("a payload is verified when it is signed, and only then"),
    };
    assert!(payload_out == payload, "{sealing:?}");
}

#[test]
fn every_combination_comes_back() {
    let ciphers = Cipher::ALL.into_iter().filter(|it| *it != Cipher::TripleDesCbc);
    let encryptions: Vec<_> = ciphers
        .map(|cipher| Some(encryption(cipher, KeyTransport::Pkcs1)))
        .chain(
            Digest::ALL
                .map(|digest| Some(encryption(Cipher::Aes128Cbc, KeyTransport::Oaep(digest)))),
        )
        .chain([None])
        .collect();
    let mut signings = vec![None];
    for digest in [Digest::Sha256, Digest::Sha384, Digest::Sha512] {
        signings.extend([Scheme::Pkcs1, Scheme::Pss].map(|it| Some(signing(digest, it))));
    }
    for encrypt in &encryptions {
        for sign in &signings {
            for compress in COMPRESS {
                for encoding in [Encoding::Binary, Encoding::Base64] {
                    let (encrypt, sign) = (*encrypt, *sign);
                    check(Sealing { compress, sign, encrypt, encoding, ..usual() }, DOCUMENT);
                }
            }
        }
    }
}

#[test]
fn payloads_of_every_length_come_back() {
    let mut dice = Dice(7);
    let lengths = (0..40).chain([65_535, 65_536, 65_537, 200_000, 1_000_003]);
    for length in lengths {
        let mut payload: Vec<u8> = (0..length).map(|_| dice.next() as u8).collect();
        // Bytes that look like line ends and boundaries.
        for byte in &mut payload {
            *byte = if *byte < 60 { b"\r\n--\r\n"[usize::from(*byte) % 6] } else { *byte };
        }
        for compress in COMPRESS {
            for encoding in [Encoding::Binary, Encoding::Base64] {
                check(Sealing { compress, encoding, ..usual() }, &payload);
                let cipher = Cipher::Aes256Gcm;
                let encrypt = Some(encryption(cipher, KeyTransport::Pkcs1));
                check(Sealing { compress, encoding, encrypt, ..usual() }, &payload);
            }
        }
    }
}
