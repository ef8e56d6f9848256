//! `json`: differences as one document. Its form is a contract, docs/diff.schema.json.

use std::io::{self, Write};

use serde::Serialize;
use tieline_x12::diff::{Change, Comparison, Run, Spot, Value};

use super::{Differences, Names};
use crate::text::shown;

/// The most segments of a run that are written.
const MOST_SEGMENTS: usize = 20;

/// One document.
pub(super) struct Json {
    pub(super) names: Names,
    pub(super) any: bool,
}

#[derive(Debug, Serialize)]
struct ChangeObject {
    change: &'static str,
    segment_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment_name: Option<&'static str>,
    /// In the first file.
    before: Option<PlaceObject>,
    /// In the second file.
    after: Option<PlaceObject>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    elements: Vec<ElementObject>,
}

#[derive(Debug, Serialize)]
struct PlaceObject {
    path: String,
    offset: usize,
    /// Loops or segments, one after another.
    count: usize,
    /// Their segments.
    size: u32,
    /// The first of these segments, where only one file has them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    segments: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ElementObject {
    element: Option<u8>,
    component: Option<u8>,
    name: Option<&'static str>,
    before: Option<ValueObject>,
    after: Option<ValueObject>,
}

#[derive(Debug, Serialize)]
struct ValueObject {
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<&'static str>,
}

impl Differences for Json {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let tool = serde_json::json!({"name": "tieline", "version": env!("CARGO_PKG_VERSION")});
        let (before, after) =
            (serde_json::json!(self.names.before), serde_json::json!(self.names.after));
        write!(
            out,
            "{{\n\"tool\": {tool},\n\"before\": {before},\n\"after\": {after},\n\"changes\": ["
        )
    }

    fn change(&mut self, out: &mut dyn Write, change: &Change<'_>) -> io::Result<()> {
        let separator = if std::mem::replace(&mut self.any, true) { "," } else { "" };
        write!(out, "{separator}\n{}", serde_json::to_string(&object(change))?)
    }

    fn end(&mut self, out: &mut dyn Write, result: &Comparison) -> io::Result<()> {
        let line_end = if self.any { "\n" } else { "" };
        let same = result.is_same();
        let Comparison { changed, added, removed, moved, by_position, .. } = result;
        writeln!(
            out,
            "{line_end}],\n\"same\": {same},\n\"changed\": {changed},\n\"added\": {added},\n\
             \"removed\": {removed},\n\"moved\": {moved},\n\"by_position\": {by_position}\n}}"
        )
    }
}

fn object(change: &Change<'_>) -> ChangeObject {
    let (kind, spot, before, after) = match change {
        Change::Added(run) => ("added", &run.first, None, Some(whole(run))),
        Change::Removed(run) => ("removed", &run.first, Some(whole(run)), None),
        Change::Moved { before, after } => {
            ("moved", after, Some(place(before)), Some(place(after)))
        }
        Change::Changed { before, after, .. } => {
            ("changed", after, Some(place(before)), Some(place(after)))
        }
    };
    let elements = match change {
        Change::Changed { elements, .. } => &elements[..],
        _ => &[],
    };
    let elements = elements.iter().map(|it| ElementObject {
        element: Some(it.element).filter(|n| *n > 0),
        component: it.component,
        name: it.name,
        before: it.before.map(value),
        after: it.after.map(value),
    });
    ChangeObject {
        change: kind,
        segment_id: spot.id().to_string(),
        segment_name: spot.name(),
        before,
        after,
        elements: elements.collect(),
    }
}

fn place(spot: &Spot<'_>) -> PlaceObject {
    PlaceObject {
        path: spot.path(),
        offset: spot.offset(),
        count: 1,
        size: spot.size(),
        segments: Vec::new(),
    }
}

fn whole(run: &Run<'_>) -> PlaceObject {
    PlaceObject {
        path: run.first.path(),
        offset: run.first.offset(),
        count: run.count,
        size: run.size(),
        segments: run.segments().take(MOST_SEGMENTS).map(shown).collect(),
    }
}

fn value(value: Value<'_>) -> ValueObject {
    ValueObject { value: shown(value.bytes), meaning: value.meaning }
}
