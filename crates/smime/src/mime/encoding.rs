//! Base64, the one transfer encoding that changes bytes and is used.

use std::io::{self, Read, Write};

use crate::fault::{Fault, fill};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SPACE: u8 = 0x40;
const PADDING: u8 = 0x41;
const OTHER: u8 = 0x42;

/// What each byte stands for.
const VALUES: [u8; 256] = {
    let mut values = [OTHER; 256];
    let mut at = 0;
    while at < 64 {
        values[ALPHABET[at] as usize] = at as u8;
        at += 1;
    }
    values[b'=' as usize] = PADDING;
    values[b'\r' as usize] = SPACE;
    values[b'\n' as usize] = SPACE;
    values[b'\t' as usize] = SPACE;
    values[b' ' as usize] = SPACE;
    values
};

/// Bytes of a line of base64 before encoding; it then has 76 characters (RFC 2045, 6.8).
const LINE: usize = 57;
/// Lines that are written at once.
const LINES: usize = 128;

/// Base64 in one line.
pub fn to_base64(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    append_base64(bytes, &mut text);
    text.into_iter().map(char::from).collect()
}

fn append_base64(bytes: &[u8], out: &mut Vec<u8>) {
    let letter = |value: u32| ALPHABET[(value & 0x3f) as usize];
    let (groups, rest) = bytes.as_chunks::<3>();
    for [first, second, third] in groups {
        let number = u32::from_be_bytes([0, *first, *second, *third]);
        out.extend([
            letter(number >> 18),
            letter(number >> 12),
            letter(number >> 6),
            letter(number),
        ]);
    }
    match rest {
        [first] => {
            let number = u32::from(*first) << 4;
            out.extend([letter(number >> 6), letter(number), b'=', b'=']);
        }
        [first, second] => {
            let number = u32::from_be_bytes([0, 0, *first, *second]) << 2;
            out.extend([letter(number >> 12), letter(number >> 6), letter(number), b'=']);
        }
        _ => {}
    }
}

/// The bytes of base64 with or without white space.
///
/// # Errors
///
/// [`Fault`] if it is not base64, or ends in the middle of a group.
pub fn from_base64(text: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    Base64Reader::new(text).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Decodes base64 while it is read.
#[derive(Debug)]
pub struct Base64Reader<R> {
    source: R,
    window: Vec<u8>,
    decoded: Vec<u8>,
    at: usize,
    group: u32,
    /// Values in the group so far.
    count: u32,
    padding: u32,
}

impl<R: Read> Base64Reader<R> {
    /// A reader of what the base64 in `source` stands for.
    pub fn new(source: R) -> Self {
        let (window, decoded) = (vec![0; 16 * 1024], Vec::new());
        Self { source, window, decoded, at: 0, group: 0, count: 0, padding: 0 }
    }

    fn decode(&mut self, length: usize) -> Result<(), Fault> {
        self.decoded.clear();
        self.at = 0;
        let mut at = 0;
        while at < length {
            // Most groups stand in a row; what is left goes byte by byte.
            if self.count == 0 && self.padding == 0 {
                while let Some([first, second, third, fourth]) = self.window[..length]
                    .get(at..at + 4)
                    .map(|it| [it[0], it[1], it[2], it[3]].map(|byte| VALUES[usize::from(byte)]))
                    && (first | second | third | fourth) < 64
                {
                    self.decoded.extend([
                        first << 2 | second >> 4,
                        second << 4 | third >> 2,
                        third << 6 | fourth,
                    ]);
                    at += 4;
                }
            }
            let Some(byte) = self.window[..length].get(at) else { break };
            at += 1;
            match VALUES[usize::from(*byte)] {
                SPACE => {}
                PADDING if self.count >= 2 && self.count + self.padding < 4 => self.padding += 1,
                value if value < 64 && self.padding == 0 => {
                    self.group = self.group << 6 | u32::from(value);
                    self.count += 1;
                    if self.count == 4 {
                        self.decoded.extend_from_slice(&self.group.to_be_bytes()[1..]);
                        (self.group, self.count) = (0, 0);
                    }
                }
                _ => return Err(Fault::Mime("base64 has a character that does not belong there")),
            }
        }
        Ok(())
    }

    /// The last group, which is shorter where there is padding.
    fn finish(&mut self) -> Result<(), Fault> {
        if self.count > 0 {
            if self.count + self.padding != 4 {
                return Err(Fault::Short("base64"));
            }
            let bytes = (self.group << (6 * self.padding)).to_be_bytes();
            self.decoded.extend_from_slice(&bytes[1..self.count as usize]);
            self.count = 0;
        }
        Ok(())
    }
}

impl<R: Read> Read for Base64Reader<R> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        while self.at == self.decoded.len() {
            let read = fill(&mut self.source, &mut self.window)?;
            self.decode(read)?;
            if read == 0 {
                self.finish()?;
                if self.decoded.is_empty() {
                    return Ok(0);
                }
            }
        }
        let read = space.len().min(self.decoded.len() - self.at);
        space[..read].copy_from_slice(&self.decoded[self.at..][..read]);
        self.at += read;
        Ok(read)
    }
}

/// Encodes what is written as base64 in lines of 76 characters.
#[derive(Debug)]
pub struct Base64Writer<W> {
    out: W,
    held: Vec<u8>,
    text: Vec<u8>,
}

impl<W: Write> Base64Writer<W> {
    /// A writer of base64 to `out`.
    pub fn new(out: W) -> Self {
        Self { out, held: Vec::with_capacity(LINE * LINES), text: Vec::new() }
    }

    /// Writes what is left.
    ///
    /// # Errors
    ///
    /// Whatever writing gives.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_lines()?;
        Ok(self.out)
    }

    fn write_lines(&mut self) -> io::Result<()> {
        self.text.clear();
        for line in self.held.chunks(LINE) {
            append_base64(line, &mut self.text);
            self.text.extend_from_slice(b"\r\n");
        }
        self.held.clear();
        self.out.write_all(&self.text)
    }
}

impl<W: Write> Write for Base64Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(LINE * LINES - self.held.len());
        self.held.extend_from_slice(&bytes[..taken]);
        if self.held.len() == LINE * LINES {
            self.write_lines()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_any_length_come_back() {
        assert_eq!(to_base64(b"Tieline"), "VGllbGluZQ==");
        for length in 0..300 {
            let bytes: Vec<u8> = (0..length).map(|at| (at * 7) as u8).collect();
            assert_eq!(from_base64(to_base64(&bytes).as_bytes()).as_ref(), Ok(&bytes));
            let mut writer = Base64Writer::new(Vec::new());
            writer.write_all(&bytes).expect("a vector takes all");
            let lines = writer.finish().expect("a vector takes all");
            assert!(lines.split(|byte| *byte == b'\n').all(|line| line.len() <= 77));
            assert_eq!(from_base64(&lines), Ok(bytes));
        }
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        for text in
            ["A", "AA", "AAA", "AA=", "A===", "=", "AA==A", "AA==AA==", "AA-A", "AAAA=", "A\0AA"]
        {
            assert!(from_base64(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(from_base64(b" V G\r\nll\tbA =\n= \r\n").as_deref(), Ok(&b"Tiel"[..]));
    }
}
