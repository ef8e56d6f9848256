//! Residue: what a document said that no field means, kept to be written again in its place.
//!
//! A document that was read and is written again has the same bytes, and changing one field of the
//! model changes exactly the elements that say it. What reading and writing owe each other:
//!
//! 1. **A field or residue, never both.** What a field means is written from the field alone, with
//!    the raw code beside its meaning ([`crate::coded`]) and the digits its number was read with
//!    ([`crate::decimal`]). A date or a time has one text for each type of element. Only what no
//!    field means is residue: of mapped segments nothing is left over.
//! 2. **Loops are records.** Lists of the model stand in the order of the document: sections,
//!    quantities, parties, references, charge lines. Most records that are a loop, or a line of a
//!    bill, have their own residue: what is left over goes where its record goes, and goes with it
//!    when it is deleted. What is left over of the others is in the residue of the record around
//!    them.
//! 3. **Order is the table's.** The segments of a loop are written in the order of the rows of the
//!    set's table. A *run* is the segments of one id in one instance of a loop. In a run the
//!    generated segments stand in the order in which the record declares its fields. Residue of
//!    that id is put into the run at its [`Place`], counted from 1 over the whole run, generated
//!    and left over alike.
//! 4. **Another order is noted.** If the document had the generated segments of a run in another
//!    order, [`Residue::order`] says at which place of the run each of them stands.
//! 5. **Elements are laid over.** An element of a mapped segment that no field means, or whose text
//!    its field cannot hold, is residue under the number of the element, and the field is `None`.
//!    When the segment is written, the residue takes the place of what was generated there. An
//!    empty text says that the segment is written at least up to there: empty elements at the end.
//! 6. **After a change.** A place beyond the end of its run means the end of it. Elements of a
//!    segment that is no longer written are dropped. Places count from the loop of the record that
//!    has the residue: `REF[3]` in a section is the third `REF` of its `PTD` loop, `PTD[1]/PTD06`
//!    an element of the segment that opens it, and `N1[1]/REF[2]` the second `REF` of a loop in it
//!    that is not a record of its own.
//! 7. **The envelope is not here.** Separators, line ends, control numbers and counts belong to
//!    whoever reads and writes the interchange. Texts are kept without separators, as characters;
//!    which bytes they are is agreed with the partner.
//! 8. **What has no place has none here.** A segment that stands where the table does not allow it
//!    makes the document a wrong one. It is reported, its bytes are kept, and it is not written
//!    anew.
//!
//! [`arranged`] does what 3, 4 and 6 say of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What is left over of one record: segments, elements, and an order other than the usual.
///
/// It takes 8 bytes when it is empty, which is nearly always.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Residue(Option<Box<Parts>>);

/// What is left over of one record, by its place in the record's loop: `REF[3]`,
/// `N1[1]/REF[2]/REF04-1`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ResidueParts"))]
#[serde(deny_unknown_fields)]
struct Parts {
    /// Segments that no field means, with their elements.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    segments: BTreeMap<Place, Vec<Text>>,
    /// Elements and components that no field means, of segments that are mapped.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    elements: BTreeMap<Place, Text>,
    /// For a run of mapped segments in an unusual order, the place of each in the run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    order: BTreeMap<Place, Vec<u32>>,
}

/// The text of an element, without separators.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Text {
    /// A simple value, or one component.
    Simple(String),
    /// The components of a composite.
    Composite(Vec<String>),
    /// Repetitions, each with its components.
    Repeated(Vec<Vec<String>>),
}

/// Does not show the text: what no field means may be the number of an account.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = |parts: &[String]| parts.iter().map(|part| part.chars().count()).sum();
        let length: usize = match self {
            Text::Simple(text) => text.chars().count(),
            Text::Composite(parts) => length(parts),
            Text::Repeated(repetitions) => repetitions.iter().map(|it| length(it)).sum(),
        };
        write!(f, "Text({length})")
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::Simple(text.to_string())
    }
}

