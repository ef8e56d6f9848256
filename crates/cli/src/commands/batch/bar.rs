//! How many files are done, as a bar; a person sees it, a log does not.

use std::cell::RefCell;
use std::io::{Write, stderr};
use std::time::{Duration, Instant};

/// How often it is drawn.
const EVERY: Duration = Duration::from_millis(100);
/// How wide it is.
const WIDTH: usize = 30;

/// How many files are done.
pub(super) struct Bar {
    on: bool,
    total: usize,
    state: RefCell<State>,
}

struct State {
    done: usize,
    wrong: usize,
    drawn: Instant,
    is_visible: bool,
}

impl Bar {
    /// A bar for so many files; shown only when `on`.
    pub(super) fn new(on: bool, total: usize) -> Bar {
        let state = State { done: 0, wrong: 0, drawn: Instant::now(), is_visible: false };
        Bar { on, total, state: RefCell::new(state) }
    }

    /// One file more is done.
    pub(super) fn step(&self, is_wrong: bool) {
        let mut state = self.state.borrow_mut();
        state.done += 1;
        state.wrong += usize::from(is_wrong);
        if self.on && state.drawn.elapsed() >= EVERY {
            state.drawn = Instant::now();
            state.is_visible = true;
            let line = line(state.done, self.total, state.wrong);
            let _ = write!(stderr(), "\r\x1b[K{line}");
        }
    }

    /// Takes the bar away, so that something else can be written.
    pub(super) fn clear(&self) {
        if std::mem::take(&mut self.state.borrow_mut().is_visible) {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

fn line(done: usize, total: usize, wrong: usize) -> String {
    let full = done * WIDTH / total.max(1);
    let (bar, rest) = ("=".repeat(full), " ".repeat(WIDTH - full));
    let wrong = if wrong > 0 { format!(", {wrong} not good") } else { String::new() };
    format!("  [{bar}{rest}] {done} of {total} files{wrong}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_with_the_files() {
        let empty = format!("  [{}] 0 of 4 files", " ".repeat(WIDTH));
        assert_eq!(line(0, 4, 0), empty);
        let half = format!("  [{}{}] 2 of 4 files, 1 not good", "=".repeat(15), " ".repeat(15));
        assert_eq!(line(2, 4, 1), half);
        assert!(line(4, 4, 0).starts_with(&format!("  [{}]", "=".repeat(WIDTH))));
    }
}
