//! PEM: DER as lines of text between dashes.

use crate::fault::Fault;
use crate::mime::{from_base64, to_base64};

/// One thing in a PEM file.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    /// What it is, e.g. `CERTIFICATE`.
    pub label: String,
    /// Its DER.
    pub der: Vec<u8>,
}

/// The things in a PEM file, in its order. Text between them is passed over.
///
/// # Errors
///
/// [`Fault`] if one of them does not end, has headers (as keys encrypted in the old way have), or is
/// not base64.
pub fn read(text: &[u8]) -> Result<Vec<Block>, Fault> {
    let mut blocks = Vec::new();
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    while let Some(line) = lines.next() {
        let Some(label) = between(line, b"-----BEGIN ") else { continue };
        let mut base64 = Vec::new();
        loop {
            let line = lines.next().ok_or(Fault::Short("a PEM block"))?;
            if let Some(end) = between(line, b"-----END ") {
                if end != label {
                    return Err(Fault::Structure("a PEM block ends as another one"));
                }
                break;
            }
            if line.contains(&b':') {
                return Err(Fault::Unsupported("a PEM block with headers"));
            }
            base64.extend_from_slice(line);
        }
        let label = String::from_utf8_lossy(label).into_owned();
        blocks.push(Block { label, der: from_base64(&base64)? });
    }
    Ok(blocks)
}

/// Writes one thing as PEM.
pub fn write(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in der.chunks(48) {
        text.push_str(&to_base64(line));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

fn between<'a>(line: &'a [u8], begin: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(begin)?.strip_suffix(b"-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_as_they_are_written() {
        let text = format!("a note\r\n{}\n{}", write("A B", &[1; 100]), write("C", &[]));
        let blocks = read(text.as_bytes()).expect("it is well formed");
        let labels: Vec<&str> = blocks.iter().map(|block| block.label.as_str()).collect();
        assert_eq!(labels, ["A B", "C"]);
        assert_eq!(blocks[0].der, [1; 100]);
        let windows = read(text.replace('\n', "\r\n").as_bytes());
        assert!(windows.is_ok_and(|windows| windows == blocks));
    }

    #[test]
    fn broken_blocks_are_refused() {
        for text in [
            "-----BEGIN A-----\nAAAA\n",
            "-----BEGIN A-----\nAAAA\n-----END B-----\n",
            "-----BEGIN A-----\nA!\n-----END A-----\n",
            "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END A-----\n",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
