//! An extract: usage and bills of some accounts and days, out of what was posted to be sent.
//!
//! Whoever gets it sees what the customers authorized and nothing else: the first document that is not
//! allowed refuses all of it. Intervals are cut to the days that were asked for, and summed exactly
//! to longer ones when that is asked; an interval that is not there makes the longer one missing, never
//! smaller. A quantity of a whole period is given when all of its period was asked for.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use tieline_mapping::derived;
use tieline_model::authorization::{DataKind, Inquiry, Refusal};
use tieline_model::decimal::{Decimal, NumberError};
use tieline_model::identifier::AccountNumber;
use tieline_model::period::Period;
use tieline_model::quantity::Dimension;
use tieline_model::record::Record;
use tieline_model::time::{Interval, TimeError};
use tieline_model::usage::{
    IntervalSeries, Quality, SeriesError, UsageItem, UsageReport, UsageSection,
};
use tieline_partner::Partner;
use tieline_store::StoreError;
use tieline_store::message::Flow;
use tieline_store::posting::{Filter, Kind};

use crate::house::House;
use crate::withheld::withhold_details;

/// How many postings are read at once.
const PART: u32 = 50;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// About which accounts; at least one.
    pub accounts: Vec<AccountNumber>,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// Usage reports, or bills.
    pub what: What,
    /// How long intervals are to be.
    pub grain: Grain,
    /// The partner who gets it; our own house when `None`.
    pub partner: Option<String>,
}

/// Which documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Usage reports.
    Usage,
    /// Bills.
    Bills,
}

/// How long intervals are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// As they were metered.
    AsMetered,
    /// This many seconds, from the full hour on our clock.
    Seconds(u32),
    /// A day on the clock of the service point: 23 or 25 hours when the clocks change.
    Day,
}

/// Why there is no extract. An account is named by its place in the list that was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// Nobody is known by this id.
    #[error("there is no partner {0}")]
    NoPartner(String),
    /// The days are not in order.
    #[error("the last day is before the first")]
    NoDays,
    /// The partner may not see all of it.
    #[error("{partner} may not see {data} of account {place} for these days: {refusal}")]
    NotAllowed {
        /// Its id.
        partner: String,
        /// Which data.
        data: &'static str,
        /// The account, counted from 1.
        place: usize,
        /// The nearest reason.
        refusal: Refusal,
    },
    /// A document is about an account that was not asked for too.
    #[error("P{0} is about another account too, and a document is not taken apart")]
    OthersToo(i64),
    /// Intervals are longer than asked for, or do not fit into those.
    #[error("account {place} has intervals of {seconds} s, which do not make up those asked for")]
    NotSoFine {
        /// The account, counted from 1.
        place: usize,
        /// How long its intervals are.
        seconds: u32,
    },
    /// Quantities that do not add up.
    #[error("account {place} has intervals of something that does not add up, such as demand")]
    NoSum {
        /// The account, counted from 1.
        place: usize,
    },
    /// What was posted cannot be read.
    #[error("P{0} cannot be read; it is of another version of this program")]
    Unreadable(i64),
    /// A series cannot be made.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// Too large a number.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// Days outside of the calendar.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// Whoever takes the documents did not.
    #[error("{0}")]
    NotTaken(String),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Hands over every document that was asked for, oldest posting first, and says for each account, in
