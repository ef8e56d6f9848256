//! Going through a file transaction set by transaction set, one held at a time.

use std::sync::Arc;

use tieline_x12::header::Header;
pub(crate) use tieline_x12::held_set::HeldSet;
use tieline_x12::observer::{Observer, SetOutcome};
use tieline_x12::plan::Plan;
use tieline_x12::segment::Segment;
use tieline_x12::tree::Tree;

/// Builds the tree of each set and hands it over; other observers hear the same file beside it.
pub(crate) struct EachSet<F> {
    visit: F,
    held: HeldSet,
}

impl<F: FnMut(Tree<'_>, &str)> EachSet<F> {
    /// One that calls `visit` with the root of each set and the way to it.
    pub(crate) fn new(visit: F) -> EachSet<F> {
        EachSet { visit, held: HeldSet::default() }
    }
}

impl<F: FnMut(Tree<'_>, &str)> Observer for EachSet<F> {
    fn interchange(&mut self, header: &Arc<Header>) {
        self.held.interchange(header);
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        self.held.envelope(segment);
    }

    fn set(&mut self, segment: &Segment<'_>, plan: Option<&Arc<Plan>>) {
        self.held.begin(segment, plan, true);
    }

    fn segment(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        self.held.add(segment, row);
    }

    fn set_end(&mut self, outcome: &SetOutcome) {
        if let Some(tree) = self.held.end(outcome) {
            (self.visit)(tree.root(self.held.bytes()), &self.held.path());
        }
    }
}
