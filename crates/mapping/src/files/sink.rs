//! Where a file is written to: the bytes as they are, or one document in a zip archive.

use std::fmt;
use std::io::{self, Write};

use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};
use zip::{CompressionMethod, DateTime};

use super::error::{FileError, FileFault, Place};
use super::source::ArchiveFault;

/// Takes bytes.
pub(super) enum Sink<W: Write> {
    Plain(W),
    Archive(Box<ZipWriter<StreamWriter<W>>>),
}

impl<W: Write> Sink<W> {
    /// Begins an archive if its document has a name.
    pub(super) fn new(sink: W, document: Option<&str>) -> Result<Sink<W>, FileError> {
        let Some(document) = document else { return Ok(Sink::Plain(sink)) };
        let mut archive = ZipWriter::new_stream(sink);
        // The time is left at its zero, so that the same records are the same bytes.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .large_file(true);
        archive.start_file(document, options).map_err(packing)?;
        Ok(Sink::Archive(Box::new(archive)))
    }

    /// Writes what is in `out`, and empties it.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) -> Result<(), FileError> {
        let written = match self {
            Sink::Plain(sink) => sink.write_all(out),
            Sink::Archive(archive) => archive.write_all(out),
        };
        out.clear();
        written.map_err(whole)
    }

    /// Ends the archive, if it is one, and gives back what it was written to.
    pub(super) fn finish(self) -> Result<W, FileError> {
        let mut sink = match self {
            Sink::Plain(sink) => sink,
            Sink::Archive(archive) => archive.finish().map_err(packing)?.into_inner(),
        };
        sink.flush().map_err(whole)?;
        Ok(sink)
    }
}

impl<W: Write> fmt::Debug for Sink<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Sink::Plain(_)) { "Plain" } else { "Archive" })
    }
}

fn whole(error: io::Error) -> FileError {
    FileError::new(Place::File, error)
}

fn packing(error: zip::result::ZipError) -> FileError {
    let fault: FileFault = match error {
        zip::result::ZipError::Io(error) => error.into(),
        error => ArchiveFault::Damaged(error).into(),
    };
    FileError::new(Place::File, fault)
}
