//! Every form of BER says the same, and another reader of CMS reads what is written here.

mod common;

use cms::content_info::ContentInfo;
use cms::enveloped_data::{EnvelopedData, RecipientIdentifier, RecipientInfo};
use cms::signed_data::{SignedData, SignerIdentifier};
use common::{DOCUMENT, Dice, PARTNER, UTILITY, encryption, receive, seal, usual};
use der::{Decode, Encode};
use tieline_smime::algorithm::{Cipher, KeyTransport};
use tieline_smime::ber::Reader;
use tieline_smime::der::{Parser, tag};
use tieline_smime::mime::{Parts, from_base64};
use tieline_smime::{Compress, Policy, Sealing};

/// Writes DER in another form: lengths longer than needed or not told, strings in segments.
fn scrambled(bytes: &[u8], dice: &mut Dice, depth: usize) -> Vec<u8> {
    let mut parser = Parser::new(bytes);
    let mut out = Vec::new();
    while !parser.is_empty() {
        let (kind, content, _) = parser.any().expect("it is DER");
        let is_string = kind == tag::OCTET_STRING || kind == tag::context_primitive(0);
        let content = if kind & 0x20 != 0 {
            scrambled(content, dice, depth + 1)
        } else if is_string && depth < 12 && dice.below(2) == 0 {
            out.extend(wrapped(kind | 0x20, &segments(content, dice, depth), dice));
            continue;
        } else {
            content.to_vec()
        };
        out.extend(wrapped(kind, &content, dice));
    }
    out
}

fn segments(content: &[u8], dice: &mut Dice, depth: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = content;
    while !rest.is_empty() || dice.below(3) == 0 {
        let (piece, after) = rest.split_at(dice.below(rest.len().min(40) + 1));
        rest = after;
        if depth < 15 && dice.below(5) == 0 {
            let inner = segments(piece, dice, depth + 1);
            out.extend(wrapped(tag::OCTET_STRING | 0x20, &inner, dice));
        } else {
            out.extend(wrapped(tag::OCTET_STRING, piece, dice));
        }
    }
    out
}

fn wrapped(kind: u8, content: &[u8], dice: &mut Dice) -> Vec<u8> {
    if kind & 0x20 != 0 && dice.below(2) == 0 {
        return [&[kind, 0x80], content, &[0, 0]].concat();
    }
    let length = (content.len() as u64).to_be_bytes();
    let least = 8 - length.iter().take_while(|byte| **byte == 0).count();
    let count = least.max(1) + dice.below(3);
    if content.len() < 0x80 && dice.below(2) == 0 {
        return [&[kind, content.len() as u8], content].concat();
    }
    let count = count.min(8);
    [&[kind, 0x80 | count as u8], &length[8 - count..], content].concat()
}

#[test]
fn every_form_of_an_element_becomes_the_same_der() {
    let mut dice = Dice(5);
    let element = PARTNER.certificate().der();
    for _ in 0..300 {
        let form = scrambled(element, &mut dice, 0);
        let mut reader = Reader::new(&form[..]);
        assert_eq!(reader.element(1 << 16).as_deref(), Ok(element));
        reader.finish().expect("nothing follows");
    }
}

#[test]
fn messages_are_opened_in_every_form() {
    let mut dice = Dice(9);
    for cipher in [Cipher::Aes256Cbc, Cipher::Aes128Gcm] {
        for compress in [Compress::No, Compress::BeforeSigning] {
            let encrypt = Some(encryption(cipher, KeyTransport::Pkcs1));
            let message = seal(Sealing { encrypt, compress, ..usual() }, DOCUMENT);
            for _ in 0..100 {
                let form = scrambled(&message.body, &mut dice, 0);
                let opened = receive(&message.headers, &form, &Policy::default());
                let opened = opened.unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(opened.mic, message.mic);
                assert_eq!(opened.payload.verified().expect("signed").payload(), DOCUMENT);
            }
        }
    }
}

#[test]
fn another_reader_reads_the_same_signature() {
    let message = seal(Sealing { encrypt: None, ..usual() }, DOCUMENT);
    let value = message.headers.content_type().expect("well formed").expect("a type");
    let boundary = value.parameter("boundary").expect("a boundary");
    let mut parts = Parts::new(&message.body[..], &boundary).expect("a boundary");
    let mut part = Vec::new();
    for _ in 0..2 {
        assert!(parts.next_part().expect("well formed"));
        part.clear();
        std::io::Read::read_to_end(&mut parts, &mut part).expect("well formed");
    }
    let at = part.windows(4).position(|it| it == b"\r\n\r\n").expect("headers end");
    let signature = from_base64(&part[at..]).expect("it is base64");
    let info = ContentInfo::from_der(&signature).expect("it is DER");
    let data: SignedData = info.content.decode_as().expect("it is SignedData");
    assert!(data.encap_content_info.econtent.is_none());
    let signers = data.signer_infos.0.as_slice();
    let [signer] = signers else { panic!("one signer") };
    let SignerIdentifier::IssuerAndSerialNumber(named) = &signer.sid else { panic!("by name") };
    assert_eq!(named.serial_number.as_bytes(), PARTNER.certificate().serial());
    assert_eq!(named.issuer.to_der().as_deref(), Ok(PARTNER.certificate().issuer()));
    let attributes = signer.signed_attrs.as_ref().expect("it has attributes");
    let mut all = attributes.iter();
    let digest = all.find(|it| it.oid.to_string() == "1.2.840.113549.1.9.4").expect("a digest");
    let values = digest.values.as_slice();
    assert_eq!(values[0].value(), message.mic.value);
    assert_eq!(info.to_der().as_deref(), Ok(&signature[..]));
}

#[test]
fn another_reader_reads_the_same_envelope_in_every_form() {
    let mut dice = Dice(13);
    let message = seal(usual(), DOCUMENT);
    for round in 0..50 {
        let form = match round {
            0 => message.body.clone(),
            _ => scrambled(&message.body, &mut dice, 0),
        };
        // What it cannot read in this release is passed over; what it reads must be the same.
        let Ok(info) = ContentInfo::from_ber(&form) else {
            assert!(round > 0, "it reads DER");
            continue;
        };
        let Ok(data) = info.content.decode_as::<EnvelopedData>() else {
            assert!(round > 0, "it reads DER");
            continue;
        };
        let [RecipientInfo::Ktri(recipient)] = data.recip_infos.0.as_slice() else {
            panic!("one recipient")
        };
        let RecipientIdentifier::IssuerAndSerialNumber(named) = &recipient.rid else {
            panic!("by name")
        };
        assert_eq!(named.serial_number.as_bytes(), UTILITY.certificate().serial());
        assert_eq!(
            data.encrypted_content.content_enc_alg.oid.to_string(),
            "2.16.840.1.101.3.4.1.42"
        );
    }
}
