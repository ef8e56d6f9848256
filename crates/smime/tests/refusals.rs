//! What must not be accepted: weak security, wrapping tricks, bombs, and what could be read in two
//! ways. Each message here is wrong in one way only.

mod common;
#[path = "common/forge.rs"]
mod forge;

use common::{
    DOCUMENT, Dice, NOW, OTHER, PARTNER, UTILITY, YEAR, encryption, headers, lax, receive, seal,
    signing, usual,
};
use forge::{Attribute, Forgery, digest_of, signature_part};
use tieline_smime::algorithm::{Cipher, Digest, KeyTransport, Scheme};
use tieline_smime::der::{self, tag};
use tieline_smime::mime::{FileName, Headers};
use tieline_smime::{
    Certificate, Compress, Encoding, Fault, Layer, Limits, OpenError, Opened, Opening, Payload,
    Pinned, PinnedCertificates, Policy, PrivateKey, Sealing, SystemRandomness, Told, oid, open,
};

const SIGNED: &str = "multipart/signed; protocol=\"application/pkcs7-signature\"; \
                      micalg=sha-256; boundary=b";
const ENTITY: &str = "Content-Type: application/edi-x12\r\n\r\nISA*00~\r\n";

/// A policy that asks for a signature only.
fn signed_only() -> Policy {
    Policy { is_encrypted: false, ..Policy::default() }
}

fn refused<T>(result: Result<T, OpenError>) -> (Told, Fault) {
    match result {
        Ok(_) => panic!("it is accepted"),
        Err(error) => (error.told, error.reason),
    }
}

fn multipart(parts: &[&str]) -> Vec<u8> {
    let parts: String = parts.iter().map(|part| format!("--b\r\n{part}\r\n")).collect();
    format!("{parts}--b--\r\n").into_bytes()
}

fn receive_signed(body: &[u8]) -> Result<Opened<Vec<u8>>, OpenError> {
    receive(&headers(&[("Content-Type", SIGNED)]), body, &signed_only())
}

fn receive_forgery(forgery: &Forgery) -> Result<Opened<Vec<u8>>, OpenError> {
    let signature = signature_part(&forgery.signed_data(ENTITY.as_bytes()));
    receive_signed(&multipart(&[ENTITY, &signature]))
}

#[test]
fn a_right_signature_is_taken() {
    let opened = receive_forgery(&Forgery::right(ENTITY.as_bytes())).expect("it is right");
    let payload = opened.payload.verified().expect("it is signed").into_payload();
    assert_eq!(payload, b"ISA*00~\r\n");
}

#[test]
fn signatures_with_two_readings_are_refused() {
    let right = || Forgery::right(ENTITY.as_bytes());
    let data = || der::object_identifier(oid::DATA);
    let with = |attributes: Vec<Attribute>| Forgery { attributes: Some(attributes), ..right() };
    let content_type = || (oid::CONTENT_TYPE, vec![data()]);
    let message_digest = || (oid::MESSAGE_DIGEST, vec![digest_of(ENTITY.as_bytes())]);
    let forgeries = [
        ("no attributes", Forgery { attributes: None, ..right() }),
        ("no content-type", with(vec![message_digest()])),
        ("no message-digest", with(vec![content_type()])),
        ("two content-types", with(vec![content_type(), content_type(), message_digest()])),
        ("two digests", with(vec![content_type(), message_digest(), message_digest()])),
        (
            "two values of the digest",
            with(vec![
                content_type(),
                (oid::MESSAGE_DIGEST, vec![digest_of(ENTITY.as_bytes()), digest_of(b"other")]),
            ]),
        ),
        (
            "another content-type",
            with(vec![
                (oid::CONTENT_TYPE, vec![der::object_identifier(oid::SIGNED_DATA)]),
                message_digest(),
            ]),
        ),
        (
            "the digest of something else",
            with(vec![content_type(), (oid::MESSAGE_DIGEST, vec![digest_of(b"other")])]),
        ),
        ("embedded content", Forgery { embedded: Some(ENTITY.into()), ..right() }),
        ("embedded other content", Forgery { embedded: Some(b"other".to_vec()), ..right() }),
        ("content that is not data", Forgery { content_type: oid::SIGNED_DATA, ..right() }),
        ("two signers", Forgery { signers: vec![&PARTNER, &PARTNER], ..right() }),
        ("two signers, one not known", Forgery { signers: vec![&OTHER, &PARTNER], ..right() }),
        ("no signer", Forgery { signers: vec![], ..right() }),
        ("another signer", Forgery { signers: vec![&OTHER], ..right() }),
        ("ourselves", Forgery { signers: vec![&UTILITY], ..right() }),
        (
            "another signer under the partner's name",
            Forgery { signers: vec![&OTHER], named: Some(&PARTNER), ..right() },
        ),
    ];
    for (about, forgery) in forgeries {
        let (told, reason) = refused(receive_forgery(&forgery));
        assert_ne!(told, Told::Nothing, "{about}: {reason}");
    }
}

