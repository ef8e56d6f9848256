//! CompressedData (RFC 3274): content in zlib, with limits on what it may become.

use std::io::{self, Read, Write};

use flate2::write::ZlibEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};

use crate::algorithm::{algorithm, nothing};
use crate::ber::Reader;
use crate::der::{self, OctetsWriter, Parser, tag};
use crate::fault::Fault;
use crate::{cms, oid};

const WINDOW: usize = 32 * 1024;
/// How hard zlib tries, of 1 to 9. Documents become a tenth larger than at its usual 6, in a third to a
/// half of the time: see the page on performance.
const LEVEL: u32 = 3;
/// Content of so many bytes may have any ratio.
const SMALL: u64 = 1 << 20;

/// How much compressed content may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expansion {
    /// Bytes in all.
    pub(crate) size: u64,
    /// Times the bytes it was.
    pub(crate) ratio: u64,
}

/// Reads what was compressed.
pub(crate) struct CompressedReader<'a> {
    ber: Reader<&'a mut dyn Read>,
    zlib: Decompress,
    window: Vec<u8>,
    start: usize,
    end: usize,
    limit: Expansion,
    is_done: bool,
}

impl<'a> CompressedReader<'a> {
    /// Behind [`cms::enter`].
    pub(crate) fn new(mut ber: Reader<&'a mut dyn Read>, limit: Expansion) -> Result<Self, Fault> {
        cms::version(&mut ber)?;
        let identifier = ber.element(cms::LARGEST_ELEMENT)?;
        let mut parser = Parser::new(&identifier);
        let (identifier, parameters) = algorithm(&mut parser)?;
        if identifier != oid::ZLIB {
            return Err(Fault::Unsupported("this compression"));
        }
        nothing(parameters)?;
        ber.enter(tag::SEQUENCE)?;
        let content = ber.element(cms::LARGEST_ELEMENT)?;
        if Parser::new(&content).take(tag::OBJECT_IDENTIFIER)? != oid::DATA {
            return Err(Fault::Structure("what is compressed is not data"));
        }
        ber.enter(tag::context(0))?;
        ber.open_octets(tag::OCTET_STRING)?;
        let zlib = Decompress::new(true);
        Ok(Self { ber, zlib, window: vec![0; WINDOW], start: 0, end: 0, limit, is_done: false })
    }

    fn check(&self) -> Result<(), Fault> {
        let (from, to) = (self.zlib.total_in(), self.zlib.total_out());
        if to > self.limit.size {
            return Err(Fault::TooLarge { what: "decompressed content", limit: self.limit.size });
        }
        let most = from.saturating_mul(self.limit.ratio).saturating_add(SMALL);
        if to > most {
            return Err(Fault::TooLarge { what: "content for its compressed size", limit: most });
        }
        Ok(())
    }

    fn inflate(&mut self, space: &mut [u8]) -> Result<usize, Fault> {
        while !self.is_done && !space.is_empty() {
            if self.start == self.end {
                self.end = self.ber.octets(&mut self.window)?;
                self.start = 0;
            }
            let (from, to) = (self.zlib.total_in(), self.zlib.total_out());
            let window = &self.window[self.start..self.end];
            let status = self.zlib.decompress(window, space, FlushDecompress::None);
            let status = status.map_err(|_| Fault::Structure("compressed content is not zlib"))?;
            let (taken, given) = (self.zlib.total_in() - from, self.zlib.total_out() - to);
            self.start += taken as usize;
            self.check()?;
            if status == Status::StreamEnd {
                self.end()?;
            } else if taken == 0 && given == 0 && self.start == self.end {
                return Err(Fault::Short("compressed content"));
            }
            if given > 0 {
                return Ok(given as usize);
            }
        }
        Ok(0)
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.is_done = true;
        if self.start < self.end || self.ber.octets(&mut self.window)? > 0 {
            return Err(Fault::Structure("bytes follow after compressed content"));
        }
        self.ber.leave()?;
        self.ber.leave()?;
        cms::leave(&mut self.ber)
    }
}

impl Read for CompressedReader<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        Ok(self.inflate(space)?)
    }
}

/// Compresses what is written.
pub(crate) struct CompressedWriter<W: Write> {
    zlib: ZlibEncoder<OctetsWriter<W>>,
}

impl<W: Write> CompressedWriter<W> {
    pub(crate) fn new(out: W) -> Self {
        let around = vec![
            (tag::SEQUENCE, der::object_identifier(oid::COMPRESSED_DATA)),
            (tag::context(0), Vec::new()),
            (
                tag::SEQUENCE,
                [der::small_integer(0), der::sequence(&[&der::object_identifier(oid::ZLIB)])]
                    .concat(),
            ),
            (tag::SEQUENCE, der::object_identifier(oid::DATA)),
            (tag::context(0), Vec::new()),
        ];
        let octets = OctetsWriter::new(out, around, tag::OCTET_STRING);
        Self { zlib: ZlibEncoder::new(octets, Compression::new(LEVEL)) }
    }

    pub(crate) fn finish(self) -> io::Result<W> {
        self.zlib.finish()?.finish(None)
    }
}

impl<W: Write> Write for CompressedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.zlib.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
