//! How interchanges name one side, and how we write the envelope for a partner: `[x12]`.

use std::ops::{Range, RangeInclusive};

use tieline_x12::table::Release;

use super::Status;
use super::acknowledge::{ACKNOWLEDGE, Acknowledge, read_acknowledge};
use crate::shape::{Kind, Section, may, must, words};
use crate::toml_file::{At, Faults, Table};

const USAGES: [(&str, Usage); 2] = [("T", Usage::Test), ("P", Usage::Production)];
const AFTER_SEGMENTS: [(&str, AfterSegment); 3] =
    [("none", AfterSegment::Nothing), ("lf", AfterSegment::Lf), ("crlf", AfterSegment::CrLf)];

/// `[x12]` of `utility.toml`: who we are.
pub(crate) const OWN_X12: Section = Section {
    name: "[x12]",
    keys: &[
        must(
            "isa",
            Kind::Tables(&ISA),
            "The interchange ids: ISA05 and ISA06, or ISA07 and ISA08.",
        ),
        may("gs", Kind::Texts, "What GS02 or GS03 may be; anything when left out."),
        may("version", Kind::Form("^(004010|005010)"), "What GS08 says; 004010 when left out."),
    ],
};

/// `[x12]` of `partner.toml`.
pub(crate) const X12: Section = Section {
    name: "[x12]",
    keys: &[
        must(
            "isa",
            Kind::Tables(&ISA),
            "The partner's interchange ids: ISA05 and ISA06, or ISA07 and ISA08.",
        ),
        may("gs", Kind::Texts, "What GS02 or GS03 may be; anything when left out."),
        may("version", Kind::Form("^(004010|005010)"), "What GS08 says; 004010 when left out."),
        may(
            "our_isa",
            Kind::Tables(&ISA),
            "Our own ids towards this partner, where they are not those of utility.toml.",
        ),
        may(
            "our_gs",
            Kind::Text,
            "Our own GS id towards this partner, where it is not that of utility.toml.",
        ),
        may(
            "interchange_version",
            Kind::Form("^[0-9]{5}$"),
            "What ISA12 says; 00401 or 00501, as the version, when left out.",
        ),
        may(
            "usage",
            Kind::Words(|| words(&USAGES)),
            "What ISA15 says; P when the partner is live, T before that, when left out.",
        ),
        may("ack_requested", Kind::Flag, "ISA14: whether we ask for a TA1; false when left out."),
        may(
            "duplicate_window",
            Kind::Count(3_650),
            "Days in which the same ISA13 of the partner is a repeat; 400 when left out.",
        ),
        may(
            "separators",
            Kind::Table(&SEPARATORS),
            "What we write between elements and after segments.",
        ),
        may("acknowledge", Kind::Table(&ACKNOWLEDGE), "Which acknowledgments go to and fro."),
    ],
};

const ISA: Section = Section {
    name: "{ qualifier, id }",
    keys: &[
        must(
            "qualifier",
            Kind::Form("^[ -~]{2}$"),
            "ISA05 or ISA07, e.g. 01 for a DUNS number, ZZ for one agreed between partners.",
        ),
        must(
            "id",
            Kind::Form("^[!-~]([ -~]{0,13}[!-~])?$"),
            "ISA06 or ISA08 without the spaces at its end.",
        ),
        may(
            "usage",
            Kind::Words(|| words(&USAGES)),
            "T or P: the kind of traffic it is for; both when left out.",
        ),
    ],
};

const SEPARATORS: Section = Section {
    name: "separators",
    keys: &[
        may("element", Kind::Form("^.$"), "Between elements; * when left out."),
        may("component", Kind::Form("^.$"), "Between components; > when left out."),
        may(
            "repetition",
            Kind::Form("^.$"),
            "Between repetitions, in release 005010; ^ when left out.",
        ),
        may("segment", Kind::Form("^.$"), "After a segment; ~ when left out."),
        may(
            "newline",
            Kind::Words(|| words(&AFTER_SEGMENTS)),
            "What follows that: none, lf or crlf; lf when left out.",
        ),
    ],
};

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

/// How we write the envelope of what goes to a partner, and judge that of what comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Our own ids towards this partner; none when those of `utility.toml` hold.
    pub our_isa: Vec<InterchangeId>,
    /// Our own `GS` id towards this partner; `None` when that of `utility.toml` holds.
    pub our_gs: Option<String>,
    /// `ISA12`, e.g. `00401`.
    pub interchange_version: String,
    /// `ISA15` of what we send.
    pub usage: Usage,
    /// `ISA14`: whether we ask for a TA1.
    pub ack_requested: bool,
    /// Days in which the same `ISA13` of the partner is a repeat.
    pub duplicate_window: u32,
    /// What we write between elements and after segments.
    pub separators: Separators,
    /// Which acknowledgments go to and fro.
    pub acknowledge: Acknowledge,
}

/// What stands between elements and after segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Separators {
    /// Between elements.
    pub element: u8,
    /// Between components.
    pub component: u8,
    /// Between repetitions; release 004010 has none.
    pub repetition: u8,
    /// After a segment.
    pub segment: u8,
    /// What follows that.
    pub newline: AfterSegment,
}

