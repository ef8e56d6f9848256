//! The parts of a multipart body, read as a stream and byte for byte.
//!
//! What is in front of the first boundary and behind the last is passed over. Lines of boundaries
//! may end with a line feed alone; the line end in front of a boundary belongs to it, the rest of
//! a part is given as it came.

use std::io::{self, Read};

use memchr::memmem::Finder;

use crate::fault::{Fault, drain, fill};

const WINDOW: usize = 64 * 1024;
/// The most characters of a boundary (RFC 2046, 5.1.1).
const LONGEST_BOUNDARY: usize = 70;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first boundary, or in a part.
    Inside,
    /// Behind a boundary, at the end of its line.
    Boundary,
    /// Behind the last boundary.
    End,
}

/// Reads the parts of a multipart body, one after the other.
#[derive(Debug)]
pub struct Parts<R> {
    source: R,
    /// A line feed, two dashes and the boundary.
    finder: Finder<'static>,
    window: Vec<u8>,
    start: usize,
    end: usize,
    is_all: bool,
    place: Place,
}

impl<R: Read> Parts<R> {
    /// A reader in front of the first part.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the boundary is none.
    pub fn new(source: R, boundary: &str) -> Result<Self, Fault> {
        let is_plain = boundary.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if !(1..=LONGEST_BOUNDARY).contains(&boundary.len()) || !is_plain || boundary.ends_with(' ')
        {
            return Err(Fault::Mime("the boundary of a multipart is none"));
        }
        let finder = Finder::new(&format!("\n--{boundary}")).into_owned();
        // A boundary may stand at the very begin: as if a line had ended before it.
        let mut window = vec![0; WINDOW];
        window[0] = b'\n';
        let place = Place::Inside;
        Ok(Self { source, finder, window, start: 0, end: 1, is_all: false, place })
    }

    /// Goes to the next part, over what is left of this one; says whether there is one.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the bytes end before the last boundary.
    pub fn next_part(&mut self) -> Result<bool, Fault> {
        drain(self)?;
        if self.place == Place::End {
            return Ok(false);
        }
        self.place = Place::Inside;
        // The line feed of the boundary's line stays, since the next boundary may follow at once.
        // Where content follows it is not part of it.
        self.refill()?;
        if self.start == self.end {
            return Err(Fault::Short("a multipart; its last boundary is missing"));
        }
        if self.boundary_at(0)?.is_none() {
            self.start += 1;
        }
        Ok(true)
    }

    /// Reads over what is behind the last boundary, and says whether it was white space only.
    ///
    /// # Errors
    ///
    /// [`Fault`] if the bytes cannot be had.
    pub fn finish(&mut self) -> Result<bool, Fault> {
        let mut is_white = true;
        loop {
            is_white &= self.window[self.start..self.end].trim_ascii().is_empty();
            self.start = self.end;
            if self.is_all {
                return Ok(is_white);
            }
            self.refill()?;
        }
    }

    /// Reads on in this part; gives 0 at its end.
    fn read_part(&mut self, space: &mut [u8]) -> Result<usize, Fault> {
        if self.place != Place::Inside || space.is_empty() {
            return Ok(0);
        }
        let mut from = 0;
        loop {
            let found = self.finder.find(&self.window[self.start + from..self.end]);
            let Some(at) = found.map(|at| at + from) else { break };
            // What is before the line end is content, whatever the line is; without it in front
            // there is room for the whole line.
            if at > 1 {
                return Ok(self.give(space, at - 1));
            }
            match self.boundary_at(at)? {
                Some((length, is_last)) => {
                    let before = &self.window[self.start..][..at];
                    let content = before.strip_suffix(b"\r").unwrap_or(before).len();
                    if content > 0 {
                        return Ok(self.give(space, content));
                    }
                    self.start += at + length;
                    self.place = if is_last { Place::End } else { Place::Boundary };
                    return Ok(0);
                }
                None => from = at + 1,
            }
        }
        // A begin of a boundary at the end of the window, and a carriage return before it, wait.
        let held = self.finder.needle().len();
        let ready = (self.end - self.start).saturating_sub(held);
        if ready > 0 {
            return Ok(self.give(space, ready));
        }
        if self.is_all {
            return Err(Fault::Short("a multipart; its last boundary is missing"));
        }
        self.refill()?;
        self.read_part(space)
    }

    /// Whether a boundary is there: its length to the line feed of its line, and whether it is the
    /// last.
    fn boundary_at(&mut self, at: usize) -> Result<Option<(usize, bool)>, Fault> {
        let length = self.finder.needle().len();
        loop {
            let bytes = &self.window[self.start..self.end][at..];
            let common = bytes.len().min(length);
            if bytes[..common] != self.finder.needle()[..common] {
                return Ok(None);
            }
            let is_whole = bytes.len() > length;
            let after = bytes.get(length..).unwrap_or_default();
            let line = after.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let has_end = line.len() < after.len();
            if (is_whole && has_end) || self.is_all {
                return Ok((common == length)
                    .then(|| rest_of_line(line))
                    .flatten()
                    .map(|is_last| (length + line.len(), is_last)));
            }
            if is_whole && line.iter().any(|byte| !matches!(byte, b'-' | b' ' | b'\t' | b'\r')) {
                return Ok(None);
            }
            if bytes.len() + at == self.window.len() {
                return Err(Fault::Mime("the line of a boundary is too long"));
            }
            self.refill()?;
        }
    }

