//! The codes of ESPI and what they mean: quality, direction, unit, commodity.

use tieline_model::account::Commodity;
use tieline_model::coded::Coded;
use tieline_model::meter::Direction;
use tieline_model::quantity::{Dimension, Unit};
use tieline_model::usage::Quality;

/// `QualityOfReading`. Of the codes that mean the same the first is written.
///
/// A reading without a quality is valid, code 0, and that is what a meter measured. Code 17 may be
/// an estimate, so it is no measurement. A quality without a code here cannot be written.
const QUALITIES: &[(u16, Quality)] = &[
    (0, Quality::Actual),
    (18, Quality::Actual),
    (19, Quality::Actual),
    (17, Quality::Validated),
    (7, Quality::Edited),
    (8, Quality::Estimated),
    (9, Quality::Estimated),
    (10, Quality::Questionable),
    (11, Quality::Calculated),
    (12, Quality::Projected),
    (13, Quality::Mixed),
    (14, Quality::Raw),
    (15, Quality::WeatherNormalized),
    (16, Quality::Other),
];

/// What a code of `QualityOfReading` means; a code that is not known is some other quality.
pub(super) fn quality(code: u16) -> Quality {
    let known = QUALITIES.iter().find(|(known, _)| *known == code);
    known.map_or(Quality::Other, |(_, quality)| *quality)
}

/// Whether a reading is as good as measured.
pub(super) fn is_good(code: u16) -> bool {
    matches!(quality(code), Quality::Actual | Quality::Validated)
}

/// The code of a quality: the one it was received with, if that means it.
pub(super) fn quality_code(coded: &Coded<Quality>) -> Option<u16> {
    let received = coded.raw().parse().ok();
    if let Some(code) = received.filter(|code| quality(*code) == coded.meaning) {
        return Some(code);
    }
    QUALITIES.iter().find(|(_, quality)| *quality == coded.meaning).map(|(code, _)| *code)
}

/// `FlowDirectionKind`; 0 says nothing and stands for energy delivered.
pub(super) fn direction(code: i64) -> Option<Direction> {
    Some(match code {
        0 | 1 => Direction::Delivered,
        19 => Direction::Received,
        4 => Direction::Net,
        20 => Direction::Total,
        _ => return None,
    })
}

pub(super) fn direction_code(direction: Direction) -> i64 {
    match direction {
        Direction::Delivered => 1,
        Direction::Received => 19,
        Direction::Net => 4,
        Direction::Total => 20,
    }
}

/// `UnitSymbolKind` and the power of ten that leads from its unit to ours. Of units with the same
/// code the first is read, so energy is read in kilowatt-hours whatever the multiplier.
const UNITS: &[(Unit, u16, i8)] = &[
    (Unit::KilowattHour, 72, 3),
    (Unit::WattHour, 72, 0),
    (Unit::MegawattHour, 72, 6),
    (Unit::Kilowatt, 38, 3),
    (Unit::Watt, 38, 0),
    (Unit::Megawatt, 38, 6),
    (Unit::KilovarHour, 73, 3),
    (Unit::VarHour, 73, 0),
    (Unit::Kilovar, 63, 3),
    (Unit::Var, 63, 0),
    (Unit::KilovoltAmpereHour, 71, 3),
    (Unit::VoltAmpereHour, 71, 0),
    (Unit::KilovoltAmpere, 61, 3),
    (Unit::VoltAmpere, 61, 0),
    (Unit::Volt, 29, 0),
    (Unit::Ampere, 5, 0),
    (Unit::CubicFoot, 119, 0),
    (Unit::HundredCubicFeet, 119, 2),
    (Unit::CubicMetre, 42, 0),
    (Unit::Gallon, 128, 0),
    (Unit::ThousandGallons, 128, 3),
    (Unit::Therm, 169, 0),
    (Unit::Dekatherm, 169, 1),
    (Unit::Ratio, 65, 0),
    (Unit::Percent, 65, -2),
    (Unit::UsDollar, 80, 0),
];

