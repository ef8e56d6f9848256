//! Why a file cannot be read, or a record not be written to one.

use std::fmt;
use std::io;

use super::bulk_xml::BulkXmlFault;
use super::espi::EspiFault;
use super::smarthub::SmartHubFault;
use super::source::ArchiveFault;
use super::table::TableFault;
use super::xml::XmlFault;

/// Why a file cannot be read, or a record not be written to one. It never carries what the file says
/// of a customer.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct FileError {
    /// Where it is.
    pub place: Place,
    /// What is wrong.
    #[source]
    pub fault: FileFault,
}

impl FileError {
    /// A fault with its place.
    pub fn new(place: Place, fault: impl Into<FileFault>) -> FileError {
        FileError { place, fault: fault.into() }
    }
}

/// Where in a file something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A row, counted from 1 with the header, and the name of a column.
    Row {
        /// The row.
        row: u64,
        /// The column, as the header names it.
        column: Option<String>,
    },
    /// A line, counted from 1.
    Line(u64),
    /// A byte, counted from 0.
    Byte(u64),
    /// A place in XML, which often has everything on one line.
    Markup {
        /// Which file of an archive, counted from 1; 0 when it is no archive.
        file: u32,
        /// The line, counted from 1.
        line: u64,
        /// The byte, counted from 0.
        byte: u64,
    },
    /// A record that is written, counted from 1.
    Record(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File => f.write_str("the file"),
            Place::Row { row, column: None } => write!(f, "row {row}"),
            Place::Row { row, column: Some(column) } => write!(f, "row {row}, column {column}"),
            Place::Line(line) => write!(f, "line {line}"),
            Place::Byte(byte) => write!(f, "byte {byte}"),
            Place::Markup { file: 0, line, byte } => write!(f, "line {line} (byte {byte})"),
            Place::Markup { file, line, byte } => {
                write!(f, "file {file} of the archive, line {line} (byte {byte})")
            }
            Place::Record(record) => write!(f, "record {record}"),
        }
    }
}

/// What is wrong with a file or a record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// The bytes cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A table is not as it should be.
    #[error(transparent)]
    Table(#[from] TableFault),
    /// An answer of SmartHub is not as it should be.
    #[error(transparent)]
    SmartHub(#[from] SmartHubFault),
    /// A record that this format is not for.
    #[error("this format has no {0}")]
    NotHeld(&'static str),
    /// The archive cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveFault),
    /// The XML cannot be read.
    #[error(transparent)]
    Xml(#[from] XmlFault),
    /// What Green Button asks for is not there, or cannot be said in it.
    #[error(transparent)]
    Espi(#[from] EspiFault),
    /// What a bulk file should have is not there, or cannot be said in it.
    #[error(transparent)]
    BulkXml(#[from] BulkXmlFault),
}
