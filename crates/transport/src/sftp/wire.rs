//! Messages of SFTP version 3, as the draft `draft-ietf-secsh-filexfer-02` and OpenSSH's
//! `PROTOCOL` have them. Names are bytes; nothing is decoded as text.

use std::fmt;

/// The longest message accepted, in bytes without its length: 256 KiB of data and its head.
pub(crate) const LONGEST_MESSAGE: usize = 256 * 1024 + 1024;
/// The most data in one READ or WRITE that a client is told to send: OpenSSH's own limit.
pub(crate) const LONGEST_DATA: u32 = 261_120;
/// The longest message accepted that is no WRITE: two paths and some words.
pub(crate) const LONGEST_REQUEST: usize = 34_000;

const SSH_FXP_INIT: u8 = 1;
const SSH_FXP_VERSION: u8 = 2;
const SSH_FXP_OPEN: u8 = 3;
const SSH_FXP_CLOSE: u8 = 4;
pub(crate) const SSH_FXP_READ: u8 = 5;
pub(crate) const SSH_FXP_WRITE: u8 = 6;
const SSH_FXP_LSTAT: u8 = 7;
const SSH_FXP_FSTAT: u8 = 8;
const SSH_FXP_SETSTAT: u8 = 9;
const SSH_FXP_FSETSTAT: u8 = 10;
const SSH_FXP_OPENDIR: u8 = 11;
const SSH_FXP_READDIR: u8 = 12;
const SSH_FXP_REMOVE: u8 = 13;
const SSH_FXP_MKDIR: u8 = 14;
const SSH_FXP_RMDIR: u8 = 15;
const SSH_FXP_REALPATH: u8 = 16;
const SSH_FXP_STAT: u8 = 17;
const SSH_FXP_RENAME: u8 = 18;
const SSH_FXP_READLINK: u8 = 19;
const SSH_FXP_SYMLINK: u8 = 20;
const SSH_FXP_STATUS: u8 = 101;
const SSH_FXP_HANDLE: u8 = 102;
const SSH_FXP_DATA: u8 = 103;
const SSH_FXP_NAME: u8 = 104;
const SSH_FXP_ATTRS: u8 = 105;
const SSH_FXP_EXTENDED: u8 = 200;
const SSH_FXP_EXTENDED_REPLY: u8 = 201;

const ATTR_SIZE: u32 = 1;
const ATTR_OWNER: u32 = 2;
const ATTR_PERMISSIONS: u32 = 4;
const ATTR_TIMES: u32 = 8;
const ATTR_EXTENDED: u32 = 0x8000_0000;

/// What a STATUS says, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Code {
    Ok = 0,
    Eof = 1,
    NoSuchFile = 2,
    PermissionDenied = 3,
    Failure = 4,
    BadMessage = 5,
    Unsupported = 8,
}

/// The flags of an OPEN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenFlags(pub(crate) u32);

impl OpenFlags {
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

/// Attributes of a file, those that were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) size: Option<u64>,
    pub(crate) owner: Option<(u32, u32)>,
    pub(crate) permissions: Option<u32>,
    /// Accessed and modified, in seconds since 1970, UTC.
    pub(crate) times: Option<(u32, u32)>,
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
    /// An extension that was not offered.
    Unknown {
        name: &'a [u8],
    },
}

/// Why a message cannot be read. The session is closed: what follows cannot be trusted to be in
/// step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireError {
    #[error("a message ends too early")]
    Short,
    #[error("a message of type {0} has bytes left over")]
    Long(u8),
    #[error("a message of type {0} is not known in version 3")]
    Type(u8),
    #[error("a message of {0} bytes is longer than any that is accepted")]
    TooLong(usize),
    #[error("the first message is not the opening one")]
    NotInit,
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(WireError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, WireError> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self) -> Result<u32, WireError> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(WireError::Short)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*bytes))
    }

    fn long(&mut self) -> Result<u64, WireError> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(WireError::Short)?;
        self.0 = rest;
        Ok(u64::from_be_bytes(*bytes))
    }

    fn bytes(&mut self) -> Result<&'a [u8], WireError> {
        let length = self.number()?;
        self.take(length as usize)
    }

    fn attributes(&mut self) -> Result<Attributes, WireError> {
        let flags = self.number()?;
        let mut attributes = Attributes::default();
        if flags & ATTR_SIZE != 0 {
            attributes.size = Some(self.long()?);
        }
        if flags & ATTR_OWNER != 0 {
            attributes.owner = Some((self.number()?, self.number()?));
        }
        if flags & ATTR_PERMISSIONS != 0 {
            attributes.permissions = Some(self.number()?);
        }
        if flags & ATTR_TIMES != 0 {
            attributes.times = Some((self.number()?, self.number()?));
        }
        if flags & ATTR_EXTENDED != 0 {
            for _ in 0..self.number()? {
                self.bytes()?;
                self.bytes()?;
            }
        }
        Ok(attributes)
    }
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
            b"posix-rename@openssh.com" => {
                Request::Rename { from: reader.bytes()?, to: reader.bytes()?, replace: true }
            }
            b"fsync@openssh.com" => Request::Sync { handle: reader.bytes()? },
            b"limits@openssh.com" => Request::Limits,
            b"hardlink@openssh.com" => Request::Link,
            name => Request::Unknown { name },
        },
        kind => return Err(WireError::Type(kind)),
    })
}

