//! A quantity of a period: one `QTY` loop.

use tieline_model::coded::Coded;
use tieline_model::decimal::Decimal;
use tieline_model::meter::{Direction, TimeOfUse};
use tieline_model::period::Period;
use tieline_model::quantity::Unit;
use tieline_model::usage::{
    Basis, Factor, Measurement, Quality, ReadPair, RegisterRead, UsageQuantity,
};
use tieline_x12::compose::Segment;

use super::write_stamp;
use crate::branch::{Branch, Rows, left_over, segment};
use crate::error::{MappingError, ValueFault};
use crate::given::Given;
use crate::options::{QuantityCode, UsageOptions};
use crate::stamp::written;

pub(super) fn read(
    given: &Given<'_>,
    options: &UsageOptions,
) -> Result<UsageQuantity, MappingError> {
    let code = given.value(1).unwrap_or_default();
    let known = known(code, options);
    let direction = known.and_then(|it| it.direction).unwrap_or(Direction::Delivered);
    let quality = known.map_or(Quality::Other, |it| it.quality);
    let unit = given.first(3).map(|code| options.units.read(code, Unit::Other));
    let quality = Coded::received(quality, code);
    let amount = given.decimal(2)?;
    let made = UsageQuantity::new(direction, amount, Unit::Other.into(), quality);
    let mut quantity = made.map_err(|_| given.fault(2, ValueFault::Negative))?;
    quantity.unit = unit;
    quantity.basis = known.map_or(Basis::Measured, |it| it.basis);
    quantity.period = read_period(given, options)?;
    let stamp = given.find("DTM", &options.stamp).map(Given::stamp);
    quantity.occurred = stamp.transpose()?.flatten();
    for mea in given.all("MEA") {
        quantity.measurements.extend(read_measurement(mea, options)?);
    }
    quantity.at = given.ordinal();
    let (opener, children) = parts(&quantity, options)?;
    left_over(given, &opener, &children, &mut quantity.residue)?;
    Ok(quantity)
}

pub(super) fn write(
    quantity: &UsageQuantity,
    options: &UsageOptions,
    rows: &Rows,
) -> Result<Branch, MappingError> {
    let (opener, children) = parts(quantity, options)?;
    Ok(Branch::record(opener, children, &quantity.residue, rows))
}

fn parts(
    quantity: &UsageQuantity,
    options: &UsageOptions,
) -> Result<(Segment, Vec<Branch>), MappingError> {
    let code = write_code(quantity.direction(), &quantity.quality, quantity.basis, false, options)?;
    let unit = write_unit(quantity.unit.as_ref(), options)?;
    let opener = write_opener(code, quantity.amount(), unit, options);
    let mut body = Vec::new();
    for measurement in &quantity.measurements {
        body.push(write_measurement(measurement, options)?);
    }
    if let Some(period) = quantity.period {
        let both = [(&options.period_start, period.start()), (&options.period_end, period.end())];
        body.extend(both.map(|(code, date)| segment("DTM", [Some(code), Some(&written(date))])));
    }
    body.extend(quantity.occurred.iter().map(|it| write_stamp(&options.stamp, it)));
    Ok((opener, body.into_iter().map(Branch::from).collect()))
}

/// What the options say of a code of `QTY01`.
pub(super) fn known<'o>(code: &str, options: &'o UsageOptions) -> Option<&'o QuantityCode> {
    options.quantities.iter().find(|it| it.code == code)
}

/// The code of `QTY01`. A code that leaves the direction open, or that nobody knows, stands for
/// energy delivered, but in a series for that of the series.
pub(super) fn write_code<'c>(
    direction: Direction,
    quality: &'c Coded<Quality>,
    basis: Basis,
    in_series: bool,
    options: &'c UsageOptions,
) -> Result<&'c str, MappingError> {
    let is_open = in_series || direction == Direction::Delivered;
    let says_it = |it: &QuantityCode| {
        let goes_there = it.direction.map_or(is_open, |it| it == direction);
        goes_there && it.quality == quality.meaning && it.basis == basis
    };
    if let Some(raw) = &quality.raw {
        let is_unknown = quality.meaning == Quality::Other && basis == Basis::Measured && is_open;
        if known(raw, options).map_or(is_unknown, says_it) {
            return Ok(raw);
        }
    }
    let code = options.quantities.iter().find(|it| says_it(it)).map(|it| it.code.as_str());
    let meaning = || format!("{direction:?}, {:?}, {basis:?}", quality.meaning);
    code.ok_or_else(|| MappingError::NoCode { table: "quantities", meaning: meaning() })
}

