//! Intervals of one meter, direction and unit: all there, each once, in order, on the right clock.

use std::collections::{HashMap, HashSet};

use tieline_model::meter::Direction;
use tieline_model::provenance::Ordinal;
use tieline_model::quantity::Unit;
use tieline_model::stamp::{Edge, Stamp, ZoneStyle};
use tieline_model::time::{Date, DateTime, Interval, Timestamp, Zone};
use tieline_model::usage::{
    Arrangement, IntervalSeries, PointValue, SectionKind, SectionPeriod, UsageReport, UsageSection,
};

use super::catalogue::Code;
use super::finding::{Findings, What, Wrong};
use super::options::LastDay;
use crate::stamp::{Offsets, day_number};

/// What is measured by one meter, or for the account, in one direction and unit.
///
/// A series ends where a stamp does not follow, so a stream may have several.
pub(super) struct Stream<'r> {
    pub(super) kind: SectionKind,
    pub(super) meter: Option<&'r str>,
    pub(super) direction: Direction,
    pub(super) unit: Unit,
    pub(super) parts: Vec<Part<'r>>,
    /// Whether each interval of the service period is there once, with a value.
    pub(super) is_whole: bool,
}

/// A series and its section.
#[derive(Clone, Copy)]
pub(super) struct Part<'r> {
    pub(super) section: &'r UsageSection,
    pub(super) series: &'r IntervalSeries,
}

/// An interval for which something was sent.
#[derive(Clone, Copy)]
struct Sent {
    start: i64,
    end: i64,
    at: u32,
    has_value: bool,
}

/// Judges all series of a report, and gives them back put together.
pub(super) fn judge<'r>(report: &'r UsageReport, found: &mut Findings<'_>) -> Vec<Stream<'r>> {
    let mut streams = streams(report);
    for stream in &mut streams {
        let zones_are_right = stream.zones(found);
        stream.is_whole = match stream.is_plain(found) {
            true => true,
            false => stream.intervals(found, zones_are_right),
        };
    }
    streams
}

fn streams(report: &UsageReport) -> Vec<Stream<'_>> {
    let mut streams: Vec<Stream<'_>> = Vec::new();
    let mut numbers = HashMap::new();
    for section in &report.sections {
        let meter = section.meter.as_ref().map(|meter| meter.as_str());
        let point = section.service_point.as_ref().map(|point| point.as_str());
        let place = (section.kind.meaning, meter, section.channel.as_deref(), point);
        for series in section.series() {
            let (direction, unit) = (series.direction(), series.unit.meaning);
            let key = (place, direction, unit, series.unit.raw.as_deref(), series.seconds());
            let number = *numbers.entry(key).or_insert_with(|| {
                let (kind, parts) = (section.kind.meaning, Vec::new());
                streams.push(Stream { kind, meter, direction, unit, parts, is_whole: false });
                streams.len() - 1
            });
            streams[number].parts.push(Part { section, series });
        }
    }
    streams
}

impl Part<'_> {
    /// The segment of each interval for which something was sent. It is counted where every loop has
    /// the two segments of a plain interval, and that of the series otherwise.
    fn ordinal(&self, sent: u32) -> u32 {
        let is_even =
            self.section.arrangement == Arrangement::InTurn && !self.series.residue.has_content();
        self.series.at.0 + if is_even { 2 * sent } else { 0 }
    }

    /// Where a point was read.
    fn place(&self, index: u32) -> Ordinal {
        let before = self.series.values().take(index as usize);
        let sent = before.filter(|value| !matches!(value, PointValue::NotSent)).count();
        Ordinal(self.ordinal(sent as u32))
    }

    fn sent(&self) -> impl Iterator<Item = Sent> + '_ {
        let points =
            self.series.points().filter(|point| !matches!(point.value, PointValue::NotSent));
        (0..).zip(points).map(|(n, point)| Sent {
            start: point.start.as_second(),
            end: point.end.as_second(),
            at: self.ordinal(n),
            has_value: point.value.quantity().is_some(),
        })
    }
}