/// One entry of a NAME answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    /// The line `ls -l` shows.
    pub(crate) line: Vec<u8>,
    pub(crate) attributes: Attributes,
}

/// An answer being written: its length is filled in at the end.
struct Writer(Vec<u8>);

impl Writer {
    fn new(kind: u8) -> Self {
        Self(vec![0, 0, 0, 0, kind])
    }

    fn answer(kind: u8, id: u32) -> Self {
        Self::new(kind).number(id)
    }

    fn number(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    fn long(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let mut writer = self.number(length(bytes.len()));
        writer.0.extend_from_slice(bytes);
        writer
    }

    fn attributes(self, attributes: &Attributes) -> Self {
        let Attributes { size, owner, permissions, times } = attributes;
        let flags = size.map_or(0, |_| ATTR_SIZE)
            | owner.map_or(0, |_| ATTR_OWNER)
            | permissions.map_or(0, |_| ATTR_PERMISSIONS)
            | times.map_or(0, |_| ATTR_TIMES);
        let mut writer = self.number(flags);
        if let Some(size) = size {
            writer = writer.long(*size);
        }
        if let Some((user, group)) = owner {
            writer = writer.number(*user).number(*group);
        }
        if let Some(permissions) = permissions {
            writer = writer.number(*permissions);
        }
        if let Some((accessed, modified)) = times {
            writer = writer.number(*accessed).number(*modified);
        }
        writer
    }

    fn end(mut self) -> Vec<u8> {
        let length = length(self.0.len() - 4);
        self.0[..4].copy_from_slice(&length.to_be_bytes());
        self.0
    }
}

/// A length as the wire has it. Nothing this server sends comes near the limit.
fn length(length: usize) -> u32 {
    u32::try_from(length).expect("an answer is far shorter than 4 GiB")
}

/// The answer to the opening message: version 3 and what is offered beyond it.
pub(crate) fn version() -> Vec<u8> {
    Writer::new(SSH_FXP_VERSION)
        .number(3)
        .bytes(b"posix-rename@openssh.com")
        .bytes(b"1")
        .bytes(b"fsync@openssh.com")
        .bytes(b"1")
        .bytes(b"limits@openssh.com")
        .bytes(b"1")
        .end()
}

pub(crate) fn status(id: u32, code: Code, text: impl fmt::Display) -> Vec<u8> {
    Writer::answer(SSH_FXP_STATUS, id)
        .number(code as u32)
        .bytes(text.to_string().as_bytes())
        .bytes(b"en")
        .end()
}

pub(crate) fn handle(id: u32, handle: &[u8]) -> Vec<u8> {
    Writer::answer(SSH_FXP_HANDLE, id).bytes(handle).end()
}

pub(crate) fn attributes(id: u32, attributes: &Attributes) -> Vec<u8> {
    Writer::answer(SSH_FXP_ATTRS, id).attributes(attributes).end()
}

pub(crate) fn names(id: u32, entries: &[Entry]) -> Vec<u8> {
    let mut writer = Writer::answer(SSH_FXP_NAME, id).number(length(entries.len()));
    for Entry { name, line, attributes } in entries {
        writer = writer.bytes(name).bytes(line).attributes(attributes);
    }
    writer.end()
}

/// The answer to `limits@openssh.com`; `handles` is how many may be open at once.
pub(crate) fn limits(id: u32, handles: u64) -> Vec<u8> {
    Writer::answer(SSH_FXP_EXTENDED_REPLY, id)
        .long(LONGEST_MESSAGE as u64)
        .long(u64::from(LONGEST_DATA))
        .long(u64::from(LONGEST_DATA))
        .long(handles)
        .end()
}

/// Appends a DATA answer to `out`; `fill` puts up to `length` bytes in place and says how many.
/// With none, `out` is as before.
pub(crate) fn append_data<E>(
    out: &mut Vec<u8>,
    id: u32,
    length: usize,
    fill: impl FnOnce(&mut [u8]) -> Result<usize, E>,
) -> Result<usize, E> {
    const HEAD: usize = 4 + 1 + 4 + 4;
    let start = out.len();
    out.resize(start + HEAD + length, 0);
    let filled = fill(&mut out[start + HEAD..]);
    let read = *filled.as_ref().unwrap_or(&0);
    if read == 0 {
        out.truncate(start);
        return filled;
    }
    out.truncate(start + HEAD + read);
    let head = Writer::answer(SSH_FXP_DATA, id).number(self::length(read)).0;
    out[start..start + HEAD].copy_from_slice(&head);
    let message = self::length(HEAD - 4 + read);
    out[start..start + 4].copy_from_slice(&message.to_be_bytes());
    Ok(read)
}

/// Cuts the bytes of a channel into messages.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Framer {
    /// Takes bytes as they come and gives each message that is now whole to `message`.
    pub(crate) fn push(
        &mut self,
        mut bytes: &[u8],
        mut message: impl FnMut(Vec<u8>) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        while !bytes.is_empty() {
            if self.head.len() < 4 {
                bytes = fill(&mut self.head, bytes, 4);
                continue;
            }
            let announced = self.announced()?;
            if self.body.is_empty() {
                // Only a WRITE may be long, so that nothing else takes much memory in the queue.
                if announced > LONGEST_REQUEST && bytes[0] != SSH_FXP_WRITE {
                    return Err(WireError::TooLong(announced));
                }
                self.body.reserve_exact(announced);
            }
            bytes = fill(&mut self.body, bytes, announced);
            if self.body.len() == announced {
                self.head.clear();
                message(std::mem::take(&mut self.body))?;
            }
        }
        // A length that cannot be is refused before another byte comes.
        if self.head.len() == 4 { self.announced().map(drop) } else { Ok(()) }
    }

