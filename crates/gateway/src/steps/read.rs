//! Read: a message becomes the interchanges in it, and each is found to be new, a repeat or a fraud.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tieline_partner::PartnerBook;
use tieline_store::change::{self, Known, MessageState};
use tieline_store::interchange::NewInterchange;
use tieline_store::job::{Claimed, End, NewJob};
use tieline_store::message::{Flow, Message, State};
use tieline_store::{Change, MessageId};
use tieline_x12::check::{Plans, stream};
use tieline_x12::header::Header;
use tieline_x12::observer::Observer;
use tieline_x12::plan::Plan;
use tieline_x12::segment::Segment;
use tieline_x12::table::Release;

use super::check::{report_name, to_errors};
use super::{CHECK, Failure, Step, alert, event, job, work};
use crate::agreement;
use crate::house::House;
use crate::payload::Bytes;
use crate::queue;
use crate::speaker::{Spoken, shown, who_speaks};

/// Reads the message of a job.
pub(crate) async fn step(house: &House, claimed: &Claimed) -> Result<Step, Failure> {
    let id = claimed.message.ok_or_else(|| Failure::Final("the job names no message".into()))?;
    let message = house.store.message(id).await?;
    let message = message.ok_or_else(|| Failure::Final(format!("there is no message {id}")))?;
    let bytes = Bytes::open(house.store.payload(id).await?)?;
    let found = work(move || find(&bytes)).await?;
    let now = house.store.now().await?;
    let is_edi = !found.is_empty();
    let book = house.book();
    let mut step = write_down(&book, &message, found, now);
    if !is_edi {
        let why = step.change.message_states.first().and_then(|it| it.reason.clone());
        let why = why.unwrap_or_default();
        // No answer can be written to what names no sender, so its report is all that the partner gets.
        if let Some(partner) = message.partner.as_deref().and_then(|id| book.find(id)) {
            let name = report_name(house, id).await?;
            queue::report(&mut step.change, partner, &name, false, format!("{why}\n"));
        }
        to_errors(house, &mut step.change, id, why).await?;
    }
    Ok(step)
}

/// An interchange in a message.
struct Found {
    header: Arc<Header>,
    /// Where it ends, in bytes from the start of the message.
    end: u64,
    /// Whether its `IEA` was there.
    is_whole: bool,
    sha256: [u8; 32],
    /// How many sets there are of which kind.
    sets: BTreeMap<String, u64>,
}

/// The interchanges in the bytes.
fn find(bytes: &Bytes) -> Result<Vec<Found>, Failure> {
    let mut finder = Finder::default();
    stream(&mut bytes.part(0, bytes.len()), &NoPlans, &mut finder)?;
    let mut found = finder.found;
    let mut next = bytes.len();
    for it in found.iter_mut().rev() {
        it.end = it.end.min(next);
        if !it.is_whole {
            it.end = next;
        }
        next = it.header.offset();
        it.sha256 = bytes.sha256(next, it.end - next)?;
    }
    Ok(found)
}

/// Finds where interchanges begin and end, and what is in them by name.
#[derive(Default)]
struct Finder {
    found: Vec<Found>,
}

impl Observer for Finder {
    fn interchange(&mut self, header: &Arc<Header>) {
        self.found.push(Found {
            header: Arc::clone(header),
            end: 0,
            is_whole: false,
            sha256: [0; 32],
            sets: BTreeMap::new(),
        });
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        let Some(found) = self.found.last_mut() else { return };
        match segment.id().as_bytes() {
            b"IEA" => {
                // The terminator may be missing at the end of the message.
                found.end = segment.offset() + segment.bytes().len() as u64 + 1;
                found.is_whole = true;
            }
            b"TA1" => *found.sets.entry("TA1".to_string()).or_default() += 1,
            _ => {}
        }
    }

    fn set(&mut self, segment: &Segment<'_>, _: Option<&Arc<Plan>>) {
        let code = String::from_utf8_lossy(segment.element(1)).chars().take(3).collect();
        if let Some(found) = self.found.last_mut() {
            *found.sets.entry(code).or_default() += 1;
        }
    }
}

