//! Frames: what must have been tried with a partner before it goes live, in the order of trying.
//!
//! A frame is a file of the partner's folder `frames`, e.g. `2-867-out.toml`; its name is its place in
//! the order. It passes when each of its scenarios has evidence, and both sides sign it.
//!
//! ```toml
//! title = "Interval usage"
//! needs = ["1-connection"]
//!
//! [[scenarios]]
//! id = "month"
//! title = "a month of one meter, accepted without an error"
//! set = "867"
//! direction = "out"
//! contains = ["PTD*PM/QTY"]           # places as guides write them
//!
//! [[scenarios]]
//! id = "letter-in-a-quantity"
//! title = "a quantity with a letter is rejected"
//! set = "820"
//! direction = "in"
//! outcome = "rejected"
//! finding = "X12-E0406"
//! ```
//!
//! What was really exchanged is the [`Evidence`]: the store has it, or a folder of files.

use std::path::Path as FilePath;

use tieline_model::time::Date;
use tieline_x12::guide::Path;

use crate::file_error::FileError;
use crate::load::Partner;
use crate::profile::document::{DIRECTIONS, SET_FORM, read_set};
use crate::profile::{Direction, Profile, Role, Status, Usage};
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

/// The file of a partner's folder `frames` that says who signed.
pub const SIGNATURES_FILE: &str = "signatures.toml";

/// A part of the plan by which a partner is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The file's name without `.toml`.
    pub id: String,
    /// What is tried.
    pub title: String,
    /// Frames that must be passed before.
    pub needs: Vec<String>,
    /// Who has to sign it.
    pub signed_by: Vec<Side>,
    /// What has to be seen.
    pub scenarios: Vec<Scenario>,
    /// Another for another text.
    pub digest: String,
}

/// Something that has to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// A short name.
    pub id: String,
    /// In words.
    pub title: String,
    /// What is looked at.
    pub asks: Asks,
}

/// What a scenario looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// The profile: it names the partner, contacts, ids and documents.
    Worksheet,
    /// A customer's authorization is in force, where the partner needs one.
    Authorization,
    /// Files went both ways.
    Connection,
    /// Documents were exchanged.
    Documents {
        /// The transaction set.
        set: String,
        /// Which way.
        direction: Direction,
        /// Places that must be in it.
        contains: Vec<Path>,
        /// What became of it.
        outcome: Outcome,
        /// The code of a finding that it must have.
        finding: Option<String>,
        /// How many.
        documents: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Documents,
    Worksheet,
    Authorization,
    Connection,
}

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It had no error.
    Accepted,
    /// It had one.
    Rejected,
}

/// One of the two that sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// We.
    Ours,
    /// The partner.
    Theirs,
}

impl Side {
    /// As files say it.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Ours => "ours",
            Side::Theirs => "theirs",
        }
    }
}

/// Who signed a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The frame.
    pub frame: String,
    /// For whom.
    pub side: Side,
    /// Who.
    pub by: String,
    /// When.
    pub on: Date,
    /// What the frame said then.
    pub digest: String,
}

/// What was really exchanged with a partner.
pub trait Evidence {
    /// Sets that were exchanged with this partner and fit what is asked; as many as are asked for
    /// are enough.
    fn documents(&self, asked: &Asked<'_>) -> Vec<Exchanged>;

    /// How many files went this way and arrived whole.
    fn files(&self, partner: &str, direction: Direction) -> u64;
}

/// Which documents are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The partner's id.
    pub partner: &'a str,
    /// The transaction set.
    pub set: &'a str,
    /// Which way.
    pub direction: Direction,
    /// Places that must be in it.
    pub contains: &'a [Path],
    /// What became of it.
    pub outcome: Outcome,
    /// The code of a finding that it must have.
    pub finding: Option<&'a str>,
    /// How many are enough.
    pub enough: u32,
}

/// A set that was exchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchanged {
    /// How people find it again: a file, or the control numbers.
    pub reference: String,
}

/// No evidence at all: only what the partner's folder says counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoEvidence;

impl Evidence for NoEvidence {
    fn documents(&self, _: &Asked<'_>) -> Vec<Exchanged> {
        Vec::new()
    }

    fn files(&self, _: &str, _: Direction) -> u64 {
        0
    }
}

/// How a frame stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameState<'p> {
    /// The frame.
    pub frame: &'p Frame,
    /// For each scenario, what was seen, or why nothing counts.
    pub scenarios: Vec<Result<String, String>>,
    /// Frames before it that are not passed.
    pub blocked_by: Vec<String>,
    /// Our signature, if it is of the frame as it is.
    pub ours: Option<&'p Signature>,
    /// The partner's.
    pub theirs: Option<&'p Signature>,
}

