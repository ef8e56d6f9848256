//! Intervals: `QTY` loops with the stamp of their interval, gathered to series.

use tieline_model::coded::Coded;
use tieline_model::decimal::Decimal;
use tieline_model::meter::Direction;
use tieline_model::provenance::Ordinal;
use tieline_model::quantity::Unit;
use tieline_model::residue::Residue;
use tieline_model::stamp::{ClockTime, Edge, Stamp, Stamping, ZoneStyle};
use tieline_model::time::{TimeError, Timestamp, Zone};
use tieline_model::usage::{
    Arrangement, Basis, CodeNumber, IntervalPoint, IntervalSeries, PointValue, Quality,
    SeriesError, UsageItem, UsageQuantity,
};
use tieline_x12::segment::SegmentId;
use tieline_x12::tree::Tree;

use super::quantity::{self, known, write_code, write_opener};
use super::regular;
use crate::branch::{Rows, point_left_over};
use crate::common::write_stamp;
use crate::error::{MappingError, ValueFault};
use crate::figure::Figure;
use crate::given::{Given, date, position, value_fault};
use crate::measurement::write_unit;
use crate::options::Options;
use crate::sink::{Left, Sink};
use crate::stamp::{Found, Offsets, Stamper, Wall, ZoneCode, day_number};

/// How many loops are looked at for the direction of a code that leaves it open.
const LOOK_AHEAD: usize = 96;

/// Reads the `QTY` loops of a section. With an interval length, those with a stamp are points; without
/// one, those whose stamps are so regular that they tell it.
pub(super) fn read<'t>(
    loops: impl Iterator<Item = Tree<'t>>,
    minutes: Option<u16>,
    options: &Options,
) -> Result<(Vec<UsageItem>, Arrangement), MappingError> {
    let loops: Vec<Tree<'t>> = loops.collect();
    let mut reader = Reader::new(options);
    let length = minutes.map(|minutes| u32::from(minutes) * 60);
    let told = if length.is_none() { lengths_told(&loops, options) } else { Vec::new() };
    let mut parts: Vec<Part<'t>> = Vec::new();
    for (n, qty) in loops.iter().enumerate() {
        let point = match length.or_else(|| told.get(n).copied().flatten()) {
            Some(seconds) => reader.point(*qty, &loops[n + 1..], seconds)?,
            None => None,
        };
        match (point, parts.last_mut()) {
            (Some(point), Some(Part::Points(points))) => points.push(point),
            (Some(point), _) => {
                // Most sections have one stretch of points, and nothing behind it.
                let room = if parts.is_empty() { loops.len() - n } else { 1 };
                let mut points = Vec::with_capacity(room);
                points.push(point);
                parts.push(Part::Points(points));
            }
            (None, _) => {
                let given = Given::of(*qty, &[])?;
                parts.push(Part::Quantity(Box::new(quantity::read(&given, options)?)));
            }
        }
    }
    let stretches = parts.iter().filter(|part| matches!(part, Part::Points(_))).count();
    let mut arrangement = Arrangement::InTurn;
    let mut items = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Part::Quantity(quantity) => items.push(UsageItem::Quantity(*quantity)),
            Part::Points(points) => {
                let by_time = match stretches == 1 && are_mixed(&points) {
                    true => reader.by_time(&points)?,
                    false => None,
                };
                let series = match by_time {
                    Some(series) => {
                        arrangement = Arrangement::ByTime;
                        series
                    }
                    None => reader.in_turn(&points)?,
                };
                items.extend(series.into_iter().map(UsageItem::Series));
            }
        }
    }
    Ok((items, arrangement))
}