/// What the dates of sections ask for: the first instant that must be there, the first that need not
/// be, and the first and last that may be.
struct Span {
    from: i64,
    to: i64,
    least: i64,
    most: i64,
}

impl<'r> Stream<'r> {
    fn zone(&self) -> &'r Zone {
        &self.parts[0].series.zone
    }

    fn seconds(&self) -> i64 {
        i64::from(self.parts[0].series.seconds())
    }

    fn local(&self, second: i64) -> DateTime {
        self.zone().local(Timestamp::from_second(second).unwrap_or_default())
    }

    /// Whether there is one series which covers its period without a break: what nearly all are.
    fn is_plain(&self, found: &Findings<'_>) -> bool {
        let [part] = self.parts[..] else { return false };
        let series = part.series;
        let first = series.start().as_second();
        let Ok(end) = series.end().map(|end| end.as_second()) else { return false };
        let span = self.span(first, end, end - self.seconds(), found);
        let is_value = |value: PointValue<'_>| matches!(value, PointValue::Quantity(..));
        (span.from, span.to) == (first, end)
            && series.exceptions().next().is_none()
            && series.values().all(is_value)
    }

    /// What the dates of its sections ask for, given when its first interval starts, its last one
    /// ends and its last one starts. Where a date is not known, or a meter was changed on it, only
    /// what lies between intervals must be there.
    fn span(&self, first: i64, end: i64, last: i64, found: &Findings<'_>) -> Span {
        let zone = self.zone();
        let day = |date: Date| {
            let day = zone.day(date).ok()?;
            Some((day.start().as_second(), day.end().as_second()))
        };
        let (mut from, mut to) = (None::<i64>, None::<i64>);
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for part in &self.parts {
            let (start, stop) = match part.section.period {
                Some(SectionPeriod::Regular(it)) => (Some(it.start()), Some(it.end())),
                Some(SectionPeriod::FromExchange(it)) => (None, Some(it.end())),
                Some(SectionPeriod::UntilExchange(it)) => (Some(it.start()), None),
                Some(SectionPeriod::From(date)) => (Some(date), None),
                Some(SectionPeriod::Until(date)) => (None, Some(date)),
                Some(SectionPeriod::Exchange(_)) | None => (None, None),
            };
            let whole = part.section.period.and_then(|period| period.period());
            let start = start.and_then(day).map(|day| day.0);
            let stop = stop.and_then(day);
            from = from.into_iter().chain(start).min();
            to = to.into_iter().chain(stop.map(|day| self.stop(day, last, found))).max();
            let may_start = whole.and_then(|it| day(it.start())).map(|day| day.0).or(start);
            let may_stop = whole.and_then(|it| day(it.end())).or(stop).map(|day| day.1);
            least = least.min(may_start.unwrap_or(i64::MIN));
            most = most.max(may_stop.unwrap_or(i64::MAX));
        }
        Span { from: from.unwrap_or(first), to: to.unwrap_or(end), least, most }
    }

    /// Where what must be there ends on the last day of a period.
    fn stop(&self, day: (i64, i64), last: i64, found: &Findings<'_>) -> i64 {
        match found.options.last_day {
            LastDay::Included => day.1,
            LastDay::Excluded => day.0,
            LastDay::IfSent if last >= day.0 => day.1,
            LastDay::IfSent => day.0,
        }
    }

    /// Judges intervals one by one; whether each is there once, with a value.
    fn intervals(&self, found: &mut Findings<'_>, zones_are_right: bool) -> bool {
        let mut sent: Vec<Sent> = self.parts.iter().flat_map(Part::sent).collect();
        self.ambiguous(found);
        let count = sent.len();
        let is_in_order = sent.windows(2).all(|pair| pair[0].end <= pair[1].start);
        // A wrong zone code moves intervals by an hour: what follows from that is not told.
        let explains_all = !zones_are_right && found.wants(Code::ZONE_NOT_IN_FORCE);
        if explains_all {
            return is_in_order && sent.iter().all(|it| it.has_value);
        }
        let mut wrong_days = HashSet::new();
        if !is_in_order {
            sent = self.each_once(sent, &mut wrong_days, found);
        }
        let is_complete = self.days(&sent, &wrong_days, found);
        is_complete && sent.len() == count && sent.iter().all(|it| it.has_value)
    }

    /// Tells intervals sent twice, overlapping or not in order, and gives back the others by time.
    /// Notes the days of those told: that others of these days are missing follows from it.
    fn each_once(
        &self,
        sent: Vec<Sent>,
        wrong_days: &mut HashSet<Date>,
        found: &mut Findings<'_>,
    ) -> Vec<Sent> {
        let mut by_time = sent;
        let is_late: Vec<(i64, u32)> = by_time
            .windows(2)
            .filter(|pair| pair[1].start < pair[0].start)
            .map(|pair| (pair[1].start, pair[1].at))
            .collect();
        // The first one sent is kept.
        by_time.sort_by_key(|it| it.start);
        let (mut once, mut repeated, mut overlapping): (Vec<Sent>, Vec<Sent>, Vec<Sent>) =
            Default::default();
        for it in by_time {
            match once.last() {
                Some(last) if (last.start, last.end) == (it.start, it.end) => repeated.push(it),
                Some(last) if it.start < last.end => overlapping.push(it),
                _ => once.push(it),
            }
        }
        let wrong = repeated.iter().chain(&overlapping);
        wrong_days.extend(wrong.map(|it| self.local(it.start).date()));
        let has_others = !repeated.is_empty() || !overlapping.is_empty();
        self.runs(&repeated, Code::INTERVAL_REPEATED, Wrong::Repeated, found);
        self.runs(&overlapping, Code::INTERVALS_OVERLAP, Wrong::Overlapping, found);
        if let Some((start, at)) = is_late.first().filter(|_| !has_others) {
            let (count, from) = (is_late.len() as u32, self.local(*start));
            let what = What::Intervals { count, from, how: Wrong::OutOfOrder };
            found.add(Code::INTERVALS_OUT_OF_ORDER, Ordinal(*at), what);
        }
        once
    }

    /// One finding for intervals that follow each other.
    fn runs(&self, all: &[Sent], code: Code, how: Wrong, found: &mut Findings<'_>) {
        for run in all.chunk_by(|one, next| one.end == next.start) {
            let (count, from) = (run.len() as u32, self.local(run[0].start));
            found.add(code, Ordinal(run[0].at), What::Intervals { count, from, how });
        }
    }

    /// Counts the intervals of each day; whether none is missing. `sent` is in the order of time.
    fn days(&self, sent: &[Sent], wrong_days: &HashSet<Date>, found: &mut Findings<'_>) -> bool {
        let (Some(first), Some(last)) = (sent.first(), sent.last()) else { return true };
        let span = self.span(first.start, last.end, last.start, found);
        let silent: Vec<Sent> = sent.iter().filter(|it| !it.has_value).copied().collect();
        if let Some(one) = silent.first() {
            let (count, from) = (silent.len() as u32, self.local(one.start));
            let what = What::Intervals { count, from, how: Wrong::WithoutValue };
            found.add(Code::INTERVALS_WITHOUT_VALUE, Ordinal(one.at), what);
        }
        let is_outside = |it: &&Sent| it.start < span.least || it.end > span.most;
        let outside: Vec<Sent> = sent.iter().filter(is_outside).copied().collect();
        self.runs(&outside, Code::INTERVALS_OUTSIDE_PERIOD, Wrong::OutsidePeriod, found);
        let mut missing = Missing { stream: self, span, days: Vec::new() };
        let mut next = missing.span.from;
        for it in sent {
            missing.gap(next, it.start, it.at);
            next = next.max(it.end);
        }
        missing.gap(next, missing.span.to, last.at);
        let is_complete = missing.days.is_empty();
        missing.days.retain(|day| !wrong_days.contains(&day.from));
        missing.tell(sent, found);
        is_complete
    }

    /// Tells stamps in the hour that comes twice that do not say which.
    fn ambiguous(&self, found: &mut Findings<'_>) {
        for part in &self.parts {
            let mut indexes = part
                .series
                .exceptions()
                .filter(|exception| exception.ambiguous)
                .map(|exception| exception.index);
            let Some(first) = indexes.next() else { continue };
            let count = 1 + indexes.count() as u32;
            let start = part.series.start().as_second() + i64::from(first) * self.seconds();
            let from = self.local(start);
            let what = What::Intervals { count, from, how: Wrong::Ambiguous };
            found.add(Code::HOUR_AMBIGUOUS, part.place(first), what);
        }
    }

    /// Tells zone codes that were not in force; whether there are none.
    fn zones(&self, found: &mut Findings<'_>) -> bool {
        let mut are_right = true;
        for part in &self.parts {
            if let Some((index, what)) = wrong_zones(part.series) {
                are_right = false;
                found.add(Code::ZONE_NOT_IN_FORCE, part.place(index), what);
            }
        }
        are_right
    }
}

