//! Quantities: energy, demand, reactive and apparent power, volume and what else is measured or
//! counted, with their units.
//!
//! Units convert only where the factor is a power of ten, so that no digit is lost.

use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, NumberError};

/// What is measured; only quantities of one dimension can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Active energy. It adds up over time and over meters.
    Energy,
    /// Active power, as the greatest or the average of a time. It does not add up.
    Demand,
    /// Reactive energy.
    ReactiveEnergy,
    /// Reactive power.
    ReactiveDemand,
    /// Apparent energy.
    ApparentEnergy,
    /// Apparent power.
    ApparentDemand,
    /// Voltage.
    Voltage,
    /// Current.
    Current,
    /// Volume of water or gas.
    Volume,
    /// Heat of gas.
    Heat,
    /// A ratio, e.g. a power factor.
    Ratio,
    /// A time, e.g. what a monthly charge is counted by.
    Time,
    /// A number of things.
    Count,
    /// What intervals cost.
    Cost,
    /// None of these.
    Other,
}

/// A unit of measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Unit {
    /// Kilowatt-hour.
    #[serde(rename = "kWh")]
    KilowattHour,
    /// Watt-hour.
    #[serde(rename = "Wh")]
    WattHour,
    /// Megawatt-hour.
    #[serde(rename = "MWh")]
    MegawattHour,
    /// Kilowatt.
    #[serde(rename = "kW")]
    Kilowatt,
    /// Watt.
    #[serde(rename = "W")]
    Watt,
    /// Megawatt.
    #[serde(rename = "MW")]
    Megawatt,
    /// Kilovolt-ampere reactive hour.
    #[serde(rename = "kvarh")]
    KilovarHour,
    /// Volt-ampere reactive hour.
    #[serde(rename = "varh")]
    VarHour,
    /// Kilovolt-ampere reactive.
    #[serde(rename = "kvar")]
    Kilovar,
    /// Volt-ampere reactive.
    #[serde(rename = "var")]
    Var,
    /// Kilovolt-ampere hour.
    #[serde(rename = "kVAh")]
    KilovoltAmpereHour,
    /// Volt-ampere hour.
    #[serde(rename = "VAh")]
    VoltAmpereHour,
    /// Kilovolt-ampere.
    #[serde(rename = "kVA")]
    KilovoltAmpere,
    /// Volt-ampere.
    #[serde(rename = "VA")]
    VoltAmpere,
    /// Volt.
    #[serde(rename = "V")]
    Volt,
    /// Ampere.
    #[serde(rename = "A")]
    Ampere,
    /// Cubic foot.
    #[serde(rename = "ft3")]
    CubicFoot,
    /// Hundred cubic feet.
    #[serde(rename = "ccf")]
    HundredCubicFeet,
    /// Cubic metre.
    #[serde(rename = "m3")]
    CubicMetre,
    /// US gallon.
    #[serde(rename = "gal")]
    Gallon,
    /// Thousand US gallons.
    #[serde(rename = "kgal")]
    ThousandGallons,
    /// Therm.
    #[serde(rename = "therm")]
    Therm,
    /// Ten therms.
    #[serde(rename = "dekatherm")]
    Dekatherm,
    /// A plain ratio: 0.97.
    #[serde(rename = "ratio")]
    Ratio,
    /// Hundredths: 97 per cent.
    #[serde(rename = "percent")]
    Percent,
    /// A month.
    #[serde(rename = "month")]
    Month,
    /// A day.
    #[serde(rename = "day")]
    Day,
    /// One of something: a lamp, a meter.
    #[serde(rename = "each")]
    Each,
    /// US dollar, for what intervals cost; amounts of a bill have their currency.
    #[serde(rename = "USD")]
    UsDollar,
    /// A unit that only its raw code names.
    #[serde(rename = "other")]
    Other,
}

impl Unit {
    /// What it measures.
    pub fn dimension(self) -> Dimension {
        match self {
            Unit::KilowattHour | Unit::WattHour | Unit::MegawattHour => Dimension::Energy,
            Unit::Kilowatt | Unit::Watt | Unit::Megawatt => Dimension::Demand,
            Unit::KilovarHour | Unit::VarHour => Dimension::ReactiveEnergy,
            Unit::Kilovar | Unit::Var => Dimension::ReactiveDemand,
            Unit::KilovoltAmpereHour | Unit::VoltAmpereHour => Dimension::ApparentEnergy,
            Unit::KilovoltAmpere | Unit::VoltAmpere => Dimension::ApparentDemand,
            Unit::Volt => Dimension::Voltage,
            Unit::Ampere => Dimension::Current,
            Unit::CubicFoot | Unit::HundredCubicFeet => Dimension::Volume,
            Unit::CubicMetre | Unit::Gallon | Unit::ThousandGallons => Dimension::Volume,
            Unit::Therm | Unit::Dekatherm => Dimension::Heat,
            Unit::Ratio | Unit::Percent => Dimension::Ratio,
            Unit::Month | Unit::Day => Dimension::Time,
            Unit::Each => Dimension::Count,
            Unit::UsDollar => Dimension::Cost,
            Unit::Other => Dimension::Other,
        }
    }

