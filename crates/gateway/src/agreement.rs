//! What the road asks of a partner's profile, in one place.

use std::path::{Path, PathBuf};

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};
use tieline_model::authorization::{DataKind, Inquiry};
use tieline_model::identifier::AccountNumber;
use tieline_model::period::Period;
use tieline_model::record::Record;
use tieline_partner::Partner;
use tieline_partner::pattern::{FileName, Named};
use tieline_partner::profile::{
    AcknowledgmentKind, AfterSegment, Batch, Direction, Document, InterchangeId, Profile, Ta1,
    WatchedFolder,
};
use tieline_store::message::Flow;
use tieline_store::posting::{Kind, Posting};
use tieline_x12::acknowledge::{GroupAnswer, InterchangeAnswer, Policy};
use tieline_x12::delimiters::{Delimiters, LineEnd};

use crate::queue::REPORTS;
use crate::withheld::withhold_details;

/// Whether a partner's login may send as the holder of this id beside its own.
pub(crate) fn may_send_as(partner: &Partner, (qualifier, id): (&[u8], &[u8])) -> bool {
    let same = |it: &InterchangeId| {
        it.qualifier.as_bytes() == qualifier.trim_ascii() && it.id.as_bytes() == id.trim_ascii()
    };
    partner.profile().mailbox.as_ref().is_some_and(|mailbox| mailbox.senders.iter().any(same))
}

/// How what the partner sends is answered.
pub(crate) fn answers(partner: &Partner) -> Policy {
    let agreed = &partner.profile().envelope.acknowledge;
    Policy {
        accept_with_errors: agreed.accept_with_errors,
        interchange: match agreed.ta1 {
            Ta1::Asked => InterchangeAnswer::AskedOrWrong,
            Ta1::Always => InterchangeAnswer::Always,
            Ta1::Never => InterchangeAnswer::Never,
        },
        group: match agreed.send {
            AcknowledgmentKind::Functional => GroupAnswer::Functional,
            AcknowledgmentKind::Implementation => GroupAnswer::Implementation,
            AcknowledgmentKind::None => GroupAnswer::Never,
        },
    }
}

/// How many days a control number of the partner's counts as the same.
pub(crate) fn duplicate_window(partner: &Partner) -> i64 {
    partner.profile().envelope.duplicate_window.into()
}

/// Whether the partner wants to hear of what is wrong beyond the standard (824).
pub(crate) fn wants_advice(partner: &Partner) -> bool {
    let profile = partner.profile();
    profile.envelope.acknowledge.advice && sent(profile, "824").is_some()
}

/// Whether `ISA14` of what we send asks for a TA1.
pub(crate) fn asks_for_ta1(partner: &Partner) -> bool {
    partner.profile().envelope.ack_requested
}

/// The separators of what we send.
pub(crate) fn delimiters(partner: &Partner) -> Delimiters {
    let agreed = &partner.profile().envelope.separators;
    Delimiters {
        element: agreed.element,
        component: agreed.component,
        repetition: Some(agreed.repetition),
        segment: agreed.segment,
        line_end: match agreed.newline {
            AfterSegment::Nothing => LineEnd::None,
            AfterSegment::Lf => LineEnd::Lf,
            AfterSegment::CrLf => LineEnd::CrLf,
        },
    }
}

/// What the file is called that an interchange of these sets goes in.
pub(crate) fn file_name(
    partner: &Partner,
    sets: &[&str],
    control: u64,
    local: DateTime,
    test: bool,
) -> String {
    let profile = partner.profile();
    let agreed = sets.iter().find_map(|set| sent(profile, set)).map(|it| it.file_name.clone());
    let set = sets.join("-");
    let number = u32::try_from(control).unwrap_or(u32::MAX);
    agreed.unwrap_or_else(FileName::usual).fill(&Named {
        set: &set,
        control: number,
        group: number,
        local,
        partner: &profile.id,
        usage: if test { "T" } else { "P" },
        account: "",
        sequence: control,
    })
}

/// Whether each document of a set goes in an interchange of its own.
pub(crate) fn is_single(partner: &Partner, set: &str) -> bool {
    sent(partner.profile(), set).is_some_and(|it| it.batch == Batch::OnePerInterchange)
}

/// Our `GS` id towards a partner for a set, where it is not the usual one.
pub(crate) fn our_gs(partner: &Partner, set: &str) -> Option<String> {
    let profile = partner.profile();
    let own = sent(profile, set).and_then(|it| it.our_gs.clone());
    own.or_else(|| profile.envelope.our_gs.clone())
}

/// The partner's `GS` id for a set, where it is not the usual one.
pub(crate) fn their_gs(partner: &Partner, set: &str) -> Option<String> {
    sent(partner.profile(), set).and_then(|it| it.their_gs.clone())
}

/// The accounts a partner may get documents about by any authorization; `None` where documents of
/// this kind are no customer's data.
pub(crate) fn accounts(partner: &Partner, kind: Kind) -> Option<Vec<String>> {
    if !matches!(kind, Kind::Usage | Kind::Bill) {
        return None;
    }
    let all = partner.authorizations().iter().filter(|it| it.revoked().is_none());
    let mut accounts: Vec<String> =
        all.flat_map(|it| it.accounts()).map(|it| it.as_str().to_string()).collect();
    accounts.sort();
    accounts.dedup();
    Some(accounts)
}

