//! A whole file held: its interchanges, groups and sets as trees, its findings, and its bytes.

use std::sync::Arc;

use crate::check::{self, Plans, Totals};
use crate::compose;
use crate::delimiters::Delimiters;
use crate::finding::{Finding, Severity};
use crate::header::Header;
use crate::observer::{GroupOutcome, InterchangeOutcome, Observer, Scene, SetOutcome};
use crate::plan::Plan;
use crate::segment::{Segment, SegmentId};
use crate::table::Release;
use crate::tree::{SetTree, Tree};

/// A file that was read and checked, and is held in memory with its bytes.
#[derive(Debug)]
pub struct Document<'a> {
    bytes: &'a [u8],
    /// What it holds.
    pub totals: Totals,
    /// Its interchanges.
    pub interchanges: Vec<Interchange>,
    /// What is wrong with it, in the order of the file.
    pub findings: Vec<Finding>,
}

/// An interchange of a document.
#[derive(Debug)]
pub struct Interchange {
    /// Its `ISA`.
    pub header: Arc<Header>,
    /// Its `TA1` segments, by their places in the file.
    pub answers: Vec<std::ops::Range<usize>>,
    /// Its functional groups.
    pub groups: Vec<Group>,
    /// How it came out; `None` when its end was not reached.
    pub outcome: Option<InterchangeOutcome>,
}

/// A functional group of a document.
#[derive(Debug, Default)]
pub struct Group {
    /// Its `GS`, by its place in the file; empty when it has none.
    pub start: std::ops::Range<usize>,
    /// Its transaction sets.
    pub sets: Vec<SetTree>,
    /// How it came out; `None` when it has no `GS`.
    pub outcome: Option<GroupOutcome>,
}

impl<'a> Document<'a> {
    /// Reads and checks a file.
    pub fn read(bytes: &'a [u8], plans: &dyn Plans) -> Document<'a> {
        let mut collector = Collector::default();
        let totals = check::check(bytes, plans, &mut collector);
        Document {
            bytes,
            totals,
            interchanges: collector.interchanges,
            findings: collector.findings,
        }
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The transaction sets of the file, each as a loop opened by its `ST`.
    pub fn sets(&self) -> impl Iterator<Item = Tree<'_>> {
        let groups = self.interchanges.iter().flat_map(|interchange| &interchange.groups);
        groups.flat_map(|group| &group.sets).map(|set| self.root(set))
    }

    /// A transaction set of this document as a loop opened by its `ST`.
    pub fn root<'t>(&'t self, set: &'t SetTree) -> Tree<'t> {
        set.root(&self.bytes[set.start() as usize..])
    }

    /// Whether nothing in it is an error.
    pub fn is_accepted(&self) -> bool {
        !self.totals.not_x12
            && self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }

    /// The document as it is to be written: the very bytes it was read from.
    pub fn write(&self) -> &'a [u8] {
        self.bytes
    }

    /// An interchange as values, to be written with other separators or changed; counts are made
    /// anew when it is. `None` when data in it is not text.
    pub fn draft(&self, interchange: &Interchange) -> Option<compose::Interchange> {
        let header = &interchange.header;
        let d = header.delimiters();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        let (sender, receiver) = (header.sender(), header.receiver());
        let answers = interchange.answers.iter().map(|range| draft(&self.bytes[range.clone()], d));
        let groups = interchange.groups.iter().map(|group| {
            let gs = draft(&self.bytes[group.start.clone()], d)?;
            let element = |n: usize| match gs.elements.get(n - 1) {
                Some(compose::Element::Simple(value)) => value.clone(),
                _ => String::new(),
            };
            let sets = group.sets.iter().map(|set| {
                let mut segments = self.root(set).walk();
                let st = segments.next()?;
                Some(compose::Set {
                    code: text(st.element(1))?,
                    control_number: text(st.element(2))?,
                    convention: text(st.element(3)).filter(|convention| !convention.is_empty()),
                    segments: segments
                        .map(|segment| draft(segment.segment(), d))
                        .collect::<Option<_>>()?,
                })
            });
            Some(compose::Group {
                functional_id: element(1),
                sender: element(2),
                receiver: element(3),
                date: element(4),
                time: element(5),
                control_number: element(6).parse().ok()?,
                control_digits: element(6).len(),
                agency: Some(element(7)).filter(|agency| agency != "X"),
                version: element(8),
                sets: sets.collect::<Option<_>>()?,
            })
        });
        let authorization = [1, 2, 3, 4].map(|n| text(header.element(n).trim_ascii_end()));
        let [Some(one), Some(two), Some(three), Some(four)] = authorization else { return None };
        let said = [one, two, three, four];
        Some(compose::Interchange {
            authorization: Some(said).filter(|said| *said != ["00", "", "00", ""]),
            sender: (text(sender.0)?, text(sender.1)?),
            receiver: (text(receiver.0)?, text(receiver.1)?),
            date: text(header.element(9))?,
            time: text(header.element(10))?,
            release: header.release().unwrap_or(Release::V004010),
            control_number: text(header.control_number())?.parse().ok()?,
            acknowledgment_requested: header.asks_for_acknowledgment(),
            usage: char::from(*header.element(15).first()?),
            acknowledgments: answers.collect::<Option<_>>()?,
            groups: groups.collect::<Option<_>>()?,
        })
    }
}

