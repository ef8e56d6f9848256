//! Every table in `samples/files`: read into the model, and what is wrong with the broken ones.

use std::fs;
use std::path::{Path, PathBuf};

use super::format::Format;
use crate::shared::samples::{expect, expect_models, files};

/// The tables of a folder, in the order of their names, with their formats.
pub(crate) fn tables(folder: &str) -> Vec<(PathBuf, Format)> {
    let folder = format!("files/{folder}");
    let tables = files(&folder, |name| name.ends_with(".csv")).into_iter();
    let with_format = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let options = fs::read_to_string(path.with_extension("options.toml")).unwrap_or_default();
        Some((path, Format::of(&name, &options)?))
    };
    tables.filter_map(with_format).collect()
}

/// `UPDATE_EXPECT=1` writes the results anew.
#[test]
fn samples_read_into_the_model() {
    let tables = tables("");
    assert!(tables.len() >= 6, "the samples are there");
    for (path, format) in tables {
        let found = format.read(&fs::read(&path).expect("a sample can be read"));
        assert_eq!(found.errors, Vec::<String>::new(), "{}", path.display());
        expect_models(&path, &found.records);
    }
}

#[test]
fn samples_that_we_wrote_are_written_as_they_were_read() {
    let ours: Vec<_> = tables("").into_iter().filter(|(path, _)| is_ours(path)).collect();
    assert!(ours.len() >= 3, "the samples are there");
    for (path, format) in ours {
        let text = fs::read_to_string(&path).expect("a sample can be read");
        let written = format.write(&format.read(text.as_bytes()).records).expect("it is held");
        assert!(written == text, "{}:\n{written}", path.display());
    }
}

fn is_ours(path: &Path) -> bool {
    path.to_string_lossy().contains("-as-written")
}

/// `UPDATE_EXPECT=1` writes the errors anew.
#[test]
fn broken_samples_are_told_row_by_row() {
    let tables = tables("broken");
    assert!(tables.len() >= 6, "the samples are there");
    for (path, format) in tables {
        let found = format.read(&fs::read(&path).expect("a sample can be read"));
        let mut text = found.errors.join("\n");
        text.push('\n');
        text += &format!("records: {}\n", found.records.len());
        if !found.unknown.is_empty() {
            text += &format!("columns that are not read: {}\n", found.unknown.join(", "));
        }
        expect(&path.with_extension("errors.txt"), &text);
    }
}
