//! One request is answered: who sends, is it opened, is it kept; then the answer.
//!
//! The order is that of trust. Before the relation is known nothing is read; before the message is
//! kept nothing is answered.

use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use hyper::body::Incoming;
use hyper::header::{ALLOW, CONNECTION, CONTENT_LENGTH, RETRY_AFTER};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use tieline_smime::Opened;
use tieline_smime::mdn::{Judgement, LARGEST_RECEIPT, Trust, Why, read};
use tieline_smime::mime::{FileName, Headers, Parts as MimeParts};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::as2::audit::{Audit, What};
use crate::as2::budget::{Hold, NO_ROOM, Place};
use crate::as2::fields::{self, Addressed, shown};
use crate::as2::keep::{
    ArrivedReceipt, Asked, Awaited, FinishedReceipt, Keeper, Kept, NotOpened, Received,
};
use crate::as2::opening::{Done, Task};
use crate::as2::receipt::Wish;
use crate::as2::relation::{Relation, Relations};
use crate::as2::server::Connection;
use crate::as2::spool::Spooled;
use crate::as2::wire::{self, Outgoing, Piece};

/// The most bytes of a message that comes to its end before it is opened.
const SMALL: usize = 128 * 1024;
/// How many pieces of a body wait for the thread that opens it.
const PIECES: usize = 8;
/// How many bytes are looked at to tell a receipt from a message.
const GLANCE: usize = 8 * 1024;

pub(crate) type Answer = Response<Outgoing>;

/// The most bytes that are still read, and for how long, of a message that is refused: whoever is
/// cut off in the middle of sending may never see the answer.
const LINGER: (u64, Duration) = (4 << 20, Duration::from_secs(2));

/// Answers one request.
pub(crate) async fn answer<H>(connection: Arc<Connection<H>>, request: Request<Incoming>) -> Answer
where
    H: Relations + Keeper + Audit,
{
    let (head, mut body) = request.into_parts();
    let answer = match admit(connection, &head).await {
        Ok(arrival) => arrival.take(&mut body).await,
        Err(answer) => answer,
    };
    let is_cut = answer.headers().contains_key(CONNECTION);
    if is_cut && answer.status() != StatusCode::REQUEST_TIMEOUT {
        let (most, until) = (LINGER.0, Instant::now() + LINGER.1);
        let mut read = 0;
        while let Ok(Some(Ok(bytes))) = timeout_at(until, wire::next(&mut body)).await
            && read < most
        {
            read += bytes.len() as u64;
        }
    }
    answer
}

