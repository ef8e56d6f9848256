//! A file being written by a client.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use rustix::fs::{Timespec, Timestamps};

use super::arrival::Arrival;
use super::mailbox_use::MailboxUse;
use super::{Note, Refused};
use crate::mailbox::{self, OpenMailbox};
use crate::sftp::account::Limits;
use crate::sftp::audit::What;
use crate::sftp::path::{self, Place};
use crate::sftp::wire::{Attributes, OpenFlags};

/// A staged file, thrown away when dropped.
#[derive(Debug)]
pub(crate) struct Staged {
    pub(super) mailbox: Arc<OpenMailbox>,
    pub(super) name: Vec<u8>,
    pub(super) is_published: bool,
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.is_published {
            // What cannot be thrown away now is swept later.
            let _ = self.mailbox.discard(&self.name);
        }
    }
}

enum Ground {
    /// Out of sight, until it is closed.
    Staged(Staged),
    /// In its folder under an unfinished name, with a claim on it.
    Unfinished(u64),
}

/// A file being written by a client.
pub(crate) struct Upload {
    file: Arc<File>,
    ground: Option<Ground>,
    target: (usize, Vec<u8>),
    shown: String,
    is_append: bool,
    /// Its length in bytes, so far.
    size: u64,
    /// Bytes of it that count as arriving.
    counted: u64,
    /// The hash of the first bytes, and how many they are; none after a write elsewhere.
    hash: Option<(Context, u64)>,
    /// Why it cannot be whole any more; told again when it is closed.
    failed: Option<String>,
    mailbox: Arc<OpenMailbox>,
    limits: Limits,
    used: Arc<MailboxUse>,
    note: Note,
}

impl Upload {
    pub(super) fn open(
        mailbox: &Arc<OpenMailbox>,
        used: &Arc<MailboxUse>,
        limits: &Limits,
        target: (usize, Vec<u8>),
        flags: OpenFlags,
        note: &Note,
    ) -> Result<Self, Refused> {
        let there = mailbox.facts(target.0, &target.1).is_ok();
        if there && flags.create() && flags.exclusive() {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
        }
        if !there && !flags.create() {
            return Err(io::Error::from(io::ErrorKind::NotFound).into());
        }
        if !there && let Err(files) = used.one_more(mailbox, target.0, limits.folder_files)? {
            return Err(Refused::failure(format!(
                "{files} files are here, and no more fit; remove some first"
            )));
        }
        let is_unfinished = mailbox::is_unfinished(&target.1);
        let (file, ground) = if is_unfinished {
            let file = match there {
                true => mailbox.open_file(target.0, &target.1, true)?,
                false => mailbox.create_file(target.0, &target.1)?,
            };
            if flags.truncate() {
                file.set_len(0)?;
            }
            (file, Ground::Unfinished(used.claim(&target)))
        } else {
            if there && !flags.truncate() {
                return Err(Refused::failure(
                    "this file arrived already and cannot be continued; send it whole, or send it \
                     under a name that ends in .filepart and rename it",
                ));
            }
            let (file, name) = mailbox.stage()?;
            let staged = Staged { mailbox: Arc::clone(mailbox), name, is_published: false };
            (file, Ground::Staged(staged))
        };
        let size = file.metadata()?.len();
        let hash = (size == 0).then(|| (Context::new(&SHA256), 0));
        let place = Place::File(target.0, target.1.clone());
        let shown = crate::mailbox::printable(&path::absolute(mailbox, &place));
        Ok(Self {
            file: Arc::new(file),
            ground: Some(ground),
            target,
            shown,
            is_append: flags.append(),
            size,
            counted: 0,
            hash,
            failed: None,
            mailbox: Arc::clone(mailbox),
            limits: *limits,
            used: Arc::clone(used),
            note: Arc::clone(note),
        })
    }

    /// The folder it goes to.
    pub(super) fn folder(&self) -> usize {
        self.target.0
    }

    pub(super) fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Whether this is the file of that place.
    pub(super) fn is(&self, place: &(usize, Vec<u8>)) -> bool {
        matches!(self.ground, Some(Ground::Unfinished(_))) && self.target == *place
    }

    /// Fails when this file cannot become whole any more, and from then on.
    fn check(&mut self) -> Result<(), Refused> {
        if let Some(Ground::Unfinished(claim)) = &self.ground
            && !self.used.is_claimed(&self.target, *claim)
        {
            self.failed = Some("another session is writing this file now".into());
        }
        match &self.failed {
            Some(text) => Err(Refused::failure(text.clone())),
            None => Ok(()),
        }
    }

    fn fail(&mut self, refused: Refused) -> Refused {
        self.failed = Some(refused.text.clone());
        refused
    }

