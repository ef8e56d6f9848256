//! `html`: one page that needs nothing else: no scripts, nothing from elsewhere, light and dark.

use std::io::{self, Write};

use crate::report::answer::answer;
use crate::report::excerpt::Excerpt;
use crate::report::expectation::expectation;
use crate::report::markup::escaped;
use crate::report::words::{clipped, clipped_before, printable};
use crate::report::{FileReport, Level, Report, Told, Verdict, text};
use crate::text::{count, grouped};

/// The most characters of what comes from outside.
const LONGEST: usize = 300;

/// One page.
pub(super) struct Html;

struct HtmlFile<'w> {
    out: Box<dyn Write + 'w>,
    rows: String,
}

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Tieline report</title>
<style>
:root { color-scheme: light dark; --line: #767676; --error: #a40000; --warning: #7a4f00; --good: #0b6300; --mark: #ffe28a; }
@media (prefers-color-scheme: dark) { :root { --line: #8c8c8c; --error: #ff9c9c; --warning: #ffcf70; --good: #8fe07f; --mark: #6b5300; } }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 80rem; padding: 1rem; }
h2 { overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: start; padding: .25rem 0; }
th, td { border: 1px solid var(--line); padding: .5rem; text-align: start; vertical-align: top; overflow-wrap: anywhere; }
pre { margin: .5rem 0; overflow-x: auto; }
mark { background: var(--mark); color: inherit; }
.error { color: var(--error); font-weight: bold; }
.warning { color: var(--warning); font-weight: bold; }
.good { color: var(--good); font-weight: bold; }
@media print { body { max-width: none; } pre { white-space: pre-wrap; } tr { break-inside: avoid; } }
</style>
</head>
<body>
<main>
<h1>Tieline report</h1>
"#;

impl Report for Html {
    fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(HEAD.as_bytes())
    }

    fn file<'w>(&self, out: Box<dyn Write + 'w>) -> Box<dyn FileReport + 'w> {
        Box::new(HtmlFile { out, rows: String::new() })
    }

    fn end(&self, out: &mut dyn Write, _: &[Verdict]) -> io::Result<()> {
        writeln!(
            out,
            "</main>\n<footer><p>Written by tieline {}.</p></footer>\n</body>\n</html>",
            env!("CARGO_PKG_VERSION")
        )
    }
}

impl FileReport for HtmlFile<'_> {
    fn finding(&mut self, told: &Told<'_>) -> io::Result<()> {
        self.rows += &row(told);
        Ok(())
    }

    fn end(&mut self, verdict: &Verdict) -> io::Result<()> {
        let file = escaped(&printable(&verdict.file));
        writeln!(self.out, "<section>\n<h2>{file}</h2>\n{}", summary(verdict))?;
        if !self.rows.is_empty() {
            writeln!(
                self.out,
                "<table>\n<caption>What was found in {file}</caption>\n<thead><tr>\
                 <th scope=\"col\">Code</th><th scope=\"col\">Place</th>\
                 <th scope=\"col\">What is wrong</th></tr></thead>\n<tbody>\n{}</tbody>\n</table>",
                self.rows
            )?;
        }
        let (errors, warnings) = (verdict.suppressed.errors, verdict.suppressed.warnings);
        if errors + warnings > 0 {
            writeln!(
                self.out,
                "<p>Not shown: {} and {}.</p>",
                count(errors, "error"),
                count(warnings, "warning")
            )?;
        }
        let hidden = verdict.business_suppressed.all();
        if hidden > 0 {
            writeln!(self.out, "<p>Not shown: {}.</p>", count(hidden, "business finding"))?;
        }
        writeln!(self.out, "</section>")?;
        self.out.flush()
    }
}