/// the order asked, how many there were.
///
/// # Errors
///
/// [`ExtractError`]; what was handed over until then is not to be used.
pub async fn extract(
    house: &House,
    asked: &Asked,
    each: &mut dyn FnMut(&Record) -> Result<(), String>,
) -> Result<Vec<u64>, ExtractError> {
    let days = Period::new(asked.from, asked.to).map_err(|_| ExtractError::NoDays)?;
    let book = house.book();
    let partner = match &asked.partner {
        Some(id) => Some(book.find(id).ok_or_else(|| ExtractError::NoPartner(id.clone()))?),
        None => None,
    };
    let today = house.local(house.store.now().await?).date();
    let mut counts = vec![0; asked.accounts.len()];
    // What is asked for must be allowed whether or not there is any of it.
    if let Some(partner) = partner {
        let least = if asked.what == What::Bills { DataKind::Bills } else { DataKind::Usage };
        for place in 0..asked.accounts.len() {
            allowed(partner, asked, place, least, days, today)?;
        }
    }
    let filter = Filter {
        kinds: vec![if asked.what == What::Bills { Kind::Bill } else { Kind::Usage }],
        flow: Some(Flow::Out),
        test: Some(false),
        accounts: asked.accounts.iter().map(|it| it.as_str().to_string()).collect(),
        from: Some(asked.from),
        until: Some(asked.to.tomorrow().map_err(|_| ExtractError::NoDays)?),
        ..Filter::default()
    };
    // Of an account that was named twice the first place counts.
    let places = asked.accounts.iter().enumerate().rev();
    let by_number: HashMap<&str, usize> = places.map(|(place, it)| (it.as_str(), place)).collect();
    let mut after = None;
    loop {
        let found = house.store.postings(&filter, after, PART).await?;
        let Some(last) = found.last() else { return Ok(counts) };
        after = Some(last.id);
        for posting in found {
            let place = |account: &String| by_number.get(account.as_str()).copied();
            let places: Option<Vec<usize>> = posting.accounts.iter().map(place).collect();
            let places = places.ok_or(ExtractError::OthersToo(posting.id.0))?;
            let record = serde_json::from_slice::<Record>(&posting.record);
            let record = record.map_err(|_| ExtractError::Unreadable(posting.id.0))?;
            let first = places.first().copied().unwrap_or_default();
            let Some(mut record) = fitted(record, asked, first)? else { continue };
            if let (Some(partner), Record::UsageReport(report)) = (partner, &record) {
                for place in places.iter().filter(|_| report.series().next().is_some()) {
                    allowed(partner, asked, *place, DataKind::Intervals, days, today)?;
                }
            }
            let sees_details = |place: &usize| {
                let details = DataKind::AccountDetails;
                partner.is_none_or(|it| allowed(it, asked, *place, details, days, today).is_ok())
            };
            if !places.iter().all(sees_details) {
                withhold_details(&mut record);
            }
            each(&record).map_err(ExtractError::NotTaken)?;
            places.iter().for_each(|place| counts[*place] += 1);
        }
    }
}

/// Whether a partner may see data of an account today.
fn allowed(
    partner: &Partner,
    asked: &Asked,
    place: usize,
    data: DataKind,
    about: Period,
    on: Date,
) -> Result<(), ExtractError> {
    let by = partner.profile().id.as_str();
    let inquiry = Inquiry { by, account: &asked.accounts[place], meter: None, data, about, on };
    let word = match data {
        DataKind::Bills => "bills",
        DataKind::Intervals => "intervals",
        _ => "usage",
    };
    let refused = |refusal| ExtractError::NotAllowed {
        partner: by.to_string(),
        data: word,
        place: place + 1,
        refusal,
    };
    partner.may_see(&inquiry).map(|_| ()).map_err(refused)
}

/// What of a document was asked for; nothing if that is none of it.
fn fitted(record: Record, asked: &Asked, place: usize) -> Result<Option<Record>, ExtractError> {
    let Record::UsageReport(mut report) = record else { return Ok(Some(record)) };
    let mut is_changed = false;
    let mut sections = Vec::new();
    for mut section in std::mem::take(&mut report.sections) {
        let before = section.items.len();
        is_changed |= fit(&mut section, asked, place)?;
        if before == 0 || !section.items.is_empty() {
            sections.push(section);
        }
    }
    report.sections = sections;
    if is_changed {
        if !says_something(&report) {
            return Ok(None);
        }
        derived::derive(&mut report);
    }
    Ok(Some(Record::UsageReport(report)))
}

fn says_something(report: &UsageReport) -> bool {
    report.sections.iter().any(|section| !section.items.is_empty())
}

/// Cuts a section to what was asked for; whether that changed it.
fn fit(section: &mut UsageSection, asked: &Asked, place: usize) -> Result<bool, ExtractError> {
    let is_whole = section.period.and_then(|it| it.period()).is_none_or(|it| {
        let last = asked.to.tomorrow().unwrap_or(asked.to);
        asked.from <= it.start() && it.end() <= last
    });
    let mut is_changed = false;
    let mut items = Vec::new();
    for item in std::mem::take(&mut section.items) {
        match item {
            UsageItem::Quantity(_) if !is_whole => is_changed = true,
            UsageItem::Quantity(quantity) => items.push(UsageItem::Quantity(quantity)),
            UsageItem::Series(series) => {
                let span = Interval::new(
                    series.zone.day(asked.from)?.start(),
                    series.zone.day(asked.to)?.end(),
                )?;
                let is_inside = series.start() >= span.start() && series.end()? <= span.end();
                if is_inside && asked.grain == Grain::AsMetered {
                    items.push(UsageItem::Series(series));
                    continue;
                }
                is_changed = true;
                let cut = cut(&series, span, asked.grain, place)?;
                items.extend(cut.into_iter().map(UsageItem::Series));
            }
        }
    }
    section.items = items;
    if is_changed {
        // It is told anew from the intervals that are left.
        section.period = None;
        if asked.grain != Grain::AsMetered {
            section.meter_type = None;
        }
    }
    Ok(is_changed)
}

