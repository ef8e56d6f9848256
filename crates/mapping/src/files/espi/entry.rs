//! An entry of the feed: its links, and what its content says.

use std::io::Read;

use tieline_model::decimal::Decimal;
use tieline_model::identifier::{AccountNumber, MeterNumber, ServicePointId};
use tieline_model::period::Period;
use tieline_model::quantity::Unit;
use tieline_model::time::{Timestamp, Zone};
use tieline_model::usage::{Basis, MeterType, SectionKind, SectionPeriod};

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as WordError, StrDeserializer};

use super::local_time::LocalTime;
use super::spool::{Raw, Spool, Untimed};
use super::{EXTENSION, EspiFault, codes};
use crate::files::error::{FileError, Place};
use crate::files::xml::{Element, LeftOut, Step, Xml};

/// The most a value may be, in both directions.
pub(super) const MAX_INT48: i64 = 1 << 47;

/// How many entries a link may have, and how long it may be.
const MAX_LINKS: usize = 1_000;

/// An entry: who it is, where it belongs, and what it says.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) links: Links,
    pub(super) made: Option<String>,
    pub(super) contents: Vec<Element>,
    pub(super) spool: Option<Spool>,
    pub(super) place: Place,
}

/// How entries are tied together.
#[derive(Debug, Default)]
pub(super) struct Links {
    pub(super) id: String,
    pub(super) own: String,
    pub(super) up: String,
    pub(super) related: Vec<String>,
}

/// A link without a slash at its end.
fn link(href: &str) -> String {
    href.trim().trim_end_matches('/').to_string()
}

/// Reads the entry that begins here.
pub(super) fn read<R: Read>(xml: &mut Xml<R>, left_out: &mut LeftOut) -> Result<Entry, FileError> {
    let mut entry = Entry {
        links: Links::default(),
        made: None,
        contents: Vec::new(),
        spool: None,
        place: xml.place(),
    };
    while xml.step()? == Step::Open {
        match xml.name() {
            "id" => entry.links.id = xml.value()?.to_string(),
            "published" => entry.made = Some(xml.value()?.to_string()),
            "updated" => {
                let updated = xml.value()?.to_string();
                entry.made.get_or_insert(updated);
            }
            "link" => read_link(xml, &mut entry.links)?,
            "content" => read_content(xml, &mut entry, left_out)?,
            _ => xml.skip()?,
        }
    }
    Ok(entry)
}

fn read_link<R: Read>(xml: &mut Xml<R>, links: &mut Links) -> Result<(), FileError> {
    let (rel, href) = (xml.attribute("rel")?, xml.attribute("href")?.unwrap_or_default());
    match rel.as_deref() {
        Some("self") => links.own = link(&href),
        Some("up") => links.up = link(&href),
        Some("related") if links.related.len() < MAX_LINKS => links.related.push(link(&href)),
        _ => {}
    }
    xml.skip()
}

fn read_content<R: Read>(
    xml: &mut Xml<R>,
    entry: &mut Entry,
    left_out: &mut LeftOut,
) -> Result<(), FileError> {
    while xml.step()? == Step::Open {
        match xml.name() {
            "IntervalBlock" => {
                let spool = entry.spool.get_or_insert_default();
                read_block(xml, spool, left_out)?;
            }
            "UsagePoint"
            | "MeterReading"
            | "ReadingType"
            | "LocalTimeParameters"
            | "UsageSummary"
            | "ElectricPowerUsageSummary" => {
                entry.contents.push(xml.element()?);
            }
            name => {
                left_out.note("content", name);
                xml.skip()?;
            }
        }
    }
    Ok(())
}

fn read_block<R: Read>(
    xml: &mut Xml<R>,
    spool: &mut Spool,
    left_out: &mut LeftOut,
) -> Result<(), FileError> {
    let (mut block, mut number) = (None, 0);
    while xml.step()? == Step::Open {
        match xml.name() {
            "IntervalReading" => {
                let (raw, has_time) = read_reading(xml, left_out)?;
                if has_time {
                    let place = || xml.place();
                    spool.push(raw, place).map_err(|fault| xml.fault(fault))?;
                } else {
                    spool.untimed.push(Untimed { block, number, raw });
                }
                number += 1;
            }
            "interval" => block = Some(read_time(xml)?.0),
            name => {
                left_out.note("IntervalBlock", name);
                xml.skip()?;
            }
        }
    }
    Ok(())
}

