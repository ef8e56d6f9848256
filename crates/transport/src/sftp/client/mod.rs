//! SFTP version 3 as a client: a partner's server, its folders and files.
//!
//! A [`Remote`] says where a server is, how it is known and how we log in; a [`Client`] is one
//! session with it. What is asked for is asked ahead: up to 64 requests are on their way at once, so
//! a long line is as fast as a short one. Several calls may run on one session at the same time.
//! Names are bytes. A refusal keeps the server's words.
//!
//! ```no_run
//! use tieline_transport::sftp::client::{Client, PutOptions, Remote, Secret};
//!
//! # async fn put() -> Result<(), Box<dyn std::error::Error>> {
//! let mut remote = Remote::new("sftp.partner.example", "prairie-rivers");
//! remote.host_keys.push("SHA256:uNiVztksCsDhcc0u9e8BrDXANfVdqPNFkXcQqvGgKhw".parse()?);
//! remote.credentials.password = Some(Secret::new("from the vault"));
//! let client = Client::connect(&remote).await?;
//! let mut bill = std::fs::File::open("810.edi")?;
//! client.put(b"inbound/810.edi", &mut bill, &PutOptions::default()).await?;
//! client.close().await;
//! # Ok(())
//! # }
//! ```

mod connect;
mod error;
mod fetch;
mod host;
mod link;
pub(crate) mod proxy;
mod put;
mod remote;
mod stages;

use std::fmt;
use std::sync::Arc;

use russh::client::Handle;
use tokio::time::{Duration, timeout};

pub use self::connect::{ShownKey, scan_host_keys};
pub use self::error::{ConnectError, SftpError, Stage};
pub use self::fetch::{FetchOptions, Fetched};
pub use self::put::{Put, PutOptions, Replace, Temporary};
pub use self::remote::{
    CredentialError, Credentials, PinnedKey, Proxy, ProxyKind, Remote, Secret, Timeouts, UserKey,
};
pub use self::stages::{Step, StepResult, test_connection};
pub use crate::sftp::algorithms::Legacy;

use self::connect::{Begun, Ground, Observe};
use self::host::{Host, Notes};
use self::link::{Link, Pending, answer, done, unfitting};
use crate::sftp::wire::{self, Answer, Attributes, Code, Request};

/// The piece that every server takes, in bytes.
const COMMON_PIECE: u32 = 32 * 1024;

/// One session with a partner's server.
///
/// End it with [`close`](Self::close). One that is only dropped closes its socket.
pub struct Client {
    link: Link,
    offers: Offers,
    pins: Vec<PinnedKey>,
    notes: Arc<Notes>,
    handle: Handle<Host>,
    ground: Ground,
}

/// What a server offers beyond version 3, and how much it takes at once.
#[derive(Debug, Clone, Copy)]
struct Offers {
    posix_rename: bool,
    fsync: bool,
    check_file: bool,
    /// The most bytes of one READ and of one WRITE.
    read_piece: u32,
    write_piece: u32,
}

/// What a server says of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What it is; a server that does not say is taken to mean a file.
    pub kind: FileKind,
    /// Its length in bytes, if the server says.
    pub size: Option<u64>,
    /// When it was changed, in seconds since 1970, UTC, if the server says.
    pub modified: Option<u32>,
}

/// What an entry of a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A plain file.
    File,
    /// A folder.
    Folder,
    /// A link, a device, or whatever else there is.
    Other,
}

/// An entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name, byte for byte; it need not be UTF-8.
    pub name: Vec<u8>,
    /// What the server says of it.
    pub facts: Facts,
}

/// A host key that a server says it has beside the one it showed, and proved to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnouncedKey {
    /// The key.
    pub key: ShownKey,
    /// Whether it is pinned already.
    pub is_pinned: bool,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("offers", &self.offers).finish_non_exhaustive()
    }
}

impl From<Attributes> for Facts {
    fn from(attributes: Attributes) -> Self {
        let kind = match attributes.permissions.map(|mode| mode & 0o170_000) {
            None | Some(0 | 0o100_000) => FileKind::File,
            Some(0o040_000) => FileKind::Folder,
            Some(_) => FileKind::Other,
        };
        let modified = attributes.times.map(|(_, modified)| modified);
        Self { kind, size: attributes.size, modified }
    }
}

