//! The schedules: what is planned for partners is begun when its time comes, each instant once.
//!
//! Every node looks; the store lets one of them begin. A schedule that has never run is looked at
//! from when the node started, so that a new one does not catch up on what was before it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tieline_partner::PartnerBook;
use tieline_partner::profile::{Direction, Status};
use tieline_partner::schedule::Schedule;
use tieline_store::StoreError;
use tieline_store::job::NewJob;
use tieline_store::schedule::Run;
use tokio::sync::watch;

use crate::house::House;
use crate::steps::{self, CALL, EXPORT, RELEASE, job};

/// How often the schedules are looked at.
const EVERY: Duration = Duration::from_secs(5);

/// Something that is planned.
pub struct Planned<'b> {
    /// The name of the schedule, e.g. `prairie-power/867` or `redriver-bank/drop statements`.
    pub name: String,
    /// When it runs.
    pub schedule: &'b Schedule,
    /// The step that does it.
    pub(crate) kind: &'static str,
}

/// Everything that is planned for the partners we trade with, by partner and name.
pub fn planned(book: &PartnerBook) -> Vec<Planned<'_>> {
    let mut all = Vec::new();
    for partner in book.partners() {
        let profile = partner.profile();
        if !matches!(profile.status, Status::Testing | Status::Live) {
            continue;
        }
        let id = &profile.id;
        for document in &profile.documents {
            if let (Direction::Out, true, Some(schedule)) =
                (document.direction, document.enabled, &document.schedule)
            {
                let name = format!("{id}/{}", document.set);
                all.push(Planned { name, schedule, kind: RELEASE });
            }
        }
        for export in profile.exports.iter().filter(|export| export.enabled) {
            if let Some(schedule) = &export.schedule {
                let name = steps::export::name(profile, export);
                all.push(Planned { name, schedule, kind: EXPORT });
            }
        }
        for drop in profile.drops.iter().filter(|drop| drop.enabled) {
            let name = format!("{id}/drop {}", drop.name);
            all.push(Planned { name, schedule: &drop.schedule, kind: CALL });
        }
    }
    all
}

/// The job that a run of a schedule is.
pub fn job_of(planned: &Planned<'_>) -> NewJob {
    NewJob {
        detail: planned.name.clone(),
        unique: Some(format!("{} {}", planned.kind, planned.name)),
        ..job(planned.kind)
    }
}

/// Begins every run whose time has come since `from` or the last one, and says how many.
///
/// # Errors
///
/// When the store fails.
pub async fn begin_due(house: &House, from: Timestamp) -> Result<u64, StoreError> {
    let now = house.store.now().await?;
    let last: BTreeMap<String, Timestamp> =
        house.store.last_runs().await?.into_iter().map(|run| (run.schedule, run.planned)).collect();
    let book = house.book();
    let mut begun = 0;
    for planned in planned(&book) {
        let last = last.get(&planned.name).copied().unwrap_or(from);
        for instant in planned.schedule.due(last, now) {
            let run = Run { schedule: planned.name.clone(), planned: instant };
            begun += u64::from(house.store.begin_run(&run, job_of(&planned)).await?);
        }
    }
    Ok(begun)
}

/// Looks at the schedules again and again until `stop` says true.
pub async fn run(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    let from = house.store.now().await.unwrap_or_else(|_| Timestamp::now());
    while !*stop.borrow() {
        if let Err(error) = begin_due(&house, from).await {
            tracing::error!(%error, "the schedules cannot be looked at");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}
