//! Requests: as a client writes them, and as a server reads them.

use super::*;

/// The flags of an OPEN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenFlags(pub(crate) u32);

impl OpenFlags {
    /// For a client that reads.
    pub(crate) const READ: Self = Self(1);
    /// For a client that writes a file of its own from the start.
    pub(crate) const NEW: Self = Self(2 | 8 | 16);
    /// For a client that goes on with a file.
    pub(crate) const CONTINUE: Self = Self(2 | 8);

    pub(crate) fn write(self) -> bool {
        self.0 & 2 != 0
    }
    pub(crate) fn append(self) -> bool {
        self.0 & 4 != 0
    }
    pub(crate) fn create(self) -> bool {
        self.0 & 8 != 0
    }
    pub(crate) fn truncate(self) -> bool {
        self.0 & 16 != 0
    }
    pub(crate) fn exclusive(self) -> bool {
        self.0 & 32 != 0
    }
}

/// One request of a client; bytes are borrowed from its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request<'a> {
    Open {
        path: &'a [u8],
        flags: OpenFlags,
    },
    Close {
        handle: &'a [u8],
    },
    Read {
        handle: &'a [u8],
        offset: u64,
        length: u32,
    },
    Write {
        handle: &'a [u8],
        offset: u64,
        data: &'a [u8],
    },
    /// STAT and LSTAT, which mean the same where there are no links.
    Stat {
        path: &'a [u8],
    },
    StatHandle {
        handle: &'a [u8],
    },
    SetStat {
        path: &'a [u8],
        attributes: Attributes,
    },
    SetStatHandle {
        handle: &'a [u8],
        attributes: Attributes,
    },
    OpenFolder {
        path: &'a [u8],
    },
    ReadFolder {
        handle: &'a [u8],
    },
    Remove {
        path: &'a [u8],
    },
    MakeFolder {
        path: &'a [u8],
    },
    RemoveFolder {
        path: &'a [u8],
    },
    RealPath {
        path: &'a [u8],
    },
    Rename {
        from: &'a [u8],
        to: &'a [u8],
        replace: bool,
    },
    /// READLINK, SYMLINK and the hard links of OpenSSH.
    Link,
    Sync {
        handle: &'a [u8],
    },
    Limits,
    /// How much room there is, by `statvfs@openssh.com`.
    Space {
        path: &'a [u8],
    },
    /// The same for an open file, by `fstatvfs@openssh.com`.
    SpaceHandle {
        handle: &'a [u8],
    },
    /// An extension that was not offered.
    Unknown {
        name: &'a [u8],
    },
}

/// Reads the opening message: the version the client speaks.
pub(crate) fn read_init(message: &[u8]) -> Result<u32, WireError> {
    let mut reader = Reader(message);
    if reader.byte()? != SSH_FXP_INIT {
        return Err(WireError::NotInit);
    }
    reader.number()
}

/// Reads a request and its number.
pub(crate) fn read_request(message: &[u8]) -> Result<(u32, Request<'_>), WireError> {
    let mut reader = Reader(message);
    let kind = reader.byte()?;
    let id = reader.number()?;
    let request = read_body(kind, &mut reader)?;
    // What an unknown extension carries is unknown too.
    if !reader.0.is_empty() && !matches!(request, Request::Unknown { .. } | Request::Link) {
        return Err(WireError::Long(kind));
    }
    Ok((id, request))
}

