//! A partner's mailbox: a few named folders below one root, and nothing else.
//!
//! Files lie directly in a folder; there are no folders within folders. So a path of a client is
//! at most a folder and a name, and every file is opened by its bare name relative to the open
//! handle of its folder, without following links. No path of a client ever reaches the operating
//! system, and what lies above the root has no name that could be asked for.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

/// Where files lie while they arrive. It is beside the folders, so no client can name it.
const STAGING: &str = ".arriving";

/// What the names of staged files begin with that go out: a crash does not make them worthless.
pub const OUTGOING: &[u8] = b"out-";

/// The longest file name in bytes, as Linux has it.
pub const LONGEST_NAME: usize = 255;

/// A partner's mailbox: where it is, and what the partner may do in each folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The directory that holds the folders. It must exist; the folders are made when missing.
    pub root: PathBuf,
    /// The folders, in the order a listing shows them.
    pub folders: Vec<Folder>,
}

/// One folder of a mailbox. A partner may always list it and read what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Its name as the partner sees it, and on disk.
    pub name: String,
    /// Whether the partner may put files here. A file put here is a drop.
    pub put: bool,
    /// Whether the partner may delete files here, or rename them away.
    pub remove: bool,
}

impl Folder {
    /// A folder that can only be listed and read.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), put: false, remove: false }
    }

    /// The same, and files may be put into it.
    pub fn put(self) -> Self {
        Self { put: true, ..self }
    }

    /// The same, and files may be removed from it.
    pub fn remove(self) -> Self {
        Self { remove: true, ..self }
    }
}

impl Mailbox {
    /// The five usual folders: `inbound` to put files into, `outbound` and `reports` to fetch them
    /// from, `archive` and `errors` to look at.
    pub fn usual(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            folders: vec![
                Folder::new("inbound").put().remove(),
                Folder::new("outbound").remove(),
                Folder::new("archive"),
                Folder::new("errors"),
                Folder::new("reports").remove(),
            ],
        }
    }

    /// Opens the mailbox, and makes folders that are missing.
    ///
    /// # Errors
    ///
    /// If the root is missing, or a folder is not a directory, or is a link.
    pub fn open(&self) -> io::Result<OpenMailbox> {
        let root = rustix::fs::open(&self.root, DIRECTORY, Mode::empty())?;
        let mut folders = Vec::new();
        for folder in &self.folders {
            folders.push(OpenFolder { rules: folder.clone(), handle: child(&root, &folder.name)? });
        }
        Ok(OpenMailbox { folders, staging: child(&root, STAGING)? })
    }
}

const DIRECTORY: OFlags =
    OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::RDONLY).union(OFlags::CLOEXEC);

/// Opens a directory below `root`, and makes it first when it is missing.
fn child(root: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
    let open = || rustix::fs::openat(root, name, DIRECTORY, Mode::empty());
    match open() {
        Err(Errno::NOENT) => {}
        opened => return Ok(opened?),
    }
    match rustix::fs::mkdirat(root, name, Mode::from_raw_mode(0o750)) {
        // Somebody else may have made it meanwhile.
        Ok(()) | Err(Errno::EXIST) => Ok(open()?),
        Err(error) => Err(error.into()),
    }
}

/// A mailbox with its folders held open.
#[derive(Debug)]
pub struct OpenMailbox {
    folders: Vec<OpenFolder>,
    staging: OwnedFd,
}

#[derive(Debug)]
struct OpenFolder {
    rules: Folder,
    handle: OwnedFd,
}

/// What is known of a file in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileFacts {
    /// Its length in bytes.
    pub size: u64,
    /// When it was changed, in seconds since 1970, UTC.
    pub modified: i64,
}

impl FileFacts {
    pub(crate) fn of(stat: &Stat) -> io::Result<Self> {
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Self { size: u64::try_from(stat.st_size).unwrap_or(0), modified: stat.st_mtime })
    }
}

impl OpenMailbox {
    /// The rules of the folders, in order. Below, a folder is named by its place in this order.
    pub fn folders(&self) -> impl Iterator<Item = &Folder> {
        self.folders.iter().map(|folder| &folder.rules)
    }

    /// The rules of one folder.
    pub fn folder(&self, folder: usize) -> &Folder {
        &self.folders[folder].rules
    }

    fn handle(&self, folder: usize) -> &OwnedFd {
        &self.folders[folder].handle
    }

