//! A quantity of a period, with the readings and factors it came from: one `QTY` loop.

use serde::{Deserialize, Serialize};

use super::quality::Quality;
use crate::coded::Coded;
use crate::decimal::{Decimal, NumberError};
use crate::meter::{Direction, TimeOfUse};
use crate::period::Period;
use crate::provenance::Ordinal;
use crate::quantity::{Quantity, Unit};
use crate::residue::Residue;
use crate::stamp::Stamp;

/// A quantity of energy, demand or anything else that was measured or billed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "UsageQuantityRecord")]
pub struct UsageQuantity {
    direction: Direction,
    amount: Option<Decimal>,
    /// Whether it was measured or billed.
    pub basis: Basis,
    /// How it came about. The raw code says direction and basis too.
    pub quality: Coded<Quality>,
    /// Its unit.
    pub unit: Option<Coded<Unit>>,
    /// Its own period, where it is not the section's.
    pub period: Option<Period>,
    /// When a demand occurred.
    pub occurred: Option<Stamp>,
    /// The readings and factors behind it, in the order of the document.
    pub measurements: Vec<Measurement>,
    /// Where it was read.
    #[serde(default)]
    pub at: Ordinal,
    /// What no field means.
    #[serde(default, skip_serializing_if = "Residue::is_empty")]
    pub residue: Residue,
}

/// A quantity is negative and its direction is not net.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a negative quantity must be net; otherwise its direction says which way it flowed")]
pub struct NegativeQuantity;

impl UsageQuantity {
    /// A measured quantity; `None` when the document says that there is none.
    ///
    /// # Errors
    ///
    /// [`NegativeQuantity`] if it is less than zero and not net.
    pub fn new(
        direction: Direction,
        amount: Option<Decimal>,
        unit: Coded<Unit>,
        quality: Coded<Quality>,
    ) -> Result<UsageQuantity, NegativeQuantity> {
        let mut quantity = UsageQuantity {
            direction,
            amount: None,
            basis: Basis::Measured,
            quality,
            unit: Some(unit),
            period: None,
            occurred: None,
            measurements: Vec::new(),
            at: Ordinal::default(),
            residue: Residue::default(),
        };
        quantity.set(direction, amount)?;
        Ok(quantity)
    }

    /// Changes which way it flowed and how much it was.
    ///
    /// # Errors
    ///
    /// [`NegativeQuantity`]; nothing is changed then.
    pub fn set(
        &mut self,
        direction: Direction,
        amount: Option<Decimal>,
    ) -> Result<(), NegativeQuantity> {
        check_sign(direction, amount)?;
        (self.direction, self.amount) = (direction, amount);
        Ok(())
    }

    /// Which way it flowed.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// How much; `None` when the document says that there is no value.
    pub fn amount(&self) -> Option<Decimal> {
        self.amount
    }

    /// How much with its unit; a unit that is not named is [`Unit::Other`].
    pub fn quantity(&self) -> Option<Quantity> {
        let unit = self.unit.as_ref().map_or(Unit::Other, |unit| unit.meaning);
        Some(Quantity::new(self.amount?, unit))
    }

    /// The readings behind it.
    pub fn reads(&self) -> impl Iterator<Item = &RegisterRead> {
        self.measurements.iter().filter_map(|measurement| match measurement {
            Measurement::Read(read) => Some(read),
            Measurement::Factor(_) => None,
        })
    }

    /// The first factor of a kind.
    pub fn factor(&self, kind: FactorKind) -> Option<Decimal> {
        self.measurements.iter().find_map(|measurement| match measurement {
            Measurement::Factor(factor) if factor.kind.meaning == kind => Some(factor.value),
            _ => None,
        })
    }
}

pub(super) fn check_sign(
    direction: Direction,
    amount: Option<Decimal>,
) -> Result<(), NegativeQuantity> {
    match direction != Direction::Net && amount.is_some_and(|amount| amount.is_negative()) {
        true => Err(NegativeQuantity),
        false => Ok(()),
    }
}

/// A quantity of energy, demand or anything else that was measured or billed.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct UsageQuantityRecord {
    /// Which way it flowed.
    direction: Direction,
    /// How much; null when the document says that there is no value. Negative only if it is net.
    amount: Option<Decimal>,
    /// Whether it was measured or billed.
    basis: Basis,
    /// How it came about. The raw code says direction and basis too.
    quality: Coded<Quality>,
    /// Its unit.
    unit: Option<Coded<Unit>>,
    /// Its own period, where it is not the section's.
    period: Option<Period>,
    /// When a demand occurred.
    occurred: Option<Stamp>,
    /// The readings and factors behind it, in the order of the document.
    measurements: Vec<Measurement>,
    /// Where it was read.
    #[serde(default)]
    at: Ordinal,
    /// What no field means.
    #[serde(default)]
    residue: Residue,
}

