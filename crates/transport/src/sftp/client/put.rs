//! A file of ours to a partner's server, whole or not at all.

use std::collections::VecDeque;
use std::io::{Read, Seek, SeekFrom};

use aws_lc_rs::digest::{self, Context, SHA256};

use super::fetch::AHEAD;
use super::link::{answer, done, unfitting};
use super::{Client, Opened, SftpError};
use crate::mailbox::{LONGEST_NAME, printable};
use crate::sftp::wire::{self, Answer, OpenFlags, Request};

/// Bytes that the server hashes at a time.
const HASH_BLOCK: u32 = 64 * 1024;
/// Bytes on their way at once.
const BYTES_AHEAD: u64 = 8 << 20;

/// How a file is put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutOptions {
    /// The name it has while it is not whole.
    pub temporary: Temporary,
    /// What happens when its name is taken.
    pub replace: Replace,
    /// Go on with what an earlier try left, and leave what this one comes to. The temporary name
    /// then holds a part of the file's SHA-256, so that parts of two files are never joined.
    pub resume: bool,
    /// The SHA-256 of the file, if it is known: to go on with what was left, the file is else read
    /// once more to find it. It is believed, and comes back in [`Put`].
    pub sha256: Option<[u8; 32]>,
    /// Whether the server is asked to have the file on its disk before it is renamed, where it can
    /// be asked. OpenSSH's client does not ask by default.
    pub sync: bool,
}

impl Default for PutOptions {
    /// A temporary name that ends in `.filepart`, over a file of the same name, resumed and synced.
    fn default() -> Self {
        Self {
            temporary: Temporary::End(b".filepart".to_vec()),
            replace: Replace::Over,
            resume: true,
            sha256: None,
            sync: true,
        }
    }
}

/// The name a file has while it is not whole. It is renamed when it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Temporary {
    /// Its name with this at the end, in the same folder.
    End(Vec<u8>),
    /// Its name with this in front, in the same folder.
    Front(Vec<u8>),
    /// Its name, in this folder.
    Folder(Vec<u8>),
    /// Its own: the partner sees it grow. Only for servers where nothing can be renamed.
    None,
}

/// What happens when a name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// Nothing is put.
    Never,
    /// It is put over what is there in one step where the server can do that, and not at all where
    /// it cannot.
    Over,
    /// The same, but where the server cannot, what is there is removed first. For a moment there is
    /// nothing.
    RemoveFirst,
}

/// A file that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Bytes that an earlier try had left and that were not sent again.
    pub resumed: u64,
    /// Whether the server's own hash of the file was compared. Its length always is.
    pub is_hash_checked: bool,
    /// Whether it was still there under its name when we looked; a partner may take it at once.
    pub is_seen: bool,
}

/// Which bytes are sent, and whether they are to be synced.
#[derive(Clone, Copy)]
struct Parts {
    from: u64,
    size: u64,
    sync: bool,
}

impl Client {
    /// Puts a file under a temporary name, makes sure that the server has all of it, and renames it.
    ///
    /// `reader` is read from its start; it should be a file or memory, and must not change.
    ///
    /// # Errors
    ///
    /// [`SftpError`]. Under its own name there is then nothing new, with two exceptions: after
    /// [`SftpError::is_end`] the last step may have been done, so look before it is put again; and
    /// [`Temporary::None`] leaves what came.
    pub async fn put(
        &self,
        path: &[u8],
        reader: &mut (impl Read + Seek + Send + ?Sized),
        options: &PutOptions,
    ) -> Result<Put, SftpError> {
        let size = reader.seek(SeekFrom::End(0)).map_err(local)?;
        let known = match options.sha256 {
            None if options.resume => Some(measure(reader).await?),
            known => known,
        };
        if options.replace == Replace::Never && self.stat(path).await.is_ok() {
            return Err(SftpError::Exists { path: printable(path) });
        }
        let temporary = temporary(path, options, known.as_ref());
        let is_direct = options.temporary == Temporary::None;
        let resumed = match options.resume && !is_direct {
            true => self.left(&temporary, size).await?,
            false => 0,
        };
        let mut hash = known.is_none().then(|| Context::new(&SHA256));
        let parts = Parts { from: resumed, size, sync: options.sync };
        let written = self.write(&temporary, reader, parts, &mut hash).await;
        let is_hash_checked = match written {
            Ok(is_hash_checked) => is_hash_checked,
            Err(error) => {
                // What cannot be gone on with must not be: a wrong length or hash, or a full disk.
                let is_kept = error.is_end() || options.resume && is_resumable(&error);
                if !is_kept {
                    let _ = self.remove(&temporary).await;
                }
                return Err(error);
            }
        };
        if !is_direct {
            let renamed = self.rename(&temporary, path, options.replace).await;
            if let Err(error) = renamed {
                if !error.is_end() {
                    let _ = self.remove(&temporary).await;
                }
                return Err(error);
            }
        }
        let is_seen = match self.stat(path).await {
            Ok(facts) => match facts.size {
                Some(there) if there != size => return Err(differs(path, size, there)),
                _ => true,
            },
            // It was renamed: that it is gone says that it was taken.
            Err(error) if error.code().is_some() => false,
            Err(error) => return Err(error),
        };
        let sha256 = known.or(hash.map(finish)).unwrap_or_default();
        Ok(Put { size, sha256, resumed, is_hash_checked, is_seen })
    }

