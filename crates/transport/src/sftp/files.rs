//! What the requests of one session do to the files of its mailbox.
//!
//! Everything here blocks on the disk and is run on a thread that may. An upload goes to a staged
//! file that no client can name, and becomes an [`Arrival`] when it is closed. An upload under an
//! unfinished name (`.filepart`) lies in its folder, can be continued later, and becomes an arrival
//! when it is renamed to a final name. When a session ends, what was staged is thrown away.

mod arrival;
mod mailbox_use;
mod upload;

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

pub(crate) use self::arrival::Arrival;
pub(crate) use self::mailbox_use::MailboxUse;
use self::upload::Upload;
use crate::mailbox::{self, FileFacts, LONGEST_NAME, Listing, OpenMailbox, printable};
use crate::sftp::account::Limits;
use crate::sftp::audit::{Direction, What};
use crate::sftp::path::{self, Place};
use crate::sftp::wire::{self, Attributes, Code, Entry, LONGEST_DATA, OpenFlags, Request, Space};

/// Writes an event of this session into the audit.
pub(crate) type Note = Arc<dyn Fn(What) + Send + Sync>;

/// A refusal of one request: its code and the words for the person at the other end.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) code: Code,
    pub(crate) text: String,
}

impl Refused {
    fn denied(text: impl Into<String>) -> Self {
        Self { code: Code::PermissionDenied, text: text.into() }
    }

    fn failure(text: impl Into<String>) -> Self {
        Self { code: Code::Failure, text: text.into() }
    }
}

impl From<(Code, String)> for Refused {
    fn from((code, text): (Code, String)) -> Self {
        Self { code, text }
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self { code: Code::NoSuchFile, text: "no such file".into() },
            io::ErrorKind::AlreadyExists => {
                Self::failure("a file of that name is there; remove it first, or rename over it")
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::failure("the disk is full here; nothing was kept; try again later")
            }
            kind => Self::failure(format!("the disk failed here ({kind}); try again later")),
        }
    }
}

/// What comes of one request.
pub(crate) enum Outcome {
    /// An answer, ready to be sent.
    Answer(Vec<u8>),
    /// Bytes to be read when there is room to send them.
    Read { id: u32, download: Arc<Download>, offset: u64, length: usize },
    /// A file to be handed over; the answer waits for that.
    Arrival { id: u32, arrival: Arrival },
}

/// A file being read.
#[derive(Debug)]
pub(crate) struct Download {
    file: Arc<File>,
    path: String,
    size: u64,
    sent: AtomicU64,
}

impl Download {
    /// Appends the answer to a READ to `out`: data, or the end of the file, or a failure.
    pub(crate) fn answer(&self, out: &mut Vec<u8>, id: u32, offset: u64, length: usize) {
        // Not fill the answer's space with zeros that the end of the file makes useless.
        let left = self.file.metadata().map_or(0, |facts| facts.len().saturating_sub(offset));
        let length = length.min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = match length {
            0 => Ok(0),
            _ => wire::append_data(out, id, length, |space| read_full(&self.file, space, offset)),
        };
        match read {
            Ok(0) => out.extend(wire::status(id, Code::Eof, "end of file")),
            Ok(read) => {
                self.sent.fetch_add(read as u64, Ordering::Relaxed);
            }
            Err(error) => {
                let refused = Refused::from(error);
                out.extend(wire::status(id, refused.code, refused.text));
            }
        }
    }
}

