//! What was read of a feed and is not given out yet: entries in any order, tied together by links.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::EspiFault;
use super::entry::{Clock, Entry, Links, Mark, ReadingType, Summary, UsagePoint};
use super::spool::Spool;
use crate::files::error::{FileError, Place};
use crate::files::xml::{Element, LeftOut};

/// What a small entry counts for.
const ENTRY_WEIGHT: usize = 64;

/// What a reading type counts for, which is kept because others may link to it.
const TYPE_WEIGHT: usize = 16;

/// The number of an entry in the order of the feed.
pub(super) type Number = u64;

/// A usage point and what belongs to it.
#[derive(Debug)]
pub(super) struct HeldPoint {
    pub(super) links: Links,
    pub(super) made: Option<String>,
    pub(super) point: UsagePoint,
    pub(super) readings: Vec<Number>,
    pub(super) summaries: Vec<Summary>,
    pub(super) place: Place,
    touched: Number,
}

/// A meter reading and its intervals.
#[derive(Debug)]
pub(super) struct HeldReading {
    pub(super) links: Links,
    pub(super) mark: Mark,
    pub(super) spool: Spool,
    pub(super) place: Place,
    point: Option<Number>,
    touched: Number,
}

/// Something whose `up` link leads to what has not come yet.
#[derive(Debug)]
struct Waiting<T> {
    up: String,
    what: T,
    place: Place,
    touched: Number,
}

/// Entries that are not given out yet.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) points: BTreeMap<Number, HeldPoint>,
    readings: HashMap<Number, HeldReading>,
    types: HashMap<String, ReadingType>,
    clocks: HashMap<String, Clock>,
    last_clock: Option<Clock>,
    has_one_clock: bool,
    point_of: HashMap<String, Number>,
    reading_of: HashMap<String, Number>,
    waiting_readings: Vec<Number>,
    waiting_summaries: Vec<Waiting<Summary>>,
    waiting_spools: VecDeque<Waiting<Spool>>,
    waiting_by_link: HashMap<String, usize>,
    /// The hashes of links that lead to what was given out.
    given: HashSet<u64>,
    last_point: Option<Number>,
    last_reading: Option<Number>,
    count: Number,
    pub(super) weight: usize,
}

impl Held {
    /// Takes an entry.
    pub(super) fn add(&mut self, entry: Entry, left_out: &mut LeftOut) -> Result<(), FileError> {
        let Entry { mut links, made, contents, spool, place } = entry;
        self.count += 1;
        let mut is_owned = false;
        for element in contents {
            // An entry has one object; where it has more, the links are the first one's.
            let links = if is_owned { Links::default() } else { std::mem::take(&mut links) };
            is_owned = true;
            self.add_element(element, links, made.clone(), left_out)?;
        }
        match spool {
            Some(spool) => self.add_spool(spool, links, place),
            None => Ok(()),
        }
    }

    fn add_element(
        &mut self,
        element: Element,
        links: Links,
        made: Option<String>,
        left_out: &mut LeftOut,
    ) -> Result<(), FileError> {
        let (number, place) = (self.count, element.place.clone());
        self.weight += match element.name.as_str() {
            "ReadingType" | "LocalTimeParameters" => TYPE_WEIGHT,
            _ => ENTRY_WEIGHT,
        };
        match element.name.as_str() {
            "UsagePoint" => {
                let point = UsagePoint::read(element, left_out)?;
                register(&mut self.point_of, &links, "MeterReading", number);
                let (readings, summaries, touched) = (Vec::new(), Vec::new(), number);
                let held = HeldPoint { links, made, point, readings, summaries, place, touched };
                self.points.insert(number, held);
                self.last_point = Some(number);
            }
            "MeterReading" => {
                let mut element = element;
                let mark = Mark::take(&mut element, left_out)?;
                left_out.note_rest(&element);
                self.refuse_late(&links.up, &place)?;
                register(&mut self.reading_of, &links, "IntervalBlock", number);
                let point = links.up.is_empty().then_some(self.last_point).flatten();
                let spool = Spool::default();
                let held = HeldReading { links, mark, spool, place, point: None, touched: number };
                self.readings.insert(number, held);
                self.last_reading = Some(number);
                match point {
                    Some(point) => self.tie_reading(number, point),
                    None => self.waiting_readings.push(number),
                }
            }
            "ReadingType" => {
                let read = ReadingType::read(element, left_out)?;
                self.types.insert(links.own, read);
            }
            "LocalTimeParameters" => {
                let clock = Clock::read(element)?;
                self.has_one_clock = self.last_clock.as_ref().is_none_or(|last| *last == clock)
                    && (self.has_one_clock || self.last_clock.is_none());
                self.last_clock = Some(clock.clone());
                self.clocks.insert(links.own, clock);
            }
            _ => {
                let summary = Summary::read(element, left_out)?;
                self.refuse_late(&links.up, &place)?;
                let up = match links.up.is_empty() {
                    true => self.last_point.and_then(|number| self.points.get(&number)),
                    false => None,
                };
                let up = up.map_or(links.up, |point| point.links.own.clone());
                let waiting = Waiting { up, what: summary, place, touched: number };
                self.waiting_summaries.push(waiting);
            }
        }
        Ok(())
    }

