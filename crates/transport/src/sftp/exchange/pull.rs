//! One run that pulls files from a partner's folder.

use std::collections::{BTreeSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{self, Context, SHA256};
use jiff::Timestamp;
use tokio::task::spawn_blocking;

use super::{Pattern, Task, within};
use crate::directory::{Completeness, Looks};
use crate::file_drop::{FileDrop, Receipt, Refusal};
use crate::mailbox::{FileFacts, printable};
use crate::sftp::account::Drops;
use crate::sftp::client::{
    Client, ConnectError, Facts, FetchOptions, FileKind, Remote, Replace, SftpError,
};

/// What is pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// The account that the drops are of, as the gateway names it.
    pub account: String,
    /// The partner's folder; empty for the one a session starts in.
    pub folder: Vec<u8>,
    /// Which files.
    pub pattern: Pattern,
    /// When a file is whole.
    pub completeness: Completeness,
    /// What becomes of a file at the partner's when it was taken.
    pub after: After,
    /// The longest file that is taken, in bytes.
    pub largest: u64,
    /// The most files of one run; the others are for the next.
    pub most_files: usize,
    /// Files fetched at once. They are handed over one by one, in the order of their names.
    pub at_once: usize,
}

impl Pull {
    /// Every file of a folder, renamed when it is whole, deleted when it was taken; 1 GiB at most,
    /// 1,000 files a run, eight at once.
    pub fn new(account: impl Into<String>, folder: impl Into<Vec<u8>>) -> Self {
        Self {
            account: account.into(),
            folder: folder.into(),
            pattern: Pattern::any(),
            completeness: Completeness::Renamed,
            after: After::Delete,
            largest: 1 << 30,
            most_files: 1000,
            at_once: 8,
        }
    }
}

/// What becomes of a file at the partner's when it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// It is deleted.
    Delete,
    /// It is moved into this folder of the partner's, which must be there.
    Move(Vec<u8>),
    /// It is left, and remembered.
    Leave,
}

/// What one drop keeps from run to run. Keep it in the store; without it, files that are left are
/// pulled again, and looks are counted anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// What was seen in the looks so far.
    pub looks: Looks,
    /// The files that were taken and are still there: left on purpose, or because deleting or moving
    /// failed. One of the same name with another length or time is another.
    pub taken: BTreeSet<(Vec<u8>, u64, i64)>,
}

/// What came of a run.
#[derive(Debug)]
pub struct PullReport {
    /// The files that were whole, in the order of their names.
    pub files: Vec<PulledFile>,
    /// Files that were there and not tried: not meant, not whole yet, or taken before.
    pub others: usize,
    /// Why the run ended early, if it did.
    pub ended: Option<SftpError>,
}

/// What came of one file.
#[derive(Debug)]
pub struct PulledFile {
    /// Its name, byte for byte.
    pub name: Vec<u8>,
    /// Its length in bytes.
    pub size: u64,
    /// What came of it.
    pub result: Pulled,
}

/// What came of one file of a pull.
#[derive(Debug)]
pub enum Pulled {
    /// It was taken.
    Taken {
        /// The SHA-256 of its bytes.
        sha256: [u8; 32],
        /// The word of who took it.
        receipt: Receipt,
        /// Whether it was then deleted or moved at the partner's. If not, the next run tries that
        /// again, and does not pull it again.
        after: Result<(), SftpError>,
    },
    /// It was taken in a run before, and deleted or moved in this one, or not.
    Cleared(Result<(), SftpError>),
    /// It was fetched and refused here. It stays at the partner's.
    Refused(Refusal),
    /// It could not be fetched. What came is gone on with in the next run.
    Failed(SftpError),
}

/// Pulls files once: connects, lists, fetches what is whole into `spool`, a directory of this drop
/// alone, hands each over to `host`, and deletes, moves or remembers it.
///
/// Bytes that came before the line was cut are gone on with in the next run, if the file is the same
/// by its length and time.
///
/// # Errors
///
/// [`ConnectError`] if there was no session. What went wrong in it is in the report.
pub async fn pull<D: Drops>(
    remote: &Remote,
    pull: &Pull,
    spool: &Path,
    memory: &mut Memory,
    host: &D,
    now: Timestamp,
) -> Result<PullReport, ConnectError> {
    let client = Arc::new(Client::connect(remote).await?);
    let mut report = PullReport { files: Vec::new(), others: 0, ended: None };
    let mut run = Run { client, pull, spool, memory, host };
    report.ended = run.all(&mut report.files, &mut report.others, now).await.err();
    // Nobody else has it: what was fetched ahead was waited for.
    if let Some(client) = Arc::into_inner(run.client) {
        client.close().await;
    }
    Ok(report)
}

