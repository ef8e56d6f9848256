//! Check: an interchange is judged by the standard and the partner's guides, and answered.
//!
//! The answers are queued in the same change that says how it was judged, and before anything is
//! posted. A repeat is answered again with the bytes of the first answer. Another interchange under
//! a number that was used is held, and its sender told by a TA1.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use tieline_partner::PartnerBook;
use tieline_store::change;
use tieline_store::interchange::{Interchange, InterchangeId, Standing};
use tieline_store::job::{Claimed, End, NewJob};
use tieline_store::message::State;
use tieline_store::{Change, MessageId};
use tieline_x12::acknowledge::{Acknowledger, Answers, Stamp};
use tieline_x12::check::{WINDOW, stream};
use tieline_x12::compose::{Element, Segment};
use tieline_x12::header::Header;
use tieline_x12::observer::Observer;

use super::read::counted;
use super::{ByPartner, Failure, POST, Step, alert, event, job, work};
use crate::examine::{Examined, Examiner};
use crate::house::House;
use crate::payload::Bytes;
use crate::queue::{self, Outgoing};
use crate::speaker::{Hold, Spoken, shown, who_speaks};
use crate::{agreement, folders};

/// What the detail of a job begins with whose interchange a person accepted under a used number.
pub(crate) const ACCEPTED: &str = "accepted";

/// Checks the interchange of a job. Its detail is empty, or the word and the time of a person who has
/// it looked at anew: then it is asked again who may speak for whom, with the partners as they are
/// now, and it is answered under another number.
pub(crate) async fn step(house: &House, claimed: &Claimed) -> Result<Step, Failure> {
    let kept = interchange(house, claimed).await?;
    let is_anew = !claimed.detail.is_empty();
    if is_anew && let (partner, Some(hold)) = speaker(house, &kept).await? {
        return Ok(held(&kept, partner.as_deref(), hold));
    }
    let (interchange, partner) = of_partner(house, kept).await?;
    let book = house.book();
    let standing = match interchange.standing {
        Standing::Apart => take_up(house, &book, &interchange, &partner).await?,
        standing => standing,
    };
    match standing {
        Standing::Repeat(first) => again(house, &interchange, first).await,
        Standing::Conflict(first) if !claimed.detail.starts_with(ACCEPTED) => {
            conflict(house, &book, &interchange, &partner, first).await
        }
        // A person has accepted the one under a number that was used.
        Standing::Conflict(_) | Standing::First | Standing::Apart => {
            judge(house, book, interchange, partner, &claimed.detail).await
        }
    }
}

/// The interchange of a job, as it was kept.
async fn interchange(house: &House, claimed: &Claimed) -> Result<Interchange, Failure> {
    let missing = || Failure::Final("the job names no interchange of a partner".to_string());
    let id = claimed.interchange.ok_or_else(missing)?;
    house.store.interchange(id).await?.ok_or_else(missing)
}

/// The interchange of a job, and the partner it is from.
pub(crate) async fn whose(
    house: &House,
    claimed: &Claimed,
) -> Result<(Interchange, String), Failure> {
    of_partner(house, interchange(house, claimed).await?).await
}

async fn of_partner(
    house: &House,
    mut interchange: Interchange,
) -> Result<(Interchange, String), Failure> {
    if interchange.partner.is_none() {
        // Nobody had its sender's id when it came; somebody may have it now.
        interchange.partner = speaker(house, &interchange).await?.0;
    }
    let partner = interchange.partner.clone().ok_or_else(|| {
        Failure::Final("no partner has its sender's id: add it to x12.isa of a partner.toml".into())
    })?;
    Ok((interchange, partner))
}

/// How an interchange that was held compares with the others, now that it may be heard.
async fn take_up(
    house: &House,
    book: &PartnerBook,
    interchange: &Interchange,
    partner: &str,
) -> Result<Standing, Failure> {
    let days = book.find(partner).map_or(0, agreement::duplicate_window);
    let window_from = interchange.at - SignedDuration::from_hours(24 * days);
    let taken_up = vec![(interchange.id, window_from)];
    let applied = house.store.apply(Change { taken_up, ..Change::default() }).await?;
    Ok(applied.taken_up.first().copied().unwrap_or(interchange.standing))
}

/// The partner that an interchange is from, as the partners are now, and why it may not go on.
async fn speaker(
    house: &House,
    interchange: &Interchange,
) -> Result<(Option<String>, Option<Hold>), Failure> {
    let message = house.store.message(interchange.message).await?;
    let bytes = Bytes::open(house.store.payload(interchange.message).await?)?;
    let (offset, length) = (interchange.offset, interchange.length);
    let header = work(move || header(&bytes, offset, length)).await?;
    let Some(header) = header else { return Ok((None, None)) };
    let book = house.book();
    let login = message.and_then(|message| message.partner);
    let Spoken { partner, hold } = who_speaks(&book, login.as_deref(), &header);
    Ok((partner.map(|partner| partner.profile().id.clone()), hold))
}

