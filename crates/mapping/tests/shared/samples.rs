//! The samples, and what should come of them beside each.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::json::laid_out;

/// A folder or file of `samples/`.
pub(crate) fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)
}

/// The files of a folder of `samples/` whose names are meant, in the order of their names.
pub(crate) fn files(folder: &str, is_meant: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let files = fs::read_dir(sample(folder)).expect("the samples can be listed");
    let mut files: Vec<PathBuf> =
        files.map(|file| file.expect("the samples can be listed").path()).collect();
    files.retain(|path| is_meant(&path.file_name().unwrap_or_default().to_string_lossy()));
    files.sort();
    files
}

/// The X12 documents of a folder of `samples/`, without the answers to them.
pub(crate) fn documents(folder: &str) -> Vec<PathBuf> {
    files(folder, |name| name.ends_with(".edi") && !name.ends_with(".997.edi"))
}

/// Compares with the file beside a sample; `UPDATE_EXPECT=1` writes it anew.
pub(crate) fn expect(beside: &Path, text: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(beside, text).expect("the samples can be written");
    }
    let expected = fs::read_to_string(beside).unwrap_or_default();
    assert!(expected == text, "{} is not what came of it:\n{text}", beside.display());
}

/// Compares models with the file beside the sample they were read from, and reads that again.
pub(crate) fn expect_models<M>(sample: &Path, models: &[M])
where
    M: std::fmt::Debug + PartialEq + Serialize + DeserializeOwned,
{
    let plain = serde_json::to_string(models).expect("the model is plain data");
    let text = format!("{}\n", laid_out(&plain, 0));
    expect(&sample.with_extension("model.json"), &text);
    let back: Vec<M> = serde_json::from_str(&text).expect("we wrote it");
    assert_eq!(back, models);
}
