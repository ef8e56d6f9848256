//! A large message goes through in little memory, both ways at once.

mod common;

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use common::{NOW, PARTNER, UTILITY, encryption, usual};
use tieline_smime::algorithm::{Cipher, Digest, KeyTransport};
use tieline_smime::{Compress, Opening, Policy, Seal, Sealing, Spool, SystemRandomness, open};

const SIZE: u64 = 256 << 20;
/// What sealing and opening together may take, in kilobytes.
const MOST: u64 = 16 * 1024;

/// So many bytes of a document.
struct Document(u64);

impl Read for Document {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let read = self.0.min(space.len() as u64) as usize;
        for (byte, at) in space[..read].iter_mut().zip(self.0..) {
            *byte = b"DTM*582****RTS*2026~\r\n"[(at % 22) as usize] ^ (at >> 14) as u8 & 0x1f;
        }
        self.0 -= read as u64;
        Ok(read)
    }
}

/// Counts only.
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Spool for Count {
    type Payload = u64;

    fn finish(self) -> io::Result<u64> {
        Ok(self.0)
    }
}

/// The two ends of a line that holds little.
struct Sender(SyncSender<Vec<u8>>);

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Line {
    receiver: Receiver<Vec<u8>>,
    held: io::Cursor<Vec<u8>>,
}

impl Read for Line {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.held.read(space)?;
            if read > 0 || space.is_empty() {
                return Ok(read);
            }
            match self.receiver.recv() {
                Ok(bytes) => self.held = io::Cursor::new(bytes),
                Err(_) => return Ok(0),
            }
        }
    }
}

/// The most memory this process had so far, in kilobytes; none on systems that do not say so here.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn pass(sealing: Sealing<'static>, size: u64) {
    let seal = Seal::new(sealing, &SystemRandomness).expect("the headers are plain");
    let headers = seal.headers().clone();
    let (sender, receiver) = sync_channel(4);
    let sealing = std::thread::spawn(move || {
        seal.write(&mut Document(size), &mut Sender(sender)).expect("it can be sealed")
    });
    let policy = Policy::default();
    let with = Opening {
        identities: &[&UTILITY.identity],
        signers: &PARTNER.pinned,
        policy: &policy,
        now: NOW,
        mic: Digest::Sha256,
        randomness: &SystemRandomness,
    };
    let line = Line { receiver, held: io::Cursor::new(Vec::new()) };
    let opened = open(&headers, line, &with, Count(0)).expect("it can be opened");
    assert_eq!(opened.mic, sealing.join().expect("it was sealed"));
    assert_eq!(opened.payload.verified().expect("it is signed").into_payload(), size);
}

#[test]
fn a_large_message_takes_little_memory() {
    pass_all(1 << 10);
    let before = peak();
    pass_all(SIZE);
    if let (Some(before), Some(after)) = (before, peak()) {
        assert!(after - before < MOST, "it took {} kB", after - before);
    }
}

fn pass_all(size: u64) {
    pass(usual(), size);
    let encrypt = Some(encryption(Cipher::Aes256Gcm, KeyTransport::Pkcs1));
    pass(Sealing { encrypt, ..usual() }, size);
    // Compression takes long and little memory.
    pass(Sealing { compress: Compress::BeforeSigning, ..usual() }, size.min(32 << 20));
}
