//! Watched folders: files that other programs put there are taken, each once.
//!
//! Partners name theirs in `[[folders]]`, our own house in `[[imports]]`. A file is kept and remembered
//! in one transaction, and only then deleted or moved. A crash in between leaves a file that is known
//! by its bytes; it is cleared away and not taken again. Each folder is looked at by itself, so that
//! one that is gone, or does not answer, holds up no other.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tieline_partner::PartnerBook;
use tieline_partner::pattern::NamePattern;
use tieline_partner::profile::{After, Complete, Direction, FileFormat, Status, WatchedFolder};
use tieline_store::job::NewJob;
use tieline_store::schedule::SeenFile;
use tieline_store::{Arrival, Change, Payload, StoreError};
use tieline_transport::directory::{Completeness, Looks};
use tieline_transport::mailbox::{FileFacts, printable};
use tokio::sync::{Mutex, watch};

use crate::house::House;
use crate::steps::{ALERT, IMPORT, READ, job};

/// How often the folders are gone through; each is looked at when its own time has come.
const EVERY: Duration = Duration::from_secs(1);
/// The largest file that is handed to the store in memory.
const IN_MEMORY: u64 = 1 << 20;
/// What the channels of messages from folders begin with; the word of the format and the path follow.
const CHANNEL: &str = "folder ";

/// A folder that is watched.
#[derive(Debug, Clone)]
struct Folder {
    /// The road of what comes from it, e.g. `folder csv /srv/usage`.
    channel: String,
    path: PathBuf,
    format: FileFormat,
    /// Whose files they are; our own house's when `None`.
    partner: Option<String>,
    pattern: NamePattern,
    rule: Completeness,
    after: After,
    every: u32,
}

impl Folder {
    fn new(watched: &WatchedFolder, partner: Option<String>) -> Folder {
        Folder {
            channel: format!("{CHANNEL}{} {}", watched.format.word(), watched.path.display()),
            path: watched.path.clone(),
            format: watched.format,
            partner,
            pattern: watched.pattern.clone(),
            rule: completeness(&watched.complete),
            after: watched.after.clone(),
            every: watched.every,
        }
    }

    /// What it is known by; the same path may be watched for several kinds of files.
    fn key(&self) -> String {
        let partner = self.partner.as_deref().unwrap_or("-");
        format!("{partner} {} {}", self.channel, self.pattern.as_str())
    }

    /// What a file is remembered as. One that is cleared away once we have it is known by its bytes
    /// too, so that another one of its name and length is never taken for it.
    fn seen(&self, name: &[u8], facts: FileFacts, sha256: &[u8; 32]) -> SeenFile {
        let mut name = name.to_vec();
        if self.after != After::Remember {
            name.push(b'/');
            sha256.iter().for_each(|byte| name.extend(format!("{byte:02x}").bytes()));
        }
        SeenFile { name, size: facts.size, modified: facts.modified }
    }
}

/// When a file is whole, as the transport says it.
pub(crate) fn completeness(agreed: &Complete) -> Completeness {
    match agreed {
        Complete::Renamed => Completeness::Renamed,
        Complete::Still { looks } => Completeness::Still { looks: *looks },
        Complete::Aged { seconds } => Completeness::Aged { seconds: (*seconds).into() },
        Complete::Announced { ending } => {
            Completeness::Announced { end: ending.clone().into_bytes() }
        }
    }
}

/// The format and the folder that a message came from, if it came from a folder.
pub(crate) fn origin(channel: &str) -> Option<(FileFormat, &Path)> {
    let (word, path) = channel.strip_prefix(CHANNEL)?.split_once(' ')?;
    let path = Path::new(path);
    path.is_absolute().then_some((FileFormat::of_word(word)?, path))
}

/// Everything that is watched: the folders of our house, and those of partners we trade with.
fn watched(book: &PartnerBook) -> Vec<Folder> {
    let ours = book.utility().into_iter().flat_map(|us| &us.imports);
    let mut all: Vec<Folder> =
        ours.filter(|it| it.enabled).map(|it| Folder::new(it, None)).collect();
    for partner in book.partners() {
        let profile = partner.profile();
        if matches!(profile.status, Status::Testing | Status::Live) {
            let taken = |it: &&WatchedFolder| it.enabled && it.direction == Direction::In;
            let theirs = profile.folders.iter().filter(taken);
            all.extend(theirs.map(|it| Folder::new(it, Some(profile.id.clone()))));
        }
    }
    all
}

/// What was seen of folders, look after look.
#[derive(Debug, Default)]
pub struct Folders(BTreeMap<String, Arc<Mutex<State>>>);

/// What was seen of one folder.
#[derive(Debug, Default)]
struct State {
    looks: Looks,
    /// When it is looked at next.
    next: Timestamp,
    /// The files that were taken and lie there still; `None` until the store was asked.
    taken: Option<BTreeSet<(Vec<u8>, u64, i64)>>,
    /// What is wrong with it and was told.
    fault: Option<String>,
    /// Files that cannot be taken, and were told.
    stuck: BTreeSet<Vec<u8>>,
}

