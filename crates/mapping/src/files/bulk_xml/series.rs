//! The intervals of a series: an element each, from when until when and how much.

use std::io::{Read, Write};

use serde::Serialize;
use serde_json::Value;
use tieline_model::coded::Coded;
use tieline_model::decimal::Decimal;
use tieline_model::meter::Direction;
use tieline_model::quantity::Unit;
use tieline_model::stamp::{ClockTime, Stamp};
use tieline_model::time::{Timestamp, Zone};
use tieline_model::usage::{CodeNumber, IntervalSeries, PointValue, Quality};

use super::BulkXmlFault;
use crate::files::error::FileError;
use crate::files::xml::{Xml, escape, is_text};

/// Writes the intervals, those for which nothing was sent too.
pub(super) fn write(
    series: &IntervalSeries,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<(), BulkXmlFault> {
    let words: Vec<String> = series.codes().iter().map(|code| word(&code.meaning)).collect();
    for point in series.points() {
        out.extend(std::iter::repeat_n(b' ', 2 * depth));
        out.extend(b"<interval");
        attribute("start", out, |out| instant(&series.zone, point.start, out));
        attribute("end", out, |out| instant(&series.zone, point.end, out));
        let code = point.value.code();
        let at = code.and_then(|code| series.codes().iter().position(|it| std::ptr::eq(it, code)));
        if let (Some(code), Some(at)) = (code, at) {
            attribute("quality", out, |out| out.extend(words[at].as_bytes()));
            if let Some(raw) = &code.raw {
                if !is_text(raw) {
                    return Err(BulkXmlFault::Text);
                }
                attribute("code", out, |out| escape(raw, out));
            }
        }
        if let Some(exception) = point.exception {
            if exception.ambiguous {
                attribute("ambiguous", out, |out| out.extend(b"yes"));
            }
            if let Some(stamp) = &exception.stamp {
                let (time, zone) = (stamp.time.as_ref(), stamp.zone.as_deref());
                attribute("stamp_date", out, |out| _ = write!(out, "{}", stamp.date));
                if let Some(time) = time {
                    attribute("stamp_time", out, |out| out.extend(time.as_str().as_bytes()));
                }
                if let Some(zone) = zone {
                    attribute("stamp_zone", out, |out| escape(zone, out));
                }
            }
        }
        out.push(b'>');
        if let PointValue::Quantity(amount, _) = point.value {
            // A vector takes all bytes.
            let _ = write!(out, "{amount}");
        }
        out.extend(b"</interval>\n");
    }
    Ok(())
}

fn attribute(name: &str, out: &mut Vec<u8>, value: impl FnOnce(&mut Vec<u8>)) {
    out.push(b' ');
    out.extend(name.as_bytes());
    out.extend(b"=\"");
    value(out);
    out.push(b'"');
}

/// `2026-03-01T00:00:00-06:00`: what the clocks showed, and how far they were from UTC.
fn instant(zone: &Zone, at: Timestamp, out: &mut Vec<u8>) {
    let (local, offset) = (zone.local(at), zone.offset(at));
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.unsigned_abs() / 60;
    // Offsets with seconds ended before anything was measured; they are written in UTC.
    let _ = match offset % 60 {
        0 => write!(out, "{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60),
        _ => write!(out, "{at}"),
    };
}

fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|it| it.as_str().map(str::to_string))
        .unwrap_or_default()
}

/// A series that is being read. Its intervals come behind what they share.
#[derive(Default)]
pub(super) struct Building {
    series: Option<IntervalSeries>,
    last: Option<(Coded<Quality>, CodeNumber)>,
}

