//! Whether a set that was exchanged is what a scenario asks for.

use tieline_x12::document::Document;
use tieline_x12::guide::{Path, Step};
use tieline_x12::tree::Tree;

use super::{Asked, Outcome};

/// Whether a set of a document is what is asked for: its number, what became of it by its findings,
/// and the places that must be in it.
pub fn fits(document: &Document<'_>, set: &Tree<'_>, asked: &Asked<'_>) -> bool {
    let came_out = set.outcome().map(|outcome| match outcome.errors {
        0 => Outcome::Accepted,
        _ => Outcome::Rejected,
    });
    came_out == Some(asked.outcome) && holds(document, set, asked)
}

/// The same, whatever became of it.
pub fn holds(document: &Document<'_>, set: &Tree<'_>, asked: &Asked<'_>) -> bool {
    let Some(outcome) = set.outcome() else { return false };
    let span = outcome.start..outcome.end.max(outcome.start + 1);
    let has = |code: &str| {
        let mut of_set = document.findings.iter().filter(|it| span.contains(&it.at.offset));
        of_set.any(|finding| finding.code() == code)
    };
    set.element(1) == asked.set.as_bytes()
        && asked.finding.is_none_or(has)
        && asked.contains.iter().all(|place| contains(set, place, &place.steps))
}

/// Whether a place is in a loop: its steps down the loops, then the element if it names one.
fn contains(within: &Tree<'_>, place: &Path, steps: &[Step]) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return match place.element {
            None => true,
            Some(number) if number.component > 0 => {
                let mut components = within.components(usize::from(number.element));
                components.nth(usize::from(number.component) - 1).is_some_and(|it| !it.is_empty())
            }
            Some(number) => !within.element(usize::from(number.element)).is_empty(),
        };
    };
    within.all(&step.segment).any(|segment| {
        let is = step.is.iter().all(|(element, values)| {
            let value = segment.element(usize::from(*element));
            values.iter().any(|wanted| wanted.as_bytes() == value)
        });
        is && contains(&segment, place, rest)
    })
}