struct Run<'a, D> {
    client: Arc<Client>,
    pull: &'a Pull,
    spool: &'a Path,
    memory: &'a mut Memory,
    host: &'a D,
}

/// A file being fetched.
struct Coming {
    name: Vec<u8>,
    facts: FileFacts,
    spooled: PathBuf,
    fetched: Task<Result<(File, [u8; 32]), SftpError>>,
}

impl<D: Drops> Run<'_, D> {
    async fn all(
        &mut self,
        files: &mut Vec<PulledFile>,
        others: &mut usize,
        now: Timestamp,
    ) -> Result<(), SftpError> {
        let folder = if self.pull.folder.is_empty() { b"." } else { &self.pull.folder[..] };
        let listed = self.client.list(folder).await?;
        let there = listed.len();
        self.look(listed.into_iter().map(|listed| (listed.name, listed.facts)));
        let whole: Vec<(Vec<u8>, FileFacts)> = self
            .memory
            .looks
            .whole(&self.pull.completeness, now.as_second())
            .filter(|(name, _)| self.pull.pattern.matches(name))
            .map(|(name, facts)| (name.to_vec(), facts))
            .collect();
        let mut coming = VecDeque::new();
        for (name, facts) in whole {
            if files.len() + coming.len() == self.pull.most_files {
                break;
            }
            if self.memory.taken.contains(&(name.clone(), facts.size, facts.modified)) {
                if self.pull.after != After::Leave {
                    let cleared = self.clear(&name, facts).await;
                    let result = Pulled::Cleared(cleared);
                    files.push(PulledFile { name, size: facts.size, result });
                }
                continue;
            }
            coming.push_back(self.fetch(name, facts));
            if coming.len() >= self.pull.at_once.max(1)
                && let Some(next) = coming.pop_front()
            {
                files.push(self.finish(next).await);
            }
        }
        while let Some(next) = coming.pop_front() {
            files.push(self.finish(next).await);
        }
        *others = there.saturating_sub(files.len());
        Ok(())
    }

    /// Remembers what is there now, and forgets what was taken and is gone.
    fn look(&mut self, listed: impl Iterator<Item = (Vec<u8>, Facts)>) {
        let plain = listed.filter(|(_, facts)| facts.kind == FileKind::File);
        let files = plain.map(|(name, facts)| {
            let modified = i64::from(facts.modified.unwrap_or(0));
            (name, FileFacts { size: facts.size.unwrap_or(0), modified })
        });
        self.memory.looks.look(files);
        let is_there = |(name, size, modified): &(Vec<u8>, u64, i64)| {
            let facts = FileFacts { size: *size, modified: *modified };
            self.memory.looks.seen().any(|(seen, now, _)| seen == name && now == facts)
        };
        let there = self.memory.taken.iter().filter(|taken| is_there(taken)).cloned().collect();
        self.memory.taken = there;
    }

    /// Starts fetching a file into the spool.
    fn fetch(&self, name: Vec<u8>, facts: FileFacts) -> Coming {
        let path = within(&self.pull.folder, &name);
        let spooled = self.spool.join(spool_name(&self.pull.account, &path, facts));
        let (client, largest) = (Arc::clone(&self.client), self.pull.largest);
        let target = spooled.clone();
        let fetched = tokio::spawn(async move {
            let result = fetch(&client, &path, &target, facts, largest).await;
            if matches!(result, Err(SftpError::Changed { .. } | SftpError::TooLarge { .. })) {
                // What came is of no use; what cannot be deleted now is when it is fetched again.
                let _ = std::fs::remove_file(&target);
            }
            result
        });
        Coming { name, facts, spooled, fetched: Task(fetched) }
    }

    /// Waits for a file, hands it over, and sees to it at the partner's.
    async fn finish(&mut self, coming: Coming) -> PulledFile {
        let Coming { name, facts, spooled, fetched } = coming;
        let fetched =
            fetched.join().await.unwrap_or_else(|error| Err(local(io::Error::other(error))));
        let (file, sha256) = match fetched {
            Ok(fetched) => fetched,
            Err(error) => {
                return PulledFile { name, size: facts.size, result: Pulled::Failed(error) };
            }
        };
        let size = file.metadata().map_or(facts.size, |metadata| metadata.len());
        let arrived = FileDrop {
            account: self.pull.account.clone(),
            folder: printable(&self.pull.folder),
            name: name.clone(),
            size,
            sha256,
            session: 0,
            file: Arc::new(file),
        };
        let result = match self.host.take(arrived).await {
            Err(refusal) => Pulled::Refused(refusal),
            Ok(receipt) => {
                self.memory.taken.insert((name.clone(), facts.size, facts.modified));
                let after = self.clear(&name, facts).await;
                Pulled::Taken { sha256, receipt, after }
            }
        };
        // Taken, it is of no use here any more; refused, the next run fetches it anew.
        let _ = std::fs::remove_file(&spooled);
        PulledFile { name, size, result }
    }

    /// Deletes or moves a file that was taken, and forgets it then.
    async fn clear(&mut self, name: &[u8], facts: FileFacts) -> Result<(), SftpError> {
        let path = within(&self.pull.folder, name);
        match &self.pull.after {
            After::Leave => return Ok(()),
            After::Delete => missing_is_fine(self.client.remove(&path).await)?,
            After::Move(folder) => {
                let to = within(folder, name);
                let moved = self.client.rename(&path, &to, Replace::RemoveFirst).await;
                // "No such file" may also be said of the folder it is to be moved to.
                if moved.is_err() && self.client.stat(&path).await.is_ok() {
                    return moved;
                }
                missing_is_fine(moved)?;
            }
        }
        if let Completeness::Announced { end } = &self.pull.completeness {
            let announcing = [&path[..], end].concat();
            missing_is_fine(self.client.remove(&announcing).await)?;
        }
        self.memory.taken.remove(&(name.to_vec(), facts.size, facts.modified));
        Ok(())
    }
}

