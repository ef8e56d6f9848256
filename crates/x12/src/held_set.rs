//! One transaction set at a time, with its tree and its bytes, for whoever reads a file set by set.

use std::sync::Arc;

use crate::delimiters::{Delimiters, LineEnd};
use crate::header::Header;
use crate::observer::SetOutcome;
use crate::plan::Plan;
use crate::segment::Segment;
use crate::tree::SetTree;

/// The set that is being read: its tree, its bytes, and where it is in the file.
#[derive(Debug, Default)]
pub struct HeldSet {
    delimiters: Delimiters,
    tree: Option<SetTree>,
    bytes: Vec<u8>,
    /// Interchange, group in it, set in that.
    place: [u64; 3],
}

impl HeldSet {
    /// An interchange begins.
    pub fn interchange(&mut self, header: &Header) {
        self.delimiters = header.delimiters();
        self.place = [self.place[0] + 1, 0, 0];
    }

    /// A segment of the envelope.
    pub fn envelope(&mut self, segment: &Segment<'_>) {
        match segment.id().as_bytes() {
            b"GS" => self.place = [self.place[0], self.place[1] + 1, 0],
            b"SE" => self.keep(segment),
            _ => {}
        }
    }

    /// A set begins; one that is not wanted is only counted.
    pub fn begin(&mut self, segment: &Segment<'_>, plan: Option<&Arc<Plan>>, is_wanted: bool) {
        self.place[2] += 1;
        self.tree = is_wanted.then(|| SetTree::new(segment, self.delimiters, plan));
        self.bytes.clear();
        self.keep(segment);
    }

    /// The next segment of it.
    pub fn add(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        self.keep(segment);
        if let Some(tree) = &mut self.tree {
            tree.add(segment, row);
        }
    }

    /// The tree of the set that ends, if it is wanted.
    pub fn end(&mut self, outcome: &SetOutcome) -> Option<SetTree> {
        let mut tree = self.tree.take()?;
        tree.close(outcome);
        Some(tree)
    }

    /// The bytes of the set, as the tree looks for them. What stands between segments is a
    /// terminator and blank space with the usual line end.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The separators of the interchange.
    pub fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// The way to the set: `ISA[1]/GS[1]/ST[1]`.
    pub fn path(&self) -> String {
        let [interchange, group, set] = self.place;
        format!("ISA[{interchange}]/GS[{group}]/ST[{set}]")
    }

    /// Keeps the bytes of a segment where the tree looks for them.
    fn keep(&mut self, segment: &Segment<'_>) {
        let Some(tree) = &self.tree else { return };
        let start = segment.offset().saturating_sub(tree.start()) as usize;
        let gap = start.saturating_sub(self.bytes.len());
        if gap > 0 {
            self.bytes.push(self.delimiters.segment);
            self.bytes.resize(start, b' ');
            if gap > 1 && self.delimiters.line_end != LineEnd::None {
                self.bytes[start - 1] = b'\n';
            }
        }
        self.bytes.extend(segment.bytes());
    }
}
