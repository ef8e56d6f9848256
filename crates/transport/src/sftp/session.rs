//! One SFTP session: requests in, answers out.
//!
//! Three loops run beside each other. One reads the channel and cuts it into requests, one does
//! them in order, one sends the answers. They are apart because of a deadlock: `russh` hands the
//! data of a channel to its reader before it looks at the next packet, and the next packet may be
//! the one that lets us send on. So the reading loop must never wait for the sending one. It waits
//! for nothing but the disk, and for that only while many bytes of WRITEs are queued. A READ is a
//! few words until there is room to send what it asks for, and only then are the bytes read; a
//! client may ask for a whole file at once, and costs us no memory by it.

use std::sync::Arc;
use std::time::Duration;

use russh::server::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::sftp::account::Drops;
use crate::sftp::files::{Arrival, Files, Note, Outcome};
use crate::sftp::server::{Activity, Underway};
use crate::sftp::wire::{self, Code, Framer, SSH_FXP_READ, SSH_FXP_WRITE, WireError};

/// Requests that may wait to be done or answered: a file of 2 GiB in pieces of 32 KiB.
const MOST_REQUESTS: usize = 65_536;
/// A request up to this long is counted, a longer one is paid for from [`QUEUED_BYTES`].
const SMALL: usize = 512;
/// Bytes of requests that may wait to be done.
const QUEUED_BYTES: usize = 4 << 20;
/// Bytes of long answers that may wait to be sent.
const ANSWER_BYTES: usize = 4 << 20;
/// Bytes done or sent in one go.
const GO: usize = 256 * 1024;
/// Requests done in one go.
const GO_REQUESTS: usize = 64;
/// Files of one session that are handed over at the same time.
const ARRIVALS: usize = 16;
/// Where programs have their errors, RFC 4254, 5.2.
const SSH_EXTENDED_DATA_STDERR: u32 = 1;
/// How long a client may leave us without room to send.
const STALL: Duration = Duration::from_secs(60);

/// Why a session ended, other than by the client's wish.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ending {
    #[error("the client broke the protocol: {0}")]
    Wire(#[from] WireError),
    #[error("more than {MOST_REQUESTS} requests were waiting")]
    Flood,
    #[error("the client took no answer for {} seconds", STALL.as_secs())]
    Stall,
    #[error("the connection was lost")]
    Lost,
}

/// What a session needs besides its channel.
pub(crate) struct Context<H> {
    pub(crate) host: Arc<H>,
    pub(crate) account: String,
    pub(crate) session: u64,
    pub(crate) note: Note,
    pub(crate) activity: Arc<Activity>,
    /// Whether the client shows the words of a refused hand-over only when they come on the side as
    /// well: OpenSSH up to 9.2 says "Failure" to a refused CLOSE and nothing else.
    pub(crate) is_told_aside: bool,
    /// Held by whatever must not be cut short when the server stops.
    pub(crate) underway: Underway,
}

/// A request as it came, and what it holds of the budget.
struct Waiting {
    message: Vec<u8>,
    _paid: Option<OwnedSemaphorePermit>,
}

/// Something to be sent.
enum Answer {
    Ready {
        bytes: Vec<u8>,
        _paid: Option<OwnedSemaphorePermit>,
    },
    Later(Outcome),
    /// Words for the person at the other end, beside the session.
    Aside(String),
}

/// What the three loops share.
struct Shared<H> {
    context: Context<H>,
    queued_bytes: Arc<Semaphore>,
    answer_bytes: Arc<Semaphore>,
    arrivals: Arc<Semaphore>,
}