    /// The unit it is a power of ten of, and which power.
    fn base(self) -> (Unit, i8) {
        match self {
            Unit::KilowattHour => (Unit::WattHour, 3),
            Unit::MegawattHour => (Unit::WattHour, 6),
            Unit::Kilowatt => (Unit::Watt, 3),
            Unit::Megawatt => (Unit::Watt, 6),
            Unit::KilovarHour => (Unit::VarHour, 3),
            Unit::Kilovar => (Unit::Var, 3),
            Unit::KilovoltAmpereHour => (Unit::VoltAmpereHour, 3),
            Unit::KilovoltAmpere => (Unit::VoltAmpere, 3),
            Unit::HundredCubicFeet => (Unit::CubicFoot, 2),
            Unit::ThousandGallons => (Unit::Gallon, 3),
            Unit::Dekatherm => (Unit::Therm, 1),
            Unit::Percent => (Unit::Ratio, -2),
            unit => (unit, 0),
        }
    }
}

/// An amount of something, e.g. 120.50 kWh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Quantity {
    /// How much.
    pub amount: Decimal,
    /// Of what.
    pub unit: Unit,
}

/// Why quantities cannot be added or converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// A sum of different units, or of units that are none.
    #[error("{0:?} and {1:?} cannot be added")]
    UnitMismatch(Unit, Unit),
    /// No power of ten leads from one unit to the other.
    #[error("{0:?} cannot be converted to {1:?} exactly")]
    NotConvertible(Unit, Unit),
    /// The number is too long.
    #[error(transparent)]
    Number(#[from] NumberError),
}

impl Quantity {
    /// An amount of a unit.
    pub fn new(amount: Decimal, unit: Unit) -> Quantity {
        Quantity { amount, unit }
    }

    /// The sum of two quantities of the same unit.
    ///
    /// # Errors
    ///
    /// [`QuantityError::UnitMismatch`], also when both units are [`Unit::Other`].
    pub fn checked_add(&self, other: &Quantity) -> Result<Quantity, QuantityError> {
        self.same_unit(other)?;
        Ok(Quantity::new(self.amount.checked_add(&other.amount)?, self.unit))
    }

    /// The difference of two quantities of the same unit.
    ///
    /// # Errors
    ///
    /// As [`Quantity::checked_add`].
    pub fn checked_sub(&self, other: &Quantity) -> Result<Quantity, QuantityError> {
        self.same_unit(other)?;
        Ok(Quantity::new(self.amount.checked_sub(&other.amount)?, self.unit))
    }

    /// The same quantity in another unit, exactly: 12750 Wh are 12.750 kWh.
    ///
    /// # Errors
    ///
    /// [`QuantityError::NotConvertible`] if the factor is no power of ten.
    pub fn to(&self, unit: Unit) -> Result<Quantity, QuantityError> {
        if self.unit == unit {
            return Ok(*self);
        }
        let ((from, own), (to, wanted)) = (self.unit.base(), unit.base());
        if from != to {
            return Err(QuantityError::NotConvertible(self.unit, unit));
        }
        Ok(Quantity::new(self.amount.times_power_of_ten(own - wanted)?, unit))
    }

    fn same_unit(&self, other: &Quantity) -> Result<(), QuantityError> {
        if self.unit != other.unit || self.unit == Unit::Other {
            return Err(QuantityError::UnitMismatch(self.unit, other.unit));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(text: &str, unit: Unit) -> Quantity {
        Quantity::new(text.parse().expect("the test gives a number"), unit)
    }

    #[test]
    fn only_the_same_unit_adds_up() {
        let energy = quantity("1.50", Unit::KilowattHour);
        let sum = energy.checked_add(&quantity("2", Unit::KilowattHour));
        assert_eq!(sum, Ok(quantity("3.50", Unit::KilowattHour)));
        for other in [Unit::Kilowatt, Unit::WattHour, Unit::Other] {
            let sum = energy.checked_add(&quantity("2", other));
            assert_eq!(sum, Err(QuantityError::UnitMismatch(Unit::KilowattHour, other)));
        }
        let unknown = quantity("1", Unit::Other);
        assert!(unknown.checked_sub(&unknown).is_err());
    }

    #[test]
    fn units_convert_without_losing_a_digit() {
        let converted = quantity("12750", Unit::WattHour).to(Unit::KilowattHour);
        assert_eq!(converted.map(|q| q.amount.to_string()), Ok("12.750".to_string()));
        let converted = quantity("0.97", Unit::Ratio).to(Unit::Percent);
        assert_eq!(converted.map(|q| q.amount.to_string()), Ok("97".to_string()));
        let impossible = quantity("1", Unit::CubicMetre).to(Unit::CubicFoot);
        let error = QuantityError::NotConvertible(Unit::CubicMetre, Unit::CubicFoot);
        assert_eq!(impossible, Err(error));
    }
}
