//! 867 with interval data: every quarter hour, half hour or hour of a month.
//!
//! Each meter has a summary (`PTD*BO`) and its intervals (`PTD*PM`); the summary is their exact sum.
//! An interval is named by its end on the wall clock and the zone code in force then. The one that
//! ends at midnight is named 2359 of the day it belongs to.

use tieline_x12::compose::Segment;

use crate::amounts::thousandths;
use crate::calendar::{Date, WallClock, interval_ends};
use crate::choices::Choices;
use crate::people::{Member, utility};
use crate::random::Random;
use crate::segment;

/// Writes a report of one account.
pub fn usage_interval(random: &mut Random, choices: &Choices) -> Vec<Segment> {
    let member = Member::new(random);
    let written = choices.written();
    let report = format!("{written}I{:07}", choices.number);

    let mut body = vec![
        segment!("BPT*00*{report}*{written}*C1"),
        segment!("DTM*649*{written}*1700*{}", written.zone()),
        utility("8S"),
    ];
    body.extend(member.segments());
    body.push(segment!("REF*12*{}", member.account));
    body.push(segment!("REF*BF*{:02}", random.range(1, 20)));
    for _ in 0..choices.meters.unwrap_or(1) {
        let meter = random.digits(8);
        meter_loops(&mut body, random, choices, &meter, Direction::Delivered);
        if choices.net_metering {
            meter_loops(&mut body, random, choices, &meter, Direction::Received);
        }
    }
    body
}

/// Which way the energy flows; the quantity itself has no sign.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// To the member.
    Delivered,
    /// From the member's own generation into the grid.
    Received,
}

impl Direction {
    /// `QTY01` of a read quantity.
    const fn actual(self) -> &'static str {
        match self {
            Direction::Delivered => "QD",
            Direction::Received => "87",
        }
    }

    /// `QTY01` of an estimated quantity.
    const fn estimated(self) -> &'static str {
        match self {
            Direction::Delivered => "KA",
            Direction::Received => "9H",
        }
    }

    /// Per cent of the load, hour by hour: a business by day, the sun at noon.
    const fn profile(self) -> [i64; 24] {
        match self {
            Direction::Delivered => [
                38, 36, 35, 35, 37, 45, 62, 80, 95, 104, 110, 112, 108, 111, 112, 108, 100, 92, 84,
                76, 66, 56, 48, 42,
            ],
            Direction::Received => {
                [0, 0, 0, 0, 0, 0, 0, 4, 18, 38, 58, 74, 82, 80, 70, 52, 32, 14, 2, 0, 0, 0, 0, 0]
            }
        }
    }
}

/// A quantity of one interval.
struct Reading {
    end: WallClock,
    /// In watt-hours, thousandths of the kWh that are written.
    quantity: i64,
    estimated: bool,
}

fn meter_loops(
    body: &mut Vec<Segment>,
    random: &mut Random,
    choices: &Choices,
    meter: &str,
    direction: Direction,
) {
    let (first, days) = period(choices);
    let last = first.plus(i64::from(days) - 1);
    let readings = readings(random, choices, direction);
    let total: i64 = readings.iter().map(|reading| reading.quantity).sum();
    let hours = 60 / i64::from(choices.interval.minutes());
    let peak = readings.iter().map(|reading| reading.quantity).max().unwrap_or(0) * hours;
    let quality = match readings.iter().any(|reading| reading.estimated) {
        true => direction.estimated(),
        false => direction.actual(),
    };

    body.extend([
        segment!("PTD*BO"),
        segment!("DTM*150*{first}"),
        segment!("DTM*151*{last}"),
        segment!("REF*MG*{meter}"),
        segment!("QTY*{quality}*{}*KH", thousandths(total)),
        segment!("QTY*{quality}*{}*K1", thousandths(peak)),
        segment!("PTD*PM"),
        segment!("DTM*150*{first}"),
        segment!("DTM*151*{last}"),
        segment!("REF*MG*{meter}"),
        segment!("REF*MT*{}", choices.interval),
    ]);
    body.reserve(2 * readings.len());
    let mut day = (first, first.to_string());
    for Reading { end, quantity, estimated } in readings {
        let quality = if estimated { direction.estimated() } else { direction.actual() };
        let (date, time) = stamp(end);
        if day.0 != date {
            day = (date, date.to_string());
        }
        body.push(Segment::new("QTY").with(quality).with(thousandths(quantity)).with("KH"));
        body.push(Segment::new("DTM").with("582").with(day.1.as_str()).with(time).with(end.zone));
    }
}

/// The first day and how many days there are.
fn period(choices: &Choices) -> (Date, u16) {
    let all = choices.month.last().day;
    (choices.month.first(), choices.days.unwrap_or(u16::from(all)).max(1))
}

