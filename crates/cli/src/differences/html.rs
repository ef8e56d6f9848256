//! `html`: differences as one page that needs nothing else: no scripts, nothing from elsewhere.

use std::io::{self, Write};

use tieline_x12::diff::{Change, Comparison, Run, Spot};

use super::{Differences, MOST_SEGMENTS, Names, in_words, label, name, summary};
use crate::report::markup::escaped;
use crate::text::{count, shown};

/// One page.
pub(super) struct Html {
    pub(super) names: Names,
}

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Tieline differences</title>
<style>
:root { color-scheme: light dark; --line: #767676; --removed: #a40000; --changed: #7a4f00; --added: #0b6300; }
@media (prefers-color-scheme: dark) { :root { --line: #8c8c8c; --removed: #ff9c9c; --changed: #ffcf70; --added: #8fe07f; } }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 80rem; padding: 1rem; }
h1, h2 { overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: start; padding: .25rem 0; }
th, td { border: 1px solid var(--line); padding: .5rem; text-align: start; vertical-align: top; overflow-wrap: anywhere; }
pre { margin: .5rem 0; overflow-x: auto; }
dl { margin: 0; }
.added { color: var(--added); font-weight: bold; }
.removed { color: var(--removed); font-weight: bold; }
.changed, .moved { color: var(--changed); font-weight: bold; }
del { color: var(--removed); }
ins { color: var(--added); }
@media print { body { max-width: none; } pre { white-space: pre-wrap; } tr { break-inside: avoid; } }
</style>
</head>
<body>
<main>
<h1>Tieline differences</h1>
"#;

impl Differences for Html {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let (before, after) = (escaped(&self.names.before), escaped(&self.names.after));
        out.write_all(HEAD.as_bytes())?;
        writeln!(
            out,
            "<table>\n<caption>From {before} to {after}</caption>\n<thead><tr>\
             <th scope=\"col\">Change</th><th scope=\"col\">Place</th>\
             <th scope=\"col\">What is different</th></tr></thead>\n<tbody>"
        )
    }

    fn change(&mut self, out: &mut dyn Write, change: &Change<'_>) -> io::Result<()> {
        let (class, word, place, what) = match change {
            Change::Added(run) => ("added", "Added", place(&run.first), whole(run)),
            Change::Removed(run) => ("removed", "Removed", place(&run.first), whole(run)),
            Change::Moved { before, after } => {
                ("moved", "Moved", place(after), format!("<p>was {}</p>", escaped(&before.path())))
            }
            Change::Changed { after, elements, .. } => {
                let id = after.id().to_string();
                let mut what = String::from("<dl>");
                for element in elements {
                    let label = label(&id, element).map(|it| it + " ").unwrap_or_default();
                    what += &format!(
                        "<dt>{}{}</dt><dd><del>{}</del> to <ins>{}</ins></dd>",
                        escaped(&label),
                        escaped(name(element)),
                        escaped(&in_words(element.before)),
                        escaped(&in_words(element.after)),
                    );
                }
                ("changed", "Changed", place(after), what + "</dl>")
            }
        };
        writeln!(
            out,
            "<tr><th scope=\"row\"><span class=\"{class}\">{word}</span></th>\
             <td>{place}</td><td>{what}</td></tr>"
        )
    }

    fn end(&mut self, out: &mut dyn Write, result: &Comparison) -> io::Result<()> {
        writeln!(
            out,
            "</tbody>\n</table>\n<p>{}.</p>\n</main>\n<footer><p>Written by tieline {}.</p></footer>\n\
             </body>\n</html>",
            escaped(&summary(result)),
            env!("CARGO_PKG_VERSION")
        )
    }
}

fn place(spot: &Spot<'_>) -> String {
    let name = spot.name().unwrap_or_default();
    format!("<code>{}</code><br>{}", escaped(&spot.path()), escaped(name))
}

fn whole(run: &Run<'_>) -> String {
    let mut what = String::new();
    if run.count > 1 {
        what += &format!("<p>{} one after another</p>", run.count);
    }
    what += "<pre tabindex=\"0\">";
    for segment in run.segments().take(MOST_SEGMENTS) {
        what += &escaped(&shown(segment));
        what.push('\n');
    }
    what += "</pre>";
    if let Some(more @ 1..) = (run.size() as usize).checked_sub(MOST_SEGMENTS) {
        what += &format!("<p>and {} that are not shown</p>", count(more as u64, "segment"));
    }
    what
}
