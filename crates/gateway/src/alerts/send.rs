//! One alert on its way: posted or mailed, tried again for a day, and then given up where it shows.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tieline_partner::profile::{Alerts, Event};
use tieline_partner::secret::SecretName;
use tieline_store::Change;
use tieline_store::job::{Claimed, End};
use tieline_transport::as2::Url;
use tieline_transport::as2::client::{
    ClientTls, Destination, Roots, Secret, Step as Stage, StepResult, Timeouts, TlsError,
};
use tieline_transport::mail::{self, Mail, Security, Server};
use tieline_transport::webhook::{self, Key, Webhook};

use super::words::Alert;
use super::{About, MailServer, Way, Window};
use crate::house::House;
use crate::steps::{Failure, Step};

/// How long a receiver may take for each stage.
const PATIENCE: Duration = Duration::from_secs(15);
/// The first wait after a try that failed, in seconds; each further one is twice as long.
const FIRST_WAIT: i64 = 15;
/// The longest wait, in seconds.
const LONGEST_WAIT: i64 = 1_800;
/// How long it is tried.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(24);

/// What came of sending a test by one way.
#[derive(Debug)]
pub struct Tried {
    /// By which way.
    pub way: Way,
    /// What happened, stage by stage, or why nobody was called.
    pub stages: Result<Vec<Stage>, String>,
}

impl Tried {
    /// Whether it arrived.
    pub fn is_sent(&self) -> bool {
        self.stages.as_ref().is_ok_and(|stages| stages.iter().all(Stage::is_done))
    }
}

/// Sends a test to whom the partner names, or the utility when `None`, by every way. There are none
/// when nobody is named.
pub async fn test(house: &House, partner: Option<&str>) -> Vec<Tried> {
    let about = About { event: Event::Failed, partner: partner.map(str::to_string) };
    let now = Timestamp::now();
    let window = Window { about, from: now, until: now };
    let id = format!("test-{}-{}", window.about.whose(), now.as_microsecond());
    let book = house.book();
    let Some(told) = window.about.told(&book) else { return Vec::new() };
    let alert = Alert { id: &id, window: &window, lines: &[], node: &house.node, is_test: true };
    let mut all = Vec::new();
    for way in Way::ALL {
        let is_named = match way {
            Way::Webhook => told.webhook.is_some(),
            Way::Mail => !told.email.is_empty(),
        };
        if is_named {
            all.push(Tried { way, stages: send(house, way, told, &alert).await });
        }
    }
    all
}

/// Sends the lines of a window.
pub(crate) async fn step(house: &House, claimed: &Claimed) -> Result<Step, Failure> {
    let wrong = || Failure::Final("the job names no alert".to_string());
    let (way, window) = Window::read(&claimed.detail).ok_or_else(wrong)?;
    let book = house.book();
    let lines = window.lines(house).await?;
    // Nobody may be named any more.
    let told = window.about.told(&book).filter(|told| way.is_open(house, told));
    let Some(told) = told.filter(|_| !lines.is_empty()) else {
        return Ok(Step::done(Change::default()));
    };
    let (event, whose) = (super::words::name(window.about.event), window.about.whose());
    let id = format!("alert-{event}-{whose}-{}-{}", window.from.as_second(), claimed.lease.job.0);
    let alert =
        Alert { id: &id, window: &window, lines: &lines, node: &house.node, is_test: false };
    let reason = match send(house, way, told, &alert).await {
        Ok(stages) => match stages.into_iter().find(|stage| !stage.is_done()) {
            None => return Ok(Step::done(Change::default())),
            Some(stage) => told_of(stage),
        },
        Err(reason) => reason,
    };
    let now = house.store.now().await?;
    let way = way.word();
    tracing::warn!(way, partner = whose, reason, "an alert is not sent");
    let end = match now.duration_since(window.until) < GIVEN_UP {
        true => End::Again { due: again_at(now, claimed.attempt), reason },
        false => End::Dead { reason },
    };
    Ok(Step { change: Change::default(), end })
}

fn told_of(stage: Stage) -> String {
    match stage.result {
        StepResult::Failed { words, fix, .. } => format!("{words}; {fix}"),
        StepResult::Done(word) => word,
    }
}

fn again_at(now: Timestamp, attempt: u32) -> Timestamp {
    let doublings = attempt.saturating_sub(1).min(20);
    now + SignedDuration::from_secs(FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT))
}

/// Sends it once. The error is why nobody was called.
async fn send(
    house: &House,
    way: Way,
    told: &Alerts,
    alert: &Alert<'_>,
) -> Result<Vec<Stage>, String> {
    match way {
        Way::Webhook => {
            let name = told.webhook.as_ref().ok_or("no webhook is named")?;
            let (destination, key) = receiver(house, name)?;
            let body = alert.document().to_string();
            let webhook = Webhook { id: alert.id.to_string(), at: Timestamp::now(), body };
            Ok(webhook::post(&destination, &key, &webhook).await)
        }
        Way::Mail => {
            let ours = house.alerts.mail.as_ref();
            let ours = ours.ok_or("tieline.toml names no mail server: write [mail]")?;
            let mail = Mail {
                from: ours.from.clone(),
                to: told.email.clone(),
                subject: alert.subject(),
                text: alert.text(),
                id: alert.id.to_string(),
                at: Timestamp::now(),
            };
            Ok(mail::send(&server(house, ours)?, &mail).await)
        }
    }
}

/// The address of a secret, and the key behind it.
fn receiver(house: &House, name: &SecretName) -> Result<(Destination, Key), String> {
    let secret = house.secrets.resolve(name).map_err(|error| error.to_string())?;
    let text = secret.expose_text().unwrap_or_default();
    let mut words = text.split_whitespace();
    let (Some(url), Some(key), None) = (words.next(), words.next(), words.next()) else {
        return Err(format!("{name}: write the address, a blank or line end, and the key"));
    };
    let url = url.parse::<Url>().map_err(|error| format!("{name}: {error}"))?;
    let key = Key::read(key).map_err(|error| format!("{name}: {error}"))?;
    let mut destination = Destination::new(url);
    destination.timeouts = Timeouts { connect: PATIENCE, idle: PATIENCE, answer: PATIENCE };
    if destination.url.is_tls {
        destination.tls = Some(tls(&Roots::System).map_err(|error| error.to_string())?);
    }
    Ok((destination, key))
}

fn server(house: &House, ours: &MailServer) -> Result<Server, String> {
    let login = ours.login.as_ref().map(|(user, name)| {
        let secret = house.secrets.resolve(name).map_err(|error| error.to_string())?;
        let text = secret.expose_text().ok_or_else(|| format!("{name}: it is no text"))?;
        Ok::<_, String>((user.clone(), Secret::new(text)))
    });
    let roots = match &ours.roots {
        Some(pem) => Roots::from_pem(pem).map_err(|error| format!("[mail] roots: {error}"))?,
        None => Roots::System,
    };
    let is_plain = ours.security == Security::None;
    let tls = (!is_plain).then(|| tls(&roots)).transpose().map_err(|error| error.to_string())?;
    Ok(Server {
        host: ours.host.clone(),
        port: ours.port,
        security: ours.security,
        tls,
        login: login.transpose()?,
        patience: PATIENCE,
    })
}

fn tls(roots: &Roots) -> Result<ClientTls, TlsError> {
    ClientTls::new(roots, None)
}