impl FrameState<'_> {
    /// Whether everything was seen, and so in the frames that it needs.
    pub fn is_passed(&self) -> bool {
        self.blocked_by.is_empty() && self.scenarios.iter().all(Result::is_ok)
    }

    /// Whether it is passed and signed by all who have to.
    pub fn is_closed(&self) -> bool {
        let signed = |side: &Side| match side {
            Side::Ours => self.ours.is_some(),
            Side::Theirs => self.theirs.is_some(),
        };
        self.is_passed() && self.frame.signed_by.iter().all(signed)
    }
}

/// How each frame of a partner stands on a day.
pub fn judge<'p>(partner: &'p Partner, evidence: &dyn Evidence, on: Date) -> Vec<FrameState<'p>> {
    let mut states: Vec<FrameState<'p>> = Vec::new();
    for frame in partner.frames() {
        let judged = frame.scenarios.iter().map(|scenario| see(partner, scenario, evidence, on));
        let blocked_by = frame.needs.iter().filter(|need| {
            !states.iter().any(|state| state.frame.id == **need && state.is_passed())
        });
        let signed = |side: Side| {
            partner.signatures().iter().rev().find(|signature| {
                signature.frame == frame.id
                    && signature.side == side
                    && signature.digest == frame.digest
            })
        };
        states.push(FrameState {
            frame,
            scenarios: judged.collect(),
            blocked_by: blocked_by.cloned().collect(),
            ours: signed(Side::Ours),
            theirs: signed(Side::Theirs),
        });
    }
    states
}

fn see(
    partner: &Partner,
    scenario: &Scenario,
    evidence: &dyn Evidence,
    on: Date,
) -> Result<String, String> {
    let profile = partner.profile();
    match &scenario.asks {
        Asks::Worksheet => worksheet(profile),
        Asks::Authorization => authorization(partner, on),
        Asks::Connection => {
            let (came, went) = (
                evidence.files(&profile.id, Direction::In),
                evidence.files(&profile.id, Direction::Out),
            );
            let told = format!("{came} files came, {went} went");
            if came > 0 && went > 0 { Ok(told) } else { Err(told) }
        }
        Asks::Documents { set, direction, contains, outcome, finding, documents } => {
            let asked = Asked {
                partner: &profile.id,
                set,
                direction: *direction,
                contains,
                outcome: *outcome,
                finding: finding.as_deref(),
                enough: *documents,
            };
            let found = evidence.documents(&asked);
            let enough = found.len() as u64 >= u64::from(*documents);
            match (&found[..], enough) {
                ([first, ..], true) => Ok(first.reference.clone()),
                _ => Err(format!("{} of {documents} seen", found.len())),
            }
        }
    }
}

/// What the profile has to say before anything is tried.
fn worksheet(profile: &Profile) -> Result<String, String> {
    let mut missing = Vec::new();
    let mut need = |there: bool, what: &str| {
        if !there {
            missing.push(what.to_string());
        }
    };
    need(profile.legal_name.is_some(), "legal_name");
    need(profile.ein.is_some(), "ein");
    need(!profile.roles.is_empty(), "roles");
    let reachable = profile.contacts.iter().any(|it| it.email.is_some() || it.phone.is_some());
    need(reachable, "a contact with an email or a phone");
    let has = |usage: Usage| profile.x12.isa.iter().any(|id| id.usage.is_none_or(|it| it == usage));
    need(has(Usage::Test), "an id for tests");
    need(has(Usage::Production), "an id for production");
    need(!profile.documents.is_empty(), "documents");
    let connected = profile.mailbox.is_some() || !profile.drops.is_empty();
    need(connected || !profile.folders.is_empty(), "a mailbox, a drop or a folder");
    if missing.is_empty() {
        Ok("partner.toml says all that is needed".to_string())
    } else {
        Err(format!("partner.toml lacks {}", missing.join(", ")))
    }
}

