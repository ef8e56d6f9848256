//! A folder on disk as a mailbox: files other programs put there, and files put there for them.
//!
//! Nobody tells us when a file in a watched folder is whole, so each folder has a rule. A [`Watch`]
//! looks when it is told to, and knows no clock: looking by polling sees network shares too, which
//! notifications of the system do not.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};

use crate::file_drop::FileDrop;
use crate::mailbox::{FileFacts, OpenMailbox, is_unfinished};

/// When a file in a folder is whole.
///
/// Under each rule, files with unfinished names (`.filepart`, `.tmp`, a dot in front) are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// As soon as it is there: whoever writes it renames it when it is whole.
    Renamed,
    /// When its length and its time of change were the same in so many looks, one after another.
    Still {
        /// How many looks; fewer than two would be no rule.
        looks: u32,
    },
    /// When it was not changed for so long. The clocks of both sides must agree.
    Aged {
        /// Seconds since the last change.
        seconds: i64,
    },
    /// When a second file is there with its name and this at the end, e.g. `.done`.
    Announced {
        /// The end of the second file's name.
        end: Vec<u8>,
    },
}

/// What was seen of the files of one folder, look after look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looks {
    /// What was seen in the last look, and in how many looks it was the same.
    seen: BTreeMap<Vec<u8>, (FileFacts, u32)>,
}

impl Looks {
    /// Looks once more: these files are there now. What is not there any more is forgotten.
    pub fn look(&mut self, files: impl IntoIterator<Item = (Vec<u8>, FileFacts)>) {
        let mut seen = BTreeMap::new();
        for (name, facts) in files {
            let looks = match self.seen.get(&name) {
                Some((before, looks)) if *before == facts => looks.saturating_add(1),
                _ => 1,
            };
            seen.insert(name, (facts, looks));
        }
        self.seen = seen;
    }

    /// The files that are whole by a rule, in the order of their names. `now` is in seconds since
    /// 1970, UTC.
    pub fn whole(&self, rule: &Completeness, now: i64) -> impl Iterator<Item = (&[u8], FileFacts)> {
        let is_whole = move |name: &[u8]| !is_unfinished(name) && self.is_whole(name, rule, now);
        let files = self.seen.iter().map(|(name, (facts, _))| (&name[..], *facts));
        files.filter(move |(name, _)| is_whole(name))
    }

    fn is_whole(&self, name: &[u8], rule: &Completeness, now: i64) -> bool {
        let Some((facts, seen)) = self.seen.get(name) else { return false };
        match rule {
            Completeness::Renamed => true,
            Completeness::Still { looks } => seen >= looks,
            Completeness::Aged { seconds } => now.saturating_sub(facts.modified) >= *seconds,
            Completeness::Announced { end } => {
                !name.ends_with(end) && self.seen.contains_key(&[name, end].concat())
            }
        }
    }

    /// The files of the last look, and in how many looks each was the same: to be kept over a
    /// restart.
    pub fn seen(&self) -> impl Iterator<Item = (&[u8], FileFacts, u32)> {
        self.seen.iter().map(|(name, (facts, looks))| (&name[..], *facts, *looks))
    }
}

impl FromIterator<(Vec<u8>, FileFacts, u32)> for Looks {
    /// What was kept of [`seen`](Self::seen).
    fn from_iter<I: IntoIterator<Item = (Vec<u8>, FileFacts, u32)>>(kept: I) -> Self {
        let kept = kept.into_iter().map(|(name, facts, looks)| (name, (facts, looks)));
        Self { seen: kept.collect() }
    }
}

/// Looks at one folder again and again for files that are whole.
#[derive(Debug)]
pub struct Watch {
    folder: usize,
    rule: Completeness,
    looks: Looks,
}

impl Watch {
    /// Watches a folder, given by its place in its mailbox.
    pub fn new(folder: usize, rule: Completeness) -> Self {
        Self { folder, rule, looks: Looks::default() }
    }

    /// Looks, and gives the names of the files that are whole, in the order of their names. `now`
    /// is in seconds since 1970, UTC. A file is given in each look until it is moved away.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read; what was seen before is kept.
    pub fn look(&mut self, mailbox: &OpenMailbox, now: i64) -> io::Result<Vec<Vec<u8>>> {
        let mut files = Vec::new();
        for name in mailbox.list(self.folder)? {
            let name = name?;
            // Gone since, or no plain file: not part of the mailbox.
            let Ok(facts) = mailbox.facts(self.folder, &name) else { continue };
            files.push((name, facts));
        }
        self.looks.look(files);
        Ok(self.looks.whole(&self.rule, now).map(|(name, _)| name.to_vec()).collect())
    }
}

/// Reads a file of a folder as a drop of this account, or none if it is changed while it is read:
/// then it was not whole, and the next look will tell.
///
/// # Errors
///
/// If the file is gone, or the disk fails.
pub fn collect(
    mailbox: &OpenMailbox,
    folder: usize,
    name: &[u8],
    account: &str,
) -> io::Result<Option<FileDrop>> {
    let before = mailbox.facts(folder, name)?;
    let mut arrived = FileDrop {
        account: account.to_owned(),
        folder: mailbox.folder(folder).name.clone(),
        name: name.to_vec(),
        size: before.size,
        sha256: [0; 32],
        session: 0,
        file: Arc::new(mailbox.open_file(folder, name, false)?),
    };
    let (size, sha256) = copy(&mut arrived.reader(), &mut io::sink())?;
    arrived.sha256 = sha256;
    let is_same = size == before.size && mailbox.facts(folder, name)? == before;
    Ok(is_same.then_some(arrived))
}