    fn add_spool(&mut self, spool: Spool, links: Links, place: Place) -> Result<(), FileError> {
        self.refuse_late(&links.up, &place)?;
        self.weight += spool.weight();
        let reading = match links.up.is_empty() {
            true => self.last_reading,
            false => find(&self.reading_of, &links.up),
        };
        if let Some(number) = reading {
            return self.tie_spool(spool, number, self.count, place);
        }
        let touched = self.count;
        match self.waiting_by_link.get(&links.up) {
            Some(at) => {
                let waiting = &mut self.waiting_spools[*at];
                waiting.what.append(spool);
                waiting.touched = touched;
            }
            None => {
                self.weight += ENTRY_WEIGHT;
                self.waiting_by_link.insert(links.up.clone(), self.waiting_spools.len());
                let waiting = Waiting { up: links.up, what: spool, place, touched };
                self.waiting_spools.push_back(waiting);
            }
        }
        Ok(())
    }

    fn tie_reading(&mut self, number: Number, point: Number) {
        if let (Some(reading), Some(held)) =
            (self.readings.get_mut(&number), self.points.get_mut(&point))
        {
            reading.point = Some(point);
            held.readings.push(number);
            held.touched = held.touched.max(reading.touched);
        }
    }

    fn tie_spool(
        &mut self,
        spool: Spool,
        number: Number,
        touched: Number,
        place: Place,
    ) -> Result<(), FileError> {
        let Some(reading) = self.readings.get_mut(&number) else {
            return Err(FileError::new(place, EspiFault::Late));
        };
        reading.spool.append(spool);
        reading.touched = reading.touched.max(touched);
        let point = reading.point.and_then(|point| self.points.get_mut(&point));
        if let Some(point) = point {
            point.touched = point.touched.max(touched);
        }
        Ok(())
    }

    /// Ties what waits to what has come since.
    fn tie(&mut self) -> Result<(), FileError> {
        for waiting in std::mem::take(&mut self.waiting_spools) {
            match find(&self.reading_of, &waiting.up) {
                Some(number) => {
                    self.tie_spool(waiting.what, number, waiting.touched, waiting.place)?;
                }
                None => self.waiting_spools.push_back(waiting),
            }
        }
        let ups = self.waiting_spools.iter().map(|waiting| waiting.up.clone());
        self.waiting_by_link = ups.zip(0..).collect();
        for number in std::mem::take(&mut self.waiting_readings) {
            let up = self.readings.get(&number).map_or("", |reading| &reading.links.up);
            match find(&self.point_of, up) {
                Some(point) => self.tie_reading(number, point),
                None => self.waiting_readings.push(number),
            }
        }
        for waiting in std::mem::take(&mut self.waiting_summaries) {
            match find(&self.point_of, &waiting.up).and_then(|n| self.points.get_mut(&n)) {
                Some(point) => {
                    point.touched = point.touched.max(waiting.touched);
                    point.summaries.push(waiting.what);
                }
                None => self.waiting_summaries.push(waiting),
            }
        }
        Ok(())
    }

    /// The usage points that may be given out because they have not grown for the longest time, so
    /// that a quarter of the room becomes free.
    pub(super) fn oldest(&mut self, limit: usize) -> Result<Vec<Number>, FileError> {
        self.tie()?;
        let newest = self.points.values().map(|point| point.touched).max();
        let mut found: Vec<(Number, Number)> = self
            .points
            .iter()
            .filter(|(_, point)| Some(point.touched) != newest && !point.readings.is_empty())
            .filter(|(_, point)| self.is_whole(point))
            .map(|(number, point)| (point.touched, *number))
            .collect();
        found.sort_unstable();
        let (mut weight, mut oldest) = (self.weight, Vec::new());
        for (_, number) in found {
            if weight <= limit - limit / 4 {
                break;
            }
            weight -= self.weight_of(number).min(weight);
            oldest.push(number);
        }
        Ok(oldest)
    }

    /// Whether each of its readings has intervals and their type, or says that it is a section
    /// without any.
    fn is_whole(&self, point: &HeldPoint) -> bool {
        let mut readings = point.readings.iter().filter_map(|number| self.readings.get(number));
        readings.all(|reading| match reading.spool.is_empty() {
            true => reading.mark.section.is_some(),
            false => self.reading_type(reading).is_some(),
        })
    }

