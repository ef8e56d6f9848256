//! A transaction set as a tree: loops with their segments, in the order of the file.
//!
//! The tree keeps where each segment stands, not what is in it; elements are cut when they are asked
//! for. A segment is 16 bytes of tree beside its own bytes.

use std::fmt;
use std::sync::Arc;

use crate::compose;
use crate::delimiters::Delimiters;
use crate::document;
use crate::observer::SetOutcome;
use crate::plan::Plan;
use crate::segment::{Segment, SegmentId};
use crate::table::Release;

/// A transaction set as a tree; its bytes are kept elsewhere.
#[derive(Debug, Clone)]
pub struct SetTree {
    nodes: Vec<Node>,
    /// Openers of loops still open while the tree is built.
    open: Vec<u32>,
    start: u64,
    delimiters: Delimiters,
    plan: Option<Arc<Plan>>,
    /// How the set came out; `None` until its end was read.
    pub outcome: Option<SetOutcome>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    /// Start and length in the bytes of the set, terminator not included.
    start: u32,
    length: u32,
    /// One past the last node of the loop it opens; the next node when it opens none.
    end: u32,
    row: u16,
    depth: u16,
}

/// The row of a segment that has no place in the set.
const NO_ROW: u16 = u16::MAX;

impl SetTree {
    /// A tree that begins with this `ST`.
    pub fn new(st: &Segment<'_>, delimiters: Delimiters, plan: Option<&Arc<Plan>>) -> SetTree {
        let mut tree = SetTree {
            nodes: Vec::new(),
            open: Vec::new(),
            start: st.offset(),
            delimiters,
            plan: plan.cloned(),
            outcome: None,
        };
        tree.push(st, 0, 0, true);
        tree
    }

    /// Adds the next segment of the set, and the plan's row it stands in.
    pub fn add(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        match (row, &self.plan) {
            (Some(row), Some(plan)) => {
                let (depth, opens) = (u16::from(plan.depth(row)) + 1, plan.opens_loop(row));
                self.push(segment, row, depth, opens);
            }
            _ => {
                let depth = self.open.last().map_or(1, |n| self.nodes[*n as usize].depth + 1);
                self.push(segment, NO_ROW, depth, false);
            }
        }
    }

    fn push(&mut self, segment: &Segment<'_>, row: u16, depth: u16, opens: bool) {
        let number = self.nodes.len() as u32;
        while let Some(top) = self.open.pop_if(|top| self.nodes[*top as usize].depth >= depth) {
            self.nodes[top as usize].end = number;
        }
        self.nodes.push(Node {
            start: (segment.offset() - self.start) as u32,
            length: segment.bytes().len() as u32,
            end: number + 1,
            row,
            depth,
        });
        if opens {
            self.open.push(number);
        }
    }

    /// Ends the tree.
    pub fn close(&mut self, outcome: &SetOutcome) {
        let end = self.nodes.len() as u32;
        for opener in self.open.drain(..) {
            self.nodes[opener as usize].end = end;
        }
        self.outcome = Some(outcome.clone());
    }

    /// What the set was checked against.
    pub fn plan(&self) -> Option<&Arc<Plan>> {
        self.plan.as_ref()
    }

    /// Where the set starts in the file.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The separators of its interchange.
    pub fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// How many segments it has, `ST` included, `SE` not.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether it has no segment but `ST`.
    pub fn is_empty(&self) -> bool {
        self.nodes.len() <= 1
    }

    /// The set as a loop opened by `ST`; `bytes` are those of the file from [`SetTree::start`] on.
    pub fn root<'t>(&'t self, bytes: &'t [u8]) -> Tree<'t> {
        Tree { set: self, bytes, number: 0 }
    }
}

/// A segment of a set, and the loop it opens if it opens one.
#[derive(Clone, Copy)]
pub struct Tree<'t> {
    set: &'t SetTree,
    bytes: &'t [u8],
    number: u32,
}

