//! Requests and their answers on one channel.
//!
//! A request is queued and gives a [`Pending`], so that many can be on their way at once. One task
//! sends, one takes what comes. The taking task waits for nobody: what can come is bounded by what
//! was asked for, and `russh` must not be kept from reading the message that gives us room to send.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};

use crate::mailbox::printable;
use crate::sftp::client::error::SftpError;
use crate::sftp::client::host::Notes;
use crate::sftp::wire::{self, Answer, Code, Framer, Request};

/// Small requests are sent together up to this many bytes.
const TOGETHER: usize = 32 * 1024;

/// Why nothing more comes.
#[derive(Debug, Clone)]
enum End {
    Lost,
    Stalled(Duration),
    Broken(String),
}

/// Requests and their answers on one channel.
#[derive(Debug)]
pub(crate) struct Link {
    line: Line,
    tasks: [JoinHandle<()>; 2],
}

/// The way for requests.
#[derive(Debug, Clone)]
struct Line {
    shared: Arc<Shared>,
    requests: UnboundedSender<Vec<u8>>,
}

#[derive(Debug)]
struct Shared {
    notes: Arc<Notes>,
    state: Mutex<State>,
    start: Instant,
    /// When something last came or went, in milliseconds since `start`.
    progress: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    next: u32,
    waiting: HashMap<u32, oneshot::Sender<Vec<u8>>>,
    end: Option<End>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self) {
        let since = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.progress.store(since, Ordering::Relaxed);
    }

    fn quiet(&self) -> Duration {
        let progress = Duration::from_millis(self.progress.load(Ordering::Relaxed));
        self.start.elapsed().saturating_sub(progress)
    }

    /// Nothing more comes: whoever waits is told.
    fn end(&self, end: End) {
        let mut state = self.state();
        state.end.get_or_insert(end);
        state.waiting.clear();
    }

    fn why(&self) -> SftpError {
        match self.state().end.clone() {
            None | Some(End::Lost) => SftpError::Lost { reason: self.notes.ending() },
            Some(End::Stalled(after)) => SftpError::Stalled { after },
            Some(End::Broken(text)) => SftpError::Broken { text },
        }
    }
}

/// An answer that will come.
#[derive(Debug)]
pub(crate) struct Pending {
    answer: oneshot::Receiver<Vec<u8>>,
    shared: Arc<Shared>,
}

impl Pending {
    /// Waits for the answer.
    pub(crate) async fn message(mut self) -> Result<Vec<u8>, SftpError> {
        self.wait().await
    }

    /// Waits for the answer, which comes once.
    pub(crate) async fn wait(&mut self) -> Result<Vec<u8>, SftpError> {
        (&mut self.answer).await.map_err(|_| self.shared.why())
    }
}

impl Line {
    fn ask_with(&self, write: impl FnOnce(u32) -> Vec<u8>) -> Pending {
        let (sender, answer) = oneshot::channel();
        let mut state = self.shared.state();
        if state.waiting.is_empty() {
            self.shared.touch();
        }
        while state.waiting.contains_key(&state.next) {
            state.next = state.next.wrapping_add(1);
        }
        let id = state.next;
        state.next = state.next.wrapping_add(1);
        if state.end.is_none() {
            state.waiting.insert(id, sender);
            // The sending task is gone only when everything is over, and then the taking task says
            // so to all who wait.
            let _ = self.requests.send(write(id));
        }
        drop(state);
        Pending { answer, shared: Arc::clone(&self.shared) }
    }
}

impl Link {
    /// Begins an SFTP session on a channel; gives what the server offers beyond version 3.
    pub(crate) async fn start(
        channel: Channel<Msg>,
        notes: Arc<Notes>,
        stall: Duration,
    ) -> Result<(Self, Vec<Vec<u8>>), SftpError> {
        let (mut from, to) = channel.split();
        let lost = || SftpError::Lost { reason: notes.ending() };
        to.data_bytes(wire::init()).await.map_err(|_| lost())?;
        let mut framer = Framer::of_answers();
        let first = first_message(&mut from, &mut framer, &notes).await?;
        let (version, offers) = wire::read_version(&first)?;
        if version != 3 {
            let text = format!("it speaks version {version}, and not 3");
            return Err(SftpError::Broken { text });
        }
        let shared = Arc::new(Shared {
            notes,
            state: Mutex::default(),
            start: Instant::now(),
            progress: AtomicU64::new(0),
        });
        let (requests, queued) = unbounded_channel();
        let sending = tokio::spawn(send(to, queued, Arc::clone(&shared)));
        let taking = {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move {
                let end = take(from, framer, &shared, stall).await;
                shared.end(end);
            })
        };
        Ok((Self { line: Line { shared, requests }, tasks: [sending, taking] }, offers))
    }

    /// Queues a request.
    pub(crate) fn ask(&self, request: &Request<'_>) -> Pending {
        self.ask_with(|id| request.write(id))
    }

    /// Queues the request that `write` makes of a number.
    pub(crate) fn ask_with(&self, write: impl FnOnce(u32) -> Vec<u8>) -> Pending {
        self.line.ask_with(write)
    }

    /// Closes what is being opened once it is open; nobody waits for it.
    pub(crate) fn close_later(&self, opening: Pending) {
        let line = self.line.clone();
        let closing = async move {
            let Ok(message) = opening.message().await else { return };
            if let Ok((_, Answer::Handle(handle))) = wire::read_answer(&message) {
                drop(line.ask_with(|id| Request::Close { handle }.write(id)));
            }
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(closing);
        }
    }

    /// Asks for something that is answered by a STATUS alone.
    pub(crate) async fn order(
        &self,
        what: &'static str,
        path: &[u8],
        request: &Request<'_>,
    ) -> Result<(), SftpError> {
        let message = self.ask(request).message().await?;
        done(what, path, &message)
    }

    /// Ends the session in an orderly way: what was queued is sent, and
    /// the server closes the channel.
    pub(crate) async fn close(self) {
        let Self { line, tasks } = self;
        drop(line);
        for task in tasks {
            let _ = task.await;
        }
    }
}

