//! Receipts: written and read, and only those that are right in everything prove a delivery.

mod common;

use common::{DOCUMENT, Dice, NOW, OTHER, PARTNER, YEAR, headers, seal, usual};
use tieline_smime::algorithm::{Digest, Scheme};
use tieline_smime::mdn::{
    Disposition, Expected, Judgement, Mdn, Received, Severity, Signature, Trust, Why, judge, read,
    write,
};
use tieline_smime::mime::{Headers, from_base64};
use tieline_smime::{Fault, Mic, Signing, SystemRandomness};

const ID: &str = "<2026-11-22.17@prairie-rivers.example>";

/// The MIC of our message.
fn mic() -> Mic {
    Mic { digest: Digest::Sha256, value: vec![7; 32] }
}

fn mdn() -> Mdn {
    Mdn {
        reporting_agent: "Tieline 0.1".to_string(),
        recipient: "Wheatland \"AS2\" Supply".to_string(),
        original_message_id: ID.to_string(),
        disposition: Disposition::processed(),
        mic: Some(mic()),
        mic_name: None,
        text: "The message was received.\r\n--not a boundary".to_string(),
    }
}

fn signing() -> Signing<'static> {
    common::signing(Digest::Sha256, Scheme::Pkcs1)
}

fn take(headers: &Headers, mut body: &[u8]) -> Result<Received, Fault> {
    let digests = [Digest::Sha256, Digest::Sha384, Digest::Sha512];
    let trust = Trust { signers: &PARTNER.pinned, digests: &digests, now: NOW };
    read(headers, &mut body, &trust)
}

fn sent(mdn: &Mdn, sign: Option<&Signing>) -> Received {
    let (headers, body) = write(mdn, sign, &SystemRandomness).expect("it can be written");
    take(&headers, &body).expect("it can be read")
}

fn judged(received: &Received) -> Judgement {
    judge(received, &Expected { message_id: ID, mic: &mic(), is_signed: true })
}

fn why(received: &Received) -> Why {
    match judged(received) {
        Judgement::NotDelivered(why) => why,
        Judgement::Delivered => panic!("it counts as delivered"),
    }
}

#[test]
fn receipts_are_read_as_they_are_written() {
    for digest in [Digest::Sha256, Digest::Sha384, Digest::Sha512] {
        for scheme in [Scheme::Pkcs1, Scheme::Pss] {
            let received = sent(&mdn(), Some(&Signing { digest, scheme, ..signing() }));
            let signer = Signature::Verified(Box::new(PARTNER.certificate().clone()));
            assert_eq!(received.signature, signer);
            assert_eq!(received.original_message_id.as_deref(), Some(ID));
            assert_eq!(received.disposition, Disposition::processed());
            assert_eq!(received.mic, Some(mic()));
            assert_eq!(received.text, "The message was received.??--not a boundary");
            assert_eq!(judged(&received), Judgement::Delivered);
        }
    }
    let spelled = Mdn { mic_name: Some("rsa-SHA256".to_string()), ..mdn() };
    let (_, body) = write(&spelled, None, &SystemRandomness).expect("it can be written");
    assert!(String::from_utf8_lossy(&body).contains(", rsa-SHA256\r\n"));
    assert_eq!(judged(&sent(&spelled, Some(&signing()))), Judgement::Delivered);
}

#[test]
fn a_mic_with_the_letters_of_a_name_in_it_stays_as_it_is() {
    let mut value = from_base64(b"sha1").expect("it is base64");
    value.resize(20, 7);
    let mic = Some(Mic { digest: Digest::Sha1, value });
    let spelled = Mdn { mic: mic.clone(), mic_name: Some("SHA-1".to_string()), ..mdn() };
    assert_eq!(sent(&spelled, None).mic, mic);
}

#[test]
fn nothing_of_a_message_breaks_a_receipt() {
    for value in ["<a\r\nDisposition: x>", "<a\nb>", "<a\0>"] {
        let broken = Mdn { original_message_id: value.to_string(), ..mdn() };
        assert!(write(&broken, None, &SystemRandomness).is_err(), "{value:?}");
        let broken = Mdn { recipient: value.to_string(), ..mdn() };
        assert!(write(&broken, None, &SystemRandomness).is_err(), "{value:?}");
    }
}