fn held(interchange: &Interchange, partner: Option<&str>, hold: Hold) -> Step {
    let reason = hold.to_string();
    let mut change = Change::default();
    change.interchange_states.push((interchange.id, State::Held, Some(reason.clone())));
    change.events.push(of(interchange, "held", reason));
    change.jobs.push(alert(partner, "held", interchange.message));
    Step::done(change)
}

async fn again(
    house: &House,
    interchange: &Interchange,
    first: InterchangeId,
) -> Result<Step, Failure> {
    let mut change = Change::default();
    let answers = house.store.answers(first).await?;
    for id in &answers {
        // An answer that was itself sent again is not sent three times.
        let Some(answer) = house.store.message(*id).await? else { continue };
        if answer.same_as.is_none() {
            queue::again(&mut change, &answer, house.store.payload(*id).await?);
        }
    }
    let reason = format!("the same bytes came before, in {first}");
    change.interchange_states.push((interchange.id, State::Repeat, Some(reason.clone())));
    let again = counted(change.messages.len() as u64, "message");
    let told = format!("{reason}; answered again with {again}");
    change.events.push(of(interchange, "repeat", told));
    Ok(Step::done(change))
}

async fn conflict(
    house: &House,
    book: &PartnerBook,
    interchange: &Interchange,
    partner: &str,
    first: InterchangeId,
) -> Result<Step, Failure> {
    let mut change = Change::default();
    let reason = format!("its control number came before with other bytes, in {first}");
    change.interchange_states.push((interchange.id, State::Held, Some(reason.clone())));
    change.events.push(of(interchange, "held", reason));
    change.jobs.push(alert(Some(partner), "held", interchange.message));
    let bytes = Bytes::open(house.store.payload(interchange.message).await?)?;
    let (offset, length) = (interchange.offset, interchange.length);
    let header = work(move || header(&bytes, offset, length)).await?;
    if let (Some(header), Some(partner)) = (header, book.find(partner)) {
        let text = |n| String::from_utf8_lossy(header.element(n)).into_owned();
        let ta1 = Segment::new("TA1").with(text(13)).with(text(9)).with(text(10));
        let ta1 = ta1.with("R").with("025");
        let answers = Answers { header, interchange: Some(ta1), groups: Vec::new() };
        answer(house, &mut change, partner, interchange, vec![answers], "").await?;
    }
    Ok(Step::done(change))
}

async fn judge(
    house: &House,
    book: Arc<PartnerBook>,
    interchange: Interchange,
    partner: String,
    anew: &str,
) -> Result<Step, Failure> {
    let bytes = Bytes::open(house.store.payload(interchange.message).await?)?;
    let gone = || Failure::Final(format!("there is no partner {partner} any more"));
    let policy = agreement::answers(book.find(&partner).ok_or_else(gone)?);
    let (offset, length) = (interchange.offset, interchange.length);
    let plans = ByPartner(Arc::clone(&book));
    let (examined, mut answers) = work(move || {
        let mut both = (Acknowledger::new(policy), Examiner::new(policy.accept_with_errors));
        stream(&mut bytes.part(offset, length), &plans, &mut both)?;
        Ok((both.1.finish().0, both.0.finish()))
    })
    .await?;

    if examined.fault.is_some() {
        answers.iter_mut().for_each(refuse);
    }
    let partner = book.find(&partner).ok_or_else(gone)?;
    let accepted = examined.accepted;
    let to_post = examined.fault.is_none() && accepted > 0;
    let state = match (&examined, to_post) {
        (_, true) => State::Checked,
        (Examined { fault: None, sets: 0, unusable: 0, .. }, _) => State::Posted,
        _ => State::Rejected,
    };
    let reason = (state == State::Rejected).then(|| verdict(&examined, accepted));
    let report = examined.report(&interchange.content);
    let mut change = Change::default();
    if to_post {
        change.jobs.push(NewJob {
            message: Some(change::Message::Known(interchange.message)),
            interchange: Some(change::Interchange::Known(interchange.id)),
            detail: anew.to_string(),
            ..job(POST)
        });
    } else if let Some(report) = &report {
        let name = report_name(house, interchange.message).await?;
        queue::report(&mut change, partner, &name, interchange.test, report.clone());
    }
    if state == State::Rejected {
        let why = reason.as_deref().unwrap_or_default();
        let report = report.unwrap_or_else(|| why.to_string());
        to_errors(house, &mut change, interchange.message, report).await?;
        change.jobs.push(alert(interchange.partner.as_deref(), "rejected", interchange.message));
    }
    change.interchange_states.push((interchange.id, state, reason));
    change.events.push(of(&interchange, "checked", verdict(&examined, accepted)));
    answer(house, &mut change, partner, &interchange, answers, anew).await?;
    for mut answer in examined.answers {
        answer.partner = partner.profile().id.clone();
        answer.by = Some(interchange.id);
        change.answers.push(answer);
    }
    Ok(Step { change, end: if to_post { End::Next(0) } else { End::Done } })
}

