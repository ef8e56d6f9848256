//! What ends soon: customers' authorizations, keys and certificates, of partners and of ours.
//!
//! Each is told 60, 30, 14, 7 and 1 days ahead and when it has ended, once each, also after a node was
//! down on that day.

use tieline_partner::Expiry;
use tieline_store::StoreError;
use tieline_store::job::NewJob;
use tieline_store::schedule::Run;

use crate::house::House;
use crate::steps::{ALERT, job};

/// Whose the things are that are ours.
const OURSELVES: &str = "ourselves";

/// Begins the alert of everything that ends soon and was not told yet, and says how many there were.
pub(crate) async fn tell(house: &House) -> Result<u64, StoreError> {
    let today = house.local(house.store.now().await?).date();
    let book = house.book();
    let mut all: Vec<(&str, Expiry)> = Vec::new();
    for partner in book.partners() {
        let id = partner.profile().id.as_str();
        all.extend(partner.expiries(today).into_iter().map(|it| (id, it)));
    }
    all.extend(book.own_expiries(today).into_iter().map(|it| (OURSELVES, it)));
    let mut told = 0;
    for (whose, expiry) in all {
        let Some(days) = expiry.warning() else { continue };
        told += u64::from(begin(house, whose, &expiry, days).await?);
    }
    Ok(told)
}

/// The alert of one warning is the run of a schedule, planned for the day from which it is due.
async fn begin(house: &House, whose: &str, expiry: &Expiry, days: u32) -> Result<bool, StoreError> {
    let since = (0..days).try_fold(expiry.last_day, |day, _| day.yesterday());
    let planned = since.and_then(|day| day.to_zoned(house.zone.clone()));
    let Ok(planned) = planned.map(|it| it.timestamp()) else { return Ok(false) };
    let (what, day) = (&expiry.what, expiry.last_day);
    let detail = match expiry.days_left {
        ..0 => format!("ending {whose}: {what} ended on {day}"),
        left => format!("ending {whose}: {what} ends on {day}, in {left} days"),
    };
    // The warning at its end is another than that of its last day.
    let word = if days == 0 { "ended" } else { "ending" };
    let run = Run { schedule: format!("{word} {whose} {what}"), planned };
    let alert = NewJob { unique: Some(format!("alert {detail}")), detail, ..job(ALERT) };
    house.store.begin_run(&run, alert).await
}
