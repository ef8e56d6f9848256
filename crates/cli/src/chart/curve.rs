//! A curve as steps: one for each interval or, where they are more than there is room for, one for
//! each column with the lowest and the highest of its intervals.

use tieline_model::decimal::Decimal;

use super::Point;
use super::scale::Times;

/// A piece of a curve that has one height, or a lowest and a highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// From where until where, in tenths of a pixel.
    pub(super) from: i128,
    pub(super) until: i128,
    /// The lowest and the highest value; `None` where all is missing.
    pub(super) values: Option<(Decimal, Decimal)>,
    /// Whether one of its intervals was not measured, or is missing.
    pub(super) is_estimated: bool,
    pub(super) is_missing: bool,
}

/// The steps of a series, at most about `room` of them.
pub(super) fn steps(points: &[Point], times: Times, room: usize) -> Vec<Step> {
    let step = |point: &Point, from, until| Step {
        from,
        until,
        values: point.value.map(|value| (value, value)),
        is_estimated: point.is_estimated,
        is_missing: point.value.is_none(),
    };
    if points.len() <= room {
        let each = points.iter().map(|point| {
            let (from, until) = (times.place(point.start), times.place(point.end));
            step(point, from, until)
        });
        return each.collect();
    }
    let column = (times.width / room as i128).max(1);
    let mut found: Vec<Step> = Vec::new();
    for point in points {
        // An interval stands in the column it starts in, and a long one in all up to its end.
        let first = (times.place(point.start) - times.left) / column;
        let end = ((times.place(point.end) - times.left) / column).max(first + 1);
        let new = step(point, times.left + first * column, times.left + end * column);
        match found.last_mut().filter(|last| new.from < last.until) {
            Some(last) => last.take(&new),
            None => found.push(new),
        }
    }
    found
}

impl Step {
    fn take(&mut self, other: &Step) {
        self.until = self.until.max(other.until);
        self.is_estimated |= other.is_estimated;
        self.is_missing |= other.is_missing;
        self.values = match (self.values, other.values) {
            (Some((low, high)), Some((lower, higher))) => Some((low.min(lower), high.max(higher))),
            (one, other) => one.or(other),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quarter_hours(count: i64, value: impl Fn(i64) -> Option<i64>) -> Vec<Point> {
        let point = |n| Point {
            start: n * 900,
            end: (n + 1) * 900,
            value: value(n).map(Decimal::from),
            is_estimated: n % 97 == 0,
        };
        (0..count).map(point).collect()
    }

    /// Each interval is in a step that is where it is, and no step is higher or lower than what is
    /// in it.
    #[test]
    fn every_interval_is_in_a_step_and_no_step_says_more() {
        for count in [1_i64, 96, 871, 873, 2_976, 35_040] {
            let points =
                quarter_hours(count, |n| (n % 11 != 5).then_some((n * 7_919) % 1_009 - 300));
            let times = Times { start: 0, end: count * 900, left: 640, width: 8720 };
            let steps = steps(&points, times, 872);
            assert!(steps.len() <= 873, "{} steps of {count}", steps.len());
            assert!(steps.windows(2).all(|pair| pair[0].until <= pair[1].from));
            let mut seen: Vec<Option<(Decimal, Decimal)>> = vec![None; steps.len()];
            for point in &points {
                let place = times.place(point.start);
                let at = steps.iter().position(|step| step.from <= place && place < step.until);
                let at = at.expect("there is a step");
                assert!(steps[at].is_estimated || !point.is_estimated);
                match point.value {
                    None => assert!(steps[at].is_missing),
                    Some(value) => {
                        let (low, high) = steps[at].values.expect("it has a value");
                        assert!(low <= value && value <= high);
                        let (lowest, highest) = seen[at].unwrap_or((value, value));
                        seen[at] = Some((lowest.min(value), highest.max(value)));
                    }
                }
            }
            let values: Vec<_> = steps.iter().map(|step| step.values).collect();
            assert_eq!(values, seen, "{count} intervals");
        }
    }
}
