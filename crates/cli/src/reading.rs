//! Reading a file, or standard input, through the checker in bounded memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use tieline_x12::check::{Plans, Totals, stream_with};
pub(crate) use tieline_x12::check::{WINDOW, fill};
use tieline_x12::observer::Observer;

use crate::failure::Failure;

/// How many findings of a set are told to the observer before the rest is only counted.
const MOST_OF_A_SET: u32 = 10_000;

/// How a file is called in reports.
pub(crate) fn name(file: &Path) -> String {
    match is_standard_input(file) {
        true => "<stdin>".to_string(),
        false => file.display().to_string(),
    }
}

/// Whether `-` was given.
pub(crate) fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// Checks a file while it is read; `-` is standard input.
///
/// `goes_on` hears after each window how many bytes were used, and stops the reading by saying
/// false.
///
/// # Errors
///
/// A [`Failure`] if the file cannot be read. A file that is wrong, or no EDI, is none.
pub(crate) fn check<O: Observer>(
    file: &Path,
    plans: &dyn Plans,
    observer: &mut O,
    goes_on: impl FnMut(&mut O, u64) -> bool,
) -> Result<Totals, Failure> {
    let failure = |error| Failure::no_input(&name(file), &error);
    let (mut source, size) = open(file).map_err(failure)?;
    // A small file comes in one piece: one byte more shows its end.
    let small = size.filter(|size| *size < WINDOW as u64).map(|size| size as usize + 1);
    stream(&mut source, small.unwrap_or(WINDOW), plans, observer, goes_on).map_err(failure)
}

/// All bytes of a file, for what has to hold it whole; `-` is standard input.
///
/// # Errors
///
/// A [`Failure`] if the file cannot be read.
pub(crate) fn whole(file: &Path) -> Result<Vec<u8>, Failure> {
    let failure = |error| Failure::no_input(&name(file), &error);
    let (mut source, size) = open(file).map_err(failure)?;
    let mut bytes = Vec::with_capacity(size.unwrap_or(0) as usize);
    source.read_to_end(&mut bytes).map_err(failure)?;
    Ok(bytes)
}

/// A file and its size, when that is known; `-` is standard input.
pub(crate) fn open(file: &Path) -> io::Result<(Box<dyn Read>, Option<u64>)> {
    if is_standard_input(file) {
        return Ok((Box::new(io::stdin().lock()), None));
    }
    let opened = File::open(file)?;
    let kind = opened.metadata()?;
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok((Box::new(opened), Some(kind.len()).filter(|_| kind.is_file())))
}

/// How long a file is, when that is known.
pub(crate) fn size(file: &Path) -> Option<u64> {
    let kind = file.metadata().ok()?;
    (kind.is_file() && !is_standard_input(file)).then_some(kind.len())
}

/// Checks what a source gives, in windows of at least this many bytes.
pub(crate) fn stream<O: Observer>(
    source: &mut dyn Read,
    window: usize,
    plans: &dyn Plans,
    observer: &mut O,
    goes_on: impl FnMut(&mut O, u64) -> bool,
) -> io::Result<Totals> {
    stream_with(source, window, MOST_OF_A_SET, plans, observer, goes_on)
}
