//! The payload folder: bytes of messages too long for a row, each in a file named by its SHA-256.
//!
//! A file is written beside its place, synced, renamed, and its folder synced; only then does a row
//! speak of it. So whatever a row speaks of is there, and a crash leaves at most a file that no row
//! speaks of, which is swept away once it is old.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::change::Change;
use crate::error::StoreError;
use crate::message::{MessageId, Payload};

/// How old a file must be before it is swept: longer than any change takes from the file to the row.
const SWEPT_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Bytes that are ready to be spoken of by a row.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) size: u64,
    pub(crate) sha256: [u8; 32],
    pub(crate) place: Place,
}

/// Where the bytes are.
#[derive(Debug)]
pub(crate) enum Place {
    /// To be written in a row.
    Row(Vec<u8>),
    /// In a file, which is not swept while this is held.
    File { _held: Held },
}

impl Kept {
    /// The word for the place, as it is stored with the message.
    pub(crate) fn word(&self) -> &'static str {
        match self.place {
            Place::Row(_) => "row",
            Place::File { .. } => "file",
        }
    }
}

/// Where payloads are kept, and from which length on in files.
#[derive(Debug, Clone)]
pub(crate) struct Payloads {
    folder: Option<Arc<Folder>>,
    inline_limit: u64,
}

impl Payloads {
    /// Without a folder everything is kept in rows.
    pub(crate) fn new(folder: Option<PathBuf>, inline_limit: u64) -> Self {
        let folder = folder.map(|path| Arc::new(Folder { path, held: Mutex::default() }));
        Self { folder, inline_limit }
    }

    /// Makes bytes ready for a row. `announced` is what their SHA-256 must be.
    pub(crate) async fn keep(
        &self,
        payload: Payload,
        announced: Option<[u8; 32]>,
    ) -> Result<Kept, StoreError> {
        let this = self.clone();
        blocking(move || this.keep_now(payload, announced)).await
    }

    fn keep_now(&self, payload: Payload, announced: Option<[u8; 32]>) -> Result<Kept, StoreError> {
        let size = match &payload {
            Payload::Bytes(bytes) => bytes.len() as u64,
            Payload::File(path) => fs::metadata(path).map_err(|error| file(path, error))?.len(),
        };
        let kept = match (&self.folder, payload) {
            (Some(folder), payload) if size > self.inline_limit => {
                folder.keep(payload, announced)?
            }
            (_, Payload::Bytes(bytes)) => in_row(bytes),
            (_, Payload::File(path)) => {
                in_row(fs::read(&path).map_err(|error| file(&path, error))?)
            }
        };
        match announced {
            Some(announced) if announced != kept.sha256 => Err(StoreError::OtherBytes),
            _ => Ok(kept),
        }
    }

    /// Makes the bytes of the messages of a change ready, and leaves the messages without.
    pub(crate) async fn keep_all(&self, change: &mut Change) -> Result<Vec<Kept>, StoreError> {
        let mut kept = Vec::with_capacity(change.messages.len());
        for message in &mut change.messages {
            kept.push(self.keep(take(&mut message.payload), None).await?);
        }
        Ok(kept)
    }

    /// The bytes of a message, which must be those that were kept.
    pub(crate) async fn read(
        &self,
        id: MessageId,
        stored: Option<Stored>,
    ) -> Result<Payload, StoreError> {
        let stored = stored.ok_or(StoreError::PayloadMissing(id))?;
        match (stored.kept.as_str(), stored.bytes) {
            ("row", Some(bytes)) if digest(&bytes) == stored.sha256 => Ok(Payload::Bytes(bytes)),
            ("row", Some(_)) => Err(StoreError::PayloadDamaged(id)),
            ("file", _) => match self.find(stored.sha256).await? {
                Found::Whole(path) => Ok(Payload::File(path)),
                Found::Damaged => Err(StoreError::PayloadDamaged(id)),
                Found::Missing => Err(StoreError::PayloadMissing(id)),
            },
            _ => Err(StoreError::PayloadMissing(id)),
        }
    }