fn missing_is_fine(result: Result<(), SftpError>) -> Result<(), SftpError> {
    match result {
        Err(error) if error.is_missing() => Ok(()),
        result => result,
    }
}

/// The name of a file in the spool: the same for the same file, and no other.
fn spool_name(account: &str, path: &[u8], facts: FileFacts) -> String {
    let mut context = Context::new(&SHA256);
    for part in [account.as_bytes(), path] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    context.update(&facts.size.to_be_bytes());
    context.update(&facts.modified.to_be_bytes());
    let name: String =
        context.finish().as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{name}.part")
}

/// Fetches a file, or the rest of it, and gives it synced, with its hash.
async fn fetch(
    client: &Client,
    path: &[u8],
    target: &Path,
    facts: FileFacts,
    largest: u64,
) -> Result<(File, [u8; 32]), SftpError> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(target)
        .map_err(local)?;
    let from = match file.metadata().map_err(local)?.len() {
        // A crash may have left a length without its bytes; the last of them are fetched again.
        there if there <= facts.size => there.saturating_sub(1 << 20),
        _ => 0,
    };
    file.set_len(from).map_err(local)?;
    let mut hash = Context::new(&SHA256);
    (file, hash) = blocking(move || {
        let mut space = vec![0; 128 * 1024];
        file.rewind()?;
        loop {
            let read = file.read(&mut space)?;
            if read == 0 {
                return Ok((file, hash));
            }
            hash.update(&space[..read]);
        }
    })
    .await?;
    let options = FetchOptions { from, expected: None, largest: Some(largest) };
    let mut sink = Spool { file: &mut file, hash: &mut hash };
    let fetched = client.fetch(path, &mut sink, &options).await?;
    let listed = (fetched.facts.size, fetched.facts.modified.map(i64::from));
    if listed.0.is_some_and(|size| size != facts.size)
        || listed.1.is_some_and(|modified| modified != facts.modified)
    {
        return Err(SftpError::Changed { path: printable(path) });
    }
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest::Digest::as_ref(&hash.finish()));
    let file = blocking(move || file.sync_all().map(|()| file)).await?;
    Ok((file, sha256))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, SftpError> {
    spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(local)
}

fn local(error: io::Error) -> SftpError {
    SftpError::Local { doing: "spooling what is fetched", error }
}

/// A file and the hash of what is in it.
struct Spool<'a> {
    file: &'a mut File,
    hash: &'a mut Context,
}

impl Write for Spool<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
