//! The differences of two documents as people and programs read them.

mod html;

mod json;

mod text;

use std::io::{self, Write};

use tieline_x12::diff::{Change, Comparison, ElementChange, Value};

use crate::console::Paint;
use crate::text::shown;

/// The form differences are told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Lines for the eye
    Text,
    /// One JSON document, docs/diff.schema.json
    Json,
    /// One page that needs nothing else
    Html,
}

/// The names of the files that are compared.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    pub(crate) before: String,
    pub(crate) after: String,
}

/// Writes differences in one form.
pub(crate) trait Differences {
    /// What stands before them.
    fn begin(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// One difference.
    fn change(&mut self, out: &mut dyn Write, change: &Change<'_>) -> io::Result<()>;

    /// What stands behind them.
    fn end(&mut self, out: &mut dyn Write, result: &Comparison) -> io::Result<()>;
}

impl Format {
    /// What writes this form.
    pub(crate) fn differences(self, names: Names, paint: Paint) -> Box<dyn Differences> {
        match self {
            Format::Text => Box::new(text::Text { names, paint }),
            Format::Json => Box::new(json::Json { names, any: false }),
            Format::Html => Box::new(html::Html { names }),
        }
    }
}

/// The most segments of a run that are shown.
const MOST_SEGMENTS: usize = 8;

/// What a comparison says in a sentence.
fn summary(result: &Comparison) -> String {
    if result.is_same() {
        return "no difference".to_string();
    }
    let parts = [
        (result.changed, "changed"),
        (result.added, "added"),
        (result.removed, "removed"),
        (result.moved, "moved"),
    ];
    let parts = parts.iter().filter(|part| part.0 > 0);
    let parts: Vec<String> =
        parts.map(|(n, what)| format!("{} {what}", crate::text::grouped(*n))).collect();
    let mut text = parts.join(", ");
    if result.by_position > 0 {
        text += "; much is different, so some of it was matched by its position alone";
    }
    text
}

/// An element as it is called: `QTY02`, `REF04-2`; none for separators.
fn label(id: &str, change: &ElementChange<'_>) -> Option<String> {
    let component = change.component.map(|n| format!("-{n}")).unwrap_or_default();
    (change.element > 0).then(|| format!("{id}{:02}{component}", change.element))
}

/// What an element is called in words.
fn name(change: &ElementChange<'_>) -> &'static str {
    match (change.name, change.element) {
        (Some(name), _) => name,
        (None, 0) => "separators",
        (None, _) => "not in the table",
    }
}

/// A value with its meaning.
fn in_words(value: Option<Value<'_>>) -> String {
    match value {
        None => "nothing".to_string(),
        Some(Value { bytes: b"", .. }) => "empty".to_string(),
        Some(Value { bytes, meaning: None }) => shown(bytes),
        Some(Value { bytes, meaning: Some(meaning) }) => format!("{} ({meaning})", shown(bytes)),
    }
}
