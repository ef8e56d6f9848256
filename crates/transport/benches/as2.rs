//! Messages of 10 KB in a second of one core, and a gibibyte in little memory: our client and our
//! server in one process, over loopback, without a store behind.
//!
//! `cargo bench -p tieline-transport --bench as2` prints them; `-- quick` sends less.

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/as2/house.rs"]
mod house;

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use house::{PARTNER, UTILITY, message};
use tieline_smime::Compress;
use tieline_transport::Refusal;
use tieline_transport::as2::client::{Destination, Outcome, send};
use tieline_transport::as2::{
    ArrivedReceipt, Audit, Awaited, Event, Keeper, Kept, NotOpened, Received, Relation, Relations,
    Server, Settings,
};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Keeps nothing, and counts.
#[derive(Default)]
struct Host {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Relations for Host {
    async fn relation(&self, _: &str, _: &str) -> Result<Option<Arc<Relation>>, Refusal> {
        let relation = Relation::new("p", UTILITY.identity.clone(), PARTNER.pinned.clone());
        Ok(Some(Arc::new(relation)))
    }
}

impl Keeper for Host {
    async fn keep(&self, received: Received) -> Result<Kept, Refusal> {
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(received.payload.size, Ordering::Relaxed);
        Ok(Kept::New { reference: String::new() })
    }

    async fn not_opened(&self, _: NotOpened) {}

    async fn awaited(&self, _: &str, _: &str) -> Result<Option<Awaited>, Refusal> {
        Ok(None)
    }

    async fn judged(&self, _: ArrivedReceipt) -> Result<(), Refusal> {
        Ok(())
    }
}

impl Audit for Host {
    fn note(&self, _: Event) {}
}

/// So many bytes that look like documents.
struct Document {
    left: u64,
}

impl Read for Document {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        const LINE: &[u8] = b"QTY*QD*1234.5*KH~DTM*582*202611220015*ZZ~\r\n";
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(space.len());
        for piece in space[..most].chunks_mut(LINE.len()) {
            piece.copy_from_slice(&LINE[..piece.len()]);
        }
        // Something that does not repeat, so that compressing has to work.
        for (number, place) in space[..most].iter_mut().step_by(16).enumerate() {
            *place = b'0' + ((self.left as usize ^ number.wrapping_mul(2_654_435_761)) % 10) as u8;
        }
        self.left -= most as u64;
        Ok(most)
    }
}

/// The value in a line of `/proc/self/status`, in KiB.
fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find(|line| line.starts_with(name)).expect("it is told");
    line.split_whitespace().nth(1).and_then(|it| it.parse().ok()).expect("a number")
}

/// The time this process had a core, from `/proc/self/stat`, in hundredths of a second.
fn core_time() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux has it");
    let rest = stat.rsplit(')').next().expect("a name in parentheses");
    let words: Vec<&str> = rest.split_whitespace().collect();
    // utime and stime are the fields 14 and 15; the state behind the name is the third.
    words[11..13].iter().map(|it| it.parse::<u64>().expect("a number")).sum()
}

fn say(out: &mut impl Write, words: &str) {
    writeln!(out, "{words}").expect("standard output takes it");
}

#[tokio::main]
async fn main() {
    let is_quick = std::env::args().any(|it| it == "quick");
    let mut out = io::stdout();
    let folder = tempfile::tempdir().expect("a temporary directory");
    let host = Arc::new(Host::default());
    let server =
        Server::new(Settings::new(folder.path()), Arc::clone(&host)).expect("good settings");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/as2", listener.local_addr().expect("it listens"));
    let destination = Destination::new(url.parse().expect("an address"));
    tokio::spawn(async move { server.run(listener, std::future::pending()).await });

    let count = if is_quick { 400 } else { 6000 };
    let (start, core) = (Instant::now(), core_time());
    let mut senders = JoinSet::new();
    for _ in 0..8 {
        let destination = destination.clone();
        senders.spawn(async move {
            for _ in 0..count / 8 {
                let sent = send(&destination, &message(), Document { left: 10_000 }).await;
                assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{sent:?}");
            }
        });
    }
    while senders.join_next().await.is_some() {}
    let (took, core) = (start.elapsed(), core_time() - core);
    assert_eq!(host.messages.load(Ordering::Relaxed), count);
    let whole = u128::from(count) * 1000 / took.as_millis();
    let of_core = count * 100 / core.max(1);
    say(&mut out, &format!("10 KB, signed and encrypted, signed receipt: {whole} a second,"));
    say(&mut out, &format!("  {of_core} in a second of one core, sender and receiver together"));

    let size: u64 = if is_quick { 64 << 20 } else { 1 << 30 };
    for compress in [Compress::No, Compress::BeforeSigning] {
        // Lets what the messages before took go back, and forgets the peak.
        tokio::time::sleep(Duration::from_millis(200)).await;
        std::fs::write("/proc/self/clear_refs", "5").expect("it is our own");
        let idle = status("VmRSS");
        let mut way = message();
        way.seals.compress = compress;
        let start = Instant::now();
        let sent = send(&destination, &way, Document { left: size }).await;
        assert!(matches!(sent.outcome, Outcome::Delivered(_)), "{sent:?}");
        let (took, peak) = (start.elapsed(), status("VmHWM"));
        let speed = u128::from(size >> 20) * 1000 / took.as_millis();
        let over = peak.saturating_sub(idle) >> 10;
        say(&mut out, &format!("{} MiB, {compress:?}: {speed} MiB/s,", size >> 20));
        say(&mut out, &format!("  {over} MiB over idle, sender and receiver together"));
    }
}
