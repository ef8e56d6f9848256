//! Who is told when something is late or wrong, and how long things are kept: `[alerts]` and
//! `[retention]`.

use super::contact::check_email;
use crate::amount;
use crate::secret::SecretName;
use crate::shape::{Kind, SECRET_FORM, Section, TIME_FORM, may, words};
use crate::toml_file::{Faults, Table};

const EVENTS: [(&str, Event); 9] = [
    ("late-file", Event::LateFile),
    ("late-acknowledgment", Event::LateAcknowledgment),
    ("rejected", Event::Rejected),
    ("held", Event::Held),
    ("failed", Event::Failed),
    ("host-key", Event::HostKey),
    ("login", Event::Login),
    ("expiry", Event::Expiry),
    ("business", Event::Business),
];

pub(crate) const ALERTS: Section = Section {
    name: "[alerts]",
    keys: &[
        may("email", Kind::Texts, "Mail addresses; nobody's when left out."),
        may(
            "webhook",
            Kind::Form(SECRET_FORM),
            "The name of a secret: the address that is called, with the key that signs it.",
        ),
        may(
            "warn_before",
            Kind::Form(TIME_FORM),
            "How long before a deadline somebody is warned; 2h when left out.",
        ),
        may(
            "on",
            Kind::ManyWords(|| words(&EVENTS)),
            "What is told: late-file, late-acknowledgment, rejected, held, failed, host-key, login, expiry, business; all but login when left out.",
        ),
    ],
};

pub(crate) const RETENTION: Section = Section {
    name: "[retention]",
    keys: &[
        may(
            "messages",
            Kind::Count(36_500),
            "Days that interchanges are kept as they came and went; 2557, seven years, when left out.",
        ),
        may(
            "records",
            Kind::Count(36_500),
            "Days that usage, bills and payments are kept; 2557 when left out.",
        ),
        may("tests", Kind::Count(36_500), "Days that test traffic is kept; 90 when left out."),
        may(
            "files",
            Kind::Count(36_500),
            "Days that a file lies in a mailbox once the partner has fetched it; 30 when left out.",
        ),
    ],
};

/// Who is told, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alerts {
    /// Mail addresses.
    pub email: Vec<String>,
    /// Where the address to call and the key that signs are kept.
    pub webhook: Option<SecretName>,
    /// Seconds before a deadline at which somebody is warned.
    pub warn_before: u32,
    /// What is told.
    pub on: Vec<Event>,
}

/// Something that somebody may want to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A file that is expected is late, empty, or of an unlikely size.
    LateFile,
    /// An acknowledgment is overdue.
    LateAcknowledgment,
    /// The partner rejected what we sent, or we what it sent.
    Rejected,
    /// Something waits for a decision: a number used twice with other content, for one.
    Held,
    /// Something was given up after all its tries.
    Failed,
    /// A server showed another key.
    HostKey,
    /// A login was refused again and again.
    Login,
    /// A key, a certificate or an authorization ends soon.
    Expiry,
    /// A document keeps the standard and cannot be right.
    Business,
}

/// How long things are kept, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Interchanges as they came and went.
    pub messages: u32,
    /// Usage, bills and payments.
    pub records: u32,
    /// Test traffic.
    pub tests: u32,
    /// Files in a mailbox that the partner has fetched.
    pub files: u32,
}

impl Default for Alerts {
    fn default() -> Alerts {
        let all = EVENTS.iter().map(|(_, event)| *event);
        Alerts {
            email: Vec::new(),
            webhook: None,
            warn_before: 7_200,
            on: all.filter(|event| *event != Event::Login).collect(),
        }
    }
}

impl Default for Retention {
    fn default() -> Retention {
        Retention { messages: 2_557, records: 2_557, tests: 90, files: 30 }
    }
}

pub(crate) fn read_alerts(file: &Table<'_>, faults: &mut Faults<'_>) -> Alerts {
    let usual = Alerts::default();
    let Some(table) = file.section("alerts", &ALERTS, faults) else { return usual };
    let email = table.texts("email", faults).map(|at| at.value).unwrap_or_default();
    email.iter().for_each(|at| check_email(at, faults));
    let warn_before = table.parsed("warn_before", amount::seconds, faults);
    Alerts {
        email: email.into_iter().map(|at| at.value).collect(),
        webhook: table.secret("webhook", faults),
        warn_before: warn_before.map_or(usual.warn_before, |at| at.value),
        on: table.many_words("on", &EVENTS, faults).unwrap_or(usual.on),
    }
}

pub(crate) fn read_retention(file: &Table<'_>, faults: &mut Faults<'_>) -> Retention {
    let usual = Retention::default();
    let Some(table) = file.section("retention", &RETENTION, faults) else { return usual };
    let mut days =
        |key: &str, usual: u32| table.count(key, 36_500, faults).map_or(usual, |at| at.value);
    Retention {
        messages: days("messages", usual.messages),
        records: days("records", usual.records),
        tests: days("tests", usual.tests),
        files: days("files", usual.files),
    }
}
