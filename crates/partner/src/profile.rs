//! The profile of a partner, `partner.toml`, and of ourselves, `utility.toml`.
//!
//! ```toml
//! id = "prairie-power"                # the folder's name
//! name = "Prairie Power Data Services"
//! status = "live"                     # draft, testing, live or suspended
//!
//! [x12]
//! isa = [{ qualifier = "01", id = "0055512340000" }]
//! gs = ["005551234"]
//! version = "004010"
//!
//! [[documents]]
//! set = "867"
//! direction = "out"                   # in: they send it, out: we do
//! guide = "867.guide.toml"            # a file of the folder, or utility/867-interval
//! ```

use std::ops::Range;

use tieline_x12::table::Release;

use crate::builtin;
use crate::file_error::FileError;
use crate::guide_file::is_set_number;
use crate::toml_file::{At, Faults, Source, Table};

const KEYS: [&str; 5] = ["id", "name", "status", "x12", "documents"];
const X12_KEYS: [&str; 3] = ["isa", "gs", "version"];
const ISA_KEYS: [&str; 3] = ["qualifier", "id", "usage"];
const DOCUMENT_KEYS: [&str; 3] = ["set", "direction", "guide"];

const STATUSES: [(&str, Status); 4] = [
    ("draft", Status::Draft),
    ("testing", Status::Testing),
    ("live", Status::Live),
    ("suspended", Status::Suspended),
];
const USAGES: [(&str, Usage); 2] = [("T", Usage::Test), ("P", Usage::Production)];
const DIRECTIONS: [(&str, Direction); 2] = [("in", Direction::In), ("out", Direction::Out)];

/// Who a partner is, and which documents we exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The name of its folder: small letters, digits and hyphens.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// How far its onboarding is.
    pub status: Status,
    /// How its interchanges name it.
    pub x12: Identity,
    /// What we exchange, in the order of the file.
    pub documents: Vec<Document>,
}

/// Ourselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utility {
    /// Our name for people.
    pub name: String,
    /// How our interchanges name us.
    pub x12: Identity,
}

/// How far the onboarding of a partner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Still being written down.
    Draft,
    /// Exchanges test documents.
    Testing,
    /// In production.
    Live,
    /// Exchanges nothing for now.
    Suspended,
}

/// How interchanges and groups name one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `ISA05` to `ISA08`; at least one.
    pub isa: Vec<InterchangeId>,
    /// `GS02` and `GS03`; none when any will do.
    pub gs: Vec<String>,
    /// What `GS08` says, e.g. `004010`.
    pub version: String,
    /// The release that `version` asks for.
    pub release: Release,
}

/// An interchange id, without the spaces that fill it up to 15 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterchangeId {
    /// Two characters, e.g. `01` for a DUNS number, `ZZ` for one agreed between partners.
    pub qualifier: String,
    /// At most 15 characters.
    pub id: String,
    /// The kind of traffic it is for; `None` for both.
    pub usage: Option<Usage>,
}

/// What `ISA15` says an interchange is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// `T`: a test.
    Test,
    /// `P`: production.
    Production,
}

/// A kind of document that we exchange with a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The transaction set, e.g. `867`.
    pub set: String,
    /// Who sends it.
    pub direction: Direction,
    /// What it must be like, beyond the standard.
    pub guide: Option<GuideName>,
}

/// Which way a document goes, as we see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The partner sends it.
    In,
    /// We send it.
    Out,
}

/// Where the guide of a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuideName {
    /// A file in the partner's folder, e.g. `867.guide.toml`.
    File(String),
    /// A built-in guide, e.g. `utility/867-interval`.
    BuiltIn(String),
}

impl Profile {
    /// Reads a `partner.toml` that lies in the folder named `folder`; `file` is what errors call it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the file, from top to bottom; only the first fault if it is not
    /// TOML at all.
    pub fn read(folder: &str, file: &str, text: &str) -> Result<Profile, Vec<FileError>> {
        let source = Source { file: file.to_string(), text: text.to_string() };
        read_profile(folder, &source).map(|read| read.profile)
    }
}

impl Utility {
    /// Reads a `utility.toml`; `file` is what errors call it.
    ///
    /// # Errors
    ///
    /// As [`Profile::read`].
    pub fn read(file: &str, text: &str) -> Result<Utility, Vec<FileError>> {
        let source = Source { file: file.to_string(), text: text.to_string() };
        read_utility(&source).map(|(utility, _)| utility)
    }
}

/// A profile, and where in its file stands what can be wrong beside other files.
pub(crate) struct ProfileFile {
    pub(crate) profile: Profile,
    /// For each id of `x12.isa`.
    pub(crate) isa_places: Vec<Range<usize>>,
    /// For each document, the value of its `guide`.
    pub(crate) guide_places: Vec<Range<usize>>,
}

