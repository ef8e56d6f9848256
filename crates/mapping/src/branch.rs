//! A loop to be written, and what is left over beside it: how residue is found and laid back.
//!
//! A record is read field by field, and then written as if nothing were left over. What the document
//! has beyond that is the residue, so reading and writing cannot disagree about it.

use std::collections::BTreeMap;

use tieline_model::residue::{Place, Residue, Step, Text, arranged};
use tieline_x12::compose::{Element, Segment};
use tieline_x12::table::Row;

use crate::error::MappingError;
use crate::given::{Given, text, texts};

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
    /// What is left over of the opener's own elements is found as `QTY[1]/QTY04`.
    pub(crate) fn record(
        opener: Segment,
        children: Vec<Branch>,
        residue: &Residue,
        rows: &Rows,
    ) -> Branch {
        let mut segment = opener;
        let way = [step(&segment.id, 1)];
        overlay(&mut segment, residue, &way);
        Branch { segment, children: lay(children, residue, &[], rows), is_record: true }
    }

    /// A record whose residue is laid back already.
    pub(crate) fn own(segment: Segment, children: Vec<Branch>) -> Branch {
        Branch { segment, children, is_record: true }
    }

    /// The segments in the order of the file.
    pub(crate) fn flatten(self, into: &mut Vec<Segment>) {
        into.push(self.segment);
        self.children.into_iter().for_each(|child| child.flatten(into));
    }
}

/// A segment of elements; `None` and empty texts leave one out.
pub(crate) fn segment<const N: usize>(id: &str, elements: [Option<&str>; N]) -> Segment {
    segment_of(id, &elements)
}

/// As [`segment`], of as many elements as there are.
pub(crate) fn segment_of(id: &str, elements: &[Option<&str>]) -> Segment {
    let mut segment = Segment::new(id);
    let used = elements.iter().rposition(|it| it.is_some_and(|text| !text.is_empty()));
    for element in &elements[..used.map_or(0, |n| n + 1)] {
        segment = segment.with(element.unwrap_or_default());
    }
    segment
}

/// The rows of a loop in the order of the table.
#[derive(Clone)]
pub(crate) struct Rows(Vec<&'static Row>);

impl Rows {
    pub(crate) fn new(rows: impl Iterator<Item = &'static Row>) -> Rows {
        Rows(rows.collect())
    }

    /// The rows of the loop that `id` opens here; none if it opens none.
    pub(crate) fn within(&self, id: &str) -> Rows {
        let opener = self.0.iter().find(|row| row.id == id && row.is_loop());
        Rows(opener.map(|row| row.rows.iter().skip(1).collect()).unwrap_or_default())
    }

    /// Where segments `id` stand; what the loop does not have stands last.
    fn rank(&self, id: &str) -> usize {
        self.0.iter().position(|row| row.id == id).unwrap_or(self.0.len())
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

/// Notes what `given` has beyond what would be written for its record.
pub(crate) fn left_over(
    given: &Given<'_>,
    opener: &Segment,
    children: &[Branch],
    residue: &mut Residue,
) -> Result<(), MappingError> {
    let own = [step(&given.segment.id, 1)];
    elements_left(&given.segment, opener, &own, residue);
    children_left(given, children, &[], residue)
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
    let written = generated.clone().map(|branch| &branch.segment);
    for segment in given.children.iter().map(|child| &child.segment).chain(written) {
        if !ids.contains(&segment.id.as_str()) {
            ids.push(&segment.id);
        }
    }
    for id in ids {
        let actual: Vec<&Given<'_>> = given.all(id).collect();
        let made: Vec<&Branch> = generated.clone().filter(|it| it.segment.id == id).collect();
        let places = matched(&actual, &made).ok_or_else(|| MappingError::NotRebuilt {
            at: actual.first().copied().unwrap_or(given).position(),
            segment: id.to_string(),
        })?;
        for (branch, place) in made.iter().zip(&places) {
            let way = child(within, id, place + 1);
            elements_left(&actual[*place].segment, &branch.segment, &way, residue);
            children_left(actual[*place], &branch.children, &way, residue)?;
        }
        for (n, extra) in actual.iter().enumerate().filter(|(n, _)| !places.contains(n)) {
            keep(extra, &child(within, id, n + 1), residue);
        }
        let places = places.iter().map(|place| *place as u32 + 1).collect();
        residue.keep_order(Place::new(child(within, id, 0)), places);
    }
    Ok(())
}

/// Keeps a segment and all of the loop it opens.
fn keep(given: &Given<'_>, way: &[Step], residue: &mut Residue) {
    residue.keep_segment(Place::new(way), texts(&given.segment));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for inner in &given.children {
        let count = counts.entry(&inner.segment.id).or_default();
        *count += 1;
        keep(inner, &child(way, &inner.segment.id, *count), residue);
    }
}

/// For each segment made, which of the document it is: the same if there is one, else one that says
/// the same and more.
fn matched(actual: &[&Given<'_>], made: &[&Branch]) -> Option<Vec<usize>> {
    let mut places: Vec<Option<usize>> = vec![None; made.len()];
    let mut taken = vec![false; actual.len()];
    for fits in [is_same, says_the_same] {
        for (branch, place) in made.iter().zip(&mut places).filter(|(_, place)| place.is_none()) {
            let is_it = |n: &usize| !taken[*n] && fits(&branch.segment, &actual[*n].segment);
            *place = (0..actual.len()).find(is_it);
            if let Some(found) = *place {
                taken[found] = true;
            }
        }
    }
    places.into_iter().collect()
}

fn is_same(made: &Segment, actual: &Segment) -> bool {
    made.elements == actual.elements
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
    rows: &Rows,
) -> Vec<Branch> {
    let mut children = children;
    if residue.is_empty() {
        children.sort_by_key(|branch| rows.rank(&branch.segment.id));
        return children;
    }
    let mut runs: BTreeMap<(usize, String), Run> = BTreeMap::new();
    let key = |id: &str| (rows.rank(id), id.to_string());
    for branch in children {
        runs.entry(key(&branch.segment.id)).or_default().0.push(branch);
    }
    for (at, elements) in residue.segments(within) {
        let mut segment = Segment::new(at.id());
        segment.elements = elements.iter().map(element).collect();
        let way = child(within, at.id(), at.nth as usize);
        let inner = lay(Vec::new(), residue, &way, &rows.within(at.id()));
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
                branch.children = lay(branch.children, residue, &way, &inner);
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