/// The intervals of a series within a span, as long as is asked for.
fn cut(
    series: &IntervalSeries,
    span: Interval,
    grain: Grain,
    place: usize,
) -> Result<Vec<IntervalSeries>, ExtractError> {
    let sums_up = matches!(
        series.unit.meaning.dimension(),
        Dimension::Energy | Dimension::ReactiveEnergy | Dimension::ApparentEnergy
    );
    let asked = match grain {
        Grain::AsMetered => series.seconds(),
        Grain::Seconds(seconds) => seconds,
        Grain::Day => 86_400,
    };
    if asked != series.seconds() {
        if asked % series.seconds() != 0 {
            return Err(ExtractError::NotSoFine { place: place + 1, seconds: series.seconds() });
        }
        if !sums_up {
            return Err(ExtractError::NoSum { place: place + 1 });
        }
    }
    let mut out: Vec<IntervalSeries> = Vec::new();
    let mut open: Option<Sum> = None;
    for point in series.points() {
        if point.start < span.start() || point.end > span.end() {
            continue;
        }
        if open.as_ref().is_none_or(|sum| point.start >= sum.interval.end()) {
            close(&mut out, open.take(), series, asked)?;
            open = Some(Sum::begin(bucket(series, point.start, grain, point.end)?));
        }
        let Some(sum) = &mut open else { continue };
        let value = point.value.quantity().zip(point.value.code());
        let raw = value.and_then(|(_, code)| code.raw.clone());
        sum.add(
            value.map(|(quantity, code)| (quantity, code.meaning)),
            raw,
            point.start,
            point.end,
        )?;
    }
    close(&mut out, open.take(), series, asked)?;
    Ok(out)
}

/// The interval that a point goes into.
fn bucket(
    series: &IntervalSeries,
    at: Timestamp,
    grain: Grain,
    end: Timestamp,
) -> Result<Interval, ExtractError> {
    Ok(match grain {
        Grain::AsMetered => Interval::new(at, end)?,
        Grain::Day => series.zone.day(series.zone.local(at).date())?,
        Grain::Seconds(seconds) => {
            let seconds = i64::from(seconds);
            let local = at.as_second() + i64::from(series.zone.offset(at));
            let start = at.as_second() - local.rem_euclid(seconds);
            let instant = |second| Timestamp::from_second(second).map_err(|_| ExtractError::NoDays);
            Interval::new(instant(start)?, instant(start + seconds)?)?
        }
    })
}

/// Points that become one.
struct Sum {
    interval: Interval,
    /// Up to where there is something without a gap.
    until: Timestamp,
    total: Option<Decimal>,
    quality: Option<Quality>,
    raw: Option<String>,
    is_whole: bool,
}

impl Sum {
    fn begin(interval: Interval) -> Sum {
        let until = interval.start();
        Sum { interval, until, total: None, quality: None, raw: None, is_whole: true }
    }

    fn add(
        &mut self,
        value: Option<(Decimal, Quality)>,
        raw: Option<String>,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<(), ExtractError> {
        let Some((quantity, quality)) = value.filter(|_| start == self.until) else {
            self.is_whole = false;
            return Ok(());
        };
        self.until = end;
        match self.total {
            None => (self.total, self.quality, self.raw) = (Some(quantity), Some(quality), raw),
            Some(total) => {
                self.total = Some(total.checked_add(&quantity)?);
                if self.quality != Some(quality) {
                    self.quality = Some(Quality::Mixed);
                    self.raw = None;
                } else if self.raw != raw {
                    self.raw = None;
                }
            }
        }
        Ok(())
    }
}

/// Adds a sum to a series as one point; nothing if a part of it is missing.
fn close(
    out: &mut Vec<IntervalSeries>,
    sum: Option<Sum>,
    series: &IntervalSeries,
    seconds: u32,
) -> Result<(), ExtractError> {
    let Some(sum) = sum else { return Ok(()) };
    let (Some(total), Some(quality), true) = (sum.total, sum.quality, sum.is_whole) else {
        return Ok(());
    };
    if sum.until < sum.interval.end() {
        return Ok(());
    }
    let start = sum.interval.start();
    let length = u32::try_from(sum.interval.seconds()).unwrap_or(seconds);
    let push = |out: &mut IntervalSeries| {
        let code = out.code(quality, sum.raw.as_deref())?;
        out.push_at(start, code, Some(total))?;
        if length == seconds { Ok(()) } else { out.set_last_seconds(length) }
    };
    match out.last_mut().map(&push) {
        Some(Ok(())) => return Ok(()),
        // What is far away, or behind a missing day of 23 hours, starts a series of its own.
        None | Some(Err(SeriesError::OffBeat(_) | SeriesError::TooFar(_))) => {}
        Some(Err(error)) => return Err(error.into()),
    }
    let (unit, zone) = (series.unit.clone(), series.zone.clone());
    let mut new = IntervalSeries::new(series.direction(), unit, seconds, zone, start)?;
    push(&mut new)?;
    out.push(new);
    Ok(())
}