impl Residue {
    /// Whether nothing is left over and nothing is out of order.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|parts| **parts == Parts::default())
    }

    /// Whether something is left over that no field means; an unusual order is nothing of the kind.
    pub fn has_content(&self) -> bool {
        let parts = self.0.as_ref();
        parts.is_some_and(|parts| !parts.segments.is_empty() || !parts.elements.is_empty())
    }

    /// Keeps a segment that no field means. Returns what was at its place.
    pub fn keep_segment(&mut self, at: Place, elements: Vec<Text>) -> Option<Vec<Text>> {
        self.parts().segments.insert(at, elements)
    }

    /// Keeps an element, or a component of one, of a mapped segment. Returns what was at its place.
    pub fn keep_element(&mut self, at: Place, text: Text) -> Option<Text> {
        self.parts().elements.insert(at, text)
    }

    /// Notes the places, from 1, that the generated segments of a run have in the document. Nothing
    /// is noted for segments that stand in the usual order.
    ///
    /// `run` is the way to the loop and the segment's id: `N1[1]/REF`.
    pub fn keep_order(&mut self, run: Place, places: Vec<u32>) {
        if !places.is_sorted() {
            self.parts().order.insert(run, places);
        }
    }

    /// The segments that stand directly in a loop, by their places; `within` is the way to the loop
    /// from the record, empty for the loop of the record itself.
    pub fn segments<'r>(
        &'r self,
        within: &'r [Step],
    ) -> impl Iterator<Item = (Step, &'r [Text])> + use<'r> {
        let start = Place { steps: within.to_vec(), element: None };
        self.0
            .iter()
            .flat_map(move |parts| parts.segments.range(start.clone()..))
            .take_while(move |(at, _)| at.steps.starts_with(within))
            .filter(move |(at, _)| at.steps.len() == within.len() + 1)
            .map(move |(at, elements)| (at.steps[within.len()], elements.as_slice()))
    }

    /// The elements that belong to a mapped segment, by number and component.
    pub fn elements<'r>(
        &'r self,
        segment: &'r [Step],
    ) -> impl Iterator<Item = (ElementNumber, &'r Text)> + use<'r> {
        let start = Place { steps: segment.to_vec(), element: None };
        self.0
            .iter()
            .flat_map(move |parts| parts.elements.range(start.clone()..))
            .take_while(move |(at, _)| at.steps == segment)
            .filter_map(|(at, text)| Some((at.element?, text)))
    }

    /// The places of the generated segments of a run, if they stand in an unusual order.
    pub fn order(&self, run: &Place) -> Option<&[u32]> {
        Some(self.0.as_ref()?.order.get(run)?.as_slice())
    }

    /// The places of all that is left over, order aside.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.0.iter().flat_map(|parts| parts.segments.keys().chain(parts.elements.keys()))
    }

    fn parts(&mut self) -> &mut Parts {
        self.0.get_or_insert_default()
    }
}

/// The segments of one run in the order of the document: those `generated` from fields, at the
/// places `order` gives them if it is not the usual, and those `left_over` at their own places, from
/// 1. What was added since, and what has a place beyond the end, comes at the end.
pub fn arranged<T>(
    generated: Vec<T>,
    order: Option<&[u32]>,
    left_over: impl IntoIterator<Item = (u32, T)>,
) -> Vec<T> {
    let mut placed: Vec<(u32, T)> = left_over.into_iter().collect();
    let taken: BTreeSet<u32> = placed.iter().map(|(place, _)| *place).collect();
    let mut next = 1;
    for (n, segment) in generated.into_iter().enumerate() {
        let place = match order {
            Some(order) => order.get(n).copied().unwrap_or(u32::MAX),
            None => {
                while taken.contains(&next) {
                    next += 1;
                }
                next
            }
        };
        next += 1;
        placed.push((place, segment));
    }
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, segment)| segment).collect()
}