/// A receipt, and whether this is the reason that it proves nothing.
type Case = (Mdn, fn(&Why) -> bool);

#[test]
fn a_receipt_that_is_not_right_proves_nothing() {
    let signing = signing();
    let cases: [Case; 10] = [
        (Mdn { original_message_id: "<other@x>".to_string(), ..mdn() }, |why| {
            *why == Why::OtherMessage
        }),
        (Mdn { mic: None, ..mdn() }, |why| *why == Why::NoMic),
        (Mdn { mic: Some(Mic { value: vec![8; 32], ..mic() }), ..mdn() }, |why| {
            *why == Why::OtherMic
        }),
        (Mdn { mic: Some(Mic { digest: Digest::Sha1, value: vec![7; 20] }), ..mdn() }, |why| {
            *why == Why::WeakMic
        }),
        (Mdn { mic: Some(Mic { digest: Digest::Sha512, value: vec![7; 64] }), ..mdn() }, |why| {
            *why == Why::OtherMic
        }),
        (Mdn { disposition: Disposition::error("decryption-failed"), ..mdn() }, |why| {
            matches!(why, Why::Reported { severity: Severity::Error, .. })
        }),
        (Mdn { disposition: Disposition::warning("duplicate-document"), ..mdn() }, |why| {
            matches!(why, Why::Reported { severity: Severity::Warning, .. })
        }),
        (Mdn { disposition: Disposition::failure("unsupported format"), ..mdn() }, |why| {
            matches!(why, Why::Reported { severity: Severity::Failure, .. })
        }),
        (
            Mdn {
                disposition: Disposition { is_processed: false, modifiers: Vec::new() },
                ..mdn()
            },
            |why| *why == Why::NotProcessed,
        ),
        // A friendly text changes nothing.
        (
            Mdn { text: "processed".to_string(), disposition: Disposition::error("x"), ..mdn() },
            |why| matches!(why, Why::Reported { .. }),
        ),
    ];
    for (mdn, expected) in cases {
        let why = why(&sent(&mdn, Some(&signing)));
        assert!(expected(&why), "{why}");
    }
    assert_eq!(why(&sent(&mdn(), None)), Why::Unsigned);
    let unsigned = Expected { message_id: ID, mic: &mic(), is_signed: false };
    assert_eq!(judge(&sent(&mdn(), None), &unsigned), Judgement::Delivered);
    assert_ne!(judge(&sent(&Mdn { mic: None, ..mdn() }, None), &unsigned), Judgement::Delivered);
}

#[test]
fn only_the_partner_can_sign_its_receipts() {
    let other = Signing { identity: &OTHER.identity, ..signing() };
    assert_eq!(why(&sent(&mdn(), Some(&other))), Why::Signature(Fault::UnknownSigner));
    let (headers, body) = write(&mdn(), Some(&signing()), &SystemRandomness).expect("written");
    let text = String::from_utf8(body).expect("plain text");
    let changed = text.replacen("processed", "Processed", 1);
    assert_ne!(changed, text);
    let received = take(&headers, changed.as_bytes()).expect("it can be read");
    assert_eq!(why(&received), Why::Signature(Fault::Digest));
    for now in [NOW - YEAR - 1, NOW + YEAR + 1] {
        let trust = Trust { signers: &PARTNER.pinned, digests: &Digest::ALL, now };
        let received = read(&headers, &mut text.as_bytes(), &trust).expect("it can be read");
        assert_eq!(why(&received), Why::Signature(Fault::NotValidNow));
    }
    let trust = Trust { signers: &PARTNER.pinned, digests: &[Digest::Sha512], now: NOW };
    let received = read(&headers, &mut text.as_bytes(), &trust).expect("it can be read");
    assert!(matches!(why(&received), Why::Signature(Fault::Weak(_))));
}

