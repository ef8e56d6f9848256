//! Going through a file transaction set by transaction set, one held at a time.

use std::sync::Arc;

use tieline_x12::delimiters::Delimiters;
use tieline_x12::header::Header;
use tieline_x12::observer::{Observer, SetOutcome};
use tieline_x12::plan::Plan;
use tieline_x12::segment::Segment;
use tieline_x12::tree::{SetTree, Tree};

/// Builds the tree of each set and hands it over; other observers hear the same file beside it.
pub(crate) struct EachSet<F> {
    visit: F,
    delimiters: Delimiters,
    tree: Option<SetTree>,
    bytes: Vec<u8>,
    /// Where the set is in the file: interchange, group in it, set in that.
    place: [u64; 3],
}

impl<F: FnMut(Tree<'_>, &str)> EachSet<F> {
    /// One that calls `visit` with the root of each set and the way to it.
    pub(crate) fn new(visit: F) -> EachSet<F> {
        let delimiters = Delimiters::default();
        EachSet { visit, delimiters, tree: None, bytes: Vec::new(), place: [0; 3] }
    }

    /// Keeps the bytes of a segment where the tree looks for them.
    fn keep(&mut self, segment: &Segment<'_>) {
        if let Some(tree) = &self.tree {
            self.bytes.resize((segment.offset() - tree.start()) as usize, b' ');
            self.bytes.extend(segment.bytes());
        }
    }
}

impl<F: FnMut(Tree<'_>, &str)> Observer for EachSet<F> {
    fn interchange(&mut self, header: &Arc<Header>) {
        self.delimiters = header.delimiters();
        self.place = [self.place[0] + 1, 0, 0];
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        if segment.id().as_bytes() == b"GS" {
            self.place = [self.place[0], self.place[1] + 1, 0];
        }
    }

    fn set(&mut self, segment: &Segment<'_>, plan: Option<&Arc<Plan>>) {
        self.place[2] += 1;
        self.tree = Some(SetTree::new(segment, self.delimiters, plan));
        self.bytes.clear();
        self.keep(segment);
    }

    fn segment(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        self.keep(segment);
        if let Some(tree) = &mut self.tree {
            tree.add(segment, row);
        }
    }

    fn set_end(&mut self, outcome: &SetOutcome) {
        if let Some(mut tree) = self.tree.take() {
            tree.close(outcome);
            let [interchange, group, set] = self.place;
            let path = format!("ISA[{interchange}]/GS[{group}]/ST[{set}]");
            (self.visit)(tree.root(&self.bytes), &path);
        }
    }
}