    fn weight_of(&self, point: Number) -> usize {
        let Some(point) = self.points.get(&point) else { return 0 };
        let readings = point.readings.iter().filter_map(|number| self.readings.get(number));
        let readings: usize = readings.map(|it| it.spool.weight() + ENTRY_WEIGHT).sum();
        readings + ENTRY_WEIGHT * (1 + point.summaries.len())
    }

    /// Ties all that is left. A reading without a point belongs to the only one there is.
    pub(super) fn finish(&mut self) -> Result<Vec<Number>, FileError> {
        self.tie()?;
        if let (Some((only, _)), 1) = (self.points.first_key_value(), self.points.len())
            && self.given.is_empty()
        {
            let only = *only;
            for number in std::mem::take(&mut self.waiting_readings) {
                self.tie_reading(number, only);
            }
            for waiting in std::mem::take(&mut self.waiting_summaries) {
                if let Some(point) = self.points.get_mut(&only) {
                    point.summaries.push(waiting.what);
                }
            }
        }
        if let Some(waiting) = self.waiting_spools.front() {
            let place = waiting.what.place().unwrap_or(&waiting.place).clone();
            return Err(FileError::new(place, EspiFault::NoMeterReading));
        }
        if let Some(reading) = self.waiting_readings.first().and_then(|n| self.readings.get(n)) {
            return Err(FileError::new(reading.place.clone(), EspiFault::NoUsagePoint));
        }
        if let Some(waiting) = self.waiting_summaries.first() {
            return Err(FileError::new(waiting.place.clone(), EspiFault::NoUsagePoint));
        }
        Ok(self.points.keys().copied().collect())
    }

    /// Takes out a usage point with its readings in the order of the feed.
    pub(super) fn take(&mut self, number: Number) -> Option<(HeldPoint, Vec<HeldReading>)> {
        self.weight -= self.weight_of(number).min(self.weight);
        let mut point = self.points.remove(&number)?;
        point.readings.sort_unstable();
        let taken = point.readings.iter().filter_map(|number| self.readings.remove(number));
        let readings: Vec<HeldReading> = taken.collect();
        forget(&mut self.point_of, &mut self.given, &point.links, "MeterReading", number);
        for (reading, number) in readings.iter().zip(&point.readings) {
            let links = &reading.links;
            forget(&mut self.reading_of, &mut self.given, links, "IntervalBlock", *number);
        }
        Some((point, readings))
    }

    /// The type of a reading: the one it links to, or the only one there is.
    pub(super) fn reading_type(&self, reading: &HeldReading) -> Option<&ReadingType> {
        let linked = reading.links.related.iter().find_map(|href| self.types.get(href));
        let only = || self.types.values().next().filter(|_| self.types.len() == 1);
        linked.or_else(only)
    }

    /// The clock of a usage point: the one it links to, or the only one there is.
    pub(super) fn clock(&self, point: &HeldPoint) -> Option<&Clock> {
        let linked = point.links.related.iter().find_map(|href| self.clocks.get(href));
        linked.or_else(|| self.last_clock.as_ref().filter(|_| self.has_one_clock))
    }

    fn refuse_late(&self, up: &str, place: &Place) -> Result<(), FileError> {
        let is_late = !up.is_empty() && self.given.contains(&hash(up));
        if is_late { Err(FileError::new(place.clone(), EspiFault::Late)) } else { Ok(()) }
    }
}

/// The links by which others may lead up to an entry: its own, that of the collection in it, and
/// those it says are related.
fn ways<'l>(links: &'l Links, inner: &str) -> impl Iterator<Item = String> + 'l {
    let own = (!links.own.is_empty()).then(|| links.own.clone());
    let collection = own.as_ref().map(|own| format!("{own}/{inner}"));
    own.into_iter().chain(collection).chain(links.related.iter().cloned())
}

fn register(map: &mut HashMap<String, Number>, links: &Links, inner: &str, number: Number) {
    for way in ways(links, inner) {
        map.entry(way).or_insert(number);
    }
}

fn forget(
    map: &mut HashMap<String, Number>,
    given: &mut HashSet<u64>,
    links: &Links,
    inner: &str,
    number: Number,
) {
    for way in ways(links, inner) {
        if map.get(&way) == Some(&number) {
            map.remove(&way);
            given.insert(hash(&way));
        }
    }
}

/// What a link leads to: itself, or what it is a collection of.
fn find(map: &HashMap<String, Number>, up: &str) -> Option<Number> {
    if up.is_empty() {
        return None;
    }
    let outer = || map.get(up.rsplit_once('/')?.0);
    map.get(up).or_else(outer).copied()
}

fn hash(href: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    href.hash(&mut hasher);
    hasher.finish()
}
