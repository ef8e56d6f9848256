//! Call: a partner's server is called once; what is queued for it is put there, what waits there is taken.
//!
//! Messages that go this way wait for the call and have no delivery of their own. A file that is put
//! twice after an unclear end has the same name and control number, so the partner sees one of it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tieline_partner::profile::drop::{After, Proxy, ProxyKind, Pull, SftpDrop};
use tieline_partner::profile::timing::clear_of;
use tieline_partner::secret::{Secret, SecretName, Secrets};
use tieline_store::access::AuditFilter;
use tieline_store::change;
use tieline_store::job::{Claimed, End, NewJob};
use tieline_store::message::{Filter, Flow, Message, State};
use tieline_store::schedule::{Pause, SeenFile};
use tieline_store::{AuditEntry, Change, Payload, StoreError};
use tieline_transport::sftp::account::Drops;
use tieline_transport::sftp::client::{
    self, ConnectError, Credentials, PinnedKey, Remote, UserKey,
};
use tieline_transport::sftp::exchange::{self, Memory, Outgoing, Pulled, Push, Pushed};
use tieline_transport::{FileDrop, Receipt, Refusal};

use super::deliver::{begin, expect, sent};
use super::{ALERT, Failure, Step, job};
use crate::house::House;
use crate::{agreement, folders};

/// The most messages that are put in one call.
const MOST: u32 = 1_000;
/// What a call is in the audit that came to nothing. How many there were in a row is counted there, so
/// that all nodes know it, and a restart does not begin anew.
const FAILED: &str = "call failed";
/// What the first call is in the audit that reached the server again.
const REACHED: &str = "call reached";

/// What is kept of drops from call to call.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<BTreeMap<String, Memory>>);

impl Calls {
    fn with<T>(&self, drop: &str, see: impl FnOnce(&mut Memory) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        see(all.entry(drop.to_string()).or_default())
    }
}

/// Calls the server of a job, whose detail is `partner/drop NAME`.
pub(crate) async fn step(house: &Arc<House>, claimed: &Claimed) -> Result<Step, Failure> {
    let wrong = || Failure::Final(format!("{} names no drop of a partner", claimed.detail));
    let (id, name) = claimed.detail.split_once("/drop ").ok_or_else(wrong)?;
    let book = house.book();
    let partner = book.find(id).ok_or_else(wrong)?;
    let drop = partner.profile().drops.iter().find(|drop| drop.name == name).ok_or_else(wrong)?;
    let now = house.store.now().await?;
    if let Some(end) = clear_of(&drop.blackouts, now, &drop.schedule.zone).filter(|end| *end > now)
    {
        let reason = "the partner is not to be called at this time".to_string();
        return Ok(Step { change: Change::default(), end: End::Again { due: end, reason } });
    }
    let remote = remote(&house.secrets, drop)?;
    let called = async {
        put(house, id, drop, &remote).await?;
        match &drop.pull {
            Some(what) => take(house, id, &claimed.detail, what, &remote, now).await,
            None => Ok(Change::default()),
        }
    };
    match called.await {
        Ok(mut change) => {
            if failures(house, &claimed.detail, 1).await? > 0 {
                change.audit.push(told(&claimed.detail, REACHED, "the server was reached again"));
            }
            Ok(Step::done(change))
        }
        Err(Trouble::Failure(failure)) => Err(failure),
        Err(Trouble::Line(error)) => trouble(house, claimed, drop, &error, now).await,
    }
}

