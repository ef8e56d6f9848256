//! Load curves: series of intervals gathered by meter, then drawn as SVG or told day by day.
//!
//! Nothing here rounds a figure: what is told is what was sent, and only places on the paper are
//! whole tenths of a pixel.

mod curve;

mod days;

mod scale;

pub(crate) mod svg;

pub(crate) mod table;

use tieline_model::decimal::Decimal;
use tieline_model::meter::Direction;
use tieline_model::quantity::{Dimension, Unit};
use tieline_model::time::{Date, Timestamp, Zone};
use tieline_model::usage::{IntervalSeries, PointValue, Quality, UsageSection};

pub(crate) use days::Day;

/// How many series one chart shows; more cannot be told from each other.
pub(crate) const MOST_PANELS: usize = 8;

/// How many intervals one chart takes: eight series of seven years of quarter hours.
pub(crate) const MOST_POINTS: usize = 2_000_000;

/// One series of a meter, or several that follow each other.
#[derive(Debug, Clone)]
pub(crate) struct Panel {
    /// The meter; `None` for the account as a whole.
    pub(crate) meter: Option<String>,
    pub(crate) channel: Option<String>,
    pub(crate) direction: Direction,
    pub(crate) unit: Unit,
    pub(crate) zone: Zone,
    /// The usual length of its intervals.
    pub(crate) seconds: u32,
    /// Its intervals in the order of time; none overlaps another.
    pub(crate) points: Vec<Point>,
    /// How many intervals were told again, and left out.
    pub(crate) repeated: usize,
}

/// One interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    /// The first second of it, and the first after it, since 1970.
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// `None` if it is missing: nothing was sent, or a code that says so.
    pub(crate) value: Option<Decimal>,
    pub(crate) is_estimated: bool,
}

/// From which local day until which, both included.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Days {
    pub(crate) since: Option<Date>,
    pub(crate) until: Option<Date>,
}

impl Panel {
    fn of(section: &UsageSection, series: &IntervalSeries) -> Panel {
        Panel {
            meter: section.meter.as_ref().map(|meter| meter.as_str().to_string()),
            channel: section.channel.clone(),
            direction: series.direction(),
            unit: series.unit.meaning,
            zone: series.zone.clone(),
            seconds: series.seconds(),
            points: Vec::new(),
            repeated: 0,
        }
    }

    fn is_like(&self, other: &Panel) -> bool {
        (&self.meter, &self.channel, self.direction, self.unit, &self.zone, self.seconds)
            == (
                &other.meter,
                &other.channel,
                other.direction,
                other.unit,
                &other.zone,
                other.seconds,
            )
    }

    /// What it is, e.g. `Meter 88400217, delivered`.
    pub(crate) fn title(&self) -> String {
        let mut title = match &self.meter {
            Some(meter) => format!("Meter {meter}"),
            None => "Whole account".to_string(),
        };
        if let Some(channel) = &self.channel {
            title += &format!(", channel {channel}");
        }
        title + ", " + self.direction()
    }

