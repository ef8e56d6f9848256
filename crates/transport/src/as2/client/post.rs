//! One POST: the body goes out, sealed before or meanwhile, and the answer is read within its limits.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request};
use tieline_smime::mdn::LARGEST_RECEIPT;
use tieline_smime::mime::{Headers, to_base64};
use tieline_smime::{Fault, Mic, Seal, SystemRandomness};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::as2::client::connect::is_forwarded;
use crate::as2::client::outcome::{Failure, Stage};
use crate::as2::client::pool::Line;
use crate::as2::client::sealed::{Body, Sealed};
use crate::as2::client::{Destination, Length, Message};
use crate::as2::fields::{headers, shown};
use crate::as2::wire::{self, Outgoing, Piece};

/// How many pieces wait for the connection.
const PIECES: usize = 4;
/// Bytes of a piece.
const PIECE: usize = 64 * 1024;

/// What a server answered.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn broken(error: hyper::Error) -> Failure {
    let cause = std::error::Error::source(&error).map(|it| format!(": {it}"));
    Failure::Broken { text: shown(&format!("{error}{}", cause.unwrap_or_default())) }
}

/// A request that is about to be sent.
pub(crate) struct Post<'a> {
    pub(crate) destination: &'a Destination,
    pub(crate) line: &'a mut Line,
    /// The fields of HTTP, but for those of the entity, `Host` and the like.
    pub(crate) fields: &'a Headers,
    /// Whether the connection goes on after the answer.
    pub(crate) is_kept: bool,
}

impl Post<'_> {
    /// Sends a body that is there already.
    pub(crate) async fn send_whole(self, body: Vec<u8>) -> Result<Response, Failure> {
        self.send(&Headers::new(), body.into(), &Progress::over()).await
    }

    /// Sends a message that was sealed before.
    pub(crate) async fn send_sealed(
        self,
        sealed: &Sealed,
        length: &Length,
    ) -> Result<Response, Failure> {
        let told = matches!(length, Length::Told { .. });
        let (file, size) = match &sealed.body {
            Body::Memory(bytes) if told => {
                let body = Outgoing::Whole((!bytes.is_empty()).then(|| bytes.clone()));
                return self.send(&sealed.entity, body, &Progress::over()).await;
            }
            Body::Memory(bytes) => {
                let body = Outgoing::in_chunks(bytes.clone());
                return self.send(&sealed.entity, body, &Progress::over()).await;
            }
            Body::File(file, size) => (Arc::clone(file), *size),
        };
        let (pieces, received) = mpsc::channel(PIECES);
        let progress = Progress::default();
        let pumping = tokio::task::spawn_blocking({
            let progress = progress.clone();
            move || pump(&file, size, told, &pieces, &progress)
        });
        let left = told.then_some(size);
        let body = Outgoing::Pieces { pieces: received, left, is_over: false };
        let response = self.send(&sealed.entity, body, &progress).await;
        match (pumping.await, response) {
            // Whoever answers before it has read everything has an answer all the same, and it is
            // never that of a delivery.
            (Ok(Err(_)), Ok(response)) if response.status < 300 => Err(Failure::Broken {
                text: "the answer came before the end of the message".into(),
            }),
            (Ok(Err(error)), Err(_)) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::Seal(error.into()))
            }
            (_, response) => response,
        }
    }

    /// Seals the payload and sends it in chunks meanwhile.
    pub(crate) async fn seal_and_send(
        self,
        message: &Message,
        payload: impl Read + Send + 'static,
    ) -> Result<(Option<Mic>, Response), Failure> {
        let broken = || Failure::Broken { text: "sealing stopped".into() };
        let (pieces, received) = mpsc::channel(PIECES);
        let (ready, start) = oneshot::channel();
        let progress = Progress::default();
        let work = Work { message: message.clone(), pieces, progress: progress.clone() };
        let sealing = tokio::task::spawn_blocking(move || work.run(payload, ready));
        let Ok(entity) = start.await else {
            return Err(match sealing.await {
                Ok(Err(fault)) => Failure::Seal(fault),
                _ => broken(),
            });
        };
        let body = Outgoing::Pieces { pieces: received, left: None, is_over: false };
        let response = self.send(&entity, body, &progress).await;
        match (sealing.await, response) {
            (Ok(Ok(mic)), Ok(response)) => Ok((Some(mic), response)),
            // Whoever answers before it has read everything has an answer all the same, and it is
            // never that of a delivery.
            (Ok(Err(_)), Ok(response)) if response.status >= 300 => Ok((None, response)),
            (_, Err(failure @ (Failure::Timeout { .. } | Failure::LargeAnswer { .. }))) => {
                Err(failure)
            }
            // What is wrong with the payload broke the connection, and not the other way round.
            (Ok(Err(fault)), _) if fault != Fault::Read(io::ErrorKind::BrokenPipe) => {
                Err(Failure::Seal(fault))
            }
            (_, Err(failure)) => Err(failure),
            _ => Err(broken()),
        }
    }

    async fn send(
        self,
        entity: &Headers,
        body: Outgoing,
        progress: &Progress,
    ) -> Result<Response, Failure> {
        let request = self.request(entity, body)?;
        self.line.begin();
        let answered = async {
            let sent = self.line.sender.send_request(request);
            let (head, body) = sent.await.map_err(broken)?.into_parts();
            let wrong = |what: &str| Failure::Broken { text: what.to_string() };
            let headers = headers(&head.headers).map_err(wrong)?;
            let body = whole(body).await?;
            Ok(Response { status: head.status.as_u16(), headers, body })
        };
        progress.watch(answered, self.destination).await
    }

    fn request(&self, entity: &Headers, body: Outgoing) -> Result<Request<Outgoing>, Failure> {
        let to = self.destination;
        let target = match is_forwarded(to) {
            true => to.url.to_string(),
            false => to.url.target.clone(),
        };
        let mut request = Request::builder().method(Method::POST).uri(target);
        request = request.header("Host", to.url.authority());
        request = request.header("User-Agent", concat!("Tieline/", env!("CARGO_PKG_VERSION")));
        if !self.is_kept {
            request = request.header("Connection", "close");
        }
        let login = |(name, password): &(String, crate::as2::client::Secret)| {
            format!("Basic {}", to_base64(format!("{name}:{}", password.reveal()).as_bytes()))
        };
        if let Some(login) = to.login.as_ref().map(login) {
            request = request.header("Authorization", login);
        }
        let proxy = to.proxy.as_ref().filter(|_| is_forwarded(to));
        if let Some(login) = proxy.and_then(|it| it.login.as_ref()).map(login) {
            request = request.header("Proxy-Authorization", login);
        }
        for (name, value) in self.fields.fields().chain(entity.fields()) {
            request = request.header(name, value);
        }
        request.body(body).map_err(|error| Failure::Message(error.to_string()))
    }
}