/// The length of the interval of each loop, as its stamp and those around it tell it; `None` for what
/// is no interval.
fn lengths_told(loops: &[Tree<'_>], options: &Options) -> Vec<Option<u32>> {
    let mut told = vec![None; loops.len()];
    if loops.len() <= regular::LEAST {
        return told;
    }
    let mut reader = Reader::new(options);
    // A stamp that cannot be read is no interval's here, so that it is kept as it is.
    let points: Vec<Option<Seen<'_>>> = loops
        .iter()
        .enumerate()
        .map(|(n, qty)| reader.point(*qty, &loops[n + 1..], 0).ok().flatten())
        .collect();
    let mut of_keys: Vec<Vec<usize>> = vec![Vec::new(); reader.keys.len()];
    for (n, point) in points.iter().enumerate() {
        if let Some(point) = point {
            of_keys[point.key].push(n);
        }
    }
    for places in of_keys {
        let edges: Option<Vec<i64>> = places
            .iter()
            .filter_map(|n| points[*n].as_ref())
            .map(|point| (!point.is_ambiguous).then_some(point.edge))
            .collect();
        let lengths = edges.and_then(|edges| regular::lengths(&edges, options.usage.stamping.edge));
        for (place, length) in places.into_iter().zip(lengths.unwrap_or_default()) {
            told[place] = Some(length);
        }
    }
    told
}

/// Whether a series is read as it is when it stands in a section of intervals of this length.
pub(super) fn has_length(series: &IntervalSeries, minutes: u16, edge: Edge) -> bool {
    let seconds = u32::from(minutes) * 60;
    let as_the_calendar_has_it = |point: IntervalPoint<'_>| {
        let at = if edge == Edge::End { point.end } else { point.start };
        let day = regular::day_length(&series.zone, at.as_second(), edge);
        let length = point.end.as_second() - point.start.as_second();
        i64::from(day.unwrap_or(regular::DAY)) == length
    };
    let is_even = series.exceptions().all(|exception| exception.seconds.is_none());
    let is_right = match seconds {
        regular::DAY => series.points().filter(is_sent).all(as_the_calendar_has_it),
        _ => is_even,
    };
    series.seconds() == seconds && is_right
}

/// Writes series as `QTY` loops: one, or several by time.
pub(super) fn write(
    all: &[&IntervalSeries],
    options: &Options,
    rows: Rows,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let mut pens = Vec::with_capacity(all.len());
    for series in all {
        let stamping = series.stamping.unwrap_or(options.usage.stamping);
        if stamping.edge != options.usage.stamping.edge {
            return Err(MappingError::NoPlace {
                what: "a series stamped at the other end of its intervals",
                advice: "take the stamping from the series, so that the partner's is used",
            });
        }
        let pen = Pen {
            stamper: stamper(&series.zone, stamping, options)?,
            series,
            options,
            rows,
            codes: None,
        };
        pens.push((pen, series.points().filter(is_sent).peekable()));
    }
    if let [(pen, points)] = &mut pens[..] {
        return points.try_for_each(|point| pen.point(&point, out));
    }
    // The next point is the earliest; of several at one time, that of the first series.
    loop {
        let starts = pens.iter_mut().enumerate();
        let starts = starts.filter_map(|(n, (_, points))| Some((points.peek()?.start, n)));
        let Some((_, n)) = starts.min() else { return Ok(()) };
        let (pen, points) = &mut pens[n];
        if let Some(point) = points.next() {
            pen.point(&point, out)?;
        }
    }
}

fn is_sent(point: &IntervalPoint<'_>) -> bool {
    !matches!(point.value, PointValue::NotSent)
}

fn stamper<'s>(
    zone: &'s Zone,
    stamping: Stamping,
    options: &'s Options,
) -> Result<Stamper<'s>, MappingError> {
    Stamper::new(zone, stamping, options).ok_or_else(|| MappingError::NoCode {
        table: "clocks",
        meaning: format!("the time of {}", zone.name()),
    })
}

/// Writes the points of a series.
struct Pen<'s> {
    stamper: Stamper<'s>,
    series: &'s IntervalSeries,
    options: &'s Options,
    rows: Rows,
    /// How the quality of the last point was written, and the unit.
    codes: Option<(&'s Coded<Quality>, &'s str, Option<&'s str>)>,
}

impl<'s> Pen<'s> {
    /// The `QTY` loop of a point, with what is left over of it.
    fn point(&mut self, point: &IntervalPoint<'s>, out: &mut dyn Sink) -> Result<(), MappingError> {
        let left = Left { residue: &self.series.residue, point: Some(point.index) };
        out.record(left, self.rows, &mut |out| self.say(point, out))
    }