/// Whether what comes is read at all.
async fn admit<H>(connection: Arc<Connection<H>>, head: &Parts) -> Result<Arrival<H>, Answer>
where
    H: Relations + Keeper + Audit,
{
    let malformed = |reason: &str| {
        connection.odd(What::Malformed { reason: reason.to_string() });
        closing(StatusCode::BAD_REQUEST, reason)
    };
    if let Some(fault) = connection.fault() {
        return Err(malformed(fault));
    }
    if head.uri.path() != connection.server.settings.path {
        return Err(closing(StatusCode::NOT_FOUND, "nothing is here"));
    }
    if head.method != Method::POST {
        let mut answer = closing(StatusCode::METHOD_NOT_ALLOWED, "AS2 messages come with POST");
        answer.headers_mut().insert(ALLOW, "POST".parse().expect("plain letters"));
        return Err(answer);
    }
    let read = fields::headers(&head.headers).and_then(|it| Ok((Addressed::read(&it)?, it)));
    let (addressed, headers) = read.map_err(malformed)?;
    let relation = connection.server.host.relation(&addressed.from, &addressed.to).await;
    let relation = match relation {
        Ok(Some(relation)) => relation,
        Ok(None) => {
            connection.stranger(&addressed);
            return Err(closing(StatusCode::FORBIDDEN, "unknown-trading-relationship"));
        }
        Err(refusal) => {
            connection.odd(What::NotKept { reason: refusal.text });
            return Err(try_later());
        }
    };
    let limit = relation.policy.limits.message;
    let size = announced(&head.headers).unwrap_or_default();
    let hold = connection.server.budget.hold(&relation.partner, size.min(limit));
    let arrival = |hold| Arrival { connection, relation, addressed, headers, limit, hold };
    match hold {
        _ if size > limit => Err(arrival(None).too_large()),
        None => Err(arrival(None).no_room()),
        hold => Ok(arrival(hold)),
    }
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// An answer of one line, after which the connection ends.
pub(crate) fn closing(status: StatusCode, text: &str) -> Answer {
    let mut answer = plain(status, text);
    answer.headers_mut().insert(CONNECTION, "close".parse().expect("plain letters"));
    answer
}

/// The answer to what we could not do, and may be able to do soon.
fn try_later() -> Answer {
    let mut answer = closing(StatusCode::SERVICE_UNAVAILABLE, "try again later");
    answer.headers_mut().insert(RETRY_AFTER, "300".parse().expect("plain digits"));
    answer
}

/// The answer to what there is no room for now.
fn try_soon() -> Answer {
    let mut answer = try_later();
    answer.headers_mut().insert(RETRY_AFTER, "60".parse().expect("plain digits"));
    answer
}

fn plain(status: StatusCode, text: &str) -> Answer {
    let body = match text {
        "" => Outgoing::empty(),
        text => Outgoing::from(format!("{text}\r\n").into_bytes()),
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer
}

fn sent(receipt: &FinishedReceipt) -> Answer {
    let Some((fields, body)) = receipt.parts() else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "");
    };
    let mut answer = Response::new(Outgoing::from(body));
    for (name, value) in fields.fields() {
        let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value.parse()) {
            answer.headers_mut().append(name, value);
        }
    }
    answer
}

/// What the partner hears, for a receipt that was or was not asked for.
fn told(receipt: &Asked, without: StatusCode) -> Answer {
    match receipt {
        Asked::Now(receipt) => sent(receipt),
        Asked::Later { .. } => plain(StatusCode::ACCEPTED, ""),
        Asked::None => plain(without, ""),
    }
}

/// Something that came from a partner.
struct Arrival<H> {
    connection: Arc<Connection<H>>,
    relation: Arc<Relation>,
    addressed: Addressed,
    headers: Headers,
    limit: u64,
    /// Its room; there is one whenever something is read.
    hold: Option<Arc<Hold>>,
}

/// Why a body did not come to its end.
enum Stopped {
    TooLarge,
    Slow,
    Broken(String),
}

impl<H: Relations + Keeper + Audit> Arrival<H> {
    fn note(&self, what: What) {
        let partner = Some(self.relation.partner.clone());
        self.connection.note(partner, Some(shown(&self.addressed.message_id)), what);
    }

    fn refuse(&self, status: StatusCode, reason: &str) -> Answer {
        self.note(What::Refused { reason: reason.to_string() });
        closing(status, reason)
    }

    fn too_large(&self) -> Answer {
        self.note(What::TooLarge { limit: self.limit });
        closing(StatusCode::PAYLOAD_TOO_LARGE, "the message is larger than agreed")
    }

    fn stopped(&self, stopped: Stopped) -> Answer {
        let (status, reason) = match stopped {
            Stopped::TooLarge => return self.too_large(),
            Stopped::Slow => (StatusCode::REQUEST_TIMEOUT, "it came too slowly".to_string()),
            Stopped::Broken(reason) => (StatusCode::BAD_REQUEST, reason),
        };
        self.note(What::Interrupted { reason });
        closing(status, "the message did not come to its end")
    }

    fn no_room(&self) -> Answer {
        self.note(What::NotKept { reason: NO_ROOM.to_string() });
        try_soon()
    }

    fn not_kept(&self, reason: String) -> Answer {
        self.note(What::NotKept { reason });
        try_later()
    }