fn read_body<'a>(kind: u8, reader: &mut Reader<'a>) -> Result<Request<'a>, WireError> {
    Ok(match kind {
        SSH_FXP_OPEN => {
            let (path, flags) = (reader.bytes()?, OpenFlags(reader.number()?));
            reader.attributes()?;
            Request::Open { path, flags }
        }
        SSH_FXP_CLOSE => Request::Close { handle: reader.bytes()? },
        SSH_FXP_READ => Request::Read {
            handle: reader.bytes()?,
            offset: reader.long()?,
            length: reader.number()?,
        },
        SSH_FXP_WRITE => Request::Write {
            handle: reader.bytes()?,
            offset: reader.long()?,
            data: reader.bytes()?,
        },
        SSH_FXP_LSTAT | SSH_FXP_STAT => Request::Stat { path: reader.bytes()? },
        SSH_FXP_FSTAT => Request::StatHandle { handle: reader.bytes()? },
        SSH_FXP_SETSTAT => {
            Request::SetStat { path: reader.bytes()?, attributes: reader.attributes()? }
        }
        SSH_FXP_FSETSTAT => {
            Request::SetStatHandle { handle: reader.bytes()?, attributes: reader.attributes()? }
        }
        SSH_FXP_OPENDIR => Request::OpenFolder { path: reader.bytes()? },
        SSH_FXP_READDIR => Request::ReadFolder { handle: reader.bytes()? },
        SSH_FXP_REMOVE => Request::Remove { path: reader.bytes()? },
        SSH_FXP_MKDIR => {
            let path = reader.bytes()?;
            reader.attributes()?;
            Request::MakeFolder { path }
        }
        SSH_FXP_RMDIR => Request::RemoveFolder { path: reader.bytes()? },
        SSH_FXP_REALPATH => Request::RealPath { path: reader.bytes()? },
        SSH_FXP_RENAME => {
            Request::Rename { from: reader.bytes()?, to: reader.bytes()?, replace: false }
        }
        SSH_FXP_READLINK | SSH_FXP_SYMLINK => Request::Link,
        SSH_FXP_EXTENDED => match reader.bytes()? {
            POSIX_RENAME => {
                Request::Rename { from: reader.bytes()?, to: reader.bytes()?, replace: true }
            }
            FSYNC => Request::Sync { handle: reader.bytes()? },
            LIMITS => Request::Limits,
            STATVFS => Request::Space { path: reader.bytes()? },
            FSTATVFS => Request::SpaceHandle { handle: reader.bytes()? },
            b"hardlink@openssh.com" => Request::Link,
            name => Request::Unknown { name },
        },
        kind => return Err(WireError::Type(kind)),
    })
}

/// The opening message of a client: version 3.
pub(crate) fn init() -> Vec<u8> {
    Writer::new(SSH_FXP_INIT).number(3).end()
}

impl Request<'_> {
    /// The request as a client sends it, its length before it.
    pub(crate) fn write(&self, id: u32) -> Vec<u8> {
        let plain = |kind, of: &[u8]| Writer::answer(kind, id).bytes(of);
        let extended = |name: &[u8]| plain(SSH_FXP_EXTENDED, name);
        let none = Attributes::default();
        let written = match self {
            Self::Open { path, flags } => {
                plain(SSH_FXP_OPEN, path).number(flags.0).attributes(&none)
            }
            Self::Close { handle } => plain(SSH_FXP_CLOSE, handle),
            Self::Read { handle, offset, length } => {
                plain(SSH_FXP_READ, handle).long(*offset).number(*length)
            }
            Self::Write { handle, offset, data } => {
                plain(SSH_FXP_WRITE, handle).long(*offset).bytes(data)
            }
            Self::Stat { path } => plain(SSH_FXP_STAT, path),
            Self::StatHandle { handle } => plain(SSH_FXP_FSTAT, handle),
            Self::SetStat { path, attributes } => {
                plain(SSH_FXP_SETSTAT, path).attributes(attributes)
            }
            Self::SetStatHandle { handle, attributes } => {
                plain(SSH_FXP_FSETSTAT, handle).attributes(attributes)
            }
            Self::OpenFolder { path } => plain(SSH_FXP_OPENDIR, path),
            Self::ReadFolder { handle } => plain(SSH_FXP_READDIR, handle),
            Self::Remove { path } => plain(SSH_FXP_REMOVE, path),
            Self::MakeFolder { path } => plain(SSH_FXP_MKDIR, path).attributes(&none),
            Self::RemoveFolder { path } => plain(SSH_FXP_RMDIR, path),
            Self::RealPath { path } => plain(SSH_FXP_REALPATH, path),
            Self::Rename { from, to, replace: false } => plain(SSH_FXP_RENAME, from).bytes(to),
            Self::Rename { from, to, replace: true } => {
                extended(POSIX_RENAME).bytes(from).bytes(to)
            }
            Self::Link => Writer::answer(SSH_FXP_READLINK, id),
            Self::Sync { handle } => extended(FSYNC).bytes(handle),
            Self::Limits => extended(LIMITS),
            Self::Space { path } => extended(STATVFS).bytes(path),
            Self::SpaceHandle { handle } => extended(FSTATVFS).bytes(handle),
            Self::Unknown { name } => extended(name),
        };
        written.end()
    }
}

/// Asks for the hashes of the blocks of a range, its start and length, of an open file, as
/// `draft-ietf-secsh-filexfer-extensions-00` has it; `name` is what the server calls it.
pub(crate) fn check_file(
    id: u32,
    name: &[u8],
    handle: &[u8],
    range: (u64, u64),
    block: u32,
) -> Vec<u8> {
    Writer::answer(SSH_FXP_EXTENDED, id)
        .bytes(name)
        .bytes(handle)
        .bytes(b"sha256,sha384,sha512,sha1")
        .long(range.0)
        .long(range.1)
        .number(block)
        .end()
}
