//! What the sessions of one account share about its mailbox.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::mailbox::OpenMailbox;

/// How long a count of a folder holds: to look at each of its files for each file that is put there
/// would make every upload slower than the last.
const RECOUNTED: Duration = Duration::from_secs(1);

/// What the sessions of one account share: who writes which unfinished file, how many bytes are on
/// their way, and what lay in the folders when they were last counted.
#[derive(Debug, Default)]
pub(crate) struct MailboxUse {
    unfinished: Mutex<HashMap<(usize, Vec<u8>), u64>>,
    claims: AtomicU64,
    arriving: AtomicU64,
    counted: Mutex<HashMap<usize, Counted>>,
}

/// What lies in a folder: counted, and what was put there since. Files that went away since are still
/// in it, so it may be too much, and nothing is refused before it is counted anew.
#[derive(Debug, Clone, Copy)]
struct Counted {
    at: Instant,
    files: u64,
    bytes: u64,
}

impl MailboxUse {
    /// Makes the caller the only writer of an unfinished file. Whoever wrote it before is usually a
    /// session whose connection broke unnoticed; its writes fail from now on.
    pub(super) fn claim(&self, file: &(usize, Vec<u8>)) -> u64 {
        let claim = self.claims.fetch_add(1, Ordering::Relaxed);
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        unfinished.insert(file.clone(), claim);
        claim
    }

    pub(super) fn is_claimed(&self, file: &(usize, Vec<u8>), claim: u64) -> bool {
        let unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        unfinished.get(file) == Some(&claim)
    }

    /// Bytes on their way into the mailbox.
    pub(super) fn arriving(&self) -> u64 {
        self.arriving.load(Ordering::Relaxed)
    }

    /// Ends every claim on a file: it is renamed, or closed.
    pub(super) fn release(&self, file: &(usize, Vec<u8>)) {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner).remove(file);
    }

    /// Makes room for one more file in a folder, or says how many are there.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    pub(super) fn one_more(
        &self,
        mailbox: &OpenMailbox,
        folder: usize,
        most: u64,
    ) -> io::Result<Result<(), u64>> {
        let files = self.lying(mailbox, folder, |it| it.files < most)?.files;
        if files >= most {
            return Ok(Err(files));
        }
        self.put(folder, 1, 0);
        Ok(Ok(()))
    }

    /// Makes room in a folder for so many more bytes on their way, or says how many lie there. They are
    /// on their way until [`MailboxUse::arrived`] in either case.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    pub(super) fn grow(
        &self,
        mailbox: &OpenMailbox,
        folder: usize,
        growth: u64,
        most: u64,
    ) -> io::Result<Result<(), u64>> {
        let arriving = self.arriving.fetch_add(growth, Ordering::Relaxed) + growth;
        let fits = |it: Counted| it.bytes.saturating_add(arriving) <= most;
        let lying = self.lying(mailbox, folder, fits)?;
        Ok(if fits(lying) { Ok(()) } else { Err(lying.bytes) })
    }

    /// So many bytes are not on their way any more.
    pub(super) fn arrived(&self, bytes: u64) {
        self.arriving.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// A file of this length lies in the folder, or soon will.
    pub(super) fn lies(&self, folder: usize, bytes: u64) {
        self.put(folder, 0, bytes);
    }

    fn put(&self, folder: usize, files: u64, bytes: u64) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(it) = counted.get_mut(&folder) {
            it.files = it.files.saturating_add(files);
            it.bytes = it.bytes.saturating_add(bytes);
        }
    }

    /// What lies in a folder. It is counted when the last count is old, or would have something refused.
    fn lying(
        &self,
        mailbox: &OpenMailbox,
        folder: usize,
        fits: impl Fn(Counted) -> bool,
    ) -> io::Result<Counted> {
        let known =
            self.counted.lock().unwrap_or_else(PoisonError::into_inner).get(&folder).copied();
        if let Some(known) = known.filter(|it| it.at.elapsed() < RECOUNTED && fits(*it)) {
            return Ok(known);
        }
        let at = Instant::now();
        let (files, bytes) = mailbox.used(folder)?;
        let counted = Counted { at, files, bytes };
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).insert(folder, counted);
        Ok(counted)
    }
}