impl Building {
    /// Reads the interval that begins here. `members` are what the series says of all of them.
    pub(super) fn interval<R: Read>(
        &mut self,
        xml: &mut Xml<R>,
        members: &serde_json::Map<String, Value>,
    ) -> Result<(), FileError> {
        let needs = |what| BulkXmlFault::Series { element: "interval", what };
        let start = xml.attribute("start")?.and_then(|it| it.parse::<Timestamp>().ok());
        let start = start.ok_or_else(|| xml.fault(needs("a start in RFC 3339")))?;
        let end = xml.attribute("end")?.and_then(|it| it.parse::<Timestamp>().ok());
        let end = end.ok_or_else(|| xml.fault(needs("an end in RFC 3339")))?;
        let seconds = end.as_second() - start.as_second();
        let seconds =
            u32::try_from(seconds).map_err(|_| xml.fault(needs("an end after its start")))?;
        let quality = match xml.attribute("quality")? {
            Some(word) => {
                let meaning = serde_json::from_value(Value::String(word));
                let meaning = meaning.map_err(|_| xml.fault(needs("a quality of the model")))?;
                Some(Coded { meaning, raw: xml.attribute("code")? })
            }
            None => None,
        };
        let is_ambiguous = xml.attribute("ambiguous")?.is_some();
        let stamp = match xml.attribute("stamp_date")? {
            Some(date) => {
                let date = date.parse().map_err(|_| xml.fault(needs("a stamp_date")))?;
                let time = xml.attribute("stamp_time")?;
                let time = time.map(|time| ClockTime::from_bytes(time.as_bytes())).transpose();
                let time = time.map_err(|_| xml.fault(needs("a stamp_time such as 0015")))?;
                Some(Stamp { date, time, zone: xml.attribute("stamp_zone")? })
            }
            None => None,
        };
        let text = xml.value()?;
        let amount = match text {
            "" => None,
            text => Some(text.parse::<Decimal>()),
        };
        let amount = amount.transpose().map_err(|_| xml.fault(needs("a plain decimal number")))?;
        if amount.is_some() && quality.is_none() {
            return Err(xml.fault(needs("a quality beside its number")));
        }
        let fault = |fault: BulkXmlFault| xml.fault(fault);
        let series = match &mut self.series {
            Some(series) => series,
            none => none.insert(begin(members, start, seconds).map_err(fault)?),
        };
        let added = (|| {
            match quality {
                Some(quality) => {
                    let code = match &self.last {
                        Some((known, code)) if *known == quality => *code,
                        _ => series.code(quality.meaning, quality.raw.as_deref())?,
                    };
                    self.last = Some((quality, code));
                    series.push_at(start, code, amount)?;
                }
                None => {
                    // Only in its place; what is left out before it is left out.
                    while series.end()? < start {
                        series.skip(1)?;
                    }
                    series.skip(1)?;
                }
            }
            if seconds != series.seconds() {
                series.set_last_seconds(seconds)?;
            }
            if is_ambiguous {
                series.set_last_ambiguous()?;
            }
            stamp.map(|stamp| series.set_last_stamp(stamp)).transpose()?;
            Ok::<(), tieline_model::usage::SeriesError>(())
        })();
        added.map_err(|error| fault(error.into()))?;
        match series.end() {
            Ok(found) if found == end => Ok(()),
            _ => Err(fault(needs("to follow the interval before it"))),
        }
    }

    /// The series in JSON.
    pub(super) fn finish<R: Read>(
        self,
        members: &mut serde_json::Map<String, Value>,
        xml: &Xml<R>,
    ) -> Result<Value, FileError> {
        let needs = |what| xml.fault(BulkXmlFault::Series { element: "series", what });
        let mut series = match self.series {
            Some(series) => series,
            None => {
                let start =
                    members.get("start").and_then(Value::as_str).and_then(|it| it.parse().ok());
                let start = start.ok_or_else(|| needs("a start or intervals"))?;
                begin(members, start, 0).map_err(|fault| xml.fault(fault))?
            }
        };
        if let Some(stamping) = members.remove("stamping") {
            let stamping = serde_json::from_value(stamping);
            series.stamping = Some(stamping.map_err(|_| needs("a stamping of the model"))?);
        }
        if let Some(residue) = members.remove(super::RESIDUE) {
            let residue = serde_json::from_value(residue);
            series.residue = residue.map_err(|_| needs("a residue of the model"))?;
        }
        serde_json::to_value(series).map_err(|_| needs("members of the model"))
    }
}

fn begin(
    members: &serde_json::Map<String, Value>,
    start: Timestamp,
    usual: u32,
) -> Result<IntervalSeries, BulkXmlFault> {
    let needs = |what| BulkXmlFault::Series { element: "series", what };
    let member = |name: &str| members.get(name).cloned();
    let direction: Option<Direction> =
        member("direction").and_then(|it| serde_json::from_value(it).ok());
    let unit: Option<Coded<Unit>> = member("unit").and_then(|it| serde_json::from_value(it).ok());
    let zone: Option<Zone> = member("zone").and_then(|it| serde_json::from_value(it).ok());
    let seconds = member("seconds").and_then(|it| it.as_u64()).map(u32::try_from).transpose();
    let seconds = seconds.map_err(|_| needs("seconds before its intervals"))?.unwrap_or(usual);
    let series = IntervalSeries::new(
        direction.ok_or_else(|| needs("a direction before its intervals"))?,
        unit.ok_or_else(|| needs("a unit with its code before its intervals"))?,
        seconds,
        zone.ok_or_else(|| needs("a zone before its intervals"))?,
        start,
    )?;
    Ok(series)
}