/// The stamps of a series that have a zone code that was not in force, and the first point of them.
/// Where the offset changes, both are right.
fn wrong_zones(series: &IntervalSeries) -> Option<(u32, What)> {
    let stamping = series.stamping?;
    let is_standard = stamping.zone == ZoneStyle::Standard;
    let has_stamps = series.exceptions().any(|exception| exception.stamp.is_some());
    let is_judged = match stamping.zone {
        ZoneStyle::InForce | ZoneStyle::Numeric => has_stamps,
        ZoneStyle::Standard => true,
        ZoneStyle::Prevailing | ZoneStyle::Utc | ZoneStyle::Greenwich | ZoneStyle::Absent => false,
    };
    if !is_judged {
        return None;
    }
    let mut offsets = Offsets::of(&series.zone);
    let (mut count, mut first) = (0, None);
    for point in series.points().filter(|point| !matches!(point.value, PointValue::NotSent)) {
        let edge = match stamping.edge {
            Edge::Start => point.start.as_second(),
            Edge::End => point.end.as_second(),
        };
        let (now, before) = (offsets.at(edge), offsets.at(edge - 1));
        let code = match point.exception.and_then(|exception| exception.stamp.as_ref()) {
            Some(stamp) => match offset_of(stamp, edge) {
                Some(offset) => offset,
                None => continue,
            },
            None if is_standard => {
                let at = Timestamp::from_second(edge).unwrap_or_default();
                now - if series.zone.is_daylight(at) { 3_600 } else { 0 }
            }
            None => continue,
        };
        if code != now && code != before {
            count += 1;
            first.get_or_insert((point.index, edge + code, code, now));
        }
    }
    let (index, wall, code, clock) = first?;
    let from = Zone::utc().local(Timestamp::from_second(wall).unwrap_or_default());
    Some((index, What::Zone { count, from, code, clock }))
}