    /// How many bytes of an earlier try are good. The last ones on their way may have come with gaps
    /// where a server does several requests at once, so they are sent again.
    async fn left(&self, temporary: &[u8], size: u64) -> Result<u64, SftpError> {
        match self.stat(temporary).await {
            Ok(facts) => match facts.size {
                Some(there) if there <= size => Ok(there.saturating_sub(BYTES_AHEAD)),
                _ => Ok(0),
            },
            Err(error) if error.is_end() => Err(error),
            Err(_) => Ok(0),
        }
    }

    /// Writes the bytes from `from` on, and makes sure that they are there; says whether their hash
    /// was compared.
    async fn write(
        &self,
        path: &[u8],
        reader: &mut (impl Read + Seek + Send + ?Sized),
        parts: Parts,
        hash: &mut Option<Context>,
    ) -> Result<bool, SftpError> {
        let Parts { from, size, sync } = parts;
        let flags = if from > 0 { OpenFlags::CONTINUE } else { OpenFlags::NEW };
        let opened = self.open(&Request::Open { path, flags }, "put", path).await?;
        reader.seek(SeekFrom::Start(from)).map_err(local)?;
        if let Err(error) = self.send(path, &opened, reader, parts, hash).await {
            // The server's words come with the close on some servers, but the first ones count.
            if !error.is_end() {
                let _ = opened.close().await;
            }
            return Err(error);
        }
        let handle = &opened.handle;
        if sync && self.offers.fsync {
            self.link.order("sync", path, &Request::Sync { handle }).await?;
        }
        let is_hash_checked =
            self.offers.check_file && self.check(path, &opened, reader, size).await?;
        let closing = opened.close().await;
        closing.map_err(|error| match error {
            SftpError::Refused { code, words, .. } => {
                SftpError::Refused { request: "put", path: printable(path), code, words }
            }
            error => error,
        })?;
        match self.stat(path).await {
            Ok(facts) => match facts.size {
                Some(there) if there != size => Err(differs(path, size, there)),
                _ => Ok(is_hash_checked),
            },
            // Where files may be put and not looked at, the answers so far have to do.
            Err(error) if error.code().is_some() => Ok(is_hash_checked),
            Err(error) => Err(error),
        }
    }

    async fn send(
        &self,
        path: &[u8],
        opened: &Opened<'_>,
        reader: &mut (impl Read + Send + ?Sized),
        parts: Parts,
        hash: &mut Option<Context>,
    ) -> Result<(), SftpError> {
        let Parts { from, size, .. } = parts;
        let piece = self.offers.write_piece as usize;
        let most = AHEAD.min((BYTES_AHEAD / piece as u64) as usize).max(1);
        let mut space = vec![0; piece.min(usize::try_from(size - from).unwrap_or(piece))];
        let mut offset = from;
        let mut ahead = VecDeque::new();
        loop {
            while ahead.len() < most && offset < size {
                let length = space.len().min(usize::try_from(size - offset).unwrap_or(piece));
                let data = &mut space[..length];
                reader.read_exact(data).map_err(local)?;
                if let Some(hash) = hash {
                    hash.update(data);
                }
                let handle = &opened.handle;
                ahead.push_back(self.link.ask(&Request::Write { handle, offset, data }));
                offset += length as u64;
            }
            let Some(pending) = ahead.pop_front() else { return Ok(()) };
            done("put", path, &pending.message().await?)?;
        }
    }

    /// Compares the server's hashes of the open file with ours; says whether it could be.
    ///
    /// They are asked for in blocks, a range at a time: a long file is hashed for longer than an
    /// answer may take, and paramiko's server hashes blocks of up to 64 KiB rightly and no others.
    async fn check(
        &self,
        path: &[u8],
        opened: &Opened<'_>,
        reader: &mut (impl Read + Seek + Send + ?Sized),
        size: u64,
    ) -> Result<bool, SftpError> {
        const RANGE: u64 = 8 << 20;
        reader.rewind().map_err(local)?;
        let mut space = vec![0; HASH_BLOCK as usize];
        let mut name = None;
        for start in (0..size).step_by(RANGE as usize) {
            let length = RANGE.min(size - start);
            let Some(message) = self.hashes(path, opened, &mut name, (start, length)).await? else {
                // A server that hashes the beginning and not the rest is not taken to say anything.
                return Ok(false);
            };
            let Answer::Extended(body) = answer("check", path, &message)? else {
                return Err(unfitting("check"));
            };
            let (algorithm, mut hashes) = wire::read_check(body)?;
            let algorithm = match algorithm {
                b"sha256" => &SHA256,
                b"sha384" => &digest::SHA384,
                b"sha512" => &digest::SHA512,
                b"sha1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
                _ => return Ok(false),
            };
            let mut left = length;
            while left > 0 {
                let block = left.min(u64::from(HASH_BLOCK));
                let space = &mut space[..usize::try_from(block).unwrap_or(0)];
                reader.read_exact(space).map_err(local)?;
                let ours = digest::digest(algorithm, space);
                match hashes.split_at_checked(ours.as_ref().len()) {
                    Some((theirs, rest)) if theirs == ours.as_ref() => hashes = rest,
                    _ => return Err(SftpError::Hash { path: printable(path) }),
                }
                left -= block;
            }
        }
        Ok(size > 0)
    }

