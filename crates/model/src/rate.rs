//! Rate schedules: what service costs, as data.
//!
//! A schedule has charges; a charge has one way of pricing: the same each month, by the unit in
//! tiers, by the time of use, by demand, by a price of each month, or as a credit. Prices come from
//! the utility's published book. Where the book gives no figure, the price says what is missing,
//! and whoever works out a bill has to refuse: [`Price::known`].

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Weekday};
use serde::{Deserialize, Serialize};

use crate::bill::ChargeKind;
use crate::decimal::Decimal;
use crate::meter::TimeOfUse;
use crate::money::Currency;
use crate::period::Month;
use crate::quantity::{Quantity, Unit};
use crate::stamp::ClockTime;
use crate::time::Zone;

/// What service costs for one kind of customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RateSchedule {
    /// Its number or name in the book, as it stands on bills.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// For whom it is, in the words of the book.
    pub applies_to: Option<String>,
    /// Where the figures are from: the book, its edition and page.
    pub source: Option<String>,
    /// When it is in force.
    pub validity: Validity,
    /// The currency of all prices.
    pub currency: Currency,
    /// Where the clocks are set that tell the time of use.
    pub zone: Zone,
    /// The schedule whose other charges apply as well, if it replaces only some.
    pub base: Option<String>,
    /// What is charged, in the order of the bill.
    pub charges: Vec<RateCharge>,
}

impl RateSchedule {
    /// The first charge of a kind that applies in a month.
    pub fn charge(&self, kind: ChargeKind, month: Month) -> Option<&RateCharge> {
        self.charges.iter().find(|charge| charge.kind == kind && charge.applies_in(month))
    }
}

/// One charge of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RateCharge {
    /// What it is for.
    pub kind: ChargeKind,
    /// What stands on the bill.
    pub name: String,
    /// The utility's code of the charge, e.g. `ENC001`.
    pub code: Option<String>,
    /// The months of the year it applies in, January being 1; all when there are none.
    #[serde(default)]
    pub months: Season,
    /// How it is priced.
    pub pricing: Pricing,
}

impl RateCharge {
    /// Whether it applies in a month.
    pub fn applies_in(&self, month: Month) -> bool {
        self.months.0.is_empty() || self.months.0.contains(&month.month())
    }
}

/// How a charge is priced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Pricing {
    /// The same each month.
    Monthly {
        /// For a month.
        price: Price,
    },
    /// By what was used.
    Tiers {
        /// The unit that is priced.
        unit: Unit,
        /// One or more prices.
        tiers: Tiers,
    },
    /// By when it was used.
    TimeOfUse {
        /// The unit that is priced.
        unit: Unit,
        /// The times that have a price of their own.
        windows: Windows,
        /// What all other time is called.
        otherwise: TimeOfUse,
        /// The price of all other time.
        price: Price,
    },
    /// By the greatest demand.
    Demand {
        /// The unit that is priced.
        unit: Unit,
        /// Which demand counts.
        measure: DemandMeasure,
        /// For a unit.
        price: Price,
    },
    /// By what was used, at a price that changes each month, such as the purchased power
    /// adjustment. The price may be less than zero.
    ByMonth {
        /// The unit that is priced.
        unit: Unit,
        /// The price of each month that is known.
        prices: BTreeMap<Month, Decimal>,
    },
    /// Taken off each month.
    Credit {
        /// For a month; not negative.
        price: Price,
        /// What has to be used at least.
        minimum_use: Option<Quantity>,
    },
}

/// A price, or what is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Price {
    /// For a unit or a month, in the schedule's currency.
    Known(Decimal),
    /// The book gives no figure.
    Unpublished(Unpublished),
}

/// A figure that the book does not give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[error("no figure is published for {unpublished}")]
pub struct Unpublished {
    /// What it would be the price of.
    pub unpublished: String,
}

