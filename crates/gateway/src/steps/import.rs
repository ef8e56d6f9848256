//! Import: a file of our own house, in whatever format, becomes postings that are ours to send out.
//!
//! Each record is keyed by its own reference, so a file that is brought twice posts nothing twice. What
//! stands in the file and in no record is told as an event.

use std::io::{BufRead, BufReader, Read as _};

use tieline_mapping::files::espi::{self, EspiOptions};
use tieline_mapping::files::smarthub::{self, SmartHubOptions};
use tieline_mapping::files::usage_csv::{self, UsageCsvOptions};
use tieline_mapping::files::{FileError, billing_csv, bulk_xml, payment_csv};
use tieline_mapping::options::Options;
use tieline_model::record::Record;
use tieline_model::time::Date;
use tieline_partner::PartnerBook;
use tieline_partner::profile::{Direction, Document, FileFormat, Status};
use tieline_store::Change;
use tieline_store::access::OURSELVES;
use tieline_store::change::{self, MessageState, Posted};
use tieline_store::job::{Claimed, NewJob};
use tieline_store::message::{Flow, Message, State};
use tokio::sync::mpsc;

use super::check::to_errors;
use super::release::kind_of;
use super::{Failure, RELEASE, Step, alert, broken, event, export, job};
use crate::house::House;
use crate::json;
use crate::payload::Bytes;
use crate::posting::{Source, posting};

/// How many postings are written in one change.
const PART: usize = 200;

/// Imports the message of a job, whose detail is the word of its format.
pub(crate) async fn step(house: &House, claimed: &Claimed) -> Result<Step, Failure> {
    let id = claimed.message.ok_or_else(|| Failure::Final("the job names no message".into()))?;
    let unknown = || Failure::Final(format!("there is no format {}", claimed.detail));
    let format = FileFormat::of_word(&claimed.detail).ok_or_else(unknown)?;
    let message = house.store.message(id).await?;
    let message = message.ok_or_else(|| Failure::Final(format!("there is no message {id}")))?;
    let bytes = Bytes::open(house.store.payload(id).await?)?;
    let book = house.book();
    let options = std::sync::Arc::clone(book.options());
    let today = house.local(house.store.now().await?).date();
    let (sender, mut records) = mpsc::channel(PART);
    let reading = tokio::task::spawn_blocking(move || {
        let mut input = BufReader::new(bytes.part(0, bytes.len()));
        let mut hand_over = |record| {
            sender.blocking_send(record).map_err(|_| "nobody waits for it any more".to_string())
        };
        read(&mut input, &bytes, format, &options, today, &mut hand_over)
    });
    let source = source(&book, &message)?;
    let (mut new, mut same, mut other) = (0_u64, 0_u64, 0_u64);
    let mut part = Change::default();
    loop {
        let record = records.recv().await;
        if let Some(record) = &record {
            part.postings.extend(posting(record, &source, &unnumbered(record))?);
        }
        if part.postings.len() >= PART || (record.is_none() && !part.postings.is_empty()) {
            for posted in house.store.apply(std::mem::take(&mut part)).await?.postings {
                match posted {
                    Posted::New(_) => new += 1,
                    Posted::Same(_) => same += 1,
                    Posted::Other(_) => other += 1,
                }
            }
        }
        if record.is_none() {
            break;
        }
    }
    let read = reading.await.map_err(|error| broken(&error))?;
    let this = change::Message::Known(id);
    let mut change = Change::default();
    let mut told = format!("{new} posted");
    for (count, what) in [(same, "posted before"), (other, "under a used reference")] {
        if count > 0 {
            told += &format!(", {count} {what}");
        }
    }
    change.events.push(event(this, "posted", told));
    let reason = match (read, other) {
        (Err(reason), _) => Some(reason),
        (Ok(()), 0) => None,
        (Ok(()), other) => Some(format!("{other} records came under a reference that was used")),
    };
    let to = if reason.is_some() { State::Held } else { State::Posted };
    if let Some(reason) = &reason {
        let partner = message.partner.as_deref();
        change.jobs.push(alert(partner, "held", id));
        let counts = change.events.last().map_or("", |it| it.detail.as_str());
        let report = format!("{id} {}: {reason}\n{counts}\n", message.name);
        to_errors(house, &mut change, id, report).await?;
    }
    change.message_states.push(MessageState { message: id, from: Vec::new(), to, reason });
    if new + same > 0 {
        if source.flow == Flow::Out {
            change.jobs.extend(at_once(&book));
        }
        change.jobs.extend(export::at_once(&book, message.partner.as_deref()));
    }
    Ok(Step::done(change))
}

