//! Queueing what we send: a message with its interchange, and the job that delivers it.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};
use tieline_partner::Partner;
use tieline_store::access::OURSELVES;
use tieline_store::change;
use tieline_store::interchange::{InterchangeId, NewInterchange};
use tieline_store::job::NewJob;
use tieline_store::message::{Flow, NewMessage, State};
use tieline_store::{Change, Counter, MessageId, Payload};

use crate::agreement::{self, Road};
use crate::steps::read::content;
use crate::steps::{DELIVER, job};

/// Where reports for people lie in a mailbox; also the channel of messages that are reports.
pub(crate) const REPORTS: &str = "reports";

/// The last number that `ISA13` and `GS06` hold: nine digits.
const LAST: u64 = 999_999_999;

/// An interchange to be queued.
pub(crate) struct Outgoing {
    /// `ISA13`.
    pub(crate) control: u64,
    /// The two sides, as `01:0055500010000`.
    pub(crate) sender: String,
    pub(crate) receiver: String,
    pub(crate) test: bool,
    /// Its date and time on our clock.
    pub(crate) local: jiff::civil::DateTime,
    /// How many sets there are of which kind.
    pub(crate) sets: BTreeMap<String, u64>,
    pub(crate) bytes: Vec<u8>,
    /// The interchange this answers.
    pub(crate) answers: Option<InterchangeId>,
    /// Why it waits for a person.
    pub(crate) held: Option<String>,
}

/// The numbers of interchanges and groups that we send to a partner.
pub(crate) fn counter(partner: &str) -> Counter {
    Counter { partner: partner.to_string(), kind: "control".to_string(), last: LAST }
}

/// Adds an interchange to a change, and gives the place of its message.
pub(crate) fn interchange(change: &mut Change, partner: &Partner, outgoing: Outgoing) -> usize {
    let id = &partner.profile().id;
    let kinds: Vec<&str> = outgoing.sets.keys().map(String::as_str).collect();
    let name =
        agreement::file_name(partner, &kinds, outgoing.control, outgoing.local, outgoing.test);
    let state = if outgoing.held.is_some() { State::Held } else { State::Queued };
    let content = content(&outgoing.sets);
    let length = outgoing.bytes.len() as u64;
    let sha256 = Sha256::digest(&outgoing.bytes).into();
    let place = message(
        change,
        NewMessage {
            partner: id.clone(),
            channel: agreement::channel(partner),
            name,
            content: content.clone(),
            test: outgoing.test,
            payload: Payload::Bytes(outgoing.bytes),
            state,
            reason: outgoing.held.clone(),
            answers: outgoing.answers,
            again: None,
        },
    );
    change.interchanges.push(NewInterchange {
        message: change::Message::New(place),
        flow: Flow::Out,
        partner: Some(id.clone()),
        sender: outgoing.sender,
        receiver: outgoing.receiver,
        control: outgoing.control,
        test: outgoing.test,
        sha256,
        offset: 0,
        length,
        content,
        state,
        reason: outgoing.held,
        window_from: None,
    });
    place
}

/// Adds a report for people of the partner, who finds it in its mailbox.
pub(crate) fn report(change: &mut Change, partner: &Partner, name: &str, test: bool, text: String) {
    if !agreement::has_mailbox(partner) {
        return;
    }
    message(
        change,
        NewMessage {
            partner: partner.profile().id.clone(),
            channel: REPORTS.to_string(),
            name: format!("{name}.findings.txt"),
            content: "report".to_string(),
            test,
            payload: Payload::Bytes(text.into_bytes()),
            state: State::Queued,
            reason: None,
            answers: None,
            again: None,
        },
    );
}

/// Adds the bytes of an earlier message once more.
pub(crate) fn again(
    change: &mut Change,
    earlier: &tieline_store::message::Message,
    payload: Payload,
) {
    message(
        change,
        NewMessage {
            partner: earlier.partner.clone().unwrap_or_default(),
            channel: earlier.channel.clone(),
            name: earlier.name.clone(),
            content: earlier.content.clone(),
            test: earlier.test.unwrap_or(false),
            payload,
            state: State::Queued,
            reason: None,
            answers: earlier.answers,
            again: Some(earlier.id),
        },
    );
}

/// Adds the documents of an earlier message once more, in an interchange of their own.
pub(crate) fn renumbered(
    change: &mut Change,
    earlier: &tieline_store::message::Message,
    interchange: &tieline_store::interchange::Interchange,
    name: String,
    control: u64,
    bytes: Vec<u8>,
) {
    let (length, sha256) = (bytes.len() as u64, Sha256::digest(&bytes).into());
    let place = message(
        change,
        NewMessage {
            partner: earlier.partner.clone().unwrap_or_default(),
            channel: earlier.channel.clone(),
            name,
            content: earlier.content.clone(),
            test: interchange.test,
            payload: Payload::Bytes(bytes),
            state: State::Queued,
            reason: None,
            answers: earlier.answers,
            again: Some(earlier.id),
        },
    );
    change.interchanges.push(NewInterchange {
        message: change::Message::New(place),
        flow: Flow::Out,
        partner: earlier.partner.clone(),
        sender: interchange.sender.clone(),
        receiver: interchange.receiver.clone(),
        control,
        test: interchange.test,
        sha256,
        offset: 0,
        length,
        content: interchange.content.clone(),
        state: State::Queued,
        reason: None,
        window_from: None,
    });
}

/// Adds a file of a watched folder that cannot be used, and a report why, for the folder's `errors`.
pub(crate) fn errors(
    change: &mut Change,
    folder: &Path,
    wrong: &tieline_store::message::Message,
    payload: Payload,
    report: String,
) {
    let errors = folder.join("errors");
    let name = format!("{}.{}", wrong.id, wrong.name.replace(['/', '\\'], "_"));
    let partner = wrong.partner.clone().unwrap_or_else(|| OURSELVES.to_string());
    let new = |name: String, content: &str, payload| NewMessage {
        partner: partner.clone(),
        channel: agreement::folder(&errors),
        name,
        content: content.to_string(),
        test: wrong.test.unwrap_or(false),
        payload,
        state: State::Queued,
        reason: None,
        answers: None,
        again: None,
    };
    let report = Payload::Bytes(report.into_bytes());
    message(change, new(format!("{name}.report.txt"), "report", report));
    message(change, new(name, "not usable", payload));
}

/// Adds a message, with the job that delivers it unless it is held or waits for a call.
pub(crate) fn message(change: &mut Change, message: NewMessage) -> usize {
    let place = change.messages.len();
    if message.state == State::Queued && !is_called(&message.channel) {
        change.jobs.push(delivery(change::Message::New(place)));
    }
    change.messages.push(message);
    place
}

/// Whether what goes this way waits for a call of the partner's server.
pub(crate) fn is_called(channel: &str) -> bool {
    matches!(agreement::road(channel), Some(Road::Push(_)))
}

/// The job that delivers a message. Messages do not wait for each other: an interchange is known by its
/// number, and one that a partner does not take must not hold up the others.
pub(crate) fn delivery(message: change::Message) -> NewJob {
    NewJob { message: Some(message), ..job(DELIVER) }
}

/// The number of a message as part of a file name that only it has.
pub(crate) fn own_name(message: MessageId) -> String {
    format!("out-{message}")
}
