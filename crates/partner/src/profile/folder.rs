//! Folders on our own disks: those that other programs put files into, or take them from, and those
//! that posted documents go to: `[[folders]]` and `[[exports]]`.

use std::path::PathBuf;

use super::Usual;
use super::document::{DIRECTIONS, Direction, SET_FORM, read_file_name, read_set};
use super::drop::{After, AfterWord, COMPLETE, Complete, after_words, read_after, read_complete};
use super::timing::{SCHEDULE, read_schedule};
use crate::amount;
use crate::pattern::{FileName, NamePattern};
use crate::schedule::Schedule;
use crate::shape::{Kind, Section, TIME_FORM, may, must, words};
use crate::toml_file::{Faults, Table};

const FOLDER_FORMATS: [(&str, FileFormat); 6] = [
    ("x12", FileFormat::X12),
    ("espi", FileFormat::Espi),
    ("smarthub", FileFormat::SmartHub),
    ("csv", FileFormat::Csv),
    ("xml", FileFormat::Xml),
    ("json", FileFormat::Json),
];
const IMPORT_FORMATS: [(&str, FileFormat); 5] = [
    ("espi", FileFormat::Espi),
    ("smarthub", FileFormat::SmartHub),
    ("csv", FileFormat::Csv),
    ("xml", FileFormat::Xml),
    ("json", FileFormat::Json),
];
const EXPORT_FORMATS: [(&str, FileFormat); 5] = [
    ("espi", FileFormat::Espi),
    ("csv", FileFormat::Csv),
    ("xml", FileFormat::Xml),
    ("json", FileFormat::Json),
    ("xlsx", FileFormat::Xlsx),
];

pub(crate) const FOLDER: Section = Section {
    name: "[[folders]]",
    keys: &[
        must("path", Kind::Form("^/"), "The folder, from the root of the file system on."),
        must(
            "direction",
            Kind::Words(|| words(&DIRECTIONS)),
            "in: we take files from it; out: we put files into it.",
        ),
        may(
            "format",
            Kind::Words(|| words(&FOLDER_FORMATS)),
            "What is in the files: x12, espi, smarthub, csv, xml or json; x12 when left out.",
        ),
        may("enabled", Kind::Flag, "false stops it for a while; true when left out."),
        may("pattern", Kind::Text, "Which files, with * and ?; all when left out."),
        may(
            "complete",
            Kind::Table(&COMPLETE),
            "How we know that a file is whole; renamed when left out.",
        ),
        may(
            "after",
            Kind::Words(after_words),
            "What becomes of a file once we have it: delete, move or remember; delete when left out: we keep it.",
        ),
        may("archive", Kind::Text, "The folder that `move` moves it to."),
        may("every", Kind::Form(TIME_FORM), "How often we look; 30s when left out."),
    ],
};

pub(crate) const IMPORT: Section = Section {
    name: "[[imports]]",
    keys: &[
        must("path", Kind::Form("^/"), "The folder, from the root of the file system on."),
        must(
            "format",
            Kind::Words(|| words(&IMPORT_FORMATS)),
            "What is in the files: espi (Green Button), smarthub, csv, xml or json.",
        ),
        may("enabled", Kind::Flag, "false stops it for a while; true when left out."),
        may("pattern", Kind::Text, "Which files, with * and ?; all when left out."),
        may(
            "complete",
            Kind::Table(&COMPLETE),
            "How we know that a file is whole; renamed when left out.",
        ),
        may(
            "after",
            Kind::Words(after_words),
            "What becomes of a file once we have it: delete, move or remember; delete when left out: we keep it.",
        ),
        may("archive", Kind::Text, "The folder that `move` moves it to."),
        may("every", Kind::Form(TIME_FORM), "How often we look; 30s when left out."),
    ],
};

pub(crate) const EXPORT: Section = Section {
    name: "[[exports]]",
    keys: &[
        must("set", Kind::Form(SET_FORM), "What was posted, by its transaction set, e.g. 820."),
        must(
            "format",
            Kind::Words(|| words(&EXPORT_FORMATS)),
            "What is written: espi, csv, xml, json or xlsx.",
        ),
        must("folder", Kind::Form("^/"), "Where to, from the root of the file system on."),
        may(
            "file_name",
            Kind::Text,
            "What a file is called, with placeholders as in [[documents]]; {set}-{control} and the ending of the format when left out.",
        ),
        may("enabled", Kind::Flag, "false stops it for a while; true when left out."),
        may(
            "schedule",
            Kind::TextOrTable(&SCHEDULE),
            "When; as each document is posted when left out.",
        ),
    ],
};

/// A folder on disk that is watched, or written into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedFolder {
    /// Where it is.
    pub path: PathBuf,
    /// Whether we take files from it or put files into it.
    pub direction: Direction,
    /// What is in the files.
    pub format: FileFormat,
    /// Whether it is watched for now.
    pub enabled: bool,
    /// Which files.
    pub pattern: NamePattern,
    /// How we know that one is whole.
    pub complete: Complete,
    /// What becomes of it once we have it.
    pub after: After,
    /// Seconds between looks.
    pub every: u32,
}

/// What is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Interchanges.
    X12,
    /// Green Button.
    Espi,
    /// What SmartHub answers.
    SmartHub,
    /// A table.
    Csv,
    /// Bulk XML.
    Xml,
    /// Our own JSON.
    Json,
    /// A workbook.
    Xlsx,
}

impl FileFormat {
    /// The format of this word in a profile, e.g. `csv`.
    pub fn of_word(word: &str) -> Option<FileFormat> {
        FOLDER_FORMATS.iter().find(|(known, _)| *known == word).map(|(_, format)| *format)
    }