/// Puts a file into a folder, over one of that name; whoever looks sees all of it or nothing, also
/// after a loss of power. Gives its length in bytes and its SHA-256.
///
/// # Errors
///
/// If the name is none that a file in a folder can have, the bytes cannot be read, or the disk
/// fails; then nothing is put.
pub fn deliver(
    mailbox: &OpenMailbox,
    folder: usize,
    name: &[u8],
    bytes: &mut impl Read,
) -> io::Result<(u64, [u8; 32])> {
    if matches!(name, b"" | b"." | b"..") || name.iter().any(|byte| matches!(byte, 0 | b'/')) {
        return Err(io::ErrorKind::InvalidFilename.into());
    }
    let (mut file, staged) = mailbox.stage()?;
    let delivered = copy(bytes, &mut file).and_then(|delivered| {
        file.sync_all()?;
        mailbox.publish(&staged, folder, name)?;
        Ok(delivered)
    });
    if delivered.is_err() {
        // What cannot be thrown away now is swept later.
        let _ = mailbox.discard(&staged);
    }
    delivered
}

fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<(u64, [u8; 32])> {
    let mut context = Context::new(&SHA256);
    let mut space = vec![0; 128 * 1024];
    let mut size = 0;
    loop {
        let read = match from.read(&mut space) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if read == 0 {
            let mut sha256 = [0; 32];
            sha256.copy_from_slice(context.finish().as_ref());
            return Ok((size, sha256));
        }
        context.update(&space[..read]);
        to.write_all(&space[..read])?;
        size += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::mailbox::Mailbox;

    fn mailbox() -> (TempDir, OpenMailbox) {
        let home = tempfile::tempdir().expect("a temporary directory");
        let mailbox = Mailbox::usual(home.path()).open().expect("the folders can be made");
        (home, mailbox)
    }

    fn whole(watch: &mut Watch, mailbox: &OpenMailbox, now: i64) -> Vec<String> {
        let names = watch.look(mailbox, now).expect("the disk is well");
        names.into_iter().map(|name| String::from_utf8(name).expect("plain names")).collect()
    }

    #[test]
    fn a_file_is_whole_by_the_rule_of_its_folder() {
        let (home, mailbox) = mailbox();
        let path = |name: &str| home.path().join("inbound").join(name);
        std::fs::write(path("a"), b"ISA").expect("a file");
        std::fs::write(path("b.tmp"), b"ISA").expect("a file");
        std::fs::create_dir(path("c")).expect("a directory");
        let now = mailbox.facts(0, b"a").expect("it is there").modified;

        let mut renamed = Watch::new(0, Completeness::Renamed);
        assert_eq!(whole(&mut renamed, &mailbox, now), ["a"]);

        let mut aged = Watch::new(0, Completeness::Aged { seconds: 60 });
        assert_eq!(whole(&mut aged, &mailbox, now + 59), [""; 0]);
        assert_eq!(whole(&mut aged, &mailbox, now + 60), ["a"]);
        assert_eq!(whole(&mut aged, &mailbox, i64::MIN), [""; 0]);

        let mut still = Watch::new(0, Completeness::Still { looks: 3 });
        assert_eq!(whole(&mut still, &mailbox, now), [""; 0]);
        assert_eq!(whole(&mut still, &mailbox, now), [""; 0]);
        assert_eq!(whole(&mut still, &mailbox, now), ["a"]);
        std::fs::write(path("a"), b"ISA*00").expect("a longer file");
        assert_eq!(whole(&mut still, &mailbox, now), [""; 0], "it grows");

        let mut announced = Watch::new(0, Completeness::Announced { end: b".done".to_vec() });
        assert_eq!(whole(&mut announced, &mailbox, now), [""; 0]);
        std::fs::write(path("a.done"), b"").expect("a file");
        assert_eq!(whole(&mut announced, &mailbox, now), ["a"]);
    }

    #[test]
    fn what_is_delivered_is_collected_unchanged() {
        let (_home, mailbox) = mailbox();
        let content = vec![7; 300_000];
        let (size, sha256) =
            deliver(&mailbox, 1, b"bill\xff.edi", &mut &content[..]).expect("the disk is well");
        let arrived = collect(&mailbox, 1, b"bill\xff.edi", "acme").expect("the disk is well");
        let arrived = arrived.expect("nobody changes it");
        assert_eq!((arrived.size, arrived.sha256, size), (300_000, sha256, 300_000));
        assert_eq!(
            (arrived.folder.as_str(), &arrived.name[..]),
            ("outbound", &b"bill\xff.edi"[..])
        );
        for _ in 0..2 {
            let mut bytes = Vec::new();
            arrived.reader().read_to_end(&mut bytes).expect("the disk is well");
            assert!(bytes == content, "each reader starts at the start");
        }
    }

    #[test]
    fn a_delivery_that_fails_leaves_nothing() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
        let (home, mailbox) = mailbox();
        assert!(deliver(&mailbox, 1, b"a", &mut b"ISA".chain(Broken)).is_err());
        for name in [&b""[..], b".", b"..", b"../a", b"a/b", b"a\0"] {
            assert!(deliver(&mailbox, 1, name, &mut &b"ISA"[..]).is_err());
        }
        for folder in ["outbound", ".arriving"] {
            let left = std::fs::read_dir(home.path().join(folder)).expect("a folder").count();
            assert_eq!(left, 0, "{folder}");
        }
    }
}