/// How many seconds ahead of UTC the code of a stamp is that names this instant; `None` where it
/// says UTC, or nothing.
fn offset_of(stamp: &Stamp, edge: i64) -> Option<i64> {
    let code = stamp.zone.as_deref()?;
    if matches!(code, "UT" | "GM" | "") {
        return None;
    }
    let time = stamp.time?;
    let minutes = i64::from(time.hour()) * 60 + i64::from(time.minute());
    // The last minute of a day stands for its end.
    let seconds = match (minutes, time.second()) {
        (1_439, 0) => 86_400,
        (minutes, second) => minutes * 60 + i64::from(second),
    };
    Some(day_number(stamp.date) * 86_400 + seconds - edge)
}

/// The intervals that are missing, by days.
struct Missing<'s, 'r> {
    stream: &'s Stream<'r>,
    span: Span,
    days: Vec<Lack>,
}

/// A day, or several days without any interval.
struct Lack {
    from: Date,
    until: Date,
    /// When the first missing interval starts.
    first: i64,
    /// Where to look: the interval after the gap, or the last one.
    at: u32,
}

impl Missing<'_, '_> {
    /// Notes the days of a gap.
    fn gap(&mut self, from: i64, to: i64, at: u32) {
        let (from, to) = (from.max(self.span.from), to.min(self.span.to));
        if to - from < self.stream.seconds() {
            return;
        }
        let (first, last) = (self.stream.local(from).date(), self.stream.local(to - 1).date());
        let is_known = |days: &[Lack]| days.last().is_some_and(|day| day.until == first);
        if !is_known(&self.days) {
            self.days.push(Lack { from: first, until: first, first: from, at });
        }
        if last == first {
            return;
        }
        let day = |date: Date| self.stream.zone().day(date).ok();
        // The days between, and the last one if nothing of it was sent, have nothing at all.
        let last_start = day(last).map_or(to, |day| day.start().as_second());
        let (Ok(next), Ok(before)) = (first.tomorrow(), last.yesterday()) else { return };
        if next <= before {
            let start = day(next).map_or(from, |day| day.start().as_second());
            self.days.push(Lack { from: next, until: before, first: start, at });
        }
        self.days.push(Lack { from: last, until: last, first: last_start, at });
    }