/// Reads a reading, and tells whether it says its time.
fn read_reading<R: Read>(
    xml: &mut Xml<R>,
    left_out: &mut LeftOut,
) -> Result<(Raw, bool), FileError> {
    let (mut raw, mut has_time) = (Raw::default(), false);
    while xml.step()? == Step::Open {
        match xml.name() {
            "timePeriod" => {
                (raw.start, raw.seconds) = read_time(xml)?;
                has_time = true;
            }
            "value" => raw.value = Some(int48(xml, "value")?),
            "cost" => raw.cost = Some(int48(xml, "cost")?),
            "ReadingQuality" => {
                while xml.step()? == Step::Open {
                    match xml.name() {
                        "quality" => {
                            let code = number(xml, "quality")?;
                            let code = u16::try_from(code)
                                .map_err(|_| xml.fault(EspiFault::Number("quality")))?;
                            raw.quality = Some(worse(raw.quality, code, left_out));
                        }
                        _ => xml.skip()?,
                    }
                }
            }
            "tou" | "cpp" | "consumptionTier" => {
                let name = match xml.name() {
                    "tou" => "tou",
                    "cpp" => "cpp",
                    _ => "consumptionTier",
                };
                if xml.value()? != "0" {
                    left_out.note("IntervalReading", name);
                }
            }
            name => {
                left_out.note("IntervalReading", name);
                xml.skip()?;
            }
        }
    }
    Ok((raw, has_time))
}

/// Of two qualities of one reading the one that says that it was not measured.
fn worse(known: Option<u16>, code: u16, left_out: &mut LeftOut) -> u16 {
    let Some(known) = known else { return code };
    left_out.note("IntervalReading", "ReadingQuality");
    if codes::is_good(known) { code } else { known }
}

/// Start and duration.
fn read_time<R: Read>(xml: &mut Xml<R>) -> Result<(i64, u32), FileError> {
    let (mut start, mut seconds) = (None, None);
    while xml.step()? == Step::Open {
        match xml.name() {
            "start" => start = Some(number(xml, "start")?),
            "duration" => seconds = Some(number(xml, "duration")?),
            _ => xml.skip()?,
        }
    }
    let missing = |name| xml.fault(EspiFault::Missing { outer: "timePeriod", name });
    let seconds = seconds.ok_or_else(|| missing("duration"))?;
    let seconds = u32::try_from(seconds).map_err(|_| xml.fault(EspiFault::Number("duration")))?;
    Ok((start.ok_or_else(|| missing("start"))?, seconds))
}

fn number<R: Read>(xml: &mut Xml<R>, name: &'static str) -> Result<i64, FileError> {
    let number = xml.value()?.parse();
    number.map_err(|_| xml.fault(EspiFault::Number(name)))
}

fn int48<R: Read>(xml: &mut Xml<R>, name: &'static str) -> Result<i64, FileError> {
    let number = number(xml, name)?;
    match (-MAX_INT48..=MAX_INT48).contains(&number) {
        true => Ok(number),
        false => Err(xml.fault(EspiFault::Number(name))),
    }
}

/// A whole number in an element that was read.
fn take_number(element: &mut Element, name: &'static str) -> Result<Option<i64>, FileError> {
    let Some(text) = element.take_text(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| element.fault(EspiFault::Number(name)))
}

/// A whole number that takes at most 16 bits.
fn take_code(element: &mut Element, name: &'static str) -> Result<Option<u16>, FileError> {
    let code = take_number(element, name)?.map(u16::try_from).transpose();
    code.map_err(|_| element.fault(EspiFault::Number(name)))
}

