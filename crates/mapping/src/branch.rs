//! A loop to be written, and what is left over beside it: how residue is found and laid back.
//!
//! A record is read field by field, and then written as if nothing were left over. What the document
//! has beyond that is the residue, so reading and writing cannot disagree about it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use tieline_model::residue::{Place, Residue, Step, Text, arranged};
use tieline_x12::compose::{Element, Segment};
use tieline_x12::segment::SegmentId;
use tieline_x12::table::{Row, TransactionSet};

use crate::error::MappingError;
use crate::given::{Given, text, texts};
use crate::sink::{Branches, Left, Say, Sink};

/// A segment to be written, with the loop it opens.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) segment: Segment,
    pub(crate) children: Vec<Branch>,
    /// Whether the loop is a record of its own, which has its own residue.
    is_record: bool,
}

impl From<Segment> for Branch {
    fn from(segment: Segment) -> Branch {
        Branch { segment, children: Vec::new(), is_record: false }
    }
}

impl Branch {
    /// A record: its opener, and its loop with what is left over laid back.
    ///
    /// What is left over of the opener's own elements is found as `QTY[1]/QTY04`, and so are the
    /// elements and the loop of a point by its number.
    pub(crate) fn record(
        opener: Segment,
        children: Vec<Branch>,
        left: Left<'_>,
        rows: Rows,
    ) -> Branch {
        let mut segment = opener;
        let way = [step(&segment.id, left.point.map_or(1, |index| index as usize + 1))];
        overlay(&mut segment, left.residue, &way);
        let within = if left.point.is_some() { &way[..] } else { &[] };
        Branch { segment, children: lay(children, left.residue, within, rows), is_record: true }
    }

    /// The segments in the order of the file.
    pub(crate) fn flatten(self, into: &mut Vec<Segment>) {
        into.push(self.segment);
        self.children.into_iter().for_each(|child| child.flatten(into));
    }
}

/// A segment of elements; `None` and empty texts leave one out.
pub(crate) fn segment_of(id: &str, elements: &[Option<&str>]) -> Segment {
    let used = used(elements).iter().map(|it| Element::Simple(it.unwrap_or_default().to_string()));
    Segment { id: id.to_string(), elements: used.collect() }
}

/// The elements without those at the end that are left out.
pub(crate) fn used<'e, 's>(elements: &'e [Option<&'s str>]) -> &'e [Option<&'s str>] {
    let last = elements.iter().rposition(|it| it.is_some_and(|text| !text.is_empty()));
    &elements[..last.map_or(0, |n| n + 1)]
}

