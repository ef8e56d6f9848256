//! What a chart shows as figures, day by day: for people, for a spreadsheet, or beside the chart on a
//! page.

use std::fmt::Write as _;

use tieline_model::decimal::{Decimal, NumberError};

use super::{Day, Panel};
use crate::report::escaped;

/// A heading and what stands below it for a day.
type Column = (&'static str, fn(&Day) -> String);

const COLUMNS: [Column; 9] = [
    ("Day", |day| day.date.to_string()),
    ("Hours", |day| day.hours.to_string()),
    ("Sum", |day| number(day.total)),
    ("Peak", |day| number(day.peak.as_ref().map(|(value, _)| *value))),
    ("Peak at", |day| day.peak.as_ref().map(|(_, clock)| clock.clone()).unwrap_or_default()),
    ("Received", |day| day.received.to_string()),
    ("Expected", |day| day.expected.map(|it| it.to_string()).unwrap_or_default()),
    ("Estimated", |day| day.estimated.to_string()),
    ("Missing", |day| day.missing().map(|it| it.to_string()).unwrap_or_default()),
];

fn number(number: Option<Decimal>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// A table for people; nothing is `-`.
pub(crate) fn text(panels: &[Panel]) -> Result<String, NumberError> {
    let mut out = String::new();
    for (n, panel) in panels.iter().enumerate() {
        let mut rows = vec![COLUMNS.map(|(heading, _)| heading.to_string())];
        rows.extend(panel.days()?.iter().map(|day| COLUMNS.map(|(_, cell)| cell(day))));
        let widths: Vec<usize> = (0..COLUMNS.len())
            .map(|at| rows.iter().map(|row| row[at].len()).max().unwrap_or(0))
            .collect();
        let blank = if n == 0 { "" } else { "\n" };
        let (title, unit, length) = (panel.title(), panel.unit(), panel.length());
        let _ = writeln!(out, "{blank}{title}: {unit} in each {length}, {}", panel.zone.name());
        for row in rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let cell = if cell.is_empty() { "-" } else { cell };
                line += &format!("{cell:>width$}  ");
            }
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    Ok(out)
}

/// One row for each day of each series; nothing is an empty field.
pub(crate) fn csv(panels: &[Panel]) -> Result<String, NumberError> {
    let mut out = String::from(
        "meter,channel,direction,unit,interval_seconds,zone,day,hours,sum,peak,peak_at,received,\
         expected,estimated,missing\r\n",
    );
    for panel in panels {
        let series = [
            panel.meter.clone().unwrap_or_default(),
            panel.channel.clone().unwrap_or_default(),
            panel.direction().to_string(),
            panel.unit(),
            panel.seconds.to_string(),
            panel.zone.name().to_string(),
        ];
        for day in panel.days()? {
            let cells = COLUMNS.map(|(_, cell)| cell(&day));
            let fields: Vec<String> = series.iter().chain(&cells).map(|it| field(it)).collect();
            let _ = write!(out, "{}\r\n", fields.join(","));
        }
    }
    Ok(out)
}

/// A field as RFC 4180 wants it; what a spreadsheet would take for a formula is a text.
fn field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '@', '\t']);
    match is_formula || text.contains([',', '"', '\n', '\r']) {
        true => {
            let guard = if is_formula { "'" } else { "" };
            format!("\"{guard}{}\"", text.replace('"', "\"\""))
        }
        false => text.to_string(),
    }
}

const PAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Load curve</title>
<style>
:root { color-scheme: light dark; --line: #c3ccd4; }
@media (prefers-color-scheme: dark) { :root { --line: #3a4753; } body { background: #11181f; } }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1rem; }
svg { height: auto; max-width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0; width: 100%; }
caption { font-weight: 600; padding: .25rem 0; text-align: start; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .5rem; text-align: end; }
</style>
</head>
<body>
<main>
"#;

/// A page with the chart and its figures; nothing comes from elsewhere.
pub(crate) fn page(panels: &[Panel], chart: &str) -> Result<String, NumberError> {
    let mut out = format!("{PAGE}{chart}");
    for panel in panels {
        let (title, unit, length) = (panel.title(), panel.unit(), panel.length());
        let caption = escaped(&format!("{title}: {unit} in each {length}, {}", panel.zone.name()));
        let _ = write!(out, "<table>\n<caption>{caption}</caption>\n<thead><tr>");
        for (heading, _) in COLUMNS {
            let _ = write!(out, "<th scope=\"col\">{heading}</th>");
        }
        out += "</tr></thead>\n<tbody>\n";
        for day in panel.days()? {
            out += "<tr>";
            for (n, (_, cell)) in COLUMNS.iter().enumerate() {
                let cell = escaped(&cell(&day));
                let _ = match n {
                    0 => write!(out, "<th scope=\"row\">{cell}</th>"),
                    _ => write!(out, "<td>{cell}</td>"),
                };
            }
            out += "</tr>\n";
        }
        out += "</tbody>\n</table>\n";
    }
    Ok(out + "</main>\n</body>\n</html>\n")
}
