//! Any bytes as a sealed message, and as what lies under seals that hold.
//!
//! The first byte says which layers are put around the rest before it is opened; without any, the rest
//! is the whole message. A payload is seen as verified only if the partner signed just this; the limits
//! are kept; and as long as nothing proves who sent an encrypted message, all its faults are told alike.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tieline_fuzz::sealed::{
    Dice, NOW, Slow, UTILITY, Watched, encryption, opening, policy, seeds, signing,
};
use tieline_fuzz::{random, write};
use tieline_smime::algorithm::{Cipher, Digest};
use tieline_smime::fuzzing::{Around, wrap};
use tieline_smime::mime::Headers;
use tieline_smime::{Fault, Layer, Mic, Opened, Payload, Policy, Told, open};

/// The digests of what the partner signed.
static SIGNED: LazyLock<Vec<Mic>> =
    LazyLock::new(|| seeds().into_iter().filter_map(|seed| seed.signed).collect());

const COMPRESSED: u8 = 1;
const SIGNED_BY_US: u8 = 2;
const COMPRESSED_AFTER: u8 = 4;
const ENCRYPTED: u8 = 8;
const GCM: u8 = 16;
const LAX: u8 = 32;

fuzz_target!(init: plant(), |data: &[u8]| {
    let Some((&kind, entity)) = data.split_first() else { return };
    let is = |what| kind & what != 0;
    let cipher = if is(GCM) { Cipher::Aes256Gcm } else { Cipher::Aes256Cbc };
    let layers: Vec<Around> = [
        (COMPRESSED, Around::Compressed),
        (SIGNED_BY_US, Around::Signed(signing())),
        (COMPRESSED_AFTER, Around::Compressed),
        (ENCRYPTED, Around::Encrypted(encryption(cipher))),
    ]
    .into_iter()
    .filter_map(|(what, layer)| is(what).then_some(layer))
    .collect();
    let dice = Dice::new(data);
    let Ok((headers, body)) = wrap(entity, &layers, &dice) else {
        assert!(layers.is_empty(), "any entity can be wrapped");
        return;
    };
    let policy = policy(is(LAX));
    let outcome = opened(&headers, &body, body.len().max(1), &policy);
    let step = 1 + random(data).index(200);
    assert_eq!(outcome, opened(&headers, &body, step, &policy), "pieces tell something else");
    match outcome {
        Ok(opened) => accepted(&opened, &policy, is(SIGNED_BY_US)),
        Err((told, _)) => {
            assert!(told != Told::Nothing, "nothing of ours has failed");
            let is_proved = is(SIGNED_BY_US) || holds(entity, b"pkcs7-signature");
            if is(ENCRYPTED) && !is_proved {
                assert_eq!(told, Told::DecryptionFailed);
            }
        }
    }
});

/// What came of a message: payload, whether it is verified, layers and MIC.
type Outcome = Result<(Vec<u8>, bool, Vec<Layer>, Mic), (Told, Fault)>;

fn opened(headers: &Headers, body: &[u8], step: usize, policy: &Policy) -> Outcome {
    let dice = Dice::new(body);
    let ours = [&UTILITY.identity];
    let with = opening(policy, &dice, &ours);
    let result = open(headers, Slow(body, step), &with, Watched::default());
    let Opened { payload, size, layers, mic, .. } =
        result.map_err(|error| (error.told, error.reason))?;
    let (payload, is_verified) = match payload {
        Payload::Verified(payload) => (payload.into_payload(), true),
        Payload::Unsigned(payload) => (payload, false),
    };
    assert_eq!(payload.len() as u64, size);
    Ok((payload, is_verified, layers, mic))
}

fn accepted(
    (_, is_verified, layers, mic): &(Vec<u8>, bool, Vec<Layer>, Mic),
    policy: &Policy,
    is_signed_by_us: bool,
) {
    let has_signature = layers.iter().any(|layer| {
        matches!(layer, Layer::Signed { digest: Digest::Sha256, time: Some(NOW), .. })
    });
    assert_eq!(*is_verified, has_signature);
    assert!(*is_verified || !policy.is_signed, "a signature was agreed");
    let is_encrypted = layers.iter().any(|layer| matches!(layer, Layer::Encrypted { .. }));
    assert!(is_encrypted || !policy.is_encrypted, "encryption was agreed");
    if *is_verified && !is_signed_by_us {
        assert!(SIGNED.contains(mic), "the partner never signed this");
    }
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|it| it.eq_ignore_ascii_case(what))
}

/// Whole messages, and what lies in them under each combination of layers.
fn plant() {
    let entity = b"Content-Type: application/edi-x12\r\nContent-Transfer-Encoding: base64\r\n\
        Content-Disposition: attachment; filename=\"usage.edi\"\r\n\r\nSVNBKjAw\r\n";
    let mut planted = Vec::new();
    for seed in seeds() {
        for kind in [0, LAX, ENCRYPTED, ENCRYPTED | GCM | LAX] {
            planted.push([&[kind], &seed.bytes[..]].concat());
        }
    }
    for kind in 0..64 {
        planted.push([&[kind], &entity[..]].concat());
    }
    write(&planted);
}
