//! The server: accepts connections, keeps them within their limits, and stops in an orderly way.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::as2::audit::{Audit, Event, What};
use crate::as2::budget::Budget;
use crate::as2::fields::{Addressed, shown};
use crate::as2::guard::{Found, Guard, LONGEST_HEAD};
use crate::as2::keep::Keeper;
use crate::as2::message;
use crate::as2::relation::Relations;
use crate::as2::strangers::Rate;
use crate::as2::tls::{TlsError, TlsIdentity};
use crate::sftp::Network;

/// The most fields of a request.
const MOST_FIELDS: usize = 100;
/// Events in a minute, for each address, about what came before anybody was known, and about messages
/// in a partner's name that could not be opened.
const MOST_ODD: u64 = 60;

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The path that messages are sent to.
    pub path: String,
    /// The folder where payloads wait until they were verified. They have no names there.
    pub folder: PathBuf,
    /// Our certificate for TLS; without it the server speaks plain HTTP, e.g. behind a proxy.
    pub tls: Option<TlsIdentity>,
    /// The networks it serves; none named means any.
    pub networks: Vec<Network>,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once of one address. Behind a proxy all have one address.
    pub connections_of_address: usize,
    /// How long TLS, and then the fields of a request, may take to come.
    pub head: Duration,
    /// How long a body may be quiet.
    pub body_idle: Duration,
    /// Bytes in a second that a body must bring after that time, on the whole.
    pub slowest: u64,
    /// Bytes of all messages together that have come and are not verified yet. One more that does not
    /// fit hears 503 and comes again later; one at a time always has room.
    pub unverified: u64,
    /// The same of those in one partner's name, so that nobody can shut out the others.
    pub unverified_of_partner: u64,
    /// How many messages are opened at once: so many small ones, which come to their end before, and so
    /// many large ones, of one partner half of them. Each takes a thread.
    pub opened_at_once: usize,
    /// Events about strangers in a minute for each address.
    pub strangers: u64,
    /// How long messages that are arriving may go on when the server stops.
    pub stop_grace: Duration,
    /// How receipts name us: a product and its release.
    pub agent: String,
    /// Tells the time, for the validity of certificates and for receipts.
    pub clock: fn() -> Timestamp,
}

impl Settings {
    /// The usual settings: the path `/as2`, 400 connections, 100 of one address, 15 s for what comes
    /// before a body, 30 s of quiet and 1,000 bytes a second in it, 4 GB that are not verified yet, half
    /// of them of one partner, 16 small and 16 large messages opened at once, 10 s to stop.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            path: "/as2".into(),
            folder: folder.into(),
            tls: None,
            networks: Vec::new(),
            connections: 400,
            connections_of_address: 100,
            head: Duration::from_secs(15),
            body_idle: Duration::from_secs(30),
            slowest: 1000,
            unverified: 4_000_000_000,
            unverified_of_partner: 2_000_000_000,
            opened_at_once: 16,
            strangers: 6,
            stop_grace: Duration::from_secs(10),
            agent: concat!("Tieline ", env!("CARGO_PKG_VERSION")).into(),
            clock: Timestamp::now,
        }
    }
}

/// An AS2 server.
pub struct Server<H> {
    shared: Arc<Shared<H>>,
    tls: Mutex<Option<TlsAcceptor>>,
}

/// What the connections of a server share.
pub(crate) struct Shared<H> {
    pub(crate) settings: Settings,
    pub(crate) host: Arc<H>,
    pub(crate) budget: Arc<Budget>,
    strangers: Rate,
    odd: Rate,
    unopened: Rate,
    numbers: AtomicU64,
    addresses: Mutex<HashMap<IpAddr, usize>>,
    stopping: watch::Sender<bool>,
}

impl<H: Relations + Keeper + Audit> Server<H> {
    /// Sets a server up. It does nothing until it runs.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if the certificate and its key cannot be used.
    pub fn new(settings: Settings, host: Arc<H>) -> Result<Self, TlsError> {
        let tls = settings.tls.as_ref().map(TlsIdentity::server).transpose()?;
        let shared = Shared {
            strangers: Rate::new(settings.strangers),
            odd: Rate::new(MOST_ODD),
            unopened: Rate::new(MOST_ODD),
            budget: Budget::new(
                settings.unverified,
                settings.unverified_of_partner,
                settings.opened_at_once,
            ),
            settings,
            host,
            numbers: AtomicU64::new(0),
            addresses: Mutex::default(),
            stopping: watch::channel(false).0,
        };
        Ok(Self { shared: Arc::new(shared), tls: Mutex::new(tls.map(TlsAcceptor::from)) })
    }

    /// Shows another certificate from the next connection on, e.g. one that was renewed. Connections
    /// that are open go on.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if the certificate and its key cannot be used; then the old one stays.
    pub fn renew_tls(&self, identity: &TlsIdentity) -> Result<(), TlsError> {
        let tls = TlsAcceptor::from(identity.server()?);
        *self.tls.lock().unwrap_or_else(PoisonError::into_inner) = Some(tls);
        Ok(())
    }

