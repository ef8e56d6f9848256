//! Scales: values to heights, seconds to places, and the ticks that people count by.

use tieline_model::decimal::Decimal;
use tieline_model::time::{Date, Instants};

use super::{Panel, month, short};

/// Decimals that ticks may have beyond those of the values.
const FINER: u8 = 2;

/// Values as heights, in tenths of a pixel.
#[derive(Debug, Clone)]
pub(super) struct Heights {
    /// With how many decimals values are counted.
    scale: u8,
    /// The lowest and the highest tick, and the step between two, so counted.
    low: i128,
    high: i128,
    step: i128,
    /// The place of the highest tick, and how far below it the lowest one is.
    top: i128,
    height: i128,
}

impl Heights {
    /// A scale from the lowest to the highest value, zero included; `None` if a value has too many
    /// digits to be drawn.
    pub(super) fn of(
        values: impl Iterator<Item = Decimal> + Clone,
        top: i128,
        height: i128,
    ) -> Option<Heights> {
        let scale = values.clone().map(|value| value.scale()).max().unwrap_or(0).min(9) + FINER;
        let (mut low, mut high) = (0, 0);
        for value in values {
            let counted = counted(value, scale)?;
            (low, high) = (counted.min(low), counted.max(high));
        }
        if low == high {
            high = 10_i128.pow(scale.into());
        }
        let step = step((high - low).max(1))?;
        let (low, high) = (low.div_euclid(step) * step, (high + step - 1).div_euclid(step) * step);
        Some(Heights { scale, low, high, step, top, height })
    }

    /// The place of a value.
    pub(super) fn place(&self, value: Decimal) -> i128 {
        counted(value, self.scale).map_or(self.top, |counted| self.at(counted))
    }

    fn at(&self, counted: i128) -> i128 {
        self.top + (self.high - counted) * self.height / (self.high - self.low)
    }

    /// The ticks from the lowest on, each with its place and label.
    pub(super) fn ticks(&self) -> Vec<(i128, String)> {
        let count = (self.high - self.low) / self.step;
        let tick = |n| self.low + n * self.step;
        let label = |tick| Decimal::new(tick, self.scale).map(short).unwrap_or_default();
        (0..=count).map(|n| (self.at(tick(n)), label(tick(n)))).collect()
    }
}

/// A value in units of its scale; at most 30 digits, so that a height can be worked out.
fn counted(value: Decimal, scale: u8) -> Option<i128> {
    let counted = value.rounded(scale).ok()?.mantissa();
    (counted.unsigned_abs() < 10_u128.pow(30)).then_some(counted)
}

/// One, two or five and zeros, of which four to eight make the range.
fn step(range: i128) -> Option<i128> {
    let mut power = 1_i128;
    loop {
        for step in [power, 2 * power, 5 * power] {
            if range <= 5 * step {
                return Some(step);
            }
        }
        power = power.checked_mul(10)?;
    }
}

/// Seconds as places, in tenths of a pixel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) left: i128,
    pub(super) width: i128,
}

impl Times {
    pub(super) fn place(&self, second: i64) -> i128 {
        let second = second.clamp(self.start, self.end);
        let span = i128::from(self.end - self.start).max(1);
        self.left + i128::from(second - self.start) * self.width / span
    }

    /// Ticks at local times, each with its place and label.
    pub(super) fn ticks(&self, panel: &Panel) -> Vec<(i128, String)> {
        let Some((first, last)) = panel.date(self.start).zip(panel.date(self.end - 1)) else {
            return Vec::new();
        };
        let nights = (self.end - self.start) / 86_400;
        let labels: Vec<(i64, String)> = match nights {
            ..=2 => self.hours(panel, first, last, if nights <= 1 { 3 } else { 6 }),
            3..=16 => of_days(panel, first, last, |_| true, day_label),
            17..=120 => {
                let is_monday = |date: Date| date.weekday().to_monday_zero_offset() == 0;
                of_days(panel, first, last, is_monday, day_label)
            }
            121..=800 => {
                let is_year = |date: Date| {
                    date.month() == 1 || date.duration_since(first).as_hours() < 31 * 24
                };
                let label =
                    |date| if is_year(date) { month_label(date) } else { month(date).to_string() };
                of_days(panel, first, last, |date| date.day() == 1, label)
            }
            _ => {
                let is_new_year = |date: Date| (date.day(), date.month()) == (1, 1);
                of_days(panel, first, last, is_new_year, |date| date.year().to_string())
            }
        };
        let mut ticks: Vec<(i128, String)> = Vec::new();
        for (second, label) in labels {
            let place = self.place(second);
            // Labels stand apart by what the longest one needs.
            if ticks.last().is_none_or(|(before, _)| place - before >= 560) {
                ticks.push((place, label));
            }
        }
        ticks
    }

    /// Each so many hours of the days, and the midnight after the last.
    fn hours(&self, panel: &Panel, first: Date, last: Date, step: i8) -> Vec<(i64, String)> {
        let mut found = Vec::new();
        let mut date = first;
        while date <= last {
            for hour in (0..24).step_by(step as usize) {
                let at = match panel.zone.instants(date.at(hour, 0, 0, 0)) {
                    Ok(Instants::Once(at) | Instants::Twice(at, _)) => at.as_second(),
                    _ => continue,
                };
                let label = if hour == 0 { day_label(date) } else { format!("{hour:02}:00") };
                found.push((at, label));
            }
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        if panel.date(self.end) > Some(last) {
            found.push((self.end, "24:00".to_string()));
        }
        found
    }
}

/// The first second of each day that is wanted.
fn of_days(
    panel: &Panel,
    first: Date,
    last: Date,
    wanted: impl Fn(Date) -> bool,
    label: impl Fn(Date) -> String,
) -> Vec<(i64, String)> {
    let mut found = Vec::new();
    let mut date = first;
    while date <= last {
        if let (true, Ok(day)) = (wanted(date), panel.zone.day(date)) {
            found.push((day.start().as_second(), label(date)));
        }
        let Ok(next) = date.tomorrow() else { break };
        date = next;
    }
    found
}

pub(super) fn day_label(date: Date) -> String {
    format!("{} {}", date.day(), month(date))
}

fn month_label(date: Date) -> String {
    format!("{} {}", month(date), date.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_every_value() {
        for (low, high, labels) in [
            ("0", "51.47", "0 20 40 60"),
            ("0", "0.3", "0 0.1 0.2 0.3"),
            ("-2.5", "7", "-4 -2 0 2 4 6 8"),
            ("0", "0", "0 0.2 0.4 0.6 0.8 1"),
            ("0", "1000000", "0 200000 400000 600000 800000 1000000"),
        ] {
            let values = [low, high].map(|it| it.parse::<Decimal>().expect("a number"));
            let heights = Heights::of(values.into_iter(), 100, 2000).expect("it can be drawn");
            let ticks = heights.ticks();
            let found: Vec<&str> = ticks.iter().map(|(_, label)| label.as_str()).collect();
            assert_eq!(found.join(" "), labels);
            assert_eq!((ticks[0].0, ticks[ticks.len() - 1].0), (2100, 100));
            for value in values {
                assert!((100..=2100).contains(&heights.place(value)));
            }
        }
        let long = Decimal::new(10_i128.pow(37), 0).expect("it has 38 digits");
        assert!(Heights::of([long].into_iter(), 0, 1).is_none());
    }
}