/// A report as other programs write it.
fn report(fields: &str) -> Result<Received, Fault> {
    let body = format!(
        "This is preamble\n--x\nContent-Type: text/plain\n\nHello\n--x\n\
         Content-Type: message/disposition-notification\n\n{fields}\n--x\n\
         Content-Type: text/rfc822-headers\n\nAS2-From: a\n--x--\n"
    );
    let kind = "multipart/report; Report-Type=\"disposition-notification\"; boundary=x";
    take(&headers(&[("Content-Type", kind)]), body.as_bytes())
}

#[test]
fn receipts_of_other_programs_are_read() {
    let received = report(
        "\nReporting-UA: OpenAS2\nOriginal-Recipient: rfc822; a\nFinal-Recipient: rfc822; a\n\
         Original-Message-ID: <m@a>\nDisposition: automatic-action/MDN-sent-automatically;\n processed\n\
         Received-content-MIC: BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=, SHA256\n\n",
    );
    let received = received.expect("it can be read");
    assert_eq!(received.mic, Some(mic()));
    assert_eq!(received.text, "Hello");
    let expected = Expected { message_id: "m@a", mic: &mic(), is_signed: false };
    assert_eq!(judge(&received, &expected), Judgement::Delivered);
    // Without the recipients, as some leave them out.
    assert!(report("Disposition: a/b; processed\nOriginal-Message-ID: <m@a>\n").is_ok());
}

#[test]
fn what_is_no_receipt_or_could_be_read_in_two_ways_is_refused() {
    let plain = "Disposition: a/b; processed\n";
    for more in [
        "Disposition: a/b; processed/error: x\n",
        "Original-Message-ID: <a>\nOriginal-Message-ID: <b>\n",
        "Received-Content-MIC: AAAA, sha1\nReceived-content-mic: AAAA, sha1\n",
        "Final-Recipient: a\nFinal-Recipient: b\n",
        "\nDisposition: a/b; processed/error: x\n",
        "Received-Content-MIC: AAAA, sha1\n",
        "Received-Content-MIC: nonsense\n",
    ] {
        assert!(report(&format!("{plain}{more}")).is_err(), "{more}");
    }
    assert!(report("Original-Message-ID: <a>\n").is_err(), "no disposition");
    let twice = format!("{plain}\n--x\nContent-Type: message/disposition-notification\n\n{plain}");
    assert!(report(&twice).is_err());
    for kind in ["text/plain", "multipart/report; boundary=x", "multipart/mixed; boundary=x"] {
        let headers = headers(&[("Content-Type", kind)]);
        assert!(take(&headers, b"--x\n\nprocessed\n--x--\n").is_err(), "{kind}");
    }
    assert!(take(&Headers::new(), b"").is_err());
    let large = vec![b' '; 2 << 20];
    assert!(matches!(
        take(&headers(&[("Content-Type", "text/plain")]), &large),
        Err(Fault::TooLarge { .. })
    ));
}

#[test]
fn a_changed_receipt_is_never_a_delivery() {
    let (headers, body) = write(&mdn(), Some(&signing()), &SystemRandomness).expect("written");
    let mut dice = Dice(11);
    let begin =
        String::from_utf8_lossy(&body).find("Content-Type: multipart").expect("it is there");
    let end =
        String::from_utf8_lossy(&body).find("Content-Type: application").expect("it is there");
    for _ in 0..3000 {
        let mut changed = body.clone();
        for _ in 0..=dice.below(3) {
            let at = dice.below(changed.len());
            changed[at] ^= 1 << dice.below(8);
        }
        let is_touched = changed[begin..end - 40] != body[begin..end - 40];
        if let Ok(received) = take(&headers, &changed)
            && is_touched
        {
            assert_ne!(judged(&received), Judgement::Delivered);
        }
    }
}

#[test]
fn the_receipt_of_a_message_fits_its_mic() {
    let message = seal(usual(), DOCUMENT);
    let received = sent(&Mdn { mic: Some(message.mic.clone()), ..mdn() }, Some(&signing()));
    let expected = Expected { message_id: ID, mic: &message.mic, is_signed: true };
    assert_eq!(judge(&received, &expected), Judgement::Delivered);
}