/// What the meter measured; a stretch of a few intervals was lost and is estimated.
fn readings(random: &mut Random, choices: &Choices, direction: Direction) -> Vec<Reading> {
    let (first, days) = period(choices);
    let load = random.range(8, 420) * 1_000;
    let minutes = i64::from(choices.interval.minutes());
    let profile = direction.profile();
    let ends = interval_ends(first, days, choices.interval.minutes());
    let count = ends.clone().count();
    let lost = random.index(count);
    let found = lost + random.range(3, 12) as usize;
    ends.enumerate()
        .map(|(n, end)| {
            let per_cent = profile[usize::from(end.minute / 60)];
            let jitter = random.range(85, 115);
            let quantity = load * per_cent / 100 * jitter / 100 * minutes / 60;
            Reading { end, quantity, estimated: (lost..found).contains(&n) }
        })
        .collect()
}

/// The date and time in `DTM02` and `DTM03`: midnight is the last minute of the day before.
fn stamp(end: WallClock) -> (Date, String) {
    if end.minute == 0 {
        return (end.date.plus(-1), "2359".to_string());
    }
    let digit = |n: u16| char::from(b'0' + (n % 10) as u8);
    let (hour, minute) = (end.minute / 60, end.minute % 60);
    (end.date, [digit(hour / 10), digit(hour), digit(minute / 10), digit(minute)].iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IntervalLength;
    use crate::calendar::Month;
    use tieline_x12::compose::Element;

    fn value(segment: &Segment, element: usize) -> &str {
        match segment.elements.get(element - 1) {
            Some(Element::Simple(value)) => value,
            _ => "",
        }
    }

    /// The written number in thousandths.
    fn number(text: &str) -> i64 {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{part:0<3}").parse().expect("a sample's quantity is a number")
    }

    fn stamps(choices: &Choices, date: &str) -> Vec<String> {
        usage_interval(&mut Random::new(3), choices)
            .iter()
            .filter(|segment| segment.id == "DTM" && value(segment, 1) == "582")
            .filter(|segment| value(segment, 2) == date)
            .map(|segment| format!("{} {}", value(segment, 3), value(segment, 4)))
            .collect()
    }

    #[test]
    fn the_summary_is_the_sum_of_the_intervals() {
        for choices in [
            Choices::default(),
            Choices { meters: Some(3), net_metering: true, ..Choices::default() },
            Choices { interval: IntervalLength::Minutes60, days: Some(2), ..Choices::default() },
        ] {
            let body = usage_interval(&mut Random::new(11), &choices);
            let (mut summary, mut sum, mut loops) = (0, 0, 0);
            let mut detail = false;
            for segment in body.iter().chain([&segment!("PTD*BO")]) {
                match (segment.id.as_str(), value(segment, 1)) {
                    ("PTD", "BO") => {
                        assert_eq!(summary, sum);
                        (summary, sum, detail) = (0, 0, false);
                        loops += 1;
                    }
                    ("PTD", "PM") => detail = true,
                    ("QTY", _) if value(segment, 3) == "K1" => {}
                    ("QTY", _) if detail => sum += number(value(segment, 2)),
                    ("QTY", _) => summary += number(value(segment, 2)),
                    _ => {}
                }
            }
            let directions = if choices.net_metering { 2 } else { 1 };
            assert_eq!(loops, choices.meters.unwrap_or(1) * directions + 1);
        }
    }

    #[test]
    fn a_day_has_as_many_intervals_as_the_clock_gives_it() {
        let march = Choices::default();
        let november = Choices { month: Month::new(2026, 11), ..Choices::default() };
        assert_eq!(stamps(&march, "20260307").len(), 96);
        assert_eq!(stamps(&march, "20260308").len(), 92);
        assert_eq!(stamps(&november, "20261101").len(), 100);
        assert_eq!(stamps(&november, "20261130").len(), 96);
        assert!(stamps(&november, "20261201").is_empty());
    }

    #[test]
    fn midnight_is_the_end_of_the_day_before() {
        let stamps = stamps(&Choices::default(), "20260331");
        assert_eq!(stamps[..2], ["0015 CD", "0030 CD"]);
        assert_eq!(stamps[94..], ["2345 CD", "2359 CD"]);
    }

    #[test]
    fn the_hour_that_comes_twice_is_told_by_its_zone() {
        let november = Choices { month: Month::new(2026, 11), ..Choices::default() };
        let stamps = stamps(&november, "20261101");
        assert_eq!(
            stamps[3..9],
            ["0100 CD", "0115 CD", "0130 CD", "0145 CD", "0100 CS", "0115 CS"]
        );
        let mut once = stamps.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), stamps.len());
    }

    #[test]
    fn some_intervals_are_estimated() {
        let body = usage_interval(&mut Random::new(5), &Choices::default());
        let estimated = body.iter().filter(|s| s.id == "QTY" && value(s, 1) == "KA").count();
        assert!((3..=14).contains(&estimated), "{estimated}");
    }
}
