//! What came of it all, and whether it is what should have.

use std::io::{self, Write};

use crate::console::Paint;

/// What was looked at afterwards.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    claims: Vec<Claim>,
}

/// One thing that should be so.
#[derive(Debug)]
struct Claim {
    /// What it is about, in a word.
    about: &'static str,
    text: String,
    is_so: bool,
    /// What is shown below it.
    shown: Vec<String>,
}

impl Outcome {
    /// Adds what should be so, and whether it is.
    pub(super) fn claim(&mut self, about: &'static str, is_so: bool, text: impl Into<String>) {
        self.claims.push(Claim { about, text: text.into(), is_so, shown: Vec::new() });
    }

    /// Shows lines below the last claim.
    pub(super) fn show<'t>(&mut self, lines: impl Iterator<Item = &'t str>) {
        if let Some(last) = self.claims.last_mut() {
            last.shown.extend(lines.map(str::to_string));
        }
    }

    /// Whether everything came out as it should.
    pub(super) fn is_good(&self) -> bool {
        self.claims.iter().all(|claim| claim.is_so)
    }

    pub(super) fn write(&self, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
        let (good, bad) = (paint.good, paint.error);
        for Claim { about, text, is_so, shown } in &self.claims {
            match is_so {
                true => writeln!(out, "  {good}{about:<13}{good:#}  {text}")?,
                false => writeln!(out, "  {bad}{about:<13}{bad:#}  not so: {text}")?,
            }
            for line in shown {
                writeln!(out, "{:15}  {line}", "")?;
            }
        }
        match self.is_good() {
            true => writeln!(out, "\n{good}everything came out as it should{good:#}"),
            false => writeln!(out, "\n{bad}not everything came out as it should{bad:#}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_that_is_not_so_is_told_and_spoils_all() {
        let mut outcome = Outcome::default();
        outcome.claim("sent", true, "a file");
        assert!(outcome.is_good());
        outcome.claim("posted", false, "a payment");
        outcome.show("nothing\nat all".lines());
        assert!(!outcome.is_good());
        let mut out = Vec::new();
        outcome.write(&mut out, Paint::PLAIN).expect("memory takes it");
        let out = String::from_utf8_lossy(&out).into_owned();
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(
            lines,
            [
                "  sent           a file",
                "  posted         not so: a payment",
                "                 nothing",
                "                 at all",
                "",
                "not everything came out as it should",
            ]
        );
    }
}