impl Price {
    /// The figure.
    ///
    /// # Errors
    ///
    /// [`Unpublished`] names what is missing.
    pub fn known(&self) -> Result<Decimal, Unpublished> {
        match self {
            Price::Known(price) => Ok(*price),
            Price::Unpublished(missing) => Err(missing.clone()),
        }
    }
}

/// Which demand of a month counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DemandMeasure {
    /// The greatest of the month's intervals.
    Peak {
        /// The length of an interval.
        minutes: u16,
    },
    /// The greatest while the zone was called out.
    Zone {
        /// The name of the zone: red, yellow.
        zone: String,
    },
    /// Billing demand as the utility reports it; the book does not define it.
    AsReported,
}

/// Why a part of a schedule cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// No price at all.
    #[error("there must be at least one tier")]
    NoTier,
    /// The bounds do not rise.
    #[error("the bounds of the tiers must rise from above zero")]
    TiersDoNotRise,
    /// What is used beyond the last bound has no price, or a tier before the last has no bound.
    #[error("the last tier has no bound, and only the last")]
    OpenTier,
    /// A time that ends before it begins.
    #[error("a window of the day must end after it begins; one over midnight is two")]
    WindowEndsEarly,
    /// A window on no day.
    #[error("a window must name the days it is on")]
    NoDay,
    /// A time with two prices.
    #[error("two windows overlap")]
    WindowsOverlap,
    /// Not a month of the year.
    #[error("the months of a season are numbers from 1 to 12")]
    NoMonth,
    /// In force until before it is.
    #[error("the schedule ends before it begins")]
    EndBeforeStart,
}

/// When a schedule is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "ValidityRecord", into = "ValidityRecord")]
pub struct Validity {
    from: Date,
    until: Option<Date>,
}

/// When a schedule is in force.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct ValidityRecord {
    /// The first day.
    from: Date,
    /// The last day; until further notice if there is none.
    until: Option<Date>,
}

impl Validity {
    /// From the first until the last day; until further notice if there is none.
    ///
    /// # Errors
    ///
    /// [`RateError::EndBeforeStart`].
    pub fn new(from: Date, until: Option<Date>) -> Result<Validity, RateError> {
        match until.is_some_and(|until| until < from) {
            true => Err(RateError::EndBeforeStart),
            false => Ok(Validity { from, until }),
        }
    }

    /// The first day.
    pub fn from(&self) -> Date {
        self.from
    }

    /// The last day.
    pub fn until(&self) -> Option<Date> {
        self.until
    }

    /// Whether it is in force on a day.
    pub fn contains(&self, date: Date) -> bool {
        self.from <= date && self.until.is_none_or(|until| date <= until)
    }
}

impl TryFrom<ValidityRecord> for Validity {
    type Error = RateError;

    fn try_from(record: ValidityRecord) -> Result<Validity, RateError> {
        Validity::new(record.from, record.until)
    }
}

impl From<Validity> for ValidityRecord {
    fn from(validity: Validity) -> ValidityRecord {
        ValidityRecord { from: validity.from, until: validity.until }
    }
}

/// Months of the year, January being 1; none for the whole year.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "Vec<i8>")]
pub struct Season(Vec<i8>);

impl Season {
    /// Some months of the year.
    ///
    /// # Errors
    ///
    /// [`RateError::NoMonth`].
    pub fn new(months: Vec<i8>) -> Result<Season, RateError> {
        match months.iter().all(|month| (1..=12).contains(month)) {
            true => Ok(Season(months)),
            false => Err(RateError::NoMonth),
        }
    }

    /// The months.
    pub fn months(&self) -> &[i8] {
        &self.0
    }
}

impl TryFrom<Vec<i8>> for Season {
    type Error = RateError;

    fn try_from(months: Vec<i8>) -> Result<Season, RateError> {
        Season::new(months)
    }
}

/// Prices by how much is used: the first up to a bound, the next up to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "Vec<Tier>")]
pub struct Tiers(Vec<Tier>);

