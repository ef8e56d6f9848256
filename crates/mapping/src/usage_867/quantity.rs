//! A quantity of a period: one `QTY` loop.

use tieline_model::coded::Coded;
use tieline_model::decimal::Decimal;
use tieline_model::meter::Direction;
use tieline_model::quantity::Unit;
use tieline_model::usage::{Basis, Quality, UsageQuantity};

use crate::branch::{Rows, left_over};
use crate::common::write_stamp;
use crate::error::{MappingError, ValueFault};
use crate::figure::Figure;
use crate::given::Given;
use crate::measurement::{self, write_unit};
use crate::options::{Options, QuantityCode};
use crate::service_period::{read_whole, write_whole};
use crate::sink::Sink;

pub(crate) fn read(given: &Given<'_>, options: &Options) -> Result<UsageQuantity, MappingError> {
    let code = given.value(1).unwrap_or_default();
    let known = known(code, options);
    let direction = known.and_then(|it| it.direction).unwrap_or(Direction::Delivered);
    let quality = known.map_or(Quality::Other, |it| it.quality);
    let unit = given.first(3).map(|code| options.common.units.read(code, Unit::Other));
    let quality = Coded::received(quality, code);
    let amount = given.decimal(2)?;
    let made = UsageQuantity::new(direction, amount, Unit::Other.into(), quality);
    let mut quantity = made.map_err(|_| given.fault(2, ValueFault::Negative))?;
    quantity.unit = unit;
    quantity.basis = known.map_or(Basis::Measured, |it| it.basis);
    let (start, end) = (&options.common.period_start, &options.common.period_end);
    quantity.period = read_whole(given, start, end)?;
    let stamp = given.find("DTM", &options.usage.stamp).map(Given::stamp);
    quantity.occurred = stamp.transpose()?.flatten();
    for mea in given.all("MEA") {
        quantity.measurements.extend(measurement::read(mea, options)?);
    }
    quantity.at = given.ordinal();
    quantity.residue = left_over(given, &mut |out| say(&quantity, options, out))?;
    Ok(quantity)
}

pub(crate) fn write(
    quantity: &UsageQuantity,
    options: &Options,
    rows: Rows,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    out.record((&quantity.residue).into(), rows, &mut |out| say(quantity, options, out))
}

fn say(
    quantity: &UsageQuantity,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let code = write_code(quantity.direction(), &quantity.quality, quantity.basis, false, options)?;
    let unit = write_unit(quantity.unit.as_ref(), options)?;
    write_opener(code, quantity.amount(), unit, options, out)?;
    for measurement in &quantity.measurements {
        measurement::write(measurement, options, out)?;
    }
    let (start, end) = (&options.common.period_start, &options.common.period_end);
    if let Some(period) = quantity.period {
        write_whole(period, start, end, out)?;
    }
    match &quantity.occurred {
        Some(stamp) => write_stamp(&options.usage.stamp, stamp, out),
        None => Ok(()),
    }
}

/// What the options say of a code of `QTY01`.
pub(super) fn known<'o>(code: &str, options: &'o Options) -> Option<&'o QuantityCode> {
    options.usage.quantities.iter().find(|it| it.code == code)
}

/// The code of `QTY01`. A code that leaves the direction open, or that nobody knows, stands for
/// energy delivered, but in a series for that of the series.
pub(super) fn write_code<'c>(
    direction: Direction,
    quality: &'c Coded<Quality>,
    basis: Basis,
    in_series: bool,
    options: &'c Options,
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
    let code = options.usage.quantities.iter().find(|it| says_it(it)).map(|it| it.code.as_str());
    let meaning = || format!("{direction:?}, {:?}, {basis:?}", quality.meaning);
    code.ok_or_else(|| MappingError::NoCode { table: "quantities", meaning: meaning() })
}

/// The `QTY`; one without a value says so.
pub(super) fn write_opener(
    code: &str,
    amount: Option<Decimal>,
    unit: Option<&str>,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    match amount {
        Some(amount) => out.segment("QTY", &[Some(code), Some(&Figure::decimal(&amount)), unit]),
        None => out.segment("QTY", &[Some(code), None, unit, Some(&options.usage.no_value)]),
    }
}
