//! Results in a file: written beside it and renamed, so that nobody reads half of them.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes a file with what `write` gives; on an error the file is as it was before.
pub(crate) fn write_file<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    // A device or a pipe cannot be replaced.
    if fs::metadata(path).is_ok_and(|kind| !kind.is_file()) {
        let mut out = BufWriter::new(File::options().write(true).open(path)?);
        let result = write(&mut out)?;
        out.flush()?;
        return Ok(result);
    }
    let aside = Aside::new(path)?;
    let mut out = BufWriter::new(File::create(&aside.path)?);
    let result = write(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    fs::rename(&aside.path, path)?;
    Ok(result)
}

/// A file that is taken away when it was not renamed.
struct Aside {
    path: PathBuf,
}

impl Aside {
    fn new(path: &Path) -> io::Result<Aside> {
        let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
        let name = format!(".{}.{}.part", name.display(), std::process::id());
        Ok(Aside { path: path.with_file_name(name) })
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // After the renaming there is none.
        let _ = fs::remove_file(&self.path);
    }
}
