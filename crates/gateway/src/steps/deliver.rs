//! Deliver: a message is brought to its partner, and from then on its answers are expected.
//!
//! Into a mailbox it goes exactly once: each attempt stages it under a name of its own, then the store
//! says that it is being sent and which attempt's file is meant, then that file is published by a
//! rename, then the store says that it was sent. After a crash the staged file tells whether the rename
//! was done. An attempt that the store did not choose touches no file but its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::SignedDuration;
use tieline_store::change::{self, MessageState};
use tieline_store::expectation::{Kind, NewExpectation};
use tieline_store::job::{Claimed, End, NewJob};
use tieline_store::message::{Message, State};
use tieline_store::{Change, Payload, StoreError};
use tieline_transport::mailbox::OpenMailbox;
use tieline_x12::check::stream;
use tieline_x12::header::Header;
use tieline_x12::observer::Observer;
use tieline_x12::plan::Plan;
use tieline_x12::segment::Segment;

use super::read::NoPlans;
use super::{ALERT, Failure, Step, event, job, send, work};
use crate::agreement::{self, Road};
use crate::examine::group_key;
use crate::house::House;
use crate::payload::Bytes;
use crate::queue::{REPORTS, own_name};

/// The folder within a watched folder for what cannot be used.
const ERRORS: &str = "errors";
/// Seconds until a folder that is not there is looked for again.
const LOOK_AGAIN: i64 = 300;
/// What the reason begins with of a message that is being sent from a staged file.
const STAGED_AS: &str = "staged as ";

/// Delivers the message of a job.
pub(crate) async fn step(house: &House, claimed: &Claimed) -> Result<Step, Failure> {
    let id = claimed.message.ok_or_else(|| Failure::Final("the job names no message".into()))?;
    let message = house.store.message(id).await?;
    let message = message.ok_or_else(|| Failure::Final(format!("there is no message {id}")))?;
    if !matches!(message.state, State::Queued | State::Sending) {
        return Ok(Step::done(Change::default()));
    }
    let where_to = match agreement::road(&message.channel) {
        Some(Road::Mailbox(folder)) => to_mailbox(house, claimed, &message, folder).await?,
        Some(Road::Folder(folder)) if is_gone(&folder) => {
            return wait_for(house, claimed, &message, &folder).await;
        }
        Some(Road::Folder(folder)) => to_folder(house, claimed, &message, folder).await?,
        Some(Road::As2) => return send::step(house, claimed, &message).await,
        Some(Road::Push(_)) | None => {
            let channel = &message.channel;
            return Err(Failure::Final(format!("there is no road called {channel}")));
        }
    };
    Ok(Step::done(sent(&message, where_to)))
}

/// What follows when a message is where it should be.
pub(crate) fn sent(message: &Message, where_to: String) -> Change {
    let mut change = Change::default();
    change.message_states.push(MessageState {
        message: message.id,
        from: vec![State::Sending],
        to: State::Sent,
        reason: None,
    });
    change.events.push(event(change::Message::Known(message.id), "sent", where_to));
    change
}

/// Puts the message into its folder of the partner's mailbox.
async fn to_mailbox(
    house: &House,
    claimed: &Claimed,
    message: &Message,
    folder: &'static str,
) -> Result<String, Failure> {
    let nobody = || Failure::Final("the message is for no partner".to_string());
    let mailbox = house.mailbox(message.partner.as_deref().ok_or_else(nobody)?);
    let name = message.name.clone();
    let (staged, own) = (staged_name(claimed, message), attempts_of(claimed, message));
    if message.state == State::Queued {
        let payload = house.store.payload(message.id).await?;
        let (root, attempt, bytes) = (mailbox.clone(), staged.clone(), payload.clone());
        work(move || {
            fs::create_dir_all(&root.root)?;
            stage(&root.open()?, &attempt, bytes)
        })
        .await?;
        if let Err(failure) = begin_with(house, message, payload, &staged).await {
            let (mailbox, own) = (mailbox.clone(), staged.clone());
            return Err(
                give_up(failure, move || Ok(mailbox.open()?.discard(own.as_bytes())?)).await
            );
        }
    }
    work(move || {
        let open = mailbox.open()?;
        let place = open.folders().position(|it| it.name == folder);
        let place =
            place.ok_or_else(|| Failure::Final(format!("the mailbox has no folder {folder}")))?;
        if open.is_staged(staged.as_bytes())?
            && let Err(error) = open.publish(staged.as_bytes(), place, name.as_bytes())
            && open.is_staged(staged.as_bytes())?
        {
            return Err(error.into());
        }
        // What attempts left behind that died on the way.
        open.discard_all(own.as_bytes())?;
        Ok(format!("mailbox {folder}/{name}"))
    })
    .await
}