/// Reads an answer to its end.
async fn whole(mut body: Incoming) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while let Some(piece) = wire::next(&mut body).await {
        let piece = piece.map_err(|error| Failure::Broken { text: shown(&error.to_string()) })?;
        if bytes.len() + piece.len() > LARGEST_RECEIPT {
            return Err(Failure::LargeAnswer { limit: LARGEST_RECEIPT });
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// How many pieces have gone, and whether the last one has.
#[derive(Debug, Clone, Default)]
struct Progress {
    passed: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Progress {
    /// Of a body that is there already.
    fn over() -> Self {
        let progress = Self::default();
        progress.over.store(true, Ordering::Relaxed);
        progress
    }

    /// Waits for the answer as long as bytes go out, and then as long as an answer may take.
    async fn watch<T>(
        &self,
        answer: impl Future<Output = Result<T, Failure>>,
        to: &Destination,
    ) -> Result<T, Failure> {
        tokio::pin!(answer);
        let mut passed = self.passed.load(Ordering::Relaxed);
        let (mut last, mut sent) = (Instant::now(), None);
        loop {
            let after = match sent {
                Some(_) => to.timeouts.answer,
                None => to.timeouts.idle,
            };
            let until = sent.unwrap_or(last) + after;
            let look = until.min(Instant::now() + Duration::from_millis(200));
            tokio::select! {
                answer = &mut answer => return answer,
                () = sleep_until(look) => {}
            }
            let now = self.passed.load(Ordering::Relaxed);
            if now != passed {
                (passed, last) = (now, Instant::now());
            }
            if sent.is_none() && self.over.load(Ordering::Relaxed) {
                sent = Some(Instant::now());
            } else if until <= Instant::now() && (sent.is_some() || last + after <= Instant::now())
            {
                return Err(Failure::Timeout { stage: Stage::As2, after });
            }
        }
    }
}

/// Sealing, on a thread that may block.
struct Work {
    message: Message,
    pieces: mpsc::Sender<Piece>,
    progress: Progress,
}

impl Work {
    fn run(self, mut payload: impl Read, ready: oneshot::Sender<Headers>) -> Result<Mic, Fault> {
        let seal = Seal::new(self.message.sealing(), &SystemRandomness)?;
        let mut out = Pieces { work: &self, space: Vec::with_capacity(PIECE) };
        let _ = ready.send(seal.headers().clone());
        let mic = seal.write(&mut payload, &mut out)?;
        out.end()?;
        Ok(mic)
    }
}

/// Passes a sealed file on piece by piece, on a thread that may block.
fn pump(
    file: &File,
    size: u64,
    told: bool,
    pieces: &mpsc::Sender<Piece>,
    progress: &Progress,
) -> io::Result<()> {
    let mut offset = 0;
    while offset < size {
        let mut space = vec![0; PIECE];
        let read = file.read_at(&mut space, offset)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        space.truncate(read);
        offset += read as u64;
        let sent = pieces.blocking_send(Piece::Bytes(space.into()));
        progress.passed.fetch_add(1, Ordering::Relaxed);
        sent.map_err(|_| io::ErrorKind::BrokenPipe)?;
    }
    let sent = pieces.blocking_send(Piece::End);
    progress.over.store(true, Ordering::Relaxed);
    // A server that was told the length need not look further.
    if told { Ok(()) } else { sent.map_err(|_| io::ErrorKind::BrokenPipe.into()) }
}

/// Gathers what is written into pieces, and waits until the connection takes them.
struct Pieces<'a> {
    work: &'a Work,
    space: Vec<u8>,
}

impl Pieces<'_> {
    fn pass(&mut self, piece: Piece) -> io::Result<()> {
        let sent = self.work.pieces.blocking_send(piece);
        self.work.progress.passed.fetch_add(1, Ordering::Relaxed);
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn end(&mut self) -> io::Result<()> {
        self.flush()?;
        let sent = self.pass(Piece::End);
        self.work.progress.over.store(true, Ordering::Relaxed);
        sent
    }
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE - self.space.len());
        self.space.extend_from_slice(&bytes[..taken]);
        if self.space.len() == PIECE {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.space.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::replace(&mut self.space, Vec::with_capacity(PIECE));
        self.pass(Piece::Bytes(Bytes::from(bytes)))
    }
}