/// Why a call came to nothing.
enum Trouble {
    /// The partner's server, or the way there.
    Line(ConnectError),
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for Trouble {
    fn from(error: E) -> Trouble {
        Trouble::Failure(error.into())
    }
}

/// What follows when the server is not reached: another try, or a person who hears of it, and after
/// several calls in a row that came to nothing, or another host key, no calls until a person says so.
async fn trouble(
    house: &House,
    claimed: &Claimed,
    drop: &SftpDrop,
    error: &ConnectError,
    now: Timestamp,
) -> Result<Step, Failure> {
    let reason = format!("{error}; {}", error.fix());
    if error.is_passing() && claimed.attempt <= drop.retry.times {
        let doublings = claimed.attempt.saturating_sub(1).min(16);
        let wait = (i64::from(drop.retry.first) << doublings).min(drop.retry.longest.into());
        let due = now + SignedDuration::from_secs(wait);
        return Ok(Step { change: Change::default(), end: End::Again { due, reason } });
    }
    let most = drop.retry.pause_after.max(1);
    let failed = failures(house, &claimed.detail, most).await?.saturating_add(1);
    let is_stranger = matches!(error, ConnectError::HostKeyChanged { .. });
    if is_stranger || failed >= most {
        let pause = Pause { since: now, reason: reason.clone() };
        house.store.set_pause(&claimed.detail, Some(pause), "tieline").await?;
    }
    let mut change = Change::default();
    change.audit.push(told(&claimed.detail, FAILED, &reason));
    change.jobs.push(NewJob {
        detail: format!("call {}: {reason}", claimed.detail),
        unique: Some(format!("alert call {}", claimed.detail)),
        ..job(ALERT)
    });
    Ok(Step::done(change))
}

/// How many calls in a row came to nothing until now, as far as `most` of them. A pause, and a person
/// who lets the calls go on, begin the count anew.
async fn failures(house: &House, drop: &str, most: u32) -> Result<u32, StoreError> {
    let of_drop = AuditFilter { subject: Some(drop.to_string()), ..AuditFilter::default() };
    let latest = house.store.audited(&of_drop, most).await?;
    let failed = latest.iter().take_while(|it| it.action == FAILED).count();
    Ok(u32::try_from(failed).unwrap_or(u32::MAX))
}

fn told(drop: &str, action: &str, detail: &str) -> AuditEntry {
    AuditEntry {
        at: None,
        actor: "tieline".to_string(),
        action: action.to_string(),
        subject: drop.to_string(),
        detail: detail.to_string(),
    }
}

/// Puts what is queued for the server, and writes down what was put.
async fn put(
    house: &Arc<House>,
    partner: &str,
    drop: &SftpDrop,
    remote: &Remote,
) -> Result<(), Trouble> {
    let Some(folder) = &drop.push else { return Ok(()) };
    let filter = Filter {
        partner: Some(partner.to_string()),
        flow: Some(Flow::Out),
        states: vec![State::Queued, State::Sending],
        ..Filter::default()
    };
    let queued = oldest(house, &filter, &drop.name).await.map_err(Failure::Store)?;
    if queued.is_empty() {
        return Ok(());
    }
    let mut files = Vec::new();
    for message in &queued {
        let payload = house.store.payload(message.id).await.map_err(Failure::Store)?;
        let bytes = Content::open(payload)?;
        let name = message.name.clone().into_bytes();
        files.push(Outgoing { name, bytes, sha256: Some(message.sha256) });
        if message.state == State::Queued {
            begin(house, message).await?;
        }
    }
    let told = exchange::push(remote, &Push::new(folder.as_bytes()), files)
        .await
        .map_err(Trouble::Line)?;
    for (message, told) in queued.iter().zip(told) {
        write_down(house, message, folder, told.result).await?;
    }
    Ok(())
}

/// The messages that wait for a drop, the oldest first, so many as are put in one call.
async fn oldest(
    house: &House,
    filter: &Filter,
    drop: &str,
) -> Result<VecDeque<Message>, StoreError> {
    let road = agreement::Road::Push(drop.to_string());
    let mut waiting = VecDeque::new();
    let mut before = None;
    loop {
        // The store gives the latest first, so those that are kept are the last ones it gives.
        let some = house.store.messages(filter, before, MOST).await?;
        let Some(last) = some.last() else { return Ok(waiting) };
        before = Some(last.id);
        for message in some {
            if agreement::road(&message.channel).as_ref() == Some(&road) {
                waiting.push_front(message);
                waiting.truncate(MOST as usize);
            }
        }
    }
}

async fn write_down(
    house: &House,
    message: &Message,
    folder: &str,
    result: Pushed,
) -> Result<(), Failure> {
    let this = change::Message::Known(message.id);
    let change = match result {
        Pushed::Put(_) => {
            let mut change = sent(message, format!("put as {folder}/{}", message.name));
            // It may have been begun long ago, and the time for its answers begins now.
            let payload = house.store.payload(message.id).await.map_err(Failure::Store)?;
            expect(house, message, payload, &mut change).await?;
            change
        }
        Pushed::Failed(error) | Pushed::Unknown(error) => {
            let detail = format!("{error}; {}", error.fix());
            let events = vec![super::event(this, "not sent", detail)];
            let jobs = vec![super::alert(message.partner.as_deref(), "not sent", message.id)];
            Change { events, jobs, ..Change::default() }
        }
        Pushed::NotTried => Change::default(),
    };
    house.store.apply(change).await?;
    Ok(())
}

/// Takes what waits at the server.
async fn take(
    house: &Arc<House>,
    partner: &str,
    name: &str,
    what: &Pull,
    remote: &Remote,
    now: Timestamp,
) -> Result<Change, Trouble> {
    let pull = pull(partner, what)?;
    let spool = house.mailboxes.join(".spool").join(name.replace(['/', ' '], "-"));
    fs::create_dir_all(&spool)?;
    let mut memory = house.calls.with(name, std::mem::take);
    if memory.taken.is_empty() {
        let known = house.store.files_of(name).await.map_err(Failure::Store)?;
        memory.taken.extend(known.into_iter().map(|it| (it.name, it.size, it.modified)));
    }
    let before = memory.taken.clone();
    let host =
        Taking { house: Arc::clone(house), partner: partner.to_string(), name: name.to_string() };
    let report = exchange::pull(remote, &pull, &spool, &mut memory, &host, now).await;
    let mut change = Change::default();
    for (file, size, modified) in memory.taken.difference(&before) {
        let seen = SeenFile { name: file.clone(), size: *size, modified: *modified };
        change.remembered.push((name.to_string(), seen));
    }
    house.calls.with(name, |kept| *kept = memory);
    let report = report.map_err(Trouble::Line)?;
    let trouble = |it: &exchange::PulledFile| match &it.result {
        Pulled::Failed(error) => Some(format!("{error}; {}", error.fix())),
        Pulled::Refused(refusal) => Some(refusal.to_string()),
        Pulled::Taken { after: Err(error), .. } | Pulled::Cleared(Err(error)) => {
            Some(format!("it was taken and is still there: {error}; {}", error.fix()))
        }
        Pulled::Taken { .. } | Pulled::Cleared(Ok(())) => None,
    };
    let first = report.files.iter().find_map(trouble);
    let ended = report.ended.map(|error| format!("{error}; {}", error.fix()));
    if let Some(reason) = first.or(ended) {
        change.jobs.push(NewJob {
            detail: format!("call {name}: {reason}"),
            unique: Some(format!("alert call {name}")),
            ..job(ALERT)
        });
    }
    Ok(change)
}

/// Takes files from a call as our own server does.
struct Taking {
    house: Arc<House>,
    partner: String,
    name: String,
}

impl Drops for Taking {
    async fn take(&self, arrived: FileDrop) -> Result<Receipt, Refusal> {
        self.house.keep(arrived, self.partner.clone(), &format!("call {}", self.name)).await
    }
}

fn pull(partner: &str, what: &Pull) -> Result<exchange::Pull, Failure> {
    let pattern = what.pattern.as_str().parse();
    Ok(exchange::Pull {
        pattern: pattern.map_err(|error| unusable("the pattern", error))?,
        completeness: folders::completeness(&what.complete),
        after: match &what.after {
            After::Delete => exchange::After::Delete,
            After::Move(folder) => exchange::After::Move(folder.clone().into_bytes()),
            After::Remember => exchange::After::Leave,
        },
        ..exchange::Pull::new(partner, what.folder.as_bytes())
    })
}

/// The server as its drop describes it, with the secrets looked up.
pub(crate) fn remote(secrets: &Secrets, drop: &SftpDrop) -> Result<Remote, Failure> {
    let secret = |name: &SecretName| {
        secrets.resolve(name).map_err(|error| Failure::Passing(error.to_string()))
    };
    let words = |secret: &Secret| {
        let text = secret.expose_text().ok_or_else(|| unusable("a password", "it is no text"))?;
        Ok::<_, Failure>(client::Secret::new(text.trim_end_matches(['\r', '\n'])))
    };
    let optional = |name: &Option<SecretName>| match name {
        Some(name) => words(&secret(name)?).map(Some),
        None => Ok(None),
    };
    let mut credentials = Credentials { keys: Vec::new(), password: optional(&drop.password)? };
    if let Some(name) = &drop.key {
        let key = secret(name)?;
        let text = key.expose_text().ok_or_else(|| unusable("the key", "it is no text"))?;
        let passphrase = optional(&drop.passphrase)?;
        let key = UserKey::read(text, passphrase.as_ref());
        credentials.keys.push(key.map_err(|error| unusable("the key", error))?);
    }
    let host_keys = drop
        .host_keys
        .iter()
        .map(|key| key.parse::<PinnedKey>().map_err(|error| unusable("a host key", error)));
    Ok(Remote {
        port: drop.port,
        host_keys: host_keys.collect::<Result<_, Failure>>()?,
        credentials,
        proxy: drop.proxy.as_ref().map(|it| proxy(it, optional(&it.password)?)).transpose()?,
        ..Remote::new(&drop.host, &drop.user)
    })
}

fn proxy(proxy: &Proxy, password: Option<client::Secret>) -> Result<client::Proxy, Failure> {
    Ok(client::Proxy {
        kind: match proxy.kind {
            ProxyKind::Socks5 => client::ProxyKind::Socks5,
            ProxyKind::HttpConnect => client::ProxyKind::HttpConnect,
        },
        host: proxy.host.clone(),
        port: proxy.port,
        login: proxy.user.clone().zip(password),
    })
}

fn unusable(what: &str, why: impl fmt::Display) -> Failure {
    Failure::Final(format!("{what} of the drop cannot be used: {why}"))
}

/// The bytes of a message as a call reads them.
enum Content {
    Memory(Cursor<Vec<u8>>),
    File(File),
}

impl Content {
    fn open(payload: Payload) -> io::Result<Content> {
        match payload {
            Payload::Bytes(bytes) => Ok(Content::Memory(Cursor::new(bytes))),
            Payload::File(path) => Ok(Content::File(File::open(path)?)),
        }
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Content::Memory(bytes) => bytes.read(buffer),
            Content::File(file) => file.read(buffer),
        }
    }
}

