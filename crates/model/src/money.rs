//! Money: an exact amount with its currency.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, NumberError};

/// A currency by the three letters of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The US dollar.
    pub const USD: Currency = Currency(*b"USD");

    /// The currency of these three letters; whether there is one is not looked up.
    ///
    /// # Errors
    ///
    /// [`MoneyError::NoCurrency`] if it is not three capital letters.
    pub fn new(code: &str) -> Result<Currency, MoneyError> {
        match code.as_bytes().try_into() {
            Ok(letters) if code.bytes().all(|b| b.is_ascii_uppercase()) => Ok(Currency(letters)),
            _ => Err(MoneyError::NoCurrency),
        }
    }

    /// Its three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(code: String) -> Result<Currency, MoneyError> {
        Currency::new(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.to_string()
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Currency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A currency by the three letters of ISO 4217.",
            "type": "string",
            "pattern": "^[A-Z]{3}$",
        })
    }
}

/// An amount of a currency. Inside a document amounts are plain decimals in the document's one
/// currency; this is what leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// How much.
    pub amount: Decimal,
    /// Of which currency.
    pub currency: Currency,
}

/// Why amounts cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three capital letters.
    #[error("a currency is three capital letters")]
    NoCurrency,
    /// A sum of different currencies.
    #[error("{0} and {1} cannot be added")]
    CurrencyMismatch(Currency, Currency),
    /// The number is too long.
    #[error(transparent)]
    Number(#[from] NumberError),
}

impl Money {
    /// An amount of a currency.
    pub fn new(amount: Decimal, currency: Currency) -> Money {
        Money { amount, currency }
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`], [`NumberError::Overflow`].
    pub fn checked_add(&self, other: &Money) -> Result<Money, MoneyError> {
        self.same_currency(other)?;
        Ok(Money::new(self.amount.checked_add(&other.amount)?, self.currency))
    }

    /// The difference of two amounts of one currency.
    ///
    /// # Errors
    ///
    /// As [`Money::checked_add`].
    pub fn checked_sub(&self, other: &Money) -> Result<Money, MoneyError> {
        self.same_currency(other)?;
        Ok(Money::new(self.amount.checked_sub(&other.amount)?, self.currency))
    }

    fn same_currency(&self, other: &Money) -> Result<(), MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch(self.currency, other.currency));
        }
        Ok(())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_do_not_mix() {
        let money = |text: &str, code| {
            let amount = text.parse().expect("the test gives a number");
            Money::new(amount, Currency::new(code).expect("the test gives a currency"))
        };
        let sum = money("1.50", "USD").checked_add(&money("2", "USD"));
        assert_eq!(sum.map(|sum| sum.to_string()), Ok("3.50 USD".to_string()));
        let (usd, cad) = (money("1", "USD"), money("1", "CAD"));
        let error = MoneyError::CurrencyMismatch(usd.currency, cad.currency);
        assert_eq!(usd.checked_sub(&cad), Err(error));
        for code in ["usd", "US", "USDX", ""] {
            assert_eq!(Currency::new(code), Err(MoneyError::NoCurrency));
        }
    }
}
