//! One `[[charge]]` of a schedule: the keys it has say how it is priced.
//!
//! | keys | priced |
//! |---|---|
//! | `per = "month"`, `price` | the same each month |
//! | `per = "kWh"`, `price` or `tiers` | by what was used |
//! | `per = "kWh"`, `windows`, `otherwise` | by when it was used |
//! | `per = "kW"`, `demand`, `price` | by demand |
//! | `per = "kWh"`, `by_month` | by what was used, at a price of each month |
//! | `credit`, perhaps `minimum_use` in kWh | taken off each month |
//!
//! `unpublished` may stand wherever `price` does.

use super::*;
use tieline_model::decimal::Decimal;
use tieline_model::meter::TimeOfUse;
use tieline_model::quantity::{Quantity, Unit};
use tieline_model::rate::{
    Day, DemandMeasure, Price, Pricing, RateCharge, Season, Tier, Tiers, Unpublished, Window,
    Windows,
};
use tieline_model::stamp::ClockTime;

pub(super) const KEYS: [&str; 16] = [
    "kind",
    "name",
    "code",
    "months",
    "per",
    "price",
    "unpublished",
    "tiers",
    "windows",
    "otherwise",
    "demand",
    "minutes",
    "zone",
    "by_month",
    "credit",
    "minimum_use",
];
const TIER_KEYS: [&str; 3] = ["up_to", "price", "unpublished"];
const WINDOW_KEYS: [&str; 6] = ["bucket", "days", "from", "until", "price", "unpublished"];
const OTHERWISE_KEYS: [&str; 3] = ["bucket", "price", "unpublished"];

pub(super) const KINDS: [(&str, ChargeKind); 20] = [
    ("basic", ChargeKind::Basic),
    ("energy", ChargeKind::Energy),
    ("time_of_use_energy", ChargeKind::TimeOfUseEnergy),
    ("demand", ChargeKind::Demand),
    ("red_zone", ChargeKind::RedZone),
    ("yellow_zone", ChargeKind::YellowZone),
    ("power_adjustment", ChargeKind::PowerAdjustment),
    ("reactive", ChargeKind::Reactive),
    ("generation", ChargeKind::Generation),
    ("transmission", ChargeKind::Transmission),
    ("distribution", ChargeKind::Distribution),
    ("minimum", ChargeKind::Minimum),
    ("unmetered", ChargeKind::Unmetered),
    ("load_control_credit", ChargeKind::LoadControlCredit),
    ("generation_credit", ChargeKind::GenerationCredit),
    ("adjustment", ChargeKind::Adjustment),
    ("late_payment", ChargeKind::LatePayment),
    ("service", ChargeKind::Service),
    ("fee", ChargeKind::Fee),
    ("other", ChargeKind::Other),
];
const UNITS: [(&str, Unit); 4] = [
    ("month", Unit::Month),
    ("kWh", Unit::KilowattHour),
    ("MWh", Unit::MegawattHour),
    ("kW", Unit::Kilowatt),
];
const BUCKETS: [(&str, TimeOfUse); 3] = [
    ("on_peak", TimeOfUse::OnPeak),
    ("off_peak", TimeOfUse::OffPeak),
    ("intermediate", TimeOfUse::Intermediate),
];
const MEASURES: [(&str, Measure); 3] =
    [("as_reported", Measure::AsReported), ("peak", Measure::Peak), ("zone", Measure::Zone)];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [(&str, Day); 7] = [
    ("Mon", Day::Monday),
    ("Tue", Day::Tuesday),
    ("Wed", Day::Wednesday),
    ("Thu", Day::Thursday),
    ("Fri", Day::Friday),
    ("Sat", Day::Saturday),
    ("Sun", Day::Sunday),
];

#[derive(Clone, Copy)]
enum Measure {
    AsReported,
    Peak,
    Zone,
}