    async fn find(&self, sha256: [u8; 32]) -> Result<Found, StoreError> {
        let Some(folder) = self.folder.clone() else { return Ok(Found::Missing) };
        blocking(move || {
            let path = folder.path_of(&sha256);
            match digest_of(&path) {
                Ok((found, _)) if found == sha256 => Ok(Found::Whole(path)),
                Ok(_) => Ok(Found::Damaged),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Missing),
                Err(error) => Err(file(&path, error)),
            }
        })
        .await
    }

    /// The SHA-256 of files old enough to be swept if no row speaks of them.
    pub(crate) async fn old(&self) -> Result<Vec<[u8; 32]>, StoreError> {
        let Some(folder) = self.folder.clone() else { return Ok(Vec::new()) };
        blocking(move || folder.old(SystemTime::now() - SWEPT_AFTER)).await
    }

    /// Takes away a file that no row speaks of, unless somebody is about to speak of it.
    pub(crate) fn remove(&self, sha256: &[u8; 32]) -> Result<(), StoreError> {
        self.folder.as_ref().map_or(Ok(()), |folder| folder.remove(sha256))
    }
}

/// What the database says of the bytes of a message.
#[derive(Debug)]
pub(crate) struct Stored {
    /// The word for where they are.
    pub(crate) kept: String,
    pub(crate) sha256: [u8; 32],
    /// The bytes themselves, if they are in a row.
    pub(crate) bytes: Option<Vec<u8>>,
}

/// Takes bytes out of where they are, so that they are not held twice.
pub(crate) fn take(payload: &mut Payload) -> Payload {
    std::mem::replace(payload, Payload::Bytes(Vec::new()))
}

/// What lies in the folder in the place of some bytes.
#[derive(Debug)]
enum Found {
    Whole(PathBuf),
    Missing,
    Damaged,
}

/// The SHA-256 of bytes.
pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn in_row(bytes: Vec<u8>) -> Kept {
    Kept { size: bytes.len() as u64, sha256: digest(&bytes), place: Place::Row(bytes) }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let stopped = |_| StoreError::Database("the program is stopping".to_string());
    tokio::task::spawn_blocking(work).await.map_err(stopped)?
}

pub(crate) fn file(path: &Path, error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full,
        _ => StoreError::File { path: path.to_path_buf(), error },
    }
}

/// The SHA-256 and the length of what is in a file.
pub(crate) fn digest_of(path: &Path) -> io::Result<([u8; 32], u64)> {
    let mut hash = Hashing { to: io::sink(), digest: Sha256::new(), length: 0 };
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok((hash.digest.finalize().into(), hash.length))
}

/// Hashes what is written through it.
struct Hashing<W> {
    to: W,
    digest: Sha256,
    length: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// Files that were kept and that no row may speak of yet, with how many are about to.
    held: Mutex<HashMap<[u8; 32], usize>>,
}

/// A file that is not swept.
#[derive(Debug)]
pub(crate) struct Held {
    folder: Arc<Folder>,
    sha256: [u8; 32],
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.folder.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.sha256) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.sha256);
            }
        }
    }
}

impl Folder {
    fn path_of(&self, sha256: &[u8; 32]) -> PathBuf {
        let name = hex(sha256);
        self.path.join(&name[..2]).join(&name[2..])
    }

    fn keep(
        self: &Arc<Self>,
        payload: Payload,
        announced: Option<[u8; 32]>,
    ) -> Result<Kept, StoreError> {
        make_private(&self.path).map_err(|error| file(&self.path, error))?;
        let temporary = self.path.join(temporary_name());
        let kept = self.keep_at(&temporary, payload, announced);
        if kept.is_err() {
            // Nobody waits for it any more; what cannot be removed is swept later.
            let _ = fs::remove_file(&temporary);
        }
        kept
    }

    fn keep_at(
        self: &Arc<Self>,
        temporary: &Path,
        payload: Payload,
        announced: Option<[u8; 32]>,
    ) -> Result<Kept, StoreError> {
        let (sha256, size) = match &payload {
            Payload::Bytes(bytes) => copy(&mut bytes.as_slice(), temporary),
            Payload::File(path) => {
                let mut from = File::open(path).map_err(|error| file(path, error))?;
                copy(&mut from, temporary)
            }
        }
        .map_err(|error| file(temporary, error))?;
        if announced.is_some_and(|announced| announced != sha256) {
            return Err(StoreError::OtherBytes);
        }
        let held = self.hold(sha256);
        let path = self.path_of(&sha256);
        place(temporary, &path, &self.path).map_err(|error| file(&path, error))?;
        Ok(Kept { size, sha256, place: Place::File { _held: held } })
    }