    /// Its word in a profile.
    pub fn word(self) -> &'static str {
        let known = FOLDER_FORMATS.iter().chain(&EXPORT_FORMATS).find(|(_, it)| *it == self);
        known.map_or("x12", |(word, _)| word)
    }

    /// The ending of a file's name.
    pub fn ending(self) -> &'static str {
        match self {
            FileFormat::X12 => "edi",
            FileFormat::Espi | FileFormat::Xml => "xml",
            FileFormat::SmartHub | FileFormat::Json => "json",
            FileFormat::Csv => "csv",
            FileFormat::Xlsx => "xlsx",
        }
    }
}

/// Where posted documents go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// What was posted, by its transaction set.
    pub set: String,
    /// What is written.
    pub format: FileFormat,
    /// Where to.
    pub folder: PathBuf,
    /// What a file is called.
    pub file_name: FileName,
    /// Whether it is written for now.
    pub enabled: bool,
    /// When; `None` for as each document is posted.
    pub schedule: Option<Schedule>,
}

pub(crate) fn read_folders(file: &Table<'_>, faults: &mut Faults<'_>) -> Vec<WatchedFolder> {
    let mut folders: Vec<WatchedFolder> = Vec::new();
    for table in file.sections("folders", &FOLDER, faults) {
        table.require("path", faults);
        table.require("direction", faults);
        let path = table.parsed("path", absolute, faults);
        let direction = table.word("direction", &DIRECTIONS, faults);
        let format = table.word("format", &FOLDER_FORMATS, faults).unwrap_or(FileFormat::X12);
        let pattern = table.parsed("pattern", str::parse::<NamePattern>, faults);
        let complete = read_complete(&table, faults);
        let after = read_after(&table, AfterWord::Delete, faults);
        let every = table.parsed("every", amount::seconds, faults);
        let enabled = table.flag("enabled", faults).unwrap_or(true);
        let (Some(path), Some(direction)) = (path, direction) else { continue };
        if direction == Direction::Out {
            for key in ["pattern", "complete", "after", "every"] {
                if let Some(span) = table.value(key) {
                    faults.at(span, format!("`{key}` is about what we take, and this goes out"));
                }
            }
            if let Some(span) = table.value("format").filter(|_| format != FileFormat::X12) {
                let message = "what goes out into a folder of a partner is x12";
                faults.with_help(span, message, "write other formats by [[exports]]");
            }
        }
        if folders.iter().any(|other| other.path == path.value && other.direction == direction) {
            faults.at(path.span, "this folder stands twice");
        }
        folders.push(WatchedFolder {
            path: path.value,
            direction,
            format,
            enabled,
            pattern: pattern.map_or_else(NamePattern::any, |at| at.value),
            complete,
            after,
            every: every.map_or(30, |at| at.value),
        });
    }
    folders
}

/// The folders that our own systems put usage and bills into.
pub(crate) fn read_imports(file: &Table<'_>, faults: &mut Faults<'_>) -> Vec<WatchedFolder> {
    let mut folders: Vec<WatchedFolder> = Vec::new();
    for table in file.sections("imports", &IMPORT, faults) {
        table.require("path", faults);
        table.require("format", faults);
        let path = table.parsed("path", absolute, faults);
        let format = table.word("format", &IMPORT_FORMATS, faults);
        let pattern = table.parsed("pattern", str::parse::<NamePattern>, faults);
        let complete = read_complete(&table, faults);
        let after = read_after(&table, AfterWord::Delete, faults);
        let every = table.parsed("every", amount::seconds, faults);
        let enabled = table.flag("enabled", faults).unwrap_or(true);
        let (Some(path), Some(format)) = (path, format) else { continue };
        let pattern = pattern.map_or_else(NamePattern::any, |at| at.value);
        let same = |it: &WatchedFolder| it.path == path.value && it.pattern == pattern;
        if folders.iter().any(same) {
            faults.at(path.span.clone(), "this folder stands twice with the same pattern");
        }
        folders.push(WatchedFolder {
            path: path.value,
            direction: Direction::In,
            format,
            enabled,
            pattern,
            complete,
            after,
            every: every.map_or(30, |at| at.value),
        });
    }
    folders
}

pub(crate) fn read_exports(
    file: &Table<'_>,
    usual: &Usual,
    faults: &mut Faults<'_>,
) -> Vec<Export> {
    let mut exports = Vec::new();
    for table in file.sections("exports", &EXPORT, faults) {
        for key in ["set", "format", "folder"] {
            table.require(key, faults);
        }
        let set = read_set(&table, faults);
        let format = table.word("format", &EXPORT_FORMATS, faults);
        let folder = table.parsed("folder", absolute, faults);
        let file_name = table.value("file_name").map(|_| read_file_name(&table, faults));
        let enabled = table.flag("enabled", faults).unwrap_or(true);
        let schedule = read_schedule(&table, "schedule", usual, faults);
        let (Some(set), Some(format), Some(folder)) = (set, format, folder) else { continue };
        let usual_name = || {
            let name = format!("{{set}}-{{control}}.{}", format.ending());
            name.parse().unwrap_or_else(|_| FileName::usual())
        };
        let file_name = file_name.unwrap_or_else(usual_name);
        exports.push(Export { set, format, folder: folder.value, file_name, enabled, schedule });
    }
    exports
}

/// A path from the root on, without `..`.
pub(crate) fn absolute(text: &str) -> Result<PathBuf, &'static str> {
    let path = PathBuf::from(text);
    let up = path.components().any(|part| part == std::path::Component::ParentDir);
    match path.is_absolute() && !up {
        true => Ok(path),
        false => Err("give a path that begins with / and has no .. in it"),
    }
}