/// The rows of a loop in the order of the table; of a set, area after area.
#[derive(Clone, Copy)]
pub(crate) struct Rows([&'static [Row]; 3]);

impl Rows {
    /// The rows of a set.
    pub(crate) fn of(set: &TransactionSet) -> Rows {
        Rows([set.heading, set.detail, set.summary])
    }

    fn iter(&self) -> impl Iterator<Item = &'static Row> + use<> {
        self.0.into_iter().flatten()
    }

    /// The rows of the loop that `id` opens here; none if it opens none.
    pub(crate) fn within(&self, id: &str) -> Rows {
        let opener = self.iter().find(|row| row.id == id && row.is_loop());
        Rows([opener.map_or(&[], |row| &row.rows[1..]), &[], &[]])
    }

    /// Where segments `id` stand; what the loop does not have stands last.
    pub(crate) fn rank(&self, id: SegmentId) -> usize {
        let is_it = |row: &'static Row| SegmentId::new(row.id.as_bytes()) == id;
        self.iter().position(is_it).unwrap_or(usize::MAX)
    }
}

/// The `nth` segment of an id that is known to be one.
pub(crate) fn step(id: &str, nth: usize) -> Step {
    Step::new(id, nth as u32).expect("segments are written with two or three capitals and digits")
}

fn child(within: &[Step], id: &str, nth: usize) -> Vec<Step> {
    let mut steps = within.to_vec();
    steps.push(step(id, nth));
    steps
}

/// What `given` has beyond what is said of its record, opener and loop.
pub(crate) fn left_over(given: &Given<'_>, say: Say<'_>) -> Result<Residue, MappingError> {
    let mut residue = Residue::default();
    let mut comparison = Comparison::of(given, true);
    say(&mut comparison)?;
    if !comparison.is_same() {
        let (opener, children) = said(say)?;
        let own = [step(given.id(), 1)];
        elements_left(&given.segment(), &opener, &own, &mut residue);
        children_left(given, &children, &[], &mut residue)?;
    }
    Ok(residue)
}

/// What the loop of `given` has beyond what is said of it.
pub(crate) fn loop_left_over(given: &Given<'_>, say: Say<'_>) -> Result<Residue, MappingError> {
    let mut residue = Residue::default();
    let mut comparison = Comparison::of(given, false);
    say(&mut comparison)?;
    if !comparison.is_same() {
        let mut said = Branches::default();
        say(&mut said)?;
        children_left(given, &said.0, &[], &mut residue)?;
    }
    Ok(residue)
}

/// Notes what the loop of a point has beyond what is said of it, in the residue of its series.
pub(crate) fn point_left_over(
    given: &Given<'_>,
    index: u32,
    residue: &mut Residue,
    say: Say<'_>,
) -> Result<(), MappingError> {
    let (opener, children) = said(say)?;
    let way = [step(given.id(), index as usize + 1)];
    elements_left(&given.segment(), &opener, &way, residue);
    children_left(given, &children, &way, residue)
}

/// The opener and the loop of a record.
fn said(say: Say<'_>) -> Result<(Segment, Vec<Branch>), MappingError> {
    let mut said = Branches::default();
    say(&mut said)?;
    let mut said = said.0.into_iter();
    let opener = said.next().map_or_else(|| Segment::new(""), |opener| opener.segment);
    Ok((opener, said.collect()))
}

/// Notes what the loop of `given` has beyond `children`; `within` is the way to it.
pub(crate) fn children_left(
    given: &Given<'_>,
    children: &[Branch],
    within: &[Step],
    residue: &mut Residue,
) -> Result<(), MappingError> {
    let mut ids: Vec<&str> = Vec::new();
    let generated = children.iter().filter(|branch| !branch.is_record);
    let written = generated.clone().map(|branch| branch.segment.id.as_str());
    for id in given.children.iter().map(Given::id).chain(written) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    for id in ids {
        let actual: Vec<&Given<'_>> = given.all(id).collect();
        let made: Vec<&Branch> = generated.clone().filter(|it| it.segment.id == id).collect();
        let segments: Vec<Segment> = actual.iter().map(|given| given.segment()).collect();
        let places = matched(&segments, &made).ok_or_else(|| MappingError::NotRebuilt {
            at: actual.first().copied().unwrap_or(given).position(),
            segment: id.to_string(),
        })?;
        let mut is_made = vec![false; actual.len()];
        for (branch, place) in made.iter().zip(&places) {
            is_made[*place] = true;
            let way = child(within, id, place + 1);
            elements_left(&segments[*place], &branch.segment, &way, residue);
            children_left(actual[*place], &branch.children, &way, residue)?;
        }
        for (n, extra) in actual.iter().enumerate().filter(|(n, _)| !is_made[*n]) {
            keep(extra, &child(within, id, n + 1), residue);
        }
        let places = places.iter().map(|place| *place as u32 + 1).collect();
        residue.keep_order(Place::new(child(within, id, 0)), places);
    }
    Ok(())
}

/// Keeps a segment and all of the loop it opens.
fn keep(given: &Given<'_>, way: &[Step], residue: &mut Residue) {
    residue.keep_segment(Place::new(way), texts(&given.segment()));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for inner in &given.children {
        let count = counts.entry(inner.id()).or_default();
        *count += 1;
        keep(inner, &child(way, inner.id(), *count), residue);
    }
}

/// For each segment made, which of the document it is: the same if there is one, else one that says
/// the same and more.
///
/// Both are looked up by their elements, and by the first of them, so that a loop of very many
/// segments of one id takes no time to speak of.
fn matched(actual: &[Segment], made: &[&Branch]) -> Option<Vec<usize>> {
    let mut same: HashMap<&[Element], VecDeque<usize>> = HashMap::new();
    for (n, segment) in actual.iter().enumerate() {
        same.entry(&segment.elements).or_default().push_back(n);
    }
    let find_same = |branch: &&Branch| same.get_mut(&branch.segment.elements[..])?.pop_front();
    let mut places: Vec<Option<usize>> = made.iter().map(find_same).collect();
    if places.iter().all(Option::is_some) {
        return places.into_iter().collect();
    }
    let mut is_taken = vec![false; actual.len()];
    places.iter().flatten().for_each(|place| is_taken[*place] = true);
    let mut free: BTreeMap<Option<&str>, BTreeSet<usize>> = BTreeMap::new();
    for n in (0..actual.len()).filter(|n| !is_taken[*n]) {
        free.entry(None).or_default().insert(n);
        free.entry(Some(qualifier(&actual[n]))).or_default().insert(n);
    }
    for (branch, place) in made.iter().zip(&mut places).filter(|(_, place)| place.is_none()) {
        let wanted = Some(qualifier(&branch.segment)).filter(|it| !it.is_empty());
        let says_it = |n: &&usize| says_the_same(&branch.segment, &actual[**n]);
        let found = *free.get(&wanted)?.iter().find(says_it)?;
        for key in [None, Some(qualifier(&actual[found]))] {
            free.get_mut(&key).map(|places| places.remove(&found));
        }
        *place = Some(found);
    }
    places.into_iter().collect()
}

/// What the first element begins with.
fn qualifier(segment: &Segment) -> &str {
    match segment.elements.first() {
        Some(Element::Simple(value)) => value,
        Some(Element::Composite(parts)) => parts.first().map_or("", String::as_str),
        _ => "",
    }
}

fn says_the_same(made: &Segment, actual: &Segment) -> bool {
    made.elements.iter().enumerate().all(|(n, element)| {
        let empty = Element::Simple(String::new());
        let given = actual.elements.get(n).unwrap_or(&empty);
        *element == empty || element == given || more_components(element, given).is_some()
    })
}

/// The components from the second on, if both begin with the same one.
fn more_components<'e>(made: &Element, given: &'e Element) -> Option<&'e [String]> {
    match (made, given) {
        (Element::Simple(made), Element::Composite(parts)) if parts.first() == Some(made) => {
            Some(&parts[1..])
        }
        _ => None,
    }
}

