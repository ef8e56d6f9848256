//! A reading or a factor: one `MEA`.

use tieline_model::coded::Coded;
use tieline_model::meter::TimeOfUse;
use tieline_model::quantity::Unit;
use tieline_model::usage::{Factor, Measurement, ReadPair, RegisterRead};

use crate::error::MappingError;
use crate::figure::Figure;
use crate::given::Given;
use crate::options::Options;
use crate::sink::Sink;

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

pub(crate) fn write(
    measurement: &Measurement,
    options: &Options,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    match measurement {
        Measurement::Read(read) => {
            let (pairs, other) = (&options.common.read_pairs, Some(ReadPair::Other));
            let pair = read.pair.as_ref().map(|it| pairs.write(it, other, "read_pairs"));
            out.segment(
                "MEA",
                &[
                    pair.transpose()?,
                    read.measure.as_deref(),
                    Figure::number(&read.amount).as_deref(),
                    write_unit(read.unit.as_ref(), options)?,
                    Figure::number(&read.begin).as_deref(),
                    Figure::number(&read.end).as_deref(),
                    write_time_of_use(read.time_of_use.as_ref(), options)?,
                ],
            )
        }
        Measurement::Factor(factor) => out.segment(
            "MEA",
            &[
                None,
                Some(options.common.factors.write(&factor.kind, None, "factors")?),
                Some(&Figure::decimal(&factor.value)),
                write_unit(factor.unit.as_ref(), options)?,
                None,
                None,
                write_time_of_use(factor.time_of_use.as_ref(), options)?,
            ],
        ),
    }
}

fn write_time_of_use<'c>(
    time_of_use: Option<&'c Coded<TimeOfUse>>,
    options: &'c Options,
) -> Result<Option<&'c str>, MappingError> {
    let (codes, other) = (&options.common.times_of_use, Some(TimeOfUse::Other));
    time_of_use.map(|it| codes.write(it, other, "times_of_use")).transpose()
}

pub(crate) fn write_unit<'c>(
    unit: Option<&'c Coded<Unit>>,
    options: &'c Options,
) -> Result<Option<&'c str>, MappingError> {
    unit.map(|unit| options.common.units.write(unit, Some(Unit::Other), "units")).transpose()
}
