//! Our client and our server, in every way to seal a message and to ask for a receipt.

use std::path::PathBuf;
use std::sync::Arc;

use tieline_smime::algorithm::{Cipher, Digest, KeyTransport, Scheme};
use tieline_smime::mdn::Receipt;
use tieline_smime::mime::FileName;
use tieline_smime::{Compress, Encoding};
use tieline_transport::as2::client::{
    Destination, Encrypt, Length, Message, Outcome, Pool, Reach, ReceiptWish, Sent, Sign,
    send_receipt,
};
use tieline_transport::as2::{Asked, Awaited, Wanted};

use crate::house::{DOCUMENT, PARTNER, Running, UTILITY, message, start};

const DIGESTS: [Digest; 3] = [Digest::Sha256, Digest::Sha384, Digest::Sha512];

/// Every way to seal: signed or not, encrypted or not, compressed nowhere, before or after signing.
fn ways() -> Vec<Message> {
    let signs = DIGESTS
        .into_iter()
        .flat_map(|digest| [Scheme::Pkcs1, Scheme::Pss].map(|scheme| Some((digest, scheme))));
    let signs: Vec<_> = signs.chain([None]).collect();
    let ciphers = Cipher::ALL.into_iter().filter(|it| *it != Cipher::TripleDesCbc);
    let mut encrypts: Vec<_> = ciphers.map(|it| Some((it, KeyTransport::Pkcs1))).collect();
    encrypts.push(Some((Cipher::Aes128Cbc, KeyTransport::Oaep(Digest::Sha256))));
    encrypts.push(None);
    let mut ways = Vec::new();
    for sign in &signs {
        for encrypt in &encrypts {
            for compress in [Compress::No, Compress::BeforeSigning, Compress::AfterSigning] {
                for encoding in [Encoding::Binary, Encoding::Base64] {
                    let mut way = message();
                    way.seals.sign = sign.map(|(digest, scheme)| Sign {
                        identity: PARTNER.identity.clone(),
                        digest,
                        scheme,
                    });
                    way.seals.encrypt = encrypt.map(|(cipher, transport)| Encrypt {
                        certificate: UTILITY.certificate().clone(),
                        cipher,
                        transport,
                    });
                    (way.seals.compress, way.seals.encoding) = (compress, encoding);
                    ways.push(way);
                }
            }
        }
    }
    ways
}

fn shown(way: &Message) -> String {
    let seals = &way.seals;
    let encrypt = seals.encrypt.as_ref().map(|it| (it.cipher, it.transport));
    let receipt = way.receipt.as_ref().map(|it| (it.kind, &it.address));
    format!(
        "{:?} {encrypt:?} {:?} {:?} {receipt:?} {:?}",
        seals.sign, seals.compress, seals.encoding, way.length
    )
}

fn check(running: &Running, way: &Message, sent: &Sent) {
    let messages = running.house.messages();
    let kept = messages.last().unwrap_or_else(|| panic!("nothing was kept: {sent:?}"));
    assert_eq!(kept.received.message_id, way.message_id, "{}: {sent:?}", shown(way));
    assert_eq!(kept.bytes, DOCUMENT, "{}", shown(way));
    assert_eq!(Some(&kept.received.mic), sent.mic.as_ref(), "{}", shown(way));
    assert_eq!(kept.received.signer.is_some(), way.seals.sign.is_some());
    assert_eq!(kept.received.content_type.as_deref(), Some("application/edi-x12"));
    assert_eq!(kept.received.file_name, FileName::Plain("usage.edi".into()));
    assert_eq!(kept.received.subject.as_deref(), Some("Usage"));
}

fn lax(running: &Running) {
    running.change(|relation| {
        relation.policy.is_signed = false;
        relation.policy.is_encrypted = false;
    });
}