/// Notes the elements of a segment that differ from those that would be written.
pub(crate) fn elements_left(given: &Segment, made: &Segment, way: &[Step], residue: &mut Residue) {
    let empty = Element::Simple(String::new());
    let last = given.elements.len();
    for n in 0..last.max(made.elements.len()) {
        let actual = given.elements.get(n).unwrap_or(&empty);
        let written = made.elements.get(n).unwrap_or(&empty);
        let place = |component: u8| Place::new(way).element(n as u8 + 1, component);
        if actual == written {
            if n + 1 == last && n >= made.elements.len() {
                residue.keep_element(place(0), Text::Simple(String::new()));
            }
        } else if let Some(more) = more_components(written, actual).filter(|_| *written != empty) {
            for (text, component) in more.iter().zip(2..) {
                residue.keep_element(place(component), Text::Simple(text.clone()));
            }
        } else {
            residue.keep_element(place(0), text(actual));
        }
    }
}

/// The segments of one id: those made, and those left over with their places.
type Run = (Vec<Branch>, Vec<(u32, Branch)>);

/// Lays what is left over back into a loop, and puts all of it in the order of the table.
pub(crate) fn lay(
    children: Vec<Branch>,
    residue: &Residue,
    within: &[Step],
    rows: Rows,
) -> Vec<Branch> {
    let mut children = children;
    if residue.is_empty() {
        children.sort_by_key(|branch| rows.rank(SegmentId::new(branch.segment.id.as_bytes())));
        return children;
    }
    let mut runs: BTreeMap<(usize, String), Run> = BTreeMap::new();
    let key = |id: &str| (rows.rank(SegmentId::new(id.as_bytes())), id.to_string());
    for branch in children {
        runs.entry(key(&branch.segment.id)).or_default().0.push(branch);
    }
    for (at, elements) in residue.segments(within) {
        let mut segment = Segment::new(at.id());
        segment.elements = elements.iter().map(element).collect();
        let way = child(within, at.id(), at.nth as usize);
        let inner = lay(Vec::new(), residue, &way, rows.within(at.id()));
        let branch = Branch { segment, children: inner, is_record: true };
        runs.entry(key(at.id())).or_default().1.push((at.nth, branch));
    }
    let mut laid = Vec::new();
    for ((_, id), (made, left)) in runs {
        let order = residue.order(&Place::new(child(within, &id, 0)));
        let inner = rows.within(&id);
        let made = made.into_iter().map(|branch| (branch, true)).collect();
        let left = left.into_iter().map(|(nth, branch)| (nth, (branch, false)));
        for (n, (branch, is_made)) in arranged(made, order, left).into_iter().enumerate() {
            let mut branch = branch;
            if is_made && !branch.is_record {
                let way = child(within, &id, n + 1);
                overlay(&mut branch.segment, residue, &way);
                branch.children = lay(branch.children, residue, &way, inner);
            }
            laid.push(branch);
        }
    }
    laid
}