/// One of the prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Up to which quantity of the month it holds, that included; `None` for all the rest.
    pub up_to: Option<Decimal>,
    /// For a unit.
    pub price: Price,
}

impl Tiers {
    /// Prices with rising bounds, of which the last has none.
    ///
    /// # Errors
    ///
    /// [`RateError::NoTier`], [`RateError::OpenTier`], [`RateError::TiersDoNotRise`].
    pub fn new(tiers: Vec<Tier>) -> Result<Tiers, RateError> {
        let (last, bounded) = tiers.split_last().ok_or(RateError::NoTier)?;
        if last.up_to.is_some() || bounded.iter().any(|tier| tier.up_to.is_none()) {
            return Err(RateError::OpenTier);
        }
        let bounds: Vec<Decimal> = bounded.iter().filter_map(|tier| tier.up_to).collect();
        let rise = bounds.iter().zip(std::iter::once(&Decimal::ZERO).chain(&bounds));
        match rise.clone().all(|(bound, before)| before < bound) {
            true => Ok(Tiers(tiers)),
            false => Err(RateError::TiersDoNotRise),
        }
    }

    /// One price for all.
    pub fn flat(price: Price) -> Tiers {
        Tiers(vec![Tier { up_to: None, price }])
    }

    /// The prices.
    pub fn tiers(&self) -> &[Tier] {
        &self.0
    }
}

impl TryFrom<Vec<Tier>> for Tiers {
    type Error = RateError;

    fn try_from(tiers: Vec<Tier>) -> Result<Tiers, RateError> {
        Tiers::new(tiers)
    }
}

/// Times of the week that have a price of their own and do not overlap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "Vec<Window>")]
pub struct Windows(Vec<Window>);

/// A time of some days, on the clock of the schedule's zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// What this time is called.
    pub bucket: TimeOfUse,
    /// The days it is on.
    pub days: Vec<Day>,
    /// When it begins.
    pub from: ClockTime,
    /// When it is over; 2400 for midnight.
    pub until: ClockTime,
    /// For a unit.
    pub price: Price,
}

impl Window {
    fn is_at(&self, local: DateTime) -> bool {
        let now = i32::from(local.hour()) * 60 + i32::from(local.minute());
        let is_day = self.days.contains(&Day::of(local.date()));
        is_day && minute(self.from) <= now && now < minute(self.until)
    }

    fn overlaps(&self, other: &Window) -> bool {
        self.days.iter().any(|day| other.days.contains(day))
            && minute(self.from) < minute(other.until)
            && minute(other.from) < minute(self.until)
    }
}

/// Of the day; seconds are not looked at.
fn minute(time: ClockTime) -> i32 {
    i32::from(time.hour()) * 60 + i32::from(time.minute())
}

impl Windows {
    /// Times that do not overlap.
    ///
    /// # Errors
    ///
    /// [`RateError::NoDay`], [`RateError::WindowEndsEarly`], [`RateError::WindowsOverlap`].
    pub fn new(windows: Vec<Window>) -> Result<Windows, RateError> {
        for (n, window) in windows.iter().enumerate() {
            if window.days.is_empty() {
                return Err(RateError::NoDay);
            }
            if minute(window.until) <= minute(window.from) {
                return Err(RateError::WindowEndsEarly);
            }
            if windows[..n].iter().any(|before| before.overlaps(window)) {
                return Err(RateError::WindowsOverlap);
            }
        }
        Ok(Windows(windows))
    }

    /// The window that a time on the wall clock is in.
    pub fn at(&self, local: DateTime) -> Option<&Window> {
        self.0.iter().find(|window| window.is_at(local))
    }

    /// All of them.
    pub fn windows(&self) -> &[Window] {
        &self.0
    }
}

impl TryFrom<Vec<Window>> for Windows {
    type Error = RateError;