    /// The server's hashes of a range; none if it gives none. `name` is what it calls the request,
    /// once that is known: the draft has the first name, paramiko the second.
    async fn hashes(
        &self,
        path: &[u8],
        opened: &Opened<'_>,
        name: &mut Option<&'static [u8]>,
        range: (u64, u64),
    ) -> Result<Option<Vec<u8>>, SftpError> {
        let names = match name {
            Some(name) => vec![*name],
            None => vec![&b"check-file-handle"[..], wire::CHECK_FILE],
        };
        for tried in names {
            let asked = self
                .link
                .ask_with(|id| wire::check_file(id, tried, &opened.handle, range, HASH_BLOCK));
            let message = asked.message().await?;
            if let Ok(Answer::Extended(_)) = answer("check", path, &message) {
                *name = Some(tried);
                return Ok(Some(message));
            }
        }
        Ok(None)
    }
}

fn local(error: std::io::Error) -> SftpError {
    SftpError::Local { doing: "reading what is put", error }
}

fn differs(path: &[u8], sent: u64, there: u64) -> SftpError {
    SftpError::Size { path: printable(path), sent, there }
}

/// Whether what came so far is good to go on with.
fn is_resumable(error: &SftpError) -> bool {
    matches!(error, SftpError::Local { .. } | SftpError::Refused { .. })
}

fn finish(context: Context) -> [u8; 32] {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(context.finish().as_ref());
    sha256
}

/// The SHA-256 of what is to be put.
async fn measure(reader: &mut (impl Read + Seek + Send + ?Sized)) -> Result<[u8; 32], SftpError> {
    reader.rewind().map_err(local)?;
    let mut context = Context::new(&SHA256);
    let mut space = vec![0; 128 * 1024];
    let mut size = 0;
    loop {
        match reader.read(&mut space) {
            Ok(0) => return Ok(finish(context)),
            Ok(read) => {
                context.update(&space[..read]);
                size += read;
                // Others want to get on meanwhile.
                if size % (8 << 20) < read {
                    tokio::task::yield_now().await;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(local(error)),
        }
    }
}

/// The path a file has while it is not whole.
fn temporary(path: &[u8], options: &PutOptions, sha256: Option<&[u8; 32]>) -> Vec<u8> {
    let cut = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let (folder, name) = path.split_at(cut);
    let hex = |sha256: &[u8; 32]| -> String {
        sha256[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let mark = match sha256 {
        Some(sha256) if options.resume => format!(".{}", hex(sha256)),
        _ => String::new(),
    };
    let short = |more: usize| &name[..name.len().min(LONGEST_NAME - mark.len() - more.min(100))];
    match &options.temporary {
        Temporary::None => path.to_vec(),
        Temporary::End(end) => [folder, short(end.len()), mark.as_bytes(), end].concat(),
        Temporary::Front(front) => [folder, front, short(front.len()), mark.as_bytes()].concat(),
        Temporary::Folder(other) => {
            let slash: &[u8] = if other.ends_with(b"/") { b"" } else { b"/" };
            [other, slash, short(0), mark.as_bytes()].concat()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_names_stay_in_their_folder_and_fit() {
        let of = |path: &[u8], temporary_name, resume| {
            let options = PutOptions { temporary: temporary_name, resume, ..PutOptions::default() };
            temporary(path, &options, Some(&[0xab; 32]))
        };
        let end = || Temporary::End(b".tmp".to_vec());
        assert_eq!(of(b"in/a.edi", end(), false), b"in/a.edi.tmp");
        assert_eq!(of(b"in/a.edi", end(), true), b"in/a.edi.abababababab.tmp");
        assert_eq!(of(b"a", Temporary::Front(b".".to_vec()), false), b".a");
        assert_eq!(of(b"/in/a", Temporary::Folder(b"/tmp".to_vec()), true), b"/tmp/a.abababababab");
        assert_eq!(of(b"/in/a", Temporary::None, true), b"/in/a");
        let long = [&b"in/"[..], &[b'a'; 255]].concat();
        assert_eq!(of(&long, end(), true).len(), 3 + 255);
    }
}
