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

/// Base64 in one line.
pub fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let number = group.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        for place in 0..4 {
            let value = (number >> (18 - 6 * place)) & 0x3f;
            let is_padding = place > group.len();
            text.push(if is_padding { '=' } else { char::from(ALPHABET[value as usize]) });
        }
    }
    text
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
        for byte in &self.window[..length] {
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
}

impl<W: Write> Base64Writer<W> {
    /// A writer of base64 to `out`.
    pub fn new(out: W) -> Self {
        Self { out, held: Vec::with_capacity(LINE) }
    }

    /// Writes the last line.
    ///
    /// # Errors
    ///
    /// Whatever writing gives.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_line()?;
        Ok(self.out)
    }

    fn write_line(&mut self) -> io::Result<()> {
        if !self.held.is_empty() {
            let line = to_base64(&self.held) + "\r\n";
            self.out.write_all(line.as_bytes())?;
            self.held.clear();
        }
        Ok(())
    }
}

impl<W: Write> Write for Base64Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(LINE - self.held.len());
        self.held.extend_from_slice(&bytes[..taken]);
        if self.held.len() == LINE {
            self.write_line()?;
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
