//! An inspection: things looked at one by one, each good, to be known, or wrong with what to do.

use std::io;

use crate::console::Console;
use crate::text_or_json::TextOrJson;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// Good.
    Ok,
    /// To be known, or soon wrong.
    Warn,
    /// Wrong.
    Fail,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        }
    }
}

/// What was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    verdict: Verdict,
    /// What was looked at, in a word or two.
    what: &'static str,
    /// How it is.
    how: String,
    /// What to do about it.
    fix: Option<String>,
}

/// Things looked at, in their order.
#[derive(Debug, Default)]
pub(crate) struct Inspection {
    lines: Vec<Line>,
}

impl Inspection {
    /// It is good.
    pub(crate) fn ok(&mut self, what: &'static str, how: impl Into<String>) {
        self.lines.push(Line { verdict: Verdict::Ok, what, how: how.into(), fix: None });
    }

    /// Somebody should know it.
    pub(crate) fn warn(&mut self, what: &'static str, how: impl Into<String>, fix: &str) {
        let fix = Some(fix.to_string());
        self.lines.push(Line { verdict: Verdict::Warn, what, how: how.into(), fix });
    }

    /// It is wrong.
    pub(crate) fn fail(&mut self, what: &'static str, how: impl Into<String>, fix: &str) {
        let fix = Some(fix.to_string());
        self.lines.push(Line { verdict: Verdict::Fail, what, how: how.into(), fix });
    }

    /// The worst of it.
    pub(crate) fn worst(&self) -> Verdict {
        self.lines.iter().map(|line| line.verdict).max().unwrap_or(Verdict::Ok)
    }

    /// Writes it, a line each; what is good only when not quiet.
    pub(crate) fn write(&self, format: TextOrJson, console: &mut Console<'_>) -> io::Result<()> {
        if format.is_json() {
            let lines = self.lines.iter().map(|line| {
                serde_json::json!({
                    "what": line.what,
                    "verdict": line.verdict.word().to_lowercase(),
                    "how": line.how,
                    "fix": line.fix,
                })
            });
            let lines: Vec<serde_json::Value> = lines.collect();
            return writeln!(console.out, "{:#}", serde_json::Value::from(lines));
        }
        let width = self.lines.iter().map(|line| line.what.len()).max().unwrap_or(0);
        for line in &self.lines {
            if console.quiet && line.verdict == Verdict::Ok {
                continue;
            }
            let style = match line.verdict {
                Verdict::Ok => console.paint.good,
                Verdict::Warn => console.paint.warning,
                Verdict::Fail => console.paint.error,
            };
            let (word, pad) = (line.verdict.word(), 4 - line.verdict.word().len());
            let (what, how) = (line.what, &line.how);
            write!(console.out, "{style}{word}{style:#}{:pad$}  {what:width$}  {how}", "")?;
            match &line.fix {
                Some(fix) => writeln!(console.out, "; {fix}")?,
                None => writeln!(console.out)?,
            }
        }
        Ok(())
    }

    /// What all of it comes to: `12 ok, 1 warning, 2 failures`.
    pub(crate) fn sum(&self) -> String {
        let many =
            |verdict| self.lines.iter().filter(|line| line.verdict == verdict).count() as u64;
        let count = crate::text::count;
        format!(
            "{} ok, {}, {}",
            many(Verdict::Ok),
            count(many(Verdict::Warn), "warning"),
            count(many(Verdict::Fail), "failure")
        )
    }
}