    fn give(&mut self, space: &mut [u8], most: usize) -> usize {
        let given = most.min(space.len());
        space[..given].copy_from_slice(&self.window[self.start..][..given]);
        self.start += given;
        given
    }

    /// Moves what is left to the front and fills the rest.
    fn refill(&mut self) -> Result<(), Fault> {
        self.window.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let read = fill(&mut self.source, &mut self.window[self.end..])?;
        self.is_all = self.end + read < self.window.len();
        self.end += read;
        Ok(())
    }
}

impl<R: Read> Read for Parts<R> {
    /// Reads this part.
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        Ok(self.read_part(space)?)
    }
}

/// Whether what stands behind a boundary in its line ends it, and is the last; none if the line is
/// longer and so another one.
fn rest_of_line(line: &[u8]) -> Option<bool> {
    let (is_last, padding) = match line.strip_prefix(b"--") {
        Some(padding) => (true, padding),
        None => (false, line),
    };
    let padding = padding.strip_suffix(b"\r").unwrap_or(padding);
    padding.iter().all(|byte| matches!(byte, b' ' | b'\t')).then_some(is_last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives at most so many bytes at once.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
            let most = self.1.min(space.len());
            self.0.read(&mut space[..most])
        }
    }

    fn parts(body: &[u8], step: usize) -> Result<Vec<Vec<u8>>, Fault> {
        let mut parts = Parts::new(Slow(body, step), "b")?;
        let mut found = Vec::new();
        while parts.next_part()? {
            let mut part = Vec::new();
            let mut space = vec![0; step];
            loop {
                match parts.read(&mut space)? {
                    0 => break,
                    read => part.extend_from_slice(&space[..read]),
                }
            }
            found.push(part);
        }
        parts.finish()?;
        Ok(found)
    }

    #[test]
    fn parts_are_given_byte_for_byte() {
        let cases: [(&[u8], &[&[u8]]); 9] = [
            (b"--b\r\none\r\n--b\r\ntwo\r\n--b--\r\n", &[b"one", b"two"]),
            (b"--b\none\n--b\ntwo\n--b--", &[b"one", b"two"]),
            (b"before\r\n--b\r\none\r\n\r\n--b--\r\nafter\r\n--b\r\n", &[b"one\r\n"]),
            (b"--b \t\r\n--bb\r\n--b-\r\n --b\r\n--b--\t\r\n", &[b"--bb\r\n--b-\r\n --b"]),
            (b"--b\r\n\r\n--b\r\n--b--\r\n", &[b"", b""]),
            (b"--b\n\n--b\n--b--\n", &[b"", b""]),
            (b"--b\r\n\r\r\n--b--\r\n", &[b"\r"]),
            (b"--b\r\n\n\n\n--b--\r\n", &[b"\n\n"]),
            (b"x--b\r\n--b\r\na--b\r\n--b--\r\n", &[b"a--b"]),
        ];
        for (body, expected) in cases {
            for step in [1, 2, 3, 7, 100] {
                let found = parts(body, step).expect("it is well formed");
                assert_eq!(found, expected, "{:?} {step}", String::from_utf8_lossy(body));
            }
        }
    }

    #[test]
    fn a_body_without_its_last_boundary_is_refused() {
        let whole = b"--b\r\none\r\n--b\r\ntwo\r\n--b--";
        for cut in 0..whole.len() {
            assert!(parts(&whole[..cut], 100).is_err(), "{cut}");
        }
        assert!(parts(b"--B\r\none\r\n--B--\r\n", 100).is_err());
        for boundary in ["", "a ", "a\nb", "é", &"a".repeat(71)] {
            assert!(Parts::new(&b""[..], boundary).is_err(), "{boundary}");
        }
        let padded = [b"--b".to_vec(), vec![b' '; 2 * WINDOW], b"\r\n--b--".to_vec()].concat();
        assert!(parts(&padded, 100).is_err());
    }

    #[test]
    fn a_boundary_is_found_wherever_the_window_ends() {
        for length in (WINDOW - 12..WINDOW + 3).chain(2 * WINDOW - 12..2 * WINDOW + 3) {
            let content = vec![b'\n'; length];
            let body = [&b"--b\r\n"[..], &content, b"\r\n--b\r\nx\r\n--b--\r\n"].concat();
            let found = parts(&body, WINDOW).expect("it is well formed");
            assert!(found.len() == 2 && found[0] == content && found[1] == b"x", "{length}");
        }
    }
}
