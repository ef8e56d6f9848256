//! Answers: as a server writes them, and as a client reads them.

use std::fmt;

use super::*;

/// The answer to the opening message: version 3 and what is offered beyond it.
pub(crate) fn version() -> Vec<u8> {
    Writer::new(SSH_FXP_VERSION)
        .number(3)
        .bytes(POSIX_RENAME)
        .bytes(b"1")
        .bytes(STATVFS)
        .bytes(b"2")
        .bytes(FSTATVFS)
        .bytes(b"2")
        .bytes(FSYNC)
        .bytes(b"1")
        .bytes(LIMITS)
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

/// How much room there is, as `statvfs@openssh.com` tells it; bytes in blocks of [`BLOCK`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Space {
    pub(crate) bytes: u64,
    pub(crate) bytes_free: u64,
    pub(crate) files: u64,
    pub(crate) files_free: u64,
    pub(crate) longest_name: u64,
    pub(crate) is_read_only: bool,
}

/// The size of the blocks in which room is counted.
const BLOCK: u64 = 1024;

/// The answer to `statvfs@openssh.com`.
pub(crate) fn space(id: u32, space: &Space) -> Vec<u8> {
    Writer::answer(SSH_FXP_EXTENDED_REPLY, id)
        .long(BLOCK)
        .long(BLOCK)
        .long(space.bytes / BLOCK)
        .long(space.bytes_free / BLOCK)
        .long(space.bytes_free / BLOCK)
        .long(space.files)
        .long(space.files_free)
        .long(space.files_free)
        .long(0)
        .long(u64::from(space.is_read_only))
        .long(space.longest_name)
        .end()
}

/// One answer of a server; bytes are borrowed from its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer<'a> {
    /// How it went: the number of a [`Code`], and words, which some servers leave out.
    Status {
        code: u32,
        words: &'a [u8],
    },
    Handle(&'a [u8]),
    Data(&'a [u8]),
    Names(Vec<Entry>),
    Attributes(Attributes),
    /// The answer to an extension, which alone says what is in it.
    Extended(&'a [u8]),
}

/// The number of the request that a message answers.
pub(crate) fn answered(message: &[u8]) -> Result<u32, WireError> {
    let mut reader = Reader(message);
    reader.byte()?;
    reader.number()
}

/// Reads an answer and the number of its request.
pub(crate) fn read_answer(message: &[u8]) -> Result<(u32, Answer<'_>), WireError> {
    let mut reader = Reader(message);
    let kind = reader.byte()?;
    let id = reader.number()?;
    let answer = match kind {
        SSH_FXP_STATUS => {
            let code = reader.number()?;
            // Some servers end here, and some leave out the language.
            let words = if reader.0.is_empty() { &[][..] } else { reader.bytes()? };
            return Ok((id, Answer::Status { code, words }));
        }
        SSH_FXP_HANDLE => Answer::Handle(reader.bytes()?),
        SSH_FXP_DATA => Answer::Data(reader.bytes()?),
        SSH_FXP_NAME => {
            let mut entries = Vec::new();
            for _ in 0..reader.number()? {
                let (name, line) = (reader.bytes()?.to_vec(), reader.bytes()?.to_vec());
                entries.push(Entry { name, line, attributes: reader.attributes()? });
            }
            Answer::Names(entries)
        }
        SSH_FXP_ATTRS => Answer::Attributes(reader.attributes()?),
        SSH_FXP_EXTENDED_REPLY => return Ok((id, Answer::Extended(reader.0))),
        kind => return Err(WireError::Type(kind)),
    };
    match reader.0 {
        [] => Ok((id, answer)),
        _ => Err(WireError::Long(kind)),
    }
}

/// Reads the answer to the opening message: the version, and what is offered beyond it.
pub(crate) fn read_version(message: &[u8]) -> Result<(u32, Vec<Vec<u8>>), WireError> {
    let mut reader = Reader(message);
    if reader.byte()? != SSH_FXP_VERSION {
        return Err(WireError::NotInit);
    }
    let version = reader.number()?;
    let mut names = Vec::new();
    while !reader.0.is_empty() {
        names.push(reader.bytes()?.to_vec());
        // Not every server says the version of the last one.
        if !reader.0.is_empty() {
            reader.bytes()?;
        }
    }
    Ok((version, names))
}

/// What `limits@openssh.com` answers: the longest message, read and write, and how many files may be
/// open; 0 where there is no limit.
pub(crate) fn read_limits(body: &[u8]) -> Result<[u64; 4], WireError> {
    let mut reader = Reader(body);
    Ok([reader.long()?, reader.long()?, reader.long()?, reader.long()?])
}

/// What `statvfs@openssh.com` answers.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_space(body: &[u8]) -> Result<Space, WireError> {
    let mut reader = Reader(body);
    let mut numbers = [0; 11];
    for number in &mut numbers {
        *number = reader.long()?;
    }
    let [_, block, blocks, _, free, files, _, files_free, _, flags, longest_name] = numbers;
    Ok(Space {
        bytes: blocks.saturating_mul(block),
        bytes_free: free.saturating_mul(block),
        files,
        files_free,
        longest_name,
        is_read_only: flags & 1 != 0,
    })
}

/// What a check of a file answers: the algorithm, and the hash.
pub(crate) fn read_check(body: &[u8]) -> Result<(&[u8], &[u8]), WireError> {
    let mut reader = Reader(body);
    let mut algorithm = reader.bytes()?;
    // The draft does not have the name of the extension here, but servers do.
    if algorithm.starts_with(b"check-file") {
        algorithm = reader.bytes()?;
    }
    Ok((algorithm, reader.0))
}
