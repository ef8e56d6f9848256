//! Post: the accepted sets of an interchange become postings, each once, and what is wrong with them
//! beyond the standard is told to the partner.
//!
//! Postings are written in parts while the interchange is read, so that one of any size fits. Each is
//! keyed by its own reference, so a part that was written before a crash is not written again.

use std::sync::Arc;

use tieline_mapping::advice_824::Head;
use tieline_mapping::business::advice;
use tieline_model::record::Record;
use tieline_model::stamp::Stamp;
use tieline_partner::{Partner, PartnerBook};
use tieline_store::change::{self, Posted};
use tieline_store::interchange::Interchange;
use tieline_store::job::Claimed;
use tieline_store::message::{Flow, State};
use tieline_store::{Change, Store};
use tieline_x12::check::stream;
use tokio::sync::mpsc;

use super::check::{of, report_name, whose};
use super::read::{NoPlans, counted};
use super::{ByPartner, Failure, Step, alert, broken, export};
use crate::agreement;
use crate::compose::{self, Envelope};
use crate::examine::{Examined, Examiner, ReadSet, answered, is_unusable};
use crate::house::House;
use crate::payload::Bytes;
use crate::posting::{Source, posting};
use crate::queue;

/// How many postings are written in one change.
const PART: usize = 200;

/// Posts the interchange of a job.
pub(crate) async fn step(house: &House, claimed: &Claimed) -> Result<Step, Failure> {
    let (interchange, partner) = whose(house, claimed).await?;
    let book = house.book();
    let gone = || Failure::Final(format!("there is no partner {partner} any more"));
    let bytes = Bytes::open(house.store.payload(interchange.message).await?)?;
    let source = Source {
        flow: Flow::In,
        party: partner.clone(),
        test: interchange.test,
        message: change::Message::Known(interchange.message),
        interchange: Some(interchange.id),
    };

    let (sender, mut sets) = mpsc::channel(PART);
    let reading = {
        let (book, partner) = (Arc::clone(&book), partner.clone());
        let (offset, length) = (interchange.offset, interchange.length);
        tokio::task::spawn_blocking(move || {
            read(&book, &partner, &bytes, (offset, length), &sender)
        })
    };
    let mut posted = Tally::default();
    let mut advices: Vec<Record> = Vec::new();
    let mut part = Change::default();
    while let Some((n, set)) = sets.recv().await {
        posted.read += 1;
        let theirs = book.find(&partner).ok_or_else(gone)?;
        if is_unusable(&set.found) {
            posted.unusable += 1;
        } else {
            let unnumbered = format!("{} set {n}", interchange.id);
            part.postings.extend(posting(&set.record, &source, &unnumbered)?);
        }
        if !set.found.is_empty() && agreement::wants_advice(theirs) {
            advices.extend(advice_of(theirs, &interchange, n, &set)?);
        }
        if part.postings.len() >= PART {
            posted.add(&*house.store, std::mem::take(&mut part)).await?;
        }
    }
    let examined = reading.await.map_err(|error| broken(&error))??;
    posted.add(&*house.store, part).await?;
    posted.advised = !advices.is_empty();
    let mut step = finish(house, &book, &interchange, &partner, examined, &posted).await?;
    let theirs = book.find(&partner).ok_or_else(gone)?;
    if posted.advised {
        step.change.jobs.push(alert(Some(&partner), "business", interchange.message));
    }
    let (anew, change) = (&claimed.detail, &mut step.change);
    advise(house, &book, &interchange, theirs, advices, anew, change).await?;
    if posted.new > 0 {
        step.change.jobs.extend(export::at_once(&book, Some(&partner)));
    }
    Ok(step)
}

/// Reads the accepted sets and hands each over, numbered from 1.
fn read(
    book: &Arc<PartnerBook>,
    partner: &str,
    bytes: &Bytes,
    (offset, length): (u64, u64),
    sets: &mpsc::Sender<(u64, ReadSet)>,
) -> Result<Examined, Failure> {
    let gone = || Failure::Final(format!("there is no partner {partner} any more"));
    let theirs = book.find(partner).ok_or_else(gone)?;
    let mut number = 0;
    let mut hand_over = |set: ReadSet| {
        number += 1;
        sets.blocking_send((number, set)).map_err(|_| "nobody waits for it any more".to_string())
    };
    let accept_with_errors = agreement::answers(theirs).accept_with_errors;
    // Only the end of a group says whether it is refused. The envelope alone is quickly read.
    let mut before = Examiner::new(accept_with_errors);
    stream(&mut bytes.part(offset, length), &NoPlans, &mut before)?;
    let refused = before.finish().0.refused_groups;
    let mut examiner = Examiner::new(accept_with_errors).reading(theirs, refused, &mut hand_over);
    let plans = ByPartner(Arc::clone(book));
    stream(&mut bytes.part(offset, length), &plans, &mut examiner)?;
    match examiner.finish() {
        (examined, None) => Ok(examined),
        (_, Some(why)) => Err(Failure::Final(why)),
    }
}

