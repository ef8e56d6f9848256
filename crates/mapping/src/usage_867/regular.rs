//! The length of intervals where a meter type does not tell it: by stamps that are regular, and by the
//! calendar for whole days.

use tieline_model::stamp::Edge;
use tieline_model::time::{Timestamp, Zone};

/// The length of a day on which the clocks are not changed.
pub(super) const DAY: u32 = 86_400;

/// The lengths of intervals that meters have, in seconds; days are told apart.
const LENGTHS: [i64; 6] = [300, 600, 900, 1200, 1800, 3600];

/// So many equal distances between stamps tell a length. Fewer may be chance: the times of some peaks.
pub(super) const LEAST: usize = 3;

/// The length of each interval by the instants of its stamps, in seconds; `None` if they are not
/// regular enough to tell all of them.
///
/// A distance that stands alone is a gap between intervals if it is a multiple of their length.
pub(super) fn lengths(edges: &[i64], edge: Edge) -> Option<Vec<u32>> {
    let distances: Vec<i64> = edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut told: Vec<Option<i64>> = Vec::with_capacity(distances.len());
    for run in distances.chunk_by(|one, next| usual_of(*one) == usual_of(*next)) {
        let is_length = LENGTHS.contains(&run[0]) || is_a_day(run[0]);
        let is_told = is_length && run.len() >= LEAST;
        told.extend(run.iter().map(|distance| is_told.then_some(*distance)));
    }
    let mut before = None;
    let behind: Vec<Option<i64>> = told
        .iter()
        .rev()
        .scan(None, |last, length| {
            *last = length.or(*last);
            Some(*last)
        })
        .collect();
    let mut all = Vec::with_capacity(edges.len());
    for ((distance, told), behind) in distances.iter().zip(&told).zip(behind.iter().rev()) {
        before = told.or(before);
        let fits = |length: &i64| *distance > 0 && distance % usual_of(*length) == 0;
        let length =
            told.or(before.map(usual_of).filter(fits)).or(behind.map(usual_of).filter(fits));
        all.push(u32::try_from(length?).ok()?);
    }
    // One stamp has no distance, and is taken for an interval like its neighbour.
    let (first, last) = (*all.first()?, *all.last()?);
    match edge {
        Edge::End => all.insert(0, usual(first)),
        Edge::Start => all.push(usual(last)),
    }
    Some(all)
}

/// The length that the series of an interval has: a day of 23 or 25 hours stands among those of 24.
pub(super) fn usual(seconds: u32) -> u32 {
    if is_a_day(i64::from(seconds)) { DAY } else { seconds }
}

fn usual_of(seconds: i64) -> i64 {
    if is_a_day(seconds) { i64::from(DAY) } else { seconds }
}

/// 23, 24 or 25 hours.
fn is_a_day(seconds: i64) -> bool {
    [82_800, 86_400, 90_000].contains(&seconds)
}

/// The length of the day that starts or ends at an instant; `None` if none does.
pub(super) fn day_length(zone: &Zone, at: i64, edge: Edge) -> Option<u32> {
    let instant = |second| Timestamp::from_second(second).ok();
    let within = match edge {
        Edge::Start => at,
        Edge::End => at - 1,
    };
    let day = zone.day(zone.local(instant(within)?).date()).ok()?;
    let of_day = match edge {
        Edge::Start => day.start(),
        Edge::End => day.end(),
    };
    (of_day == instant(at)?).then(|| u32::try_from(day.seconds()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stamps by the minutes between them.
    fn stamps(minutes: &[i64]) -> Vec<i64> {
        let sum = |at: &mut i64, minutes: &i64| {
            *at += minutes * 60;
            Some(*at)
        };
        [0].into_iter().chain(minutes.iter().scan(0, sum)).collect()
    }

    fn minutes_of(distances: &[i64]) -> Option<Vec<u32>> {
        let lengths = lengths(&stamps(distances), Edge::End)?;
        Some(lengths.iter().map(|seconds| seconds / 60).collect())
    }

    #[test]
    fn three_equal_distances_tell_a_length() {
        assert_eq!(minutes_of(&[15, 15, 15]), Some(vec![15; 4]));
        assert_eq!(minutes_of(&[15, 15]), None);
        assert_eq!(minutes_of(&[17, 17, 17]), None);
        assert_eq!(minutes_of(&[0, 0, 0]), None);
        assert_eq!(minutes_of(&[]), None);
    }

    #[test]
    fn a_length_may_change_and_a_gap_is_none() {
        assert_eq!(minutes_of(&[15, 15, 15, 60, 60, 60]), Some(vec![15, 15, 15, 15, 60, 60, 60]));
        assert_eq!(minutes_of(&[60, 60, 60, 120, 60]), Some(vec![60; 6]));
        assert_eq!(minutes_of(&[60, 60, 60, 90, 60]), None);
        assert_eq!(minutes_of(&[60, 60, 60, -60, 60]), None);
        let starts = lengths(&stamps(&[15, 15, 15, 60, 60, 60]), Edge::Start);
        assert_eq!(starts, Some(vec![900, 900, 900, 3600, 3600, 3600, 3600]));
    }

    #[test]
    fn days_follow_the_clocks() {
        let day = 24 * 60;
        let told = minutes_of(&[day, day - 60, day, day + 60, day, 2 * day]);
        assert_eq!(told, Some(vec![1440, 1440, 1380, 1440, 1500, 1440, 1440]));
        let chicago = Zone::named("America/Chicago").expect("the zone is built in");
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant").as_second();
        let length = |text, edge| day_length(&chicago, at(text), edge);
        assert_eq!(length("2026-03-09T05:00:00Z", Edge::End), Some(82_800));
        assert_eq!(length("2026-03-08T06:00:00Z", Edge::Start), Some(82_800));
        assert_eq!(length("2026-03-08T06:00:00Z", Edge::End), Some(86_400));
        assert_eq!(length("2026-03-08T07:00:00Z", Edge::Start), None);
    }
}
