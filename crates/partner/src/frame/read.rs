//! Frames and signatures as their files say them.

use std::path::Path as FilePath;

use tieline_model::time::Date;
use tieline_x12::guide::Path;

use super::{Asks, Frame, Outcome, Scenario, Side, Signature};
use crate::file_error::FileError;
use crate::profile::document::{DIRECTIONS, SET_FORM, read_set};
use crate::shape::{Kind, Section, may, must, words};
use crate::toml_file::{Faults, Source, Table};

const KINDS: [(&str, Subject); 4] = [
    ("documents", Subject::Documents),
    ("worksheet", Subject::Worksheet),
    ("authorization", Subject::Authorization),
    ("connection", Subject::Connection),
];
const OUTCOMES: [(&str, Outcome); 2] =
    [("accepted", Outcome::Accepted), ("rejected", Outcome::Rejected)];
const SIDES: [(&str, Side); 2] = [("ours", Side::Ours), ("theirs", Side::Theirs)];

const FRAME: Section = Section {
    name: "",
    keys: &[
        must("title", Kind::Text, "What is tried."),
        may("needs", Kind::Texts, "Frames that must be passed before."),
        may("signed_by", Kind::ManyWords(|| words(&SIDES)), "ours, theirs; both when left out."),
        must("scenarios", Kind::Tables(&SCENARIO), "What has to be seen."),
    ],
};

const SCENARIO: Section = Section {
    name: "[[scenarios]]",
    keys: &[
        must("id", Kind::Text, "A short name."),
        must("title", Kind::Text, "What has to be seen, in words."),
        may(
            "about",
            Kind::Words(|| words(&KINDS)),
            "documents, worksheet, authorization or connection; documents when left out.",
        ),
        may("set", Kind::Form(SET_FORM), "The transaction set."),
        may("direction", Kind::Words(|| words(&DIRECTIONS)), "in: they send it; out: we do."),
        may("contains", Kind::Texts, "Places that must be in it, as guides write them."),
        may(
            "outcome",
            Kind::Words(|| words(&OUTCOMES)),
            "accepted or rejected; accepted when left out.",
        ),
        may("finding", Kind::Text, "The code of a finding that it must have."),
        may("documents", Kind::Count(1_000), "How many such sets; 1 when left out."),
    ],
};

const SIGNATURES: Section = Section {
    name: "",
    keys: &[
        may("signatures", Kind::Tables(&SIGNATURE), "Who signed which frame."),
        may("promotions", Kind::Tables(&PROMOTION), "When it went live."),
    ],
};

const SIGNATURE: Section = Section {
    name: "[[signatures]]",
    keys: &[
        must("frame", Kind::Text, "The frame."),
        must("side", Kind::Words(|| words(&SIDES)), "ours or theirs."),
        must("by", Kind::Text, "Who."),
        must("on", Kind::Instant, "When."),
        must(
            "digest",
            Kind::Text,
            "What the frame said then; a frame that was changed is signed anew.",
        ),
    ],
};

const PROMOTION: Section = Section {
    name: "[[promotions]]",
    keys: &[
        must("by", Kind::Text, "Who."),
        must("on", Kind::Instant, "When."),
        may("override", Kind::Texts, "Frames that were open."),
        may("reason", Kind::Text, "Why it went live all the same."),
    ],
};

/// What a scenario is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Documents,
    Worksheet,
    Authorization,
    Connection,
}

impl Frame {
    /// Reads a frame; `id` is the name of its file without `.toml`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the file, from top to bottom.
    pub fn read(id: &str, file: &str, text: &str) -> Result<Frame, Vec<FileError>> {
        read(id, &Source { file: file.to_string(), text: text.to_string() })
    }

    pub(crate) fn open(id: &str, path: &FilePath) -> Result<Frame, Vec<FileError>> {
        read(id, &Source::open(path)?)
    }
}

fn read(id: &str, source: &Source) -> Result<Frame, Vec<FileError>> {
    let parsed = source.parse()?;
    let mut faults = Faults::new(source);
    let file = Table::whole(&parsed, &FRAME, &mut faults);
    file.require("title", &mut faults);
    file.require("scenarios", &mut faults);
    let title = file.text("title", &mut faults);
    let needs = file.texts("needs", &mut faults).map(|at| at.value).unwrap_or_default();
    let signed_by = file.many_words("signed_by", &SIDES, &mut faults);
    let mut scenarios: Vec<Scenario> = Vec::new();
    for table in file.sections("scenarios", &SCENARIO, &mut faults) {
        let Some(scenario) = read_scenario(&table, &mut faults) else { continue };
        if scenarios.iter().any(|other| other.id == scenario.id) {
            faults.at(table.span, format!("the scenario {} stands twice", scenario.id));
        }
        scenarios.push(scenario);
    }
    let frame = title.map(|title| Frame {
        id: id.to_string(),
        title: title.value,
        needs: needs.into_iter().map(|at| at.value).collect(),
        signed_by: signed_by.unwrap_or_else(|| vec![Side::Ours, Side::Theirs]),
        scenarios,
        digest: digest(&source.text),
    });
    faults.into_result(frame)
}

