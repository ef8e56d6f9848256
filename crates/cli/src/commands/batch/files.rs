//! The files of a directory, in the order of their names.

use std::fs;
use std::path::{Path, PathBuf};

use tieline_partner::pattern::NamePattern;

use crate::exit;
use crate::failure::Failure;

/// A file of the directory.
pub(super) struct File {
    /// The way to it.
    pub(super) path: PathBuf,
    /// The same from the directory on.
    pub(super) below: PathBuf,
    /// The same for people.
    pub(super) name: String,
}

/// Finds the files. Links to directories are not followed.
pub(super) fn find(
    folder: &Path,
    recursive: bool,
    only: Option<&NamePattern>,
) -> Result<Vec<File>, Failure> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        let place = folder.join(&below);
        let failure = |error| Failure::no_input(&place.display().to_string(), &error);
        for entry in fs::read_dir(&place).map_err(failure)? {
            let entry = entry.map_err(failure)?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let is_meant =
                only.is_none_or(|only| only.matches(entry.file_name().as_encoded_bytes()));
            let below = below.join(entry.file_name());
            let kind = entry.file_type().map_err(failure)?;
            if kind.is_dir() {
                folders.extend(recursive.then_some(below));
            } else if is_meant && entry.path().is_file() {
                let name = below.display().to_string();
                files.push(File { path: entry.path(), below, name });
            }
        }
    }
    files.sort_by(|a, b| a.below.cmp(&b.below));
    match files.is_empty() {
        false => Ok(files),
        true => {
            let message = format!("{}: there is no such file in it", folder.display());
            let help = "with --recursive the directories in it are looked through too";
            let help = (!recursive).then(|| help.to_string());
            Err(Failure { code: exit::NO_INPUT, message, help })
        }
    }
}
