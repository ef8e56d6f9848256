//! One line that says how far long work is; a person sees it, a log does not.

use std::io::{Write, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Work that is done sooner shows nothing.
const LONG: Duration = Duration::from_secs(1);
const EVERY: Duration = Duration::from_millis(200);

/// How far reading is.
#[derive(Debug)]
pub(crate) struct Progress {
    on: bool,
    /// All bytes there are, when that is known.
    total: Option<u64>,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    done: u64,
    shown: Option<Instant>,
    is_visible: bool,
}

impl Progress {
    /// Progress towards `total` bytes; shown only when `on`.
    pub(crate) fn new(on: bool, total: Option<u64>) -> Progress {
        Progress { on, total, started: Instant::now(), state: Mutex::default() }
    }

    /// So many bytes more are read.
    pub(crate) fn add(&self, bytes: u64) {
        if !self.on {
            return;
        }
        let Ok(mut state) = self.state.lock() else { return };
        state.done += bytes;
        let now = Instant::now();
        let since = state.shown.unwrap_or(self.started);
        let wait = if state.shown.is_some() { EVERY } else { LONG };
        if now - since >= wait {
            state.shown = Some(now);
            state.is_visible = true;
            let line = line(state.done, self.total, now - self.started);
            let _ = write!(stderr(), "\r\x1b[K{line}");
        }
    }

    /// Takes the line away, so that something else can be written.
    pub(crate) fn clear(&self) {
        if self.on
            && let Ok(mut state) = self.state.lock()
            && std::mem::take(&mut state.is_visible)
        {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

fn line(done: u64, total: Option<u64>, took: Duration) -> String {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let speed = megabytes(done) / took.as_secs_f64().max(0.001);
    match total.filter(|total| *total > 0) {
        Some(total) => format!(
            "  {} %  {:.0} of {:.0} MB  {speed:.0} MB/s",
            (done.saturating_mul(100) / total).min(100),
            megabytes(done),
            megabytes(total),
        ),
        None => format!("  {:.0} MB  {speed:.0} MB/s", megabytes(done)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_and_how_fast() {
        let two = Duration::from_secs(2);
        assert_eq!(line(50_000_000, Some(200_000_000), two), "  25 %  50 of 200 MB  25 MB/s");
        assert_eq!(line(50_000_000, None, two), "  50 MB  25 MB/s");
    }
}