fn read_scenario(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<Scenario> {
    table.require("id", faults);
    table.require("title", faults);
    let (id, title) = (table.text("id", faults), table.text("title", faults));
    let subject = table.word("about", &KINDS, faults).unwrap_or(Subject::Documents);
    let set = read_set(table, faults);
    let direction = table.word("direction", &DIRECTIONS, faults);
    let contains = table.many_parsed("contains", str::parse::<Path>, faults).unwrap_or_default();
    let outcome = table.word("outcome", &OUTCOMES, faults).unwrap_or(Outcome::Accepted);
    let finding = table.text("finding", faults).map(|at| at.value);
    let documents = table.count("documents", 1_000, faults).map_or(1, |at| at.value);
    let asks = match subject {
        Subject::Documents => {
            table.require("set", faults);
            table.require("direction", faults);
            Asks::Documents {
                set: set?,
                direction: direction?,
                contains,
                outcome,
                finding,
                documents,
            }
        }
        other => {
            for key in ["set", "direction", "contains", "outcome", "finding", "documents"] {
                if let Some(span) = table.value(key) {
                    faults.at(span, format!("`{key}` is about documents"));
                }
            }
            match other {
                Subject::Worksheet => Asks::Worksheet,
                Subject::Authorization => Asks::Authorization,
                _ => Asks::Connection,
            }
        }
    };
    Some(Scenario { id: id?.value, title: title?.value, asks })
}

/// Reads who signed.
pub(crate) fn open_signatures(path: &FilePath) -> Result<Vec<Signature>, Vec<FileError>> {
    let source = Source::open(path)?;
    let parsed = source.parse()?;
    let mut faults = Faults::new(&source);
    let file = Table::whole(&parsed, &SIGNATURES, &mut faults);
    let mut signatures = Vec::new();
    for table in file.sections("signatures", &SIGNATURE, &mut faults) {
        for key in ["frame", "side", "by", "on", "digest"] {
            table.require(key, &mut faults);
        }
        let (frame, by) = (table.text("frame", &mut faults), table.text("by", &mut faults));
        let (side, on) = (table.word("side", &SIDES, &mut faults), table.date("on", &mut faults));
        let digest = table.text("digest", &mut faults);
        let signature = || {
            Some(Signature {
                frame: frame?.value,
                side: side?,
                by: by?.value,
                on: on?.value,
                digest: digest?.value,
            })
        };
        signatures.extend(signature());
    }
    for table in file.sections("promotions", &PROMOTION, &mut faults) {
        table.require("by", &mut faults);
        table.require("on", &mut faults);
        let (_, _) = (table.text("by", &mut faults), table.date("on", &mut faults));
        let (_, _) = (table.texts("override", &mut faults), table.prose("reason", &mut faults));
    }
    faults.into_result(Some(signatures))
}

/// A text for the end of the file of signatures.
pub fn signature_text(signature: &Signature) -> String {
    format!(
        "\n[[signatures]]\nframe = {:?}\nside = {:?}\nby = {}\non = {}\ndigest = {:?}\n",
        signature.frame,
        signature.side.as_str(),
        quoted(&signature.by),
        signature.on,
        signature.digest
    )
}

/// The same for going live; `open` are frames that were not closed.
pub fn promotion_text(by: &str, on: Date, open: &[String], reason: Option<&str>) -> String {
    let mut text = format!("\n[[promotions]]\nby = {}\non = {on}\n", quoted(by));
    if !open.is_empty() {
        let open: Vec<String> = open.iter().map(|frame| quoted(frame)).collect();
        text += &format!("override = [{}]\n", open.join(", "));
    }
    if let Some(reason) = reason {
        text += &format!("reason = {}\n", quoted(reason));
    }
    text
}

/// A text as TOML has it in quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted += &format!("\\u{:04X}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// SHA-256 of a text, as far as comments and the ends of lines do not matter.
fn digest(text: &str) -> String {
    use sha2::Digest;
    let mut hash = sha2::Sha256::new();
    for line in text.lines().map(str::trim_end).filter(|line| !line.trim_start().starts_with('#')) {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
