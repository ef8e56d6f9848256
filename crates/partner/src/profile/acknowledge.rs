//! Which acknowledgments go to and fro, and until when: `[x12.acknowledge]`.

use crate::amount::{self, Within};
use crate::shape::{Kind, Section, TIME_FORM, may, words};
use crate::toml_file::{Faults, Table};

pub(crate) const KINDS: [(&str, AcknowledgmentKind); 3] = [
    ("997", AcknowledgmentKind::Functional),
    ("999", AcknowledgmentKind::Implementation),
    ("none", AcknowledgmentKind::None),
];
const TA1S: [(&str, Ta1); 3] =
    [("asked", Ta1::Asked), ("always", Ta1::Always), ("never", Ta1::Never)];
const NUMBERS: [(&str, ResendNumber); 2] =
    [("same", ResendNumber::Same), ("new", ResendNumber::New)];

pub(crate) const ACKNOWLEDGE: Section = Section {
    name: "[x12.acknowledge]",
    keys: &[
        may(
            "send",
            Kind::Words(|| words(&KINDS)),
            "What we answer with: 997, 999 or none; 997 when left out.",
        ),
        may(
            "ta1",
            Kind::Words(|| words(&TA1S)),
            "When we send a TA1: asked (ISA14 is 1), always or never; asked when left out.",
        ),
        may(
            "expect",
            Kind::Words(|| words(&KINDS)),
            "What the partner answers with: 997, 999 or none; 997 when left out.",
        ),
        may(
            "within",
            Kind::Form(TIME_FORM),
            "How long its answer may take, e.g. 24h, 4 business hours, 1 business day; 24h when left out.",
        ),
        may(
            "accept_with_errors",
            Kind::Flag,
            "Whether a set with errors that do not hinder reading is accepted with E and not rejected; false when left out.",
        ),
        may(
            "advice",
            Kind::Flag,
            "Whether we send an 824 for what is wrong beyond the standard; true when left out.",
        ),
        may(
            "resend",
            Kind::Table(&RESEND),
            "What is sent again when the answer is overdue; nothing when left out.",
        ),
    ],
};

const RESEND: Section = Section {
    name: "[x12.acknowledge.resend]",
    keys: &[
        may(
            "times",
            Kind::CountOrNone(20),
            "How often at the most; 0 when left out: somebody is told and decides.",
        ),
        may("every", Kind::Form(TIME_FORM), "How long between; 24h when left out."),
        may(
            "control_number",
            Kind::Words(|| words(&NUMBERS)),
            "same, so that the partner sees a repeat, or new; same when left out.",
        ),
    ],
};

/// Which acknowledgments go to and fro.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledge {
    /// What we answer with.
    pub send: AcknowledgmentKind,
    /// When we send a TA1.
    pub ta1: Ta1,
    /// What the partner answers with, where a document says nothing else.
    pub expect: AcknowledgmentKind,
    /// How long its answer may take.
    pub within: Within,
    /// Whether a set with errors that do not hinder reading is accepted with `E`.
    pub accept_with_errors: bool,
    /// Whether we send an 824 for what is wrong beyond the standard.
    pub advice: bool,
    /// What is sent again when the answer is overdue.
    pub resend: Resend,
}

/// An acknowledgment of sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcknowledgmentKind {
    /// 997.
    Functional,
    /// 999.
    Implementation,
    /// None at all.
    None,
}

/// When a TA1 is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ta1 {
    /// When `ISA14` asks for it.
    Asked,
    /// For each interchange.
    Always,
    /// Never.
    Never,
}

/// What is sent again when an answer is overdue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resend {
    /// How often; 0 leaves it to somebody.
    pub times: u32,
    /// Seconds between.
    pub every: u32,
    /// By which number the partner knows it.
    pub control_number: ResendNumber,
}

/// The control number of what is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResendNumber {
    /// The same: a repeat.
    Same,
    /// A new one: another interchange.
    New,
}

impl Default for Acknowledge {
    fn default() -> Acknowledge {
        Acknowledge {
            send: AcknowledgmentKind::Functional,
            ta1: Ta1::Asked,
            expect: AcknowledgmentKind::Functional,
            within: Within::Seconds(86_400),
            accept_with_errors: false,
            advice: true,
            resend: Resend::default(),
        }
    }
}

impl Default for Resend {
    fn default() -> Resend {
        Resend { times: 0, every: 86_400, control_number: ResendNumber::Same }
    }
}

pub(crate) fn read_acknowledge(table: &Table<'_>, faults: &mut Faults<'_>) -> Acknowledge {
    let usual = Acknowledge::default();
    let within = table.parsed("within", str::parse::<Within>, faults);
    let resend = table.section("resend", &RESEND, faults).map(|table| {
        let every = table.parsed("every", amount::seconds, faults);
        Resend {
            times: table.count_or_none("times", 20, faults).unwrap_or(usual.resend.times),
            every: every.map_or(usual.resend.every, |every| every.value),
            control_number: table
                .word("control_number", &NUMBERS, faults)
                .unwrap_or(usual.resend.control_number),
        }
    });
    Acknowledge {
        send: table.word("send", &KINDS, faults).unwrap_or(usual.send),
        ta1: table.word("ta1", &TA1S, faults).unwrap_or(usual.ta1),
        expect: table.word("expect", &KINDS, faults).unwrap_or(usual.expect),
        within: within.map_or(usual.within, |within| within.value),
        accept_with_errors: table.flag("accept_with_errors", faults).unwrap_or(false),
        advice: table.flag("advice", faults).unwrap_or(usual.advice),
        resend: resend.unwrap_or(usual.resend),
    }
}