    /// Serves until `stop` is ready, and then ends in an orderly way: nobody new is let in, quiet
    /// connections are closed, and messages that are arriving have `stop_grace` to end. What was
    /// opened by then is handed over and waited for. A server runs once.
    pub async fn run(&self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let (underway, mut finished) = mpsc::channel::<()>(1);
        let places = Arc::new(Semaphore::new(self.shared.settings.connections));
        tokio::pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, peer)) = accepted else {
                // Out of file handles, most likely. Ending the server would make it no better.
                sleep(Duration::from_millis(100)).await;
                continue;
            };
            let number = self.shared.numbers.fetch_add(1, Ordering::Relaxed) + 1;
            let connection = Connection {
                server: Arc::clone(&self.shared),
                peer,
                number,
                found: OnceLock::new(),
                underway: underway.clone(),
            };
            let (Ok(place), Some(seat)) =
                (places.clone().try_acquire_owned(), Seat::take(&self.shared, peer.ip()))
            else {
                connection.odd(What::TurnedAway { reason: "too many connections" });
                continue;
            };
            let tls = self.tls.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let underway = underway.clone();
            tokio::spawn(async move {
                connection.serve(stream, tls).await;
                drop((place, seat, underway));
            });
        }
        drop(listener);
        self.shared.stopping.send_replace(true);
        drop(underway);
        // Nothing is ever sent: this is ready when all that was underway is dropped.
        finished.recv().await;
    }
}

/// A place among the connections of one address.
struct Seat<H> {
    server: Arc<Shared<H>>,
    address: IpAddr,
}

impl<H> Seat<H> {
    fn take(server: &Arc<Shared<H>>, address: IpAddr) -> Option<Self> {
        let mut addresses = server.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let count = addresses.entry(address).or_default();
        if *count >= server.settings.connections_of_address {
            return None;
        }
        *count += 1;
        Some(Self { server: Arc::clone(server), address })
    }
}

impl<H> Drop for Seat<H> {
    fn drop(&mut self) {
        let mut addresses = self.server.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = addresses.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                addresses.remove(&self.address);
            }
        }
    }
}

/// One connection and who is at its other end.
pub(crate) struct Connection<H> {
    pub(crate) server: Arc<Shared<H>>,
    peer: SocketAddr,
    pub(crate) number: u64,
    found: OnceLock<Found>,
    /// Held by what must not be cut short when the server stops.
    underway: mpsc::Sender<()>,
}

impl<H: Relations + Keeper + Audit> Connection<H> {
    pub(crate) fn note(&self, partner: Option<String>, message_id: Option<String>, what: What) {
        let (connection, peer) = (self.number, self.peer);
        self.server.host.note(Event { connection, peer, partner, message_id, what });
    }

    /// Something that came before anybody was known. A flood of it is not told.
    pub(crate) fn odd(&self, what: What) {
        if self.server.odd.count(self.peer.ip(), std::time::Instant::now()).is_some() {
            self.note(None, None, what);
        }
    }

    /// The address at the other end.
    pub(crate) fn address(&self) -> IpAddr {
        self.peer.ip().to_canonical()
    }

    /// How many messages of this address that could not be opened were not told since the last that was;
    /// none if this one is not told either.
    pub(crate) fn unopened(&self) -> Option<u64> {
        self.server.unopened.count(self.peer.ip(), std::time::Instant::now())
    }

    /// What can be read in two ways in what came so far.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        self.found.get().and_then(Found::fault)
    }

    /// Somebody sent who has no relation with us.
    pub(crate) fn stranger(&self, addressed: &Addressed) {
        let now = std::time::Instant::now();
        if let Some(untold) = self.server.strangers.count(self.peer.ip(), now) {
            let (from, to) = (shown(&addressed.from), shown(&addressed.to));
            let message_id = Some(shown(&addressed.message_id));
            self.note(None, message_id, What::Stranger { from, to, untold });
        }
    }

    async fn serve(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        let address = self.peer.ip().to_canonical();
        let networks = &self.server.settings.networks;
        if !networks.is_empty() && !networks.iter().any(|network| network.contains(address)) {
            let reason = "this network is not served";
            return self.odd(What::TurnedAway { reason });
        }
        let _ = stream.set_nodelay(true);
        let Some(tls) = tls else { return self.speak(stream).await };
        let reason = match timeout(self.server.settings.head, tls.accept(stream)).await {
            Ok(Ok(stream)) => return self.speak(stream).await,
            Ok(Err(error)) => shown(&error.to_string()),
            Err(_) => "it did not come about in time".to_string(),
        };
        self.odd(What::TlsFailed { reason });
    }

    /// Speaks HTTP until the connection ends, or has to.
    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let (stream, found) = Guard::new(stream);
        let _ = self.found.set(found);
        let connection = Arc::new(self);
        let service = service_fn({
            let connection = Arc::clone(&connection);
            move |request| {
                let connection = Arc::clone(&connection);
                async move {
                    let underway = connection.underway.clone();
                    // A partner that hangs up early does not keep us from finishing.
                    let answering = tokio::spawn(async move {
                        let answer = message::answer(connection, request).await;
                        drop(underway);
                        answer
                    });
                    let failed = |_| {
                        message::closing(
                            hyper::StatusCode::INTERNAL_SERVER_ERROR,
                            "try again later",
                        )
                    };
                    Ok::<_, Infallible>(answering.await.unwrap_or_else(failed))
                }
            }
        });
        let settings = &connection.server.settings;
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(settings.head).max_buf_size(LONGEST_HEAD);
        http.max_headers(MOST_FIELDS).title_case_headers(true).half_close(true);
        let serving = http.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(serving);
        let mut stopping = connection.server.stopping.subscribe();
        let ended = tokio::select! {
            ended = &mut serving => Some(ended),
            _ = stopping.wait_for(|stopping| *stopping) => None,
        };
        let ended = match ended {
            Some(ended) => ended,
            None => {
                serving.as_mut().graceful_shutdown();
                let Ok(ended) = timeout(settings.stop_grace, serving).await else { return };
                ended
            }
        };
        if let Err(error) = ended
            && (error.is_parse() || error.is_timeout())
        {
            let reason = connection.fault().map_or_else(|| error.to_string(), str::to_string);
            connection.odd(What::Malformed { reason: shown(&reason) });
        }
    }
}
