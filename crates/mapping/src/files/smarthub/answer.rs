//! The shape of an answer. Members we do not know are passed over.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use tieline_model::decimal::Decimal;

use super::SmartHubFault;

#[derive(Deserialize)]
pub(super) struct Answer<'a> {
    pub(super) status: String,
    #[serde(borrow, default)]
    pub(super) data: Option<BTreeMap<String, Vec<Block<'a>>>>,
}

/// All series of one kind.
#[derive(Deserialize)]
pub(super) struct Block<'a> {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(borrow, default)]
    pub(super) series: Vec<Series<'a>>,
    #[serde(default)]
    pub(super) meters: Vec<Meter>,
}

#[derive(Deserialize)]
pub(super) struct Series<'a> {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(borrow, default)]
    pub(super) data: Vec<Point<'a>>,
}

/// A point; its numbers are kept as text.
#[derive(Deserialize)]
pub(super) struct Point<'a> {
    #[serde(borrow)]
    pub(super) x: &'a RawValue,
    #[serde(borrow, default)]
    pub(super) y: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meter {
    #[serde(default)]
    pub(super) series_id: Option<String>,
    #[serde(default)]
    pub(super) flow_direction: Option<String>,
}

impl<'a> Point<'a> {
    /// What the clock showed, in seconds since 1970 as if it were UTC.
    pub(super) fn wall(&self) -> Result<i64, SmartHubFault> {
        let millis = unquoted(self.x).parse::<i64>().map_err(|_| SmartHubFault::NotATime)?;
        // Up to the year 9999.
        let is_time = millis % 1000 == 0 && (0..253_370_764_800_000).contains(&millis);
        is_time.then_some(millis / 1000).ok_or(SmartHubFault::NotATime)
    }

    /// How much; `None` where it says null.
    pub(super) fn quantity(&self) -> Result<Option<Decimal>, SmartHubFault> {
        match self.y.map(unquoted) {
            None | Some("null") => Ok(None),
            Some(text) => decimal(text).map(Some).ok_or(SmartHubFault::NotANumber),
        }
    }
}

fn unquoted(raw: &RawValue) -> &str {
    let text = raw.get();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// A number of JSON by its digits. An exponent moves the point, which loses nothing.
fn decimal(text: &str) -> Option<Decimal> {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let digits = Decimal::from_bytes(digits.as_bytes()).ok()?;
    match exponent.parse::<i8>().ok()? {
        0 => Some(digits),
        exponent => digits.times_power_of_ten(exponent).ok(),
    }
}
