//! Business findings of a file: of each set that has a model, when it has ended.

use std::collections::HashMap;
use std::sync::Arc;

use tieline_mapping::business::{BusinessFinding, Judge, is_unsure_after};
use tieline_x12::delimiters::Delimiters;
use tieline_x12::finding::Finding;
use tieline_x12::header::Header;
use tieline_x12::observer::{Scene, SetOutcome};
use tieline_x12::plan::Plan;
use tieline_x12::position::Position;
use tieline_x12::segment::{Segment, SegmentId};
use tieline_x12::tree::{SetTree, Tree};

use crate::each_set::HeldSet;
use crate::partners::Guides;

/// Looks for business findings in the sets of one file.
///
/// It holds one set at a time. A set of which it is not sure what stands where, because of an error
/// of the standard, is not looked at.
#[derive(Debug)]
pub(crate) struct Business<'g> {
    guides: &'g Guides,
    judge: Judge,
    held: HeldSet,
    /// Who sends the interchange, by qualifier and id.
    sender: String,
    is_unsure: bool,
}

/// A business finding, and where it is.
#[derive(Debug)]
pub(crate) struct Noticed {
    pub(crate) finding: BusinessFinding,
    pub(crate) at: Position,
    /// The bytes of its segment.
    pub(crate) length: usize,
    pub(crate) segment: SegmentId,
    /// The way down to it.
    pub(crate) path: String,
}

/// The business findings of one set, in its order.
pub(crate) struct OfSet<'b> {
    pub(crate) found: Vec<Noticed>,
    bytes: &'b [u8],
    start: u64,
    delimiters: Delimiters,
}

impl OfSet<'_> {
    /// The bytes around a finding.
    pub(crate) fn scene(&self, noticed: &Noticed) -> Scene<'_> {
        let start = noticed.at.offset.saturating_sub(self.start) as usize;
        Scene {
            bytes: self.bytes,
            base: self.start,
            delimiters: Some(self.delimiters),
            start,
            end: start + noticed.length,
        }
    }
}

impl<'g> Business<'g> {
    /// Looks for what the partners of these guides agree to.
    pub(crate) fn new(guides: &'g Guides) -> Business<'g> {
        Business {
            guides,
            judge: Judge::default(),
            held: HeldSet::default(),
            sender: String::new(),
            is_unsure: false,
        }
    }

    /// An interchange begins.
    pub(crate) fn interchange(&mut self, header: &Arc<Header>) {
        let sides = (header.sender(), header.receiver());
        self.judge.agree(self.guides.options(Some(sides)), self.guides.business(Some(sides)));
        self.judge.bill_by(self.guides.schedules(sides));
        self.held.interchange(header);
        let (qualifier, id) = header.sender();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
        self.sender = format!("{} {}", text(qualifier), text(id));
    }

    /// A segment of the envelope.
    pub(crate) fn envelope(&mut self, segment: &Segment<'_>) {
        self.held.envelope(segment);
    }

    /// A set begins.
    pub(crate) fn begin(&mut self, segment: &Segment<'_>, plan: Option<&Arc<Plan>>) {
        let is_judged = plan.is_some() && Judge::knows(segment.element(1));
        self.held.begin(segment, plan, is_judged);
        self.is_unsure = false;
    }

    /// The next segment of it.
    pub(crate) fn segment(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        self.held.add(segment, row);
    }

    /// A finding of the standard.
    pub(crate) fn hear(&mut self, finding: &Finding) {
        self.is_unsure |= is_unsure_after(finding);
    }

    /// The set that ends and what is found in it; `None` if it is not looked at.
    pub(crate) fn judge(
        &mut self,
        outcome: &SetOutcome,
    ) -> Option<(SetTree, Vec<BusinessFinding>)> {
        let tree = self.held.end(outcome)?;
        if self.is_unsure || outcome.untold > 0 {
            return None;
        }
        let found = self.judge.judge(tree.root(self.held.bytes()), &self.sender);
        Some((tree, found))
    }

    /// The bytes of the set that ended last, as its tree looks for them.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.held.bytes()
    }

    /// The findings of the set that ends, at their places; `None` if it is not looked at.
    pub(crate) fn end(&mut self, outcome: &SetOutcome) -> Option<OfSet<'_>> {
        let (tree, found) = self.judge(outcome)?;
        let root = tree.root(self.held.bytes());
        let places = places(root, &self.held.path(), &found);
        let bytes = self.held.bytes();
        let mut found: Vec<Noticed> = found
            .into_iter()
            .zip(places)
            .map(|(finding, place)| noticed(finding, place, outcome))
            .collect();
        let (mut line, mut counted) = (outcome.line, 0);
        for noticed in &mut found {
            let offset = ((noticed.at.offset - outcome.start) as usize).min(bytes.len());
            line += bytes[counted..offset].iter().filter(|b| **b == b'\n').count() as u64;
            (noticed.at.line, counted) = (line, offset);
        }
        let delimiters = self.held.delimiters();
        Some(OfSet { found, bytes, start: outcome.start, delimiters })
    }
}

/// The place of a segment.
#[derive(Debug, Clone)]
struct Place {
    ordinal: u32,
    offset: u64,
    length: usize,
    id: SegmentId,
    path: String,
}

fn noticed(finding: BusinessFinding, place: Place, outcome: &SetOutcome) -> Noticed {
    let at = Position {
        offset: place.offset,
        set: outcome.number,
        segment: place.ordinal,
        ..Position::default()
    };
    Noticed { finding, at, length: place.length, segment: place.id, path: place.path }
}

/// The places of findings, which are in the order of the set: one way down for all of them.
fn places(root: Tree<'_>, path: &str, found: &[BusinessFinding]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::with_capacity(found.len());
    let mut wanted = found.iter().map(|finding| finding.at.0.max(1)).peekable();
    if wanted.peek().is_some() {
        place_in(root, path, &mut wanted, &mut places);
    }
    let st = || Place {
        ordinal: root.ordinal(),
        offset: root.offset(),
        length: root.segment().len(),
        id: root.id(),
        path: path.to_string(),
    };
    // A place behind the last segment is that of the set.
    places.resize_with(found.len(), st);
    places
}

fn place_in(
    node: Tree<'_>,
    path: &str,
    wanted: &mut std::iter::Peekable<impl Iterator<Item = u32>>,
    places: &mut Vec<Place>,
) {
    while wanted.next_if(|ordinal| *ordinal <= node.ordinal()).is_some() {
        places.push(Place {
            ordinal: node.ordinal(),
            offset: node.offset(),
            length: node.segment().len(),
            id: node.id(),
            path: path.to_string(),
        });
    }
    let mut counts: HashMap<SegmentId, u32> = HashMap::new();
    let mut children = node.children().peekable();
    while let Some(child) = children.next() {
        let Some(next) = wanted.peek() else { return };
        let count = counts.entry(child.id()).or_default();
        *count += 1;
        let ends_before = children.peek().is_some_and(|after| after.ordinal() <= *next);
        if !ends_before {
            let path = format!("{path}/{}[{count}]", child.id());
            place_in(child, &path, wanted, places);
        }
    }
}