/// The unit of a code and the power of ten it stands for; `wanted` if that is one of the code's.
pub(super) fn unit(code: u16, wanted: Option<Unit>) -> (Coded<Unit>, i8) {
    let of_code = || UNITS.iter().filter(|(_, known, _)| *known == code);
    let found = of_code().find(|(unit, ..)| Some(*unit) == wanted).or_else(|| of_code().next());
    let (unit, power) = found.map_or((Unit::Other, 0), |(unit, _, power)| (*unit, *power));
    (Coded::received(unit, code.to_string()), power)
}

/// The code of a unit and the power of ten it stands for. A unit that only its raw code names has
/// that code, if it is one of ESPI.
pub(super) fn unit_code(coded: &Coded<Unit>) -> Option<(u16, i8)> {
    let known = |code: u16| UNITS.iter().any(|(_, known, _)| *known == code);
    match UNITS.iter().find(|(unit, ..)| *unit == coded.meaning) {
        Some((_, code, power)) => Some((*code, *power)),
        None if coded.meaning == Unit::Other => {
            Some((coded.raw().parse().ok().filter(|code| !known(*code))?, 0))
        }
        None => None,
    }
}

/// Whether a unit is what its code is read as.
pub(super) fn is_usual(meaning: Unit) -> bool {
    unit_code(&meaning.into()).is_some_and(|(code, _)| unit(code, None).0.meaning == meaning)
}

/// `kind`, `accumulationBehaviour` and `dataQualifier` of what a unit measures.
pub(super) fn measurement(unit: Unit) -> (u8, u8, u8) {
    const DELTA: u8 = 4;
    const INDICATING: u8 = 6;
    const NORMAL: u8 = 12;
    const AVERAGE: u8 = 2;
    match unit.dimension() {
        Dimension::Energy | Dimension::ReactiveEnergy | Dimension::ApparentEnergy => {
            (12, DELTA, NORMAL)
        }
        Dimension::Demand | Dimension::ReactiveDemand | Dimension::ApparentDemand => {
            (8, INDICATING, AVERAGE)
        }
        Dimension::Ratio => (38, INDICATING, NORMAL),
        Dimension::Cost => (3, DELTA, NORMAL),
        Dimension::Voltage | Dimension::Current => (0, INDICATING, AVERAGE),
        _ => (0, DELTA, NORMAL),
    }
}

/// Whether readings of an `AccumulationKind` are what the dials of a register show, not what was
/// used in an interval: bulk quantity, continuous cumulative, cumulative.
pub(super) fn is_register(code: i64) -> bool {
    matches!(code, 1..=3)
}

/// `CommodityKind`.
const COMMODITIES: &[(u16, Commodity)] = &[
    (1, Commodity::Electricity),
    (2, Commodity::Electricity),
    (7, Commodity::Gas),
    (9, Commodity::Water),
    (11, Commodity::Sewer),
];

pub(super) fn commodity(code: u16) -> Coded<Commodity> {
    let known = COMMODITIES.iter().find(|(known, _)| *known == code);
    let meaning = known.map_or(Commodity::Other, |(_, commodity)| *commodity);
    Coded::received(meaning, code.to_string())
}

/// The code of a commodity; one that has none is only left out.
pub(super) fn commodity_code(coded: &Coded<Commodity>) -> Option<u16> {
    let received = coded.raw().parse().ok();
    if let Some(code) = received.filter(|code| commodity(*code).meaning == coded.meaning) {
        return Some(code);
    }
    let known = COMMODITIES.iter().find(|(_, commodity)| *commodity == coded.meaning);
    known.map(|(code, _)| *code)
}

/// `ServiceKind`: what is supplied at a usage point.
const SERVICES: &[(u8, Commodity)] = &[
    (0, Commodity::Electricity),
    (1, Commodity::Gas),
    (2, Commodity::Water),
    (6, Commodity::Sewer),
];

pub(super) fn service(code: i64) -> Option<Commodity> {
    let known = SERVICES.iter().find(|(known, _)| i64::from(*known) == code);
    known.map(|(_, commodity)| *commodity)
}

/// The code of what is supplied; 9 and 10 are services we do not know, so 0 stands for the rest.
pub(super) fn service_code(commodity: Commodity) -> u8 {
    SERVICES.iter().find(|(_, known)| *known == commodity).map_or(0, |(code, _)| *code)
}
