//! The server: accepts connections, watches over them, and stops in an orderly way.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use russh::{Disconnect, MethodKind, MethodSet, SshId};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::sftp::account::{Account, Accounts, Drops, Network};
use crate::sftp::algorithms::{self, Side};
use crate::sftp::audit::{Audit, Event, What};
use crate::sftp::bans::Bans;
use crate::sftp::files::{MailboxUse, Note};
use crate::sftp::host_key::HostKey;
use crate::sftp::login::Login;

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The keys it is known by; at least one.
    pub host_keys: Vec<HostKey>,
    /// The networks it serves; none named means any.
    pub networks: Vec<Network>,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once in which nobody has logged in yet.
    pub strangers: usize,
    /// How long a connection may take to log in.
    pub login_grace: Duration,
    /// Tries to log in on one connection; each key that is offered is one.
    pub tries: usize,
    /// How long a refusal to log in takes, whatever its reason.
    pub refusal_delay: Duration,
    /// How long sessions may go on with what they are doing when the server stops.
    pub stop_grace: Duration,
    /// Bytes after which the keys of a connection are renewed, each way; 1 GiB at most.
    pub rekey_after: usize,
    /// Who is kept out for a while, if anybody is.
    pub bans: Option<Arc<dyn Bans>>,
    /// Tells the time, for the validity of keys and for bans.
    pub clock: fn() -> Timestamp,
}

impl Settings {
    /// The usual settings: 500 connections, 50 strangers, 30 s and 6 tries to log in, 1 s for a
    /// refusal, 10 s to stop.
    pub fn new(host_keys: Vec<HostKey>) -> Self {
        Self {
            host_keys,
            networks: Vec::new(),
            connections: 500,
            strangers: 50,
            login_grace: Duration::from_secs(30),
            tries: 6,
            refusal_delay: Duration::from_secs(1),
            stop_grace: Duration::from_secs(10),
            rekey_after: 1 << 30,
            bans: None,
            clock: Timestamp::now,
        }
    }

    fn ssh(&self) -> russh::server::Config {
        let rekey_after = self.rekey_after.min(1 << 30);
        russh::server::Config {
            server_id: SshId::Standard(Cow::Borrowed("SSH-2.0-Tieline")),
            methods: MethodSet::from(&[MethodKind::PublicKey, MethodKind::Password][..]),
            auth_rejection_time: self.refusal_delay,
            auth_rejection_time_initial: Some(Duration::ZERO),
            keys: self.host_keys.iter().map(|key| key.private().clone()).collect(),
            limits: russh::Limits::new(rekey_after, rekey_after, Duration::from_secs(3600)),
            window_size: 8 << 20,
            maximum_packet_size: 65_535,
            preferred: algorithms::offered(Side::Server, &[]),
            max_auth_attempts: self.tries,
            inactivity_timeout: Some(Duration::from_secs(600)),
            keepalive_interval: Some(Duration::from_secs(30)),
            keepalive_max: 3,
            nodelay: true,
            ..russh::server::Config::default()
        }
    }
}

/// An SFTP server.
#[derive(Debug)]
pub struct Server<H> {
    shared: Arc<Shared<H>>,
}

/// What the connections of a server share.
#[derive(Debug)]
pub(crate) struct Shared<H> {
    pub(crate) settings: Settings,
    pub(crate) host: Arc<H>,
    /// Places for checking passwords.
    pub(crate) checks: Arc<Semaphore>,
    ssh: Arc<russh::server::Config>,
    sessions: AtomicU64,
    accounts: Mutex<HashMap<String, InUse>>,
    stopping: watch::Sender<bool>,
    underway: Mutex<Option<mpsc::Sender<()>>>,
}

/// What is in use of one account.
#[derive(Debug, Default)]
struct InUse {
    connections: u32,
    mailbox: Arc<MailboxUse>,
}

/// Held by what must not be cut short when the server stops.
pub(crate) type Underway = Option<mpsc::Sender<()>>;

impl<H> Shared<H> {
    pub(crate) fn used(&self, account: &str) -> Arc<MailboxUse> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&accounts.entry(account.to_owned()).or_default().mailbox)
    }

    pub(crate) fn underway(&self) -> Underway {
        self.underway.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Why there is no server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// No host key was given.
    #[error("an SFTP server needs a host key; give it one")]
    NoHostKey,
}

