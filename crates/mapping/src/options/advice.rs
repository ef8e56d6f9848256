//! Options of an 824.

use serde::{Deserialize, Serialize};
use tieline_model::advice::{ExpectedAction, Verdict};
use tieline_model::common::{EventKind, Purpose, ReferenceKind};

use crate::code_map::CodeMap;

/// One partner's codes and habits in an 824.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdviceOptions {
    /// `BGN01`. The common `purposes` are asked after it.
    pub purposes: CodeMap<Purpose>,
    /// `BGN08`.
    pub expected: CodeMap<ExpectedAction>,
    /// `OTI01`.
    pub verdicts: CodeMap<Verdict>,
    /// `OTI02` and `REF01`: what a number of an 824 is the number of. The common `references` are
    /// asked after it.
    pub numbers: CodeMap<ReferenceKind>,
    /// `DTM01`. The common `events` are asked after it.
    pub events: CodeMap<EventKind>,
    /// The sets of which a part may be rejected; the others are accepted or rejected as a whole.
    pub partly: Vec<String>,
    /// `TED01` before a reason of the trade in `TED02`.
    pub error: String,
    /// The reasons that this partner says in other words.
    pub reasons: Vec<ReasonCode>,
    /// `NTE01` of the words of a reason.
    pub note: String,
}

/// How one partner says a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonCode {
    /// The reason as the trade says it, e.g. `A76`.
    pub reason: String,
    /// `TED01`.
    pub error: String,
    /// `TED02`; nothing if the code in `TED01` says it all.
    #[serde(default)]
    pub code: Option<String>,
}

impl Default for AdviceOptions {
    fn default() -> AdviceOptions {
        AdviceOptions {
            purposes: CodeMap::of(&[(Purpose::Response, &["11"])]),
            expected: CodeMap::of(&[
                (ExpectedAction::Resend, &["82"]),
                (ExpectedAction::DoNotResend, &["EV"]),
                (ExpectedAction::Nothing, &["CF"]),
            ]),
            verdicts: CodeMap::of(&[
                (Verdict::Accepted, &["TA", "TE"]),
                (Verdict::AcceptedWithChanges, &["TC"]),
                (Verdict::Rejected, &["TR"]),
                (Verdict::PartlyRejected, &["TP"]),
                (Verdict::ItemAccepted, &["IA", "IE"]),
                (Verdict::ItemRejected, &["IR"]),
            ]),
            numbers: CodeMap::of(&[
                (ReferenceKind::OriginalDocument, &["TN"]),
                (ReferenceKind::Account, &["12"]),
                (ReferenceKind::SupplierAccount, &["11"]),
                (ReferenceKind::FormerAccount, &["45"]),
            ]),
            events: CodeMap::of(&[(EventKind::Start, &["150"]), (EventKind::End, &["151"])]),
            partly: vec!["820".into()],
            error: "848".into(),
            reasons: Vec::new(),
            note: "ADD".into(),
        }
    }
}