/// Serves one session until the client ends it, and closes its channel. Why it ended otherwise is
/// told to `broken` before the client can notice.
pub(crate) async fn serve<H: Drops>(
    channel: Channel<Msg>,
    files: Files,
    context: Context<H>,
    broken: impl FnOnce(Ending),
) {
    let (from, to) = channel.split();
    let shared = Arc::new(Shared {
        context,
        queued_bytes: Arc::new(Semaphore::new(QUEUED_BYTES)),
        answer_bytes: Arc::new(Semaphore::new(ANSWER_BYTES)),
        arrivals: Arc::new(Semaphore::new(ARRIVALS)),
    });
    let (requests_in, requests) = unbounded_channel();
    let (answers_in, answers) = unbounded_channel();
    let ended = tokio::try_join!(
        read(from, requests_in, &shared),
        work(files, requests, answers_in, &shared),
        send(&to, answers, &shared),
    );
    let exit_status = u32::from(ended.is_err());
    if let Err(ending) = ended {
        broken(ending);
    }
    // A channel that is only dropped stays open at the other end.
    let _ = to.eof().await;
    let _ = to.exit_status(exit_status).await;
    let _ = to.close().await;
}

async fn read<H>(
    mut from: ChannelReadHalf,
    requests: UnboundedSender<Waiting>,
    shared: &Shared<H>,
) -> Result<(), Ending> {
    let mut framer = Framer::of_requests();
    let mut messages = Vec::new();
    while let Some(came) = from.wait().await {
        match came {
            ChannelMsg::Data { data } => framer.push(&data, |message| {
                messages.push(message);
                Ok(())
            })?,
            ChannelMsg::Eof | ChannelMsg::Close => break,
            _ => continue,
        }
        for message in messages.drain(..) {
            if shared.context.activity.came() > MOST_REQUESTS {
                return Err(Ending::Flood);
            }
            let paid = match message.first() {
                Some(&SSH_FXP_WRITE) => pay(&shared.queued_bytes, message.len() + SMALL).await,
                _ if message.len() > SMALL => pay(&shared.queued_bytes, message.len()).await,
                _ => None,
            };
            // The working loop is gone only when the session is ending anyway.
            let _ = requests.send(Waiting { message, _paid: paid });
        }
    }
    Ok(())
}

async fn pay(budget: &Arc<Semaphore>, bytes: usize) -> Option<OwnedSemaphorePermit> {
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    Arc::clone(budget).acquire_many_owned(bytes).await.ok()
}

async fn work<H: Drops>(
    mut files: Files,
    mut requests: UnboundedReceiver<Waiting>,
    answers: UnboundedSender<Answer>,
    shared: &Arc<Shared<H>>,
) -> Result<(), Ending> {
    let Some(first) = requests.recv().await else { return Ok(()) };
    wire::read_init(&first.message)?;
    answer(&answers, wire::version(), shared).await;
    while let Some(first) = requests.recv().await {
        let batch = batch(first, &mut requests);
        let outcomes;
        (files, outcomes) = do_batch(files, batch).await?;
        shared.context.activity.open(files.open_handles());
        for outcome in outcomes {
            match outcome? {
                Outcome::Answer(bytes) => answer(&answers, bytes, shared).await,
                Outcome::Arrival { id, arrival } => {
                    let place = Arc::clone(&shared.arrivals).acquire_owned().await;
                    let (answers, shared) = (answers.clone(), Arc::clone(shared));
                    let underway = shared.context.underway.clone();
                    tokio::spawn(async move {
                        let bytes = hand_over(id, arrival, &shared.context, &answers).await;
                        answer(&answers, bytes, &shared).await;
                        drop((place, underway));
                    });
                }
                read => drop(answers.send(Answer::Later(read))),
            }
        }
    }
    Ok(())
}

/// The requests that are done in one go.
fn batch(first: Waiting, requests: &mut UnboundedReceiver<Waiting>) -> Vec<Waiting> {
    let mut bytes = first.message.len();
    let mut batch = vec![first];
    while bytes < GO && batch.len() < GO_REQUESTS {
        let Ok(next) = requests.try_recv() else { break };
        bytes += next.message.len();
        batch.push(next);
    }
    batch
}

type Outcomes = Vec<Result<Outcome, WireError>>;

async fn do_batch(mut files: Files, batch: Vec<Waiting>) -> Result<(Files, Outcomes), Ending> {
    let only_reads = batch.iter().all(|waiting| waiting.message.first() == Some(&SSH_FXP_READ));
    let do_all = move || {
        let mut outcomes = Vec::with_capacity(batch.len());
        for waiting in batch {
            let done =
                wire::read_request(&waiting.message).map(|(id, request)| files.handle(id, request));
            let is_broken = done.is_err();
            outcomes.push(done);
            if is_broken {
                break;
            }
        }
        (files, outcomes)
    };
    // The disk is not touched for a READ before it is answered.
    match only_reads {
        true => Ok(do_all()),
        false => spawn_blocking(do_all).await.map_err(|_| Ending::Lost),
    }
}

