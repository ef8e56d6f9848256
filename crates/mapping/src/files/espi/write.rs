//! Writes usage reports as a feed.

use std::collections::HashSet;
use std::io::Write;

use serde::Serialize;
use tieline_model::account::Commodity;
use tieline_model::coded::Coded;
use tieline_model::common::{Purpose, ReferenceKind, reference};
use tieline_model::period::Period;
use tieline_model::quantity::Unit;
use tieline_model::record::Record;
use tieline_model::time::{Instants, Zone};
use tieline_model::usage::{
    Basis, IntervalSeries, PointValue, Quality, SectionPeriod, UsageQuantity, UsageReport,
    UsageSection,
};

use super::local_time::LocalTime;
use super::plan::{self, Content, Planned, Scale, SummaryPlan};
use super::{EXTENSION, EspiFault, EspiOptions, codes};
use crate::files::error::{FileError, FileFault, Place};
use crate::files::sink::Sink;
use crate::files::xml::{escape, is_text};

const ATOM: &str = "http://www.w3.org/2005/Atom";
const ESPI: &str = "http://naesb.org/espi";

/// How long a text may be (`String256`).
const MAX_TEXT: usize = 256;

/// Writes Green Button: one usage point for each usage report.
///
/// What is written follows from the records and the options alone. A record that cannot be written
/// leaves no trace, so others may follow it.
#[derive(Debug)]
pub struct Writer<W: Write> {
    sink: Sink<W>,
    pen: Pen,
    records: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a feed, in an archive if the options name a document in it.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the sink does not take the bytes.
    pub fn new(sink: W, options: &EspiOptions) -> Result<Writer<W>, FileError> {
        let mut sink = Sink::new(sink, options.archive_name.as_deref())?;
        let mut pen = Pen {
            out: Vec::new(),
            options: options.clone(),
            known: HashSet::new(),
            new: Vec::new(),
            now: options.updated.to_string(),
        };
        pen.begin();
        sink.write(&mut pen.out)?;
        Ok(Writer { sink, pen, records: 0 })
    }

    /// Writes a usage report.
    ///
    /// # Errors
    ///
    /// [`FileFault::NotHeld`] for another record, [`EspiFault`] for what cannot be said, or what the
    /// sink says.
    pub fn write(&mut self, record: &Record) -> Result<(), FileError> {
        self.records += 1;
        let written = match record {
            Record::UsageReport(report) => self.pen.report(report).map_err(FileFault::from),
            _ => Err(FileFault::NotHeld(
                "bills, payments, requests or other records than usage reports",
            )),
        };
        if let Err(fault) = written {
            self.pen.forget();
            return Err(FileError::new(Place::Record(self.records), fault));
        }
        self.pen.new.clear();
        self.sink.write(&mut self.pen.out)
    }

    /// Ends the feed and gives back the sink.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the sink does not take the bytes.
    pub fn finish(mut self) -> Result<W, FileError> {
        self.pen.out.extend(b"</feed>\n");
        self.sink.write(&mut self.pen.out)?;
        self.sink.finish()
    }
}

/// Writes a record into memory.
#[derive(Debug)]
struct Pen {
    out: Vec<u8>,
    options: EspiOptions,
    /// Identifiers that were written, so that usage points differ and the rest is written once.
    known: HashSet<u128>,
    /// Those of the record that is being written.
    new: Vec<u128>,
    now: String,
}

/// Who an entry is and where it belongs.
struct Ways<'w> {
    id: u128,
    own: &'w str,
    up: &'w str,
    related: &'w [String],
}

impl Pen {
    fn text(&mut self, text: &str) {
        self.out.extend(text.as_bytes());
    }

