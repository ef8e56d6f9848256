//! Release: what is due to a partner is composed, checked as the partner will check it, and queued.
//!
//! A posting goes to a partner once in each form: the release is written in the same change as the
//! message it goes in. The numbers of an interchange belong to the first posting in it, so a step
//! that is done twice gives the same interchange.

use jiff::civil::Date;
use tieline_model::record::Record;
use tieline_partner::Partner;
use tieline_partner::profile::Status;
use tieline_store::change;
use tieline_store::job::{Claimed, NewJob};
use tieline_store::message::{Flow, Message};
use tieline_store::posting::{Filter, Kind, NewRelease, Posting};
use tieline_store::{Change, StoreError};

use super::{ALERT, Failure, Step, event, job, work};
use crate::agreement;
use crate::compose::{self, Envelope};
use crate::house::House;
use crate::queue::{self, Outgoing};

/// The most documents in one interchange.
pub(crate) const TOGETHER: u32 = 1_000;

/// Releases what is due by the schedule of a job, whose detail is `partner/set`.
pub(crate) async fn step(house: &House, claimed: &Claimed) -> Result<Step, Failure> {
    let wrong = || Failure::Final(format!("{} names no partner and set", claimed.detail));
    let (id, set) = claimed.detail.split_once('/').ok_or_else(wrong)?;
    let kind = kind_of(set).ok_or_else(wrong)?;
    let book = house.book();
    let partner = book.find(id).ok_or_else(wrong)?;
    let Some((filter, test)) = wanted(partner, set, kind) else {
        return Ok(Step::done(Change::default()));
    };
    let most = if agreement::is_single(partner, set) { 1 } else { TOGETHER };
    let today = house.local(house.store.now().await?).date();
    let mut after = None;
    loop {
        let due = house.store.postings(&filter, after, most).await?;
        let Some(last) = due.last() else { return Ok(Step::done(Change::default())) };
        after = Some(last.id);
        let due: Vec<Posting> =
            due.into_iter().filter(|it| agreement::may_see(partner, it, today)).collect();
        if !due.is_empty() {
            together_or_alone(house, &book, partner, set, test, due).await?;
        }
    }
}

/// Which postings are due to a partner as a set, and whether they go as tests; `None` when nothing is
/// due to it at all.
pub(crate) fn wanted(partner: &Partner, set: &str, kind: Kind) -> Option<(Filter, bool)> {
    let test = match partner.profile().status {
        Status::Live => false,
        Status::Testing => true,
        // Nothing is due to somebody we do not trade with; it stays until we do.
        Status::Draft | Status::Suspended => return None,
    };
    let accounts = agreement::accounts(partner, kind);
    if accounts.as_ref().is_some_and(Vec::is_empty) {
        return None;
    }
    let filter = Filter {
        kinds: vec![kind],
        flow: Some(Flow::Out),
        test: Some(false),
        accounts: accounts.unwrap_or_default(),
        unreleased: Some((partner.profile().id.clone(), form(set, test))),
        ..Filter::default()
    };
    Some((filter, test))
}

/// Sends documents in one interchange; when one of them is at fault, each in its own, so that only
/// those at fault are held.
async fn together_or_alone(
    house: &House,
    book: &std::sync::Arc<tieline_partner::PartnerBook>,
    partner: &Partner,
    set: &str,
    test: bool,
    due: Vec<Posting>,
) -> Result<(), Failure> {
    if due.len() > 1 {
        let composed = compose(house, book, partner, set, test, &due).await;
        if let Ok(Outgoing { held: None, .. }) = composed {
            return write(house, partner, set, test, &due, composed?).await;
        }
    }
    for one in due {
        let one = [one];
        let composed = match compose(house, book, partner, set, test, &one).await {
            Err(Failure::Final(reason)) => {
                tell(house, partner, set, &one[0], &reason).await?;
                continue;
            }
            composed => composed?,
        };
        write(house, partner, set, test, &one, composed).await?;
    }
    Ok(())
}

/// Has a person told of a document that stays, once for each.
async fn tell(
    house: &House,
    partner: &Partner,
    set: &str,
    posting: &Posting,
    reason: &str,
) -> Result<(), Failure> {
    let (id, number) = (&partner.profile().id, posting.id.0);
    tracing::error!(partner = id, set, reason, "not released");
    let told = NewJob {
        detail: format!("not sent {id}: {set} of P{number} cannot be composed: {reason}"),
        unique: Some(format!("alert {set} {id} P{number}")),
        ..job(ALERT)
    };
    house.store.apply(Change { jobs: vec![told], ..Change::default() }).await?;
    Ok(())
}