pub(super) fn read(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<RateCharge> {
    table.require("kind", faults);
    table.require("name", faults);
    let kind = table.word("kind", &KINDS, faults);
    let name = table.text("name", faults);
    let code = table.text("code", faults).map(|code| code.value);
    let months = read_months(table, faults);
    let pricing = read_pricing(table, faults);
    let (kind, name, months, pricing) = (kind?, name?.value, months?, pricing?);
    Some(RateCharge { kind, name, code, months, pricing })
}

fn read_months(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<Season> {
    let Some(names) = table.texts("months", faults) else {
        return table.value("months").is_none().then(Season::default);
    };
    let mut months = Vec::new();
    for name in names.value {
        match (1..).zip(MONTHS).find(|(_, month)| *month == name.value) {
            Some((month, _)) => months.push(month),
            None => faults.unknown(name.span, "month", &name.value, &MONTHS),
        }
    }
    Season::new(months).ok()
}

fn read_pricing(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<Pricing> {
    let shapes: [(&str, &[&str]); 5] = [
        ("credit", &["minimum_use"]),
        ("by_month", &["per"]),
        ("tiers", &["per"]),
        ("windows", &["per", "otherwise"]),
        ("demand", &["per", "minutes", "zone", "price", "unpublished"]),
    ];
    let shape = shapes.iter().find(|(key, _)| table.value(key).is_some());
    let (key, others) = shape.copied().unwrap_or(("price", &["per", "unpublished"]));
    for other in KEYS[4..].iter().filter(|other| **other != key && !others.contains(other)) {
        if let Some(span) = table.value(other) {
            faults.at(span, format!("`{other}` does not go with `{key}`"));
        }
    }
    if key == "credit" {
        return read_credit(table, faults);
    }
    table.require("per", faults);
    let span = table.value("per").unwrap_or(table.span.clone());
    let unit = table.word("per", &UNITS, faults)?;
    let needed = match key {
        "demand" => "\"kW\"",
        "price" => "\"month\" or \"kWh\"; by kW, `demand` says which demand counts",
        _ => "\"kWh\"",
    };
    let is_energy = matches!(unit, Unit::KilowattHour | Unit::MegawattHour);
    let fits = match key {
        "demand" => unit == Unit::Kilowatt,
        "price" => is_energy || unit == Unit::Month,
        _ => is_energy,
    };
    if !fits {
        faults.at(span, format!("`per` must be {needed} here"));
        return None;
    }
    match key {
        "by_month" => read_by_month(table, unit, faults),
        "tiers" => read_tiers(table, unit, faults),
        "windows" => read_windows(table, unit, faults),
        "demand" => read_demand(table, unit, faults),
        _ if unit == Unit::Month => Some(Pricing::Monthly { price: read_price(table, faults)? }),
        _ => Some(Pricing::Tiers { unit, tiers: Tiers::flat(read_price(table, faults)?) }),
    }
}

/// The figure, or what it would be for.
fn read_price(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<Price> {
    if let (Some(span), Some(_)) = (table.value("unpublished"), table.value("price")) {
        faults.at(span, "there is a `price`, so it is published");
        return None;
    }
    match (table.value("unpublished"), table.value("price")) {
        (Some(_), _) => {
            let unpublished = table.text("unpublished", faults)?.value;
            Some(Price::Unpublished(Unpublished { unpublished }))
        }
        (None, Some(_)) => Some(Price::Known(positive(table, "price", faults)?)),
        (None, None) => {
            let help = "where no figure is published, write `unpublished` and what it is for";
            faults.with_help(table.span.clone(), "there is no `price`", help);
            None
        }
    }
}

fn positive(table: &Table<'_>, key: &str, faults: &mut Faults<'_>) -> Option<Decimal> {
    let number = table.decimal(key, faults)?;
    if number.value.is_negative() {
        faults.at(number.span, format!("`{key}` must not be less than zero"));
        return None;
    }
    Some(number.value)
}

fn read_credit(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<Pricing> {
    let price = positive(table, "credit", faults);
    let minimum = table.value("minimum_use").map(|_| positive(table, "minimum_use", faults));
    let minimum_use = match minimum {
        Some(amount) => Some(Quantity::new(amount?, Unit::KilowattHour)),
        None => None,
    };
    Some(Pricing::Credit { price: Price::Known(price?), minimum_use })
}

fn read_by_month(table: &Table<'_>, unit: Unit, faults: &mut Faults<'_>) -> Option<Pricing> {
    let mut prices = BTreeMap::new();
    for (month, price) in table.decimals("by_month", faults)? {
        match Month::try_from(month.value) {
            Ok(month) => {
                prices.insert(month, price);
            }
            Err(error) => faults.at(month.span, error.to_string()),
        }
    }
    Some(Pricing::ByMonth { unit, prices })
}

fn read_tiers(table: &Table<'_>, unit: Unit, faults: &mut Faults<'_>) -> Option<Pricing> {
    let mut tiers = Vec::new();
    for tier in table.tables("tiers", "{ up_to, price }", &TIER_KEYS, faults) {
        let up_to = tier.decimal("up_to", faults).map(|at| at.value);
        tiers.push(read_price(&tier, faults).map(|price| Tier { up_to, price }));
    }
    let tiers = tiers.into_iter().collect::<Option<Vec<_>>>()?;
    let span = table.value("tiers").unwrap_or(table.span.clone());
    let tiers = Tiers::new(tiers).map_err(|error| faults.at(span, error.to_string())).ok()?;
    Some(Pricing::Tiers { unit, tiers })
}

fn read_windows(table: &Table<'_>, unit: Unit, faults: &mut Faults<'_>) -> Option<Pricing> {
    let mut windows = Vec::new();
    let name = "{ bucket, days, from, until, price }";
    for window in table.tables("windows", name, &WINDOW_KEYS, faults) {
        windows.push(read_window(&window, faults));
    }
    table.require("otherwise", faults);
    let rest = table.table("otherwise", "{ bucket, price }", &OTHERWISE_KEYS, faults)?;
    rest.require("bucket", faults);
    let otherwise = rest.word("bucket", &BUCKETS, faults);
    let price = read_price(&rest, faults);
    let windows = windows.into_iter().collect::<Option<Vec<_>>>()?;
    let span = table.value("windows").unwrap_or(table.span.clone());
    let windows = Windows::new(windows).map_err(|error| faults.at(span, error.to_string())).ok()?;
    Some(Pricing::TimeOfUse { unit, windows, otherwise: otherwise?, price: price? })
}

fn read_window(window: &Table<'_>, faults: &mut Faults<'_>) -> Option<Window> {
    for key in ["bucket", "days", "from", "until"] {
        window.require(key, faults);
    }
    let bucket = window.word("bucket", &BUCKETS, faults);
    let mut days = Vec::new();
    for name in window.texts("days", faults).map(|at| at.value).unwrap_or_default() {
        match DAYS.iter().find(|(word, _)| *word == name.value) {
            Some((_, day)) => days.push(*day),
            None => {
                let known = DAYS.map(|(word, _)| word);
                faults.unknown(name.span, "day", &name.value, &known);
                return None;
            }
        }
    }
    let from = read_clock(window, "from", faults);
    let until = read_clock(window, "until", faults);
    let price = read_price(window, faults);
    Some(Window { bucket: bucket?, days, from: from?, until: until?, price: price? })
}

/// A time of day written as on a clock: `06:00`, `24:00`.
fn read_clock(window: &Table<'_>, key: &str, faults: &mut Faults<'_>) -> Option<ClockTime> {
    let at: At<String> = window.text(key, faults)?;
    let time = at.value.split_once(':').filter(|(hour, minute)| hour.len() + minute.len() == 4);
    let time = time.and_then(|(hour, minute)| {
        ClockTime::from_bytes(format!("{hour}{minute}").as_bytes()).ok()
    });
    if time.is_none() {
        faults.at(at.span, format!("`{key}` must be a time of day such as \"06:00\""));
    }
    time
}

fn read_demand(table: &Table<'_>, unit: Unit, faults: &mut Faults<'_>) -> Option<Pricing> {
    let which = table.word("demand", &MEASURES, faults)?;
    let (needed, measure) = match which {
        Measure::AsReported => ("", Some(DemandMeasure::AsReported)),
        Measure::Peak => {
            table.require("minutes", faults);
            let minutes = table.count("minutes", 60, faults);
            let minutes = minutes.and_then(|at| u16::try_from(at.value).ok());
            ("minutes", minutes.map(|minutes| DemandMeasure::Peak { minutes }))
        }
        Measure::Zone => {
            table.require("zone", faults);
            let zone = table.text("zone", faults);
            ("zone", zone.map(|zone| DemandMeasure::Zone { zone: zone.value }))
        }
    };
    for key in ["minutes", "zone"].iter().filter(|key| **key != needed) {
        if let Some(span) = table.value(key) {
            faults.at(span, format!("`{key}` does not go with this `demand`"));
        }
    }
    let price = read_price(table, faults);
    Some(Pricing::Demand { unit, measure: measure?, price: price? })
}