impl Folders {
    /// Looks at every folder whose time has come, takes what is whole, and says how many files that
    /// were. `now` is what the folders' files are dated by.
    pub async fn look(&mut self, house: &House, now: Timestamp) -> u64 {
        let mut taken = 0;
        for (folder, state) in self.due(&house.book()) {
            taken += look_at(house, &folder, &mut *state.lock().await, now).await;
        }
        taken
    }

    /// The folders there are now, with what was seen of each.
    fn due(&mut self, book: &PartnerBook) -> Vec<(Folder, Arc<Mutex<State>>)> {
        let all = watched(book);
        let keys: BTreeSet<String> = all.iter().map(Folder::key).collect();
        self.0.retain(|key, _| keys.contains(key));
        let with_state = |it: Folder| {
            let state = self.0.entry(it.key()).or_default();
            (it, Arc::clone(state))
        };
        all.into_iter().map(with_state).collect()
    }
}

/// Looks again and again until `stop` says true. A folder that is still being looked at is let be.
pub async fn run(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    let mut folders = Folders::default();
    let mut looking = tokio::task::JoinSet::new();
    while !*stop.borrow() {
        for (folder, state) in folders.due(&house.book()) {
            let Ok(mut state) = state.try_lock_owned() else { continue };
            if state.next <= Timestamp::now() {
                let house = Arc::clone(&house);
                looking.spawn(async move {
                    look_at(&house, &folder, &mut state, Timestamp::now()).await;
                });
            }
        }
        while looking.try_join_next().is_some() {}
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => {}
        }
    }
    // A folder that does not answer must not hold up the end: what it took is kept, or is not.
    let end = async { while looking.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(Duration::from_secs(5), end).await;
}

/// Looks at one folder if its time has come; how many files were taken. A fault is told once.
async fn look_at(house: &House, folder: &Folder, state: &mut State, now: Timestamp) -> u64 {
    if state.next > now {
        return 0;
    }
    state.next = now + jiff::SignedDuration::from_secs(folder.every.into());
    match take_all(house, folder, state, now).await {
        Ok(taken) => {
            if state.fault.take().is_some() {
                tracing::info!(folder = %folder.path.display(), "the folder can be read again");
            }
            taken
        }
        Err(reason) => {
            if state.fault.as_ref() != Some(&reason) {
                tell(house, folder, &reason).await;
                state.fault = Some(reason);
            }
            0
        }
    }
}

/// Tells a person of what is wrong with a folder.
async fn tell(house: &House, folder: &Folder, reason: &str) {
    let path = folder.path.display();
    tracing::error!(folder = %path, reason, "the folder cannot be used");
    let alert = NewJob {
        detail: format!("folder {path}: {reason}"),
        unique: Some(format!("alert folder {path}")),
        ..job(ALERT)
    };
    let change = Change { jobs: vec![alert], ..Change::default() };
    if let Err(error) = house.store.apply(change).await {
        tracing::error!(%error, "nobody can be told of it");
    }
}

/// Takes every file that is whole.
async fn take_all(
    house: &House,
    folder: &Folder,
    state: &mut State,
    now: Timestamp,
) -> Result<u64, String> {
    let path = folder.path.clone();
    let listed = tokio::task::spawn_blocking(move || list(&path));
    let listed = listed.await.map_err(|error| error.to_string())?;
    state.looks.look(listed.map_err(|error| format!("it cannot be read: {error}"))?);
    let whole = state.looks.whole(&folder.rule, now.as_second());
    let whole: Vec<(Vec<u8>, FileFacts)> = whole
        .filter(|(name, _)| folder.pattern.matches(name))
        .map(|(name, facts)| (name.to_vec(), facts))
        .collect();
    state.stuck.retain(|name| whole.iter().any(|(whole, _)| whole == name));
    if folder.after == After::Remember && state.taken.is_none() {
        let known = house.store.files_of(&folder.key()).await.map_err(|error| error.to_string())?;
        state.taken = Some(known.into_iter().map(|it| (it.name, it.size, it.modified)).collect());
    }
    let mut taken = 0;
    let mut first_fault = None;
    for (name, facts) in whole {
        let mark = (name.clone(), facts.size, facts.modified);
        if state.taken.as_ref().is_some_and(|taken| taken.contains(&mark)) {
            continue;
        }
        match take(house, folder, &name, facts).await {
            Ok(Taken::New) => taken += 1,
            Ok(Taken::Before) => {}
            Ok(Taken::NotWhole) => continue,
            Err(reason) => {
                // One file that cannot be taken holds up no other.
                if state.stuck.insert(name.clone()) {
                    first_fault.get_or_insert(format!("{}: {reason}", printable(&name)));
                }
                continue;
            }
        }
        if let Some(taken) = &mut state.taken {
            taken.insert(mark);
        }
    }
    if let Some(reason) = first_fault {
        tell(house, folder, &reason).await;
    }
    Ok(taken)
}

/// What became of a file.
enum Taken {
    New,
    /// It was taken before; this time it was cleared away.
    Before,
    /// It is being changed.
    NotWhole,
}