/// Whose records a file holds: our own house's, which are ours to send, or those of the partner whose
/// folder it came from.
fn source(book: &PartnerBook, message: &Message) -> Result<Source, Failure> {
    let source = Source {
        flow: Flow::Out,
        party: OURSELVES.to_string(),
        test: false,
        message: change::Message::Known(message.id),
        interchange: None,
    };
    let Some(id) = &message.partner else { return Ok(source) };
    let gone = || Failure::Final(format!("there is no partner {id} any more"));
    let test = match book.find(id).ok_or_else(gone)?.profile().status {
        Status::Live => false,
        Status::Testing => true,
        Status::Draft | Status::Suspended => {
            return Err(Failure::Final(format!("we do not trade with {id} now")));
        }
    };
    Ok(Source { flow: Flow::In, party: id.clone(), test, ..source })
}

/// The releases of documents that are not sent by a schedule but as soon as there is something to send.
pub(crate) fn at_once(book: &PartnerBook) -> Vec<NewJob> {
    let mut jobs = Vec::new();
    for partner in book.partners() {
        let profile = partner.profile();
        let ours = |it: &&Document| {
            it.direction == Direction::Out
                && it.enabled
                && it.schedule.is_none()
                && kind_of(&it.set).is_some()
        };
        for document in profile.documents.iter().filter(ours) {
            let detail = format!("{}/{}", profile.id, document.set);
            let unique = Some(format!("{RELEASE} {detail}"));
            jobs.push(NewJob { detail, unique, ..job(RELEASE) });
        }
    }
    jobs
}

/// What a record is keyed by that has no number of its own: what it is about.
fn unnumbered(record: &Record) -> String {
    let Record::UsageReport(report) = record else { return "unnumbered".to_string() };
    let account = report.account.as_ref().map_or("", |it| it.as_str());
    let point = report.service_point.as_ref().map_or("", |it| it.as_str());
    let mut reference = format!("usage {account} {point}");
    for section in &report.sections {
        let meter = section.meter.as_ref().map_or("", |it| it.as_str());
        reference += &format!(" {meter}");
        if let Some(period) = section.period.and_then(|it| it.period()) {
            reference += &format!(" {}/{}", period.start(), period.end());
        }
    }
    if let Some((_, series)) = report.series().next() {
        reference += &format!(" from {}", series.start());
    }
    reference
}

/// Reads a file and hands over its records.
fn read(
    input: &mut dyn BufRead,
    bytes: &Bytes,
    format: FileFormat,
    options: &Options,
    today: Date,
    each: &mut dyn FnMut(Record) -> Result<(), String>,
) -> Result<(), String> {
    let files = &options.files;
    match format {
        FileFormat::Json => json::read(input, each),
        FileFormat::Xml => {
            let reader = bulk_xml::Reader::new(input, &bulk_xml::BulkXmlOptions::default());
            give(reader.map_err(|error| error.to_string())?, each)
        }
        FileFormat::Espi => {
            let options =
                EspiOptions { zone: Some(options.common.zone.clone()), ..EspiOptions::default() };
            give(espi::Reader::new(input, &options).map_err(|error| error.to_string())?, each)
        }
        FileFormat::SmartHub => {
            let mut all = Vec::new();
            let most = smarthub::MAX_BYTES as u64 + 1;
            input.take(most).read_to_end(&mut all).map_err(|error| error.to_string())?;
            let options = SmartHubOptions {
                costs: files.smarthub_costs,
                ..SmartHubOptions::new(today, options.common.zone.clone())
            };
            each(smarthub::read(&all, &options).map_err(|error| error.to_string())?.record)
        }
        FileFormat::Csv => {
            let header = || bytes.part(0, 1 << 16);
            if billing_csv::Reader::new(header(), &files.billing_csv).is_ok() {
                let reader = billing_csv::Reader::new(input, &files.billing_csv);
                return give(reader.map_err(|error| error.to_string())?, each);
            }
            if payment_csv::Reader::new(header(), &files.payment_csv).is_ok() {
                let reader = payment_csv::Reader::new(input, &files.payment_csv);
                return give(reader.map_err(|error| error.to_string())?, each);
            }
            let usage = UsageCsvOptions {
                date: files.usage_csv.date.or(Some(today)),
                zone: files.usage_csv.zone.clone().or(Some(options.common.zone.clone())),
                ..files.usage_csv.clone()
            };
            let reader = usage_csv::Reader::new(input, &usage);
            give(reader.map_err(|error| error.to_string())?, each)
        }
        FileFormat::X12 | FileFormat::Xlsx => Err("such a file is not imported".to_string()),
    }
}

fn give(
    records: impl Iterator<Item = Result<Record, FileError>>,
    each: &mut dyn FnMut(Record) -> Result<(), String>,
) -> Result<(), String> {
    for record in records {
        each(record.map_err(|error| error.to_string())?)?;
    }
    Ok(())
}