    fn try_from(windows: Vec<Window>) -> Result<Windows, RateError> {
        Windows::new(windows)
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Day {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

impl Day {
    /// The day of the week of a date.
    pub fn of(date: Date) -> Day {
        match date.weekday() {
            Weekday::Monday => Day::Monday,
            Weekday::Tuesday => Day::Tuesday,
            Weekday::Wednesday => Day::Wednesday,
            Weekday::Thursday => Day::Thursday,
            Weekday::Friday => Day::Friday,
            Weekday::Saturday => Day::Saturday,
            Weekday::Sunday => Day::Sunday,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::date;

    fn number(text: &str) -> Decimal {
        text.parse().expect("the test gives a number")
    }

    fn tier(up_to: Option<&str>) -> Tier {
        Tier { up_to: up_to.map(number), price: Price::Known(number("0.052")) }
    }

    fn window(days: &[Day], from: &str, until: &str) -> Window {
        let time = |text: &str| ClockTime::from_bytes(text.as_bytes()).expect("a time");
        let price = Price::Known(number("0.222"));
        let (from, until) = (time(from), time(until));
        Window { bucket: TimeOfUse::OnPeak, days: days.to_vec(), from, until, price }
    }

    #[test]
    fn tiers_rise_and_the_last_is_open() {
        assert!(Tiers::new(vec![tier(Some("400")), tier(Some("800")), tier(None)]).is_ok());
        for (tiers, error) in [
            (vec![], RateError::NoTier),
            (vec![tier(Some("400"))], RateError::OpenTier),
            (vec![tier(None), tier(None)], RateError::OpenTier),
            (vec![tier(Some("0")), tier(None)], RateError::TiersDoNotRise),
            (vec![tier(Some("9")), tier(Some("9.0")), tier(None)], RateError::TiersDoNotRise),
        ] {
            assert_eq!(Tiers::new(tiers), Err(error));
        }
    }

    #[test]
    fn a_time_of_day_has_one_price() {
        let work = [Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday];
        let (morning, evening) = (window(&work, "0600", "0900"), window(&work, "1700", "2000"));
        let windows = Windows::new(vec![morning.clone(), evening]).expect("windows");
        let is_peak = |day: i8, hour| windows.at(date(2026, 3, day).at(hour, 0, 0, 0)).is_some();
        assert!(is_peak(9, 6) && is_peak(9, 8) && is_peak(13, 19));
        assert!(!is_peak(9, 9) && !is_peak(9, 5) && !is_peak(8, 6) && !is_peak(14, 18));

        let friday = window(&[Day::Friday], "0859", "2400");
        for (wrong, error) in [
            (window(&[], "0600", "0900"), RateError::NoDay),
            (window(&work, "2200", "0600"), RateError::WindowEndsEarly),
            (friday, RateError::WindowsOverlap),
        ] {
            assert_eq!(Windows::new(vec![morning.clone(), wrong]), Err(error));
        }
    }

    #[test]
    fn a_missing_figure_is_named() {
        let json = r#"[{"up_to":"400","price":"0.052"},
            {"up_to":null,"price":{"unpublished":"energy above 400 kWh"}}]"#;
        let tiers: Tiers = serde_json::from_str(json).expect("tiers");
        let prices: Vec<_> = tiers.tiers().iter().map(|tier| tier.price.known()).collect();
        assert_eq!(prices[0], Ok(number("0.052")));
        let error = prices[1].as_ref().expect_err("there is none");
        assert_eq!(error.to_string(), "no figure is published for energy above 400 kWh");
    }

    #[test]
    fn seasons_and_validity_have_bounds() {
        assert_eq!(Season::new(vec![6, 13]), Err(RateError::NoMonth));
        let (first, last) = (date(2026, 1, 1), date(2026, 12, 31));
        assert_eq!(Validity::new(last, Some(first)), Err(RateError::EndBeforeStart));
        let year = Validity::new(first, Some(last)).expect("in order");
        assert!(year.contains(first) && year.contains(last) && !year.contains(date(2027, 1, 1)));
    }
}
