//! Alerts: what a person hears of, gathered for some minutes and sent to whom the profile names.
//!
//! A step that finds something brings a job, and that job writes a line of the audit, whoever is told.
//! The lines of one event and partner within a window are sent together when it has ended: by a job
//! for each way, which its own worker takes, so that a receiver who does not answer holds up nothing.

mod send;
mod words;

use jiff::{SignedDuration, Timestamp};
use tieline_partner::PartnerBook;
use tieline_partner::profile::{Alerts, Event};
use tieline_partner::secret::SecretName;
use tieline_store::access::AuditFilter;
use tieline_store::job::{Claimed, NewJob};
use tieline_store::{AuditEntry, Change};
use tieline_transport::mail::Security;

use crate::house::House;
use crate::steps::{Failure, Step, TELL, job};

pub(crate) use send::step as tell;
pub use send::{Tried, test};

/// What the lines of the audit are called.
const ACTION: &str = "alert";
/// How long after a window its lines are all there, in seconds.
const SLACK: i64 = 5;
/// The most lines that are counted for one alert.
const MOST: u32 = 1_000;

/// How alerts are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The server that takes our mail; none is sent without it.
    pub mail: Option<MailServer>,
    /// Seconds within which what is told of one event and partner is told together; 1 at least.
    pub gather: u32,
}

impl Default for Settings {
    /// No mail, two minutes.
    fn default() -> Settings {
        Settings { mail: None, gather: 120 }
    }
}

/// A server that takes mail for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept from others.
    pub security: Security,
    /// The name to log in with, and where its password is kept.
    pub login: Option<(String, SecretName)>,
    /// Whose the mails are.
    pub from: String,
    /// PEM of the certificates its server is known by; the system's when `None`.
    pub roots: Option<Vec<u8>>,
}

/// A way to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A document is posted to an address.
    Webhook,
    /// A mail is sent.
    Mail,
}

impl Way {
    const ALL: [Way; 2] = [Way::Webhook, Way::Mail];

    /// `webhook` or `mail`.
    pub fn word(self) -> &'static str {
        match self {
            Way::Webhook => "webhook",
            Way::Mail => "mail",
        }
    }

    fn is_open(self, house: &House, alerts: &Alerts) -> bool {
        match self {
            Way::Webhook => alerts.webhook.is_some(),
            Way::Mail => !alerts.email.is_empty() && house.alerts.mail.is_some(),
        }
    }
}

/// What an alert is about, worked out from the detail of its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) event: Event,
    pub(crate) partner: Option<String>,
}

/// How details begin, and which event that is. What no line names was given up.
const BEGINNINGS: [(&str, Event); 14] = [
    ("held ", Event::Held),
    ("conflict ", Event::Held),
    ("rejected ", Event::Rejected),
    ("business ", Event::Business),
    ("dead ", Event::Failed),
    ("not delivered ", Event::Failed),
    ("not sent ", Event::Failed),
    ("receipt not sent ", Event::Failed),
    ("overdue ", Event::LateAcknowledgment),
    ("due soon ", Event::LateAcknowledgment),
    ("expected file ", Event::LateFile),
    ("login ", Event::Login),
    ("ending ", Event::Expiry),
    ("call ", Event::Failed),
];

impl About {
    pub(crate) fn of(detail: &str, book: &PartnerBook) -> About {
        let begins = BEGINNINGS.iter().find(|(beginning, _)| detail.starts_with(beginning));
        let (rest, mut event) = match begins {
            Some((beginning, event)) => (&detail[beginning.len()..], *event),
            None => (detail, Event::Failed),
        };
        if detail.starts_with("call ") && detail.contains(": host key: ") {
            event = Event::HostKey;
        }
        let first = rest.split([' ', '/', ':', '\n']).next().unwrap_or_default();
        let named = book.find(first).or_else(|| {
            let path = rest.strip_prefix("folder ")?.split(": ").next()?;
            book.partners().iter().find(|partner| {
                partner.profile().folders.iter().any(|it| it.path.as_os_str() == path)
            })
        });
        About { event, partner: named.map(|partner| partner.profile().id.clone()) }
    }

    /// Who is told: whom the partner names, else whom the utility does.
    fn told<'b>(&self, book: &'b PartnerBook) -> Option<&'b Alerts> {
        let names = |alerts: &&Alerts| !alerts.email.is_empty() || alerts.webhook.is_some();
        let partner = self.partner.as_deref().and_then(|id| book.find(id));
        let theirs = partner.map(|partner| &partner.profile().alerts).filter(names);
        theirs.or_else(|| book.utility().map(|us| &us.alerts).filter(names))
    }

    /// The partner's id, or the word for our own house.
    fn whose(&self) -> &str {
        self.partner.as_deref().unwrap_or("utility")
    }
}

/// The lines of one event and partner between two instants.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Window {
    about: About,
    from: Timestamp,
    until: Timestamp,
}