    fn say(&mut self, point: &IntervalPoint<'s>, out: &mut dyn Sink) -> Result<(), MappingError> {
        let (quality, amount) = match point.value {
            PointValue::Quantity(amount, quality) => (quality, Some(amount)),
            PointValue::NoValue(quality) => (quality, None),
            PointValue::NotSent => return Ok(()),
        };
        let options = self.options;
        let (code, unit) = self.codes(quality)?;
        write_opener(code, amount, unit, options, out)?;
        if let Some(stamp) = point.exception.and_then(|exception| exception.stamp.as_ref()) {
            return write_stamp(&options.usage.stamp, stamp, out);
        }
        let edge = match options.usage.stamping.edge {
            Edge::Start => point.start,
            Edge::End => point.end,
        };
        let (wall, offset) = self.stamper.wall(edge.as_second());
        self.stamper.prepare(wall.day, offset)?;
        let (day, zone) = self.stamper.prepared();
        out.segment("DTM", &[Some(&options.usage.stamp), Some(day), Some(&wall.time()), Some(zone)])
    }

    /// The codes of a quality and of the unit.
    fn codes(
        &mut self,
        quality: &'s Coded<Quality>,
    ) -> Result<(&'s str, Option<&'s str>), MappingError> {
        if let Some((last, code, unit)) = self.codes
            && std::ptr::eq(last, quality)
        {
            return Ok((code, unit));
        }
        let (series, options) = (self.series, self.options);
        let code = write_code(series.direction(), quality, Basis::Measured, true, options)?;
        let unit = write_unit(Some(&series.unit), options)?;
        self.codes = Some((quality, code, unit));
        Ok((code, unit))
    }
}

const DTM: SegmentId = SegmentId::new(b"DTM");

/// The elements that a point has, in its `QTY` and in its `DTM`.
struct Elements<'t> {
    /// The first four, empty where there is none.
    first: [&'t [u8]; 4],
    /// How many there are.
    count: usize,
}

impl<'t> Elements<'t> {
    fn of(segment: &Tree<'t>) -> Elements<'t> {
        let (bytes, separator) = (segment.segment(), segment.delimiters().element);
        let mut all = Elements { first: [&[]; 4], count: 0 };
        let mut start = None;
        let ends = (0..bytes.len()).filter(|at| bytes[*at] == separator).chain([bytes.len()]);
        for end in ends {
            if let Some(start) = start {
                if let Some(place) = all.first.get_mut(all.count) {
                    *place = &bytes[start..end];
                }
                all.count += 1;
            }
            start = Some(end + 1);
        }
        all
    }
}

/// What `QTY` loops become.
enum Part<'t> {
    Quantity(Box<UsageQuantity>),
    Points(Vec<Seen<'t>>),
}

/// A point as it was read, before it has a series.
struct Seen<'t> {
    qty: Tree<'t>,
    key: usize,
    code: usize,
    zone: usize,
    amount: Option<Decimal>,
    /// The instant its stamp names, in seconds since 1970.
    edge: i64,
    /// The length of its interval.
    seconds: u32,
    wall: Wall,
    time: &'t [u8],
    is_ambiguous: bool,
    /// Whether it has nothing but what a point has.
    is_plain: bool,
}

impl Seen<'_> {
    /// When its interval starts, in seconds since 1970.
    fn start(&self, edge: Edge) -> i64 {
        match edge {
            Edge::Start => self.edge,
            Edge::End => self.edge - i64::from(self.seconds),
        }
    }
}

/// What tells series apart, and where the last point of them was.
struct Key {
    direction: Direction,
    unit: String,
    last: Option<i64>,
    seen: usize,
}

struct Code {
    raw: Vec<u8>,
    direction: Option<Direction>,
    quality: Quality,
}

struct Zoned<'o> {
    raw: Vec<u8>,
    code: ZoneCode<'o>,
    offsets: Offsets<'o>,
}

/// Reads points; remembers what most of them share.
struct Reader<'o> {
    options: &'o Options,
    keys: Vec<Key>,
    last_key: Option<usize>,
    codes: Vec<Code>,
    zones: Vec<Zoned<'o>>,
    day: (Vec<u8>, i64),
    count: usize,
}