    /// Takes a message or a receipt.
    async fn take(&self, body: &mut Incoming) -> Answer {
        let mut pace = Pace::new(&self.connection);
        let mut first = Vec::new();
        let is_receipt = match self.glance(body, &mut pace, &mut first).await {
            Ok(is_receipt) => is_receipt,
            Err(stopped) => return self.stopped(stopped),
        };
        if is_receipt {
            return self.receipt(body, pace, first).await;
        }
        let wish = match Wish::read(&self.headers, &self.relation) {
            Ok(wish) => wish,
            Err(reason) => return self.refuse(StatusCode::BAD_REQUEST, reason),
        };
        self.message(body, pace, first, wish).await
    }

    /// Whether what comes is a receipt. Where the fields do not say, its first bytes are looked at.
    async fn glance(
        &self,
        body: &mut Incoming,
        pace: &mut Pace,
        first: &mut Vec<u8>,
    ) -> Result<bool, Stopped> {
        let Ok(Some(kind)) = self.headers.content_type() else { return Ok(false) };
        if kind.main != "multipart/signed" {
            return Ok(kind.main == "multipart/report");
        }
        let Some(boundary) = kind.parameter("boundary") else { return Ok(false) };
        loop {
            if let Some(inner) = first_part(first, &boundary) {
                return Ok(inner.is_some_and(|kind| kind == "multipart/report"));
            }
            if first.len() >= GLANCE {
                return Ok(false);
            }
            match pace.next(body, self.limit).await? {
                Some(bytes) => first.extend_from_slice(&bytes),
                None => return Ok(false),
            }
        }
    }

    async fn message(
        &self,
        body: &mut Incoming,
        mut pace: Pace,
        mut first: Vec<u8>,
        wish: Wish,
    ) -> Answer {
        let mut is_over = false;
        while !is_over && first.len() <= SMALL {
            match pace.next(body, self.limit).await {
                Ok(Some(bytes)) => first.extend_from_slice(&bytes),
                Ok(None) => is_over = true,
                Err(stopped) => return self.stopped(stopped),
            }
        }
        let Some((hold, place)) = self.place(is_over, &mut pace).await else {
            return self.no_room();
        };
        let settings = &self.connection.server.settings;
        let task = Arc::new(Task {
            relation: Arc::clone(&self.relation),
            addressed: self.addressed.clone(),
            headers: self.headers.clone(),
            wish,
            agent: settings.agent.clone(),
            now: (settings.clock)(),
            folder: settings.folder.clone(),
            hold,
        });
        let (pieces, arriving) = mpsc::channel(PIECES);
        let opening = tokio::task::spawn_blocking({
            let task = Arc::clone(&task);
            move || task.run(arriving)
        });
        let pumped = async {
            let _ = pieces.send(Piece::Bytes(first.into())).await;
            // Nobody may listen any more; the partner is heard to its end all the same.
            while !is_over && let Some(bytes) = pace.next(body, self.limit).await? {
                let _ = pieces.send(Piece::Bytes(bytes)).await;
            }
            let _ = pieces.send(Piece::End).await;
            Ok(())
        };
        let pumped: Result<(), Stopped> = pumped.await;
        drop(pieces);
        let done = opening.await;
        drop(place);
        if let Err(stopped) = pumped {
            return self.stopped(stopped);
        }
        match done {
            Ok(Done::Opened { opened, receipt }) => self.opened(&task, *opened, receipt).await,
            Ok(Done::NotOpened { reason, told: modifier, sealed, receipt }) => {
                let why = reason.to_string();
                let name = modifier.modifier().unwrap_or_default();
                let answer = told(&receipt, StatusCode::BAD_REQUEST);
                let sealed = sealed.map(|it| self.drop_of(it, &FileName::None));
                let Addressed { from, to, message_id } = self.addressed.clone();
                let partner = self.relation.partner.clone();
                let message = NotOpened {
                    partner,
                    peer: self.connection.address(),
                    from,
                    to,
                    message_id,
                    reason,
                    told: modifier,
                    sealed,
                    receipt,
                };
                self.connection.server.host.not_opened(message).await;
                if let Some(untold) = self.connection.unopened() {
                    self.note(What::NotOpened { reason: why, told: name, untold });
                }
                answer
            }
            Ok(Done::Failed(reason)) if reason == NO_ROOM => self.no_room(),
            Ok(Done::Failed(reason)) => self.not_kept(reason),
            Err(error) => self.not_kept(error.to_string()),
        }
    }

