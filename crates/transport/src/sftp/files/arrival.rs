//! A file that arrived whole, on its way to whoever takes it and into its folder.

use std::fs::File;
use std::sync::Arc;

use super::mailbox_use::MailboxUse;
use super::upload::{self, Staged};
use super::{Note, Refused};
use crate::file_drop::{FileDrop, Receipt};
use crate::mailbox::{OpenMailbox, printable};
use crate::sftp::audit::What;
use crate::sftp::path::{self, Place};

/// A file that arrived whole: on disk, out of sight, and not handed over yet.
pub(crate) struct Arrival {
    pub(super) staged: Staged,
    pub(super) file: Arc<File>,
    pub(super) size: u64,
    pub(super) sha256: [u8; 32],
    pub(super) folder: usize,
    pub(super) name: Vec<u8>,
    /// The unfinished name it had, when it arrived by a rename.
    pub(super) origin: Option<(usize, Vec<u8>)>,
    pub(super) note: Note,
}

impl Arrival {
    /// An unfinished file that is renamed to a final name. It is moved out of sight first, so that
    /// nobody can change it while it is handed over.
    pub(super) fn renamed(
        mailbox: &Arc<OpenMailbox>,
        used: &MailboxUse,
        from: (usize, Vec<u8>),
        to: (usize, Vec<u8>),
        note: &Note,
    ) -> Result<Self, Refused> {
        used.release(&from);
        let file = mailbox.open_file(from.0, &from.1, true)?;
        let name = mailbox.withdraw(from.0, &from.1)?;
        let staged = Staged { mailbox: Arc::clone(mailbox), name, is_published: false };
        let (folder, name) = to;
        let mut arrival = Self {
            staged,
            size: 0,
            sha256: [0; 32],
            file: Arc::new(file),
            folder,
            name,
            origin: Some(from),
            note: Arc::clone(note),
        };
        match arrival.measure() {
            Ok(()) => Ok(arrival),
            Err(error) => {
                arrival.refused();
                Err(error.into())
            }
        }
    }

    fn measure(&mut self) -> std::io::Result<()> {
        self.file.sync_all()?;
        self.size = self.file.metadata()?.len();
        self.sha256 = upload::hash(&self.file)?;
        Ok(())
    }

    /// The file as whoever takes it sees it.
    pub(crate) fn file_drop(&self, account: &str, session: u64) -> FileDrop {
        FileDrop {
            account: account.to_owned(),
            folder: self.staged.mailbox.folder(self.folder).name.clone(),
            name: self.name.clone(),
            size: self.size,
            sha256: self.sha256,
            session,
            file: Arc::clone(&self.file),
        }
    }

    fn shown(&self, folder: usize, name: &[u8]) -> String {
        let place = Place::File(folder, name.to_vec());
        printable(&path::absolute(&self.staged.mailbox, &place))
    }

    /// The file's path, printable.
    pub(crate) fn path(&self) -> String {
        self.shown(self.folder, &self.name)
    }

    /// It was taken: puts it into its folder.
    pub(crate) fn taken(mut self, receipt: Receipt) -> Result<(), Refused> {
        let staged = &self.staged;
        staged.mailbox.publish(&staged.name, self.folder, &self.name)?;
        self.staged.is_published = true;
        let path = self.path();
        if let Some((folder, name)) = &self.origin {
            (self.note)(What::Renamed { from: self.shown(*folder, name), to: path.clone() });
        }
        let (bytes, sha256, reference) = (self.size, self.sha256, receipt.reference);
        (self.note)(What::Arrived { path, bytes, sha256, reference });
        Ok(())
    }

    /// It was not taken: throws it away, or gives it its unfinished name back so that the client
    /// can rename it again later.
    pub(crate) fn refused(mut self) {
        if let Some((folder, name)) = &self.origin {
            let published = self.staged.mailbox.publish(&self.staged.name, *folder, name);
            self.staged.is_published = published.is_ok();
        }
    }
}