impl<'o> Reader<'o> {
    fn new(options: &'o Options) -> Reader<'o> {
        Reader {
            options,
            keys: Vec::new(),
            last_key: None,
            codes: Vec::new(),
            zones: Vec::new(),
            day: (Vec::new(), 0),
            count: 0,
        }
    }

    /// Reads a point of an interval of so many seconds; `None` if the loop is a quantity. `ahead` are
    /// the loops after it.
    fn point<'t>(
        &mut self,
        qty: Tree<'t>,
        ahead: &[Tree<'t>],
        seconds: u32,
    ) -> Result<Option<Seen<'t>>, MappingError> {
        let stamp = self.options.usage.stamp.as_bytes();
        let mut children = qty.children();
        let first = children.next();
        let stamped = |dtm: Tree<'t>| {
            let elements = (dtm.id() == DTM).then(|| Elements::of(&dtm))?;
            (elements.first[0] == stamp).then_some((dtm, elements))
        };
        let (dtm, stamp, is_alone) = match first.and_then(stamped) {
            Some((dtm, stamp)) => (dtm, stamp, children.next().is_none()),
            None => match qty.children().find_map(stamped) {
                Some((dtm, stamp)) => (dtm, stamp, false),
                None => return Ok(None),
            },
        };
        let [_, day, time, zone] = stamp.first;
        if day.is_empty() || time.is_empty() {
            return Ok(None);
        }
        let elements = Elements::of(&qty);
        let [code, amount, unit, no_value] = elements.first;
        let component = qty.delimiters().component;
        let first = unit.split(|b| *b == component).next().unwrap_or_default();
        let says_why = amount.is_empty() && no_value == self.options.usage.no_value.as_bytes();
        let is_plain = is_alone
            && stamp.count <= 4
            && elements.count <= 4
            && !unit.is_empty()
            && first.len() == unit.len()
            && (no_value.is_empty() && !amount.is_empty() || says_why);

