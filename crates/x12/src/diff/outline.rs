//! A file as loops within loops, interchanges and groups among them, with a hash over each loop.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use crate::check::{self, Standard};
use crate::delimiters::Delimiters;
use crate::diff::Ignored;
use crate::header::Header;
use crate::observer::Observer;
use crate::plan::Plan;
use crate::segment::{Segment, SegmentId};
use crate::table::Release;

/// The loop around all others.
pub(super) const ROOT: u32 = 0;

/// A file as loops within loops.
#[derive(Debug)]
pub(super) struct Outline<'a> {
    bytes: &'a [u8],
    nodes: Vec<Node>,
    contexts: Vec<Context>,
    pub(super) is_x12: bool,
}

/// A segment, and the loop it opens if it opens one.
#[derive(Debug, Clone, Copy)]
struct Node {
    start: usize,
    length: usize,
    /// One past the last node of the loop it opens.
    end: u32,
    parent: u32,
    /// Its number among the segments of its id in the loop around it.
    nth: u32,
    context: u32,
    /// Over the segment and all that is in the loop it opens, without what is ignored.
    hash: u64,
}

/// What holds for a run of segments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub(super) delimiters: Delimiters,
    pub(super) release: Release,
}

/// Where segments of the envelope stand; those of a set stand deeper.
const INTERCHANGE: u16 = 1;
const IN_INTERCHANGE: u16 = 2;
const IN_GROUP: u16 = 3;
const IN_SET: u16 = 4;

impl<'a> Outline<'a> {
    /// Reads a file.
    pub(super) fn read(bytes: &'a [u8], ignored: Ignored) -> Outline<'a> {
        let mut builder = Builder::new(bytes);
        let totals = check::check(bytes, &Standard, &mut builder);
        let mut outline = builder.finish();
        outline.is_x12 = !totals.not_x12;
        outline.hash(ignored);
        outline
    }

    /// Hashes each loop; those inside come first.
    fn hash(&mut self, ignored: Ignored) {
        let mut canonical = Vec::new();
        for node in (0..self.nodes.len() as u32).rev() {
            self.canonical(node, ignored, &mut canonical);
            let mut hasher = DefaultHasher::new();
            hasher.write(&canonical);
            self.children(node).for_each(|child| hasher.write_u64(self.whole(child)));
            self.nodes[node as usize].hash = hasher.finish();
        }
    }

    /// The segments and loops in a loop.
    pub(super) fn children(&self, node: u32) -> impl Iterator<Item = u32> + use<'_, 'a> {
        let end = self.nodes[node as usize].end;
        let mut next = node + 1;
        std::iter::from_fn(move || {
            let child = (next < end).then_some(next)?;
            next = self.nodes[child as usize].end;
            Some(child)
        })
    }

    /// The hash over a loop.
    pub(super) fn whole(&self, node: u32) -> u64 {
        self.nodes[node as usize].hash
    }

    /// The bytes of a segment, terminator not included.
    pub(super) fn segment(&self, node: u32) -> &'a [u8] {
        let node = &self.nodes[node as usize];
        &self.bytes[node.start..node.start + node.length]
    }

    pub(super) fn offset(&self, node: u32) -> usize {
        self.nodes[node as usize].start
    }

    /// How many segments a loop has, its opener counted.
    pub(super) fn size(&self, node: u32) -> u32 {
        self.nodes[node as usize].end - node
    }

    pub(super) fn context(&self, node: u32) -> &Context {
        &self.contexts[self.nodes[node as usize].context as usize]
    }

    pub(super) fn id(&self, node: u32) -> SegmentId {
        let separator = self.context(node).delimiters.element;
        let id = self.segment(node).split(|b| *b == separator).next();
        SegmentId::new(id.unwrap_or_default())
    }

    /// The elements of a segment, the first is number 1.
    pub(super) fn elements(&self, node: u32) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let separator = self.context(node).delimiters.element;
        self.segment(node).split(move |b| *b == separator).skip(1)
    }

    /// Element `n`; empty when it is not there.
    pub(super) fn element(&self, node: u32, n: u8) -> &'a [u8] {
        self.elements(node).nth(usize::from(n).wrapping_sub(1)).unwrap_or_default()
    }

    /// The way down: `ISA[1]/GS[1]/ST[1]/PTD[2]`.
    pub(super) fn path(&self, node: u32) -> String {
        let mut steps = Vec::new();
        let mut at = node;
        while at != ROOT {
            steps.push(format!("{}[{}]", self.id(at), self.nodes[at as usize].nth));
            at = self.nodes[at as usize].parent;
        }
        steps.reverse();
        steps.join("/")
    }

    /// A segment in a form that does not depend on its separators, without what is ignored.
    pub(super) fn canonical(&self, node: u32, ignored: Ignored, out: &mut Vec<u8>) {
        out.clear();
        let (id, d) = (self.id(node), self.context(node).delimiters);
        let is_header = id == SegmentId::new(b"ISA");
        out.extend(id.as_bytes());
        if id == SegmentId::NONE {
            // What has no id is compared as it is.
            out.extend(self.segment(node));
            return;
        }
        let mut kept = out.len();
        for (n, value) in (1usize..).zip(self.elements(node)) {
            out.push(ELEMENT);
            if ignored.has(id, u8::try_from(n).unwrap_or(0), value) {
                continue;
            }
            let value =
                if is_header && ignored.separators { value.trim_ascii_end() } else { value };
            for b in value {
                match *b {
                    b if b == d.component && !is_header => out.push(COMPONENT),
                    b if Some(b) == d.repetition && !is_header => out.push(REPETITION),
                    b if b < b' ' => out.extend([ESCAPE, b]),
                    b => out.push(b),
                }
            }
            if !value.is_empty() || !ignored.separators {
                kept = out.len();
            }
        }
        out.truncate(kept);
        if is_header && !ignored.separators {
            out.extend([ELEMENT, d.element, d.segment]);
            out.extend(d.line_end.as_bytes());
        }
    }
}

