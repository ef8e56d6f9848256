//! The exit codes, which are part of the contract.

/// Everything is accepted; warnings may have been found.
pub const ACCEPTED: u8 = 0;
/// Something is wrong with a document; for `diff`, something is different.
pub const FINDINGS: u8 = 1;
/// The command was not understood.
pub const USAGE: u8 = 2;
/// A file is no EDI at all.
pub const NOT_EDI: u8 = 65;
/// A file is not there or cannot be read, or is a directory.
pub const NO_INPUT: u8 = 66;
/// Tieline itself went wrong.
pub const BUG: u8 = 70;
/// The results could not be written.
pub const UNWRITABLE: u8 = 74;
/// The store or a partner's server does not answer now; the same may succeed later.
pub const TEMPORARY: u8 = 75;
/// A partner file or a setting is wrong.
pub const CONFIGURATION: u8 = 78;
/// Whoever read the results went away, as a shell reports it.
pub const PIPE_CLOSED: u8 = 141;

/// The end of a command's long help: its examples, and the exit codes.
pub(crate) fn with_codes(examples: &str) -> String {
    format!(
        "{examples}

Exit status:
  0   accepted; warnings are allowed
  1   something is wrong with a document, or different (diff)
  2   the command was not understood
  65  a file is no EDI at all
  66  a file is not there or cannot be read
  70  a bug in tieline
  74  the results could not be written
  75  the store or a partner's server does not answer now; try again
  78  a partner file or a setting is wrong"
    )
}