pub(crate) fn read_profile(folder: &str, source: &Source) -> Result<ProfileFile, Vec<FileError>> {
    let parsed = source.parse()?;
    let mut faults = Faults::new(source);
    let file = Table::top(&parsed, &KEYS, &mut faults);

    let id = read_id(&file, folder, &mut faults);
    let name = read_name(&file, &mut faults);
    file.require("status", &mut faults);
    let status = file.word("status", &STATUSES, &mut faults);
    let x12 = read_identity(&file, &mut faults);
    let mut documents: Vec<Document> = Vec::new();
    let mut guide_places = Vec::new();
    for table in file.tables("documents", "[[documents]]", &DOCUMENT_KEYS, &mut faults) {
        let Some((document, place)) = read_document(&table, &mut faults) else { continue };
        let same = |d: &Document| d.set == document.set && d.direction == document.direction;
        if documents.iter().any(same) {
            let message = format!("the {} stands twice in this direction", document.set);
            faults.at(table.span, message);
        }
        documents.push(document);
        guide_places.push(place);
    }

    let read = move || {
        let ((x12, isa_places), id, name, status) = (x12?, id?, name?, status?);
        let profile = Profile { id, name, status, x12, documents };
        Some(ProfileFile { profile, isa_places, guide_places })
    };
    faults.into_result(read())
}

/// Ourselves, and where each of our ids stands.
pub(crate) fn read_utility(
    source: &Source,
) -> Result<(Utility, Vec<Range<usize>>), Vec<FileError>> {
    let parsed = source.parse()?;
    let mut faults = Faults::new(source);
    let file = Table::top(&parsed, &["name", "x12"], &mut faults);
    let name = read_name(&file, &mut faults);
    let x12 = read_identity(&file, &mut faults);
    let utility = name.zip(x12).map(|(name, (x12, places))| (Utility { name, x12 }, places));
    faults.into_result(utility)
}

fn read_id(file: &Table<'_>, folder: &str, faults: &mut Faults<'_>) -> Option<String> {
    file.require("id", faults);
    let id = file.text("id", faults)?;
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !id.value.bytes().all(good) || id.value.starts_with('-') || id.value.len() > 40 {
        let message = "`id` must be small letters, digits and hyphens, at most 40";
        faults.at(id.span, message);
    } else if id.value == "utility" {
        faults.at(id.span, "`utility` is ourselves; no partner can be called so");
    } else if id.value != folder {
        let message = format!("`id` must be the name of the folder, {folder}");
        faults.at(id.span, message);
    }
    Some(id.value)
}

fn read_name(file: &Table<'_>, faults: &mut Faults<'_>) -> Option<String> {
    file.require("name", faults);
    file.text("name", faults).map(|name| name.value)
}

fn read_identity(
    file: &Table<'_>,
    faults: &mut Faults<'_>,
) -> Option<(Identity, Vec<Range<usize>>)> {
    file.require("x12", faults);
    let table = file.table("x12", "[x12]", &X12_KEYS, faults)?;
    table.require("isa", faults);
    let mut isa: Vec<InterchangeId> = Vec::new();
    let mut places = Vec::new();
    for entry in table.tables("isa", "{ qualifier, id }", &ISA_KEYS, faults) {
        let Some(id) = read_interchange_id(&entry, faults) else { continue };
        if isa.iter().any(|other| (&other.qualifier, &other.id) == (&id.qualifier, &id.id)) {
            let message = "this id stands twice; without `usage` it is for test and production";
            faults.at(entry.span.clone(), message);
        }
        isa.push(id);
        places.push(entry.span);
    }
    let gs = table.texts("gs", faults).map(|gs| gs.value).unwrap_or_default();
    for id in &gs {
        check_code(id, "gs", 2..=15, faults);
    }
    let gs = gs.into_iter().map(|id| id.value).collect();
    let version = table.text("version", faults);
    let (version, release) = match version {
        None => ("004010".to_string(), Release::V004010),
        Some(version) => {
            let release = Release::of_version(version.value.as_bytes());
            if release.is_none() || version.value.len() > 12 {
                let message = "`version` is what GS08 says, and must begin with 004010 or 005010";
                faults.at(version.span, message);
            }
            (version.value, release?)
        }
    };
    if isa.is_empty() {
        if let Some(span) = table.value("isa") {
            faults.at(span, "`isa` must name at least one id");
        }
        return None;
    }
    Some((Identity { isa, gs, version, release }, places))
}

fn read_interchange_id(entry: &Table<'_>, faults: &mut Faults<'_>) -> Option<InterchangeId> {
    entry.require("qualifier", faults);
    entry.require("id", faults);
    let qualifier = entry.text("qualifier", faults);
    let id = entry.text("id", faults);
    let usage = entry.word("usage", &USAGES, faults);
    let (qualifier, id) = (qualifier?, id?);
    check_code(&qualifier, "qualifier", 2..=2, faults);
    check_code(&id, "id", 1..=15, faults);
    Some(InterchangeId { qualifier: qualifier.value, id: id.value, usage })
}

