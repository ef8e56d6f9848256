//! An alert in words: as a mail, and as a JSON document. No customer is named in either.

use jiff::Timestamp;
use serde_json::{Value, json};
use tieline_partner::profile::Event;
use tieline_store::AuditEntry;

use super::{MOST, Window};

/// How many lines are told of the many that were counted.
const SHOWN: usize = 20;
/// The most characters of one of them.
const LONGEST: usize = 300;

/// The word of each event in a profile, what it means, and what to do.
const EVENTS: [(Event, &str, &str, &str); 9] = [
    (
        Event::LateFile,
        "late-file",
        "an expected file is late or not right",
        "ask the partner for it",
    ),
    (
        Event::LateAcknowledgment,
        "late-acknowledgment",
        "an acknowledgment is overdue, or soon will be",
        "tieline msg show MESSAGE; then ask the partner",
    ),
    (
        Event::Rejected,
        "rejected",
        "a document was rejected",
        "tieline msg list --state rejected --state refused",
    ),
    (
        Event::Held,
        "held",
        "something waits for a decision",
        "tieline msg list --state held; mend the cause, then tieline msg reprocess",
    ),
    (Event::Failed, "failed", "something cannot be done", "tieline doctor says what to do"),
    (
        Event::HostKey,
        "host-key",
        "a server shows another host key; it is not called any more",
        "ask the partner by telephone; then tieline schedule resume",
    ),
    (Event::Login, "login", "logins were refused again and again", "tieline ban list"),
    (Event::Expiry, "expiry", "something ends soon", "tieline doctor says what"),
    (
        Event::Business,
        "business",
        "a document keeps the standard and cannot be right; an 824 tells the partner",
        "tieline msg show MESSAGE",
    ),
];

/// The word of an event.
pub(super) fn name(event: Event) -> &'static str {
    EVENTS.iter().find(|row| row.0 == event).map_or("other", |row| row.1)
}

/// The event of a word.
pub(super) fn event(word: &str) -> Option<Event> {
    EVENTS.iter().find(|row| row.1 == word).map(|row| row.0)
}

fn means(event: Event) -> (&'static str, &'static str) {
    EVENTS.iter().find(|row| row.0 == event).map_or(("", ""), |row| (row.2, row.3))
}

/// One alert: how many lines there were in a window, and the first of them.
pub(super) struct Alert<'a> {
    pub(super) id: &'a str,
    pub(super) window: &'a Window,
    pub(super) lines: &'a [AuditEntry],
    pub(super) node: &'a str,
    /// Whether it only tries out whether it arrives.
    pub(super) is_test: bool,
}

impl Alert<'_> {
    fn count(&self) -> String {
        match self.lines.len() >= MOST as usize {
            true => format!("{MOST} or more"),
            false => self.lines.len().to_string(),
        }
    }

    pub(super) fn subject(&self) -> String {
        let (event, whose) = (name(self.window.about.event), self.window.about.whose());
        match self.is_test {
            true => format!("Tieline: a test of alerts, {whose}"),
            false => format!("Tieline: {event} {whose}, {}", self.count()),
        }
    }

    /// The text of a mail.
    pub(super) fn text(&self) -> String {
        if self.is_test {
            return format!(
                "This is a test. Whoever reads it gets the alerts of {}.\n",
                self.window.about.whose()
            );
        }
        let (what, fix) = means(self.window.about.event);
        let mut text = format!("{}: {what}, {}\n\n", self.window.about.whose(), self.count());
        for line in self.lines.iter().take(SHOWN) {
            let at = line.at.map(|at| at.strftime("%Y-%m-%d %H:%M:%SZ ").to_string());
            let (at, detail) = (at.unwrap_or_default(), shown(&line.detail));
            text += &match line.subject.as_str() {
                "-" => format!("{at} {detail}\n"),
                message => format!("{at} {message} {detail}\n"),
            };
        }
        if self.lines.len() > SHOWN {
            text += &format!("and {} more\n", self.lines.len() - SHOWN);
        }
        text + &format!("\nWhat to do: {fix}\nTold by {}.\n", self.node)
    }

    /// The document of a webhook.
    pub(super) fn document(&self) -> Value {
        let (what, fix) = means(self.window.about.event);
        let event = if self.is_test { "test" } else { name(self.window.about.event) };
        let second = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let lines = self.lines.iter().take(SHOWN).map(|line| {
            let message = (line.subject != "-").then_some(&line.subject);
            json!({
                "at": line.at.map(second),
                "message": message,
                "detail": shown(&line.detail),
            })
        });
        json!({
            "type": format!("alert.{event}"),
            "id": self.id,
            "timestamp": second(self.window.until),
            "data": {
                "event": event,
                "partner": self.window.about.partner,
                "count": self.lines.len(),
                "from": second(self.window.from),
                "until": second(self.window.until),
                "meaning": if self.is_test { "a test of alerts" } else { what },
                "what_to_do": if self.is_test { "nothing" } else { fix },
                "lines": lines.collect::<Vec<Value>>(),
                "node": self.node,
            },
        })
    }
}

/// A detail in one line that is not long.
fn shown(detail: &str) -> String {
    let line = detail.replace(char::is_control, " ");
    match line.char_indices().nth(LONGEST) {
        None => line,
        Some((end, _)) => format!("{}…", &line[..end]),
    }
}