impl<'t> Tree<'t> {
    #[inline]
    fn node(&self) -> &'t Node {
        &self.set.nodes[self.number as usize]
    }

    /// The bytes of the segment, terminator not included.
    #[inline]
    pub fn segment(&self) -> &'t [u8] {
        let node = self.node();
        &self.bytes[node.start as usize..][..node.length as usize]
    }

    /// The segment's id.
    #[inline]
    pub fn id(&self) -> SegmentId {
        let (segment, separator) = (self.segment(), self.set.delimiters.element);
        match *segment {
            [a, b, end, ..] if end == separator && a != end && b != end => SegmentId::new(&[a, b]),
            [a, b, c, end, ..] if end == separator && ![a, b, c].contains(&end) => {
                SegmentId::new(&[a, b, c])
            }
            _ => SegmentId::new(segment.split(|b| *b == separator).next().unwrap_or_default()),
        }
    }

    /// Element `n`, counted from 1; empty when it is not there.
    pub fn element(&self, n: usize) -> &'t [u8] {
        let separator = self.set.delimiters.element;
        self.segment().split(move |b| *b == separator).nth(n).unwrap_or_default()
    }

    /// The elements in order; the first is number 1.
    pub fn elements(&self) -> impl Iterator<Item = &'t [u8]> + use<'t> {
        let separator = self.set.delimiters.element;
        self.segment().split(move |b| *b == separator).skip(1)
    }

    /// The components of element `n`.
    pub fn components(&self, n: usize) -> impl Iterator<Item = &'t [u8]> + use<'t> {
        let separator = self.set.delimiters.component;
        self.element(n).split(move |b| *b == separator)
    }

    /// The separators of its interchange.
    #[inline]
    pub fn delimiters(&self) -> Delimiters {
        self.set.delimiters
    }

    /// The segment as values; `None` when it is not text.
    pub fn values(&self) -> Option<compose::Segment> {
        document::draft(self.segment(), self.set.delimiters)
    }

    /// How the set came out; `None` until its end was read.
    pub fn outcome(&self) -> Option<&'t SetOutcome> {
        self.set.outcome.as_ref()
    }

    /// The segment's number in the set; `ST` is 1.
    pub fn ordinal(&self) -> u32 {
        self.number + 1
    }

    /// Where the segment starts in the file.
    pub fn offset(&self) -> u64 {
        self.set.start + u64::from(self.node().start)
    }

    /// What the set was checked against.
    pub fn plan(&self) -> Option<Arc<Plan>> {
        self.set.plan.clone()
    }

    /// The release of the set's table; 004010 where there is none.
    pub fn release(&self) -> Release {
        self.set.plan.as_ref().map_or(Release::V004010, |plan| plan.set().release)
    }

    /// How many loops are around it; `ST` has none, the others at least one.
    pub fn depth(&self) -> u16 {
        self.node().depth
    }

    /// Whether it has a place in the set's table.
    #[inline]
    pub fn is_placed(&self) -> bool {
        self.node().row != NO_ROW
    }

    /// Whether it opens a loop.
    pub fn opens_loop(&self) -> bool {
        let plan = self.set.plan.as_ref();
        self.number == 0
            || self.is_placed() && plan.is_some_and(|plan| plan.opens_loop(self.node().row))
    }

    /// What stands in the loop it opens, loops as a whole; nothing when it opens none.
    #[inline]
    pub fn children(&self) -> impl Iterator<Item = Tree<'t>> + use<'t> {
        let (set, bytes, end) = (self.set, self.bytes, self.node().end);
        let mut next = self.number + 1;
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let child = Tree { set, bytes, number: next };
            next = set.nodes[next as usize].end;
            Some(child)
        })
    }

    /// The segments and loops `id` of the loop it opens.
    pub fn all(&self, id: &str) -> impl Iterator<Item = Tree<'t>> + use<'t> {
        let id = SegmentId::new(id.as_bytes());
        self.children().filter(move |child| child.id() == id)
    }

    /// The first segment or loop `id` whose first element is `qualifier`.
    pub fn find(&self, id: &str, qualifier: &str) -> Option<Tree<'t>> {
        self.all(id).find(|child| child.element(1) == qualifier.as_bytes())
    }

    /// It and everything in the loop it opens, in the order of the file.
    pub fn walk(&self) -> impl Iterator<Item = Tree<'t>> + use<'t> {
        let (set, bytes) = (self.set, self.bytes);
        (self.number..self.node().end).map(move |number| Tree { set, bytes, number })
    }
}

/// Says which segment it is, never what it holds.
impl fmt::Debug for Tree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at segment {}", self.id(), self.ordinal())
    }
}