impl TryFrom<UsageQuantityRecord> for UsageQuantity {
    type Error = NegativeQuantity;

    fn try_from(record: UsageQuantityRecord) -> Result<UsageQuantity, NegativeQuantity> {
        check_sign(record.direction, record.amount)?;
        let UsageQuantityRecord { direction, amount, basis, quality, unit, .. } = record;
        let UsageQuantityRecord { period, occurred, measurements, at, residue, .. } = record;
        Ok(UsageQuantity {
            direction,
            amount,
            basis,
            quality,
            unit,
            period,
            occurred,
            measurements,
            at,
            residue,
        })
    }
}

/// What a quantity is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// It was measured.
    Measured,
    /// It is what the bill counts.
    Billed,
    /// It follows from others, e.g. an unmetered light.
    Derived,
}

/// What stands behind a quantity: one `MEA`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Measurement {
    /// What a register showed and counted.
    Read(RegisterRead),
    /// A number by which is multiplied.
    Factor(Factor),
}

/// What a register showed at the start and end of a period.
///
/// The end may be less than the start: a register begins at zero again after its last digit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RegisterRead {
    /// How both readings came about.
    pub pair: Option<Coded<ReadPair>>,
    /// What is measured, by the raw code of the document, e.g. `PRQ` for consumption.
    pub measure: Option<String>,
    /// What was used, as the document says it.
    pub amount: Option<Decimal>,
    /// The unit of it.
    pub unit: Option<Coded<Unit>>,
    /// What the dials showed at the start, not multiplied.
    pub begin: Option<Decimal>,
    /// What the dials showed at the end, not multiplied.
    pub end: Option<Decimal>,
    /// The part of the time this register counts.
    pub time_of_use: Option<Coded<TimeOfUse>>,
}

impl RegisterRead {
    /// How far the dials turned; `None` if a reading is missing or the register began anew.
    ///
    /// # Errors
    ///
    /// [`NumberError::Overflow`].
    pub fn turned(&self) -> Result<Option<Decimal>, NumberError> {
        match (self.begin, self.end) {
            (Some(begin), Some(end)) if begin <= end => Ok(Some(end.checked_sub(&begin)?)),
            _ => Ok(None),
        }
    }
}

/// How the readings at both ends of a period came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReadPair {
    /// Both were read.
    BothActual,
    /// The first was read, the last estimated.
    ActualEstimated,
    /// The first was estimated, the last read.
    EstimatedActual,
    /// Both were estimated.
    BothEstimated,
    /// There is one reading only, a total that was read.
    ActualTotal,
    /// There is one reading only, a total that was estimated.
    EstimatedTotal,
    /// As on the bill.
    AsBilled,
    /// A pair that only its raw code names.
    Other,
}

/// A number by which is multiplied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Factor {
    /// What for.
    pub kind: Coded<FactorKind>,
    /// The number.
    pub value: Decimal,
    /// Its unit, if it has one.
    pub unit: Option<Coded<Unit>>,
    /// The part of the time it is for.
    pub time_of_use: Option<Coded<TimeOfUse>>,
}

/// What a factor is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// From what the dials turned to the quantity.
    Multiplier,
    /// For the losses of a transformer.
    TransformerLoss,
    /// The power factor.
    PowerFactor,
    /// The customer's part of a shared supply.
    Participation,
    /// For the losses of a line.
    LineLoss,
    /// For the heat in a volume of gas.
    HeatContent,
    /// A factor that only its raw code names.
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_net_quantity_is_negative() {
        let amount = "-1.5".parse().ok();
        let quantity = |direction| {
            let unit = Unit::KilowattHour.into();
            UsageQuantity::new(direction, amount, unit, Quality::Actual.into())
        };
        assert_eq!(quantity(Direction::Received), Err(NegativeQuantity));
        let mut net = quantity(Direction::Net).expect("net may be negative");
        assert_eq!(net.set(Direction::Total, amount), Err(NegativeQuantity));
        let json = serde_json::to_string(&net).expect("plain data");
        let wrong = json.replace("\"net\"", "\"delivered\"");
        assert!(serde_json::from_str::<UsageQuantity>(&json).is_ok());
        assert!(serde_json::from_str::<UsageQuantity>(&wrong).is_err());
    }

    #[test]
    fn a_register_that_began_anew_turned_nobody_knows_how_far() {
        let read = |begin: &str, end: &str| {
            let (begin, end) = (begin.parse().ok(), end.parse().ok());
            RegisterRead { begin, end, ..RegisterRead::default() }.turned()
        };
        assert_eq!(read("100", "130.5"), Ok("30.5".parse().ok()));
        assert_eq!(read("999990", "12"), Ok(None));
    }
}