    fn begin(&mut self) {
        let id = uuid(self.id(&["feed", &self.options.title, &self.now]));
        let (title, now) = (self.options.title.clone(), self.now.clone());
        self.text("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"");
        self.text(ATOM);
        self.text("\">\n<id>urn:uuid:");
        self.text(&id);
        self.text("</id>\n<title>");
        let title: String = title.chars().filter(|c| !c.is_control()).collect();
        escape(&title, &mut self.out);
        self.text("</title>\n<updated>");
        self.text(&now);
        self.text("</updated>\n");
    }

    /// Takes back what was written of a record.
    fn forget(&mut self) {
        self.out.clear();
        for id in self.new.drain(..) {
            self.known.remove(&id);
        }
    }

    /// Whether an identifier is new.
    fn is_new(&mut self, id: u128) -> bool {
        let is_new = self.known.insert(id);
        if is_new {
            self.new.push(id);
        }
        is_new
    }

    /// An identifier that follows from the seed and these parts.
    fn id(&self, parts: &[&str]) -> u128 {
        // FNV-1a with 128 bits: public, short, and the same for ever.
        const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
        let mut hash = BASIS;
        let parts = std::iter::once(self.options.seed.as_str()).chain(parts.iter().copied());
        for part in parts {
            // Lengths keep parts apart.
            let length = (part.len() as u64).to_be_bytes();
            for byte in length.iter().chain(part.as_bytes()) {
                hash = (hash ^ u128::from(*byte)).wrapping_mul(PRIME);
            }
        }
        // Version 8 of RFC 9562: made in a way of one's own.
        let version = hash & !(0xf << 76) | 8 << 76;
        version & !(3 << 62) | 2 << 62
    }

    fn open_entry(&mut self, ways: &Ways<'_>, published: &str) {
        self.text("<entry>\n<id>urn:uuid:");
        self.text(&uuid(ways.id));
        self.text("</id>\n");
        self.link("self", ways.own);
        self.link("up", ways.up);
        for href in ways.related {
            self.link("related", href);
        }
        self.text("<title/>\n<published>");
        self.text(published);
        self.text("</published>\n<updated>");
        let now = self.now.clone();
        self.text(&now);
        self.text("</updated>\n<content>\n");
    }

    fn close_entry(&mut self) {
        self.text("</content>\n</entry>\n");
    }

    fn link(&mut self, rel: &str, href: &str) {
        self.text("<link rel=\"");
        self.text(rel);
        self.text("\" href=\"");
        let base = self.options.base.clone();
        escape(&base, &mut self.out);
        escape(href, &mut self.out);
        self.text("\"/>\n");
    }

    /// Opens the content of an entry.
    fn open(&mut self, name: &str) {
        self.text("<");
        self.text(name);
        self.text(" xmlns=\"");
        self.text(ESPI);
        self.text("\">\n");
    }

    fn close(&mut self, name: &str) {
        self.text("</");
        self.text(name);
        self.text(">\n");
    }

    fn number(&mut self, name: &str, number: impl Into<i64>) {
        self.text("<");
        self.text(name);
        self.text(">");
        push_integer(&mut self.out, number.into());
        self.text("</");
        self.text(name);
        self.text(">\n");
    }

    fn named(&mut self, name: &str, text: &str) -> Result<(), EspiFault> {
        if !is_text(text) || text.chars().count() > MAX_TEXT {
            return Err(EspiFault::Text);
        }
        self.text("<");
        self.text(name);
        self.text(">");
        escape(text, &mut self.out);
        self.text("</");
        self.text(name);
        self.text(">\n");
        Ok(())
    }

    fn attribute(&mut self, name: &str, text: Option<&str>) -> Result<(), EspiFault> {
        let Some(text) = text else { return Ok(()) };
        if !is_text(text) {
            return Err(EspiFault::Text);
        }
        self.text(" ");
        self.text(name);
        self.text("=\"");
        escape(text, &mut self.out);
        self.text("\"");
        Ok(())
    }

    fn time(&mut self, start: i64, seconds: i64) -> Result<(), EspiFault> {
        let seconds = u32::try_from(seconds).map_err(|_| EspiFault::TooLong)?;
        self.number("duration", seconds);
        self.number("start", start);
        Ok(())
    }

    fn report(&mut self, report: &UsageReport) -> Result<(), EspiFault> {
        if matches!(report.purpose.meaning, Purpose::Cancel | Purpose::CancelReissue) {
            return Err(EspiFault::Cancels);
        }
        let zone = plan::zone(report, self.options.zone.as_ref())?;
        let published = zone.day(report.date)?.start().to_string();
        let clock = self.clock(&zone, &published)?;
        let account = report.account.as_ref().map_or("", |account| account.as_str());
        let service_point = report.service_point.as_ref().map_or("", |point| point.as_str());
        let mut id = self.id(&["UsagePoint", account, service_point]);
        let mut again = 1_u64;
        while !self.is_new(id) {
            again += 1;
            id = self.id(&["UsagePoint", account, service_point, &again.to_string()]);
        }
        let own = format!("UsagePoint/{}", uuid(id));
        let collections = ["MeterReading", "UsageSummary"].map(|name| format!("{own}/{name}"));
        let [readings, summaries] = &collections;
        let related = [readings.clone(), summaries.clone(), clock];
        self.open_entry(&Ways { id, own: &own, up: "UsagePoint", related: &related }, &published);
        self.usage_point(report)?;
        self.close_entry();
        for (section, number) in report.sections.iter().zip(1_u32..) {
            let place = SectionPlace { section, number, zone: &zone, published: &published };
            if let Some(plan) = plan::summary(section) {
                self.summary(&plan, summaries, &place)?;
                continue;
            }
            let planned = plan::readings(section)?;
            if planned.is_empty() {
                self.meter_reading(None, 0, readings, &place)?;
            }
            for (one, n) in planned.iter().zip(1_u32..) {
                self.meter_reading(Some(one), n, readings, &place)?;
            }
        }
        Ok(())
    }

    /// Writes the clock of a zone, unless that was done, and gives its link.
    fn clock(&mut self, zone: &Zone, published: &str) -> Result<String, EspiFault> {
        let rules = LocalTime::of(zone);
        let rules = rules.ok_or_else(|| EspiFault::Rules(zone.name().to_string()))?;
        let id = self.id(&["LocalTimeParameters", zone.name()]);
        let own = format!("LocalTimeParameters/{}", uuid(id));
        if self.is_new(id) {
            let ways = Ways { id, own: &own, up: "LocalTimeParameters", related: &[] };
            self.open_entry(&ways, published);
            self.open("LocalTimeParameters");
            self.text("<extension><zone xmlns=\"");
            self.text(EXTENSION);
            self.text("\">");
            self.text(zone.name());
            self.text("</zone></extension>\n");
            self.text(&format!("<dstEndRule>{:08X}</dstEndRule>\n", rules.end));
            self.number("dstOffset", rules.daylight);
            self.text(&format!("<dstStartRule>{:08X}</dstStartRule>\n", rules.start));
            self.number("tzOffset", rules.offset);
            self.close("LocalTimeParameters");
            self.close_entry();
        }
        Ok(own)
    }

    fn usage_point(&mut self, report: &UsageReport) -> Result<(), EspiFault> {
        let commodities = report.sections.iter().filter_map(|it| it.commodity.as_ref());
        let mut services = commodities.map(|it| codes::service_code(it.meaning));
        let service = services.next().unwrap_or(codes::service_code(Commodity::Electricity));
        self.open("UsagePoint");
        self.text("<ServiceCategory>\n");
        self.number("kind", service);
        self.close("ServiceCategory");
        let rate = reference(&report.references, ReferenceKind::Rate);
        let name = report.service_point.as_ref().map(|point| point.as_str());
        let account = report.account.as_ref().map(|account| account.as_str());
        if name.or(rate).or(account).is_some() {
            self.text("<serviceDeliveryPoint>\n");
            let named = [("name", name), ("tariffProfile", rate), ("customerAgreement", account)];
            for (element, text) in named {
                text.map(|text| self.named(element, text)).transpose()?;
            }
            self.close("serviceDeliveryPoint");
        }
        let cycle = reference(&report.references, ReferenceKind::BillingCycle);
        cycle.map(|cycle| self.named("readCycle", cycle)).transpose()?;
        self.close("UsagePoint");
        Ok(())
    }

    fn summary(
        &mut self,
        plan: &SummaryPlan<'_>,
        collection: &str,
        place: &SectionPlace<'_>,
    ) -> Result<(), EspiFault> {
        let id = self.id(&["UsageSummary", collection, &place.number.to_string()]);
        let own = format!("{collection}/{}", uuid(id));
        let ways = Ways { id, own: &own, up: collection, related: &[] };
        self.open_entry(&ways, place.published);
        self.open("UsageSummary");
        self.mark(place, None)?;
        if let Some(period) = plan.period {
            self.text("<billingPeriod>\n");
            self.days(period, place.zone)?;
            self.close("billingPeriod");
        }
        if let Some((quantity, scale)) = &plan.consumption {
            self.measured("overallConsumptionLastPeriod", quantity, scale, place.zone)?;
        }
        if let Some((quantity, scale)) = &plan.peak {
            self.measured("peakDemand", quantity, scale, place.zone)?;
        }
        if let Some(code) = plan.quality {
            self.number("qualityOfReading", code);
        }
        let made = self.options.updated.as_second();
        self.number("statusTimeStamp", made);
        if let Some(code) = place.section.commodity.as_ref().and_then(codes::commodity_code) {
            self.number("commodity", code);
        }
        self.close("UsageSummary");
        self.close_entry();
        Ok(())
    }

    fn days(&mut self, period: Period, zone: &Zone) -> Result<(), EspiFault> {
        let span = zone.span(period)?;
        self.time(span.start().as_second(), span.seconds())
    }

    fn measured(
        &mut self,
        name: &str,
        quantity: &UsageQuantity,
        scale: &Scale,
        zone: &Zone,
    ) -> Result<(), EspiFault> {
        let at = quantity.occurred.as_ref().filter(|stamp| stamp.zone.is_none()).and_then(|it| {
            let time = it.time?;
            let local = it.date.at(time.hour() as i8 % 24, time.minute() as i8, 0, 0);
            match zone.instants(local).ok().filter(|_| time.hour() < 24)? {
                Instants::Once(at) => Some(at),
                Instants::Twice(..) | Instants::Never => None,
            }
        });
        self.text("<");
        self.text(name);
        self.text(">\n");
        self.number("powerOfTenMultiplier", scale.multiplier);
        if let Some(at) = at {
            self.number("timeStamp", at.as_second());
        }
        self.number("uom", scale.code);
        let value = quantity.amount().map(|amount| scale.whole(amount)).transpose()?;
        self.number("value", value.unwrap_or_default());
        self.close(name);
        Ok(())
    }

    /// What ESPI has no element for.
    fn mark(
        &mut self,
        place: &SectionPlace<'_>,
        planned: Option<&Planned<'_>>,
    ) -> Result<(), EspiFault> {
        let section = place.section;
        self.text("<extension><section xmlns=\"");
        self.text(EXTENSION);
        self.text("\"");
        self.attribute("number", Some(&place.number.to_string()))?;
        self.attribute("kind", Some(&word(&section.kind.meaning)))?;
        self.attribute("meter", section.meter.as_ref().map(|meter| meter.as_str()))?;
        self.attribute("channel", section.channel.as_deref())?;
        self.attribute("service_point", section.service_point.as_ref().map(|it| it.as_str()))?;
        let meter_type = section.meter_type.as_ref().map(|it| {
            let unit = it.meaning.unit.map_or("-".to_string(), |unit| word(&unit));
            let minutes = it.meaning.minutes.map_or("-".to_string(), |it| it.to_string());
            format!("{unit} {minutes}")
        });
        self.attribute("meter_type", meter_type.as_deref())?;
        if let Some((name, start, end)) = section.period.map(period_parts) {
            self.attribute("period", Some(name))?;
            self.attribute("start", start.map(|date| date.to_string()).as_deref())?;
            self.attribute("end", end.map(|date| date.to_string()).as_deref())?;
        }
        if let Some(planned) = planned {
            let basis = (planned.basis != Basis::Measured).then(|| word(&planned.basis));
            self.attribute("basis", basis.as_deref())?;
            let unit = planned.unit.meaning;
            let unit = (unit != Unit::Other && !codes::is_usual(unit)).then(|| word(&unit));
            self.attribute("unit", unit.as_deref())?;
            let is_of_periods = matches!(planned.content, Content::Quantities(_));
            self.attribute("of", is_of_periods.then_some("periods"))?;
        }
        self.text("/></extension>\n");
        Ok(())
    }

    /// Writes a meter reading, its type unless that was done, and its intervals. `None` is a section
    /// that has nothing.
    fn meter_reading(
        &mut self,
        planned: Option<&Planned<'_>>,
        number: u32,
        collection: &str,
        place: &SectionPlace<'_>,
    ) -> Result<(), EspiFault> {
        let numbers = [place.number.to_string(), number.to_string()];
        let id = self.id(&["MeterReading", collection, &numbers[0], &numbers[1]]);
        let own = format!("{collection}/{}", uuid(id));
        let blocks = format!("{own}/IntervalBlock");
        let kind = planned.map(|planned| self.reading_type(planned, place)).transpose()?;
        let mut related = vec![blocks.clone()];
        related.extend(kind);
        self.open_entry(
            &Ways { id, own: &own, up: collection, related: &related },
            place.published,
        );
        self.open("MeterReading");
        self.mark(place, planned)?;
        self.close("MeterReading");
        self.close_entry();
        let Some(planned) = planned else { return Ok(()) };

        let id = self.id(&["IntervalBlock", &own]);
        let own = format!("{blocks}/{}", uuid(id));
        self.open_entry(&Ways { id, own: &own, up: &blocks, related: &[] }, place.published);
        self.open("IntervalBlock");
        match &planned.content {
            Content::Series(series, costs) => self.series(series, *costs, planned.scale)?,
            Content::Quantities(quantities) => {
                for (quantity, period) in quantities {
                    self.quantity(quantity, *period, planned, place.zone)?;
                }
            }
        }
        self.close("IntervalBlock");
        self.close_entry();
        Ok(())
    }

    /// Writes a reading type unless that was done, and gives its link.
    fn reading_type(
        &mut self,
        planned: &Planned<'_>,
        place: &SectionPlace<'_>,
    ) -> Result<String, EspiFault> {
        let section = place.section;
        let unit = planned.unit.meaning;
        let (kind, accumulation, qualifier) = codes::measurement(unit);
        let (seconds, has_costs, quality) = match &planned.content {
            Content::Series(series, costs) => {
                (Some(series.seconds()), costs.is_some(), default_quality(series))
            }
            Content::Quantities(_) => (None, false, None),
        };
        let quality = quality.filter(|it| !plan::is_unsaid(it)).map(plan::quality_code);
        let commodity = match &section.commodity {
            Some(commodity) => codes::commodity_code(commodity),
            None => None,
        };
        let currency = (has_costs || unit == Unit::UsDollar).then_some(840);
        let measuring = seconds.and_then(|seconds| match seconds {
            900 => Some(2),
            1800 => Some(5),
            3600 => Some(7),
            86_400 => Some(4),
            _ => None,
        });
        let bucket = |name| plan::bucket(section, name).map(i64::from);
        let parts: [(&str, Option<i64>); 14] = [
            ("accumulationBehaviour", Some(accumulation.into())),
            ("commodity", commodity.map(i64::from)),
            ("consumptionTier", bucket("consumptionTier")),
            ("currency", currency),
            ("dataQualifier", Some(qualifier.into())),
            ("defaultQuality", quality.transpose()?.map(i64::from)),
            ("flowDirection", Some(codes::direction_code(planned.direction))),
            ("intervalLength", seconds.map(i64::from)),
            ("kind", Some(kind.into())),
            ("powerOfTenMultiplier", Some(planned.scale.multiplier.into())),
            ("tou", bucket("tou")),
            ("uom", Some(planned.scale.code.into())),
            ("cpp", bucket("cpp")),
            ("measuringPeriod", measuring),
        ];
        let said = format!("{parts:?}");
        let id = self.id(&["ReadingType", &said]);
        let own = format!("ReadingType/{}", uuid(id));
        if self.is_new(id) {
            let ways = Ways { id, own: &own, up: "ReadingType", related: &[] };
            self.open_entry(&ways, place.published);
            self.open("ReadingType");
            for (name, number) in parts {
                if let Some(number) = number {
                    self.number(name, number);
                }
            }
            self.close("ReadingType");
            self.close_entry();
        }
        Ok(own)
    }

    fn series(
        &mut self,
        series: &IntervalSeries,
        costs: Option<&IntervalSeries>,
        scale: Scale,
    ) -> Result<(), EspiFault> {
        let (start, end) = (series.start().as_second(), series.end()?.as_second());
        if end > start {
            self.text("<interval>\n");
            self.time(start, end - start)?;
            self.close("interval");
        }
        let usual = default_quality(series);
        // The code of each quality, by its place among those of the series.
        let qualities: Vec<_> =
            series.codes().iter().map(|it| (it, plan::quality_code(it))).collect();
        let mut costs = costs.into_iter().flat_map(IntervalSeries::points).peekable();
        for point in series.points() {
            let PointValue::Quantity(amount, quality) = point.value else { continue };
            self.out.extend(b"<IntervalReading>");
            while costs.next_if(|cost| cost.start < point.start).is_some() {}
            let cost = costs.next_if(|cost| cost.start == point.start);
            if let Some(cost) = cost.and_then(|cost| cost.value.quantity()) {
                self.out.extend(b"<cost>");
                let cost = plan::whole_cost(cost).ok_or(EspiFault::CostTooFine)?;
                push_integer(&mut self.out, cost);
                self.out.extend(b"</cost>");
            }
            if !usual.is_some_and(|usual| std::ptr::eq(usual, quality)) {
                let known = qualities.iter().find(|(it, _)| std::ptr::eq(*it, quality));
                let code = known.map_or_else(|| plan::quality_code(quality), |it| it.1.clone());
                self.out.extend(b"<ReadingQuality><quality>");
                push_integer(&mut self.out, code?.into());
                self.out.extend(b"</quality></ReadingQuality>");
            }
            self.out.extend(b"<timePeriod><duration>");
            let start = point.start.as_second();
            push_integer(&mut self.out, point.end.as_second() - start);
            self.out.extend(b"</duration><start>");
            push_integer(&mut self.out, start);
            self.out.extend(b"</start></timePeriod><value>");
            push_integer(&mut self.out, scale.whole(amount)?);
            self.out.extend(b"</value></IntervalReading>\n");
        }
        Ok(())
    }

    fn quantity(
        &mut self,
        quantity: &UsageQuantity,
        period: Option<Period>,
        planned: &Planned<'_>,
        zone: &Zone,
    ) -> Result<(), EspiFault> {
        self.text("<IntervalReading>\n");
        if !plan::is_unsaid(&quantity.quality) {
            self.text("<ReadingQuality>\n");
            self.number("quality", plan::quality_code(&quantity.quality)?);
            self.close("ReadingQuality");
        }
        if let Some(period) = period {
            self.text("<timePeriod>\n");
            self.days(period, zone)?;
            self.close("timePeriod");
        }
        if let Some(amount) = quantity.amount() {
            self.number("value", planned.scale.whole(amount)?);
        }
        self.close("IntervalReading");
        Ok(())
    }
}

/// A section of a report, and where it is.
struct SectionPlace<'r> {
    section: &'r UsageSection,
    number: u32,
    zone: &'r Zone,
    published: &'r str,
}

