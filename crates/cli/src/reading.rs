//! Reading a file, or standard input, through the checker in bounded memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use tieline_x12::check::{Checker, Plans, Totals};
use tieline_x12::observer::Observer;

use crate::failure::Failure;

/// How much of a file is held at once, unless a segment is longer.
pub(crate) const WINDOW: usize = 1 << 20;

/// How many findings of a set are told to the observer before the rest is only counted.
const MOST_OF_A_SET: u32 = 10_000;

/// How a file is called in reports.
pub(crate) fn name(file: &Path) -> String {
    match is_standard_input(file) {
        true => "<stdin>".to_string(),
        false => file.display().to_string(),
    }
}

/// Whether `-` was given.
pub(crate) fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// Checks a file while it is read; `-` is standard input.
///
/// `goes_on` hears after each window how many bytes were used, and stops the reading by saying
/// false.
///
/// # Errors
///
/// A [`Failure`] if the file cannot be read. A file that is wrong, or no EDI, is none.
pub(crate) fn check<O: Observer>(
    file: &Path,
    plans: &dyn Plans,
    observer: &mut O,
    goes_on: impl FnMut(&mut O, u64) -> bool,
) -> Result<Totals, Failure> {
    let failure = |error| Failure::no_input(&name(file), &error);
    let (mut source, size) = open(file).map_err(failure)?;
    // A small file comes in one piece: one byte more shows its end.
    let small = size.filter(|size| *size < WINDOW as u64).map(|size| size as usize + 1);
    stream(&mut source, small.unwrap_or(WINDOW), plans, observer, goes_on).map_err(failure)
}

/// All bytes of a file, for what has to hold it whole; `-` is standard input.
///
/// # Errors
///
/// A [`Failure`] if the file cannot be read.
pub(crate) fn whole(file: &Path) -> Result<Vec<u8>, Failure> {
    let failure = |error| Failure::no_input(&name(file), &error);
    let (mut source, size) = open(file).map_err(failure)?;
    let mut bytes = Vec::with_capacity(size.unwrap_or(0) as usize);
    source.read_to_end(&mut bytes).map_err(failure)?;
    Ok(bytes)
}

/// A file and its size, when that is known; `-` is standard input.
pub(crate) fn open(file: &Path) -> io::Result<(Box<dyn Read>, Option<u64>)> {
    if is_standard_input(file) {
        return Ok((Box::new(io::stdin().lock()), None));
    }
    let opened = File::open(file)?;
    let kind = opened.metadata()?;
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok((Box::new(opened), Some(kind.len()).filter(|_| kind.is_file())))
}

/// How long a file is, when that is known.
pub(crate) fn size(file: &Path) -> Option<u64> {
    let kind = file.metadata().ok()?;
    (kind.is_file() && !is_standard_input(file)).then_some(kind.len())
}

/// Checks what a source gives, in windows of at least this many bytes.
pub(crate) fn stream<O: Observer>(
    source: &mut dyn Read,
    window: usize,
    plans: &dyn Plans,
    observer: &mut O,
    mut goes_on: impl FnMut(&mut O, u64) -> bool,
) -> io::Result<Totals> {
    let mut checker = Checker::with_limit(plans, MOST_OF_A_SET);
    let mut buffer = vec![0; window];
    let mut held = 0;
    loop {
        let last = fill(source, &mut buffer, &mut held)?;
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
pub(crate) fn fill(source: &mut dyn Read, buffer: &mut [u8], held: &mut usize) -> io::Result<bool> {
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
    use tieline_x12::check::Standard;
    use tieline_x12::finding::Finding;
    use tieline_x12::observer::Scene;

    use super::*;

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
        let totals = stream(&mut source, window, &Standard, &mut found, |_, _| true);
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
        let totals = stream(&mut endless, WINDOW, &Standard, &mut (), |_, _| true);
        assert!(totals.expect("it can be read").not_x12);
    }
}
