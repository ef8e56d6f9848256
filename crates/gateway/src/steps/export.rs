//! Export: what was posted goes into a folder as a file for other programs, each posting once.
//!
//! The file is a message like any other that goes out: it is queued in the same change that says which
//! postings are in it, and put into its folder afterwards. Its name belongs to the first posting in
//! it, so a step that is done twice gives the same file.

use std::collections::BTreeMap;

use tieline_model::record::Record;
use tieline_partner::pattern::Named;
use tieline_partner::profile::{Direction, Document, Export, FileFormat, Profile, Status};
use tieline_partner::{Partner, PartnerBook};
use tieline_store::change;
use tieline_store::job::{Claimed, NewJob};
use tieline_store::message::{Flow, NewMessage, State};
use tieline_store::posting::{Filter, NewRelease, Posting};
use tieline_store::{Change, Counter, Payload, StoreError};

use super::release::kind_of;
use super::{ALERT, EXPORT, Failure, Step, event, job, work};
use crate::agreement;
use crate::formed::{self, FormWriter, Table};
use crate::house::House;
use crate::queue;

/// The most documents in one file.
const TOGETHER: u32 = 500;
/// The last number of the files that we export for a partner; six digits are in their names.
const LAST: u64 = 999_999_999;

/// What an export is called among the schedules, e.g. `redriver-bank/export 820 csv /srv/payments`.
pub(crate) fn name(profile: &Profile, export: &Export) -> String {
    format!("{}/export {} {}", profile.id, export.set, form(export))
}

/// As what postings are released by an export.
fn form(export: &Export) -> String {
    format!("{} {}", export.format.word(), export.folder.display())
}

/// The exports without a schedule, which are due as soon as something was posted: those of the partner
/// who sent it, and of everybody when it is ours.
pub(crate) fn at_once(book: &PartnerBook, sender: Option<&str>) -> Vec<NewJob> {
    let mut jobs = Vec::new();
    for partner in book.partners() {
        let profile = partner.profile();
        if sender.is_some_and(|sender| sender != profile.id) {
            continue;
        }
        for export in profile.exports.iter().filter(|it| it.enabled && it.schedule.is_none()) {
            let detail = name(profile, export);
            jobs.push(NewJob { unique: Some(format!("{EXPORT} {detail}")), detail, ..job(EXPORT) });
        }
    }
    jobs
}

/// Which way the documents of an export go: what the partner sends, where it sends such, else ours.
fn flow(profile: &Profile, export: &Export) -> Flow {
    let comes = |it: &Document| it.set == export.set && it.direction == Direction::In;
    if profile.documents.iter().any(comes) { Flow::In } else { Flow::Out }
}

/// Writes what is due by the export of a job, whose detail is its name.
pub(crate) async fn step(house: &House, claimed: &Claimed) -> Result<Step, Failure> {
    let wrong = || Failure::Final(format!("{} names no export of a partner", claimed.detail));
    let (id, _) = claimed.detail.split_once('/').ok_or_else(wrong)?;
    let book = house.book();
    let partner = book.find(id).ok_or_else(wrong)?;
    let profile = partner.profile();
    let export = profile.exports.iter().find(|it| name(profile, it) == claimed.detail);
    // It was taken out of the profile in the meantime.
    let Some(export) = export.filter(|it| it.enabled) else {
        return Ok(Step::done(Change::default()));
    };
    let kind = kind_of(&export.set)
        .ok_or_else(|| Failure::Final(format!("nothing is posted from a {}", export.set)))?;
    let flow = flow(profile, export);
    let accounts = if flow == Flow::Out { agreement::accounts(partner, kind) } else { None };
    let nobody_allows = accounts.as_ref().is_some_and(Vec::is_empty);
    // What is ours goes to nobody before they are in production.
    if nobody_allows || (flow == Flow::Out && profile.status != Status::Live) {
        return Ok(Step::done(Change::default()));
    }
    let filter = Filter {
        kinds: vec![kind],
        flow: Some(flow),
        sender: (flow == Flow::In).then(|| id.to_string()),
        test: Some(false),
        accounts: accounts.unwrap_or_default(),
        unreleased: Some((id.to_string(), form(export))),
        ..Filter::default()
    };
    let today = house.local(house.store.now().await?).date();
    let mut faults = Vec::new();
    let mut after = None;
    loop {
        let mut due = house.store.postings(&filter, after, TOGETHER).await?;
        let Some(last) = due.last() else { break };
        after = Some(last.id);
        due.retain(|it| flow == Flow::In || agreement::may_see(partner, it, today));
        let read = due.into_iter().map(|it| (agreement::read(partner, &it, today), it)).collect();
        for due in tables(export.format, read, &mut faults) {
            together_or_alone(house, partner, export, due, &mut faults).await?;
        }
    }
    Ok(Step::done(told(&claimed.detail, &faults)))
}

