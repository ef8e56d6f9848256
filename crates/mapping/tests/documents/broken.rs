//! Documents with mistakes: they are read or refused, and never more than that.

use std::fs;
use std::path::{Path, PathBuf};

use tieline_mapping::options::Options;
use tieline_mapping::{advice_824, enrollment_814, remittance_820, usage_867};
use tieline_x12::check::Standard;
use tieline_x12::document::Document;

use crate::shared::samples::sample;

/// Reads all sets of a file with all mappings; what can be read can be written.
fn read(bytes: &[u8]) -> usize {
    let options = Options::default();
    let document = Document::read(bytes, &Standard);
    let mut count = 0;
    for set in document.sets() {
        let payment = remittance_820::read(set, &options);
        let request = enrollment_814::read(set, &options);
        let advice = advice_824::read(set, &options);
        let report = usage_867::read(set, &options);
        let written = [
            report.map(|it| usage_867::write(&it, &options).is_ok()),
            payment.map(|it| remittance_820::write(&it, &options).is_ok()),
            request.map(|it| enrollment_814::write(&it, &options).is_ok()),
            advice.map(|it| advice_824::write(&it, &options).is_ok()),
        ];
        for result in written.into_iter().flatten() {
            assert!(result, "what was read can be written");
            count += 1;
        }
    }
    count
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("samples can be listed") {
        let path = entry.expect("samples can be listed").path();
        match path.is_dir() {
            true => files(&path, found),
            false if path.extension().is_some_and(|it| it == "edi") => found.push(path),
            false => {}
        }
    }
}

#[test]
fn broken_samples_are_read_or_refused() {
    let mut broken = Vec::new();
    files(&sample(""), &mut broken);
    let read = |path: &PathBuf| read(&fs::read(path).expect("a sample can be read"));
    let count: usize = broken.iter().map(read).sum();
    assert!(broken.len() > 100 && count > 20, "{count} sets of {} files", broken.len());
}

#[test]
fn samples_with_any_byte_changed_are_read_or_refused() {
    let mut valid = Vec::new();
    for set in ["814", "820", "824"] {
        files(&sample(set), &mut valid);
    }
    for path in valid {
        let bytes = fs::read(&path).expect("a sample can be read");
        for at in (106..bytes.len()).step_by(3) {
            for byte in [b'*', b'~', b'A', b':', 0xff] {
                let mut changed = bytes.clone();
                changed[at] = byte;
                read(&changed);
            }
        }
    }
}