/// All ways to seal, with a signed receipt in the answer; lengths and schemes of receipts take turns.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_seal_is_delivered() {
    let running = start().await;
    lax(&running);
    let ways = ways();
    assert_eq!(ways.len(), 7 * 7 * 3 * 2);
    for (number, way) in ways.into_iter().enumerate() {
        let folder = running.folder.path().to_path_buf();
        let length = if number % 2 == 0 { Length::Chunked } else { Length::Told { folder } };
        let way = Message { length, ..way };
        let schemes = [Scheme::Pkcs1, Scheme::Pss];
        running.change(|relation| relation.scheme = schemes[number / 2 % 2]);
        let sent = running.send(&way, DOCUMENT).await;
        assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{}: {sent:?}", shown(&way));
        check(&running, &way, &sent);
    }
    assert_eq!(running.folder.path().read_dir().expect("a folder").count(), 0, "files are left");
}

/// Each kind of receipt, with each digest, chunked and not.
#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_receipt_is_given() {
    let running = start().await;
    let partners = start().await;
    let address = partners.url();
    running.change(|relation| relation.receipts.addresses = vec![address.clone()]);
    let lengths = [Length::Chunked, Length::Told { folder: PathBuf::from(running.folder.path()) }];
    for (digest, length) in DIGESTS.into_iter().flat_map(|it| lengths.clone().map(|l| (it, l))) {
        for kind in [Some(Receipt::Signed), Some(Receipt::Unsigned), None] {
            for address in [None, Some(&address)] {
                let mut way = Message { length: length.clone(), ..message() };
                way.seals.sign.as_mut().expect("it is signed").digest = digest;
                way.receipt = kind.map(|kind| ReceiptWish {
                    kind,
                    address: address.cloned(),
                    ..ReceiptWish::signed(UTILITY.pinned.clone())
                });
                let sent = running.send(&way, DOCUMENT).await;
                check(&running, &way, &sent);
                match (kind, address, &sent.outcome) {
                    (None, _, Outcome::Taken) | (Some(_), None, Outcome::Delivered(_)) => {}
                    (Some(kind), Some(_), Outcome::Awaited) => {
                        later(&running, &partners, &way, kind, sent).await;
                    }
                    _ => panic!("{}: {sent:?}", shown(&way)),
                }
            }
        }
    }
}

/// The receipt that was promised is sent, and judged where it arrives.
async fn later(running: &Running, partners: &Running, way: &Message, kind: Receipt, sent: Sent) {
    let kept = running.house.messages().pop().expect("it was kept");
    let Asked::Later { receipt, address } = kept.received.receipt else { panic!("not later") };
    // The partner knows us by our names the other way round.
    let names = (way.to.clone(), way.from.clone());
    let relation = tieline_transport::as2::Relation::new(
        "utility",
        PARTNER.identity.clone(),
        UTILITY.pinned.clone(),
    );
    partners.house.relations.lock().expect("no panic").insert(names, relation.into());
    let mic = sent.mic.expect("it was sealed");
    let wanted = vec![Wanted { mic, is_signed: kind == Receipt::Signed }];
    let awaited = Awaited { message_id: way.message_id.clone(), wanted };
    partners.house.awaited.lock().expect("no panic").insert(way.message_id.clone(), awaited);
    let pool = Arc::<Pool>::default();
    let destination = Destination { reach: Reach::Public, ..Destination::new(address.clone()) };
    let refused =
        send_receipt(&destination, &receipt, &pool).await.expect_err("a loopback address");
    assert!(refused.to_string().contains("not public") && !refused.may_pass(), "{refused}");
    let destination = Destination::new(address);
    let refusal = tieline_transport::Refusal::new("the store is away");
    *partners.house.refusal.lock().expect("no panic") = Some(refusal);
    let refused =
        send_receipt(&destination, &receipt, &pool).await.expect_err("nobody can take it");
    assert!(refused.may_pass(), "{refused}");
    *partners.house.refusal.lock().expect("no panic") = None;
    send_receipt(&destination, &receipt, &pool).await.expect("it is taken");
    let arrived = partners.house.arrived.lock().expect("no panic").pop().expect("it arrived");
    assert_eq!(arrived.judgement, tieline_smime::mdn::Judgement::Delivered);
    assert_eq!(arrived.message_id, way.message_id);
    assert!(arrived.raw.ends_with(&receipt.raw()[receipt.raw().len() - 40..]));
}
