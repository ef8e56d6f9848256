//! `text`: differences for the eye.

use std::io::{self, Write};

use tieline_x12::diff::{Change, Comparison, Run, Spot};

use super::{Differences, MOST_SEGMENTS, Names, in_words, label, name, summary};
use crate::console::Paint;
use crate::text::{count, grouped, shown};

/// Lines for the eye.
pub(super) struct Text {
    pub(super) names: Names,
    pub(super) paint: Paint,
}

impl Differences for Text {
    fn change(&mut self, out: &mut dyn Write, change: &Change<'_>) -> io::Result<()> {
        let paint = self.paint;
        match change {
            Change::Added(added) => run(out, '+', paint.good, added),
            Change::Removed(removed) => run(out, '-', paint.error, removed),
            Change::Moved { before, after } => {
                let style = paint.frame;
                writeln!(out, "{style}>{style:#} {}{}", after.path(), called(after))?;
                writeln!(out, "    was {}", before.path())
            }
            Change::Changed { before, after, elements } => {
                let style = paint.warning;
                let (path, was) = (after.path(), before.path());
                writeln!(out, "{style}~{style:#} {path}{}", called(after))?;
                if was != path {
                    writeln!(out, "    was {was}")?;
                }
                let id = after.id().to_string();
                for element in elements {
                    let label = label(&id, element).map(|it| it + " ").unwrap_or_default();
                    let (before, after) = (in_words(element.before), in_words(element.after));
                    writeln!(out, "    {label}{}: {before} -> {after}", name(element))?;
                }
                Ok(())
            }
        }
    }

    fn end(&mut self, out: &mut dyn Write, result: &Comparison) -> io::Result<()> {
        let Names { before, after } = &self.names;
        if !result.is_same() {
            writeln!(out)?;
        }
        writeln!(out, "{before} -> {after}: {}", summary(result))
    }
}

/// Loops or segments that only one file has.
fn run(out: &mut dyn Write, sign: char, style: anstyle::Style, run: &Run<'_>) -> io::Result<()> {
    let path = run.first.path();
    let (many, size) = (run.count as u64, u64::from(run.size()));
    write!(out, "{style}{sign}{style:#} {path}")?;
    if many > 1 {
        let last = run.last.path();
        write!(out, " to {}", last.rsplit('/').next().unwrap_or(&last))?;
    }
    write!(out, "{}", called(&run.first))?;
    match (many, size) {
        (1, 1) => writeln!(out)?,
        (1, _) => writeln!(out, ", {}", count(size, "segment"))?,
        _ if many == size => writeln!(out, ", {} times", grouped(many))?,
        _ => writeln!(out, ", {} times, {}", grouped(many), count(size, "segment"))?,
    }
    for segment in run.segments().take(MOST_SEGMENTS) {
        writeln!(out, "    {}", shown(segment))?;
    }
    match size.saturating_sub(MOST_SEGMENTS as u64) {
        0 => Ok(()),
        more => writeln!(out, "    ... {} more", count(more, "segment")),
    }
}

/// What a segment is called, behind its path.
fn called(spot: &Spot<'_>) -> String {
    spot.name().map(|name| format!("  {name}")).unwrap_or_default()
}
