//! What a run of a schedule would do now; nothing is written, sent or called.

use jiff::Timestamp;
use tieline_partner::profile::timing::clear_of;
use tieline_partner::profile::{Pull, SftpDrop};
use tieline_partner::{Partner, PartnerBook};
use tieline_store::StoreError;
use tieline_store::message::{self, Flow, Message, State};
use tieline_store::posting::Posting;

use crate::agreement::{self, Road};
use crate::compose::{self, Envelope};
use crate::house::House;
use crate::schedule::Planned;
use crate::steps::release::{TOGETHER, kind_of, records, wanted};
use crate::steps::{CALL, RELEASE};

/// The most messages that are put in one call.
const MOST: u32 = 1_000;

/// What a run would do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Forecast {
    /// It would send these.
    Send(Vec<Interchange>),
    /// It would call this server.
    Call {
        /// The server, e.g. `edi.example port 22 as prairie`.
        server: String,
        /// Until when it is not to be called.
        not_before: Option<Timestamp>,
        /// The folder that files are put into, and what waits to be put there.
        put: Option<(String, Vec<Message>)>,
        /// The folder that files are taken from, and which.
        take: Option<(String, String)>,
    },
    /// Nothing can be said beforehand.
    Unknown,
}

/// An interchange that would be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interchange {
    /// What would be in it.
    pub postings: Vec<Posting>,
    /// Whether it would be a test.
    pub test: bool,
    /// Why it would be held, or could not be made.
    pub held: Option<String>,
}

/// What a run of this would do now.
///
/// # Errors
///
/// When the store fails.
pub async fn forecast(house: &House, planned: &Planned<'_>) -> Result<Forecast, StoreError> {
    let book = house.book();
    let (id, what) = planned.name.split_once('/').unwrap_or((&planned.name, ""));
    let Some(partner) = book.find(id) else { return Ok(Forecast::Unknown) };
    match planned.kind {
        RELEASE => release(house, &book, partner, what).await.map(Forecast::Send),
        CALL => {
            let name = what.strip_prefix("drop ").unwrap_or(what);
            match partner.profile().drops.iter().find(|drop| drop.name == name) {
                Some(drop) => call(house, id, drop).await,
                None => Ok(Forecast::Unknown),
            }
        }
        _ => Ok(Forecast::Unknown),
    }
}

async fn release(
    house: &House,
    book: &std::sync::Arc<PartnerBook>,
    partner: &Partner,
    set: &str,
) -> Result<Vec<Interchange>, StoreError> {
    let mut interchanges = Vec::new();
    let due = kind_of(set).and_then(|kind| wanted(partner, set, kind));
    let Some((filter, test)) = due else { return Ok(interchanges) };
    let at = house.local(house.store.now().await?);
    let most = if agreement::is_single(partner, set) { 1 } else { TOGETHER };
    let mut after = None;
    loop {
        let due = house.store.postings(&filter, after, most).await?;
        let Some(last) = due.last() else { return Ok(interchanges) };
        after = Some(last.id);
        let due: Vec<Posting> =
            due.into_iter().filter(|it| agreement::may_see(partner, it, at.date())).collect();
        if due.is_empty() {
            continue;
        }
        // Any number will do: none is given before it is sent.
        let envelope = || Envelope { at: at.clone(), test, control: 1 };
        let held = |due: &[Posting]| {
            let composed = records(partner, due, at.date())
                .and_then(|records| compose::interchange(book, partner, &envelope(), records));
            composed.map_or_else(|error| Some(error.to_string()), |it| it.held)
        };
        match held(&due) {
            // Each goes alone then, so that only those at fault are held.
            Some(_) if due.len() > 1 => {
                for one in due {
                    let one = vec![one];
                    interchanges.push(Interchange { held: held(&one), test, postings: one });
                }
            }
            held => interchanges.push(Interchange { held, test, postings: due }),
        }
    }
}

async fn call(house: &House, partner: &str, drop: &SftpDrop) -> Result<Forecast, StoreError> {
    let now = house.store.now().await?;
    let not_before =
        clear_of(&drop.blackouts, now, &drop.schedule.zone).filter(|clear| *clear > now);
    let put = match &drop.push {
        Some(folder) => {
            let filter = message::Filter {
                partner: Some(partner.to_string()),
                flow: Some(Flow::Out),
                states: vec![State::Queued, State::Sending],
                ..message::Filter::default()
            };
            let mut queued = house.store.messages(&filter, None, MOST).await?;
            let road = Some(Road::Push(drop.name.clone()));
            queued.retain(|it| agreement::road(&it.channel) == road);
            queued.reverse();
            Some((folder.clone(), queued))
        }
        None => None,
    };
    let files = |pull: &Pull| (pull.folder.clone(), pull.pattern.as_str().to_string());
    Ok(Forecast::Call {
        server: format!("{} port {} as {}", drop.host, drop.port, drop.user),
        not_before,
        put,
        take: drop.pull.as_ref().map(files),
    })
}