impl Client {
    /// Connects, makes sure that the server is the one that is meant, logs in and begins a session.
    ///
    /// # Errors
    ///
    /// [`ConnectError`], which says how far it came and what to do.
    pub async fn connect(remote: &Remote) -> Result<Self, ConnectError> {
        Self::connect_observed(remote, &mut |_, _, _| {}).await
    }

    async fn connect_observed(remote: &Remote, observe: Observe<'_>) -> Result<Self, ConnectError> {
        let Begun { link, offers, handle, ground, notes } = connect::begin(remote, observe).await?;
        let has = |name: &[u8]| offers.iter().any(|offered| offered == name);
        let mut offers = Offers {
            posix_rename: has(wire::POSIX_RENAME),
            fsync: has(wire::FSYNC),
            check_file: has(wire::CHECK_FILE),
            read_piece: COMMON_PIECE,
            write_piece: COMMON_PIECE,
        };
        if has(wire::LIMITS) {
            let asked = link.ask(&Request::Limits).message();
            offers.take_limits(
                &asked
                    .await
                    .map_err(|error| ConnectError::Subsystem { text: error.to_string() })?,
            );
        }
        let pins = remote.host_keys.clone();
        Ok(Self { link, offers, pins, notes, handle, ground })
    }

    /// Ends the session and the connection in an orderly way.
    pub async fn close(self) {
        let _ = timeout(Duration::from_secs(5), self.link.close()).await;
        connect::end(self.handle, self.ground).await;
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// What the server says of a file or folder, links followed.
    ///
    /// # Errors
    ///
    /// [`SftpError`]; [`is_missing`](SftpError::is_missing) tells that there is none.
    pub async fn stat(&self, path: &[u8]) -> Result<Facts, SftpError> {
        let message = self.link.ask(&Request::Stat { path }).message().await?;
        match answer("stat", path, &message)? {
            Answer::Attributes(attributes) => Ok(attributes.into()),
            _ => Err(unfitting("stat")),
        }
    }

    /// What is in a folder, in the order the server gives it, without `.` and `..`.
    ///
    /// # Errors
    ///
    /// [`SftpError`]; more than a million entries are refused, since no drop holds so many.
    pub async fn list(&self, folder: &[u8]) -> Result<Vec<Listed>, SftpError> {
        const MOST: usize = 1_000_000;
        let opened = self.open(&Request::OpenFolder { path: folder }, "list", folder).await?;
        let mut listed = Vec::new();
        // Two requests ahead hide half of a long line, and an answer is bounded.
        let next = || self.link.ask(&Request::ReadFolder { handle: &opened.handle });
        let mut ahead = [Some(next()), Some(next())];
        for turn in 0.. {
            let Some(pending) = ahead[turn % 2].take() else { break };
            let message = pending.message().await?;
            match answer("list", folder, &message) {
                Ok(Answer::Names(entries)) => listed.extend(entries.into_iter().filter_map(entry)),
                Ok(_) => return Err(unfitting("list")),
                Err(error) if error.code() == Some(Code::Eof as u32) => continue,
                Err(error) => return Err(error),
            }
            if listed.len() > MOST {
                let text = format!("a folder of more than {MOST} entries");
                return Err(SftpError::Broken { text });
            }
            ahead[turn % 2] = Some(next());
        }
        opened.close().await?;
        Ok(listed)
    }

    /// Deletes a file.
    ///
    /// # Errors
    ///
    /// [`SftpError`].
    pub async fn remove(&self, path: &[u8]) -> Result<(), SftpError> {
        self.link.order("delete", path, &Request::Remove { path }).await
    }

    /// Makes a folder; the one above it must be there.
    ///
    /// # Errors
    ///
    /// [`SftpError`].
    pub async fn mkdir(&self, path: &[u8]) -> Result<(), SftpError> {
        self.link.order("make folder", path, &Request::MakeFolder { path }).await
    }

    /// Removes an empty folder.
    ///
    /// # Errors
    ///
    /// [`SftpError`].
    pub async fn rmdir(&self, path: &[u8]) -> Result<(), SftpError> {
        self.link.order("remove folder", path, &Request::RemoveFolder { path }).await
    }

    /// Renames a file. What happens when the new name is taken is said by `replace`.
    ///
    /// # Errors
    ///
    /// [`SftpError`]; [`SftpError::Exists`] if the name is taken and nothing may be put over it.
    pub async fn rename(&self, from: &[u8], to: &[u8], replace: Replace) -> Result<(), SftpError> {
        let posix = Request::Rename { from, to, replace: true };
        let plain = Request::Rename { from, to, replace: false };
        if replace == Replace::Never {
            // Some servers put a plain rename over what is there, so looking first is needed; and
            // those that do not refuse it, so that nothing is lost when it comes in between.
            if self.stat(to).await.is_ok() {
                return Err(SftpError::Exists { path: crate::mailbox::printable(to) });
            }
        } else if self.offers.posix_rename {
            return self.link.order("rename", from, &posix).await;
        }
        let renamed = self.link.order("rename", from, &plain).await;
        match renamed {
            Err(error) if replace == Replace::RemoveFirst && !error.is_end() => {
                if self.stat(to).await.is_err() {
                    return Err(error);
                }
                self.remove(to).await?;
                self.link.order("rename", from, &plain).await
            }
            renamed => renamed,
        }
    }

    /// The host keys that the server says it has, each proved to be its own, so that a new one can
    /// be pinned before the old one goes. OpenSSH announces them; of other servers there are none.
    ///
    /// # Errors
    ///
    /// [`SftpError::Broken`] if it cannot prove what it announced.
    pub async fn announced_host_keys(&self) -> Result<Vec<AnnouncedKey>, SftpError> {
        let keys = self.notes.announced();
        let proved = self.handle.hostkeys_prove(keys.clone()).await;
        proved.map_err(|error| SftpError::Broken {
            text: format!("it announced host keys and did not prove them: {error}"),
        })?;
        let announced = keys.into_iter().map(|key| AnnouncedKey {
            is_pinned: self.pins.iter().any(|pin| pin.is(&key)),
            key: ShownKey {
                fingerprint: remote::fingerprint(&key),
                line: key.to_openssh().unwrap_or_default(),
            },
        });
        Ok(announced.collect())
    }

    async fn open(
        &self,
        request: &Request<'_>,
        what: &'static str,
        path: &[u8],
    ) -> Result<Opened<'_>, SftpError> {
        let pending = self.link.ask(request);
        let mut opening = Opening { pending: Some(pending), link: &self.link };
        let message = opening.message().await?;
        match answer(what, path, &message)? {
            Answer::Handle(handle) => {
                Ok(Opened { link: &self.link, handle: handle.to_vec(), is_open: true })
            }
            _ => Err(unfitting(what)),
        }
    }
}

