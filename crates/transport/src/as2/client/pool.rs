//! Connections that are kept for the next message to the same server.
//!
//! A server may end a quiet connection at any moment, also in the one in which the next message goes
//! out. Then not one byte of an answer comes, and the message is sent once more on a new connection:
//! it has the same Message-ID, so a partner that did read it sees a repeat.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::as2::client::connect::Way;
use crate::as2::client::outcome::Failure;
use crate::as2::client::post::broken;
use crate::as2::client::{Destination, Proxy};
use crate::as2::wire::Outgoing;

/// How long a connection is kept that nothing goes over. Few servers close one earlier.
const IDLE: Duration = Duration::from_secs(4);
/// The most connections that are kept to one server, and to all.
const MOST_OF_SERVER: usize = 4;
const MOST: usize = 64;

/// A connection that HTTP is spoken on. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) sender: http1::SendRequest<Outgoing>,
    heard: Arc<AtomicBool>,
    connection: JoinHandle<Result<(), hyper::Error>>,
}

impl Line {
    pub(crate) async fn open(way: Way) -> Result<Self, Failure> {
        let mut http = http1::Builder::new();
        http.title_case_headers(true).allow_obsolete_multiline_headers_in_responses(true);
        let heard = Arc::<AtomicBool>::default();
        let stream = Hearing { way, heard: Arc::clone(&heard) };
        let (sender, connection) = http.handshake(TokioIo::new(stream)).await.map_err(broken)?;
        Ok(Self { sender, heard, connection: tokio::spawn(connection) })
    }

    /// A request is about to go out.
    pub(crate) fn begin(&self) {
        self.heard.store(false, Ordering::Relaxed);
    }

    /// Whether a byte came since then.
    pub(crate) fn has_heard(&self) -> bool {
        self.heard.load(Ordering::Relaxed)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// A stream that notes whether a byte came.
struct Hearing {
    way: Way,
    heard: Arc<AtomicBool>,
}

impl AsyncRead for Hearing {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (it, before) = (self.get_mut(), space.filled().len());
        let read = Pin::new(&mut it.way).poll_read(context, space);
        if space.filled().len() > before {
            it.heard.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl AsyncWrite for Hearing {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().way).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().way).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().way).poll_shutdown(context)
    }
}

/// What two messages have to have in common to go over one connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Server {
    authority: String,
    is_tls: bool,
    /// Whom we believe and what we show.
    tls: Option<[u8; 32]>,
    proxy: Option<String>,
    reach: String,
}

impl Server {
    fn of(to: &Destination) -> Self {
        let proxy = |it: &Proxy| {
            let user = it.login.as_ref().map(|(user, _)| user);
            format!("{:?} {} {} {user:?}", it.kind, it.host, it.port)
        };
        Self {
            authority: to.url.authority(),
            is_tls: to.url.is_tls,
            tls: to.tls.as_ref().map(|it| it.print),
            proxy: to.proxy.as_ref().map(proxy),
            reach: format!("{:?}", to.reach),
        }
    }
}

/// Connections that wait for the next message, at most a few to each server and for some seconds.
#[derive(Debug, Default)]
pub struct Pool(Mutex<HashMap<Server, Vec<(Line, Instant)>>>);

impl Pool {
    /// A connection to the same server that is still open.
    pub(crate) fn take(&self, to: &Destination) -> Option<Line> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tidy(&mut kept);
        kept.get_mut(&Server::of(to))?.pop().map(|(line, _)| line)
    }

    /// Keeps a connection whose answer was read to its end.
    pub(crate) fn put(self: &Arc<Self>, to: &Destination, line: Line) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tidy(&mut kept);
        let all: usize = kept.values().map(Vec::len).sum();
        let lines = kept.entry(Server::of(to)).or_default();
        if all >= MOST || lines.len() >= MOST_OF_SERVER {
            return;
        }
        lines.push((line, Instant::now()));
        // Nobody may come for it.
        let pool = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            if let Some(pool) = pool.upgrade() {
                tidy(&mut pool.0.lock().unwrap_or_else(PoisonError::into_inner));
            }
        });
    }

    /// How many connections wait.
    pub fn waiting(&self) -> usize {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.values().map(Vec::len).sum()
    }
}

/// Ends what waited too long, or was ended by the server.
fn tidy(kept: &mut HashMap<Server, Vec<(Line, Instant)>>) {
    kept.retain(|_, lines| {
        lines.retain(|(line, since)| !line.sender.is_closed() && since.elapsed() < IDLE);
        !lines.is_empty()
    });
}