async fn first_message(
    from: &mut ChannelReadHalf,
    framer: &mut Framer,
    notes: &Notes,
) -> Result<Vec<u8>, SftpError> {
    let mut first = None;
    while first.is_none() {
        match from.wait().await {
            Some(ChannelMsg::Data { data }) => {
                let pushed = framer.push(&data, |message| {
                    first.get_or_insert(message);
                    Ok(())
                });
                if pushed.is_err() {
                    return Err(SftpError::Broken {
                        text: "it says something other than SFTP first; usually the login \
                               script of the account there prints a message"
                            .into(),
                    });
                }
            }
            Some(ChannelMsg::ExtendedData { data, .. }) => notes.aside(&data),
            Some(ChannelMsg::Failure) => {
                return Err(SftpError::Lost { reason: "it offers no SFTP to us".into() });
            }
            Some(ChannelMsg::Eof | ChannelMsg::Close) | None => {
                return Err(SftpError::Lost { reason: notes.ending() });
            }
            Some(_) => {}
        }
    }
    first.ok_or(SftpError::Lost { reason: String::new() })
}

async fn send(
    to: ChannelWriteHalf<Msg>,
    mut queued: UnboundedReceiver<Vec<u8>>,
    shared: Arc<Shared>,
) {
    while let Some(mut out) = queued.recv().await {
        while out.len() < TOGETHER {
            let Ok(next) = queued.try_recv() else { break };
            out.extend_from_slice(&next);
        }
        if to.data_bytes(out).await.is_err() {
            shared.end(End::Lost);
            return;
        }
        shared.touch();
    }
    // The server closes the channel on this. If we closed it first, `russh` would forget it and
    // not tell us that the server did, too.
    let _ = to.eof().await;
}

async fn take(
    mut from: ChannelReadHalf,
    mut framer: Framer,
    shared: &Shared,
    stall: Duration,
) -> End {
    let mut look = interval((stall / 8).max(Duration::from_millis(10)));
    loop {
        let came = tokio::select! {
            came = from.wait() => came,
            _ = look.tick() => {
                if !shared.state().waiting.is_empty() && shared.quiet() >= stall {
                    return End::Stalled(stall);
                }
                continue;
            }
        };
        shared.touch();
        match came {
            Some(ChannelMsg::Data { data }) => {
                let handed = framer.push(&data, |message| {
                    let id = wire::answered(&message)?;
                    let waiting = shared.state().waiting.remove(&id);
                    // An answer that nobody asked for says that we are out of step.
                    let waiting = waiting.ok_or(wire::WireError::Unasked(id))?;
                    // Whoever asked may have gone since.
                    let _ = waiting.send(message);
                    Ok(())
                });
                if let Err(error) = handed {
                    return End::Broken(error.to_string());
                }
            }
            Some(ChannelMsg::ExtendedData { data, .. }) => shared.notes.aside(&data),
            Some(ChannelMsg::Close) | None => return End::Lost,
            Some(_) => {}
        }
    }
}

/// A refusal by the server.
pub(crate) fn refused(what: &'static str, path: &[u8], code: u32, words: &[u8]) -> SftpError {
    let mut words = printable(words);
    if let Some((end, _)) = words.char_indices().nth(300) {
        words.truncate(end);
    }
    SftpError::Refused { request: what, path: printable(path), code, words }
}

/// What a message answers, or the refusal that it is.
pub(crate) fn answer<'a>(
    what: &'static str,
    path: &[u8],
    message: &'a [u8],
) -> Result<Answer<'a>, SftpError> {
    match wire::read_answer(message)?.1 {
        Answer::Status { code, words } if code != Code::Ok as u32 => {
            Err(refused(what, path, code, words))
        }
        answer => Ok(answer),
    }
}

/// That it was done.
pub(crate) fn done(what: &'static str, path: &[u8], message: &[u8]) -> Result<(), SftpError> {
    match answer(what, path, message)? {
        Answer::Status { .. } => Ok(()),
        _ => Err(unfitting(what)),
    }
}

/// An answer of a kind that does not fit the request.
pub(crate) fn unfitting(what: &'static str) -> SftpError {
    SftpError::Broken { text: format!("an answer that does not fit: {what}") }
}