/// Reads until `space` is full or the file ends.
fn read_full(file: &File, space: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < space.len() {
        match file.read_at(&mut space[read..], offset + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

enum Handle {
    Download(Arc<Download>),
    Upload(Box<Upload>),
    /// The folders of the mailbox, not told yet.
    Root(bool),
    Folder(usize, Listing),
}

/// The open files of one session.
pub(crate) struct Files {
    mailbox: Arc<OpenMailbox>,
    used: Arc<MailboxUse>,
    limits: Limits,
    note: Note,
    handles: HashMap<u32, Handle>,
    next: u32,
}

type Answer = Result<Vec<u8>, Refused>;

impl Files {
    pub(crate) fn new(
        mailbox: Arc<OpenMailbox>,
        used: Arc<MailboxUse>,
        limits: Limits,
        note: Note,
    ) -> Self {
        Self { mailbox, used, limits, note, handles: HashMap::new(), next: 0 }
    }

    /// How many files and listings are open.
    pub(crate) fn open_handles(&self) -> usize {
        self.handles.len()
    }

    /// Does what one request asks for.
    pub(crate) fn handle(&mut self, id: u32, request: Request<'_>) -> Outcome {
        let done = match request {
            Request::Read { handle, offset, length } => self.read(id, handle, offset, length),
            Request::Close { handle } => self.close(id, handle),
            Request::Rename { from, to, replace } => self.rename(id, from, to, replace),
            request => self.answer(id, request).map(Outcome::Answer),
        };
        done.unwrap_or_else(|refused| {
            // That a file is not there is no news, but for one that was to be put.
            let is_put = matches!(request, Request::Open { flags, .. } if flags.write());
            if is_put || !matches!(refused.code, Code::NoSuchFile | Code::Eof) {
                let (request, path) = described(request);
                (self.note)(What::Refused { request, path, text: refused.text.clone() });
            }
            Outcome::Answer(wire::status(id, refused.code, refused.text))
        })
    }

    fn answer(&mut self, id: u32, request: Request<'_>) -> Answer {
        match request {
            Request::Open { path, flags } => self.open(id, path, flags),
            Request::Write { handle, offset, data } => {
                self.upload(handle)?.write(offset, data)?;
                Ok(ok(id))
            }
            Request::Sync { handle } => {
                self.upload(handle)?.sync()?;
                Ok(ok(id))
            }
            Request::SetStatHandle { handle, attributes } => {
                self.upload(handle)?.set(&attributes)?;
                Ok(ok(id))
            }
            Request::StatHandle { handle } => Ok(wire::attributes(id, &self.handle_facts(handle)?)),
            Request::Stat { path } => Ok(wire::attributes(id, &self.place_facts(path)?)),
            Request::SetStat { path, attributes } => {
                self.set_stat(path, &attributes)?;
                Ok(ok(id))
            }
            Request::OpenFolder { path } => self.open_folder(id, path),
            Request::ReadFolder { handle } => self.read_folder(id, handle),
            Request::Remove { path } => self.remove(id, path),
            Request::RealPath { path } => self.real_path(id, path),
            Request::Limits => Ok(wire::limits(id, self.limits.handles as u64)),
            Request::Space { path } => {
                let place = path::resolve(&self.mailbox, path)?;
                Ok(wire::space(id, &self.space(&place)?))
            }
            Request::SpaceHandle { handle } => {
                let place = self.place_of(handle)?;
                Ok(wire::space(id, &self.space(&place)?))
            }
            Request::MakeFolder { .. } | Request::RemoveFolder { .. } => Err(Refused::denied(
                format!("the folders of a mailbox are fixed: {}", self.folder_names(|_| true)),
            )),
            Request::Link => {
                Err(Refused { code: Code::Unsupported, text: "a mailbox has no links".into() })
            }
            Request::Unknown { name } => Err(Refused {
                code: Code::Unsupported,
                text: format!("{} is not offered here", printable(name)),
            }),
            Request::Read { .. } | Request::Close { .. } | Request::Rename { .. } => {
                Err(Refused { code: Code::BadMessage, text: "not answered at once".into() })
            }
        }
    }

    fn folder_names(&self, wanted: impl Fn(&crate::mailbox::Folder) -> bool) -> String {
        let names: Vec<&str> = self
            .mailbox
            .folders()
            .filter(|folder| wanted(folder))
            .map(|folder| folder.name.as_str())
            .collect();
        names.join(", ")
    }

    /// The file a path names; a folder is refused with these words.
    fn file(&self, path: &[u8], otherwise: &str) -> Result<(usize, Vec<u8>), Refused> {
        match path::resolve(&self.mailbox, path)? {
            Place::File(folder, name) => Ok((folder, name)),
            Place::Root | Place::Folder(_) => Err(Refused::failure(otherwise)),
        }
    }

    fn shown(&self, folder: usize, name: &[u8]) -> String {
        printable(&path::absolute(&self.mailbox, &Place::File(folder, name.to_vec())))
    }

    fn may_put(&self, folder: usize) -> Result<(), Refused> {
        if self.mailbox.folder(folder).put {
            return Ok(());
        }
        let (name, where_to) = (&self.mailbox.folder(folder).name, self.folder_names(|f| f.put));
        Err(Refused::denied(format!("nothing can be put into {name}; put files into {where_to}")))
    }

    fn may_remove(&self, folder: usize) -> Result<(), Refused> {
        if self.mailbox.folder(folder).remove {
            return Ok(());
        }
        let name = &self.mailbox.folder(folder).name;
        Err(Refused::denied(format!("nothing can be removed from {name}")))
    }

    fn keep(&mut self, id: u32, handle: Handle) -> Answer {
        if self.handles.len() >= self.limits.handles {
            return Err(Refused::failure(format!(
                "{} files and folders are open, and no more may be; close some first",
                self.handles.len()
            )));
        }
        // A number comes back only after 4 billion opens, and then only if it is free.
        while self.handles.contains_key(&self.next) {
            self.next = self.next.wrapping_add(1);
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.handles.insert(number, handle);
        Ok(wire::handle(id, &number.to_be_bytes()))
    }

    fn upload(&mut self, handle: &[u8]) -> Result<&mut Upload, Refused> {
        match number(handle).and_then(|number| self.handles.get_mut(&number)) {
            Some(Handle::Upload(upload)) => Ok(upload),
            Some(_) => Err(Refused::denied("this file was not opened for writing")),
            None => Err(no_handle()),
        }
    }

    fn open(&mut self, id: u32, path: &[u8], flags: OpenFlags) -> Answer {
        let (folder, name) = self.file(path, "this is a folder, not a file")?;
        let path = self.shown(folder, &name);
        if !flags.write() {
            let file = self.mailbox.open_file(folder, &name, false)?;
            let size = file.metadata()?.len();
            let sent = AtomicU64::new(0);
            let download = Download { file: Arc::new(file), path: path.clone(), size, sent };
            let answer = self.keep(id, Handle::Download(Arc::new(download)))?;
            (self.note)(What::Opened { path, direction: Direction::Out });
            return Ok(answer);
        }
        self.may_put(folder)?;
        let limits = &self.limits;
        let upload =
            Upload::open(&self.mailbox, &self.used, limits, (folder, name), flags, &self.note)?;
        let answer = self.keep(id, Handle::Upload(Box::new(upload)))?;
        (self.note)(What::Opened { path, direction: Direction::In });
        Ok(answer)
    }

    fn read(
        &mut self,
        id: u32,
        handle: &[u8],
        offset: u64,
        length: u32,
    ) -> Result<Outcome, Refused> {
        let length = length.min(LONGEST_DATA) as usize;
        match number(handle).and_then(|number| self.handles.get(&number)) {
            Some(Handle::Download(download)) => {
                Ok(Outcome::Read { id, download: Arc::clone(download), offset, length })
            }
            Some(_) => Err(Refused::denied("this file was not opened for reading")),
            None => Err(no_handle()),
        }
    }

    fn close(&mut self, id: u32, handle: &[u8]) -> Result<Outcome, Refused> {
        match number(handle).and_then(|number| self.handles.remove(&number)) {
            Some(Handle::Upload(upload)) => Ok(match upload.close()? {
                Some(arrival) => Outcome::Arrival { id, arrival },
                None => Outcome::Answer(ok(id)),
            }),
            Some(Handle::Download(download)) => {
                let (path, size) = (download.path.clone(), download.size);
                let bytes = download.sent.load(Ordering::Relaxed);
                (self.note)(What::Fetched { path, bytes, size });
                Ok(Outcome::Answer(ok(id)))
            }
            Some(Handle::Root(_) | Handle::Folder(..)) => Ok(Outcome::Answer(ok(id))),
            None => Err(no_handle()),
        }
    }

    fn rename(
        &mut self,
        id: u32,
        from: &[u8],
        to: &[u8],
        replace: bool,
    ) -> Result<Outcome, Refused> {
        let fixed = "folders cannot be renamed";
        let (from, to) = (self.file(from, fixed)?, self.file(to, fixed)?);
        self.mailbox.facts(from.0, &from.1)?;
        self.may_remove(from.0)?;
        self.may_put(to.0)?;
        if from.0 != to.0 {
            // It would lie in inbound and never arrive.
            return Err(Refused::denied(
                "a file cannot be moved into another folder; fetch it, delete it, and put it there",
            ));
        }
        if !replace && self.mailbox.facts(to.0, &to.1).is_ok() {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
        }
        let is_open = |handle: &Handle| matches!(handle, Handle::Upload(u) if u.is(&from));
        if self.handles.values().any(is_open) {
            return Err(Refused::failure("this file is still being written; close it first"));
        }
        let (shown_from, shown_to) = (self.shown(from.0, &from.1), self.shown(to.0, &to.1));
        if self.mailbox.folder(from.0).put
            && mailbox::is_unfinished(&from.1)
            && !mailbox::is_unfinished(&to.1)
        {
            let arrival = Arrival::renamed(&self.mailbox, &self.used, from, to, &self.note)?;
            return Ok(Outcome::Arrival { id, arrival });
        }
        self.used.release(&from);
        self.mailbox.rename((from.0, &from.1), (to.0, &to.1), replace)?;
        (self.note)(What::Renamed { from: shown_from, to: shown_to });
        Ok(Outcome::Answer(ok(id)))
    }

    fn remove(&mut self, id: u32, path: &[u8]) -> Answer {
        let (folder, name) = self.file(path, "the folders of a mailbox are fixed")?;
        self.mailbox.facts(folder, &name)?;
        self.may_remove(folder)?;
        self.mailbox.remove(folder, &name)?;
        (self.note)(What::Deleted { path: self.shown(folder, &name) });
        Ok(ok(id))
    }

    /// A client may set when a file was changed. How long it is and who may read it is the
    /// mailbox's business; plain permissions are taken without effect, as clients send them
    /// unasked.
    fn set_stat(&mut self, path: &[u8], attributes: &Attributes) -> Result<(), Refused> {
        let (folder, name) = self.file(path, "folders cannot be changed")?;
        self.mailbox.facts(folder, &name)?;
        self.may_put(folder)?;
        if attributes.size.is_some() {
            return Err(Refused::denied("a file can only be cut while it is open for writing"));
        }
        upload::set(&self.mailbox.open_file(folder, &name, false)?, attributes)
    }

    fn real_path(&self, id: u32, path: &[u8]) -> Answer {
        let name = path::absolute(&self.mailbox, &path::resolve(&self.mailbox, path)?);
        Ok(wire::names(
            id,
            &[Entry { line: name.clone(), name, attributes: Attributes::default() }],
        ))
    }

    fn place_facts(&self, path: &[u8]) -> Result<Attributes, Refused> {
        match path::resolve(&self.mailbox, path)? {
            Place::Root => Ok(folder_attributes(false)),
            Place::Folder(folder) => Ok(folder_attributes(self.mailbox.folder(folder).put)),
            Place::File(folder, name) => Ok(file_attributes(self.mailbox.facts(folder, &name)?)),
        }
    }

    fn handle_facts(&self, handle: &[u8]) -> Result<Attributes, Refused> {
        let file = match number(handle).and_then(|number| self.handles.get(&number)) {
            Some(Handle::Download(download)) => &download.file,
            Some(Handle::Upload(upload)) => upload.file(),
            Some(Handle::Root(_)) => return Ok(folder_attributes(false)),
            Some(Handle::Folder(folder, _)) => {
                return Ok(folder_attributes(self.mailbox.folder(*folder).put));
            }
            None => return Err(no_handle()),
        };
        Ok(file_attributes(FileFacts::of(&rustix::fs::fstat(file).map_err(io::Error::from)?)?))
    }

    /// How much room there is, by the account's limits: in the folder that is meant, or in all that
    /// files are put into. What can only be fetched is full.
    fn space(&self, place: &Place) -> Result<Space, Refused> {
        let folders: Vec<usize> = match place {
            Place::File(folder, _) | Place::Folder(folder) => vec![*folder],
            Place::Root => {
                let all = 0..self.mailbox.folders().count();
                all.filter(|folder| self.mailbox.folder(*folder).put).collect()
            }
        };
        let mut space = Space {
            bytes: 0,
            bytes_free: 0,
            files: 0,
            files_free: 0,
            longest_name: LONGEST_NAME as u64,
            is_read_only: true,
        };
        for folder in folders {
            let (files, bytes) = self.mailbox.used(folder)?;
            if !self.mailbox.folder(folder).put {
                space.files += files;
                space.bytes += bytes;
                continue;
            }
            let arriving = bytes.saturating_add(self.used.arriving());
            space.is_read_only = false;
            space.files = space.files.saturating_add(self.limits.folder_files);
            space.files_free =
                space.files_free.saturating_add(self.limits.folder_files.saturating_sub(files));
            space.bytes = space.bytes.saturating_add(self.limits.folder_bytes);
            space.bytes_free =
                space.bytes_free.saturating_add(self.limits.folder_bytes.saturating_sub(arriving));
        }
        Ok(space)
    }

    fn place_of(&self, handle: &[u8]) -> Result<Place, Refused> {
        match number(handle).and_then(|number| self.handles.get(&number)) {
            Some(Handle::Upload(upload)) => Ok(Place::Folder(upload.folder())),
            Some(Handle::Folder(folder, _)) => Ok(Place::Folder(*folder)),
            Some(Handle::Root(_)) => Ok(Place::Root),
            Some(Handle::Download(_)) => Err(Refused::failure("nothing can be put into this file")),
            None => Err(no_handle()),
        }
    }

    fn open_folder(&mut self, id: u32, path: &[u8]) -> Answer {
        let handle = match path::resolve(&self.mailbox, path)? {
            Place::Root => Handle::Root(false),
            Place::Folder(folder) => Handle::Folder(folder, self.mailbox.list(folder)?),
            Place::File(folder, name) => {
                self.mailbox.facts(folder, &name)?;
                return Err(Refused::failure("this is a file, not a folder"));
            }
        };
        self.keep(id, handle)
    }

    fn read_folder(&mut self, id: u32, handle: &[u8]) -> Answer {
        /// Entries in one answer; with the longest names it is some 60 KiB.
        const ENTRIES: usize = 100;
        let mut entries = Vec::new();
        match number(handle).and_then(|number| self.handles.get_mut(&number)) {
            Some(Handle::Root(told)) => {
                if !std::mem::replace(told, true) {
                    entries.extend(self.mailbox.folders().map(|folder| {
                        entry(folder.name.as_bytes(), folder_attributes(folder.put))
                    }));
                }
            }
            Some(Handle::Folder(folder, listing)) => {
                for name in listing.by_ref() {
                    let name = name?;
                    // Gone since, or no plain file: not part of the mailbox.
                    let Ok(facts) = self.mailbox.facts(*folder, &name) else { continue };
                    entries.push(entry(&name, file_attributes(facts)));
                    if entries.len() == ENTRIES {
                        break;
                    }
                }
            }
            Some(_) => return Err(Refused::failure("this is a file, not a folder")),
            None => return Err(no_handle()),
        }
        match entries.is_empty() {
            true => Ok(wire::status(id, Code::Eof, "end of folder")),
            false => Ok(wire::names(id, &entries)),
        }
    }
}

fn ok(id: u32) -> Vec<u8> {
    wire::status(id, Code::Ok, "")
}

fn number(handle: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(handle.try_into().ok()?))
}

fn no_handle() -> Refused {
    Refused::failure("no such handle; it was closed, or never opened")
}

fn folder_attributes(put: bool) -> Attributes {
    let permissions = Some(if put { 0o040_755 } else { 0o040_555 });
    Attributes { permissions, ..Attributes::default() }
}

fn file_attributes(facts: FileFacts) -> Attributes {
    let modified = u32::try_from(facts.modified).unwrap_or(0);
    Attributes {
        size: Some(facts.size),
        owner: None,
        permissions: Some(0o100_644),
        times: Some((modified, modified)),
    }
}

/// An entry with the line that `ls -l` shows, times in UTC.
fn entry(name: &[u8], attributes: Attributes) -> Entry {
    let kind = match attributes.permissions {
        Some(0o100_644) => "-rw-r--r--",
        Some(0o040_755) => "drwxr-xr-x",
        _ => "dr-xr-xr-x",
    };
    let size = attributes.size.unwrap_or(0);
    let seconds = i64::from(attributes.times.map_or(0, |(_, modified)| modified));
    let time = Timestamp::from_second(seconds).unwrap_or_default().strftime("%b %e %Y");
    let mut line = format!("{kind}    1 mailbox  mailbox  {size:>12} {time} ").into_bytes();
    line.extend_from_slice(name);
    Entry { name: name.to_vec(), line, attributes }
}

/// What a request asks for, in a word, and its paths, for the audit.
fn described(request: Request<'_>) -> (&'static str, String) {
    match request {
        Request::Open { path, .. } => ("open", printable(path)),
        Request::Close { .. } => ("close", String::new()),
        Request::Read { .. } | Request::ReadFolder { .. } => ("read", String::new()),
        Request::Write { .. } => ("write", String::new()),
        Request::Stat { path } | Request::RealPath { path } => ("stat", printable(path)),
        Request::StatHandle { .. } => ("stat", String::new()),
        Request::SetStat { path, .. } => ("set attributes", printable(path)),
        Request::SetStatHandle { .. } => ("set attributes", String::new()),
        Request::OpenFolder { path } => ("list", printable(path)),
        Request::Remove { path } => ("delete", printable(path)),
        Request::MakeFolder { path } => ("make folder", printable(path)),
        Request::RemoveFolder { path } => ("remove folder", printable(path)),
        Request::Rename { from, to, .. } => {
            ("rename", format!("{} to {}", printable(from), printable(to)))
        }
        Request::Link => ("link", String::new()),
        Request::Sync { .. } => ("sync", String::new()),
        Request::Limits | Request::SpaceHandle { .. } => ("limits", String::new()),
        Request::Space { path } => ("limits", printable(path)),
        Request::Unknown { name } => ("extension", printable(name)),
    }
}
