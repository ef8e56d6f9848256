//! The points of one series: when they are, and how far apart.

use std::collections::HashMap;

use tieline_model::decimal::Decimal;
use tieline_model::time::{DateTime, Instants, Timestamp, Zone};

use super::answer::Series;
use super::{SmartHubFault, TimeFrame};

const DAY: i64 = 86_400;

/// A point with its instant.
pub(super) struct Point {
    /// Seconds since 1970.
    pub(super) start: i64,
    /// What the clock showed, as if it were UTC.
    pub(super) wall: i64,
    pub(super) quantity: Option<Decimal>,
    pub(super) is_ambiguous: bool,
    /// Its place in the answer.
    pub(super) at: usize,
}

/// How far apart points are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Seconds(u32),
    Day,
    Month,
}

/// A fault and the point it is at.
pub(super) type PointFault = (usize, SmartHubFault);

pub(super) fn local(wall: i64) -> DateTime {
    Zone::utc().local(Timestamp::from_second(wall).unwrap_or(Timestamp::MIN))
}

/// The points in the order of time, each at its instant.
pub(super) fn points(series: &Series<'_>, zone: &Zone) -> Result<Vec<Point>, PointFault> {
    let mut seen: HashMap<i64, usize> = HashMap::new();
    let mut points: Vec<Point> = Vec::with_capacity(series.data.len());
    for (at, raw) in series.data.iter().enumerate() {
        let wall = raw.wall().map_err(|fault| (at, fault))?;
        let quantity = raw.quantity().map_err(|fault| (at, fault))?;
        let before = seen.insert(wall, at);
        let instants = zone.instants(local(wall)).map_err(|_| (at, SmartHubFault::NotATime))?;
        let (start, is_ambiguous) = match (instants, before) {
            (Instants::Never, _) => return Err((at, SmartHubFault::SkippedTime)),
            (Instants::Once(once), None) => (once, false),
            (Instants::Once(_), Some(_)) => return Err((at, SmartHubFault::Twice)),
            // It is the only one of two hours until the other one is seen.
            (Instants::Twice(first, _), None) => (first, true),
            (Instants::Twice(first, second), Some(before)) => {
                let first = first.as_second();
                let known = &mut points[before];
                if known.start != first {
                    return Err((at, SmartHubFault::Twice));
                }
                // Neighbours of one time are two hours only if points are an hour apart.
                let is_mixed = before + 1 == at && known.wall % 3600 != 0;
                known.is_ambiguous = is_mixed;
                (second, is_mixed)
            }
        };
        let start = start.as_second();
        points.push(Point { start, wall, quantity, is_ambiguous, at });
    }
    points.sort_by_key(|point| point.start);
    // Where an hour was sorted by its minutes, its full hour is no surer than the rest of it.
    let mixed: Vec<i64> =
        points.iter().filter(|it| it.is_ambiguous).map(|it| it.wall / 3600).collect();
    for point in &mut points {
        point.is_ambiguous |= mixed.binary_search(&(point.wall / 3600)).is_ok();
    }
    Ok(points)
}

/// The most usual step between points.
pub(super) fn step(points: &[Point], asked: Option<TimeFrame>) -> Result<Step, PointFault> {
    let mut counts: HashMap<i64, usize> = HashMap::new();
    for pair in points.windows(2) {
        // By the instants, where a change of the clocks does not widen a step of hours.
        let (hours, days) = (pair[1].start - pair[0].start, pair[1].wall - pair[0].wall);
        *counts.entry(if days >= DAY { days } else { hours }).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(step, count)| (*count, -step));
    let step = match (most, asked) {
        (_, Some(TimeFrame::Monthly)) => Step::Month,
        (_, Some(TimeFrame::Daily)) | (Some((DAY, _)), None) => Step::Day,
        (Some((step, _)), None) if step >= 27 * DAY => Step::Month,
        (Some((step, _)), _) => {
            let seconds = u32::try_from(step).map_err(|_| (0, SmartHubFault::OffBeat))?;
            Step::Seconds(seconds)
        }
        (None, Some(TimeFrame::Hourly)) => Step::Seconds(3600),
        (None, None) => return Err((0, SmartHubFault::NoLength)),
    };
    Ok(step)
}