    pub(super) fn write(&mut self, offset: u64, data: &[u8]) -> Result<(), Refused> {
        self.check()?;
        let offset = if self.is_append { self.size } else { offset };
        let end = offset.saturating_add(data.len() as u64);
        self.grow(end).map_err(|refused| self.fail(refused))?;
        self.file.write_all_at(data, offset).map_err(|error| self.fail(error.into()))?;
        self.size = self.size.max(end);
        match &mut self.hash {
            Some((context, hashed)) if *hashed == offset => {
                context.update(data);
                *hashed = end;
            }
            hash => *hash = None,
        }
        Ok(())
    }

    /// Makes sure that the file may be as long as `end`.
    fn grow(&mut self, end: u64) -> Result<(), Refused> {
        let largest = self.limits.largest_file;
        if end > largest {
            return Err(Refused::failure(format!(
                "this file is too large; the largest that is taken has {largest} bytes"
            )));
        }
        let growth = end.saturating_sub(self.size.max(self.counted));
        if growth == 0 {
            return Ok(());
        }
        self.counted += growth;
        let most = self.limits.folder_bytes;
        match self.used.grow(&self.mailbox, self.target.0, growth, most)? {
            Ok(()) => Ok(()),
            Err(lying) => Err(Refused::failure(format!(
                "the folder is full; {most} bytes fit, and {lying} lie there; remove some files first"
            ))),
        }
    }

    pub(super) fn sync(&mut self) -> Result<(), Refused> {
        self.check()?;
        self.file.sync_data().map_err(|error| self.fail(error.into()))
    }

    pub(super) fn set(&mut self, attributes: &Attributes) -> Result<(), Refused> {
        self.check()?;
        if let Some(size) = attributes.size {
            self.grow(size).map_err(|refused| self.fail(refused))?;
            self.file.set_len(size).map_err(|error| self.fail(error.into()))?;
            self.size = size;
            self.hash = (size == 0).then(|| (Context::new(&SHA256), 0));
        }
        set(&self.file, attributes)
    }

    /// Ends the writing: a staged file becomes an arrival, an unfinished one stays where it is.
    pub(super) fn close(mut self) -> Result<Option<Arrival>, Refused> {
        self.check()?;
        self.file.sync_all().map_err(|error| self.fail(error.into()))?;
        self.used.lies(self.target.0, self.size);
        match self.ground.take() {
            Some(Ground::Staged(staged)) => {
                let sha256 = match self.hash.take() {
                    Some((context, hashed)) if hashed == self.size => finish(context),
                    _ => hash(&self.file)?,
                };
                let (folder, name) = self.target.clone();
                Ok(Some(Arrival {
                    staged,
                    file: Arc::clone(&self.file),
                    size: self.size,
                    sha256,
                    folder,
                    name,
                    origin: None,
                    note: Arc::clone(&self.note),
                }))
            }
            _ => {
                self.used.release(&self.target);
                (self.note)(What::Set { path: self.shown.clone(), bytes: self.size });
                Ok(None)
            }
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.used.arrived(self.counted);
        // Still on its ground: it was not closed, or not well.
        if let Some(ground) = &self.ground {
            if matches!(ground, Ground::Unfinished(claim) if self.used.is_claimed(&self.target, *claim))
            {
                self.used.release(&self.target);
            }
            (self.note)(What::Interrupted { path: self.shown.clone(), bytes: self.size });
        }
    }
}

fn finish(context: Context) -> [u8; 32] {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(context.finish().as_ref());
    sha256
}

/// The SHA-256 of a whole file.
pub(super) fn hash(file: &File) -> io::Result<[u8; 32]> {
    let mut context = Context::new(&SHA256);
    let mut space = vec![0; 128 * 1024];
    let mut offset = 0;
    loop {
        let read = super::read_full(file, &mut space, offset)?;
        if read == 0 {
            return Ok(finish(context));
        }
        context.update(&space[..read]);
        offset += read as u64;
    }
}

/// Sets when a file was changed; plain permissions are taken without effect.
pub(super) fn set(file: &File, attributes: &Attributes) -> Result<(), Refused> {
    if attributes.owner.is_some() {
        return Err(Refused::denied("files of a mailbox have no owner that could be changed"));
    }
    if attributes.permissions.is_some_and(|mode| mode & 0o7000 != 0) {
        return Err(Refused::denied("only plain permissions can be given"));
    }
    if let Some((accessed, modified)) = attributes.times {
        let at = |seconds: u32| Timespec { tv_sec: i64::from(seconds), tv_nsec: 0 };
        let times = Timestamps { last_access: at(accessed), last_modification: at(modified) };
        rustix::fs::futimens(file, &times).map_err(io::Error::from)?;
    }
    Ok(())
}