/// Notes a value that does not fit into its element of the envelope.
fn check_code(
    at: &At<String>,
    key: &str,
    lengths: std::ops::RangeInclusive<usize>,
    faults: &mut Faults<'_>,
) {
    let value = &at.value;
    if !lengths.contains(&value.len()) {
        let message = match (lengths.start(), lengths.end()) {
            (min, max) if min == max => format!("`{key}` must have {min} characters"),
            (min, max) => format!("`{key}` must have {min} to {max} characters"),
        };
        faults.at(at.span.clone(), message);
    } else if value.trim() != value || !value.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        let message = format!("`{key}` must be plain letters and digits, with no space around");
        faults.at(at.span.clone(), message);
    }
}

fn read_document(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<(Document, Range<usize>)> {
    table.require("set", faults);
    table.require("direction", faults);
    let set = table.text("set", faults);
    let direction = table.word("direction", &DIRECTIONS, faults);
    let guide = table.text("guide", faults);
    let place = guide.as_ref().map_or(table.span.clone(), |guide| guide.span.clone());
    let guide = guide.and_then(|guide| read_guide_name(&guide, faults));
    let set = set?;
    if !is_set_number(&set.value) {
        let message = "`set` must be the three digits of a transaction set, e.g. \"867\"";
        faults.at(set.span, message);
        return None;
    }
    Some((Document { set: set.value, direction: direction?, guide }, place))
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

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
id = "prairie-power"
name = "Prairie Power Data"
status = "live"
[x12]
isa = [{ qualifier = "01", id = "0055512340000" }, { qualifier = "ZZ", id = "PPDTEST", usage = "T" }]
gs = ["005551234"]
[[documents]]
set = "867"
direction = "out"
guide = "utility/867-interval"
"#;

    fn refused(text: &str) -> String {
        let errors = Profile::read("prairie-power", "partner.toml", text).expect_err("refused");
        let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
        shown.join("\n")
    }

    #[test]
    fn a_profile_reads() {
        let profile = Profile::read("prairie-power", "partner.toml", GOOD).expect("it is good");
        assert_eq!(profile.status, Status::Live);
        assert_eq!(profile.x12.isa[1].usage, Some(Usage::Test));
        assert_eq!(profile.x12.release, Release::V004010);
        assert_eq!(profile.documents[0].direction, Direction::Out);
    }

    #[test]
    fn the_id_is_the_folders_name() {
        assert_eq!(
            refused(&GOOD.replace("\"prairie-power\"", "\"prairie\"")),
            "error: `id` must be the name of the folder, prairie-power\n \
             --> partner.toml:2:6\n  \
             |\n\
             2 | id = \"prairie\"\n  \
             |      ^^^^^^^^^"
        );
    }

    #[test]
    fn a_misspelt_key_or_value_is_refused_with_a_suggestion() {
        let text = refused(&GOOD.replace("status = \"live\"", "status = \"lvie\""));
        assert!(text.contains("unknown value of `status`, `lvie`"), "{text}");
        assert!(text.contains("did you mean `live`?"), "{text}");
        let text = refused(&GOOD.replace("direction = ", "drection = "));
        assert!(text.contains("unknown key `drection` in [[documents]]"), "{text}");
        assert!(text.contains("did you mean `direction`?"), "{text}");
        assert!(text.contains("[[documents]] has no `direction`"), "{text}");
        let text = refused(&GOOD.replace("867-interval", "867-intervall"));
        assert!(text.contains("did you mean `utility/867-interval`?"), "{text}");
    }

    #[test]
    fn a_secret_is_refused_and_not_shown() {
        let text = refused(&GOOD.replace("gs = ", "as2_passphrase = \"swordfish\"\ngs = "));
        assert!(text.contains("`as2_passphrase` must not stand in this file"), "{text}");
        assert!(!text.contains("swordfish"), "{text}");
    }

    #[test]
    fn ids_fit_into_the_envelope() {
        let text = refused(&GOOD.replace("0055512340000", "0055512340000000"));
        assert!(text.contains("`id` must have 1 to 15 characters"), "{text}");
        let text = refused(&GOOD.replace("qualifier = \"ZZ\"", "qualifier = \"Z\""));
        assert!(text.contains("`qualifier` must have 2 characters"), "{text}");
        let text = refused(&GOOD.replace("gs = [", "version = \"003070\"\ngs = ["));
        assert!(text.contains("must begin with 004010 or 005010"), "{text}");
    }

    #[test]
    fn a_guide_cannot_lie_outside_of_the_folder() {
        let text = refused(&GOOD.replace("utility/867-interval", "../other/867.guide.toml"));
        assert!(text.contains("`guide` must name a file of this folder"), "{text}");
    }
}
