//! Files that wait without a name: payloads until they were verified, and sealed bytes put aside.
//!
//! A file is unlinked as soon as it is open. So it is gone when nobody holds it any more, whatever
//! happens in between, and nobody finds a payload by its path that was not verified.

use std::fs::{File, OpenOptions, remove_file};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use tieline_smime::Spool;

use crate::as2::budget::Hold;
use crate::file_drop::FileDrop;

/// The most sealed bytes that are put aside in memory, before they go to a file.
const IN_MEMORY: usize = 256 * 1024;

/// Opens a new file in the folder that only we can read, and takes its name away.
pub(crate) fn nameless(folder: &Path) -> io::Result<File> {
    let mut random = [0; 16];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| io::Error::other("no random numbers"))?;
    let path = folder.join(format!(".{}.as2", hex(&random)));
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    remove_file(&path)?;
    Ok(file)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file that is being written, with its digest.
pub(crate) struct FileSpool<'a> {
    file: File,
    digest: Context,
    size: u64,
    hold: &'a Hold,
}

impl<'a> FileSpool<'a> {
    pub(crate) fn new(folder: &Path, hold: &'a Hold) -> io::Result<Self> {
        Ok(Self { file: nameless(folder)?, digest: Context::new(&SHA256), size: 0, hold })
    }
}

impl Write for FileSpool<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hold.spooled(bytes.len())?;
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Spool for FileSpool<'_> {
    type Payload = Spooled;

    fn finish(self) -> io::Result<Spooled> {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(self.digest.finish().as_ref());
        Ok(Spooled { file: Arc::new(self.file), size: self.size, sha256 })
    }
}

/// A file that was written.
#[derive(Debug)]
pub(crate) struct Spooled {
    pub(crate) file: Arc<File>,
    pub(crate) size: u64,
    pub(crate) sha256: [u8; 32],
}

impl Spooled {
    /// The file as a drop of this partner.
    pub(crate) fn file_drop(self, partner: &str, name: &[u8], connection: u64) -> FileDrop {
        FileDrop {
            account: partner.to_string(),
            folder: "as2".to_string(),
            name: name.to_vec(),
            size: self.size,
            sha256: self.sha256,
            session: connection,
            file: self.file,
        }
    }
}

/// Sealed bytes as they come, kept for the case that they cannot be opened.
pub(crate) struct Aside<'a> {
    folder: &'a Path,
    hold: &'a Hold,
    left: u64,
    memory: Vec<u8>,
    spool: Option<FileSpool<'a>>,
}

impl<'a> Aside<'a> {
    /// Keeps at most `limit` bytes; of more it keeps nothing.
    pub(crate) fn new(folder: &'a Path, limit: u64, hold: &'a Hold) -> Self {
        Self { folder, hold, left: limit, memory: Vec::new(), spool: None }
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let is_kept = self.left > 0;
        self.left = self.left.saturating_sub(bytes.len() as u64);
        if !is_kept || self.left == 0 {
            self.give_up();
        } else if self.try_put(bytes).is_err() {
            // It is a copy for people: without room there is none, and the message goes on.
            self.give_up();
        }
    }

    fn try_put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(spool) = &mut self.spool {
            return spool.write_all(bytes);
        }
        self.memory.extend_from_slice(bytes);
        if self.memory.len() > IN_MEMORY {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        let mut spool = FileSpool::new(self.folder, self.hold)?;
        spool.write_all(&std::mem::take(&mut self.memory))?;
        self.spool = Some(spool);
        Ok(())
    }

    fn give_up(&mut self) {
        (self.left, self.memory, self.spool) = (0, Vec::new(), None);
    }

    /// What was kept, if it is everything.
    pub(crate) fn finish(mut self) -> Option<Spooled> {
        if self.left == 0 {
            return None;
        }
        if self.spool.is_none() {
            self.spill().ok()?;
        }
        self.spool.take()?.finish().ok()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::as2::budget::Budget;

    #[test]
    fn a_spool_has_no_name_and_its_digest_is_right() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let hold = Budget::new(0, 0, 1).hold("wheatland", 0).expect("one has room");
        let mut spool = FileSpool::new(folder.path(), &hold).expect("it is writable");
        spool.write_all(b"ISA").expect("it is written");
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 0);
        let spooled = spool.finish().expect("it is whole");
        let known = aws_lc_rs::digest::digest(&SHA256, b"ISA");
        assert_eq!((&spooled.sha256[..], spooled.size), (known.as_ref(), 3));
        let drop = spooled.file_drop("wheatland", b"a.edi", 1);
        let mut read = Vec::new();
        drop.reader().read_to_end(&mut read).expect("it is read");
        assert_eq!(read, b"ISA");
        assert_eq!(std::fs::read(drop.path()).expect("it has a path"), b"ISA");
    }

    #[test]
    fn sealed_bytes_are_kept_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        for (limit, size, is_kept) in [
            (0, 1, false),
            (10, 9, true),
            (10, 10, false),
            (10, 11, false),
            (1 << 20, 900_000, true),
        ] {
            let bytes = vec![7; size];
            let hold = Budget::new(0, 0, 1).hold("wheatland", 0).expect("one has room");
            let mut aside = Aside::new(folder.path(), limit, &hold);
            bytes.chunks(1000).for_each(|piece| aside.put(piece));
            let kept = aside.finish();
            assert_eq!(kept.map(|it| it.size), is_kept.then_some(size as u64), "{limit} {size}");
        }
    }
}