    /// What is known of a file. A link, a directory or a device is not found.
    ///
    /// # Errors
    ///
    /// If it is not there, or the disk fails.
    pub fn facts(&self, folder: usize, name: &[u8]) -> io::Result<FileFacts> {
        FileFacts::of(&rustix::fs::statat(self.handle(folder), name, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Opens a file for reading, or for writing as well.
    ///
    /// # Errors
    ///
    /// If it is not there, is no plain file, or the disk fails.
    pub fn open_file(&self, folder: usize, name: &[u8], write: bool) -> io::Result<File> {
        let access = if write { OFlags::RDWR } else { OFlags::RDONLY };
        // A named pipe would hold up the opening for good without NONBLOCK.
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(self.handle(folder), name, flags, Mode::empty());
        let file = match opened {
            // A link, or a directory opened for writing: neither can be named by a client.
            Err(Errno::LOOP | Errno::ISDIR | Errno::NXIO) => {
                return Err(io::ErrorKind::NotFound.into());
            }
            opened => opened?,
        };
        FileFacts::of(&rustix::fs::fstat(&file)?)?;
        Ok(File::from(file))
    }

    /// Makes a file that must not be there yet, for reading and writing.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AlreadyExists`] if anything has that name.
    pub fn create_file(&self, folder: usize, name: &[u8]) -> io::Result<File> {
        Ok(File::from(create(self.handle(folder), name)?))
    }

    /// Deletes a file.
    ///
    /// # Errors
    ///
    /// If it is not there, or the disk fails.
    pub fn remove(&self, folder: usize, name: &[u8]) -> io::Result<()> {
        self.facts(folder, name)?;
        Ok(rustix::fs::unlinkat(self.handle(folder), name, AtFlags::empty())?)
    }

    /// Renames a file, over one that is there when `replace` is set, and makes that last.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AlreadyExists`] if the new name is taken and `replace` is not set.
    pub fn rename(
        &self,
        from: (usize, &[u8]),
        to: (usize, &[u8]),
        replace: bool,
    ) -> io::Result<()> {
        self.facts(from.0, from.1)?;
        let flags = if replace { RenameFlags::empty() } else { RenameFlags::NOREPLACE };
        let (source, target) = (self.handle(from.0), self.handle(to.0));
        rustix::fs::renameat_with(source, from.1, target, to.1, flags)?;
        rustix::fs::fsync(target)?;
        if from.0 != to.0 {
            rustix::fs::fsync(source)?;
        }
        Ok(())
    }

    /// Starts reading the names in a folder, in no order.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    pub fn list(&self, folder: usize) -> io::Result<Listing> {
        Ok(Listing { entries: Dir::read_from(self.handle(folder))? })
    }

    /// How many files are in the folder, and their bytes.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    pub fn used(&self, folder: usize) -> io::Result<(u64, u64)> {
        let (mut files, mut bytes) = (0, 0);
        for name in self.list(folder)? {
            if let Ok(facts) = self.facts(folder, &name?) {
                files += 1;
                bytes += facts.size;
            }
        }
        Ok((files, bytes))
    }

    /// Makes a file out of every client's sight, to be moved into a folder once it is whole.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    pub fn stage(&self) -> io::Result<(File, Vec<u8>)> {
        loop {
            let name = staging_name().into_bytes();
            match create(&self.staging, &name) {
                Ok(file) => return Ok((File::from(file), name)),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Makes a staged file of this name for a message that goes out. A sweep leaves it alone.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AlreadyExists`] if there is one: it may be somebody else's, who will publish it.
    pub fn stage_as(&self, name: &[u8]) -> io::Result<File> {
        Ok(File::from(create(&self.staging, name)?))
    }

    /// Throws away all staged files whose names begin with this.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    pub fn discard_all(&self, begin: &[u8]) -> io::Result<()> {
        for name in (Listing { entries: Dir::read_from(&self.staging)? }) {
            let name = name?;
            if name.starts_with(begin) {
                match self.discard(&name) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Whether a staged file of this name is there.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    pub fn is_staged(&self, name: &[u8]) -> io::Result<bool> {
        match rustix::fs::statat(&self.staging, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the names of staged files last.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    pub fn sync_staged(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.staging)?)
    }

    /// Moves a staged file into a folder, over one of that name, and makes that last.
    ///
    /// # Errors
    ///
    /// If the disk fails, or a directory has that name.
    pub fn publish(&self, staged: &[u8], folder: usize, name: &[u8]) -> io::Result<()> {
        rustix::fs::renameat(&self.staging, staged, self.handle(folder), name)?;
        rustix::fs::fsync(self.handle(folder))?;
        Ok(())
    }

    /// Moves a file out of its folder and out of every client's sight, and gives its staged name.
    ///
    /// # Errors
    ///
    /// If it is not there, or the disk fails.
    pub fn withdraw(&self, folder: usize, name: &[u8]) -> io::Result<Vec<u8>> {
        let staged = staging_name().into_bytes();
        let flags = RenameFlags::NOREPLACE;
        rustix::fs::renameat_with(self.handle(folder), name, &self.staging, &*staged, flags)?;
        Ok(staged)
    }

    /// Throws a staged file away.
    ///
    /// # Errors
    ///
    /// If it is not there, or the disk fails.
    pub fn discard(&self, staged: &[u8]) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.staging, staged, AtFlags::empty())?)
    }

    /// Throws away staged files last written before this many seconds since 1970, which a crash
    /// left behind, and says how many there were.
    ///
    /// # Errors
    ///
    /// If the disk fails.
    pub fn sweep(&self, before: i64) -> io::Result<u64> {
        let mut swept = 0;
        for name in (Listing { entries: Dir::read_from(&self.staging)? }) {
            let name = name?;
            if name.starts_with(OUTGOING) {
                continue;
            }
            let stat = rustix::fs::statat(&self.staging, &*name, AtFlags::SYMLINK_NOFOLLOW)?;
            if FileFacts::of(&stat).is_ok_and(|facts| facts.modified < before) {
                self.discard(&name)?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}

fn create(directory: &OwnedFd, name: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(directory, name, flags, Mode::from_raw_mode(0o640))
}

/// A name that no other node or session gives a staged file at the same moment; should it do so
/// after all, the file is not made twice, because it must not exist.
fn staging_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = jiff::Timestamp::now().as_nanosecond();
    format!("{now:x}-{:x}-{count:x}", std::process::id())
}

/// The names in a folder, without `.` and `..`.
#[derive(Debug)]
pub struct Listing {
    entries: Dir,
}

impl Iterator for Listing {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.entries.next()? {
                Err(error) => return Some(Err(error.into())),
                Ok(entry) => match entry.file_name().to_bytes() {
                    b"." | b".." => {}
                    name => return Some(Ok(name.to_vec())),
                },
            }
        }
    }
}

/// A name as a person reads it: bytes that are no printable UTF-8 are escaped, so that no name can
/// break a line of a log or colour a terminal.
pub fn printable(name: &[u8]) -> String {
    let mut text = String::new();
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() || character == '\\' {
                text.extend(character.escape_default());
            } else {
                text.push(character);
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// Whether a file of this name is still being made: clients upload under such a name and rename it
/// when it is whole. WinSCP writes `.filepart`, rclone `.partial`, lftp a dot in front.
pub fn is_unfinished(name: &[u8]) -> bool {
    const ENDS: [&[u8]; 5] = [b".filepart", b".part", b".partial", b".tmp", b".temp"];
    let lower = name.to_ascii_lowercase();
    name.starts_with(b".") || ENDS.iter().any(|end| lower.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crash_left_behind_is_swept_by_age() {
        let home = tempfile::tempdir().expect("a temporary directory");
        let mailbox = Mailbox::usual(home.path()).open().expect("the folders can be made");
        let (_, name) = mailbox.stage().expect("a staged file");
        let now = jiff::Timestamp::now().as_second();
        assert_eq!(mailbox.sweep(now - 60).expect("the disk is well"), 0);
        assert_eq!(mailbox.sweep(now + 60).expect("the disk is well"), 1);
        assert!(mailbox.discard(&name).is_err(), "it is gone");
    }

    #[test]
    fn a_folder_that_is_a_link_is_refused() {
        let home = tempfile::tempdir().expect("a temporary directory");
        std::os::unix::fs::symlink("/etc", home.path().join("inbound")).expect("a link");
        assert!(Mailbox::usual(home.path()).open().is_err());
    }

    #[test]
    fn names_are_printed_without_control_characters() {
        assert_eq!(printable(b"a\x1b[31m\n\\caf\xe9"), "a\\u{1b}[31m\\n\\\\caf\\xe9");
        assert_eq!(printable("Zähler ☀".as_bytes()), "Zähler ☀");
    }

    #[test]
    fn unfinished_names_are_those_that_clients_give() {
        for name in ["a.filepart", "a.FILEPART", "a.part", "a.tmp", ".a", "a.7f3.partial"] {
            assert!(is_unfinished(name.as_bytes()), "{name}");
        }
        for name in ["a", "a.edi", "part", "a.tmp.edi", "a.x12"] {
            assert!(!is_unfinished(name.as_bytes()), "{name}");
        }
    }
}