    pub(crate) fn direction(&self) -> &'static str {
        match self.direction {
            Direction::Delivered => "delivered",
            Direction::Received => "received",
            Direction::Net => "net",
            Direction::Total => "total",
        }
    }

    /// Its unit as it is written.
    pub(crate) fn unit(&self) -> String {
        let name = serde_json::to_value(self.unit).unwrap_or_default();
        name.as_str().unwrap_or_default().to_string()
    }

    /// The length of its intervals in words.
    pub(crate) fn length(&self) -> String {
        match self.seconds {
            3600 => "hour".to_string(),
            86_400 => "day".to_string(),
            seconds if seconds % 60 == 0 => format!("{} minutes", seconds / 60),
            seconds => format!("{seconds} seconds"),
        }
    }

    /// Whether its values add up over time.
    pub(crate) fn adds_up(&self) -> bool {
        use Dimension::{ApparentEnergy, Cost, Energy, Heat, ReactiveEnergy, Volume};
        let sums = [ApparentEnergy, Cost, Energy, Heat, ReactiveEnergy, Volume];
        sums.contains(&self.unit.dimension())
    }

    /// Its first and its last second.
    fn span(&self) -> Option<(i64, i64)> {
        Some((self.points.first()?.start, self.points.last()?.end))
    }

    /// The local day of a second.
    pub(crate) fn date(&self, second: i64) -> Option<Date> {
        Some(self.zone.local(Timestamp::from_second(second).ok()?).date())
    }

    /// Joins what is next to nothing: sorts, leaves out what is told again, and fills the holes
    /// between series.
    fn settle(&mut self) {
        self.points.sort_by_key(|point| (point.start, point.value.is_none()));
        let mut joined: Vec<Point> = Vec::with_capacity(self.points.len());
        for point in std::mem::take(&mut self.points) {
            match joined.last_mut() {
                Some(last) if point.start < last.end => {
                    let fills = last.value.is_none() && last.start == point.start;
                    if fills && last.end == point.end {
                        *last = point;
                    } else {
                        self.repeated += usize::from(point.value.is_some());
                    }
                    continue;
                }
                Some(last) if last.end < point.start => {
                    let (start, end) = (last.end, point.start);
                    joined.push(Point { start, end, value: None, is_estimated: false });
                }
                _ => {}
            }
            joined.push(point);
        }
        self.points = joined;
    }
}

/// Series as they are gathered, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) panels: Vec<Panel>,
    points: usize,
}

/// There is more than one chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooMuch {
    Panels,
    Points,
}

impl Gathered {
    /// Takes the intervals of one series that are in these days.
    pub(crate) fn add(
        &mut self,
        section: &UsageSection,
        series: &IntervalSeries,
        days: Days,
    ) -> Result<(), TooMuch> {
        let edge = |date: Option<Date>| date.and_then(|date| series.zone.day(date).ok());
        let since = edge(days.since).map_or(i64::MIN, |day| day.start().as_second());
        let until = edge(days.until).map_or(i64::MAX, |day| day.end().as_second());
        let inside = series.points().map(|point| Point {
            start: point.start.as_second(),
            end: point.end.as_second(),
            value: point.value.quantity(),
            is_estimated: is_estimated(&point.value),
        });
        let inside = inside.filter(|point| since <= point.start && point.start < until);
        let mut inside = inside.peekable();
        if inside.peek().is_none() {
            return Ok(());
        }
        let panel = Panel::of(section, series);
        let at = match self.panels.iter().position(|other| other.is_like(&panel)) {
            Some(at) => at,
            None if self.panels.len() == MOST_PANELS => return Err(TooMuch::Panels),
            None => {
                self.panels.push(panel);
                self.panels.len() - 1
            }
        };
        let points = &mut self.panels[at].points;
        let before = points.len();
        points.extend(inside.take(MOST_POINTS + 1 - self.points));
        self.points += points.len() - before;
        if self.points > MOST_POINTS { Err(TooMuch::Points) } else { Ok(()) }
    }

    /// The panels, each in the order of time.
    pub(crate) fn settled(mut self) -> Vec<Panel> {
        self.panels.iter_mut().for_each(Panel::settle);
        self.panels
    }
}

fn is_estimated(value: &PointValue<'_>) -> bool {
    matches!(
        value,
        PointValue::Quantity(_, code) if matches!(
            code.meaning,
            Quality::Estimated | Quality::Substituted | Quality::Mixed | Quality::Projected
        )
    )
}

/// A number without the zeros at its end.
pub(crate) fn short(number: Decimal) -> String {
    let text = number.to_string();
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The three letters of a month.
fn month(date: Date) -> &'static str {
    MONTHS.get(date.month() as usize - 1).copied().unwrap_or_default()
}
