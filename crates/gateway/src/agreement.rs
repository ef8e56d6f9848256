//! What the road asks of a partner's profile, in one place.

use jiff::{SignedDuration, Timestamp};
use tieline_partner::Partner;
use tieline_x12::acknowledge::Policy;
use tieline_x12::delimiters::Delimiters;

/// Whether a partner's login may send as the holder of this id.
pub(crate) fn may_send_as(_partner: &Partner, _id: (&[u8], &[u8])) -> bool {
    false
}

/// How what the partner sends is answered.
pub(crate) fn answers(_partner: &Partner) -> Policy {
    Policy::default()
}

/// How many days a control number of the partner's counts as the same.
pub(crate) fn duplicate_window(_partner: &Partner) -> i64 {
    370
}

/// Whether the partner wants to hear of what is wrong beyond the standard (824).
pub(crate) fn wants_advice(partner: &Partner) -> bool {
    use tieline_partner::profile::Direction;
    let documents = &partner.profile().documents;
    documents.iter().any(|it| it.set == "824" && it.direction == Direction::Out)
}

/// The road a message to the partner takes.
pub(crate) fn road(_partner: &Partner) -> String {
    "mailbox".to_string()
}

/// Whether the partner has a mailbox with us.
pub(crate) fn has_mailbox(_partner: &Partner) -> bool {
    true
}

/// Whether `ISA14` of what we send asks for a TA1.
pub(crate) fn asks_for_ta1(_partner: &Partner) -> bool {
    false
}

/// The separators of what we send.
pub(crate) fn delimiters(_partner: &Partner) -> Delimiters {
    Delimiters::default()
}

/// A road that messages take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Road {
    /// Into the partner's mailbox with us.
    Mailbox,
}

/// The road that a channel of the store names.
pub(crate) fn road_named(channel: &str) -> Option<Road> {
    matches!(channel, "mailbox" | crate::queue::REPORTS).then_some(Road::Mailbox)
}

/// When the partner owes its acknowledgments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    hours: i64,
}

impl Terms {
    /// When they are overdue, for what is sent now.
    pub(crate) fn deadline(&self, now: Timestamp) -> Timestamp {
        now + SignedDuration::from_hours(self.hours)
    }

    /// When somebody should hear that they have not come yet: at three quarters of the time.
    pub(crate) fn warning(&self, now: Timestamp) -> Timestamp {
        now + SignedDuration::from_mins(self.hours * 45)
    }
}

/// What the partner owes for what it gets; `None` if it answers nothing.
pub(crate) fn expects(_partner: &Partner) -> Option<Terms> {
    Some(Terms { hours: 24 })
}
