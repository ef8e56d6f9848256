//! The paths of clients: at most a folder and a name, whatever they write.

use crate::mailbox::{LONGEST_NAME, OpenMailbox, printable};
use crate::sftp::wire::Code;

/// What a client may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The mailbox itself.
    Root,
    /// A folder, by its place in the mailbox.
    Folder(usize),
    /// A file, which need not be there.
    File(usize, Vec<u8>),
}

/// Finds what a path means. `.` and `..` are worked out on the words alone, `..` above the mailbox
/// is the mailbox, and a path without a leading slash starts at the mailbox.
pub(crate) fn resolve(mailbox: &OpenMailbox, path: &[u8]) -> Result<Place, (Code, String)> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let missing = |name: &[u8]| {
        let known: Vec<&str> = mailbox.folders().map(|folder| folder.name.as_str()).collect();
        let name = printable(name);
        (Code::NoSuchFile, format!("there is no folder {name}; there are: {}", known.join(", ")))
    };
    let folder = |name: &[u8]| {
        mailbox
            .folders()
            .position(|folder| folder.name.as_bytes() == name)
            .ok_or_else(|| missing(name))
    };
    match parts.as_slice() {
        [] => Ok(Place::Root),
        [name] => Ok(Place::Folder(folder(name)?)),
        [parent, name] => {
            let folder = folder(parent)?;
            if name.len() > LONGEST_NAME {
                let text = format!("a file name may have {LONGEST_NAME} bytes at most");
                return Err((Code::Failure, text));
            }
            if name.contains(&0) {
                return Err((Code::Failure, "a file name may not hold a zero byte".into()));
            }
            Ok(Place::File(folder, name.to_vec()))
        }
        [parent, ..] => {
            folder(parent)?;
            Err((Code::NoSuchFile, "there are no folders within folders".into()))
        }
    }
}

/// The path a client may use for a place.
pub(crate) fn absolute(mailbox: &OpenMailbox, place: &Place) -> Vec<u8> {
    match place {
        Place::Root => b"/".to_vec(),
        Place::Folder(folder) => [b"/", mailbox.folder(*folder).name.as_bytes()].concat(),
        Place::File(folder, name) => {
            [b"/", mailbox.folder(*folder).name.as_bytes(), b"/", name].concat()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::Mailbox;

    #[test]
    fn paths_lead_to_a_folder_or_a_file_and_nowhere_else() {
        let home = tempfile::tempdir().expect("a temporary directory");
        let mailbox = Mailbox::usual(home.path()).open().expect("the folders can be made");
        let file = |folder, name: &[u8]| Some(Place::File(folder, name.to_vec()));
        let cases: [(&[u8], Option<Place>); 21] = [
            (b"", Some(Place::Root)),
            (b"/", Some(Place::Root)),
            (b".", Some(Place::Root)),
            (b"..", Some(Place::Root)),
            (b"../../..", Some(Place::Root)),
            (b"/inbound/../..", Some(Place::Root)),
            (b"inbound", Some(Place::Folder(0))),
            (b"//inbound//", Some(Place::Folder(0))),
            (b"/../inbound/./", Some(Place::Folder(0))),
            (b"outbound/a", file(1, b"a")),
            (b"/inbound/../outbound/a", file(1, b"a")),
            (b"inbound/...", file(0, b"...")),
            (b"inbound/..\\..\\a", file(0, b"..\\..\\a")),
            (b"inbound/\xff\xfe", file(0, b"\xff\xfe")),
            (b"Inbound/a", None),
            (b"a", None),
            (b".arriving", None),
            (b".arriving/a", None),
            (b"../mailbox/inbound/a", None),
            (b"inbound/a/b", None),
            (b"inbound/a\0b", None),
        ];
        for (path, expected) in cases {
            assert_eq!(resolve(&mailbox, path).ok(), expected, "{}", printable(path));
        }
        assert!(resolve(&mailbox, &[b"inbound/", &[b'a'; 255][..]].concat()).is_ok());
        assert!(resolve(&mailbox, &[b"inbound/", &[b'a'; 256][..]].concat()).is_err());
    }

    /// Paths made of what a jail is usually broken with: each is refused, or names a folder, or a
    /// file whose name has no way out of its folder; and its own path leads back to it.
    #[test]
    fn no_path_leads_out() {
        let home = tempfile::tempdir().expect("a temporary directory");
        let mailbox = Mailbox::usual(home.path()).open().expect("the folders can be made");
        let parts: [&[u8]; 12] = [
            b"..",
            b".",
            b"/",
            b"inbound",
            b"outbound",
            b"etc",
            b"\0",
            b"a",
            b"\\",
            b"%2e%2e",
            b"\xc0\xae",
            b"~",
        ];
        let mut state = 11_usize;
        for _ in 0..100_000 {
            let mut path = Vec::new();
            for _ in 0..8 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040);
                path.extend_from_slice(parts[(state >> 33) % parts.len()]);
                if state >> 40 & 1 == 0 {
                    path.push(b'/');
                }
            }
            let Ok(place) = resolve(&mailbox, &path) else { continue };
            if let Place::File(_, name) = &place {
                assert!(!name.contains(&b'/') && !name.contains(&0) && !name.is_empty());
                assert!(name != b"." && name != b"..");
            }
            assert_eq!(resolve(&mailbox, &absolute(&mailbox, &place)), Ok(place));
        }
    }
}
