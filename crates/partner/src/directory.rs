//! The partners in use: read again while others go on with what they have, and replaced only by files
//! that are all good.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::file_error::FileError;
use crate::load::PartnerBook;

/// A directory of partners, and the book that was last read from it without a fault.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    book: RwLock<Arc<PartnerBook>>,
}

/// What is different after reading again, by partners' ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Partners that were not there.
    pub added: Vec<String>,
    /// Partners whose files say something else.
    pub changed: Vec<String>,
    /// Partners that are gone.
    pub removed: Vec<String>,
    /// Whether we ourselves are described otherwise.
    pub utility: bool,
}

impl Changes {
    /// Whether nothing is different.
    pub fn is_empty(&self) -> bool {
        *self == Changes::default()
    }
}

impl Directory {
    /// Reads a directory of partners.
    ///
    /// # Errors
    ///
    /// As [`PartnerBook::load`].
    pub fn open(path: &Path) -> Result<Directory, Vec<FileError>> {
        let book = RwLock::new(Arc::new(PartnerBook::load(path)?));
        Ok(Directory { path: path.to_path_buf(), book })
    }

    /// The partners as they are now. Whoever holds the book keeps one that does not change.
    pub fn book(&self) -> Arc<PartnerBook> {
        Arc::clone(&self.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again. When all are good, the new book takes the place of the old one.
    ///
    /// # Errors
    ///
    /// As [`PartnerBook::load`]; the old book stays.
    pub fn reload(&self) -> Result<Changes, Vec<FileError>> {
        let new = Arc::new(PartnerBook::load(&self.path)?);
        let mut held = self.book.write().unwrap_or_else(PoisonError::into_inner);
        let changes = changes(&held, &new);
        *held = new;
        Ok(changes)
    }
}

fn changes(old: &PartnerBook, new: &PartnerBook) -> Changes {
    let mut changes = Changes { utility: old.utility() != new.utility(), ..Changes::default() };
    for partner in new.partners() {
        let id = partner.profile().id.clone();
        match old.find(&id) {
            None => changes.added.push(id),
            Some(before) if !before.says_the_same(partner) => changes.changed.push(id),
            Some(_) => {}
        }
    }
    let gone = old.partners().iter().map(|partner| &partner.profile().id);
    changes.removed = gone.filter(|id| new.find(id).is_none()).cloned().collect();
    changes
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn profile(id: &str, status: &str) -> String {
        format!(
            "id = \"{id}\"\nname = \"N\"\nstatus = \"{status}\"\n\
             [x12]\nisa = [{{ qualifier = \"ZZ\", id = \"{id}\" }}]\n"
        )
    }

    #[test]
    fn a_book_is_replaced_by_a_good_one_only() {
        let root = std::env::temp_dir().join(format!("tieline-directory-{}", std::process::id()));
        let write = |id: &str, text: &str| {
            fs::create_dir_all(root.join(id)).expect("writable");
            fs::write(root.join(id).join("partner.toml"), text).expect("writable");
        };
        write("a", &profile("a", "live"));
        write("b", &profile("b", "live"));
        let directory = Directory::open(&root).expect("it is good");
        let before = directory.book();
        assert!(directory.reload().expect("it is good").is_empty());

        write("b", "id = \"b\"\n");
        assert!(directory.reload().is_err());
        assert_eq!(directory.book().partners().len(), 2);

        write("a", &profile("a", "suspended"));
        fs::remove_dir_all(root.join("b")).expect("it is there");
        write("c", &profile("c", "draft"));
        let changes = directory.reload().expect("it is good");
        let ids = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(changes.added, ids(&["c"]));
        assert_eq!(changes.changed, ids(&["a"]));
        assert_eq!(changes.removed, ids(&["b"]));
        assert!(before.find("b").is_some(), "what is held does not change");
        fs::remove_dir_all(&root).expect("it was made above");
    }
}
