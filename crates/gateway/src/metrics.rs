//! The figures of a gateway as the text that Prometheus reads.
//!
//! The store is asked for them at most every five seconds, and so seldom that it spends no more than a
//! twentieth of its time on it. Numbers are whole; instants are seconds since 1970.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tieline_store::{Store, StoreError};
use tieline_transport::sftp::audit::What;
use tokio::sync::Mutex;

use crate::house::House;

/// The least time between two questions.
const LEAST: Duration = Duration::from_secs(5);
/// How many times as long as the store took it is left alone.
const REST: u32 = 20;

/// Connections to our SFTP server since this node began to serve.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    opened: AtomicU64,
    ended: AtomicU64,
    logins: AtomicU64,
    refused: AtomicU64,
}

impl Sessions {
    pub(crate) fn note(&self, what: &What) {
        let counted = match what {
            What::Connected => &self.opened,
            What::Ended { .. } => &self.ended,
            What::LoggedIn { .. } => &self.logins,
            What::LoginRefused { .. } => &self.refused,
            _ => return,
        };
        counted.fetch_add(1, Ordering::Relaxed);
    }

    fn text(&self) -> String {
        let now = |counted: &AtomicU64| counted.load(Ordering::Relaxed);
        let ended = now(&self.ended);
        let mut open = Family::new("tieline_sftp_sessions", "gauge", "SFTP connections now.");
        open.row(&[], now(&self.opened).saturating_sub(ended));
        let mut logins =
            Family::new("tieline_sftp_logins_total", "counter", "Logins over SFTP, by result.");
        logins.row(&[("result", "accepted")], now(&self.logins));
        logins.row(&[("result", "refused")], now(&self.refused));
        open.text + &logins.text
    }
}

/// The figures of a store, kept for some seconds.
#[derive(Debug)]
pub(crate) struct Metrics {
    started: Timestamp,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug, Clone)]
struct Kept {
    asked: Instant,
    took: Duration,
    text: String,
}

impl Metrics {
    pub(crate) fn new() -> Metrics {
        Metrics { started: Timestamp::now(), kept: Mutex::default() }
    }

    /// The figures as text, with whether the store gave them.
    pub(crate) async fn text(&self, house: &House) -> String {
        let store = &*house.store;
        let mut text = self.own() + &house.sessions.text();
        let mut kept = self.kept.lock().await;
        let is_old = |kept: &Kept| kept.asked.elapsed() >= LEAST.max(kept.took * REST);
        let mut is_up = true;
        if kept.as_ref().is_none_or(is_old) {
            let asked = Instant::now();
            match figures(store).await {
                Ok(text) => *kept = Some(Kept { asked, took: asked.elapsed(), text }),
                Err(error) => {
                    tracing::warn!(%error, "the store gives no figures");
                    (*kept, is_up) = (None, false);
                }
            }
        }
        let mut up = Family::new("tieline_store_up", "gauge", "1 when the store gave its figures.");
        up.row(&[], u64::from(is_up));
        text += &up.text;
        text += kept.as_ref().map_or("", |kept| kept.text.as_str());
        text
    }

    /// What is known without the store.
    fn own(&self) -> String {
        let mut build = Family::new("tieline_build_info", "gauge", "1; the release is a label.");
        build.row(&[("version", env!("CARGO_PKG_VERSION"))], 1);
        let mut start = Family::new(
            "tieline_start_time_seconds",
            "gauge",
            "When this node began to serve, in seconds since 1970.",
        );
        start.row(&[], u64::try_from(self.started.as_second()).unwrap_or(0));
        let mut up =
            Family::new("tieline_uptime_seconds", "gauge", "How long this node has served.");
        let since = Timestamp::now().duration_since(self.started).as_secs();
        up.row(&[], u64::try_from(since).unwrap_or(0));
        build.text + &start.text + &up.text
    }
}

/// What the store knows.
async fn figures(store: &dyn Store) -> Result<String, StoreError> {
    const COUNTED: [(&str, &str, &str); 3] = [
        ("messages", "tieline_messages", "Messages by partner and state."),
        ("jobs", "tieline_jobs", "Steps that are not done, by kind and state."),
        (
            "expectations",
            "tieline_expectations",
            "Acknowledgments owed to us, by partner and state.",
        ),
    ];
    let figures = store.figures().await?;
    let mut text = String::new();
    for (name, family, help) in COUNTED {
        let mut family = Family::new(family, "gauge", help);
        for figure in figures.iter().filter(|figure| figure.name == name) {
            let labels: Vec<(&str, &str)> =
                figure.labels.iter().map(|(label, value)| (*label, value.as_str())).collect();
            family.row(&labels, figure.value);
        }
        text += &family.text;
    }
    let mut paused =
        Family::new("tieline_schedule_paused", "gauge", "1 for each schedule that is paused.");
    for (schedule, _) in store.pauses().await? {
        paused.row(&[("schedule", &schedule)], 1);
    }
    let mut last = Family::new(
        "tieline_schedule_last_run_timestamp_seconds",
        "gauge",
        "The last planned run of each schedule that was begun, in seconds since 1970.",
    );
    for run in store.last_runs().await? {
        let second = u64::try_from(run.planned.as_second()).unwrap_or(0);
        last.row(&[("schedule", &run.schedule)], second);
    }
    let mut bans = Family::new("tieline_bans", "gauge", "Addresses and logins that are kept out.");
    bans.row(&[], store.bans().await?.len() as u64);
    Ok(text + &paused.text + &last.text + &bans.text)
}

/// One name with its rows.
struct Family {
    name: &'static str,
    text: String,
}

impl Family {
    fn new(name: &'static str, kind: &str, help: &str) -> Family {
        Family { name, text: format!("# HELP {name} {help}\n# TYPE {name} {kind}\n") }
    }

    fn row(&mut self, labels: &[(&str, &str)], value: u64) {
        self.text += self.name;
        for (at, (label, value)) in labels.iter().enumerate() {
            let mark = if at == 0 { '{' } else { ',' };
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            // Writing to a string does not fail.
            let _ = write!(self.text, "{mark}{label}=\"{value}\"");
        }
        self.text += if labels.is_empty() { " " } else { "} " };
        let _ = writeln!(self.text, "{value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_label_may_not_hold_is_written_around() {
        let mut family = Family::new("tieline_bans", "gauge", "Help.");
        family.row(&[("schedule", "a \"b\" \\ c\nd"), ("state", "")], 7);
        let row = family.text.lines().last().expect("a row");
        assert_eq!(row, r#"tieline_bans{schedule="a \"b\" \\ c\nd",state=""} 7"#);
    }
}