/// Lays the elements that are left over on a segment.
pub(crate) fn overlay(segment: &mut Segment, residue: &Residue, way: &[Step]) {
    for (number, text) in residue.elements(way) {
        let n = usize::from(number.element);
        while segment.elements.len() < n {
            segment.elements.push(Element::Simple(String::new()));
        }
        let target = &mut segment.elements[n - 1];
        match (number.component, text) {
            (0, text) => *target = element(text),
            (component, Text::Simple(text)) => {
                let mut parts = match std::mem::replace(target, Element::Composite(Vec::new())) {
                    Element::Composite(parts) => parts,
                    Element::Simple(first) => vec![first],
                    Element::Repeated(mut repeated) => repeated.swap_remove(0),
                };
                parts.resize(parts.len().max(usize::from(component)), String::new());
                parts[usize::from(component) - 1].clone_from(text);
                *target = Element::Composite(parts);
            }
            _ => {}
        }
    }
}

fn element(text: &Text) -> Element {
    match text {
        Text::Simple(value) => Element::Simple(value.clone()),
        Text::Composite(parts) => Element::Composite(parts.clone()),
        Text::Repeated(parts) => Element::Repeated(parts.clone()),
    }
}

/// How many ids the segments of one loop have at most, for them to be compared in place.
const IDS: usize = 16;

/// Compares what is said of a record with the document, segment by segment, and keeps nothing.
///
/// It is the same if each segment has just the elements that are said of it, and those of one id stand
/// in the order in which they are said.
struct Comparison<'g, 't> {
    given: &'g Given<'t>,
    /// Whether the next segment is the opener.
    is_opener: bool,
    /// For each id said by now, the first child that it may be.
    next: [(SegmentId, usize); IDS],
    ids: usize,
    /// How many children have been said.
    said: usize,
    differs: bool,
}

impl<'g, 't> Comparison<'g, 't> {
    fn of(given: &'g Given<'t>, with_opener: bool) -> Comparison<'g, 't> {
        let next = [(SegmentId::NONE, 0); IDS];
        Comparison { given, is_opener: with_opener, next, ids: 0, said: 0, differs: false }
    }

    fn is_same(&self) -> bool {
        !self.differs && self.said == self.given.children.len()
    }

    /// The next child of this id.
    fn child(&mut self, id: &str) -> Option<&'g Given<'t>> {
        let id = SegmentId::new(id.as_bytes());
        let known = self.next[..self.ids].iter().position(|(known, _)| *known == id);
        let slot = known.unwrap_or(self.ids);
        let from = known.map_or(0, |slot| self.next[slot].1);
        let children = &self.given.children;
        let at = (from..children.len()).find(|n| children[*n].is(id))?;
        *self.next.get_mut(slot)? = (id, at + 1);
        self.ids = self.ids.max(slot + 1);
        self.said += 1;
        Some(&children[at])
    }
}

impl Sink for Comparison<'_, '_> {
    fn segment(&mut self, id: &str, elements: &[Option<&str>]) -> Result<(), MappingError> {
        if self.differs {
            return Ok(());
        }
        let is_just = match std::mem::take(&mut self.is_opener) {
            true => self.given.is_just(id, elements),
            false => self
                .child(id)
                .is_some_and(|child| child.children.is_empty() && child.is_just(id, elements)),
        };
        self.differs = !is_just;
        Ok(())
    }

    /// A record of its own is compared on its own.
    fn record(&mut self, _: Left<'_>, _: Rows, _: Say<'_>) -> Result<(), MappingError> {
        Ok(())
    }
}