/// What the names of the files begin with that the attempts of a job stage.
fn attempts_of(claimed: &Claimed, message: &Message) -> String {
    format!("{}.{}-", own_name(message.id), claimed.lease.job.0)
}

/// The name of the staged file that this attempt goes on with: its own, or the one that the message is
/// being sent from already.
fn staged_name(claimed: &Claimed, message: &Message) -> String {
    let chosen = message.reason.as_deref().and_then(|it| it.strip_prefix(STAGED_AS));
    match (message.state, chosen) {
        (State::Queued, _) => format!("{}{}", attempts_of(claimed, message), claimed.lease.token),
        (_, Some(chosen)) => chosen.to_string(),
        (_, None) => own_name(message.id),
    }
}

/// Throws the file of an attempt away that the store surely did not choose. While that is not sure, it
/// stays: the next attempt will know.
async fn give_up(
    failure: Failure,
    discard: impl FnOnce() -> Result<(), Failure> + Send + 'static,
) -> Failure {
    if let Failure::Store(StoreError::WrongState { .. }) = failure {
        let _ = work(discard).await;
    }
    failure
}

/// Whether a folder on our disks is not there. The folder for errors is made when it is missing; others
/// may be on a disk that is not there now, and must not be made in its place.
fn is_gone(folder: &Path) -> bool {
    match folder.parent() {
        Some(parent) if folder.ends_with(ERRORS) => !parent.is_dir(),
        _ => !folder.is_dir(),
    }
}

/// Waits until the folder is there. A person is told once.
async fn wait_for(
    house: &House,
    claimed: &Claimed,
    message: &Message,
    folder: &Path,
) -> Result<Step, Failure> {
    let reason = format!("there is no folder {}; make it, or mount it", folder.display());
    let mut change = Change::default();
    if claimed.attempt == 1 {
        change.events.push(event(change::Message::Known(message.id), "waits", reason.clone()));
        change.jobs.push(NewJob {
            detail: reason.clone(),
            unique: Some(format!("alert folder {}", folder.display())),
            ..job(ALERT)
        });
    }
    let due = house.store.now().await? + SignedDuration::from_secs(LOOK_AGAIN);
    Ok(Step { change, end: End::Again { due, reason } })
}

/// Puts the message into a folder on our disks: under a hidden name first, then renamed.
async fn to_folder(
    house: &House,
    claimed: &Claimed,
    message: &Message,
    folder: PathBuf,
) -> Result<String, Failure> {
    let target = folder.join(&message.name);
    let name = staged_name(claimed, message);
    let staged = folder.join(hidden(&name));
    if message.state == State::Queued {
        let payload = house.store.payload(message.id).await?;
        let (folder, attempt, bytes) = (folder.clone(), staged.clone(), payload.clone());
        work(move || {
            if folder.ends_with(ERRORS) && !folder.is_dir() {
                fs::create_dir(&folder)?;
            }
            let put = put_hidden(&attempt, bytes);
            if put.is_err() {
                let _ = fs::remove_file(&attempt);
            }
            put?;
            Ok(File::open(&folder)?.sync_all()?)
        })
        .await?;
        if let Err(failure) = begin_with(house, message, payload, &name).await {
            return Err(give_up(failure, move || Ok(fs::remove_file(staged)?)).await);
        }
    }
    let earlier = (claimed.attempt > 1).then(|| attempts_of(claimed, message));
    work(move || {
        // When it is not there, it was renamed before a crash.
        if staged.symlink_metadata().is_ok() {
            let renamed = fs::rename(&staged, &target);
            if renamed.is_err() && staged.symlink_metadata().is_ok() {
                renamed?;
            }
            File::open(&folder)?.sync_all()?;
        }
        if let Some(earlier) = earlier {
            clear(&folder, &earlier)?;
        }
        Ok(target.display().to_string())
    })
    .await
}

/// Under which name a staged file lies in a folder of other programs.
fn hidden(name: &str) -> String {
    format!(".{name}.part")
}

fn put_hidden(path: &Path, payload: Payload) -> Result<(), Failure> {
    let bytes = Bytes::open(payload)?;
    let mut file = File::create_new(path)?;
    std::io::copy(&mut bytes.part(0, bytes.len()), &mut file)?;
    Ok(file.sync_all()?)
}

