//! The bytes of a file: as they are, or the XML documents of a zip archive one after the other.
//!
//! A plain file is read as it comes. An archive may come from a pipe and has its list of contents at
//! its end, so it is held in memory, and so is each document of it in turn: both have limits. A file
//! larger than they allow is unpacked first. Names in an archive are never used as paths.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::error::{FileError, FileFault, Place};
use super::xml::XmlFault;

/// What an archive may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveLimits {
    /// The most bytes of the archive itself; 256 MiB unless said otherwise.
    pub packed: u64,
    /// The most files in it; 1,000 unless said otherwise.
    pub files: usize,
    /// The most bytes of all documents in it together; 1 GiB unless said otherwise.
    pub unpacked: u64,
    /// How many times as long as the archive its documents may be; 300 unless said otherwise. Tables
    /// of intervals pack to about a thirtieth, and deflate cannot do better than a thousandth.
    pub ratio: u64,
}

impl Default for ArchiveLimits {
    fn default() -> ArchiveLimits {
        ArchiveLimits { packed: 256 << 20, files: 1_000, unpacked: 1 << 30, ratio: 300 }
    }
}

/// Why an archive is not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveFault {
    /// Longer than an archive may be.
    #[error("the archive is longer than {0} bytes; unpack it and give the file that is in it")]
    TooLong(u64),
    /// More files than an archive may have.
    #[error("the archive has more than {0} files")]
    TooManyFiles(usize),
    /// Its documents are longer than they may be.
    #[error("the documents of the archive are longer than {0} bytes together; unpack it first")]
    UnpackedTooLong(u64),
    /// Its documents are suspiciously longer than itself.
    #[error(
        "the documents of the archive are over {0} times as long as it; this is no honest file"
    )]
    Bomb(u64),
    /// A name such as `../x` or `/x`.
    #[error("a name in the archive leads out of it; this is no honest file")]
    NameLeadsOut,
    /// There is no XML in it.
    #[error("the archive has no file whose name ends in .xml")]
    NoDocument,
    /// A file in it needs a password.
    #[error("a file in the archive needs a password; unpack it first")]
    Encrypted,
    /// It is damaged, or packed in a way that is not known.
    #[error("the archive cannot be unpacked: {0}")]
    Damaged(#[source] ZipError),
}

/// The bytes of one document.
#[derive(Debug)]
pub(super) enum Bytes<R> {
    Plain(Box<BufReader<Chain<Cursor<Vec<u8>>, R>>>),
    Unpacked(Cursor<Vec<u8>>),
}

impl<R: Read> Read for Bytes<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Bytes::Plain(plain) => plain.read(into),
            Bytes::Unpacked(bytes) => bytes.read(into),
        }
    }
}

impl<R: Read> BufRead for Bytes<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self {
            Bytes::Plain(plain) => plain.fill_buf(),
            Bytes::Unpacked(bytes) => bytes.fill_buf(),
        }
    }

    fn consume(&mut self, count: usize) {
        match self {
            Bytes::Plain(plain) => plain.consume(count),
            Bytes::Unpacked(bytes) => bytes.consume(count),
        }
    }
}

/// The documents of a file.
#[derive(Debug)]
pub(super) struct Documents<R> {
    plain: Option<Bytes<R>>,
    archive: Option<Box<Archive>>,
}

#[derive(Debug)]
struct Archive {
    zip: ZipArchive<Cursor<Vec<u8>>>,
    limits: ArchiveLimits,
    packed: u64,
    unpacked: u64,
    next: usize,
    documents: u32,
    others: u32,
}

impl<R: Read> Documents<R> {
    /// Looks at the first bytes of `source`, and reads all of it if it is an archive.
    pub(super) fn new(mut source: R, limits: ArchiveLimits) -> Result<Documents<R>, FileError> {
        let mut start = Vec::with_capacity(4);
        source.by_ref().take(4).read_to_end(&mut start).map_err(whole)?;
        if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
            let archive = Some(Box::new(Archive::new(start, source, limits)?));
            return Ok(Documents { plain: None, archive });
        }
        let start = Cursor::new(text_start(start)?);
        let plain = BufReader::with_capacity(64 << 10, start.chain(source));
        Ok(Documents { plain: Some(Bytes::Plain(Box::new(plain))), archive: None })
    }

    /// The next document, and its number in the archive; 0 when there is no archive.
    pub(super) fn next(&mut self) -> Result<Option<(u32, Bytes<R>)>, FileError> {
        match (&mut self.archive, self.plain.take()) {
            (Some(archive), _) => {
                let next = archive.next()?;
                Ok(next.map(|bytes| (archive.documents, Bytes::Unpacked(bytes))))
            }
            (None, plain) => Ok(plain.map(|plain| (0, plain))),
        }
    }

    /// How many files of the archive were passed over because they are no documents.
    pub(super) fn others(&self) -> u32 {
        self.archive.as_ref().map_or(0, |archive| archive.others)
    }
}