impl<H: Accounts + Drops + Audit> Server<H> {
    /// Sets a server up. It does nothing until it runs.
    ///
    /// # Errors
    ///
    /// [`ServerError::NoHostKey`].
    pub fn new(settings: Settings, host: Arc<H>) -> Result<Self, ServerError> {
        if settings.host_keys.is_empty() {
            return Err(ServerError::NoHostKey);
        }
        let shared = Shared {
            ssh: Arc::new(settings.ssh()),
            settings,
            host,
            checks: Arc::new(Semaphore::new(4)),
            sessions: AtomicU64::new(0),
            accounts: Mutex::default(),
            stopping: watch::channel(false).0,
            underway: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Serves until `stop` is ready, and then ends in an orderly way: nobody new is let in, quiet
    /// sessions are told and closed, busy ones have `stop_grace` to finish their files, and files
    /// being handed over are waited for. A server runs once.
    pub async fn run(&self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let (underway, mut finished) = mpsc::channel(1);
        *self.shared.underway.lock().unwrap_or_else(PoisonError::into_inner) = Some(underway);
        let places = Arc::new(Semaphore::new(self.shared.settings.connections));
        let strangers = Arc::new(Semaphore::new(self.shared.settings.strangers));
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
            let connection = Connection::new(&self.shared, peer);
            let (Ok(place), Ok(stranger)) =
                (places.clone().try_acquire_owned(), strangers.clone().try_acquire_owned())
            else {
                connection.note(What::TurnedAway { reason: "too many connections" });
                continue;
            };
            let underway = self.shared.underway();
            tokio::spawn(async move {
                connection.serve(stream, stranger).await;
                drop((place, underway));
            });
        }
        drop(listener);
        self.shared.stopping.send_replace(true);
        self.shared.underway.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Nothing is ever sent: this is ready when all that was underway is dropped.
        finished.recv().await;
    }
}

/// When a session last did something, what it has open, and what it waits for.
#[derive(Debug)]
pub(crate) struct Activity {
    start: Instant,
    last: AtomicU64,
    open: AtomicUsize,
    waiting: AtomicUsize,
}

impl Activity {
    fn new() -> Self {
        let (last, open, waiting) = Default::default();
        Self { start: Instant::now(), last, open, waiting }
    }

    fn touch(&self) {
        let since = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(since, Ordering::Relaxed);
    }

    /// A request came; says how many wait for their answers now.
    pub(crate) fn came(&self) -> usize {
        self.touch();
        self.waiting.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// So many requests were answered.
    pub(crate) fn answered(&self, requests: usize) {
        self.waiting.fetch_sub(requests, Ordering::Relaxed);
        self.touch();
    }

    /// So many files are open.
    pub(crate) fn open(&self, files: usize) {
        self.open.store(files, Ordering::Relaxed);
    }

    /// Nothing is open and nobody waits.
    pub(crate) fn is_over(&self) -> bool {
        self.open.load(Ordering::Relaxed) == 0 && self.waiting.load(Ordering::Relaxed) == 0
    }

    /// A new session begins on the connection.
    pub(crate) fn begin(&self) {
        self.touch();
        self.open.store(0, Ordering::Relaxed);
        self.waiting.store(0, Ordering::Relaxed);
    }

    /// When the client was last busy: now, if it waits for us.
    fn last(&self) -> Instant {
        match self.waiting.load(Ordering::Relaxed) {
            0 => self.start + Duration::from_millis(self.last.load(Ordering::Relaxed)),
            _ => Instant::now(),
        }
    }
}

/// One connection and who is at its other end.
#[derive(Debug)]
pub(crate) struct Connection<H> {
    pub(crate) server: Arc<Shared<H>>,
    pub(crate) peer: SocketAddr,
    pub(crate) session: u64,
    pub(crate) activity: Arc<Activity>,
    account: OnceLock<(String, Duration)>,
    /// Whether it is counted among the connections of its account.
    is_counted: AtomicBool,
    /// Something to look at: a login, or an end.
    changed: Notify,
    ending: OnceLock<String>,
}

impl<H: Accounts + Drops + Audit> Connection<H> {
    fn new(server: &Arc<Shared<H>>, peer: SocketAddr) -> Arc<Self> {
        Arc::new(Self {
            server: Arc::clone(server),
            peer,
            session: server.sessions.fetch_add(1, Ordering::Relaxed) + 1,
            activity: Arc::new(Activity::new()),
            account: OnceLock::new(),
            is_counted: AtomicBool::new(false),
            changed: Notify::new(),
            ending: OnceLock::new(),
        })
    }

    pub(crate) fn note(&self, what: What) {
        let account = self.account.get().map(|(name, _)| name.clone());
        let (session, peer) = (self.session, self.peer);
        self.server.host.note(Event { session, peer, account, what });
    }

    pub(crate) fn noting(self: &Arc<Self>) -> Note {
        let connection = Arc::clone(self);
        Arc::new(move |what| connection.note(what))
    }

    pub(crate) fn logged_in(&self, account: &Account) {
        let _ = self.account.set((account.name.clone(), account.limits.idle));
        self.activity.touch();
        self.changed.notify_one();
    }

