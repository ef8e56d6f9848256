//! Records as an interchange of ours to a partner, checked as the partner will check it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Zoned;
use tieline_mapping::document;
use tieline_mapping::error::MappingError;
use tieline_mapping::naming::{Side, name_parties};
use tieline_model::record::Record;
use tieline_partner::profile::{Identity, InterchangeId, Usage};
use tieline_partner::{Partner, PartnerBook};
use tieline_x12::check::stream;
use tieline_x12::compose::{self, Set, Writer};
use tieline_x12::finding::{Finding, Severity};
use tieline_x12::observer::{Observer, Scene};

use crate::agreement;
use crate::payload::Bytes;
use crate::queue::Outgoing;
use crate::speaker::shown;
use crate::steps::{ByPartner, Failure};

/// What an interchange of ours is dated and numbered with.
pub(crate) struct Envelope {
    pub(crate) at: Zoned,
    pub(crate) test: bool,
    /// `ISA13`, and `GS06` of its first group; those after it follow.
    pub(crate) control: u64,
}

/// Composes records for a partner, and checks the result. What the check does not accept is still
/// given, held with the reason: nobody loses it, and nobody gets it.
pub(crate) fn interchange(
    book: &Arc<PartnerBook>,
    partner: &Partner,
    envelope: &Envelope,
    records: Vec<Record>,
) -> Result<Outgoing, Failure> {
    let us = book.utility().ok_or_else(|| {
        Failure::Final("nothing says who we are: write a utility.toml among the partners".into())
    })?;
    let agreed = &partner.profile().envelope;
    let our_ids = if agreed.our_isa.is_empty() { &us.x12.isa } else { &agreed.our_isa };
    let ours = party(our_ids, envelope.test);
    let theirs = party(&partner.profile().x12.isa, envelope.test);
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        let usage = if envelope.test { "tests" } else { "production" };
        return Err(Failure::Final(format!("one of the sides has no ISA id for {usage}")));
    };
    let control = u32::try_from(envelope.control).unwrap_or(u32::MAX);
    let identity = &partner.profile().x12;
    let draft = compose::Interchange {
        authorization: None,
        sender: (ours.qualifier.clone(), ours.id.clone()),
        receiver: (theirs.qualifier.clone(), theirs.id.clone()),
        date: envelope.at.strftime("%y%m%d").to_string(),
        time: envelope.at.strftime("%H%M").to_string(),
        release: identity.release,
        control_number: control,
        acknowledgment_requested: agreement::asks_for_ta1(partner),
        usage: if envelope.test { 'T' } else { 'P' },
        acknowledgments: Vec::new(),
        groups: Vec::new(),
    };
    let options = partner.options();
    let (our_side, their_side) = (side(&us.name, ours), side(&partner.profile().name, theirs));
    let wrong = |error: compose::ComposeError| Failure::Final(error.to_string());
    let mut writer = Writer::open(&draft, &agreement::delimiters(partner)).map_err(wrong)?;
    let mut sets: BTreeMap<String, u64> = BTreeMap::new();
    let mut group: Option<(&str, u32)> = None;
    let mut groups = 0;
    for mut record in records {
        let Some((code, kind)) = document::set_of(&record) else { continue };
        name_parties(&mut record, our_side, their_side, None, options);
        if group.is_none_or(|(open, _)| open != kind) {
            writer
                .group(&compose::Group {
                    functional_id: kind.to_string(),
                    sender: agreement::our_gs(partner, code)
                        .unwrap_or_else(|| application(&us.x12, ours)),
                    receiver: agreement::their_gs(partner, code)
                        .unwrap_or_else(|| application(identity, theirs)),
                    date: envelope.at.strftime("%Y%m%d").to_string(),
                    time: envelope.at.strftime("%H%M").to_string(),
                    control_number: control.saturating_add(groups),
                    control_digits: 1,
                    agency: None,
                    version: identity.version.clone(),
                    sets: Vec::new(),
                })
                .map_err(wrong)?;
            groups += 1;
            group = Some((kind, 0));
        }
        let number = group.as_mut().map_or(1, |(_, sets)| {
            *sets += 1;
            *sets
        });
        let set = Set {
            code: code.to_string(),
            control_number: format!("{number:04}"),
            convention: None,
            segments: Vec::new(),
        };
        let write = |body: &mut compose::Body| document::compose(&record, options, body);
        let written: Result<(), MappingError> = writer.set_with(&set, write);
        written.map_err(|error| Failure::Final(format!("{code} {number}: {error}")))?;
        *sets.entry(code.to_string()).or_default() += 1;
    }
    let bytes = writer.finish().map_err(wrong)?;
    let bytes: Arc<[u8]> = bytes.into();
    let held = objection(book, &Bytes::Memory(Arc::clone(&bytes)))?;
    let bytes = bytes.to_vec();
    Ok(Outgoing {
        control: envelope.control,
        sender: shown((ours.qualifier.as_bytes(), ours.id.as_bytes())),
        receiver: shown((theirs.qualifier.as_bytes(), theirs.id.as_bytes())),
        test: envelope.test,
        local: envelope.at.datetime(),
        sets,
        bytes,
        answers: None,
        held,
    })
}

/// How many functional groups records come to, when they are written in this order.
pub(crate) fn groups(records: &[Record]) -> u32 {
    let mut kinds: Vec<&str> =
        records.iter().filter_map(document::set_of).map(|(_, kind)| kind).collect();
    kinds.dedup();
    u32::try_from(kinds.len().max(1)).unwrap_or(u32::MAX)
}

/// What the check that will judge it says against our own work.
pub(crate) fn objection(book: &Arc<PartnerBook>, bytes: &Bytes) -> Result<Option<String>, Failure> {
    #[derive(Default)]
    struct Errors(Option<String>, u64);
    impl Observer for Errors {
        fn finding(&mut self, finding: Finding, _: &Scene<'_>) {
            if finding.severity == Severity::Error {
                self.0.get_or_insert_with(|| format!("{} {finding}", finding.code()));
                self.1 += 1;
            }
        }
    }
    let mut errors = Errors::default();
    stream(&mut bytes.part(0, bytes.len()), &ByPartner(Arc::clone(book)), &mut errors)?;
    Ok(errors
        .0
        .map(|first| format!("our own check found {} errors in it, the first: {first}", errors.1)))
}

/// The id to use for tests or for production; one for both where there is no other.
fn party(ids: &[InterchangeId], test: bool) -> Option<&InterchangeId> {
    let wanted = if test { Usage::Test } else { Usage::Production };
    let own = ids.iter().find(|id| id.usage == Some(wanted));
    own.or_else(|| ids.iter().find(|id| id.usage.is_none()))
}

fn side<'s>(name: &'s str, id: &'s InterchangeId) -> Side<'s> {
    Side { name, qualifier: &id.qualifier, id: &id.id }
}

fn application(identity: &Identity, id: &InterchangeId) -> String {
    identity.gs.first().unwrap_or(&id.id).clone()
}
