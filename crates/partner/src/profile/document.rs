//! The kinds of documents that are exchanged: `[[documents]]`.

use std::ops::Range;

use super::Usual;
use super::acknowledge::{AcknowledgmentKind, KINDS};
use super::identity::check_code;
use super::timing::{SCHEDULE, read_schedule};
use crate::builtin;
use crate::guide_file::is_set_number;
use crate::pattern::FileName;
use crate::schedule::Schedule;
use crate::shape::{Kind, Section, may, must, words};
use crate::toml_file::{At, Faults, Table};

pub(crate) const DIRECTIONS: [(&str, Direction); 2] =
    [("in", Direction::In), ("out", Direction::Out)];
const BATCHES: [(&str, Batch); 2] =
    [("one-per-interchange", Batch::OnePerInterchange), ("all", Batch::All)];

/// The form of the number of a transaction set.
pub(crate) const SET_FORM: &str = "^[0-9]{3}$";

pub(crate) const DOCUMENT: Section = Section {
    name: "[[documents]]",
    keys: &[
        must("set", Kind::Form(SET_FORM), "The transaction set, e.g. 867."),
        must("direction", Kind::Words(|| words(&DIRECTIONS)), "in: they send it; out: we do."),
        may(
            "guide",
            Kind::Text,
            "What it must be like beyond the standard: a file of this folder, or a built-in guide such as utility/867-interval.",
        ),
        may("enabled", Kind::Flag, "false stops it for a while; true when left out."),
        may(
            "batch",
            Kind::Words(|| words(&BATCHES)),
            "How many sets go into an interchange: one-per-interchange or all that are due; all when left out.",
        ),
        may(
            "one_account",
            Kind::Flag,
            "Whether a set may be about one account only; false when left out.",
        ),
        may(
            "file_name",
            Kind::Text,
            "What a file is called that we send, with {set} {control} {group} {date} {time} {partner} {usage} {account} {sequence}; {set}-{control}.edi when left out.",
        ),
        may(
            "schedule",
            Kind::TextOrTable(&SCHEDULE),
            "When we send what is due; at once when left out.",
        ),
        may(
            "acknowledgment",
            Kind::Words(|| words(&KINDS)),
            "What the partner answers this set with, where it is not as in [x12.acknowledge].",
        ),
        may("our_gs", Kind::Text, "Our GS id for this set, where it is another."),
        may("their_gs", Kind::Text, "The partner's GS id for this set, where it is another."),
    ],
};

/// A kind of document that we exchange with a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The transaction set, e.g. `867`.
    pub set: String,
    /// Who sends it.
    pub direction: Direction,
    /// What it must be like, beyond the standard.
    pub guide: Option<GuideName>,
    /// Whether it is exchanged for now.
    pub enabled: bool,
    /// How many sets go into an interchange.
    pub batch: Batch,
    /// Whether a set may be about one account only.
    pub one_account: bool,
    /// What a file is called that we send.
    pub file_name: FileName,
    /// When we send what is due; `None` for at once.
    pub schedule: Option<Schedule>,
    /// What the partner answers it with, where it is not what it usually answers with.
    pub acknowledgment: Option<AcknowledgmentKind>,
    /// Our `GS` id for this set, where it is another.
    pub our_gs: Option<String>,
    /// The partner's `GS` id for this set, where it is another.
    pub their_gs: Option<String>,
}

/// Which way a document goes, as we see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The partner sends it.
    In,
    /// We send it.
    Out,
}

impl Direction {
    /// `in` or `out`.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::In => "in",
            Direction::Out => "out",
        }
    }
}

/// How many sets go into an interchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batch {
    /// One.
    OnePerInterchange,
    /// All that are due.
    All,
}

/// Where the guide of a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuideName {
    /// A file in the partner's folder, e.g. `867.guide.toml`.
    File(String),
    /// A built-in guide, e.g. `utility/867-interval`.
    BuiltIn(String),
}

