//! What checking a file gives: its findings and the answers to it.

use tieline_x12::acknowledge::{Acknowledger, Answers, Policy, Stamp};
use tieline_x12::check::{self, Checker, LOOK_AHEAD, Plans, Totals};
use tieline_x12::compose;
use tieline_x12::finding::Finding;
use tieline_x12::observer::{Observer, Scene};

/// A file checked.
#[derive(Debug, PartialEq)]
pub struct Checked {
    /// What it holds.
    pub totals: Totals,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// The answers to it by the default policy.
    pub answers: Vec<Answers>,
}

/// Keeps the findings.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Observer for Findings {
    fn finding(&mut self, finding: Finding, _: &Scene<'_>) {
        self.0.push(finding);
    }
}

impl Checked {
    /// Checks a file in one piece.
    pub fn whole(bytes: &[u8], plans: &dyn Plans) -> Checked {
        let mut observer = (Findings::default(), Acknowledger::new(Policy::default()));
        let totals = check::check(bytes, plans, &mut observer);
        Checked { totals, findings: observer.0.0, answers: observer.1.finish() }
    }

    /// Checks a file in windows, each no more than `step` bytes beyond what one must hold at least.
    pub fn in_windows(bytes: &[u8], plans: &dyn Plans, step: usize) -> Checked {
        let mut observer = (Findings::default(), Acknowledger::new(Policy::default()));
        let mut checker = Checker::new(plans);
        let (mut from, mut length) = (0, LOOK_AHEAD + step);
        loop {
            let to = bytes.len().min(from + length);
            let used = checker.window(&bytes[from..to], to == bytes.len(), &mut observer);
            if to == bytes.len() {
                break;
            }
            // A window of which nothing was used has to be longer.
            length = if used == 0 { length + step } else { LOOK_AHEAD + step };
            from += used;
        }
        let totals = checker.totals();
        Checked { totals, findings: observer.0.0, answers: observer.1.finish() }
    }

    /// The answers as they are sent, numbered from 1 and dated 1 May 2026; `None` when there is
    /// nothing to answer.
    pub fn reply(&self) -> Option<Vec<u8>> {
        let mut reply = Vec::new();
        for (control_number, answers) in (1..).zip(&self.answers) {
            let stamp = Stamp { control_number, date: "20260501", time: "0930" };
            if let Some((interchange, delimiters)) = answers.compose(stamp) {
                let bytes = compose::write(&interchange, &delimiters);
                reply.extend(bytes.expect("an answer can be written"));
            }
        }
        (!reply.is_empty()).then_some(reply)
    }
}
