//! What must not lie in a partner's folder: private keys, passwords, tokens.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::file_error::{FileError, is_secret};
use crate::secret::SecretName;

/// How much of each file is looked at: 4 MiB.
const LOOKED_AT: u64 = 4 << 20;

/// The most files of a folder that are looked at.
const MOST_FILES: usize = 10_000;

/// What the text of a key or a token begins with, and what it is.
const MARKS: [(&str, &str); 11] = [
    ("PRIVATE KEY-----", "a private key"),
    ("PuTTY-User-Key-File-", "a private key of PuTTY"),
    ("AGE-SECRET-KEY-1", "a private key of age"),
    ("$argon2", "the hash of a password"),
    ("AKIA", "an access key"),
    ("ghp_", "a token"),
    ("github_pat_", "a token"),
    ("glpat-", "a token"),
    ("xoxb-", "a token"),
    ("sk_live_", "a token"),
    ("eyJhbGciOi", "a token"),
];

/// Endings of files that hold private keys in a form that is no text.
const ENDINGS: [&str; 6] = ["p12", "pfx", "jks", "ppk", "kdbx", "key"];

/// Everything in a folder that looks like a secret. Nothing of it is shown.
pub fn secrets_in(folder: &Path) -> Vec<FileError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            seen += 1;
            // A link may lead anywhere, and what it leads to does not lie here.
            match fs::symlink_metadata(&path) {
                Ok(facts) if facts.is_dir() && seen < MOST_FILES => folders.push(path),
                Ok(facts) if facts.is_file() && seen < MOST_FILES => look_at(&path, &mut found),
                _ => {}
            }
        }
    }
    found.sort_by(|a, b| a.order().cmp(&b.order()));
    found
}

fn look_at(path: &Path, found: &mut Vec<FileError>) {
    let shown = path.display().to_string();
    let refuse = |what: &str, line: Option<usize>| {
        let place = line.map_or_else(String::new, |line| format!(" in line {line}"));
        let error = FileError::whole(&shown, format!("this looks like {what}{place}"));
        error.with_help(
            "keep it outside of this folder, and write its name: cred:NAME, env:NAME or file:/PATH; \
             whoever could read the folder may have it, so have it replaced",
        )
    };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if ENDINGS.contains(&ending.to_ascii_lowercase().as_str()) {
        found.push(refuse("a store of private keys", None));
        return;
    }
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(LOOKED_AT).read_to_end(&mut bytes));
    if read.is_err() {
        return;
    }
    let text = String::from_utf8_lossy(&bytes);
    for (n, line) in text.lines().enumerate() {
        if let Some(what) = what_is(line) {
            found.push(refuse(what, Some(n + 1)));
            return;
        }
    }
}

/// What a line looks like, if that is a secret.
fn what_is(line: &str) -> Option<&'static str> {
    let begins = |mark: &str, what: &str| {
        line.match_indices(mark).any(|(at, _)| {
            // A mark of a token in the middle of a longer word is none.
            let before = line[..at].chars().next_back();
            let after = line[at + mark.len()..].chars().take_while(|c| !c.is_whitespace()).count();
            let is_token = what.contains("token") || what.contains("access key");
            !is_token || (before.is_none_or(|c| !c.is_alphanumeric()) && after >= 12)
        })
    };
    if let Some((_, what)) = MARKS.iter().find(|(mark, what)| begins(mark, what)) {
        return Some(what);
    }
    if line.trim_start().starts_with('#') {
        return None;
    }
    let is_key_end = |(at, c): &(usize, char)| match c {
        '=' => true,
        // In quotes it is prose, or the name of a secret.
        ':' => !line[..*at].contains(['"', '\'']),
        _ => false,
    };
    let mut ends = line.char_indices().filter(is_key_end);
    let is_set = |(at, _)| holds_secret(&line[..at], &line[at + 1..]);
    ends.any(is_set).then_some("a password or a token")
}

/// Whether a key is one of secrets and its value is not just the name of one: `password = "..."`.
fn holds_secret(before: &str, after: &str) -> bool {
    let is_key = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let key = before.trim_end().rsplit(|c| !is_key(c)).next().unwrap_or_default();
    let value = after.trim_start();
    let value = match value.strip_prefix(['"', '\'']) {
        Some(quoted) => quoted.split(['"', '\'']).next().unwrap_or_default(),
        None => value.split([',', '}']).next().unwrap_or_default().trim(),
    };
    let is_value = value.len() >= 4 && !value.contains(' ');
    is_secret(key) && is_value && value.parse::<SecretName>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_passwords_and_tokens_are_seen_and_their_names_are_not() {
        for line in [
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "PuTTY-User-Key-File-3: ssh-ed25519",
            "password = \"swordfish\"",
            "sftp_password: swordfish",
            "x = { user = \"a\", password = \"swordfish\" }",
            "api-key = 'ABCDEFGH1234'",
            "AKIAIOSFODNN7EXAMPLE",
            "token=ghp_0123456789abcdefghijABCDEFGHIJ",
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
        ] {
            assert!(what_is(line).is_some(), "{line}");
        }
        for line in [
            "password = \"cred:acme-sftp\"",
            "webhook = \"cred:acme-hook\"",
            "password = \"env:ACME\"  # see the runbook",
            "note = \"send no password: we never ask for one\"",
            "# password = what you were told by telephone",
            "key = \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ\"",
            "host_keys = [\"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\"]",
            "MAKIAB",
            "",
        ] {
            assert_eq!(what_is(line), None, "{line}");
        }
    }

    #[test]
    fn a_folder_is_looked_through_and_nothing_is_shown() {
        let root = std::env::temp_dir().join(format!("tieline-suspicious-{}", std::process::id()));
        fs::create_dir_all(root.join("old/notes")).expect("writable");
        fs::write(root.join("old/notes/mail.txt"), "hello\npassword: swordfish\n")
            .expect("writable");
        fs::write(root.join("client.p12"), [0x30, 0x82]).expect("writable");
        let found = secrets_in(&root);
        assert_eq!(found.len(), 2);
        assert!(found[0].file.ends_with("client.p12"));
        assert!(found[1].message.contains("in line 2"));
        assert!(!found[1].to_string().contains("swordfish"));
        fs::remove_dir_all(&root).expect("it was made above");
    }
}