#[test]
fn a_certificate_in_the_message_gives_no_trust() {
    // A twin: the partner's name and serial number with another key.
    let key = PrivateKey::from_pkcs8(&OTHER.pkcs8).expect("it is a key");
    let valid = (NOW - YEAR, NOW + YEAR);
    let twin = Certificate::self_signed(&key, "Wheatland Supply", &[2; 16], valid).expect("made");
    let right = || Forgery::right(ENTITY.as_bytes());
    let with_twin = Forgery {
        signers: vec![&OTHER],
        named: Some(&PARTNER),
        certificates: vec![twin.der().to_vec()],
        ..right()
    };
    assert_eq!(refused(receive_forgery(&with_twin)).0, Told::AuthenticationFailed);
    let beside = Forgery { certificates: vec![twin.der().to_vec()], ..right() };
    assert_eq!(refused(receive_forgery(&beside)).1, Fault::UnknownSigner);
    let other = OTHER.certificate().der().to_vec();
    let unrelated = Forgery { certificates: vec![other], ..right() };
    assert!(receive_forgery(&unrelated).is_ok(), "one of somebody else changes nothing");
    let both = vec![Pinned::always(twin), Pinned::always(PARTNER.certificate().clone())];
    assert!(PinnedCertificates::new(both).is_err());
}

#[test]
fn certificates_count_in_their_time_only() {
    let message = seal(Sealing { encrypt: None, ..usual() }, DOCUMENT);
    let at = |from, until, now| {
        let certificate = PARTNER.certificate().clone();
        let signers = PinnedCertificates::new(vec![Pinned { certificate, from, until }]);
        let with = Opening {
            identities: &[],
            signers: &signers.expect("one is not ambiguous"),
            policy: &signed_only(),
            now,
            mic: Digest::Sha256,
            randomness: &SystemRandomness,
        };
        open(&message.headers, &message.body[..], &with, Vec::new()).map_err(|it| it.reason)
    };
    assert!(at(NOW, NOW, NOW).is_ok());
    for (from, until, now) in [
        (NOW + 1, NOW + 2, NOW),
        (NOW - 2, NOW - 1, NOW),
        (i64::MIN, i64::MAX, NOW + YEAR + 1),
        (i64::MIN, i64::MAX, NOW - YEAR - 1),
    ] {
        assert_eq!(at(from, until, now).err(), Some(Fault::NotValidNow));
    }
}

#[test]
fn a_signed_message_has_two_parts_and_nothing_else_counts() {
    let signature = signature_part(&Forgery::right(ENTITY.as_bytes()).signed_data(b""));
    let evil = "Content-Type: application/edi-x12\r\n\r\nISA*evil~\r\n";
    for parts in [
        &[ENTITY][..],
        &[ENTITY, &signature, evil],
        &[evil, ENTITY, &signature],
        &[ENTITY, &signature, &signature],
        &[&signature, ENTITY],
        &[evil, &signature],
        &[ENTITY, evil],
    ] {
        refused(receive_signed(&multipart(parts)));
    }
    // What is around the parts is passed over.
    let whole = multipart(&[ENTITY, &signature]);
    let around = [b"ISA*evil~\r\n", &whole[..], b"ISA*evil~\r\n--b\r\n"].concat();
    let opened = receive_signed(&around).expect("it is signed");
    let payload = opened.payload.verified().expect("it is signed").into_payload();
    assert_eq!(payload, b"ISA*00~\r\n");
    // Cut anywhere, it is not accepted.
    for cut in 0..whole.len() - 2 {
        refused(receive_signed(&whole[..cut]));
    }
}