/// The quality of the first interval that has a quantity.
fn default_quality(series: &IntervalSeries) -> Option<&Coded<Quality>> {
    series.values().find_map(|value| match value {
        PointValue::Quantity(_, quality) => Some(quality),
        PointValue::NoValue(_) | PointValue::NotSent => None,
    })
}

/// The name of a period, and its ends.
fn period_parts(
    period: SectionPeriod,
) -> (&'static str, Option<tieline_model::time::Date>, Option<tieline_model::time::Date>) {
    match period {
        SectionPeriod::Regular(it) => ("regular", Some(it.start()), Some(it.end())),
        SectionPeriod::FromExchange(it) => ("from_exchange", Some(it.start()), Some(it.end())),
        SectionPeriod::UntilExchange(it) => ("until_exchange", Some(it.start()), Some(it.end())),
        SectionPeriod::From(date) => ("from", Some(date), None),
        SectionPeriod::Until(date) => ("until", None, Some(date)),
        SectionPeriod::Exchange(date) => ("exchange", Some(date), None),
    }
}

/// The name of a value in JSON.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn uuid(id: u128) -> String {
    let digits = format!("{id:032x}");
    let mut text = String::with_capacity(36);
    for (n, digit) in digits.chars().enumerate() {
        if matches!(n, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

/// Writes a whole number without a text in between.
fn push_integer(out: &mut Vec<u8>, number: i64) {
    let mut digits = [0; 20];
    let (mut left, mut at) = (number.unsigned_abs(), digits.len());
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend(&digits[at..]);
}