/// Keeps a file, and clears it away.
async fn take(
    house: &House,
    folder: &Folder,
    name: &[u8],
    facts: FileFacts,
) -> Result<Taken, String> {
    let path = folder.path.join(OsStr::from_bytes(name));
    let held = {
        let path = path.clone();
        tokio::task::spawn_blocking(move || hold(&path, facts))
    };
    let held = held.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    let Some(held) = held else { return Ok(Taken::NotWhole) };
    let is_edi = folder.format == FileFormat::X12;
    let arrival = Arrival {
        partner: folder.partner.clone(),
        channel: folder.channel.clone(),
        name: printable(name),
        payload: held.payload(),
        sha256: held.sha256,
        origin: format!("folder {}", folder.path.display()),
        job: if is_edi { READ } else { IMPORT }.to_string(),
        detail: if is_edi { String::new() } else { folder.format.word().to_string() },
        remember: Some((folder.key(), folder.seen(name, facts, &held.sha256))),
    };
    let taken = match house.store.receive(arrival).await {
        Ok(received) => (Taken::New, received.id.to_string()),
        Err(StoreError::TakenBefore) => (Taken::Before, "before".to_string()),
        Err(StoreError::OtherBytes) => return Ok(Taken::NotWhole),
        Err(error) => return Err(format!("it was not kept: {error}")),
    };
    let (folder, name) = (folder.clone(), name.to_vec());
    let cleared = tokio::task::spawn_blocking(move || clear(&folder, &name, facts, &taken.1));
    let cleared = cleared.await.map_err(|error| error.to_string())?;
    cleared.map_err(|error| format!("it was taken and is still there: {error}"))?;
    Ok(taken.0)
}

/// A file held open while it is taken.
struct Held {
    file: File,
    /// Its bytes, if they are few.
    bytes: Option<Vec<u8>>,
    sha256: [u8; 32],
}

impl Held {
    fn payload(&self) -> Payload {
        match &self.bytes {
            Some(bytes) => Payload::Bytes(bytes.clone()),
            // It names the file as long as it is held, whatever becomes of its name.
            None => Payload::File(format!("/proc/self/fd/{}", self.file.as_raw_fd()).into()),
        }
    }
}

/// Opens a file and reads it once; nothing if it is no more what it was when it was looked at.
fn hold(path: &Path, facts: FileFacts) -> io::Result<Option<Held>> {
    // A named pipe would hold up the opening for good, so it is looked at first.
    if facts_of(&fs::symlink_metadata(path)?) != Some(facts) {
        return Ok(None);
    }
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut bytes = (facts.size <= IN_MEMORY).then(Vec::new);
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        size += read as u64;
        if size > facts.size {
            return Ok(None);
        }
        hash.update(&buffer[..read]);
        if let Some(bytes) = &mut bytes {
            bytes.extend(&buffer[..read]);
        }
    }
    let is_same = size == facts.size && facts_of(&file.metadata()?) == Some(facts);
    Ok(is_same.then(|| Held { file, bytes, sha256: hash.finalize().into() }))
}

/// Does with a file that we have what is agreed. One that was put there anew in the meantime stays.
fn clear(folder: &Folder, name: &[u8], facts: FileFacts, number: &str) -> io::Result<()> {
    let path = folder.path.join(OsStr::from_bytes(name));
    let announced = match &folder.rule {
        Completeness::Announced { end } => Some([name, end].concat()),
        _ => None,
    };
    let is_same = |path: &Path| Ok(facts_of(&fs::symlink_metadata(path)?) == Some(facts));
    let gone = |result: io::Result<bool>| match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        result => result,
    };
    match &folder.after {
        After::Remember => return Ok(()),
        After::Delete => {
            if gone(is_same(&path))? {
                fs::remove_file(&path)?;
            }
        }
        After::Move(archive) => {
            let archive = folder.path.join(archive);
            fs::create_dir_all(&archive)?;
            if gone(is_same(&path))? {
                let mut target = archive.join(OsStr::from_bytes(name));
                if target.symlink_metadata().is_ok() {
                    let stamped = [number.as_bytes(), b"-", name].concat();
                    target = archive.join(OsStr::from_bytes(&stamped));
                }
                fs::rename(&path, target)?;
            }
        }
    }
    // The word that the file was whole goes with it.
    if let Some(announced) = announced {
        match fs::remove_file(folder.path.join(OsStr::from_bytes(&announced))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The plain files of a folder.
fn list(path: &Path) -> io::Result<Vec<(Vec<u8>, FileFacts)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        // Gone since, or no plain file.
        let Ok(metadata) = entry.metadata() else { continue };
        if let Some(facts) = facts_of(&metadata) {
            files.push((entry.file_name().as_bytes().to_vec(), facts));
        }
    }
    Ok(files)
}

fn facts_of(metadata: &Metadata) -> Option<FileFacts> {
    let facts = FileFacts { size: metadata.len(), modified: metadata.mtime() };
    metadata.is_file().then_some(facts)
}