    fn announced(&self) -> Result<usize, WireError> {
        let head = self.head.first_chunk().ok_or(WireError::Short)?;
        match u32::from_be_bytes(*head) as usize {
            0 => Err(WireError::Short),
            length if length > LONGEST_MESSAGE => Err(WireError::TooLong(length)),
            length => Ok(length),
        }
    }
}

/// Moves bytes into `buffer` until it holds `length`, and gives back the rest.
fn fill<'a>(buffer: &mut Vec<u8>, bytes: &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(bytes.len().min(length - buffer.len()));
    buffer.extend_from_slice(taken);
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that do not repeat soon, the same each time.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % end as u64).expect("it is below a usize")
        }

        fn bytes(&mut self, longest: usize) -> Vec<u8> {
            (0..self.below(longest + 1)).map(|_| self.0.to_le_bytes()[self.below(8)]).collect()
        }
    }

    fn cut(stream: &[u8], mut size: impl FnMut() -> usize) -> Result<Vec<Vec<u8>>, WireError> {
        let (mut framer, mut messages) = (Framer::default(), Vec::new());
        let mut rest = stream;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(size()));
            framer.push(piece, |message| {
                messages.push(message);
                Ok(())
            })?;
            rest = after;
        }
        Ok(messages)
    }

    #[test]
    fn messages_are_the_same_however_the_bytes_come() {
        let mut dice = Dice(5);
        for _ in 0..300 {
            let messages: Vec<Vec<u8>> = (0..dice.below(20))
                .map(|_| [&[SSH_FXP_WRITE][..], &dice.bytes(90)].concat())
                .collect();
            let mut stream = Vec::new();
            for message in &messages {
                stream.extend_from_slice(&length(message.len()).to_be_bytes());
                stream.extend_from_slice(message);
            }
            assert_eq!(cut(&stream, || 1).as_ref(), Ok(&messages));
            assert_eq!(cut(&stream, || 1 + dice.below(50)), Ok(messages));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused() {
        let mut dice = Dice(9);
        let (mut read, mut refused) = (0, 0);
        for round in 0..200_000_usize {
            let kind = [3, 4, 5, 6, 7, 9, 10, 14, 18, 19, 200][round % 11];
            let mut message = vec![kind, 0, 0, 0, 1];
            for _ in 0..dice.below(5) {
                let text = dice.bytes(6);
                let claimed = text.len() + usize::from(dice.below(20) == 0);
                message.extend_from_slice(&length(claimed).to_be_bytes());
                message.extend_from_slice(&text);
            }
            match read_request(&message) {
                Ok(_) => read += 1,
                Err(_) => refused += 1,
            }
        }
        assert!(read > 1000 && refused > 1000, "{read} read, {refused} refused");
    }

    #[test]
    fn attributes_are_read_as_they_are_written() {
        for flags in 0..16_u32 {
            let attributes = Attributes {
                size: (flags & 1 != 0).then_some(u64::MAX - 3),
                owner: (flags & 2 != 0).then_some((1, 2)),
                permissions: (flags & 4 != 0).then_some(0o100_644),
                times: (flags & 8 != 0).then_some((3, u32::MAX)),
            };
            let answer = super::attributes(9, &attributes);
            let mut reader = Reader(&answer[9..]);
            assert_eq!(reader.attributes(), Ok(attributes));
            assert!(reader.0.is_empty());
        }
    }

    #[test]
    fn data_says_how_much_there_was() {
        let mut out = vec![1, 2];
        let read = append_data(&mut out, 7, 10, |space| {
            space[..3].copy_from_slice(b"ISA");
            Ok::<_, ()>(3)
        });
        assert_eq!(read, Ok(3));
        assert_eq!(out, b"\x01\x02\0\0\0\x0c\x67\0\0\0\x07\0\0\0\x03ISA");
        assert_eq!(append_data(&mut out, 7, 10, |_| Err(())), Err(()));
        assert_eq!(append_data(&mut out, 7, 10, |_| Ok::<_, ()>(0)), Ok(0));
        assert_eq!(out.len(), 18, "nothing is left behind");
    }
}