/// Queues an answer. A long one, such as a part of a listing, waits until there is room for it.
async fn answer<H>(answers: &UnboundedSender<Answer>, bytes: Vec<u8>, shared: &Shared<H>) {
    let paid = match bytes.len() > SMALL {
        true => pay(&shared.answer_bytes, bytes.len()).await,
        false => None,
    };
    // The sending loop is gone only when the session is ending anyway.
    let _ = answers.send(Answer::Ready { bytes, _paid: paid });
}

/// Hands a file over and puts it into its folder, and says what the client is told.
async fn hand_over<H: Drops>(
    id: u32,
    arrival: Arrival,
    context: &Context<H>,
    answers: &UnboundedSender<Answer>,
) -> Vec<u8> {
    use crate::sftp::audit::What;

    let path = arrival.path();
    let taken = context.host.take(arrival.file_drop(&context.account, context.session)).await;
    let finished = spawn_blocking(move || match taken {
        Ok(receipt) => arrival.taken(receipt).map_err(|refused| refused.text),
        Err(refusal) => {
            arrival.refused();
            Err(refusal.text)
        }
    });
    let text = match finished.await {
        Ok(Ok(())) => return wire::status(id, Code::Ok, ""),
        Ok(Err(text)) => text,
        Err(_) => "the file could not be put into its folder; try again later".into(),
    };
    (context.note)(What::Refused { request: "hand over", path: path.clone(), text: text.clone() });
    if context.is_told_aside {
        // Comes before the STATUS, so that the client has it when it gives up.
        let _ = answers.send(Answer::Aside(format!("{path}: {text}\r\n")));
    }
    wire::status(id, Code::Failure, text)
}

async fn send<H>(
    to: &ChannelWriteHalf<Msg>,
    mut answers: UnboundedReceiver<Answer>,
    shared: &Shared<H>,
) -> Result<(), Ending> {
    while let Some(first) = answers.recv().await {
        let mut bytes = first.estimate();
        let mut batch = vec![first];
        while bytes < GO {
            let Ok(next) = answers.try_recv() else { break };
            bytes += next.estimate();
            batch.push(next);
        }
        for words in batch.extract_if(.., |answer| matches!(answer, Answer::Aside(_))) {
            let Answer::Aside(words) = words else { continue };
            let told = to.extended_data_bytes(SSH_EXTENDED_DATA_STDERR, words.into_bytes());
            timeout(STALL, told).await.map_err(|_| Ending::Stall)?.map_err(|_| Ending::Lost)?;
        }
        let count = batch.len();
        let reads = batch.iter().any(|answer| matches!(answer, Answer::Later(_)));
        let fill = move || {
            let mut out = Vec::with_capacity(bytes);
            for answer in batch {
                answer.append(&mut out);
            }
            out
        };
        let out = match reads {
            true => spawn_blocking(fill).await.map_err(|_| Ending::Lost)?,
            false => fill(),
        };
        timeout(STALL, to.data_bytes(out))
            .await
            .map_err(|_| Ending::Stall)?
            .map_err(|_| Ending::Lost)?;
        shared.context.activity.answered(count);
    }
    Ok(())
}

impl Answer {
    /// About how many bytes it will be.
    fn estimate(&self) -> usize {
        match self {
            Self::Later(Outcome::Read { length, .. }) => length + 13,
            Self::Later(_) | Self::Aside(_) => 0,
            Self::Ready { bytes, .. } => bytes.len(),
        }
    }

    fn append(self, out: &mut Vec<u8>) {
        match self {
            Self::Ready { bytes, .. } => out.extend_from_slice(&bytes),
            Self::Later(Outcome::Read { id, download, offset, length }) => {
                download.answer(out, id, offset, length);
            }
            Self::Later(_) | Self::Aside(_) => {}
        }
    }
}