/// An alert for what cannot be written.
fn told(name: &str, faults: &[String]) -> Change {
    let mut change = Change::default();
    if let Some(first) = faults.first() {
        change.jobs.push(NewJob {
            detail: format!("{name}: {} documents cannot be written: {first}", faults.len()),
            unique: Some(format!("alert {name}")),
            ..job(ALERT)
        });
    }
    change
}

/// Postings by the file they go into: a CSV file holds one kind of rows.
fn tables(
    format: FileFormat,
    due: Vec<(serde_json::Result<Record>, Posting)>,
    faults: &mut Vec<String>,
) -> Vec<Vec<(Posting, Record)>> {
    let mut files: BTreeMap<Table, Vec<(Posting, Record)>> = BTreeMap::new();
    for (record, posting) in due {
        let Ok(record) = record else {
            faults.push(format!("P{}: it is no record of this version", posting.id.0));
            continue;
        };
        let table = match format {
            FileFormat::Csv => Table::of(&record),
            _ => Table::Intervals,
        };
        files.entry(table).or_default().push((posting, record));
    }
    files.into_values().collect()
}

/// Writes documents into one file; when one of them is at fault, each into its own, so that only those
/// at fault stay.
async fn together_or_alone(
    house: &House,
    partner: &Partner,
    export: &Export,
    due: Vec<(Posting, Record)>,
    faults: &mut Vec<String>,
) -> Result<(), Failure> {
    match write(house, partner, export, &due).await {
        Err(Failure::Final(reason)) if due.len() == 1 => {
            faults.push(format!("P{}: {reason}", due[0].0.id.0));
            Ok(())
        }
        Err(Failure::Final(_)) => {
            for one in due {
                let id = one.0.id;
                match write(house, partner, export, &[one]).await {
                    Err(Failure::Final(reason)) => faults.push(format!("P{}: {reason}", id.0)),
                    other => other?,
                }
            }
            Ok(())
        }
        other => other,
    }
}

async fn write(
    house: &House,
    partner: &Partner,
    export: &Export,
    due: &[(Posting, Record)],
) -> Result<(), Failure> {
    let Some((first, record)) = due.first() else { return Ok(()) };
    let id = &partner.profile().id;
    let format = export.format;
    // The file is dated by what is in it, so that it is the same when it is written again.
    let updated = due.iter().map(|(posting, _)| posting.at).max().unwrap_or(first.at);
    let (table, options) = (Table::of(record), partner.options().clone());
    let records: Vec<Record> = due.iter().map(|(_, record)| record.clone()).collect();
    let (bytes, losses) = work(move || {
        let mut bytes = Vec::new();
        let wrong = |error: formed::FormError| Failure::Final(error.to_string());
        let mut writer =
            FormWriter::new(&mut bytes, format, table, &options, updated).map_err(wrong)?;
        records.iter().try_for_each(|it| writer.write(it)).map_err(wrong)?;
        let losses = writer.finish().map_err(wrong)?;
        Ok((bytes, losses))
    })
    .await?;
    let counter = Counter { partner: id.clone(), kind: "export".to_string(), last: LAST };
    let purpose = format!("{} from P{}, {}", form(export), first.id.0, due.len());
    let number = house.store.allocate(&counter, &purpose, 1).await?;
    let content = format!("{} x {} as {}", export.set, due.len(), format.word());
    let mut change = Change::default();
    let place = queue::message(
        &mut change,
        NewMessage {
            partner: id.clone(),
            channel: agreement::folder(&export.folder),
            name: file_name(house, partner, export, number, updated, account(due)),
            content: content.clone(),
            test: false,
            payload: Payload::Bytes(bytes),
            state: State::Queued,
            reason: None,
            answers: None,
            again: None,
        },
    );
    let message = change::Message::New(place);
    for (posting, _) in due {
        change.releases.push(NewRelease {
            posting: posting.id,
            partner: id.clone(),
            form: form(export),
            message,
        });
    }
    let told = match losses.is_empty() {
        true => content,
        false => format!("{content}; the format has no place for {}", formed::named(&losses)),
    };
    change.events.push(event(message, "exported", told));
    match house.store.apply(change).await {
        // Another worker did the same in the meantime.
        Ok(_) | Err(StoreError::ReleasedBefore) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn file_name(
    house: &House,
    partner: &Partner,
    export: &Export,
    number: u64,
    updated: jiff::Timestamp,
    account: &str,
) -> String {
    let control = u32::try_from(number).unwrap_or(u32::MAX);
    export.file_name.fill(&Named {
        set: &export.set,
        control,
        group: control,
        local: house.local(updated).datetime(),
        partner: &partner.profile().id,
        usage: "P",
        account,
        sequence: number,
    })
}

/// The account that all of the documents are about; empty when there are several.
fn account(due: &[(Posting, Record)]) -> &str {
    let first = due.first().and_then(|(posting, _)| posting.accounts.first());
    let Some(first) = first else { return "" };
    let same = |(posting, _): &(Posting, Record)| posting.accounts.iter().all(|it| it == first);
    if due.iter().all(same) { first } else { "" }
}