/// What stands for separators in the canonical form.
const ELEMENT: u8 = 0x1d;
const REPETITION: u8 = 0x1e;
const COMPONENT: u8 = 0x1f;
const ESCAPE: u8 = 0x1b;

/// Builds an outline while a file is checked.
struct Builder<'a> {
    outline: Outline<'a>,
    open: Vec<Open>,
    plan: Option<Arc<Plan>>,
    /// Behind the latest segment.
    at: usize,
}

/// A loop that has not ended.
struct Open {
    node: u32,
    depth: u16,
    counts: HashMap<SegmentId, u32>,
}

impl<'a> Builder<'a> {
    fn new(bytes: &'a [u8]) -> Builder<'a> {
        let context = Context { delimiters: Delimiters::default(), release: Release::V004010 };
        let root = Node { start: 0, length: 0, end: 1, parent: ROOT, nth: 1, context: 0, hash: 0 };
        Builder {
            outline: Outline { bytes, nodes: vec![root], contexts: vec![context], is_x12: false },
            open: vec![Open { node: ROOT, depth: 0, counts: HashMap::new() }],
            plan: None,
            at: 0,
        }
    }

    fn finish(mut self) -> Outline<'a> {
        self.take_strays(self.outline.bytes.len());
        let end = self.outline.nodes.len() as u32;
        for open in &self.open {
            self.outline.nodes[open.node as usize].end = end;
        }
        self.outline
    }

    fn context(&self) -> Context {
        self.outline
            .contexts
            .last()
            .copied()
            .unwrap_or(Context { delimiters: Delimiters::default(), release: Release::V004010 })
    }

    fn push(&mut self, start: usize, length: usize, depth: u16, opens: bool) {
        let node = self.outline.nodes.len() as u32;
        while let Some(open) = self.open.pop_if(|open| open.depth >= depth) {
            self.outline.nodes[open.node as usize].end = node;
        }
        let parent = self.open.last().map_or(ROOT, |open| open.node);
        let context = self.outline.contexts.len() as u32 - 1;
        self.outline.nodes.push(Node {
            start,
            length,
            end: node + 1,
            parent,
            nth: 0,
            context,
            hash: 0,
        });
        let id = self.outline.id(node);
        if let Some(open) = self.open.last_mut() {
            let count = open.counts.entry(id).or_default();
            *count += 1;
            self.outline.nodes[node as usize].nth = *count;
        }
        if opens {
            self.open.push(Open { node, depth, counts: HashMap::new() });
        }
        self.at = start + length;
    }

    /// A segment the checker tells of.
    fn hear(&mut self, segment: &Segment<'_>, depth: u16, opens: bool) {
        let start = segment.offset() as usize;
        self.take_strays(start);
        self.push(start, segment.bytes().len(), depth, opens);
    }

    /// What the checker stepped over up to here: segments that are in no set, text between
    /// interchanges. It is compared like everything else.
    fn take_strays(&mut self, to: usize) {
        let terminator = self.context().delimiters.segment;
        let depth = self.open.last().map_or(0, |open| open.depth) + 1;
        while self.at < to {
            let rest = &self.outline.bytes[self.at..to];
            let length = rest.iter().position(|b| *b == terminator).unwrap_or(rest.len());
            let text = rest[..length].trim_ascii();
            let blank = rest[..length].iter().take_while(|b| b.is_ascii_whitespace()).count();
            let (start, next) = (self.at + blank, self.at + length + 1);
            if !text.is_empty() && text != BYTE_ORDER_MARK {
                self.push(start, text.len(), depth, false);
            }
            self.at = next;
        }
    }
}

const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

impl Observer for Builder<'_> {
    fn interchange(&mut self, header: &Arc<Header>) {
        let start = header.offset() as usize;
        self.take_strays(start);
        let (delimiters, release) = (header.delimiters(), header.release());
        let release = release.unwrap_or(Release::V004010);
        self.outline.contexts.push(Context { delimiters, release });
        self.push(start, header.bytes().len() - 1, INTERCHANGE, true);
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        match segment.id().as_bytes() {
            // It is told as a set too, and that says more.
            b"ST" => {}
            b"GS" => self.hear(segment, IN_INTERCHANGE, true),
            b"GE" => self.hear(segment, IN_GROUP, false),
            b"SE" => self.hear(segment, IN_SET, false),
            _ => self.hear(segment, IN_INTERCHANGE, false),
        }
    }

    fn set(&mut self, segment: &Segment<'_>, plan: Option<&Arc<Plan>>) {
        self.take_strays(segment.offset() as usize);
        self.plan = plan.cloned();
        if let Some(plan) = plan
            && self.context().release != plan.set().release
        {
            let release = plan.set().release;
            self.outline.contexts.push(Context { release, ..self.context() });
        }
        self.hear(segment, IN_GROUP, true);
    }

    #[inline]
    fn segment(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        let (depth, opens) = match (row, &self.plan) {
            (Some(row), Some(plan)) => (IN_SET + u16::from(plan.depth(row)), plan.opens_loop(row)),
            _ => (self.open.last().map_or(IN_SET, |open| (open.depth + 1).max(IN_SET)), false),
        };
        self.hear(segment, depth, opens);
    }
}