#[test]
fn layers_in_another_order_or_twice_are_refused() {
    let nest = |outer: Sealing<'static>, inner: Sealing<'static>| {
        let inner = seal(inner, DOCUMENT);
        let entity = [inner.headers.write(), inner.body].concat();
        let outer = seal(Sealing { content_type: "x/y", ..outer }, &entity);
        // The payload is an entity of its own now: its type is written over.
        (outer, entity)
    };
    let none = Sealing { sign: None, encrypt: None, ..usual() };
    let compressed = Sealing { compress: Compress::BeforeSigning, ..none };
    let signed = Sealing { sign: usual().sign, ..none };
    let encrypted = Sealing { encrypt: usual().encrypt, ..none };
    for (outer, inner) in [
        (compressed, compressed),
        (signed, signed),
        (encrypted, encrypted),
        (signed, encrypted),
        (compressed, encrypted),
        (Sealing { compress: Compress::AfterSigning, ..signed }, compressed),
        (Sealing { compress: Compress::BeforeSigning, ..signed }, compressed),
        (Sealing { encrypt: usual().encrypt, ..compressed }, encrypted),
    ] {
        // Sealed with fields of its own, the inner message is only a payload …
        let (message, _) = nest(outer, inner);
        assert!(receive(&message.headers, &message.body, &lax()).is_ok());
        // … and with the inner message's own fields it is another layer.
        let inside = seal(inner, DOCUMENT);
        let kind = inside.headers.get("Content-Type").expect("once").expect("there").to_string();
        let message = seal(Sealing { content_type: &kind, file_name: None, ..outer }, &inside.body);
        let (_, reason) = refused(receive(&message.headers, &message.body, &lax()));
        assert!(matches!(reason, Fault::Structure(_)), "{outer:?} {inner:?} {reason}");
    }
}

#[test]
fn what_is_not_known_is_never_a_payload() {
    let unknown = [
        "application/pkcs7-mime; smime-type=signed-data",
        "application/pkcs7-mime; smime-type=certs-only",
        "application/pkcs7-mime; smime-type=signed-receipt",
        "application/pkcs7-mime; smime-type=no-such-type",
        "application/x-pkcs7-mime; smime-type=\"\"",
        "application/pkcs7-mime",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pkcs7-no-such-type",
        "multipart/report; report-type=disposition-notification; boundary=b",
        "multipart/encrypted; boundary=b",
        "multipart/alternative; boundary=b",
        "message/rfc822",
        "message/partial; id=a; number=1",
        "multipart/signed",
        "multipart/signed; boundary=b; protocol=\"application/pgp-signature\"",
        "multipart/signed; boundary=b; boundary=c",
    ];
    for kind in unknown {
        let headers = headers(&[("Content-Type", kind)]);
        let (told, _) = refused(receive(&headers, ENTITY.as_bytes(), &lax()));
        assert_eq!(told, Told::UnexpectedProcessingError, "{kind}");
        // Nor inside of a signature.
        let inside = format!("Content-Type: {kind}\r\n\r\nISA");
        let signed = Forgery::right(inside.as_bytes()).signed_data(b"");
        refused(receive_signed(&multipart(&[&inside, &signature_part(&signed)])));
    }
    let twice = headers(&[("Content-Type", "text/plain"), ("content-type", "text/plain")]);
    refused(receive(&twice, b"ISA", &lax()));
    for encoding in ["quoted-printable", "x-uuencode", "base64, binary"] {
        let fields = [("Content-Type", "a/b"), ("Content-Transfer-Encoding", encoding)];
        refused(receive(&headers(&fields), b"ISA", &lax()));
    }
    // The type says one thing and the content is another.
    let message = seal(Sealing { sign: None, ..usual() }, DOCUMENT);
    let other = headers(&[("Content-Type", "application/pkcs7-mime; smime-type=compressed-data")]);
    refused(receive(&other, &message.body, &lax()));
}