    /// A place among the messages that are opened. A large one waits for it without being read.
    async fn place(&self, is_over: bool, pace: &mut Pace) -> Option<(Arc<Hold>, Place)> {
        let hold = Arc::clone(self.hold.as_ref()?);
        if is_over {
            let place = hold.small().await?;
            return Some((hold, place));
        }
        let before = Clock::now();
        let place = hold.large(self.connection.server.settings.head).await?;
        pace.start += before.elapsed();
        Some((hold, place))
    }

    fn drop_of(&self, spooled: Spooled, name: &FileName) -> crate::FileDrop {
        let name = match name {
            FileName::Plain(name) => name.as_bytes(),
            FileName::None | FileName::Illegal => b"",
        };
        spooled.file_drop(&self.relation.partner, name, self.connection.number)
    }

    /// A message whose seals held is handed over; only then it is answered.
    async fn opened(&self, task: &Arc<Task>, opened: Opened<Spooled>, receipt: Asked) -> Answer {
        let Opened { payload, layers, mic, content_type, file_name, .. } = opened;
        let (payload, signer) = match payload {
            tieline_smime::Payload::Verified(it) => {
                let signer = it.signer().fingerprint();
                (it.into_payload(), Some(signer))
            }
            tieline_smime::Payload::Unsigned(payload) => (payload, None),
        };
        let (bytes, sha256) = (payload.size, payload.sha256);
        let Addressed { from, to, message_id } = self.addressed.clone();
        let received = Received {
            partner: self.relation.partner.clone(),
            from,
            to,
            message_id,
            peer: self.connection.address(),
            subject: self.headers.get("Subject").ok().flatten().map(shown),
            payload: self.drop_of(payload, &file_name),
            file_name,
            content_type,
            layers,
            signer,
            mic,
            receipt: receipt.clone(),
        };
        match self.connection.server.host.keep(received).await {
            Ok(Kept::New { reference }) => {
                self.note(What::Received { bytes, sha256, reference });
                told(&receipt, StatusCode::OK)
            }
            Ok(Kept::Repeat { reference, receipt: first }) => {
                self.note(What::Repeated { reference });
                match (receipt, first) {
                    (Asked::Now(_), Some(first)) => sent(&first),
                    (receipt, _) => told(&receipt, StatusCode::OK),
                }
            }
            Ok(Kept::Conflict) => {
                self.note(What::Conflict);
                let task = Arc::clone(task);
                // It is signed, which takes a while.
                let signed =
                    tokio::task::spawn_blocking(move || task.negative("invalid-message-id")).await;
                match signed {
                    Ok(Ok(Asked::Now(receipt))) => sent(&receipt),
                    _ => plain(StatusCode::CONFLICT, "the Message-ID was used before"),
                }
            }
            Err(refusal) => self.not_kept(refusal.text),
        }
    }

