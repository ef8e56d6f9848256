//! Evidence for frames out of a folder of files: those in `in` came, those in `out` went.

use std::fs;
use std::path::{Path, PathBuf};

use tieline_partner::frame::{Asked, Evidence, Exchanged, fits};
use tieline_partner::profile::{Direction, InterchangeId};
use tieline_x12::document::{Document, Interchange};

use super::way;
use crate::failure::Failure;
use crate::partners::Guides;

/// The largest file that counts: it is held in memory.
const LARGEST: u64 = 64 << 20;

/// Files that were really exchanged.
pub(super) struct Files {
    folder: PathBuf,
    guides: Guides,
    /// The ids of the partner: what another sent or got is no evidence.
    ids: Vec<InterchangeId>,
}

impl Files {
    /// The files below a folder, judged by the guides of a partner that is known by these ids.
    pub(super) fn new(
        folder: &Path,
        guides: Guides,
        ids: &[InterchangeId],
    ) -> Result<Files, Failure> {
        let shown = folder.display().to_string();
        fs::read_dir(folder).map_err(|error| Failure::no_input(&shown, &error))?;
        Ok(Files { folder: folder.to_path_buf(), guides, ids: ids.to_vec() })
    }

    /// Whether the partner is the one who sent it, or was to get it.
    fn is_with_partner(&self, interchange: &Interchange, direction: Direction) -> bool {
        let (qualifier, id) = match direction {
            Direction::In => interchange.header.sender(),
            Direction::Out => interchange.header.receiver(),
        };
        let (qualifier, id) = (qualifier.trim_ascii(), id.trim_ascii());
        let same =
            |it: &InterchangeId| it.qualifier.as_bytes() == qualifier && it.id.as_bytes() == id;
        self.ids.iter().any(same)
    }

    fn paths(&self, direction: Direction) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.join(way(direction)));
        let entries = entries.into_iter().flatten().flatten();
        let whole = |path: &PathBuf| {
            fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.len() <= LARGEST)
        };
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(whole).collect();
        paths.sort();
        paths
    }
}

impl Evidence for Files {
    fn documents(&self, asked: &Asked<'_>) -> Vec<Exchanged> {
        let mut found = Vec::new();
        for path in self.paths(asked.direction) {
            let Ok(bytes) = fs::read(&path) else { continue };
            let document = Document::read(&bytes, &self.guides);
            for interchange in &document.interchanges {
                if !self.is_with_partner(interchange, asked.direction) {
                    continue;
                }
                let sets = interchange.groups.iter().flat_map(|group| &group.sets);
                for set in sets.map(|set| document.root(set)) {
                    if !fits(&document, &set, asked) {
                        continue;
                    }
                    let name = path.file_name().unwrap_or_default().display();
                    let number = String::from_utf8_lossy(set.element(2)).into_owned();
                    let reference = format!("{}/{name} ST {number}", way(asked.direction));
                    found.push(Exchanged { reference });
                    if found.len() as u64 >= u64::from(asked.enough) {
                        return found;
                    }
                }
            }
        }
        found
    }

    fn files(&self, _: &str, direction: Direction) -> u64 {
        self.paths(direction).len() as u64
    }
}