#[test]
fn less_security_than_agreed_is_refused() {
    let weak = |sealing: Sealing<'static>, policy: &Policy| {
        let message = seal(sealing, DOCUMENT);
        refused(receive(&message.headers, &message.body, policy)).0
    };
    let usual = usual();
    let agreed = Policy::default();
    let expected = Told::InsufficientMessageSecurity;
    for compress in [Compress::No, Compress::BeforeSigning, Compress::AfterSigning] {
        assert_eq!(weak(Sealing { encrypt: None, compress, ..usual }, &agreed), expected);
        let bare = Sealing { encrypt: None, sign: None, compress, ..usual };
        assert_eq!(weak(bare, &agreed), expected);
        assert_eq!(weak(bare, &signed_only()), expected);
        // Who asks for this could learn something of an encrypted message from another answer.
        let unsigned = Sealing { sign: None, compress, ..usual };
        assert_eq!(weak(unsigned, &agreed), Told::DecryptionFailed);
    }
    let policy = Policy { ciphers: vec![Cipher::Aes256Gcm], ..Policy::default() };
    assert_eq!(weak(usual, &policy), expected);
    let policy = Policy { digests: vec![Digest::Sha512], ..Policy::default() };
    assert_eq!(weak(usual, &policy), expected);
}

/// All the ways to change an encrypted message, which a partner must not be able to tell apart.
#[test]
fn there_is_one_failure_between_the_key_and_the_signature() {
    for cipher in [Cipher::Aes256Cbc, Cipher::Aes256Gcm] {
        for transport in [KeyTransport::Pkcs1, KeyTransport::Oaep(Digest::Sha256)] {
            let sealing = Sealing { encrypt: Some(encryption(cipher, transport)), ..usual() };
            let message = seal(sealing, DOCUMENT);
            let length = message.body.len();
            let key = find_key(&message.body);
            let content = key + 256 + 76;
            let mut dice = Dice(3);
            let places = (key..key + 256).step_by(7).chain((key + 256 + 30..length).step_by(11));
            for at in places.chain([length - 1, length - 2, length - 17, length - 33]) {
                let mut changed = message.body.clone();
                changed[at] ^= 1 << dice.below(8);
                match receive(&message.headers, &changed, &Policy::default()) {
                    // In the first block the case of a letter of a header can change.
                    Ok(opened) => {
                        assert!(at < content, "{cipher} {at}");
                        let verified = opened.payload.verified().expect("it is signed");
                        assert_eq!(verified.payload(), DOCUMENT);
                    }
                    // The fields of the cipher can be read by everybody.
                    Err(error) if (key + 256..content).contains(&at) => {
                        assert_ne!(error.told, Told::Nothing);
                    }
                    Err(error) => {
                        assert_eq!(error.told, Told::DecryptionFailed, "{at}: {error}");
                    }
                }
            }
            let other = Sealing {
                sign: Some(tieline_smime::Signing {
                    identity: &OTHER.identity,
                    ..signing(Digest::Sha256, Scheme::Pkcs1)
                }),
                ..sealing
            };
            let unsigned = Sealing { sign: None, ..sealing };
            let nonsense = Sealing { content_type: "message/rfc822", ..unsigned };
            for sealing in [other, unsigned, nonsense] {
                let message = seal(sealing, DOCUMENT);
                let result = receive(&message.headers, &message.body, &Policy::default());
                assert_eq!(refused(result).0, Told::DecryptionFailed);
            }
        }
    }
}

#[test]
fn appended_blocks_tell_nothing_about_their_padding() {
    // The last block once more has right padding, after a block of garbage; another last block
    // has hardly ever. The one must not be told from the other, whether the message itself is
    // accepted or refused with a reason that its sender may know.
    let weak = Policy { digests: vec![Digest::Sha512], ..Policy::default() };
    for (policy, compress) in [
        (&Policy::default(), Compress::No),
        (&Policy::default(), Compress::BeforeSigning),
        (&Policy::default(), Compress::AfterSigning),
        (&weak, Compress::No),
        (&weak, Compress::AfterSigning),
    ] {
        let message = seal(Sealing { compress, ..usual() }, DOCUMENT);
        let mut right = message.body.clone();
        right.extend_from_within(message.body.len() - 32..);
        // Each element that reaches to the end has its length in two bytes.
        for at in 0..message.body.len() - 4 {
            let length = u16::from_be_bytes([right[at + 2], right[at + 3]]);
            let is_around = right[at + 1] == 0x82
                && [0x30, 0xa0, 0x80].contains(&right[at])
                && at + 4 + usize::from(length) == message.body.len();
            if is_around {
                right[at + 2..at + 4].copy_from_slice(&(length + 32).to_be_bytes());
            }
        }
        let mut wrong = right.clone();
        let last = wrong.len() - 17;
        wrong[last] ^= 0x55;
        for body in [&right, &wrong] {
            let (told, reason) = refused(receive(&message.headers, body, policy));
            assert_eq!(told, Told::DecryptionFailed, "{compress:?}: {reason}");
        }
    }
}

