//! Any bytes as a receipt, and as what a partner signs as one.
//!
//! The first byte says whether the rest is signed by the partner before it is read. A receipt proves a
//! delivery only if it is right in everything, a signature of the partner is found only under what it
//! signed, and what is read is the same when it is written and read again.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tieline_fuzz::sealed::{Dice, MESSAGE_ID, NOW, PARTNER, mic, receipts, signing};
use tieline_fuzz::write;
use tieline_smime::Fault;
use tieline_smime::algorithm::Digest;
use tieline_smime::fuzzing::{Around, wrap};
use tieline_smime::mdn::{
    self, Disposition, Expected, Judgement, Mdn, Received, Signature, Trust, judge,
};
use tieline_smime::mime::Headers;

/// The receipts that the partner signed.
static SIGNED: LazyLock<Vec<Received>> = LazyLock::new(|| {
    let all = receipts(true);
    all.iter().map(|(headers, body)| read(headers, body).expect("it is a receipt")).collect()
});

fuzz_target!(init: plant(), |data: &[u8]| {
    let Some((&kind, bytes)) = data.split_first() else { return };
    let is_signed_by_us = kind & 1 != 0;
    let layers = is_signed_by_us.then(|| Around::Signed(signing()));
    let Ok((headers, body)) = wrap(bytes, layers.as_slice(), &Dice::new(data)) else { return };
    let Ok(received) = read(&headers, &body) else { return };
    let is_verified = matches!(received.signature, Signature::Verified(_));
    if is_signed_by_us {
        assert!(is_verified, "the partner did sign this");
    } else if is_verified {
        assert!(SIGNED.contains(&received), "the partner never signed this");
    }
    for is_signed in [false, true] {
        let mic = mic();
        let expected = Expected { message_id: MESSAGE_ID, mic: &mic, is_signed };
        if judge(&received, &expected) == Judgement::Delivered {
            assert!(is_verified || !is_signed, "a signed receipt was asked for");
            assert_eq!(received.mic, Some(mic));
            assert_eq!(received.disposition, Disposition::processed());
            let id = received.original_message_id.as_deref().unwrap_or_default();
            assert_eq!(id.trim_matches(['<', '>']), MESSAGE_ID.trim_matches(['<', '>']));
        }
    }
    again(&received, &Dice::new(data));
});

fn read(headers: &Headers, mut body: &[u8]) -> Result<Received, Fault> {
    let trust = Trust { signers: &PARTNER.pinned, digests: &Digest::ALL, now: NOW };
    mdn::read(headers, &mut body, &trust)
}

/// Writes what was read, and reads it.
fn again(received: &Received, dice: &Dice) {
    let Some(id) = received.original_message_id.clone() else { return };
    let mdn = Mdn {
        reporting_agent: "Tieline 0.1".into(),
        recipient: "Wheatland Supply".into(),
        original_message_id: id,
        disposition: received.disposition.clone(),
        mic: received.mic.clone(),
        mic_name: None,
        text: received.text.clone(),
    };
    // Control characters can be read and are not written.
    let Ok((headers, body)) = mdn::write(&mdn, None, dice) else { return };
    let again = read(&headers, &body).expect("our own receipt can be read");
    assert_eq!(again.original_message_id, received.original_message_id);
    assert_eq!(again.disposition, received.disposition);
    assert_eq!(again.mic, received.mic);
}

/// Receipts with and without signatures, and what is signed.
fn plant() {
    let mut planted = Vec::new();
    for is_signed in [false, true] {
        for (headers, body) in receipts(is_signed) {
            for kind in [0, 1] {
                planted.push([&[kind], &headers.write()[..], &body].concat());
            }
        }
    }
    write(&planted);
}