async fn compose(
    house: &House,
    book: &std::sync::Arc<tieline_partner::PartnerBook>,
    partner: &Partner,
    set: &str,
    test: bool,
    due: &[Posting],
) -> Result<Outgoing, Failure> {
    let at = house.local(house.store.now().await?);
    let records = records(partner, due, at.date())?;
    let id = &partner.profile().id;
    let first = due.first().map_or(0, |it| it.id.0);
    let purpose = format!("{} from P{first}, {}", form(set, test), due.len());
    let count = compose::groups(&records);
    let control = house.store.allocate(&queue::counter(id), &purpose, count).await?;
    let (book, id) = (std::sync::Arc::clone(book), id.clone());
    work(move || {
        let gone = || Failure::Final(format!("there is no partner {id} any more"));
        let partner = book.find(&id).ok_or_else(gone)?;
        compose::interchange(&book, partner, &Envelope { at, test, control }, records)
    })
    .await
}

/// Composes anew what was released in a message that is held, with the partner as it is now, under the
/// number that it had; false if nothing was released in it. What is still at fault is an error.
pub(crate) async fn anew(
    house: &House,
    change: &mut Change,
    held: &Message,
) -> Result<bool, Failure> {
    let book = house.book();
    let Some(partner) = held.partner.as_deref().and_then(|id| book.find(id)) else {
        return Ok(false);
    };
    // One that was composed anew before stands for the first.
    let mut first = held.clone();
    while let Some(earlier) = first.same_as {
        match house.store.message(earlier).await? {
            Some(earlier) => first = earlier,
            None => return Ok(false),
        }
    }
    let filter = Filter { released_in: Some(first.id), ..Filter::default() };
    let due = house.store.postings(&filter, None, TOGETHER).await?;
    let Some(set) = due.first().map(|it| set_of(it.kind)) else { return Ok(false) };
    let test = held.test.unwrap_or(false);
    let outgoing = compose(house, &book, partner, set, test, &due).await?;
    if let Some(reason) = outgoing.held {
        return Err(Failure::Final(reason));
    }
    let place = queue::interchange(change, partner, outgoing);
    change.messages[place].again = Some(held.id);
    let this = change::Message::New(place);
    change.events.push(event(this, "composed", format!("{} of {set}, anew", due.len())));
    Ok(true)
}

/// What postings say, as a partner may see it on a day.
pub(crate) fn records(
    partner: &Partner,
    due: &[Posting],
    on: Date,
) -> Result<Vec<Record>, Failure> {
    let records = due.iter().map(|it| {
        agreement::read(partner, it, on)
            .map_err(|error| Failure::Final(format!("a posting cannot be read: {error}")))
    });
    records.collect()
}

/// Writes an interchange with what it releases.
async fn write(
    house: &House,
    partner: &Partner,
    set: &str,
    test: bool,
    due: &[Posting],
    outgoing: Outgoing,
) -> Result<(), Failure> {
    let mut change = Change::default();
    let held = outgoing.held.clone();
    let message = change::Message::New(queue::interchange(&mut change, partner, outgoing));
    for posting in due {
        change.releases.push(NewRelease {
            posting: posting.id,
            partner: partner.profile().id.clone(),
            form: form(set, test),
            message,
        });
    }
    let detail = match &held {
        Some(reason) => format!("held: {reason}"),
        None => format!("{} of {set}", due.len()),
    };
    change.events.push(event(message, "composed", detail));
    match house.store.apply(change).await {
        // Another worker did the same in the meantime.
        Ok(_) | Err(StoreError::ReleasedBefore) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What is released as a set.
pub(crate) fn kind_of(set: &str) -> Option<Kind> {
    match set {
        "867" => Some(Kind::Usage),
        "810" => Some(Kind::Bill),
        "820" => Some(Kind::Payment),
        "814" => Some(Kind::Request),
        _ => None,
    }
}

/// The set that postings of a kind are sent as.
fn set_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Usage => "867",
        Kind::Bill => "810",
        Kind::Payment => "820",
        Kind::Request => "814",
        Kind::Advice => "824",
    }
}

/// As what a posting is released: tests do not use up what is due in production.
fn form(set: &str, test: bool) -> String {
    match test {
        true => format!("{set} test"),
        false => set.to_string(),
    }
}