/// Where the encrypted key is: the only string of 256 octets.
fn find_key(body: &[u8]) -> usize {
    let at = body.windows(4).position(|it| it == [4, 0x82, 1, 0]);
    at.expect("there is a key of 2048 bits") + 4
}

#[test]
fn a_changed_tag_or_padding_takes_back_a_good_signature() {
    // The content is right to its end, so the signature was verified before the tag is looked at.
    let encrypt = Some(encryption(Cipher::Aes128Gcm, KeyTransport::Pkcs1));
    let message = seal(Sealing { encrypt, ..usual() }, DOCUMENT);
    let mut changed = message.body.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    let result = receive(&message.headers, &changed, &lax());
    assert_eq!(refused(result), (Told::DecryptionFailed, Fault::Decryption));
}

#[test]
fn a_payload_that_was_decrypted_and_not_signed_needs_the_partners_setting() {
    let message = seal(Sealing { sign: None, ..usual() }, DOCUMENT);
    let policy = Policy { is_signed: false, ..Policy::default() };
    let opened = receive(&message.headers, &message.body, &policy).expect("it is let be");
    assert!(matches!(opened.payload, Payload::Unsigned(_)));
    let encrypted = opened.layers.iter().filter(|it| matches!(it, Layer::Encrypted { .. }));
    assert_eq!(encrypted.count(), 1);
}

#[test]
fn bombs_are_stopped() {
    let compress = Compress::BeforeSigning;
    let bomb = seal(Sealing { compress, ..usual() }, &vec![0; 64 << 20]);
    assert!(bomb.body.len() < 100_000);
    let (told, reason) = refused(receive(&bomb.headers, &bomb.body, &Policy::default()));
    assert!(matches!(reason, Fault::TooLarge { .. }), "{reason}");
    // The signature is that of the partner, so it may know.
    assert_eq!(told, Told::DecompressionFailed);
    let limits = Limits { payload: 1_000_000, ratio: u64::MAX, ..Limits::default() };
    let policy = Policy { limits, ..Policy::default() };
    let small = seal(Sealing { compress, ..usual() }, &vec![0; 1_000_000]);
    assert!(receive(&small.headers, &small.body, &policy).is_ok());
    refused(receive(&bomb.headers, &bomb.body, &policy));
    let plain = seal(usual(), &vec![0; 1_000_001]);
    refused(receive(&plain.headers, &plain.body, &policy));
    let limits = Limits { message: plain.body.len() as u64, ..Limits::default() };
    let enough = Policy { limits, ..Policy::default() };
    assert!(receive(&plain.headers, &plain.body, &enough).is_ok());
    let limits = Limits { message: plain.body.len() as u64 - 1, ..Limits::default() };
    let less = Policy { limits, ..Policy::default() };
    let (_, reason) = refused(receive(&plain.headers, &plain.body, &less));
    assert_eq!(reason, Fault::TooLarge { what: "the message", limit: limits.message });
}

#[test]
fn nesting_has_an_end() {
    let deep = [
        der::object_identifier(oid::ENVELOPED_DATA),
        b"\xa0\x80".to_vec(),
        b"\x30\x80".repeat(100_000),
    ]
    .concat();
    let body = [b"\x30\x80", &deep[..]].concat();
    let kind = headers(&[("Content-Type", "application/pkcs7-mime")]);
    refused(receive(&kind, &body, &lax()));
    let many = (0..50).map(|_| der::sequence(&[])).collect::<Vec<_>>().concat();
    let body = der::sequence(&[
        &der::object_identifier(oid::ENVELOPED_DATA),
        &der::element(
            tag::context(0),
            &der::sequence(&[&der::small_integer(0), &der::element(tag::SET, &many)]),
        ),
    ]);
    refused(receive(&kind, &body, &lax()));
}

