//! The folder `samples/`: one case is a document and the files of the same name beside it.

use std::fs;
use std::path::{Path, PathBuf};

/// A document of `samples/`.
#[derive(Debug)]
pub struct Sample {
    /// Its path below `samples/` without the ending, e.g. `867/monthly-net-metering`.
    pub case: String,
    /// What stands in it.
    pub bytes: Vec<u8>,
}

/// What stands beside a document, by the ending of the file.
pub const BESIDE: [&str; 4] = ["findings.txt", "997.edi", "guide.toml", "model.json"];

impl Sample {
    /// The file of this case with another ending, e.g. `findings.txt`.
    pub fn beside(&self, ending: &str) -> PathBuf {
        folder().join(format!("{}.{ending}", self.case))
    }

    /// Whether something is wrong with it on purpose.
    pub fn is_broken(&self) -> bool {
        self.case.starts_with("broken/")
    }

    /// Whether it keeps the standard, and what is wrong with it is what it says.
    pub fn is_broken_business(&self) -> bool {
        self.case.starts_with("broken/business/")
    }

    /// The last part of its path, e.g. `monthly-net-metering`.
    pub fn name(&self) -> &str {
        self.case.rsplit('/').next().unwrap_or_default()
    }
}

/// Where the project stands.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn folder() -> PathBuf {
    root().join("samples")
}

/// Every sample, in the order of their paths.
pub fn samples() -> Vec<Sample> {
    let mut samples: Vec<Sample> = files()
        .iter()
        .filter(|file| file.ends_with(".edi") && !file.ends_with(".997.edi"))
        .map(|file| Sample {
            case: file.trim_end_matches(".edi").to_string(),
            bytes: fs::read(folder().join(file)).expect("a file just listed can be read"),
        })
        .collect();
    samples.sort_by(|a, b| a.case.cmp(&b.case));
    samples
}

/// The paths of all files below `samples/`, with `/` between their parts.
pub fn files() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![(folder(), String::new())];
    while let Some((path, name)) = folders.pop() {
        for entry in fs::read_dir(&path).expect("samples/ can be listed") {
            let entry = entry.expect("samples/ can be listed");
            let file = format!("{name}{}", entry.file_name().display());
            match entry.path().is_dir() {
                true => folders.push((entry.path(), format!("{file}/"))),
                false => found.push(file),
            }
        }
    }
    found.sort();
    found
}