/// A value of the model by its name in JSON.
pub(super) fn word<'de, T: Deserialize<'de>>(text: &'de str) -> Option<T> {
    let words: StrDeserializer<'de, WordError> = text.into_deserializer();
    T::deserialize(words).ok()
}

/// What a usage point says.
#[derive(Debug)]
pub(super) struct UsagePoint {
    pub(super) service: Option<i64>,
    pub(super) service_point: Option<ServicePointId>,
    pub(super) account: Option<AccountNumber>,
    pub(super) rate: Option<String>,
    pub(super) read_cycle: Option<String>,
}

impl UsagePoint {
    pub(super) fn read(
        mut element: Element,
        left_out: &mut LeftOut,
    ) -> Result<UsagePoint, FileError> {
        let mut service = element.take("ServiceCategory");
        let service = match &mut service {
            Some(service) => take_number(service, "kind")?,
            None => None,
        };
        let mut point = UsagePoint {
            service,
            service_point: None,
            account: None,
            rate: None,
            read_cycle: element.take_text("readCycle"),
        };
        if let Some(mut place) =
            element.take("ServiceDeliveryPoint").or(element.take("serviceDeliveryPoint"))
        {
            let named = |name| EspiFault::Name(name);
            let id = place.take_text("name").map(ServicePointId::new).transpose();
            point.service_point = id.map_err(|_| place.fault(named("name")))?;
            let account = place.take_text("customerAgreement").map(AccountNumber::new).transpose();
            point.account = account.map_err(|_| place.fault(named("customerAgreement")))?;
            point.rate = place.take_text("tariffProfile");
            left_out.note_rest(&place);
        }
        left_out.note_rest(&element);
        Ok(point)
    }
}

/// What a meter reading says: nothing but what files of ours put in its extension.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Mark {
    /// Which section of the report it is of.
    pub(super) section: Option<u32>,
    pub(super) kind: Option<SectionKind>,
    pub(super) meter: Option<MeterNumber>,
    pub(super) channel: Option<String>,
    pub(super) service_point: Option<ServicePointId>,
    pub(super) period: Option<SectionPeriod>,
    pub(super) basis: Option<Basis>,
    pub(super) unit: Option<Unit>,
    pub(super) meter_type: Option<MeterType>,
    /// Whether its readings are quantities of periods, however short.
    pub(super) is_of_periods: bool,
}

impl Mark {
    /// Takes out the extensions of an element.
    pub(super) fn take(element: &mut Element, left_out: &mut LeftOut) -> Result<Mark, FileError> {
        let mut mark = Mark::default();
        while let Some(mut extension) = element.take("extension") {
            let ours = extension.take("section");
            left_out.note_rest(&extension);
            let Some(ours) = ours else { continue };
            if ours.attribute("xmlns")?.as_deref() != Some(EXTENSION) {
                left_out.note("extension", "section");
                continue;
            }
            let text = |name| ours.attribute(name);
            let wrong = || ours.fault(EspiFault::Name("section"));
            mark.section = text("number")?.and_then(|number| number.parse().ok());
            mark.kind = text("kind")?.as_deref().and_then(word);
            mark.meter = text("meter")?.map(MeterNumber::new).transpose().map_err(|_| wrong())?;
            mark.channel = text("channel")?;
            mark.service_point =
                text("service_point")?.map(ServicePointId::new).transpose().map_err(|_| wrong())?;
            mark.basis = text("basis")?.as_deref().and_then(word);
            mark.unit = text("unit")?.as_deref().and_then(word);
            let date = |name| Ok::<_, FileError>(text(name)?.and_then(|date| date.parse().ok()));
            let (start, end) = (date("start")?, date("end")?);
            let both = || Period::new(start?, end?).ok();
            mark.period = match text("period")?.as_deref() {
                Some("regular") => both().map(SectionPeriod::Regular),
                Some("from_exchange") => both().map(SectionPeriod::FromExchange),
                Some("until_exchange") => both().map(SectionPeriod::UntilExchange),
                Some("from") => start.map(SectionPeriod::From),
                Some("until") => end.map(SectionPeriod::Until),
                Some("exchange") => start.map(SectionPeriod::Exchange),
                _ => None,
            };
            mark.meter_type = text("meter_type")?.as_deref().and_then(read_meter_type);
            mark.is_of_periods = text("of")?.as_deref() == Some("periods");
        }
        Ok(mark)
    }
}

