//! `text`: a report for people. Each finding shows its place, what was expected there, how it is
//! answered and what to do, in at most 4 kB whatever the file is like.

use std::io::{self, Write};

use crate::console::Paint;
use crate::report::answer::answer;
use crate::report::excerpt::Excerpt;
use crate::report::expectation::expectation;
use crate::report::words::{clipped, clipped_before, printable, shown_within};
use crate::report::{FileReport, Level, Manner, Report, Told, Verdict};
use crate::text::{count, grouped};

/// The most bytes of what comes from outside.
const LONGEST: usize = 300;
const LONGEST_PATH: usize = 200;
const LONGEST_NUMBER: usize = 15;

/// A report for people.
pub(super) struct Text {
    manner: Manner,
}

impl Text {
    pub(super) fn new(manner: Manner) -> Text {
        Text { manner }
    }
}

impl Report for Text {
    fn file<'w>(&self, out: Box<dyn Write + 'w>) -> Box<dyn FileReport + 'w> {
        Box::new(TextFile { out, manner: self.manner })
    }

    fn end(&self, out: &mut dyn Write, verdicts: &[Verdict]) -> io::Result<()> {
        if self.manner.quiet || verdicts.len() < 2 {
            return Ok(());
        }
        let good = verdicts.iter().filter(|verdict| verdict.accepted).count();
        let (style, all) = match good == verdicts.len() {
            true => (self.manner.paint.good, "all".to_string()),
            false => (self.manner.paint.error, good.to_string()),
        };
        writeln!(out, "{style}{all} of {} files accepted{style:#}", verdicts.len())
    }
}

struct TextFile<'w> {
    out: Box<dyn Write + 'w>,
    manner: Manner,
}

impl FileReport for TextFile<'_> {
    fn finding(&mut self, told: &Told<'_>) -> io::Result<()> {
        if self.manner.quiet && told.found.level() == Level::Info {
            return Ok(());
        }
        let text = finding(told, &self.manner.paint);
        self.out.write_all(text.as_bytes())
    }

    fn end(&mut self, verdict: &Verdict) -> io::Result<()> {
        let (errors, warnings) = (verdict.suppressed.errors, verdict.suppressed.warnings);
        if errors + warnings > 0 {
            let frame = self.manner.paint.frame;
            let more = match (errors, warnings) {
                (errors, 0) => count(errors, "error"),
                (0, warnings) => count(warnings, "warning"),
                _ => format!("{} and {}", count(errors, "error"), count(warnings, "warning")),
            };
            writeln!(self.out, "{frame}and {more} more{frame:#}; --max-errors N shows others\n")?;
        }
        let hidden = verdict.business_suppressed.all();
        if hidden > 0 {
            let frame = self.manner.paint.frame;
            let more = count(hidden, "business finding");
            writeln!(self.out, "{frame}and {more} more{frame:#}; --max-errors N shows others\n")?;
        }
        let business = verdict.business.errors + verdict.business.warnings;
        let is_good = verdict.accepted && verdict.count.warnings + business == 0;
        if verdict.failure.is_none() && !(is_good && self.manner.quiet) {
            writeln!(self.out, "{}", summary(verdict, &self.manner.paint))?;
        }
        self.out.flush()
    }
}

/// One finding, with an empty line after it.
fn finding(told: &Told<'_>, paint: &Paint) -> String {
    let found = told.found;
    let (frame, strong) = (paint.frame, paint.strong);
    let level = match found.level() {
        Level::Error => paint.error,
        Level::Warning => paint.warning,
        Level::Info => paint.strong,
    };
    let excerpt = Excerpt::of(told);
    let gutter = " ".repeat(excerpt.gutter());
    let code = found.code();
    let mut text = format!(
        "{level}{}[{code}]{level:#}{strong}: {}{strong:#}\n{gutter}{frame}-->{frame:#} {}\n",
        found.level().as_str(),
        clipped(&printable(&found.message()), LONGEST),
        place(told),
    );
    if !found.path().is_empty() {
        let path = clipped_before(found.path(), LONGEST_PATH);
        text += &format!("{gutter} {frame}|{frame:#}  {path}\n");
    }
    for (n, line) in excerpt.lines.iter().enumerate() {
        let number = line.number.map(|number| number.to_string()).unwrap_or_default();
        let width = gutter.len();
        let line = format!("{frame}{number:>width$} |{frame:#} {}", line.text);
        text += &format!("{}\n", line.trim_end());
        if n == excerpt.meant {
            let indent = " ".repeat(excerpt.mark.start);
            let carets = "^".repeat(excerpt.mark.len());
            let expectation = expectation(told);
            let line = format!("{indent}{level}{carets} {expectation}");
            text += &format!("{gutter} {frame}|{frame:#} {}{level:#}\n", line.trim_end());
        }
    }
    let mut note = |label: &str, note: &str| {
        text += &format!("{gutter} {frame}={frame:#} {strong}{label}:{strong:#} {note}\n");
    };
    if let Some(rule) = found.rule() {
        let rule = format!("{} rule {}", rule.guide, rule.rule);
        note("guide", &clipped(&printable(&rule), LONGEST_PATH));
    }
    if let Some(answer) = answer(found) {
        note("ack", &answer);
    }
    if let Some(remedy) = found.remedy() {
        note("help", &clipped(&printable(remedy), LONGEST));
    }
    note("more", &format!("tieline explain {code}"));
    text + "\n"
}