/// What became of the postings.
#[derive(Default)]
struct Tally {
    /// Documents that were read, whatever became of them.
    read: u64,
    new: u64,
    same: u64,
    other: u64,
    /// Documents not posted, because they cannot be right.
    unusable: u64,
    /// Whether the sender is told what is wrong, by an 824.
    advised: bool,
}

impl Tally {
    async fn add(&mut self, store: &dyn Store, part: Change) -> Result<(), Failure> {
        if part.postings.is_empty() {
            return Ok(());
        }
        for posted in store.apply(part).await?.postings {
            match posted {
                Posted::New(_) => self.new += 1,
                Posted::Same(_) => self.same += 1,
                Posted::Other(_) => self.other += 1,
            }
        }
        Ok(())
    }
}

/// What tells the sender of one document what is wrong with it.
fn advice_of(
    partner: &Partner,
    interchange: &Interchange,
    n: u64,
    set: &ReadSet,
) -> Result<Option<Record>, Failure> {
    let Some(answered) = answered(&set.record) else { return Ok(None) };
    let date = interchange.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let head = Head {
        number: format!("TL{}-{n}", interchange.id.0),
        made: Stamp::day(date),
        parties: Vec::new(),
    };
    let written = advice(head, &answered, &set.found, partner.options(), partner.business());
    match written {
        Ok(advice) => Ok(Some(Record::Advice(Box::new(advice)))),
        Err(error) => Err(Failure::Final(format!("its 824 cannot be written: {error}"))),
    }
}

async fn finish(
    house: &House,
    book: &Arc<PartnerBook>,
    interchange: &Interchange,
    partner: &str,
    examined: Examined,
    posted: &Tally,
) -> Result<Step, Failure> {
    let gone = || Failure::Final(format!("there is no partner {partner} any more"));
    let theirs = book.find(partner).ok_or_else(gone)?;
    let mut change = Change::default();
    // Accepted and of no use to anybody here: of a set that nothing is done with, or not readable.
    let unread = examined.accepted.saturating_sub(posted.read);
    let mut reason = None;
    if posted.unusable > 0 && !posted.advised {
        let documents = counted(posted.unusable, "document");
        reason = Some(format!("{documents} cannot be right and not posted; the report says why"));
    } else if posted.other > 0 {
        let documents = counted(posted.other, "document");
        reason =
            Some(format!("{documents} under a reference that something else was posted under"));
    } else if unread > 0 {
        let documents = counted(unread, "document");
        reason = Some(format!(
            "{documents} accepted of which nothing could be posted, as in {}: ask the partner what it is for",
            interchange.content
        ));
    }
    if reason.is_some() {
        change.jobs.push(alert(Some(partner), "held", interchange.message));
    }
    let state = if reason.is_some() { State::Held } else { State::Posted };
    let mut told = format!("{} posted", posted.new);
    for (count, what) in [
        (posted.same, "posted before"),
        (posted.other, "under a used reference"),
        (posted.unusable, "not usable"),
        (unread, "not read"),
    ] {
        if count > 0 {
            told += &format!(", {count} {what}");
        }
    }
    change.interchange_states.push((interchange.id, state, reason));
    change.events.push(of(interchange, "posted", told));
    if let Some(report) = examined.report(&interchange.content) {
        let name = report_name(house, interchange.message).await?;
        queue::report(&mut change, theirs, &name, interchange.test, report);
    }
    Ok(Step::done(change))
}

/// Queues the 824 that tells the sender what is wrong with its documents.
async fn advise(
    house: &House,
    book: &Arc<PartnerBook>,
    interchange: &Interchange,
    theirs: &Partner,
    advices: Vec<Record>,
    anew: &str,
    change: &mut Change,
) -> Result<(), Failure> {
    if advices.is_empty() {
        return Ok(());
    }
    let purpose = format!("advice on {} {anew}", interchange.id).trim_end().to_string();
    let counter = queue::counter(&theirs.profile().id);
    let control = house.store.allocate(&counter, &purpose, compose::groups(&advices)).await?;
    let at = house.local(interchange.at);
    let envelope = Envelope { at, test: interchange.test, control };
    let mut outgoing = compose::interchange(book, theirs, &envelope, advices)?;
    outgoing.answers = Some(interchange.id);
    queue::interchange(change, theirs, outgoing);
    Ok(())
}
