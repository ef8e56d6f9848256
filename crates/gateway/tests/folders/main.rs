//! Folders of our own disks, exports, what is kept and for how long, and what is sent again.

#[allow(dead_code, reason = "it is what the tests of the road use")]
#[path = "../road/common.rs"]
mod common;

mod again;
mod exports;
mod extracts;
mod kept;
mod watched;

use std::fs;
use std::path::PathBuf;

use tieline_partner::PartnerBook;
use tieline_store::access::AuditFilter;
use tieline_store::options::{Clock, Options, ToldClock};

use crate::common::{Database, Gateway, sample};

/// A Friday, at ten in the morning in Chicago.
const FRIDAY: &str = "2026-04-03T15:00:00Z";
const AGGREGATOR: &str = "prairie-power";
const BANK: &str = "redriver-bank";

/// A gateway on a clock that is told.
async fn told() -> (Gateway, ToldClock) {
    let clock = ToldClock::new(FRIDAY.parse().expect("an instant"));
    let mut options = Options::default();
    options.clock = Clock::Told(clock.clone());
    (Gateway::open_with(Database::Sqlite, options).await, clock)
}

/// Usage reports as our own JSON has them, about an account that the aggregator may see.
fn usage() -> String {
    let reports = sample("867/interval-15-minute-spring-month.model.json");
    let reports: Vec<serde_json::Value> = serde_json::from_str(&reports).expect("it is JSON");
    let records = reports.into_iter().map(|report| serde_json::json!({ "usage_report": report }));
    serde_json::Value::from_iter(records).to_string().replace("4410055010", "0004217790")
}

impl Gateway {
    /// A new folder of this gateway's disks.
    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.path(name);
        fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    /// Goes on with more in a file of the partners' folder: `utility.toml`, or a profile.
    fn write_more(&self, file: &str, more: &str) {
        self.rewrite(file, |text| text + more);
    }

    /// Goes on with another text of a file of the partners' folder.
    fn rewrite(&self, file: &str, change: impl FnOnce(String) -> String) {
        let partners = self.path("partners");
        let path = partners.join(file);
        let text = fs::read_to_string(&path).expect("the file is there");
        fs::write(&path, change(text)).expect("it can be written");
        self.house.turn_to(PartnerBook::load(&partners).expect("good partner files"));
    }

    /// The details of the alerts until now, the latest first.
    async fn alerts(&self) -> Vec<String> {
        let filter = AuditFilter { action: Some("alert".to_string()), ..AuditFilter::default() };
        let alerts = self.store().audited(&filter, 100).await.expect("the store works");
        alerts.into_iter().map(|it| it.detail).collect()
    }
}

/// The files in a folder by name, without hidden ones and folders.
fn files(folder: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("it can be listed"))
        .filter(|entry| entry.path().is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