/// Whether somebody else's data may go to it at all.
fn authorization(partner: &Partner, on: Date) -> Result<String, String> {
    let third = [Role::Aggregator, Role::Consultant, Role::Supplier, Role::Other];
    if !partner.profile().roles.iter().any(|role| third.contains(role)) {
        return Ok("not needed: it sees its own accounts only".to_string());
    }
    let in_force = partner
        .authorizations()
        .iter()
        .filter(|it| it.duration().contains(on) && it.revoked().is_none_or(|revoked| on < revoked));
    match in_force.max_by_key(|it| it.duration().end()) {
        Some(it) => Ok(format!("{} until {}", it.id(), it.duration().end())),
        None => Err("no authorization is in force".to_string()),
    }
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

/// The frames that a partner usually has, as files of its folder `frames`: the worksheet, the
/// connection, each set with what is special about it, the acknowledgments.
pub fn usual(profile: &Profile) -> Vec<(String, String)> {
    let mut files = vec![
        ("0-worksheet.toml".to_string(), WORKSHEET.to_string()),
        ("1-connection.toml".to_string(), CONNECTION.to_string()),
    ];
    let mut acknowledged = String::new();
    for (n, document) in profile.documents.iter().enumerate() {
        let (set, direction) = (document.set.as_str(), document.direction.as_str());
        if matches!(set, "997" | "999") {
            continue;
        }
        let mut text = format!("title = \"{set} {direction}\"\nneeds = [\"1-connection\"]\n");
        for (id, title, more) in scenarios(set, document.direction) {
            text += &format!(
                "\n[[scenarios]]\nid = \"{id}\"\ntitle = \"{title}\"\nset = \"{set}\"\n\
                 direction = \"{direction}\"\n{more}"
            );
        }
        files.push((format!("{}-{set}-{direction}.toml", n + 2), text));
        let (answer, way) = match document.direction {
            Direction::Out => (profile.envelope.acknowledge.expect, "in"),
            Direction::In => (profile.envelope.acknowledge.send, "out"),
        };
        let answer = match document.acknowledgment.unwrap_or(answer) {
            crate::profile::AcknowledgmentKind::Functional => "997",
            crate::profile::AcknowledgmentKind::Implementation => "999",
            crate::profile::AcknowledgmentKind::None => continue,
        };
        acknowledged += &format!(
            "\n[[scenarios]]\nid = \"{set}-{direction}\"\ntitle = \"the {set} is answered with a {answer}\"\n\
             set = \"{answer}\"\ndirection = \"{way}\"\ncontains = [\"AK2*{set}\"]\n"
        );
    }
    if !acknowledged.is_empty() {
        let head = "title = \"acknowledgments\"\nneeds = [\"1-connection\"]\n";
        let name = format!("{}-acknowledgments.toml", profile.documents.len() + 2);
        files.push((name, format!("{head}{acknowledged}")));
    }
    files
}

const WORKSHEET: &str = "\
title = \"worksheet and authorization\"

[[scenarios]]
id = \"worksheet\"
title = \"the profile says all that is needed\"
about = \"worksheet\"

[[scenarios]]
id = \"authorization\"
title = \"a customer's authorization is in force, where one is needed\"
about = \"authorization\"
";

const CONNECTION: &str = "\
title = \"connection\"
needs = [\"0-worksheet\"]

[[scenarios]]
id = \"round-trip\"
title = \"files went both ways\"
about = \"connection\"
";

/// What is special about a set: an id, a title, and the lines that ask for it.
fn scenarios(set: &str, direction: Direction) -> Vec<(&'static str, &'static str, &'static str)> {
    let mut all = match set {
        "867" => vec![
            ("usual", "a report without an error", "contains = [\"PTD/QTY\"]\n"),
            ("cancel", "a report that takes one back", "contains = [\"BPT*01\"]\n"),
        ],
        "810" => vec![
            ("usual", "a bill without an error", "contains = [\"IT1\"]\n"),
            ("cancel", "a bill that takes one back", "contains = [\"BIG[08=01]\"]\n"),
        ],
        "820" => vec![
            ("usual", "a payment of several accounts", "contains = [\"ENT/RMR\"]\n"),
            ("adjustment", "a payment of less than was billed", "contains = [\"ENT/RMR/ADX\"]\n"),
        ],
        _ => vec![("usual", "a document without an error", "")],
    };
    if direction == Direction::In {
        all.push(("wrong", "one with an error, which we reject", "outcome = \"rejected\"\n"));
    }
    all
}

/// What stands in the way of going live; nothing for a partner that can.
pub fn hindrances(partner: &Partner, states: &[FrameState<'_>]) -> Vec<String> {
    let mut reasons = Vec::new();
    match partner.profile().status {
        Status::Live => reasons.push(format!("{} is live already", partner.profile().id)),
        Status::Draft | Status::Testing | Status::Suspended => {}
    }
    if states.is_empty() {
        reasons.push("there are no frames: nothing was agreed to be tried".to_string());
    }
    for state in states.iter().filter(|state| !state.is_closed()) {
        let why = if state.is_passed() { "is not signed by both" } else { "is open" };
        reasons.push(format!("frame {} {why}", state.frame.id));
    }
    reasons
}