/// A segment as values.
pub(crate) fn draft(segment: &[u8], delimiters: Delimiters) -> Option<compose::Segment> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let composite = |value: &[u8]| -> Option<Vec<String>> {
        value.split(|b| *b == delimiters.component).map(text).collect()
    };
    let mut parts = segment.split(|b| *b == delimiters.element);
    let mut drafted = compose::Segment::new(&text(parts.next()?)?);
    for part in parts {
        let repeats = delimiters.repetition.filter(|separator| part.contains(separator));
        drafted.elements.push(match repeats {
            Some(separator) => compose::Element::Repeated(
                part.split(|b| *b == separator).map(composite).collect::<Option<_>>()?,
            ),
            None if part.contains(&delimiters.component) => {
                compose::Element::Composite(composite(part)?)
            }
            None => compose::Element::Simple(text(part)?),
        });
    }
    Some(drafted)
}

/// Keeps everything that is observed.
#[derive(Default)]
struct Collector {
    interchanges: Vec<Interchange>,
    findings: Vec<Finding>,
    group: Option<Group>,
    set: Option<SetTree>,
}

impl Collector {
    fn delimiters(&self) -> Delimiters {
        let header = self.interchanges.last().map(|interchange| interchange.header.delimiters());
        header.unwrap_or_default()
    }

    fn keep_group(&mut self, outcome: Option<&GroupOutcome>) {
        if let (Some(group), Some(interchange)) = (self.group.take(), self.interchanges.last_mut())
        {
            interchange.groups.push(Group { outcome: outcome.cloned(), ..group });
        }
    }
}

impl Observer for Collector {
    fn finding(&mut self, finding: Finding, _: &Scene<'_>) {
        self.findings.push(finding);
    }

    fn interchange(&mut self, header: &Arc<Header>) {
        self.interchanges.push(Interchange {
            header: Arc::clone(header),
            answers: Vec::new(),
            groups: Vec::new(),
            outcome: None,
        });
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        let start = segment.offset() as usize;
        let range = start..start + segment.bytes().len();
        if segment.id() == SegmentId::new(b"GS") {
            self.keep_group(None);
            self.group = Some(Group { start: range, ..Group::default() });
        } else if segment.id() == SegmentId::new(b"TA1")
            && let Some(interchange) = self.interchanges.last_mut()
        {
            interchange.answers.push(range);
        }
    }

    fn set(&mut self, segment: &Segment<'_>, plan: Option<&Arc<Plan>>) {
        self.set = Some(SetTree::new(segment, self.delimiters(), plan));
    }

    #[inline]
    fn segment(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        if let Some(set) = &mut self.set {
            set.add(segment, row);
        }
    }

    fn set_end(&mut self, outcome: &SetOutcome) {
        if let Some(mut set) = self.set.take() {
            set.close(outcome);
            self.group.get_or_insert_default().sets.push(set);
        }
    }

    fn group_end(&mut self, outcome: &GroupOutcome) {
        self.keep_group(Some(outcome));
    }

    fn interchange_end(&mut self, outcome: &InterchangeOutcome) {
        self.keep_group(None);
        if let Some(interchange) = self.interchanges.last_mut() {
            interchange.outcome = Some(outcome.clone());
        }
    }
}