fn summary(verdict: &Verdict) -> String {
    if let Some(failure) = &verdict.failure {
        let message = escaped(&failure.message);
        return format!("<p><span class=\"error\">Not read</span>: {message}</p>");
    }
    let (class, word) = match verdict.accepted {
        true => ("good", "Accepted"),
        false => ("error", "Not accepted"),
    };
    let mut text = format!(
        "<p><span class=\"{class}\">{word}</span>: {} and {}; {} of {} with errors; {} segments, {} bytes.",
        count(verdict.count.errors, "error"),
        count(verdict.count.warnings, "warning"),
        grouped(verdict.wrong_sets),
        count(verdict.totals.sets, "transaction set"),
        grouped(verdict.totals.segments),
        grouped(verdict.totals.bytes),
    );
    if let Some(code) = verdict.answer.ta105 {
        text += &format!(" The TA1 would be R {code} (rejected).");
    } else if let Some(answer) = verdict.answer.groups {
        text += &format!(" The 997 would be {} ({}).", answer.code(), answer.in_words());
    }
    if let Some(business) = text::business(verdict) {
        text += &format!(" Business findings: {business}.");
    }
    if !verdict.guides.is_empty() {
        let guides: Vec<&str> = verdict.guides.iter().map(String::as_str).collect();
        text += &format!(" Judged by {}.", escaped(&clipped(&guides.join(", "), LONGEST)));
    }
    text + "</p>"
}

/// The row of a finding.
fn row(told: &Told<'_>) -> String {
    let (found, at) = (told.found, told.found.at());
    let (class, level) = match found.level() {
        Level::Error => ("error", "Error"),
        Level::Warning => ("warning", "Warning"),
        Level::Info => ("info", "Note"),
    };
    let mut place = String::new();
    if at.segment > 0 {
        place = format!("set {}, segment {}, ", at.set, at.segment);
    }
    place += &format!("byte {} (line {})", grouped(at.offset), at.line);
    if !found.path().is_empty() {
        place += &format!("<br><code>{}</code>", escaped(&clipped_before(found.path(), LONGEST)));
    }
    let mut what = format!("<p>{}</p>", escaped(&clipped(&found.message(), LONGEST)));
    what += &excerpt(&Excerpt::of(told));
    let expectation = expectation(told);
    if !expectation.is_empty() {
        what += &format!("<p>{}</p>", escaped(&expectation));
    }
    let mut note = |label: &str, text: &str| {
        what += &format!("<p>{label}: {}</p>", escaped(&clipped(text, LONGEST)));
    };
    if let Some(rule) = found.rule() {
        note("Guide", &format!("{} rule {}", rule.guide, rule.rule));
    }
    if let Some(answer) = answer(found) {
        note("Acknowledgment", &answer);
    }
    if let Some(remedy) = found.remedy() {
        note("Help", remedy);
    }
    format!(
        "<tr><th scope=\"row\"><span class=\"{class}\">{level}</span><br>{}</th>\
         <td>{place}</td><td>{what}</td></tr>\n",
        found.code(),
    )
}

/// The segments around, what is meant marked.
fn excerpt(excerpt: &Excerpt) -> String {
    let width = excerpt.gutter();
    let mut text = String::from("<pre tabindex=\"0\">");
    for (n, line) in excerpt.lines.iter().enumerate() {
        let number = line.number.map(|number| number.to_string()).unwrap_or_default();
        text += &format!("{number:>width$}  ");
        if n == excerpt.meant {
            let part = |from: usize, to: usize| -> String {
                let columns = line.text.chars().skip(from).take(to - from);
                escaped(&columns.collect::<String>())
            };
            let (start, end) = (excerpt.mark.start, excerpt.mark.end);
            // Where something is missing, there may be nothing to mark.
            let marked = match part(start, end) {
                marked if marked.is_empty() => " ".to_string(),
                marked => marked,
            };
            text += &format!("{}<mark>{marked}</mark>{}", part(0, start), part(end, usize::MAX));
        } else {
            text += &escaped(&line.text);
        }
        text.push('\n');
    }
    text + "</pre>"
}
