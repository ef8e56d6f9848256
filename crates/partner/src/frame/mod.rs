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

use tieline_model::time::Date;
use tieline_x12::guide::Path;

use crate::load::Partner;
use crate::profile::{Direction, Profile, Role, Status, Usage};

mod fits;
mod read;
mod usual;

pub use fits::{fits, holds};
pub(crate) use read::{open_signatures, quoted};
pub use read::{promotion_text, signature_text};
pub use usual::usual;

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
        return Ok(match partner.waits_for_authorization(on).is_empty() {
            true => "no third party".to_string(),
            false => "no third party, but no authorization names its accounts yet".to_string(),
        });
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
