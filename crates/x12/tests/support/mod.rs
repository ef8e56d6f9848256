//! Checking a file in windows, and keeping all that checking told, to compare one reading with another.

use tieline_x12::acknowledge::{Acknowledger, Answers, Policy};
use tieline_x12::check::{Checker, Plans, Totals};
use tieline_x12::finding::Finding;
use tieline_x12::observer::{GroupOutcome, InterchangeOutcome, Observer, Scene, SetOutcome};
use tieline_x12::segment::Segment;

/// Checks a file that arrives in chunks, the way a reader of large files does: what was not used is
/// kept and the next chunk put behind it. Gives the most bytes held at a time, too.
pub(crate) fn check_chunks<O: Observer>(
    chunks: impl IntoIterator<Item = impl AsRef<[u8]>>,
    plans: &dyn Plans,
    observer: &mut O,
) -> (Totals, usize) {
    let mut checker = Checker::new(plans);
    let (mut held, mut most) = (Vec::new(), 0);
    let mut chunks = chunks.into_iter().peekable();
    loop {
        if let Some(chunk) = chunks.next() {
            held.extend(chunk.as_ref());
        }
        most = most.max(held.len());
        let last = chunks.peek().is_none();
        let used = checker.window(&held, last, observer);
        assert!(used <= held.len(), "{used} bytes used of {}", held.len());
        if last {
            return (checker.totals(), most);
        }
        held.drain(..used);
    }
}

/// All that checking told of a file, in order.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) events: Vec<Event>,
    pub(crate) answers: Vec<Answers>,
    pub(crate) totals: Totals,
}

/// Something checking told.
#[derive(Debug, PartialEq)]
pub(crate) enum Event {
    Finding(Finding),
    /// A segment: where it stands, what it holds, and its row.
    Segment(u64, Vec<u8>, Option<u16>),
    Set(SetOutcome),
    Group(GroupOutcome),
    Interchange(InterchangeOutcome),
}

impl Told {
    pub(crate) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.events.iter().filter_map(|event| match event {
            Event::Finding(finding) => Some(finding),
            _ => None,
        })
    }
}

/// Checks a file in chunks and keeps what was told.
pub(crate) fn told<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, plans: &dyn Plans) -> Told {
    let mut observer = (Keeper::default(), Acknowledger::new(Policy::default()));
    let (totals, _) = check_chunks(chunks, plans, &mut observer);
    Told { events: observer.0.0, answers: observer.1.finish(), totals }
}

#[derive(Default)]
struct Keeper(Vec<Event>);

impl Observer for Keeper {
    fn finding(&mut self, finding: Finding, scene: &Scene<'_>) {
        assert!(scene.start <= scene.end && scene.end <= scene.bytes.len());
        self.0.push(Event::Finding(finding));
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        self.segment(segment, None);
    }

    fn segment(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        self.0.push(Event::Segment(segment.offset(), segment.bytes().to_vec(), row));
    }

    fn set_end(&mut self, outcome: &SetOutcome) {
        self.0.push(Event::Set(outcome.clone()));
    }

    fn group_end(&mut self, outcome: &GroupOutcome) {
        self.0.push(Event::Group(outcome.clone()));
    }

    fn interchange_end(&mut self, outcome: &InterchangeOutcome) {
        self.0.push(Event::Interchange(outcome.clone()));
    }
}