    /// A receipt that arrived by itself.
    async fn receipt(&self, body: &mut Incoming, mut pace: Pace, mut raw: Vec<u8>) -> Answer {
        loop {
            match pace.next(body, LARGEST_RECEIPT as u64).await {
                Ok(Some(bytes)) => raw.extend_from_slice(&bytes),
                Ok(None) => break,
                Err(stopped) => return self.stopped(stopped),
            }
        }
        let now = (self.connection.server.settings.clock)().as_second();
        let Relation { signers, policy, .. } = &*self.relation;
        let trust = Trust { signers, digests: &policy.digests, now };
        let receipt = match read(&self.headers, &mut &raw[..], &trust) {
            Ok(receipt) => receipt,
            Err(fault) => {
                self.note(What::Malformed { reason: format!("a receipt: {fault}") });
                return plain(StatusCode::BAD_REQUEST, "this is no receipt");
            }
        };
        let host = &self.connection.server.host;
        let about = receipt.original_message_id.clone().unwrap_or_default();
        let awaited = match host.awaited(&self.relation.partner, &about).await {
            Ok(Some(awaited)) => awaited,
            Ok(None) => {
                self.note(What::ReceiptUnknown);
                return plain(StatusCode::NOT_FOUND, "nobody waits for this receipt");
            }
            Err(refusal) => return self.not_kept(refusal.text),
        };
        let judgement = awaited.judge(&receipt);
        let not_delivered = match &judgement {
            Judgement::Delivered => None,
            Judgement::NotDelivered(why) => Some(shown(&Why::to_string(why))),
        };
        let raw = [self.headers.write(), raw].concat();
        let partner = self.relation.partner.clone();
        let Awaited { message_id, .. } = awaited;
        let arrived = ArrivedReceipt { partner, message_id, judgement, receipt, raw };
        match host.judged(arrived).await {
            Ok(()) => {
                self.note(What::ReceiptArrived { not_delivered });
                plain(StatusCode::OK, "")
            }
            Err(refusal) => self.not_kept(refusal.text),
        }
    }
}

/// The type of the first part of a multipart: none while too little of it has come, and none inside
/// where it has no type that can be read.
pub(crate) fn first_part(bytes: &[u8], boundary: &str) -> Option<Option<String>> {
    // A line that has not come to its end may still become another one.
    let bytes = &bytes[..=memchr::memrchr(b'\n', bytes)?];
    let mut parts = MimeParts::new(bytes, boundary).ok()?;
    if !parts.next_part().ok()? {
        return Some(None);
    }
    let mut part = Vec::new();
    let is_all = parts.read_to_end(&mut part).is_ok();
    let mut ends = [&b"\n\r\n"[..], b"\n\n"].into_iter();
    let is_whole = part.starts_with(b"\r\n")
        || part.starts_with(b"\n")
        || ends.any(|end| memchr::memmem::find(&part, end).is_some());
    if !is_all && !is_whole {
        return None;
    }
    let headers = Headers::read(&mut &part[..]).ok();
    Some(headers.and_then(|it| Some(it.content_type().ok()??.main)))
}

/// How fast a body has to come.
struct Pace {
    start: Clock,
    idle: Duration,
    /// Bytes in a second, after the first quiet time.
    slowest: u64,
    got: u64,
}

impl Pace {
    fn new<H>(connection: &Connection<H>) -> Self {
        let settings = &connection.server.settings;
        Self { start: Clock::now(), idle: settings.body_idle, slowest: settings.slowest, got: 0 }
    }

    /// The next bytes of the body, none at its end.
    async fn next(
        &mut self,
        body: &mut Incoming,
        limit: u64,
    ) -> Result<Option<hyper::body::Bytes>, Stopped> {
        let next = timeout_at(Instant::now() + self.idle, wire::next(body)).await;
        match next.map_err(|_| Stopped::Slow)? {
            None => Ok(None),
            Some(Err(error)) => Err(Stopped::Broken(shown(&error.to_string()))),
            Some(Ok(bytes)) => {
                self.got += bytes.len() as u64;
                if self.got > limit {
                    return Err(Stopped::TooLarge);
                }
                let seconds = self.start.elapsed().saturating_sub(self.idle).as_secs();
                if self.got < seconds.saturating_mul(self.slowest) {
                    return Err(Stopped::Slow);
                }
                Ok(Some(bytes))
            }
        }
    }
}