    /// How many intervals there should be on these days.
    fn expected(&self, from: Date, until: Date) -> i64 {
        let zone = self.stream.zone();
        let days =
            zone.day(from).and_then(|first| Interval::new(first.start(), zone.day(until)?.end()));
        let Ok(days) = days else { return 0 };
        let start = days.start().as_second().max(self.span.from);
        let end = days.end().as_second().min(self.span.to);
        (end - start).max(0) / self.stream.seconds()
    }

    fn tell(&self, sent: &[Sent], found: &mut Findings<'_>) {
        let mut none: Option<(Date, Date, u32)> = None;
        for lack in &self.days {
            let received = self.received(lack, sent);
            if received.is_empty() {
                none = match none.take() {
                    Some((from, until, at)) if until.tomorrow().ok() == Some(lack.from) => {
                        Some((from, lack.until, at))
                    }
                    before => {
                        self.tell_days(before, found);
                        Some((lack.from, lack.until, lack.at))
                    }
                };
                continue;
            }
            self.tell_days(none.take(), found);
            let what = What::IntervalsOfDay {
                day: lack.from,
                expected: self.expected(lack.from, lack.until) as u32,
                received: received.len() as u32,
                seconds: self.stream.seconds() as u32,
                first: self.stream.local(lack.first),
            };
            found.add(Code::INTERVALS_MISSING, Ordinal(lack.at), what);
        }
        self.tell_days(none, found);
    }

    fn tell_days(&self, days: Option<(Date, Date, u32)>, found: &mut Findings<'_>) {
        let Some((from, until, at)) = days else { return };
        let expected = self.expected(from, until) as u64;
        let seconds = self.stream.seconds() as u32;
        let what = What::DaysMissing { from, until, expected, seconds };
        found.add(Code::INTERVALS_MISSING, Ordinal(at), what);
    }

    /// The intervals of a day, or of several.
    fn received<'a>(&self, lack: &Lack, sent: &'a [Sent]) -> &'a [Sent] {
        let zone = self.stream.zone();
        let (Ok(first), Ok(last)) = (zone.day(lack.from), zone.day(lack.until)) else {
            return &[];
        };
        let before = |second: i64| sent.partition_point(|it| it.start < second);
        let start = first.start().as_second().max(self.span.from);
        let end = last.end().as_second().min(self.span.to);
        &sent[before(start)..before(end.max(start))]
    }
}