    /// Counts the connection among those of its account.
    pub(crate) fn enter(&self, account: &Account) -> Result<(), String> {
        let mut accounts = self.server.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let in_use = accounts.entry(account.name.clone()).or_default();
        if in_use.connections >= account.limits.sessions {
            let open = in_use.connections;
            return Err(format!("{open} sessions are open, and no more may be; close some first"));
        }
        in_use.connections += 1;
        self.is_counted.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Ends the connection, for this reason.
    pub(crate) fn end(&self, reason: String) {
        let _ = self.ending.set(reason);
        self.changed.notify_one();
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, stranger: impl Send) {
        let address = self.peer.ip().to_canonical();
        let networks = &self.server.settings.networks;
        if !networks.is_empty() && !networks.iter().any(|network| network.contains(address)) {
            return self.note(What::TurnedAway { reason: "this network is not served" });
        }
        if let Some(bans) = &self.server.settings.bans
            && !bans.admit(address, (self.server.settings.clock)()).await
        {
            return self
                .note(What::TurnedAway { reason: "the address is banned, or comes too often" });
        }
        if !self.server.host.admit(address).await {
            return self.note(What::TurnedAway { reason: "the address was not admitted" });
        }
        self.note(What::Connected);
        let reason = match split_socket(stream) {
            Ok((stream, socket)) => {
                let reason = self.watch(stream, stranger).await;
                // Whatever is still waiting on the socket must not stay.
                let _ = socket.shutdown(Shutdown::Both);
                reason
            }
            Err(error) => error.to_string(),
        };
        self.note(What::Ended { reason });
    }

    /// Runs SSH until the connection ends, or has to; says why.
    async fn watch(self: &Arc<Self>, stream: TcpStream, stranger: impl Send) -> String {
        let login = Login::new(Arc::clone(self));
        let grace = Instant::now() + self.server.settings.login_grace;
        let ssh = Arc::clone(&self.server.ssh);
        let mut running =
            match timeout_at(grace, russh::server::run_stream(ssh, stream, login)).await {
                Ok(Ok(running)) => running,
                Ok(Err(error)) => return error.to_string(),
                Err(_) => return "nobody logged in in time".into(),
            };
        let handle = running.handle();
        let mut stopping = self.server.stopping.subscribe();
        let mut stop_by = None;
        let mut stranger = Some(stranger);
        let (reason, told) = loop {
            let (until, late) = match self.account.get() {
                None => (grace, "nobody logged in in time"),
                Some((_, idle)) => {
                    stranger.take();
                    (self.activity.last() + *idle, "the session was quiet for too long")
                }
            };
            if let Some(reason) = self.ending.get() {
                break (reason.clone(), "the session cannot go on");
            }
            if let Some(stop_by) = stop_by
                && (self.activity.is_over() || stop_by <= Instant::now())
            {
                break ("the server stops".into(), "the server stops; try again later");
            }
            let look = if stop_by.is_some() { Instant::now() + STOP_LOOK } else { until };
            tokio::select! {
                ended = &mut running => return match (self.ending.get(), ended) {
                    (Some(reason), _) => reason.clone(),
                    (None, Ok(())) => "the client ended it".into(),
                    (None, Err(error)) => error.to_string(),
                },
                () = sleep_until(look.min(until)) => {
                    if self.is_late(until) {
                        break (late.into(), late);
                    }
                }
                () = self.changed.notified() => {}
                _ = stopping.wait_for(|stopping| *stopping), if stop_by.is_none() => {
                    stop_by = Some(Instant::now() + self.server.settings.stop_grace);
                }
            }
        };
        // Best effort: the socket is closed anyway.
        let told = handle.disconnect(Disconnect::ByApplication, told.into(), "en".into());
        let _ = timeout_at(Instant::now() + LAST_WORDS, told).await;
        let _ = timeout_at(Instant::now() + LAST_WORDS, running).await;
        reason
    }

    /// Whether it is later than `until`, and nothing happened since that was worked out.
    fn is_late(&self, until: Instant) -> bool {
        let until = match self.account.get() {
            None => until,
            Some((_, idle)) => self.activity.last() + *idle,
        };
        until <= Instant::now()
    }
}

/// How often a session is looked at while the server stops.
const STOP_LOOK: Duration = Duration::from_millis(50);
/// How long a client has to take our last words.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A second handle on the socket, by which it can be closed whoever still reads from it.
fn split_socket(stream: TcpStream) -> io::Result<(TcpStream, std::net::TcpStream)> {
    stream.set_nodelay(true)?;
    let stream = stream.into_std()?;
    let second = stream.try_clone()?;
    Ok((TcpStream::from_std(stream)?, second))
}

impl<H> Drop for Connection<H> {
    fn drop(&mut self) {
        let Some((name, _)) = self.account.get() else { return };
        if !self.is_counted.load(Ordering::Relaxed) {
            return;
        }
        let mut accounts = self.server.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(in_use) = accounts.get_mut(name) {
            in_use.connections = in_use.connections.saturating_sub(1);
            // What the sessions shared is kept only while somebody has it.
            if in_use.connections == 0 && Arc::strong_count(&in_use.mailbox) == 1 {
                accounts.remove(name);
            }
        }
    }
}
