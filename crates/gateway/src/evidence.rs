//! What was really exchanged with a partner, out of the store: the evidence that frames are judged by.
//!
//! What came counts once it was judged, set by set; a repeat, or what waits for a person, does not.
//! What went counts when the partner had it, and as accepted only when the partner said so where an
//! answer is owed. One payload is held at a time.

use std::io::Read;
use std::sync::Arc;

use tieline_partner::frame::{Asked, Asks, Evidence, Exchanged, Outcome, fits, holds};
use tieline_partner::profile::Direction;
use tieline_partner::{Partner, PartnerBook};
use tieline_store::expectation;
use tieline_store::message::{Filter, Flow, Message, State};
use tieline_store::{Store, StoreError};
use tieline_x12::document::Document;

use crate::payload::Bytes;
use crate::steps::ByPartner;

/// The most messages of a partner that are looked at, the latest first.
const MOST: usize = 10_000;
/// How many are asked for at once.
const PAGE: u32 = 500;
/// The largest interchange that is looked at, in bytes: it is held in memory.
const LARGEST: u64 = 64 << 20;

/// What was exchanged with one partner, as far as its frames ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FromStore {
    came: u64,
    went: u64,
    found: Vec<(Asks, Vec<Exchanged>)>,
}

/// What of a message is looked at.
struct Part {
    /// Where it begins in the payload, and its length; all of it when `None`.
    span: Option<(u64, u64)>,
    direction: Direction,
    /// What the partner said of it; `None` when our own check decides, set by set.
    said: Option<Outcome>,
}

impl FromStore {
    /// Looks through the messages of a partner for what its frames ask for.
    ///
    /// # Errors
    ///
    /// When the store fails. Payloads that were purged are passed over.
    pub async fn gather(
        store: &dyn Store,
        book: &Arc<PartnerBook>,
        partner: &Partner,
    ) -> Result<FromStore, StoreError> {
        let asked = partner.frames().iter().flat_map(|frame| &frame.scenarios);
        let mut gathered = FromStore::default();
        for scenario in asked.filter(|it| matches!(it.asks, Asks::Documents { .. })) {
            if !gathered.found.iter().any(|(asks, _)| *asks == scenario.asks) {
                gathered.found.push((scenario.asks.clone(), Vec::new()));
            }
        }
        let filter = Filter { partner: Some(partner.profile().id.clone()), ..Filter::default() };
        let (mut before, mut seen) = (None, 0);
        while seen < MOST {
            let page = store.messages(&filter, before, PAGE).await?;
            let Some(last) = page.last() else { break };
            (before, seen) = (Some(last.id), seen + page.len());
            for message in &page {
                gathered.see(store, book, message).await?;
            }
        }
        Ok(gathered)
    }

    async fn see(
        &mut self,
        store: &dyn Store,
        book: &Arc<PartnerBook>,
        message: &Message,
    ) -> Result<(), StoreError> {
        match (message.flow, message.state) {
            (Flow::In, _) => self.came += 1,
            (Flow::Out, State::Sent | State::Accepted | State::Refused) => self.went += 1,
            (Flow::Out, _) => return Ok(()),
        }
        if self.is_enough() {
            return Ok(());
        }
        let parts = parts(store, message).await?;
        if parts.is_empty() {
            return Ok(());
        }
        let payload = match store.payload(message.id).await {
            Ok(payload) => payload,
            Err(StoreError::PayloadMissing(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let Ok(payload) = Bytes::open(payload) else { return Ok(()) };
        for part in &parts {
            let Some(bytes) = bytes(&payload, part.span) else { continue };
            self.judge(&bytes, book, message, part);
        }
        Ok(())
    }

    /// Whether everything that is asked for was seen.
    fn is_enough(&self) -> bool {
        self.found.iter().all(|(asks, found)| match asks {
            Asks::Documents { documents, .. } => found.len() as u64 >= u64::from(*documents),
            _ => true,
        })
    }

    fn judge(&mut self, bytes: &[u8], book: &Arc<PartnerBook>, message: &Message, part: &Part) {
        let document = Document::read(bytes, &ByPartner(Arc::clone(book)));
        for interchange in &document.interchanges {
            let number = interchange.header.control_number();
            let number = String::from_utf8_lossy(number).into_owned();
            for set in interchange.groups.iter().flat_map(|group| &group.sets) {
                let set = document.root(set);
                let st = String::from_utf8_lossy(set.element(2)).into_owned();
                for (asks, found) in &mut self.found {
                    let Some(asked) = asked(asks).filter(|it| it.direction == part.direction)
                    else {
                        continue;
                    };
                    let is_it = match part.said {
                        None => fits(&document, &set, &asked),
                        Some(said) => said == asked.outcome && holds(&document, &set, &asked),
                    };
                    if is_it && found.len() < asked.enough as usize {
                        let reference = format!("{} ISA {number} ST {st}", message.id);
                        found.push(Exchanged { reference });
                    }
                }
            }
        }
    }
}

/// The question behind a scenario about documents; of whichever partner was gathered.
fn asked(asks: &Asks) -> Option<Asked<'_>> {
    match asks {
        Asks::Documents { set, direction, contains, outcome, finding, documents } => Some(Asked {
            partner: "",
            set,
            direction: *direction,
            contains,
            outcome: *outcome,
            finding: finding.as_deref(),
            enough: *documents,
        }),
        _ => None,
    }
}

/// What of a message counts.
async fn parts(store: &dyn Store, message: &Message) -> Result<Vec<Part>, StoreError> {
    if message.flow == Flow::In {
        let inside = store.interchanges(message.id).await?;
        let judged = [State::Checked, State::Posted, State::Rejected];
        let mut parts = Vec::new();
        for it in inside.iter().filter(|it| judged.contains(&it.state)) {
            let span = Some((it.offset, it.length));
            parts.push(Part { span, direction: Direction::In, said: None });
        }
        return Ok(parts);
    }
    let whole = |said| vec![Part { span: None, direction: Direction::Out, said }];
    match message.state {
        State::Accepted => Ok(whole(Some(Outcome::Accepted))),
        State::Refused => Ok(whole(Some(Outcome::Rejected))),
        State::Sent => {
            let waiting = expectation::Filter {
                message: Some(message.id),
                waiting: true,
                ..expectation::Filter::default()
            };
            let owed = !store.expectations(&waiting, 1).await?.is_empty();
            Ok(if owed { Vec::new() } else { whole(None) })
        }
        _ => Ok(Vec::new()),
    }
}

/// The bytes of a part; `None` for one that is too large, or cannot be read.
fn bytes(payload: &Bytes, span: Option<(u64, u64)>) -> Option<Vec<u8>> {
    let (offset, length) = span.unwrap_or((0, payload.len()));
    if length > LARGEST {
        return None;
    }
    let mut bytes = Vec::new();
    payload.part(offset, length).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

impl Evidence for FromStore {
    fn documents(&self, wanted: &Asked<'_>) -> Vec<Exchanged> {
        let same = |asks: &Asks| {
            asked(asks).is_some_and(|it| {
                (it.set, it.direction, it.outcome, it.finding, it.enough)
                    == (wanted.set, wanted.direction, wanted.outcome, wanted.finding, wanted.enough)
                    && it.contains == wanted.contains
            })
        };
        let found = self.found.iter().find(|(asks, _)| same(asks));
        found.map(|(_, found)| found.clone()).unwrap_or_default()
    }

    fn files(&self, _: &str, direction: Direction) -> u64 {
        match direction {
            Direction::In => self.came,
            Direction::Out => self.went,
        }
    }
}
