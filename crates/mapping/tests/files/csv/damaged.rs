//! Damaged tables are told about and never worse.

use std::fs;

use super::samples::tables;
use crate::shared::random::Random;

#[test]
fn a_damaged_table_is_an_error_or_other_records() {
    let mut random = Random(7);
    for (path, format) in tables("").into_iter().chain(tables("broken")) {
        let bytes = fs::read(&path).expect("a sample can be read");
        let bytes = &bytes[..bytes.len().min(20_000)];
        for _ in 0..60 {
            let mut damaged = bytes.to_vec();
            for _ in 0..1 + random.below(4) {
                damage(&mut random, &mut damaged);
            }
            let found = format.read(&damaged);
            let rows = damaged.iter().filter(|byte| **byte == b'\n').count() + 2;
            assert!(found.records.len() + found.errors.len() <= 2 * rows);
            for error in &found.errors {
                assert!(error.len() < 1200, "{error}");
            }
        }
    }
}

fn damage(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len().max(1) as u64) as usize;
    let byte = random.pick(b"\"\n\r,;\t'=-0159.:TZ\xff\x00e");
    match random.below(5) {
        0 => bytes.truncate(at),
        1 if at < bytes.len() => _ = bytes.remove(at),
        2 if at < bytes.len() => bytes[at] = byte,
        3 => {
            let end = (at + random.below(200) as usize).min(bytes.len());
            let copy = bytes[at.min(end)..end].to_vec();
            bytes.extend(copy);
        }
        _ => bytes.insert(at.min(bytes.len()), byte),
    }
}