/// `file  segment 418, byte 10 233 (line 5)   ISA 000000905 / GS 905 / ST 0001`.
fn place(told: &Told<'_>) -> String {
    let (at, envelope) = (told.found.at(), told.envelope);
    let mut text = clipped_before(&printable(told.file), LONGEST);
    text += "  ";
    if at.segment > 0 {
        text += &format!("segment {}, ", at.segment);
    }
    text += &format!("byte {} (line {})", grouped(at.offset), at.line);
    let numbers = [("ISA", &envelope.interchange), ("GS", &envelope.group), ("ST", &envelope.set)];
    let numbers: Vec<String> = numbers
        .iter()
        .filter_map(|(id, number)| {
            let number = number.as_ref()?;
            Some(format!("{id} {}", shown_within(number, LONGEST_NUMBER)))
        })
        .collect();
    if !numbers.is_empty() {
        text += &format!("   {}", numbers.join(" / "));
    }
    text
}

/// `2 errors, 0 warnings in 1 of 1 transaction sets (3 ms)     997 would be: R (rejected)`.
fn summary(verdict: &Verdict, paint: &Paint) -> String {
    let (sets, wrong) = (verdict.totals.sets, verdict.wrong_sets);
    let (style, word) = match (verdict.accepted, verdict.count.warnings) {
        (true, 0) => (paint.good, "accepted"),
        (true, _) => (paint.warning, "accepted"),
        (false, _) if verdict.totals.not_x12 => (paint.error, "not EDI"),
        (false, _) => (paint.error, "not accepted"),
    };
    let place = match wrong {
        0 => count(sets, "transaction set"),
        _ => format!("{} of {}", grouped(wrong), count(sets, "transaction set")),
    };
    let mut text = format!(
        "{}: {style}{word}{style:#}, {} and {} in {place} ({})",
        clipped_before(&printable(&verdict.file), LONGEST),
        count(verdict.count.errors, "error"),
        count(verdict.count.warnings, "warning"),
        milliseconds(verdict),
    );
    if let Some(code) = verdict.answer.ta105 {
        text += &format!("     TA1 would be: R {code} (rejected)");
    } else if let Some(answer) = verdict.answer.groups {
        text += &format!("     997 would be: {} ({})", answer.code(), answer.in_words());
    }
    if let Some(business) = business(verdict) {
        text += &format!("\n  business: {business}");
    }
    let guides: Vec<&str> = verdict.guides.iter().map(String::as_str).collect();
    if !guides.is_empty() {
        text += &format!("\n  by {}", clipped(&printable(&guides.join(", ")), LONGEST));
    }
    text
}

/// `1 error, 2 warnings`; nothing when there are no business findings.
pub(super) fn business(verdict: &Verdict) -> Option<String> {
    let found = verdict.business;
    let parts = [(found.errors, "error"), (found.warnings, "warning"), (found.infos, "note")];
    let parts: Vec<String> =
        parts.iter().filter(|it| it.0 > 0).map(|(number, word)| count(*number, word)).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn milliseconds(verdict: &Verdict) -> String {
    let took = verdict.took;
    match took.as_millis() {
        10_000.. => format!("{} s", took.as_secs()),
        milliseconds => format!("{milliseconds} ms"),
    }
}
