//! Messages of SFTP version 3, as the draft `draft-ietf-secsh-filexfer-02` and OpenSSH's
//! `PROTOCOL` have them. Names are bytes; nothing is decoded as text.

mod answers;
mod requests;

pub(crate) use answers::*;
pub(crate) use requests::*;

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

pub(crate) const POSIX_RENAME: &[u8] = b"posix-rename@openssh.com";
pub(crate) const FSYNC: &[u8] = b"fsync@openssh.com";
pub(crate) const LIMITS: &[u8] = b"limits@openssh.com";
/// Offered under this name; asked for under this one or a longer one.
pub(crate) const CHECK_FILE: &[u8] = b"check-file";
const STATVFS: &[u8] = b"statvfs@openssh.com";
const FSTATVFS: &[u8] = b"fstatvfs@openssh.com";

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

/// Attributes of a file, those that were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) size: Option<u64>,
    pub(crate) owner: Option<(u32, u32)>,
    pub(crate) permissions: Option<u32>,
    /// Accessed and modified, in seconds since 1970, UTC.
    pub(crate) times: Option<(u32, u32)>,
}

/// One entry of a NAME answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    /// The line `ls -l` shows.
    pub(crate) line: Vec<u8>,
    pub(crate) attributes: Attributes,
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
    #[error("an answer to a request {0} that was not made")]
    Unasked(u32),
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

/// A length as the wire has it. Nothing we send comes near the limit.
fn length(length: usize) -> u32 {
    u32::try_from(length).expect("a message is far shorter than 4 GiB")
}

/// Cuts the bytes of a channel into messages.
#[derive(Debug)]
pub(crate) struct Framer {
    /// Which kinds of message may be longer than [`LONGEST_REQUEST`].
    may_be_long: fn(u8) -> bool,
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Framer {
    /// For a server. Only a WRITE may be long, so that nothing else takes much memory in the queue.
    pub(crate) fn of_requests() -> Self {
        Self::new(|kind| kind == SSH_FXP_WRITE)
    }

    /// For a client.
    pub(crate) fn of_answers() -> Self {
        Self::new(|kind| matches!(kind, SSH_FXP_DATA | SSH_FXP_NAME))
    }

    fn new(may_be_long: fn(u8) -> bool) -> Self {
        Self { may_be_long, head: Vec::new(), body: Vec::new() }
    }

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
                if announced > LONGEST_REQUEST && !(self.may_be_long)(bytes[0]) {
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
        let (mut framer, mut messages) = (Framer::of_requests(), Vec::new());
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
    fn requests_are_read_as_they_are_written() {
        let (handle, path) = (&b"\0\xff"[..], &b"in/caf\xe9"[..]);
        let attributes = Attributes { times: Some((1, 2)), ..Attributes::default() };
        let requests = [
            Request::Open { path, flags: OpenFlags::NEW },
            Request::Close { handle },
            Request::Read { handle, offset: 1 << 40, length: 7 },
            Request::Write { handle, offset: 9, data: b"ISA" },
            Request::Stat { path },
            Request::StatHandle { handle },
            Request::SetStat { path, attributes },
            Request::SetStatHandle { handle, attributes },
            Request::OpenFolder { path },
            Request::ReadFolder { handle },
            Request::Remove { path },
            Request::MakeFolder { path },
            Request::RemoveFolder { path },
            Request::RealPath { path },
            Request::Rename { from: path, to: b"", replace: false },
            Request::Rename { from: path, to: b"b", replace: true },
            Request::Link,
            Request::Sync { handle },
            Request::Limits,
            Request::Space { path },
            Request::SpaceHandle { handle },
            Request::Unknown { name: b"copy-data" },
        ];
        for request in requests {
            let written = request.write(77);
            assert_eq!(written[..4], length(written.len() - 4).to_be_bytes());
            assert_eq!(read_request(&written[4..]), Ok((77, request)));
        }
    }

    #[test]
    fn answers_are_read_as_they_are_written() {
        let attributes = Attributes { size: Some(3), ..Attributes::default() };
        let entry = Entry { name: b"\xff".to_vec(), line: b"-".to_vec(), attributes };
        let (code, words) = (4, &b"full"[..]);
        let cases = [
            (status(5, Code::Failure, "full"), Answer::Status { code, words }),
            (handle(5, b"ab"), Answer::Handle(b"ab")),
            (super::attributes(5, &attributes), Answer::Attributes(attributes)),
            (names(5, &[entry.clone(), entry.clone()]), Answer::Names(vec![entry.clone(), entry])),
        ];
        for (written, answer) in cases {
            assert_eq!(read_answer(&written[4..]), Ok((5, answer)));
            assert_eq!(answered(&written[4..]), Ok(5));
            for cut in 0..written.len() - 4 {
                match read_answer(&written[4..4 + cut]) {
                    Err(error) => assert_eq!(error, WireError::Short),
                    Ok((_, Answer::Status { words, .. })) => {
                        assert!(cut == 9 || words == b"full", "only words may be left out");
                    }
                    Ok(other) => panic!("{other:?} of {cut} bytes"),
                }
            }
        }
        let room = Space {
            bytes: 10 << 20,
            bytes_free: 1 << 20,
            files: 7,
            files_free: 3,
            longest_name: 255,
            is_read_only: true,
        };
        let written = space(5, &room);
        let Ok((5, Answer::Extended(body))) = read_answer(&written[4..]) else { panic!("a reply") };
        assert_eq!(read_space(body), Ok(room));
        let (version, offered) = read_version(&version()[4..]).expect("our own");
        assert_eq!((version, offered.len()), (3, 5));
        let bare = [&[2, 0, 0, 0, 3, 0, 0, 0, 10][..], b"check-file"].concat();
        assert_eq!(read_version(&bare), Ok((3, vec![b"check-file".to_vec()])));
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
