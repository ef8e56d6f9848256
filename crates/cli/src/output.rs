//! Results that are there as a whole or not at all: in a file, or on standard output.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What is held in memory of results before a file takes them.
const HELD: usize = 16 << 20;

/// Writes what `write` gives, once all of it is there.
pub(crate) fn write_out<T>(
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let mut spool = Spool { held: Vec::new(), file: None };
    let result = write(&mut spool)?;
    if let Some(file) = &mut spool.file {
        file.rewind()?;
        io::copy(file, out)?;
    }
    out.write_all(&spool.held)?;
    Ok(result)
}

/// Bytes that wait; many of them in a file without a name, which only we can read and which is gone
/// with us, however we end.
struct Spool {
    held: Vec<u8>,
    file: Option<File>,
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend(bytes);
        if self.held.len() >= HELD {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.held.len() < HELD {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let aside = Aside::new(&std::env::temp_dir().join("tieline"))?;
                let mut options = File::options();
                let options = options.read(true).write(true).create_new(true).mode(0o600);
                let file = options.open(&aside.path)?;
                drop(aside);
                self.file.insert(file)
            }
        };
        file.write_all(&self.held)?;
        self.held.clear();
        Ok(())
    }
}

/// Writes a file with what `write` gives; on an error the file is as it was before. It is written
/// beside its place and renamed, so that nobody reads half of it. A file that was there keeps who
/// may read it, and a link keeps pointing to it.
pub(crate) fn write_file<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let before = fs::metadata(path).ok();
    // A device or a pipe cannot be replaced.
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        let mut out = BufWriter::new(File::options().write(true).open(path)?);
        let result = write(&mut out)?;
        out.flush()?;
        return Ok(result);
    }
    let place = if before.is_some() { fs::canonicalize(path)? } else { path.to_path_buf() };
    let aside = Aside::new(&place)?;
    let mut out = BufWriter::new(File::create(&aside.path)?);
    if let Some(before) = before {
        out.get_ref().set_permissions(before.permissions())?;
    }
    let result = write(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    fs::rename(&aside.path, place)?;
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