/// The `QTY`; one without a value says so.
pub(super) fn write_opener(
    code: &str,
    amount: Option<Decimal>,
    unit: Option<&str>,
    options: &UsageOptions,
) -> Segment {
    match amount {
        Some(amount) => segment("QTY", [Some(code), Some(&amount.to_string()), unit]),
        None => segment("QTY", [Some(code), None, unit, Some(&options.no_value)]),
    }
}

pub(super) fn write_unit<'c>(
    unit: Option<&'c Coded<Unit>>,
    options: &'c UsageOptions,
) -> Result<Option<&'c str>, MappingError> {
    unit.map(|unit| options.units.write(unit, Some(Unit::Other), "units")).transpose()
}

/// Both ends in order; anything else is left over.
fn read_period(given: &Given<'_>, options: &UsageOptions) -> Result<Option<Period>, MappingError> {
    let day = |qualifier| given.find("DTM", qualifier).map_or(Ok(None), |dtm| dtm.date(2));
    let (start, end) = (day(&options.period_start)?, day(&options.period_end)?);
    Ok(start.zip(end).and_then(|(start, end)| Period::new(start, end).ok()))
}

/// A `MEA` is a factor if the options say so of its `MEA02`, else a reading.
fn read_measurement(
    mea: &Given<'_>,
    options: &UsageOptions,
) -> Result<Option<Measurement>, MappingError> {
    let unit = mea.first(4).map(|code| options.units.read(code, Unit::Other));
    let time_of_use = mea.value(7).map(|code| options.times_of_use.read(code, TimeOfUse::Other));
    let amount = mea.decimal(3)?;
    if let Some(kind) = mea.value(2).and_then(|code| options.factors.known(code)) {
        let factor = |value| Measurement::Factor(Factor { kind, value, unit, time_of_use });
        return Ok(amount.map(factor));
    }
    Ok(Some(Measurement::Read(RegisterRead {
        pair: mea.value(1).map(|code| options.read_pairs.read(code, ReadPair::Other)),
        measure: mea.text(2),
        amount,
        unit,
        begin: mea.decimal(5)?,
        end: mea.decimal(6)?,
        time_of_use,
    })))
}

fn write_measurement(
    measurement: &Measurement,
    options: &UsageOptions,
) -> Result<Segment, MappingError> {
    let text = |number: &Option<Decimal>| number.as_ref().map(Decimal::to_string);
    let tou = |it: &'_ Option<Coded<TimeOfUse>>| -> Result<Option<String>, MappingError> {
        let write = |it| options.times_of_use.write(it, Some(TimeOfUse::Other), "times_of_use");
        Ok(it.as_ref().map(write).transpose()?.map(str::to_string))
    };
    Ok(match measurement {
        Measurement::Read(read) => {
            let pair = read.pair.as_ref();
            let pair =
                pair.map(|it| options.read_pairs.write(it, Some(ReadPair::Other), "read_pairs"));
            segment(
                "MEA",
                [
                    pair.transpose()?,
                    read.measure.as_deref(),
                    text(&read.amount).as_deref(),
                    write_unit(read.unit.as_ref(), options)?,
                    text(&read.begin).as_deref(),
                    text(&read.end).as_deref(),
                    tou(&read.time_of_use)?.as_deref(),
                ],
            )
        }
        Measurement::Factor(factor) => segment(
            "MEA",
            [
                None,
                Some(options.factors.write(&factor.kind, None, "factors")?),
                Some(&factor.value.to_string()),
                write_unit(factor.unit.as_ref(), options)?,
                None,
                None,
                tou(&factor.time_of_use)?.as_deref(),
            ],
        ),
    })
}
