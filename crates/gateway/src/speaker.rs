//! Who may speak for whom: whether an interchange may come the way it came.
//!
//! A partner's login may send as the partner itself, and as whomever its profile lists, as a VAN does.
//! A document that came from anybody else is held, and nothing is answered to the party it names:
//! that party has not spoken.

use std::fmt;

use tieline_partner::profile::{Direction, InterchangeId, Status, Usage};
use tieline_partner::{Partner, PartnerBook};
use tieline_x12::header::Header;

use crate::agreement;

/// Why an interchange is held before anybody looks at what it says. `Display` says what to do too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hold {
    /// No partner has the sender's id.
    UnknownSender(String),
    /// It came through the login of somebody who may not send as this partner.
    NotTheirs { login: String, partner: String },
    /// It is for somebody else.
    NotForUs(String),
    /// The partner exchanges nothing for now, or nothing yet.
    NotTrading { partner: String, status: &'static str },
    /// Production traffic of a partner who only tests.
    NotLive(String),
    /// An id that is for tests alone with production traffic, or the other way round.
    WrongUsage { id: String, usage: &'static str },
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hold::UnknownSender(id) => {
                write!(
                    f,
                    "no partner has the sender's id {id}: add it to x12.isa of its partner.toml"
                )
            }
            Hold::NotTheirs { login, partner } => write!(
                f,
                "it came through {login}, which may not send as {partner}: \
                 list the id in mailbox.senders of {login} if it may"
            ),
            Hold::NotForUs(id) => write!(
                f,
                "it is for {id}, which is none of our ids: add it to utility.toml if it is ours"
            ),
            Hold::NotTrading { partner, status } => {
                write!(f, "{partner} is {status}: set its status once it may exchange documents")
            }
            Hold::NotLive(partner) => write!(
                f,
                "it is production traffic, and {partner} is still testing: promote it, or ask for ISA15 T"
            ),
            Hold::WrongUsage { id, usage } => {
                write!(f, "ISA15 is {usage}, which is not what the id {id} is for")
            }
        }
    }
}

/// The partner an interchange is from, even when it is held.
#[derive(Debug)]
pub(crate) struct Spoken<'b> {
    /// Whose id it is.
    pub(crate) partner: Option<&'b Partner>,
    /// Why it may not go on.
    pub(crate) hold: Option<Hold>,
}

/// Finds who speaks in an interchange that came through the login or folder of `login`; `None` for
/// one that a person of our own house brought.
pub(crate) fn who_speaks<'b>(
    book: &'b PartnerBook,
    login: Option<&str>,
    header: &Header,
) -> Spoken<'b> {
    let sender = shown(header.sender());
    let found = book.find_by_isa(header.sender(), header.receiver());
    let Some((partner, Direction::In)) = found else {
        return Spoken { partner: None, hold: Some(Hold::UnknownSender(sender)) };
    };
    let hold = objection(book, login, partner, header);
    Spoken { partner: Some(partner), hold }
}

fn objection(
    book: &PartnerBook,
    login: Option<&str>,
    partner: &Partner,
    header: &Header,
) -> Option<Hold> {
    let profile = partner.profile();
    let id = &profile.id;
    if let Some(login) = login.filter(|login| *login != id) {
        let may = book.find(login).is_some_and(|it| agreement::may_send_as(it, header.sender()));
        if !may {
            return Some(Hold::NotTheirs { login: login.to_string(), partner: id.clone() });
        }
    }
    let towards_them = id_of(&profile.envelope.our_isa, header.receiver());
    let ours = || book.utility().and_then(|us| id_of(&us.x12.isa, header.receiver()));
    let receiver = towards_them.or_else(ours);
    if receiver.is_none() {
        return Some(Hold::NotForUs(shown(header.receiver())));
    }
    let status = match profile.status {
        Status::Draft => Some("a draft"),
        Status::Suspended => Some("suspended"),
        Status::Testing | Status::Live => None,
    };
    if let Some(status) = status {
        return Some(Hold::NotTrading { partner: id.clone(), status });
    }
    let is_test = header.is_test();
    if profile.status == Status::Testing && !is_test {
        return Some(Hold::NotLive(id.clone()));
    }
    let sender = id_of(&profile.x12.isa, header.sender());
    [sender, receiver].into_iter().flatten().find_map(|id| match (id.usage, is_test) {
        (Some(Usage::Test), false) => Some(wrong_usage(id, "P")),
        (Some(Usage::Production), true) => Some(wrong_usage(id, "T")),
        _ => None,
    })
}

fn wrong_usage(id: &InterchangeId, usage: &'static str) -> Hold {
    Hold::WrongUsage { id: format!("{}:{}", id.qualifier, id.id), usage }
}

fn id_of<'i>(
    ids: &'i [InterchangeId],
    (qualifier, id): (&[u8], &[u8]),
) -> Option<&'i InterchangeId> {
    let same = |it: &&InterchangeId| {
        it.qualifier.as_bytes() == qualifier.trim_ascii() && it.id.as_bytes() == id.trim_ascii()
    };
    ids.iter().find(same)
}

/// An id as the store keeps it and people read it: `01:0055500010000`.
pub(crate) fn shown((qualifier, id): (&[u8], &[u8])) -> String {
    let plain = |bytes: &[u8]| -> String {
        let printable =
            |b: &u8| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '?' };
        bytes.trim_ascii().iter().map(printable).collect()
    };
    format!("{}:{}", plain(qualifier), plain(id))
}