/// What follows the terminator of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterSegment {
    /// The next segment.
    Nothing,
    /// A line feed.
    Lf,
    /// A carriage return and a line feed.
    CrLf,
}

impl Default for Separators {
    /// `*`, `>`, `^` and `~` with a line feed: what most utilities send.
    fn default() -> Separators {
        Separators {
            element: b'*',
            component: b'>',
            repetition: b'^',
            segment: b'~',
            newline: AfterSegment::Lf,
        }
    }
}

impl Identity {
    /// The id for a kind of traffic; that for the other kind where there is no better one.
    pub fn id_for(&self, usage: Usage) -> &InterchangeId {
        id_for(&self.isa, usage).expect("an identity has at least one id")
    }
}

/// The id of a list for a kind of traffic; that for the other kind where there is no better one.
pub(crate) fn id_for(ids: &[InterchangeId], usage: Usage) -> Option<&InterchangeId> {
    let of = |wanted: Option<Usage>| ids.iter().find(move |id| id.usage == wanted);
    of(Some(usage)).or_else(|| of(None)).or(ids.first())
}

/// Who a side is, and where each of its ids stands.
pub(crate) fn read_identity(
    table: &Table<'_>,
    faults: &mut Faults<'_>,
) -> Option<(Identity, Vec<Range<usize>>)> {
    table.require("isa", faults);
    let (isa, places) = read_ids(table, "isa", faults);
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

/// Interchange ids, each there once, and where they stand.
pub(crate) fn read_ids(
    table: &Table<'_>,
    key: &str,
    faults: &mut Faults<'_>,
) -> (Vec<InterchangeId>, Vec<Range<usize>>) {
    let mut ids: Vec<InterchangeId> = Vec::new();
    let mut places = Vec::new();
    for entry in table.sections(key, &ISA, faults) {
        let Some(id) = read_interchange_id(&entry, faults) else { continue };
        if ids.iter().any(|other| (&other.qualifier, &other.id) == (&id.qualifier, &id.id)) {
            let message = "this id stands twice; without `usage` it is for test and production";
            faults.at(entry.span.clone(), message);
        }
        ids.push(id);
        places.push(entry.span);
    }
    (ids, places)
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
pub(crate) fn check_code(
    at: &At<String>,
    key: &str,
    lengths: RangeInclusive<usize>,
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

/// The rest of `[x12]`; what is not said follows from the release and the partner's status.
pub(crate) fn read_envelope(
    table: &Table<'_>,
    release: Release,
    status: Status,
    faults: &mut Faults<'_>,
) -> Envelope {
    let our_gs = table.text("our_gs", faults);
    if let Some(id) = &our_gs {
        check_code(id, "our_gs", 2..=15, faults);
    }
    let version = table.text("interchange_version", faults);
    if let Some(at) = version
        .as_ref()
        .filter(|at| at.value.len() != 5 || !at.value.bytes().all(|byte| byte.is_ascii_digit()))
    {
        faults.at(at.span.clone(), "`interchange_version` is ISA12: five digits such as 00401");
    }
    let usage = match status {
        Status::Live => Usage::Production,
        Status::Draft | Status::Testing | Status::Suspended => Usage::Test,
    };
    let separators = table.section("separators", &SEPARATORS, faults);
    let acknowledge = table.section("acknowledge", &ACKNOWLEDGE, faults);
    Envelope {
        our_isa: read_ids(table, "our_isa", faults).0,
        our_gs: our_gs.map(|id| id.value),
        interchange_version: version.map_or_else(|| usual_version(release), |at| at.value),
        usage: table.word("usage", &USAGES, faults).unwrap_or(usage),
        ack_requested: table.flag("ack_requested", faults).unwrap_or(false),
        duplicate_window: table.count("duplicate_window", 3_650, faults).map_or(400, |at| at.value),
        separators: separators.map(|it| read_separators(&it, faults)).unwrap_or_default(),
        acknowledge: match acknowledge {
            Some(it) => read_acknowledge(&it, faults),
            None => Acknowledge::default(),
        },
    }
}

fn usual_version(release: Release) -> String {
    let digits = match release {
        Release::V004010 => "00401",
        Release::V005010 => "00501",
    };
    digits.to_string()
}

fn read_separators(table: &Table<'_>, faults: &mut Faults<'_>) -> Separators {
    let usual = Separators::default();
    let mut taken: Vec<u8> = Vec::new();
    let mut read = |key: &str, usual: u8| {
        let at = table.text(key, faults);
        let byte = match &at {
            Some(at) => match at.value.as_bytes() {
                [byte] if byte.is_ascii_punctuation() => *byte,
                _ => {
                    faults
                        .at(at.span.clone(), format!("`{key}` must be one mark such as * > ^ ~ |"));
                    return usual;
                }
            },
            None => usual,
        };
        if taken.contains(&byte) {
            let span = at.map_or(table.span.clone(), |at| at.span);
            faults.at(span, format!("`{key}` is the same as another separator"));
        }
        taken.push(byte);
        byte
    };
    Separators {
        element: read("element", usual.element),
        segment: read("segment", usual.segment),
        component: read("component", usual.component),
        repetition: read("repetition", usual.repetition),
        newline: table.word("newline", &AFTER_SEGMENTS, faults).unwrap_or(usual.newline),
    }
}
