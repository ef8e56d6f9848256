//! A reading or a factor: one `MEA`.

use tieline_model::coded::Coded;
use tieline_model::decimal::Decimal;
use tieline_model::meter::TimeOfUse;
use tieline_model::quantity::Unit;
use tieline_model::usage::{Factor, Measurement, ReadPair, RegisterRead};
use tieline_x12::compose::Segment;

use crate::branch::segment;
use crate::error::MappingError;
use crate::given::Given;
use crate::options::Options;

/// A `MEA` is a factor if the options say so of its `MEA02`, else a reading.
pub(crate) fn read(
    mea: &Given<'_>,
    options: &Options,
) -> Result<Option<Measurement>, MappingError> {
    let unit = mea.first(4).map(|code| options.common.units.read(code, Unit::Other));
    let time_of_use =
        mea.value(7).map(|code| options.common.times_of_use.read(code, TimeOfUse::Other));
    let amount = mea.decimal(3)?;
    if let Some(kind) = mea.value(2).and_then(|code| options.common.factors.known(code)) {
        let factor = |value| Measurement::Factor(Factor { kind, value, unit, time_of_use });
        return Ok(amount.map(factor));
    }
    Ok(Some(Measurement::Read(RegisterRead {
        pair: mea.value(1).map(|code| options.common.read_pairs.read(code, ReadPair::Other)),
        measure: mea.text(2),
        amount,
        unit,
        begin: mea.decimal(5)?,
        end: mea.decimal(6)?,
        time_of_use,
    })))
}

pub(crate) fn write(measurement: &Measurement, options: &Options) -> Result<Segment, MappingError> {
    let text = |number: &Option<Decimal>| number.as_ref().map(Decimal::to_string);
    let tou = |it: &'_ Option<Coded<TimeOfUse>>| -> Result<Option<String>, MappingError> {
        let write =
            |it| options.common.times_of_use.write(it, Some(TimeOfUse::Other), "times_of_use");
        Ok(it.as_ref().map(write).transpose()?.map(str::to_string))
    };
    Ok(match measurement {
        Measurement::Read(read) => {
            let pair = read.pair.as_ref();
            let pair = pair
                .map(|it| options.common.read_pairs.write(it, Some(ReadPair::Other), "read_pairs"));
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
                Some(options.common.factors.write(&factor.kind, None, "factors")?),
                Some(&factor.value.to_string()),
                write_unit(factor.unit.as_ref(), options)?,
                None,
                None,
                tou(&factor.time_of_use)?.as_deref(),
            ],
        ),
    })
}

pub(crate) fn write_unit<'c>(
    unit: Option<&'c Coded<Unit>>,
    options: &'c Options,
) -> Result<Option<&'c str>, MappingError> {
    unit.map(|unit| options.common.units.write(unit, Some(Unit::Other), "units")).transpose()
}