    fn hold(self: &Arc<Self>, sha256: [u8; 32]) -> Held {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held.entry(sha256).or_default() += 1;
        Held { folder: Arc::clone(self), sha256 }
    }

    fn remove(&self, sha256: &[u8; 32]) -> Result<(), StoreError> {
        // Held while the file goes, so that nobody comes to hold it in between.
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.contains_key(sha256) {
            return Ok(());
        }
        let path = self.path_of(sha256);
        // Another node may have written the same bytes anew since it was found to be old.
        let changed = fs::metadata(&path).and_then(|facts| facts.modified());
        if changed.is_ok_and(|changed| changed >= SystemTime::now() - SWEPT_AFTER) {
            return Ok(());
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file(&path, error)),
            _ => Ok(()),
        }
    }

    /// Removes unfinished files last changed before an instant, and gives the others as old.
    fn old(&self, before: SystemTime) -> Result<Vec<[u8; 32]>, StoreError> {
        let mut old = Vec::new();
        for entry in entries(&self.path)? {
            let path = entry.path();
            if path.is_dir() {
                let start = entry.file_name().into_string().unwrap_or_default();
                for entry in entries(&path)? {
                    let rest = entry.file_name().into_string().unwrap_or_default();
                    if let Some(sha256) = unhex(&format!("{start}{rest}"))
                        && is_older(&entry, before)
                    {
                        old.push(sha256);
                    }
                }
            } else if entry.file_name().as_encoded_bytes().starts_with(b".")
                && is_older(&entry, before)
            {
                fs::remove_file(&path).map_err(|error| file(&path, error))?;
            }
        }
        Ok(old)
    }
}

fn entries(path: &Path) -> Result<Vec<fs::DirEntry>, StoreError> {
    match fs::read_dir(path) {
        Ok(entries) => entries.collect::<io::Result<_>>().map_err(|error| file(path, error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(file(path, error)),
    }
}

fn is_older(entry: &fs::DirEntry, before: SystemTime) -> bool {
    entry.metadata().and_then(|facts| facts.modified()).is_ok_and(|changed| changed < before)
}

/// A name that no other writer of this folder uses.
fn temporary_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(".{}-{since:x}-{count}", std::process::id())
}

/// Writes a new file that is on the disk when this returns.
fn copy(from: &mut impl Read, to: &Path) -> io::Result<([u8; 32], u64)> {
    let to = File::options().write(true).create_new(true).open(to)?;
    let mut hash = Hashing { to, digest: Sha256::new(), length: 0 };
    io::copy(from, &mut hash)?;
    hash.to.sync_all()?;
    Ok((hash.digest.finalize().into(), hash.length))
}

/// Makes a folder that nobody else may look into, if it is not there: what is in it is the customers'.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Renames a file to its place, so that it is there after a loss of power too. The same bytes may
/// be there already; the file then is young again.
fn place(temporary: &Path, path: &Path, root: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(root);
    if !folder.is_dir() {
        fs::create_dir_all(folder)?;
        File::open(root)?.sync_all()?;
    }
    fs::rename(temporary, path)?;
    File::open(folder)?.sync_all()
}

/// Copies a payload from one folder to another, synced; false when it is not there.
pub(crate) fn transfer(from: &Path, to: &Path, sha256: &[u8; 32]) -> Result<bool, StoreError> {
    let name = hex(sha256);
    let source = from.join(&name[..2]).join(&name[2..]);
    let mut bytes = match File::open(&source) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(file(&source, error)),
    };
    make_private(to).map_err(|error| file(to, error))?;
    let temporary = to.join(temporary_name());
    let target = to.join(&name[..2]).join(&name[2..]);
    let (found, _) = copy(&mut bytes, &temporary).map_err(|error| file(&temporary, error))?;
    if found != *sha256 {
        let _ = fs::remove_file(&temporary);
        return Ok(false);
    }
    place(&temporary, &target, to).map_err(|error| file(&target, error))?;
    Ok(true)
}

fn hex(sha256: &[u8; 32]) -> String {
    use std::fmt::Write as _;
    sha256.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let bytes = text.as_bytes();
    if bytes.len() != 64 || !bytes.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut sha256 = [0; 32];
    for (byte, pair) in sha256.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(sha256)
}