/// The way to a segment, an element or a run, from the loop of a record.
///
/// Written as everywhere: `N1[1]/REF[2]` a segment, `QTY[17]/QTY04` an element, `QTY[17]/QTY03-2` a
/// component, `N1[1]/REF` a run.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Place {
    /// The way down.
    pub steps: Vec<Step>,
    /// The element of the last step's segment; `None` for the segment itself.
    pub element: Option<ElementNumber>,
}

/// A segment among those of its id in one instance of a loop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step {
    id: [u8; 3],
    /// Which one, from 1; 0 for all of them, the run.
    pub nth: u32,
}

/// An element of a segment, or a component of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementNumber {
    /// Counted from 1.
    pub element: u8,
    /// Counted from 1; 0 for the whole element.
    pub component: u8,
}

/// Why a text is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a place is written as in PTD[1]/REF[2] or PTD[1]/REF[2]/REF03")]
pub struct NoPlace;

impl Step {
    /// The `nth` segment `id`; 0 for the run.
    ///
    /// # Errors
    ///
    /// [`NoPlace`] if the id is not two or three capital letters and digits.
    pub fn new(id: &str, nth: u32) -> Result<Step, NoPlace> {
        let is_id = (2..=3).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !is_id {
            return Err(NoPlace);
        }
        let mut bytes = [b' '; 3];
        bytes[..id.len()].copy_from_slice(id.as_bytes());
        Ok(Step { id: bytes, nth })
    }

    /// The id of the segment.
    pub fn id(&self) -> &str {
        std::str::from_utf8(&self.id).unwrap_or_default().trim_end()
    }
}

impl Place {
    /// The place at the end of these steps.
    pub fn new(steps: impl Into<Vec<Step>>) -> Place {
        Place { steps: steps.into(), element: None }
    }

    /// An element of the segment at this place; component 0 is the whole element.
    #[must_use]
    pub fn element(mut self, element: u8, component: u8) -> Place {
        self.element = Some(ElementNumber { element, component });
        self
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.nth {
            0 => f.write_str(self.id()),
            nth => write!(f, "{}[{nth}]", self.id()),
        }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.steps.iter().enumerate() {
            let slash = if n > 0 { "/" } else { "" };
            write!(f, "{slash}{step}")?;
        }
        let (Some(last), Some(number)) = (self.steps.last(), self.element) else { return Ok(()) };
        write!(f, "/{}{:02}", last.id(), number.element)?;
        match number.component {
            0 => Ok(()),
            component => write!(f, "-{component}"),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Place, NoPlace> {
        let mut place = Place::new([]);
        for part in text.split('/') {
            if place.element.is_some() {
                return Err(NoPlace);
            }
            if let Some((id, nth)) = part.strip_suffix(']').and_then(|part| part.split_once('[')) {
                place.steps.push(Step::new(id, number(nth)?)?);
                continue;
            }
            match place.steps.last() {
                Some(last) if part.len() > last.id().len() && part.starts_with(last.id()) => {
                    place.element = Some(element(&part[last.id().len()..])?);
                }
                _ => place.steps.push(Step::new(part, 0)?),
            }
        }
        Ok(place)
    }
}

/// `03` or `03-2`.
fn element(text: &str) -> Result<ElementNumber, NoPlace> {
    let (element, component) = match text.split_once('-') {
        Some((element, component)) => (element, number(component)?),
        None => (text, 0),
    };
    match element.len() {
        2 => Ok(ElementNumber { element: number(element)?, component }),
        _ => Err(NoPlace),
    }
}

/// A number from 1.
fn number<N: FromStr + Default + PartialEq>(text: &str) -> Result<N, NoPlace> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    number.filter(|number| *number != N::default()).ok_or(NoPlace)
}

impl TryFrom<String> for Place {
    type Error = NoPlace;