/// Whether the customers' authorizations let the partner get what was posted, on a day. What names
/// no account or no period cannot be shown to be allowed, and is not.
pub(crate) fn may_see(partner: &Partner, posting: &Posting, on: Date) -> bool {
    let data = match posting.kind {
        Kind::Usage if has_intervals(posting) => DataKind::Intervals,
        Kind::Usage => DataKind::Usage,
        Kind::Bill => DataKind::Bills,
        Kind::Payment | Kind::Request | Kind::Advice => return true,
    };
    is_allowed(partner, posting, data, on)
}

/// What a posting says, and of what we send no more than the customers let the partner see on a day.
pub(crate) fn read(partner: &Partner, posting: &Posting, on: Date) -> serde_json::Result<Record> {
    let mut record = serde_json::from_slice(&posting.record)?;
    if posting.flow == Flow::Out && !is_allowed(partner, posting, DataKind::AccountDetails, on) {
        withhold_details(&mut record);
    }
    Ok(record)
}

fn is_allowed(partner: &Partner, posting: &Posting, data: DataKind, on: Date) -> bool {
    let by = partner.profile().id.as_str();
    let last = posting.until.and_then(|until| until.yesterday().ok());
    let Some(about) = posting.from.zip(last).and_then(|(from, to)| Period::new(from, to).ok())
    else {
        return false;
    };
    let allowed = |account: &String| {
        let Ok(account) = AccountNumber::new(account.as_str()) else { return false };
        let inquiry = Inquiry { by, account: &account, meter: None, data, about, on };
        partner.may_see(&inquiry).is_ok()
    };
    !posting.accounts.is_empty() && posting.accounts.iter().all(allowed)
}

/// Whether intervals are in a posting; so it is taken when it cannot be read.
fn has_intervals(posting: &Posting) -> bool {
    match serde_json::from_slice::<Record>(&posting.record) {
        Ok(Record::UsageReport(report)) => report.series().next().is_some(),
        _ => true,
    }
}

/// A road that messages take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Road {
    /// Into this folder of the partner's mailbox with us.
    Mailbox(&'static str),
    /// Onto the partner's server, by the drop of this name.
    Push(String),
    /// Into this folder on our disks.
    Folder(PathBuf),
    /// To the partner's AS2 server.
    As2,
}

/// The folder of a mailbox that a partner fetches our documents from.
const OUTBOUND: &str = "outbound";
/// The channel of messages that go into it.
const MAILBOX: &str = "mailbox";
/// The channel of messages that go over AS2.
pub(crate) const AS2: &str = "as2";
/// What the channels of drops begin with.
const PUSH: &str = "push ";
/// What the channels of folders on our disks begin with.
const FOLDER: &str = "into ";

/// The channel of what goes into a folder on our disks.
pub(crate) fn folder(path: &Path) -> String {
    format!("{FOLDER}{}", path.display())
}

/// The channel of what goes to a partner: its own server where it has one, over AS2 or SFTP, or a folder
/// on our disks, else its mailbox.
pub(crate) fn channel(partner: &Partner) -> String {
    let as2 = partner.profile().as2.as_ref();
    if as2.is_some_and(|it| it.enabled && it.url.is_some()) {
        return AS2.to_string();
    }
    let drops = &partner.profile().drops;
    let push = drops.iter().find(|drop| drop.enabled && drop.push.is_some());
    let out = |it: &&WatchedFolder| it.enabled && it.direction == Direction::Out;
    let put = partner.profile().folders.iter().find(out);
    match (push, put) {
        (Some(drop), _) => format!("{PUSH}{}", drop.name),
        (None, Some(put)) => folder(&put.path),
        (None, None) => MAILBOX.to_string(),
    }
}

/// Whether the partner has a mailbox with us, where it finds reports.
pub(crate) fn has_mailbox(partner: &Partner) -> bool {
    partner.profile().mailbox.is_some() || channel(partner) == MAILBOX
}

/// The road that a channel of the store names.
pub(crate) fn road(channel: &str) -> Option<Road> {
    match channel {
        MAILBOX => Some(Road::Mailbox(OUTBOUND)),
        REPORTS => Some(Road::Mailbox(REPORTS)),
        AS2 => Some(Road::As2),
        _ => match channel.strip_prefix(FOLDER) {
            Some(path) => Some(Road::Folder(path.into())),
            None => channel.strip_prefix(PUSH).map(|drop| Road::Push(drop.to_string())),
        },
    }
}

/// When the partner owes its acknowledgments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owed {
    /// When somebody should hear that they have not come yet.
    pub(crate) warn: Timestamp,
    /// When they are overdue.
    pub(crate) due: Timestamp,
}

/// What the partner owes for sets that it gets now; `None` if it answers them with nothing.
pub(crate) fn owes(partner: &Partner, sets: &[String], now: Timestamp) -> Option<Owed> {
    let profile = partner.profile();
    let agreed = &profile.envelope.acknowledge;
    let own = sets.iter().find_map(|set| sent(profile, set)?.acknowledgment);
    if own.unwrap_or(agreed.expect) == AcknowledgmentKind::None {
        return None;
    }
    let due = agreed.within.end(now, &profile.zone, &profile.calendar)?;
    let before = SignedDuration::from_secs(profile.alerts.warn_before.into());
    Some(Owed { warn: due.checked_sub(before).unwrap_or(due).max(now), due })
}

/// The document of a set that we send.
fn sent<'p>(profile: &'p Profile, set: &str) -> Option<&'p Document> {
    let out = |it: &&Document| it.set == set && it.direction == Direction::Out && it.enabled;
    profile.documents.iter().find(out)
}
