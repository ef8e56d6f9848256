//! Why a command could not be done, and the exit code that says so.

use std::fmt;
use std::io;
use std::path::Path;

use tieline_partner::FileError;

use crate::exit;

/// Why a command could not be done. Other errors than this one and [`io::Error`] are bugs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    /// Lower case, without a full stop; more lines may follow the first.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) help: Option<String>,
}

impl Failure {
    /// The command was not understood.
    pub(crate) fn usage(message: impl Into<String>, help: Option<String>) -> Failure {
        Failure { code: exit::USAGE, message: message.into(), help }
    }

    /// A file is not there, or cannot be read.
    pub(crate) fn no_input(file: &str, error: &io::Error) -> Failure {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_string(),
            io::ErrorKind::PermissionDenied => "no permission to read it".to_string(),
            io::ErrorKind::IsADirectory => "it is a directory".to_string(),
            _ => format!("it cannot be read: {error}"),
        };
        let help = (error.kind() == io::ErrorKind::IsADirectory)
            .then(|| "name the files in it, e.g. with a * at the end".to_string());
        Failure { code: exit::NO_INPUT, message: format!("{file}: {why}"), help }
    }

    /// The directory of the partners is not there, or cannot be read.
    pub(crate) fn no_partners(directory: &Path, error: &io::Error) -> Failure {
        let help =
            "name the directory of the partners with --partners; to begin one: mkdir partners";
        let help = Some(help.to_string());
        Failure { help, ..Failure::no_input(&directory.display().to_string(), error) }
    }

    /// Partner files are wrong; each error shows its own place.
    pub(crate) fn partner_files(errors: &[FileError]) -> Failure {
        let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let message = shown.join("\n\n");
        let message = message.strip_prefix("error: ").unwrap_or(&message).to_string();
        Failure { code: exit::CONFIGURATION, message, help: None }
    }
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  = help: {help}"),
            None => Ok(()),
        }
    }
}

/// The exit code an error leads to.
pub(crate) fn code_of(error: &anyhow::Error) -> u8 {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return failure.code;
    }
    match error.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::BrokenPipe) => exit::PIPE_CLOSED,
        Some(_) => exit::UNWRITABLE,
        None => exit::BUG,
    }
}