/// Throws away what earlier attempts left in a folder.
fn clear(folder: &Path, attempts: &str) -> Result<(), Failure> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&format!(".{attempts}")) && name.ends_with(".part") {
            fs::remove_file(folder.join(&*name))?;
        }
    }
    Ok(())
}

/// Makes a staged file that is whole, or none.
fn stage(mailbox: &OpenMailbox, name: &str, payload: Payload) -> Result<(), Failure> {
    let bytes = Bytes::open(payload)?;
    let mut file = mailbox.stage_as(name.as_bytes())?;
    let copied = std::io::copy(&mut bytes.part(0, bytes.len()), &mut file);
    if let Err(error) = copied.and_then(|_| file.sync_all()) {
        let _ = mailbox.discard(name.as_bytes());
        return Err(error.into());
    }
    Ok(mailbox.sync_staged()?)
}

/// Says that the message is being sent: from here on a repeated step looks before it sends. An answer
/// may come before the store has heard that the message was sent, so it is expected from now on.
pub(crate) async fn begin(house: &House, message: &Message) -> Result<(), Failure> {
    begin_knowing(house, message, Change::default()).await
}

/// As [`begin`], with what else has to be known before the first byte goes.
pub(crate) async fn begin_knowing(
    house: &House,
    message: &Message,
    known: Change,
) -> Result<(), Failure> {
    let payload = house.store.payload(message.id).await?;
    begun(house, message, payload, None, known).await
}

/// As [`begin`], with the staged file that is meant: of many attempts the store lets one begin.
async fn begin_with(
    house: &House,
    message: &Message,
    payload: Payload,
    staged: &str,
) -> Result<(), Failure> {
    begun(house, message, payload, Some(staged), Change::default()).await
}

async fn begun(
    house: &House,
    message: &Message,
    payload: Payload,
    staged: Option<&str>,
    mut change: Change,
) -> Result<(), Failure> {
    change.message_states.push(MessageState {
        message: message.id,
        from: vec![State::Queued],
        to: State::Sending,
        reason: staged.map(|name| format!("{STAGED_AS}{name}")),
    });
    expect(house, message, payload, &mut change).await?;
    house.store.apply(change).await?;
    Ok(())
}

/// Waits for the answers that the partner owes to a message that it gets now.
pub(crate) async fn expect(
    house: &House,
    message: &Message,
    payload: Payload,
    change: &mut Change,
) -> Result<(), Failure> {
    if message.channel == REPORTS {
        return Ok(());
    }
    let book = house.book();
    let Some(partner) = message.partner.as_deref().and_then(|id| book.find(id)) else {
        return Ok(());
    };
    let bytes = Bytes::open(payload)?;
    let owed = work(move || {
        let mut owed = Owed::default();
        stream(&mut bytes.part(0, bytes.len()), &NoPlans, &mut owed)?;
        Ok(owed)
    })
    .await?;
    let now = house.store.now().await?;
    let Some(terms) = agreement::owes(partner, &owed.sets, now) else { return Ok(()) };
    let mut wait = |kind, key| {
        change.expectations.push(NewExpectation {
            message: change::Message::Known(message.id),
            partner: partner.profile().id.clone(),
            kind,
            key,
            wanted: None,
            warn: Some(terms.warn),
            due: terms.due,
        });
    };
    owed.groups.into_iter().for_each(|key| wait(Kind::Functional, key));
    if let Some(control) = owed.interchange {
        wait(Kind::Interchange, control);
    }
    Ok(())
}

/// What an interchange of ours is answered by.
#[derive(Default)]
struct Owed {
    /// A TA1, if it asks for one.
    interchange: Option<String>,
    /// A functional acknowledgment for each group that is none itself.
    groups: Vec<String>,
    /// Its kinds of transaction sets.
    sets: Vec<String>,
}

impl Observer for Owed {
    fn interchange(&mut self, header: &Arc<Header>) {
        if header.asks_for_acknowledgment() {
            let control = String::from_utf8_lossy(header.control_number()).into_owned();
            self.interchange = Some(control.trim_start_matches('0').to_string());
        }
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        let text = |n| String::from_utf8_lossy(segment.element(n)).into_owned();
        if segment.id().as_bytes() == b"GS" && segment.element(1) != b"FA" {
            self.groups.push(group_key(&text(1), &text(6)));
        }
    }

    fn set(&mut self, segment: &Segment<'_>, _: Option<&Arc<Plan>>) {
        let set = String::from_utf8_lossy(segment.element(1)).into_owned();
        if !self.sets.contains(&set) {
            self.sets.push(set);
        }
    }
}