/// No set is judged.
pub(crate) struct NoPlans;

impl Plans for NoPlans {
    fn plan(&self, _: &Header, _: Release, _: &[u8]) -> Option<Arc<Plan>> {
        None
    }
}

fn write_down(book: &PartnerBook, message: &Message, found: Vec<Found>, now: Timestamp) -> Step {
    let this = change::Message::Known(message.id);
    let mut change = Change::default();
    if found.is_empty() {
        let reason = match message.size {
            0 => "the file is empty",
            _ => "the file is no X12 interchange: it does not begin with ISA",
        };
        change.message_states.push(rejected(message.id, reason));
        change.events.push(event(this, "rejected", reason));
        change.jobs.push(alert(message.partner.as_deref(), "rejected", message.id));
        return Step::done(change);
    }
    let mut speakers: Vec<Option<String>> = Vec::new();
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    let is_test = found.iter().all(|it| it.header.is_test());
    for (n, found) in found.into_iter().enumerate() {
        let Spoken { partner, hold } = who_speaks(book, message.partner.as_deref(), &found.header);
        let id = partner.map(|partner| partner.profile().id.clone());
        let reason = hold.map(|hold| hold.to_string());
        found.sets.iter().for_each(|(code, count)| *all.entry(code.clone()).or_default() += count);
        match &reason {
            Some(reason) => {
                let held = change::Interchange::New(n);
                let event = event(this, "held", reason.clone());
                change.events.push(change::NewEvent { interchange: Some(held), ..event });
                change.jobs.push(alert(id.as_deref(), "held", message.id));
            }
            None => change.jobs.push(NewJob {
                message: Some(this),
                interchange: Some(change::Interchange::New(n)),
                ..job(CHECK)
            }),
        }
        let days = partner.map_or(0, agreement::duplicate_window);
        change.interchanges.push(NewInterchange {
            message: this,
            flow: Flow::In,
            partner: id.clone(),
            sender: shown(found.header.sender()),
            receiver: shown(found.header.receiver()),
            control: number(found.header.control_number()),
            test: found.header.is_test(),
            sha256: found.sha256,
            offset: found.header.offset(),
            length: found.end - found.header.offset(),
            content: content(&found.sets),
            state: if reason.is_some() { State::Held } else { State::Received },
            // What nobody may have said is not what a later one is compared with.
            window_from: reason.is_none().then(|| now - SignedDuration::from_hours(24 * days)),
            reason,
        });
        speakers.push(id);
    }
    speakers.dedup();
    change.known.push(Known {
        message: message.id,
        partner: match &mut speakers[..] {
            [one] if message.partner.is_none() => one.take(),
            _ => None,
        },
        content: content(&all),
        test: Some(is_test),
    });
    let count = change.interchanges.len();
    let told = format!("{}: {}", counted(count as u64, "interchange"), content(&all));
    change.events.insert(0, event(this, "read", told));
    // A message with one interchange goes on at once.
    let single = change.jobs.len() == 1 && change.jobs[0].kind == CHECK;
    Step { change, end: if single { End::Next(0) } else { End::Done } }
}

fn rejected(message: MessageId, reason: &str) -> MessageState {
    let reason = Some(reason.to_string());
    MessageState { message, from: vec![State::Received], to: State::Rejected, reason }
}

/// `ISA13` as a number; 0 if it is none, which its check tells.
fn number(digits: &[u8]) -> u64 {
    std::str::from_utf8(digits).ok().and_then(|digits| digits.trim().parse().ok()).unwrap_or(0)
}

/// What is in an interchange, for people: `820 x 3, 997 x 1`.
pub(crate) fn content(sets: &BTreeMap<String, u64>) -> String {
    let words: Vec<String> = sets.iter().map(|(code, count)| format!("{code} x {count}")).collect();
    match words.is_empty() {
        true => "nothing".to_string(),
        false => words.join(", "),
    }
}

/// So many of something, for people: `1 error`, `2 errors`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
