//! How many messages a core opens and seals in a second, and how many bytes of large ones.
//!
//! `cargo bench -p tieline-smime` prints two tables. A message of 10 KB is signed with SHA-256 and
//! encrypted with AES-256, and answered by a signed receipt, with keys of 2048 bits. A receiver does
//! two private RSA operations for it, a sender one. Each number is the median of several runs on
//! one core.

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::io::Write;
use std::sync::LazyLock;
use std::time::Instant;

use common::{NOW, UTILITY, encryption, receive, seal, signing, usual};
use tieline_smime::algorithm::{Cipher, Digest, KeyTransport, Scheme};
use tieline_smime::mdn::{self, Disposition, Expected, Judgement, Mdn, Trust};
use tieline_smime::{Compress, Encoding, Mic, Policy, Sealing, SystemRandomness};

const RUNS: usize = 5;
const MESSAGES: usize = 200;
const MB: f64 = 1e6;
const LARGE: usize = 32 << 20;

fn main() {
    let payload = document(10_000);
    say("| 10 KB, signed, encrypted, signed receipt | messages a core-second |");
    say("|---|---|");
    let message = seal(usual(), &payload);
    let policy = Policy::default();
    let opening = per_second(MESSAGES, || {
        let opened = receive(&message.headers, &message.body, &policy).expect("it opens");
        black_box(opened);
    });
    say(&format!("| open | {opening:.0} |"));
    let receiving = per_second(MESSAGES, || {
        let opened = receive(&message.headers, &message.body, &policy).expect("it opens");
        black_box(receipt(opened.mic));
    });
    say(&format!("| open and sign the receipt (a receiver) | {receiving:.0} |"));
    let (headers, body) = receipt(message.mic.clone());
    let sending = per_second(MESSAGES, || {
        black_box(seal(usual(), &payload));
        let trust = Trust { signers: &UTILITY.pinned, digests: &Digest::ALL, now: NOW };
        let received = mdn::read(&headers, &mut &body[..], &trust).expect("it is a receipt");
        let expected = Expected { message_id: "<1@x>", mic: &message.mic, is_signed: true };
        assert_eq!(mdn::judge(&received, &expected), Judgement::Delivered);
    });
    say(&format!("| seal and judge the receipt (a sender) | {sending:.0} |"));
    let signatures = per_second(MESSAGES, || {
        black_box(receipt(message.mic.clone()));
    });
    say(&format!("| a signed receipt alone (one private RSA operation) | {signatures:.0} |"));
    say("");
    large();
}

fn large() {
    let payload = document(LARGE);
    let size = LARGE as f64 / MB;
    say("| 32 MiB, signed | seal MB/s | open MB/s |");
    say("|---|---|---|");
    let encrypt = |cipher| Some(encryption(cipher, KeyTransport::Pkcs1));
    let base = usual();
    for (name, sealing) in [
        ("AES-256-CBC", base),
        ("AES-256-GCM", Sealing { encrypt: encrypt(Cipher::Aes256Gcm), ..base }),
        ("AES-256-CBC, base64 inside", Sealing { encoding: Encoding::Base64, ..base }),
        ("AES-256-CBC, compressed", Sealing { compress: Compress::BeforeSigning, ..base }),
        ("not encrypted", Sealing { encrypt: None, ..base }),
    ] {
        let message = seal(sealing, &payload);
        let policy = Policy { is_encrypted: false, ..Policy::default() };
        let sealing = per_second(1, || {
            black_box(seal(sealing, &payload));
        });
        let opening = per_second(1, || {
            black_box(receive(&message.headers, &message.body, &policy).expect("it opens"));
        });
        say(&format!("| {name} | {:.0} | {:.0} |", sealing * size, opening * size));
    }
}

fn receipt(mic: Mic) -> (tieline_smime::mime::Headers, Vec<u8>) {
    let mdn = Mdn {
        reporting_agent: "Tieline".to_string(),
        recipient: "UTILITY".to_string(),
        original_message_id: "<1@x>".to_string(),
        disposition: Disposition::processed(),
        mic: Some(mic),
        mic_name: None,
        text: "The message was received.".to_string(),
    };
    let sign = tieline_smime::Signing {
        identity: &UTILITY.identity,
        ..signing(Digest::Sha256, Scheme::Pkcs1)
    };
    mdn::write(&mdn, Some(&sign), &SystemRandomness).expect("it can be written")
}

/// Segments that differ, so that compression has something to do.
fn document(size: usize) -> Vec<u8> {
    let mut document = Vec::with_capacity(size + 100);
    let mut number = 12_345_u64;
    while document.len() < size {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let value = (number >> 33) % 100_000;
        let line =
            format!("QTY*QD*{}.{:02}*KH~DTM*582****RTS*2026{value}~", value / 100, value % 100);
        document.extend_from_slice(line.as_bytes());
    }
    document.truncate(size);
    document
}

/// How often this can be done in a second, the median of several runs.
fn per_second(times: usize, mut work: impl FnMut()) -> f64 {
    work();
    let mut rates: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = seconds();
            (0..times).for_each(|_| work());
            times as f64 / (seconds() - start)
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    rates[RUNS / 2]
}

/// Seconds this thread has worked, where the system tells it; else those that went by.
fn seconds() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let worked = told.and_then(|it| it.split_whitespace().next()?.parse::<u64>().ok());
    worked.map_or_else(|| START.elapsed().as_secs_f64(), |nanoseconds| nanoseconds as f64 / 1e9)
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("standard output takes it");
}
