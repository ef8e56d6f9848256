//! A line between client and server that can be slow, and can be cut.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, sleep_until};

/// How a line is.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    /// How long a byte takes one way.
    pub(crate) delay: Duration,
    /// Bytes a second one way; 0 for as many as can be.
    pub(crate) rate: u64,
    /// Bytes from the client after which it is cut, once.
    pub(crate) cut_up: u64,
    /// Bytes from the server after which it is cut, once.
    pub(crate) cut_down: u64,
}

impl Default for Kind {
    fn default() -> Self {
        Self { delay: Duration::ZERO, rate: 0, cut_up: u64::MAX, cut_down: u64::MAX }
    }
}

/// A line that leads from a port of its own to a server.
pub(crate) struct Line {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    kind: Kind,
    has_cut: AtomicBool,
    up: AtomicU64,
    down: AtomicU64,
    is_stuck: AtomicBool,
    connections: AtomicU64,
}

impl Line {
    pub(crate) async fn to(server: SocketAddr, kind: Kind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("a bound port").port();
        let shared = Arc::new(Shared {
            kind,
            has_cut: AtomicBool::new(false),
            up: AtomicU64::new(0),
            down: AtomicU64::new(0),
            is_stuck: AtomicBool::new(false),
            connections: AtomicU64::new(0),
        });
        let line = Self { port, shared: Arc::clone(&shared) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(server).await else { continue };
                shared.connections.fetch_add(1, Ordering::Relaxed);
                for stream in [&client, &server] {
                    stream.set_nodelay(true).expect("a socket can");
                }
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                let cut = Arc::new(Notify::new());
                for (from, to, is_up) in
                    [(from_client, to_server, true), (from_server, to_client, false)]
                {
                    let (sender, receiver) = unbounded_channel();
                    tokio::spawn(take(from, sender, Arc::clone(&shared), is_up, Arc::clone(&cut)));
                    tokio::spawn(give(to, receiver, Arc::clone(&shared)));
                }
            }
        });
        line
    }

    /// Bytes that the client sent and the server sent.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        (self.shared.up.load(Ordering::Relaxed), self.shared.down.load(Ordering::Relaxed))
    }

    /// How many connections came.
    pub(crate) fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// From now on nothing goes through, and nobody is told.
    pub(crate) fn get_stuck(&self) {
        self.shared.is_stuck.store(true, Ordering::Relaxed);
    }
}

type Piece = (Instant, Vec<u8>);

async fn take(
    mut from: OwnedReadHalf,
    to: UnboundedSender<Piece>,
    shared: Arc<Shared>,
    is_up: bool,
    cut: Arc<Notify>,
) {
    let (counter, limit) = match is_up {
        true => (&shared.up, shared.kind.cut_up),
        false => (&shared.down, shared.kind.cut_down),
    };
    let mut space = vec![0; 64 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut space) => read,
            // The other way was cut.
            () = cut.notified() => return,
        };
        let Ok(read @ 1..) = read else { return };
        if shared.is_stuck.load(Ordering::Relaxed) {
            sleep(Duration::from_secs(3600)).await;
        }
        let before = counter.fetch_add(read as u64, Ordering::Relaxed);
        let mut piece = space[..read].to_vec();
        let is_over =
            before + read as u64 >= limit && !shared.has_cut.swap(true, Ordering::Relaxed);
        if is_over {
            piece.truncate(usize::try_from(limit.saturating_sub(before)).expect("it is short"));
        }
        if let Some(took) = (read as u64 * 1_000_000).checked_div(shared.kind.rate) {
            sleep(Duration::from_micros(took)).await;
        }
        if to.send((Instant::now() + shared.kind.delay, piece)).is_err() {
            return;
        }
        if is_over {
            cut.notify_one();
            return;
        }
    }
}

async fn give(mut to: OwnedWriteHalf, mut from: UnboundedReceiver<Piece>, shared: Arc<Shared>) {
    let mut waiting = VecDeque::new();
    while let Some(piece) = from.recv().await {
        waiting.push_back(piece);
        while let Some((due, bytes)) = waiting.pop_front() {
            if shared.kind.delay > Duration::ZERO {
                sleep_until(due).await;
            }
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    }
    let _ = to.shutdown().await;
}