impl Seek for Content {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Content::Memory(bytes) => bytes.seek(to),
            Content::File(file) => file.seek(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use tieline_partner::PartnerBook;
    use tieline_store::message::NewMessage;

    use super::*;

    #[tokio::test]
    async fn of_many_that_wait_the_oldest_go_first() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = format!("sqlite:{}", folder.path().join("store.db").display());
        let store = tieline_store::open(&address).await.expect("a store");
        let house = House::new(store, PartnerBook::default(), folder.path());
        let new = |drop: &str| NewMessage {
            partner: "bank".to_string(),
            channel: format!("push {drop}"),
            name: "bill.edi".to_string(),
            content: String::new(),
            test: false,
            payload: Payload::Bytes(Vec::new()),
            state: State::Queued,
            reason: None,
            answers: None,
            again: None,
        };
        let mut messages = vec![new("other"); 3];
        messages.extend(vec![new("night"); MOST as usize + 5]);
        let change = Change { messages, ..Change::default() };
        let written = house.store.apply(change).await.expect("written").messages;
        let queued = oldest(&house, &Filter::default(), "night").await.expect("read");
        let ids: Vec<_> = queued.iter().map(|it| it.id).collect();
        assert_eq!(ids, written[3..3 + MOST as usize]);
    }
}