impl Window {
    /// The window that an instant is in.
    fn around(about: About, now: Timestamp, seconds: u32) -> Result<Window, Failure> {
        let length = i64::from(seconds.max(1));
        let from = now.as_second().div_euclid(length) * length;
        let at = |second| {
            let out = |_| Failure::Final("the clock is out of bounds".to_string());
            Timestamp::from_second(second).map_err(out)
        };
        Ok(Window { about, from: at(from)?, until: at(from + length)? })
    }

    fn job(&self, way: Way) -> NewJob {
        let (word, whose) = (way.word(), self.about.whose());
        let event = words::name(self.about.event);
        let name = format!("{word}\n{event}\n{whose}\n{}\n{}", self.from, self.until);
        NewJob {
            due: Some(self.until + SignedDuration::from_secs(SLACK)),
            unique: Some(format!("tell {}", name.replace('\n', " "))),
            detail: name,
            ..job(TELL)
        }
    }

    /// What a job says.
    fn read(detail: &str) -> Option<(Way, Window)> {
        let mut lines = detail.lines();
        let (word, event, whose) = (lines.next()?, lines.next()?, lines.next()?);
        let way = Way::ALL.into_iter().find(|way| way.word() == word)?;
        let partner = (whose != "utility").then(|| whose.to_string());
        let about = About { event: words::event(event)?, partner };
        let (from, until) = (lines.next()?.parse().ok()?, lines.next()?.parse().ok()?);
        Some((way, Window { about, from, until }))
    }

    /// The lines in it, the first one first.
    async fn lines(&self, house: &House) -> Result<Vec<AuditEntry>, Failure> {
        let filter = AuditFilter {
            action: Some(ACTION.to_string()),
            since: Some(self.from),
            ..AuditFilter::default()
        };
        let book = house.book();
        let mut lines = house.store.audited(&filter, MOST).await?;
        lines.retain(|line| {
            line.at.is_some_and(|at| at < self.until)
                && About::of(&line.detail, &book) == self.about
        });
        lines.reverse();
        Ok(lines)
    }
}

/// Writes down what a person is told, and has it sent.
pub(crate) async fn note(house: &House, claimed: &Claimed) -> Result<Step, Failure> {
    let subject = claimed.message.map_or_else(|| "-".to_string(), |message| message.to_string());
    tracing::warn!(message = subject, "{}", claimed.detail);
    let now = house.store.now().await?;
    let entry = AuditEntry {
        at: Some(now),
        actor: "tieline".to_string(),
        action: ACTION.to_string(),
        subject,
        detail: claimed.detail.clone(),
    };
    let mut change = Change { audit: vec![entry], ..Change::default() };
    let book = house.book();
    let about = About::of(&claimed.detail, &book);
    if let Some(told) = about.told(&book).filter(|told| told.on.contains(&about.event)) {
        let window = Window::around(about.clone(), now, house.alerts.gather)?;
        let open = Way::ALL.into_iter().filter(|way| way.is_open(house, told));
        change.jobs.extend(open.map(|way| window.job(way)));
    }
    Ok(Step::done(change))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn book() -> PartnerBook {
        let partners = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../partners");
        PartnerBook::load(&partners).expect("the partners of the repository are good")
    }

    #[test]
    fn what_is_told_is_an_event_of_a_partner() {
        let book = book();
        for (detail, event, partner) in [
            ("held prairie-power", Event::Held, Some("prairie-power")),
            ("held nobody", Event::Held, None),
            ("rejected redriver-bank", Event::Rejected, Some("redriver-bank")),
            ("due soon prairie-power", Event::LateAcknowledgment, Some("prairie-power")),
            (
                "expected file redriver-bank: payments has not come",
                Event::LateFile,
                Some("redriver-bank"),
            ),
            ("call prairie-power/drop desk: login: refused", Event::Failed, Some("prairie-power")),
            (
                "call prairie-power/drop desk: host key: h shows a and is pinned to b",
                Event::HostKey,
                Some("prairie-power"),
            ),
            ("folder /srv/gone: it cannot be read", Event::Failed, None),
            (
                "prairie-power/867: the step release was given up",
                Event::Failed,
                Some("prairie-power"),
            ),
        ] {
            let partner = partner.map(str::to_string);
            assert_eq!(About::of(detail, &book), About { event, partner }, "{detail}");
        }
    }

    #[test]
    fn a_window_is_read_from_its_job() {
        let about = About { event: Event::Held, partner: Some("prairie-power".to_string()) };
        let now = "2026-04-03T15:01:59.5Z".parse().expect("an instant");
        let window = Window::around(about, now, 120).expect("the clock is in bounds");
        assert_eq!(window.until.to_string(), "2026-04-03T15:02:00Z");
        assert_eq!(Window::read(&window.job(Way::Mail).detail), Some((Way::Mail, window)));
    }
}
