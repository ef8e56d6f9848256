//! The MIC of each kind of message, over bytes that are written down here.

mod common;
#[path = "common/forge.rs"]
mod forge;

use aws_lc_rs::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use common::{DOCUMENT, encryption, headers, lax, receive, seal, signing, usual};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use forge::{Forgery, signature_part};
use tieline_smime::algorithm::{Cipher, Digest, KeyTransport, Scheme};
use tieline_smime::der::{self, tag};
use tieline_smime::mime::{Headers, Parts, to_base64};
use tieline_smime::{Compress, Encoding, Mic, Sealing, oid};

fn sha256(bytes: &[u8]) -> Mic {
    Mic { digest: Digest::Sha256, value: digest(&SHA256, bytes).as_ref().to_vec() }
}

fn mic_of(headers: &Headers, body: &[u8]) -> Mic {
    receive(headers, body, &lax()).expect("it can be read").mic
}

/// CompressedData around an entity.
fn compressed(entity: &[u8]) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    std::io::Write::write_all(&mut zlib, entity).expect("a vector takes all");
    let octets = der::element(tag::OCTET_STRING, &zlib.finish().expect("a vector takes all"));
    let data = der::sequence(&[
        &der::small_integer(0),
        &der::sequence(&[&der::object_identifier(oid::ZLIB)]),
        &der::sequence(&[
            &der::object_identifier(oid::DATA),
            &der::element(tag::context(0), &octets),
        ]),
    ]);
    der::sequence(&[
        &der::object_identifier(oid::COMPRESSED_DATA),
        &der::element(tag::context(0), &data),
    ])
}

const COMPRESSED: &str = "application/pkcs7-mime; smime-type=compressed-data";

/// A signed message by hand, with line ends of one kind around it.
fn signed(entity: &str, end: &str) -> (Headers, Vec<u8>) {
    let signature = signature_part(&Forgery::right(entity.as_bytes()).signed_data(b""));
    let body = format!("--b{end}{entity}{end}--b{end}{signature}{end}--b--{end}");
    let kind = "multipart/signed; micalg=SHA256; boundary=b";
    (headers(&[("Content-Type", kind)]), body.into_bytes())
}

/// The bytes of an entity.
fn entity(headers: &Headers, body: &[u8]) -> Vec<u8> {
    [headers.write(), body.to_vec()].concat()
}

#[test]
fn of_a_signed_message_it_is_the_first_part_as_it_came() {
    for entity in [
        "Content-Type: application/edi-x12\r\n\r\nISA~\r\n",
        "Content-Type: application/edi-x12\r\n\r\nISA~",
        // Odd white space, line feeds alone, and empty lines are part of what was signed.
        "content-type:\tapplication/edi-x12 \nX-Y:  z\n\nISA~\n\n\n",
        "Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\nSVNB\r\nfg==\r\n",
        "\r\nno headers at all",
    ] {
        for end in ["\r\n", "\n"] {
            let (headers, body) = signed(entity, end);
            assert_eq!(mic_of(&headers, &body), sha256(entity.as_bytes()), "{entity:?}");
        }
    }
}

#[test]
fn of_a_message_compressed_and_then_signed_it_is_the_compressed_entity() {
    let inner = entity(&headers(&[("Content-Type", "a/b")]), DOCUMENT);
    let outer = format!(
        "Content-Type: {COMPRESSED}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        to_base64(&compressed(&inner))
    );
    let (headers, body) = signed(&outer, "\r\n");
    assert_eq!(mic_of(&headers, &body), sha256(outer.as_bytes()));
}

#[test]
fn of_a_message_signed_and_then_compressed_it_is_the_signed_entity() {
    let inner = "Content-Type: application/edi-x12\r\n\r\nISA~\r\n";
    let (fields, body) = signed(inner, "\r\n");
    let outer = compressed(&entity(&fields, &body));
    let kind = headers(&[("Content-Type", COMPRESSED)]);
    assert_eq!(mic_of(&kind, &outer), sha256(inner.as_bytes()));
}

#[test]
fn of_a_message_that_is_not_signed_it_depends_on_encryption() {
    let plain = headers(&[("Content-Type", "a/b"), ("Content-Transfer-Encoding", "base64")]);
    let text = to_base64(DOCUMENT);
    assert_eq!(mic_of(&plain, text.as_bytes()), sha256(DOCUMENT));
    let inner = entity(&plain, text.as_bytes());
    let kind = headers(&[("Content-Type", COMPRESSED)]);
    assert_eq!(mic_of(&kind, &compressed(&inner)), sha256(DOCUMENT));

    // Encrypted: the entity with its fields, before compression.
    for (compress, encoding) in [
        (Compress::No, Encoding::Binary),
        (Compress::No, Encoding::Base64),
        (Compress::BeforeSigning, Encoding::Binary),
    ] {
        let fields = [
            ("Content-Type", "application/edi-x12"),
            (
                "Content-Transfer-Encoding",
                if encoding == Encoding::Base64 { "base64" } else { "binary" },
            ),
            ("Content-Disposition", "attachment; filename=\"usage.edi\""),
        ];
        let body = match encoding {
            Encoding::Binary => DOCUMENT.to_vec(),
            Encoding::Base64 => {
                let text = to_base64(DOCUMENT);
                let (first, second) = text.split_at(76.min(text.len()));
                let second =
                    if second.is_empty() { String::new() } else { format!("{second}\r\n") };
                format!("{first}\r\n{second}").into_bytes()
            }
        };
        let expected = sha256(&entity(&headers(&fields), &body));
        let message = seal(Sealing { sign: None, compress, encoding, ..usual() }, DOCUMENT);
        assert_eq!(message.mic, expected);
        assert_eq!(mic_of(&message.headers, &message.body), expected);
    }
}

#[test]
fn its_digest_is_that_of_the_signature() {
    let algorithms: [(Digest, &'static Algorithm); 3] =
        [(Digest::Sha256, &SHA256), (Digest::Sha384, &SHA384), (Digest::Sha512, &SHA512)];
    for (kind, algorithm) in algorithms {
        for encrypt in [None, Some(encryption(Cipher::Aes128Cbc, KeyTransport::Pkcs1))] {
            let sign = Some(signing(kind, Scheme::Pkcs1));
            let message = seal(Sealing { sign, encrypt, ..usual() }, DOCUMENT);
            assert_eq!(message.mic.digest, kind);
            assert_eq!(mic_of(&message.headers, &message.body), message.mic);
            if encrypt.is_none() {
                let value = message.headers.content_type().expect("well formed").expect("a type");
                let boundary = value.parameter("boundary").expect("a boundary");
                let mut parts = Parts::new(&message.body[..], &boundary).expect("a boundary");
                assert!(parts.next_part().expect("well formed"));
                let mut part = Vec::new();
                std::io::Read::read_to_end(&mut parts, &mut part).expect("well formed");
                assert_eq!(message.mic.value, digest(algorithm, &part).as_ref());
            }
        }
    }
}
