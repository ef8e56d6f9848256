//! What no field means, put into documents that were written from models.

use tieline_x12::compose::{Element, Segment};

use crate::shared::random::Random;

/// The document with segments and elements of its own, and other orders.
pub(crate) fn noisy(random: &mut Random, segments: Vec<Segment>) -> Vec<Segment> {
    let mut noisy: Vec<Segment> = Vec::new();
    for mut segment in segments {
        let is_alike = noisy.last().is_some_and(|last| last.id == segment.id);
        if random.below(6) == 0 {
            extend(random, &mut segment);
        }
        let id = segment.id.clone();
        let at = noisy.len() - usize::from(is_alike && random.below(3) == 0 && may_swap(&id));
        noisy.insert(at, segment);
        if random.below(4) == 0 {
            noisy.extend(beside(random, &id));
        }
    }
    noisy
}

fn may_swap(id: &str) -> bool {
    matches!(id, "REF" | "DTM" | "AMT")
}

/// Elements behind the last one that a table knows, and a composite among them.
fn extend(random: &mut Random, segment: &mut Segment) {
    while segment.elements.len() < 22 {
        segment.elements.push(Element::Simple(String::new()));
    }
    segment.elements.push(match random.below(3) {
        0 => Element::Composite(vec!["8M".into(), "17".into()]),
        1 => Element::Simple("X".into()),
        _ => Element::Simple("MORE TEXT".into()),
    });
}

/// A segment that may follow one of this id and that nobody's codes know.
fn beside(random: &mut Random, id: &str) -> Vec<Segment> {
    let number = random.below(1000);
    let text = match id {
        "REF" => format!("REF*ZZ*{number}"),
        "DTM" => format!("DTM*ZZZ*20260101*{:02}00", number % 24),
        "AMT" => format!("AMT*ZZ*{number}"),
        "BPR" => "NTE*ZZZ".to_string(),
        "ENT" => format!("NM1*ZZ*1*NOBODY {number}\nPER*CN"),
        "OTI" => "REF*ZZ".to_string(),
        "PER" => "PER".to_string(),
        _ => return Vec::new(),
    };
    text.lines().map(Segment::shorthand).collect()
}
