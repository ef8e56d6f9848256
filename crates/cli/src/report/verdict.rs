//! What a file comes to: how much is in it, what is wrong, and how it would be answered.

use std::collections::BTreeSet;
use std::time::Duration;

use tieline_mapping::business;
use tieline_x12::check::Totals;
use tieline_x12::finding::Severity;
use tieline_x12::observer::{GroupOutcome, InterchangeOutcome};

use crate::exit;
use crate::failure::Failure;
use crate::report::{BusinessCount, Count};

/// What a file comes to.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    /// The file, as reports call it.
    pub(crate) file: String,
    pub(crate) totals: Totals,
    /// All findings, told or not.
    pub(crate) count: Count,
    /// Those the report leaves out.
    pub(crate) suppressed: Count,
    /// Transaction sets with errors.
    pub(crate) wrong_sets: u64,
    /// Nothing is wrong with any set, group or interchange.
    pub(crate) accepted: bool,
    pub(crate) answer: Answer,
    /// All business findings, told or not.
    pub(crate) business: BusinessCount,
    /// Those the report leaves out.
    pub(crate) business_suppressed: BusinessCount,
    /// Every kind of business finding there was.
    pub(crate) business_codes: BTreeSet<(business::Code, business::Severity)>,
    /// Every kind of finding there was, by its number.
    pub(crate) codes: BTreeSet<(Severity, u16)>,
    /// The guides that sets were judged by.
    pub(crate) guides: BTreeSet<String>,
    /// Why the file could not be read.
    pub(crate) failure: Option<Failure>,
    pub(crate) took: Duration,
    /// A group or an interchange has something wrong with itself.
    envelope_is_wrong: bool,
}

/// How a file would be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Answer {
    /// The note code of the first TA1 that refuses an interchange.
    pub(crate) ta105: Option<&'static str>,
    /// What all 997 together come to; none when no group is to be answered.
    pub(crate) groups: Option<Answered>,
}

/// What a 997 says of a group, `AK901`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    /// `A`
    Accepted,
    /// `P`
    Partly,
    /// `R`
    Rejected,
}

impl Answered {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Answered::Accepted => "A",
            Answered::Partly => "P",
            Answered::Rejected => "R",
        }
    }

    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Answered::Accepted => "accepted",
            Answered::Partly => "partly accepted",
            Answered::Rejected => "rejected",
        }
    }
}

impl Verdict {
    pub(super) fn new(file: String) -> Verdict {
        Verdict {
            file,
            totals: Totals::default(),
            count: Count::default(),
            suppressed: Count::default(),
            wrong_sets: 0,
            accepted: false,
            answer: Answer::default(),
            business: BusinessCount::default(),
            business_suppressed: BusinessCount::default(),
            business_codes: BTreeSet::new(),
            codes: BTreeSet::new(),
            guides: BTreeSet::new(),
            failure: None,
            took: Duration::ZERO,
            envelope_is_wrong: false,
        }
    }

    pub(super) fn hear_group(&mut self, outcome: &GroupOutcome) {
        let is_whole = outcome.faults.is_empty();
        self.envelope_is_wrong |= !is_whole;
        // An acknowledgment is never acknowledged.
        if outcome.functional_id == b"FA" {
            return;
        }
        let here = match (is_whole, outcome.clean) {
            (true, clean) if clean == outcome.received => Answered::Accepted,
            (false, _) | (_, 0) => Answered::Rejected,
            _ => Answered::Partly,
        };
        self.answer.groups = match self.answer.groups {
            Some(before) if before != here => Some(Answered::Partly),
            _ => Some(here),
        };
    }

    pub(super) fn hear_interchange(&mut self, outcome: &InterchangeOutcome) {
        self.envelope_is_wrong |= outcome.fault.is_some() || !outcome.whole;
        let code = outcome.fault.and_then(|codes| codes.ta105);
        self.answer.ta105 = self.answer.ta105.or(code);
    }

    /// Draws the conclusion, of which so many findings were told.
    pub(super) fn settle(&mut self, told: Count, business_told: BusinessCount) {
        self.business_suppressed = BusinessCount {
            errors: self.business.errors - business_told.errors,
            warnings: self.business.warnings - business_told.warnings,
            infos: self.business.infos - business_told.infos,
        };
        self.suppressed = Count {
            errors: self.count.errors - told.errors,
            warnings: self.count.warnings - told.warnings,
        };
        self.accepted = self.failure.is_none()
            && !self.totals.not_x12
            && !self.envelope_is_wrong
            && self.wrong_sets == 0
            && self.count.errors == 0;
    }

    /// The exit code the file leads to.
    pub(crate) fn exit_code(&self, deny_warnings: bool) -> u8 {
        match &self.failure {
            Some(failure) => failure.code,
            None if self.totals.not_x12 => exit::NOT_EDI,
            None if !self.accepted => exit::FINDINGS,
            None if self.business.errors > 0 => exit::FINDINGS,
            None if deny_warnings && self.count.warnings + self.business.warnings > 0 => {
                exit::FINDINGS
            }
            None => exit::ACCEPTED,
        }
    }
}
