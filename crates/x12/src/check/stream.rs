//! Checking what a source gives while it is read, in bounded memory.

use std::io::{self, Read};

use super::{Checker, MOST_FINDINGS, Plans, Totals};
use crate::observer::Observer;

/// How much of a file is held at once, unless a segment is longer.
pub const WINDOW: usize = 1 << 20;
/// How much is held at first: most documents are no longer, and need no more.
const FIRST: usize = 1 << 14;

/// Checks all that a source gives.
///
/// # Errors
///
/// If the source cannot be read. A file that is wrong, or no EDI, is no error.
pub fn stream<O: Observer>(
    source: &mut dyn Read,
    plans: &dyn Plans,
    observer: &mut O,
) -> io::Result<Totals> {
    stream_with(source, WINDOW, MOST_FINDINGS, plans, observer, |_, _| true)
}

/// Checks what a source gives, in windows of at least this many bytes, and tells at most this many
/// findings of each set.
///
/// `goes_on` hears after each window how many bytes were used, and stops the reading by saying
/// false.
///
/// # Errors
///
/// If the source cannot be read.
pub fn stream_with<O: Observer>(
    source: &mut dyn Read,
    window: usize,
    most: u32,
    plans: &dyn Plans,
    observer: &mut O,
    mut goes_on: impl FnMut(&mut O, u64) -> bool,
) -> io::Result<Totals> {
    let mut checker = Checker::with_limit(plans, most);
    let mut buffer = vec![0; window.min(FIRST)];
    let mut held = 0;
    loop {
        let mut last = fill(source, &mut buffer, &mut held)?;
        if !last && buffer.len() < window {
            buffer.resize(window, 0);
            last = fill(source, &mut buffer, &mut held)?;
        }
        let used = checker.window(&buffer[..held], last, observer);
        let totals = checker.totals();
        if last || totals.not_x12 || !goes_on(observer, used as u64) {
            return Ok(totals);
        }
        buffer.copy_within(used..held, 0);
        held -= used;
        if used == 0 {
            // A segment longer than the window, or blank space: what is longer than a mebibyte is
            // used up in parts, so this ends soon.
            buffer.resize(buffer.len() * 2, 0);
        }
    }
}

/// Fills the buffer; whether the source has ended.
///
/// # Errors
///
/// If the source cannot be read.
pub fn fill(source: &mut dyn Read, buffer: &mut [u8], held: &mut usize) -> io::Result<bool> {
    while *held < buffer.len() {
        match source.read(&mut buffer[*held..]) {
            Ok(0) => return Ok(true),
            Ok(read) => *held += read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Standard;
    use crate::finding::Finding;
    use crate::observer::Scene;

    const ISA: &str = "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260301*0615*U*00401*000000905*0*P*:~";

    #[derive(Default)]
    struct Numbers(Vec<u16>);

    impl Observer for Numbers {
        fn finding(&mut self, finding: Finding, _: &Scene<'_>) {
            self.0.push(finding.fault.number());
        }
    }

    /// What reading in windows that start with this size finds.
    fn read(text: &[u8], window: usize) -> (Totals, Vec<u16>) {
        let mut found = Numbers::default();
        let mut source = text;
        let totals = stream_with(&mut source, window, 10_000, &Standard, &mut found, |_, _| true);
        (totals.expect("bytes can be read"), found.0)
    }

    #[test]
    fn the_window_makes_no_difference() {
        let sets = 4_000;
        let mut text = format!("{ISA}GS*PT*A*B*20260301*0615*1*X*004010~");
        for set in 1..=sets {
            text += &format!("ST*867*{set:04}~BPT*00*{set}*20260301*C1~SE*3*{set:04}~");
        }
        text += &format!("GE*{sets}*1~IEA*1*000000905~");
        let whole = read(text.as_bytes(), text.len() + 1);
        assert_eq!((whole.0.sets, whole.0.bytes), (sets, text.len() as u64));
        for window in [100, 90_000, 150_000] {
            assert_eq!(read(text.as_bytes(), window), whole, "{window}");
        }
    }

    #[test]
    fn a_segment_without_end_and_blank_space_do_not_stop_the_reading() {
        for filler in ["x", " ", "*", "\n"] {
            let filler = filler.repeat(3 << 20);
            let text = format!("{ISA}NTE{filler}~IEA*0*000000905~");
            assert_eq!(read(text.as_bytes(), WINDOW).0.bytes, text.len() as u64);
            let text = format!("{ISA}{filler}IEA*0*000000905~");
            assert_eq!(read(text.as_bytes(), WINDOW).0.bytes, text.len() as u64);
        }
    }

    #[test]
    fn what_is_no_edi_is_not_read_to_its_end() {
        let mut endless = io::repeat(b'y');
        let totals = stream(&mut endless, &Standard, &mut ());
        assert!(totals.expect("it can be read").not_x12);
    }
}