#[test]
fn names_of_files_are_never_paths() {
    for (name, expected) in [
        ("bills.edi", FileName::Plain("bills.edi".to_string())),
        ("..\\..\\bills.edi", FileName::Plain("bills.edi".to_string())),
        ("/etc/passwd", FileName::Plain("passwd".to_string())),
        ("..", FileName::Illegal),
    ] {
        let message = seal(Sealing { file_name: Some(name), ..usual() }, DOCUMENT);
        let opened = receive(&message.headers, &message.body, &lax()).expect("it is signed");
        assert_eq!(opened.file_name, expected);
    }
}

#[test]
fn faults_of_our_own_are_not_told() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::ConnectionReset.into())
        }
    }
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    impl tieline_smime::Spool for Full {
        type Payload = ();
        fn finish(self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let policy = Policy::default();
    let with = Opening {
        identities: &[&UTILITY.identity],
        signers: &PARTNER.pinned,
        policy: &policy,
        now: NOW,
        mic: Digest::Sha256,
        randomness: &SystemRandomness,
    };
    for encoding in [Encoding::Binary, Encoding::Base64] {
        let message = seal(Sealing { encoding, ..usual() }, &[7; 300_000]);
        let (told, reason) = match open(&message.headers, &message.body[..], &with, Full) {
            Ok(_) => panic!("a full disk takes nothing"),
            Err(error) => (error.told, error.source.map(|it| it.kind())),
        };
        assert_eq!((told, reason), (Told::Nothing, Some(std::io::ErrorKind::StorageFull)));
        for cut in [0, 10, 1000, 200_000] {
            let body = std::io::Read::chain(&message.body[..cut], Broken);
            let error = open(&message.headers, body, &with, Vec::new()).expect_err("it breaks");
            assert_eq!(error.told, Told::Nothing, "{cut}");
            assert_eq!(error.source.map(|it| it.kind()), Some(std::io::ErrorKind::ConnectionReset));
        }
    }
}

#[test]
fn changed_messages_never_panic_and_are_never_accepted() {
    let mut dice = Dice(17);
    let mut accepted = 0;
    for (encrypt, compress, encoding) in [
        (None, Compress::No, Encoding::Binary),
        (None, Compress::BeforeSigning, Encoding::Base64),
        (None, Compress::AfterSigning, Encoding::Binary),
        (
            Some(encryption(Cipher::Aes128Cbc, KeyTransport::Pkcs1)),
            Compress::AfterSigning,
            Encoding::Binary,
        ),
        (
            Some(encryption(Cipher::Aes128Gcm, KeyTransport::Pkcs1)),
            Compress::BeforeSigning,
            Encoding::Base64,
        ),
    ] {
        let message = seal(Sealing { encrypt, compress, encoding, ..usual() }, DOCUMENT);
        let rounds = if encrypt.is_some() { 600 } else { 5000 };
        for _ in 0..rounds {
            let changed = change(&message.body, &mut dice);
            for policy in [&lax(), &Policy::default()] {
                // Bytes around the parts and unsigned attributes may change; the payload may not.
                if let Ok(opened) = receive(&message.headers, &changed, policy)
                    && let Some(verified) = opened.payload.verified()
                {
                    assert_eq!(verified.payload(), DOCUMENT);
                    assert_eq!(opened.mic, message.mic);
                    accepted += 1;
                }
            }
        }
    }
    assert!(accepted < 4000, "{accepted} were accepted");
}

fn change(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    for _ in 0..=dice.below(4) {
        if changed.is_empty() {
            break;
        }
        let at = dice.below(changed.len());
        let length = dice.below(8).min(changed.len() - at);
        match dice.below(5) {
            0 => changed[at] ^= 1 << dice.below(8),
            1 => changed[at] = [0, 0x80, 0xff, 0x30, b'\n'][dice.below(5)],
            2 => drop(changed.drain(at..at + length)),
            3 => {
                let piece = changed[at..at + length].to_vec();
                let to = dice.below(changed.len() + 1);
                changed.splice(to..to, piece);
            }
            _ => changed.truncate(at.max(1)),
        }
    }
    changed
}

#[test]
fn any_headers_are_read_or_refused() {
    let mut dice = Dice(23);
    let message = seal(Sealing { encrypt: None, ..usual() }, DOCUMENT);
    let text = message.headers.write();
    for _ in 0..20_000 {
        let changed = change(&text, &mut dice);
        if let Ok(headers) = Headers::read(&mut &changed[..]) {
            let _ = receive(&headers, &message.body, &signed_only());
        }
    }
}