    fn try_from(text: String) -> Result<Place, NoPlace> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> String {
        place.to_string()
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Place {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Place".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        text.parse().expect("the test gives a place")
    }

    fn step(id: &str, nth: u32) -> Step {
        Step::new(id, nth).expect("the test gives an id")
    }

    #[test]
    fn a_place_is_printed_as_it_was_read() {
        for text in ["REF[3]", "N1[1]/REF[2]", "N1[1]/REF", "QTY[17]/QTY04", "QTY[17]/QTY03-2", ""]
        {
            let read: Result<Place, NoPlace> = text.parse();
            match text {
                "" => assert_eq!(read, Err(NoPlace)),
                _ => assert_eq!(read.map(|place| place.to_string()).as_deref(), Ok(text)),
            }
        }
        for text in ["ref[3]", "REF[0]", "REF[]", "REF[1]/REF4", "REF[1]/REF00", "REF[1]/REF04/N1"]
        {
            assert_eq!(text.parse::<Place>(), Err(NoPlace), "{text}");
        }
        assert_eq!(place("N1[1]/REF").steps, [step("N1", 1), step("REF", 0)]);
    }

    #[test]
    fn what_is_left_over_is_found_by_its_loop() {
        let mut residue = Residue::default();
        assert!(residue.is_empty());
        assert_eq!(size_of::<Residue>(), 8);
        residue.keep_segment(place("REF[3]"), vec!["ZZ".into(), "7".into()]);
        residue.keep_segment(place("N1[10]/PER[1]"), vec!["IC".into()]);
        residue.keep_segment(place("N1[2]/PER[1]"), vec!["IC".into()]);
        residue.keep_segment(place("N1[2]/REF[1]"), vec!["ZZ".into()]);
        residue.keep_element(place("REF[1]/REF04"), Text::Composite(vec!["A".into(), "B".into()]));
        residue.keep_element(place("REF[1]/REF03"), "".into());
        residue.keep_element(place("REF[2]/REF03"), "X".into());

        let at = |within: &[Step]| residue.segments(within).map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!(at(&[]), [step("REF", 3)]);
        assert_eq!(at(&[step("N1", 2)]), [step("PER", 1), step("REF", 1)]);
        assert_eq!(at(&[step("N1", 10)]), [step("PER", 1)]);
        assert_eq!(at(&[step("N1", 1)]), []);
        let first = [step("REF", 1)];
        let numbers: Vec<u8> = residue.elements(&first).map(|(n, _)| n.element).collect();
        assert_eq!(numbers, [3, 4]);

        let json = serde_json::to_string(&residue).expect("residue is plain data");
        assert!(json.contains(r#""REF[3]":["ZZ","7"]"#), "{json}");
        assert!(json.contains(r#""REF[1]/REF04":["A","B"]"#), "{json}");
        assert_eq!(serde_json::from_str::<Residue>(&json).expect("we wrote it"), residue);
    }

    #[test]
    fn a_run_is_put_together_as_it_was() {
        let run =
            |generated: &[&'static str], order: Option<&[u32]>, left: &[(u32, &'static str)]| {
                arranged(generated.to_vec(), order, left.iter().copied()).join(" ")
            };
        assert_eq!(run(&["a", "b", "c"], None, &[]), "a b c");
        assert_eq!(run(&["a", "b", "c"], None, &[(1, "x"), (3, "y")]), "x a y b c");
        assert_eq!(run(&["a", "b", "c"], Some(&[4, 1, 3]), &[(2, "x")]), "b x c a");
        // One was deleted, one was added.
        assert_eq!(run(&["a"], None, &[(1, "x"), (5, "y")]), "x a y");
        assert_eq!(run(&["a", "b", "c"], Some(&[2, 1]), &[(3, "x")]), "b a x c");
        assert_eq!(run(&[], None, &[(2, "x")]), "x");
    }

    #[test]
    fn only_an_unusual_order_is_noted() {
        let mut residue = Residue::default();
        residue.keep_order(place("REF"), vec![1, 2, 4]);
        assert!(residue.is_empty());
        residue.keep_order(place("REF"), vec![2, 1, 4]);
        assert_eq!(residue.order(&place("REF")), Some([2, 1, 4].as_slice()));
        assert!(!residue.is_empty() && !residue.has_content());
    }
}