impl Offers {
    /// A server that answers otherwise than it should is taken at the least.
    fn take_limits(&mut self, message: &[u8]) {
        let Ok((_, Answer::Extended(body))) = wire::read_answer(message) else { return };
        let Ok([_, read, write, _]) = wire::read_limits(body) else { return };
        let piece = |limit: u64| match u32::try_from(limit) {
            Ok(0) => COMMON_PIECE,
            Ok(limit) => limit.min(wire::LONGEST_DATA),
            Err(_) => wire::LONGEST_DATA,
        };
        (self.read_piece, self.write_piece) = (piece(read), piece(write));
    }
}

fn entry(entry: wire::Entry) -> Option<Listed> {
    // A name with a slash is none in a folder, and could lead elsewhere.
    let is_name = !matches!(&entry.name[..], b"" | b"." | b"..") && !entry.name.contains(&b'/');
    is_name.then(|| Listed { name: entry.name, facts: entry.attributes.into() })
}

/// A file that is being opened. If nobody waits for it any more, it is closed when it is open.
struct Opening<'a> {
    pending: Option<Pending>,
    link: &'a Link,
}

impl Opening<'_> {
    async fn message(&mut self) -> Result<Vec<u8>, SftpError> {
        let Some(pending) = &mut self.pending else { return Err(unfitting("open")) };
        let message = pending.wait().await;
        self.pending = None;
        message
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.link.close_later(pending);
        }
    }
}

/// An open file or folder. If it is not closed it is closed later, and nobody hears how that went.
struct Opened<'a> {
    link: &'a Link,
    handle: Vec<u8>,
    is_open: bool,
}

impl Opened<'_> {
    /// Closes it and waits: a server may say only now that writing failed.
    async fn close(mut self) -> Result<(), SftpError> {
        self.is_open = false;
        let message = self.link.ask(&Request::Close { handle: &self.handle }).message().await?;
        done("close", b"", &message)
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        if self.is_open {
            drop(self.link.ask(&Request::Close { handle: &self.handle }));
        }
    }
}