/// What is wrong as an interchange is never posted, and so never said to be accepted with errors.
fn refuse(answers: &mut Answers) {
    answers.groups.clear();
    if let Some(result) = answers.interchange.as_mut().and_then(|ta1| ta1.elements.get_mut(3)) {
        *result = Element::Simple("R".to_string());
    }
}

/// Puts a file of a watched folder that cannot be used into the folder's `errors`, with a report.
pub(crate) async fn to_errors(
    house: &House,
    change: &mut Change,
    message: MessageId,
    report: String,
) -> Result<(), Failure> {
    let Some(message) = house.store.message(message).await? else { return Ok(()) };
    if let Some((_, folder)) = folders::origin(&message.channel) {
        let payload = house.store.payload(message.id).await?;
        queue::errors(change, folder, &message, payload, report);
    }
    Ok(())
}

/// How a report about a message is called.
pub(crate) async fn report_name(house: &House, message: MessageId) -> Result<String, Failure> {
    let name = house.store.message(message).await?.map(|it| it.name).unwrap_or_default();
    // The name is the partner's; a path in it would be refused by the mailbox all the same.
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' };
    let name: String = name.chars().map(plain).take(120).collect();
    Ok(format!("{}.{message}", name.trim_start_matches('.')))
}

fn verdict(examined: &Examined, accepted: u64) -> String {
    let mut text = match examined.sets {
        0 => counted(examined.answers.len() as u64, "acknowledgment"),
        sets => format!("{accepted} of {} accepted", counted(sets, "transaction set")),
    };
    let (errors, warnings) = (examined.errors, examined.warnings);
    text += &format!(", {}, {}", counted(errors, "error"), counted(warnings, "warning"));
    if let Some(fault) = &examined.fault {
        text += &format!("; the interchange itself is wrong: {fault}");
    }
    if examined.unusable > 0 {
        text += &format!("; {} acknowledgments in it are wrong and not used", examined.unusable);
    }
    text
}

/// Queues the answers to an interchange. Their numbers belong to the interchange, so that the step
/// gives the same answer when it is done twice.
async fn answer(
    house: &House,
    change: &mut Change,
    partner: &tieline_partner::Partner,
    interchange: &Interchange,
    answers: Vec<Answers>,
    anew: &str,
) -> Result<(), Failure> {
    for answers in answers.into_iter().filter(|answers| !answers.is_empty()) {
        let count = u32::try_from(answers.groups.len().max(1)).unwrap_or(u32::MAX);
        let purpose = format!("answer to {} {anew}", interchange.id).trim_end().to_string();
        let counter = queue::counter(&partner.profile().id);
        let first = house.store.allocate(&counter, &purpose, count).await?;
        let now = house.local(interchange.at);
        let (date, time) = (now.strftime("%Y%m%d").to_string(), now.strftime("%H%M").to_string());
        let control_number = u32::try_from(first).unwrap_or(u32::MAX);
        let stamp = Stamp { control_number, date: &date, time: &time };
        let Some(written) = answers.write(stamp) else { continue };
        let bytes = written
            .map_err(|error| Failure::Final(format!("its answer cannot be written: {error}")))?;
        let mut sets: BTreeMap<String, u64> = BTreeMap::new();
        for group in &answers.groups {
            *sets.entry(group.code.to_string()).or_default() += 1;
        }
        if answers.interchange.is_some() {
            sets.insert("TA1".to_string(), 1);
        }
        queue::interchange(
            change,
            partner,
            Outgoing {
                control: first,
                sender: shown(answers.header.receiver()),
                receiver: shown(answers.header.sender()),
                test: interchange.test,
                local: now.datetime(),
                sets,
                bytes,
                answers: Some(interchange.id),
                held: None,
            },
        );
    }
    Ok(())
}

/// An event of an interchange.
pub(crate) fn of(
    interchange: &Interchange,
    what: &str,
    detail: impl Into<String>,
) -> change::NewEvent {
    let message = change::Message::Known(interchange.message);
    let of = Some(change::Interchange::Known(interchange.id));
    change::NewEvent { interchange: of, ..event(message, what, detail) }
}

/// The `ISA` of an interchange in a message.
fn header(bytes: &Bytes, offset: u64, length: u64) -> Result<Option<Arc<Header>>, Failure> {
    #[derive(Default)]
    struct First(Option<Arc<Header>>);
    impl Observer for First {
        fn interchange(&mut self, header: &Arc<Header>) {
            self.0.get_or_insert_with(|| Arc::clone(header));
        }
    }
    let mut first = First::default();
    let length = length.min(WINDOW as u64);
    stream(&mut bytes.part(offset, length), &tieline_x12::check::Standard, &mut first)?;
    Ok(first.0)
}