impl Archive {
    fn new(
        mut bytes: Vec<u8>,
        source: impl Read,
        limits: ArchiveLimits,
    ) -> Result<Archive, FileError> {
        source.take(limits.packed).read_to_end(&mut bytes).map_err(whole)?;
        let packed = bytes.len() as u64;
        if packed > limits.packed {
            return Err(whole(ArchiveFault::TooLong(limits.packed)));
        }
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(unpacking)?;
        if zip.len() > limits.files {
            return Err(whole(ArchiveFault::TooManyFiles(limits.files)));
        }
        Ok(Archive { zip, limits, packed, unpacked: 0, next: 0, documents: 0, others: 0 })
    }

    /// Unpacks the next file whose name ends in `.xml`.
    fn next(&mut self) -> Result<Option<Cursor<Vec<u8>>>, FileError> {
        while self.next < self.zip.len() {
            let n = self.next;
            self.next += 1;
            let entry = self.zip.by_index_data(n).map_err(unpacking)?;
            if entry.enclosed_name().is_none() {
                return Err(whole(ArchiveFault::NameLeadsOut));
            }
            let name = entry.name_raw();
            let ends_in = |ending: &[u8]| {
                let at = name.len().checked_sub(ending.len());
                at.is_some_and(|at| name[at..].eq_ignore_ascii_case(ending))
            };
            // What macOS notes beside each file has the file's name and is none of the sender's.
            if entry.is_dir() || name.starts_with(b"__MACOSX/") {
                continue;
            }
            if !ends_in(b".xml") {
                let is_style = [&b".xsl"[..], b".xslt", b".css"].into_iter().any(ends_in);
                self.others += u32::from(!is_style);
                continue;
            }
            if entry.encrypted() {
                return Err(whole(ArchiveFault::Encrypted));
            }
            self.documents += 1;
            return self.unpack(n).map(Some);
        }
        match self.documents {
            0 => Err(whole(ArchiveFault::NoDocument)),
            _ => Ok(None),
        }
    }

    /// What the archive says of lengths is not believed; what comes out is counted.
    fn unpack(&mut self, n: usize) -> Result<Cursor<Vec<u8>>, FileError> {
        let by_ratio = self.packed.saturating_mul(self.limits.ratio);
        let left = self.limits.unpacked.min(by_ratio) - self.unpacked;
        let mut bytes = Vec::new();
        let file = self.zip.by_index(n).map_err(unpacking)?;
        file.take(left + 1).read_to_end(&mut bytes).map_err(whole)?;
        self.unpacked += bytes.len() as u64;
        if bytes.len() as u64 > left {
            return Err(whole(match by_ratio < self.limits.unpacked {
                true => ArchiveFault::Bomb(self.limits.ratio),
                false => ArchiveFault::UnpackedTooLong(self.limits.unpacked),
            }));
        }
        let start = text_start(bytes.iter().take(4).copied().collect())?;
        let mut document = Cursor::new(bytes);
        let mark = document.get_ref().len().min(4) - start.len();
        document.set_position(mark as u64);
        Ok(document)
    }
}

/// The first bytes of a text without a byte order mark; UTF-16 is refused.
fn text_start(start: Vec<u8>) -> Result<Vec<u8>, FileError> {
    match start.as_slice() {
        [0xef, 0xbb, 0xbf, rest @ ..] => Ok(rest.to_vec()),
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [b'<', 0, ..] | [0, b'<', ..] => {
            Err(whole(XmlFault::Encoding("UTF-16".to_string())))
        }
        _ => Ok(start),
    }
}

fn whole(fault: impl Into<FileFault>) -> FileError {
    FileError::new(Place::File, fault)
}

fn unpacking(fault: ZipError) -> FileError {
    whole(match fault {
        ZipError::InvalidPassword => ArchiveFault::Encrypted,
        ZipError::Io(error) => return whole(error),
        fault => ArchiveFault::Damaged(fault),
    })
}