/// The documents, and for each where its guide stands.
pub(crate) fn read_documents(
    file: &Table<'_>,
    usual: &Usual,
    faults: &mut Faults<'_>,
) -> (Vec<Document>, Vec<Range<usize>>) {
    let mut documents: Vec<Document> = Vec::new();
    let mut places = Vec::new();
    for table in file.sections("documents", &DOCUMENT, faults) {
        let Some((document, place)) = read_document(&table, usual, faults) else { continue };
        let same = |d: &Document| d.set == document.set && d.direction == document.direction;
        if documents.iter().any(same) {
            let message = format!("the {} stands twice in this direction", document.set);
            faults.at(table.span, message);
        }
        documents.push(document);
        places.push(place);
    }
    (documents, places)
}

fn read_document(
    table: &Table<'_>,
    usual: &Usual,
    faults: &mut Faults<'_>,
) -> Option<(Document, Range<usize>)> {
    table.require("set", faults);
    table.require("direction", faults);
    let set = read_set(table, faults);
    let direction = table.word("direction", &DIRECTIONS, faults);
    let guide = table.text("guide", faults);
    let place = guide.as_ref().map_or(table.span.clone(), |guide| guide.span.clone());
    let guide = guide.and_then(|guide| read_guide_name(&guide, faults));
    let file_name = read_file_name(table, faults);
    let mut gs = |key: &str| {
        let id = table.text(key, faults)?;
        check_code(&id, key, 2..=15, faults);
        Some(id.value)
    };
    let (our_gs, their_gs) = (gs("our_gs"), gs("their_gs"));
    let schedule = read_schedule(table, "schedule", usual, faults);
    if direction == Some(Direction::In) {
        for key in ["schedule", "batch", "file_name"] {
            if let Some(span) = table.value(key) {
                let message = format!("`{key}` is about what we send, and this comes in");
                faults.with_help(span, message, "say when it is expected in [[watches]]");
            }
        }
    }
    let document = Document {
        enabled: table.flag("enabled", faults).unwrap_or(true),
        batch: table.word("batch", &BATCHES, faults).unwrap_or(Batch::All),
        one_account: table.flag("one_account", faults).unwrap_or(false),
        acknowledgment: table.word("acknowledgment", &KINDS, faults),
        set: set?,
        direction: direction?,
        guide,
        file_name,
        schedule,
        our_gs,
        their_gs,
    };
    Some((document, place))
}

/// The number of a transaction set.
pub(crate) fn read_set(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let set = table.text("set", faults)?;
    if !is_set_number(&set.value) {
        let message = "`set` must be the three digits of a transaction set, e.g. \"867\"";
        faults.at(set.span, message);
        return None;
    }
    Some(set.value)
}

/// What files are called; two must never have the same name.
pub(crate) fn read_file_name(table: &Table<'_>, faults: &mut Faults<'_>) -> FileName {
    let Some(at) = table.parsed("file_name", str::parse::<FileName>, faults) else {
        return FileName::usual();
    };
    if !at.value.is_unique() {
        let message = "two files may have the same name, and one would take the place of the other";
        faults.with_help(at.span, message, "put {control} or {sequence} into it");
    }
    at.value
}

fn read_guide_name(guide: &At<String>, faults: &mut Faults<'_>) -> Option<GuideName> {
    let name = &guide.value;
    if name.starts_with("utility/") {
        if builtin::find(name).is_none() {
            let known: Vec<&str> =
                builtin::all().iter().map(|file| file.guide.name.as_str()).collect();
            faults.unknown(guide.span.clone(), "built-in guide", name, &known);
            return None;
        }
        return Some(GuideName::BuiltIn(name.clone()));
    }
    if name.contains(['/', '\\']) || name.starts_with('.') || !name.ends_with(".guide.toml") {
        let message = "`guide` must name a file of this folder that ends in .guide.toml, \
                       or a built-in guide";
        faults.with_help(
            guide.span.clone(),
            message,
            "e.g. 867.guide.toml or utility/867-interval",
        );
        return None;
    }
    Some(GuideName::File(name.clone()))
}