/// `kWh 15`, with a minus for what is open.
fn read_meter_type(text: &str) -> Option<MeterType> {
    let (unit, minutes) = text.split_once(' ')?;
    let open = |text: &str| text == "-";
    let unit = if open(unit) { None } else { Some(word(unit)?) };
    let minutes = if open(minutes) { None } else { Some(minutes.parse().ok()?) };
    Some(MeterType { unit, minutes })
}

/// What a reading type says.
#[derive(Debug, Clone)]
pub(super) struct ReadingType {
    pub(super) is_register: bool,
    pub(super) commodity: Option<u16>,
    pub(super) currency: Option<u16>,
    pub(super) quality: Option<u16>,
    pub(super) direction: i64,
    pub(super) seconds: Option<u32>,
    pub(super) multiplier: i8,
    pub(super) unit: u16,
    /// Time of use, critical peak, tier: the numbers that are not 0.
    pub(super) buckets: Vec<(&'static str, i64)>,
    pub(super) place: Place,
}

/// How far a multiplier may reach.
const MAX_POWER: i64 = 30;

impl ReadingType {
    pub(super) fn read(
        mut element: Element,
        left_out: &mut LeftOut,
    ) -> Result<ReadingType, FileError> {
        let it = &mut element;
        let multiplier = take_number(it, "powerOfTenMultiplier")?.unwrap_or(0);
        if !(-MAX_POWER..=MAX_POWER).contains(&multiplier) {
            return Err(it.fault(EspiFault::Number("powerOfTenMultiplier")));
        }
        let Some(unit) = take_code(it, "uom")? else {
            return Err(it.fault(EspiFault::Missing { outer: "ReadingType", name: "uom" }));
        };
        let seconds = take_number(it, "intervalLength")?.map(u32::try_from).transpose();
        let mut buckets = Vec::new();
        for name in ["tou", "cpp", "consumptionTier"] {
            let number = take_number(it, name)?.filter(|number| *number != 0);
            buckets.extend(number.map(|number| (name, number)));
        }
        let read = ReadingType {
            is_register: codes::is_register(take_number(it, "accumulationBehaviour")?.unwrap_or(0)),
            commodity: take_code(it, "commodity")?,
            currency: take_code(it, "currency")?,
            quality: take_code(it, "defaultQuality")?,
            direction: take_number(it, "flowDirection")?.unwrap_or(0),
            seconds: seconds
                .map_err(|_| it.fault(EspiFault::Number("intervalLength")))?
                .filter(|seconds| *seconds > 0),
            multiplier: multiplier as i8,
            unit,
            buckets,
            place: it.place.clone(),
        };
        // What these say follows from the unit and the interval, unless it is said otherwise.
        let follows = [
            ("kind", &["0", "3", "8", "12", "37", "38"][..]),
            ("dataQualifier", &["0", "2", "12"]),
            ("timeAttribute", &["0"]),
            ("phase", &["0"]),
            ("measuringPeriod", &["0", "2", "4", "5", "7"]),
        ];
        for (name, usual) in follows {
            if it.take_text(name).is_some_and(|code| !usual.contains(&code.as_str())) {
                left_out.note("ReadingType", name);
            }
        }
        left_out.note_rest(it);
        Ok(read)
    }
}

/// What the parameters of local time say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clock {
    rules: LocalTime,
    named: Option<Zone>,
}