        let Some(code) = self.code(code) else { return Ok(None) };
        let wall = self.wall(&dtm, day, time)?;
        let zone = self.zone(&dtm, zone)?;
        let amount = match amount {
            b"" => None,
            digits => {
                let number = Decimal::from_bytes(digits);
                Some(number.map_err(|fault| value_fault(&qty, 2, fault.into()))?)
            }
        };
        let unit = std::str::from_utf8(first).unwrap_or_default();
        let length = i64::from(seconds);
        let key = self.key(code, unit, zone, &wall, (&qty, ahead), length);
        let (edge, is_ambiguous) = self.edge(&dtm, key, zone, &wall, length)?;
        let seconds = self.length(seconds, zone, edge);
        self.count += 1;
        (self.keys[key].last, self.keys[key].seen) = (Some(edge), self.count);
        self.last_key = Some(key);
        Ok(Some(Seen {
            qty,
            key,
            code,
            zone,
            amount,
            edge,
            seconds,
            wall,
            time,
            is_ambiguous,
            is_plain,
        }))
    }

    /// The length of an interval that is stamped at an edge: a day is as long as the clocks make it.
    fn length(&self, seconds: u32, zone: usize, edge: i64) -> u32 {
        if regular::usual(seconds) != regular::DAY {
            return seconds;
        }
        let zone = self.zones[zone].code.zone.unwrap_or(&self.options.common.zone);
        let day = regular::day_length(zone, edge, self.options.usage.stamping.edge);
        day.unwrap_or(seconds)
    }

    /// Which of the codes this is; `None` if it says that the quantity was not measured.
    fn code(&mut self, raw: &[u8]) -> Option<usize> {
        if let Some(n) = self.codes.iter().position(|code| code.raw == raw) {
            return Some(n);
        }
        let known = known(std::str::from_utf8(raw).ok()?, self.options);
        if known.is_some_and(|it| it.basis != Basis::Measured) {
            return None;
        }
        self.codes.push(Code {
            raw: raw.to_vec(),
            direction: known.and_then(|it| it.direction),
            quality: known.map_or(Quality::Other, |it| it.quality),
        });
        Some(self.codes.len() - 1)
    }

    fn zone(&mut self, dtm: &Tree<'_>, raw: &[u8]) -> Result<usize, MappingError> {
        if let Some(n) = self.zones.iter().position(|zone| zone.raw == raw) {
            return Ok(n);
        }
        let text = std::str::from_utf8(raw).ok();
        let code = text.and_then(|text| ZoneCode::read(text, self.options));
        let code = code.ok_or_else(|| value_fault(dtm, 4, ValueFault::ZoneCode))?;
        let offsets = Offsets::of(code.zone.unwrap_or(&self.options.common.zone));
        self.zones.push(Zoned { raw: raw.to_vec(), code, offsets });
        Ok(self.zones.len() - 1)
    }

    fn wall(&mut self, dtm: &Tree<'_>, day: &[u8], time: &[u8]) -> Result<Wall, MappingError> {
        if self.day.0 != day {
            let read = date(day).ok_or_else(|| value_fault(dtm, 2, ValueFault::Date))?;
            self.day = (day.to_vec(), day_number(read));
        }
        let clock = ClockTime::from_bytes(time);
        let clock = clock.map_err(|fault| value_fault(dtm, 3, fault.into()))?;
        Ok(Wall {
            day: self.day.1,
            hour: clock.hour(),
            minute: clock.minute(),
            second: clock.second(),
            has_seconds: time.len() > 4,
            is_finer: time.len() > 6,
        })
    }

    /// Whose point it is. A code that leaves the direction open belongs to the series that expects
    /// a point then, else to the one before it or, where that has gone past, to the one behind it.
    /// The first point may leave out its unit too, as it has no value; those after it state it.
    fn key(
        &mut self,
        code: usize,
        unit: &str,
        zone: usize,
        wall: &Wall,
        (qty, ahead): (&Tree<'_>, &[Tree<'_>]),
        length: i64,
    ) -> usize {
        let last = self.last_key.map(|n| &self.keys[n]);
        let unit = match (unit, last) {
            ("", Some(key)) => &key.unit,
            ("", None) => std::iter::once(qty).chain(ahead).find_map(stated_unit).unwrap_or(""),
            _ => unit,
        };
        let direction = match self.codes[code].direction {
            Some(direction) => direction,
            None => {
                let zoned = &self.zones[zone];
                let offset = zoned.code.offset;
                let edge = offset.map(|offset| wall.seconds() - offset);
                let expects = |key: &&Key| {
                    key.unit == unit && edge.is_some_and(|edge| key.last == Some(edge - length))
                };
                let expecting = self.keys.iter().filter(expects).min_by_key(|key| key.seen);
                let has_passed =
                    |key: &Key| edge.zip(key.last).is_some_and(|(at, last)| at <= last);
                let before = last.filter(|key| !has_passed(key)).map(|key| key.direction);
                let behind = || {
                    let code = |qty: &Tree<'_>| {
                        let code = std::str::from_utf8(qty.element(1)).ok()?;
                        known(code, self.options)?.direction
                    };
                    ahead.iter().take(LOOK_AHEAD).find_map(code)
                };
                let found = expecting.map(|key| key.direction).or(before).or_else(behind);
                found.or(last.map(|key| key.direction)).unwrap_or(Direction::Delivered)
            }
        };
        let is_it = |key: &Key| key.direction == direction && key.unit == unit;
        if let Some(found) = self.keys.iter().position(is_it) {
            return found;
        }
        let unit = unit.to_string();
        self.keys.push(Key { direction, unit, last: None, seen: 0 });
        self.keys.len() - 1
    }

    /// The instant a stamp names, and whether it may be another one.
    fn edge(
        &mut self,
        dtm: &Tree<'_>,
        key: usize,
        zone: usize,
        wall: &Wall,
        length: i64,
    ) -> Result<(i64, bool), MappingError> {
        let clock = wall.seconds();
        let zoned = &mut self.zones[zone];
        if let Some(offset) = zoned.code.offset {
            return Ok((clock - offset, false));
        }
        let expected = self.keys[key].last.map(|last| last + length);
        match zoned.offsets.instant(clock, expected) {
            Found::At(at) => Ok((at, false)),
            Found::Perhaps(at) => Ok((at, true)),
            Found::Never => Err(value_fault(dtm, 3, ValueFault::NeverShown)),
        }
    }

    /// The series of points that are mixed by time, if they are in that order.
    fn by_time(
        &mut self,
        points: &[Seen<'_>],
    ) -> Result<Option<Vec<IntervalSeries>>, MappingError> {
        let mut keys: Vec<usize> = Vec::new();
        for point in points {
            if !keys.contains(&point.key) {
                keys.push(point.key);
            }
        }
        let rank = |point: &Seen<'_>| keys.iter().position(|key| *key == point.key);
        if !points.is_sorted_by_key(|point| (point.edge, rank(point))) {
            return Ok(None);
        }
        let mut all = Vec::new();
        for key in &keys {
            let own: Vec<&Seen<'_>> = points.iter().filter(|point| point.key == *key).collect();
            let series = self.series(&own)?;
            // A series that falls apart does not say in which order its parts are written.
            if series.len() > 1 {
                return Ok(None);
            }
            all.extend(series);
        }
        Ok(Some(all))
    }

    /// The series of points that stand one after the other.
    fn in_turn(&mut self, points: &[Seen<'_>]) -> Result<Vec<IntervalSeries>, MappingError> {
        let mut all = Vec::new();
        for run in points.chunk_by(|one, next| one.key == next.key) {
            let run: Vec<&Seen<'_>> = run.iter().collect();
            all.extend(self.series(&run)?);
        }
        Ok(all)
    }

    /// Makes series of points of one key; one that does not follow the last begins another.
    fn series(&mut self, points: &[&Seen<'_>]) -> Result<Vec<IntervalSeries>, MappingError> {
        let mut all = Vec::new();
        let mut rest = points;
        while let Some(first) = rest.first() {
            let (series, count) = self.one_series(first, rest)?;
            all.push(series);
            rest = &rest[count..];
        }
        Ok(all)
    }

    /// A series of as many points as follow each other, and how many these are.
    fn one_series(
        &mut self,
        first: &Seen<'_>,
        points: &[&Seen<'_>],
    ) -> Result<(IntervalSeries, usize), MappingError> {
        let options = self.options;
        let broken =
            |point: &Seen<'_>, fault| MappingError::Series { at: position(&point.qty, 0), fault };
        let seconds = regular::usual(first.seconds);
        let edge = options.usage.stamping.edge;
        let start = |point: &Seen<'_>| {
            let start = Timestamp::from_second(point.start(edge));
            start.map_err(|_| broken(point, TimeError::OutOfRange.into()))
        };
        let zone = self.zones[first.zone].code.zone.unwrap_or(&options.common.zone);
        let stamping = self.stamping(zone, &points[..self.following(points)]);
        let key = &self.keys[first.key];
        let unit: Coded<Unit> = match key.unit.as_str() {
            "" => Unit::Other.into(),
            code => options.common.units.read(code, Unit::Other),
        };
        let made = IntervalSeries::new(key.direction, unit, seconds, zone.clone(), start(first)?);
        let mut series = made.map_err(|fault| broken(first, fault))?;
        series.stamping = Some(stamping);
        series.at = Ordinal(first.qty.ordinal());
        let mut stamper = stamper(zone, stamping, options)?;
        let mut numbers: Vec<Option<CodeNumber>> = vec![None; self.codes.len()];
        let mut different: Vec<(usize, u32)> = Vec::new();
        let mut count = 0;
        for point in points {
            if regular::usual(point.seconds) != seconds {
                break;
            }
            let code = &self.codes[point.code];
            let number = match numbers[point.code] {
                Some(number) => number,
                None => {
                    let raw = std::str::from_utf8(&code.raw).ok();
                    match series.code(code.quality, raw) {
                        Ok(number) => number,
                        Err(SeriesError::TooManyCodes) => break,
                        Err(fault) => return Err(broken(point, fault)),
                    }
                }
            };
            numbers[point.code] = Some(number);
            match series.push_at(start(point)?, number, point.amount) {
                Ok(()) => {}
                Err(SeriesError::Negative(_)) => {
                    return Err(value_fault(&point.qty, 2, ValueFault::Negative));
                }
                Err(fault) if count == 0 => return Err(broken(point, fault)),
                Err(_) => break,
            }
            if point.seconds != seconds {
                series.set_last_seconds(point.seconds).map_err(|fault| broken(point, fault))?;
            }
            let index = series.len() as u32 - 1;
            let zone = &self.zones[point.zone].raw;
            let (wall, offset) = stamper.wall(point.edge);
            if wall != point.wall || stamper.code(offset).as_bytes() != zone.as_slice() {
                let day = stamper.day(point.wall.day).map(|(day, _)| day);
                let time = ClockTime::from_bytes(point.time).ok();
                let zone = String::from_utf8(zone.clone()).ok().filter(|zone| !zone.is_empty());
                let stamp = day.map(|date| Stamp { date, time, zone });
                let set = stamp.map_or(Ok(()), |stamp| series.set_last_stamp(stamp));
                set.map_err(|fault| broken(point, fault))?;
            }
            if point.is_ambiguous {
                series.set_last_ambiguous().map_err(|fault| broken(point, fault))?;
            }
            if !point.is_plain {
                different.push((count, index));
            }
            count += 1;
        }
        let mut residue = Residue::default();
        for (n, index) in different {
            self.left_over(points[n], &series, index, &mut residue)?;
        }
        series.residue = residue;
        Ok((series, count))
    }

    /// How many points there are until one cannot follow those before it.
    fn following(&self, points: &[&Seen<'_>]) -> usize {
        let edge = self.options.usage.stamping.edge;
        let follows = |pair: &&[&Seen<'_>]| {
            let (one, next) = (pair[0], pair[1]);
            let after = next.start(edge) - one.start(edge) - i64::from(one.seconds);
            let length = regular::usual(one.seconds);
            after >= 0 && after % i64::from(length) == 0 && regular::usual(next.seconds) == length
        };
        1 + points.windows(2).take_while(follows).count()
    }

    /// Notes what the loop of a point has that no field means.
    fn left_over(
        &self,
        seen: &Seen<'_>,
        series: &IntervalSeries,
        index: u32,
        residue: &mut Residue,
    ) -> Result<(), MappingError> {
        let given = Given::of(seen.qty, &[])?;
        let code = &self.codes[seen.code];
        let quality = Coded {
            meaning: code.quality,
            raw: std::str::from_utf8(&code.raw).ok().map(str::to_string),
        };
        let options = self.options;
        let code = write_code(series.direction(), &quality, Basis::Measured, true, options)?;
        let unit = write_unit(Some(&series.unit), options)?;
        let zone = std::str::from_utf8(&self.zones[seen.zone].raw).unwrap_or_default();
        let time = std::str::from_utf8(seen.time).unwrap_or_default();
        let day =
            given.find("DTM", &options.usage.stamp).and_then(|dtm| dtm.date(2).ok().flatten());
        let day = day.map(Figure::date);
        let stamp = [Some(options.usage.stamp.as_str()), day.as_deref(), Some(time), Some(zone)];
        point_left_over(&given, index, residue, &mut |out| {
            write_opener(code, seen.amount, unit, options, out)?;
            out.segment("DTM", &stamp)
        })
    }

    /// How points are stamped.
    fn stamping(&self, zone: &Zone, points: &[&Seen<'_>]) -> Stamping {
        let usual = self.options.usage.stamping;
        let style = points.first().map_or(usual.zone, |first| self.zones[first.zone].code.style);
        let mut offsets = Offsets::of(zone);
        let is_standard_in_summer = |point: &&Seen<'_>| {
            let code = &self.zones[point.zone].code;
            code.is_standard
                && [point.edge, point.edge - 1]
                    .iter()
                    .all(|at| Some(offsets.at(*at)) != code.offset)
        };
        let is_standard = style == ZoneStyle::InForce && points.iter().any(is_standard_in_summer);
        Stamping {
            edge: usual.edge,
            midnight: points.iter().find_map(|it| it.wall.midnight()).unwrap_or(usual.midnight),
            zone: if is_standard { ZoneStyle::Standard } else { style },
            seconds: points.first().is_some_and(|first| first.wall.has_seconds),
        }
    }
}

/// The unit that a loop states: in its `QTY`, or in the reading of one without a value.
fn stated_unit<'t>(qty: &Tree<'t>) -> Option<&'t str> {
    let component = qty.delimiters().component;
    let stated = |segment: &Tree<'t>, element| {
        let unit = segment.element(element).split(|b| *b == component).next()?;
        std::str::from_utf8(unit).ok().filter(|unit| !unit.is_empty())
    };
    stated(qty, 3).or_else(|| qty.all("MEA").find_map(|mea| stated(&mea, 4)))
}

/// Whether points of one key stand on both sides of points of another.
fn are_mixed(points: &[Seen<'_>]) -> bool {
    let mut keys = Vec::new();
    for run in points.chunk_by(|one, next| one.key == next.key) {
        if let Some(first) = run.first() {
            if keys.contains(&first.key) {
                return true;
            }
            keys.push(first.key);
        }
    }
    false
}