impl Clock {
    pub(super) fn read(mut element: Element) -> Result<Clock, FileError> {
        let named = element.take("extension").and_then(|mut extension| extension.take("zone"));
        let is_ours = |zone: &Element| matches!(zone.attribute("xmlns"), Ok(Some(namespace)) if namespace == EXTENSION);
        let named = named.filter(is_ours).and_then(|zone| Zone::named(&zone.text).ok());
        let offset = take_number(&mut element, "tzOffset")?;
        let missing = EspiFault::Missing { outer: "LocalTimeParameters", name: "tzOffset" };
        let mut rule = |name| {
            let Some(text) = element.take_text(name) else { return Ok(u32::MAX) };
            u32::from_str_radix(&text, 16).map_err(|_| element.fault(EspiFault::Number(name)))
        };
        let (start, end) = (rule("dstStartRule")?, rule("dstEndRule")?);
        let daylight = take_number(&mut element, "dstOffset")?.unwrap_or(0);
        let offset = offset.ok_or_else(|| element.fault(missing))?;
        let day = -86_400..=86_400;
        if !day.contains(&offset) || !day.contains(&daylight) {
            return Err(element.fault(EspiFault::Number("tzOffset")));
        }
        Ok(Clock { rules: LocalTime { offset, daylight, start, end }, named })
    }

    /// The zone it is of.
    pub(super) fn zone(&self) -> Option<Zone> {
        let named = self.named.clone().filter(|zone| self.rules.are_those_of(zone));
        named.or_else(|| self.rules.zone())
    }
}

/// What a usage summary says.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) section: Option<u32>,
    pub(super) period: Option<(i64, u32)>,
    pub(super) consumption: Option<Measured>,
    pub(super) peak: Option<Measured>,
    pub(super) quality: Option<u16>,
    pub(super) commodity: Option<u16>,
    pub(super) place: Place,
}

/// A number with its unit and perhaps its time.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) unit: u16,
    pub(super) multiplier: i8,
    pub(super) value: i64,
    pub(super) at: Option<Timestamp>,
}

impl Summary {
    pub(super) fn read(mut element: Element, left_out: &mut LeftOut) -> Result<Summary, FileError> {
        let section = Mark::take(&mut element, left_out)?.section;
        let period = match element.take("billingPeriod") {
            Some(mut period) => {
                let missing = EspiFault::Missing { outer: "billingPeriod", name: "start" };
                let start = take_number(&mut period, "start")?;
                let seconds = take_number(&mut period, "duration")?.unwrap_or(0);
                let seconds = u32::try_from(seconds)
                    .map_err(|_| period.fault(EspiFault::Number("duration")))?;
                Some((start.ok_or_else(|| period.fault(missing))?, seconds))
            }
            None => None,
        };
        let mut measured = |name| element.take(name).map(Measured::read).transpose();
        let consumption = measured("overallConsumptionLastPeriod")?.flatten();
        let peak = measured("peakDemand")?.flatten();
        let summary = Summary {
            section,
            period,
            consumption,
            peak,
            quality: take_code(&mut element, "qualityOfReading")?,
            commodity: take_code(&mut element, "commodity")?,
            place: element.place.clone(),
        };
        // The time of its making is no statement about usage.
        element.take("statusTimeStamp");
        left_out.note_rest(&element);
        Ok(summary)
    }
}

impl Measured {
    /// `None` for one without a value.
    fn read(mut element: Element) -> Result<Option<Measured>, FileError> {
        let Some(value) = take_number(&mut element, "value")? else { return Ok(None) };
        let multiplier = take_number(&mut element, "powerOfTenMultiplier")?.unwrap_or(0);
        let at = take_number(&mut element, "timeStamp")?.map(Timestamp::from_second).transpose();
        let is_in_range = (-MAX_INT48..=MAX_INT48).contains(&value)
            && (-MAX_POWER..=MAX_POWER).contains(&multiplier);
        if !is_in_range {
            return Err(element.fault(EspiFault::Number("value")));
        }
        Ok(Some(Measured {
            unit: take_code(&mut element, "uom")?.unwrap_or(0),
            multiplier: multiplier as i8,
            value,
            at: at.map_err(|_| element.fault(EspiFault::Number("timeStamp")))?,
        }))
    }
}

/// A whole number times a power of ten, in a unit that is `power` tens of the code's.
pub(super) fn scaled(value: i64, multiplier: i8, power: i8) -> Option<Decimal> {
    Decimal::from(value).times_power_of_ten(multiplier - power).ok()
}
